"""Some figures as they went: of the last hour each ten seconds, of the last week each five minutes.

They are kept in memory, 0.3 MB of them, for the graphs of the operators' page.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import isnan, nan
from os import sysconf
from pathlib import Path
from time import process_time
from typing import Final, NamedTuple

from chatnet.api.families import number
from chatnet.api.figures import Figures

STEP: Final = 10.0
"""Seconds between two samples."""
SAMPLES: Final = 360
TOGETHER: Final = 30
"""Samples that become one of the long row, their mean."""
LONG_SAMPLES: Final = 2016
SPANS: Final = {
    "hour": (STEP, SAMPLES),
    "day": (STEP * TOGETHER, 288),
    "week": (STEP * TOGETHER, LONG_SAMPLES),
}
"""What can be asked for: seconds between two samples, and how many there are at most."""
_STATM: Final = Path("/proc/self/statm")


class Column(NamedTuple):
    """A number that is sampled; of a `rate` it is told how much it grew in a second."""

    read: Callable[[Figures], float]
    help: str
    rate: bool = False


def _of(name: str, *labels: str) -> Callable[[Figures], float]:
    return lambda figures: number(figures, name, *labels)


def _link_bytes(figures: Figures) -> float:
    return sum(link.bytes_in + link.bytes_out for link in figures.sessions.links.all)


def _lag(figures: Figures) -> float:
    return max((link.pulse.lag or 0.0 for link in figures.sessions.links.all), default=0.0)


def _up(figures: Figures) -> float:
    return sum(link.server is not None and not link.suspended for link in figures.sessions.links.all)


def memory(statm: Path = _STATM) -> float:
    """Bytes of memory that this process has; NaN where the system does not tell it so."""
    with suppress(OSError, ValueError, IndexError):
        return int(statm.read_text().split()[1]) * sysconf("SC_PAGE_SIZE")
    return nan


COLUMNS: Final[dict[str, Column]] = {
    "users": Column(_of("users", "local"), "users of this server"),
    "network_users": Column(_of("users", "network"), "users of the network"),
    "channels": Column(_of("channels"), "channels"),
    "operators": Column(_of("operators"), "operators"),
    "connections": Column(_of("connections"), "connections of all kinds"),
    "opened": Column(_of("connections_opened_total"), "connections that were opened, a second", True),
    "refused": Column(_of("connections_refused_total"), "connections that were refused, a second", True),
    "messages": Column(_of("messages_total"), "messages, a second", True),
    "commands": Column(_of("commands_total"), "commands of clients, a second", True),
    "sendq": Column(lambda figures: figures.sendq, "bytes that clients have not taken"),
    "turn_delay": Column(
        lambda figures: figures.lateness.take(), "seconds by which a timer was late, at most"
    ),
    "memory": Column(lambda figures: memory(), "bytes of memory of the process"),
    "cpu": Column(lambda figures: process_time(), "processors that are busy with it", True),
    "links": Column(_up, "links that are up"),
    "link_lag": Column(_lag, "seconds of the slowest answer of a neighbour"),
    "link_bytes": Column(_link_bytes, "bytes of links, both ways, a second", True),
}
"""By name.  What counts anew when a link is made anew is taken as nothing then."""


class _Row:
    """The last `most` samples of one number; what is not there yet is NaN."""

    __slots__ = ("_at", "_kept")

    def __init__(self, most: int) -> None:
        self._kept = array("d", [nan]) * most
        self._at = 0

    def add(self, value: float) -> None:
        """One more, in the place of the oldest."""
        self._kept[self._at] = value
        self._at = (self._at + 1) % len(self._kept)

    def last(self, count: int) -> list[float]:
        """The last of them, the oldest first."""
        ordered = self._kept[self._at :] + self._kept[: self._at]
        return list(ordered[-count:])


def mean(values: Sequence[float]) -> float:
    """Of those that are numbers; NaN of none."""
    known = [value for value in values if not isnan(value)]
    return sum(known) / len(known) if known else nan


class Series:
    """Samples `figures` from :meth:`start` on."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._short = {name: _Row(SAMPLES) for name in COLUMNS}
        self._long = {name: _Row(LONG_SAMPLES) for name in COLUMNS}
        self._before: dict[str, float] = {}
        self._count = 0
        self.until = 0.0
        """When the last sample was taken, Unix time."""
        self.long_until = 0.0
        """The same of the long rows."""

    def start(self) -> None:
        """Begin to sample."""
        self._figures.node.clock.later(STEP, self._tick)

    def _tick(self) -> None:
        node = self._figures.node
        node.clock.later(STEP, self._tick)
        node.run(self.sample())

    async def sample(self) -> None:
        """Take one of each."""
        await self._figures.look_at_sessions()
        self.until = self._figures.node.clock.time()
        for name, column in COLUMNS.items():
            self._short[name].add(self._sampled(name, column))
        self._count += 1
        if self._count % TOGETHER == 0:
            self.long_until = self.until
            for name, row in self._short.items():
                self._long[name].add(mean(row.last(TOGETHER)))

    def _sampled(self, name: str, column: Column) -> float:
        value = column.read(self._figures)
        if not column.rate:
            return value
        before, self._before[name] = self._before.get(name, nan), value
        return max(0.0, value - before) / STEP if not isnan(before) else nan

    def told(self, name: str, span: str) -> list[float | None]:
        """The samples of a number in one of the spans; None where there was none."""
        step, count = SPANS[span]
        rows = self._short if step == STEP else self._long
        return [None if isnan(value) else value for value in rows[name].last(count)]
