"""Judges what local sessions say by filters, and does what comes of it, before it is a fact.

Each text is judged once: by the server that the session is at, also of somebody who is a user of another one.
What is said to services is never shown to this.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from chatnet.model.bans import LOGIN as NEEDS_LOGIN
from chatnet.model.bans import PRIVATE as FOR_OPERATORS
from chatnet.model.bans import REFUSE, NetworkBan
from chatnet.model.entities import Channel, User
from chatnet.model.facts import FilterSet, Kicked, Killed
from chatnet.model.filters import (
    ACTIONS,
    AWAY,
    BAN,
    CHANNEL,
    KICK,
    KILL,
    LOGIN,
    MUTE,
    PART,
    PRIVATE,
    QUIT,
    REPORT,
    TOPIC,
    USER,
    Filter,
)
from chatnet.node import Node
from chatnet.rules.ban_hits import hit
from chatnet.rules.ban_targets import target_of
from chatnet.rules.configured_filters import CHANNELS, MENTIONS, REPEAT, built_in, configured_filters
from chatnet.rules.filters import Matching, as_read, described, is_stranger
from chatnet.rules.messages import is_service
from chatnet.rules.network_bans import NetworkBans
from chatnet.rules.ready_patterns import Ready
from chatnet.rules.sayings import Sayings, named
from chatnet.rules.visibility import public_identity
from chatnet.services.auditing import Auditing
from chatnet.services.banning import Banning
from chatnet.session.session import Session
from chatnet.storage.interfaces import StoreError
from chatnet.wire.multiline import Part
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, printable

SHOWN: Final = 120
"""Bytes of a text that operators read of it."""
MUTES: Final = 10_000
"""Mutes that there may be; of more the oldest is over."""
FEW: Final = 3
"""People of whom a ban may hit so many, whatever part of all they are."""
_HARD: Final = {action: rank for rank, action in enumerate(ACTIONS)}
_PLACES: Final = {
    CHANNEL: "in %s",
    PRIVATE: "in a private message",
    PART: "as they left %s",
    QUIT: "as they quit",
    AWAY: "as they went away",
    TOPIC: "in the topic of %s",
    USER: "by who they are",
}
CLOSED: Final = frozenset("spi")
"""Modes of channels of which operators read no texts; so is it with a key."""


class Verdict(NamedTuple):
    """Why something is not said: in words for who wanted to; a `quiet` one is not told."""

    words: str
    quiet: bool


class Hit(NamedTuple):
    """When a filter was hit, by whom, where (`public`: for those who may not see all), and by what text.

    Of what is not for everybody there is no text.  If it is `veiled` those read of nobody: it was hit by a
    host that they do not see.
    """

    at: float
    who: str
    place: str
    public: str
    text: str
    veiled: bool


class Said(NamedTuple):
    """A text that filters fit: from which session, where (in which channel, if it is for one), and when."""

    session: Session
    where: str
    channel: Channel | None
    text: str
    now: float


@dataclass(slots=True)
class Count:
    """How often a filter was hit here since the server started, and did more than report; the last hits."""

    hits: int = 0
    acted: int = 0
    last: deque[Hit] = field(default_factory=deque)


class Filters:
    """The filters of this server; `tell` and `owner` are ``Shared.notice`` and ``Shared.owner``.

    Whoever sets `acting` has dry filters do what they else would only report: a shield does so while it is
    up, and takes it back.
    """

    def __init__(
        self,
        node: Node,
        bans: NetworkBans,
        banning: Banning,
        auditing: Auditing,
        tell: Callable[..., None],
        owner: Callable[[str], str],
    ) -> None:
        self._node = node
        self._bans = bans
        self._banning = banning
        self._auditing = auditing
        self._notice = tell
        self._owner = owner
        self.acting = False
        self.on = False
        """Whether anything has to be looked at."""
        self.counts: dict[str, Count] = {}
        self._sayings = Sayings()
        self._muted: dict[tuple[str, str], tuple[float, Verdict]] = {}
        self._banning_now: set[str] = set()
        self.use()

    # what there is

    def use(self) -> None:
        """Live by the settings of the node, which are others."""
        settings, fold = self._node.settings, self._node.network.fold
        self._settings = settings.filters
        self._services = settings.service_names
        self._configured = configured_filters(settings, fold)
        self.built_in = built_in(settings.filters)
        self._ready = Ready(settings.filters.expression)
        self._spared = frozenset(map(fold, settings.filters.exempt_channels))
        self._sayings.forget()
        self._changed()

    def set(self, fact: FilterSet, origin: object) -> None:
        """A filter was set, changed or lifted."""
        if not fact.filter.holds(fact.at):
            self.counts.pop(fact.filter.entity, None)
        self._changed()

    def _changed(self) -> None:
        self._matching: Matching | None = None  # made when it is needed
        self.on = bool(self._node.network.filters or self._configured or self.built_in)
        if not self.on:
            self._muted.clear()

    @property
    def matching(self) -> Matching:
        """Those that have patterns: what stands in the configuration first, then in the order they came."""
        if self._matching is None:
            others = sorted(self._node.network.filters.values(), key=lambda each: each.created)
            fixed = {each.entity for each in self._configured}
            others = [each for each in others if each.entity not in fixed]
            self._matching = Matching([*self._configured, *others], self._settings, self._ready)
        return self._matching

    def all(self) -> list[Filter]:
        """All that there are, those that cannot be used here as well."""
        matching = self.matching
        found = [*self.built_in.values(), *matching.usable, *matching.useless]
        return [each for each in found if each.holds(self._node.clock.time())]

    # what is said

    def message(
        self, session: Session, target: Channel | User, text: str, parts: tuple[Part, ...]
    ) -> Verdict | None:
        """Judge a message to somebody or a channel; None: it may be said."""
        lines = [part.text for part in parts]
        if isinstance(target, Channel):
            return self.said(session, CHANNEL, text, target, lines)
        if is_service(target, self._services):  # it may be a password
            return None
        return self.said(session, PRIVATE, text, None, lines)

    def said(
        self,
        session: Session,
        where: str,
        text: str,
        channel: Channel | None = None,
        lines: Sequence[str] = (),
    ) -> Verdict | None:
        """Judge any text; None: it may be said."""
        user, now = session.user, self._node.clock.time()
        if user.may("filters") or (channel is not None and channel.folded in self._spared):
            return None
        if self._muted and channel is not None:
            verdict = self._mute_of(session, channel, now)
            if verdict is not None:
                return verdict
        stranger = self._is_stranger(session, now)
        matching = self.matching
        looks, counts = matching.looks(stranger=stranger), self.built_in and where in (CHANNEL, PRIVATE)
        if not looks and not counts:
            return None
        hits, plain = list[Filter](), as_read(text)
        if looks:
            hits += matching.of_text(plain, where, stranger=stranger)
            for line in lines:
                hits += matching.of_text(as_read(line), where, stranger=stranger)
        if counts:
            hits += self._counted(session, plain, channel, stranger=stranger)
        if not hits:
            return None
        return self._judge(Said(session, where, channel, plain, now), hits)

    def renamed(self, session: Session, nick: str, realname: str) -> Verdict | None:
        """Judge the nick or real name that somebody wants to have; None: they may."""
        user, now = session.user, self._node.clock.time()
        if user.may("filters"):
            return None
        hits, veiled = self._of_user(session, nick, realname, now)
        if not hits:
            return None
        return self._judge(Said(session, USER, None, f"{nick} ({realname})", now), hits, veiled)

    def came(self, session: Session) -> NetworkBan | None:
        """Judge who somebody is that comes in; None: they may, else the ban that they are told of."""
        user, now = session.user, self._node.clock.time()
        hits, veiled = self._of_user(session, user.nick, user.realname, now)
        worst = self._heard(Said(session, USER, None, f"{user.nick} ({user.realname})", now), hits, veiled)
        if worst is None:
            return None
        if worst.action == BAN:
            self._ban(worst, user)
        reason = "" if worst.quiet else worst.reason
        action = NEEDS_LOGIN if worst.action == LOGIN else REFUSE
        return NetworkBan("X", "*", "*", 0, None, None, "", reason, False, action)

    def unmute(self, session: Session) -> Collection[str]:
        """Let somebody speak again; in which channels, folded, they could not."""
        names = self._names(session)
        mine = [key for key in self._muted if key[0] in names]
        for key in mine:
            del self._muted[key]
        return {channel for _, channel in mine}

    @property
    def mutes(self) -> bool:
        """Whether anybody is muted anywhere."""
        return bool(self._muted)

    def muted(self, session: Session, channel: Channel) -> Verdict | None:
        """Why somebody may not say anything there, if it be by a tag; None: they are not muted."""
        user = session.user
        if not self._muted or user.may("filters") or channel.folded in self._spared:
            return None
        return self._mute_of(session, channel, self._node.clock.time())

    # how it is judged

    def _is_stranger(self, session: Session, now: float) -> bool:
        return not session.registered or is_stranger(session.user, self._settings, now)

    def _who(self, session: Session) -> str:
        """Whom something counts for that somebody does: coming back does not make them another one."""
        account = session.user.account
        return f"account {account}" if account is not None else self._owner(session.peer.address)

    def _names(self, session: Session) -> tuple[str, str]:
        """By what a mute knows somebody: they may log in, or out, and are the same user."""
        return self._who(session), session.user.uid

    def _counted(
        self, session: Session, text: str, channel: Channel | None, *, stranger: bool
    ) -> list[Filter]:
        settings, found = self._settings, []
        if settings.builtin_strangers and not stranger:
            return []
        who, now = self._who(session), self._node.clock.monotonic()
        for name, each in self.built_in.items():
            if name == REPEAT:
                fits = self._sayings.repeated(text, who, now, settings)
            elif channel is None:
                continue
            elif name == MENTIONS:
                fits = named(text, channel, self._node.network.fold, settings.mentions)
            else:
                assert name == CHANNELS
                fits = self._sayings.scattered(who, channel, now, settings)
            if fits:
                found.append(each)
        return found

    def _judge(self, said: Said, hits: Sequence[Filter], veiled: Collection[Filter] = ()) -> Verdict | None:
        worst = self._heard(said, hits, veiled)
        if worst is None:
            return None
        verdict = Verdict(self._words(worst, self._mute_end(said, worst)), worst.quiet)
        self._do(said, worst, verdict)
        return verdict

    def _heard(self, said: Said, hits: Sequence[Filter], veiled: Collection[Filter]) -> Filter | None:
        """Count hits, and have operators read of them; the one of which most comes, if anything does."""
        session, where, channel, text, now = said
        user = session.user
        several = [
            each
            for each in dict.fromkeys(hits)
            if each.holds(now) and (channel is None or channel.folded not in each.spared)
        ]
        if not several or self._bans.spares(user):
            return None
        acting = [each for each in several if self._acts(each, user)]
        worst = max(acting, key=lambda each: _HARD[each.action], default=None)
        place = _PLACES[where] % channel.name if "%" in _PLACES[where] and channel else _PLACES[where]
        hidden = channel is not None and not CLOSED.isdisjoint(channel.flags)
        secret = where == PRIVATE or hidden or (channel is not None and channel.key is not None)
        public = _PLACES[where].replace("%s", "a channel") if hidden else place
        shown = "" if secret else printable(cut(text, SHOWN))
        who = f"{user.nick}!{user.username}@{user.host}"
        for each in several:
            seen = Hit(now, who, place, public, shown, each in veiled)
            count = self.counts.setdefault(each.entity, Count())
            count.hits += 1
            count.acted += each is worst
            count.last.append(seen)
            while len(count.last) > self._settings.last_hits:
                count.last.popleft()
        told = worst or several[0]
        self._tell(session, told, worst is not None, seen._replace(veiled=told in veiled))
        return worst

    def _of_user(
        self, session: Session, nick: str, realname: str, now: float
    ) -> tuple[list[Filter], Collection[Filter]]:
        """Filters that fit who somebody is, or wants to be; and those that do so by a hidden host alone."""
        user, stranger = session.user, self._is_stranger(session, now)
        hits = self.matching.of_user(described(nick, user, realname, user.real_host), stranger=stranger)
        if not hits or user.host == user.real_host:
            return hits, ()
        text = described(nick, user, realname, user.host)
        return hits, set(hits).difference(self.matching.of_user(text, stranger=stranger))

    def _acts(self, filter: Filter, user: User) -> bool:
        if filter.action == REPORT or (filter.dry and not self.acting):
            return False
        return filter.action != LOGIN or user.account is None

    def _tell(self, session: Session, filter: Filter, acts: bool, seen: Hit) -> None:
        if self._node.tells_opers:  # else the text is not worth making
            user = session.user
            dry = ", only reported" if filter.action != REPORT and not acts else ""
            what = f"Filter {filter.handle} ({filter.action}{dry}) hit"
            text = f": {seen.text}" if seen.text else ""
            public = f"{what} {public_identity(user)} {seen.public}{text}"
            if seen.veiled:
                public = f"{what} somebody {seen.public}"
            self._notice("m", session.peer.address, f"{what} {user.identity} {seen.place}{text}", public)

    def _mute_end(self, said: Said, filter: Filter) -> float | None:
        """Until when a filter mutes who said something, if it does."""
        if filter.action != MUTE or said.channel is None:
            return None
        return said.now + (filter.seconds or self._settings.mute_time)

    def _words(self, filter: Filter, until: float | None = None) -> str:
        """What somebody reads: why, until when, and whom to write to."""
        words = filter.reason or "a filter holds it back"
        if filter.action == LOGIN:
            words = f"log in to an account first{f': {filter.reason}' if filter.reason else ''}"
        if until is not None:
            words += f" (until {minute(int(until))})"
        help_ = self._node.settings.server.help
        return f"{words}. Questions: {help_}" if help_ else words

    # what comes of it

    def _do(self, said: Said, filter: Filter, verdict: Verdict) -> None:
        session, where, channel, _, now = said
        user, me = session.user, self._node.network.me
        reason = "" if filter.quiet else filter.reason
        until = self._mute_end(said, filter)
        if until is not None and channel is not None:
            self._note(filter, user, f"mute in {channel.name}")
            for who in self._names(session):
                self._mute(who, channel, until, verdict)
        elif filter.action == KICK and channel is not None and user in channel.members and where != PART:
            self._note(filter, user, f"kick from {channel.name}")
            self._node.commit(Kicked(channel, user, me, reason or "Filtered", now))
        elif filter.action in (KILL, BAN):
            if filter.action == BAN:
                self._ban(filter, user)
            else:
                self._note(filter, user, KILL)
            if where == QUIT:
                return
            if session.registered:
                self._node.commit(Killed(user, me, reason or "Filtered", now))
            else:
                session.close(reason or "Filtered")

    def _note(self, filter: Filter, user: User, what: str) -> None:
        """Note what a filter does, and never of what text."""
        about = f"{user.nick}!{user.username}@{user.address}"
        self._auditing.note_by(f"filter {filter.handle}", "FILTER", about, what)

    def _mute(self, who: str, channel: Channel, until: float, verdict: Verdict) -> None:
        self._muted.pop((who, channel.folded), None)
        self._muted[who, channel.folded] = until, verdict
        if len(self._muted) > MUTES:
            del self._muted[next(iter(self._muted))]

    def _mute_of(self, session: Session, channel: Channel, now: float) -> Verdict | None:
        for who in self._names(session):
            found = self._muted.get((who, channel.folded))
            if found is not None:
                until, verdict = found
                if now < until:
                    return verdict
                del self._muted[who, channel.folded]
        return None

    def _ban(self, filter: Filter, user: User) -> None:
        """Ban the account of somebody, or else their address, unless that hits many who did nothing."""
        network, settings, now = self._node.network, self._node.settings.bans, self._node.clock.time()
        target = target_of(user, sees=True)
        if target is None:
            return
        until = int(now) + (filter.seconds or self._settings.ban_time)
        kind, front, host = target
        reason = f"{filter.reason}{FOR_OPERATORS}filter {filter.handle}"
        by = f"filter:{filter.handle}"
        ban = NetworkBan(kind, front, host, int(now), until, until, by, reason, wide=True)
        others = len(hit(network.users.values(), ban, network.fold, lambda each: each))
        known = self._banning.known(kind, ban.mask)
        if others > FEW and others * 100 > len(network.users) * settings.most_hit:
            self._node.notice("m", f"Filter {filter.handle} bans nobody: it would hit {others} people")
        elif (
            ban.mask not in self._banning_now
            and (known is None or (known.until or until) < until)
            and not self._banning.is_full
        ):
            self._banning_now.add(ban.mask)
            self._note(filter, user, f"ban of {ban.mask}")
            self._node.run(self._set(ban))

    async def _set(self, ban: NetworkBan) -> None:
        mask = ban.mask
        try:
            await self._banning.set(ban, self._node.network.me)
        except StoreError:
            pass  # the ledger has told so
        finally:
            self._banning_now.discard(mask)
