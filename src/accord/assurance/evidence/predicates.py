"""What the predicates of in-toto statements say: provenance, verification results, and the rest.

Law (a document alone proves level 1): that provenance exists is all that it can show by itself;
who signed it, and whose word that is, is found elsewhere.

Source: SLSA 1.0, provenance 0.2 and 1, verification summary 1; in-toto attestation framework,
simple verification result 0.1, vulns 0.1 and 0.2, SPDX and CycloneDX predicates.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal, TypeVar

import msgspec

from accord.assurance.evidence import facts, scorecard
from accord.assurance.evidence.draft import Draft
from accord.assurance.evidence.items import BOUNDS, is_item
from accord.core import json
from accord.core.errors import Invalid
from accord.core.times import when

T = TypeVar("T")

BUILD_LEVELS: Final = ("slsa@1.0#build-l1", "slsa@1.0#build-l2", "slsa@1.0#build-l3")
SUMMARY_PASSED: Final = "vsa@1#passed"
_BUILD_LEVEL = re.compile(r"SLSA_BUILD_LEVEL_([0-3])")
_PLACE = "/predicate"


def _as(kind: type[T], raw: bytes) -> T:
    try:
        return json.decode_as(kind, raw, BOUNDS)
    except Invalid as wrong:
        raise type(wrong)(wrong.reason, f"{_PLACE}{wrong.place}") from wrong


class _Named(msgspec.Struct, frozen=True):
    id: str


class _Resource(msgspec.Struct, frozen=True):
    uri: str | None = None
    name: str | None = None
    digest: dict[str, str] | None = None


class _Times02(msgspec.Struct, frozen=True):
    started: str | None = msgspec.field(name="buildStartedOn", default=None)
    finished: str | None = msgspec.field(name="buildFinishedOn", default=None)


class _Provenance02(msgspec.Struct, frozen=True):
    builder: _Named
    build_type: str = msgspec.field(name="buildType")
    metadata: _Times02 | None = None
    materials: list[_Resource] | None = None


class _Definition(msgspec.Struct, frozen=True):
    build_type: str = msgspec.field(name="buildType")
    external: dict[str, msgspec.Raw] = msgspec.field(name="externalParameters")
    dependencies: list[_Resource] | None = msgspec.field(name="resolvedDependencies", default=None)


class _Times1(msgspec.Struct, frozen=True):
    started: str | None = msgspec.field(name="startedOn", default=None)
    finished: str | None = msgspec.field(name="finishedOn", default=None)


class _Run(msgspec.Struct, frozen=True):
    builder: _Named
    metadata: _Times1 | None = None


class _Provenance1(msgspec.Struct, frozen=True):
    definition: _Definition = msgspec.field(name="buildDefinition")
    run: _Run = msgspec.field(name="runDetails")


def _provenance_02(raw: bytes, draft: Draft) -> None:
    found = _as(_Provenance02, raw)
    times = found.metadata or _Times02()
    _built(draft, found.builder.id, found.build_type, (times.finished, times.started))
    _materials(draft, found.materials, f"{_PLACE}/materials")
    _level_1(draft)


def _provenance_1(raw: bytes, draft: Draft) -> None:
    found = _as(_Provenance1, raw)
    times = found.run.metadata or _Times1()
    definition = found.definition
    _built(draft, found.run.builder.id, definition.build_type, (times.finished, times.started))
    place = f"{_PLACE}/buildDefinition/resolvedDependencies"
    _materials(draft, definition.dependencies, place)
    _level_1(draft)


def _built(
    draft: Draft, builder: str, build_type: str, times: tuple[str | None, str | None]
) -> None:
    for name, text in (("builder", builder), ("buildType", build_type)):
        if not text.strip():
            raise Invalid(f"provenance must name its {name}", _PLACE)
    draft.kind, draft.builder, draft.issuer = facts.PROVENANCE, builder, builder
    draft.build_type = build_type
    draft.issued = when(times[0] or times[1] or "", f"{_PLACE}/metadata")
    draft.title = f"provenance by {builder}"


def _materials(draft: Draft, found: list[_Resource] | None, place: str) -> None:
    for index, one in enumerate(found or ()):
        draft.materials(one.uri or one.name or "", one.digest or {}, f"{place}/{index}")


def _level_1(draft: Draft) -> None:
    count = len({a.name for a in draft.artefacts if a.part == "material"})
    draft.yes(BUILD_LEVELS[0], _PLACE, f"built by {draft.builder} from {count} materials")


class _Summary(msgspec.Struct, frozen=True):
    verifier: _Named
    result: Literal["PASSED", "FAILED"] = msgspec.field(name="verificationResult")
    resource: str = msgspec.field(name="resourceUri")
    at: str | None = msgspec.field(name="timeVerified", default=None)
    levels: list[str] | None = msgspec.field(name="verifiedLevels", default=None)


def _summary(raw: bytes, draft: Draft) -> None:
    found = _as(_Summary, raw)
    draft.kind, draft.issuer = facts.SUMMARY, found.verifier.id
    draft.issued = when(found.at or "", f"{_PLACE}/timeVerified")
    draft.title = f"{found.result} by {found.verifier.id}"
    where = f"{_PLACE}/verificationResult"
    if found.result == "FAILED":
        # What failed is a policy; a level beside that is no level that was reached.
        draft.no(SUMMARY_PASSED, where, f"{found.verifier.id} says FAILED of {found.resource}")
        return
    draft.yes(SUMMARY_PASSED, where, f"{found.verifier.id} says PASSED of {found.resource}")
    for index, level in enumerate(found.levels or ()):
        _property(draft, level, f"{_PLACE}/verifiedLevels/{index}", "")


class _Result(msgspec.Struct, frozen=True):
    verifier: _Named
    at: str = msgspec.field(name="timeCreated")
    properties: list[str]


def _result(raw: bytes, draft: Draft) -> None:
    found = _as(_Result, raw)
    draft.kind, draft.issuer = facts.SUMMARY, found.verifier.id
    draft.issued = when(found.at, f"{_PLACE}/timeCreated")
    draft.title = f"verified by {found.verifier.id}"
    for index, one in enumerate(found.properties):
        _property(draft, one, f"{_PLACE}/properties/{index}", "svr@0.1")


def _property(draft: Draft, text: str, place: str, catalogue: str) -> None:
    """A property that was verified: a level of SLSA, an item, or what the verifier calls it."""
    level = _BUILD_LEVEL.fullmatch(text)
    own = f"{catalogue}#{text}"
    if level is not None:
        for reached in BUILD_LEVELS[: int(level[1])]:
            draft.yes(reached, place, text)
    elif is_item(text):
        draft.yes(text, place)
    elif catalogue and is_item(own):
        draft.yes(own, place)
    else:
        draft.not_read(place, "no item", text[:200])


class _ScanTimes(msgspec.Struct, frozen=True):
    finished: str | None = msgspec.field(name="scanFinishedOn", default=None)


class _Scan(msgspec.Struct, frozen=True):
    metadata: _ScanTimes | None = None


def _scan(raw: bytes, draft: Draft) -> None:
    found = _as(_Scan, raw)
    draft.kind = facts.SCAN
    draft.issued = when((found.metadata or _ScanTimes()).finished or "", f"{_PLACE}/metadata")
    _kept(raw, draft)


def _bill(raw: bytes, draft: Draft) -> None:
    draft.kind = facts.BILL
    _kept(raw, draft)


def _vex(raw: bytes, draft: Draft) -> None:
    draft.kind = facts.VEX
    _kept(raw, draft)


def _kept(_raw: bytes, draft: Draft) -> None:
    """Kept with its place, so that a person finds it; no claim follows from it."""
    draft.not_read(_PLACE, "kept, not read", draft.type[:200])


def _scorecard(raw: bytes, draft: Draft) -> None:
    scorecard.fill(_as(scorecard.Result, raw), draft, _PLACE)


_EXACT: dict[str, Callable[[bytes, Draft], None]] = {
    "https://slsa.dev/provenance/v0.2": _provenance_02,
    "https://slsa.dev/provenance/v1": _provenance_1,
    "https://slsa.dev/verification_summary/v1": _summary,
    "https://in-toto.io/attestation/svr/v0.1": _result,
    "https://in-toto.io/attestation/vulns/v0.1": _scan,
    "https://in-toto.io/attestation/vulns/v0.2": _scan,
    "https://cosign.sigstore.dev/attestation/vuln/v1": _scan,
    "https://scorecard.dev/result/v0.1": _scorecard,
    "https://scorecard.dev/result/v0.2": _scorecard,
}
_BEGINNING: tuple[tuple[str, Callable[[bytes, Draft], None]], ...] = (
    ("https://spdx.dev/Document", _bill),
    ("https://cyclonedx.org/bom", _bill),
    ("https://cyclonedx.org/vex", _vex),
    ("https://openvex.dev/ns", _vex),
)


def fill(predicate_type: str, raw: bytes, draft: Draft) -> None:
    """What a predicate says, into the statement's draft.

    Raises:
        Invalid: it is not what its type says.
    """
    known = _EXACT.get(predicate_type)
    if known is None:
        began = (reader for start, reader in _BEGINNING if predicate_type.startswith(start))
        known = next(began, _kept)
    known(raw, draft)
