"""Who is in a channel, and its topic, as a client that comes in or asks is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chatnet.model.entities import Channel, User
from chatnet.model.modes import ALL_PREFIXES, TOP_PREFIX
from chatnet.rules.visibility import may_see_member
from chatnet.session.packing import fill
from chatnet.session.render import LINE, encode
from chatnet.session.session import Session
from chatnet.session.shadows import Shadows
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.text import byte_length

NAMES_PER_MICROSECOND: Final = 4
"""How many members one is told of in that time."""


def show_topic(session: Session, channel: Channel) -> None:
    """332 and 333, or 331."""
    topic = channel.topic
    if topic is None:
        session.numeric(numerics.RPL_NOTOPIC, channel.name)
        return
    session.numeric(numerics.RPL_TOPIC, channel.name, topic.text)
    by = session.sessions.node.network.shown(topic.by)
    session.numeric(numerics.RPL_TOPICWHOTIME, channel.name, by, topic.at)


def symbol(channel: Channel) -> str:
    """What 353 says of a channel: ``@`` secret, ``*`` private, ``=`` public."""
    return "@" if "s" in channel.flags else "*" if "p" in channel.flags else "="


def _items(members: Iterable[tuple[User, int]], caps: int) -> list[str]:
    prefixes = ALL_PREFIXES if caps & cap.MULTI_PREFIX else TOP_PREFIX
    if caps & cap.USERHOST_IN_NAMES:
        return [prefixes[ranks] + user.mask for user, ranks in members]
    return [prefixes[ranks] + user.nick for user, ranks in members]


def show_names(session: Session, channel: Channel) -> None:
    """353 in as many lines as it takes, then 366.  Invisible members are shown to members only.

    https://modern.ircdocs.horse/#names-message
    """
    everything = session.user in channel.members or session.user.may("see-all")
    members: Iterable[tuple[User, int]] = channel.members.items()
    if session.sessions.shadows.any:
        members = [*members, *session.sessions.shadows.members(channel)]
    if not everything:
        members = [(user, ranks) for user, ranks in members if "i" not in user.modes]
    if channel.veil is not None:
        me = session.user
        members = [each for each in members if may_see_member(me, channel, each[0])]
    items = _items(members, session.caps)
    sign = symbol(channel)
    front = encode(f":{session.sessions.server_name} 353 {session.user.nick} {sign} {channel.name} :")
    text = encode(" ".join(items))
    room, start = LINE - len(front), 0
    while len(text) - start > room:
        end = text.rindex(b" ", start, start + room + 1)  # a name is never so long that there is none
        session.send(front + text[start:end])
        start = end + 1
    if text:
        session.send(front + text[start:])
    session.numeric(numerics.RPL_ENDOFNAMES, channel.name)


class Members:
    """Who is in a channel, for many members at the same time: what 353 lists is made once for each format."""

    def __init__(self, channel: Channel, shadows: Shadows) -> None:
        self._channel = channel
        self._members = [*channel.members.items(), *shadows.members(channel)]
        self._longest = max((user.nick for user in channel.members), key=len, default="")
        self._texts: dict[int, list[str]] = {}

    def show(self, session: Session) -> None:
        """353 and 366, as :func:`show_names` to a member."""
        if self._channel.veil is not None:
            show_names(session, self._channel)
            return
        key = session.caps & (cap.MULTI_PREFIX | cap.USERHOST_IN_NAMES)
        texts = self._texts.get(key)
        if texts is None:
            items = _items(self._members, key)
            texts = self._texts[key] = list(fill(items, " ", self._room(session)))
        sign, name = symbol(self._channel), self._channel.name
        for text in texts:
            session.numeric(numerics.RPL_NAMREPLY, sign, name, text)
        session.numeric(numerics.RPL_ENDOFNAMES, name)

    def _room(self, session: Session) -> int:
        sign, name = symbol(self._channel), self._channel.name
        return LINE - byte_length(f":{session.sessions.server_name} 353 {self._longest} {sign} {name} :")
