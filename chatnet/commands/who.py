"""WHO and WHOX: the users of a channel, one user, or all who match a mask."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import Channel, User
from chatnet.model.modes import ALL_PREFIXES, OP, TOP_PREFIX
from chatnet.rules.visibility import may_see_address, may_see_member, may_see_members, may_see_user
from chatnet.session.idle import idle
from chatnet.session.render import encode
from chatnet.session.scans import Scan
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.masks import price_of, read_glob, wire_address
from chatnet.wire.text import middle

LOOK: Final = 2
"""Microseconds that it takes to see whether a user is one to be told of, beside a mask."""
TEXTS: Final = 3
"""How many texts of a user a mask is held against, as a rule."""
REPLY: Final = 40
"""Microseconds that one takes to tell."""

_PLAIN: Final = re.compile("[a-z0-9 ._:/@-]+")
"""Runs of characters that are themselves in a mask, and the same in every case mapping once in lower case."""

Found = tuple[User, Channel | None]
Show = Callable[[User, Channel | None], None]
Field = Callable[[Request, User, Channel | None, str], str]


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
    show = partial(_reply, request) if not percent else partial(_reply_fields, request, fields, token)
    request.scan(_Search(request, name, flags[:1] == "o", show).run)


class _Search:
    """Whom `name` means, one after the other."""

    def __init__(self, request: Request, name: str, opers: bool, show: Show) -> None:
        self._request = request
        self._name = name
        self._opers = opers
        self._show = show
        self._price = LOOK
        self._matches: Callable[[User], bool] | None = None
        self._most: int | None = None

    async def run(self, scan: Scan) -> None:
        """A reply for each, and 315."""
        request = self._request
        out, room = request.session.outlet.out, request.session.outlet.sendq // 2
        count = 0
        for other, channel in self._candidates():
            if scan.spend(self._price):
                await scan.pause()
            if not self._means(other, channel):
                continue
            if count == self._most or room < 0:  # a slow reader would be cut off in the middle of the answer
                request.reply(numerics.ERR_TOOMANYMATCHES, "WHO")
                break
            self._show(other, channel)
            scan.spend(REPLY)
            count += 1
            room -= len(out[-1]) if out else 0
        request.reply(numerics.RPL_ENDOFWHO, middle(self._name))
        request.session.hand_over()

    def _candidates(self) -> list[Found]:
        """Those who may be meant, as the network is now."""
        network, asker, shadows = self._request.network, self._request.user, self._request.sessions.shadows
        if self._name[:1] == "#":
            channel = network.channel(self._name)
            if channel is None or not may_see_members(asker, channel):
                return []
            members = (*channel.members, *(user for user, _ in shadows.members(channel)))
            return [(user, channel) for user in members if may_see_member(asker, channel, user)]
        other = shadows.shown(network, self._name)
        if other is not None:
            return [(other, _common(asker, other))]
        self._most = self._request.settings.limits.who
        if self._name not in ("0", "*"):
            self._matches = self._matcher()
            self._price += TEXTS * price_of(self._name)
        away = (shadow.user for shadow in shadows.away.values())
        return [(user, None) for user in (*network.users.values(), *away)]

    def _matcher(self) -> Callable[[User], bool]:
        """Says whether the mask means one of the texts of a user."""
        mask = self._name
        asker = self._request.user
        real = asker.may("see-all")
        matches = read_glob(mask, self._request.network.fold)
        # Folding and matching all texts of everybody is dear: who lacks the longest plain part is out.
        plain = max(_PLAIN.findall(mask.lower()), key=len, default="")

        def means(other: User) -> bool:
            texts = [other.nick, other.username, other.host, asker.name_of(other.server), other.realname]
            if other.account is not None:
                texts.append(other.account)
            if real:
                texts += [other.real_host, other.address]
            return plain in "\n".join(texts).lower() and any(map(matches, texts))

        return means

    def _means(self, other: User, channel: Channel | None) -> bool:
        """Whether somebody who was a candidate is still there, may be seen, and is meant."""
        network, asker, shadows = self._request.network, self._request.user, self._request.sessions.shadows
        if self._opers and other.oper is None:
            return False
        if self._most is not None:
            if network.users.get(other.uid) is not other and not shadows.is_away(other):
                return False
            return may_see_user(asker, other) and (self._matches is None or self._matches(other))
        if self._name[:1] != "#":
            return True  # a nick: nothing has happened since it was found
        assert channel is not None
        if not may_see_member(asker, channel, other):
            return False
        if other not in channel.members and not shadows.is_in(other, channel):
            return False
        if asker not in channel.members and not asker.may("see-all"):
            return may_see_members(asker, channel) and may_see_user(asker, other)
        return True


def _common(asker: User, other: User) -> Channel | None:
    """A channel in which `asker` may know `other` to be."""
    visible = "i" not in other.modes or asker.may("see-all")
    for channel in other.channels:
        if (asker in channel.members or (visible and may_see_members(asker, channel))) and may_see_member(
            asker, channel, other
        ):
            return channel
    return None


def _reply_fields(
    request: Request, fields: list[Field], token: str, other: User, channel: Channel | None
) -> None:
    whox = f":{request.sessions.server_name} {numerics.RPL_WHOSPCRPL.code} {request.user.nick}"
    values = ["", *(field(request, other, channel, token) for field in fields)]
    request.session.send(encode(whox + " ".join(values)))


def _reply(request: Request, other: User, channel: Channel | None) -> None:
    prefixes = ALL_PREFIXES if request.session.caps & cap.MULTI_PREFIX else TOP_PREFIX
    request.reply(
        numerics.RPL_WHOREPLY,
        channel.name if channel is not None else "*",
        other.username,
        wire_address(other.host),
        request.name_of(other.server),
        other.nick,
        _flags(other, channel, prefixes),
        request.hops_to(other.server),
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
    return request.name_of(other.server)


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


_FIELDS: Final[dict[str, Field]] = {
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
