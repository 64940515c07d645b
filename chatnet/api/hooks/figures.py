"""Figures of what hooks tell, for monitoring."""

from __future__ import annotations

from collections.abc import Iterable

from chatnet.api.families import COUNTER, GAUGE
from chatnet.api.figures import Family, Figures, Sample
from chatnet.api.hooks.deliveries import Deliveries


def families(deliveries: Deliveries) -> list[Family]:
    """What there is to tell of them."""

    def results(figures: Figures) -> Iterable[Sample]:
        yield ("told",), deliveries.told
        yield ("given up",), deliveries.given_up
        yield ("lost",), deliveries.lost

    def waiting(figures: Figures) -> Iterable[Sample]:
        yield (), deliveries.waiting

    return [
        Family("hook_deliveries_total", COUNTER, ("result",), "Events that hooks told, or did not.", results),
        Family("hook_queue_events", GAUGE, (), "Events that hooks have to tell yet.", waiting),
    ]
