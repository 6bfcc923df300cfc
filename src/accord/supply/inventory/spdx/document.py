"""The fields of an SPDX 2 document that accord reads, by their names in JSON.

Source: SPDX 2.3, sections 6 (document), 7 (package) and 11 (relationship); the JSON schema that
stands beside it. SPDX 2.2 has the same fields, save `primaryPackagePurpose`.
"""

from __future__ import annotations

import msgspec


class ExternalRef(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Where a package is known by another name (7.21)."""

    reference_type: str
    reference_locator: str


class Package(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A package (section 7); files and snippets are not components."""

    id: str = msgspec.field(name="SPDXID")
    name: str
    version_info: str | None = None
    supplier: str | None = None
    originator: str | None = None
    primary_package_purpose: str | None = None
    source_info: str | None = None
    external_refs: tuple[ExternalRef, ...] | None = None


class File(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A file or snippet, known only so that relationships can name it."""

    id: str = msgspec.field(name="SPDXID")


class Relationship(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """How two elements stand to each other (section 11)."""

    spdx_element_id: str
    relationship_type: str
    related_spdx_element: str


class CreationInfo(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """When the document was made (6.9)."""

    created: str = ""


class Head(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What a document says of itself (section 6)."""

    spdx_version: str = ""
    name: str = ""
    document_namespace: str = ""
    creation_info: CreationInfo = CreationInfo()
    document_describes: tuple[str, ...] | None = None


class Document(Head, frozen=True, gc=False, rename="camel"):
    """A whole document; an entry that was refused on its own leaves None in its place."""

    packages: tuple[Package | None, ...] | None = None
    files: tuple[File | None, ...] | None = None
    snippets: tuple[File | None, ...] | None = None
    relationships: tuple[Relationship | None, ...] | None = None


RELATIONSHIPS = frozenset(
    {
        "AMENDS", "ANCESTOR_OF", "BUILD_DEPENDENCY_OF", "BUILD_TOOL_OF", "CONTAINED_BY", "CONTAINS",
        "COPY_OF", "DATA_FILE_OF", "DEPENDENCY_MANIFEST_OF", "DEPENDENCY_OF", "DEPENDS_ON",
        "DESCENDANT_OF", "DESCRIBED_BY", "DESCRIBES", "DEV_DEPENDENCY_OF", "DEV_TOOL_OF",
        "DISTRIBUTION_ARTIFACT", "DOCUMENTATION_OF", "DYNAMIC_LINK", "EXAMPLE_OF",
        "EXPANDED_FROM_ARCHIVE", "FILE_ADDED", "FILE_DELETED", "FILE_MODIFIED", "GENERATED_FROM",
        "GENERATES", "HAS_PREREQUISITE", "METAFILE_OF", "OPTIONAL_COMPONENT_OF",
        "OPTIONAL_DEPENDENCY_OF", "OTHER", "PACKAGE_OF", "PATCH_APPLIED", "PATCH_FOR",
        "PREREQUISITE_FOR", "PROVIDED_DEPENDENCY_OF", "REQUIREMENT_DESCRIPTION_FOR",
        "RUNTIME_DEPENDENCY_OF", "SPECIFICATION_FOR", "STATIC_LINK", "TEST_CASE_OF",
        "TEST_DEPENDENCY_OF", "TEST_OF", "TEST_TOOL_OF", "VARIANT_OF",
    }
)  # fmt: skip
"""Kinds of relationship (11.1, table 68)."""
