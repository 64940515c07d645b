"""People on the servers: they talk in numbered messages, change a channel, and read all they are told."""

from __future__ import annotations

import itertools
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from fault_run.checker import Checker
from fault_run.nodes import OPER_PASSWORD, Node
from fault_run.proxy import HOST
from fault_run.waiting import pause, within

TALK = "#faults"
"""Where everybody talks."""
PRIVATE = "private"
"""In the place of a channel: from one to another."""
STATE = "#state"
"""Whose modes, lists, topic and members are changed on all servers at once."""
RELAYED = "#relayed"
"""What is said here is carried to another network."""
MOVES = frozenset({"QUIT", "JOIN", "PART", "NICK", "KICK"})
"""What is not to be read of those who stay."""
FLAGS = "mnst"
"""Modes of STATE that keep nobody out."""
LISTS = {"367": "b", "348": "e", "346": "I"}
"""Numerics that tell of an entry, and the list it is in."""

Description = dict[str, set[str]]
"""What a server says of a channel: its `members` with their prefixes, its `lists`, `modes` and `topic`."""


class Wire(LineOnlyReceiver):
    """The connection of one person."""

    MAX_LENGTH = 65536

    def __init__(self, person: Person) -> None:
        self._person = person

    def connectionMade(self) -> None:
        self.transport.setTcpNoDelay(True)  # type: ignore[union-attr]

    def lineReceived(self, line: bytes) -> None:
        self._person.reads(line.decode(errors="replace"))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._person.lost(self)


class WireFactory(Factory):
    """Makes the connection of one person."""

    def __init__(self, person: Person) -> None:
        self._person = person

    def buildProtocol(self, addr: IAddress | None) -> Wire:
        return Wire(self._person)


class Person:
    """Somebody on `node`, by `nick`, who talks to everybody in TALK and to the `others` one after the other.

    An operator (`oper`) may change STATE always, and see all of it.  Everybody enters their `channels`.
    All that is read is kept in the file `log`, with the time, and so are connections and their ends.
    """

    def __init__(
        self,
        reactor: Any,
        node: Node,
        nick: str,
        checker: Checker,
        oper: bool = False,
        channels: tuple[str, ...] = (TALK, STATE),
        log: Path | None = None,
    ) -> None:
        self._reactor = reactor
        self.node = node
        self.nick = nick
        self.checker = checker
        self.oper = oper
        self.channels = channels
        self.others: list[Person] = []
        self.sent: Counter[str] = Counter()  # by where: TALK, or a nick
        self.trouble: list[str] = []
        self._log = log.open("a", buffering=1, encoding="utf-8", errors="replace") if log else None
        self.wire: Wire | None = None
        self.expects_end = False
        """Whether the connection may be lost: the server is about to be killed."""
        self.here = False
        """Whether it is in the channels."""
        self.away: set[str] = set()
        """Of whom it has read that they are gone."""
        self.watched: frozenset[str] = frozenset()
        """Who is not to go or to come; `moves` are the lines that say so of them nevertheless."""
        self.moves: list[str] = []
        self._numbers = itertools.count()
        self._answers: dict[str, tuple[list[str], Deferred[list[str]]]] = {}
        self._turns = itertools.count()
        self._hopes: list[tuple[re.Pattern[str], Deferred[str]]] = []

    async def connect(self) -> None:
        """Become a user, as soon as the server lets one, and enter the channels."""
        await self._open()
        self.say(
            "CAP REQ :multi-prefix", f"NICK {self.nick}", f"USER {self.nick} 0 * :{self.nick}", "CAP END"
        )
        if self.oper:
            self.say(f"OPER oper {OPER_PASSWORD}")
        await self.ask(*(f"JOIN {channel}" for channel in self.channels))
        self.here = True

    async def _open(self) -> None:
        """Make the connection."""
        endpoint = TCP4ClientEndpoint(self._reactor, HOST, self.node.port, timeout=5)
        while True:
            try:
                wire = await endpoint.connect(WireFactory(self))
                break
            except Exception:
                if not self.node.running:
                    raise SystemExit(f"{self.node.name} did not start: see {self.node.log}") from None
                await pause(self._reactor, 0.05)
        assert isinstance(wire, Wire)
        self._note("--- connected")
        self.wire = wire
        self.expects_end = False
        self.away.clear()

    def say(self, *lines: str) -> None:
        """Send lines to the server."""
        if self.wire is not None and self.wire.transport is not None:
            self.wire.transport.write("".join(line + "\r\n" for line in lines).encode())

    def ask(self, *lines: str) -> Deferred[list[str]]:
        """Send lines; what is read until the server has answered them all."""
        word = f"answer{next(self._numbers)}"
        answer: Deferred[list[str]] = Deferred()
        self._answers[word] = ([], answer)
        self.say(*lines, f"PING {word}")
        return within(self._reactor, answer, 20.0, f"an answer to {lines} for {self.nick}")

    def hears(self, pattern: str) -> Deferred[str]:
        """The next line that it reads in which the regular expression is found."""
        line: Deferred[str] = Deferred()
        self._hopes.append((re.compile(pattern), line))
        return line

    def talk(self, dice: random.Random) -> None:
        """Say the next number to everybody, and the next to one of the others."""
        if not self.here:
            return
        other = self.others[next(self._turns) % len(self.others)].nick
        for where, target in ((TALK, TALK), (other, other)):
            self.sent[where] += 1
            self.say(f"PRIVMSG {target} :n {self.sent[where]} {'x' * dice.randrange(200)}")
        for nick in self.away:
            self.checker.said_to_nobody(self.nick, nick, TALK, self.sent[TALK])
        if other in self.away:
            self.checker.said_to_nobody(self.nick, other, PRIVATE, self.sent[other])

    def change(self, dice: random.Random) -> None:
        """Change something of STATE, or try to."""
        if not self.here:
            return
        nick = dice.choice([self, *self.others]).nick
        mask = f"*!*@{dice.randrange(8)}.example.org"
        sign = dice.choice("+-")
        self.say(
            dice.choice([
                f"MODE {STATE} {sign}{dice.choice(FLAGS)}",
                f"MODE {STATE} {sign}{dice.choice('beI')} {mask}",
                f"MODE {STATE} +l {dice.randrange(50, 99)}" if sign == "+" else f"MODE {STATE} -l",
                f"MODE {STATE} {sign}v {nick}",
                f"MODE {STATE} +o {nick}",
                f"TOPIC {STATE} :about {dice.randrange(100)}",
                f"KICK {STATE} {nick} :out",
            ])
        )  # fmt: skip

    async def describe(self, channel: str) -> Description:
        """What this person's server says of a channel: members, modes, topic, lists."""
        lines = await self.ask(
            f"NAMES {channel}", f"MODE {channel}", f"TOPIC {channel}", *(f"MODE {channel} {x}" for x in "beI")
        )
        members: set[str] = set()
        lists: set[str] = set()
        modes = topic = ""
        for line in lines:
            _, code, *words = line.split(" ")
            if code == "353":
                members.update(line.rpartition(" :")[2].split())
            elif code == "324":
                modes = " ".join([*sorted(words[2]), *words[3:]])
            elif code == "332":
                topic = line.partition(" :")[2]
            elif code in LISTS:
                lists.add(f"{LISTS[code]} {words[2]}")
        return {"members": members, "lists": lists, "modes": {modes}, "topic": {topic}}

    def reads(self, line: str) -> None:
        """One line from the server."""
        self._note(line)
        source, verb, *words = [*line.split(" ", 4), ""]
        for lines, _ in self._answers.values():
            lines.append(line)
        fulfilled = [hope for hope in self._hopes if hope[0].search(line)]
        self._hopes = [hope for hope in self._hopes if hope not in fulfilled and not hope[1].called]
        for _, hope in fulfilled:
            if not hope.called:
                hope.callback(line)
        nick = source[1:].partition("!")[0]
        if nick in self.watched and verb in MOVES:
            self.moves.append(line)
        handler = self._verbs.get(verb)
        if handler is not None:
            handler(self, nick, words, line)
        elif source == "PING":
            self.say(f"PONG {verb}")
        elif source == "ERROR" and not self.expects_end:
            self.trouble.append(f"{self.nick} reads {line}")

    def lost(self, wire: Wire) -> None:
        """The connection is gone."""
        if wire is not self.wire:
            return
        self._note("--- the connection is lost")
        self.wire = None
        self.here = False
        self.checker.came_anew(self.nick)
        if not self.expects_end:
            self.trouble.append(f"{self.nick} was disconnected")
        answers, self._answers = self._answers, {}
        for _, answer in answers.values():
            answer.errback(ConnectionError(f"{self.nick} was disconnected"))

    def _note(self, text: str) -> None:
        if self._log is not None:
            self._log.write(f"{time.time():.3f} {text}\n")

    def _message(self, nick: str, words: list[str], line: str) -> None:
        text = line.split(" :", 1)[1] if " :" in line else ""
        mark, _, rest = text.partition(" ")
        if mark == "n":
            where = TALK if words[0] == TALK else PRIVATE
            self.checker.read(self.nick, nick, where, int(rest.partition(" ")[0]))

    def _quit(self, nick: str, words: list[str], line: str) -> None:
        if any(other.nick == nick for other in self.others):
            self.away.add(nick)
            self.checker.went(self.nick, nick)

    def _join(self, nick: str, words: list[str], line: str) -> None:
        if words[0].removeprefix(":") == TALK:
            self.away.discard(nick)

    def _kick(self, nick: str, words: list[str], line: str) -> None:
        if words[1] == self.nick and words[0] == STATE:
            self.say(f"JOIN {STATE}")

    def _nick(self, nick: str, words: list[str], line: str) -> None:
        self.trouble.append(f"{self.nick} reads {line}")

    def _no_such_nick(self, nick: str, words: list[str], line: str) -> None:
        """401: what was said to that person last may not have arrived."""
        if any(other.nick == words[1] for other in self.others):
            self.checker.told(self.nick, words[1], PRIVATE, self.sent[words[1]])

    def _pong(self, nick: str, words: list[str], line: str) -> None:
        found = self._answers.pop(words[1].removeprefix(":"), None)
        if found is not None:
            found[1].callback(found[0])

    _verbs: ClassVar[Mapping[str, Callable[[Person, str, list[str], str], None]]] = {
        "PRIVMSG": _message,
        "QUIT": _quit,
        "JOIN": _join,
        "KICK": _kick,
        "NICK": _nick,
        "PONG": _pong,
        "401": _no_such_nick,
    }
