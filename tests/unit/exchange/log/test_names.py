from __future__ import annotations

import pytest

from accord.core.errors import Invalid
from accord.exchange.log import names


def test_keys_and_logs_are_named_after_their_partner() -> None:
    assert names.key_name("quad.example", "japan") == "quad.example/japan"
    assert names.origin("quad.example", "japan", "k3x9") == "quad.example/japan/k3x9"
    assert names.log_of("quad.example/japan/k3x9") == "k3x9"


@pytest.mark.parametrize(
    "text", ["", "a b", "a+b", "a\tb", "a\nb", "a\u00a0b", "a\u3000b", "a\u0000b", "a" * 201]
)
def test_what_other_tools_could_not_read_is_no_name(text: str) -> None:
    with pytest.raises(Invalid):
        names.name(text)


@pytest.mark.parametrize("part", ["", "a/b", "/"])
def test_no_partner_or_log_can_pass_for_another(part: str) -> None:
    with pytest.raises(Invalid):
        names.key_name("quad", part)
    with pytest.raises(Invalid):
        names.origin("quad", part, "log")
    with pytest.raises(Invalid):
        names.origin("quad", "japan", part)
