"""Entries of lists that are there for a time: each server takes them away when that has come.

It was said when they were set (TBAN), so that nobody has to be told of it, also while servers are apart.  The
change bears the stamp right after the one by which the entry was set: so all make the same of it, and it
undoes nothing that somebody has said later.  Servers that know no such time hear it as a change.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from chatnet.model.entities import Channel, ListEntry
from chatnet.model.facts import EntriesAdded, Fact, Hearer, Joined, ModeChange, ModesChanged
from chatnet.model.ids import Folded, derived
from chatnet.node import Node, Timer
from chatnet.rules.stamps import Stamp

LONGEST: Final = 86400.0
"""Seconds until the next look, at most."""
SPARE: Final = 1000
"""Entries that may be waited for before it is looked which of them are there still."""

SetAt = Callable[[Channel, str], Stamp | None]
"""By which stamp a register of a channel was changed last, as far as that is known."""


class TimedBans:
    """An observer of entries that have an end; `set_at` knows when they were set."""

    def __init__(self, node: Node, set_at: SetAt) -> None:
        self._node = node
        self._set_at = set_at
        self._ends: list[tuple[int, int, Channel, str, ListEntry]] = []
        self._number = 0
        self._most = SPARE
        self._timer: Timer | None = None
        self._due = 0.0
        self.hears: Mapping[type[Fact], Hearer] = {
            ModesChanged: self._modes_changed,
            EntriesAdded: self._entries_added,
            Joined: self._joined,
        }

    def _modes_changed(self, fact: ModesChanged, origin: object) -> None:
        for change in fact.changes:
            if change.until is not None and change.adding:
                self._note(fact.channel, change.letter, fact.channel.lists[change.letter].values())
                return

    def _entries_added(self, fact: EntriesAdded, origin: object) -> None:
        self._note(fact.channel, fact.letter, fact.entries)

    def _joined(self, fact: Joined, origin: object) -> None:
        if fact.created:
            for letter, entries in fact.channel.lists.items():
                if entries:
                    self._note(fact.channel, letter, entries.values())

    def _note(self, channel: Channel, letter: str, entries: Iterable[ListEntry]) -> None:
        for entry in entries:
            if entry.until is not None:
                self._number += 1
                heapq.heappush(self._ends, (entry.until, self._number, channel, letter, entry))
        if len(self._ends) > self._most:
            there = {(id(each[2]), id(each[4])): each for each in self._ends if self._is_there(*each[2:])}
            self._ends = sorted(there.values(), key=lambda each: each[:2])
            self._most = 2 * len(self._ends) + SPARE
        self._wait()

    def _is_there(self, channel: Channel, letter: str, entry: ListEntry) -> bool:
        alive = self._node.network.channels.get(channel.folded) is channel
        return alive and channel.lists[letter].get(self._folded(entry)) is entry

    def _folded(self, entry: ListEntry) -> Folded:
        return self._node.network.fold(entry.mask)

    def _wait(self) -> None:
        """Until the first one is over."""
        if self._timer is not None and (not self._ends or self._ends[0][0] != self._due):
            self._timer.cancel()
            self._timer = None
        if self._ends and self._timer is None:
            self._due = self._ends[0][0]
            seconds = self._due - self._node.clock.time()
            self._timer = self._node.clock.later(min(max(seconds, 0.0), LONGEST), self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        now = self._node.clock.time()
        while self._ends and self._ends[0][0] <= now:
            _, _, channel, letter, entry = heapq.heappop(self._ends)
            if self._is_there(channel, letter, entry):
                self._end(channel, letter, entry, now)
        self._wait()

    def _end(self, channel: Channel, letter: str, entry: ListEntry, now: float) -> None:
        me = self._node.network.me
        stamp = self._set_at(channel, f"{letter}:{self._folded(entry)}")
        # Of what is not known any more, it is so where it was set: within that second.
        stamp = Stamp(entry.at * 1000 + 999, 0, me.sid) if stamp is None else stamp.next(stamp.sid)
        change = ModeChange(False, letter, entry.text)
        msgid = derived(*stamp, channel.place, "MODE.end")
        self._node.commit(ModesChanged(channel, (change,), me, now, msgid=msgid), stamp)
