"""Hooks: addresses by which programs elsewhere say something in a channel, or are told what is said there.

``Network.apply`` is the only writer, by way of ``Registry``.
"""

from __future__ import annotations

from contextlib import suppress

from chatnet.records import hooks
from chatnet.records.accounts import CREATED, Created, State, Status
from chatnet.records.grammar import STATUS
from chatnet.records.hooks import Closed, Keys
from chatnet.records.value_parts import sha256
from chatnet.storage.record import Record


class Hook:
    """One hook; `channel`, `bot` and `by` are ids; `sid` is the server that made it at the time `created`.

    A hook with a `url` tells, signed with `keys`; one with a `secret` (a SHA-256) hears.
    """

    __slots__ = (
        "bot", "by", "channel", "closed", "created", "format", "id", "keys", "label", "match", "secret",
        "sid", "types", "url",
    )  # fmt: skip

    def __init__(self, entity: str) -> None:
        self.id = entity
        self.channel = ""
        self.bot = ""
        self.by = ""
        self.label = ""
        self.created = 0
        self.sid = ""
        self.secret = ""
        self.format = ""
        self.url = ""
        self.keys: Keys | None = None
        self.types: tuple[str, ...] = ()
        self.match = ""
        self.closed: Closed | None = None

    @property
    def name(self) -> str:
        """What stands for it in addresses and in what people write: its id without the letter of its kind."""
        return self.id[1:]

    @property
    def tells(self) -> bool:
        """Whether it tells a program what happens, and does not hear it."""
        return bool(self.url)

    @property
    def works(self) -> bool:
        """Whether all is known that it needs, and it is not closed."""
        return bool(
            self.channel
            and self.bot
            and self.closed is None
            and (self.keys is not None if self.url else self.secret)
        )

    def __repr__(self) -> str:
        return f"<Hook {self.id} {self.label}>"


class Hooks:
    """Hooks by id, and by the id of their channel."""

    def __init__(self) -> None:
        self.by_id: dict[str, Hook] = {}
        self._of: dict[str, dict[str, Hook]] = {}

    def of(self, channel: str) -> list[Hook]:
        """Those of a channel, the oldest first."""
        return sorted(self._of.get(channel, {}).values(), key=lambda each: (each.created, each.id))

    def take(self, record: Record) -> None:
        """Take one record that is news."""
        entity, field, _, value = record
        if field == STATUS and value is not None:
            with suppress(ValueError):
                if Status.read(value).state is State.ERASED:
                    self._leave(self.by_id.pop(entity, None))
            return
        hook = self.by_id.get(entity)
        if hook is None:
            hook = self.by_id[entity] = Hook(entity)
        # What makes no sense is of a version to come, say: it is kept in the store, and means nothing here.
        with suppress(ValueError):
            self._note(hook, field, value or "")

    def _note(self, hook: Hook, field: str, value: str) -> None:
        if field == hooks.CHANNEL:
            self._leave(hook)
            hook.channel = value
            if value:
                self._of.setdefault(value, {})[hook.id] = hook
        elif field in (hooks.BOT, hooks.BY, hooks.LABEL, hooks.FORMAT, hooks.URL, hooks.MATCH):
            setattr(hook, field, value)
        elif field == CREATED:
            hook.created, hook.sid = Created.read(value)
        elif field == hooks.SECRET:
            hook.secret = sha256(value) if value else ""
        elif field == hooks.KEY:
            hook.keys = Keys.read(value) if value else None
        elif field == hooks.TYPES:
            hook.types = tuple(filter(None, value.split(",")))
        elif field == hooks.CLOSED:
            hook.closed = Closed.read(value) if value else None

    def _leave(self, hook: Hook | None) -> None:
        if hook is not None and (mine := self._of.get(hook.channel)) is not None:
            mine.pop(hook.id, None)
            if not mine:
                del self._of[hook.channel]
