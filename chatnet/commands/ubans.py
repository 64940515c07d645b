"""UBAN: banning people from the network, for those who do not want to know of kinds of bans.

As Ergo's operators know it, and more: https://github.com/ergochat/ergo/blob/master/docs/MANUAL.md#moderation
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final

from chatnet.commands.ban_orders import Order, hits, judge, known, lift, place, told, whom
from chatnet.commands.request import CLIENT, Request
from chatnet.model.bans import BANNING, EXEMPT, EXEMPTING, LOGIN, REFUSE, NetworkBan
from chatnet.model.entities import User
from chatnet.model.ids import AccountName
from chatnet.model.whowas import Departure
from chatnet.records.accounts import State
from chatnet.rules.ban_targets import address_of, host_of, target_of
from chatnet.rules.banned_words import veil
from chatnet.rules.durations import ban_seconds, ban_units, duration
from chatnet.session.scans import Scan
from chatnet.wire.ban_targets import (
    Target,
    account_target,
    address_target,
    read_target,
    shown,
    user_target,
)
from chatnet.wire.masks import price_of, read_glob
from chatnet.wire.server_time import minute
from chatnet.wire.text import printable

SPARED: Final = ("D", "K", "A", "C")
"""Kinds of targets that may be exempt."""
FORMS: Final = (
    "an address or network, user@host, account:<name>, realname:<mask>, cert:<SHA-256>, name:<mask>,"
    " #channel, or the nick of somebody who is here, or was lately"
)
_LIKE_A_DURATION: Final = re.compile(r"[0-9]{1,9}[A-Za-z]{0,9}")
"""What is rather a duration that somebody has misspelt than the beginning of a reason."""
NAMES_SHOWN: Final = 10
"""Nicks that are shown of those whom something hits."""


@CLIENT.command("UBAN", privilege="bans", penalty=2.0)
def uban(request: Request) -> Coroutine[Any, Any, None] | None:
    """`UBAN ADD|TEST|DEL|INFO|LIST|EXEMPT …`: ban people from the network, on all its servers.

    UBAN ADD [REQUIRE-SASL] [<duration>] [FORCE] <target> [<reason>[|<private reason>]]
      bans; the options may stand behind the target, too. A duration is as in 1d12h, without one it is for
      ever. With REQUIRE-SASL who is logged in comes in. FORCE if it hits many.
    UBAN TEST … tells what ADD would do, and whom it hits
    UBAN DEL <target>   lifts a ban
    UBAN INFO <target>  which bans mean somebody, an address, an account; and who is there
    UBAN LIST [<mask>]  the bans, the newest first
    UBAN EXEMPT [DEL] <target> [<duration>] [<reason>]
      no ban means them: an address or network, user@host, account:<name>, cert:<SHA-256>; alone lists them

    A target is an address or network (192.0.2.0/24), user@host, account:<name>, realname:<mask>,
    cert:<SHA-256 in hex>, name:<mask> or #channel (which nobody may have or join), or the nick of somebody
    who is here, or was lately: then it is the account that they are logged in to, or else their address.
    Refuses with 481, 723.
    """
    verb = request.param(0).upper()
    run = _VERBS.get(verb)
    words = request.params[1:]
    if run is None or (not words and verb not in ("LIST", "EXEMPT")):
        _invalid(request, "UBAN ADD|TEST|DEL|INFO <target>, UBAN LIST, UBAN EXEMPT <target>; see HELP UBAN")
        return None
    return run(request, words)


def _invalid(request: Request, text: str) -> None:
    request.session.fail("UBAN", "INVALID_PARAMS", text)


# what is meant


def _options(order: Order, words: list[str], *, minutes: bool) -> bool:
    """Take one option off the front of `words`; whether there was one.  A number alone may be `minutes`."""
    word = words[0].upper() if words else ""
    seconds = ban_seconds(word) if minutes else ban_units(word)
    if word == "DURATION" and len(words) > 1 and (seconds := ban_seconds(words[1])) is not None:
        order.seconds = seconds
        del words[:2]
    elif word == "REQUIRE-SASL" and order.action == REFUSE:
        order.action = LOGIN
        del words[0]
    elif word == "FORCE":
        order.force = True
        del words[0]
    elif seconds is not None and not order.seconds:
        order.seconds = seconds
        del words[0]
    else:
        return False
    return True


def _order(
    request: Request, words: Sequence[str], action: str
) -> tuple[Order, User | Departure | None] | None:
    """What is asked for, and who is meant by a nick; None if it makes no sense, and they have read so."""
    rest = list(words)
    order = Order(Target("", "", ""), action=action)
    while rest and _options(order, rest, minutes=True):
        pass
    if not rest:
        _invalid(request, f"Whom? A target is {FORMS}")
        return None
    text = rest.pop(0)
    while rest and _options(order, rest, minutes=False):
        pass
    order.reason = " ".join(rest)
    if rest and not (order.seconds or order.force) and _LIKE_A_DURATION.fullmatch(rest[0]):
        again = " ".join(map(printable, words))
        how = "/UBAN EXEMPT" if action == EXEMPT else "/UBAN ADD"
        _invalid(
            request,
            f"{rest[0]} is no duration: say 90s, 15m, 3d or 1d12h. If it is a reason: {how} FORCE {again}",
        )
        return None
    found = _target(request, text)
    if found is None:
        _invalid(
            request,
            f"{printable(text)} is nobody who is here, or was lately, and no account. A target is {FORMS}",
        )
        return None
    order.target, user = found
    if order.action == EXEMPT and order.target.kind not in SPARED:
        _invalid(request, "Only addresses, networks, user@host, account:<name> and cert:<SHA-256> are exempt")
        return None
    if order.action == LOGIN and order.target.kind in ("A", "R"):
        _invalid(request, f"REQUIRE-SASL makes no sense for {order.mask}")
        return None
    return order, user


def _target(request: Request, text: str) -> tuple[Target, User | Departure | None] | None:
    """What is meant, and by the nick of whom: somebody who is here, or else the last one who was."""
    target = read_target(text)
    if target is not None:
        return target, None
    network, sees = request.network, request.user.may("see-all")
    user: User | Departure | None = network.user(text)
    if isinstance(user, User):
        target = None if user.server.virtual else target_of(user, sees=sees)
    elif (user := _departed(request, text)) is not None:
        target = target_of(_as_it_was(request, user), sees=sees)
    elif (account := network.registry.named(text)) is not None:
        target = account_target(account.shown)
    return None if target is None else (target, user)


# what is done


async def _add(request: Request, words: list[str]) -> None:
    await _put(request, words, REFUSE)


async def _put(request: Request, words: list[str], action: str) -> None:
    found = _order(request, words, action)
    if found is None:
        return
    order, user = found
    session = request.session
    users = hits(request, order.target)
    undo = f"/UBAN {'EXEMPT DEL' if order.action == EXEMPT else 'DEL'} {order.mask}"
    if not judge(request, order, users, f"/UBAN ADD FORCE {' '.join(map(printable, words))}"):
        return
    session.notice(_what(request, order, users, user))
    _instead(request, order)
    ban = await place(request, order)
    if ban is None or session.closed:
        return
    keeps = request.sessions.banning.keeps
    where = "on all servers" if keeps else "until this server is restarted; told to other servers"
    session.notice(f"Done, {where}. To undo: {undo}")
    if user is not None and order.target.kind == "A" and action != EXEMPT:
        person = user if isinstance(user, User) else _as_it_was(request, user)
        came, mask = person.host, f"*@{host_of(person)}"
        if request.user.may("see-all"):
            came, mask = person.address, address_of(person)
        session.notice(f"They came from {came}: /UBAN ADD {mask} if they come back as another")


def _instead(request: Request, order: Order) -> None:
    """Show the ban of that target that there is: the new one takes its place."""
    old = request.sessions.banning.known(order.kind, order.target.mask)
    if old is not None:
        request.session.notice(f"Instead of: {_line(request, old)}")


def _what(request: Request, order: Order, users: list[User], user: User | Departure | None) -> str:
    """What it does, and whom it hits: ``Bans address 192.0.2.7 for 1d: 1 user here, 0 elsewhere``."""
    length = f"for {duration(order.seconds)}" if order.seconds else "for ever"
    gone = f", who left {minute(user.at)}" if isinstance(user, Departure) else ""
    who = f" ({user.nick}{gone})" if user is not None else ""
    mask = f"{'address ' if order.target.kind == 'D' else ''}{order.mask}{who}"
    if order.target.kind == "R":
        return f"Reserves {mask} {length}: nobody may have it"
    if order.action == EXEMPT:
        return f"Exempts {mask} from bans {length}: {whom(request, order.target, users)}"
    login = ", except who is logged in" if order.action == LOGIN else ""
    some = known(request, order.target, users)
    nicks = ", ".join(each.nick for each in some[:NAMES_SHOWN])
    more = ", …" if len(some) > NAMES_SHOWN else ""
    hit = f"{whom(request, order.target, users)}{f' ({nicks}{more})' if nicks else ''}"
    return f"Bans {mask} {length}{login}: {hit}"


async def _test(request: Request, words: list[str]) -> None:
    found = _order(request, words, REFUSE)
    if found is None:
        return
    order, user = found
    users = hits(request, order.target)
    request.session.notice(_what(request, order, users, user))
    _instead(request, order)
    command = f"/UBAN ADD {' '.join(map(printable, words))}"
    if judge(request, order, users, f"/UBAN ADD FORCE {' '.join(map(printable, words))}"):
        request.session.notice(f"Nothing is done yet. To do it: {command}")


async def _del(request: Request, words: list[str]) -> None:
    if words[0].upper() == "EXEMPT" and len(words) > 1:
        await _lift(request, words[1], "E")
    else:
        await _lift(request, words[0], "")


async def _lift(request: Request, text: str, exempting: str) -> None:
    session, banning = request.session, request.sessions.banning
    targets, user = _lifted(request, text)
    if exempting:
        targets = [each for each in targets if each.kind in SPARED]
    if not targets:
        _invalid(request, f"{printable(text)} was not here lately, and is no target: {FORMS}")
        return
    for target in targets:
        ban = banning.known(exempting + target.kind, target.mask)
        if ban is None and target.kind == "D" and not exempting:  # so do others call all users at an address
            ban = banning.known("K", f"*@{target.host}")
        if ban is not None:
            if await lift(request, ban) and not session.closed:
                session.notice(f"Lifted: {_line(request, ban, text)}")
                _others(request, user, exempting)
            return
    _not_there(request, text, targets[0], exempting)
    _others(request, user, exempting)


def _lifted(request: Request, text: str) -> tuple[list[Target], User | None]:
    """What is meant, the likeliest first: of a nick what ADD bans of who bears it, or bore it lately."""
    target = read_target(text)
    if target is not None:
        return [target], None
    network = request.network
    user, gone = network.user(text), _departed(request, text)
    if user is None and gone is not None:
        user = _as_it_was(request, gone)
    found: list[Target | None] = []
    if user is not None and not user.server.virtual:
        address = address_target(address_of(user))
        hosts = [user_target(f"*@{host}") for host in (host_of(user), user.host)]
        found = [target_of(user, sees=True), address, *hosts]
    if (account := network.registry.named(text)) is not None:
        found.append(account_target(account.shown))
    return [each for each in found if each is not None], user


def _not_there(request: Request, text: str, target: Target, exempting: str) -> None:
    """Say that nothing of that target can be lifted, and why, or what can."""
    session, fold = request.session, request.network.fold
    named = read_target(text) is None
    mask = printable(text if named and target.kind != "A" else shown(target.kind, target.mask))
    fixed = {(each.kind, fold(each.mask)) for each in request.sessions.network_bans.configured}
    if (exempting + target.kind, fold(target.mask)) in fixed:
        session.notice(f"{mask} cannot be lifted: it stands in the configuration")
    elif exempting:
        session.notice(f"There is no exemption for {mask}; UBAN EXEMPT shows those that there are")
    elif target.kind in SPARED and request.sessions.banning.known(f"E{target.kind}", target.mask) is not None:
        session.notice(f"There is no ban of {mask}, but an exemption: /UBAN EXEMPT DEL {mask} lifts it")
    else:
        session.notice(f"There is no ban of {mask}; UBAN LIST shows those that there are")


def _others(request: Request, user: User | None, exempting: str) -> None:
    """Show which bans mean somebody all the same."""
    if user is not None and not exempting:
        for other in request.sessions.network_bans.all_of(user):
            request.session.notice(f"But {_line(request, other)}")


def _exempt(request: Request, words: list[str]) -> Coroutine[Any, Any, None] | None:
    verb = words[0].upper() if words else "LIST"
    if verb == "LIST":
        request.scan(partial(_show, request, "*", EXEMPTING))
        return None
    if verb in ("DEL", "REMOVE", "RM") and len(words) > 1:
        return _lift(request, words[1], "E")
    return _put(request, words[1:] if verb == "ADD" and len(words) > 1 else words, EXEMPT)


# what is shown


def _list(request: Request, words: list[str]) -> None:
    if words and words[0].upper() == "EXEMPT":
        request.scan(partial(_show, request, words[1] if len(words) > 1 else "*", EXEMPTING))
    else:
        request.scan(partial(_show, request, words[0] if words else "*", BANNING))


async def _show(request: Request, mask: str, kinds: Sequence[str], scan: Scan) -> None:
    """Those whose targets fit a mask: the newest first, as many as STATS may show."""
    session, now, price = request.session, request.now, price_of(mask)
    matches = read_glob(mask, request.network.fold)
    bans: list[NetworkBan] = []
    everything = [ban for ban in request.sessions.network_bans.configured if ban.kind in kinds]
    for kind in kinds:
        everything += request.network.bans[kind].values()
    for ban in everything:
        if scan.spend(price):
            await scan.pause()
        if ban.holds(now) and (mask == "*" or matches(_shown(request, ban, mask))):
            bans.append(ban)
    bans.sort(key=lambda ban: ban.created, reverse=True)
    most = request.settings.limits.stats_bans
    for ban in bans[:most]:
        session.notice(_line(request, ban, mask))
    what = "exemption" if kinds is EXEMPTING else "ban"
    more = f"; these were the newest {most}: UBAN LIST <mask> shows others" if len(bans) > most else ""
    session.notice(f"{len(bans) or 'No'} {what}{'' if len(bans) == 1 else 's'}{more}")


def _line(request: Request, ban: NetworkBan, asked: str = "") -> str:
    """A ban for operators; an address only for those who may see it, have written it, or asked for it."""
    what = "exempt: " if ban.kind in EXEMPTING else ""
    return f"{what}{printable(_shown(request, ban, asked))} {told(ban)}"


def _shown(request: Request, ban: NetworkBan, asked: str = "") -> str:
    """What it means, as the asker may read it."""
    sees = request.user.may("see-all") or ban.by == request.user.mask
    mask = shown(ban.kind, ban.mask)
    hidden = None if sees or asked == mask else veil(ban)
    return hidden or mask


async def _info(request: Request, words: list[str]) -> None:
    text, session, bans = words[0], request.session, request.sessions.network_bans
    target = read_target(text)
    if target is not None:
        found, about = _meaning(request, target), _crowd(request, target)
    elif (user := request.network.user(text)) is not None and not user.server.virtual:
        found, about = bans.all_of(user), user.nick
        session.notice(f"{user.nick} is {_known(request, user)}")
    else:
        gone, account = _departed(request, text), request.network.registry.named(text)
        if gone is None and account is None:
            _invalid(
                request,
                f"{printable(text)} was not here lately (who is kept out never is: ask for their address),"
                f" and is no target: {FORMS}",
            )
            return
        found, about = [], printable(text)
        if gone is not None:
            found = bans.all_of(_as_it_was(request, gone))
            session.notice(f"{gone.nick} was here until {minute(gone.at)}, {_known(request, gone)}")
            if request.user.may("see-all") and (address := address_target(gone.address)) is not None:
                _crowd(request, address)
        if account is not None:
            found += [
                ban
                for ban in bans.matching("A", account.shown) + bans.matching("EA", account.shown)
                if ban not in found
            ]
            state = account.state(request.now)
            if state is not State.ACTIVE:
                session.notice(f"The account {account.shown} is {state.value}")
    for ban in found:
        session.notice(_line(request, ban, text))
    if not found:
        session.notice(f"No ban means {about}")


def _known(request: Request, somebody: User | Departure) -> str:
    """What is told of somebody: whether they are logged in, and their address to who may see it."""
    account = "not logged in" if somebody.account is None else f"logged in to account:{somebody.account}"
    return f"{account}{f', at {somebody.address}' if request.user.may('see-all') else ''}"


def _crowd(request: Request, target: Target) -> str:
    """Say of how many here a target speaks; gives back what it is called."""
    about, users = printable(shown(target.kind, target.mask)), hits(request, target)
    if target.kind != "R":
        nicks = ", ".join(each.nick for each in known(request, target, users)[:NAMES_SHOWN])
        request.session.notice(f"{about}: {whom(request, target, users)}{f' ({nicks})' if nicks else ''}")
    return about


def _departed(request: Request, text: str) -> Departure | None:
    """The last one who bore a nick that nobody bears now."""
    return next(iter(request.network.whowas.find(request.network.fold(text), 1)), None)


def _as_it_was(request: Request, gone: Departure) -> User:
    """Somebody who has left, to hold bans against; their certificate is not known any more."""
    user = User(request.network.me, gone.address, gone.real_host)
    user.nick, user.username, user.realname, user.host = gone.nick, gone.username, gone.realname, gone.host
    user.account = None if gone.account is None else AccountName(gone.account)
    return user


def _meaning(request: Request, target: Target) -> list[NetworkBan]:
    """The bans and exemptions that mean a target, or are of it."""
    bans = request.sessions.network_bans
    if target.kind == "D":
        somebody = User(request.network.me, target.host.partition("/")[0], target.host.partition("/")[0])
        found = bans.all_of(somebody)
    else:
        found = [*bans.matching(target.kind, target.host)]
        if target.kind in SPARED:
            found += bans.matching(f"E{target.kind}", target.host)
    exact = request.sessions.banning.known(target.kind, target.mask)
    return found if exact is None or exact in found else [exact, *found]


_VERBS: Final[dict[str, Callable[[Request, list[str]], Coroutine[Any, Any, None] | None]]] = {
    "ADD": _add,
    "TEST": _test,
    "DEL": _del,
    "REMOVE": _del,
    "RM": _del,
    "INFO": _info,
    "LIST": _list,
    "EXEMPT": _exempt,
}
"""Subcommand → who does it."""
