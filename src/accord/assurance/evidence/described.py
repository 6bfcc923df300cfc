"""What a CycloneDX bill says of its product as a whole: its artefact, and where reports go.

Source: CycloneDX 1.6, `metadata.component.hashes` and external references of the type
`security-contact`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from accord.assurance.evidence.facts import YES, Artefact, Assertion
from accord.assurance.evidence.items import digest
from accord.core import json
from accord.core.errors import Invalid
from accord.core.reading import Reading, Refused

CONTACT: Final = "fact@1#contact-named"
"""What stands for a contact that a document names; what it is stands in `why`."""
RESPONDS: Final = "fact@1#responds-within-"
"""Before the days within which a supplier says that it answers."""
_CONTACT_TYPE: Final = "security-contact"
_LONGEST: Final = 1_000


class _Hash(msgspec.Struct, frozen=True):
    alg: str
    content: str


class _Product(msgspec.Struct, frozen=True):
    name: str = ""
    hashes: list[Any] = []
    references: list[Any] = msgspec.field(name="externalReferences", default=[])


class _About(msgspec.Struct, frozen=True):
    component: _Product | None = None


class _Bill(msgspec.Struct, frozen=True):
    metadata: _About | None = None
    references: list[Any] = msgspec.field(name="externalReferences", default=[])


def read(data: bytes) -> Reading:
    """The artefact and contacts of a CycloneDX document in JSON, as facts.

    What is not as the format wants it is refused by itself.
    """
    reading = Reading(kind="", subject="")
    try:
        bill = json.decode_as(_Bill, data)
    except Invalid as wrong:
        reading.refused.append(Refused(wrong.place, wrong.reason))
        return reading
    product = (bill.metadata and bill.metadata.component) or _Product()
    _artefacts(product, reading)
    _contacts(bill.references, "/externalReferences", reading)
    _contacts(product.references, "/metadata/component/externalReferences", reading)
    return reading


def _artefacts(product: _Product, reading: Reading) -> None:
    for index, one in enumerate(product.hashes):
        place = f"/metadata/component/hashes/{index}"
        try:
            found = msgspec.convert(one, _Hash)
            algorithm = found.alg.lower().replace("sha-", "sha").replace("sha3-", "sha3_")
            text = digest(algorithm, found.content, place)
        except msgspec.ValidationError as wrong:
            reading.refused.append(Refused(place, str(wrong)))
        except Invalid as wrong:
            reading.refused.append(Refused(wrong.place, wrong.reason))
        else:
            reading.facts.append(Artefact("subject", product.name, algorithm, text, place))


def _contacts(references: list[Any], where: str, reading: Reading) -> None:
    for index, one in enumerate(references):
        if not isinstance(one, dict) or one.get("type") != _CONTACT_TYPE:
            continue
        url = one.get("url")
        place = f"{where}/{index}/url"
        if isinstance(url, str) and url.strip() and len(url) <= _LONGEST:
            reading.facts.append(Assertion(CONTACT, YES, "", url.strip(), "", place))
        else:
            reading.refused.append(Refused(place, "a contact for reports is an address"))
