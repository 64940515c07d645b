"""``/metrics``: the figures of this server for Prometheus, as text.  It needs the extra ``metrics``.

Nothing is counted by the library; one collector reads the house when somebody asks.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from math import inf
from typing import Final

import psutil
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from chatnet.api.exposition import merged
from chatnet.api.families import COUNTER, GAUGE, all_of, one
from chatnet.api.figures import Family, Figures
from chatnet.model.histogram import Histogram
from chatnet.web.exchange import Ask, Reply, sentence

PREFIX: Final = "chatnet_"
DENIED: Final = (
    "Figures of this server are for the addresses of web.metrics_from, and for tokens with metrics."
)

one(
    "host_memory_available_bytes",
    GAUGE,
    "Bytes of memory of this machine that can be had.",
    lambda figures: psutil.virtual_memory().available,
)
one(
    "host_load1",
    GAUGE,
    "How many processes of this machine ran or wanted to, in the last minute.",
    lambda figures: psutil.getloadavg()[0],
)


class House(Collector):
    """Reads `figures`, those of the table."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that it is not asked before it is time."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """All families."""
        for family in all_of(self._figures):
            yield metric(family, self._figures)


def metric(family: Family, figures: Figures) -> Metric:
    """What the library tells of one."""
    name, labels = PREFIX + family.name, family.labels
    if family.kind in (GAUGE, COUNTER):
        made = GaugeMetricFamily if family.kind == GAUGE else CounterMetricFamily
        numbers = made(name, family.help, labels=labels)
        for values, number in family.read(figures):
            assert not isinstance(number, Histogram)
            numbers.add_metric(values, number)
        return numbers
    histogram = HistogramMetricFamily(name, family.help, labels=labels)
    for values, found in family.read(figures):
        assert isinstance(found, Histogram)
        steps = [("+Inf" if bound == inf else str(bound), count) for bound, count in found.steps()]
        histogram.add_metric(values, steps, found.total)
    return histogram


class Metrics:
    """Answers who `may` read the figures.

    `gather` gives those of all processes of this server, by their numbers, if it has several.
    """

    def __init__(
        self,
        figures: Figures,
        may: Callable[[Ask], Awaitable[bool]],
        gather: Callable[[str], Awaitable[Mapping[int, str]]] | None = None,
    ) -> None:
        self._gather = gather
        self._figures = figures
        self._may = may
        self._registry = CollectorRegistry()
        self._registry.register(House(figures))
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    async def answer(self, ask: Ask) -> Reply:
        """The figures, in the format that was asked for: text 0.0.4, or OpenMetrics."""
        if not await self._may(ask):
            return sentence(403, DENIED)
        accept = ask.headers.get("accept", "")
        if self._gather is None:
            text, kind = await self.text(accept)
        else:
            text, kind = merged(await self._gather(accept)).encode(), choose_encoder(accept)[1]
        return Reply(200, text, (("Content-Type", kind), ("Cache-Control", "no-store")))

    async def text(self, accept: str) -> tuple[bytes, str]:
        """The figures of this process, and the kind of text that they are."""
        await self._figures.look()
        encode, kind = choose_encoder(accept)
        return encode(self._registry), kind
