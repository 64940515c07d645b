"""The scenarios: what the clients do, what is counted, and whether everything arrived."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass, field

from bench_load import neighbour
from bench_load.generator import CLOSED, ECHO, PAUSE, Connection, Generator, Run, Scenario, Stalled, text
from bench_load.server import Server

AT_ONCE = 200  # connections being registered at the same time
TIMED = 100  # clients that look at the clock when they hear something: the others have enough to do
FINEST = 0.001  # seconds: less cannot be waited for
BETWEEN_PINGS = 0.02  # seconds, of a bystander


@dataclass
class Result:
    """One run of one scenario: `figures` by name, and what went wrong."""

    figures: dict[str, float] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)


SIZES = {
    "burst": 500,
    "single": 500,
    "single-tls": 500,
    "burst-tls": 500,
    "channels": 2000,
    "dm": 200,
    "churn": 100,
    "connect": 5000,
    "connect-tls": 5000,
    "burst-linked": 500,
    "single-linked": 500,
    "link": 20_000,
}
"""How many clients each scenario has, unless it is told otherwise; in ``link`` users of a neighbour."""


@dataclass(frozen=True)
class Options:
    seconds: float
    tls: bool
    scale: float
    """Multiplies the number of clients: below 1 for a quick look."""
    clients: int = 0
    """So many clients instead; 0: as many as each scenario has."""
    caps: tuple[str, ...] = ()
    """Capabilities that every client asks for."""
    settle: float = 0.3
    """Seconds for which JOINs are waited for, once everybody is in: several processes need more."""
    rate: float = 0.0
    """Messages a second, whatever comes back; 0: as many as may be under way."""

    def size(self, scenario: str) -> int:
        """How many clients that scenario is to have."""
        return self.clients or int(SIZES.get(scenario, 0) * self.scale)


class Crowd(Scenario):
    """Clients who register and, if they are to, join."""

    def __init__(self, server: Server, options: Options, size: int) -> None:
        self.server = server
        self.options = options
        self.generator = Generator(server.address(options.tls), options.tls, self, options.caps)
        self.clients = [Connection(number) for number in range(size)]
        self.registrations = 0
        self.joins = 0
        self.times: list[float] = []
        """How long something took, in seconds: what, the scenario says."""

    def registered(self, connection: Connection) -> None:
        self.registrations += 1

    def joined(self, connection: Connection) -> None:
        self.joins += 1

    def register(self) -> None:
        """Connect and register everybody, AT_ONCE at a time."""
        todo = iter(self.clients)
        opened = 0

        def done() -> bool:
            nonlocal opened
            while opened < len(self.clients) and opened - self.registrations < AT_ONCE:
                self.generator.open(next(todo))
                opened += 1
            return self.registrations + len(self.generator.trouble) >= len(self.clients)

        self.generator.run_until(done)

    def join(self, channel_of: list[bytes]) -> None:
        """Client number n joins `channel_of[n]`, a few at a time."""
        begun = 0

        def done() -> bool:
            nonlocal begun
            while begun < len(self.clients) and begun - self.joins < 16:
                self.generator.send(self.clients[begun], b"JOIN %b\r\n" % channel_of[begun])
                begun += 1
            return self.joins >= len(self.clients) or bool(self.generator.trouble)

        self.generator.run_until(done)
        self.generator.run_for(self.options.settle)  # the last JOIN lines

    def run(self) -> Result:
        """Measure; whatever happens, close."""
        result = Result()
        try:
            self.measure(result)
        except Stalled:
            result.trouble.append("nothing came for a long time")
        finally:
            self.generator.close()
        result.trouble.extend(self.generator.trouble)
        if len(self.times) > 1:
            cuts = statistics.quantiles(self.times, n=100)
            result.figures["latency"], result.figures["latency99"] = cuts[49] * 1e3, cuts[98] * 1e3
        return result

    def measure(self, result: Result) -> None:
        raise NotImplementedError


class Conversation:
    """A channel or a pair: `speakers` take turns, `window` messages are under way at most.

    `sent` are the times at which each speaker said, or was to say, what it said.
    """

    __slots__ = ("due", "receivers", "sent", "speakers", "targets", "turn", "window")

    def __init__(self, speakers: list[Connection], targets: list[bytes], receivers: int, window: int) -> None:
        self.speakers = speakers
        self.targets = targets
        """Where the speaker of the same index writes to."""
        self.receivers = receivers
        self.window = window
        self.due = 0
        """Deliveries that are to come."""
        self.turn = 0
        self.sent: list[list[float]] = [[] for _ in speakers]

    def speak(self, generator: Generator) -> int:
        """Say as much as the window lets; the number of deliveries that will follow."""
        before = self.due
        while self.due + self.receivers <= self.window * self.receivers:
            self.say(generator, time.monotonic())
        return self.due - before

    def say(self, generator: Generator, now: float) -> int:
        """Say one message, whose time is `now`; the number of deliveries that will follow."""
        index = self.turn % len(self.speakers)
        self.turn += 1
        self.sent[index].append(now)
        speaker = self.speakers[index]
        line = b"PRIVMSG %b :%b\r\n" % (self.targets[index], text(speaker.number, len(self.sent[index])))
        generator.send(speaker, line)
        self.due += self.receivers
        return self.receivers


class Talk(Crowd):
    """Conversations: a message that arrived everywhere makes room for the next, or each comes at its time.

    A latency is the time between a message and its arrival at one of the receivers. Where messages have their
    times it is counted from then, whether they could be said or not.
    """

    def __init__(self, server: Server, options: Options, size: int, groups: int) -> None:
        super().__init__(server, options, size)
        self.groups = groups
        self.of_client: list[Conversation] = []
        self.conversations: list[Conversation] = []
        self.delivered = 0
        self.touched: set[Conversation] = set()
        self.turn = 0
        self.sent: dict[int, list[float]] = {}
        """By the number of the sender."""
        self.every = max(size // TIMED, 1)
        self.bystander = Connection(size + 1)
        """Who takes no part, and sends PING all the time."""
        self.pinged = 0.0
        """When the last PING was sent; 0 if it was answered."""
        self.pings: list[float] = []
        """How long answers took, in seconds."""
        self.spent_before = 0.0
        self.spends: list[float] = []
        """CPU seconds of the server meanwhile: what an answer takes where it has a CPU for itself."""
        self.next_ping = 0.0

    def answered(self, connection: Connection) -> None:
        if connection is self.bystander and self.pinged:
            self.pings.append(time.monotonic() - self.pinged)
            self.spends.append(self.server.cpu() - self.spent_before)
            self.pinged = 0.0

    def ping(self, now: float) -> None:
        """Have the bystander ask, if the last answer is there and the time has come."""
        if not self.pinged and now >= self.next_ping:
            self.pinged, self.next_ping = now, now + BETWEEN_PINGS
            self.spent_before = self.server.cpu()
            self.generator.send(self.bystander, b"PING now\r\n")

    def messages(self, connection: Connection, runs: list[Run], count: int) -> None:
        heard = connection.heard
        for sender, first, last in runs:
            before = heard.get(sender, -1)
            if before + 1 != first:
                after = f"after {before}" if sender in heard else "though they share no channel"
                self.generator.trouble.append(f"{connection.number} heard {first} of {sender} {after}")
            heard[sender] = last
        if connection.number % self.every == 0 and not self.generator.trouble:
            now = time.monotonic()
            self.times += [now - self.sent[sender][last - 1] for sender, _, last in runs]
        self.delivered += count
        conversation = self.of_client[connection.number]
        conversation.due -= count
        self.touched.add(conversation)

    def prepare(self) -> None:
        """Make the conversations; every client belongs to one."""
        raise NotImplementedError

    def measure(self, result: Result) -> None:
        self.register()
        self.prepare()
        others = self.registrations
        self.generator.open(self.bystander)
        self.generator.run_until(lambda: self.registrations > others or bool(self.generator.trouble))
        echo = self.echo()
        for conversation in self.conversations:
            conversation.receivers += echo
            for speaker, sent in zip(conversation.speakers, conversation.sent, strict=True):
                self.sent[speaker.number] = sent
            numbers = [speaker.number for speaker in conversation.speakers]
            for client in self.clients:
                if self.of_client[client.number] is conversation:
                    client.heard = {number: 0 for number in numbers if echo or number != client.number}
        gc.collect()
        gc.freeze()
        expected = 0
        beside = self.server.database_cpu()
        cpu, own, start = self.server.cpu(), time.process_time(), time.monotonic()
        end = start + self.options.seconds
        self.touched.update(self.conversations)

        def done() -> bool:
            nonlocal expected
            now = time.monotonic()
            if now < end and not self.generator.trouble:
                self.ping(now)
                expected += self.say_what_is_due(start, now) if self.options.rate else self.say_what_may_be()
                return False
            self.generator.pause = PAUSE
            return self.delivered >= expected or bool(self.generator.trouble)

        try:
            self.generator.run_until(done)
        except Stalled:
            result.trouble.append(f"{expected - self.delivered} of {expected} deliveries did not come")
        wall = time.monotonic() - start
        result.figures["cpu"] = (self.server.cpu() - cpu) * 1e6 / max(self.delivered, 1)
        if beside:
            spent = self.server.database_cpu() - beside
            result.figures["database"] = spent * 1e6 / max(self.delivered, 1)
        result.figures["rate"] = self.delivered / wall
        result.figures["generator"] = (time.process_time() - own) / wall
        if len(self.pings) > 1:
            cuts = statistics.quantiles(self.pings, n=100)
            result.figures["ping"], result.figures["ping99"] = cuts[49] * 1e3, cuts[98] * 1e3
            result.figures["spent99"] = statistics.quantiles(self.spends, n=100)[98] * 1e3
        self.generator.run_for(0.2)  # whatever comes twice
        wrong = 0
        for conversation in self.conversations:
            for speaker, sent in zip(conversation.speakers, conversation.sent, strict=True):
                for client in self.clients:
                    if self.of_client[client.number] is conversation and (echo or client is not speaker):
                        wrong += client.heard[speaker.number] != len(sent)
        if wrong:
            result.trouble.append(f"{wrong} receivers did not hear everything once")

    def echo(self) -> int:
        """How many of themselves speakers hear: 1 if they have the capability, or 0."""
        return int(ECHO in self.clients[0].caps)

    def say_what_may_be(self) -> int:
        """As much as the windows let; how many deliveries follow."""
        touched, self.touched = self.touched, set()
        return sum(conversation.speak(self.generator) for conversation in touched)

    def say_what_is_due(self, start: float, now: float) -> int:
        """All whose time has come, one conversation after the other; how many deliveries follow."""
        coming = 0
        while (due := start + self.turn / self.options.rate) <= now:
            coming += self.conversations[self.turn % self.groups].say(self.generator, due)
            self.turn += 1
        self.generator.pause = due - now if due - now > FINEST else 0.0
        return coming


class Channels(Talk):
    """Clients spread over channels; in each the first few speak."""

    def __init__(
        self, server: Server, options: Options, size: int, groups: int, speakers: int, window: int
    ) -> None:
        super().__init__(server, options, size, groups)
        self.speakers = speakers
        self.window = window

    def prepare(self) -> None:
        names = [b"#bench%d" % (number % self.groups) for number in range(len(self.clients))]
        self.join(names)
        for group in range(self.groups):
            members = self.clients[group :: self.groups]
            speakers = members[: self.speakers]
            targets = [names[group]] * len(speakers)
            self.conversations.append(Conversation(speakers, targets, len(members) - 1, self.window))
        self.of_client = [self.conversations[number % self.groups] for number in range(len(self.clients))]


class Linked(Channels):
    """The same in one channel, which has one member more behind a link: that server hears all of it."""

    linked = False

    def prepare(self) -> None:
        super().prepare()
        other = Connection(len(self.clients), neighbour.greeting() + neighbour.member(b"#bench0"))
        self.generator.open(other, self.server.link_address)
        self.generator.run_until(lambda: self.linked or bool(self.generator.trouble))
        (conversation,) = self.conversations
        self.clients.append(other)
        self.of_client.append(conversation)
        conversation.receivers += 1

    def answered(self, connection: Connection) -> None:
        self.linked = True
        super().answered(connection)


class Burst(Crowd):
    """A server links, and tells of all its users and channels."""

    def __init__(self, server: Server, options: Options, users: int) -> None:
        super().__init__(server, options, 0)
        self.users = users
        self.told = False

    def measure(self, result: Result) -> None:
        lines = neighbour.burst(self.users)
        other = Connection(0, b"".join([neighbour.greeting(), *lines, neighbour.END]))
        cpu, own, start = self.server.cpu(), time.process_time(), time.monotonic()
        self.generator.open(other, self.server.link_address)
        self.generator.run_until(lambda: self.told or bool(self.generator.trouble))
        wall = time.monotonic() - start
        result.figures["cpu"] = (self.server.cpu() - cpu) * 1e6 / len(lines)
        result.figures["rate"] = len(lines) / wall
        result.figures["generator"] = (time.process_time() - own) / wall

    def answered(self, connection: Connection) -> None:
        self.told = True


class Pairs(Talk):
    """Pairs who answer each other in private, one message under way in each."""

    def prepare(self) -> None:
        for group in range(self.groups):
            pair = self.clients[group :: self.groups]
            self.conversations.append(Conversation(pair, [pair[1].nick, pair[0].nick], 1, 1))
        self.of_client = [self.conversations[number % self.groups] for number in range(len(self.clients))]


class Churn(Crowd):
    """Connect, register, join, speak, quit, and again. A latency is the time that all of it takes."""

    def __init__(self, server: Server, options: Options, size: int, cycles: int) -> None:
        super().__init__(server, options, size)
        self.left = cycles
        self.cycles = 0
        self.alive = 0

    def start(self, connection: Connection) -> None:
        if self.left > 0:
            self.left -= 1
            self.alive += 1
            self.generator.open(connection)

    def registered(self, connection: Connection) -> None:
        self.generator.send(connection, b"JOIN #bench%d\r\n" % (connection.number % 10))

    def joined(self, connection: Connection) -> None:
        message = text(connection.number, 1)
        line = b"PRIVMSG #bench%d :%b\r\nPING spoken\r\n" % (connection.number % 10, message)
        self.generator.send(connection, line)

    def answered(self, connection: Connection) -> None:
        if not connection.closing:
            connection.closing = True
            self.generator.send(connection, b"QUIT :bye\r\n")

    def closed(self, connection: Connection) -> None:
        self.alive -= 1
        self.cycles += connection.closing
        self.times.append(time.monotonic() - connection.begun)
        self.start(connection)

    def measure(self, result: Result) -> None:
        wanted = self.left
        cpu, own, start = self.server.cpu(), time.process_time(), time.monotonic()
        for client in self.clients:
            self.start(client)
        self.generator.run_until(lambda: self.alive == 0)
        wall = time.monotonic() - start
        result.figures["cpu"] = (self.server.cpu() - cpu) * 1e6 / max(self.cycles, 1)
        result.figures["rate"] = self.cycles / wall
        result.figures["generator"] = (time.process_time() - own) / wall
        if self.cycles != wanted:
            result.trouble.append(f"{self.cycles} of {wanted} cycles came to their end")


class Idle(Crowd):
    """Connect, register, and stay. A latency is the time until the welcome has ended."""

    def registered(self, connection: Connection) -> None:
        super().registered(connection)
        self.times.append(time.monotonic() - connection.begun)

    def measure(self, result: Result) -> None:
        memory = self.server.memory()
        cpu, own, start = self.server.cpu(), time.process_time(), time.monotonic()
        self.register()
        wall = time.monotonic() - start
        result.figures["cpu"] = (self.server.cpu() - cpu) * 1e6 / len(self.clients)
        result.figures["rate"] = self.registrations / wall
        result.figures["generator"] = (time.process_time() - own) / wall
        self.generator.run_for(0.5)
        result.figures["memory"] = (self.server.memory() - memory) / 1024 / len(self.clients)
        standing = sum(client.state != CLOSED for client in self.clients)
        if standing != len(self.clients):
            result.trouble.append(f"{standing} of {len(self.clients)} connections stand")


class Start(Crowd):
    """Nothing but the start of the server."""

    def measure(self, result: Result) -> None:
        result.figures["startup"] = self.server.startup


def make(name: str, server: Server, options: Options) -> Crowd:
    """The scenario of that name."""
    plain = name.removesuffix("-tls")
    size = options.size(name)
    if plain in ("burst", "single"):
        return Channels(server, options, max(size, 6), 1, 5, 50 if plain == "burst" else 1)
    if name in ("burst-linked", "single-linked"):
        return Linked(server, options, max(size, 6), 1, 5, 50 if name == "burst-linked" else 1)
    if name == "relay":
        return Linked(server, options, 1, 1, 1, 50)
    if name == "link":
        return Burst(server, options, max(size, 100))
    if name == "channels":
        groups = max(size // 10, 2)
        return Channels(server, options, groups * 10, groups, 10, 1)
    if name == "dm":
        pairs = max(size // 2, 1)
        return Pairs(server, options, pairs * 2, pairs)
    if name == "start":
        return Start(server, options, 0)
    if name == "churn":
        return Churn(server, options, max(size, 2), max(30 * size, 20))
    return Idle(server, options, max(size, 10))


def run(name: str, server: Server, options: Options) -> Result:
    """Measure the scenario of that name."""
    return make(name, server, options).run()


UNITS = {
    "start": "start",
    "burst": "delivery",
    "single": "delivery",
    "single-tls": "delivery",
    "burst-tls": "delivery",
    "channels": "delivery",
    "dm": "delivery",
    "churn": "cycle",
    "connect": "registration",
    "connect-tls": "registration",
    "burst-linked": "delivery",
    "single-linked": "delivery",
    "relay": "message",
    "link": "line",
}
"""Every scenario, and what its CPU time and its rate are counted by."""
LINKED = ("burst-linked", "single-linked", "relay", "link")
"""Those for which a server must let another one link to it."""
TLS = ("start", "single-tls", "burst-tls", "connect-tls")
"""Those for which a server listens for TLS as well."""
RATED = ("burst", "single", "single-tls", "burst-tls", "channels", *LINKED[:3])
"""Those whose messages can come at a given rate."""
