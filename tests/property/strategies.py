"""Generators of version texts, one a scheme: small alphabets, for ties and near misses."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

Text = st.SearchStrategy[str]

_numbers = st.sampled_from(["0", "1", "2", "9", "10", "11", "99", "100", "2147483648"])
_padded = st.one_of(_numbers, st.sampled_from(["00", "01", "010", "02", "009"]))


def _joined(parts: st.SearchStrategy[str], low: int, high: int, joint: str = ".") -> Text:
    return st.lists(parts, min_size=low, max_size=high).map(joint.join)


def _maybe(text: st.SearchStrategy[str]) -> Text:
    return st.one_of(st.just(""), text)


def _concatenated(*parts: st.SearchStrategy[str]) -> Text:
    return st.tuples(*parts).map("".join)


_identifier = st.one_of(
    _numbers,
    st.sampled_from(["alpha", "Alpha", "beta", "rc", "rc1", "a", "b", "a-", "-", "0a", "x-1"]),
)
_identifiers = _joined(_identifier, 1, 3)

semver_versions: Text = _concatenated(
    _joined(_numbers, 3, 3), _maybe(_identifiers.map("-{}".format)), _maybe(st.just("+b.1"))
)

pep440_versions: Text = _concatenated(
    _maybe(st.sampled_from(["0!", "1!", "v"])),
    _joined(_padded, 1, 4),
    _maybe(
        _concatenated(
            st.sampled_from(["", ".", "-", "_"]),
            st.sampled_from(["a", "alpha", "b", "BETA", "c", "rc", "pre", "preview"]),
            st.sampled_from(["", "0", "1", "10", ".1", "-01"]),
        )
    ),
    _maybe(st.sampled_from(["-1", "-0", ".post", "post0", ".post1", "-r1", ".rev10", "_post-1"])),
    _maybe(st.sampled_from([".dev", "dev0", ".dev1", "-DEV10", "_dev_01"])),
    _maybe(
        _joined(st.sampled_from(["1", "01", "10", "a", "A", "ab", "1a", "0"]), 1, 3, ".").map(
            "+{}".format
        )
    ),
)

debian_versions: Text = _concatenated(
    _maybe(st.sampled_from(["0:", "1:", "01:", "10:"])),
    _numbers,
    st.text("01a~+.-Zb:", max_size=6).map(lambda text: text.replace(":", "")),
    _maybe(st.text("01a~+.Z", min_size=1, max_size=5).map("-{}".format)),
).filter(lambda text: not text.endswith("-"))

rpm_versions: Text = _concatenated(
    _maybe(st.sampled_from(["0:", "1:", "01:", ":", "a:"])),
    st.text("019aZ~^._+", min_size=1, max_size=7),
    _maybe(st.text("019aZ~^.-", max_size=4).map("-{}".format)),
)

_maven_words = st.sampled_from(
    ["alpha", "a", "b", "m", "beta", "milestone", "rc", "cr", "SNAPSHOT", "ga", "final", "RELEASE",
     "sp", "x", "xyz", "_b", "jre"]
)  # fmt: skip
maven_versions: Text = _concatenated(
    st.one_of(_padded, _maven_words),
    st.lists(
        _concatenated(
            st.sampled_from([".", ".", "-", "", "..", "--"]), st.one_of(_padded, _maven_words)
        ),
        max_size=5,
    ).map("".join),
    _maybe(st.sampled_from([".", "-", "-0", ".0", ".0.0"])),
)

_gem_parts = st.one_of(_padded, st.sampled_from(["a", "b", "rc", "rc1", "a10", "1a", "A", "pre"]))
rubygems_versions: Text = _concatenated(
    _padded,
    _joined(_gem_parts, 0, 5).map(lambda text: f".{text}" if text else ""),
    _maybe(_gem_parts.map("-{}".format)),
)

nuget_versions: Text = _concatenated(
    _joined(st.one_of(_numbers.filter(lambda n: len(n) < 10), st.just("01")), 1, 4),
    _maybe(_joined(st.sampled_from(["1", "10", "2", "alpha", "Alpha", "BETA", "a-", "x1"]), 1, 3)
           .map("-{}".format)),
    _maybe(st.just("+Meta")),
)  # fmt: skip

alpine_versions: Text = _concatenated(
    _joined(_padded, 1, 4),
    _maybe(st.sampled_from("abz")),
    st.lists(
        _concatenated(
            st.sampled_from(
                ["_alpha", "_beta", "_pre", "_rc", "_cvs", "_svn", "_git", "_hg", "_p"]
            ),
            _maybe(_padded),
        ),
        max_size=2,
    ).map("".join),
    _maybe(st.sampled_from(["~a1", "~a", "~0f"])),
    _maybe(_padded.map("-r{}".format)),
)

packagist_versions: Text = _concatenated(
    st.sampled_from(["", "v"]),
    _joined(_padded, 1, 4),
    st.lists(
        _concatenated(
            st.sampled_from([".", "-", "", "+", "_"]),
            st.sampled_from(["alpha", "a", "beta", "b", "RC", "rc", "dev", "pl", "p", "patch", "x",
                             "BETA", "foo", "1", "02"]),
        ),
        max_size=4,
    ).map("".join),
)  # fmt: skip

dotted_versions: Text = _joined(_numbers, 1, 5)

vendor_versions: Text = _concatenated(
    st.sampled_from(["", "V", "Version "]),
    _joined(_padded, 1, 4),
    _maybe(st.sampled_from(["(4)", "(10)"])),
    _maybe(
        st.sampled_from(["k", "za", "M3", " SP2", " SP10", "-h3", "p1", "_292", " CU9", "-rc.1"])
    ),
    _maybe(st.sampled_from([" Update 4", " Hotfix 2", " build 77"])),
)


def sample(versions: Text, count: int) -> list[str]:
    """Version texts for a comparison in one batch with a program that is slow to start."""
    found: list[str] = []

    @settings(
        max_examples=count,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(versions)
    def collect(version: str) -> None:
        found.append(version)

    collect()
    return found
