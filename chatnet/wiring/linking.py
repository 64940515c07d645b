"""Links to other servers over real connections: who may connect, whom we dial, and how all of them end.

Nothing of TLS is imported before there is a link, or a listener for one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from twisted.internet.task import deferLater

from chatnet.links.dialling.attempts import Attempt
from chatnet.links.draining import Drain
from chatnet.links.lifetimes import close_all, sweep
from chatnet.links.neighbour.connection import Exit
from chatnet.links.neighbour.identity import Identity
from chatnet.links.neighbour.link import Link
from chatnet.settings import ListenSettings
from chatnet.transports.client import ClientFactory
from chatnet.wiring.build import Parts
from chatnet.wiring.security import Security

LOOK: Final = 0.002
"""Seconds between two looks whether neighbours have confirmed all: few, for people go on talking."""


class Linking:
    """Makes connections to other servers; `entered` and `left` are told of each that we dial."""

    def __init__(
        self,
        reactor: Any,
        parts: Parts,
        security: Security,
        entered: Callable[[], None],
        left: Callable[[], None],
    ) -> None:
        self._reactor = reactor
        self._parts = parts
        self._security = security
        self._entered = entered
        self._left = left
        self._strangers: Any = None

    def factory(
        self, listen: ListenSettings, admit: Callable[[str], str | None], release: Callable[[str], None]
    ) -> ClientFactory:
        """Who is to serve a listener for servers."""
        return cast(
            ClientFactory,
            self._make_factory(listen, self._parts.links.open, admit=admit, release=release),
        )

    def connect(self, attempt: Attempt) -> None:
        """Make the connection that the node wants."""
        from chatnet.transports.server import dial

        def admit(address: str) -> None:
            self._entered()

        block = attempt.block
        tls = block.tls and not attempt.address.startswith("/")
        factory = self._make_factory(
            ListenSettings(endpoint=f"to:{attempt.address}", kind="server", tls=tls),
            attempt.opened,
            dialled=block.name,
            failed=attempt.failed,
            admit=admit,
            release=lambda address: self._left(),
        )
        dial(self._reactor, attempt, factory, self._parts.node.settings.links.connect_timeout)

    def sweep(self) -> None:
        """What is to be done every second or so."""
        sweep(self._parts.links)
        self._parts.links.dialler.sweep()
        self._parts.links.standbys.sweep()
        self._parts.links.stores.sweep()
        if self._parts.links.keeps_records:
            self._parts.links.feeds.comparing.sweep()

    async def drain(self) -> None:
        """Wait until the neighbours have applied all that was said, as long as the settings allow."""
        drain = Drain(self._parts.links)
        end = self._reactor.seconds() + self._settings().links.drain_timeout
        while not drain.look() and self._reactor.seconds() < end:
            await deferLater(self._reactor, LOOK, lambda: None)

    def close(self, reason: str) -> None:
        """End all links, and begin none."""
        self._parts.links.calling.resting = True
        close_all(self._parts.links, reason)

    def _make_factory(
        self, listen: ListenSettings, open_link: Callable[[Exit, Identity], Link], **options: Any
    ) -> Any:
        from chatnet.transports.server import LinkFactory, Strangers

        settings = self._settings
        if self._strangers is None:
            self._strangers = Strangers(settings)
        return LinkFactory(
            listen,
            turn=self._parts.turn,
            repeats=self._parts.repeats,
            clock=self._reactor,
            open_link=open_link,
            strangers=self._strangers,
            trust=self._security.trust,
            gate=self._security.gate_of_links(listen.tls),
            send_timeout=lambda: settings().links.send_timeout,
            insecure=lambda: any(block.insecure for block in settings().link),
            **options,
        )

    def _settings(self) -> Any:
        return self._parts.node.settings
