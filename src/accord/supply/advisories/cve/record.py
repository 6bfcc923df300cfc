"""One CVE record: what its own numbering authority says, and what others add.

Entries that say only that a product is not affected give no fact. Where two containers say the
same of one product, it is one fact.

Source: CVE Record Format 5.0 to 5.2 (https://cveproject.github.io/cve-schema/).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from accord.core.errors import Invalid, TooLarge
from accord.core.json import decode_as
from accord.core.limits import LIMITS
from accord.core.reading import Fact, NotEvaluated, Reading, Refused
from accord.core.times import when
from accord.supply.advisories.cve import configurations, metrics
from accord.supply.advisories.cve.configurations import Configuration
from accord.supply.advisories.cve.metrics import About, Metric
from accord.supply.advisories.cve.products import Product, Target, targets
from accord.supply.advisories.cve.spans import Verdict, judge
from accord.supply.advisories.facts import Advisory, Affected, Score
from accord.supply.advisories.items import cve_name, each, refuse

_STATES = ("PUBLISHED", "REJECTED")
_STATUSES = frozenset({"affected", "unaffected", "unknown"})


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    cve_id: str
    state: str
    assigner_short_name: str | None = None
    date_published: str | None = None
    date_updated: str | None = None
    date_rejected: str | None = None


class _Provider(msgspec.Struct, frozen=True, rename="camel"):
    short_name: str | None = None
    date_updated: str | None = None


class _Container(msgspec.Struct, frozen=True, rename="camel"):
    provider_metadata: _Provider = _Provider()
    title: str | None = None
    affected: list[msgspec.Raw] | None = None
    metrics: list[msgspec.Raw] | None = None
    cpe_applicability: list[msgspec.Raw] | None = None


class _Containers(msgspec.Struct, frozen=True):
    cna: _Container = _Container()
    adp: list[msgspec.Raw] | None = None


class _Record(msgspec.Struct, frozen=True, rename="camel"):
    data_type: str = ""
    cve_metadata: _Metadata | None = None
    containers: _Containers = _Containers()
    data_version: str = "5.0"


_ADP = msgspec.json.Decoder(_Container)
_PRODUCT = msgspec.json.Decoder(Product)
_METRIC = msgspec.json.Decoder(Metric)
_CONFIGURATION = msgspec.json.Decoder(Configuration)


def read(data: bytes) -> Reading:
    """One record in JSON; its edition is the newest date at which any container was updated.

    Raises:
        Invalid: not a CVE record of version 5, or its metadata are broken.
        Unreadable: not JSON.
        TooLarge: past a bound.

    """
    record = decode_as(_Record, data)
    if record.data_type != "CVE_RECORD":
        raise Invalid("not a CVE record: `CVE_RECORD` is expected", "/dataType")
    if not record.data_version.startswith("5."):
        raise Invalid("only CVE records of version 5 are read", "/dataVersion")
    about = record.cve_metadata
    if about is None:
        raise Invalid("a CVE record needs its metadata (identifier and state)", "/cveMetadata")
    if about.state not in _STATES:
        raise Invalid("`PUBLISHED` or `REJECTED` is expected", "/cveMetadata/state")
    return _Document(about, record.containers).read()


class _Document:
    """One record on its way to facts."""

    def __init__(self, about: _Metadata, containers: _Containers) -> None:
        self.about = about
        self.name = cve_name(about.cve_id, "/cveMetadata/cveId")
        self.cna = containers.cna
        self.reading = Reading("CVE record", f"cve:{self.name}", "", "", [], [], [])
        self.reading.title = self.cna.title or self.name
        self._seen: set[object] = set()
        self._rows = 0
        self._vendor = self._product = ""
        added = each(_ADP, containers.adp, "/containers/adp", self.reading.refused)
        self.containers = [("/containers/cna", self.cna), *added]

    def read(self) -> Reading:
        updated = when(self.about.date_updated or "", "/cveMetadata/dateUpdated")
        self.reading.edition = max([updated, *self._updates()])
        self._keep(self._advisory(updated))
        if self.about.state == "REJECTED":
            return self.reading
        for place, container in self.containers:
            self._affected(container, f"{place}/affected")
            self._applicable(container, f"{place}/cpeApplicability")
        for place, container in self.containers:
            self._metrics(container, f"{place}/metrics")
        return self.reading

    def _updates(self) -> Iterator[str]:
        for place, container in self.containers:
            here = f"{place}/providerMetadata/dateUpdated"
            try:
                yield when(container.provider_metadata.date_updated or "", here)
            except Invalid as wrong:
                self.reading.refused.append(refuse(wrong, here))

    def _advisory(self, updated: str) -> Advisory:
        about = self.about
        rejected = when(about.date_rejected or "", "/cveMetadata/dateRejected")
        return Advisory(
            advisory=self.name,
            vulnerability=self.name,
            publisher=about.assigner_short_name or "",
            title=self.cna.title or "",
            published=when(about.date_published or "", "/cveMetadata/datePublished"),
            modified=updated,
            withdrawn=(rejected or self.reading.edition) if about.state == "REJECTED" else "",
        )

    def _keep(self, fact: Fact) -> None:
        """Take a fact once, wherever it stands."""
        key = _essence(fact)
        if key not in self._seen:
            self._seen.add(key)
            self.reading.facts.append(fact)

    def _skip(self, place: str, reason: str, subject: str) -> None:
        self.reading.not_evaluated.append(NotEvaluated(place, reason, subject, self.name))

    def _affected(self, container: _Container, place: str) -> None:
        for here, product in each(_PRODUCT, container.affected, place, self.reading.refused):
            wrong = _wrong_status(product)
            if wrong:
                self.reading.refused.append(Refused(here, wrong))
                continue
            self._vendor = self._vendor or product.vendor or ""
            self._product = self._product or product.product or ""
            self._product_facts(product, here)

    def _product_facts(self, product: Product, place: str) -> None:
        verdict = judge(product.versions or (), product.default_status or "unknown")
        for reason in verdict.reasons:
            self._skip(place, reason, product.title)
        found, wrong = targets(product)
        self.reading.refused += [Refused(place, reason) for reason in wrong]
        if not (verdict.ranges or verdict.versions or verdict.open):
            return
        if not found:
            self._skip(place, "no identity", product.title)
        # Every name is joined with every version: small lists can make a great many rows.
        self._rows += len(found) * (len(verdict.ranges) + len(verdict.versions))
        if self._rows > LIMITS.items:
            raise TooLarge(f"more than {LIMITS.items:,} names times versions", place)
        unversioned = False
        for target in found:
            fact = _fact(self.name, target, verdict, place, whole=not product.versions)
            unversioned |= fact is None
            if fact is not None:
                self._keep(fact)
        if unversioned:
            self._skip(place, "no version", product.title)

    def _applicable(self, container: _Container, place: str) -> None:
        refused = self.reading.refused
        for here, found in each(_CONFIGURATION, container.cpe_applicability, place, refused):
            try:
                for one in configurations.affected(found, self.name, here):
                    if isinstance(one, tuple):
                        self._skip(*one)
                    else:
                        self._keep(one)
            except Invalid as wrong:
                refused.append(refuse(wrong, here))

    def _metrics(self, container: _Container, place: str) -> None:
        refused = self.reading.refused
        source = container.provider_metadata.short_name or ""
        about = About(self.name, source, self._vendor, self._product, self.cna.title or "")
        for here, metric in each(_METRIC, container.metrics, place, refused):
            try:
                for fact in metrics.facts(metric, about, here):
                    self._keep(fact)
            except Invalid as wrong:
                refused.append(refuse(wrong, here))


def _essence(fact: Fact) -> object:
    """What makes a fact the same wherever in the record it stands."""
    if isinstance(fact, Affected):
        return (fact.package, fact.stream, fact.ranges, fact.versions)
    if isinstance(fact, Score):
        return (fact.vector, fact.score, fact.word)
    return fact


def _wrong_status(product: Product) -> str:
    """Why an entry cannot be read at all; empty where it can."""
    stated = {one.status for one in product.versions or ()}
    stated |= {change.status for one in product.versions or () for change in one.changes or ()}
    strange = (stated | {product.default_status or "unknown"}) - _STATUSES
    return f"{min(strange)[:40]!r} is not a status" if strange else ""


def _fact(
    name: str, target: Target, verdict: Verdict, place: str, *, whole: bool
) -> Affected | None:
    """What one name is affected in; None where no version is known for it.

    The version in a CPE name limits an enumeration, or an entry without versions. Beside a span it
    does not: publishers write the span's beginning there, or its end, or the repaired build.
    """
    ranges, versions = verdict.ranges, verdict.versions
    if target.own and whole:
        ranges, versions = (), target.own
    elif target.own and not ranges:
        versions = tuple(one for one in versions if one in target.own) or versions or target.own
    if not ranges and not versions:
        return None
    said = any(event.kind == "fixed" for one in ranges for event in one)
    fixed = () if said else verdict.fixed_in
    return Affected(name, target.package, target.stream, ranges, versions, fixed, place)
