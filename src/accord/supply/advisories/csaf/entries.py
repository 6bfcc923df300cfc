"""What each product id of a document stands for: identities, versions, and the forms for VEX.

A relationship such as "openssl as a component of Red Hat Enterprise Linux 9" is the component,
within the stream that its platform names.
Source: CSAF 2.0, sections 3.1.2 (branches), 3.1.3 (full product names) and 3.2.2.4
(relationships).
"""

from __future__ import annotations

import re
from collections import defaultdict

import msgspec
from msgspec import UNSET

from accord.core.errors import Invalid
from accord.supply.advisories.csaf.document import Branch, Product, Relationship, View
from accord.supply.advisories.csaf.ranges import WHOLE, Span, span
from accord.supply.products import cpe, ecosystems, identities, names, purl, streams
from accord.supply.products.purltypes import vendor as distribution

_PRODUCT_BRANCHES = ("product_name", "product_family")
_VERSION_BRANCHES = ("product_version", "product_version_range")
_SPECIAL = re.compile(r"([^\w.\-])")
_PLATFORMS = 8
"""Products of a context that are kept: component, module, platform, and room to spare."""


class Entry(msgspec.Struct, frozen=True):
    """One product of the tree, understood."""

    name: str
    """The full product name, for a person."""
    packages: tuple[tuple[str, str], ...] = ()
    """Package and stream of every identity."""
    span: Span = WHOLE
    product: str = ""
    """Form for a VEX statement, with a version where there is one; empty: none can be made."""
    platform: str = ""
    """CPE name of the platform to which a VEX statement is limited; empty: not limited."""


class Leaf(msgspec.Struct, frozen=True):
    """A full product name with what the branches above it say."""

    product: Product
    vendor: str = ""
    title: str = ""
    version: str = ""
    category: str = ""

    @property
    def purl(self) -> str:
        """Package URL, or empty text."""
        helper = self.product.product_identification_helper
        return "" if helper is UNSET or helper.purl is UNSET else helper.purl

    @property
    def cpe(self) -> str:
        """CPE name, or empty text."""
        helper = self.product.product_identification_helper
        return "" if helper is UNSET else helper.cpe


def entries(view: View) -> dict[str, Entry]:
    """Every product of a document by its product id."""
    tree = view.csaf.product_tree
    if tree is UNSET:
        return {}
    publisher = view.csaf.document.publisher
    supplier = publisher.name if publisher.category == "vendor" else ""
    leaves: dict[str, Leaf] = {}
    _leaves(tree.branches, {}, leaves)
    for product in tree.full_product_names:
        leaves[product.product_id] = Leaf(product, supplier, product.name)
    contexts = _contexts(tree.relationships, leaves)
    found = {name: _entry(leaf, ()) for name, leaf in leaves.items()}
    for name, (product, leaf, context) in contexts.items():
        found[name] = msgspec.structs.replace(_entry(leaf, context), name=product.name)
    return found


def _leaves(branches: tuple[Branch, ...], above: dict[str, str], leaves: dict[str, Leaf]) -> None:
    for branch in branches:
        path = {**above, branch.category: branch.name}
        if branch.product is not UNSET:
            leaves[branch.product.product_id] = _leaf(branch.product, path, branch.name)
        _leaves(branch.branches, path, leaves)


def _leaf(product: Product, path: dict[str, str], last: str) -> Leaf:
    """A branch without a product name above it names the product itself, version or not."""
    title = next((path[name] for name in _PRODUCT_BRANCHES if name in path), "")
    category = next((name for name in _VERSION_BRANCHES if name in path), "")
    version = path.get(category, "")
    if category and "service_pack" in path:
        version = f"{version} {path['service_pack']}"
    if not title:
        title, version, category = last, "", ""
    if version.strip().casefold() == title.strip().casefold():
        version = ""
    return Leaf(product, path.get("vendor", ""), title, version, category)


Context = tuple[Product, Leaf, tuple[Leaf, ...]]


def _contexts(
    relationships: tuple[Relationship, ...], leaves: dict[str, Leaf]
) -> dict[str, Context]:
    """For each product made by a relationship: its component, and what that stands in.

    Parts come before what is made of them, however they are listed; linear in their number.
    """
    made = {item.full_product_name.product_id: item for item in relationships}
    users: defaultdict[str, list[str]] = defaultdict(list)
    waiting: dict[str, int] = {}
    for name, item in made.items():
        parts = {item.product_reference, item.relates_to_product_reference} & made.keys()
        waiting[name] = len(parts)
        for part in parts:
            users[part].append(name)
    ready = [name for name, count in waiting.items() if not count]
    found: dict[str, Context] = {}
    for name in ready:
        found[name] = _context(made[name], leaves, found)
        for user in users[name]:
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return found


def _context(item: Relationship, leaves: dict[str, Leaf], found: dict[str, Context]) -> Context:
    def parts(name: str) -> tuple[Leaf, ...]:
        return (leaves[name],) if name in leaves else (found[name][1], *found[name][2])

    component, *around = parts(item.product_reference)
    around += parts(item.relates_to_product_reference)
    return item.full_product_name, component, tuple(around[:_PLATFORMS])


def _entry(leaf: Leaf, context: tuple[Leaf, ...]) -> Entry:
    stream, platform = _stream(context)
    if leaf.purl:
        return _of_purl(leaf, context, stream, platform)
    if leaf.cpe:
        found = _of_cpe(leaf, platform)
        if found.packages:
            return found
    package = names.package(leaf.vendor, leaf.title)
    speaks = _span(leaf)
    reached = identities.of_name(leaf.vendor, leaf.title, "")
    return Entry(
        leaf.product.name,
        tuple((identity.package, "") for identity in reached),
        speaks,
        _with_version(package, speaks),
        platform,
    )


def _with_version(package: str, speaks: Span) -> str:
    version = speaks.versions[0] if len(speaks.versions) == 1 else ""
    return f"{package}@{version}" if version and package else package


def _span(leaf: Leaf) -> Span:
    if not leaf.version:
        return WHOLE
    return span(leaf.version, exact=leaf.category == "product_version")


def _of_cpe(leaf: Leaf, platform: str) -> Entry:
    """A CPE name's own version, or that of the branch where it leaves the version open."""
    try:
        found = identities.of_cpe(leaf.cpe)
    except Invalid:
        return Entry(leaf.product.name)
    version = found[0].version if found else ""
    speaks = Span(versions=(version,)) if version else _span(leaf)
    if leaf.category == "product_version_range":
        speaks = _span(leaf)
    return Entry(
        leaf.product.name,
        tuple((identity.package, "") for identity in found),
        speaks,
        leaf.cpe if version else _versioned(leaf.cpe, speaks),
        platform,
    )


def _versioned(name: str, speaks: Span) -> str:
    """A CPE name that leaves the version open, with the one version that is spoken of."""
    if len(speaks.versions) != 1:
        return name
    parsed = cpe.parse(name)
    words = (parsed.part, parsed.vendor, parsed.product, speaks.versions[0].replace(" ", "_"))
    parts = (_SPECIAL.sub(r"\\\1", word.lower()) for word in words)
    return ":".join(["cpe:2.3", *parts, *"*" * 7])


def _of_purl(leaf: Leaf, context: tuple[Leaf, ...], stream: str, platform: str) -> Entry:
    """A package URL's own version, or that of the branch; a distribution's package by stream."""
    parsed = purl.parse(leaf.purl)
    found = identities.of_purl(leaf.purl)
    divided = parsed.type in {"rpm", "deb", "apk"}
    first = found[0]
    stream = (first.stream or stream) if divided else ""
    module = _module(context)
    if module and "/" not in stream:
        stream = streams.with_module(stream, module)
    speaks = Span(versions=(first.version,)) if first.version else _branch_span(leaf, parsed.name)
    text = leaf.purl
    if divided and stream.partition("/")[0].isdecimal() and parsed.namespace == "redhat":
        text, platform = _qualified(leaf.purl, stream, parsed), ""
    elif not divided or first.stream:
        platform = "" if first.version else platform
    packages = tuple(dict.fromkeys((identity.package, stream) for identity in found))
    return Entry(leaf.product.name, packages, speaks, text, platform)


def _branch_span(leaf: Leaf, name: str) -> Span:
    """Red Hat writes the name of the package where its version would stand."""
    if leaf.category == "product_version" and name.lower() in leaf.version.lower():
        return WHOLE
    return _span(leaf)


def _qualified(text: str, stream: str, parsed: purl.Purl) -> str:
    """The package URL with the release, and the module, that its platform names."""
    release, _, module = stream.partition("/")
    known = dict(parsed.qualifiers)
    extra = [] if "distro" in known else [f"distro=rhel-{release}"]
    extra += [f"rpmmod={module}"] if module and "rpmmod" not in known else []
    body, hash_sign, subpath = text.partition("#")
    body, _, qualifiers = body.partition("?")
    together = sorted([*qualifiers.split("&"), *extra] if qualifiers else extra)
    return f"{body}?{'&'.join(together)}{hash_sign}{subpath}" if extra else text


def _module(context: tuple[Leaf, ...]) -> str:
    """`nodejs:18` where a component stands in an RPM module."""
    for leaf in context:
        if leaf.purl.startswith("pkg:rpmmod/"):
            module = purl.parse(leaf.purl)
            return ":".join([module.name, *module.version.split(":")[:1]])
    return ""


def _stream(context: tuple[Leaf, ...]) -> tuple[str, str]:
    """The stream and the CPE name of the first platform of a context that has a CPE name."""
    for leaf in context:
        if leaf.cpe:
            return platform_stream(leaf.cpe), leaf.cpe
    return "", ""


def platform_stream(name: str) -> str:
    """The stream that a platform's CPE name stands for: `9` for `...:enterprise_linux:9::crb`."""
    try:
        parsed = cpe.parse(name)
        if parsed.vendor == "redhat":
            suffix = name.split(":", 3)[3] if name.startswith("cpe:/") else ""
            suffix = suffix or f"{parsed.product}:{parsed.version}::{parsed.edition}"
            return ecosystems.package(f"Red Hat:{suffix}", "any")[1]
        return streams.of_release(distribution(parsed.vendor), parsed.release)
    except Invalid:
        return ""
