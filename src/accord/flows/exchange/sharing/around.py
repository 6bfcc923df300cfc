"""What objects hang on, as far as this node knows it: their ends and whatever they refer to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import msgspec

from accord.core.errors import Invalid
from accord.exchange import derived
from accord.exchange.envelope import peek
from accord.exchange.hunting.words import Word, makers, word
from accord.exchange.objects import ENDS, Content, read_stix, resolved
from accord.exchange.release import Subject
from accord.flows.exchange.sharing.givers import Given, Givers
from accord.flows.exchange.sharing.owner import Owner
from accord.flows.exchange.sharing.port import Copy
from accord.flows.exchange.sharing.wanted import Beside, Holdings, newest_of
from accord.identity.markings import Marking, Pap, Tlp

_DEPTH = 4
"""Steps that are followed; release follows no more of them."""
_SIGHTING = "sighting--"
_TOLD = (_SIGHTING, "observed-data--")
"""What says how often and when, beside what was seen."""
_NOBODY = Given()
_MOST = 100_000
"""Objects that are remembered; past it everything is looked up anew."""


class Around:
    """Looks up what a batch of objects refers to, all at once, and remembers it.

    What stands beside an object in its own bundle comes first, then what is shared already, then
    what this node keeps. An embargo that ends before the object goes out is over.
    """

    def __init__(self, owner: Owner, holdings: Holdings, default: Tlp) -> None:
        self._owner = owner
        self._holdings = holdings
        self._default = default
        self._found: dict[str, Subject | None] = {}
        self._given: dict[str, Given] = {}
        self.givers = Givers(holdings, default, lambda name: self.definition(Beside(), name))
        self._sources: dict[str, tuple[str, ...]] = {}
        self._words: dict[str, list[Word]] = {}
        self._lost: set[str] = set()
        """What a partner gave here and gives no more: its version can not be read any longer."""
        self._bundles: dict[str, dict[str, dict[str, set[str]]]] = {}
        self._partners = {
            partner.identity: _identity(
                partner.identity, partner.title, partner.since, partner.name
            )
            for partner in owner.directory.partners
            if partner.identity
        }

    def fetch(self, names: Iterable[str], beside: Collection[Beside]) -> None:
        """Look these up, and what they refer to in their turn as far as it connects others."""
        if len(self._found) > _MOST:
            self._found, self._sources, self._bundles, self._given = {}, {}, {}, {}
            self._words, self._lost = {}, set()
        wanted = set(names)
        self.derive(wanted)
        self._fetch(wanted, beside)

    def _fetch(self, names: Iterable[str], beside: Collection[Beside]) -> None:
        wanted = set(names) - self._partners.keys()
        near = {name for name in wanted if any(one.get(name) is not None for one in beside)}
        self._given |= self.givers.of(near - self._given.keys())
        for _ in range(_DEPTH):
            wanted = {
                name
                for name in wanted - self._found.keys()
                if all(one.get(name) is None for one in beside)
            }
            if not wanted:
                return
            found = self._look_up(wanted)
            self._found |= dict.fromkeys(wanted) | found
            linking = (one.body for one in found.values() if one.type in ENDS)
            wanted = {name for body in linking for name in _ends(body)}

    def of(self, beside: Beside, name: str) -> Subject | None:
        """An object by its identifier, without ends; None: not known here."""
        partner = self._partners.get(name)
        if partner is not None:
            return partner
        body = beside.get(name)
        if body is None:
            return self._found.get(name)
        kept = self._kept(body, beside.default(self._default))
        given = self._given.get(name)
        return kept if kept is None or given is None else given.of(kept)

    def sources(self, subject: Subject) -> tuple[str, ...]:
        """What this node made an object of: of its own alone, as far as its documents tell."""
        return self.made_of(subject.object) if subject.origin == self._owner.me else ()

    def made_of(self, name: str) -> tuple[str, ...]:
        """What sightings of this node's own documents, which observed it, are sightings of."""
        self.derive([name])
        return self._sources.get(name, ())

    def derive(self, names: Iterable[str]) -> None:
        """Find out what these were made of, all at once, and look that up."""
        wanted = {name for name in names if derived.made(name)} - self._sources.keys()
        if not wanted:
            return
        made: dict[str, dict[str, set[str]]] = {name: {} for name in wanted}
        for place in self._holdings.places(sorted(wanted)):
            if not place.document.origin:
                here = self._in_bundle(place.document.digest).get(place.object, {})
                for source, values in here.items():
                    made[place.object].setdefault(source, set()).update(values)
        every = {source for found in made.values() for source in found}
        self._fetch(every, ())
        self._listen(every - self._words.keys())
        self._sources |= {name: self._makers(name, found) for name, found in made.items()}

    def _makers(self, name: str, sighted: Mapping[str, Collection[str]]) -> tuple[str, ...]:
        """What one was made of. Where that was this node's own word too, nobody else's counts.

        A sighting has what was sighted at its end: more is said only where several give that.
        """
        told = name.startswith(_TOLD)
        found: list[list[str]] = []
        for source, values in sorted(sighted.items()):
            words = self._words[source]
            if words:
                made = makers(words, values, self._owner.me, told=told)
                lost = source in self._lost and not _tell(made, values)
                found.append([*(one.name for one in made), *([f"{source} "] if lost else [])])
            elif not name.startswith(_SIGHTING):
                found.append([source])
        own = [] if told else [each for each in found if all(map(self._is_own, each))]
        return tuple(one for each in own or found for one in each)

    def _is_own(self, name: str) -> bool:
        found = self._found.get(name)
        return found is not None and found.origin == self._owner.me

    def _listen(self, names: Collection[str]) -> None:
        """Whose word some objects are, version by version, where several are known here."""
        if not names:
            return
        known = self._owner.sharing.known(names)
        versions: dict[tuple[str, str, str], Copy] = {}
        for copy in known.copies:
            key = (copy.object, copy.origin, copy.version)
            if key not in versions or self._weight(versions[key]) < self._weight(copy):
                versions[key] = copy
        gone = self._owner.sharing.gone(names) - {pair[:2] for pair in versions}
        self._lost |= {name for name, origin in gone if origin != self._owner.me}
        bodies = self._owner.sharing.envelopes([copy.id for copy in versions.values()])
        subjects: dict[str, list[Subject]] = defaultdict(list)
        for (name, _, _), copy in sorted(versions.items(), reverse=True):
            subjects[name].append(_shared(copy, peek(bodies[copy.id]).body))
        mine = {name for origin, name in known.finals if origin == self._owner.me}
        silent = {
            name
            for name, each in subjects.items()
            if name not in mine and all(one.origin != self._owner.me for one in each)
        }
        for name, one in self._at_home(silent).items():
            subjects[name].append(one)
        self._words |= {name: self._heard(name, subjects[name]) for name in names}

    def _heard(self, name: str, subjects: Collection[Subject]) -> list[Word]:
        """The versions of one object, kept under names of their own; nothing where it is one."""
        if len(subjects) + (name in self._lost) <= 1:
            return []
        # No identifier of STIX holds a space.
        every = {f"{name} {one.origin} {one.version}": one for one in subjects}
        self._found |= every
        return [word(key, one.origin, one.body) for key, one in every.items()]

    def _in_bundle(self, digest: str) -> dict[str, dict[str, set[str]]]:
        found = self._bundles.get(digest)
        if found is None:
            found = self._bundles[digest] = derived.sources(self._holdings.body(digest))
        return found

    def definition(self, beside: Beside, name: str) -> bytes | None:
        """The bytes of a marking definition."""
        body = beside.get(name)
        if body is None and name.startswith("marking-definition--"):
            self.fetch([name], ())
            known = self._found.get(name)
            body = known.body if known else None
        return body

    def _look_up(self, names: Collection[str]) -> dict[str, Subject]:
        copies: dict[str, Copy] = {}
        known = self._owner.sharing.known(names)
        for copy in known.copies:
            other = copies.get(copy.object)
            if other is None or self._weight(other) < self._weight(copy):
                copies[copy.object] = copy
        bodies = self._owner.sharing.envelopes([copy.id for copy in copies.values()])
        found = {name: _shared(copy, peek(bodies[copy.id]).body) for name, copy in copies.items()}
        # What this node recalled shows no more, though its document is still kept here.
        mine = {name for origin, name in known.finals if origin == self._owner.me}
        return found | self._at_home(set(names) - copies.keys() - mine)

    def _at_home(self, names: Collection[str]) -> dict[str, Subject]:
        """Those in documents of this node; a partner's is known by its envelope alone."""
        if not names:
            return {}
        every = [one for one in self._holdings.places(sorted(names)) if not one.document.sealed]
        places, given = newest_of(every), self.givers.among(every)
        found: dict[str, Subject] = {}
        for name, body in self._holdings.objects(list(places.values())).items():
            kept = self._kept(body, places[name].document.default(self._default))
            if kept is not None:
                found[name] = given.get(name, _NOBODY).of(kept)
        return found

    def _weight(self, copy: Copy) -> tuple[bool, str, bool, int, int, str]:
        """The newest version counts, ours before others; of two markings of it the stricter.

        What has expired counts only where nothing else is left of the version.
        """
        own = copy.origin == self._owner.me
        lasts = not copy.expires or copy.expires > self._owner.now
        return (own, copy.version, lasts, copy.tlp, copy.pap, copy.digest)

    def _kept(self, body: bytes, default: Tlp) -> Subject | None:
        """One that this node keeps and has not shared, marked as it says or by default."""
        try:
            content = read_stix(body)
        except Invalid:
            return None
        return Subject(
            object=content.object,
            version=content.version,
            type=content.type,
            origin=self._owner.me,
            marking=content.marking or Marking(default),
            granular=content.granular,
            unknown=bool(content.unknown_markings),
            body=body,
        )


def _tell(words: Collection[Word], values: Collection[str]) -> bool:
    """Whether versions that are here say themselves all that was seen."""
    named = {value for one in words for value in one.values}
    return named.issuperset(values) if values else not any(one.pattern for one in words)


def _ends(body: bytes) -> tuple[str, ...]:
    try:
        return read_stix(body).ends
    except Invalid:
        return ()


def _shared(copy: Copy, body: bytes) -> Subject:
    """A copy whose embargo is under way counts by its date: the marking says it."""
    return Subject(
        object=copy.object,
        version=copy.version,
        type=copy.type,
        origin=copy.origin,
        marking=Marking(Tlp(copy.tlp), Pap(copy.pap), copy.release_at, copy.expires),
        state="live",
        body=body,
    )


def _identity(name: str, title: str, since: str, partner: str) -> Subject:
    """Who a partner is stands in the directory, which every partner has."""
    moment = since or "2020-01-01T00:00:00.000000Z"
    body = msgspec.json.encode(
        {
            "type": "identity",
            "spec_version": "2.1",
            "id": name,
            "created": moment,
            "modified": moment,
            "name": title,
            "identity_class": "organization",
        }
    )
    return Subject(name, moment, "identity", partner, Marking(Tlp.CLEAR), body=body)


def complete(content: Content, beside: Beside, around: Around) -> Content:
    """The content once the marking definitions that are known here were looked at."""
    return resolved(content, lambda name: around.definition(beside, name))
