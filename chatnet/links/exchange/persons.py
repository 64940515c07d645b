"""People whom several servers claim, and people whose server is lost: who they are from now on.

state    what comes                                      next     what is done
USER     a smaller claim                                 USER     the person moves; mine is taken back
USER     a larger claim                                  USER     it is noted, and others are told
USER     QUIT, or its server is lost; another is known   USER     the person moves to the smallest
USER     its server is lost, or has given it up          ORPHAN   they are shown, if they stay, or have seats
USER     its server is lost, and nothing holds them      -        the netsplit
ORPHAN   a claim                                         USER     the person moves
ORPHAN   this server is the heir, or half of the         USER     this server claims them
         time is over, and it could take them over
ORPHAN   all of the time is over                         -        the QUIT of the netsplit

Whoever tells of a claim is told what is known of the person, and so is who tells that one went, if they know
something else (``known.py``; why, ``tests/person_model.py`` shows).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from chatnet.links.codecs.solanum import HOSTS
from chatnet.links.exchange.known import Known
from chatnet.links.exchange.taken import Taken
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.claims import Alias, Former, claim_of
from chatnet.links.tree.neighbours import CLAIMED, TOLD, Follower, Neighbours
from chatnet.model.entities import Person, User
from chatnet.model.facts import (
    AccountChanged,
    AwayChanged,
    ClaimKnown,
    Fact,
    Hearer,
    HostChanged,
    NetSplit,
    NickChanged,
    NickDated,
    Opered,
    PersonChanged,
    RealnameChanged,
    SeatLeft,
    UserIntroduced,
    UserModesChanged,
    UserMoved,
    UserOrphaned,
    UserQuit,
    moved,
)
from chatnet.model.ids import SID
from chatnet.model.server import Server
from chatnet.node import Timer
from chatnet.rules.heirs import heir, may_take_over
from chatnet.wire.names import is_uid

MOVED: Final = "moved"
"""Why a claim ends that another one has beaten: the person is there as before."""
ENDING: Final = "ending"
"""Why a claim ends whose server ends: somebody else may take the person over."""
POWERS: Final = frozenset("oaS")
"""User modes that came from the server that a person had."""


Send = Callable[[], object]
"""How to send something that waits, or how to refuse it."""


def no_sessions(user: User) -> int:
    """In the place of who counts the sessions of a user that are here."""
    return 0


def no_store(person: str, sid: SID) -> None:
    """In the place of who knows what is missing, where no messages are stored."""


def no_cloak(user: User) -> str | None:
    """In the place of who makes cloaks."""
    return None


def no_collisions(user: User, nick: str, ts: int) -> bool:
    """In the place of who knows the rules of nicks."""
    return True


class _Orphan:
    """Whose server is lost: why, where they may have sessions, and what waits for them.

    The timer is of half of the time, and then of all of it.
    """

    __slots__ = ("held", "places", "reason", "timer")

    def __init__(self, reason: str, places: set[SID], held: list[tuple[Send, Send]]) -> None:
        self.reason = reason
        self.places = places
        self.timer: Timer | None = None
        self.held = held


class Persons(Follower):
    """An observer, and what lines of neighbours about claims come to.

    `sessions` counts those of somebody that are here, and `cloak` is what mode x shows of them.
    """

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._node = links.node
        self._network = links.node.network
        self._claims = links.claims
        self._orphans: dict[User, _Orphan] = {}
        self._waiting: dict[User, list[tuple[Send, Send]]] = {}
        """What waits for people whose server may be lost: the link to it waits for a connection."""
        self._taken = Taken(self._node.clock, links.tell)
        self.known: Final = Known(links)
        self._coming: dict[User, User] = {}
        """As whom somebody moves, until they have."""
        self.sessions: Callable[[User], int] = no_sessions
        self.cloak: Callable[[User], str | None] = no_cloak
        self.contend: Callable[[User, str, int], bool] = no_collisions
        """Whether somebody may have a nick since a TS; who loses it by the rules of nicks does so at once."""
        self.spoke_at: Callable[[str, SID], object] = no_store
        """Hears at which other server somebody who is here, by the key of their account, may have talked."""
        links.lose_claims, links.keep = self.lose_claims, self.keep
        self.hears: Mapping[type[Fact], Hearer] = {
            UserMoved: self._moved,
            UserQuit: self._quit,
            NetSplit: self._split,
            SeatLeft: self._seat_left,
        }

    # claims

    def claimed(self, link: Link, newcomer: User) -> bool:
        """A server behind `link` claims a person: `newcomer`, who is as it tells.

        False if nobody is known to be that person: then a user is introduced.
        """
        assert newcomer.person is not None
        user = self._network.persons.get(newcomer.person.key)
        if user is None or user.person is None:
            return False
        self._tell(newcomer, user, link)
        self._compete(user, newcomer)
        return True

    def _compete(self, user: User, newcomer: User) -> None:
        """The smaller claim holds."""
        if user.orphan or claim_of(newcomer) < claim_of(user):
            self._displace(user, newcomer.server)
            self._move(user, newcomer)
        else:
            self._claims.add(Alias(newcomer))
            self._node.commit(ClaimKnown(user, newcomer.uid), CLAIMED)

    def became(self, link: Link, user: User, person: Person | None, raw: bytes) -> None:
        """The server of a user, behind `link`, says which person they are from now on.

        If somebody else is that person, they are one: the user is gone, and the claim is known.
        """
        at = self._node.clock.time()
        holder = None if person is None else self._network.persons.get(person.key)
        if person is None or holder is None or holder is user:
            if person is not None and user.person is not None and person.key == user.person.key:
                person.seats = user.person.seats
            self._node.commit(PersonChanged(user, person, user.person, at), link)
            return
        newcomer = _as_now(user)
        newcomer.person = person
        self._pass_on(link, raw)
        self._node.commit(UserQuit(user, f"Is {holder.nick}", at), CLAIMED)
        self._compete(holder, newcomer)
        self.known.ask(link, holder)

    def left(self, link: Link, user: User, raw: bytes, why: str) -> bool:
        """The server of a user, who may be an alias, takes the claim back.

        False if nothing else is known of the person, who leaves.
        """
        alias = self._claims.aliases.get(user.uid)
        if alias is not None:
            self._claims.remove(alias)
            self._pass_on(link, raw)
            known = self._network.persons.get(alias.person.key)
            if known is not None:
                self.known.ask(link, known)
                if known.is_at(self._network.me):
                    self.spoke_at(alias.person.key, alias.user.server.sid)
            return True
        if user.person is None or self._network.persons.get(user.person.key) is not user:
            return False
        others = self._claims.of(user.person.key)
        if not others and why not in (MOVED, ENDING):
            return False
        self._pass_on(link, raw)
        if others:
            self._succeed(user, others[0])
            self.known.ask(link, user)
        else:
            self._orphan(user, "Connection lost", {user.server.sid} if why == MOVED else set(), told=True)
            self._settle(user)
        return True

    def _pass_on(self, link: Link, raw: bytes) -> None:
        for other in self._links.seating(link):
            other.send(raw)

    def _tell(self, newcomer: User, user: User, link: Link | None) -> None:
        """Tell all others who know of claims: that `newcomer` claims the person who `user` is here."""
        for other in self._links.seating(link):
            for text in other.codec.user(newcomer, self.known.digest(other, user)):
                other.send(text)

    def _displace(self, user: User, by: Server) -> None:
        """The claim of a user is not the one that holds any more: `by` has that."""
        person = user.person
        assert person is not None
        if person.orphan:
            self._forget(user)
            return
        self._resign(user)
        if user.server is self._network.me:
            self._taken.note(user, by)
            for link in self._links.seating():
                link.send(link.codec.given_up(user, MOVED))
        else:
            self._claims.add(Alias(_as_now(user)))

    def _succeed(self, user: User, alias: Alias) -> None:
        """Another claim holds now."""
        self._claims.remove(alias)
        self._move(user, alias.user)
        if (way := self._links.way_to(alias.user)) is not None:
            for raw in alias.noted:
                self._links.hear(way, raw)

    def _move(self, user: User, newcomer: User) -> None:
        person = newcomer.person
        assert person is not None
        self._coming[user] = newcomer
        now = self._node.clock.time()
        fact = moved(user, newcomer.uid, newcomer.server, person, now, newcomer)
        self._node.commit(fact, CLAIMED)

    def _moved(self, fact: UserMoved, origin: object) -> None:
        """What else is different of the user of that claim."""
        old = fact.old_person
        self._let_go(fact.user)
        self._claims.ended(fact.old_uid, Former(old.key, (fact.old_server, *old.seats)))
        if fact.server is self._network.me:
            # Before anybody says what becomes of the claim, which may be much at once.
            self._tell(fact.user, fact.user, None)
        user, newcomer = fact.user, self._coming.pop(fact.user, None)
        if newcomer is None:
            return
        for other in list(_differences(user, newcomer, fact)):
            self._node.commit(other, CLAIMED)
        if (newcomer.nick_ts, newcomer.folded) > (user.nick_ts, user.folded):
            self.rename(user, newcomer.nick, newcomer.nick_ts)
        elif user.nick == fact.old_uid:
            self._name(user, user.uid, user.nick_ts)

    def rename(self, user: User, nick: str, ts: int) -> bool:
        """A person has this nick since a TS, which is later than that of the one they have here.

        False if somebody else keeps it: then they keep theirs.
        """
        if not self.contend(user, nick, ts):
            if user.nick not in (user.uid, nick) and is_uid(user.nick):
                self._name(user, user.uid, user.nick_ts)
            return False
        self._name(user, nick, ts)
        return True

    def _name(self, user: User, nick: str, ts: int) -> None:
        if nick == user.nick:  # nothing that anybody sees is different
            self._node.commit(NickDated(user, ts), CLAIMED)
            return
        at, folded = self._node.clock.time(), self._network.fold(nick)
        self._node.commit(NickChanged(user, nick, folded, at, user.nick, user.source, ts), CLAIMED)

    # whose server is lost

    def lose_claims(self, gone: Collection[Server], origin: object) -> None:
        """Forget what servers claim that are `gone`, before anybody could come to be one of their users."""
        link = origin if isinstance(origin, Link) and not origin.gone else None
        for alias in [alias for alias in self._claims.aliases.values() if alias.user.server in gone]:
            self._claims.remove(alias)
            known = self._network.persons.get(alias.person.key)
            if known is not None and known.is_at(self._network.me):
                self.spoke_at(alias.person.key, alias.user.server.sid)
            if known is not None and link is not None and known.server not in gone:
                self.known.ask(link, known)
        for alias in self._claims.aliases.values():
            alias.person.seats = tuple(seat for seat in alias.person.seats if seat not in gone)

    def keep(self, users: Sequence[User], gone: Collection[Server], origin: object) -> Collection[User]:
        """Of `users`, whose servers are `gone`, those who are somebody else's now, or wait for an heir."""
        link = origin if isinstance(origin, Link) and not origin.gone else None
        kept: dict[User, None] = {}
        for user in users:
            person = user.person
            if person is None or person.orphan or self._network.persons.get(person.key) is not user:
                continue
            if others := self._claims.of(person.key):
                self._succeed(user, others[0])
                if link is not None:
                    self.known.ask(link, user)
            elif person.stays or self._sits(user, gone):
                far = next((server for server in gone if server.uplink not in gone), user.server)
                near = far.uplink or self._network.me
                self._orphan(user, f"{near.name} {far.name}", set(), told=False)
            else:
                continue
            kept[user] = None
        for user in (self._waiting.keys() - kept.keys()) & set(users):
            self._let_go(user, gone=True)
        if kept:
            self._node.clock.later(0.0, lambda: self._settle_all(list(kept)))
        return kept

    def _sits(self, user: User, gone: Collection[Server]) -> bool:
        return self.sessions(user) > 0 or any(seat not in gone for seat in user.seats)

    def _orphan(self, user: User, reason: str, places: set[SID], *, told: bool) -> None:
        """Nobody claims this person any more, who did not leave."""
        orphan = self._orphans[user] = _Orphan(reason, places, self._waiting.pop(user, []))
        time = self._node.settings.bouncer.orphan_time
        orphan.timer = self._node.clock.later(time / 2, lambda: self._half(user))
        self._resign(user)
        self._node.commit(UserOrphaned(user, self._node.clock.time(), told), CLAIMED)

    def _resign(self, user: User) -> None:
        """Powers go with the server that gave them."""
        if user.oper is not None:
            at = self._node.clock.time()
            self._node.commit(UserModesChanged(user, "", "o", user.snomask, at), TOLD)
            self._node.commit(Opered(user, None, at), TOLD)

    def _settle_all(self, users: Iterable[User]) -> None:
        for user in users:
            self._settle(user)

    def _settle(self, user: User) -> None:
        """Claim an orphan, if this server is its heir."""
        if user in self._orphans and self._heir(user) == self._network.me.sid and self._may_claim(user):
            self.claim(user)

    def _heir(self, user: User) -> SID | None:
        assert user.person is not None
        me, servers = self._network.me, self._network.servers
        places = {seat.sid for seat in user.seats} | self._orphans[user].places
        if self.sessions(user):
            places.add(me.sid)
        # A server that gave somebody up because it ends is reachable for a moment yet.
        gone = (me, user.server)
        able = {server.sid for server in servers.values() if HOSTS in server.caps and server not in gone}
        if self._links.hosts:
            able.add(me.sid)
        return heir(user.person.key, places & servers.keys(), able)

    def _may_claim(self, user: User) -> bool:
        stays = user.person is not None and user.person.stays
        return may_take_over(self.sessions(user), stays=stays, hosts=self._links.hosts)

    def claim(self, user: User) -> None:
        """Claim an orphan: it is a user of this server now."""
        person, me = user.person, self._network.me
        assert person is not None
        self._forget(user)
        mine = Person(person.key, self._links.next_stamp().text, stays=person.stays)
        uid, now = self._node.uids.take(), self._node.clock.time()
        self._node.commit(moved(user, uid, me, mine, now, cloak=self.cloak(user)), CLAIMED)

    def _half(self, user: User) -> None:
        """Half of the time is over: the heir did not know them, or is lost as well."""
        orphan = self._orphans.get(user)
        if orphan is None:
            return
        orphan.timer = None
        if self._may_claim(user):
            self.claim(user)
            return
        time = self._node.settings.bouncer.orphan_time
        orphan.timer = self._node.clock.later(time / 2, lambda: self._late(user))

    def _late(self, user: User) -> None:
        """All of the time is over."""
        if (orphan := self._orphans.get(user)) is not None:
            orphan.timer = None
            self._over(user)

    def _over(self, user: User) -> None:
        """Nobody took them over."""
        orphan = self._orphans.get(user)
        if orphan is not None:
            self._forget(user, gone=True)
            self._node.commit(UserQuit(user, orphan.reason, self._node.clock.time()), TOLD)

    def _forget(self, user: User, *, gone: bool = False) -> None:
        """Somebody is no orphan any more."""
        orphan = self._orphans.pop(user, None)
        if orphan is None:
            return
        if orphan.timer is not None:
            orphan.timer.cancel()
        self._send(orphan.held, gone=gone)

    def _send(self, held: Iterable[tuple[Send, Send]], *, gone: bool) -> None:
        for send, refuse in held:
            self._node.clock.later(0.0, refuse if gone else send)

    def _let_go(self, user: User, *, gone: bool = False) -> None:
        """It is known what became of the server of somebody."""
        self._send(self._waiting.pop(user, ()), gone=gone)

    def may_be_lost(self, user: User) -> bool:
        """Whether the server of a person is lost, or will be if the link to it gets no other connection."""
        way = None if user.person is None else self._links.way_to(user)
        return user.orphan if way is None else way.suspended

    def hold(self, user: User, send: Send, refuse: Send) -> bool:
        """Keep a message for somebody until it is known where they are, or that they are gone.

        False if that is known, or there is too much.
        """
        if not self.may_be_lost(user):
            return False
        orphan = self._orphans.get(user)
        held = self._waiting.setdefault(user, []) if orphan is None else orphan.held
        if len(held) >= self._node.settings.links.split_held:
            return False
        held.append((send, refuse))
        return True

    def resumed(self, link: Link, greeting: Link) -> None:
        """Nobody behind it was lost."""
        for user in [user for user in self._waiting if self._links.way_to(user) is link]:
            self._let_go(user)

    def _seat_left(self, fact: SeatLeft, origin: object) -> None:
        """The last seat of an orphan is lost: nothing holds it, unless it stays."""
        user = fact.user
        if user in self._orphans and not user.seats and not self._holds(user):
            self._over(user)

    def _holds(self, user: User) -> bool:
        stays = user.person is not None and user.person.stays
        return stays or self.sessions(user) > 0 or bool(self._orphans[user].places)

    def _split(self, fact: NetSplit, origin: object) -> None:
        """What is on its way to them is of the people who they were, whoever claims these next."""
        for user in fact.users:
            if user.person is not None:
                self._claims.ended(user.uid, Former(user.person.key, ()))

    def _quit(self, fact: UserQuit, origin: object) -> None:
        """Somebody has left, or was killed; whoever claims the same person is it now."""
        if self._orphans:
            self._forget(fact.user, gone=True)
        if self._waiting:
            self._let_go(fact.user, gone=True)
        person = fact.user.person
        if person is None or self._network.persons.get(person.key) is not None:
            return  # or it was another user of the same account
        others = self._claims.of(person.key)
        self._claims.ended(fact.user.uid, Former(person.key, fact.user.places if others else ()))
        if not others:
            return
        alias = others[0]
        self._claims.remove(alias)
        user = alias.user
        if user.folded in self._network.nicks:
            user.nick, user.nick_ts = user.uid, 100
            user.folded = self._network.fold(user.nick)
            user.renew_source()
        self._node.commit(UserIntroduced(user, self._node.clock.time()), CLAIMED)
        if (way := self._links.way_to(user)) is not None:
            for raw in alias.noted:
                self._links.hear(way, raw)


def _as_now(user: User) -> User:
    """The user of a claim, apart from the person."""
    found = User(user.server, user.address, user.real_host)
    for name in (
        "uid", "nick", "folded", "username", "host", "realname", "account", "account_id", "account_since",
        "certfp", "secure", "nick_ts", "signon", "snomask", "away", "person",
    ):  # fmt: skip
        setattr(found, name, getattr(user, name))
    found.modes = user.modes - POWERS
    found.renew_source()
    found.renew_tagged()
    return found


def _differences(user: User, newcomer: User, fact: UserMoved) -> Iterator[Fact]:
    """What is different of a user as the server of another claim tells of them."""
    at = fact.at
    if (newcomer.username, newcomer.host) != (user.username, user.host):
        yield HostChanged(user, newcomer.username, newcomer.host, user.source, at)
    if newcomer.realname != user.realname:
        yield RealnameChanged(user, newcomer.realname, at)
    if newcomer.away != user.away:
        yield AwayChanged(user, newcomer.away, at)
    if newcomer.account != user.account:
        yield AccountChanged(
            user, newcomer.account, at, user.account, newcomer.account_id, user.account_id,
            newcomer.account_since,
        )  # fmt: skip
    if newcomer.oper is not None:
        yield Opered(user, newcomer.oper, at)
    added = "".join(sorted(newcomer.modes - user.modes))
    removed = "".join(sorted(user.modes - newcomer.modes))
    if added or removed:
        yield UserModesChanged(user, added, removed, user.snomask, at)
