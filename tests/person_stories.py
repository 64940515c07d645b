"""Several full servers in memory, and one person or two on all of them: what becomes of them by chance.

What ``tests/person_model.py`` proves of the rules is asked here of what people run: lines come one at a time,
links are cut and made again, servers die and begin anew, clocks jump by hours, people log in and out, join,
part, are kicked, take other nicks and get ranks.  A server of another make hangs at the edge.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from typing import Any

from club import PASSWORD, said
from clubs import Clubs, FullClub, new_store
from conversation import Client
from mesh import SECRET, SOLANUM, Stranger, block

from chatnet.model.entities import User
from chatnet.model.ids import UIDs
from chatnet.records.accounts import SETTING
from chatnet.records.grammar import field
from chatnet.rules.persons import ALWAYS_ON, ON
from chatnet.storage.interfaces import StoreError
from chatnet.storage.memory import MemoryStore
from chatnet.storage.persons.interfaces import Stayed
from chatnet.storage.persons.rows import Person, Standing

HOUR = 3600
NAMES = ("ann", "bob")
CHANNELS = ("#a", "#b")
NICKS = {"ann": ("ann", "ann2", "ann3"), "bob": ("bob", "bob2", "bob3")}
LEAF = "1SO"


class People:
    """A store of who stays that is a dictionary; what it is told it has."""

    def __init__(self, before: People | None = None) -> None:
        self.people: dict[str, str] = {} if before is None else dict(before.people)
        self.channels: dict[str, str] = {} if before is None else dict(before.channels)
        self.troubled: Callable[[StoreError | None], None] = lambda error: None
        self.lost: Callable[[], None] = lambda: None

    def load(self) -> Stayed:
        return Stayed(
            [Person.read(text) for text in self.people.values()],
            [Standing.read(text) for text in self.channels.values()],
        )

    def keep(self, person: Person) -> None:
        self.people[person.key] = person.text

    def forget(self, key: str) -> None:
        self.people.pop(key, None)

    def keep_channel(self, folded: str, standing: Standing) -> None:
        self.channels[folded] = standing.text

    def forget_channel(self, folded: str) -> None:
        self.channels.pop(folded, None)

    async def flush(self) -> None:
        pass

    async def close(self) -> None:
        pass


class Leaf:
    """What a Solanum knows: it sees collisions, and users of whom it was never told."""

    def __init__(self, there: Stranger) -> None:
        self.there = there
        self.nicks: dict[str, str] = {}
        self.faults: list[str] = []
        self.servers: dict[str, str] = {}

    def look(self) -> None:
        """Hear what was said since the last look."""
        said_, self.there.pipe.said = self.there.pipe.said, []
        self.there.pipe.lines.clear()
        for line in said_:
            self.hear(line.partition(" ")[2] if line.startswith("@") else line)

    def hear(self, line: str) -> None:
        """One line, without tags."""
        words = line.split(" ")
        source, verb = words[0][1:], words[1] if len(words) > 1 else ""
        if verb == "EUID":
            nick, uid = words[2], words[9]
            holder = next((each for each, name in self.nicks.items() if name == nick), None)
            if holder is not None:
                self.faults.append(f"{nick} of {uid} collides with {holder}: {line}")
            if uid in self.nicks:
                self.faults.append(f"{uid} came twice")
            if source not in self.servers and source != "0AA":
                self.faults.append(f"{uid} is on {source}, of which nothing is known")
            self.nicks[uid] = nick
        elif verb == "QUIT":
            self.nicks.pop(source, None)
        elif verb == "KILL":
            self.nicks.pop(words[2], None)
            self.faults.append(line)
        elif verb == "SAVE":
            # Two users who are bob, since he does not stay, may have asked for one nick; ann is one user.
            if self.nicks.get(words[2], "").startswith("ann"):
                self.faults.append(line)
            if words[2] in self.nicks:
                self.nicks[words[2]] = words[2]
        elif verb == "NICK" and source in self.nicks:
            self.nicks[source] = words[2]
        elif verb == "SID":
            self.servers[words[4]] = source
        elif verb == "SQUIT":
            gone = {words[2]}
            while more := {sid for sid, by in self.servers.items() if by in gone} - gone:
                gone |= more
            self.servers = {sid: by for sid, by in self.servers.items() if sid not in gone}
            self.nicks = {uid: nick for uid, nick in self.nicks.items() if uid[:3] not in gone}
        elif verb == "SJOIN":
            for uid in line.rpartition(":")[2].split():
                uid = uid.lstrip("@+")
                if uid and uid not in self.nicks:
                    self.faults.append(f"nobody is {uid}: {line}")
        elif verb in ("JOIN", "PART") and source not in self.nicks:
            self.faults.append(f"nobody is {source}: {line}")


class Watcher:
    """A client of a house in all channels, and who is there as far as it has read."""

    def __init__(self, client: Client, nick: str) -> None:
        self.client = client
        self.nick = nick
        self.there: dict[str, set[str]] = {}
        self.faults: list[str] = []
        self.quits: Counter[str] = Counter()
        self.moves: Counter[tuple[str, str]] = Counter()
        """How often it has read that ann came into a channel (JOIN), or that they went (PART)."""

    def look(self, here: Collection[Client] = ()) -> None:
        """Read what came; `here` are those who were connected to this house when it looked last."""
        nicks = {client.user.nick: client for client in here if client.session.registered}
        for line in self.client.lines():
            self.read(line)
            nick, verb = line[1:].partition("!")[0], line.split(" ", 2)[1]
            if verb == "QUIT" and nick in nicks and nicks[nick].outlet.ended is None:
                self.faults.append(f"{self.nick} read {line} of somebody who is connected here")

    def read(self, line: str) -> None:
        """One line."""
        words = line.split(" ")
        nick, verb = words[0][1:].partition("!")[0], words[1]
        if verb == "JOIN":
            members = self.there.setdefault(words[2], set())
            if nick in members:
                self.faults.append(f"{self.nick} read twice that {nick} joined {words[2]}")
            if nick == self.nick:
                members.clear()
            members.add(nick)
            self.moves["JOIN", words[2]] += nick.startswith("ann")
        elif verb == "353":
            self.there.setdefault(words[4], set()).update(
                each.lstrip("~&@%+") for each in line.partition(" :")[2].split()
            )
        elif verb in ("PART", "KICK"):
            gone = nick if verb == "PART" else words[3]
            if gone not in self.there.get(words[2], ()):
                self.faults.append(f"{self.nick} read that {gone} left {words[2]}, and never that they came")
            self.there.get(words[2], set()).discard(gone)
            self.moves["PART", words[2]] += gone.startswith("ann")
        elif verb == "QUIT":
            reason = line.partition(" :")[2]
            self.quits[reason] += 1
            if "Moved" in reason or nick.startswith("ann"):
                self.faults.append(f"{self.nick} read {line}")
            for members in self.there.values():
                members.discard(nick)
        elif verb == "NICK":
            new = words[2].lstrip(":")
            for members in self.there.values():
                if nick in members:
                    members.remove(nick)
                    members.add(new)


class World(Clubs):
    """One story."""

    def __init__(self, seed: int, *, leaf: bool | None = None) -> None:
        self.random = chance = random.Random(seed)
        names = "abcde"[: chance.choice([3, 3, 4, 5])]
        self.stores: dict[str, MemoryStore] = {}
        self.people: dict[str, People] = {}
        self.given: dict[str, dict[str, Any]] = {}
        self.lives: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        super().__init__(
            *names,
            sections_of={"a": {"link": [block("so1")]}},
            bouncer={"always_on": "opt-in"},
            links={
                "resume_grace": 0,
                "stamp_horizon": 30 * 86400,
                "most_skew": 30 * 86400,
                # What was said, and whether neighbours are there, is asked elsewhere.
                "backfill_messages": 0,
                "ping_interval": 60,
                "ping_timeout": 90,
            },
        )
        self.came: set[str] = set()
        self.read: dict[Client, list[str]] = {}  # when they had said who they are
        self.promised: Counter[tuple[str, str]] = Counter()
        """How often ann joined a channel, and parted or was kicked, as far as somebody said so."""
        self.clients: dict[tuple[str, str], Client] = {}
        self.watchers: dict[str, Watcher] = {}
        self.leaf: Leaf | None = None
        for name in NAMES:
            self["a"].account(name)
        self["a"].change(self["a"].named("ann"), **{field(SETTING, ALWAYS_ON): ON})
        for one, other in pairwise(names):
            self.link(one, other)
        self.settle()
        for name in names:
            self.watch(name)
        if leaf if leaf is not None else chance.random() < 0.5:
            self.hang_leaf()

    def make(self, **given: Any) -> FullClub:
        name = given["server"]["name"][0]
        self.given[name] = given
        sid = given["server"]["sid"]
        store = self.stores.setdefault(name, new_store(sid))
        self.people[name] = People(self.people.get(name))
        club = FullClub(store, people=self.people[name], **given)
        club.node.uids = UIDs(club.node.network.me.sid, 100_000 * self.lives[name])
        return club

    def hang_leaf(self) -> None:
        """A Solanum links to a."""
        it = Stranger(self["a"], "so1.test", LEAF)
        self.leaf = Leaf(it)
        it >> f"PASS {SECRET} TS 6 :{LEAF}" >> f"CAPAB :{SOLANUM}" >> "SERVER so1.test 1 :a stranger"
        it >> f"SVINFO 6 6 0 :{int(self['a'].clock.time())}" >> f"PING :{LEAF}"
        self.settle()
        self.leaf.look()

    def watch(self, name: str) -> None:
        """Somebody is in all channels of a house."""
        nick = f"w{name}{self.lives[name]}"
        watcher = self.watchers[name] = Watcher(self[name].client(nick), nick)
        for channel in CHANNELS:
            watcher.client >> f"JOIN {channel}"
        self.settle_soon()
        watcher.look()

    def settle_soon(self) -> None:
        """End the turns of all houses."""
        self._turn()

    # chance

    def step(self) -> None:
        """Something happens."""
        chance, what = self.random, self.random.random()
        if what < 0.45:
            for _ in range(chance.choice([1, 1, 2, 5, 20])):
                self.deliver_one(chance.randrange(1000))
        elif what < 0.75:
            self.act(chance.choice(list(self.houses)))
        elif what < 0.84:
            self.wait(chance.choice([0.1, 1, 3, 6, 12]))
        elif what < 0.90:
            if self.wires:
                wire = chance.choice(self.wires)
                self.seen["cuts"] += 1
                self.cut_some(*wire.ends)
        elif what < 0.97:
            one, other = chance.sample(list(self.houses), 2)
            self.join(one, other)
        elif what < 0.985:
            self.step_clock(chance.choice(list(self.houses)), chance.randint(-12, 12) * HOUR)
        else:
            self.kill(chance.choice(list(self.houses)))

    def wait(self, seconds: float) -> None:
        """Let time pass; what is on its way arrives, as far as it is not late."""
        self.clock.advance(seconds)
        for _ in range(self.random.choice([0, 5, 50])):
            self.deliver_one(self.random.randrange(1000))

    def cut_some(self, one: str, other: str) -> None:
        """A link ends, some of what is on the way still arriving."""
        for name, by in ((one, other), (other, one)):
            for _ in range(self.random.choice([0, 0, 1, 3, 10])):
                wire = self.wire(name, by)
                if not wire.pipes[name].lines:
                    break
                wire.deliver(name)
        if any({one, other} == set(wire.ends) for wire in self.wires):
            self.cut(one, other)

    def joined(self, name: str) -> set[str]:
        """Whom a house can reach by wires."""
        seen, more = {name}, True
        while more:
            grown = seen.union(*(set(wire.ends) for wire in self.wires if seen & set(wire.ends)), seen)
            more, seen = grown != seen, grown
        return seen

    def may_join(self, one: str, other: str) -> bool:
        known = [{server.sid for server in self[each].node.network.servers.values()} for each in (one, other)]
        return one != other and other not in self.joined(one) and known[0] & known[1] <= {LEAF}

    def join(self, one: str, other: str) -> None:
        """Connect two houses, if that makes no circle."""
        self.prune()
        if self.may_join(one, other):
            self.seen["links"] += 1
            self.link(one, other)

    def prune(self) -> None:
        """Forget connections that are over, since one server was to be in two places."""
        for wire in list(self.wires):
            if any(link.gone for link in wire.links.values()):
                self.cut(*wire.ends)

    def kill(self, name: str) -> None:
        """A server dies, and begins anew."""
        if name == "a" and self.leaf is not None:
            return
        self.seen["restarts"] += 1
        if self.random.random() < 0.4:  # it ends, and says so
            self.seen["ends"] += 1
            self[name].parts.sessions.close_all("The end")
        for wire in [wire for wire in self.wires if name in wire.ends]:
            self.cut(*wire.ends)
        self.clients = {where: client for where, client in self.clients.items() if where[0] != name}
        for who in NAMES:
            others = [self.person(house, who) for house in self.houses if house != name]
            if not any(others) and self[name].named(who).id not in self.people[name].people:
                self.came.discard(who)  # nobody else had heard of them, nor was it written
        self.lives[name] += 1
        house = self.houses[name] = self.make(**self.given[name])
        kept = self.people[name]

        def revive() -> None:
            if self.houses[name] is house and house.parts.sessions.staying is not None:
                house.parts.sessions.staying.revive(kept.load())

        self.clock.later(10.0, revive)
        self.watch(name)

    # what people do

    def person(self, house: str, name: str) -> User | None:
        """Who is that person, as a house knows."""
        return self[house].node.network.persons.get(self[house].named(name).id)

    def connected(self, house: str) -> list[Client]:
        """Those who have logged in there and are somebody by now."""
        there = [client for (where, _), client in self.clients.items() if where == house]
        return [client for client in there if client.session.registered and client.outlet.ended is None]

    def act(self, house: str) -> None:
        """Somebody does something."""
        chance = self.random
        name, channel, what = chance.choice(NAMES), chance.choice(CHANNELS), chance.random()
        client = self.clients.get((house, name))
        if client is not None and client.outlet.ended is not None:
            client = None
            del self.clients[house, name]
        user = self.person(house, name)
        watcher = self.watchers[house]
        if what < 0.3:
            if client is None:
                self.log_in(house, name)
        elif what < 0.4:
            if client is not None:
                client >> "QUIT"
                del self.clients[house, name]
        elif what < 0.6 and client is not None:
            self.promised["JOIN", channel] += name == "ann"
            client >> f"JOIN {channel}"
        elif what < 0.7 and client is not None:
            self.promised["PART", channel] += name == "ann"
            client >> f"PART {channel}"
        elif what < 0.78 and client is not None:
            client >> f"NICK {chance.choice(NICKS[name])}"
        elif what < 0.85 and user is not None:
            self.promised["PART", channel] += name == "ann"
            watcher.client >> f"KICK {channel} {user.nick} :out"
        elif what < 0.97 and user is not None:
            watcher.client >> f"MODE {channel} {chance.choice('+-')}{chance.choice('ov')} {user.nick}"
        elif client is not None:
            client >> f"AWAY {chance.choice([':gone', ''])}"

    def log_in(self, house: str, name: str) -> None:
        """A session."""
        client = self.clients[house, name] = self[house].connect()
        client >> "CAP REQ :sasl"
        client >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', name, PASSWORD)}"
        client.lines()
        client >> f"NICK {name}" >> f"USER {name} 0 * :{name}" >> "CAP END"
        self.read[client] = client.lines()
        self.seen["logins"] += 1
        self.came.add(name)

    # the end

    def drain(self) -> None:
        """Heal all, and wait until nothing happens any more."""
        self.settle()
        names = list(self.houses)
        self.prune()
        while len(self.joined(names[0])) < len(names):
            pairs = [(one, other) for one in names for other in names if self.may_join(one, other)]
            assert pairs, "they cannot be linked"
            self.join(*self.random.choice(pairs))
            self.advance(self.random.choice([0, 1, 3]))
            self.settle()
            self.prune()
        for _ in range(4):
            self.advance(10.0)

    def judge(self) -> None:
        """All that holds when nothing is on the way."""
        self.check()
        for house in self:
            assert not house.log.failures, "\n".join(house.log.failures)
            assert not house.parts.links.claims.aliases
        first = self["a"].node.network
        for name in NAMES:
            people = {each: self.person(each, name) for each in self.houses}
            uids = {None if user is None else user.uid for user in people.values()}
            assert len(uids) == 1, f"{name} is {people}"
            known = [user for user in people.values() if user is not None]
            for user in known:
                assert not user.orphan
                places = {channel.folded: ranks for channel, ranks in user.channels.items()}
                there = {channel.folded: ranks for channel, ranks in known[0].channels.items()}
                assert places == there and user.nick == known[0].nick, f"{name}: {places} is not {there}"
                assert (user.away, user.modes) == (known[0].away, known[0].modes)
            self.judge_sessions(name, people)
            if known:
                self.seen["people"] += 1
        for house in self:
            network = house.node.network
            assert network.users.keys() == first.users.keys()
        for each, watcher in self.watchers.items():
            watcher.look()
            assert not watcher.faults, watcher.faults
            for channel in self[each].node.network.channels.values():
                members = {user.nick for user in channel.members}
                read = watcher.there.get(channel.name, set())
                if watcher.nick in members:
                    assert read == members, f"{watcher.nick} saw {read} in {channel.name}: {members}"
        if self.leaf is not None:
            self.leaf.look()
            assert not self.leaf.faults, self.leaf.faults
            theirs = {uid: nick for uid, nick in self.leaf.nicks.items() if not uid.startswith("00")}
            ours = {uid: user.nick for uid, user in first.users.items()}
            assert theirs == ours, f"the leaf knows {theirs}, not {ours}"

    def judge_moves(self) -> None:
        """Nobody read of more than was done."""
        for watcher in self.watchers.values():
            for move, times in watcher.moves.items():
                promised = self.promised[move]
                assert times <= promised, f"{watcher.nick} read {times} {move} of ann, who did {promised}"
                self.seen["moves of ann that were read"] += times
            self.seen["quits that were read"] += watcher.quits.total()

    def judge_sessions(self, name: str, people: Mapping[str, User | None]) -> None:
        """Everybody who is connected is one of the person, whose seats are where they are."""
        sat = set()
        for (house, who), client in self.clients.items():
            if who == name and client.outlet.ended is None:
                read = [*self.read[client], *client.lines()]
                if name == "bob" and not client.session.registered and any(" 433 " in line for line in read):
                    continue  # the person had another nick, and one who was bob only by name had this one
                assert client.session.registered, f"{name} waits at {house}"
                if name == "bob" and client.user.person is None:
                    continue  # the person had another nick then, and does not stay: it is another user
                sat.add(house)
                assert client.user is people[house], f"{name} is somebody else at {house}: {client.user}"
        hosts = {each for each, user in people.items() if user and user.server is self[each].node.network.me}
        if None in people.values():
            assert not sat, f"{name} is nowhere, and connected at {sat}"
            assert name != "ann" or name not in self.came, "ann stays, and is nowhere"
            return
        assert len(hosts) == 1, f"{name} is a user of {hosts}"
        assert name == "ann" or sat, f"{name} is there without a session"
        for each, user in people.items():
            assert user is not None
            seats = {seat.name[0] for seat in user.seats}
            assert seats == sat - hosts, f"{each} knows seats of {name} at {seats}, not at {sat - hosts}"

    def run(self, steps: int = 60) -> None:
        """One story, and what it comes to."""
        for _ in range(steps):
            here = {each: self.connected(each) for each in self.houses}
            self.step()
            for each, watcher in self.watchers.items():
                watcher.look(here[each])
            if self.leaf is not None:
                self.leaf.look()
        self.drain()
        self.judge()
        self.judge_moves()
