"""Facts about what operators run."""

from __future__ import annotations

from accord.core.reading import Fact
from accord.supply.products.identity import Identity


class Bill(Fact, frozen=True):
    """One bill of materials: what a release of a product consists of."""

    format: str
    """Format and version: `CycloneDX 1.5 JSON`, `SPDX 2.3 tag-value`."""
    id: str
    """Serial number (`urn:uuid:...`) or document namespace; empty where the bill has none."""
    product: str
    """Name of what the bill describes; empty where the bill does not say."""
    release: str = ""
    """Version of what the bill describes."""
    supplier: str = ""
    purl: str = ""
    """Package URL of what the bill describes."""
    cpe: str = ""
    ref: str = ""
    """What the bill calls the product itself, where it does: its bom-ref or SPDXID."""
    created: str = ""
    """`when()` the bill was made, by its own word."""
    operating_system: str = ""
    """`debian-11`, `rhel-9.2`: the distribution that a container or system bill names."""


class Component(Fact, frozen=True):
    """One component of a bill."""

    ref: str
    """Identifier within the bill: bom-ref, SPDXID, spdxId."""
    name: str
    version: str
    """As the bill writes it; empty where it gives none."""
    purl: str = ""
    """As the bill writes it."""
    cpe: str = ""
    """CPE 2.3 or 2.2 name, the first where there are several."""
    supplier: str = ""
    kind: str = ""
    """`library`, `application`, `operating-system`, ... as the bill says."""
    identities: tuple[Identity, ...] = ()
    """Every name under which advisories may speak of it."""
    place: str = ""
    """JSON pointer or line in the bill."""


class Deployment(Fact, frozen=True):
    """Who runs what: one row of an estate file, or a bill claimed on loading."""

    operator: str
    product: str
    release: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2, upper case."""
    sector: str = ""
    site: str = ""
    supplier: str = ""
    bill: str = ""
    """Which bill: `sha256:...`, a serial number or namespace, or the name of a file."""
    exposure: str = ""
    """SSVC system exposure: `small`, `controlled`, `open`; empty is unknown."""
    mission: str = ""
    """SSVC mission impact: `low`, `medium`, `high`, `very high`; empty is unknown."""
    spend: str = ""
    """Yearly spend with currency, as written: `120000 INR`."""
    cpe: str = ""
    purl: str = ""
    identities: tuple[Identity, ...] = ()
    """How advisories may speak of the product itself."""
    place: str = ""


class Judgement(Fact, frozen=True):
    """What a person decided about an exposure or a document."""

    kind: str
    """`exposure` or `document`."""
    subject: str
    """Identifier of the exposure, or `sha256:...` of the document that no longer counts."""
    verdict: str
    """`exposed`, `not_affected`; for a document, the `sha256:...` of the one preferred to it."""
    person: str
    why: str
    at: str
    """`when()` it was decided."""
    place: str = ""
