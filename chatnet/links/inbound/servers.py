"""Servers behind a link, and the life of the link itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from chatnet.dispatch import Phase, Table
from chatnet.links.meeting import clocks
from chatnet.links.neighbour.link import Link, State
from chatnet.links.neighbour.telling import tell
from chatnet.links.speech.line import LINK, Line, is_sid
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.joins import Joins
from chatnet.model.facts import NetJoinEnded, PongSent, ServerIntroduced
from chatnet.model.ids import SID, UID
from chatnet.model.server import Server
from chatnet.wire.masks import compile_glob
from chatnet.wire.names import is_server_name
from chatnet.wire.server_time import read_time
from chatnet.wire.text import cut, printable


class ServersIn:
    """Hears of servers that come; `signs` hear of those that gave a sign of life."""

    def __init__(self, joins: Joins, signs: Sequence[Callable[[Server], object]]) -> None:
        self._joins = joins
        self._signs = signs

    def enter(self, verbs: Table) -> None:
        """Enter the verbs that need them; the others stand in ``LINK``."""
        verbs.command("SID", min_params=4)(self.sid)
        verbs.command("PONG", min_params=1, phase=Phase.ANY)(self.pong)

    def sid(self, line: Line) -> None:
        """A server came, behind the source.

        # <- :1SO SID leaf.test 2 2LF :a leaf
        """
        by, link = line.by_server(), line.link
        name, new = line.params[0], is_sid(line.params[2])
        settings = link.settings
        assert settings is not None
        if new is None or not is_server_name(name):
            line.violate(f"{name[:63]!r} {line.params[2][:9]!r} is no server")
        if settings.role == "leaf":
            line.exceed(f"it is a leaf, and may not introduce {name}", 'role = "hub"')
        if not any(compile_glob(mask, str.lower)(name) for mask in settings.may_introduce or ("*",)):
            line.exceed(f"it may not introduce {name}", "another may_introduce")
        if settings.max_servers is not None:
            behind = sum(line.links.way_to(server) is link for server in line.network.servers.values())
            if behind >= settings.max_servers:
                line.exceed("there are too many servers behind it", "a larger max_servers")
        if (old := line.network.servers.get(new)) is not None and old.name.lower() == name.lower():
            _left(line, old)
        if _is_namesake(line, name, new):
            line.links.has_namesake(link, new, by)
            raise Ignored
        if line.links.is_taken(name, new):
            line.violate(f"the server {name} ({new}) exists already")
        line.links.lost_namesake(link, new)
        server = Server(new, name, line.params[3].removeprefix("(H) "), by.hops + 1, by)
        line.commit(ServerIntroduced(server, line.now))
        line.node.notice("x", f"{name} is linked to {by.name} now", common=True)
        if link.state is State.LINKED and not self._joins.is_joining(by):
            self._joins.begin(link, by, server)

    def pong(self, line: Line) -> None:
        """The other end is there, and has taken in all that came before the PING.

        It says so behind its burst, which ends with it if its server sends no PING of its own (PyLink).

        # <- :1SO PONG so1.test :7CN
        # <- :1SO PONG so1.test :7CNAAAAAB
        """
        if line.link.server is None:
            return
        user = line.network.users.get(UID(line.param(1)))
        if user is not None:
            line.commit(PongSent(line.by_server(), user, line.now))
            return
        wanted = line.links.server(line.param(1)) if line.param(1) else None
        if wanted is None or wanted is line.network.me:
            link = line.link
            if isinstance(line.source, Server):
                for hear in self._signs:
                    hear(line.source)
            if line.source is link.server:
                end_burst(link)
                if link.pulse.pinged:  # else it answers the PING that ended our burst
                    link.pulse.lag = line.node.clock.monotonic() - link.pulse.pinged
                    their = read_time(line.tags.get("time", ""))
                    if their is not None:
                        clocks.answered(link, their)
            return
        other = line.links.way_to(wanted)
        if other is not None and other is not line.link:
            other.send(other.codec.sign_of_life("PONG", line.source, line.params[0], wanted))


def _is_namesake(line: Line, name: str, sid: SID) -> bool:
    """Whether a newcomer is called as services are that this server knows, or have its id.

    Where accounts are kept they are the virtual server; where another server keeps them, the one of services
    that was told of before.  No link ends for it, since nobody could see it coming.
    """
    virtual, links = line.network.virtual, line.links
    if virtual is not None:
        return virtual.sid == sid or virtual.name.lower() == name.lower()
    known = line.network.servers.get(sid)
    return (
        known is not None
        and known.name.lower() == name.lower()
        and (way := links.way_to(known)) is not None
        and way is not line.link
        and links.serves(known, way)
    )


def _left(line: Line, server: Server) -> None:
    """A neighbour of ours is said to be behind another one."""
    link, way = line.link, line.links.way_to(server)
    if way is None or way is link or way.server is not server:
        return
    if way.suspended:
        # It has lost its connection to us and is somewhere else now: there it can be reached.
        way.close(f"It is linked to {line.by_server().name} now")
    elif link.state is State.INTRODUCED and link.sid in way.greeting.left and line.source is link.server:
        # It has left that one for us, as our burst tells.
        for behind in line.network.servers.values():
            if line.links.way_to(behind) is way:
                link.recovery.departed[behind.sid] = (
                    sys.maxsize if link.bursting is not None else link.streams.sent
                )
        raise Ignored


@LINK.command("SQUIT", min_params=1)
def squit(line: Line) -> None:
    """A server is gone, with all behind it; naming us, it ends the link.

    # <- :1SO SQUIT 2LF :Ping timeout
    """
    if line.links.lost_namesake(line.link, SID(line.params[0])):
        return
    virtual = line.network.virtual
    if virtual is not None and line.params[0] in (virtual.sid, virtual.name):
        line.links.put_off(line.link, None)
        return
    server = line.links.server(line.params[0])
    reason = cut(line.param(1), line.node.settings.limits.kick)
    if server is None:
        raise Ignored
    if server is line.network.me or server is line.link.server:
        line.link.close(reason or "SQUIT")
        return
    if line.links.way_to(server) is not line.link:
        if line.link.has_lost(server):
            raise Ignored
        settings = line.link.settings
        assert settings is not None
        if not settings.allow_squit_others:
            line.link.warn_once(
                f"SQUIT {server.sid}", f"may not end the link to {server.name} (allow_squit_others): {reason}"
            )
            raise Ignored
        name = line.source.mask.partition("!")[0]
        line.node.notice("x", f"{name} ends the link to {server.name}: {reason}")
        line.links.squit(server, reason or "SQUIT")
        return
    line.links.split(server, line.link, reason)


@LINK.command("PING", min_params=1, phase=Phase.ANY)
def ping(line: Line) -> None:
    """Whether the other end is there; a server's first one ends its burst.

    # <- PING :1SO
    # <- :1SO PING so1.test :7CN
    """
    link, me = line.link, line.network.me
    if link.server is None:
        return
    wanted = line.links.server(line.param(1)) if line.param(1) else me
    if wanted is None:
        raise Ignored
    if wanted is not me:
        other = line.links.way_to(wanted)
        if other is not None and other is not link:
            other.send(other.codec.sign_of_life("PING", line.source, line.params[0], wanted))
        return
    link.send(link.codec.pong(me, line.source, line.node.clock.time()))
    if line.source is link.server:
        end_burst(link)


def end_burst(link: Link) -> None:
    """The neighbour has told all it knew when it came."""
    if link.state is State.INTRODUCED and link.server is not None:
        link.step("end of burst")
        link.companions.renamed.clear()
        node = link.node
        node.commit(NetJoinEnded(link.server, node.clock.time()), link)
        tell(node, f"{link.name} has told all it knew")


@LINK.command("CNACK", min_params=1, phase=Phase.ANY)
def cnack(line: Line) -> None:
    """How many of our lines the neighbour has applied.

    # <- CNACK 4711
    """
    link = line.link
    link.streams.applied -= 1  # it is not numbered
    if link.streams.numbered and not link.streams.confirmed(line.number(0)):
        line.violate("CNACK for more lines than there were")
    link.pour()


@LINK.command("CNREQ", phase=Phase.ANY)
def cnreq(line: Line) -> None:
    """The neighbour wants to know how many of its lines are applied.

    # <- CNREQ
    """
    link = line.link
    link.streams.applied -= 1  # it is not numbered
    if link.streams.numbered:
        link.confirm_now()


@LINK.command("ERROR", min_params=1, phase=Phase.ANY)
def error(line: Line) -> None:
    """The neighbour says why it closes the link.

    # <- ERROR :Closing Link: 127.0.0.1 (Invalid credentials.)
    """
    link, said = line.link, f"says: {printable(line.params[-1])[:200]}"
    line.links.tell_of(link, "says", f"{link.name} {said}", f"{link.public_name} {said}")
    if link.server is None or line.source is link.server:
        link.close("The other side closed the link")
