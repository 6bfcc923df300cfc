"""The part of a CycloneDX document that an inventory is made of, in the shape of its JSON form.

Source: CycloneDX 1.7 (ECMA-424, second edition), sections on metadata, components, services and
dependencies; 1.0 to 1.6 are subsets but for what is noted here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Literal, TypeVar

import msgspec

from accord.core.errors import Invalid

T = TypeVar("T")

Walk = Callable[[], Iterator[tuple[str, T | Invalid]]]
"""Goes over items, each with its place in the document; what is wrong stands in place of an item
that breaks the schema, so that its neighbours are kept."""

Kind = Literal[
    "application", "framework", "library", "container", "platform", "operating-system", "device",
    "device-driver", "firmware", "file", "machine-learning-model", "data", "cryptographic-asset",
]  # fmt: skip
"""`type` of a component: all that any version of the format knows."""

Scope = Literal["required", "optional", "excluded"]
"""`scope` of a component."""

Reference = Annotated[str, msgspec.Meta(min_length=1)]
"""`bom-ref`: never empty where it is given."""

Edition = Annotated[int, msgspec.Meta(ge=1, le=999_999_999_999)]
"""`version` of the document."""


class Organisation(msgspec.Struct, frozen=True, gc=False):
    """Supplier, manufacturer or provider."""

    name: str = ""


class Property(msgspec.Struct, frozen=True, gc=False):
    """A name and a value that a tool adds."""

    name: str = ""
    value: str = ""


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """Evidence for one field of a component's identity."""

    field: str = ""
    value: str = msgspec.field(default="", name="concludedValue")


class Evidences(msgspec.Struct, frozen=True, gc=False):
    """Evidence of a component; `identity` is one in 1.5 and a list of them since 1.6."""

    identity: Evidence | list[Evidence] = []


class Component(msgspec.Struct, frozen=True, gc=False):
    """A component, with the components that it is assembled from."""

    name: str
    type: Kind
    ref: Reference = msgspec.field(default="", name="bom-ref")
    version: str = ""
    version_range: str = msgspec.field(default="", name="versionRange")
    is_external: bool = msgspec.field(default=False, name="isExternal")
    group: str = ""
    publisher: str = ""
    supplier: Organisation = Organisation()
    manufacturer: Organisation = Organisation()
    purl: str = ""
    cpe: str = ""
    scope: Scope = "required"
    properties: list[Property] = []
    evidence: Evidences = Evidences()
    components: list[Component] = []
    line: int = msgspec.field(default=0, name="@line")

    def __post_init__(self) -> None:
        """A range of versions is for components that are expected from elsewhere (1.7)."""
        if self.version_range and (self.version or not self.is_external):
            raise ValueError("`versionRange` needs `isExternal` and goes without `version`")


class Service(msgspec.Struct, frozen=True, gc=False):
    """A service, with the services that it is assembled from."""

    name: str
    ref: Reference = msgspec.field(default="", name="bom-ref")
    version: str = ""
    group: str = ""
    provider: Organisation = Organisation()
    services: list[Service] = []
    line: int = msgspec.field(default=0, name="@line")


class Dependency(msgspec.Struct, frozen=True, gc=False):
    """What one component depends on, or provides, by their references."""

    ref: Reference
    depends_on: list[str] = msgspec.field(default=[], name="dependsOn")
    provides: list[str] = []
    line: int = msgspec.field(default=0, name="@line")


class Metadata(msgspec.Struct, frozen=True, gc=False):
    """What a document says about itself."""

    timestamp: str = ""
    component: Component | None = None
    supplier: Organisation = Organisation()
    manufacture: Organisation = Organisation()
    """Who made the product, until 1.5; since then that stands with the product."""


class Bom(msgspec.Struct, frozen=True):
    """A document of either syntax. What it holds in lists is walked, and can be walked again."""

    syntax: str
    """`JSON` or `XML`."""
    spec: str
    """`specVersion`."""
    serial: str
    version: int
    metadata: Metadata
    kind: str
    """What the document is: a bill, or one of the other things that the format can be."""
    components: Walk[Component]
    services: Walk[Service]
    dependencies: Walk[Dependency]
    systems: Walk[Component]
    """The components of which some may be operating systems."""


_SERIAL = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def serial(text: str, place: str) -> str:
    """A `serialNumber`: a UUID as a URN (RFC 4122), in lower case as the schemas demand.

    Raises:
        Invalid: it is not one. Empty text is no serial number, and stays so.

    """
    if text and _SERIAL.fullmatch(text) is None:
        reason = f"{text[:60]!r} is not a serial number: `urn:uuid:` and a UUID is expected"
        raise Invalid(reason, place)
    return text


def kind(*, components: bool, vulnerabilities: bool, declarations: bool, definitions: bool) -> str:
    """What a document is by what it holds; one that holds components is always a bill."""
    if components:
        return "CycloneDX bill"
    if vulnerabilities:
        return "CycloneDX VEX"
    if declarations:
        return "CycloneDX attestation"
    return "CycloneDX standard" if definitions else "CycloneDX bill"
