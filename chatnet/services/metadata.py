"""The one way in for what people and channels say of themselves: into records, or into memory.

Accounts and registered channels have records, which all full servers share; all others say it as long as they
are here (``rules/metadata.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chatnet.model.facts import MetadataChanged
from chatnet.model.metadata import Target, Word
from chatnet.node import Node
from chatnet.records.grammar import field, fixed
from chatnet.records.metadata import META
from chatnet.rules.metadata import recorded, shown
from chatnet.rules.stamps import Clock
from chatnet.services import refused
from chatnet.services.ledger import Change, Ledger
from chatnet.storage.interfaces import StoreError
from chatnet.storage.record import Record


class Describing:
    """Stamps with the `clock` that stamps channels; without a `ledger` there are no records here."""

    def __init__(self, node: Node, clock: Clock, ledger: Ledger | None) -> None:
        self._node = node
        self._clock = clock
        self._ledger = ledger
        self._writing: dict[tuple[str, str], object] = {}

    def writer(self, entity: str, key: str) -> object:
        """Who is having a key of an entity written just now: they are answered, and need not be told."""
        return self._writing.get((entity, key))

    async def change(self, target: Target, given: Mapping[str, str | None], by: object) -> None:
        """Give keys of a target other values, or none, all or nothing; what is so already is left alone.

        `by` is the origin: the session that asks.  Refuses with TEMPORARILY_UNAVAILABLE.
        """
        now = shown(self._node.network, target)
        news = {key: value for key, value in given.items() if now.get(key) != value}
        if not news:
            return
        kept = recorded(self._node.network, target)
        if kept is None or self._ledger is None:
            at = self._node.clock.time()
            stamp = fixed(self._clock.next(at).text)
            words = {key: Word(stamp, value) for key, value in news.items()}
            self._node.commit(MetadataChanged(target, words, at), by)
            return
        places = [(kept.id, key) for key in news]
        self._writing.update(dict.fromkeys(places, by))
        try:
            changes = [Change(kept.id, field(META, key), value) for key, value in news.items()]
            await self._ledger.write(changes)
        except StoreError:
            raise refused.unwritable() from None
        finally:
            for place in places:
                self._writing.pop(place, None)

    def heard(self, target: Target, words: Mapping[str, Word]) -> None:
        """A server that keeps no records told words of a target that has some: they are written down."""
        kept = recorded(self._node.network, target)
        if kept is not None and self._ledger is not None:
            records = [Record(kept.id, field(META, key), *word) for key, word in words.items()]
            self._node.run(self._keep(self._ledger, records))

    async def _keep(self, ledger: Ledger, records: Sequence[Record]) -> None:
        try:
            await ledger.keep(records)
        except StoreError:
            pass  # the ledger has told so
