"""Generated scenes: documents of every kind, in editions newer, older, undated and equally dated.

Bills, estates, statements, and choices among them.
"""

from __future__ import annotations

import nodes
from hypothesis import strategies as st
from nodes import Document

from accord.core.digests import digest

MODIFIED = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00+01:00")
CREATED = ("", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
_VERSIONS = ("1.0.0", "1.5.0", "2.0.0", "3.0.0-rc.1")


@st.composite
def advisories(draw: st.DrawFn) -> bytes:
    return nodes.osv(
        draw(st.sampled_from(["OSV-1", "OSV-2", "CVE-2026-1001"])),
        draw(st.sampled_from(["left-pad", "right-pad"])),
        introduced=draw(st.sampled_from(["0", "1.0.0", "1.5.0"])),
        fixed=draw(st.sampled_from(["", "2.0.0", "3.0.0"])),
        modified=draw(st.sampled_from(MODIFIED)),
        summary=draw(st.sampled_from(["First words", "Other words"])),
        aliases=draw(st.lists(st.sampled_from(["CVE-2026-1000", "GHSA-aaaa-bbbb-cccc"]))),
    )


@st.composite
def bills(draw: st.DrawFn) -> bytes:
    held = st.tuples(st.sampled_from(["left-pad", "right-pad"]), st.sampled_from(_VERSIONS))
    return nodes.bill(
        draw(st.sampled_from(["Pump", "Meter"])),
        draw(st.sampled_from(["1", "2"])),
        [f"pkg:npm/{name}@{version}" for name, version in draw(st.lists(held, max_size=3))],
        created=draw(st.sampled_from(CREATED)),
        version=draw(st.sampled_from([1, 2])),
    )


@st.composite
def statements(draw: st.DrawFn) -> bytes:
    return nodes.openvex(
        draw(st.sampled_from(["OSV-1", "CVE-2026-1000"])),
        draw(st.sampled_from(["not_affected", "affected", "fixed", "under_investigation"])),
        draw(st.sampled_from(["pkg:npm/left-pad", "pkg:npm/left-pad@1.0.0", "pkg:npm/gone@1"])),
        author=draw(st.sampled_from(["Maker", "Somebody"])),
        at=draw(st.sampled_from(MODIFIED)),
    )


estates = st.lists(
    st.tuples(
        st.sampled_from(["Grid", "Water"]),
        st.sampled_from(["Pump", "Meter"]),
        st.sampled_from(["1", "2"]),
        st.sampled_from([nodes.serial_of("Pump", "1"), nodes.serial_of("Meter", "2")]),
    ),
    min_size=1,
    max_size=3,
).flatmap(
    lambda rows: st.builds(
        lambda date: nodes.estate(*rows, date=date), st.sampled_from(["", "2026-01-01"])
    )
)
others = st.sampled_from(
    [
        nodes.kev("CVE-2026-1000"),
        nodes.kev("CVE-2026-1001", released="2026-01-12T00:00:00Z"),
        nodes.epss({"CVE-2026-1000": 0.5}),
        nodes.epss({"CVE-2026-1000": 0.1}, day="2026-01-13"),
        nodes.sighting("CVE-2026-1001"),
        b"nothing that anybody knows",
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": 7}',
    ]
)
documents = st.one_of(advisories(), advisories(), bills(), bills(), statements(), estates, others)


@st.composite
def scenes(draw: st.DrawFn) -> list[Document]:
    """Distinct documents, and perhaps choices among them, made before or after they came."""
    held = draw(st.lists(documents, min_size=2, max_size=9, unique=True))
    names = [digest(data) for data in held]
    for _ in range(draw(st.integers(0, 2))):
        prefer, *over = draw(st.lists(st.sampled_from(names), min_size=2, unique=True))
        at = f"2026-02-0{draw(st.integers(1, 2))}T00:00:00.000000Z"
        held.append(nodes.choice(prefer, *over, at=at))
    return [(f"{number}", data) for number, data in enumerate(dict.fromkeys(held))]
