"""The documentation says what the code does, in the glossary's words, and nothing leads nowhere."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEXTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *PAGES]
TOOLS = [
    ROOT / "Makefile",
    ROOT / ".ci" / "run",
    ROOT / "mkdocs.yml",
    ROOT / "pyproject.toml",
    *sorted((ROOT / "requirements").glob("*.txt")),
    *sorted((ROOT / "scripts").iterdir()),
]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`]*`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_MACHINE_PATH = re.compile(r"(?<![\w.~}/-])/(?:work|root|home|Users)/\w")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(text: str) -> str:
    """A page without its code."""
    return _CODE.sub("", _FENCE.sub("", text))


def anchors(page: Path) -> set[str]:
    headings = _HEADING.findall(_FENCE.sub("", page.read_text()))
    words = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {re.sub(r"[-\s]+", "-", heading) for heading in words}


def broken_links(page: Path, root: Path = ROOT) -> Iterator[str]:
    for link in _LINK.findall(_FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        found = (page.parent / target).resolve() if target else page
        inside = found.is_relative_to(root) and found.exists()
        if not inside or (anchor and anchor not in anchors(found)):
            yield link


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](#here) [b](#gone) [c](none.md) [d](https://example.org/)\n")
    assert list(broken_links(page, tmp_path)) == ["#gone", "none.md"]


@pytest.mark.parametrize("page", TEXTS, ids=named)
def test_every_relative_link_resolves(page: Path) -> None:
    assert list(broken_links(page)) == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_of_the_documentation_stay_in_it(page: Path) -> None:
    links = _LINK.findall(_FENCE.sub("", page.read_text()))
    targets = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:", link)]
    assert [t for t in targets if not (page.parent / t).resolve().is_relative_to(DOCS)] == []


def _navigation(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        yield from _navigation(list(part.values()))
    elif isinstance(part, list):
        for inner in part:
            yield from _navigation(inner)


def test_the_navigation_has_every_page_once() -> None:
    navigation = list(_navigation(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    assert sorted(navigation) == [page.relative_to(DOCS).as_posix() for page in PAGES]


def test_the_pages_build_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    assert (tmp_path / "index.html").exists()


@pytest.mark.parametrize("path", [*TEXTS, *TOOLS], ids=named)
def test_no_path_of_one_machine(path: Path) -> None:
    assert _MACHINE_PATH.findall(path.read_text()) == []


def test_no_path_of_one_machine_in_the_code() -> None:
    folders = ("src", "tests", "benchmarks")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = re.compile(r"/wor[k]/|[.][.]/shared\b")
    assert len(files) > 20
    assert [named(path) for path in files if found.search(path.read_text())] == []


@pytest.mark.parametrize("path", TOOLS, ids=named)
def test_no_download_address(path: Path) -> None:
    """Where packages come from is for each installation to say, never for this repository."""
    assert re.findall(r"\w+://\S*", path.read_text().replace("postgresql+psycopg://", "")) == []


def test_pages_name_no_package_index() -> None:
    index = re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com|net)\b", re.IGNORECASE)
    assert [named(page) for page in TEXTS if index.search(page.read_text())] == []


def _project() -> dict[str, dict[str, list[str]]]:
    project: dict[str, dict[str, list[str]]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return project


def _names(requirements: list[str]) -> list[str]:
    texts = [text for text in requirements if isinstance(text, str)]
    return [re.split(r"[\[<>=!~; ]", text, maxsplit=1)[0] for text in texts]


def _documented(heading: str) -> list[str]:
    sections = (DOCS / "dependencies.md").read_text().split("\n## ")
    (section,) = [part for part in sections if part.startswith(heading)]
    return re.findall(r"^\| ([\w-]+) \| \S", section, re.MULTILINE)[1:]


def test_dependencies_are_documented() -> None:
    project = _project()
    groups = project["dependency-groups"]
    assert _documented("To run") == sorted(_names(project["project"]["dependencies"]))
    assert _documented("To build") == sorted(_names(groups["build"]))
    assert _documented("To develop") == sorted(_names(groups["dev"]), key=str.lower)


def _locked(name: str) -> dict[str, str]:
    """Each pinned package of a lock with its version and hashes, whatever its platform."""
    text = (ROOT / "requirements" / name).read_text()
    entries = re.split(r"\n(?=\S)", text.strip())
    entries = [re.sub(r" ; .*(?= \\\n)", "", entry) for entry in entries]
    return {entry.split("==")[0].split("[")[0].lower(): entry for entry in entries}


@pytest.mark.parametrize("name", ["base.txt", "dev.txt"])
def test_everything_is_locked_by_hash(name: str) -> None:
    project = _project()
    asked = project["project"]["dependencies"] + project["dependency-groups"]["build"]
    if name == "dev.txt":
        asked = asked + project["dependency-groups"]["dev"]
    locked = _locked(name)
    assert {package.lower() for package in _names(asked)} <= set(locked)
    assert [n for n, entry in locked.items() if not re.search(r"==\S+.*\n.*sha256:", entry)] == []


def test_both_locks_agree() -> None:
    base, dev = _locked("base.txt"), _locked("dev.txt")
    assert {name: entry for name, entry in base.items() if dev.get(name) != entry} == {}


def test_the_build_tools_are_locked() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert set(_names(asked)) <= set(_locked("base.txt"))


@pytest.mark.parametrize("page", TEXTS, ids=named)
def test_targets_of_make_exist(page: Path) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named_targets = set(re.findall(r"(?:^|`)make (\w+)", page.read_text(), re.MULTILINE))
    assert named_targets <= targets


def _glossary() -> dict[str, str]:
    parts = (DOCS / "glossary.md").read_text().split("\n## ")[1:]
    return dict(part.split("\n\n", 1) for part in parts)


def test_the_glossary_is_sorted_and_complete() -> None:
    words = re.findall(r"^## (.+)$", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert words == sorted(set(words), key=str.lower)
    assert [word for word, text in _glossary().items() if len(text.split()) < 4] == []


def _other_words() -> dict[str, str]:
    """The words that the glossary rules out, each with the one to say instead."""
    found: dict[str, str] = {}
    for word, text in _glossary().items():
        if match := re.search(r"\*Not\*: ([^.]+)\.", text):
            found |= dict.fromkeys(match.group(1).split(", "), word)
    return found


@pytest.mark.parametrize("page", TEXTS, ids=named)
def test_pages_use_the_words_of_the_glossary(page: Path) -> None:
    if page.name == "glossary.md":
        assert "vendor" in _other_words()
        return
    text = prose(page.read_text())
    used = [w for w in _other_words() if re.search(rf"\b{re.escape(w)}s?\b", text, re.IGNORECASE)]
    assert {word: f"say {_other_words()[word]}" for word in used} == {}


@pytest.mark.parametrize("page", TEXTS, ids=named)
def test_python_in_pages_does_what_it_says(page: Path) -> None:
    for number, (language, code) in enumerate(_FENCE.findall(page.read_text())):
        if language == "python":
            compile(code if ">>>" not in code else "", f"{named(page)}#{number}", "exec")
            case = doctest.DocTestParser().get_doctest(code, {}, named(page), None, 0)
            assert doctest.DocTestRunner(verbose=False).run(case).failed == 0


def test_commands_are_documented_as_they_are() -> None:
    command = [sys.executable, "scripts/commands.py"]
    written = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert (DOCS / "commands.md").read_text() == written.stdout, "run: make commands"


@pytest.mark.parametrize("page", TEXTS, ids=named)
def test_commands_in_pages_exist(page: Path) -> None:
    known = set(re.findall(r"^## accord (\S+)", (DOCS / "commands.md").read_text(), re.MULTILINE))
    text = page.read_text()
    code = [code for _, code in _FENCE.findall(text)] + _CODE.findall(_FENCE.sub("", text))
    command = re.compile(r"(?:^|`)accord ([a-z][\w-]*)", re.MULTILINE)
    assert {word for part in code for word in command.findall(part)} <= known
