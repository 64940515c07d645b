"""Whether a certificate is that of a server: its key is pinned, or an authority signed it for its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from OpenSSL import crypto
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.logger import Logger

from chatnet.settings import LinkSettings
from chatnet.transports.certificates import public_key_digest

log = Logger()


class Trust:
    """Judges certificates; `base` is the folder that ``ca`` of a block is relative to.

    The other end of a connection has shown in its handshake that it holds the certificate's key.
    """

    def __init__(self, base: Path) -> None:
        self._base = base

    def authorities(self, ca: str) -> crypto.X509Store:
        """The authorities in a PEM file.  Raises ValueError with a reason."""
        path = self._base / ca
        if not path.is_file():
            raise ValueError(f"{path} is not there")
        store = crypto.X509Store()
        try:
            store.load_locations(str(path))
        except crypto.Error:
            raise ValueError(f"{path} holds no certificate, or cannot be read") from None
        return store

    def vouched(
        self, certificate: crypto.X509 | None, chain: Sequence[crypto.X509], block: LinkSettings
    ) -> bool:
        """Whether it is the certificate of the server of `block`; `chain` is what came along with it."""
        if certificate is None:
            return False
        pin = public_key_digest(certificate)
        if pin in block.spki_sha256:
            return True
        reason = f"its key is SPKI:SHA2-256:{pin}"
        if block.ca:
            try:
                store = self.authorities(block.ca)
                # For whatever purpose: authorities give no certificates for TLS clients any more.
                crypto.X509StoreContext(store, certificate, chain).verify_certificate()
                verify_service_identity(extract_patterns(certificate), [DNS_ID(block.name)], [])
                return True
            except VerificationError:
                reason = "it is for another name"
            except (ValueError, CertificateError, crypto.X509StoreContextError, crypto.Error) as error:
                reason = str(error)
        log.warn("The certificate is not that of {name}: {reason}", name=block.name, reason=reason)
        return False
