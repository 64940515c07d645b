"""The one way in for all that is written of accounts and channels: stamped, stored, then made true.

Whoever writes reserves the names that are to be given out, so that nobody else gets them while a password is
hashed or the disk turns, and writes.  When that is answered the records are on the disk, and ``RecordsTaken``
has been told; then everything is to be looked up again, for others went on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from chatnet.model.facts import RecordsTaken
from chatnet.node import Node
from chatnet.records.claims import NAMES
from chatnet.records.grammar import fixed, seconds_of
from chatnet.rules.stamps import Clock, stamp_of
from chatnet.storage.interfaces import NameTaken, Store, StoreError
from chatnet.storage.record import Record

TELL_AGAIN: Final = 60.0
"""Seconds after which it is told again that nothing can be written."""


class Change(NamedTuple):
    """What a field of an entity is to be: a text, none (removed), or a function of the stamp it is given."""

    entity: str
    field: str
    value: str | Callable[[str], str] | None


class Ledger:
    """Writes into the `store`; stamps are made by the `clock` that stamps channels, too."""

    def __init__(self, node: Node, store: Store, clock: Clock) -> None:
        self.store = store
        self.trouble = ""
        """Why the last change could not be written; empty if it was."""
        self._told = -TELL_AGAIN
        self._node = node
        self._clock = clock
        self._reserved: set[tuple[int, str]] = set()
        registry = node.network.registry
        registry.resize(node.settings.limits.nick)
        newest: dict[str, str] = {}  # stamps, by the SID of who made them
        registry.load(_noted(store.load(), newest))
        for stamp in newest.values():
            clock.observe(stamp_of(stamp))
        mine = newest.get(node.network.me.sid)
        self.stamped_to = seconds_of(mine) if mine else 0.0
        """The Unix time of the last change that this server had made before it was started."""
        store.taken = self._taken

    @contextmanager
    def reserved(self, folded: Collection[str], kind: int = NAMES) -> Iterator[None]:
        """Keep names for somebody who is about to get them; NameTaken if they are kept for somebody else."""
        names = {(kind, each) for each in folded}
        for _, each in names & self._reserved:
            raise NameTaken(each, kind)
        self._reserved |= names
        try:
            yield
        finally:
            self._reserved -= names

    async def write(self, changes: Sequence[Change], names: Collection[tuple[str, int]] = ()) -> None:
        """Write all of `changes` with one stamp, or none; when it returns they are stored, and true.

        `names` (folded, kind) are those that nobody else may have asked for: else NameTaken.  StoreError
        where nothing can be written.
        """
        stamp = fixed(self._clock.next(self._node.clock.time()).text)
        records = [
            Record(entity, field, stamp, value(stamp) if callable(value) else value)
            for entity, field, value in changes
        ]
        try:
            await self.store.write(records, names)
        except StoreError as error:
            self._fail(error)
            raise
        self.trouble = ""

    def _fail(self, error: StoreError) -> None:
        """The log and operators read of it, once a minute."""
        self.trouble = f"{error} ({error.reason})" if error.reason else str(error)
        now = self._node.clock.monotonic()
        if now - self._told >= TELL_AGAIN:
            self._told = now
            text = f"Accounts cannot be changed: {self.trouble}"
            self._node.log.warn(text)
            self._node.notice("a", text)

    def _taken(self, records: Sequence[Record]) -> None:
        """What the store has taken, whoever wrote it."""
        for stamp in {record.stamp for record in records}:
            # Ours too: what is stored is never taken back.
            self._clock.observe(stamp_of(stamp))
        touched = self._node.network.registry.touched(records)
        self._node.commit(RecordsTaken(tuple(records), touched, self._node.clock.time()))


def _noted(records: Iterable[Record], newest: dict[str, str]) -> Iterator[Record]:
    """The same, one after the other, for they are many; the greatest stamp of each server is noted."""
    for record in records:
        stamp = record.stamp
        if stamp > newest.get(sid := stamp[-3:], ""):
            newest[sid] = stamp
        yield record
