"""What happened in a channel lately: joins for mode j (JOINs of people), knocks, and the last renaming.

It is not part of the model: each server counts for itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from chatnet.model.entities import Channel
from chatnet.model.facts import ChannelRenamed, Fact, Joined, Knocked


class Throttles:
    """Counts as facts are told to it, and forgets a channel that is gone; `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._joins: WeakKeyDictionary[Channel, deque[float]] = WeakKeyDictionary()
        self._counted = False  # True if joins were ever counted; most networks do without
        self._knocks: WeakKeyDictionary[Channel, float] = WeakKeyDictionary()
        self._renames: WeakKeyDictionary[Channel, float] = WeakKeyDictionary()
        self.hears: Mapping[type[Fact], Callable[[Any, object], None]] = {
            Joined: self._joined,
            Knocked: self._knocked,
            ChannelRenamed: self._renamed,
        }

    def _joined(self, fact: Joined, origin: object) -> None:
        if not fact.asked:
            return
        if fact.channel.throttle is None:
            if self._counted:
                self._joins.pop(fact.channel, None)
            return
        self._counted = True
        recent = self._joins.setdefault(fact.channel, deque())
        recent.extend([self._monotonic()] * len(fact.members))
        while len(recent) > fact.channel.throttle[0]:
            recent.popleft()

    def _knocked(self, fact: Knocked, origin: object) -> None:
        self._knocks[fact.channel] = self._monotonic()

    def _renamed(self, fact: ChannelRenamed, origin: object) -> None:
        self._renames[fact.channel] = self._monotonic()

    def joins_exceeded(self, channel: Channel) -> bool:
        """True if as many came in as mode j allows, within its seconds."""
        if channel.throttle is None or (recent := self._joins.get(channel)) is None:
            return False
        joins, seconds = channel.throttle
        since = self._monotonic() - seconds
        return sum(at > since for at in recent) >= joins

    def knocked_within(self, channel: Channel, seconds: float) -> bool:
        """True if somebody knocked on `channel` within the last `seconds`."""
        at = self._knocks.get(channel)
        return at is not None and at > self._monotonic() - seconds

    def renamed_within(self, channel: Channel, seconds: float) -> bool:
        """True if `channel` got its name within the last `seconds`."""
        at = self._renames.get(channel)
        return at is not None and at > self._monotonic() - seconds
