"""The whole reason for one exposure, in words, each with the document that it came from.

Law (every exposure explains itself): identifier matched, range, stream, statements taken and
refused, and each input of the rank, with document, source and day learned.
"""

from __future__ import annotations

import msgspec

from accord.core.origins import words
from accord.flows.exposures import Exposures
from accord.flows.ports import DocumentRow, Evidence, Match, Views
from accord.supply.matching import confidence, ssvc, vex
from accord.supply.matching.exposures import Exposure
from accord.supply.matching.signals import Signal, Threat

_HOW = {
    confidence.BY_IDENTIFIER: "by identifier",
    confidence.BY_CPE_BESIDE_PURL: "by a CPE beside a package URL: a candidate",
    confidence.BY_NAME: "by supplier and product name only: a candidate",
}


class Source(msgspec.Struct, frozen=True):
    """Where a line of the explanation comes from."""

    document: str
    """Digest."""
    kind: str
    name: str
    """One of the names under which it was given."""
    learned: str
    """YYYY-MM-DD."""
    place: str
    """JSON pointer or line within the document."""
    origin: str = ""
    """The partner that it came from; empty: this node's own people gave it."""


class Reason(msgspec.Struct, frozen=True):
    """One step of the explanation."""

    about: str
    """`component`, `match`, `aliases`, `statement`, `exploitation`, `decision`, ..."""
    sentence: str
    source: Source | None = None


class Explanation(msgspec.Struct, frozen=True):
    """An exposure with all its reasons, in the order in which a person would ask for them."""

    exposure: Exposure
    reasons: tuple[Reason, ...]


def explain(name: str, exposures: Exposures, views: Views, as_of: str = "") -> Explanation:
    """Explain an exposure by its identifier.

    Raises:
        NotFound: no exposure begins so.
    """
    exposure = exposures.one(name, as_of)
    with views.view(as_of) as view:
        evidence = view.evidence(exposure)
    return Explanation(exposure, tuple(_Reasons(exposure, evidence).all()))


class _Reasons:
    """Builds the sentences; every one that states a fact names its document."""

    def __init__(self, exposure: Exposure, evidence: Evidence) -> None:
        self._exposure = exposure
        self._evidence = evidence

    def all(self) -> list[Reason]:
        exposure = self._exposure
        return [
            *self._components(),
            *(self._match(match) for match in self._evidence.matches),
            *self._aliases(),
            *self._statements(),
            Reason("status", _status(exposure)),
            *self._signals(),
            *self._inputs(),
            Reason("decision", _decision(exposure)),
            Reason("first seen", f"This node knew bill and advisory since {exposure.first_seen}."),
        ]

    def _source(self, document: int, place: str) -> Source | None:
        row = self._evidence.documents.get(document)
        return _source(row, place) if row else None

    def _components(self) -> list[Reason]:
        exposure = self._exposure
        owner = exposure.operator or "no operator has claimed the bill; it"
        sentence = (
            f"{owner} runs {_named(exposure.product, exposure.release)}, "
            f"which holds {_named(exposure.component, exposure.version)}."
        )
        return [
            Reason("component", sentence, self._source(document, place or ref))
            for ref, place, document in self._evidence.parts
        ]

    def _match(self, match: Match) -> Reason:
        stream = f", in {match.stream}" if match.stream else ""
        sentence = (
            f"{match.advisory} names {match.package}{stream} {_HOW[match.how]}: {_interval(match)}."
        )
        return Reason("match", sentence, self._source(match.document, match.place))

    def _aliases(self) -> list[Reason]:
        exposure = self._exposure
        if not exposure.aliases:
            return []
        names = ", ".join(exposure.aliases)
        return [Reason("aliases", f"{exposure.advisory} is also {names}, by declared aliases.")]

    def _statements(self) -> list[Reason]:
        reasons = []
        for position, judged in enumerate(self._exposure.statements):
            statement = judged.statement
            taken = "taken" if position == 0 and judged.counts else _refusal(judged)
            why = statement.justification or statement.impact or statement.action
            author = statement.author or "an unnamed author"
            sentence = (
                f"VEX by {author} ({vex.STANDINGS[judged.standing]}{_from(statement.origin)}) says "
                f"{statement.status}{f' ({why})' if why else ''}: {taken}."
            )
            source = self._source(statement.document, statement.place)
            reasons.append(Reason("statement", sentence, source))
        return reasons

    def _signals(self) -> list[Reason]:
        reasons = []
        for signal in self._exposure.threat.signals:
            source = self._source(signal.document, signal.place)
            reasons.append(Reason(signal.kind, sentence_of(signal), source))
            reasons += [
                Reason(signal.kind, "This relationship ties it.", self._source(*where))
                for where in signal.via
            ]
        return reasons

    def _inputs(self) -> list[Reason]:
        inputs, threat = self._exposure.inputs, self._exposure.threat
        estate = self._source(*self._exposure.claimed)
        judged = self._signal_source("ssvc")
        seen = self._signal_source("known exploited") or self._signal_source("sighting")
        known = [
            ("exploitation", inputs.exploitation, _why_active(threat), seen or judged),
            ("automatable", inputs.automatable, "", judged),
            ("technical impact", inputs.technical_impact, "", judged),
            ("mission impact", inputs.mission, " (estate)", estate),
            ("system exposure", inputs.exposure, " (estate)", estate),
        ]
        reasons = [
            Reason("input", f"{name} is {value}{why}.", source)
            for name, value, why, source in known
            if value
        ]
        if inputs.ruled_out:
            sentence = "exploitation is not active: the catalogue does not list it."
            reasons.append(Reason("input", sentence, self._source(threat.not_catalogued, "")))
        reasons += [
            Reason("assumed", f"{text.replace(':', ' is unknown; taken as', 1)} (the worst).")
            for text in self._exposure.assumed
        ]
        return reasons

    def _signal_source(self, kind: str) -> Source | None:
        """The document of the first signal of a kind."""
        for signal in self._exposure.threat.signals:
            if signal.kind == kind:
                return self._source(signal.document, signal.place)
        return None


def _from(origin: str) -> str:
    return f", from {words(origin)}" if origin else ""


def _refusal(judged: vex.Judged) -> str:
    if not judged.counts:
        return "refused: only a name suggests this product, and the author is not its supplier"
    return "refused: another has more standing or is later"


def _source(row: DocumentRow, place: str) -> Source:
    name = row.sources[0] if row.sources else ""
    return Source(row.digest, row.kind, name, row.learned[:10], place, row.origin)


def _named(name: str, version: str) -> str:
    return f"{name or 'an unnamed product'} {version}".strip()


def _interval(match: Match) -> str:
    """The comparison of keys in words."""
    version = match.version or "no version"
    order = f" in the {match.scheme} order" if match.scheme else ""
    if match.since and match.since == match.until and match.until_included:
        return f"{version} is listed as affected"
    from_ = "<=" if match.since_included else "<"
    low = f"{match.since} {from_} {version}" if match.since else f"{version} from the beginning"
    if not match.until:
        return f"{low}{order}, and no repaired version is named"
    sign = "<=" if match.until_included else "<"
    return (
        f"{low} {sign} {match.until}{order}"
        if match.since
        else (f"{version} {sign} {match.until}{order}, affected from the beginning")
    )


def _status(exposure: Exposure) -> str:
    if exposure.candidate:
        return f"Only {exposure.candidate} suggests it: a candidate until a person confirms it."
    return f"Status: {exposure.status}."


def sentence_of(signal: Signal) -> str:
    """One signal in words, with the partner that it came from."""
    sentence = _sentence(signal)
    return f"{sentence[:-1]} (from {words(signal.origin)})." if signal.origin else sentence


def _sentence(signal: Signal) -> str:
    values = signal.values
    if signal.kind == "ssvc":
        return (
            f"SSVC by {values[4] or 'an analyst'} on {str(values[3])[:10]}: exploitation "
            f"{values[0] or 'unknown'}, automatable {values[1] or 'unknown'}, "
            f"technical impact {values[2] or 'unknown'}."
        )
    if signal.kind == "known exploited":
        ransom = ", with ransomware" if values[1] else ""
        return f"Known to be exploited since {str(values[0])[:10]}{ransom}."
    if signal.kind == "epss":
        return f"EPSS {_number(values[0])} on {values[1]} (percentile {_number(values[2])})."
    if signal.kind == "score":
        return f"CVSS {values[0] if values[0] is not None else values[1]} {values[2]}".strip() + "."
    if signal.kind == "exploits":
        return f"{values[0]} {values[1] or 'exploits'} it."
    if signal.kind == "sighting":
        last = f", last {str(values[4])[:10]}" if values[4] else ""
        return f"Seen {values[0]} times by {values[2] or signal.origin or 'a partner'}{last}."
    return f"ATT&CK {values[0]} {values[1]} ({str(values[2]).replace('_', ' ')})."


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _why_active(threat: Threat) -> str:
    if threat.exploited_since:
        return f" (catalogued since {threat.exploited_since[:10]})"
    if threat.sightings:
        return f" ({threat.sightings} sightings)"
    return ""


def _decision(exposure: Exposure) -> str:
    if exposure.status in ("fixed", "not_affected"):
        return "Nothing to decide: it is closed."
    return (
        f"{exposure.decision} by {ssvc.CISA.name}; "
        f"{exposure.urgency} by {ssvc.DEPLOYER.name.lower()}."
    )
