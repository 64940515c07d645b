"""People who are always on, with a device on each server: each is one user, wherever servers are lost.

They talk in a channel and to each other, from all of their devices.  After a fault all servers have to tell
the same of them, all devices to be theirs, nobody to have read that they went or came, and each device to
find all that was said by reading back.
"""

from __future__ import annotations

import itertools
import random
import re
import time
from base64 import b64encode
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from fault_run.checker import Checker
from fault_run.nodes import Node
from fault_run.people import Person
from fault_run.waiting import Late, Patience, pause

MEETING = "#persons"
"""Where they talk, and the others read along."""
WORD = "the-password-of-people"
CAPS = "sasl batch message-tags server-time echo-message draft/chathistory"
SETTLED = 45.0
"""Seconds after which they are one again, and everything is stored everywhere."""
PAGE = 100
_SAID = re.compile(r"(?:@\S+ )?:([^ !]+)\S* PRIVMSG (\S+) :m (\S+)")
_TAG = re.compile(r"[@;]([^=; ]+)=([^; ]*)")

Message = tuple[str, str]
"""Where it was said (the channel, or the names of the two), and what: by which device, and its number."""


def where(by: str, target: str) -> str:
    """The place of what somebody says to a channel, or to somebody else."""
    return target if target == MEETING else " ".join(sorted((by, target)))


class Device(Person):
    """A device of the person `nick`, at a node; it comes back by itself.

    It has `read` these messages, and `confirmed` are those of its own that its server has echoed.
    """

    def __init__(self, reactor: Any, node: Node, nick: str, folder: Path | None) -> None:
        log = None if folder is None else folder / f"{nick}-{node.short}.read"
        super().__init__(reactor, node, nick, Checker(), channels=(MEETING,), log=log)
        self.read: set[Message] = set()
        self.confirmed: set[Message] = set()
        self.checks: set[str] = set()
        self._said = itertools.count(1)
        self._refused = False
        self._tagged: list[str] | None = None  # what is read now, with its tags

    @property
    def name(self) -> str:
        """Which of all devices it is."""
        return f"{self.nick}@{self.node.short}"

    async def register(self) -> None:
        """Register the account; with it comes somebody who stays."""
        await super().connect()
        await self.ask(f"PRIVMSG NickServ :REGISTER {WORD}")
        self.expects_end = True
        self.here = False
        self.say("QUIT")

    async def connect(self) -> None:
        """Log in, and be one more device, as soon as the server lets it."""
        patience = Patience(SETTLED, self._reactor.seconds)
        while not patience.over():
            await self._open()
            self.expects_end, self._refused = True, False  # it may be told to come again
            proof = b64encode(f"\0{self.nick}\0{WORD}".encode()).decode()
            self.say(f"CAP REQ :{CAPS}", "AUTHENTICATE PLAIN", f"AUTHENTICATE {proof}")
            self.say(f"NICK {self.nick}", f"USER {self.nick} 0 * :{self.nick}", "CAP END")
            try:
                lines = await self.ask(f"JOIN {MEETING}")
            except (ConnectionError, Late):
                lines = []
            if self.wire is not None and not self._refused and any(" 001 " in line for line in lines):
                self.expects_end, self.here = False, True
                return
            self.drop()
            await pause(self._reactor, 0.5)
        raise Late(f"waited in vain for {self.name} to be let in")

    def drop(self) -> None:
        """End the connection."""
        self.expects_end = True
        if self.wire is not None and self.wire.transport is not None:
            self.wire.transport.loseConnection()

    def speak(self, target: str) -> None:
        """Say the next number."""
        if self.here:
            self.say(f"PRIVMSG {target} :m {self.name}/{next(self._said)}")

    def reads(self, line: str) -> None:
        if self._tagged is not None:
            self._tagged.append(line)
        words = line.split(" ", 3)
        self._refused |= any(code in words[:3] for code in ("904", "433"))
        if (said := _SAID.match(line)) is not None and "batch=" not in words[0]:
            message = where(said[1], said[2]), said[3]
            self.read.add(message)
            if said[3].startswith(self.name + "/"):
                self.confirmed.add(message)
        elif " :check " in line:
            self.checks.add(line.rpartition(" :check ")[2])
        super().reads(line.partition(" ")[2] if line[:1] == "@" else line)

    async def past(self, target: str, since: float) -> set[Message]:
        """What its server tells that was said there since a Unix time."""
        found: set[Message] = set()
        point = "*"
        begin = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        while True:
            how = "LATEST" if point == "*" else "BEFORE"
            self._tagged = []
            await self.ask(f"CHATHISTORY {how} {target} {point} {PAGE}")
            page, self._tagged = self._tagged, None
            told = [line for line in page if line.startswith("@batch=") and _SAID.match(line)]
            for line in told:
                said = _SAID.match(line)
                assert said is not None
                found.add((where(said[1], said[2]), said[3]))
            tags = dict(_TAG.findall(told[0].partition(" ")[0])) if told else {}
            if not tags or tags["time"] < begin:
                return found
            point = f"msgid={tags['msgid']}"


class Persons:
    """All of them; `witnesses` are the people beside them, who read along in the channel."""

    def __init__(
        self,
        reactor: Any,
        nodes: Sequence[Node],
        number: int,
        witnesses: Sequence[Person],
        folder: Path | None = None,
    ) -> None:
        self._reactor = reactor
        self._nodes = nodes
        self._witnesses = witnesses
        self.names = [f"person{count}" for count in range(1, number + 1)]
        self.devices = [Device(reactor, node, name, folder) for name in self.names for node in nodes]
        self._tokens = itertools.count(1)
        self._known: set[Message] = set()
        self._wanted: set[Message] = set()
        self._doubtful: set[Message] = set()
        self._looked = self._since = time.time()
        """When what is wanted was last looked at, and when it was in the fault before."""
        for witness in witnesses:
            witness.channels += (MEETING,)
            witness.watched = frozenset(self.names)

    async def start(self) -> None:
        """Register them at the first server, and connect all devices."""
        for device in self.devices:
            if device.node is self._nodes[0]:
                await device.register()
        if found := await self._until_none(self._unlike):
            raise Late("; ".join(found))
        await self.come_back(self.devices)
        for witness in self._witnesses:
            witness.moves.clear()

    async def come_back(self, devices: Sequence[Device]) -> None:
        """Connect devices."""
        await gatherResults([Deferred.fromCoroutine(device.connect()) for device in devices])

    def on(self, node: Node) -> list[Device]:
        """The devices at a server."""
        return [device for device in self.devices if device.node is node]

    def talk(self, dice: random.Random) -> None:
        """One of them says something from one of their devices."""
        device = dice.choice(self.devices)
        device.speak(MEETING)
        device.speak(dice.choice([name for name in self.names if name != device.nick]))

    async def broken(self, since: float, mute: Collection[Node]) -> list[str]:
        """What is not as promised, since a Unix time; of the servers `mute` people lost their connections."""
        lost = [device for device in self.devices if device.wire is None]
        await self.come_back(lost)
        found = [
            f"{witness.nick} reads {line}"
            for witness in self._witnesses
            if witness.node not in mute
            for line in witness.moves
        ]
        for witness in self._witnesses:
            witness.moves.clear()
        for device in self.devices:
            found += device.trouble
            device.trouble = []
        for check in (self._unlike, self._apart, lambda: self._forgotten(since, mute)):
            found += await self._until_none(check)
        self.looked()
        return found[:8]

    def looked(self) -> None:
        """What is missing is told once."""
        self._known |= self._wanted | self._doubtful
        self._since = self._looked

    async def _until_none(self, check: Callable[[], Any]) -> list[str]:
        patience = Patience(SETTLED, self._reactor.seconds)
        while True:
            try:
                found: list[str] = await check()
            except (ConnectionError, Late) as error:
                found = [str(error)]
                await self.come_back([device for device in self.devices if device.wire is None])
            if not found or patience.over():
                return found
            await pause(self._reactor, 1.0)

    async def _unlike(self) -> list[str]:
        """What servers tell differently of who somebody is, and where."""
        tellers = {node: next(each for each in self._witnesses if each.node is node) for node in self._nodes}
        known: dict[str, set[str]] = {}
        for node, teller in tellers.items():
            lines = await teller.ask(f"ISON {' '.join(self.names)}")
            here = " ".join(line for line in lines if " 303 " in line)
            for name in self.names:
                if name not in here.rpartition(" :")[2].split():
                    return [f"{node.name} does not know {name}"]
                lines = await teller.ask(f"WHOIS {name}")
                told = [
                    line.split(" ", 3)[3] for line in lines if line.split(" ")[1] in ("311", "312", "330")
                ]
                known.setdefault(name, set()).add(" | ".join(told))
            members = (await teller.describe(MEETING))["members"]
            known.setdefault(MEETING, set()).add(" ".join(sorted(members)))
        return [f"{what} is told in {len(told)} ways: {' and '.join(sorted(told))}"
                for what, told in known.items() if len(told) > 1]  # fmt: skip

    async def _apart(self) -> list[str]:
        """Which devices do not hear each other."""
        tokens = {device: f"{device.name}/{next(self._tokens)}" for device in self.devices}
        for device, token in tokens.items():
            device.say(f"PRIVMSG {device.nick} :check {token}")
        await pause(self._reactor, 1.0)
        await gatherResults([device.ask() for device in self.devices])
        return [
            f"{device.name} does not hear {other.name}"
            for device in self.devices
            for other in self.devices
            if device.nick == other.nick and tokens[other] not in device.checks
        ]

    async def _forgotten(self, since: float, mute: Collection[Node]) -> list[str]:
        """What a device does not find that its person said, or was told.

        What a server that was killed had confirmed last, perhaps nobody has heard: then it is not asked for
        in later faults either.
        """
        heard = {message for device in self.devices for message in device.read - device.confirmed}
        sure = {
            message
            for device in self.devices
            for message in device.confirmed
            if device.node not in mute or message in heard
        }
        wanted = self._wanted = sure - self._known
        self._doubtful = {message for device in self.devices for message in device.confirmed} - sure
        # What was said after the last look is wanted as well, and may be older than this fault.
        since = min(since, self._since) - 5.0
        self._looked = time.time()
        found = []
        for device in self.devices:
            theirs = {each for each in wanted if each[0] == MEETING or device.nick in each[0].split()}
            told = await device.past(MEETING, since)
            for other in self.names:
                told |= await device.past(other, since) if other != device.nick else set()
            if missing := theirs - told:
                found.append(f"{device.name} finds {len(missing)} messages not, {min(missing)} among them")
        return found
