"""Akicks of the kind q that are for a time: when that is over, whoever they meant may speak again.

An akick that keeps somebody out is looked at when they come; a mute is a ban, which somebody has to lift.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from chatnet.model.entities import Channel
from chatnet.model.facts import Fact, Hearer, RecordsTaken
from chatnet.model.registered import RegisteredChannel
from chatnet.node import Node, Timer
from chatnet.records.channels import AKICK, MUTE
from chatnet.records.grammar import CHANNEL, split
from chatnet.rules.acting import acts
from chatnet.services.refused import Refused

AGAIN: Final = 60.0
"""Seconds after which it is looked again whether another server has lifted what is over."""
LONGEST: Final = 86400.0
"""Seconds until the next look, at most."""

Lift = Callable[[RegisteredChannel, Iterable[str]], Coroutine[Any, Any, None]]
"""Takes akicks away, by their targets."""


class Mutes:
    """An observer of mutes; `state` gives a registered channel as it is, and `lift` lifts some of them."""

    def __init__(self, node: Node, state: Callable[[RegisteredChannel], Channel], lift: Lift) -> None:
        self._node = node
        self._registered = node.network.registry.channels
        self._state = state
        self._lift = lift
        self._until: dict[str, int] = {}  # when the first one of a channel is over
        self._timer: Timer | None = None
        self._look_at(self._registered.by_id)
        self.hears: Mapping[type[Fact], Hearer] = {RecordsTaken: self._records_taken}

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        changed = {
            record.entity
            for record in fact.records
            if record.entity[0] == CHANNEL and split(record.field)[0] == AKICK
        }
        if changed:
            self._look_at(changed)

    def _look_at(self, entities: Iterable[str]) -> None:
        for entity in entities:
            registration = self._registered.by_id.get(entity)
            akicks = () if registration is None else registration.akicks.values()
            timed = [akick.until for akick in akicks if akick.how == MUTE and akick.until]
            if timed:
                self._until[entity] = min(timed)
            else:
                self._until.pop(entity, None)
        self._wait(0.0)

    def _wait(self, least: float) -> None:
        """Until the next one is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._until:
            seconds = min(self._until.values()) - self._node.clock.time()
            self._timer = self._node.clock.later(min(max(seconds, least), LONGEST), self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        self._node.run(self._lift_all())

    async def _lift_all(self) -> None:
        now = self._node.clock.time()
        for entity in [entity for entity, until in self._until.items() if until <= now]:
            registration = self._registered.by_id.get(entity)
            if registration is None:
                del self._until[entity]
                continue
            over = [
                target for target, akick in registration.akicks.items()
                if akick.how == MUTE and 0 < akick.until <= now
            ]  # fmt: skip
            if over and acts(self._node.network, self._state(registration)):
                with suppress(Refused):  # it is tried again
                    await self._lift(registration, over)
        self._wait(AGAIN)
