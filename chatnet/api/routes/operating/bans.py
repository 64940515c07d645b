"""Bans of the network: which there are, whom one would hit, and how they are set and lifted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from pydantic import Field

from chatnet.api.call import Call
from chatnet.api.problems import Mistake, Problem
from chatnet.api.routes.operating.asking import SLICE, Paged, Words, done, operator, time_of
from chatnet.api.table import Body, Object, Routes
from chatnet.api.turns import next_turn
from chatnet.model.bans import BANNING, EXEMPTING, NAMES, NetworkBan
from chatnet.model.entities import User
from chatnet.rules.ban_hits import meant
from chatnet.rules.ban_targets import target_of
from chatnet.web.exchange import Reply
from chatnet.wire.ban_targets import Target, read_target, shown
from chatnet.wire.masks import read_glob

ROUTES = Routes()
NICKS: Final = 20
"""Nicks that are told of those whom a ban hits."""
MANY: Final = 10
"""Of a hundred: a ban that hits more is asked about twice."""


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
        set_at=time_of(ban.created),
        until=None if ban.until is None else time_of(ban.until),
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
    return call.reply(done(answer, "Done"))


@ROUTES.route("DELETE", "/bans/{ban}", scope="operate", cost=2.0, answer=Words)
async def unban(call: Call) -> Reply:
    """Lift a ban, as UBAN DEL does."""
    operator(call, "bans")
    target = call.params["ban"]
    if not target.strip() or any(sign.isspace() for sign in target) or target[0] == ":":
        raise Problem("invalid", "That is no target of a ban")
    return call.reply(done(await call.client.ask("UBAN", ["DEL", target]), "Lifted"))
