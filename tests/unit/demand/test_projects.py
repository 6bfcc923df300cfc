"""Tables of projects are read as OpenSSF writes them, or refused with the place."""

from __future__ import annotations

import pytest

from accord.core.errors import Invalid
from accord.demand.projects import read, read_outcome

NEWER = b"""repo.url,repo.language,legacy.created_since,legacy.updated_since,\
legacy.contributor_count,legacy.org_count,legacy.commit_frequency,legacy.recent_release_count,\
legacy.updated_issues_count,legacy.closed_issues_count,legacy.issue_comment_frequency,\
legacy.github_mention_count,default_score
https://github.com/moby/moby,Go,123,0,2385,11,39.27,19,16184,12678,1.85,28243,0.83385
https://github.com/prometheus/prometheus,Go,124,0,896,9,19.1,39,10358,9476,2.9,15653,0.80515
"""
OLDER = b"""name,url,created_since,updated_since,contributor_count,watchers_count,org_count,\
commit_frequency,recent_releases_count,closed_issues_count,updated_issues_count,\
comment_frequency,dependents_count,criticality_score
moby,https://github.com/moby/moby,123,0,2385,9,11,39.27,19,12678,16184,1.85,28243,0.83385
"""
OWN = b"url;purl;product;maintainers;months since release\nx.example/lib;pkg:npm/Lib;lib;2;1.5\n"


def test_the_score_is_the_one_that_openssf_published() -> None:
    """Figures and scores of 2023-03-01; the score itself is not taken over."""
    moby, prometheus = read(NEWER).projects
    assert moby.criticality == pytest.approx(0.83385, abs=1e-5)
    assert prometheus.criticality == pytest.approx(0.80515, abs=1e-5)
    assert not moby.unknown
    assert read(NEWER).unused == ("language", "default_score")


def test_the_older_spelling_says_the_same() -> None:
    assert read(OLDER).projects == read(NEWER).projects[:1]


def test_packages_are_given_or_follow_from_the_repository() -> None:
    (moby, _), (lib,) = read(NEWER).projects, read(OWN).projects
    assert moby.packages == {"pkg:github/moby/moby", "pkg:golang/github.com/moby/moby"}
    assert lib.packages == {"pkg:npm/lib"}
    assert (lib.product, lib.maintainers, lib.months) == ("lib", 2, 1.5)
    assert len(lib.unknown) == 10


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"pkg:npm/Lib", b"npm/Lib", "line 2, purl"),
        (b";2;", b";-2;", "line 2, maintainers"),
        (b"1.5", b"nan", "line 2, months since release"),
        (b"x.example/lib", b"", "line 2: no address"),
        (b"url", b"urn", "line 1: no column 'url'"),
        (b"product", b"purl", "line 1: the column 'purl' stands twice"),
        (b"1.5\n", b"1.5;6\n", "line 2: 6 cells under 5"),
        (b"1.5\n", b"1.5\nx.example/lib;;;;\n", "line 3: x.example/lib stands twice"),
        (OWN.partition(b"\n")[2], b"", "no project"),
    ],
)
def test_what_is_wrong_is_named(old: bytes, new: bytes, told: str) -> None:
    assert old in OWN
    with pytest.raises(Invalid, match=told):
        read(OWN.replace(old, new, 1))


def test_an_outcome_is_read_or_refused() -> None:
    table = b"name,funded,criticality,before,after\na,yes,0.5,0.2,0.6\nb,No,0.5,0.25,0.3\n"
    assert [(one.name, one.funded, one.after) for one in read_outcome(table)] == [
        ("a", True, 0.6), ("b", False, 0.3),
    ]  # fmt: skip
    for old, new, told in (
        (b"yes", b"perhaps", "line 2, funded"),
        (b"0.6", b"60", "line 2, after"),
        (b"b,", b"a,", "line 3: a stands twice"),
        (b"after", b"later", "no column 'after'"),
    ):
        with pytest.raises(Invalid, match=told):
            read_outcome(table.replace(old, new, 1))
