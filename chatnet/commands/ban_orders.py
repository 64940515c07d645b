"""A ban that an operator asks for, in whatever words: judged, told, set, noted; and lifted again."""

from __future__ import annotations

from dataclasses import dataclass

from chatnet.commands.request import Request
from chatnet.model.bans import EXEMPT, FOREVER, LOGIN, NAMES, REFUSE, NetworkBan
from chatnet.model.entities import User
from chatnet.model.facts import Source
from chatnet.rules.ban_hits import meant
from chatnet.rules.banned_words import called, noted
from chatnet.rules.durations import duration
from chatnet.rules.network_bans import is_everybody
from chatnet.storage.interfaces import StoreError
from chatnet.wire import numerics
from chatnet.wire.ban_targets import Target, shown
from chatnet.wire.masks import read_glob
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, middle, one_line, printable

FEW = 3
"""People of whom a ban may hit so many, whatever part of all they are; unless the asker is one of them."""


@dataclass(slots=True)
class Order:
    """What is asked for: whom to ban, for so many `seconds` (0: for ever), and why.

    `server` is a mask of servers; without one it is for the whole network.  With `force` it is set though it
    hits many.
    """

    target: Target
    seconds: int = 0
    reason: str = ""
    action: str = REFUSE
    server: str = ""
    force: bool = False

    @property
    def kind(self) -> str:
        """The kind of the ban: that of the target, or of an exemption for it."""
        return f"E{self.target.kind}" if self.action == EXEMPT else self.target.kind

    @property
    def mask(self) -> str:
        """What it means, for operators."""
        return printable(shown(self.kind, self.target.mask))


def hits(request: Request, target: Target) -> list[User]:
    """Whom of the network a target means."""
    network = request.network
    if target.kind == "R":
        return []
    ban = NetworkBan(target.kind, target.user, target.host, 0, None, None, "", "", False)
    return meant(network, ban)


def known(request: Request, target: Target, users: list[User]) -> list[User]:
    """Of `users`, whom a target means, those of whom the asker may know that it does.

    Who sees no addresses knows hosts as all do: they would find out an address with a few questions.
    """
    if target.kind not in ("K", "D") or request.user.may("see-all"):
        return users
    matches = read_glob(target.host, request.network.fold)
    return [
        user for user in users if target.kind == "K" and (user.host == user.address or matches(user.host))
    ]


def whom(request: Request, target: Target, users: list[User]) -> str:
    """Of how many a ban is told that hits them: ``1 user here, 0 elsewhere``."""
    some = known(request, target, users)
    here = sum(user.server is request.network.me for user in some)
    seen = (
        "" if target.kind not in ("K", "D") or request.user.may("see-all") else ", by the hosts that you see"
    )
    return f"{here} user{'' if here == 1 else 's'} here, {len(some) - here} elsewhere{seen}"


def judge(request: Request, order: Order, users: list[User], how: str) -> bool:
    """Whether a ban may be set that hits `users`; if not, the asker reads why, and `how` to do it anyway."""
    session, target, settings = request.session, order.target, request.settings.bans
    if order.action == EXEMPT:
        return _has_room(request, order)
    if order.force:
        return _has_room(request, order)
    if is_everybody(target.kind, target.user, target.host):
        session.notice(f"{order.mask} means as good as everybody. If you mean it: {how}")
        return False
    everybody = len(request.network.users)
    if request.user in users and target.kind != "R":
        session.notice(
            f"{order.mask} means yourself, too: {whom(request, target, users)}. If you mean it: {how}"
        )
        return False
    if len(users) > FEW and len(users) * 100 > everybody * settings.most_hit:
        session.notice(
            f"{order.mask} means {len(users)} of {everybody} people ({len(users) * 100 // everybody} %;"
            f" bans.most_hit is {settings.most_hit}). If you mean it: {how}"
        )
        return False
    return _has_room(request, order)


def _has_room(request: Request, order: Order) -> bool:
    bans, settings, target = request.network.bans, request.settings.bans, order.target
    if request.network.fold(target.mask) in bans[order.kind]:
        return True
    if request.sessions.banning.is_full:
        request.session.notice(f"There are {settings.most} bans (bans.most); lift one before you set another")
        return False
    ban = NetworkBan(order.kind, target.user, target.host, 0, None, None, "", "", True)
    if request.sessions.network_bans.alike(ban) >= settings.alike:
        request.session.notice(
            f"{order.mask} has too few letters, or the same as {settings.alike} others with wildcards"
            " (bans.alike), against which all newcomers are held: name more of them, or lift some"
        )
        return False
    return True


async def place(request: Request, order: Order) -> NetworkBan | None:
    """Set the ban; None if it cannot be kept, or is for other servers alone, and the asker has read so."""
    session, network, now = request.session, request.network, int(request.now)
    kind, user, host = order.kind, order.target.user, order.target.host
    reason = cut(one_line(order.reason), request.settings.bans.reason)
    wide, until = not order.server, now + order.seconds if order.seconds else None
    if wide and until is None and not request.sessions.banning.keeps:
        until = now + FOREVER
    by = request.user.mask
    ban = NetworkBan(kind, user, host, now, until, until, by, reason, wide, order.action)
    length = f"{duration(order.seconds)}" if order.seconds else "for ever"
    where = f" on {order.server}" if order.server else ""
    login = {LOGIN: ", except who is logged in", EXEMPT: ", exempt"}.get(order.action, "")
    request.note_down(order.mask, f"{length}{where}{login}{f': {reason}' if reason else ''}")
    if order.server:
        elsewhere(request, order, reason)
        if not network.me.is_called(read_glob(order.server, str.lower)):
            session.notice(f"Asked {order.server} to add {NAMES[kind]} for [{order.mask}]")
            return None
    try:
        await request.sessions.banning.set(ban, _source(request))
    except StoreError as error:
        session.fail(request.row.verb, "TEMPORARILY_UNAVAILABLE", str(error))
        return None
    request.notice(
        "k", *noted(ban, f"{request.user.nick} added {called(ban)} for", f" [{printable(reason)}]")
    )
    return ban


def elsewhere(request: Request, order: Order, reason: str) -> None:
    """Have other servers set it, for themselves alone."""
    verb, target = VERBS[order.kind], order.target
    words = [order.server, verb, str(order.seconds)]
    words += [target.user, target.host] if target.kind == "K" else [target.host]
    words += {"X": ["2"], "R": ["0"]}.get(target.kind, [])
    tell_others(request, [*words, reason])


VERBS = {"K": "KLINE", "D": "DLINE", "X": "XLINE", "R": "RESV"}
"""Kind of ban → the command by which servers of other makes know it."""


def need_server(request: Request, mask: str) -> None:
    """End the command with 402 if no server has a name that fits."""
    matches = read_glob(mask, str.lower)
    if not any(server.is_called(matches) for server in request.network.servers.values()):
        request.stop(numerics.ERR_NOSUCHSERVER, middle(mask))


def tell_others(request: Request, words: list[str]) -> None:
    """Tell servers by ENCAP, the first word of which is their mask."""
    for link in request.sessions.links.neighbours():
        link.send(link.codec.encap(_source(request), words))


def _source(request: Request) -> Source:
    """Who says it to other servers: of a user who is of another one, and has sessions here, this server."""
    return request.network.me if request.is_elsewhere else request.user


def added(ban: NetworkBan) -> str:
    """What who set it reads."""
    return f"Added {called(ban)} [{printable(ban.mask)}]"


async def lift(request: Request, ban: NetworkBan) -> bool:
    """Lift a ban that holds; False if that cannot be kept, and the asker has read so."""
    what = "exemption lifted" if ban.action == EXEMPT else "lifted"
    reason = f": {printable(ban.reason)}" if ban.reason else ""
    request.note_down(printable(shown(ban.kind, ban.mask)), f"{what}{reason}")
    try:
        await request.sessions.banning.lift(ban, _source(request))
    except StoreError as error:
        request.session.fail(request.row.verb, "TEMPORARILY_UNAVAILABLE", str(error))
        return False
    request.notice("k", *noted(ban, f"{request.user.nick} removed {NAMES[ban.kind]} of"))
    return True


def told(ban: NetworkBan) -> str:
    """Until when it holds, who has set it and why, for operators."""
    until = "for ever" if ban.until is None else f"until {minute(ban.until)}"
    since = f", {minute(ban.created)}" if ban.created else ""
    login = ", log in first" if ban.action == LOGIN else ""
    where = "" if ban.wide or ban.fixed else ", this server alone"
    reason = f": {printable(ban.reason)}" if ban.reason else ""
    return f"({until}{login}{where}; by {ban.by}{since}){reason}"


def need_reason(request: Request, reason: str) -> None:
    """End the command with 461 if no reason is given."""
    if not reason.strip():
        request.stop(numerics.ERR_NEEDMOREPARAMS, request.row.verb)
