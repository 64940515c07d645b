"""Erasures: that what an account said up to a time is gone, on all servers and for ever.

Each is known by what it is of and up to when; the later one holds.  Where records of accounts are kept an
account that is erased for good takes along what it said, up to the time of that record's stamp: so all
servers write the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from chatnet.history.recorder import Recorder
from chatnet.history.ring import Ring
from chatnet.model.facts import Fact, Hearer, PastErased, RecordsTaken
from chatnet.node import Node
from chatnet.records.grammar import ACCOUNT, ERASED, STATUS
from chatnet.rules.stamps import Stamp, read
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import Erased, Place
from chatnet.wire.server_time import DAY


class Erasures:
    """An observer; `recorder` has the store erase, `ring` forgets.  `stamp` makes stamps."""

    def __init__(
        self, node: Node, store: MessageStore, recorder: Recorder, ring: Ring, stamp: Callable[[], Stamp]
    ) -> None:
        self._node = node
        self._store = store
        self._recorder = recorder
        self._ring = ring
        self._stamp = stamp
        self._known: dict[tuple[str, Place | None], Erased] = {}
        self.hears: Mapping[type[Fact], Hearer] = {
            PastErased: self._erased,
            RecordsTaken: self._records_taken,
        }

    async def load(self) -> None:
        """Learn what was erased before this start; what the store cannot tell now no neighbour is told.

        Neighbours that came first hear of it now.  Accounts that were erased while this server did not run
        are erased here, too.
        """
        try:
            known = await self._store.erasures("")
        except StoreError as error:
            self._node.log.warn(f"What was erased cannot be read: {error}")
            known = ()
        now, linked = self._node.clock.time(), len(self._node.network.servers) > 1
        for each in known:
            if self._learn(each) and linked:
                self._node.commit(PastErased(each.person, each.until, each.stamp, each.place, now))
        for person, text in self._node.network.registry.erased.items():
            self._erase_account(person, text)

    def erase(self, person: str, until: int, place: Place | None = None) -> None:
        """Have all that an account said up to then (Unix milliseconds) be gone, everywhere."""
        self._commit(Erased(person, until, self._stamp().text, place))

    def is_news(self, person: str, until: int, place: Place | None) -> bool:
        """Whether that is not known to be gone."""
        known = (self._known.get((person, None)), self._known.get((person, place)))
        return all(each is None or each.until < until for each in known)

    def lately(self) -> Sequence[Erased]:
        """Those that servers which were away are told."""
        since = self._node.clock.time() - self._node.settings.history.erasure_keep * DAY
        return [each for each in self._known.values() if _moment(each.stamp) >= since * 1000]

    def _commit(self, erased: Erased) -> None:
        if self.is_news(erased.person, erased.until, erased.place):
            fact = PastErased(
                erased.person, erased.until, erased.stamp, erased.place, self._node.clock.time()
            )
            self._node.commit(fact)

    def _learn(self, erased: Erased) -> bool:
        if not self.is_news(erased.person, erased.until, erased.place):
            return False
        self._known[erased.person, erased.place] = erased
        return True

    def _erased(self, fact: PastErased, origin: object) -> None:
        erased = Erased(fact.person, fact.until, fact.stamp, fact.place)
        if self._learn(erased):
            self._recorder.put([erased])
            if fact.place is None:
                users = self._node.network.logged_in.get(fact.person, ())
                self._ring.erase(frozenset(uid for user in users for uid in user.uids), fact.until)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for record in fact.records:
            if record.entity[0] == ACCOUNT and (record.field, record.value) == (STATUS, ERASED):
                self._erase_account(record.entity, record.stamp)

    def _erase_account(self, person: str, text: str) -> None:
        stamp = read(text)
        if stamp is not None:
            self._commit(Erased(person, stamp.ms, stamp.text, None))


def _moment(stamp: str) -> int:
    found = read(stamp)
    return 0 if found is None else found.ms
