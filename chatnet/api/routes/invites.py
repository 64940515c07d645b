"""Invites: links by which people come into channels; making them, and coming by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from chatnet.api.banned import judge_address
from chatnet.api.call import Call
from chatnet.api.identities import BEARER
from chatnet.api.objects import Accepted, Invitation, Invite, Invites, Room
from chatnet.api.people import is_pending, log_in, register, until
from chatnet.api.problems import Problem
from chatnet.api.table import EITHER, NOBODY, Body, Routes
from chatnet.api.written import JSON, written
from chatnet.model.invites import Invite as Known
from chatnet.records.grammar import INVITE
from chatnet.records.invites import OPERATOR, InviteValue
from chatnet.rules.invites import Place, place_of
from chatnet.services.invites import MOST, Wish
from chatnet.services.invites import Invites as Services
from chatnet.services.refused import Refused
from chatnet.settings.browsing import link_to
from chatnet.web.exchange import Reply
from chatnet.web.scopes import WEB
from chatnet.wire.server_time import DAY, written_ms
from chatnet.wire.text import cut, one_line

ROUTES = Routes()
LABEL = 50
"""Bytes of what one is called."""


class Wanted(Body):
    """A link into the channel of the path."""

    days: Annotated[int, Field(ge=1, le=366)] | None = None
    """For how long it is good; not given: as ``invites.days`` says."""
    most: Annotated[int, Field(ge=1, le=MOST)] | None = None
    """How many people may come by it; not given: as ``invites.most`` says."""
    voice: bool = False
    """Who has an account gets the flag V."""
    guests: bool = True
    """False: nobody comes without an account."""
    register_: Annotated[bool, Field(alias="register")] = False
    """People may have an account made by it where nobody else may; for operators of the network."""
    label: Annotated[str, Field(max_length=50)] = ""


class Newcomer(Body):
    """Who comes by a link: with a name and a password an account is made; with neither they are a guest."""

    name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    password: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    email: Annotated[str, Field(max_length=320)] | None = None
    label: Annotated[str, Field(min_length=1, max_length=50)] = "page"
    """What the token is called that logs in."""


def _services(call: Call) -> Services:
    chanserv = call.parts.sessions.chanserv
    if chanserv is None:
        raise Problem("no-accounts", "This server keeps no records, and so no invites")
    return chanserv.invites


def _place(call: Call) -> Place:
    return place_of(call.parts.node.network, call.channel())


def _maker(call: Call, places: Sequence[Place], verb: str, *, mighty: bool = False) -> str:
    """Who invites into these; what an operator does, and only with a token for that, is noted."""
    by = _services(call).maker(call.user, places, mighty=mighty)
    if by[:1] == OPERATOR:
        if not call.client.may_operate:
            raise Problem("scope", "The token is not for 'operate'")
        call.parts.sessions.auditing.note(call.user, verb, ",".join(each.name for each in places))
    return by


@ROUTES.route("GET", "/channels/{channel}/invites", scope="invites", answer=Invites)
async def invites(call: Call) -> Reply:
    """The links into a channel where one may invite; also why nobody comes by one any more, for a while."""
    services, place = _services(call), _place(call)
    _maker(call, [place], "LINK LIST")
    found = services.into(place.folded, place.registration)
    items = [_invite(call, each, each.said, place) for each in found if each.said is not None]
    return call.reply(Invites(items=items))


def _invite(call: Call, invite: Known, said: InviteValue, place: Place, secret: str | None = None) -> Invite:
    services = _services(call)
    return Invite(
        id=invite.id[len(INVITE) :],
        token=secret,
        url=None if secret is None else link_to(call.settings, secret),
        channels=[services.name(word) for word in said.channels],
        by=services.name_of(said.by),
        made_at=written_ms(said.made * 1000),
        expires_at=written_ms(said.until * 1000),
        most=said.most,
        used=services.uses(invite),
        voice="V" in said.grants,
        guests=said.guests,
        register=said.register,
        label=said.label,
        closed=services.why_ended(invite, place.folded, place.registration),
    )


@ROUTES.route("POST", "/channels/{channel}/invites", scope="invites", body=Wanted, answer=Invite, status=201)
async def add(call: Call) -> Reply:
    """Make a link into a channel; its `token` is told only now, and is a key for JOIN as well."""
    body: Wanted = call.body
    services, place, settings = _services(call), _place(call), call.settings.invites
    by = _maker(call, [place], "LINK ADD", mighty=body.register_)
    grants = "V" if body.voice else ""
    if grants:
        services.judge_grants(by, [place], grants)
    days = min(body.days or settings.days, settings.days_most)
    wish = Wish(
        int(call.parts.node.clock.time()) + days * DAY,
        body.most or settings.most,
        body.register_,
        body.guests,
        grants,
        cut(one_line(body.label), LABEL),
    )
    secret, invite = await services.add(by, [place.word], wish)
    assert invite.said is not None  # it was made
    return call.reply(_invite(call, invite, invite.said, place, secret))


@ROUTES.route("DELETE", "/invites/{token}", scope="invites", status=204, anywhere=True)
async def delete(call: Call) -> Reply:
    """Have nobody come by a link any more; it is named by its `id`."""
    services = _services(call)
    invite = call.parts.node.network.registry.invites.by_id.get(INVITE + call.params["token"].lower())
    if invite is None or invite.said is None or invite.closed is not None:
        raise Problem("no-such-invite")
    name = services.name(invite.said.channels[0])
    try:
        call.within(name)
        by = _maker(call, [place_of(call.parts.node.network, name)], "LINK DEL")
    except (Problem, Refused):
        if call.sees(name):
            raise
        raise Problem("no-such-invite") from None
    await services.close(invite, services.name_of(by))
    return call.reply()


def _open(call: Call) -> tuple[Known, InviteValue, dict[str, str]]:
    """The invite of the path, what it says, and where it leads; of all others nobody learns anything."""
    services = _services(call)
    invite = services.find(call.params["token"])
    if invite is None or invite.said is None or services.ended(invite) is not None:
        raise Problem("no-such-invite")
    channels = dict(services.channels(invite))
    if not channels:
        raise Problem("no-such-invite")
    return invite, invite.said, channels


@ROUTES.route("GET", "/invites/{token}", scope=NOBODY, answer=Invitation)
async def look(call: Call) -> Reply:
    """Who invites, and into what; looking uses nothing up."""
    _, said, channels = _open(call)
    network = call.parts.node.network
    rooms = []
    for name in channels.values():
        channel = network.channel(name)
        topic = None if channel is None or channel.topic is None else channel.topic.text
        rooms.append(Room(name=name, topic=topic, members=0 if channel is None else len(channel.members)))
    return call.reply(
        Invitation(
            network=call.settings.server.network,
            channels=rooms,
            by=_services(call).name_of(said.by),
            account="optional" if said.guests else "needed",
            registration=call.settings.accounts.registration or said.register,
        )
    )


@ROUTES.route("POST", "/invites/{token}/accept", scope=EITHER, body=Newcomer, answer=Accepted, cost=2.0)
async def accept(call: Call) -> Reply:
    """Come by a link: with the token of an account, with an account that is made, or as a guest.

    Whoever has an account is counted, and has what the link grants; then, and as a guest, one joins the
    channels with the token of the link as the key.  So does who waits for a code by mail, from the address
    where the account was made, whether the link is for guests or not.
    """
    body: Newcomer = call.body
    services = _services(call)
    given = call.ask.headers.get("authorization", "")
    if given[: len(BEARER)].lower() == BEARER:
        judge_address(call.parts.sessions, call.ask.address)
        identity = await call.parts.identities.of(given, call.ask.address)
        if not identity.allows("send") or identity.scope.channels is not None:
            raise Problem("scope", "The token is not for 'send', or for some channels alone")
        account = call.parts.node.network.registry.account(identity.account or None)
        if account is None:
            raise Problem("no-such-account", "This token belongs to no account")
        invite = services.find(call.params["token"])
        if invite is None or services.ended(invite, account.id) is not None:
            raise Problem("no-such-invite")
        channels = list(services.channels(invite).values())
        if not channels:
            raise Problem("no-such-invite")
        await services.accept(invite, account)
        return call.reply(Accepted(account=str(account.shown), channels=channels))
    invite, said, found = _open(call)
    channels = list(found.values())
    if body.name is None or body.password is None:
        if not said.guests:
            raise Problem("login-required", "Who comes by this link needs an account")
        return call.reply(Accepted(channels=channels))
    account = await register(call, body.name, body.password, body.email, invited=said.register)
    await services.accept(invite, account)
    name = str(account.shown)
    if is_pending(account):
        services.expect(invite, account, call.ask.address)
        waiting = Accepted(account=name, verify="email", channels=channels)
        return Reply(202, written(waiting), (("Content-Type", JSON),))
    login = await log_in(call, account, body.label, WEB, until(call))
    return call.reply(
        Accepted(account=name, token=login.token, expires_at=login.expires_at, channels=channels)
    )
