"""Web listeners: who answers at which path, made with the first of them, and the end of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from twisted.internet.threads import deferToThreadPool

from chatnet.api.client_pages import ClientPages
from chatnet.api.readiness import Readiness, State
from chatnet.api.signposts import signposts
from chatnet.api.site import Site
from chatnet.api.traffic import Traffic
from chatnet.pages import Pages, read
from chatnet.settings import ListenSettings
from chatnet.transports.client import ClientFactory
from chatnet.transports.crowd import Crowd
from chatnet.transports.files import read_regular
from chatnet.web.exchange import Place
from chatnet.wiring.build import Parts
from chatnet.wiring.monitoring import Gather, Monitoring
from chatnet.wiring.programs import Programs
from chatnet.wiring.security import Security

CHALLENGE = 4096
"""Bytes of what answers a challenge for a certificate."""


class Web:
    """What all web listeners have in common."""

    def __init__(
        self,
        reactor: Any,
        parts: Parts,
        security: Security,
        base: Path,
        data: Path,
        running: Callable[[], bool],
        entered: Callable[[], object],
        left: Callable[[], object],
        programs: Programs,
        gather: Gather | None = None,
    ) -> None:
        self._reactor = reactor
        self._parts = parts
        self._security = security
        self._base = base
        self._running = running
        self._programs = programs
        self._site: Site | None = None
        self.crowd = Crowd(lambda: parts.node.settings, entered, left)
        self._traffic = Traffic()
        self._monitoring = Monitoring(parts, security, programs, self.crowd, self._traffic, data, gather)

    def factory(self, listen: ListenSettings, options: Mapping[str, Any]) -> ClientFactory:
        """Who is to serve such a listener.  Raises PagesError if the client is not whole."""
        from chatnet.transports.web import WebFactory

        node = self._parts.node
        if self._site is None:
            self._site = Site(node, self._security.is_ours, list(self.places(read())))
            self._site.heard.append(self._traffic.heard)
        return cast(
            ClientFactory,
            WebFactory(
                listen,
                site=self._site,
                crowd=self.crowd,
                web=lambda: node.settings.web,
                settings=lambda: node.settings.websocket,
                going_away=lambda: not self._running(),
                tls=self._security.web,
                **options,
            ),
        )

    def places(self, pages: Pages) -> Iterator[Place]:
        """All that is answered; of two for one path the first counts."""
        parts = self._parts
        yield from Readiness(parts.node, self._state, self._checks).places()
        yield from self._programs.places()
        yield from self._monitoring.places()
        yield from ClientPages(parts.node, pages).places()
        yield from signposts(self._challenge)

    async def figures(self, accept: str) -> str:
        """The figures of this process, in the format that is asked for."""
        return await self._monitoring.figures(accept)

    def close(self) -> None:
        """Nobody is asked anything more; what is being answered is."""
        self.crowd.close()

    def _state(self) -> State:
        if not self._running():
            return "draining"
        return "degraded" if any(self._troubles().values()) else "ready"

    def _troubles(self) -> dict[str, str]:
        """What is wrong with each store; empty: nothing."""
        parts = self._parts
        found = {}
        if parts.recorder is not None:
            found["history"] = parts.recorder.health.trouble
        if parts.accounts is not None:
            found["accounts"] = parts.accounts.ledger.trouble
        return found

    def _checks(self) -> Mapping[str, object]:
        return {
            "stores": {name: trouble or "ok" for name, trouble in self._troubles().items()},
            "links": "ok" if self._parts.links.dialler.all_up() else "not all are up",
            "certificate_days": self._security.days(datetime.now(UTC)),
        }

    async def _challenge(self, name: str) -> bytes | None:
        folder = self._parts.node.settings.web.acme
        if not folder:
            return None
        path = self._base / folder / name
        try:
            found: bytes = await deferToThreadPool(
                self._reactor, self._reactor.getThreadPool(), read_regular, path, CHALLENGE
            )
        except (OSError, ValueError):
            return None
        return found
