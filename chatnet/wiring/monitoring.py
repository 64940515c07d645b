"""What web listeners tell of this server beside chat: figures, feeds and logs."""

from __future__ import annotations

import os
import platform
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import twisted
from chatnet.api.feeds import Feeds
from chatnet.api.figures import Figures, Outside
from chatnet.api.happenings import Happenings
from chatnet.api.lateness import Lateness
from chatnet.api.logs import Logs
from chatnet.api.notices import Notices
from chatnet.api.operating import Operating
from chatnet.api.problems import Problem
from chatnet.api.published import Published
from chatnet.api.series import Series
from chatnet.api.statistics import Statistics
from chatnet.api.traffic import Traffic
from chatnet.transports.crowd import Crowd
from chatnet.web.exchange import Ask, Place, Reply, sentence
from chatnet.wire.networks import address_in, networks_of
from chatnet.wiring.build import Parts
from chatnet.wiring.programs import Programs
from chatnet.wiring.security import Security

Gather = Callable[[str], Awaitable[Mapping[int, str]]]
"""Asks all processes of this server for their figures, in the format that is asked for."""
MISSING = (
    "This needs prometheus-client and psutil, which the extra metrics brings: install chatnet with [metrics]"
    " behind its name or its path, as in pip install -e '.[metrics]' from its source; then start it again."
)


class Monitoring:
    """`programs` are those who ask with a token, `traffic` what was asked; `folder` is the data folder."""

    def __init__(
        self,
        parts: Parts,
        security: Security,
        programs: Programs,
        crowd: Crowd,
        traffic: Traffic,
        folder: Path,
        gather: Gather | None = None,
    ) -> None:
        node, sessions, recorder = parts.node, parts.sessions, parts.recorder
        self._node = node
        self._parts = parts
        self._programs = programs
        self._folder = folder
        self._gather = gather
        self._alone: Any = None  # what tells the figures of this process to others
        outside = Outside(
            self._free,
            lambda: security.ends(datetime.now(UTC)),
            crowd.by_encryption,
            lambda: crowd.opened,
            lambda: crowd.refused,
            lambda: (platform.python_version(), twisted.__version__),
            lambda: len(programs.api.parts.streams),
            lambda: len(programs.api.parts.clients),
            self._delivered,
            self._queued,
            programs.plugins.gauges,
        )
        figures = Figures(sessions, outside, Lateness(node.clock), traffic)
        notices = Notices(node, lambda: node.settings.api.notices)
        self.operating = Operating(figures, Series(figures), notices)
        programs.api.parts.operating = self.operating
        notices.followers.append(programs.api.parts.streams.noticed)
        self._published = Published(sessions, parts.messages, int if recorder is None else recorder.flush)
        node.observe_too(notices)
        node.observe_too(Happenings(programs.api.parts.streams))
        node.observe_too(self._published)
        figures.lateness.start()
        self.operating.series.start()

    def places(self) -> Iterator[Place]:
        """Where it is told."""
        figures = self.operating.figures
        yield Place("/feeds/", "feeds", Feeds(self._published).answer)
        yield Place("/logs/", "logs", Logs(self._published).answer)
        yield Place("/stats.xml", "metrics", Statistics(figures, self._may).answer)
        try:
            from chatnet.api.metrics import Metrics  # needs an extra
        except ImportError:
            yield Place("/metrics", "metrics", _missing)
        else:
            yield Place("/metrics", "metrics", Metrics(figures, self._may, self._gather).answer)

    async def figures(self, accept: str) -> str:
        """The figures of this process alone; nothing without the extra."""
        try:
            from chatnet.api.metrics import Metrics  # as above
        except ImportError:
            return ""
        if self._alone is None:
            self._alone = Metrics(self.operating.figures, self._may)
        text: bytes = (await self._alone.text(accept))[0]
        return text.decode()

    async def _may(self, ask: Ask) -> bool:
        """Whether somebody may read figures: by their address, or by a token."""
        if address_in(ask.address, networks_of(self._node.settings.web.metrics_from)):
            return True
        if "authorization" not in ask.headers:
            return False
        identities = self._programs.api.parts.identities
        try:
            return identities.may_watch(await identities.of(ask.headers["authorization"], ask.address))
        except Problem:
            return False

    def _delivered(self) -> Mapping[str, int]:
        outgoing = self._programs.outgoing
        if outgoing is None:
            return {}
        found = outgoing.deliveries
        return {"told": found.told, "given up": found.given_up, "lost": found.lost}

    def _queued(self) -> int | None:
        outgoing = self._programs.outgoing
        return None if outgoing is None else outgoing.deliveries.waiting

    def _free(self) -> int | None:
        try:
            found = os.statvfs(self._folder)
        except OSError:
            return None
        return found.f_bavail * found.f_frsize


async def _missing(ask: Ask) -> Reply:
    return sentence(501, MISSING)
