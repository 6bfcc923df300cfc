"""From the words of a person to the bytes that are to be shared: objects by name, or in files.

A name is a STIX identifier, the digest of a document or how it begins, or the identifier of an
advisory or vulnerability that one document is about. A STIX bundle is never shared as a whole: its
objects are, each on its own and byte for byte as it stands in the bundle. A MISP event is shared as
it is where it is named itself; an object that it became is shared as that object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from accord.core.errors import AccordError, Invalid, NotFound
from accord.core.origins import is_partner, of_feed
from accord.core.origins import weight as giver
from accord.core.times import when
from accord.exchange.misp import reading as misp
from accord.exchange.objects import marks_of_bundle
from accord.flows.recognise import recognise
from accord.identity.markings import STIX_TLP, Tlp

STIX_MEDIA = "application/stix+json;version="
_STIX = re.compile(r"[a-z0-9-]{3,250}--[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_FORMATS = ((b"{", "application/json"), (b"[", "application/json"), (b"<", "application/xml"))
_BEGINNING = 64
_QUARANTINED = (
    "document {} is quarantined here: `accord documents --quarantined` says why and where"
)
_LONGEST = 300


class Held(msgspec.Struct, frozen=True):
    """A document that this node keeps."""

    digest: str
    kind: str
    subject: str
    edition: str
    title: str
    origin: str
    """As `core.origins` has it; empty: this node's own people gave it, or a feed of full trust."""
    outcome: str
    """`taken`, `kept` or `quarantined`."""
    feeds: tuple[tuple[str, int | None], ...] = ()
    """The feeds that brought it, each with the TLP that it gives what bears none, or None."""
    current: bool = True
    """Whether no later edition takes its place."""
    people: bool = True
    """Whether a source of it is one of this node's own people."""

    @property
    def own(self) -> bool:
        """Whether this node's own people gave it, whoever else did."""
        return not self.origin and (self.people or not self.feeds)

    @property
    def givers(self) -> frozenset[str]:
        """All who gave it, by origin or as the name of a feed; empty words are our own people."""
        names = {of_feed(name) for name, _ in self.feeds}
        return frozenset(names | ({""} if self.own else {self.origin} - {""}))

    @property
    def sealed(self) -> bool:
        """Whether it is a partner's, and neither this node's own people's nor a feed's."""
        return is_partner(self.origin)

    def default(self, node: Tlp) -> Tlp:
        """TLP of what in it bears none: the strictest that is said by all who gave it.

        `node` is what this node says, of what its own people and feeds without a word give.
        """
        said = {node if tlp is None else Tlp(tlp) for _, tlp in self.feeds}
        return max(said | ({node} if self.own or not self.feeds else set()))


class Place(msgspec.Struct, frozen=True):
    """Where a version of a STIX object stands."""

    object: str
    version: str
    """`modified` as `when()`, or empty."""
    document: Held


class Item(msgspec.Struct, frozen=True):
    """Bytes that are to be shared."""

    body: bytes
    media: str
    kind: str
    """As `accord.flows.recognise` names it; `STIX object` for one of a bundle, too."""
    document: Held
    """The document that holds them."""
    beside: Beside
    """The other objects of the same document."""

    @property
    def stix(self) -> bool:
        """Whether it is a STIX object, which has identifier and version of its own."""
        return self.kind == "STIX object"

    @property
    def named(self) -> str:
        """The identifier that it gives itself, unchecked; empty for what is no STIX object."""
        return _Top.of(self.body).id[:_LONGEST] if self.stix else ""


class Beside:
    """The objects of one bundle, by identifier."""

    def __init__(self, objects: Iterable[msgspec.Raw] = (), within: Held | None = None) -> None:
        """`within` is the document that the bundle is."""
        self._within = within
        self._newest: dict[str, tuple[str, msgspec.Raw]] = {}
        for raw in objects:
            top = _Top.of(raw)
            version = version_of(top.modified or top.created)
            known = self._newest.get(top.id)
            if known is None or known[0] < version:
                self._newest[top.id] = version, raw

    def default(self, node: Tlp) -> Tlp:
        """TLP of those that bear none."""
        return node if self._within is None else self._within.default(node)

    def get(self, object_: str) -> bytes | None:
        """The bytes of the newest version of an object."""
        found = self._newest.get(object_)
        return None if found is None else bytes(found[1])


class Holdings(Protocol):
    """The documents of this node."""

    def named(self, name: str) -> list[Held]:
        """Documents whose digest begins so, or that are about an advisory or vulnerability."""

    def about(self, name: str) -> list[Held]:
        """Every document about a vulnerability, an advisory of it, or what is declared the same."""

    def held(self, digests: Sequence[str]) -> list[Held]:
        """Documents by their digests, in this order."""

    def editions(self, subjects: Collection[str]) -> list[Held]:
        """The documents on some subjects that count, one giver's beside another's."""

    def places(self, objects: Collection[str]) -> list[Place]:
        """Where STIX objects stand, in documents that were not quarantined."""

    def body(self, digest: str) -> bytes:
        """A document byte for byte, checked against its digest."""

    def objects(self, places: Collection[Place]) -> dict[str, bytes]:
        """The bytes of STIX objects where they stand, by identifier."""


def find(
    names: Sequence[str], holdings: Holdings, recalled: Callable[[str], str] = lambda _: ""
) -> list[Wanted]:
    """What names mean, document by document; nothing is read yet.

    `recalled` says by whom and when an object was recalled, for who asks for what is gone.

    Raises:
        NotFound: a name means nothing here.
        Invalid: a name means several documents.
    """
    objects = [name for name in dict.fromkeys(names) if _STIX.fullmatch(name)]
    newest = newest_of(holdings.places(objects)) if objects else {}
    wanted: dict[str, Wanted] = {}
    for name in dict.fromkeys(names):
        if name in newest:
            place = newest[name]
            one = wanted.setdefault(place.document.digest, Wanted(place.document, set()))
            if one.objects is not None:
                one.objects.add((place.object, place.version))
        else:
            document = _one(name, holdings, recalled)
            wanted[document.digest] = Wanted(document, None)
    return list(wanted.values())


def meant(
    names: Sequence[str], holdings: Holdings, among: Callable[[Sequence[str]], Collection[str]]
) -> dict[str, str]:
    """The object that each name means among some, for example those that are shared.

    A name is the object's own, the digest of its document or how it begins, or the identifier of
    an advisory or vulnerability, or whatever is declared the same as that. `among` gives those of
    some objects that count.

    Raises:
        NotFound: a name means none of them.
        Invalid: a name means several; they are named.
    """
    return {name: _meant(name, holdings, among) for name in dict.fromkeys(names)}


def _meant(name: str, holdings: Holdings, among: Callable[[Sequence[str]], Collection[str]]) -> str:
    if among([name]):
        return name
    for find_ in (holdings.named, holdings.about):
        documents = find_(name)
        objects = {
            one: document
            for document in documents
            for one in (document.subject, f"sha256:{document.digest}")
            if one
        }
        found = sorted(among(list(objects))) if objects else []
        if len(found) > 1:
            listed = ", ".join(
                f"{one} ({objects[one].title or objects[one].kind})" for one in found
            )
            raise Invalid(f"{name[:200]!r} may mean {len(found)} objects: {listed}; say which")
        if found:
            return found[0]
    raise NotFound(f"{name[:200]!r} is not shared by this node")


class Wanted(msgspec.Struct):
    """A document, and what of it is wanted."""

    document: Held
    objects: set[tuple[str, str]] | None
    """Identifier and version of the STIX objects wanted; None: everything."""


def newest_of(places: Collection[Place]) -> dict[str, Place]:
    """For each object the place of its newest version; the nearest giver comes first."""
    newest: dict[str, Place] = {}
    for place in places:
        other = newest.get(place.object)
        if other is None or _weight(other) < _weight(place):
            newest[place.object] = place
    return newest


def _weight(place: Place) -> tuple[int, bool, str, int, str]:
    """Nobody versions what this node's own people gave: they come first, then feeds.

    Of one giver the newest edition of an event counts, and of equal versions the stricter feed's.
    """
    held = place.document
    strict = max((tlp for _, tlp in held.feeds if tlp is not None), default=-1)
    return (-_giver(held), held.current, place.version, strict, held.digest)


def _giver(document: Held) -> int:
    """0: this node's own people; 1: a feed of full trust; 2: another; 3: a partner."""
    return 0 if document.own else 1 + sum(giver(document.origin)[:2])


def is_stix(name: str) -> bool:
    """Whether a name is an identifier of STIX."""
    return _STIX.fullmatch(name) is not None


def _one(name: str, holdings: Holdings, recalled: Callable[[str], str]) -> Held:
    """The document that a name means."""
    if _STIX.fullmatch(name):
        gone = recalled(name)
        if gone:
            raise NotFound(f"{name} is not here any more: {gone}")
        raise NotFound(f"{name} is in no document of this node; load the bundle that holds it")
    found = holdings.named(name)
    nearest = min(map(_giver, found), default=0)
    own = [document for document in found if _giver(document) == nearest]
    if not own:
        gone = recalled(name)
        if gone:
            raise NotFound(f"{name[:200]} is not here any more: {gone}")
        raise NotFound(
            f"{name[:200]!r} is nothing that this node keeps: give a STIX identifier, the digest of"
            " a document, an advisory's identifier, or a file"
        )
    if len(own) > 1:
        listed = ", ".join(f"{one.digest[:12]} ({one.kind})" for one in own[:5])
        raise Invalid(f"{name[:200]!r} is {len(own)} documents: {listed}; name one by its digest")
    return own[0]


def items(wanted: Sequence[Wanted], holdings: Holdings) -> Iterator[Item | Refused]:
    """The bytes of everything that is wanted, document by document."""
    for one in wanted:
        if one.document.outcome == "quarantined":
            yield _refused(one, _QUARANTINED.format(one.document.digest[:12]), quarantined=True)
            continue
        body = holdings.body(one.document.digest)
        try:
            kind = recognise(body) or one.document.kind
        except AccordError as wrong:
            yield _refused(one, str(wrong))
            continue
        if kind == "STIX bundle":
            marks = marks_of_bundle(body)
            if marks:
                yield _refused(one, f"{marks[0]}: a marking where STIX has none is not understood")
            else:
                yield from _inside(body, one)
        elif kind == misp.KIND and one.objects is not None:
            raws = list(map(msgspec.Raw, misp.objects(body)))
            yield from _sliced(raws, f"{STIX_MEDIA}2.1", one)
        elif kind == "STIX object":
            version = _Top.of(body).spec_version or "2.1"
            yield Item(body, STIX_MEDIA + version, kind, one.document, _ALONE)
        else:
            yield Item(body, _media(body), kind, one.document, _ALONE)


class Refused(msgspec.Struct, frozen=True):
    """What cannot even be looked at."""

    name: str
    title: str
    reason: str
    quarantined: bool = False


def _refused(wanted: Wanted, reason: str, *, quarantined: bool = False) -> Refused:
    document = wanted.document
    return Refused(f"sha256:{document.digest}", document.title, reason, quarantined)


class _Top(msgspec.Struct):
    """The members of an object, or of a bundle, that tell what it is."""

    id: str = ""
    modified: str = ""
    created: str = ""
    spec_version: str = ""

    def is_one_of(self, wanted: Collection[tuple[str, str]]) -> bool:
        """Whether it is a version that is named, or of a type that has none."""
        version = version_of(self.modified or self.created)
        return (self.id, version) in wanted or (self.id, "") in wanted

    @staticmethod
    def of(data: bytes | msgspec.Raw) -> _Top:
        """Never fails: what is no object is told by who reads it for good."""
        try:
            return _top(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _Top()


class _Bundle(msgspec.Struct):
    objects: list[msgspec.Raw] = []
    spec_version: str = "2.1"


_top = msgspec.json.Decoder(_Top).decode
_ALONE = Beside()
_bundle = msgspec.json.Decoder(_Bundle).decode


def _inside(body: bytes, wanted: Wanted) -> Iterator[Item]:
    """The objects of a bundle, as slices of it; the canonical TLP markings are everybody's."""
    bundle = _bundle(body)
    media = f"{STIX_MEDIA}{'2.0' if bundle.spec_version == '2.0' else '2.1'}"
    yield from _sliced(bundle.objects, media, wanted)


def _sliced(raws: Sequence[msgspec.Raw], media: str, wanted: Wanted) -> Iterator[Item]:
    beside = _ALONE if wanted.document.sealed else Beside(raws, wanted.document)
    ids = None if wanted.objects is None else {name for name, _ in wanted.objects}
    for raw in raws:
        top = _Top.of(raw)
        if ids is None:
            if top.id not in STIX_TLP:
                yield Item(bytes(raw), media, "STIX object", wanted.document, beside)
        elif top.id in ids and top.is_one_of(wanted.objects or ()):
            yield Item(bytes(raw), media, "STIX object", wanted.document, beside)


def version_of(modified: str) -> str:
    """A date as `when()`; empty where it is none, which is for who reads the object to refuse."""
    try:
        return when(modified)
    except Invalid:
        return ""


def _media(body: bytes) -> str:
    head = body[:_BEGINNING].lstrip(b"\xef\xbb\xbf \t\r\n")
    for mark, media in _FORMATS:
        if head.startswith(mark):
            return media
    return "text/plain"


def objects_in(body: bytes, wanted: Collection[tuple[str, str]]) -> dict[str, bytes]:
    """The bytes of some objects in a bundle, or of the one that the body is; by identifier."""
    names = {name for name, _ in wanted}
    found: dict[str, bytes] = {}
    for raw in _raws(body):
        top = _Top.of(raw)
        if top.id in names and top.is_one_of(wanted):
            found[top.id] = bytes(raw)
    return found


def _raws(body: bytes) -> Sequence[bytes | msgspec.Raw]:
    try:
        if not _Top.of(body).id and recognise(body) == misp.KIND:
            return misp.objects(body)
        return _bundle(body).objects or [body]
    except (msgspec.DecodeError, UnicodeDecodeError, AccordError):
        return []
