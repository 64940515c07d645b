"""Linked houses that keep accounts, all of them full."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, ClassVar

from club import Club
from mesh import Mesh
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatnet.links.exchange.feed import Feed
from chatnet.records.meaning import RecordMeaning
from chatnet.storage.memory import MemoryStore
from chatnet.storage.record import Record
from chatnet.wire.casemap import folder


def new_store(sid: str) -> MemoryStore:
    """A store for the server of a SID, without anything in it."""
    return MemoryStore(RecordMeaning(folder("rfc1459")), sid)


class FullClub(Club):
    """A club whose store may hold its answers back."""

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        def failed(failure: Failure) -> None:
            self.log.failures.append(failure.getTraceback())

        Deferred.fromCoroutine(coroutine).addErrback(failed)


class Clubs(Mesh):
    """A mesh of clubs."""

    blocks: ClassVar[dict[str, Any]] = {"accounts": "full"}

    def make(self, **given: Any) -> FullClub:
        return FullClub(new_store(given["server"]["sid"]), **given)

    def __getitem__(self, name: str) -> FullClub:
        club = self.houses[name]
        assert isinstance(club, FullClub)
        return club

    def feed(self, name: str, other: str) -> Feed:
        """What `name` feeds to `other`, and is fed by it."""
        feed = self[name].parts.links.feeds.of(self.wire(name, other).links[name])
        assert feed is not None
        return feed

    def put(self, name: str, *records: Record) -> None:
        """Give a house records as a server elsewhere would tell them."""

        async def put() -> None:
            await self[name].store.merge(records, "elsewhere", "9ZZ", None)

        self[name].done(put())

    def known(self, name: str) -> set[Record]:
        """All that a house keeps."""
        return set(self[name].store.load())

    def agree(self) -> None:
        """All have the same records, and call all accounts the same."""
        first, *others = self.houses
        for other in others:
            assert self.known(other) == self.known(first)
            accounts = self[other].node.network.registry.accounts
            shown = {each.id: each.shown for each in accounts.values()}
            assert shown == {
                each.id: each.shown for each in self[first].node.network.registry.accounts.values()
            }
