from __future__ import annotations

import msgspec
import pytest

from accord.core import yaml
from accord.core.errors import Invalid, TooLarge, Unreadable
from accord.core.limits import Limits


def test_scalars_stay_text_save_null_and_booleans() -> None:
    text = b'a: [1.10, 2021-01-01, NO, yes, 0x1, 12, "true", "~", "", null, ~, true, False]\nb:\n'
    assert yaml.decode(text) == {
        "a": ["1.10", "2021-01-01", "NO", "yes", "0x1", "12", "true", "~", "", None, None, True,
              False],
        "b": None,
    }  # fmt: skip


def test_nesting_of_all_kinds() -> None:
    text = b"{a: 1, b: {c: [1, {d: [2]}], e: []}, f: {}}"
    value = {"a": "1", "b": {"c": ["1", {"d": ["2"]}], "e": []}, "f": {}}
    assert yaml.decode(text) == value
    assert yaml.decode(b"- a: |\n    x\n    y\n- - b\n") == [{"a": "x\ny\n"}, ["b"]]


def test_byte_order_mark_and_empty_documents() -> None:
    assert yaml.decode(b"\xef\xbb\xbfa: b") == {"a": "b"}
    assert yaml.decode(b"") is None


@pytest.mark.parametrize(
    ("text", "reason", "place"),
    [
        (b"a: 1\na: 2", "twice", "line 2"),
        (b"a: &x 1\nb: 2", "anchor", "line 1"),
        (b"a: 1\nb: *x", "alias", "line 2"),
        (b"- .nan", "not a number", "line 1"),
        (b"- 1\n- -.inf", "not a number", "line 2"),
        (b"!!python/object:os.system x", "tag", "line 1"),
        (b"a: !!python/tuple [1]", "tag", "line 1"),
        (b"? [a]\n: 1", "key must be text", "line 1"),
        (b"{{a: 1}: 2}", "key must be text", "line 1"),
    ],
)
def test_what_is_refused(text: bytes, reason: str, place: str) -> None:
    with pytest.raises(Invalid, match=reason) as refused:
        yaml.decode(text)
    assert refused.value.place == place


@pytest.mark.parametrize(
    "text",
    [b"a: b: c", b"a\n---\nb", b"\xff\xfe", b'"\\ud800"', b"\xed\xa0\x80", b"a: \x00", b"[1, 2"],
)
def test_what_is_not_yaml(text: bytes) -> None:
    with pytest.raises(Unreadable):
        yaml.decode(text)


@pytest.mark.parametrize("text", [b"[" * 100_000, b"- " * 50_000, b'{"a": ' * 50_000])
def test_depth_is_bounded(text: bytes) -> None:
    with pytest.raises(TooLarge, match="200 deep"):
        yaml.decode(text)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        (b"[1, 2, 3]", Limits(items=2)),
        (b"{a: 1, b: 2}", Limits(items=1)),
        (b"abc", Limits(text=2)),
        (b"abc", Limits(bytes=2)),
        (b"[[1]]", Limits(depth=1)),
    ],
)
def test_bounds(text: bytes, limits: Limits) -> None:
    with pytest.raises(TooLarge):
        yaml.decode(text, limits)
    assert yaml.decode(text)


class _Known(msgspec.Struct):
    number: int
    version: str = ""


def test_typed_values_come_from_text() -> None:
    assert yaml.decode_as(_Known, b"number: 5\nversion: 1.10\nother: x") == _Known(5, "1.10")
    with pytest.raises(Invalid, match="number"):
        yaml.decode_as(_Known, b"number: five")
