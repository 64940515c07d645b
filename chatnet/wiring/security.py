"""TLS for the listeners that want it: certificates found or made, looked at again, and their end foreseen.

Nothing of TLS is imported before a listener needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatnet.settings import Settings
from chatnet.transports.client import ClientFactory, ClientProtocol
from chatnet.wiring.config import ConfigError, os_reason


class Security:
    """The certificate store and the gate of all TLS listeners, made when the first of them is prepared."""

    def __init__(self, reactor: Any, data: Path, base: Path, settings: Callable[[], Settings]) -> None:
        self._reactor = reactor
        self._data = data
        self._base = base
        self._settings = settings
        self._gate: Any = None

    @property
    def store(self) -> Any:
        """The certificates in use; None while there are none. Setting it goes back to such a store."""
        return None if self._gate is None else self._gate.store

    @store.setter
    def store(self, store: Any) -> None:
        if store is not None:
            self._gate.store = store

    def _folder(self, settings: Settings) -> Path:
        named = settings.tls.certificates
        return self._base / named if named else self._data / "certificates"

    def prepare(self, settings: Settings) -> None:
        """Have certificates ready for `settings`; a self-made one if the data folder has no default.

        Raises ConfigError, and changes nothing, if the default certificate cannot be used.
        """
        if not any(listen.tls for listen in settings.listen):
            return
        from chatnet.transports.certificates import CertificateStore, make_self_signed
        from chatnet.transports.tls import TLSGate, prepare_context

        folder, default = self._folder(settings), settings.tls.default
        own = not settings.tls.certificates
        if own and not (folder / f"{default}.pem").exists() and not (folder / default).is_dir():
            try:
                make_self_signed(folder / f"{default}.pem", [settings.server.name, "localhost", "127.0.0.1"])
            except OSError as error:
                raise ConfigError([f"{folder}: cannot keep a certificate: {os_reason(error)}"]) from None
        current = self.store
        if current is not None and (current.folder, current.default) == (folder, default):
            return
        store = CertificateStore(folder, default, prepare_context)
        problems = store.refresh()
        if store.context_for(None) is None:
            raise ConfigError([f"tls.certificates: {problem}" for problem in problems])
        if self._gate is None:
            self._gate = TLSGate(store, lambda: self._settings().tls, self._reactor)
        else:
            self._gate.store = store

    def protocol(self, factory: ClientFactory) -> ClientProtocol:
        """A protocol for a connection to a TLS listener."""
        protocol: ClientProtocol = self._gate.protocol(factory)
        return protocol

    def websocket(self, factory: ClientFactory) -> ClientProtocol:
        """The same for a WebSocket listener."""
        from chatnet.transports.websocket_tls import WebSocketTLSProtocol

        return WebSocketTLSProtocol(factory, self._gate)

    def describe(self) -> list[str]:
        """A line about the default certificate, for the start."""
        if self._gate is None:
            return []
        from chatnet.transports.certificates import fingerprint

        store = self._gate.store
        path = store.folder / f"{store.default}.pem"
        if not path.exists():
            return []
        return [f"Certificate {path.absolute()}: SHA-256 {fingerprint(path)}"]

    def certified(self, hostname: str) -> bool:
        """Whether clients can trust the certificate that they are shown for `hostname`."""
        return self._gate is not None and self._gate.store.certifies(hostname, datetime.now(UTC))

    def unpromised(self) -> list[str]:
        """A sentence for each host whose STS policy is not offered."""
        return [
            f"STS is not offered for {block.hostname}: it has no valid certificate that was not made here"
            for block in self._settings().sts
            if not self.certified(block.hostname)
        ]

    def refresh(self) -> list[str]:
        """Look at the certificate files again; a sentence for each that cannot be used (the old stays)."""
        if self._gate is None:
            return []
        problems: list[str] = self._gate.store.refresh()
        return problems

    def expiring(self, now: datetime) -> list[str]:
        """A sentence for each certificate that ends soon."""
        if self._gate is None:
            return []
        days = self._settings().tls.warn_before_expiry
        return [
            f"The certificate {name} {'expired' if end <= now else 'expires'} on {end:%Y-%m-%d}"
            for name, end in self._gate.store.expiring(days, now)
        ]
