"""What happens in a channel beside messages, as rows of a store: ``extra.py`` says what their texts are."""

from __future__ import annotations

from chatnet.history.extra import Extra, written
from chatnet.model.entities import User
from chatnet.model.events import EventIds
from chatnet.model.facts import (
    ChannelRenamed,
    Joined,
    Kicked,
    ModeChange,
    ModesChanged,
    NickChanged,
    Parted,
    Source,
    TopicChanged,
    UserQuit,
)
from chatnet.model.places import Places
from chatnet.storage.messages import rows
from chatnet.storage.messages.rows import Place, Row
from chatnet.wire.capabilities import MESSAGE_TAGS, OPER_TAG
from chatnet.wire.modestring import Change, format_changes

Event = Joined | Parted | Kicked | UserQuit | NickChanged | ModesChanged | TopicChanged | ChannelRenamed

_ALL = 1 << 20
"""More changes, and more bytes, than one fact has."""


class Events:
    """Makes rows of those events that are stored: the kinds that `names` lists, and that somebody did."""

    def __init__(self, places: Places, ids: EventIds, names: frozenset[str]) -> None:
        self._places = places
        self._ids = ids
        self._names = names
        self.stores_joins, self.stores_quits = "JOIN" in names, "QUIT" in names
        """Whether these are asked for at all: they come with everybody who comes and goes."""

    def joined(self, fact: Joined, origin: object, user: User, place: Place, flags: int) -> Row | None:
        """One of those who came by JOIN."""
        words = (user.account or "*",)
        return self._row("JOIN", rows.JOIN, fact, origin, user, place, flags, user.realname, words)

    def parted(self, fact: Parted | Kicked, origin: object, place: Place, flags: int) -> Row | None:
        """Somebody left, or was put out."""
        if isinstance(fact, Kicked):
            words: tuple[str, ...] = (fact.user.nick,)
            return self._row("KICK", rows.KICK, fact, origin, fact.by, place, flags, fact.reason, words)
        words = () if fact.reason is None else ("",)
        return self._row("PART", rows.PART, fact, origin, fact.user, place, flags, fact.reason or "", words)

    def quitted(self, fact: UserQuit, origin: object, place: Place, flags: int) -> Row | None:
        """Somebody left the network."""
        return self._row("QUIT", rows.QUIT, fact, origin, fact.user, place, flags, fact.reason)

    def nick_changed(self, fact: NickChanged, origin: object, place: Place, flags: int) -> Row | None:
        """A member has another nick."""
        row = self._row("NICK", rows.NICK, fact, origin, fact.user, place, flags, fact.nick)
        return None if row is None else row._replace(source=fact.old_source.decode("utf-8", "replace"))

    def modes_changed(self, fact: ModesChanged, origin: object, place: Place, flags: int) -> Row | None:
        """Modes were set or unset.  A key is not told: it may be of use still."""
        return self._row("MODE", rows.MODE, fact, origin, fact.by, place, flags, text_of(fact.changes))

    def topic_changed(self, fact: TopicChanged, origin: object, place: Place, flags: int) -> Row | None:
        """The topic was set."""
        return self._row("TOPIC", rows.TOPIC, fact, origin, fact.by, place, flags, fact.text)

    def renamed(self, fact: ChannelRenamed, origin: object, place: Place, flags: int) -> Row | None:
        """The channel is called otherwise."""
        words = fact.old, fact.name
        return self._row("RENAME", rows.RENAME, fact, origin, fact.by, place, flags, fact.reason, words)

    def _row(
        self, name: str, kind: int, fact: Event, origin: object, by: Source, place: Place, flags: int,
        text: str, words: tuple[str, ...] = (),
    ) -> Row | None:  # fmt: skip
        if name not in self._names:
            return None
        msgid = self._ids.of(fact, origin)
        if not msgid:
            return None
        extra = written(Extra(words=words))
        flags |= flags_of(by) | (rows.EXTRA if extra is not None else 0)
        person = self._places.person(by) if isinstance(by, User) else None
        source = by.source.decode("utf-8", "replace")
        at = int(fact.at * 1000)
        return Row(place, at, msgid, kind, flags, person, source, text, None, extra)


def text_of(changes: tuple[ModeChange, ...]) -> str:
    """``+o-k ann *``: changes of modes with their parameters."""
    told = [Change(each.adding, each.letter, _parameter(each)) for each in changes]
    return " ".join(" ".join([letters, *words]) for letters, words in format_changes(told, _ALL, _ALL))


def _parameter(change: ModeChange) -> str | None:
    if change.user is not None:
        return change.user.nick
    return "*" if change.letter == "k" and change.parameter is not None else change.parameter


def flags_of(by: Source) -> int:
    """What there is to say of the author: that they are a bot, or an operator."""
    return (rows.BOT if by.tagged & MESSAGE_TAGS else 0) | (rows.OPER if by.tagged & OPER_TAG else 0)
