"""The bans that are records: what full servers have in common, by their entities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
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
from chatnet.records.bans import FIELD, BanValue, read_ban
from chatnet.records.grammar import ban_entity, is_ban_entity, seconds_of
from chatnet.storage.record import Record
from chatnet.wire.casemap import Folder
from chatnet.wire.text import byte_length, cut

SLICE: Final = 1000
"""Bans that are looked at in one turn."""
AHEAD: Final = 86_400
"""Seconds after its stamp that a ban may say it was set: each change makes that a second later at least."""
_KINDS: Final = frozenset(KINDS)
_ACTIONS: Final = frozenset(ACTIONS)


class RecordedBans:
    """What is known of each: a ban, as it is or was when it was lifted, or only at which Unix time it was."""

    __slots__ = ("_fold", "_known")

    def __init__(self, fold: Folder) -> None:
        self._fold = fold
        self._known: dict[str, NetworkBan | int] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, entity: str) -> NetworkBan | None:
        """The ban that an entity is, if it is known what it is of; it may be over."""
        found = self._known.get(entity)
        return found if isinstance(found, NetworkBan) else None

    def changed(self, kind: str, mask: str) -> int | None:
        """The Unix time since which it is known whether there is a ban of a mask; None if it is not known."""
        found = self._known.get(ban_entity(kind, self._fold(mask)))
        return found.created if isinstance(found, NetworkBan) else found

    def all(self) -> list[NetworkBan]:
        """All of which it is known what they are of; some may be over."""
        return [each for each in self._known.values() if isinstance(each, NetworkBan)]

    def tidy(self, now: float, memory: float) -> Iterator[None]:
        """Forget what those are of that are over, and of those that are for so many seconds everything.

        In slices, after each of which others may have their turn.
        """
        for number, entity in enumerate(list(self._known), 1):
            if number % SLICE == 0:
                yield
            found = self._known.get(entity)
            if isinstance(found, NetworkBan):
                if found.holds(now):
                    continue
                found = self._known[entity] = max(found.created, found.until or 0)
            if found is not None and found < now - memory:
                del self._known[entity]

    def take(self, record: Record) -> None:
        """Take what a record says; ValueError if that is no ban, or not one of this entity."""
        if record.field != FIELD:
            return
        old = self._known.get(record.entity)
        if record.value is None:
            at = int(seconds_of(record.stamp))
            if isinstance(old, NetworkBan):
                at = max(at, old.created + 1)
                self._known[record.entity] = replace(old, created=at, until=at, lifetime=at)
            else:
                self._known[record.entity] = at
            return
        self._known[record.entity] = self._read(record.entity, record.value, record.stamp, {})

    def load(self, records: Iterable[Record]) -> None:
        """Take many at the start; what is no ban means nothing."""
        known, read = self._known, self._read
        words: dict[str, str] = {}
        for entity, field, stamp, value in records:
            if field == FIELD:
                try:
                    known[entity] = (
                        int(seconds_of(stamp)) if value is None else read(entity, value, stamp, words)
                    )
                except ValueError:
                    pass  # of a version to come, say

    def _read(self, entity: str, text: str, stamp: str, words: dict[str, str]) -> NetworkBan:
        """What a value says; of `words` that many say they have one each.

        A ban that says it was set later than its stamp could be changed by nobody any more.
        """
        since, until, action, by, kind, mask, reason = read_ban(text)
        since = min(since, int(seconds_of(stamp)) + AHEAD)
        if kind not in _KINDS or action not in _ACTIONS or (action == EXEMPT) is not (kind in EXEMPTING):
            raise ValueError("it is no ban of this entity")
        folded = self._fold(mask)
        if not is_ban_entity(entity, kind, folded) or byte_length(mask) > MOST_MASK:
            raise ValueError("it is no ban of this entity")
        user, host = "*", mask
        if kind[-1] == "K":
            user, at, host = mask.rpartition("@")
            if not (at and user and host):
                raise ValueError("it is no user@host")
        if len(text) > MOST_MASK:
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
