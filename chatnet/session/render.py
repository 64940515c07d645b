"""Facts as the lines that clients read, one rendering per output format.

`key` is a client's capabilities, masked by those that change the kind of line; whoever shares it gets the
very same bytes.  A line has at most 510 bytes and CR LF, its tags not counted; what does not fit is cut
between characters.
"""

from __future__ import annotations

import re
from typing import Final

from chatnet.model import facts
from chatnet.model.entities import Channel, User
from chatnet.model.facts import ModeChange, Source
from chatnet.model.server import Server
from chatnet.wire import capabilities as cap
from chatnet.wire.message import escape_tag_value
from chatnet.wire.modestring import Change, format_changes
from chatnet.wire.numerics import RPL_WHOISCHANNELS
from chatnet.wire.server_time import time_tag
from chatnet.wire.text import cut_bytes

Event = (
    facts.ChannelRenamed
    | facts.EntriesAdded
    | facts.Kicked
    | facts.ModesChanged
    | facts.NickChanged
    | facts.Parted
    | facts.TopicChanged
    | facts.UserQuit
)
"""What has an id, which everybody reads who knows tags (as a JOIN has, of which each user is told apart)."""

LINE: Final = 510
"""Bytes of a line without its tags and its CR LF."""

OPERWALL: Final = "OPERWALL - "
"""What stands before the text of an OPERWALL, which is a WALLOPS to clients."""

TAGS: Final = cap.SERVER_TIME | cap.MESSAGE_TAGS | cap.ACCOUNT_TAG | cap.OPER_TAG
"""The capabilities that add tags to a line."""


def account_tag(account: str) -> bytes:
    """``account=name``  https://ircv3.net/specs/extensions/account-tag"""
    return b"account=" + encode(escape_tag_value(account))


def tags(at: float, key: int, by: Source | None, own: bytes) -> bytes:
    """``@time=…;account=…;bot;draft/oper;msgid=… ``: what `key` asks of it, or nothing.

    `own` are tags of this line alone, for whoever has `key`.  Client-only tags stand at their end: "Any
    server-sent tags attached to messages MUST be included before client-only tags".
    https://ircv3.net/specs/extensions/message-tags#client-only-tags
    """
    found = []
    if key & cap.SERVER_TIME:
        found.append(time_tag(at))
    if by is not None and (told := key & by.tagged):
        if told & cap.ACCOUNT_TAG and isinstance(by, User) and by.account is not None:
            found.append(account_tag(by.account))
        if told & cap.MESSAGE_TAGS:
            found.append(b"bot")  # https://ircv3.net/specs/extensions/bot-mode
        if told & cap.OPER_TAG:
            # Without a value: an oper's name is half of what it takes to become one.
            found.append(b"draft/oper")  # https://ircv3.net/specs/extensions/oper-tag
    if own:
        found.append(own)
    return b"@%b " % b";".join(found) if found else b""


def line(body: bytes, at: float, key: int, by: Source | None = None, own: bytes = b"") -> bytes:
    """`body` (no CR LF) as a whole line: cut to its length, tagged as `key` asks.

    `by` is who caused it, unless it is this server; `own` are tags of this line alone, which fit `key`.
    """
    if len(body) > LINE:
        body = cut_bytes(body, LINE)
    if own or key & TAGS:
        return tags(at, key, by, own) + body + b"\r\n"
    return body + b"\r\n"


def in_utf8(lines: bytes) -> bytes:
    """Whole lines with U+FFFD for what is not UTF-8, which other servers let through: "Servers publishing the
    `UTF8ONLY` token MUST NOT relay content […] containing non-UTF-8 data to clients".

    https://ircv3.net/specs/extensions/utf8-only
    """
    if lines.isascii():
        return lines
    fit = []
    for text in lines.splitlines(True):
        whole = text.decode("utf-8", "replace").encode()
        if len(whole) > len(text):  # the sign is longer than what it stands for
            front, space, body = whole.partition(b" ") if whole[:1] == b"@" else (b"", b"", whole)
            whole = front + space + cut_bytes(body.removesuffix(b"\r\n"), LINE) + b"\r\n"
        fit.append(whole)
    return b"".join(fit)


def encode(text: str) -> bytes:
    """Text of the model as the bytes it came in as."""
    return text.encode() if text.isascii() else text.encode("utf-8", "surrogateescape")


def message(fact: facts.MessageSent, key: int) -> bytes:
    """``:nick!user@host PRIVMSG #channel :text``; for a user, the target is their nick."""
    target, command, text = fact.target, fact.command, fact.text
    # Encoded here: most is ASCII, and a call is paid by every message.
    if isinstance(target, Channel):
        name = target.source
    else:
        nick = target.nick
        name = nick.encode() if nick.isascii() else encode(nick)
    if fact.status:
        name = fact.status.encode() + name
    if command == "TAGMSG":
        whole = b":%b TAGMSG %b\r\n" % (fact.by.source, name)
    else:
        said = text.encode() if text.isascii() else encode(text)
        whole = b":%b %b %b :%b\r\n" % (fact.by.source, command.encode(), name, said)
    if key & TAGS or len(whole) > LINE + 2:
        own = message_tags(fact) if key & cap.MESSAGE_TAGS else b""
        return line(whole[:-2], fact.at, key, fact.by, own)
    return whole


class Voice:
    """What lines of one author in one place have in common, for who looks back at many of them.

    What :meth:`says` makes is what :func:`message` makes of the same, some times as fast.  `source` is
    ``nick!user@host``, `name` the target as it is told; `tagged` says which capabilities make a difference
    (see ``User.tagged``).
    """

    __slots__ = ("_has_id", "_head", "_tags", "_timed")

    def __init__(
        self, source: bytes, account: str | None, tagged: int, command: str, name: bytes, key: int
    ) -> None:
        self._head = b":%b %b %b :" % (source, command.encode(), name)
        self._timed = bool(key & cap.SERVER_TIME)
        self._has_id = bool(key & cap.MESSAGE_TAGS)
        told = key & tagged
        found = []
        if told & cap.ACCOUNT_TAG and account is not None:
            found.append(account_tag(account))
        if told & cap.MESSAGE_TAGS:
            found.append(b"bot")
        if told & cap.OPER_TAG:
            found.append(b"draft/oper")
        self._tags = found

    def says(self, text: str, at: float, msgid: str) -> bytes:
        """A whole line, without client-only tags."""
        body = self._head + (text.encode() if text.isascii() else text.encode("utf-8", "surrogateescape"))
        if len(body) > LINE:
            body = cut_bytes(body, LINE)
        if self._timed and self._has_id and not self._tags:
            return b"@%b;msgid=%b %b\r\n" % (time_tag(at), msgid.encode(), body)
        found = [time_tag(at), *self._tags] if self._timed else self._tags[:]
        if self._has_id:
            found.append(b"msgid=" + msgid.encode())
        return b"@%b %b\r\n" % (b";".join(found), body) if found else body + b"\r\n"


def redacted(fact: facts.MessageRedacted, key: int) -> bytes:
    """``:nick!user@host REDACT #channel id :reason``; for a user, the target is their nick.

    https://ircv3.net/specs/extensions/message-redaction
    """
    target = fact.target
    name = target.source if isinstance(target, Channel) else encode(target.nick)
    status, redacted = fact.status.encode(), fact.redacted.encode()
    body = b":%b REDACT %b%b %b" % (fact.by.source, status, name, redacted)
    if fact.reason:
        body += b" :" + encode(fact.reason)
    msgid = b"msgid=" + fact.msgid.encode() if key & cap.MESSAGE_TAGS else b""
    return line(body, fact.at, key, fact.by, msgid)


def broadcast(fact: facts.BroadcastSent, key: int) -> bytes:
    """``:nick!user@host NOTICE $$mask :text``"""
    body = b":%b %b %b" % (fact.by.source, fact.command.encode(), encode(fact.mask))
    if fact.command != "TAGMSG":
        body += b" :" + encode(fact.text)
    return line(body, fact.at, key, fact.by, message_tags(fact) if key & cap.MESSAGE_TAGS else b"")


def message_tags(fact: facts.MessageSent | facts.BroadcastSent) -> bytes:
    """``msgid=…``, and the sender's client-only tags.  https://ircv3.net/specs/extensions/message-ids"""
    msgid = b"msgid=" + fact.msgid.encode()
    return b"%b;%b" % (msgid, fact.tags) if fact.tags else msgid


def event(body: bytes, fact: Event, key: int, by: Source) -> bytes:
    """`body` as a whole line, with the id of what it tells.  https://ircv3.net/specs/extensions/message-ids"""
    return line(body, fact.at, key, by, msgid_tag(fact.msgid, key))


def msgid_tag(msgid: str, key: int) -> bytes:
    """``msgid=…``, if there is an id, and whoever has `key` may get tags."""
    return b"msgid=" + msgid.encode() if msgid and key & cap.MESSAGE_TAGS else b""


def joined(user: User, channel: Channel, at: float, key: int, msgid: str = "") -> bytes:
    """``:nick!user@host JOIN #channel``, with extended-join ``JOIN #channel account :real name``.

    https://ircv3.net/specs/extensions/extended-join
    """
    body = b":%b JOIN %b" % (user.source, channel.source)
    if key & cap.EXTENDED_JOIN:
        body += b" %b :%b" % (encode(user.account or "*"), encode(user.realname))
    return line(body, at, key, user, msgid_tag(msgid, key))


def channel_renamed(fact: facts.ChannelRenamed, key: int) -> bytes:
    """``:nick!user@host RENAME #old #new :reason``.  https://ircv3.net/specs/extensions/channel-rename"""
    body = b":%b RENAME %b %b :%b" % (
        fact.by.source, encode(fact.old), fact.channel.source, encode(fact.reason),
    )  # fmt: skip
    return event(body, fact, key, fact.by)


def moved(fact: facts.ChannelRenamed, user: User, key: int) -> bytes:
    """``PART #old :reason`` and ``JOIN #new`` of a member who does not know RENAME, for themselves.

    https://ircv3.net/specs/extensions/channel-rename#fallback
    """
    body = b":%b PART %b" % (user.source, encode(fact.old))
    if fact.reason:
        body += b" :" + encode(fact.reason)
    return line(body, fact.at, key, user) + joined(user, fact.channel, fact.at, key)


def parted(fact: facts.Parted, key: int) -> bytes:
    """``:nick!user@host PART #channel :reason``"""
    body = b":%b PART %b" % (fact.user.source, fact.channel.source)
    if fact.reason is not None:
        body += b" :" + encode(fact.reason)
    return event(body, fact, key, fact.user)


def kicked(fact: facts.Kicked, key: int) -> bytes:
    """``:nick!user@host KICK #channel nick :reason``"""
    body = b":%b KICK %b %b :%b" % (
        fact.by.source, fact.channel.source, encode(fact.user.nick), encode(fact.reason),
    )  # fmt: skip
    return event(body, fact, key, fact.by)


def quitted(fact: facts.UserQuit, key: int) -> bytes:
    """``:nick!user@host QUIT :reason``"""
    user = fact.user
    return event(b":%b QUIT :%b" % (user.source, encode(fact.reason)), fact, key, user)


def quit_line(user: User, reason: bytes, at: float, key: int) -> bytes:
    """The same, of one of many who leave."""
    return line(b":%b QUIT :%b" % (user.source, reason), at, key, user)


def killed(fact: facts.Killed, key: int) -> bytes:
    """``:nick!user@host KILL nick :reason``, for the victim."""
    body = b":%b KILL %b :%b" % (fact.by.source, encode(fact.user.nick), encode(fact.reason))
    return line(body, fact.at, key, fact.by)


def nick_changed(fact: facts.NickChanged, key: int) -> bytes:
    """``:old!user@host NICK new``"""
    return event(b":%b NICK %b" % (fact.old_source, encode(fact.nick)), fact, key, fact.user)


def topic_changed(fact: facts.TopicChanged, key: int) -> bytes:
    """``:nick!user@host TOPIC #channel :text``"""
    body = b":%b TOPIC %b :%b" % (fact.by.source, fact.channel.source, encode(fact.text))
    return event(body, fact, key, fact.by)


def mode_lines(source: bytes, target: bytes, changes: tuple[ModeChange, ...], most: int) -> list[bytes]:
    """``:source MODE #channel +o-v nick nick``, as many bodies as `most` parameters in each make needed."""
    wire = [Change(c.adding, c.letter, c.user.nick if c.user is not None else c.parameter) for c in changes]
    head = b":%b MODE %b " % (source, target)
    return [
        head + encode(" ".join([text, *parameters]))
        for text, parameters in format_changes(wire, most, LINE - len(head))
    ]


def modes_changed(fact: facts.ModesChanged, key: int, most: int) -> bytes:
    """One or more whole MODE lines."""
    return _of_one(mode_lines(fact.by.source, fact.channel.source, fact.changes, most), fact, key)


def entries_added(fact: facts.EntriesAdded, key: int, most: int) -> bytes:
    """``:server MODE #channel +bb mask mask``"""
    changes = tuple(ModeChange(True, fact.letter, entry.text) for entry in fact.entries)
    return _of_one(mode_lines(fact.by.source, fact.channel.source, changes, most), fact, key)


def _of_one(bodies: list[bytes], fact: facts.ModesChanged | facts.EntriesAdded, key: int) -> bytes:
    """The lines of one event; the first has its id, for no two may have the same."""
    first = event(bodies[0], fact, key, fact.by)
    return first + b"".join([line(body, fact.at, key, fact.by) for body in bodies[1:]])


def channel_reset(fact: facts.ChannelReset, key: int, me: Source, most: int) -> bytes:
    """``:server NOTICE #channel :*** Notice -- TS for #channel changed from 5 to 3``, and what goes with it.

    The wording is Solanum's, which clients and services may know.
    """
    name = fact.channel.source
    text = b"*** Notice -- TS for %b changed from %d to %d" % (name, fact.old_ts, fact.ts)
    bodies = mode_lines(fact.by.source, name, fact.removed, most)
    return line(b":%b NOTICE %b :%b" % (me.source, name, text), fact.at, key) + b"".join(
        [line(body, fact.at, key, fact.by) for body in bodies]
    )


def rank_lines(source: Source, user: User, channel: Channel, letters: str, at: float, key: int) -> bytes:
    """``:server MODE #channel +ov nick nick``: the ranks of somebody who comes in, by a netjoin, say."""
    changes = tuple(ModeChange(True, letter, None, user) for letter in letters)
    bodies = mode_lines(source.source, channel.source, changes, len(letters))
    return b"".join([line(body, at, key) for body in bodies])


def user_modes_changed(fact: facts.UserModesChanged, key: int) -> bytes:
    """``:nick!user@host MODE nick :+i-w``, for the user alone."""
    text = ("+" + fact.added if fact.added else "") + ("-" + fact.removed if fact.removed else "")
    body = b":%b MODE %b :%b" % (fact.user.source, encode(fact.user.nick), text.encode())
    return line(body, fact.at, key, fact.user)


def away_changed(user: User, at: float, key: int) -> bytes:
    """``:nick!user@host AWAY :text``, without the text when back.  https://ircv3.net/specs/extensions/away-notify"""
    body = b":%b AWAY" % user.source
    if user.away is not None:
        body += b" :" + encode(user.away)
    return line(body, at, key, user)


def account_changed(fact: facts.AccountChanged, key: int) -> bytes:
    """``:nick!user@host ACCOUNT name``, or ``*``.

    https://ircv3.net/specs/extensions/account-notify, and the example in .../account-tag
    """
    # "@account=hax0r :user ACCOUNT bob": the tag tells who they were until now.
    body = b":%b ACCOUNT %b" % (fact.user.source, encode(fact.account or "*"))
    own = b""
    if key & cap.ACCOUNT_TAG and fact.old_account is not None:
        own = account_tag(fact.old_account)
    return line(body, fact.at, key & ~cap.ACCOUNT_TAG, fact.user, own)


def host_changed(fact: facts.HostChanged, key: int) -> bytes:
    """``:nick!olduser@oldhost CHGHOST user host``.  https://ircv3.net/specs/extensions/chghost"""
    body = b":%b CHGHOST %b %b" % (fact.old_source, encode(fact.username), encode(fact.host))
    return line(body, fact.at, key, fact.user)


def changing_host(fact: facts.HostChanged, key: int) -> bytes:
    """``:nick!olduser@oldhost QUIT :Changing host``, for clients that do not know CHGHOST."""
    return line(b":%b QUIT :Changing host" % fact.old_source, fact.at, key, fact.user)


def realname_changed(fact: facts.RealnameChanged, key: int) -> bytes:
    """``:nick!user@host SETNAME :real name``.  https://ircv3.net/specs/extensions/setname"""
    body = b":%b SETNAME :%b" % (fact.user.source, encode(fact.realname))
    return line(body, fact.at, key, fact.user)


def invited(fact: facts.Invited, key: int) -> bytes:
    """``:nick!user@host INVITE nick #channel``"""
    body = b":%b INVITE %b %b" % (fact.by.source, encode(fact.user.nick), fact.channel.source)
    return line(body, fact.at, key, fact.by)


def wallops(fact: facts.WallopsSent, key: int) -> bytes:
    """``:nick!user@host WALLOPS :text``; an OPERWALL says so in its text."""
    mark = OPERWALL if fact.for_opers else ""
    body = b":%b WALLOPS :%b" % (fact.by.source, encode(mark + fact.text))
    return line(body, fact.at, key, fact.by)


def numeric(fact: facts.NumericSent, key: int) -> bytes:
    """``:server NNN nick parameters :text``: the answer of another server."""
    text = encode(as_asked_for(fact.code, fact.text, key))
    body = b":%b %b %b %b" % (fact.by.source, fact.code.encode(), encode(fact.user.nick), text)
    return line(body, fact.at, key)


_PREFIXES: Final = re.compile(r"(?<=[ :])([~&@%+])[~&@%+]+(?=#)")


def as_asked_for(code: str, text: str, key: int) -> str:
    """`text` of a numeric of another server, which does not know for which capabilities its reader has asked.

    It tells all ranks in WHOIS, of which those read the highest who know no other.
    https://modern.ircdocs.horse/#rplwhoischannels-319, https://ircv3.net/specs/extensions/multi-prefix
    """
    if code == RPL_WHOISCHANNELS.code and not key & cap.MULTI_PREFIX:
        return _PREFIXES.sub(r"\1", text)
    return text


def pong(fact: facts.PongSent, key: int) -> bytes:
    """``:server PONG server :nick``: another server is there."""
    return line(b":%b PONG %b :%b" % (fact.by.source, fact.by.source, encode(fact.user.nick)), fact.at, key)


def server_notice(source: Server, text: str, at: float, key: int) -> bytes:
    """``:server NOTICE * :*** Notice -- text``, for operators, who know each process by its name."""
    return line(b":%b NOTICE * :*** Notice -- %b" % (encode(source.name), encode(text)), at, key)
