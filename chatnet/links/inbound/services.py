"""What services may do to nicks: give a user another one, and keep one free for its owner.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md#rsfnc
"""

from __future__ import annotations

from typing import Final

from chatnet.links.inbound.collisions import kill
from chatnet.links.speech.encap import ENCAPSULATED, by_services
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.entities import User
from chatnet.model.facts import NickChanged, NickHeld
from chatnet.wire.names import is_nick

REGAINED: Final = "Nickname regained by services"
OLDEST: Final = 900
"""Seconds that the TS of a nick which services give may lie in the past."""


@ENCAPSULATED.believed("RSFNC", by_services, 4)
def rsfnc(line: Line) -> None:
    """A user of this server gets another nick: who they are, the nick, its TS, and the TS of the old one.

    # <- :00A ENCAP irc.example.org RSFNC 0AAAAAAAB Guest1234 1795345600 1795345500
    """
    user, nick = line.user(0), line.params[1]
    if user.server is not line.network.me or user.nick_ts != line.number(3):
        raise Ignored  # they have another nick since
    if not is_nick(nick, line.node.settings.limits.nick):
        raise Ignored
    ts = max(line.ts(2), int(line.now) - OLDEST)
    # Of people the latest nick holds.
    rename(line, user, nick, ts if user.person is None else max(ts, user.nick_ts + 1))


def rename(line: Line, user: User, nick: str, ts: int) -> None:
    """Give a user of this server a nick, which is held no more; whoever has it is killed."""
    network = line.network
    holder = network.user(nick)
    if holder is not None and holder.server.virtual:
        raise Ignored
    release(line, nick)
    if holder is not None and holder is not user:
        kill(line.links, holder, network.me, REGAINED)
    line.node.commit(NickChanged(user, nick, network.fold(nick), line.at, user.nick, user.source, ts))


def release(line: Line, nick: str) -> None:
    """Hold a nick no more, since it is given to its owner."""
    line.node.commit(NickHeld(line.network.fold(nick), line.node.clock.monotonic()), TOLD)


@ENCAPSULATED.believed("NICKDELAY", by_services, 2)
def nickdelay(line: Line) -> None:
    """Nobody may take a nick for so many seconds; 0: everybody may again.

    # <- :00A ENCAP * NICKDELAY 30 ann
    """
    nick = line.params[1]
    if not is_nick(nick, line.node.settings.limits.nick):
        raise Ignored
    until = line.node.clock.monotonic() + line.number(0)
    line.node.commit(NickHeld(line.network.fold(nick), until), TOLD)
