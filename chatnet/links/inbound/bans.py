"""Bans that somebody behind a link sets: for the network (BAN), or for servers that match a mask (ENCAP).

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md#ban  All times are seconds, as Solanum
and services have them; that text calls some of them minutes.
"""

from __future__ import annotations

from typing import Final

from chatnet.links import links as registry
from chatnet.links.encap import ENCAPSULATED
from chatnet.links.line import LINK, Ignored, Line
from chatnet.model.bans import NetworkBan
from chatnet.model.facts import NetworkBanned
from chatnet.model.network import BANS_SEEN_TO
from chatnet.wire.masks import parse_network
from chatnet.wire.text import byte_length, cut, printable

MOST_MASK: Final = 300
"""Bytes of a mask, and of who set it; a longer mask is none."""
MOST_REASON: Final = 400
"""Bytes of a reason."""

NAMES: Final = {"K": "K-Line", "D": "D-Line", "X": "X-Line", "R": "RESV"}
"""What operators call them."""


@LINK.command("BAN", min_params=8)
def ban(line: Line) -> None:
    """A ban for the whole network was set, changed, or (with the duration 0) taken back.

    # <- :1SOAAAAAB BAN K * bad.example 1795345579 3600 3600 * :spam|seen in #chatnet
    # <- :1SO BAN R * FooServ 1795345579 0 86400 ann!ann@host{1SO} :no longer
    """
    kind, user, host = line.params[:3]
    if kind not in ("K", "X", "R"):
        raise Ignored
    created = line.ts(3)
    duration = line.number(4)
    lifetime = created + max(line.number(5), duration)
    by = cut(line.params[6] if line.params[6] != "*" else _name(line), MOST_MASK)
    reason = cut(line.params[7], MOST_REASON)
    old = _old(line, kind, user, host)
    if old is not None and old.wide and old.until is not None and old.lifetime is not None:
        # Of two of the same second the one that is remembered for longer, or else is greater in any way: so
        # that two servers which set them at the same moment come to the same.
        ours = old.created, old.lifetime, old.until, old.by, old.reason
        if ours >= (created, lifetime, created + duration, by, reason):
            raise Ignored
        lifetime = max(lifetime, old.lifetime)
    until = created + duration
    _set(line, NetworkBan(kind, _user(kind, user), host, created, until, lifetime, by, reason, True))


def _user(kind: str, user: str) -> str:
    return user if kind == "K" else "*"


def _name(line: Line) -> str:
    return line.source.mask.replace(" ", "_")


def _old(line: Line, kind: str, user: str, host: str) -> NetworkBan | None:
    """What is known of that mask; ignored if this neighbour sets no bans here."""
    settings = line.link.settings
    if settings is None or not settings.allow_bans:
        raise Ignored
    mask = f"{user}@{host}" if kind == "K" else host
    if not mask or byte_length(mask) > MOST_MASK:
        raise Ignored
    return line.network.bans[kind].get(line.network.fold(mask))


def _set(line: Line, ban: NetworkBan, origin: object = None) -> None:
    now = line.now
    ban.reason, ban.by = cut(ban.reason, MOST_REASON), cut(ban.by, MOST_MASK)
    held = ban.holds(now)
    if ban.remembered(now) and not _has_room(line, ban):
        raise Ignored
    if line.link.state.value == "linked":  # nobody wants to read a whole burst
        what = f"added {NAMES[ban.kind]} for" if held else f"removed {NAMES[ban.kind]} of"
        reason = f" [{printable(ban.reason)}]" if held else ""
        line.node.notice("k", f"{line.source.mask} {what} [{ban.mask}]{reason}")
    line.node.commit(NetworkBanned(ban, line.source, now), origin or line.link)


def _has_room(line: Line, ban: NetworkBan) -> bool:
    """Whether there is room for `ban`; those that are to be forgotten make some, now and then."""
    bans, now, links = line.network.bans, line.now, line.links
    known = line.network.fold(ban.mask) in bans[ban.kind]
    if known or sum(map(len, bans.values())) < line.node.settings.links.bans:
        return True
    if now < links.bans_seen_to + BANS_SEEN_TO:
        return False  # to look at all of them for each line would keep clients waiting
    links.bans_seen_to = now
    if not all(other.remembered(now) for several in bans.values() for other in several.values()):
        return True
    line.node.notice("k", f"There are too many bans; ignored {NAMES[ban.kind]} for [{ban.mask}]")
    return False


def _here(line: Line, kind: str, user: str, host: str) -> None:
    """A ban for servers that match: ``<duration> … :<reason>``, with 0 for ever."""
    seconds, now = line.number(0), int(line.now)
    if kind == "D" and parse_network(host) is None:
        raise Ignored
    until = now + seconds if seconds else None
    old = _old(line, kind, user, host)
    if (
        old is not None
        and old.holds(line.now)
        and (old.until is None or (until is not None and until <= old.until))
    ):
        raise Ignored
    _set(
        line,
        NetworkBan(kind, user, host, now, until, until, _name(line), line.params[-1], False),
        registry.TOLD,
    )


def _no_more(line: Line, kind: str, user: str, host: str) -> None:
    """One of these is taken back; one for the whole network is not, for all others would keep it."""
    old = _old(line, kind, user, host)
    if old is None or old.wide:
        raise Ignored
    now = int(line.now)
    _set(line, NetworkBan(kind, user, host, now, now, now, _name(line), old.reason, False), registry.TOLD)


@ENCAPSULATED.command("KLINE", min_params=4)
def kline(line: Line) -> None:
    """A ban of ``user@host`` for some servers.

    # <- :00AAAAAAF ENCAP * KLINE 3600 * bad.example :spam
    """
    _here(line, "K", line.params[1], line.params[2])


@ENCAPSULATED.command("UNKLINE", min_params=2)
def unkline(line: Line) -> None:
    """It is taken back.

    # <- :00AAAAAAF ENCAP * UNKLINE * bad.example
    """
    _no_more(line, "K", line.params[0], line.params[1])


@ENCAPSULATED.command("DLINE", min_params=3)
def dline(line: Line) -> None:
    """A ban of an address, or a network of them.

    # <- :1SOAAAAAB ENCAP * DLINE 3600 192.0.2.0/24 :spam
    """
    _here(line, "D", "*", line.params[1])


@ENCAPSULATED.command("UNDLINE", min_params=1)
def undline(line: Line) -> None:
    """It is taken back.

    # <- :1SOAAAAAB ENCAP * UNDLINE 192.0.2.0/24
    """
    _no_more(line, "D", "*", line.params[0])


@ENCAPSULATED.command("XLINE", min_params=4)
def xline(line: Line) -> None:
    """A ban of real names; ``\\s`` is a space.

    # <- :1SOAAAAAB ENCAP * XLINE 3600 *spam\\sbot* 2 :spam
    """
    _here(line, "X", "*", line.params[1])


@ENCAPSULATED.command("UNXLINE", min_params=1)
def unxline(line: Line) -> None:
    """It is taken back.

    # <- :1SOAAAAAB ENCAP * UNXLINE *spam\\sbot*
    """
    _no_more(line, "X", "*", line.params[0])


@ENCAPSULATED.command("RESV", min_params=4)
def resv(line: Line) -> None:
    """A nick or a channel's name that nobody may take.

    # <- :00AAAAAAF ENCAP * RESV 3600 FooServ 0 :reserved for services
    """
    _here(line, "R", "*", line.params[1])


@ENCAPSULATED.command("UNRESV", min_params=1)
def unresv(line: Line) -> None:
    """It is taken back.

    # <- :00AAAAAAF ENCAP * UNRESV FooServ
    """
    _no_more(line, "R", "*", line.params[0])
