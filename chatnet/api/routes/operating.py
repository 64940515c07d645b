"""What operators see and do: this server, links, people, bans, notices, figures as they went, and a reload.

Who asks has to be an operator, too.  What changes anything is a command of IRC, with its privileges, and
noted as such.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Final, Literal

from pydantic import Field

import chatnet
from chatnet.api.answers import Answer
from chatnet.api.call import Call
from chatnet.api.families import number
from chatnet.api.operating import Operating
from chatnet.api.problems import Mistake, Problem
from chatnet.api.series import COLUMNS, SPANS
from chatnet.api.table import Body, Object, Routes
from chatnet.api.turns import next_turn
from chatnet.links.neighbour.link import Link
from chatnet.model.bans import BANNING, EXEMPTING, NAMES, NetworkBan
from chatnet.model.entities import User
from chatnet.model.registry import Account
from chatnet.rules.ban_hits import meant
from chatnet.rules.ban_targets import target_of
from chatnet.rules.opers import may_use
from chatnet.web.exchange import Reply
from chatnet.wire.ban_targets import Target, read_target, shown
from chatnet.wire.masks import read_glob
from chatnet.wire.server_time import written_ms

ROUTES = Routes()
PAGE: Final = 200
"""Things that a page has at most."""
SLICE: Final = 500
"""Things that are looked at in one turn."""
NICKS: Final = 20
"""Nicks that are told of those whom a ban hits."""
MANY: Final = 10
"""Of a hundred: a ban that hits more is asked about twice."""


class Paged(Body):
    """Which page: what is behind `after`."""

    after: Annotated[str, Field(max_length=400)] | None = None
    limit: Annotated[int, Field(ge=1, le=PAGE)] = 100


class People(Paged):
    """Which people: whose nick, host, address, account or server fits a mask."""

    mask: Annotated[str, Field(max_length=200)] = "*"
    by: Literal["nick", "host", "address", "account", "server"] = "nick"


class Masked(Paged):
    """Which accounts: by their names."""

    mask: Annotated[str, Field(max_length=200)] = "*"


class Span(Body):
    """Which numbers, with commas between; of what time."""

    names: Annotated[str, Field(max_length=400)] = ""
    """Empty: all of them."""
    span: Literal["hour", "day", "week"] = "hour"


class Since(Body):
    """What is behind the notice of that number."""

    after: Annotated[int, Field(ge=0)] = 0


class Meant(Body):
    """Whom a ban would mean."""

    target: Annotated[str, Field(min_length=1, max_length=300)]
    """As of UBAN: an address, a network, ``user@host``, ``account:name``, ``realname:mask``, or a nick."""


class Ban(Body):
    """A ban of the network."""

    target: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\s:][^\s]*$")]
    duration: Annotated[str, Field(pattern=r"^([0-9]{1,6}[smhdw]){1,6}$")] | None = None
    """As ``1d12h``; without one it is for ever."""
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    """Behind ``|`` stands what operators alone read."""
    login: bool = False
    """Who is logged in comes in all the same."""
    force: bool = False
    """Also if it hits many, or oneself."""


class Why(Body):
    """Why something is done."""

    reason: Annotated[str, Field(max_length=300)] = ""


class OfAccount(Body):
    """What of an account is to be otherwise: one of these."""

    suspended: bool | None = None
    reason: Annotated[str, Field(max_length=300)] = "suspended"
    duration: Annotated[str, Field(pattern=r"^[0-9]{1,6}[smhdw]$")] | None = None
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^\S+$")] | None = None
    verified: Literal[True] | None = None


class ServerState(Object):
    """This server."""

    name: str
    version: str
    started: str
    users: int
    network_users: int
    users_max: int
    operators: int
    channels: int
    servers: int
    connections: int
    turn_delay: float
    """Seconds by which the last timer was late."""
    troubles: list[str]
    """What is wrong, a sentence each."""
    certificates: dict[str, str]
    """When each ends."""
    free: int | None = None
    """Bytes that are free where the data is."""


class LinkState(Object):
    """A link of this server."""

    name: str
    state: str
    since: float | None = None
    """For so many seconds it has been so."""
    lag: float | None = None
    clock_offset: float | None = None
    queue: int
    unconfirmed: int
    lines_in: int
    lines_out: int
    bytes_in: int
    bytes_out: int
    configured: bool


class ServerSeen(Object):
    """A server of the network, and the one by which it is reached."""

    name: str
    uplink: str | None = None
    users: int
    description: str


class Links(Object):
    """The links of this server, and the tree of all."""

    items: list[LinkState]
    servers: list[ServerSeen]


class OperatorSeen(Object):
    """An operator."""

    nick: str
    account: str | None = None
    server: str
    block: str | None = None
    """Of the configuration; of another server it is not known."""
    away: str | None = None


class Operators(Object):
    """All of them."""

    items: list[OperatorSeen]


class BanSeen(Object):
    """A ban, or an exemption from bans."""

    id: str
    """As UBAN, and the path of this, have it."""
    kind: str
    action: str
    reason: str
    by: str
    set_at: str
    until: str | None = None
    wide: bool
    """Of the network, and not of this server alone."""
    configured: bool


class Bans(Object):
    """A page of them, the newest first."""

    items: list[BanSeen]
    complete: bool


class Hits(Object):
    """Whom a ban would hit."""

    id: str
    """The ban that it would be."""
    hits: int
    here: int
    of: int
    many: bool
    """So many that it should be asked twice."""
    oneself: bool
    nicks: list[str]


class NoticeSeen(Object):
    """What operators are told."""

    id: int
    time: str
    letter: str
    server: str
    text: str


class Notices(Object):
    """Those that are kept, in order."""

    items: list[NoticeSeen]


class SeriesSeen(Object):
    """Numbers as they went, the oldest first; null where there was none."""

    step: float
    until: str | None = None
    series: dict[str, list[float | None]]


class UserSeen(Object):
    """Somebody on the network."""

    nick: str
    user: str
    host: str
    address: str | None = None
    """For those who may see it."""
    real_host: str | None = None
    realname: str
    account: str | None = None
    server: str
    secure: bool
    operator: bool
    bot: bool
    away: bool
    signon: str
    channels: int


class Users(Object):
    """A page of them, by nick."""

    items: list[UserSeen]
    complete: bool


class AccountSeen(Object):
    """An account."""

    id: str
    name: str
    nicks: list[str]
    state: str
    created_at: str
    online: list[str]
    """The nicks of who is logged in to it."""
    reason: str | None = None
    """Why it is suspended."""


class Accounts(Object):
    """A page of them, by name."""

    items: list[AccountSeen]
    complete: bool


class Words(Object):
    """What the server said about it."""

    words: list[str]


# who may


def operator(call: Call, privilege: str | None = None) -> User:
    """The operator who asks; raises Problem of who is none, or lacks a privilege."""
    user = call.user
    if user.oper is None:
        raise Problem("not-operator", "The user of this token is no operator: OPER, or class of [[token]]")
    if privilege is not None and may_use(user, privilege) is not None:
        raise Problem("no-privilege", f"It takes the privilege {privilege}")
    return user


def kept(call: Call) -> Operating:
    """What is kept for operators."""
    operating = call.parts.operating
    if operating is None:
        raise Problem("not-here", "This server keeps no figures")
    return operating


def _time(at: float) -> str:
    return written_ms(int(at * 1000))


# what there is


@ROUTES.route("GET", "/server", scope="operate", answer=ServerState)
async def server(call: Call) -> Reply:
    """This server: how it does, and what is wrong with it."""
    operator(call)
    figures, node, sessions = kept(call).figures, call.parts.node, call.parts.sessions
    outside, network = figures.outside, node.network
    troubles = []
    if sessions.health is not None and sessions.health.trouble:
        troubles.append(f"Messages are not stored as they should: {sessions.health.trouble}")
    if sessions.accounts is not None and sessions.accounts.ledger.trouble:
        troubles.append(f"The last change of accounts was not written: {sessions.accounts.ledger.trouble}")
    up = {link.name for link in sessions.links.all if link.server is not None and not link.suspended}
    troubles += [f"There is no link to {each.name}" for each in node.settings.link if each.name not in up]
    return call.reply(
        ServerState(
            name=network.me.name,
            version=chatnet.__version__,
            started=_time(node.started),
            users=sessions.people(),
            network_users=len(network.users),
            users_max=sessions.most_people,
            operators=len(network.opers),
            channels=len(network.channels),
            servers=len(network.servers),
            connections=int(number(figures, "connections")),
            turn_delay=figures.lateness.latest,
            troubles=troubles,
            certificates={name: _time(end) for name, end in outside.certificates().items()},
            free=outside.free(),
        )
    )


@ROUTES.route("GET", "/links", scope="operate", answer=Links)
async def links(call: Call) -> Reply:
    """The links of this server, how they do, and the tree of all servers."""
    operator(call)
    node, now = call.parts.node, call.parts.node.clock.monotonic()
    there = {link.name: link for link in call.parts.sessions.links.all}
    names = dict.fromkeys([*(block.name for block in node.settings.link), *there])
    configured = {block.name for block in node.settings.link}
    seen = [_link(name, there.get(name), now, name in configured) for name in names]
    servers = [
        ServerSeen(
            name=each.name,
            uplink=None if each is node.network.me else (each.uplink or node.network.me).name,
            users=each.users,
            description=each.description,
        )
        for each in node.network.servers.values()
    ]
    return call.reply(Links(items=seen, servers=servers))


def _link(name: str, link: Link | None, now: float, configured: bool) -> LinkState:
    if link is None:
        return LinkState(
            name=name, state="down", since=None, lag=None, clock_offset=None, queue=0, unconfirmed=0,
            lines_in=0, lines_out=0, bytes_in=0, bytes_out=0, configured=configured,
        )  # fmt: skip
    suspended = link.suspended
    return LinkState(
        name=name,
        state="suspended" if suspended else link.state.value,
        since=now - (link.recovery.lost if suspended else link.since),
        lag=link.pulse.lag,
        clock_offset=link.pulse.ahead,
        queue=link.streams.size if suspended else link.exit.waiting,
        unconfirmed=link.streams.waiting,
        lines_in=link.lines_in,
        lines_out=link.lines_out,
        bytes_in=link.bytes_in,
        bytes_out=link.bytes_out,
        configured=configured,
    )


@ROUTES.route("GET", "/operators", scope="operate", answer=Operators)
async def operators(call: Call) -> Reply:
    """The operators who are on the network."""
    operator(call)
    items = [
        OperatorSeen(
            nick=user.nick,
            account=user.account,
            server=user.server.name,
            block=None if user.oper is None else user.oper.name or None,
            away=user.away,
        )
        for user in call.parts.node.network.opers
    ]
    return call.reply(Operators(items=items))


@ROUTES.route("GET", "/network/users", scope="operate", cost=5.0, query=People, answer=Users)
async def users(call: Call) -> Reply:
    """People of the whole network, by their nicks."""
    user, query, network = operator(call, "see-all"), call.query, call.parts.node.network
    matches = read_glob(query.mask, network.fold)
    after = None if query.after is None else network.fold(query.after)
    found: list[tuple[str, User]] = []
    for count, each in enumerate(list(network.users.values()), 1):
        if (after is None or each.folded > after) and any(map(matches, _texts(each, query.by))):
            found.append((each.folded, each))
        if count % SLICE == 0:
            await next_turn(call.parts.node.clock)
    page = heapq.nsmallest(query.limit + 1, found, key=lambda pair: pair[0])
    items = [_user(each, user) for _, each in page[: query.limit] if network.users.get(each.uid) is each]
    follows = {"after": page[query.limit - 1][1].nick} if len(page) > query.limit else None
    return call.page(items, follows)


def _texts(user: User, by: str) -> Iterable[str]:
    if by == "host":
        return user.host, user.real_host
    if by == "address":
        return (user.address,)
    if by == "account":
        return (user.account or "",)
    return (user.server.name,) if by == "server" else (user.nick,)


def _user(user: User, by: User) -> UserSeen:
    return UserSeen(
        nick=user.nick,
        user=user.username,
        host=user.host,
        address=user.address if by.may("see-all") else None,
        real_host=user.real_host if by.may("see-all") else None,
        realname=user.realname,
        account=user.account,
        server=user.server.name,
        secure=user.secure,
        operator=user.oper is not None,
        bot="B" in user.modes,
        away=user.away is not None,
        signon=_time(user.signon),
        channels=len(user.channels),
    )


@ROUTES.route("POST", "/network/users/{nick}/kill", scope="operate", cost=2.0, body=Why, status=204)
async def kill(call: Call) -> Reply:
    """Disconnect somebody, as KILL does."""
    operator(call, "kill")
    reason = call.body.reason.strip()
    await call.client.ask("KILL", [call.nick(), *([reason] if reason else [])])
    return call.reply()


@ROUTES.route("GET", "/notices", scope="operate", query=Since, answer=Notices)
async def notices(call: Call) -> Reply:
    """What operators were told lately."""
    user = operator(call)
    items = [
        NoticeSeen(id=each.number, time=_time(each.at), letter=each.letter, server=each.server, text=text)
        for each in kept(call).notices.after(call.query.after)
        if (text := each.shown(user)) is not None
    ]
    return call.reply(Notices(items=items))


@ROUTES.route("GET", "/series", scope="operate", cost=2.0, query=Span, answer=SeriesSeen)
async def series(call: Call) -> Reply:
    """Some numbers as they went, for graphs."""
    operator(call)
    rows, query = kept(call).series, call.query
    names = [each for each in query.names.split(",") if each] or list(COLUMNS)
    if unknown := [each for each in names if each not in COLUMNS]:
        raise Problem("invalid", errors=[Mistake("/names", f"{each} is none of them") for each in unknown])
    step = SPANS[query.span][0]
    until = rows.until if query.span == "hour" else rows.long_until
    told = {name: rows.told(name, query.span) for name in names}
    return call.reply(SeriesSeen(step=step, until=_time(until) if until else None, series=told))


# bans


@ROUTES.route("GET", "/bans", scope="operate", cost=2.0, query=Paged, answer=Bans)
async def bans(call: Call) -> Reply:
    """The bans of the network and of this server, and who is exempt, the newest first."""
    operator(call, "bans")
    query, now, items = call.query, call.parts.node.clock.time(), list[BanSeen]()
    waits, follows, last = query.after is not None, None, ""
    for count, ban in enumerate(_all_bans(call), 1):
        if count % SLICE == 0:
            await next_turn(call.parts.node.clock)
        name = shown(ban.kind, ban.mask)
        if waits:
            waits = f"{ban.kind} {name}" != query.after
        elif ban.holds(now):
            if len(items) == query.limit:
                follows = {"after": last}
                break
            items.append(_ban(ban, name))
            last = f"{ban.kind} {name}"
    return call.page(items, follows)


def _all_bans(call: Call) -> Iterator[NetworkBan]:
    found = call.parts.node.network.bans
    yield from call.parts.sessions.network_bans.configured
    for kind in (*BANNING, *EXEMPTING):
        yield from reversed(list(found[kind].values()))


def _ban(ban: NetworkBan, name: str) -> BanSeen:
    return BanSeen(
        id=name,
        kind=NAMES[ban.kind],
        action=ban.action,
        reason=ban.reason,
        by=ban.by,
        set_at=_time(ban.created),
        until=None if ban.until is None else _time(ban.until),
        wide=ban.wide,
        configured=ban.fixed,
    )


@ROUTES.route("GET", "/bans/preview", scope="operate", cost=5.0, query=Meant, answer=Hits)
async def preview(call: Call) -> Reply:
    """Whom a ban would hit, before it is set."""
    user, network = operator(call, "bans"), call.parts.node.network
    target = _target(call, call.query.target)
    ban = NetworkBan(target.kind, target.user, target.host, 0, None, None, "", "", True)
    hits = _named(call, target) if target.kind == "R" else meant(network, ban)
    if target.kind in ("K", "D") and not user.may("see-all"):
        # Who sees no addresses would find one out by a few questions.
        matches = read_glob(target.host, network.fold)
        hits = [each for each in hits if target.kind == "K" and matches(each.host)]
    everybody = len(network.users)
    return call.reply(
        Hits(
            id=shown(target.kind, target.mask),
            hits=len(hits),
            here=sum(each.server is network.me for each in hits),
            of=everybody,
            many=len(hits) * 100 > everybody * MANY,
            oneself=user in hits,
            nicks=[each.nick for each in hits[:NICKS]],
        )
    )


def _target(call: Call, text: str) -> Target:
    target = read_target(text)
    if target is None:
        somebody = call.parts.node.network.user(text)
        target = None if somebody is None else target_of(somebody, sees=call.user.may("see-all"))
    if target is None:
        words = "is no address, network, user@host, account:name, realname:mask, cert:…, name:mask or nick"
        raise Problem("invalid", errors=[Mistake("/target", words)])
    return target


def _named(call: Call, target: Target) -> Sequence[User]:
    """Those who bear a nick that nobody may have then."""
    network = call.parts.node.network
    matches = read_glob(target.host, network.fold)
    return [each for each in network.users.values() if matches(each.nick)]


@ROUTES.route("POST", "/bans", scope="operate", cost=5.0, body=Ban, answer=Words, status=201)
async def ban(call: Call) -> Reply:
    """Ban people from the network, as UBAN ADD does."""
    operator(call, "bans")
    body: Ban = call.body
    words = ["ADD", *(["REQUIRE-SASL"] if body.login else []), *([body.duration] if body.duration else [])]
    answer = await call.client.ask(
        "UBAN", [*words, *(["FORCE"] if body.force else []), body.target, body.reason]
    )
    return call.reply(_done(answer, "Done"))


@ROUTES.route("DELETE", "/bans/{ban}", scope="operate", cost=2.0, answer=Words)
async def unban(call: Call) -> Reply:
    """Lift a ban, as UBAN DEL does."""
    operator(call, "bans")
    target = call.params["ban"]
    if not target.strip() or any(sign.isspace() for sign in target) or target[0] == ":":
        raise Problem("invalid", "That is no target of a ban")
    return call.reply(_done(await call.client.ask("UBAN", ["DEL", target]), "Lifted"))


def _done(answer: Answer, *begin: str) -> Words:
    """What was said about it; raises Problem if no word of it tells that it is done."""
    words = [each.words for each in answer.lines if each.command in ("NOTICE", "NOTE")]
    if not any(text.startswith(begin) for text in words):
        raise Problem("refused", " ".join(words), command=answer.command)
    return Words(words=words)


# links, and the server itself


@ROUTES.route("POST", "/links/{name}/connect", scope="operate", cost=5.0, answer=Words, status=202)
async def connect(call: Call) -> Reply:
    """Link to a server of the configuration, as CONNECT does."""
    operator(call, "routing")
    answer = await call.client.ask("CONNECT", [_word(call.params["name"])])
    return call.reply(_done(answer, "CONNECT: connecting"))


@ROUTES.route("POST", "/links/{name}/squit", scope="operate", cost=5.0, body=Why, answer=Words, status=202)
async def squit(call: Call) -> Reply:
    """End the link to a server, as SQUIT does."""
    operator(call, "routing")
    await call.client.ask(
        "SQUIT", [_word(call.params["name"]), *([call.body.reason] if call.body.reason else [])]
    )
    return call.reply(Words(words=[]))


def _word(text: str) -> str:
    if not text.strip() or any(sign.isspace() for sign in text) or text[0] == ":":
        raise Problem("invalid", "That is not the name of a server")
    return text


@ROUTES.route("POST", "/reload", scope="operate", cost=10.0, answer=Words)
async def reload(call: Call) -> Reply:
    """Read the configuration again, as REHASH does; all mistakes, if the old one stays."""
    operator(call, "rehash")
    answer = await call.client.command("REHASH", [])
    told = [each for each in answer.lines if each.command in ("FAIL", "NOTE") and len(each.params) > 2]
    mistakes = [each.words for each in told if each.command == "FAIL"]
    if mistakes:
        # The last one says that the settings stay as they were.
        raise Problem("invalid", mistakes[-1], errors=[Mistake("", text) for text in mistakes[:-1]])
    if answer.problem is not None:
        raise answer.problem
    return call.reply(Words(words=[each.words for each in told]))


# accounts


def _account(call: Call) -> Account:
    accounts = call.parts.sessions.accounts
    if accounts is None:
        raise Problem("not-here", "This server keeps no accounts")
    found = accounts.registry.named(call.params["account"])
    if found is None:
        raise Problem("no-such-account")
    return found


def _seen(call: Call, account: Account) -> AccountSeen:
    node, suspension = call.parts.node, account.suspension
    return AccountSeen(
        id=account.id,
        name=account.shown,
        nicks=sorted(account.nicks),
        state=account.state(node.clock.time()).value,
        created_at=_time(account.created),
        online=[user.nick for user in node.network.logged_in.get(account.id, ())],
        reason=None if suspension is None else suspension.reason,
    )


@ROUTES.route("GET", "/accounts", scope="operate", cost=5.0, query=Masked, answer=Accounts)
async def accounts(call: Call) -> Reply:
    """The accounts, by their names."""
    operator(call, "accounts")
    kept_here, query, node = call.parts.sessions.accounts, call.query, call.parts.node
    if kept_here is None:
        raise Problem("not-here", "This server keeps no accounts")
    registry, fold = kept_here.registry, node.network.fold
    matches = read_glob(query.mask, fold)
    after = None if query.after is None else fold(query.after)
    found: list[tuple[str, Account]] = []
    for count, each in enumerate(list(registry.accounts.values()), 1):
        name = fold(each.shown)
        if (after is None or name > after) and any(map(matches, (each.shown, *each.nicks))):
            found.append((name, each))
        if count % SLICE == 0:
            await next_turn(node.clock)
    page = heapq.nsmallest(query.limit + 1, found, key=lambda pair: pair[0])
    items = [_seen(call, each) for _, each in page[: query.limit] if registry.account(each.id) is each]
    follows = {"after": page[query.limit - 1][1].shown} if len(page) > query.limit else None
    return call.page(items, follows)


@ROUTES.route("GET", "/accounts/{account}", scope="operate", answer=AccountSeen)
async def account(call: Call) -> Reply:
    """An account, by its name or a nick of it."""
    operator(call, "accounts")
    return call.reply(_seen(call, _account(call)))


@ROUTES.route("PATCH", "/accounts/{account}", scope="operate", cost=2.0, body=OfAccount, answer=AccountSeen)
async def change_account(call: Call) -> Reply:
    """Suspend an account, or end that; call it otherwise; take it for verified: as NickServ does."""
    operator(call, "accounts")
    found, body = _account(call), call.body
    orders: list[list[str]] = []
    if body.suspended is True:
        length = [f"+{body.duration}"] if body.duration else []
        orders.append(["SUSPEND", found.shown, *length, body.reason or "suspended"])
    elif body.suspended is False:
        orders.append(["UNSUSPEND", found.shown])
    if body.verified:
        orders.append(["SAVERIFY", found.shown])
    if body.name is not None:
        orders.append(["RENAME", found.shown, body.name])
    if not orders:
        raise Problem("invalid", "Nothing of it is to be otherwise")
    ends = (" is suspended", " is suspended no more", " is verified", " is called ")
    for order in orders:
        answer = await call.client.ask("NS", [" ".join(order)])
        words = [each.words for each in answer.lines if each.command == "NOTICE"]
        if not any(end in text for text in words for end in ends):
            raise Problem("refused", " ".join(words), command=f"NS {order[0]}")
    return call.reply(_seen(call, found))


@ROUTES.route("DELETE", "/accounts/{account}", scope="operate", cost=5.0, status=204)
async def erase_account(call: Call) -> Reply:
    """End an account for good: its names are free, and nothing brings it back."""
    operator(call, "accounts")
    found = _account(call)
    name = str(found.shown)
    answer = await call.client.ask("NS", [f"ERASE {name}"])
    code = next((each.words.rpartition(" ")[2] for each in answer.lines if each.command == "NOTICE"), "")
    answer = await call.client.ask("NS", [f"ERASE {name} {code}"])
    words = [each.words for each in answer.lines if each.command == "NOTICE"]
    if not any("is erased" in text for text in words):
        raise Problem("refused", " ".join(words), command="NS ERASE")
    return call.reply()
