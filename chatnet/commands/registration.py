"""Getting in, staying and leaving: PASS, NICK, USER, PING, PONG, QUIT."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import Final

from chatnet.commands.filtered import filtered
from chatnet.commands.muted import is_muted, muted_by_filter, muted_in
from chatnet.commands.override import overrides
from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.model.entities import User
from chatnet.model.facts import NickChanged
from chatnet.model.filters import QUIT
from chatnet.model.ids import Folded
from chatnet.rules.persons import elsewhere
from chatnet.rules.refusal import Refusal
from chatnet.services.protection import NickProtection
from chatnet.session import asked
from chatnet.session.presence.devices import device_of
from chatnet.session.rates import too_fast
from chatnet.session.scans import Scan
from chatnet.session.session import Needs
from chatnet.wire import numerics
from chatnet.wire.names import clean_username, nick_mistake
from chatnet.wire.text import cut, middle

NOT_ALLOWED: Final = "it is not allowed"
"""Why somebody cannot have a nick who is not to know."""


@CLIENT.command("PASS", min_params=1, phase=Phase.ANY, penalty=0.5)
def pass_(request: Request) -> None:
    """`PASS <password>`, `PASS <account>:<password>`: the password of this server, or of your account.

    Before NICK and USER, and twice if both are needed.  https://modern.ircdocs.horse/#pass-message  Refuses
    with 462 once registered; 464 follows at the end if it is neither.
    """
    if request.session.registered:
        request.stop(numerics.ERR_ALREADYREGISTERED)
    request.session.passwords = (*request.session.passwords, request.params[0])[-2:]


@CLIENT.command("USER", phase=Phase.ANY, min_params=4, penalty=0.5)
def user(request: Request) -> None:
    """`USER <user name> 0 * :<real name>`: who you are, once, when connecting.

    https://modern.ircdocs.horse/#user-message  Refuses with 462 once given, 461 without a real name.
    """
    session = request.session
    if session.registered or not session.needs & Needs.USER:
        request.stop(numerics.ERR_ALREADYREGISTERED)
    if not request.params[3]:
        request.stop(numerics.ERR_NEEDMOREPARAMS, "USER")
    limits = request.sessions.limits
    # Clients take it from their system, where it may have no letter that is allowed here.
    given, _, device = request.params[0].partition("@")
    name = clean_username(given, limits.user - 1) or "user"[: limits.user - 1]
    if device:
        session.device = session.device or device_of(f"@{device}")
    request.user.username = "~" + name
    request.user.realname = cut(request.params[3], limits.realname)
    session.satisfy(Needs.USER)


@CLIENT.command("NICK", phase=Phase.ANY, penalty=1.0)
def nick(request: Request) -> Awaitable[None] | None:
    """`NICK <nick>`: take a nick, or another one.

    https://modern.ircdocs.horse/#nick-message  Refuses with 431 (none given), 432 (not a nick), 433 (in
    use, or an account's), 437 (kept for its owner), 435 (banned or muted in a channel you are in), 447 (mode
    N of one), 438 (too fast).
    """
    session, me = request.session, request.user
    if not request.params or not (wanted := request.params[0]):
        request.stop(numerics.ERR_NONICKNAMEGIVEN)
    if request.is_elsewhere:
        if (channel := muted_by_filter(request)) is not None:
            request.stop(numerics.ERR_BANNICKCHANGE, wanted, channel.name)
        return request.by_host()
    folded = _free(request, wanted)
    if not session.registered:
        me.nick, me.folded = wanted, folded
        session.satisfy(Needs.NICK)
    elif wanted != me.nick:
        request.scan(partial(_change, request, wanted))
    return None


def _free(request: Request, wanted: str) -> Folded:
    """A nick, folded, that the asker might take; ends the command with 432, 433 or 437 if it is none."""
    sessions, network, me = request.sessions, request.network, request.user
    mistake = nick_mistake(wanted, sessions.limits.nick)
    if mistake is None and not me.operates and sessions.network_bans.name(wanted) is not None:
        mistake = "it is reserved"
    if mistake is not None:
        request.stop(numerics.ERR_ERRONEUSNICKNAME, middle(wanted), mistake)
    folded = network.fold(wanted)
    holder = network.nicks.get(folded)
    if holder is not None and holder is not me and not _may_be_attached(request, holder):
        if me.account is not None and request.sessions.persons.may_be_joined(holder, me):
            request.session.notice(elsewhere(holder.nick, me.account))
        request.stop(numerics.ERR_NICKNAMEINUSE, wanted)
    protection = None if sessions.nickserv is None else sessions.nickserv.protection
    held = folded != me.folded and sessions.held_nicks.includes(folded)
    if held and (protection is None or not protection.owns(me, folded)):
        request.stop(numerics.ERR_UNAVAILRESOURCE, wanted)
    if protection is not None and request.session.registered and folded != me.folded:
        _may_bear(request, protection, wanted, folded)
    return folded


def _may_be_attached(request: Request, holder: User) -> bool:
    """Whether it may turn out, once they have logged in, that the asker is the one who bears the nick."""
    if request.session.registered or request.settings.bouncer.sessions == "off":
        return False
    return holder.account is not None or request.sessions.persistence.policy.stays(request.user)


def _may_bear(request: Request, protection: NickProtection, wanted: str, folded: Folded) -> None:
    """End the command with 433 and a NOTICE if the nick belongs to an account, or another one is due."""
    session, me = request.session, request.user
    if protection.keeper(me, folded) is not None:
        why = protection.refused(wanted)
    elif protection.is_bound(me, folded):
        why = protection.bound(me)
    else:
        return
    session.notice(why)
    request.stop(numerics.ERR_NICKNAMEINUSE, wanted)


async def _change(request: Request, wanted: str, scan: Scan) -> None:
    me, rates = request.user, request.sessions.rates
    channel = await muted_in(request, scan)
    if channel is not None:
        request.stop(numerics.ERR_BANNICKCHANGE, wanted, channel.name)
    fixed = next((each for each, ranks in me.channels.items() if not ranks and "N" in each.flags), None)
    if fixed is not None:
        refusal = Refusal(numerics.ERR_NONICKCHANGE, fixed.name, fixed.name)
        if not overrides(request, fixed, refusal):
            request.stop(refusal.numeric, *refusal.args)
    folded = _free(request, wanted)  # somebody else may have been quicker
    if too_fast(request.session, "nick", rates.nick_rate, rates.nick_period):
        request.stop(numerics.ERR_NICKTOOFAST, me.nick, wanted, int(rates.nick_period))
    filters = request.sessions.filters
    if filters.on and (verdict := filters.renamed(request.session, wanted, me.realname)) is not None:
        request.stop(numerics.ERR_ERRONEUSNICKNAME, wanted, NOT_ALLOWED if verdict.quiet else verdict.words)
    what, name = f"Nick change: {me.nick} to {wanted}", me.username
    request.notice("n", f"{what} [{name}@{me.real_host}]", f"{what} [{name}@{me.host}]")
    request.commit(NickChanged(me, wanted, folded, request.now, me.nick, me.source))


@CLIENT.command("PING", min_params=1, phase=Phase.ANY, penalty=0.5)
def ping(request: Request) -> None:
    """`PING <token> [<server>]`: ask whether the server is there; it answers PONG with the token.

    https://modern.ircdocs.horse/#ping-message  Another server's PONG has your nick instead.  Refuses with
    409 if the token is empty, 402 (no such server).
    """
    token = request.params[0]
    if not token:
        request.stop(numerics.ERR_NOORIGIN)
    if len(request.params) > 1 and request.params[1] and request.session.registered:
        queries = request.sessions.links.queries
        whom = queries.meant(request.params[1])
        if whom is None:
            request.stop(numerics.ERR_NOSUCHSERVER, middle(request.params[1]))
        if not queries.is_here(whom):
            server = whom.server if isinstance(whom, User) else whom
            if request.is_elsewhere:
                request.ask(server, [token])
            if asked.too_many(request.session, server):
                request.stop(numerics.RPL_TRYAGAIN, "PING")
            asked.ask(request.session, server, wanted=True)
            queries.ping(request.user, server)
            return
    name = request.sessions.server_name
    request.session.send(f":{name} PONG {name} :{token}".encode("utf-8", "surrogateescape"))


@CLIENT.command("PONG", phase=Phase.ANY, penalty=0.2)
def pong(request: Request) -> None:
    """`PONG <token>`: the answer to the server's PING; every other line is as good a sign of life.

    https://modern.ircdocs.horse/#pong-message
    """


@CLIENT.command("QUIT", phase=Phase.ANY, penalty=0.0)
def quit_(request: Request) -> None:
    """`QUIT [:<reason>]`: leave the network.

    The reason is left out if you are banned or muted in a channel, or if a filter keeps it back.
    https://modern.ircdocs.horse/#quit-message
    """
    reason = cut(request.params[0], request.sessions.limits.kick) if request.params else ""
    speaks = bool(reason) and request.session.registered
    if speaks and (is_muted(request) or filtered(request, QUIT, reason) is not None):
        reason = ""
    request.session.close(f"Quit: {reason}" if reason else "Client Quit")
