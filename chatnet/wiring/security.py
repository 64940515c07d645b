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

_EVER = 365_000
"""Days within which every certificate ends."""


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
        self._told: frozenset[str] = frozenset()

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

    def check(self, settings: Settings) -> tuple[list[str], list[str]]:
        """Whether :meth:`prepare` would succeed, without making or changing anything.

        Returns all that is wrong with any certificate, or with an authority, and what is wrong with
        certificates that nobody would be shown by default.
        """
        problems, others = self.bad_authorities(settings), []
        for place, store in zip(_places(settings), self._stores_for(settings), strict=True):
            # What is made at the start need not be there.
            if store is None or (self._makes_default(settings) and store.default == settings.tls.default):
                continue
            found = [f"{place}: {problem}" for problem in store.refresh()]
            if store.context_for(None) is None:
                problems += found
            else:
                others += found
        return problems, others

    def prepare(self, settings: Settings) -> None:
        """Have certificates ready for `settings`; a self-made one if the data folder has no default.

        Raises ConfigError, and changes nothing, if a certificate that is needed cannot be used.
        """
        if problems := self.bad_authorities(settings):
            raise ConfigError(problems)
        clients, links = self._stores_for(settings)
        if clients is None and links is None:
            return
        if self._makes_default(settings):
            from chatnet.transports.certificates import make_self_signed

            folder = self._folder(settings)
            names = [settings.server.name, "localhost", "127.0.0.1"]
            try:
                make_self_signed(folder / f"{settings.tls.default}.pem", names)
            except OSError as error:
                raise ConfigError([f"{folder}: cannot keep a certificate: {os_reason(error)}"]) from None
        before = self.stores
        of_clients, of_links = _places(settings)
        try:
            if clients is not None:
                self._gate = self._prepared(self._gate, clients, of_clients)
            if links is not None:
                self._link_gate = self._prepared(self._link_gate, links, of_links)
        except ConfigError:
            self.stores = before
            raise

    def _makes_default(self, settings: Settings) -> bool:
        """Whether the default certificate is to be made here: it is in the data folder, and is not there."""
        folder, default = self._folder(settings), settings.tls.default
        own = not settings.tls.certificates
        return own and not (folder / f"{default}.pem").exists() and not (folder / default).is_dir()

    def _stores_for(self, settings: Settings) -> tuple[Any, Any]:
        """New stores, not looked into yet, for clients and for links; None where nobody needs one."""
        clients = any(listen.tls and listen.kind != "server" for listen in settings.listen)
        servers = any(listen.tls and listen.kind == "server" for listen in settings.listen)
        dialled = any(block.tls and not a.startswith("/") for block in settings.link for a in block.addresses)
        if not (clients or servers or dialled):
            return None, None
        from chatnet.transports.certificates import CertificateStore, LinkCertificate
        from chatnet.transports.tls import prepare_context, prepare_link_context

        folder, default = self._folder(settings), settings.tls.default
        named = settings.links.certificate or default
        return (
            CertificateStore(folder, default, prepare_context) if clients else None,
            LinkCertificate(folder, named, prepare_link_context) if servers or dialled else None,
        )

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

    def bad_authorities(self, settings: Settings) -> list[str]:
        """What is wrong with the files of authorities of links."""
        problems = []
        for index, block in enumerate(settings.link):
            if block.ca:
                try:
                    self.trust.authorities(block.ca)
                except ValueError as error:
                    problems.append(f"link.{index}.ca: {error}")
        return problems

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

    def web(self, factory: ClientFactory) -> ClientProtocol:
        """The same for a web listener."""
        from chatnet.transports.web_tls import WebTLSProtocol

        return WebTLSProtocol(factory, self._gate)

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

    def refresh(self, *, anew: bool = False) -> tuple[list[str], list[str]]:
        """Look at the certificate files again: a sentence for each problem, and for each that is used now.

        What was wrong at the last look as well is not told again, unless all is told `anew`.
        """
        problems = [problem for store in self._in_use() for problem in store.refresh()]
        news = [sentence for store in self._in_use() for sentence in store.news]
        told, self._told = frozenset() if anew else self._told, frozenset(problems)
        return [each for each in dict.fromkeys(problems) if each not in told], list(dict.fromkeys(news))

    def expiring(self, now: datetime) -> list[str]:
        """A sentence for each certificate that ends soon."""
        days = self._settings().tls.warn_before_expiry
        sentences = [
            f"The certificate {name} {'expired' if end <= now else 'expires'} on {end:%Y-%m-%d}"
            for store in self._in_use()
            for name, end in store.expiring(days, now)
        ]
        return list(dict.fromkeys(sentences))

    def days(self, now: datetime) -> dict[str, int]:
        """How long each certificate is still valid, by its name; below 0 if it is not."""
        found = [each for store in self._in_use() for each in store.expiring(_EVER, now)]
        return {name: (end - now).days for name, end in found}

    def ends(self, now: datetime) -> dict[str, float]:
        """When each certificate ends, by its name: Unix time."""
        found = [each for store in self._in_use() for each in store.expiring(_EVER, now)]
        return {name: end.timestamp() for name, end in found}

    def exposed(self) -> list[str]:
        """A sentence for each private key that others may read or change."""
        return list(dict.fromkeys(sentence for store in self._in_use() for sentence in store.exposed()))

    def _in_use(self) -> list[Any]:
        return [store for store in self.stores if store is not None]


def _places(settings: Settings) -> tuple[str, str]:
    """The settings that say which certificates clients, and other servers, are shown."""
    return "tls.certificates", "links.certificate" if settings.links.certificate else "tls.certificates"
