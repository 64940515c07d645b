"""STATS: figures about this server, by letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from functools import partial
from itertools import chain
from typing import Final

from chatnet.commands.connections import show_sessions
from chatnet.commands.filters import line_of
from chatnet.commands.request import CLIENT, Request
from chatnet.commands.shields import state
from chatnet.compiled import version
from chatnet.history.health import PERIOD
from chatnet.model.bans import EXEMPTING, NetworkBan
from chatnet.model.registry import Registry
from chatnet.records.accounts import State
from chatnet.rules.access import founder_of
from chatnet.services.roll import Roll
from chatnet.session.scans import Scan
from chatnet.session.session import Session
from chatnet.session.visitor import Visitor
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.interfaces import SPOOL
from chatnet.wire import numerics
from chatnet.wire.ban_targets import shown
from chatnet.wire.server_time import day
from chatnet.wire.text import byte_length, cut, middle, printable

ROOM: Final = 360
"""Bytes of a line for the mask of a ban and what is told of it; the rest is for names."""


@CLIENT.command("STATS", min_params=1, penalty=3.0)
def stats(request: Request) -> None:
    """`STATS <letter> [<server>]`: figures about this server.

    l  your connection; for operators who see all, everybody's, and the links to other servers
    ?  the links to other servers alone (operators who see all)
    a  accounts and registered channels: how many there are of each kind, and whether they can be changed
       (operators who see all)
    h  messages that are stored: how many, what waits to be written, and whether that can be written
       (operators who see all)
    k  bans of users and hosts, the newest first (operators who see all)
    d  the same of addresses
    x  the same of real names
    q  the same of nicks and channels, which nobody may have
    b  the same of accounts and certificates
    e  who is exempt from bans (operators who see all)
    n  lists of addresses that are asked by DNS: how often, and what they said (operators who see all)
    f  filters, and what each has hit here (privilege filters)
    r  what people reported here: how much of it is open (privilege reports)
    s  the level of the shields, and what it does (operators who see all)
    w  what is remembered of changes in channels, and how often neighbours knew one in another way (operators
       who see all)
    m  commands, how often they were used, and their bytes
    p  operators who are here
    u  how long the server has been up, and what runs
    y  connection classes: seconds between PINGs, connections per address, SendQ
    i  whom the classes are for (operators who see all)
    o  who may become an operator (operators who see all)
    P  listeners and their connections (operators who see all)

    Of a server of several processes `u` tells since when it is up, and how many were connected to this
    process; what counts for one process alone (l ? h m n P u w) says so.
    https://modern.ircdocs.horse/#stats-message  Refuses with 402, 481, 723; 416 after as many
    connections as SendQ has room for.  An unknown letter gives nothing.
    """
    request.for_us(1)
    letter = request.params[0][:1]
    if letter in ("a", "A"):
        refusal = request.lacks("see-all")
        if refusal is None:
            request.scan(partial(_accounts, request, letter))
            return
        request.refuse(refusal)
    elif letter in _ASKED:
        look, takes = _ASKED[letter]
        refusal = request.lacks(takes)
        if refusal is None:
            request.session.answer_by("STATS", look(request, letter))
            return
        request.refuse(refusal)
    elif letter in _QUERIES:
        show, privilege = _QUERIES[letter]
        refusal = request.lacks(privilege) if privilege is not None else None
        if refusal is not None:
            request.refuse(refusal)
        elif show is _connections and request.user.may("see-all"):
            _links(request)
            request.scan(partial(_all_connections, request, letter))
            return
        else:
            show(request)
            if letter in _OF_ONE:
                _of_one(request, letter)
    request.reply(numerics.RPL_ENDOFSTATS, middle(letter))


def _of_one(request: Request, letter: str) -> None:
    """Of a server that has several processes: which of them the figures are of."""
    names, me = request.network.processes, request.network.me
    if names:
        which = f", {me.name}" if request.user.may("see-all") else ""
        text = f"of process {names.index(me.name) + 1} of {len(names)} alone{which}"
        request.reply(numerics.RPL_STATSDEBUG, letter, text)


async def _all_connections(request: Request, letter: str, scan: Scan) -> None:
    await show_sessions(request, scan, "STATS", _connection)
    _of_one(request, letter)
    request.reply(numerics.RPL_ENDOFSTATS, middle(letter))


async def _accounts(request: Request, letter: str, scan: Scan) -> None:
    """Those that are kept here, by what they are; and whether the store takes changes."""
    accounts, now = request.sessions.accounts, request.now
    if accounts is not None:
        lost = 0
        states = Counter[str]()
        for account in list(accounts.registry.accounts.values()):
            if scan.spend(1):
                await scan.pause()
            lost += account.lost
            states[account.state(now).value] += 1
        kinds = (State.ACTIVE, State.PENDING, State.SUSPENDED, State.DROPPED)
        text = ", ".join(f"{states[kind.value]} {kind.value}" for kind in kinds)
        request.reply(numerics.RPL_STATSDEBUG, letter, f"{states.total()} account(s): {text}")
        request.reply(numerics.RPL_STATSDEBUG, letter, f"{lost} of them lost their name to another one")
        await _channels(request, accounts.registry, letter, scan)
        nickserv = request.sessions.nickserv
        if nickserv is not None and nickserv.mailing.ready:
            why = nickserv.mailing.trouble
            text = f"mail could not be sent: {why}" if why else "mail is sent as far as is known"
            request.reply(numerics.RPL_STATSDEBUG, letter, text)
        trouble = accounts.ledger.trouble
        store = f"the last change was not written: {trouble}" if trouble else "the last change was written"
        request.reply(numerics.RPL_STATSDEBUG, letter, f"store {accounts.ledger.store.id}: {store}")
        _full_servers(request, accounts.roll, letter)
    request.reply(numerics.RPL_ENDOFSTATS, letter)


async def _history(request: Request, letter: str) -> None:
    """What is stored of what was said; visitors, whose answer must not take long, read what was so before."""
    health = request.sessions.health
    if health is not None:
        unread = ""
        if not isinstance(request.session, Visitor):
            try:
                await health.look()
            except StoreError as error:
                unread = f"the store cannot be read: {error}"
        if (figures := health.figures) is not None and not unread:
            text = f"{figures.messages} message(s), {figures.bytes >> 20} MiB, {figures.gaps} gap(s)"
            request.reply(numerics.RPL_STATSDEBUG, letter, text)
            text = f"{figures.waiting >> 10} KiB of messages wait to be written"
            request.reply(numerics.RPL_STATSDEBUG, letter, text)
        if health.spooled:
            text = f"{health.spooled >> 10} KiB of messages wait in {SPOOL} for the database"
            request.reply(numerics.RPL_STATSDEBUG, letter, text)
        groups, entries = health.lately()
        text = f"{groups / PERIOD:.1f} group(s) a second, {entries / PERIOD:.1f} entries, in the last minute"
        request.reply(numerics.RPL_STATSDEBUG, letter, text)
        state = f"not as it should: {health.trouble}" if health.trouble else "as it should"
        text = f"what is said is stored {state}; {health.lost} message(s) were lost since the start"
        request.reply(numerics.RPL_STATSDEBUG, letter, text)
        if unread:
            request.reply(numerics.RPL_STATSDEBUG, letter, unread)
        _of_one(request, letter)
    request.reply(numerics.RPL_ENDOFSTATS, letter)


async def _channels(request: Request, registry: Registry, letter: str, scan: Scan) -> None:
    """Those that are registered, by what they are."""
    channels, now = registry.channels, request.now
    waiting = orphans = 0
    states = Counter[str]()
    for channel in list(channels.by_id.values()):
        if scan.spend(2):
            await scan.pause()
        states[channel.status.at(now).value] += 1
        waiting += channels.waits(channel)
        orphans += channel.holds and not founder_of(registry, channel)
    kinds = (State.ACTIVE, State.SUSPENDED, State.DROPPED)
    text = ", ".join(f"{states[kind.value]} {kind.value}" for kind in kinds)
    request.reply(numerics.RPL_STATSDEBUG, letter, f"{states.total()} registered channel(s): {text}")
    text = f"{waiting} of them wait for another one of their name, {orphans} have no founder"
    request.reply(numerics.RPL_STATSDEBUG, letter, text)


def _full_servers(request: Request, roll: Roll, letter: str) -> None:
    """Those that keep all accounts: how far a neighbour is told of them, or since when one is away."""
    network, feeds = request.network, request.sessions.links.feeds
    fed = feeds.full()
    for each in roll.all():
        server = network.servers.get(each.sid)
        if server is None:
            state = f"away, was there on {day(each.heard * 86400)}"
        elif server is network.me:
            state = "this server"
        else:
            state = fed.get(server, "linked, behind others")
        request.reply(numerics.RPL_STATSDEBUG, letter, f"full server {each.name} ({each.sid}): {state}")
    gate = request.sessions.links.gate
    for link in gate.served():
        text = f"edge {link.name}: {gate.applicants.count(link)} login(s) under way"
        request.reply(numerics.RPL_STATSDEBUG, letter, text)
    if mended := feeds.comparing.mended:
        text = f"{mended} of 256 parts of the records were not the same at a neighbour, and mended"
        request.reply(numerics.RPL_STATSDEBUG, letter, text)


def _connections(request: Request) -> None:
    for session in request.sessions.local.sessions_of(request.user):
        _connection(request, session)


def _connection(request: Request, session: Session) -> None:
    now = request.sessions.monotonic()
    user, came = session.user, session.came
    text = (
        f"{user.nick}[{user.username or '*'}@{came.real_host}] {came.address}"
        f" open {now - session.opened:.0f}s idle {now - session.spoke:.0f}s"
        f" class {session.connection_class.name} penalty {max(0.0, session.penalty - now):.1f}s"
        f" delayed {session.backlog_bytes} bytes{' TLS' if session.peer.secure else ''}"
    )
    request.reply(numerics.RPL_STATSDEBUG, "l", text)


def _links(request: Request) -> None:
    now = request.sessions.monotonic()
    for link in request.sessions.links.all:
        sent, received = link.bytes_out >> 10, link.bytes_in >> 10
        state, waiting = link.state.value, link.exit.waiting
        if link.suspended:
            state = f"suspended {now - link.recovery.lost:.0f}s, {link.streams.waiting} lines wait"
            waiting = link.streams.size
        elif link.pulse.lag is not None:
            state += f" lag {link.pulse.lag * 1000:.0f}ms"
        request.reply(
            numerics.RPL_STATSLINKINFO,
            *(link.name, waiting, link.lines_out, sent, link.lines_in, received),
            *(now - link.pulse.opened, state),
        )


def _commands(request: Request) -> None:
    for verb, row in sorted(request.sessions.rows.items()):
        if row.count:
            request.reply(numerics.RPL_STATSCOMMANDS, verb, row.count, row.bytes, 0)


def _operators(request: Request) -> None:
    for user in request.network.opers:
        away = " (away)" if user.away is not None else ""
        request.reply(numerics.RPL_STATSDEBUG, "p", f"{user.nick} ({user.username}@{user.host}){away}")
    request.reply(numerics.RPL_STATSDEBUG, "p", f"{len(request.network.opers)} operator(s)")


def _uptime(request: Request) -> None:
    sessions = request.sessions
    minutes, seconds = divmod(int(sessions.monotonic() - sessions.node.up), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    request.reply(numerics.RPL_STATSUPTIME, days, hours, minutes, seconds)
    request.reply(numerics.RPL_STATSCONN, sessions.most, sessions.most_people, sessions.opened)
    request.reply(numerics.RPL_STATSDEBUG, "u", f"chatnet {version()}")


def _classes(request: Request) -> None:
    most = request.settings.flood.connections_per_address
    for klass in request.settings.connection_class:
        request.reply(numerics.RPL_STATSYLINE, klass.name, klass.ping_interval, most, klass.sendq)


def _members_of_classes(request: Request) -> None:
    for klass in request.settings.connection_class:
        for address in klass.match or ("*",):
            request.reply(numerics.RPL_STATSILINE, address, "*", 0, klass.name)


def _oper_blocks(request: Request) -> None:
    for block in request.settings.oper:
        for host in block.hosts or ("*@*",):
            request.reply(numerics.RPL_STATSOLINE, host, block.name, block.oper_class)


def _listeners(request: Request) -> None:
    population = Counter(session.peer.listener for session in request.sessions.all)
    for listen in request.settings.listen:
        kind = {"websocket": " WebSocket", "web": " web"}.get(listen.kind, "")
        tls = " TLS" if listen.tls else ""
        text = f"{listen.endpoint}{kind}{tls} {population[listen.endpoint]} connection(s)"
        request.reply(numerics.RPL_STATSDEBUG, "P", text)


def _stamps(request: Request) -> None:
    registers = request.sessions.links.registers
    ended = sum(1 for _ in request.network.memory.all_ended())
    desyncs = registers.desyncs if registers is not None else 0
    text = f"{len(registers or ())} stamp(s), {ended} channel(s) that ended"
    request.reply(numerics.RPL_STATSDEBUG, "w", text)
    request.reply(numerics.RPL_STATSDEBUG, "w", f"{desyncs} channel(s) known in another way by a neighbour")


def _block_lists(request: Request) -> None:
    for each in request.sessions.block_lists.lists:
        actions = ", ".join(block.action for block in each.blocks)
        text = (
            f"{each.zone} ({actions}): {each.asked} asked, {each.listed} listed, {each.failed} not answered"
        )
        rests = "; it is left alone, since it does not answer" if each.resting else ""
        request.reply(numerics.RPL_STATSDEBUG, "n", f"{text}{rests}")


async def _reports(request: Request, letter: str) -> None:
    """How many are kept; visitors, whose answer must not take long, read of those that were read already."""
    reports = request.sessions.reports
    if not isinstance(request.session, Visitor):
        await reports.load()
    known = reports.all()
    still = sum(each.word is None for each in known)
    text = f"{still} report(s) open, {len(known) - still} closed, of {request.settings.reports.most} at most"
    request.reply(numerics.RPL_STATSDEBUG, letter, text)
    request.reply(numerics.RPL_ENDOFSTATS, letter)


def _filters(request: Request) -> None:
    """As FILTER LIST shows them, as many as STATS may show."""
    found, most = request.sessions.filters.all(), request.settings.limits.stats_bans
    for each in found[:most]:
        request.reply(numerics.RPL_STATSDEBUG, "f", line_of(request, each))
    if len(found) > most:
        request.reply(numerics.ERR_TOOMANYMATCHES, "STATS")


def _shields(request: Request) -> None:
    for text in state(request):
        request.reply(numerics.RPL_STATSDEBUG, "s", text)


def _bans(*kinds: str) -> Callable[[Request], None]:
    """What shows the bans of some kinds, the newest of each first: as many as STATS may show."""

    def show(request: Request) -> None:
        count, bans = request.settings.limits.stats_bans, request.network.bans
        several = [ban for ban in request.sessions.network_bans.configured if ban.kind in kinds]
        for ban in chain(several, *(reversed(bans[kind].values()) for kind in kinds)):
            if ban.holds(request.now):
                if count == 0:
                    request.reply(numerics.ERR_TOOMANYMATCHES, "STATS")
                    break
                _show_ban(request, ban)
                count -= 1

    return show


def _show_ban(request: Request, ban: NetworkBan) -> None:
    """In lower case if it ends; with who set it, until when, and whether for the whole network."""
    letter = _LETTERS.get(ban.kind, "E" if ban.kind in EXEMPTING else "B")
    letter = letter.lower() if ban.until is not None else letter
    until = "for ever" if ban.until is None else f"{int(ban.until - request.now)} s left"
    where = "configuration" if ban.fixed else "network" if ban.wide else "this server"
    host = middle(ban.host)
    text = cut(f"[{ban.by}, {until}, {where}] {printable(ban.reason)}", ROOM - byte_length(ban.mask))
    if ban.kind == "K":
        request.reply(numerics.RPL_STATSKLINE, letter, host, ban.user, text)
    elif ban.kind == "D":
        request.reply(numerics.RPL_STATSDLINE, letter, host, text)
    elif ban.kind == "X":
        request.reply(numerics.RPL_STATSXLINE, letter, host, text)
    elif ban.kind == "R":
        request.reply(numerics.RPL_STATSQLINE, letter, host, text)
    else:
        request.reply(numerics.RPL_STATSDEBUG, letter, f"{printable(shown(ban.kind, ban.mask))} {text}")


_LETTERS: Final = {"K": "K", "D": "D", "X": "X", "R": "Q"}
"""Kind of ban → the letter that shows it."""

_OF_ONE: Final = frozenset("?mMnNPuwW")
"""What one process has counted, of a server that has several; some others say so by themselves."""

_ASKED: Final[dict[str, tuple[Callable[[Request, str], Coroutine[object, object, None]], str]]] = {
    **dict.fromkeys("hH", (_history, "see-all")),
    **dict.fromkeys("rR", (_reports, "reports")),
}
"""What has to be looked up, and the privilege that it takes."""

_QUERIES: Final[dict[str, tuple[Callable[[Request], None], str | None]]] = {
    **{
        letter: (_bans(kind), "see-all")
        for kind, capital in _LETTERS.items()
        for letter in (capital, capital.lower())
    },
    **dict.fromkeys("bB", (_bans("A", "C"), "see-all")),
    **dict.fromkeys("eE", (_bans(*EXEMPTING), "see-all")),
    "f": (_filters, "filters"),
    "F": (_filters, "filters"),
    "n": (_block_lists, "see-all"),
    "N": (_block_lists, "see-all"),
    "s": (_shields, "see-all"),
    "S": (_shields, "see-all"),
    "w": (_stamps, "see-all"),
    "W": (_stamps, "see-all"),
    "i": (_members_of_classes, "see-all"),
    "I": (_members_of_classes, "see-all"),
    "?": (_links, "see-all"),
    "l": (_connections, None),
    "L": (_connections, None),
    "m": (_commands, None),
    "M": (_commands, None),
    "o": (_oper_blocks, "see-all"),
    "O": (_oper_blocks, "see-all"),
    "p": (_operators, None),
    "P": (_listeners, "see-all"),
    "u": (_uptime, None),
    "y": (_classes, None),
    "Y": (_classes, None),
}
"""Letter → who answers, and the privilege it takes."""
