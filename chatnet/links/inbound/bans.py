"""Bans that somebody behind a link sets: for the network (BAN), or for servers that match a mask (ENCAP).

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md#ban  All times are seconds, as Solanum
and services have them; that text calls some of them minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final

from chatnet.dispatch import Table
from chatnet.links.speech.encap import Commands
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.bans import MOST_MASK, MOST_REASON, NAMES, NetworkBan
from chatnet.model.entities import User
from chatnet.model.facts import NetworkBanned, Source
from chatnet.rules.banned_words import called, noted
from chatnet.rules.network_bans import is_everybody
from chatnet.wire.ban_targets import plain_network
from chatnet.wire.masks import parse_network
from chatnet.wire.text import byte_length, cut, printable

BANS_SEEN_TO: Final = 60.0
"""Seconds between two looks for bans that are to be forgotten, as more come."""

HERE: Final = {"KLINE": ("K", 4, 2), "DLINE": ("D", 3, 1), "XLINE": ("X", 4, 1), "RESV": ("R", 4, 1)}
"""Verb → the kind of ban, and how many parameters it takes to set one, and (``UN…``) to take it back."""


Banned = Callable[[NetworkBan, Source], bool]
"""Hears of a ban and who says so; whether it sees to it that all hear of that."""


class BansIn:
    """Hears of bans; `ban` for the whole network, the others for servers that match.

    `banned` hears of the former first: those that are records here become others.
    """

    def __init__(self, banned: Banned) -> None:
        self._banned = banned
        self._seen_to = -inf  # Unix time of the last look for bans that make room

    def enter(self, verbs: Table, encapsulated: Commands) -> None:
        """Enter the verb of neighbours, and the commands that come in ENCAP."""
        verbs.command("BAN", min_params=8)(self.ban)
        for verb, (_, setting, lifting) in HERE.items():
            encapsulated.believed(verb, _may_ban_here, setting)(self._here)
            encapsulated.believed(f"UN{verb}", _may_ban, lifting)(self._no_more)

    def ban(self, line: Line) -> None:
        """A ban for the whole network was set, changed, or (with the duration 0) taken back.

        # <- :1SOAAAAAB BAN K * bad.example 1795345579 3600 3600 * :spam|seen in #chatnet
        # <- :1SO BAN R * FooServ 1795345579 0 86400 ann!ann@host{1SO} :no longer
        """
        kind, user, host = line.params[:3]
        if kind not in ("K", "X", "R"):
            raise Ignored
        _may_ban(line)
        created = line.ts(3)
        duration = line.number(4)
        if duration:
            _not_everybody(line, kind, user, host)
        kind, host = _as_recorded(line, kind, user, host)
        known = line.network.registry.bans.changed(kind, _mask(kind, user, host))
        if known is not None and known >= created:
            raise Ignored
        lifetime = created + max(line.number(5), duration)
        by = cut(line.params[6] if line.params[6] != "*" else _name(line), MOST_MASK)
        reason = cut(line.params[7], MOST_REASON)
        old = _old(line, kind, user, host)
        if old is not None and old.wide and old.until is not None and old.lifetime is not None:
            # Of two of the same second the one that is remembered for longer, or else is greater in any way:
            # so that two servers which set them at the same moment come to the same.
            ours = old.created, old.lifetime, old.until, old.by, old.reason
            if ours >= (created, lifetime, created + duration, by, reason):
                raise Ignored
            lifetime = max(lifetime, old.lifetime)
        until = created + duration
        ban = NetworkBan(kind, _user(kind, user), host, created, until, lifetime, by, reason, True)
        if self._banned(ban, line.source):
            _tell(line, ban)
        else:
            self._set(line, ban)

    def _set(self, line: Line, ban: NetworkBan, origin: object = None) -> None:
        now = line.now
        ban.reason, ban.by = cut(ban.reason, MOST_REASON), cut(ban.by, MOST_MASK)
        if ban.remembered(now) and not self._has_room(line, ban):
            raise Ignored
        _tell(line, ban)
        line.node.commit(NetworkBanned(ban, line.source, now), origin or line.link)

    def _has_room(self, line: Line, ban: NetworkBan) -> bool:
        """Whether there is room for `ban`; those that are to be forgotten make some, now and then."""
        bans, now = line.network.bans, line.now
        known = line.network.fold(ban.mask) in bans[ban.kind]
        if known or sum(map(len, bans.values())) < line.node.settings.links.bans:
            return True
        if now < self._seen_to + BANS_SEEN_TO:
            return False  # to look at all of them for each line would keep clients waiting
        self._seen_to = now
        if not all(other.remembered(now) for several in bans.values() for other in several.values()):
            return True
        line.node.notice("k", *noted(ban, f"There are too many bans; ignored {NAMES[ban.kind]} for"))
        return False

    def _here(self, line: Line) -> None:
        r"""A ban for servers that match is set: ``<duration> … :<reason>``, with 0 for ever.

        # <- :00AAAAAAF ENCAP * KLINE 3600 * bad.example :spam
        # <- :1SOAAAAAB ENCAP * DLINE 3600 192.0.2.0/24 :spam
        # <- :1SOAAAAAB ENCAP * XLINE 3600 *spam\sbot* 2 :spam  (``\s`` is a space)
        # <- :00AAAAAAF ENCAP * RESV 3600 FooServ 0 :a nick or a channel's name that nobody may take
        """
        kind, user, host = _whom(line)
        seconds, now = line.number(0), int(line.now)
        if kind == "D" and parse_network(host) is None:
            raise Ignored
        until = now + seconds if seconds else None
        old = _old(line, kind, user, host)
        if (
            old is not None
            and old.holds(line.now)
            and (bool(old.record) or old.until is None or (until is not None and until <= old.until))
        ):
            raise Ignored
        self._set(
            line,
            NetworkBan(kind, user, host, now, until, until, _name(line), line.params[-1], False),
            TOLD,
        )

    def _no_more(self, line: Line) -> None:
        """One of these is taken back; one for the whole network is not, for all others would keep it.

        # <- :00AAAAAAF ENCAP * UNKLINE * bad.example
        # <- :1SOAAAAAB ENCAP * UNDLINE 192.0.2.0/24
        """
        kind = HERE[line.row.verb.removeprefix("UN")][0]
        user, host = (line.params[0], line.params[1]) if kind == "K" else ("*", line.params[0])
        old = _old(line, kind, user, host)
        if old is None or old.wide:
            raise Ignored
        now = int(line.now)
        self._set(line, NetworkBan(kind, user, host, now, now, now, _name(line), old.reason, False), TOLD)


def _tell(line: Line, ban: NetworkBan) -> None:
    """Operators read who has set or lifted it; nobody wants to read a whole burst."""
    if line.link.state.value == "linked":
        if ban.holds(line.now):
            text = noted(ban, f"{line.source.mask} added {called(ban)} for", f" [{printable(ban.reason)}]")
        else:
            text = noted(ban, f"{line.source.mask} removed {NAMES[ban.kind]} of")
        line.node.notice("k", *text)


def _mask(kind: str, user: str, host: str) -> str:
    return f"{user}@{host}" if kind == "K" else host


def _as_recorded(line: Line, kind: str, user: str, host: str) -> tuple[str, str]:
    """The kind and mask of a ban of all users at an address: of addresses others know no other ban."""
    network = line.network
    if kind == "K" and user == "*" and network.fold(f"*@{host}") not in network.bans["K"]:
        plain = plain_network(host)
        if plain is not None and network.registry.bans.changed("D", plain) is not None:
            return "D", plain
    return kind, host


def _user(kind: str, user: str) -> str:
    return user if kind == "K" else "*"


def _name(line: Line) -> str:
    return line.source.mask.replace(" ", "_")


def _whom(line: Line) -> tuple[str, str, str]:
    """The kind of ban that the verb sets, and the masks of user and host, or ``*`` and the one mask."""
    kind = HERE[line.row.verb][0]
    return (kind, line.params[1], line.params[2]) if kind == "K" else (kind, "*", line.params[1])


def _may_ban(line: Line) -> None:
    """Whether the source may set bans, and take them back: an operator, of a neighbour that has the right."""
    assert line.link.settings is not None
    if not line.link.settings.allow_bans:
        line.doubt("may set no bans (allow_bans)")
    line.by_operator()


def _may_ban_here(line: Line) -> None:
    _may_ban(line)
    _not_everybody(line, *_whom(line))


def _not_everybody(line: Line, kind: str, user: str, host: str) -> None:
    """Of users a mask that means everybody is not taken, but of those of services."""
    source = line.source
    if (
        isinstance(source, User)
        and not line.links.serves(source.server, line.link)
        and is_everybody(kind, user, host)
    ):
        line.doubt("lets somebody ban everybody")


def _old(line: Line, kind: str, user: str, host: str) -> NetworkBan | None:
    """What is known of that mask."""
    mask = _mask(kind, user, host)
    if not mask or byte_length(mask) > MOST_MASK:
        raise Ignored
    return line.network.bans[kind].get(line.network.fold(mask))
