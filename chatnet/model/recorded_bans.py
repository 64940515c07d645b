"""The bans that are records: what full servers have in common, by their entities."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Final

from chatnet.model.bans import (
    ACTIONS,
    EXEMPT,
    EXEMPTING,
    KINDS,
    MOST_MASK,
    MOST_REASON,
    NetworkBan,
)
from chatnet.model.recorded import AHEAD, Recorded
from chatnet.records.bans import FIELD, BanValue, Parts, read_ban
from chatnet.records.grammar import ban_entity, is_ban_entity, seconds_of
from chatnet.storage.record import Record
from chatnet.wire.casemap import Folder, fold_many
from chatnet.wire.text import byte_length, cut

TOGETHER: Final = 1000
"""Records that are read together at the start."""

_KINDS: Final = frozenset(KINDS)
_ACTIONS: Final = frozenset(ACTIONS)


class RecordedBans(Recorded[NetworkBan]):
    """The bans."""

    __slots__ = ()

    def __init__(self, fold: Folder) -> None:
        super().__init__(fold, FIELD)

    def changed(self, kind: str, mask: str) -> int | None:
        """The Unix time since which it is known whether there is a ban of a mask; None if it is not known."""
        return self.since(ban_entity(kind, self._fold(mask)))

    def _lifted(self, old: NetworkBan, at: int) -> NetworkBan:
        return replace(old, created=at, until=at, lifetime=at)

    def load(self, records: Iterable[Record]) -> None:
        """Take many at the start; what is no ban means nothing."""
        words: dict[str, str] = {}
        several = (record for record in records if record[1] == FIELD)
        while some := list(islice(several, TOGETHER)):
            self._take_some(some, words)

    def _take_some(self, records: Iterable[Record], words: dict[str, str]) -> None:
        known, make = self._known, self._make
        found: list[tuple[str, int, int, Parts]] = []
        for entity, _, stamp, value in records:
            try:
                if value is None:
                    known[entity] = int(seconds_of(stamp))
                else:
                    found.append((entity, int(seconds_of(stamp)), len(value), read_ban(value)))
            except ValueError:
                pass  # of a version to come, say
        masks = fold_many(self._fold, [each[3][5] for each in found])
        for (entity, at, length, parts), folded in zip(found, masks, strict=True):
            try:
                known[entity] = make(entity, at, length, parts, folded, words)
            except ValueError:
                pass  # it is of another entity

    def _read(self, entity: str, text: str, stamp: str) -> NetworkBan:
        parts = read_ban(text)
        return self._make(entity, int(seconds_of(stamp)), len(text), parts, self._fold(parts[5]), {})

    def _make(
        self, entity: str, written: int, length: int, parts: Parts, folded: str, words: dict[str, str]
    ) -> NetworkBan:
        """What a value of some `length` says that was `written` at a Unix time.

        Of `words` that many say they have one each.  A ban that says it was set later than its stamp could
        be changed by nobody any more.
        """
        since, until, action, by, kind, mask, reason = parts
        if since > written + AHEAD:
            since = written + AHEAD
        if kind not in _KINDS or action not in _ACTIONS or (action == EXEMPT) is not (kind in EXEMPTING):
            raise ValueError("it is no ban of this entity")
        if not is_ban_entity(entity, kind, folded) or byte_length(mask) > MOST_MASK:
            raise ValueError("it is no ban of this entity")
        user, host = "*", mask
        if kind[-1] == "K":
            user, at, host = mask.rpartition("@")
            if not (at and user and host):
                raise ValueError("it is no user@host")
        if length > MOST_MASK:
            by, reason = cut(by, MOST_MASK), cut(reason, MOST_REASON)
        word = words.setdefault
        end = until or None
        return NetworkBan(
            word(kind, kind),
            word(user, user),
            host,
            since,
            end,
            end,
            word(by, by),
            word(reason, reason),
            True,
            word(action, action),
            entity,
            False,
            folded,
        )


def ban_value(ban: NetworkBan) -> str:
    """What the record of a ban says."""
    by, until = ban.by.replace(" ", "_") or "*", ban.until or 0
    return BanValue(ban.created, until, ban.action, by, ban.kind, ban.mask, ban.reason).text
