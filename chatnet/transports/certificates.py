"""Certificates in a folder: one per host name, chosen by the client's wish, loaded anew when they change.

The folder holds ``irc.example.org.pem`` (key and chain in one file) or a folder ``irc.example.org`` with
``fullchain.pem`` and ``privkey.pem``, as certbot leaves them.  ``_.example.org`` (or ``*.example.org``)
stands for every name one label below example.org.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto

from chatnet.transports.files import read_regular
from chatnet.transports.private import exposed, write_privately

SELF_SIGNED_DAYS = 3650
"""Days for which a certificate made here is good: nobody renews it, clients pin it."""

MAX_FILE = 1024 * 1024
"""Bytes that a file with a certificate or a key may have."""
_KEY = re.compile(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL)

PrivateKey = EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey | Ed448PrivateKey

Stamp = tuple[tuple[int, int, int], ...]
"""Inode, time of change and size of each file of a certificate."""


@dataclass(slots=True)
class Entry:
    """One certificate in use. `context` stays the last good one while the files are broken.

    It is for the host `names`, and `vouched` for if somebody else signed it.
    """

    stamp: Stamp
    context: SSL.Context | None
    not_after: datetime | None
    names: frozenset[str] = frozenset()
    vouched: bool = False


class CertificateStore:
    """A folder of certificates and the TLS contexts made of them.

    `prepare` is given each new context, to set up what has nothing to do with certificates.
    """

    def __init__(self, folder: Path, default: str, prepare: Callable[[SSL.Context], None]) -> None:
        self.folder = folder
        self.default = default
        self._prepare = prepare
        self._entries: dict[str, Entry] = {}
        self._looked = False
        self.news: list[str] = []
        """A sentence for each certificate that the last look took into use, but for the first look."""

    def refresh(self) -> list[str]:
        """Look at the files and load what changed. Returns one sentence for each that cannot be used.

        Such a certificate stays in use as it was; one whose files are gone is forgotten, but for the last.
        """
        problems: list[str] = []
        self.news = []
        try:
            found = self._files()
        except OSError as error:
            cure = "put certificates there, or name another folder"
            if isinstance(error, PermissionError):
                cure = "let this user's group read it"
            kept = "; those that were there before stay in use" if self._entries else ""
            return [f"{self.folder}: {_words_for(error)}: {cure}{kept}"]
        for name, files in found.items():
            entry = self._entries.get(name)
            try:
                stamp = tuple((s.st_ino, s.st_mtime_ns, s.st_size) for s in map(os.stat, files))
                if entry is not None and entry.stamp == stamp and entry.context is not None:
                    continue
                loaded = self._load(*files)
            except (OSError, ValueError, SSL.Error, crypto.Error) as error:
                at = (isinstance(error, OSError) and error.filename) or files[0]
                still = "; the old one stays in use" if entry is not None and entry.context else ""
                problems.append(f"{at}: {_words_for(error)}{still}")
                if entry is None:
                    self._entries[name] = Entry((), None, None)
            else:
                self._entries[name] = Entry(stamp, *loaded)
                if self._looked:
                    sha = fingerprint(files[0])
                    until = f"{loaded[1]:%Y-%m-%d}"
                    self.news.append(f"{files[0]}: a new certificate is in use, until {until}: SHA-256 {sha}")
        self._looked = True
        for name in self._entries.keys() - found.keys():
            if name != self.default:
                del self._entries[name]
        if self.default not in self._entries:
            problems.append(f"{self.folder}: there is no certificate named {self.default!r}, the default")
        elif self.default not in found:
            problems.append(f"{self.folder}: the default, {self.default!r}, is gone; it stays in use")
        return problems

    def exposed(self) -> list[str]:
        """A sentence for each private key that others may read or change."""
        return exposed(key for _, key in self._files().values())

    def _files(self) -> dict[str, tuple[Path, Path]]:
        """Name to (chain, key) of every certificate in the folder."""
        found: dict[str, tuple[Path, Path]] = {}
        for path in sorted(self.folder.iterdir()):
            if path.name.startswith("."):
                continue
            if path.suffix == ".pem":
                found[_name(path.stem)] = (path, path)
            elif os.path.lexists(path / "fullchain.pem"):  # a link to where we may not look is told of
                found[_name(path.name)] = (path / "fullchain.pem", path / "privkey.pem")
        return found

    def _load(self, chain: Path, key: Path) -> tuple[SSL.Context, datetime, frozenset[str], bool]:
        context = self._new_context()
        pem = read_regular(chain, MAX_FILE)  # before OpenSSL, which would wait at a pipe
        context.use_certificate_chain_file(str(chain))
        context.use_privatekey(_private_key(read_regular(key, MAX_FILE)))
        context.check_privatekey()
        return context, _not_after(pem), *_names(pem)

    def _new_context(self) -> SSL.Context:
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        self._prepare(context)
        context.set_tlsext_servername_callback(self._choose)
        return context

    def _choose(self, connection: SSL.Connection) -> None:
        """The client said hello, and maybe which host it wants (SNI)."""
        if len(self._entries) == 1:
            return  # it is the default, with which every connection begins
        name = (connection.get_servername() or b"").decode("ascii", "replace")
        context = self.context_for(name)
        if context is not None and context is not connection.get_context():
            connection.set_context(context)

    def context_for(self, name: str | None) -> SSL.Context | None:
        """The context for the host `name` the client asked for; else the default; None if there is none."""
        entry = self._entry_for(name)
        return entry.context if entry is not None else None

    def certifies(self, name: str, now: datetime) -> bool:
        """Whether who asks for `name` is shown a valid certificate for it, and one that others vouch for."""
        entry = self._entry_for(name)
        return (
            entry is not None
            and entry.not_after is not None
            and entry.not_after > now
            and entry.vouched
            and not entry.names.isdisjoint(_patterns(name))
        )

    def names(self, host: str) -> bool:
        """Whether one of the certificates in use is for that host, whoever signed it."""
        patterns = _patterns(host)
        return any(not entry.names.isdisjoint(patterns) for entry in self._entries.values())

    def _entry_for(self, name: str | None) -> Entry | None:
        for candidate in _patterns(name) if name is not None else ():
            entry = self._entries.get(candidate)
            if entry is not None and entry.context is not None:
                return entry
        return self._entries.get(self.default)

    def expiring(self, days: float, now: datetime) -> list[tuple[str, datetime]]:
        """Names and ends of the certificates in use that end within `days` of `now`, or have ended."""
        limit = now + timedelta(days=days)
        return sorted(
            (name, entry.not_after)
            for name, entry in self._entries.items()
            if entry.not_after is not None and entry.not_after <= limit
        )


class LinkCertificate(CertificateStore):
    """The one certificate that other servers are shown, whoever dialled and whatever name is asked for."""

    def _files(self) -> dict[str, tuple[Path, Path]]:
        return {name: files for name, files in super()._files().items() if name == self.default}

    def _new_context(self) -> SSL.Context:
        context = SSL.Context(SSL.TLS_METHOD)
        self._prepare(context)
        return context


def _name(stem: str) -> str:
    return ("*" + stem[1:] if stem.startswith("_.") else stem).lower()


def _patterns(name: str) -> tuple[str, str]:
    """A host name as certificates may have it: itself, and with a star for its first label."""
    name = name.lower().rstrip(".")
    return name, "*." + name.partition(".")[2]


def _private_key(pem: bytes) -> PrivateKey:
    """The first private key among what a PEM file holds."""
    block = _KEY.search(pem)
    if block is None:
        raise ValueError("holds no private key")
    try:
        # Not Context.use_privatekey_file: it asks on the terminal for the passphrase of an encrypted key.
        key = load_pem_private_key(block[0], None)
    except TypeError:
        raise ValueError("its private key is encrypted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("its private key is damaged or of an unknown kind") from None
    if not isinstance(key, EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey | Ed448PrivateKey):
        raise ValueError("its private key is not for TLS")
    return key


def _not_after(pem: bytes) -> datetime:
    text = crypto.load_certificate(crypto.FILETYPE_PEM, pem).get_notAfter()
    if text is None:
        raise ValueError("its certificate has no end")
    return datetime.strptime(text.decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _names(pem: bytes) -> tuple[frozenset[str], bool]:
    """The host names in a certificate, in lower case, and whether it has another issuer than itself."""
    certificate = x509.load_pem_x509_certificate(pem)
    vouched = certificate.issuer != certificate.subject
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return frozenset(), vouched
    return frozenset(name.lower() for name in names.value.get_values_for_type(x509.DNSName)), vouched


def _words_for(error: Exception) -> str:
    """Why a certificate does not load. Neither OpenSSL's words nor ours tell anything of a key."""
    if isinstance(error, PermissionError):
        return "may not be read by this user"
    if isinstance(error, OSError):
        return error.strerror or "cannot be read"
    if isinstance(error, ValueError):
        return str(error)
    reasons = error.args[0] if error.args else ()
    if isinstance(reasons, Sequence) and not isinstance(reasons, str) and reasons:
        words = [reason[-1] for reason in reasons if reason[-1]]
        return "holds no certificate" if "no start line" in words else "; ".join(words) or "cannot be used"
    return "holds no usable certificate"


def fingerprint(path: Path) -> str:
    """SHA-256 of the first certificate in a PEM file, in lower-case hex.  Raises OSError or ValueError."""
    return digest(_first(path))


def _first(path: Path) -> crypto.X509:
    try:
        return crypto.load_certificate(crypto.FILETYPE_PEM, read_regular(path, MAX_FILE))
    except crypto.Error:
        raise ValueError(f"{path} holds no certificate") from None


def digest(certificate: crypto.X509) -> str:
    """SHA-256 of the DER form, in lower-case hex."""
    return certificate.digest("sha256").decode("ascii").replace(":", "").lower()


def public_key_digest(certificate: crypto.X509) -> str:
    """SHA-256 of the DER form of the public key (SPKI), in lower-case hex: a new certificate may keep it."""
    return sha256(crypto.dump_publickey(crypto.FILETYPE_ASN1, certificate.get_pubkey())).hexdigest()


def public_key_fingerprint(path: Path) -> str:
    """That of the first certificate in a PEM file.  Raises OSError or ValueError."""
    return public_key_digest(_first(path))


def make_self_signed(path: Path, names: Iterable[str], now: datetime | None = None) -> None:
    """Write a new P-256 key with a self-signed certificate for `names` to `path`, readable by its owner only.

    Its folder is made if need be. What was there before is replaced at once, or stays whole.
    """
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def general_name(name: str) -> x509.GeneralName:
        try:
            return x509.IPAddress(ip_address(name))
        except ValueError:
            return x509.DNSName(name)

    names = list(names)
    # A clock of a client may be behind ours.
    start = (now or datetime.now(UTC)) - timedelta(days=1)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0][:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=SELF_SIGNED_DAYS))
        .add_extension(x509.SubjectAlternativeName([general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_privately(path, private + certificate.public_bytes(serialization.Encoding.PEM))
