"""Figures of this server, as monitoring wants them: read when somebody asks, and written nowhere.

What ``/metrics`` and the graphs of operators read is at hand, but for what has to be looked for: among many
sessions, in slices, or in the store.  That is looked for before, by :meth:`Figures.look`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from chatnet.api.lateness import Lateness
from chatnet.api.traffic import Traffic
from chatnet.api.turns import next_turn
from chatnet.model.histogram import Histogram
from chatnet.session.sessions import Sessions
from chatnet.storage.interfaces import StoreError

SLICE: Final = 500
"""Sessions that are looked at in one turn."""
STORE_AGE: Final = 30.0
"""Seconds for which the figures of the store are not asked for again."""

Sample = tuple[tuple[str, ...], float | Histogram]
"""The values of the labels, and the number."""


class Outside(NamedTuple):
    """What the house does not know by itself: whoever runs it says so, whenever that is asked.

    `free` is how many bytes the disk has left on which the data folder is, None: nobody knows; `certificates`
    is when each ends (Unix time); `http` how many connections speak HTTP, by whether they are under TLS, and
    `opened` and `refused` how many of these there have been; `versions` is what this runs on.  Of programs
    it is how many `streams` of events there are, and `clients` that stand for them; how often events were
    `delivered` to hooks, by what came of it, and how many are `queued`; and the `gauges` of plugins.
    """

    free: Callable[[], int | None] = lambda: None
    certificates: Callable[[], Mapping[str, float]] = dict
    http: Callable[[], Mapping[bool, int]] = dict
    opened: Callable[[], int] = int
    refused: Callable[[], int] = int
    versions: Callable[[], tuple[str, str]] = lambda: ("", "")
    """Of Python and Twisted."""
    streams: Callable[[], int] = int
    clients: Callable[[], int] = int
    delivered: Callable[[], Mapping[str, int]] = dict
    queued: Callable[[], int | None] = lambda: None
    gauges: Callable[[], Mapping[str, float]] = dict


class Figures:
    """Of the server whose `sessions` these are."""

    def __init__(self, sessions: Sessions, outside: Outside, lateness: Lateness, traffic: Traffic) -> None:
        self.sessions = sessions
        self.node = sessions.node
        self.counts = sessions.node.counts
        self.outside = outside
        self.lateness = lateness
        self.traffic = traffic
        self.sendq = 0
        """Bytes that clients have not taken."""
        self.backlogged = 0
        """Clients whose lines wait."""
        self.connected: Counter[tuple[str, bool]] = Counter()
        """Connections by what is spoken there, and whether they are under TLS."""
        self._looked = float("-inf")

    async def look(self) -> None:
        """Look at all sessions, and at the store, unless that was done a moment ago."""
        await self.look_at_sessions()
        now = self.node.clock.monotonic()
        if now < self._looked + STORE_AGE:
            return
        self._looked = now
        with suppress(StoreError):  # which is counted where it is told; the last figures stay
            if self.sessions.health is not None:
                await self.sessions.health.look()

    async def look_at_sessions(self) -> None:
        """Look at all sessions alone."""
        sendq = backlogged = 0
        listeners: dict[tuple[str, bool], int] = {}
        sessions, known = list(self.sessions.all), listeners.get
        for start in range(0, len(sessions), SLICE):
            if start:
                await next_turn(self.node.clock)
            for session in sessions[start : start + SLICE]:
                sendq += session.outlet.waiting
                if session.backlog is not None:
                    backlogged += 1
                peer = session.peer
                place = peer.listener, peer.secure
                listeners[place] = known(place, 0) + 1
        connected: Counter[tuple[str, bool]] = Counter()
        kinds = self.sessions.kinds
        for (listener, secure), number in listeners.items():
            connected[kinds.get(listener, "other"), secure] += number
        for link in self.sessions.links.all:
            if not link.suspended:
                connected["server", link.identity.secure] += 1
        for secure, number in self.outside.http().items():
            connected["http", secure] += number
        self.sendq, self.backlogged, self.connected = sendq, backlogged, connected


class Family(NamedTuple):
    """One name, ``chatnet_`` before it, and what it counts; `kind` is a word of Prometheus."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    read: Callable[[Figures], Iterable[Sample]]
