"""One person with sessions on several servers, in small: whatever happens, all servers end with one user.

Servers stand in a tree of links that break and heal; lines come late, or never; clocks jump by hours; servers
are killed and come back.  People log in anywhere, join, part, are kicked, change their nicks and leave.  What
a server knows of one person is two things:

    claims      who says that this person is a user, since when and where: (began, sid, uid).  All are passed
                on, whether or not they win, and each goes only by the word of its own server, or with that
                server.  The smallest is the user.
    registers   nick, channels and ranks, each with the stamp of its last change, parts as well.  They are the
                person's, not the claim's: the later one holds, and whoever hears of a claim from somebody who
                knows something else tells what is known here, and is told what is known there.

So what is shown is a function of two sets that only grow together, and the order of lines does not matter.
What is said of a user whose claim is not known (any more) is ignored: who said it will hear, and say again.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Final, NamedTuple

from chatnet.model.ids import SID, UID
from chatnet.rules.heirs import Claim, heir, may_take_over, user_of
from chatnet.rules.stamps import Clock, Stamp

LATE: Final = 200
"""Milliseconds that a line is on its way at most, unless the link is suspended."""
ORPHAN_TIME: Final = 10_000
REVIVE_DELAY: Final = 10_000
HOUR: Final = 3_600_000
CALM: Final = 3_000
"""Milliseconds after which all that is connected has heard of something."""
CHANNELS: Final = ("#a", "#b", "#c")

MUTANTS: Final = (
    "winner only",
    "collision",
    "clamped",
    "no orphans",
    "no half time",
    "overwritten",
    "no parts",
    "not reminded",
    "of anybody",
)
"""Rules that look as good, and are wrong; see where each is looked at.

``collision`` is that of nicks: whoever sees two ends the younger at once, with a word that all believe.
"""


class Register(NamedTuple):
    """What was said last, and when."""

    stamp: Stamp
    value: str


Registers = dict[str, Register]


class Introduced(NamedTuple):
    """SERVER."""

    sid: SID
    hosts: bool


class Gone(NamedTuple):
    """SQUIT, for all that are behind it."""

    sids: tuple[SID, ...]


class Claimed(NamedTuple):
    """EUID with its tags: what is known of the person is there as a digest; in a burst all of it `follows`.

    Of somebody who is new it is not there: what is heard of them goes on.
    """

    key: str
    claim: Claim
    digest: Registers | None
    follows: bool = False


class Quit(NamedTuple):
    """The claim is taken back: `why` is ``left``, ``killed``, ``moved`` or ``ending``."""

    key: str
    claim: Claim
    why: str


class Kept(NamedTuple):
    """What somebody knows of this user, and whoever told of them may not.

    Who knows of no such claim takes no notice: it is said of one who left, and may have come back since.
    """

    key: str
    claim: Claim
    registers: Registers


class Known(NamedTuple):
    """CNKNOW: what is known of the person as a digest; all of it was told before if that is an answer."""

    key: str
    claim: Claim
    digest: Registers
    answered: bool


class Stated(NamedTuple):
    """JOIN, PART, NICK of the person at `sid`; or what others did to them (`other`): KICK, MODE."""

    key: str
    claim: Claim
    registers: Registers
    sid: SID
    other: bool


class Sit(NamedTuple):
    """CNSIT, or CNRISE, to the host."""

    key: str
    claim: Claim
    sid: SID
    number: int
    rises: bool


class Seat(NamedTuple):
    """CNSEAT, of the host, to all; it answers the number."""

    key: str
    claim: Claim
    sid: SID
    number: int
    taken: bool
    stamp: Stamp


Said = Kept | Stated
Told = Introduced | Gone | Claimed | Quit | Kept | Known | Stated | Sit | Seat


class Lost:
    """The connection is over: the last that is heard of it."""


LOST: Final = Lost()


class Fault(AssertionError):
    """Something that must not be."""


def demand(holds: bool, text: str) -> None:
    """What must be."""
    if not holds:
        raise Fault(text)


@dataclass
class Person:
    """What one server knows of one person."""

    key: str
    stays: bool
    sessions: int = 0
    claims: dict[Claim, set[SID]] = field(default_factory=dict)
    """Each with the servers that have seats of it."""
    registers: Registers = field(default_factory=dict)
    user: Claim | None = None
    own: Claim | None = None
    asked: Claim | None = None
    number: int = 0
    seated: int | None = None
    """Since when the sessions here are attached to a user of another server."""
    hosted: int = 0
    """Since when the user is one of this server."""
    orphan: int | None = None
    """Since when nobody claims a person that is still shown."""
    heard_half: bool = False
    places: set[SID] = field(default_factory=set)
    """Where an orphan may have sessions."""
    shown: Registers | None = None
    """What the clients of this server have been told."""

    @property
    def known(self) -> bool:
        """Whether somebody claims it, or did just now."""
        return self.user is not None or self.orphan is not None

    @property
    def acts(self) -> bool:
        """Whether sessions here may act for the user."""
        return (
            self.sessions > 0 and self.user is not None and (self.own == self.user or self.seated is not None)
        )

    def take(self, registers: Registers) -> Registers:
        """Take what is later; what that was."""
        news = {name: told for name, told in registers.items() if later(told, self.registers.get(name))}
        self.registers.update(news)
        return news


def later(told: Register, known: Register | None) -> bool:
    """Whether it holds against what is known."""
    return known is None or told > known


class Link:
    """Two directions, each in order."""

    def __init__(self, one: Server, other: Server, now: int) -> None:
        self.ends = {one.sid: one, other.sid: other}
        self.queues: dict[SID, deque[tuple[int, Told | Lost]]] = {one.sid: deque(), other.sid: deque()}
        self.open = {one.sid, other.sid}
        self.suspended = False
        self.cut = False
        self.since = now
        """Since when it is calm."""

    def other(self, sid: SID) -> SID:
        """The server at the other end."""
        return next(end for end in self.ends if end != sid)


class Server:
    """One server: what it knows, and what it does about it."""

    def __init__(self, net: Net, sid: SID, hosts: bool) -> None:
        self.net, self.sid, self.hosts = net, sid, hosts
        self.skew = 0
        self.disk: dict[str, Registers] = {}
        """The always-on people who are hosted here: all that outlives the process."""
        self.start(revive=None)

    def start(self, revive: int | None) -> None:
        """A new process, with nothing but the disk."""
        self.clock = Clock(self.sid)
        self.links: list[Link] = []
        self.routes: dict[SID, Link] = {}
        self.able: dict[SID, bool] = {}
        self.people = {key: Person(key, stays) for key, stays in self.net.stays.items()}
        self.numbers = count(1)
        self.revive = revive
        self.foreign: dict[str, set[UID]] = {key: set() for key in self.people}

    def stamp(self) -> Stamp:
        """The stamp of what happens here now."""
        return self.clock.next((self.net.now + self.skew) / 1000)

    # What is said

    def send(self, link: Link, told: Told) -> None:
        """To a neighbour; nobody hears what is said into a connection that is over."""
        if not link.cut:
            link.queues[link.other(self.sid)].append((self.net.now, told))

    def tell(self, told: Told, but: Link | None = None) -> None:
        """To all neighbours but the one it came from."""
        for link in self.links:
            if link is not but:
                self.send(link, told)

    def send_to(self, sid: SID, told: Told) -> None:
        """To a server, wherever it is."""
        if (link := self.routes.get(sid)) is not None:
            self.send(link, told)

    def greet(self, link: Link) -> None:
        """Begin a link: all servers, all claims, then all seats."""
        self.links.append(link)
        self.send(link, Introduced(self.sid, self.hosts))
        for sid in self.routes:
            self.send(link, Introduced(sid, self.able[sid]))
        for person in self.people.values():
            for claim in person.claims:
                if self.net.mutant != "winner only" or claim == person.user:
                    self.send(link, Claimed(person.key, claim, self.burst(person), follows=True))
            if person.claims:
                self.send(link, Kept(person.key, min(person.claims), self.burst(person)))
            for claim, seats in person.claims.items():
                for sid in sorted(seats):
                    self.send(link, Seat(person.key, claim, sid, 0, True, self.stamp()))

    def burst(self, person: Person) -> Registers:
        """What is told of a person, or of what a digest is told."""
        if self.net.mutant == "no parts":
            return {name: each for name, each in person.registers.items() if each.value}
        return dict(person.registers)

    # What is heard

    def hear(self, link: Link, told: Told | Lost) -> None:
        """One line of a neighbour."""
        match told:
            case Lost():
                self.links.remove(link)
                self.lose(tuple(sid for sid, way in self.routes.items() if way is link))
            case Introduced():
                self.introduced(link, told)
            case Gone():
                self.lose(tuple(sid for sid in told.sids if self.routes.get(sid) is link), but=link)
            case Claimed():
                self.claimed(link, told)
            case Quit():
                self.quit(link, told)
            case Kept():
                self.kept(link, told)
            case Known():
                self.compare(link, told.key, told.digest, answered=told.answered)
            case Stated():
                if self.routes.get(told.sid) is link and self.may_state(told):
                    self.kept(link, told)
            case Sit():
                if self.routes.get(told.sid) is link:
                    self.sat(told)
            case Seat():
                self.seat(link, told)

    def introduced(self, link: Link, told: Introduced) -> None:
        """Another server; where it is known already, the link ends, as in any TS6 network."""
        if told.sid == self.sid or told.sid in self.routes:
            self.net.cut(link, self.sid)
            self.hear(link, LOST)
        else:
            self.routes[told.sid], self.able[told.sid] = link, told.hosts
            self.tell(told, but=link)

    def lose(self, sids: tuple[SID, ...], but: Link | None = None) -> None:
        """A netsplit."""
        if not sids:
            return
        self.tell(Gone(sids), but)
        for sid in sids:
            del self.routes[sid]
        for person in self.people.values():
            if person.user is not None and person.user.sid in sids:
                person.places |= person.claims[person.user]
                person.asked = person.seated = None
            person.places -= set(sids)
            for claim in [claim for claim in person.claims if claim.sid in sids]:
                del person.claims[claim]
                if but is not None:
                    self.remind(person, but)
            for seats in person.claims.values():
                seats -= set(sids)
            self.settle(person)

    def claimed(self, link: Link, told: Claimed) -> None:
        """A claim, new or known."""
        person, claim = self.people[told.key], told.claim
        if self.routes.get(claim.sid) is not link:
            return
        self.observe(claim.began, {})
        if self.net.mutant == "clamped" and claim.began.ms > self.net.now + self.skew:
            claim = claim._replace(began=claim.began._replace(ms=self.net.now + self.skew))
        if self.net.mutant == "overwritten" and claim == min([claim, *person.claims]):
            person.registers.clear()
        known = person.known
        if claim not in person.claims:
            person.claims[claim] = set()
            if self.net.mutant != "winner only" or claim == min(person.claims):
                self.tell(Claimed(told.key, claim, self.burst(person) if known else None), but=link)
        if known or (told.digest is not None and not told.follows):
            self.compare(link, told.key, told.digest)
        if self.net.mutant == "collision":
            self.collide(person)
        self.settle(person)

    def compare(self, link: Link, key: str, digest: Registers | None, *, answered: bool = False) -> None:
        """A neighbour knows so much of a person; or it has told all that it knows, as an answer."""
        person = self.people[key]
        if not person.claims or digest == self.burst(person):
            return
        self.send(link, Kept(key, min(person.claims), self.burst(person)))
        if not answered:
            self.send(link, Known(key, min(person.claims), self.burst(person), answered=True))

    def collide(self, person: Person) -> None:
        """A mutant: whoever sees two of them ends the younger, as with nicks."""
        for loser in sorted(person.claims)[1:]:
            del person.claims[loser]
            if loser == person.own:
                person.own = None
            self.tell(Quit(person.key, loser, "moved"))

    def quit(self, link: Link, told: Quit) -> None:
        """A claim is taken back."""
        person = self.people[told.key]
        if self.net.mutant == "collision":
            if told.claim == person.own:
                person.own = None
        elif self.routes.get(told.claim.sid) is not link:
            return
        if told.claim not in person.claims:
            return
        seats = person.claims.pop(told.claim)
        if told.claim == person.user:
            person.places |= seats
            if told.why == "killed" and person.seated is not None:
                person.sessions = 0
            person.asked = person.seated = None
        if told.why == "moved":
            person.places.add(told.claim.sid)
        self.tell(told, but=link)
        self.remind(person, link)
        self.settle(person, told.why)

    def remind(self, person: Person, link: Link) -> None:
        """A claim went, and there is another: whoever knew of none beside has forgotten all."""
        if person.claims and self.net.mutant != "not reminded":
            self.send(link, Known(person.key, min(person.claims), self.burst(person), answered=False))

    def kept(self, link: Link, told: Said) -> None:
        """Something that may be later than what is known here."""
        person = self.people[told.key]
        if told.claim not in person.claims and self.net.mutant != "of anybody":
            return
        self.observe(None, told.registers)
        if person.take(told.registers):
            if person.user is not None:
                self.tell(told._replace(claim=person.user), but=link)
            self.settle(person)

    def may_state(self, told: Stated) -> bool:
        """Whether the server may speak for that person."""
        person = self.people[told.key]
        if told.other or person.user is None:
            return True
        return told.sid == person.user.sid or told.sid in person.claims[person.user]

    def sat(self, told: Sit) -> None:
        """Somebody asks for a seat, or gives one back."""
        person = self.people[told.key]
        if told.claim.sid != self.sid:
            self.send_to(told.claim.sid, told)
        elif told.claim == person.own:
            seats = person.claims[told.claim]
            (seats.discard if told.rises else seats.add)(told.sid)
            self.tell(Seat(told.key, told.claim, told.sid, told.number, not told.rises, self.stamp()))
            self.settle(person)

    def seat(self, link: Link, told: Seat) -> None:
        """The host says who has a seat."""
        person = self.people[told.key]
        if self.routes.get(told.claim.sid) is not link or told.claim not in person.claims:
            return
        self.observe(told.stamp, {})
        seats = person.claims[told.claim]
        there = told.sid == self.sid or told.sid in self.routes  # or it was lost since it asked
        (seats.add if told.taken and there else seats.discard)(told.sid)
        person.places.discard(told.sid)
        self.tell(told, but=link)
        answers = told.number == person.number
        if told.sid != self.sid:
            return
        if told.claim == person.asked:
            if answers:
                person.seated = self.net.now if told.taken else None
        elif told.taken:  # somebody asked for it who has left, or before a split
            self.rise(person, told.claim)

    def observe(self, stamp: Stamp | None, registers: Registers) -> None:
        """Whoever has seen something is later."""
        for each in (*([stamp] if stamp is not None else []), *(told.stamp for told in registers.values())):
            self.clock.observe(each)

    # What comes of it

    def settle(self, person: Person, why: str = "lost") -> None:
        """Look who the user is, and whether it is one of here."""
        user = user_of(person.claims)
        if user is not None:
            self.follow(person, user)
        elif not person.known:
            if person.sessions:
                self.claim(person)
        elif why in ("left", "killed"):
            self.gone(person)
        elif self.net.mutant == "no orphans":
            self.part_with(person)
        else:
            self.orphaned(person)

    def follow(self, person: Person, user: Claim) -> None:
        """Somebody claims this person: `user` is the smallest."""
        if user != person.user:
            self.abroad(person, user)
            person.places |= person.claims.get(person.user, set()) if person.user is not None else set()
            person.user, person.orphan = user, None
            person.asked = person.seated = None
        if person.own is not None and person.own != user:
            self.withdraw(person)
        if person.own == user:
            if person.stays and self.hosts:
                self.disk[person.key] = dict(person.registers)
            elif not person.sessions and not person.claims[user]:
                self.leave(person, "left")
                return
        else:
            self.disk.pop(person.key, None)
            if person.sessions and person.asked != user:
                person.asked, person.number = user, next(self.numbers)
                self.send_to(user.sid, Sit(person.key, user, self.sid, person.number, rises=False))
        self.show(person)

    def withdraw(self, person: Person) -> None:
        """Another claim is smaller."""
        own = person.own
        assert own is not None
        person.own = None
        del person.claims[own]
        self.tell(Quit(person.key, own, "moved"))

    def claim(self, person: Person) -> None:
        """Claim a person that nobody claims."""
        claim = Claim(self.stamp(), self.sid, UID(f"{self.sid}{next(self.net.uids):06}"))
        if not person.registers:
            person.registers.update(self.disk.get(person.key, {}))
        person.registers.setdefault("nick", Register(self.stamp(), person.key))
        person.claims[claim], person.own, person.hosted = set(), claim, self.net.now
        self.tell(Claimed(person.key, claim, self.burst(person)))
        self.settle(person)

    def leave(self, person: Person, why: str) -> None:
        """The user of here ends."""
        own = person.own
        assert own is not None
        person.own = None
        del person.claims[own]
        self.disk.pop(person.key, None)
        if why == "killed":
            person.sessions = 0
        self.tell(Quit(person.key, own, why))
        self.settle(person, why)

    def orphaned(self, person: Person) -> None:
        """Nobody claims it now, and it did not leave."""
        if person.orphan is None:
            self.abroad(person, None)
            person.user, person.orphan, person.heard_half = None, self.net.now, False
        if not person.stays and not person.sessions and not person.places:
            self.part_with(person)
        elif self.heir(person) == self.sid and self.may_claim(person):
            self.claim(person)

    def heir(self, person: Person) -> SID | None:
        """Who is to claim it."""
        here = {self.sid} if person.sessions else set()
        able = {sid for sid in self.routes if self.able[sid]} | ({self.sid} if self.hosts else set())
        return heir(person.key, person.places | here, able)

    def may_claim(self, person: Person) -> bool:
        """Whether it would have a reason to be hosted here."""
        return may_take_over(person.sessions, stays=person.stays, hosts=self.hosts)

    def part_with(self, person: Person) -> None:
        """Tell that it is gone, though it did not say so."""
        since = person.orphan if person.orphan is not None else self.net.now
        if person.shown is not None:
            self.net.judge_quit(self, person, since)
        self.gone(person)

    def gone(self, person: Person) -> None:
        """It is not in the network any more."""
        self.abroad(person, None)
        person.user = person.orphan = person.asked = person.seated = person.shown = None
        person.registers.clear()
        person.places.clear()
        if person.sessions:
            self.claim(person)

    def timers(self) -> Iterator[tuple[int, str]]:
        """When something is due here."""
        if self.revive is not None:
            yield self.revive, ""
        for person in self.people.values():
            if person.orphan is not None:
                yield person.orphan + ORPHAN_TIME // (1 if person.heard_half else 2), person.key

    def due(self, key: str) -> None:
        """A timer is over."""
        if not key:
            self.revive = None
            for key in list(self.disk):
                if not self.people[key].known:
                    self.claim(self.people[key])
            return
        person = self.people[key]
        if self.may_claim(person) and self.net.mutant != "no half time":
            self.claim(person)
        elif person.heard_half:
            self.part_with(person)
        person.heard_half = True

    # What is seen

    def show(self, person: Person) -> None:
        """Tell clients what differs: no word of a person is taken back for an older one."""
        for name, told in (person.shown or {}).items():
            known = person.registers.get(name)
            demand(known is not None and not later(told, known), f"{name} of {person.key} went back")
        person.shown = dict(person.registers)

    def abroad(self, person: Person, user: Claim | None) -> None:
        """Tell neighbours of other makes: QUIT first."""
        users = self.foreign[person.key]
        if person.user is not None:
            users.discard(person.user.uid)
        if user is not None:
            users.add(user.uid)
        demand(len(users) < 2, "a collision at a server of another make")

    # What people do

    def log_in(self, person: Person) -> None:
        """Another session."""
        person.sessions += 1
        self.settle(person)

    def log_out(self, person: Person) -> None:
        """A session less."""
        person.sessions -= 1
        if not person.sessions and person.asked is not None:
            self.rise(person, person.asked)
            person.asked = person.seated = None
        if person.known:
            self.settle(person)

    def rise(self, person: Person, claim: Claim) -> None:
        """Give a seat back."""
        self.send_to(claim.sid, Sit(person.key, claim, self.sid, next(self.numbers), rises=True))

    def state(self, person: Person, other: bool, **values: str) -> None:
        """Something is said of a person, here and now."""
        stamp = self.stamp()
        registers = {name: Register(stamp, value) for name, value in values.items()}
        person.take(registers)
        assert person.user is not None
        self.tell(Stated(person.key, person.user, registers, self.sid, other))
        self.settle(person)


def connected(links: Iterable[Link], sid: SID) -> set[SID]:
    """The servers that can be reached."""
    ways = [set(link.ends) for link in links]
    seen, more = {sid}, True
    while more:
        grown = seen.union(*(way for way in ways if way & seen))
        seen, more = grown, grown != seen
    return seen


class Net:
    """Servers, and what becomes of them by chance."""

    def __init__(self, seed: int, mutant: str = "") -> None:
        self.random = random.Random(seed)
        self.mutant = mutant
        self.now = 1_800_000_000_000
        self.uids = count(1)
        self.seen: Counter[str] = Counter()
        """What happened, for the figures."""
        self.killed: set[str] = set()
        self.came: set[str] = set()
        self.stays = {"ann": True, "bob": self.random.random() < 0.5}
        self.links: list[Link] = []
        hosts = 1.0 if self.random.random() < 0.6 else 0.6
        self.servers = [
            Server(self, SID(f"{number}CN"), self.random.random() < hosts)
            for number in range(self.random.choice([3, 3, 4, 5]))
        ]
        self.leaves = {server.sid for server in self.servers[2:] if self.random.random() < 0.3}
        for server in self.servers:
            server.skew = self.random.choice([0, 0, 300, -5 * HOUR, 7 * HOUR])

    # Links

    def may_link(self, one: Server, other: Server) -> bool:
        """Whether a link would make neither a circle nor a hub of a leaf."""
        return (
            one is not other
            and other.sid not in connected(self.links, one.sid)
            and not {one.sid, *one.routes} & {other.sid, *other.routes}
            and not any(end.sid in self.leaves and end.links for end in (one, other))
            and not {one.sid, other.sid} <= self.leaves
        )

    def connect(self, one: Server, other: Server) -> None:
        """Begin a link."""
        self.seen["links"] += 1
        link = Link(one, other, self.now)
        self.links.append(link)
        one.greet(link)
        other.greet(link)

    def cut(self, link: Link, dead: SID | None = None) -> None:
        """End a link; some of what is on the way still arrives, and the ends notice when they do."""
        if not link.cut:
            self.seen["cuts"] += 1
            link.cut, link.suspended = True, False
            for queue in link.queues.values():
                for _ in range(self.random.randint(0, len(queue))):
                    queue.pop()
                queue.append((self.now, LOST))
        if dead is not None:
            self.close(link, dead)

    def close(self, link: Link, sid: SID) -> None:
        """One end is over."""
        link.open.discard(sid)
        link.queues[sid].clear()
        if not link.open:
            self.links.remove(link)

    def deliver(self, link: Link, sid: SID) -> None:
        """The next line arrives at that end."""
        _, told = link.queues[sid].popleft()
        if isinstance(told, Lost):
            self.close(link, sid)
        link.ends[sid].hear(link, told)

    def ways(self) -> list[tuple[Link, SID]]:
        """Where something may arrive."""
        return [
            (link, sid)
            for link in self.links
            if not link.suspended
            for sid in link.queues
            if link.queues[sid]
        ]

    def kill(self, server: Server) -> None:
        """A server dies; another process begins at once."""
        self.seen["restarts"] += 1
        for link in list(server.links):
            self.cut(link, server.sid)
        server.start(self.now + REVIVE_DELAY)

    # Time

    def wait(self, ms: int) -> None:
        """Let time pass: what is late arrives, what is due is done."""
        until = self.now + ms
        while True:
            lines = [(link.queues[sid][0][0] + LATE, link, sid) for link, sid in self.ways()]
            timers = [(at, server, key) for server in self.servers for at, key in server.timers()]
            line = min(lines, key=lambda each: each[0], default=None)
            timer = min(timers, key=lambda each: each[0], default=None)
            if line is not None and line[0] <= until and (timer is None or line[0] <= timer[0]):
                self.now = max(self.now, line[0])
                self.deliver(line[1], line[2])
            elif timer is not None and timer[0] <= until:
                self.now = max(self.now, timer[0])
                timer[1].due(timer[2])
            else:
                self.now = until
                return

    # Chance

    def step(self) -> None:
        """Something happens."""
        chance, what = self.random, self.random.random()
        if what < 0.50:
            ways = self.ways()
            if ways:
                self.now += 1
                self.deliver(*chance.choice(ways))
        elif what < 0.76:
            self.act(chance.choice(self.servers))
        elif what < 0.84:
            self.wait(chance.choice([5, 50, 300, 2_000, 6_000, 12_000]))
        elif what < 0.88:
            if self.links:
                self.cut(chance.choice(self.links))
        elif what < 0.91:
            if self.links:
                self.suspend(chance.choice(self.links))
        elif what < 0.97:
            one, other = chance.sample(self.servers, 2)
            if self.may_link(one, other):
                self.connect(one, other)
        elif what < 0.985:
            chance.choice(self.servers).skew = chance.randint(-12, 12) * HOUR + chance.randint(-999, 999)
        else:
            server = chance.choice(self.servers)
            if chance.random() < 0.4:
                self.end(server)
            self.kill(server)

    def suspend(self, link: Link) -> None:
        """A link has no connection for a while, or has one again: nothing is lost."""
        if not link.cut:
            link.suspended, link.since = not link.suspended, self.now
            for queue in link.queues.values():
                waiting = [told for _, told in queue]
                queue.clear()
                queue.extend((self.now, told) for told in waiting)

    def end(self, server: Server) -> None:
        """A server ends, and says so."""
        for person in server.people.values():
            if person.own is not None:
                server.tell(Quit(person.key, person.own, "ending"))

    def act(self, server: Server) -> None:
        """Somebody does something."""
        chance, person = self.random, server.people[self.random.choice(sorted(server.people))]
        channel, what = chance.choice(CHANNELS), chance.random()
        there = person.registers.get(channel)
        if what < 0.3:
            if person.sessions < 2:
                self.came.add(person.key)
                server.log_in(person)
        elif what < 0.5:
            if person.sessions:
                server.log_out(person)
        elif what < 0.7 and person.acts:
            server.state(person, False, **{channel: "in", f"o {channel}": ""})
        elif what < 0.8 and person.acts and there is not None:
            server.state(person, False, **{channel: ""})
        elif what < 0.85 and person.acts and person.own is not None:
            server.state(person, False, nick=chance.choice("xyz"))
        elif what < 0.88 and person.user is not None and there is not None and there.value:
            server.state(person, True, **{channel: ""})
        elif what < 0.95 and person.user is not None and there is not None and there.value:
            server.state(person, True, **{f"o {channel}": chance.choice(["o", ""])})
        elif what > 0.985 and person.own is not None:
            self.killed.add(person.key)
            server.leave(person, "killed")

    # What is asked

    def judge_quit(self, server: Server, person: Person, since: int) -> None:
        """Whether people may be told that somebody left who did not say so: if nobody near has them."""
        self.seen["quits told after a split"] += 1
        demand(not server.may_claim(person), f"{person.key} could have been hosted here")
        since = min(since, self.now - CALM)
        calm = [link for link in self.links if not link.cut and not link.suspended and link.since <= since]
        for sid in connected(calm, server.sid) - {server.sid}:
            other = next(each for each in self.servers if each.sid == sid)
            theirs = other.people[person.key]
            demand(theirs.own is None or theirs.hosted > since, f"{person.key} was hosted near by")
            seated = theirs.seated is not None and theirs.seated <= since and theirs.sessions > 0
            demand(not seated, f"{person.key} had sessions near by")

    def drain(self) -> None:
        """Heal all, and wait until nothing happens any more."""
        for link in self.links:
            if link.suspended:
                self.suspend(link)
        self.wait(CALM)
        while len(connected(self.links, self.servers[0].sid)) < len(self.servers):
            pairs = [
                (one, other) for one in self.servers for other in self.servers if self.may_link(one, other)
            ]
            self.connect(*self.random.choice(pairs))
            self.wait(self.random.choice([0, 100, CALM]))
        self.wait(ORPHAN_TIME + REVIVE_DELAY + CALM)
        self.wait(ORPHAN_TIME + CALM)

    def check(self) -> None:
        """All that holds when nothing is on the way."""
        demand(not self.ways(), "something is still said")
        for key, stays in self.stays.items():
            people = {server.sid: server.people[key] for server in self.servers}
            users = {person.user for person in people.values()}
            demand(len(users) == 1, f"{key} is {users}")
            user = users.pop()
            sat = {sid for sid, person in people.items() if person.sessions}
            if user is None:
                lasting = (
                    stays and key in self.came - self.killed and all(each.hosts for each in self.servers)
                )
                demand(not sat and not lasting, f"{key} is nowhere, but has sessions at {sat}, or stays")
                demand(
                    all(person.orphan is None for person in people.values()), f"{key} is an orphan for ever"
                )
                continue
            self.seen["people"] += 1
            seats = sat - {user.sid}
            for sid, person in people.items():
                demand(set(person.claims) == {user}, f"{sid} knows other claims of {key}")
                demand((person.own == user) == (sid == user.sid), f"{sid} hosts {key}")
                demand(
                    person.claims[user] == seats, f"{sid} knows other seats of {key}: {person.claims[user]}"
                )
                demand((person.seated is not None) == (sid in seats), f"{sid} is not attached to {key}")
                demand(person.registers == people[user.sid].registers, f"{sid} knows {key} otherwise")
                demand(person.shown == person.registers, f"{sid} shows {key} otherwise")

    def run(self) -> None:
        """One story, and what it comes to."""
        for one, other in zip(self.servers, self.servers[1:], strict=False):
            if self.may_link(one, other):
                self.connect(one, other)
        for _ in range(self.random.choice([30, 120, 250])):
            self.step()
        self.drain()
        self.check()
