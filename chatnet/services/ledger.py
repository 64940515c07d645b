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
from chatnet.model.registry import NOT_KEPT
from chatnet.node import Node
from chatnet.records.claims import NAMES
from chatnet.records.grammar import fixed, is_record
from chatnet.rules.stamps import NEVER, SLACK, Clock, Stamp, stamp_of
from chatnet.storage.interfaces import NameTaken, Store, StoreError
from chatnet.storage.record import SERVER, Record

SPAN: Final = 36**5
"""Milliseconds: 17 hours, after which another one of the first digits of a stamp changes."""
PAGE: Final = 1000
"""Records that are looked at together."""
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
        self._complained = False
        """Whether trouble was told, and not yet that it is over."""
        self._node = node
        self._clock = clock
        self._reserved: set[tuple[int, str]] = set()
        registry = node.network.registry
        registry.resize(node.settings.limits.nick)
        self._last: dict[int, tuple[int, int]] = {}
        """The last stamp of this server of each span of time, by milliseconds and number."""
        self.stamped_to = 0.0
        """The Unix time that it was here last, as far as is known, before this server was started."""
        registry.load(store.load(NOT_KEPT))
        self._unread = stamp_of(store.newest) if store.newest else NEVER
        """The newest stamp of the store, as long as nobody had to look which others there are."""
        if self._unread.ms > node.clock.time() * 1000:
            self._note_all(store.stamps())
        elif self._unread.sid == node.network.me.sid and not self._unread.number:
            self.stamped_to = self._unread.ms / 1000
        clock.kept = self._kept
        clock.set_back(NEVER)
        store.taken = self._taken
        store.troubled = self._troubled

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

    async def write(
        self, changes: Sequence[Change], names: Collection[tuple[str, int]] = (), *, after: str = ""
    ) -> None:
        """Write all of `changes` with one stamp, or none; when it returns they are stored, and true.

        What is no record raises ValueError, for neither a file nor a link could have it.
        `names` (folded, kind) are those that nobody else may have asked for: else NameTaken.  `after` is the
        stamp of what they say in another form only: they follow that at once, so that whatever was said
        meanwhile counts, here and elsewhere.  StoreError where nothing can be written.
        """
        await self.set_right()
        if after:
            stamp = fixed(stamp_of(after).next(self._node.network.me.sid).text)
        else:
            stamp = fixed(self._clock.next(self._node.clock.time()).text)
        records = [
            Record(entity, field, stamp, value(stamp) if callable(value) else value)
            for entity, field, value in changes
        ]
        if not all(map(is_record, records)):
            raise ValueError("this is no record")
        try:
            await self.store.write(records, names)
        except StoreError as error:
            self._fail(error)
            raise
        self._fine()

    async def keep(self, records: Sequence[Record]) -> None:
        """Write records that bear the stamps under which links tell of the same; StoreError as in `write`.

        What is no news is left out.
        """
        await self.set_right()
        try:
            await self.store.write(records)
        except StoreError as error:
            self._fail(error)
            raise
        self._fine()

    async def take(self, records: Sequence[Record]) -> None:
        """Write `records` that bear stamps already: of an export, or of what another program kept.

        What is known later stays; all or none is written.  ValueError for what no server would take, or no
        file could have; StoreError where nothing can be written.
        """
        await self.set_right()
        most = self._most
        if any(not is_record(record) or stamp_of(record.stamp).ms > most for record in records):
            raise ValueError("this is no record, or of a time to come")
        await self.keep(records)

    def _fail(self, error: StoreError) -> None:
        """The log and operators read of it, once a minute."""
        self.trouble = f"{error} ({error.reason})" if error.reason else str(error)
        now = self._node.clock.monotonic()
        if now - self._told >= TELL_AGAIN:
            self._told = now
            self._complained = True
            text = f"Accounts cannot be changed: {self.trouble}"
            self._node.log.warn(text)
            self._node.notice("a", text)

    def _troubled(self, error: StoreError | None) -> None:
        """What the store says of itself: why it cannot be written to, or that it can."""
        if error is not None:
            self._fail(error)
        else:
            self._fine()

    def _fine(self) -> None:
        """The store can be written to: who read that it could not reads so."""
        self.trouble = ""
        if self._complained:
            self._complained = False
            text = "Accounts can be changed again"
            self._node.log.warn(text)
            self._node.notice("a", text)

    def _taken(self, records: Sequence[Record]) -> None:
        """What the store has taken, whoever wrote it."""
        most, me = self._most, self._node.network.me.sid
        stamps = {record.stamp for record in records}
        theirs = [stamp for stamp in stamps if stamp[SERVER] != me]
        if theirs:  # of which the last one counts
            self._note(stamp_of(max(theirs)), most)
        for stamp in stamps.difference(theirs):
            self._note(stamp_of(stamp), most)
        touched = self._node.network.registry.touched(records)
        self._node.commit(RecordsTaken(tuple(records), touched, self._node.clock.time()))

    # a clock that was wrong

    def _note_all(self, stamps: Iterable[str]) -> None:
        """Take note of all that was ever stamped: the clock goes on from there.

        To look at all takes a fifth of a start with many accounts, so it is done only where a clock is or was
        wrong.  Else the newest of all stamps is enough.
        """
        self._unread = NEVER
        me, most = self._node.network.me.sid, self._most
        for stamp in map(stamp_of, stamps):
            self._note(stamp, most)
            if stamp.sid == me and not stamp.number:
                # Our clock gave it. With a number it follows another one, which the clock of another server
                # may have given: that one of them is ahead says nothing against ours.
                self.stamped_to = max(self.stamped_to, stamp.ms / 1000)

    def _note(self, stamp: Stamp, most: int) -> None:
        if stamp.sid != self._node.network.me.sid:
            self._clock.observe(stamp)
            return
        if stamp.ms <= most:
            self._clock.go_on_after(stamp)
        span = stamp.ms // SPAN
        self._last[span] = max(self._last.get(span, (0, 0)), stamp[:2])

    @property
    def _most(self) -> int:
        """The milliseconds beyond which others take no stamp of ours."""
        now, settings = self._node.clock.time(), self._node.settings.links
        return int((now + settings.stamp_horizon + SLACK) * 1000)

    def _kept(self) -> tuple[int, int]:
        """The last stamp of ours that holds: what is beyond is to be stamped anew."""
        known = (*self._last.values(), self._unread[:2])
        return max((last for last in known if last[0] <= self._most), default=(0, 0))

    async def set_right(self) -> None:
        """Stamp anew what this server had stamped while its clock was far ahead: nobody else has that.

        Whoever was told it has ended the link.  Until then nothing could change it.
        """
        most = self._most
        if self._unread.ms <= most and all(last <= most for last, _ in self._last.values()):
            return
        self._unread = NEVER
        self._clock.set_back(NEVER)
        far: dict[str, list[Record]] = {}
        page = await self.store.page(0, PAGE)
        while page.records:
            for record in page.records:
                stamp = stamp_of(record.stamp)
                self._note(stamp, most)
                if stamp.ms > most and stamp.sid == self._node.network.me.sid:
                    far.setdefault(record.stamp, []).append(record)
            page = await self.store.page(page.seq, PAGE)
        self.stamped_to = min(self.stamped_to, self._kept()[0] / 1000)
        anew = [each for stamp in sorted(far) for each in self._anew(far[stamp])]
        await self.store.correct(anew)
        self._last = {span: last for span, last in self._last.items() if last[0] <= most}
        text = (
            f"The clock of this server was ahead, and was set right: {len(anew)} record(s) are stamped anew"
        )
        self._node.log.warn(text)
        self._node.notice("a", text)

    def _anew(self, records: Sequence[Record]) -> Iterator[Record]:
        """Records of one stamp with another one, which names that were asked for then bear as well."""
        stamp = fixed(self._clock.next(self._node.clock.time()).text)
        for record in records:
            value = record.value
            if value is not None and value.startswith(f"{record.stamp} "):
                value = stamp + value[len(stamp) :]
            yield record._replace(stamp=stamp, value=value)
