"""TLS between nodes: version 1.3 alone, and certificates known by their digest, not by who issued
them.

Law (pinned): before a connection has shown one of the expected certificates, and proved that it
holds its key, nothing of a request is sent through it.

A node's certificate is its own: no authority signs it. The partnership's directory lists its
digest, and the directory is signed by a threshold of partners.

Source: RFC 8446 (TLS 1.3), section 4.4.2; RFC 7469, section 2.4, on the digest of what is pinned.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import math
import os
import secrets
import ssl
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accord.core.clock import Clock, SystemClock
from accord.core.errors import AccordError

FILE = "door.pem"
"""Key and certificate of the door, in the folder of a node's keys."""
_ANEW = 1.0
"""Seconds after which the certificates of clients are looked up anew."""
_HERE = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE = ("", "0.0.0.0", "::")  # noqa: S104 - what is listened on is no name of a door
YEARS = 5
"""For which a certificate is made. It is replaced in the directory, by a threshold, before that."""


class NotPinned(ssl.SSLError):
    """The other end showed a certificate that is not expected of it."""


def ensure_certificate(
    folder: Path, name: str, clock: Clock | None = None, addresses: Collection[str] = ()
) -> str:
    """The digest of the door's certificate, which is made where there is none yet.

    `folder` is where the node's keys are; the answer is SHA-256 of the DER form, in hexadecimal.
    `addresses` (`https://host:port`, or hosts) are where the door is: a new certificate is made for
    them, so that programs that look at names can be told to trust it.

    Raises:
        AccordError: the file cannot be read or written, others may read it, or it is no
            certificate.
    """
    file = folder / FILE
    if not file.exists():
        now = datetime.fromisoformat((clock or SystemClock()).now())
        _write(file, _make(name, now, _hosts(addresses)))
    return hashlib.sha256(_certificate(file)).hexdigest()


def shown(folder: Path) -> bytes:
    """The door's certificate, in DER.

    Raises:
        AccordError: there is none, or it cannot be read.
    """
    return _certificate(folder / FILE)


def days_left(folder: Path, now: str) -> int:
    """Days for which the door's certificate is still valid.

    Raises:
        AccordError: there is none, or it cannot be read.
    """
    made = x509.load_der_x509_certificate(_certificate(folder / FILE))
    return (made.not_valid_after_utc - datetime.fromisoformat(now)).days


def server_context(
    folder: Path, known: Callable[[], Collection[str]] | None = None
) -> ssl.SSLContext:
    """What a door answers with. It gives no session tickets: every connection proves itself anew.

    `known` gives the certificates by which clients are known, in PEM; it is asked again at most
    once a second. Callers are asked for one then: who shows another is refused, and who shows none
    is not.

    Raises:
        AccordError: the certificate cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _only_newest(context)
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    file = folder / FILE
    _certificate(file)
    try:
        context.load_cert_chain(file)
    except (OSError, ssl.SSLError) as wrong:
        raise AccordError(f"{file} holds no key and certificate that fit: {wrong}") from wrong
    if known is not None:
        _ask_for_certificates(context, known)
    return context


def _ask_for_certificates(context: ssl.SSLContext, known: Callable[[], Collection[str]]) -> None:
    """Trust exactly the known certificates, each by itself: no authority speaks for clients.

    Those that are known no more stay in the context: whose they are is looked up at each request.
    """
    context.verify_mode = ssl.CERT_OPTIONAL
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    loaded: set[str] = set()
    looked = -math.inf

    def look(_connection: object = None, _name: object = None, _context: object = None) -> None:
        nonlocal looked
        now = time.monotonic()
        if now - looked < _ANEW:
            return
        looked = now
        for pem in set(known()) - loaded:
            context.load_verify_locations(cadata=pem)
            loaded.add(pem)

    look()
    # Called in every handshake, before the other end's certificate is looked at.
    context.sni_callback = look


def client_context(pins: Collection[str], clock: Clock) -> ssl.SSLContext:
    """What a node asks with: connections to whoever shows one of the pinned certificates.

    `pins` are SHA-256 of the DER form in lower-case hexadecimal; none means that nobody is trusted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _only_newest(context)
    # No chain and no name is looked at, because the digest says more than both. TLS itself still
    # proves that the other end holds the certificate's key (RFC 8446, section 4.4.3).
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    check = _checker(frozenset(pins), clock)
    context.sslsocket_class = _socket(check)
    context.sslobject_class = _object(check)
    return context


def _only_newest(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.maximum_version = ssl.TLSVersion.TLSv1_3
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION


def _checker(pins: frozenset[str], clock: Clock) -> Callable[[bytes | None], None]:
    def check(shown: bytes | None) -> None:
        """Raises NotPinned for a certificate that is not expected, or not of today."""
        digest = hashlib.sha256(shown or b"").hexdigest()
        if not shown or digest not in pins:
            raise NotPinned(
                "it shows a certificate that the directory does not list for it "
                f"(SHA-256 {digest}): nothing was sent"
            )
        _check_dates(shown, clock.now())

    return check


def _check_dates(shown: bytes, now: str) -> None:
    try:
        made = x509.load_der_x509_certificate(shown)
    except ValueError as wrong:
        raise NotPinned(f"its certificate cannot be read: {wrong}") from wrong
    if not made.not_valid_before_utc <= datetime.fromisoformat(now) < made.not_valid_after_utc:
        raise NotPinned(
            f"its certificate is valid from {made.not_valid_before_utc:%Y-%m-%d} to "
            f"{made.not_valid_after_utc:%Y-%m-%d}, and this node's clock says {now[:10]}: "
            "it needs a new one, or the clock is wrong"
        )


def _socket(check: Callable[[bytes | None], None]) -> type[ssl.SSLSocket]:
    class Pinned(ssl.SSLSocket):
        """Closes itself when the handshake ends with somebody else."""

        def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as the base has it
            super().do_handshake(block)
            try:
                check(self.getpeercert(binary_form=True))
            except NotPinned:
                self.close()
                raise

    return Pinned


def _object(check: Callable[[bytes | None], None]) -> type[ssl.SSLObject]:
    class Pinned(ssl.SSLObject):
        """As the socket, for who brings bytes and takes bytes."""

        def do_handshake(self) -> None:
            super().do_handshake()
            check(self.getpeercert(binary_form=True))

    return Pinned


def _hosts(addresses: Collection[str]) -> list[x509.GeneralName]:
    """The hosts of addresses, as a certificate names them; this machine is always one."""
    hosts = dict.fromkeys((*map(_host, addresses), *_HERE))
    return [_general_name(host) for host in hosts if host not in _EVERYWHERE]


def _host(address: str) -> str:
    try:
        # An address without a scheme is a host: `[::1]` and `::1` are one.
        return urlsplit(address).hostname or "" if "//" in address else address.strip("[]")
    except ValueError:
        return ""


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host.encode("idna").decode() if not host.isascii() else host)


def _make(name: str, now: datetime, hosts: list[x509.GeneralName]) -> bytes:
    """A self-signed certificate on a key of its own: the key that signs for the node is not used.

    ECDSA on P-256 is what every proxy knows too.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS + 1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _write(file: Path, data: bytes) -> None:
    """Whole or not at all, and its owner's alone to read; who was first stays."""
    beside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(beside, file)
        finally:
            beside.unlink()
    except OSError as wrong:
        raise AccordError(f"cannot write {file}: {wrong.strerror}") from wrong


def _certificate(file: Path) -> bytes:
    """The DER form of the first certificate in a file."""
    try:
        with file.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & 0o077:
                raise AccordError(f"others may read {file}: run `chmod 600 {file}`")
            data = opened.read()
        return x509.load_pem_x509_certificate(data).public_bytes(serialization.Encoding.DER)
    except OSError as wrong:
        raise AccordError(f"cannot read {file}: {wrong.strerror}") from wrong
    except ValueError as wrong:
        raise AccordError(f"{file} holds no certificate: {wrong}") from wrong
