"""What becomes of users who lose their nick to somebody on another server: their UID is it then, or they go.

To rename them (SAVE) every server on the way to them must know how.
https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md
"""

from __future__ import annotations

from typing import Final

from chatnet.links.neighbour.link import Link
from chatnet.links.speech.line import Line
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import User
from chatnet.model.facts import Killed, NickChanged, Source
from chatnet.model.server import Server

SAVED_TS: Final = 100
"""The TS of a UID as a nick: nobody can want it."""
REASON: Final = "Nick collision"


def can_save(server: Server) -> bool:
    """Whether all servers from here to `server` know SAVE."""
    return server.is_reached_with("SAVE")


def save(links: Neighbours, user: User, by: Server, origin: object = None, line: Line | None = None) -> None:
    """Take the nick of a user of the network from them, in the name of the server `by`.

    A `line` has told it, from the link that is the origin.
    """
    node = links.node
    at, msgid = _event(links, user, line)
    node.commit(
        NickChanged(
            user, user.uid, node.network.fold(user.uid), at, user.nick, user.source,
            SAVED_TS, (user.folded, user.nick_ts), by, msgid,
        ),
        origin,
    )  # fmt: skip


def _event(links: Neighbours, user: User, line: Line | None) -> tuple[float, str]:
    """When that happened to `user` which a `line` tells, and its id; what no line tells happens now."""
    return (links.node.clock.time(), "") if line is None else (line.at, line.msgid(user.place))


def defeat(links: Neighbours, user: User) -> None:
    """A user of the network loses their nick: all servers are told, that of the winner as well."""
    if can_save(user.server):
        save(links, user, links.node.network.me)
    else:
        kill(links, user, links.node.network.me, REASON)


def kill(
    links: Neighbours, user: User, by: Source, reason: str, origin: object = None, line: Line | None = None
) -> None:
    """Put a user of the network off it; `line` as above."""
    links.node.commit(Killed(user, by, reason, *_event(links, user, line)), origin)


def turn_away(link: Link, user: User, reason: str) -> None:
    """A user whom `link` just introduced does not come in: only the servers behind it ever knew them."""
    link.send(link.codec.kill(link.node.network.me, user, reason))


def save_newcomer(link: Link, user: User, ts: int) -> bool:
    """Tell the servers behind `link` alone that a user has the UID as nick, and not what they had since `ts`.

    False if they would not understand.
    """
    if not can_save(user.server):
        return False
    link.send(link.codec.save(link.node.network.me, user, ts))
    return True
