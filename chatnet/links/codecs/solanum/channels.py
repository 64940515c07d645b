"""Channels: members, modes, lists, topics.

Between chatnet servers all ranks and lists cross.  Others know two ranks: owners and admins are operators
there, half-operators nothing; and the masks of ``+b $q:mask`` are a list of their own there, ``q``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from chatnet.links.codecs.solanum.base import BODY, LONG, Base, encode, in_lines
from chatnet.model import facts
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, ListEntry, Topic, User, parameters
from chatnet.model.facts import ModeChange, Source
from chatnet.model.modes import (
    ADMIN,
    ALL_PREFIXES,
    OP,
    OWN_MODES,
    OWNER,
    RANK_OF_PREFIX,
    RANKS,
    VOICE,
    kind_of,
)
from chatnet.model.server import Server
from chatnet.rules.modes import KEY_ABROAD
from chatnet.rules.stamps import Mark
from chatnet.wire.modestring import Change, format_changes, parse_changes
from chatnet.wire.server_time import time_tag
from chatnet.wire.text import cut

MUTE: Final = "$q:"
"""What stands before a mask of the list b that keeps from speaking only."""

MOST_PARAMETERS: Final = 4
"""Changes with a parameter in one TMODE: what all TS6 servers take."""

LONGEST_REASON: Final = 260
LONGEST_TOPIC: Final = 390
"""Bytes that a server of another make takes."""

_PREFIXES: Final = "".join(RANK_OF_PREFIX)
_ORDER: Final = "lkfjHWE"
_OPERATORS: Final = OWNER | ADMIN | OP
_KINDS: Final = {
    "b": "A", "e": "A", "I": "A", "q": "A", "o": "P", "v": "P", "a": None, "h": None,
    **dict.fromkeys("".join(OWN_MODES.values())),
}  # fmt: skip
"""Where a neighbour of another make means something else by a letter than we do, or nothing."""


class Channels(Base):
    """Channels: members, modes, lists, topics."""

    __slots__ = ()

    # all of a channel

    def channel(
        self, me: Server, channel: Channel, members: Sequence[tuple[User, int]],
        at: float = 0.0, msgid: str = "",
    ) -> Iterator[bytes]:  # fmt: skip
        """All that a neighbour is told of a channel when it meets it: SJOIN, lists, topic, lock.

        `members` are those who are not behind it; without any, it still learns the TS.
        """
        flags, values = frozenset(channel.flags), parameters(channel)
        yield from self.sjoin(me, SJoin(channel.name, channel.ts, flags, values, tuple(members)), at, msgid)
        for letter, entries in channel.lists.items():
            yield from self.entries(me, channel, letter, entries.values())
        topic = channel.topic
        if topic is not None and "TB" in self.caps:
            yield self._tb(me, channel, topic.text, topic.by, topic.at)
        if channel.locked and "MLOCK" in self.caps:
            yield self.locked(channel, me, channel.locked)

    def sjoin(self, by: Server, told: SJoin, at: float = 0.0, msgid: str = "") -> list[bytes]:
        """``:<sid> SJOIN <ts> <name> +<modes> <parameters> :<prefixes><uid> …``, in one line or more.

        It bears an id (and a time) where somebody has come in by JOIN.
        """
        modes = b"0" if told.silent else self._modes(told)
        head = b":%b SJOIN %d %b %b :" % (encode(by.sid), told.ts, encode(told.name), modes)
        words = [
            self.prefixes(ranks) + encode(user.uid) for user, ranks in told.members
            if self.seats or not user.orphan  # who is nobody's has quit there
        ]  # fmt: skip
        lines = in_lines(head, words) or [head]
        lines[0] = self.event(lines[0], at, msgid)
        return lines

    def _modes(self, told: SJoin) -> bytes:
        # Solanum looks one letter ahead: a mode without a parameter after one with a parameter is lost.
        known = [letter for letter in _ORDER if letter not in self.unknown]
        values = {letter: told.parameters[letter] for letter in known if letter in told.parameters}
        if not self.core and "k" in values:
            values["k"] = cut(values["k"], KEY_ABROAD)
        return encode(
            " ".join(["+" + "".join(sorted(told.flags - self.unknown)) + "".join(values), *values.values()])
        )

    def prefixes(self, ranks: int) -> bytes:
        """The prefixes of these ranks, as far as the neighbour knows them."""
        if not self.core:
            ranks = (OP if ranks & _OPERATORS else 0) | ranks & VOICE
        return ALL_PREFIXES[ranks].encode()

    def marks(self, me: Server, channel: Channel, marks: Mapping[str, Mark]) -> list[bytes]:
        """``:<sid> CNSTAMP <ts> <channel> :<register>=<stamp>[-] …``, to what is told of it next."""
        head = b":%b CNSTAMP %d %b :" % (encode(me.sid), channel.ts, channel.source)
        words = [
            encode(f"{register}={mark.stamp.text}{'' if mark.adding else '-'}")
            for register, mark in marks.items()
        ]
        return in_lines(head, words, LONG) or [head]

    def older(self, me: Server, name: str, ts: int, youngest: int) -> bytes:
        """``:<sid> CNAGE <ts> <channel> <TS>``: those up to the other TS became the older one."""
        return b":%b CNAGE %d %b %d" % (encode(me.sid), ts, encode(name), youngest)

    # members

    def joined(self, channel: Channel, user: User, at: float = 0.0, msgid: str = "") -> bytes:
        """``:<uid> JOIN <ts> <channel> +``"""
        line = b":%b JOIN %d %b +" % (encode(user.uid), channel.ts, channel.source)
        return self.event(line, at, msgid)

    def resync(self, me: Server, name: str, ts: int | None = None) -> bytes:
        """``:<sid> RESYNC <channel> [<ts>]``, between chatnet servers."""
        body = b":%b RESYNC %b" % (encode(me.sid), encode(name))
        return body if ts is None else b"%b %d" % (body, ts)

    def parted(self, fact: facts.Parted) -> bytes:
        """``:<uid> PART <channel> :<reason>``"""
        body = b":%b PART %b" % (encode(fact.user.uid), fact.channel.source)
        if fact.reason is not None:
            body += b" :" + self._reason(fact.reason)
        return self._at(fact.at, body, fact.msgid)

    def kicked(self, fact: facts.Kicked) -> bytes:
        """``:<source> KICK <channel> <uid> :<reason>``"""
        head = b":%b KICK %b %b :" % (self.id_of(fact.by), fact.channel.source, encode(fact.user.uid))
        return self._at(fact.at, head + self._reason(fact.reason), fact.msgid)

    def _reason(self, text: str) -> bytes:
        return encode(text if self.core else cut(text, LONGEST_REASON))

    # modes

    def modes(self, fact: facts.ModesChanged) -> list[bytes]:
        """``:<source> TMODE <ts> <channel> <modes> <parameters>``, in as many lines as needed.

        A chatnet server hears of it in one, as of one event.
        """
        channel = fact.channel
        head = b":%b TMODE %d %b " % (self.id_of(fact.by), channel.ts, channel.source)
        changes = self._known(channel, fact.changes)
        until = next((change.until for change in fact.changes if change.adding and change.until), None)
        most, longest = (len(changes), LONG) if self.core else (MOST_PARAMETERS, BODY)
        return [
            self.ending(self._at(fact.at, head + encode(" ".join([letters, *words])), fact.msgid), until)
            for letters, words in format_changes(changes, most, longest - len(head))
        ]

    def _known(self, channel: Channel, changes: Iterable[ModeChange]) -> list[Change]:
        """`changes`, which are made already, as the neighbour sees them."""
        found: list[Change] = []
        before: dict[User, int] = {}
        for change in changes:
            letter, text = change.letter, change.parameter
            if change.user is not None:
                if self.core:
                    found.append(Change(change.adding, letter, change.user.uid))
                else:
                    ranks = before.get(change.user, channel.members.get(change.user, 0))
                    before[change.user] = ranks ^ RANKS[letter]
            elif letter in channel.lists:
                listed = self._listed(letter, text or "")
                if listed is not None:
                    found.append(Change(change.adding, *listed))
            elif letter not in self.unknown:
                if letter == "k" and text is not None and not self.core:
                    text = cut(text, KEY_ABROAD)
                found.append(Change(change.adding, letter, text))
        for user, was in before.items():
            ranks = channel.members.get(user, 0)
            for letter, bits in (("o", _OPERATORS), ("v", VOICE)):
                if bool(was & bits) is not bool(ranks & bits):
                    found.append(Change(bool(ranks & bits), letter, user.uid))
        return found

    def read_modes(self, text: str, params: Sequence[str]) -> list[Change]:
        """The changes of a TMODE, in our letters; what we do not know is left out.

        Who loses ``o`` at a neighbour of another make loses all that is ``o`` there.
        """
        changes, _ = parse_changes(text, params, kind_of if self.core else _foreign_kind)
        if self.core:
            return changes
        found: list[Change] = []
        for adding, letter, parameter in changes:
            if letter == "o" and not adding:
                found += [Change(adding, rank, parameter) for rank in "qao"]
            elif letter == "q":
                found.append(Change(adding, "b", None if parameter is None else MUTE + parameter))
            else:
                found.append(Change(adding, letter, parameter))
        return found

    def read_prefixes(self, word: str) -> tuple[int, str]:
        """``@+00AAAAAAB`` of a SJOIN as ranks and a UID."""
        if word[0] not in RANK_OF_PREFIX:
            return 0, word
        uid = word.lstrip(_PREFIXES)
        ranks = 0
        for prefix in word[: len(word) - len(uid)]:
            ranks |= RANK_OF_PREFIX[prefix]
        return ranks, uid

    # lists

    def entries(
        self, by: Source, channel: Channel, letter: str, entries: Iterable[ListEntry],
        at: float = 0.0, msgid: str = "",
    ) -> list[bytes]:  # fmt: skip
        """``:<sid> EBMASK <ts> <channel> <letter> :<mask> <when> <who> …``, or BMASK with the masks alone.

        What bears an id is one line for a chatnet server, as one event; but what is over at different times
        is told in lines of their own.
        """
        lists: dict[tuple[str, int | None], list[bytes]] = {}
        full = "EBMASK" in self.caps or self.core
        for entry in entries:
            listed = self._listed(letter, entry.text)
            if listed is not None:
                mask = encode(listed[1])
                word = b"%b %d %b" % (mask, entry.at, encode(entry.by)) if full else mask
                lists.setdefault((listed[0], entry.until if self.core else None), []).append(word)
        verb = b"EBMASK" if full else b"BMASK"
        found: list[bytes] = []
        for (listed_as, until), words in lists.items():
            head = b":%b %b %d %b %b :" % (
                self.id_of(by), verb, channel.ts, channel.source, listed_as.encode()
            )  # fmt: skip
            longest = LONG if msgid and self.core else BODY
            lines = in_lines(head, words, longest)
            found += [self.ending(self.event(line, at, msgid), until) for line in lines]
        return found

    def _listed(self, letter: str, text: str) -> tuple[str, str] | None:
        """The list and the mask in it as the neighbour has them; None if it has no such thing."""
        if self.core or not text.startswith(("$q", "$~q")):
            return letter, text
        return ("q", text[len(MUTE) :]) if letter == "b" and text.startswith(MUTE) else None

    def read_entry(self, letter: str, text: str) -> tuple[str, str]:
        """The list and the mask in it as we have them."""
        return ("b", MUTE + text) if letter == "q" and not self.core else (letter, text)

    def locked(self, channel: Channel, by: Source, letters: str) -> bytes:
        """``:<sid> MLOCK <ts> <channel> :<letters>``; Solanum hears it of servers only."""
        if isinstance(by, User) and not self.core:
            by = by.server
        letters = "".join(letter for letter in letters if letter not in self.unknown)
        return b":%b MLOCK %d %b :%b" % (self.id_of(by), channel.ts, channel.source, encode(letters))

    # topics

    def topic(self, fact: facts.TopicChanged) -> bytes:
        """``:<uid> TOPIC <channel> :<text>`` of a member; TB for one that holds if it is older; or ETB."""
        channel, by = fact.channel, fact.by
        if fact.ts is None or fact.setter is None:
            if self.core or by in channel.members:
                text = self._topic(fact.text)
                line = b":%b TOPIC %b :%b" % (self.id_of(by), channel.source, text)
                return self._at(fact.at, line, fact.msgid)
            return self._set_topic(by, channel, Topic(fact.text, by.mask, int(fact.at)))
        if fact.channel_ts is None and fact.text and "TB" in self.caps:
            return self._tb(by, channel, fact.text, fact.setter, fact.ts)
        return self._set_topic(by, channel, Topic(fact.text, fact.setter, fact.ts))

    def _set_topic(self, by: Source, channel: Channel, topic: Topic) -> bytes:
        """``:<source> ETB 0 <channel> <TS> <setter> :<text>``, or TOPIC with TS and setter, of a server.

        The topic holds here.  With a channel TS of 0 it does there as well, though it be of the same second
        as another one, or the clock there be ahead.
        """
        text = self._topic(topic.text)
        if "EOPMOD" in self.caps or self.core:
            head = b":%b ETB 0 %b %d" % (self.id_of(by), channel.source, topic.at)
            return self.fit(b"%b %b :%b" % (head, encode(topic.by), text))
        server = by.server if isinstance(by, User) else by
        head = b":%b TOPIC %b %b %d" % (self.id_of(server), channel.source, encode(topic.by), topic.at)
        return self.fit(b"%b :%b" % (head, text))

    def topic_of(self, by: Source, channel: Channel, topic: Topic, at: float = 0.0, msgid: str = "") -> bytes:
        """``:<source> ETB <channel TS> <channel> <topic TS> <setter> :<text>``, also for an empty one."""
        line = self.fit(b":%b ETB %d %b %d %b :%b" % (
            self.id_of(by), channel.ts, channel.source, topic.at, encode(topic.by), encode(topic.text),
        ))  # fmt: skip
        return self.event(line, at, msgid)

    def _tb(self, by: Source, channel: Channel, text: str, setter: str, ts: int) -> bytes:
        return self.fit(
            b":%b TB %b %d %b :%b" % (self.id_of(by), channel.source, ts, encode(setter), self._topic(text))
        )

    def _topic(self, text: str) -> bytes:
        return encode(text if self.core else cut(text, LONGEST_TOPIC))

    # asking in, and to be let in

    def invited(self, fact: facts.Invited) -> bytes:
        """``:<uid> INVITE <uid> <channel> <ts>``, on the way to the server of who is invited."""
        return b":%b INVITE %b %b %d" % (
            encode(fact.by.uid), encode(fact.user.uid), fact.channel.source, fact.channel.ts
        )  # fmt: skip

    def invited_by(self, me: Server, fact: facts.Invited) -> bytes:
        """``:<sid> ENCAP * INVITED <by> <user> <channel>``, so that members of the channel may know.

        To who does not know of ChanServ, whoever asked it to invite them has done so themselves.
        """
        by = fact.user if fact.by.server.virtual and not self.virtual else fact.by
        return b":%b ENCAP * INVITED %b %b %b" % (
            encode(me.sid), encode(by.uid), encode(fact.user.uid), fact.channel.source
        )  # fmt: skip

    def knocked(self, fact: facts.Knocked) -> bytes:
        """``:<uid> KNOCK <channel>``"""
        return b":%b KNOCK %b" % (encode(fact.user.uid), fact.channel.source)

    # names

    def renamed(
        self, me: Server, fact: facts.ChannelRenamed, members: Sequence[tuple[User, int]]
    ) -> Iterator[bytes]:
        """``:<source> RENAME <ts> <old> <new> :<reason>``.

        Who does not know it is told that all `members` left the one and are in the other.
        """
        channel, old = fact.channel, encode(fact.old)
        if self.core:
            head = b":%b RENAME %d %b %b :" % (self.id_of(fact.by), channel.ts, old, channel.source)
            yield self._at(fact.at, head + encode(fact.reason), fact.msgid)
            return
        if "P" in channel.flags:  # or it would stay without them
            yield self._at(fact.at, b":%b TMODE %d %b -P" % (encode(me.sid), channel.ts, old))
        for user, _ in members:
            yield self._at(fact.at, b":%b PART %b :%b" % (encode(user.uid), old, self._reason(fact.reason)))
        yield from self.channel(me, channel, members)
        if channel.topic is not None and "TB" not in self.caps and members:
            yield self._set_topic(me, channel, channel.topic)

    def _at(self, at: float, body: bytes, msgid: str = "") -> bytes:
        """`body`, with the time when it happened for who reads tags, and its id for a chatnet server."""
        body = self.fit(body)
        if not self.tags:
            return body
        if msgid and self.core:
            return b"@%b;msgid=%b %b" % (time_tag(at), msgid.encode(), body)
        return b"@%b %b" % (time_tag(at), body)


def _foreign_kind(letter: str) -> str | None:
    return _KINDS[letter] if letter in _KINDS else kind_of(letter)
