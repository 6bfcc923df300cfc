"""The list of dangers: however it is asked the answer is the same, and none is a promise."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from work import calls

from accord.core.errors import Invalid, TooLarge
from accord.outreach import addresses
from accord.outreach.dangers import asking, buckets, looks, model, never
from accord.outreach.dangers.model import CATEGORIES, Asked, Danger, Protected
from accord.outreach.languages.catalogue import speaker

NESTED = "https://a.example/go?to=https%3A%2F%2Fb.example%2F%3Fu%3Dhttp%253A%252F%252Fc.example"
ENDS = "2031-01-01T00:00:00.000000Z"
PROTECTED = (Protected("bigbank.example", "Big Bank"), Protected("my.gov.au", "myGov"))
LABEL = st.sampled_from(["a", "b", "evil", "www", "login"])
HOST = st.builds(
    lambda labels, suffix: ".".join([*labels, suffix]),
    st.lists(LABEL, min_size=1, max_size=3),
    st.sampled_from(["example", "co.jp", "github.io"]),
)
PATH = st.sampled_from(["/", "/x", "/x/y", "/x?q=1", "/?q=1"])
LINK = st.builds(lambda scheme, host, path: f"{scheme}://{host}{path}",
                 st.sampled_from(["http", "https"]), HOST, PATH)  # fmt: skip
THING = st.one_of(
    LINK.map(lambda one: ("link", one)),
    HOST.map(lambda one: ("domain", one)),
    HOST.map(lambda one: ("mail", f"who@{one}")),
    st.sampled_from([("phone", "+8112345678"), ("hash", "a" * 64), ("hash", "b" * 32)]),
    st.sampled_from([("app", "com.evil.app")]),
)
DANGER = st.builds(
    lambda thing, category: Danger(thing[0], thing[1], category, ENDS),
    THING.filter(lambda one: one[0] != "domain" or not addresses.is_suffix(one[1])),
    st.sampled_from(CATEGORIES),
)


def host_of(kind: str, value: str) -> str:
    if kind == "link":
        return re.sub(r"^https?://([^/]+)/.*$", r"\1", value)
    return value.rpartition("@")[2] if kind == "mail" else value


def known(danger: Danger, asked: Asked) -> bool:
    """By the words of the law, without hashes: a name with all under it; a link as a whole."""
    if danger.kind == "domain":
        if asked.kind not in ("link", "domain", "mail"):
            return False
        host = host_of(asked.kind, asked.value)
        return host == danger.value or host.endswith(f".{danger.value}")
    if danger.kind == "link" and asked.kind == "link":
        bare = [one.split("://")[1] for one in (danger.value, asked.value)]
        return bare[0] in (bare[1], bare[1].split("?")[0])
    return danger.kind == asked.kind and danger.value == asked.value


@given(st.lists(DANGER, max_size=12), THING)
def test_by_bucket_offline_and_directly_the_answer_is_the_same(
    dangers: list[Danger], thing: tuple[str, str]
) -> None:
    made = buckets.edition(dangers)
    asked = Asked(*thing)  # type: ignore[arg-type]
    by_bucket = buckets.answer(asked, lambda number: buckets.read(made.bucket(number)), ())
    whole = buckets.read(made.whole)
    offline = buckets.answer(asked, lambda _: whole, ())
    grave = [one.category for one in dangers if known(one, asked)]
    expected = min(grave, key=CATEGORIES.index, default=None)
    assert by_bucket.category == offline.category == expected
    assert by_bucket.verdict == ("dangerous" if expected else "unknown")


@given(st.lists(DANGER, max_size=40), st.integers(0, buckets.BUCKETS - 1))
def test_every_bucket_has_one_size(dangers: list[Danger], number: int) -> None:
    made = buckets.edition(dangers)
    sizes = {len(made.bucket(one)) for one in (*made.buckets, number)}
    assert sizes == {made.records * buckets.RECORD}
    assert made == buckets.edition(reversed(dangers))


def test_a_full_bucket_makes_all_larger() -> None:
    dangers = [Danger("link", f"https://evil.example/{n}", "scam", ENDS) for n in range(17)]
    made = buckets.edition(dangers)
    assert made.records == 32
    number = int(sha256(b"evil.example").hexdigest()[:4], 16)
    assert len(buckets.read(made.bucket(number))) == 17
    assert len(made.bucket((number + 1) % buckets.BUCKETS)) == 32 * 33


@pytest.mark.parametrize(
    ("host", "above"),
    [
        ("a.b.evil.example", ("a.b.evil.example", "b.evil.example", "evil.example")),
        ("www.evil.co.jp", ("www.evil.co.jp", "evil.co.jp")),
        ("me.github.io", ("me.github.io",)),
        ("co.jp", ("co.jp",)),
        ("192.0.2.7", ("192.0.2.7",)),
    ],
)
def test_names_end_with_what_somebody_registered(host: str, above: tuple[str, ...]) -> None:
    assert addresses.names(host) == above


@pytest.mark.parametrize("data", [b"x", b"\0" * 34, b"\0" * 32 + b"\x09"])
def test_what_is_no_list_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        buckets.read(data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see hxxps://Evil[.]Example/a now", [("link", "https://evil.example/a")]),
        ("evil.example/login?x=1", [("link", "http://evil.example/login?x=1")]),
        ("http://0x7f.1/", [("link", "http://127.0.0.1/")]),
        ("192.0.2.7", [("domain", "192.0.2.7")]),
        ("http://\uff45vil\u3002example/", [("link", "http://evil.example/")]),
        (
            NESTED,
            [
                ("link", NESTED),
                ("link", "https://b.example/?u=http%3A%2F%2Fc.example"),
                ("link", "http://c.example/"),
            ],
        ),
        ("Bank <Safe@Evil.Example>", [("mail", "safe@evil.example")]),
        ("app:com.Evil.App", [("app", "com.evil.app")]),
        (
            "https://play.google.com/store/apps/details?id=com.Evil.App",
            [("app", "com.evil.app"),
             ("link", "https://play.google.com/store/apps/details?id=com.Evil.App")],
        ),
        ("+91 98765-43210", [("phone", "+919876543210")]),
        ("B" * 64, [("hash", "b" * 64)]),
    ],
)  # fmt: skip
def test_what_is_asked_about(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.kind, one.value) for one in asking.read(text)] == expected


def test_what_is_asked_has_remarks() -> None:
    (one,) = asking.read("https://bigbank.example@evil.example/")
    assert one.value == "https://evil.example/"
    assert "opens evil.example" in one.remarks[0].said(speaker("en"))
    assert "short link" in asking.read("https://bit.ly/x")[0].remarks[0].said(speaker("en"))
    assert "bare number" in asking.read("http://192.0.2.1/x")[0].remarks[0].said(speaker("en"))


def test_nothing_to_look_up_is_told_and_bounds_hold() -> None:
    with pytest.raises(Invalid, match="whole message"):
        asking.read("is this ok?")
    with pytest.raises(TooLarge):
        asking.read("x" * (asking.MOST_TEXT + 1))
    many = " ".join(f"https://h{n}.example/" for n in range(100))
    assert len(asking.read(many)) == asking.MOST
    nested = "http://a.example/?u=" + "http%3A%2F%2Fa.example%2F%3Fu%3D" * 60
    assert len(asking.read(nested)) <= asking.MOST


@pytest.mark.parametrize("hostile", ["a." * 4_000, "http://" * 2_000, "@" * 20_000, "+1" * 9_000])
def test_reading_takes_work_in_step_with_its_length(hostile: str) -> None:
    def work(text: str) -> int:
        def ask() -> None:
            with pytest.raises(Invalid):
                asking.read(text)

        return calls(ask)

    assert work(hostile) <= 4 * work(hostile[: len(hostile) // 2]) + 2_000


@pytest.mark.parametrize(
    ("host", "like"),
    [
        ("bigbank.net", "bigbank.example"),
        ("bigbamk.example", "bigbank.example"),
        ("bigbnak.example", "bigbank.example"),
        ("blgbank.example", "bigbank.example"),
        ("b1gbank.com", "bigbank.example"),
        ("xn--bgbank-pvf.com", "bigbank.example"),
        ("xn--bgbank-3va.com", "bigbank.example"),
        ("xn--bgbank-p9a.com", "bigbank.example"),
        ("secure-bigbank.com", "bigbank.example"),
        ("bigbank.example.login.net", "bigbank.example"),
        ("my.gov.au.pay.net", "my.gov.au"),
        ("my-gov-au.net", "my.gov.au"),
        ("bigbank.example", None),
        ("www.bigbank.example", None),
        ("www.my.gov.au", None),
        ("bank.example", None),
        ("my.net", None),
        ("bigger.example", None),
        ("192.0.2.1", None),
    ],
)
def test_what_looks_like_a_protected_name(host: str, like: str | None) -> None:
    found = looks.like(host, PROTECTED)
    assert (None if found is None else found.name) == like


@given(HOST, st.lists(HOST.map(addresses.registrable), max_size=4))
def test_a_protected_name_looks_like_nothing(host: str, names: list[str]) -> None:
    own = addresses.registrable(host)
    assert looks.like(host, [Protected(one, "x") for one in {*names, own}]) is None


def edits(text: str) -> set[str]:
    """All that one letter more, less or other makes, or two that change places."""
    cuts = [(text[:at], text[at:]) for at in range(len(text) + 1)]
    letters = "abx"
    return (
        {a + b[1:] for a, b in cuts if b}
        | {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
        | {a + c + b[1:] for a, b in cuts if b for c in letters}
        | {a + c + b for a, b in cuts for c in letters}
        | {text}
    )


@given(st.text("abx", min_size=1, max_size=7), st.text("abx", min_size=1, max_size=7))
def test_one_slip_is_one_slip(first: str, second: str) -> None:
    assert looks._one_slip(first, second) == (second in edits(first))


@pytest.mark.parametrize(
    "host", ["ato.gov.au", "x.mil", "sub.nic.in", "www.usps.com", "gov", "metro.lg.jp"]
)
def test_what_is_never_listed(host: str) -> None:
    assert never.why_never(host)


@pytest.mark.parametrize("host", ["govt.example", "notgov", "evil.example", "gov.example"])
def test_what_may_be_listed(host: str) -> None:
    assert not never.why_never(host)
    assert never.why_not_whole("co.jp")
    assert never.why_not_whole("github.io")
    assert not never.why_not_whole("evil.github.io")


def test_no_answer_is_a_promise() -> None:
    said = [*model.WHY.values(), *model.NOW.values(), model.LOOKS, model.UNKNOWN]
    for verdict in ("unknown", "lookalike", "dangerous"):
        found = model.Found(
            asked=Asked("phone", "+1234567"), verdict=verdict,
            category="scam" if verdict == "dangerous" else None,
            like=PROTECTED[0] if verdict == "lookalike" else None,
        )  # fmt: skip
        said += [found.said(speaker("en")), found.now(speaker("en"))]
    for text in said:
        assert not re.search(r"\bsafe|harmless|trustworth|clean\b", text, re.IGNORECASE)
