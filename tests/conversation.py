"""Conversations over whole nodes in memory: ``ann >> "JOIN #c"``, then ``bob << ":ann!~ann@h JOIN #c"``.

A :class:`House` is a node with all its observers and commands, a clock that a test sets, and clients whose
lines are taken down.  Nothing here knows a reactor or real time.
"""

from __future__ import annotations

import fnmatch
import heapq
import itertools
from collections.abc import Callable, Coroutine, Generator
from email import message_from_string
from functools import partial
from typing import Any

from numerics_seen import note_numerics

from chatnet.history.histserv import Exports
from chatnet.links.dialling.attempts import Connect
from chatnet.model.entities import User
from chatnet.node import Node
from chatnet.services.credentials import verifiers
from chatnet.services.hashes import Busy
from chatnet.services.mailing import Unsent
from chatnet.session.blocklists import Replies
from chatnet.session.outlet import Outlet, Turn
from chatnet.session.passwords import Queue, Verdict
from chatnet.session.peer import Peer
from chatnet.session.session import Session
from chatnet.settings import Settings
from chatnet.settings.processes import Process
from chatnet.storage.interfaces import Store
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.persons.interfaces import Persons as KeptPersons
from chatnet.wiring.build import Parts, build, unconnected

START = 1_700_000_000.0
NAME = "irc.test"


class ManualTimer:
    """A request of :meth:`ManualClock.later`."""

    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """A clock that stands still until :meth:`advance`; its time of day is wrong by `off` seconds."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.off = 0.0
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, ManualTimer, Callable[[], object]]] = []

    def time(self) -> float:
        return START + self.elapsed + self.off

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed

    def later(self, seconds: float, function: Callable[[], object]) -> ManualTimer:
        timer = ManualTimer()
        heapq.heappush(self._waiting, (self.elapsed + seconds, next(self._order), timer, function))
        return timer

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass; everything asked for meanwhile happens at its time."""
        end = self.elapsed + seconds
        while self._waiting and self._waiting[0][0] <= end:
            at, _, timer, function = heapq.heappop(self._waiting)
            self.elapsed = max(self.elapsed, at)
            if not timer.cancelled:
                function()
        self.elapsed = end

    def step(self) -> bool:
        """Do what is due now, but not what comes of it; False if nothing was due."""
        if not self._waiting or self._waiting[0][0] > self.elapsed:
            return False
        due = [each for each in self._waiting if each[0] <= self.elapsed]
        self._waiting = [each for each in self._waiting if each[0] > self.elapsed]
        heapq.heapify(self._waiting)
        for _, _, timer, function in sorted(due, key=lambda each: each[:2]):
            if not timer.cancelled:
                function()
        return True


class ListLog:
    """Keeps what a node logged; a failure is raised at the end of the test by :meth:`House.check`."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failures: list[str] = []

    def info(self, text: str) -> None:
        self.lines.append(text)

    def often(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.lines.append(text)

    def failure(self, text: str) -> None:
        import traceback

        self.failures.append(f"{text}\n{traceback.format_exc()}")


class MemoryOutlet(Outlet):
    """Keeps what was sent, as text lines."""

    def __init__(self, turn: Turn) -> None:
        super().__init__(turn)
        self.lines: list[str] = []
        self.ended: str | None = None  # "closed" or "aborted"
        self.paused = False

    def flush(self) -> None:
        data = b"".join(self.out)
        self.out.clear()
        if self.ended == "aborted" or not data:
            return
        assert data.endswith(b"\r\n"), data
        lines = data.decode("utf-8", "surrogateescape").split("\r\n")[:-1]
        note_numerics(lines)
        self.lines += lines

    def close(self) -> None:
        self.flush()
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False


class Client:
    """One client of a house. ``>>`` sends a line, ``<<`` expects the next one (``*`` matches anything)."""

    def __init__(self, house: House, peer: Peer) -> None:
        self.house = house
        self.outlet = MemoryOutlet(house.turn)
        self.session: Session = house.parts.sessions.open(self.outlet, peer)

    @property
    def user(self) -> User:
        return self.session.user

    def send(self, data: bytes) -> None:
        """Bytes as they are, in one chunk."""
        self.session.receive(data)
        self.house.settle()

    def __rshift__(self, line: str) -> Client:
        self.send(line.encode("utf-8", "surrogateescape") + b"\r\n")
        return self

    def lines(self) -> list[str]:
        """Everything received since the last look; then forgotten."""
        self.house.settle()
        lines, self.outlet.lines = self.outlet.lines, []
        return lines

    def __lshift__(self, pattern: str) -> Client:
        """The next line received matches `pattern`, in which ``*`` stands for anything."""
        self.house.settle()
        assert self.outlet.lines, f"nothing received, expected {pattern!r}"
        line = self.outlet.lines.pop(0)
        assert matches(line, pattern), f"received {line!r}, expected {pattern!r}; then {self.outlet.lines}"
        return self

    def until(self, pattern: str) -> str:
        """Skip lines up to the first that matches, and give it."""
        self.house.settle()
        skipped = []
        while self.outlet.lines:
            line = self.outlet.lines.pop(0)
            if matches(line, pattern):
                return line
            skipped.append(line)
        raise AssertionError(f"no line like {pattern!r} among {skipped}")

    def silent(self) -> None:
        """Nothing was received."""
        assert (got := self.lines()) == [], got

    def numerics(self) -> list[str]:
        """The numerics received since the last look, as their digits."""
        words = [line.split(" ") for line in self.lines()]
        return [w[1] for w in words if len(w) > 1 and w[1].isdigit()]


def matches(line: str, pattern: str) -> bool:
    """True if `pattern`, in which only ``*`` is special, means the whole `line`."""
    escaped = pattern.replace("[", "[[]").replace("?", "[?]")
    return fnmatch.fnmatchcase(line, escaped)


class Pause:
    """What a held coroutine waits for."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class PaperCheck:
    """A password that is looked at at once, or, if the house holds, when it lets go."""

    def __init__(self, house: House, queue: Queue, owner: str, secret: str, given: str) -> None:
        self.house = house
        self.queue = queue
        self.owner = owner
        self.given = given
        self.cancelled = False
        self._secret = secret
        house.checks.append(self)

    def cancel(self) -> None:
        self.cancelled = True

    def __await__(self) -> Generator[Any, Any, Verdict]:
        self.house.verified.append(self._secret)
        yield from self.house.pause().__await__()
        if self.house.busy or self.cancelled:
            return Verdict.BUSY
        return Verdict.RIGHT if self._secret == f"$argon2-test${self.given}" else Verdict.WRONG


class PaperHashes:
    """Hashes at once, or, if the house holds, when it lets go."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.owners: list[str] = []  # for whom something was hashed

    async def make(self, owner: str, password: str) -> str:
        await self._turn(owner)
        return verifiers.make(self.house.node.settings.accounts, password)

    async def check(self, owner: str, form: str, password: str) -> bool:
        await self._turn(owner)
        return verifiers.matches(form, password)

    async def _turn(self, owner: str) -> None:
        self.owners.append(owner)
        await self.house.pause()
        if self.house.busy:
            raise Busy


class PaperPost:
    """Takes down mail, and has it refused while there is a reason."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.sent: list[tuple[str, str]] = []  # to whom, and the whole of it
        self.refusal: Unsent | None = None

    async def __call__(self, to: str, message: str) -> None:
        await self.house.pause()
        if self.refusal is not None:
            raise self.refusal
        self.sent.append((to, message))

    def take(self) -> list[tuple[str, str]]:
        """What was sent since the last look: to whom, and the text."""
        sent, self.sent = self.sent, []
        return [(to, str(message_from_string(text).get_payload())) for to, text in sent]


class PaperControl:
    """Takes down what operators asked of the process."""

    configuration = "chatnet.toml"

    def __init__(self, house: House) -> None:
        self.house = house
        self.asked: list[str] = []
        self.problems: list[str] = []  # what the next rehash finds

    async def rehash(self) -> list[str]:
        self.asked.append("rehash")
        await self.house.pause()
        return self.problems

    def die(self, reason: str) -> None:
        self.asked.append(f"die: {reason}")

    def restart(self, reason: str) -> None:
        self.asked.append(f"restart: {reason}")


class House:
    """A node in memory. `settings` are keyword sections: ``House(limits={"nick": 9})``.

    With a `store` it keeps accounts, with `messages` what is said.  A `process` of a server that has several
    goes by `settings` that are no sections.
    """

    def __init__(
        self,
        clock: ManualClock | None = None,
        connect: Connect = unconnected,
        chance: Callable[[], float] = lambda: 0.5,
        store: Store | None = None,
        messages: MessageStore | None = None,
        exports: Exports | None = None,
        people: KeptPersons | None = None,
        process: Process | None = None,
        settings: Settings | None = None,
        **sections: Any,
    ) -> None:
        sections.setdefault("server", {}).setdefault("name", NAME)
        sections.setdefault("cloak", {}).setdefault("enabled", False)
        sections.setdefault("flood", {}).setdefault("enabled", False)
        self.settings = settings or Settings.model_validate(sections)
        self.clock = clock or ManualClock()
        self.log = ListLog()
        self.turn = Turn(lambda: None)
        self.waiting: list[Coroutine[Any, Any, None]] = []
        self.hold = False  # True: verifying and rehashing take until release()
        self.control = PaperControl(self)
        self.verified: list[str] = []  # hashes that passwords were held against
        self.busy = False  # True: too many passwords wait
        self.checks: list[PaperCheck] = []
        self.hashes = PaperHashes(self)
        self.post = PaperPost(self)
        self.hosts: dict[str, str] = {}
        self.lists: dict[str, Replies | None] = {}  # what block lists answer, by the name that is asked
        self.asked_lists: list[str] = []
        self.certified: set[str] = set()  # host names with a certificate that clients trust
        self.parts: Parts = build(
            self.settings,
            clock=self.clock,
            log=self.log,
            run=self.run,
            turn=self.turn,
            cloak_key=b"a key for tests only",
            passwords=partial(PaperCheck, self),
            host_of=self._host_of,
            lists=self._lists,
            certified=self.certified.__contains__,
            control=self.control,
            connect=connect,
            chance=chance,
            store=store,
            messages=messages,
            hashes=self.hashes,
            send=self.post,
            exports=exports,
            people=people,
            process=process,
        )

    @property
    def node(self) -> Node:
        return self.parts.node

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Drive a coroutine to its end; with `hold`, to where it waits."""
        try:
            coroutine.send(None)
        except StopIteration:
            return
        assert self.hold, "a coroutine waits for something that is not of this test"
        self.waiting.append(coroutine)

    async def pause(self) -> None:
        """Wait for :meth:`release`, if the house holds."""
        if self.hold:
            await Pause()

    def release(self) -> None:
        """Let everything that was held end."""
        self.hold = False
        waiting, self.waiting = self.waiting, []
        for coroutine in waiting:
            self.run(coroutine)

    async def _host_of(self, address: str, timeout: float) -> str | None:
        return self.hosts.get(address)

    async def _lists(self, name: str, seconds: float) -> Replies | None:
        self.asked_lists.append(name)
        await self.pause()
        return self.lists.get(name, Replies((), 0.0))

    def reload(self, **sections: Any) -> None:
        """Use other settings; sections that are not named stay, and so do their keys."""
        tree = self.settings.model_dump(by_alias=True, exclude_unset=True)
        for name, section in sections.items():
            if isinstance(section, dict):
                section = tree.get(name, {}) | section
            tree[name] = section
        self.settings = Settings.model_validate(tree)
        self.node.change_settings(self.settings)

    def settle(self) -> None:
        """End the turn: flush what is queued."""
        while self.turn.dirty:
            self.turn.flush()

    def connect(self, address: str = "192.0.2.1", **peer: Any) -> Client:
        """A connection that has said nothing yet."""
        return Client(self, Peer(address, 40000, "tcp:6667", **peer))

    def client(self, nick: str, *, caps: str = "", address: str = "192.0.2.1", **peer: Any) -> Client:
        """A registered client whose welcome was read away."""
        client = self.connect(address, **peer)
        if caps:
            client >> "CAP LS 302" >> f"CAP REQ :{caps}" >> "CAP END"
        client >> f"NICK {nick}" >> f"USER {nick} 0 * :{nick.title()}"
        assert client.session.registered, client.lines()
        client.lines()
        return client

    def check(self) -> None:
        """The model is sound and nothing failed."""
        assert not self.log.failures, self.log.failures[0]
        self.node.network.check()
