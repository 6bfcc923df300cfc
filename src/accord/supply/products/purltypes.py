"""What single types of package URL demand, and which names a registry does not tell apart.

Source: the type definitions of the package-url specification; for PyPI also PEP 503.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from accord.core.errors import Invalid

Parts = tuple[str, str, str]
"""Namespace, name, version."""
Rule = Callable[[str, str, str, Mapping[str, str]], Parts]
"""From decoded parts and qualifiers to normalised parts; raises `Invalid`."""

_NOT_DART = re.compile(r"[^a-z0-9_]")
_PYPI_RUN = re.compile(r"[-_.]+")
_CHROME_NAME = re.compile(r"[a-p]{32}")
_CHROME_VERSION = re.compile(r"\d+(?:\.\d+){0,3}")

_VENDORS = {
    "alpine linux": "alpine",
    "amazon linux": "amazon",
    "debian gnu/linux": "debian",
    "fedora linux": "fedora",
    "oracle linux": "oracle",
    "oracle linux server": "oracle",
    "red hat": "redhat",
    "red hat enterprise linux": "redhat",
    "rocky linux": "rocky",
    "suse linux enterprise server": "suse",
    "alma": "almalinux",
    "almalinux": "almalinux",
    "alpine": "alpine",
    "amazon": "amazon",
    "amazonlinux": "amazon",
    "amzn": "amazon",
    "azurelinux": "azure-linux",
    "azure-linux": "azure-linux",
    "mariner": "azure-linux",
    "centos": "centos",
    "chainguard": "chainguard",
    "debian": "debian",
    "fedora": "fedora",
    "mageia": "mageia",
    "ol": "oracle",
    "oracle": "oracle",
    "oraclelinux": "oracle",
    "openeuler": "openeuler",
    "opensuse": "opensuse",
    "opensuse-leap": "opensuse",
    "opensuse-tumbleweed": "opensuse",
    "photon": "photon",
    "redhat": "redhat",
    "rhel": "redhat",
    "redhat_enterprise_linux": "redhat",
    "rocky": "rocky",
    "rocky-linux": "rocky",
    "rockylinux": "rocky",
    "sled": "suse",
    "sles": "suse",
    "sles_sap": "suse",
    "suse": "suse",
    "ubuntu": "ubuntu",
    "wolfi": "wolfi",
}


def vendor(name: str) -> str:
    """One name for a distribution: `rhel` and `redhat` are `redhat`; unknown ones as they are."""
    name = name.lower()
    return _VENDORS.get(name, name)


def compared(type_: str, namespace: str, name: str) -> tuple[str, str]:
    """Namespace and name as they are compared: lower case where the registry ignores case."""
    if type_ in _DISTRIBUTIONS:
        return vendor(namespace), name
    if type_ in _CASELESS:
        return namespace.lower(), name.lower()
    if type_ == "pypi":
        return namespace, _PYPI_RUN.sub("-", name).lower()
    return namespace, name


def _lower(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    return namespace.lower(), name.lower(), version


def _lower_name(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    return namespace, name.lower(), version


def _lower_namespace(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    return namespace.lower(), name, version


def _pypi(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    return namespace, name.lower().replace("_", "-"), version


def _pub(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    return namespace, _NOT_DART.sub("_", name.lower()), version


def _hackage(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    return namespace, name.replace("_", "-"), version


def _oci(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    return namespace, name.lower(), version.lower()


def _huggingface(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    return namespace, name, version.lower()


def _mlflow(namespace: str, name: str, version: str, qualifiers: Mapping[str, str]) -> Parts:
    """Databricks ignores case in model names, Azure ML does not."""
    databricks = "databricks" in qualifiers.get("repository_url", "").lower()
    return namespace, name.lower() if databricks else name, version


def _cpan(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    if "::" in name:
        raise Invalid("a CPAN distribution is named with `-`; `::` names a module")
    return namespace.upper(), name, version


def _git(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    """The host is the namespace; the path on the host is the name."""
    host, _slash, path = f"{namespace}/{name}".strip("/").partition("/")
    if host in ("github", "github.com", "bitbucket", "bitbucket.org"):
        path = path.lower()
    return (host, path, version) if path else (namespace, name, version)


def _julia(namespace: str, name: str, version: str, qualifiers: Mapping[str, str]) -> Parts:
    if not qualifiers.get("uuid"):
        raise Invalid("a Julia package needs the qualifier `uuid`")
    return namespace, name, version


def _chrome(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    if not _CHROME_NAME.fullmatch(name):
        raise Invalid("a Chrome extension is named by 32 letters from a to p")
    if version and not _CHROME_VERSION.fullmatch(version):
        raise Invalid("a Chrome extension's version is one to four numbers with dots")
    return namespace, name, version


def _without_namespace(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    if namespace:
        raise Invalid("this type has no namespace")
    return namespace, name, version


def _with_namespace(namespace: str, name: str, version: str, _: Mapping[str, str]) -> Parts:
    if not namespace:
        raise Invalid("this type needs a namespace")
    return namespace, name, version


RULES: dict[str, Rule] = {
    "alpm": _lower,
    "apk": _lower,
    "bitbucket": _lower,
    "bitnami": _lower_name,
    "brew": _lower,
    "chrome-extension": _chrome,
    "composer": _lower,
    "cpan": _cpan,
    "deb": _lower,
    "git": _git,
    "github": _lower,
    "gitlab": _lower,
    "hackage": _hackage,
    "hex": _lower,
    "huggingface": _huggingface,
    "julia": _julia,
    "luarocks": _lower,
    "mlflow": _mlflow,
    "npm": _lower_name,
    "oci": _oci,
    "otp": _without_namespace,
    "pub": _pub,
    "pypi": _pypi,
    "qpkg": _lower_namespace,
    "rpm": _lower_namespace,
    "swift": _with_namespace,
    "vcpkg": _without_namespace,
    "vscode-extension": _with_namespace,
}
"""Types with rules of their own; every other type is taken as it is."""

_DISTRIBUTIONS = frozenset({"apk", "deb", "rpm", "rpmmod"})
_CASELESS = frozenset(
    {
        "bitbucket",
        "bitnami",
        "composer",
        "github",
        "githubactions",
        "gitlab",
        "golang",
        "hex",
        "npm",
        "nuget",
        "swift",
        "vscode-extension",
    }
)
