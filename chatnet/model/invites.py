"""Invites: links by which people come into channels, as far as their records tell of them.

``Network.apply`` is the only writer, by way of ``Registry``.  Whether one lets anybody in now is a question
for ``rules/invites.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

from chatnet.model.recorded import SLICE
from chatnet.records.grammar import split
from chatnet.records.invites import CLOSED, FIELD, USED, Closed, InviteValue, Used
from chatnet.records.merging import ends
from chatnet.storage.record import Record

KEPT: Final = 7 * 86400
"""Seconds for which it is known why nobody comes by an invite any more."""
_NOBODY: Final[dict[str, None]] = {}


class Invite:
    """An invite as it was made (`said`; None: that is not known yet), who `used` it, and who `closed` it.

    `end` is the Unix time when it is over, which each of its records tells.
    """

    __slots__ = ("closed", "end", "id", "said", "used")

    def __init__(self, entity: str) -> None:
        self.id = entity
        self.end = 0
        self.said: InviteValue | None = None
        self.closed: Closed | None = None
        self.used: dict[str, None] = _NOBODY  # most have few, and share it where they have none

    def __repr__(self) -> str:
        return f"<Invite {self.id}>"


class Invites:
    """Invites by id, by the SHA-256 of what their links have in them, and by channels."""

    __slots__ = ("_by_channel", "_by_secret", "by_id")

    def __init__(self) -> None:
        self.by_id: dict[str, Invite] = {}
        self._by_secret: dict[str, tuple[Invite, ...]] = {}
        self._by_channel: dict[str, dict[Invite, None]] = {}

    def secret(self, hashed: str) -> Invite | None:
        """The invite of a link."""
        found = self._by_secret.get(hashed)
        return None if found is None else found[0]

    def into(self, channels: Iterable[str]) -> list[Invite]:
        """Those into one of `channels`, as records name these, the oldest first."""
        found = dict.fromkeys(each for word in channels for each in self._by_channel.get(word, ()))
        return sorted(found, key=lambda each: (0 if each.said is None else each.said.made, each.id))

    def take(self, record: Record) -> None:
        """Take one record that is news."""
        if ends(record):
            self._forget(record.entity)
            return
        invite = self.by_id.get(record.entity)
        if invite is None:
            invite = self.by_id[record.entity] = Invite(record.entity)
        name, key = split(record.field)
        # What makes no sense is of a version to come, say: it is kept in the store, and means nothing here.
        with suppress(ValueError):
            if name == FIELD and not key:
                said = None if record.value is None else InviteValue.read(record.value)
                self._leave(invite)
                invite.said = said
                self._enter(invite)
            elif name == CLOSED and not key:
                invite.closed = None if record.value is None else Closed.read(record.value)
                invite.end = max(invite.end, 0 if invite.closed is None else invite.closed.until)
            elif name == USED and key and record.value is not None:
                invite.end = max(invite.end, Used.read(record.value).until)
                if invite.used is _NOBODY:
                    invite.used = {}
                invite.used[key] = None
            elif name == USED:
                invite.used = {each: None for each in invite.used if each != key} or _NOBODY

    def tidy(self, now: float) -> Iterator[None]:
        """Forget those by which nobody comes any more, and has not for a while.

        In slices, after each of which others may have their turn.
        """
        for number, invite in enumerate(list(self.by_id.values()), 1):
            if number % SLICE == 0:
                yield
            end = invite.end if invite.closed is None else min(invite.end, invite.closed.made)
            if end + KEPT < now:
                self._forget(invite.id)

    def _forget(self, entity: str) -> None:
        invite = self.by_id.pop(entity, None)
        if invite is not None:
            self._leave(invite)

    def _enter(self, invite: Invite) -> None:
        if invite.said is None:
            return
        invite.end = max(invite.end, invite.said.until)
        # Nobody makes two of one secret; if there are, the lowest id counts, in whatever order they came.
        known = (*self._by_secret.get(invite.said.secret, ()), invite)
        self._by_secret[invite.said.secret] = tuple(sorted(known, key=lambda each: each.id))
        for word in invite.said.channels:
            self._by_channel.setdefault(word, {})[invite] = None

    def _leave(self, invite: Invite) -> None:
        said = invite.said
        if said is None:
            return
        others = tuple(each for each in self._by_secret.pop(said.secret, ()) if each is not invite)
        if others:
            self._by_secret[said.secret] = others
        for word in said.channels:
            there = self._by_channel.get(word)
            if there is not None and there.pop(invite, said) is None and not there:
                del self._by_channel[word]
