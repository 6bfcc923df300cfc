"""A token in software (SoftHSM) in a temporary folder, for tests of keys behind PKCS#11."""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

PIN = "four words or more"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)
ED25519 = "1.3.101.112"
P256 = "1.2.840.10045.3.1.7"


def missing() -> str:
    """What must be installed before a test can have a token, in one line; nothing where it can."""
    if find_spec("pkcs11") is None:
        return "python-pkcs11 is not installed: the extra `hsm` brings it"
    if not shutil.which("softhsm2-util") or not module():
        return "SoftHSM is not installed: scripts/tools installs softhsm2"
    return ""


def module() -> str:
    """The library of SoftHSM, or nothing."""
    return next((path for path in MODULES if Path(path).exists()), "")


class Token:
    """A token, and keys on it."""

    def __init__(self, folder: Path, label: str = "accord") -> None:
        self.label = label
        self.tokens = folder / "tokens"
        self.config = folder / "softhsm2.conf"
        self.tokens.mkdir(parents=True, exist_ok=True)
        self.config.write_text(
            f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )

    def begin(self, label: str = "") -> None:
        """A new token; SOFTHSM2_CONF names the folder already."""
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", "--label", label or self.label,
             "--so-pin", "the officer's", "--pin", PIN],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip

    def make(self, label: str, number: int = 1, curve: str = ED25519, **private: object) -> None:
        """A new key pair on it, as a tool other than accord would make it."""
        from pkcs11 import Attribute, KeyType, lib  # noqa: PLC0415 - may not be installed
        from pkcs11.util.ec import encode_named_curve_parameters  # noqa: PLC0415

        from accord.store.pkcs11_module import module_at  # noqa: PLC0415

        module_at(module()).end()
        kind = KeyType.EC_EDWARDS if curve == ED25519 else KeyType.EC
        template = {getattr(Attribute, name.upper()): value for name, value in private.items()}
        with lib(module()).get_token(token_label=self.label).open(rw=True, user_pin=PIN) as session:
            curves = {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}
            parameters = session.create_domain_parameters(kind, curves, local=True)
            parameters.generate_keypair(
                store=True, label=label, id=bytes([number]), private_template=template
            )

    def address(self, key: str = "", **more: str) -> str:
        """The address of a key on it."""
        query = "".join(f"&{name.replace('_', '-')}={value}" for name, value in more.items())
        return f"pkcs11:token={self.label};{key}?module-path={module()}{query}"
