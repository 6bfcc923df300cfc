"""The documentation of the pages is made of the code, and says everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import meta
from jinja2.nodes import Name

from accord.web import reference
from accord.web.pages.parts import Page
from accord.web.render import Renderer, Static


def test_the_documentation_is_made_of_the_code() -> None:
    page = Path(__file__).parents[3] / "docs" / "pages.md"
    hint = "run: python -m accord.web.reference > docs/pages.md"
    assert page.read_text() == reference.documentation(), hint


def test_every_member_is_documented() -> None:
    for _, page in reference.PAGES:
        missing = [name for name, text in reference.fields(page).items() if not text]
        assert missing == [], page
        for part in reference.parts(page):
            assert [n for n, text in reference.fields(part).items() if not text] == [], part


@pytest.mark.parametrize("page", [kind for _, kind in reference.PAGES if kind.template])
def test_templates_use_what_is_documented(page: type[Page]) -> None:
    """Each documented member is on the page, and the page has nothing else."""
    environment = Renderer(Static()).environment
    names, waiting = set[str](), [page.template]
    while waiting:
        source = environment.loader.get_source(environment, waiting.pop())[0]  # type: ignore[union-attr]
        tree = environment.parse(source)
        names |= meta.find_undeclared_variables(tree)
        names |= {one.name for one in tree.find_all(Name) if one.name in page.__struct_fields__}
        waiting += [name for name in meta.find_referenced_templates(tree) if name == "base.html"]
    assert names - {"shell", "m", "r"} <= set(page.__struct_fields__)
    assert set(page.__struct_fields__) - {"sort"} <= names | {"sort"}
