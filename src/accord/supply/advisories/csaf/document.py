"""A CSAF document as typed values: the shape that the JSON schema of CSAF 2.0 demands.

What a type can say (required properties, enumerations, non-empty texts and lists) is said here;
`schema` checks the rest, and the modules of mandatory tests what no schema can say. Texts that a
mandatory test of its own judges (languages, package URLs, weaknesses, CVSS) are plain here, so
that a fault in them is reported under that test. Fields that are not named are passed over.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

Text: TypeAlias = Annotated[str, Meta(min_length=1)]
ProductIds: TypeAlias = Annotated[tuple[Text, ...], Meta(min_length=1)]
Role: TypeAlias = Literal["coordinator", "discoverer", "other", "user", "vendor"]
VERSION = (
    r"^(0|[1-9][0-9]*)\Z|^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
    r"(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?\Z"
)
"""Integer or semantic versioning (section 3.1.11)."""
Version: TypeAlias = Annotated[str, Meta(pattern=VERSION, max_length=256)]


class Note(msgspec.Struct, frozen=True):
    """A text about the document or a vulnerability (section 3.1.5)."""

    category: Literal[
        "description", "details", "faq", "general", "legal_disclaimer", "other", "summary"
    ]
    text: Text
    audience: Text = ""
    title: Text = ""


class Reference(msgspec.Struct, frozen=True):
    """A link (section 3.1.10)."""

    summary: Text
    url: str
    category: Literal["external", "self"] = "external"


class Acknowledgment(msgspec.Struct, frozen=True):
    """Somebody who contributed (section 3.1.1)."""

    names: ProductIds = ()
    organization: Text = ""
    summary: Text = ""
    urls: Annotated[tuple[str, ...], Meta(min_length=1)] = ()


Acknowledgments: TypeAlias = Annotated[tuple[Acknowledgment, ...], Meta(min_length=1)]
Notes: TypeAlias = Annotated[tuple[Note, ...], Meta(min_length=1)]
References: TypeAlias = Annotated[tuple[Reference, ...], Meta(min_length=1)]


class FileHash(msgspec.Struct, frozen=True):
    """One digest of a file."""

    algorithm: Text
    value: Annotated[str, Meta(pattern=r"^[0-9a-fA-F]{32,}\Z")]


class Hashes(msgspec.Struct, frozen=True):
    """The digests of one file (section 3.1.3.3.2)."""

    file_hashes: Annotated[tuple[FileHash, ...], Meta(min_length=1)]
    filename: Text


class GenericUri(msgspec.Struct, frozen=True):
    """An identifier in a scheme that CSAF does not know."""

    namespace: str
    uri: str


class Helper(msgspec.Struct, frozen=True):
    """How to find a product among one's own (section 3.1.3.3)."""

    cpe: Annotated[str, Meta(min_length=5)] = ""
    hashes: Annotated[tuple[Hashes, ...], Meta(min_length=1)] = ()
    model_numbers: ProductIds = ()
    purl: str | UnsetType = UNSET
    sbom_urls: Annotated[tuple[str, ...], Meta(min_length=1)] = ()
    serial_numbers: ProductIds = ()
    skus: ProductIds = ()
    x_generic_uris: Annotated[tuple[GenericUri, ...], Meta(min_length=1)] = ()


class Product(msgspec.Struct, frozen=True):
    """A full product name (section 3.1.3)."""

    name: Text
    product_id: Text
    product_identification_helper: Helper | UnsetType = UNSET


class Branch(msgspec.Struct, frozen=True):
    """A knot or leaf of the product tree (section 3.1.2)."""

    category: Literal[
        "architecture", "host_name", "language", "legacy", "patch_level", "product_family",
        "product_name", "product_version", "product_version_range", "service_pack",
        "specification", "vendor",
    ]  # fmt: skip
    name: Text
    branches: Annotated[tuple[Branch, ...], Meta(min_length=1)] = ()
    product: Product | UnsetType = UNSET


class Group(msgspec.Struct, frozen=True):
    """Products that the document speaks of together (section 3.2.2.3)."""

    group_id: Text
    product_ids: Annotated[tuple[Text, ...], Meta(min_length=2)]
    summary: Text = ""


class Relationship(msgspec.Struct, frozen=True):
    """A product made of two others (section 3.2.2.4)."""

    category: Literal[
        "default_component_of", "external_component_of", "installed_on", "installed_with",
        "optional_component_of",
    ]  # fmt: skip
    full_product_name: Product
    product_reference: Text
    relates_to_product_reference: Text


class Tree(msgspec.Struct, frozen=True):
    """The product tree (section 3.2.2)."""

    branches: Annotated[tuple[Branch, ...], Meta(min_length=1)] = ()
    full_product_names: Annotated[tuple[Product, ...], Meta(min_length=1)] = ()
    product_groups: Annotated[tuple[Group, ...], Meta(min_length=1)] = ()
    relationships: Annotated[tuple[Relationship, ...], Meta(min_length=1)] = ()


class Severity(msgspec.Struct, frozen=True):
    """The publisher's own word for how grave the whole is (section 3.2.1.2)."""

    text: Text
    namespace: str = ""


class Tlp(msgspec.Struct, frozen=True):
    """Traffic Light Protocol marking (section 3.2.1.5.2)."""

    label: Literal["AMBER", "GREEN", "RED", "WHITE"]
    url: str = ""


class Distribution(msgspec.Struct, frozen=True):
    """Who may see the document (section 3.2.1.5)."""

    text: Text = ""
    tlp: Tlp | UnsetType = UNSET


class Publisher(msgspec.Struct, frozen=True):
    """Who issued the document (section 3.2.1.8)."""

    category: Literal["coordinator", "discoverer", "other", "translator", "user", "vendor"]
    name: Text
    namespace: str
    contact_details: Text = ""
    issuing_authority: Text = ""


class Engine(msgspec.Struct, frozen=True):
    """What wrote the document."""

    name: Text
    version: Text = ""


class Generator(msgspec.Struct, frozen=True):
    """What wrote the document, and when (section 3.2.1.12.3)."""

    engine: Engine
    date: str = ""


class Revision(msgspec.Struct, frozen=True):
    """One entry of the revision history (section 3.2.1.12.6)."""

    date: str
    number: Version
    summary: Text
    legacy_version: Text = ""


class Tracking(msgspec.Struct, frozen=True):
    """Identity, dates and versions of the document (section 3.2.1.12)."""

    current_release_date: str
    id: Annotated[str, Meta(pattern=r"^\S(.*\S)?\Z")]
    initial_release_date: str
    revision_history: Annotated[tuple[Revision, ...], Meta(min_length=1)]
    status: Literal["draft", "final", "interim"]
    version: Version
    aliases: ProductIds = ()
    generator: Generator | UnsetType = UNSET


class Head(msgspec.Struct, frozen=True):
    """The `document` object (section 3.2.1)."""

    category: Text
    csaf_version: Literal["2.0"]
    publisher: Publisher
    title: Text
    tracking: Tracking
    acknowledgments: Acknowledgments = ()
    aggregate_severity: Severity | UnsetType = UNSET
    distribution: Distribution | UnsetType = UNSET
    lang: str | UnsetType = UNSET
    notes: Notes = ()
    references: References = ()
    source_lang: str | UnsetType = UNSET


class Cwe(msgspec.Struct, frozen=True):
    """A weakness (section 3.2.3.3)."""

    id: str
    name: Text


class Concerning(msgspec.Struct, frozen=True):
    """What flags, remediations and threats share: the products they speak of."""

    group_ids: ProductIds = ()
    product_ids: ProductIds = ()


class Flag(Concerning, frozen=True, kw_only=True):
    """A machine-readable reason why a product is not affected (section 3.2.3.5)."""

    label: Literal[
        "component_not_present",
        "inline_mitigations_already_exist",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_not_present",
    ]
    date: str = ""


class OtherId(msgspec.Struct, frozen=True):
    """A name of the vulnerability in some other system (section 3.2.3.6)."""

    system_name: Text
    text: Text


class Involvement(msgspec.Struct, frozen=True):
    """How far a party is with its work (section 3.2.3.7)."""

    party: Role
    status: Literal[
        "completed", "contact_attempted", "disputed", "in_progress", "not_contacted", "open"
    ]
    date: str = ""
    summary: Text = ""


class ProductStatus(msgspec.Struct, frozen=True):
    """Which products are affected and which are not (section 3.2.3.9)."""

    first_affected: ProductIds = ()
    first_fixed: ProductIds = ()
    fixed: ProductIds = ()
    known_affected: ProductIds = ()
    known_not_affected: ProductIds = ()
    last_affected: ProductIds = ()
    recommended: ProductIds = ()
    under_investigation: ProductIds = ()


class Restart(msgspec.Struct, frozen=True):
    """What must be restarted (section 3.2.3.12.7)."""

    category: Literal[
        "connected", "dependencies", "machine", "none", "parent", "service", "system",
        "vulnerable_component", "zone",
    ]  # fmt: skip
    details: Text = ""


class Remediation(Concerning, frozen=True, kw_only=True):
    """What to do about it (section 3.2.3.12)."""

    category: Literal[
        "mitigation", "no_fix_planned", "none_available", "vendor_fix", "workaround"
    ]  # fmt: skip
    details: Text
    date: str = ""
    entitlements: ProductIds = ()
    restart_required: Restart | UnsetType = UNSET
    url: str = ""


class Score(msgspec.Struct, frozen=True):
    """CVSS scores for some products (section 3.2.3.13)."""

    products: ProductIds
    cvss_v2: dict[str, Any] | UnsetType = UNSET
    cvss_v3: dict[str, Any] | UnsetType = UNSET


class Threat(Concerning, frozen=True, kw_only=True):
    """Exploitation, impact or targets (section 3.2.3.14)."""

    category: Literal["exploit_status", "impact", "target_set"]
    details: Text
    date: str = ""


class Vulnerability(msgspec.Struct, frozen=True):
    """One vulnerability (section 3.2.3)."""

    acknowledgments: Acknowledgments = ()
    cve: Annotated[str, Meta(pattern=r"^CVE-[0-9]{4}-[0-9]{4,}\Z")] = ""
    cwe: Cwe | UnsetType = UNSET
    discovery_date: str = ""
    flags: Annotated[tuple[Flag, ...], Meta(min_length=1)] = ()
    ids: Annotated[tuple[OtherId, ...], Meta(min_length=1)] = ()
    involvements: Annotated[tuple[Involvement, ...], Meta(min_length=1)] = ()
    notes: Notes = ()
    product_status: ProductStatus | UnsetType = UNSET
    references: References = ()
    release_date: str = ""
    remediations: Annotated[tuple[Remediation, ...], Meta(min_length=1)] = ()
    scores: Annotated[tuple[Score, ...], Meta(min_length=1)] = ()
    threats: Annotated[tuple[Threat, ...], Meta(min_length=1)] = ()
    title: Text = ""


class Csaf(msgspec.Struct, frozen=True):
    """A whole CSAF document."""

    document: Head
    product_tree: Tree | UnsetType = UNSET
    vulnerabilities: Annotated[tuple[Vulnerability, ...], Meta(min_length=1)] = ()


class Failure(msgspec.Struct, frozen=True):
    """One rule that the document breaks."""

    test: str
    """Section of the mandatory test, such as `6.1.14`, or `schema`."""
    reason: str
    place: str
    """JSON pointer."""


def products_of(tree: Tree | UnsetType) -> list[tuple[str, Product]]:
    """Every full product name of a tree with its JSON pointer, in document order."""
    if tree is UNSET:
        return []
    found: list[tuple[str, Product]] = []
    _collect(tree.branches, "/product_tree/branches", found)
    found += [
        (f"/product_tree/full_product_names/{at}", product)
        for at, product in enumerate(tree.full_product_names)
    ]
    found += [
        (f"/product_tree/relationships/{at}/full_product_name", relationship.full_product_name)
        for at, relationship in enumerate(tree.relationships)
    ]
    return found


def _collect(branches: tuple[Branch, ...], place: str, found: list[tuple[str, Product]]) -> None:
    """The products of branches, at any depth that the bound on nesting lets through."""
    for at, branch in enumerate(branches):
        if branch.product is not UNSET:
            found.append((f"{place}/{at}/product", branch.product))
        if branch.branches:
            _collect(branch.branches, f"{place}/{at}/branches", found)


class View(msgspec.Struct, frozen=True):
    """A document with the two lists that most tests need, made once."""

    csaf: Csaf
    products: list[tuple[str, Product]]
    """Every full product name with its JSON pointer."""
    groups: dict[str, tuple[str, ...]]
    """Product ids by product group id."""

    def concerned(self, item: Concerning) -> list[str]:
        """Every product id that an item speaks of, its groups resolved; without repeats."""
        if not item.group_ids:
            return list(dict.fromkeys(item.product_ids))
        ids = list(item.product_ids)
        for group in item.group_ids:
            ids += self.groups.get(group, ())
        return list(dict.fromkeys(ids))


def view(csaf: Csaf) -> View:
    """The document, ready for the tests."""
    tree = csaf.product_tree
    groups = () if tree is UNSET else tree.product_groups
    return View(csaf, products_of(tree), {group.group_id: group.product_ids for group in groups})
