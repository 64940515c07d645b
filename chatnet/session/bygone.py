"""What was said, as lines for a client: the same bytes as it was told in, but for what has changed since.

Facts are made again, with stand-ins for those who did it, and go through ``render.py``.  In a channel
everybody is called as they were then; in a talk both are called as they are now, so that it stays in one
window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from chatnet.history.extra import Extra, read
from chatnet.history.kinds import SAID
from chatnet.history.looking import Seen
from chatnet.history.sights import Sight
from chatnet.model.entities import Channel, User
from chatnet.model.facts import (
    ChannelRenamed,
    Kicked,
    MessageRedacted,
    MessageSent,
    ModeChange,
    ModesChanged,
    NickChanged,
    Parted,
    TopicChanged,
    UserQuit,
)
from chatnet.model.ids import SID, UID, AccountName, Folded
from chatnet.model.modes import kind_of
from chatnet.model.places import BY_NAME
from chatnet.model.server import Server
from chatnet.session import batches, render
from chatnet.session.render import encode
from chatnet.session.session import Session
from chatnet.storage.messages import rows
from chatnet.storage.messages.rows import BOT, OPER, RANKS, Found, Place, Redacted, Row
from chatnet.wire import capabilities as cap
from chatnet.wire.modestring import parse_changes
from chatnet.wire.server_time import seconds

END: Final = b"draft/chathistory-end"
"""The tag of a batch: there is nothing beyond it.  https://github.com/ircv3/ircv3-specifications/pull/598"""
CONTEXT: Final = b"draft/chathistory-context"
"""The tag of a line that was not asked for, but belongs to those that were.

https://ircv3.net/specs/extensions/chathistory#draftchathistory-context-tag
"""
VOICES: Final = frozenset({rows.PRIVMSG, rows.NOTICE})
"""What has a text and nothing else, nearly always."""
LINE: Final = 15
"""Microseconds that it takes to make a line of a message, about."""
_NOWHERE: Final = Server(SID(""), "", "")
"""The server of stand-ins."""
_OPEN: Final = Folded("")
"""Stands for a folded name that is not looked at."""


class _Entry(NamedTuple):
    """A message of a page with what goes with it, as whole lines."""

    at: int
    msgid: str
    lines: bytes


class Bygone:
    """Makes lines of what is seen in `sight`, for `session`."""

    def __init__(self, session: Session, sight: Sight) -> None:
        self._session = session
        self._node = session.sessions.node
        self._sight = sight
        self._caps = session.caps
        self._people: dict[tuple[str, str | None, int], User] = {}
        self._voices: dict[tuple[str, str | None, int, int], render.Voice] = {}

    def lines(self, row: Row) -> bytes:
        """A message, or an event, as whole lines, without those of a batch around them."""
        if row.extra is None and row.kind in VOICES:
            said = row.source, row.person, row.flags, row.kind
            voice = self._voices.get(said)
            if voice is None:
                voice = self._voices[said] = self._voice(*said)
            return self._fit(voice.says(row.text, seconds(row.at), row.msgid))
        extra, at = read(row.extra), seconds(row.at)
        by = self._person(row.source, row.person, row.flags)
        command = SAID.get(row.kind)
        if command is not None:
            ranks = row.flags >> RANKS
            fact = MessageSent(
                command, by, self._target(row.person), row.text, at, row.msgid, extra.tags, ranks,
                extra.status, extra.parts,
            )  # fmt: skip
            if fact.parts:
                made = batches.multiline(fact, self._caps, self._session.sessions.references.take())
            else:
                made = render.message(fact, self._caps)
        else:
            assert self._sight.channel is not None
            made = self._event(row, extra, by, at, self._sight.channel)
        return self._fit(made)

    def _voice(self, source: str, person: str | None, flags: int, kind: int) -> render.Voice:
        """What lines of one author have in common, who says nothing but a text."""
        target = self._target(person)
        name = target.source if isinstance(target, Channel) else encode(target.nick)
        account = self._account(person)
        said = encode(self._named(source, person))
        return render.Voice(said, account, _tagged(account, flags), SAID[kind], name, self._caps)

    def redacted(self, gone: Redacted) -> bytes:
        """That a message was deleted."""
        by = self._person(gone.source, gone.person, 0)
        target = self._target(gone.person)
        fact = MessageRedacted(by, target, gone.redacted, gone.reason, seconds(gone.at), gone.msgid)
        return self._fit(render.redacted(fact, self._caps))

    def _event(self, row: Row, extra: Extra, by: User, at: float, channel: Channel) -> bytes:
        """See ``history/extra.py`` for what its row tells."""
        key, text, words, msgid = self._caps, row.text, extra.words, row.msgid
        if row.kind == rows.JOIN:
            account = words[0] if words else "*"
            by = _stand_in(row.source, None if account == "*" else AccountName(account), row.flags)
            by.realname = text
            return render.joined(by, channel, at, key, msgid)
        if row.kind == rows.PART:
            return render.parted(Parted(channel, by, text if words else None, at, msgid), key)
        if row.kind == rows.QUIT:
            return render.quitted(UserQuit(by, text, at, msgid), key)
        if row.kind == rows.NICK:
            changed = NickChanged(by, text, _OPEN, at, by.nick, by.source, msgid=msgid)
            return render.nick_changed(changed, key)
        if row.kind == rows.KICK:
            return render.kicked(Kicked(channel, _stand_in(words[0]), by, text, at, msgid), key)
        if row.kind == rows.TOPIC:
            return render.topic_changed(TopicChanged(channel, text, by, at, msgid=msgid), key)
        if row.kind == rows.RENAME:
            old, new = words
            renamed = Channel(new, _OPEN, channel.ts)
            return render.channel_renamed(ChannelRenamed(renamed, new, _OPEN, by, text, at, old, msgid), key)
        return render.modes_changed(
            ModesChanged(channel, _changes(text), by, at, msgid=msgid), key, self._node.settings.limits.modes
        )

    def _target(self, person: str | None) -> Channel | User:
        """Whom a message was for, of somebody who is `person`."""
        if self._sight.channel is not None:
            return self._sight.channel
        return _stand_in(self._sight.name) if self._is_mine(person) else self._session.user

    def _is_mine(self, person: str | None) -> bool:
        return person == self._sight.me

    def _person(self, source: str, person: str | None, flags: int) -> User:
        """A stand-in for somebody who did something, as they were then, and with what lines tell of them."""
        seen = source, person, flags & (BOT | OPER)
        user = self._people.get(seen)
        if user is not None:
            return user
        user = self._people[seen] = _stand_in(self._named(source, person), self._account(person), flags)
        return user

    def _named(self, source: str, person: str | None) -> str:
        """``nick!user@host`` of somebody; in a talk the nick is that of now."""
        if self._sight.channel is not None or "!" not in source:
            return source
        nick = self._session.user.nick if self._is_mine(person) else self._sight.name
        return nick + source[source.index("!") :]

    def _account(self, person: str | None) -> AccountName | None:
        """What the account is called now that somebody was logged in to then."""
        if person is None:
            return None
        network = self._node.network
        account = network.registry.account(person)
        if account is not None:
            return account.shown
        if person.startswith(BY_NAME):
            return AccountName(person.removeprefix(BY_NAME))
        here = network.users.get(UID(person)) or next(iter(network.logged_in.get(person, ())), None)
        return None if here is None else here.account

    def _fit(self, lines: bytes) -> bytes:
        return render.in_utf8(lines) if self._node.settings.server.utf8_only else lines


def _changes(text: str) -> tuple[ModeChange, ...]:
    """What a MODE changed, as its row tells; nicks are parameters like others."""
    letters, *words = text.split(" ")
    return tuple(ModeChange(*each) for each in parse_changes(letters, words, kind_of)[0])


def _stand_in(source: str, account: AccountName | None = None, flags: int = 0) -> User:
    """Somebody, or a server, of whom nothing but this is told."""
    user = User(_NOWHERE, "", "")
    user.nick = source.partition("!")[0]
    user.source = encode(source)
    user.account = account
    user.tagged = _tagged(account, flags)
    return user


def _tagged(account: AccountName | None, flags: int) -> int:
    """Which capabilities make a difference to the tags of somebody's lines."""
    return (
        (cap.ACCOUNT_TAG if account is not None else 0)
        | (cap.MESSAGE_TAGS if flags & BOT else 0)
        | (cap.OPER_TAG if flags & OPER else 0)
    )


def tell(session: Session, seen: Seen) -> None:
    """Tell a page, in ascending order: as a batch of type ``chathistory``, or the lines alone.

    https://ircv3.net/specs/batches/chathistory  What a client that reads slowly could not take, more than
    half of its SendQ, is left out, where the page ends.
    """
    sight, found = seen.sight, seen.found
    entries = _entries(session, Bygone(session, sight), found)
    told = _fitting(entries, session.outlet.sendq // 2, seen.newest)
    ended = not found.more and not found.gaps and len(told) == len(entries)
    in_batch(session, b"chathistory", [each.lines for each in told], ended, encode(sight.name))


def tell_found(session: Session, found: Sequence[tuple[Sight, Row]], *, newest: bool) -> None:
    """Tell messages of several places, in ascending order: as a batch of type ``soju.im/search``.

    What is too much for one client is left out, as :func:`tell` does: the oldest, or else the newest.
    """
    seen: dict[Place, Bygone] = {}
    entries = []
    for sight, row in found:
        bygone = seen.get(row.place) or seen.setdefault(row.place, Bygone(session, sight))
        entries.append(_Entry(row.at, row.msgid, bygone.lines(row)))
    told = _fitting(entries, session.outlet.sendq // 2, newest)
    in_batch(session, b"soju.im/search", [each.lines for each in told], False)


def in_batch(session: Session, kind: bytes, texts: Sequence[bytes], ended: bool, *params: bytes) -> None:
    """Whole lines in a batch, which tells whether it is `ended`; without the capability the lines alone."""
    sessions, caps, outlet = session.sessions, session.caps, session.outlet
    if not caps & cap.BATCH:
        for text in texts:
            outlet.send(text)
        return
    source, reference, at = (
        sessions.node.network.me.source,
        sessions.references.take(),
        sessions.node.clock.time(),
    )
    opened = batches.opening(source, reference, kind, *params, at=at, key=caps)
    if ended and caps & cap.CHATHISTORY:
        opened = batches.tagged(opened, END)
    inside = [batches.inside(text, reference) for text in texts]
    outlet.send(b"".join([opened, *inside, batches.closing(source, reference, at, caps)]))


def _entries(session: Session, bygone: Bygone, found: Found) -> list[_Entry]:
    """The lines of a page in order; what is said of a message from beyond the page follows it."""
    reactions: dict[str | None, list[Row]] = {}
    for row in found.reactions:
        reactions.setdefault(row.refers, []).append(row)
    entries = []
    for row in found.rows:
        lines = [bygone.lines(row)]
        lines += [batches.tagged(bygone.lines(each), CONTEXT) for each in reactions.get(row.msgid, ())]
        entries.append(_Entry(row.at, row.msgid, b"".join(lines)))
    if session.caps & cap.MESSAGE_REDACTION and session.caps & cap.MESSAGE_TAGS:
        for gone in found.redacted:
            entries.append(_Entry(gone.at, gone.msgid, batches.tagged(bygone.redacted(gone), CONTEXT)))
        entries.sort(key=lambda each: each[:2])
    return entries


def _fitting(entries: list[_Entry], room: int, newest: bool | None) -> list[_Entry]:
    """As many as there is `room` for, and one at least: the newest ones, or the oldest; None: the middle."""
    if sum(len(each.lines) for each in entries) <= room:
        return entries
    order = list(range(len(entries)))
    if newest is None:
        order.sort(key=lambda index: abs(index - len(entries) // 2))
    elif newest:
        order.reverse()
    taken: list[int] = []
    for index in order:
        room -= len(entries[index].lines)
        if taken and room < 0:
            break
        taken.append(index)
    return [entries[index] for index in sorted(taken)]
