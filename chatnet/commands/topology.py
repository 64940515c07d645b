"""The servers of the network, and the connections of this one: LINKS, MAP, TRACE."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

import chatnet
from chatnet.commands.connections import show_sessions
from chatnet.commands.request import CLIENT, Request
from chatnet.model.server import Server
from chatnet.session.scans import Scan
from chatnet.session.session import Session
from chatnet.wire import numerics
from chatnet.wire.masks import compile_glob
from chatnet.wire.text import middle


def _hidden(request: Request) -> bool:
    """True if the asker should see one server only (``server.hide_servers``)."""
    return request.settings.server.hide_servers and not request.user.may("see-all")


@CLIENT.command("LINKS", penalty=2.0)
def links(request: Request) -> None:
    """`LINKS [[<server>] <mask>]`: the servers of this network, and which one each is linked to.

    https://modern.ircdocs.horse/#links-message  Refuses with 402.
    """
    if len(request.params) > 1:
        request.for_us(0)
    mask = request.params[min(len(request.params), 2) - 1] if request.params else ""
    matches = compile_glob(mask or "*", request.network.fold)
    me = request.network.me
    servers = [me] if _hidden(request) else sorted(request.network.servers.values(), key=lambda s: s.hops)
    for server in servers:
        if matches(name := request.name_of(server)):
            uplink = request.name_of(server.uplink or me)
            about = server.description + _suspended(request, server, " (suspended)")
            request.reply(numerics.RPL_LINKS, name, uplink, server.hops, about)
    request.reply(numerics.RPL_ENDOFLINKS, middle(mask))


@CLIENT.command("MAP", penalty=2.0)
def map_(request: Request) -> None:
    """`MAP`: the servers of this network as a tree: how many users are on each, and how many hops it is away.

    Of this server's own neighbours it tells the lag, from a PING to its PONG, and which are suspended.
    https://modern.ircdocs.horse/ is silent; as Solanum does.
    """
    network = request.network
    hidden = _hidden(request)
    below: dict[Server, list[Server]] = {}
    for server in () if hidden else network.servers.values():
        if server.uplink is not None:
            below.setdefault(server.uplink, []).append(server)
    for branch, server in _tree(network.me, below, "", ""):
        count = len(network.users) if hidden else server.users
        share = 100 * count / len(network.users)
        name = f"{branch}{request.name_of(server)}[{server.sid}]"
        users = f"Users: {count:5} ({share:4.1f}%)"
        request.reply(numerics.RPL_MAP, f"{name:-<50} | {users}{_distance(request, server)}")
    request.reply(numerics.RPL_MAPEND)


def _distance(request: Request, server: Server) -> str:
    if not server.hops:
        return ""
    link = request.sessions.links.routes.direct.get(server)
    lag = f" | Lag: {link.pulse.lag * 1000:.0f} ms" if link is not None and link.pulse.lag is not None else ""
    return f" | Hops: {server.hops}{_suspended(request, server, ' | Suspended') or lag}"


def _suspended(request: Request, server: Server, text: str) -> str:
    """`text`, if `server` is a neighbour whose connection is lost and may come back."""
    link = request.sessions.links.routes.direct.get(server)
    return text if link is not None and link.suspended else ""


def _tree(
    server: Server, below: dict[Server, list[Server]], own: str, rest: str
) -> Iterator[tuple[str, Server]]:
    """Each server and what is drawn before it: `own` before `server`, `rest` before those that hang on it."""
    yield own, server
    children = sorted(below.get(server, ()), key=lambda child: child.name)
    for child in children:
        last = child is children[-1]
        yield from _tree(child, below, rest + ("`- " if last else "|- "), rest + ("   " if last else "|  "))


@CLIENT.command("TRACE", penalty=3.0)
def trace(request: Request) -> None:
    """`TRACE [<server>|<nick>]`: how you are connected; for operators, how everybody is.

    https://modern.ircdocs.horse/ is silent; as Solanum does.  Refuses with 402; 416 after as many
    connections as SendQ has room for.
    """
    name = request.param(0)
    _show_way(request, name)
    request.for_us(0)
    everything = request.user.may("see-all")
    target = request.network.user(name) if name else None
    if everything and target is None:
        request.scan(partial(_show_everything, request))
        return
    whose = request.user if target is None or not everything else target
    for session in request.sessions.local.sessions_of(whose) if target in (None, whose) else ():
        _show_connection(request, session)
    traced = request.name_of(request.network.me) if target is None else target.nick
    request.reply(numerics.RPL_ENDOFTRACE, traced)


async def _show_everything(request: Request, scan: Scan) -> None:
    await show_sessions(request, scan, "TRACE", _show_connection)
    _show_neighbours(request)
    classes = Counter(session.connection_class.name for session in request.sessions.all)
    for class_name, count in sorted(classes.items()):
        request.reply(numerics.RPL_TRACECLASS, class_name, count)
    request.reply(numerics.RPL_ENDOFTRACE, request.network.me.name)


def _show_way(request: Request, name: str) -> None:
    """200, if the answer comes from elsewhere: by which neighbour the question goes there."""
    links = request.sessions.links
    whom = links.queries.meant(name) if name else None
    way = links.way_to(whom) if whom is not None else None
    if way is not None and not _hidden(request):
        version, by = f"chatnet-{chatnet.__version__}", request.network.shown(way.name)
        request.reply(numerics.RPL_TRACELINK, version, middle(name), by)


def _show_neighbours(request: Request) -> None:
    """206 for each server that is linked to this one."""
    links, network = request.sessions.links, request.network
    behind: Counter[object] = Counter()
    users: Counter[object] = Counter()
    for server in network.servers.values():
        way = links.way_to(server)
        behind[way] += 1
        users[way] += server.users
    for link in links.neighbours():
        quiet = request.sessions.monotonic() - link.pulse.heard
        request.reply(numerics.RPL_TRACESERVER, behind[link], users[link], link.name, network.me.name, quiet)


def _show_connection(request: Request, session: Session) -> None:
    user, came = session.user, session.came
    now = request.sessions.monotonic()
    name = f"{user.nick}[{user.username or '*'}@{came.real_host}]"
    where = (session.connection_class.name, name, came.address)
    if not session.registered:
        request.reply(numerics.RPL_TRACEUNKNOWN, *where, now - session.opened)
    else:
        numeric = numerics.RPL_TRACEUSER if user.oper is None else numerics.RPL_TRACEOPERATOR
        request.reply(numeric, *where, now - session.heard, now - session.spoke)
