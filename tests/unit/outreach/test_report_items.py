"""What a report is about is found however it is written, and the same is known again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from work import calls

from accord.outreach.reports import mail, model
from accord.outreach.reports.items import items
from accord.outreach.reports.model import Item, Said

LABEL = st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True)
HOST = (
    st.lists(LABEL, min_size=2, max_size=4)
    .map(".".join)
    .filter(lambda one: one.rpartition(".")[2].isalpha() and len(one.rpartition(".")[2]) > 1)
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see hxxp://Evil[.]Example:80/A?b=C.", [("link", "http://evil.example/A?b=C")]),
        ("(https://a.example:8443)", [("link", "https://a.example:8443/")]),
        ("user[at]bad.example wrote", [("mail", "user@bad.example")]),
        ("call +81 (3) 1234-5678 now", [("phone", "+81312345678")]),
        ("0123456789ABCDEF0123456789abcdef", [("hash", "0123456789abcdef0123456789abcdef")]),
        ("b\u00fccher.example", [("domain", "xn--bcher-kva.example")]),
        ("http://192.0.2.7/x", [("link", "http://192.0.2.7/x")]),
        ("version 1.2.3 of 300.300.300.300", []),
        ("http://[broken and http://a..b/", []),
        ("\u8cfc\u5165 https://shop.example/\u3002", [("link", "https://shop.example/")]),
        ("", []),
    ],
)
def test_what_stands_in_a_text(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.value) for one in items(text)] == expected


@given(HOST, st.sampled_from([("{}", "{}"), ("http", "hxxp")]), st.booleans())
def test_a_broken_link_is_the_link(host: str, scheme: tuple[str, str], dots: bool) -> None:  # noqa: FBT001 - drawn
    whole = f"http://{host}/path"
    broken = whole.replace(*scheme)
    if dots:
        broken = broken.replace(".", "[.]")
    assert items(f"it said: {broken} today") == items(whole) == (Item("link", whole),)


@given(st.lists(HOST, min_size=1, max_size=4, unique=True), st.text(alphabet="xyz ", max_size=20))
def test_the_same_is_known_again_in_other_words_and_order(hosts: list[str], words: str) -> None:
    one, other = " ".join(hosts), f"{words} " + " \n".join(reversed(hosts))
    keys = {model.key(Said(text=text, items=items(text))) for text in (one, other)}
    assert len(keys) == 1
    different = f"{one} other.invalid"
    assert model.key(Said(text=different, items=items(different))) not in keys


@given(st.text(max_size=200))
def test_no_text_ends_it(text: str) -> None:
    for one in items(text):
        assert one.value
        assert model.pattern(one).count("'") >= (0 if one.kind == "phone" else 2)


def test_a_quote_does_not_end_a_pattern() -> None:
    assert model.pattern(Item("link", "http://a.example/'\\")) == (
        "[url:value = 'http://a.example/\\'\\\\']"
    )


@pytest.mark.parametrize(
    "text", ["http://a.", "a@", "1.", "+1 ", "a" * 60 + ".", "[.]", "<a href="]
)
def test_to_read_costs_no_more_than_its_length(text: str) -> None:
    def work(many: int) -> int:
        whole = text * many
        page = b"Content-Type: text/html\r\n\r\n" + whole.encode()
        return calls(lambda: (items(whole), mail.read(page, forwarded=False)))

    assert work(800) < 6 * work(200) + 2_000
