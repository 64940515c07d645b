"""TLS for listeners and links that want it: certificates found or made, looked at again, their end foreseen.

Nothing of TLS is imported before a listener needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatnet.settings import Settings
from chatnet.transports.client import ClientFactory, ClientProtocol
from chatnet.wire.masks import parse_network
from chatnet.wiring.config import ConfigError, os_reason


class Security:
    """The certificate stores and the gates of all TLS listeners and of all links, made when needed."""

    def __init__(self, reactor: Any, data: Path, base: Path, settings: Callable[[], Settings]) -> None:
        self._reactor = reactor
        self._data = data
        self._base = base
        self._settings = settings
        self._gate: Any = None  # of clients
        self._link_gate: Any = None
        self._trust: Any = None

    @property
    def stores(self) -> tuple[Any, Any]:
        """The certificates in use, for clients and for links; None while there are none.

        Setting them goes back to such stores.
        """
        gates = (self._gate, self._link_gate)
        return tuple(None if gate is None else gate.store for gate in gates)  # type: ignore[return-value]

    @stores.setter
    def stores(self, stores: tuple[Any, Any]) -> None:
        for gate, store in zip((self._gate, self._link_gate), stores, strict=True):
            if store is not None:
                gate.store = store

    def _folder(self, settings: Settings) -> Path:
        named = settings.tls.certificates
        return self._base / named if named else self._data / "certificates"

    def prepare(self, settings: Settings) -> None:
        """Have certificates ready for `settings`; a self-made one if the data folder has no default.

        Raises ConfigError, and changes nothing, if a certificate that is needed cannot be used.
        """
        self._check_authorities(settings)
        clients = any(listen.tls and listen.kind != "server" for listen in settings.listen)
        servers = any(listen.tls and listen.kind == "server" for listen in settings.listen)
        dialled = any(block.tls and not a.startswith("/") for block in settings.link for a in block.addresses)
        if not (clients or servers or dialled):
            return
        from chatnet.transports.certificates import CertificateStore, LinkCertificate, make_self_signed
        from chatnet.transports.tls import prepare_context, prepare_link_context

        folder, default = self._folder(settings), settings.tls.default
        own = not settings.tls.certificates
        if own and not (folder / f"{default}.pem").exists() and not (folder / default).is_dir():
            try:
                make_self_signed(folder / f"{default}.pem", [settings.server.name, "localhost", "127.0.0.1"])
            except OSError as error:
                raise ConfigError([f"{folder}: cannot keep a certificate: {os_reason(error)}"]) from None
        before = self.stores
        try:
            if clients:
                self._gate = self._prepared(
                    self._gate, CertificateStore(folder, default, prepare_context), "tls.certificates"
                )
            if servers or dialled:
                named = settings.links.certificate
                self._link_gate = self._prepared(
                    self._link_gate,
                    LinkCertificate(folder, named or default, prepare_link_context),
                    "links.certificate" if named else "tls.certificates",
                )
        except ConfigError:
            self.stores = before
            raise

    def _prepared(self, gate: Any, store: Any, place: str) -> Any:
        """The gate with this store, unless it has it already."""
        from chatnet.transports.tls import TLSGate

        if gate is not None and (gate.store.folder, gate.store.default) == (store.folder, store.default):
            return gate
        problems = store.refresh()
        if store.context_for(None) is None:
            raise ConfigError([f"{place}: {problem}" for problem in problems])
        if gate is None:
            return TLSGate(store, lambda: self._settings().tls, self._reactor)
        gate.store = store
        return gate

    def _check_authorities(self, settings: Settings) -> None:
        problems = []
        for index, block in enumerate(settings.link):
            if block.ca:
                try:
                    self.trust.authorities(block.ca)
                except ValueError as error:
                    problems.append(f"link.{index}.ca: {error}")
        if problems:
            raise ConfigError(problems)

    @property
    def trust(self) -> Any:
        """Who judges the certificates of other servers."""
        if self._trust is None:
            from chatnet.transports.trust import Trust

            self._trust = Trust(self._base)
        return self._trust

    def gate_of_links(self, tls: bool) -> Any:
        """The gate of connections between servers that are under TLS, None for the others."""
        return self._link_gate if tls else None

    def protocol(self, factory: ClientFactory) -> ClientProtocol:
        """A protocol for a connection to a TLS listener."""
        protocol: ClientProtocol = self._gate.protocol(factory)
        return protocol

    def websocket(self, factory: ClientFactory) -> ClientProtocol:
        """The same for a WebSocket listener."""
        from chatnet.transports.websocket_tls import WebSocketTLSProtocol

        return WebSocketTLSProtocol(factory, self._gate)

    def describe(self) -> list[str]:
        """A line about each default certificate, for the start."""
        if not self._in_use():
            return []
        from chatnet.transports.certificates import fingerprint, public_key_fingerprint

        lines = []
        for store, what, of in zip(
            self.stores,
            ("SHA-256 ", "for links, SPKI:SHA2-256:"),
            (fingerprint, public_key_fingerprint),
            strict=True,
        ):
            if store is not None and (path := store.folder / f"{store.default}.pem").exists():
                lines.append(f"Certificate {path.absolute()}: {what}{of(path)}")
        return lines

    def certified(self, hostname: str) -> bool:
        """Whether clients can trust the certificate that they are shown for `hostname`."""
        return self._gate is not None and self._gate.store.certifies(hostname, datetime.now(UTC))

    def is_ours(self, host: str) -> bool:
        """Whether a host name, in lower case, is one of this server; an address is nobody else's either."""
        settings = self._settings()
        return (
            host == settings.server.name.lower()
            or any(host == block.hostname for block in settings.sts)
            or host == "localhost"
            or parse_network(host) is not None
            or (self._gate is not None and self._gate.store.names(host))
        )

    def unpromised(self) -> list[str]:
        """A sentence for each host whose STS policy is not offered."""
        return [
            f"STS is not offered for {block.hostname}: it has no valid certificate that was not made here"
            for block in self._settings().sts
            if not self.certified(block.hostname)
        ]

    def refresh(self) -> list[str]:
        """Look at the certificate files again; a sentence for each that cannot be used (the old stays)."""
        problems = [problem for store in self._in_use() for problem in store.refresh()]
        return list(dict.fromkeys(problems))

    def expiring(self, now: datetime) -> list[str]:
        """A sentence for each certificate that ends soon."""
        days = self._settings().tls.warn_before_expiry
        sentences = [
            f"The certificate {name} {'expired' if end <= now else 'expires'} on {end:%Y-%m-%d}"
            for store in self._in_use()
            for name, end in store.expiring(days, now)
        ]
        return list(dict.fromkeys(sentences))

    def exposed(self) -> list[str]:
        """A sentence for each private key that others may read or change."""
        return list(dict.fromkeys(sentence for store in self._in_use() for sentence in store.exposed()))

    def _in_use(self) -> list[Any]:
        return [store for store in self.stores if store is not None]
