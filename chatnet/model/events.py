"""Ids of events: who comes and goes, and what becomes of names, modes and topics, as clients read of it.

They are as those of messages, the tag ``msgid``, and cross links, so that they are the same on all servers.
Most are read by nobody, so one is made when somebody is to read it, and written into the fact.  What a
neighbour tells comes with one, or gets one where it comes in (``links/speech/line.py``); nobody did what
comes of it that servers part and meet, so that has none.
https://ircv3.net/specs/extensions/message-ids
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from chatnet.model import facts
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearsay, Source
from chatnet.model.ids import UID, MessageIds
from chatnet.model.server import Server


class EventIds:
    """Gives events of the server `me` their ids, out of its `ids` for messages.

    Whoever tells an event, or keeps it, asks for its id before: delivery, links, a recorder.
    """

    __slots__ = ("_ids", "_killed", "_me")

    def __init__(self, ids: MessageIds, me: Server) -> None:
        self._ids = ids
        self._me = me
        self._killed: dict[User, tuple[str, float]] = {}

    def of(self, fact: Any, origin: object) -> str:
        """The id of a fact that comes from `origin`, which is given one now if it has none; empty if it is no
        event."""
        told: str = fact.msgid
        if told or isinstance(origin, Hearsay):
            return told
        by, place = _NAMED[type(fact)](fact)
        if by is None:
            return ""
        # In the name of a user of this server or in its own, so that it is nobody else's.
        sender = by.uid if isinstance(by, User) and by.server is self._me else UID(self._me.sid)
        fact.msgid = found = self._ids.take(fact.at, sender, place)
        return found

    def killed(self, fact: Any, origin: object) -> None:
        """Somebody was put off the network: this is the id of their QUIT, which each server states alone."""
        self._killed[fact.user] = self.of(fact, origin), fact.at

    def quit(self, fact: Any) -> None:
        """Somebody has quit; who was killed did so at that time, everywhere."""
        if self._killed and fact.user in self._killed:
            fact.msgid, fact.at = self._killed.pop(fact.user)


_Named = tuple[Source | None, str]
"""Who did it, and the place; None if nobody did."""


def _of_user(fact: Any) -> _Named:
    return fact.user, ""


def _joined(fact: Any) -> _Named:
    return (fact.members[0][0] if fact.asked and len(fact.members) == 1 else None), fact.channel.place


def _parted(fact: Any) -> _Named:
    return fact.user, fact.channel.place


def _of_channel(fact: Any) -> _Named:
    channel: Channel = fact.channel
    return fact.by, channel.place


_NAMED: Final[Mapping[type[object], Callable[[Any], _Named]]] = {
    facts.UserQuit: _of_user,
    facts.Killed: _of_user,
    facts.NickChanged: _of_user,
    facts.Joined: _joined,
    facts.Parted: _parted,
    facts.Kicked: _of_channel,
    facts.TopicChanged: _of_channel,
    facts.ModesChanged: _of_channel,
    facts.EntriesAdded: _of_channel,
    facts.ChannelRenamed: _of_channel,
}
EVENTS: Final[frozenset[type[Fact]]] = frozenset(each for each in _NAMED if issubclass(each, Fact))
"""Kinds of facts that are events."""
