"""Messages in the languages of readers: each is there, fits, and says whether it was reviewed."""

from __future__ import annotations

import re
import runpy
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accord.core.errors import Invalid
from accord.outreach.alerts import drafting, model, texts
from accord.outreach.alerts.drafting import Occasion
from accord.outreach.languages import catalogue
from accord.outreach.languages.catalogue import Say, chosen, languages, places, read, speaker
from accord.web.public import page, words

SCRIPT = Path(__file__).parents[3] / "scripts" / "messages.py"
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
OTHERS = [one for one in languages() if one != "en"]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    """The script that brings catalogues up to the code."""
    return runpy.run_path(str(SCRIPT))


def of(code: str) -> bytes:
    """A catalogue as it is shipped."""
    return (files(catalogue.__package__ or "") / "locale" / code / catalogue.PLACE).read_bytes()


def made(*entries: str) -> bytes:
    """A catalogue with some entries."""
    return (HEAD + "\n\n".join(entries) + "\n").encode()


def test_four_languages_are_complete(script: dict[str, Any]) -> None:
    wanted = {str(one.id) for one in script["template"]() if one.id}
    assert len(wanted) > 10
    assert list(languages()) == ["en", "hi", "id", "ja"]
    for code in OTHERS:
        assert set(languages()[code].messages) == wanted


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalogue_is_as_the_script_writes_it(code: str, script: dict[str, Any]) -> None:
    assert script["renewed"](code, of(code), script["template"]()) == of(code)


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_no_markup_and_no_marks_of_direction(code: str) -> None:
    for message, one in languages()[code].messages.items():
        assert one.text.strip() == one.text
        assert not set("<>&") & set(one.text), message
        assert one.text.isprintable(), message


def test_scripts_are_those_of_the_languages() -> None:
    for code, first, last in (("hi", "\u0900", "\u097f"), ("ja", "\u3040", "\u9fff")):
        for message, one in languages()[code].messages.items():
            rest = message
            for name in places(message):
                rest = rest.replace(f"{{{name}}}", "")
            if any(letter.isalpha() for letter in rest):
                assert any(first <= letter <= last for letter in one.text), message


def test_whatever_the_script_of_the_check_says_is_handed_to_it() -> None:
    script = (Path(page.__file__).parents[1] / "static" / "check.js").read_text("utf-8")
    said = set(re.findall(r'say\("((?:[^"\\]|\\u2026)+)"', script))
    said |= set(re.findall(r'message: "([^"]+)"', script))
    said |= set(re.findall(r'const (?:SENT|KEPT) = "([^"]+)"', script))
    said |= set(re.findall(r'(?:keep|forget), "([^"]+)"', script))
    assert len(said) == 18
    assert {one.replace("\\u2026", "\u2026") for one in said} <= set(words.SAID)


def test_what_no_speaker_reviewed_says_so() -> None:
    data = made('msgid "Yes"\nmsgstr "Ya"', '#, fuzzy\nmsgid "No"\nmsgstr "Tidak"')
    spoken = Say(read("id", data))
    assert (spoken("Yes"), spoken.reviewed) == ("Ya", True)
    assert (spoken("No"), spoken.reviewed) == ("Tidak", False)
    assert (spoken("Yes"), spoken.reviewed) == ("Ya", False)


def test_a_message_without_translation_is_said_in_english_and_counts_as_unreviewed() -> None:
    spoken = Say(read("id", made('msgid "Yes"\nmsgstr ""')))
    assert (spoken("Yes"), spoken.reviewed) == ("Yes", False)
    assert (spoken("Other {x}", x="1"), spoken.reviewed) == ("Other 1", False)
    english = speaker("en")
    assert (english("Other {x}", x="1"), english.reviewed) == ("Other 1", True)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('msgid "A {x}"\nmsgstr "B"', "places"),
        ('msgid "A"\nmsgstr "B {x}"', "places"),
        ('msgid "A {x}"\nmsgstr "B {y}"', "places"),
        ('msgid "A {x}"\nmsgstr "B {x"', "expected"),
        ("msgid nothing", "catalogue"),
    ],
)
def test_a_translation_that_does_not_fit_is_refused(entry: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        read("id", made(entry))


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(Invalid, match="catalogue"):
        read("xx", made('msgid "A"\nmsgstr "B"'))


def test_html_escapes_the_message_and_not_the_value() -> None:
    spoken = Say(read("id", made('msgid "A & {x}"\nmsgstr "<b> & {x}"')))
    assert spoken.html("A & {x}", x="<i>1</i>") == "&lt;b&gt; &amp; <i>1</i>"


@pytest.mark.parametrize("code", ["ar", "ur", "fa", "he"])
def test_languages_from_right_to_left_are_known_as_such(code: str) -> None:
    assert read(code, made('msgid "A"\nmsgstr "B"')).direction == "rtl"
    assert {one.direction for one in languages().values()} == {"ltr"}


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        ("", "en"), ("hi", "hi"), ("hi-IN,hi;q=0.9,en;q=0.8", "hi"), ("en-AU,ja;q=0.5", "en"),
        ("fr, ja;q=0.3, id;q=0.7", "id"), ("fr;q=1.0, *;q=0.5, ja;q=0.1", "en"),
        ("hi;q=0, ja", "ja"), ("hi;q=x, ja", "ja"), ("ID", "id"), (",,;;q=1", "en"),
        ("fr," * 30 + "ja", "en"),
    ],
)  # fmt: skip
def test_a_reader_gets_the_language_that_was_asked_for(accepted: str, wanted: str) -> None:
    assert chosen(accepted, languages()) == wanted


@given(st.text(max_size=200))
def test_any_header_has_an_answer(accepted: str) -> None:
    assert chosen(accepted, languages()) in languages()


def alert(*, exploited: bool, kind: str = "alert") -> model.Alert:
    """An alert on a product, in every language."""
    one = Occasion(source="exposure", name="CVE-2026-1", products=("Lantern",), fixed=("2.1",),
                   exploited=exploited, rated="medium", countries=("IN",))  # fmt: skip
    return model.Alert(code="K7QF-3MZP", sender="au", infos=drafting.infos(one), kind=kind)  # type: ignore[arg-type]


def test_an_alert_is_drafted_in_every_language() -> None:
    drafted = alert(exploited=True)
    assert [one.language for one in drafted.infos] == list(languages())
    assert len({one.headline for one in drafted.infos}) == len(languages())
    assert all("Lantern" in one.headline for one in drafted.infos)
    assert [one.reviewed for one in drafted.infos] == [True, False, False, False]


@pytest.mark.parametrize("code", OTHERS)
def test_a_severe_alert_that_no_speaker_reviewed_carries_the_english(code: str) -> None:
    said = texts.body(alert(exploited=True), code, "https://accord.example/a/K7QF-3MZP")
    own = languages()[code].messages
    assert own[catalogue.UNREVIEWED].text in said
    assert "Install version 2.1" in said
    mild = texts.body(alert(exploited=False), code, "https://accord.example/a/K7QF-3MZP")
    assert own[catalogue.UNREVIEWED].text in mild
    assert "Install version 2.1" not in mild


@pytest.mark.parametrize("code", OTHERS)
def test_an_update_says_so_in_its_language(code: str) -> None:
    first = texts.subject(alert(exploited=True), code)
    said = texts.subject(alert(exploited=True, kind="update"), code)
    assert said != first
    assert said.endswith(first)
    assert not said.startswith("Update")
