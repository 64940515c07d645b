"""What users and servers behind a link say, and the bans they set."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

from chatnet.dispatch import Phase, Table
from chatnet.links.codecs.solanum.copies import COPY
from chatnet.links.exchange.persons import Persons
from chatnet.links.exchange.records import MOST_TAGS, MOST_TEXT
from chatnet.links.inbound import copies
from chatnet.links.inbound.callers import Callers
from chatnet.links.logins.gate import Gate
from chatnet.links.neighbour.batches import Begun
from chatnet.links.neighbour.undelivered import tell
from chatnet.links.speech.encap import ENCAPSULATED, anybody, by_server
from chatnet.links.speech.line import LINK, Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.neighbours import TOLD
from chatnet.links.tree.orphans import who_know
from chatnet.model.entities import Channel, User
from chatnet.model.facts import (
    BroadcastSent,
    CallerBlocked,
    MessageRedacted,
    MessageSent,
    ServerNotice,
    WallopsSent,
)
from chatnet.model.ids import MSGID, UID
from chatnet.model.modes import OP, RANK_OF_PREFIX, at_least
from chatnet.model.server import Server
from chatnet.rules.client_tags import has_any, relayed
from chatnet.rules.messages import may_write
from chatnet.rules.pacing import count
from chatnet.rules.refusal import Refusal
from chatnet.wire import numerics
from chatnet.wire.multiline import CONCAT, TYPE, Part, combine, is_blank, judged
from chatnet.wire.text import cut

LONGEST_MASK: Final = 200
"""Characters of the mask of servers or hosts that a message is for."""

Way = tuple[Channel | User, int, str]
"""Where a message goes, as in ``MessageSent``: its target, the ranks it is for, and their prefix."""


class MessagesIn:
    """Hears what is said, and judges what is for users of this server."""

    def __init__(self, gate: Gate, persons: Persons) -> None:
        self._callers = Callers()
        self._persons = persons
        self._gate = gate

    def enter(self, verbs: Table) -> None:
        """Enter the verbs that are judged; the others stand in ``LINK``."""
        verbs.command("PRIVMSG", min_params=2)(self.privmsg)
        verbs.command("NOTICE", min_params=2, phase=Phase.ANY)(self.notice)
        verbs.command("TAGMSG", min_params=1)(self.tagmsg)
        verbs.command("BATCH", min_params=1)(self.batch)

    def privmsg(self, line: Line) -> None:
        """Somebody says something to a channel, some of its members, a user, or everybody on some servers.

        # <- @time=2026-11-23T13:20:00.123Z;msgid=1abc :1SOAAAAAB PRIVMSG #chatnet :hello
        # <- :1SOAAAAAB PRIVMSG @#chatnet :operators
        # <- :1SOAAAAAB PRIVMSG =#chatnet :what mode m keeps from the others
        # <- :1SOAAAAAB PRIVMSG $$*.test :everybody
        """
        self._say(line, line.params[1])

    def notice(self, line: Line) -> None:
        """As PRIVMSG.  In the handshake it tells of look-ups, which concern nobody.

        # <- NOTICE * :*** Looking up your hostname
        """
        if line.link.server is not None:
            self._say(line, line.params[1])

    def tagmsg(self, line: Line) -> None:
        """Client-only tags without a text.  Between chatnet servers there may be none, as at home.

        # <- @+typing=active :1SOAAAAAB TAGMSG #chatnet
        """
        if client_tags(line) or (line.link.codec.core and not has_any(line.tags)):
            self._say(line, "")

    def batch(self, line: Line) -> None:
        """A message of several lines begins or ends.

        # <- @time=2026-11-23T13:20:00.123Z;msgid=1abc :2CNAAAAAB BATCH +17 draft/multiline #chatnet
        # <- @batch=17 :2CNAAAAAB PRIVMSG #chatnet :the first line
        # <- @batch=17;draft/multiline-concat :2CNAAAAAB PRIVMSG #chatnet : and more of it
        # <- :2CNAAAAAB BATCH -17
        # <- @time=…;msgid=1abc :0AA BATCH +18 chatnet/copy 0CA 0AAAAAAAA * 0BAAAAAAB PRIVMSG 0AAAAAAAA
        """
        if not line.link.codec.core:
            raise Ignored
        batches = line.link.batches
        sign, reference = line.params[0][:1], line.params[0][1:]
        if sign == "+":
            if len(line.params) < 3 or not _is_of_message(line):
                raise Ignored
            begun = Begun(line.source, line.params, line.tags)
            if not batches.begin(reference, begun, line.network):
                line.violate("Too many batches")
        elif sign == "-" and (ended := batches.end(reference, line.source)) is not None:
            self._batch_ended(line, ended)

    def _batch_ended(self, line: Line, begun: Begun) -> None:
        if begun.spoilt:
            line.link.strike(begun.spoilt)
        elif begun.params[1] == COPY:
            if not is_blank(begun.parts):
                opening = Line(line.links, line.link, begun.source, begun.params, begun.tags, line.row)
                copies.take(opening, begun.params[2:], _parts(begun))
        elif (bot := _bot(line, begun.params[2])) is not None:
            self._errand(line, begun.source, begun.command, bot, [part.text for part in begun.parts])
        elif not is_blank(begun.parts):
            opening = Line(line.links, line.link, begun.source, begun.params, begun.tags, line.row)
            way = find_way(opening, opening.params[2])
            parts = _parts(begun)
            self._tell(opening, begun.command, way, combine(parts), parts)

    def _say(self, line: Line, text: str) -> None:
        if line.link.codec.core and "batch" in line.tags:
            begun = line.link.batches.find(line.tags["batch"])
            if begun is not None:
                begun.take(line.source, line.row.verb, line.param(1), joined=CONCAT in line.tags)
            return
        name, text = line.params[0], cut(text, MOST_TEXT)
        if name[:1] != "#" and (bot := _bot(line, name)) is not None:
            self._errand(line, line.source, line.row.verb, bot, [text])
        elif name[:1] != "$":
            self._tell(line, line.row.verb, find_way(line, name), text)
        elif 2 < len(name) <= LONGEST_MASK:
            line.by_operator()
            msgid = line.msgid("")
            line.commit(
                BroadcastSent(line.row.verb, line.source, name, text, line.at, msgid, client_tags(line))
            )

    def _errand(
        self, line: Line, source: Server | User, command: str, bot: User, texts: Iterable[str]
    ) -> None:
        """What is said to a pseudo-user is no message, and goes no further: there may be a password in it."""
        if command == "PRIVMSG" and isinstance(source, User):
            self._gate.said(line.link, source, bot, texts)

    def _tell(self, line: Line, command: str, way: Way, text: str, parts: tuple[Part, ...] = ()) -> None:
        target, ranks, status = way
        msgid, tags = line.msgid(target.place), client_tags(line)
        fact = MessageSent(command, line.source, target, text, line.at, msgid, tags, ranks, status, parts)
        if isinstance(target, User):
            onward = line.links.way_to(target)
            if target.person is not None and self._persons.may_be_lost(target):
                later = partial(self._tell_late, line, command, way, text, parts)
                if self._persons.hold(target, later, _nothing) or target.person.orphan:
                    return
            if onward is not None:
                # It is nothing to us what they say to each other.
                by = line.source
                known = type(by) is not User or by.person is None or who_know(by, (onward,))
                if onward is not line.link and known:
                    for told in onward.codec.message(fact, line.links.reference()):
                        onward.send(told)
                return
            if isinstance(line.source, User) and not self._may_write(line, line.source, target, fact):
                return
        elif target.pace is not None and command != "TAGMSG":
            _count(line, target, text)
        line.commit(fact)

    def _tell_late(self, line: Line, command: str, way: Way, text: str, parts: tuple[Part, ...]) -> None:
        """The same of what has waited.  If they are now where it came from, it cannot go back there."""
        target, source = way[0], line.source
        if isinstance(target, User) and line.links.way_to(target) is line.link:
            if command == "PRIVMSG" and isinstance(source, User):
                tell(line.node, [(source, target)])
        else:
            self._tell(line, command, way, text, parts)

    def _may_write(self, line: Line, user: User, target: User, fact: MessageSent) -> bool:
        """Judge for a user of ours; the sender is told by numerics, unless it is a NOTICE or a TAGMSG."""
        text = judged(fact.text, fact.parts) if fact.parts else fact.text
        refusal = may_write(user, target, text)
        if refusal is None:
            return True
        answered = fact.command == "PRIVMSG"
        if answered:
            line.refuse(user, refusal)
        if refusal.numeric is not numerics.ERR_TARGUMODEG or fact.command == "TAGMSG":
            return False
        if self._callers.may_knock(user, target, line.node.clock.monotonic()):
            letter = "g" if "g" in target.modes else "G"
            if answered:
                line.refuse(user, Refusal(numerics.RPL_TARGNOTIFY, target.nick))
            line.commit(CallerBlocked(target, user, letter, line.now))
        return False


def _count(line: Line, channel: Channel, text: str) -> None:
    """What who has no rank says elsewhere counts for slow mode and the repeat filter here."""
    source, pace = line.source, channel.pace
    if pace is not None and isinstance(source, User) and not channel.members.get(source):
        count(pace, source, text, line.node.clock.monotonic(), line.node.settings.limits.paced)


def _parts(begun: Begun) -> tuple[Part, ...]:
    return tuple(Part(cut(part.text, MOST_TEXT), part.joined) for part in begun.parts)


def _is_of_message(line: Line) -> bool:
    """Whether a batch begins that is a message, or the copy of one."""
    kind = line.params[1]
    if kind == COPY:
        return line.link.codec.seats and len(line.params) >= 2 + copies.PARAMS
    return kind == TYPE


def _nothing() -> None:
    """What comes of a message that waited in vain: whoever said it is told nothing by this server."""


def _bot(line: Line, name: str) -> User | None:
    """The pseudo-user that a UID, or ``nick@server``, means."""
    network = line.network
    if network.virtual is None:
        return None
    bot = network.pseudo_users.get(UID(name))
    if bot is None and "@" in name:
        nick, _, server = name.partition("@")
        found = network.user(nick)
        if found is not None and found.server.virtual and server.lower() == found.server.name.lower():
            bot = found
    return bot


def find_way(line: Line, name: str) -> Way:
    """What ``#channel``, ``@#channel``, ``=#channel``, a UID, a nick or ``nick@server`` means."""
    if name[:1] == "#":
        return _channel(line, name), 0, ""
    if name[:2] == "=#":
        return _channel(line, name[1:]), at_least(OP), ""
    prefix, mark, rest = name.partition("#")
    if mark and prefix and all(sign in RANK_OF_PREFIX for sign in prefix):
        status = min(prefix, key=RANK_OF_PREFIX.__getitem__)
        return _channel(line, "#" + rest), at_least(RANK_OF_PREFIX[status]), status
    uid = UID(name)
    user = line.network.users.get(uid) or line.links.claims.meant(uid)
    user = user or line.network.user(name.partition("@")[0])
    if user is None or user.server.virtual:  # of whom other servers do not know
        raise Ignored
    return user, 0, ""


def _channel(line: Line, name: str) -> Channel:
    channel = line.network.channel_meant(name)
    if channel is None:
        raise Ignored
    return channel


def client_tags(line: Line) -> bytes:
    """The client-only tags, none if there are too many: their first server has said which may go on."""
    if not line.tags:
        return b""
    tags = relayed(line.tags, ())
    return tags if len(tags) <= MOST_TAGS else b""


@LINK.command("REDACT", min_params=2)
def redact(line: Line) -> None:
    """A message is deleted; its author's server, or an operator's, has judged that.

    # <- @time=2026-11-23T13:20:00.123Z;msgid=1abd :2CNAAAAAB REDACT #chatnet 1abc :not here
    """
    fact = _redaction(line)
    onward = line.links.way_to(fact.target) if isinstance(fact.target, User) else None
    if onward is None:
        line.commit(fact)
    elif onward is not line.link and who_know(fact.by, (onward,)):
        for told in onward.codec.redaction(fact):
            onward.send(told)


@ENCAPSULATED.believed("REDACT", anybody, 2)
def encapsulated_redact(line: Line) -> None:
    """The same, by way of servers that do not know it.

    # <- :2CNAAAAAB ENCAP * REDACT #chatnet 1abc :not here
    """
    line.node.commit(_redaction(line), TOLD)


def _redaction(line: Line) -> MessageRedacted:
    target, ranks, status = find_way(line, line.params[0])
    redacted = line.params[1]
    if MSGID.fullmatch(redacted) is None:
        raise Ignored
    msgid = line.msgid(target.place)
    reason = cut(line.param(2), MOST_TEXT)
    return MessageRedacted(line.source, target, redacted, reason, line.at, msgid, ranks, status)


@LINK.command("WALLOPS", min_params=1)
def wallops(line: Line) -> None:
    """For everybody who wants to know (user mode w).

    # <- :1SOAAAAAB WALLOPS :maintenance in ten minutes
    """
    line.by_operator()
    if line.params[0]:
        line.commit(WallopsSent(line.source, line.params[0], line.at))


@LINK.command("OPERWALL", min_params=1)
def operwall(line: Line) -> None:
    """For operators (user mode z).

    # <- :1SOAAAAAB OPERWALL :who is on duty
    """
    line.by_operator()
    if line.params[0]:
        line.commit(WallopsSent(line.by_user(), line.params[0], line.at, for_opers=True))


@ENCAPSULATED.believed("SNOTE", by_server, 2)
def snote(line: Line) -> None:
    """A notice for the operators of all servers.

    # <- :1SO ENCAP * SNOTE s :alice is now an operator
    """
    letter = line.params[0][:1]
    by = line.by_server()
    if line.node.tells_opers:
        line.node.commit(ServerNotice(letter, line.params[1], line.now, by), TOLD)
