"""WHO and WHOX: the users of a channel, one user, or all who match a mask."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import Channel, User
from chatnet.model.modes import ALL_PREFIXES, OP, TOP_PREFIX
from chatnet.rules.visibility import may_see_address, may_see_members, may_see_user
from chatnet.session.idle import idle
from chatnet.session.render import encode
from chatnet.session.shadows import Shadows
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.masks import compile_glob, wire_address
from chatnet.wire.text import middle

MASK_PENALTY: Final = 3.0
"""What looking at every user costs beyond the row's penalty."""
ANSWERS_PER_PENALTY: Final = 200
"""How many answers cost a penalty of 1.0."""

_PLAIN: Final = re.compile("[a-z0-9 ._:/@-]+")
"""Runs of characters that are themselves in a mask, and the same in every case mapping once in lower case."""

Found = tuple[User, Channel | None]


@CLIENT.command("WHO", min_params=1, penalty=1.0)
def who(request: Request) -> None:
    """`WHO <mask> [o][%<fields>[,<token>]]`: list the users of a channel, a user, or all who match a mask.

    A mask is compared with nick, user name, host, server, real name and account; `0` is everybody.  `o` lists
    opers only; `%` asks for WHOX, with fields out of ``tcuihsnfdlaor``.
    https://modern.ircdocs.horse/#who-message and https://ircv3.net/specs/extensions/whox
    Ends with 416 if there are more than are shown: `limits.who` for a mask, and what SendQ has room for.
    """
    name = request.params[0]
    flags, percent, wanted = request.param(1).partition("%")
    letters, _, token = wanted.partition(",")
    fields = [field for letter, field in _FIELDS.items() if letter in letters] if percent else []
    if len(token) > 3 or not (token.isascii() and token.isdigit()):
        token = "0"
    found, most = _find(request, name)
    if flags[:1] == "o":
        found = (pair for pair in found if pair[0].oper is not None)
    count = 0
    whox = f":{request.sessions.server_name} {numerics.RPL_WHOSPCRPL.code} {request.user.nick}"
    out, room = request.session.outlet.out, request.session.outlet.sendq // 2
    for other, channel in islice(found, most):
        count += 1
        if not percent:
            _reply(request, other, channel)
        else:
            values = ["", *(field(request, other, channel, token) for field in fields)]
            request.session.send(encode(f"{whox}{' '.join(values)}"))
        room -= len(out[-1])
        if room < 0:  # a slow reader would be cut off in the middle of the answer
            break
    if most is not None:
        request.session.penalize(MASK_PENALTY, 0, request.session.heard)
    if next(found, None) is not None:
        request.reply(numerics.ERR_TOOMANYMATCHES, "WHO")
    request.session.penalize(count / ANSWERS_PER_PENALTY, 0, request.session.heard)
    request.reply(numerics.RPL_ENDOFWHO, middle(name))
    request.session.hand_over()


def _find(request: Request, name: str) -> tuple[Iterator[Found], int | None]:
    """Whom `name` means, and how many of them may be shown (None: all)."""
    network, asker = request.network, request.user
    if name[:1] == "#":
        channel = network.channel(name)
        if channel is None or not may_see_members(asker, channel):
            return iter(()), None
        return _members(asker, channel, request.sessions.shadows), None
    other = request.sessions.shadows.shown(network, name)
    if other is not None:
        return iter([(other, _common(asker, other))]), None
    return _matching(request, name), request.settings.limits.who


def _members(asker: User, channel: Channel, shadows: Shadows) -> Iterator[Found]:
    everybody = asker in channel.members or asker.may("see-all")
    for other in [*channel.members, *(user for user, _ in shadows.members(channel))]:
        if everybody or may_see_user(asker, other):
            yield other, channel


def _common(asker: User, other: User) -> Channel | None:
    """A channel in which `asker` may know `other` to be."""
    visible = "i" not in other.modes or asker.may("see-all")
    for channel in other.channels:
        if asker in channel.members or (visible and may_see_members(asker, channel)):
            return channel
    return None


def _matching(request: Request, mask: str) -> Iterator[Found]:
    asker = request.user
    real = asker.may("see-all")
    matches = None if mask in ("0", "*") else compile_glob(mask, request.network.fold)
    # Folding and matching all texts of everybody is dear: who lacks the longest plain part is out.
    plain = max(_PLAIN.findall(mask.lower()), key=len, default="")
    away = [shadow.user for shadow in request.sessions.shadows.away.values()]
    for other in chain(request.network.users.values(), away):
        if not may_see_user(asker, other):
            continue
        if matches is None:
            yield other, None
            continue
        texts = [other.nick, other.username, other.host, other.server.name, other.realname]
        if other.account is not None:
            texts.append(other.account)
        if real:
            texts += [other.real_host, other.address]
        if plain in "\n".join(texts).lower() and any(map(matches, texts)):
            yield other, None


def _reply(request: Request, other: User, channel: Channel | None) -> None:
    prefixes = ALL_PREFIXES if request.session.caps & cap.MULTI_PREFIX else TOP_PREFIX
    request.reply(
        numerics.RPL_WHOREPLY,
        channel.name if channel is not None else "*",
        other.username,
        wire_address(other.host),
        other.server.name,
        other.nick,
        _flags(other, channel, prefixes),
        other.server.hops,
        other.realname,
    )


def _flags(other: User, channel: Channel | None, prefixes: tuple[str, ...]) -> str:
    """``H`` here or ``G`` gone, ``*`` oper, prefixes in the channel, ``B`` bot."""
    return (
        ("H" if other.away is None else "G")
        + ("*" if other.oper is not None else "")
        + (prefixes[other.channels[channel]] if channel is not None else "")
        + ("B" if "B" in other.modes else "")
    )


# The fields of WHOX, each a function of the request, the user, the channel and the token.


def _token(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return token


def _channel(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return channel.name if channel is not None else "*"


def _username(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return other.username


def _address(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return wire_address(other.address) if may_see_address(request.user, other) else "255.255.255.255"


def _host(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return wire_address(other.host)


def _server(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return other.server.name


def _nick(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return other.nick


def _all_flags(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return _flags(other, channel, ALL_PREFIXES)


def _hops(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return str(other.server.hops)


def _idle(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return str(idle(request.sessions, other) or 0)


def _account(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return other.account or "0"


def _oplevel(request: Request, other: User, channel: Channel | None, token: str) -> str:
    """There are no levels among operators; Solanum's words for that."""
    return "999" if channel is not None and other.channels[channel] >= OP else "n/a"


def _realname(request: Request, other: User, channel: Channel | None, token: str) -> str:
    return ":" + other.realname


_FIELDS: Final[dict[str, Callable[[Request, User, Channel | None, str], str]]] = {
    "t": _token,
    "c": _channel,
    "u": _username,
    "i": _address,
    "h": _host,
    "s": _server,
    "n": _nick,
    "f": _all_flags,
    "d": _hops,
    "l": _idle,
    "a": _account,
    "o": _oplevel,
    "r": _realname,
}
"""In the order of the reply."""
