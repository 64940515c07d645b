"""Three servers A - B - C, whose links lead through proxies, and the people on them."""

from __future__ import annotations

import random
import signal
import time
from argparse import Namespace
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from socket import create_server
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import LoopingCall

from fault_run import packets
from fault_run.checker import Checker
from fault_run.nodes import TOGETHER, Dialled, Node, Times
from fault_run.pages import MISSING, pages
from fault_run.people import PRIVATE, RELAYED, STATE, TALK, Person
from fault_run.persons import Persons
from fault_run.probe import guest, remembered
from fault_run.proxy import HOST, Proxy
from fault_run.services import Services
from fault_run.waiting import Crowd, Late, Patience, pause, until

WHOLE = 30.0
"""Seconds after which a network that is not whole is taken for broken."""
REMEMBERING = 10.0
"""Seconds after which servers have told each other what was said over a split."""
FILLING = 30
"""Channels of each first person: so there is something to tell in a burst."""
FILLING_LINES = 50
"""Lines that somebody says at a time before the beginning."""


class Link:
    """The link between two neighbours, the second of which waits for the first."""

    def __init__(self, dialling: Node, answering: Node, proxy: Proxy) -> None:
        self.ends = (dialling, answering)
        self.proxy = proxy

    def __str__(self) -> str:
        return " - ".join(node.short.upper() for node in self.ends)


class Network:
    """All that is under fault, and its people."""

    def __init__(self, reactor: Any, folder: Path, given: Namespace, times: Times) -> None:
        self.reactor = reactor
        self.times = times
        self.packets = packets.Packets() if given.packets else None
        self.checker = Checker()
        self.crowd = Crowd(reactor)
        ports = free_ports(9)
        self._probe_port = ports[8]
        self.nodes = [Node(folder, name, ports[2 * at : 2 * at + 2]) for at, name in enumerate("abc")]
        a, b, c = self.nodes
        self.links = [
            Link(a, b, Proxy(reactor, ports[6], b.link_port)),
            Link(c, b, Proxy(reactor, ports[7], b.link_port)),
        ]
        self.services: Services | None = None
        if given.services:
            self.services = Services(reactor, folder, self.nodes, free_ports(5), given.pylink)
        atheme, relay = ([self.services.atheme], [self.services.relay]) if self.services else ([], [])
        name = atheme[0].name if atheme else ""
        persons = bool(given.persons)
        a.configure([Dialled(b, ports[6])], times, atheme, name, persons)
        b.configure([Dialled(a, None), Dialled(c, None)], times, [guest(self._probe_port)], name, persons)
        c.configure([Dialled(b, ports[7])], times, relay, name, persons)
        self.people = [
            Person(
                reactor,
                node,
                nick,
                self.checker,
                oper=number == 1,
                log=folder / f"{nick}.read" if given.folder else None,
            )
            for node in self.nodes
            for number in range(1, given.people + 1)
            for nick in [f"{node.short}{number}"]
        ]
        for person in self.people:
            person.others = [other for other in self.people if other is not person]
            if self.services is not None and person.oper:
                person.channels += (RELAYED,)
        self.persons: Persons | None = None
        if given.persons:
            self.persons = Persons(
                reactor, self.nodes, given.persons, self.people, folder if given.folder else None
            )
        self._dice = random.Random(f"{given.seed}/talk")
        self._talk = LoopingCall(self._all_talk)
        self._change = LoopingCall(self._one_changes)
        self._talk.clock = self._change.clock = reactor
        self._interval = times.pace / given.rate  # so much is said in an outage, however long it lasts
        self._calm = given.calm

    async def start(self) -> None:
        """Start everything, and wait until everybody hears everybody."""
        for node in self.nodes:
            node.start()
        await self.gather(self.people)
        for person in self.people:
            if person.oper:
                names = [f"#fill-{person.nick}-{number}" for number in range(FILLING)]
                person.say(
                    f"JOIN {','.join(names)}", *(f"TOPIC {name} :Filling {'x' * 99}" for name in names)
                )
        await self._meet()
        await self._fill()
        if self.services is not None:
            await self.services.start([self.on(node) for node in self.nodes])
        if self.persons is not None:
            await self.persons.start()
        self._talk.start(self._interval)
        self._let_change(True)
        await self.whole()
        self.checker.take()

    async def gather(self, people: Sequence[Person]) -> None:
        """Let people connect."""
        await gatherResults([Deferred.fromCoroutine(person.connect()) for person in people])

    async def whole(self) -> None:
        """Wait until everybody has heard from everybody, in the channel and in private, something new."""
        marks = {(to.nick, by.nick): said(by, to) for to in self.people for by in to.others}

        def unheard() -> list[str]:
            return [
                f"{by} says to {to} ({where})"
                for (to, by), numbers in marks.items()
                for where, number in zip((TALK, PRIVATE), numbers, strict=True)
                if self.checker.stream(to, by, where).last <= number
            ]

        await until(self.reactor, lambda: not unheard(), WHOLE, lambda: f"what {', '.join(unheard()[:6])}")

    async def _meet(self) -> None:
        """Wait until every server knows everybody in the channel."""
        patience = Patience(WHOLE, self.reactor.seconds)
        for node in self.nodes:
            while len((await self.on(node).describe(TALK))["members"]) < len(self.people):
                if patience.over():
                    raise Late(f"waited in vain for everybody in the channel on {node.name}")
                await pause(self.reactor, 0.1)

    async def _fill(self) -> None:
        """Let the servers remember as much as they may, so that they do not come to need more by that."""
        dice = random.Random("fill")

        def lines(person: Person) -> list[str]:
            targets = [*[TALK] * FILLING_LINES, *(other.nick for other in person.others)]
            return [f"PRIVMSG {target} :{'x' * dice.randrange(200)}." for target in targets]

        for _ in range(0, TOGETHER, FILLING_LINES * len(self.people)):
            await gatherResults([person.ask(*lines(person)) for person in self.people])

    async def kill(self, node: Node, number: signal.Signals, seconds: float) -> None:
        """End a server, start it anew after some time, and let its people come back."""
        people = [person for person in self.people if person.node is node]
        devices = [] if self.persons is None else self.persons.on(node)
        for person in (*people, *devices):
            person.expects_end = True
        node.signal(number)
        assert node.process is not None
        process = node.process
        await until(self.reactor, lambda: process.poll() is not None, 15.0, lambda: f"the end of {node.name}")
        await until(self.reactor, lambda: not any(p.wire for p in people), 5.0, lambda: "the end of people")
        if number == signal.SIGTERM:
            await self._passed_on(people)
        await pause(self.reactor, seconds)
        node.start()
        await self.gather(people)
        if self.persons is not None:
            await self.persons.come_back(devices)

    async def _passed_on(self, people: Sequence[Person]) -> None:
        """A server that ended in order has told its neighbours all that its own people read of each other."""

        def behind() -> list[str]:
            found = []
            for by in people:
                there = max(self.checker.stream(to.nick, by.nick, TALK).last for to in people if to is not by)
                found += [
                    f"all that {by.nick} said to {to.nick} before the end"
                    for to in by.others
                    if to not in people and self.checker.stream(to.nick, by.nick, TALK).last < there
                ]
            return found

        if len(people) > 1:
            await until(self.reactor, lambda: not behind(), 5.0, lambda: ", ".join(behind()[:3]))

    async def forgotten(self, since: float, mute: Collection[Node]) -> tuple[int, list[str]]:
        """How many messages people were not told, and which of those their servers do not remember, in words.

        A server that was killed has forgotten; and nobody heard what was said to it at the last moment.
        """
        servers = {person.nick: person.node for person in self.people}
        wanted: dict[Node, set[tuple[str, int]]] = {}
        for receiver, messages in self.checker.to_remember(TALK).items():
            if servers[receiver] not in mute:
                heard = wanted.setdefault(servers[receiver], set())
                heard.update(message for message in messages if servers[message[0]] not in mute)
        count, patience = sum(map(len, wanted.values())), Patience(REMEMBERING, self.reactor.seconds)
        while wanted:
            known = await remembered(
                self.reactor, self.nodes[1], self._probe_port, TALK, list(wanted), since - 5.0
            )
            missing = {node: messages - known[node].keys() for node, messages in wanted.items()}
            twice = [node.name for node in wanted if any(times > 1 for times in known[node].values())]
            if not any(missing.values()) or patience.over():
                return count, [
                    *(
                        f"{node.name} remembers {len(some)} messages not"
                        for node, some in missing.items()
                        if some
                    ),
                    *(f"{name} remembers messages twice" for name in twice),
                ]
            await pause(self.reactor, 0.2)
        return 0, []

    async def unlike(self, since: float) -> list[str]:
        """In which pages of what was said servers are not alike, when all gaps should be filled, in words."""
        until, patience = time.time() - 2.0, Patience(REMEMBERING, self.reactor.seconds)
        while True:
            told = {node: await pages(self.reactor, node, TALK, since - 5.0, until) for node in self.nodes}
            every = {msgid: text for each in told.values() for msgid, text in each.items()}
            unlike = [
                f"{node.name} tells {len(more)} messages less than others, {min(more.values())} among them"
                for node, each in told.items()
                if (more := {msgid: every[msgid] for msgid in every.keys() - each.keys() - {MISSING}})
            ]
            unlike += [f"{node.name} says: {each[MISSING]}" for node, each in told.items() if MISSING in each]
            if not unlike or patience.over():
                return unlike
            await pause(self.reactor, 0.5)

    async def differences(self) -> list[str]:
        """What the servers tell differently of the channels, when nobody changes them any more."""
        self._let_change(False)
        found: list[str] = []
        try:
            await self.whole()  # whoever was kicked has read it, and said JOIN
            await self.whole()  # everybody has read of that
            for channel in (TALK, STATE):
                seen = [await self.on(node).describe(channel) for node in self.nodes]
                for key in seen[0]:
                    values = [each[key] for each in seen]
                    if any(value != values[0] for value in values):
                        common = set.intersection(*values)
                        told = "; ".join(
                            f"{node.short.upper()} {', '.join(sorted(value - common)) or 'none'}"
                            for node, value in zip(self.nodes, values, strict=True)
                        )
                        found.append(f"the {key} of {channel}: {told}")
        finally:
            self._let_change(True)
        return found

    async def unserved(self) -> list[str]:
        """What services at the edge do not do, if there are any."""
        if self.services is None:
            return []
        return await self.services.check([self.on(node) for node in self.nodes])

    @property
    def connections(self) -> int:
        """How many there have been between servers."""
        return sum(link.proxy.connections for link in self.links)

    def memory(self) -> dict[str, tuple[int, int, int]]:
        """The process of each server, its resident memory, and so much of that as may be caches, in KiB."""
        return {node.name: (node.pid, node.memory(), node.cached()) for node in self.nodes}

    def trouble(self) -> list[str]:
        """What must not happen to people, since the last look."""
        found: list[str] = []
        for person in self.people:
            found += person.trouble
            person.trouble = []
        return found

    def close(self) -> None:
        """End everything."""
        self.crowd.close()
        for loop in (self._talk, self._change):
            if loop.running:
                loop.stop()
        if self.services is not None:
            self.services.close()
        for node in self.nodes:
            node.stop()

    def _let_change(self, may: bool) -> None:
        if may and not self._calm:
            self._change.start(self._interval * 3)
        elif self._change.running:
            self._change.stop()

    def on(self, node: Node) -> Person:
        """Somebody on a server."""
        return next(person for person in self.people if person.node is node and person.oper)

    def _all_talk(self) -> None:
        for person in self.people:
            person.talk(self._dice)
        if self.persons is not None:
            self.persons.talk(self._dice)

    def _one_changes(self) -> None:
        self._dice.choice(self.people).change(self._dice)


def said(by: Person, to: Person) -> tuple[int, int]:
    """The numbers of the last messages to the channel, and from one to the other."""
    return by.sent[TALK], by.sent[to.nick]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, below those that the system gives to connections."""
    found: list[int] = []
    with ExitStack() as stack:
        for port in random.Random().sample(range(20000, 32000), 2000):
            try:
                stack.enter_context(create_server((HOST, port)))
            except OSError:
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise Late("there are no free ports")
