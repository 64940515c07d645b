"""A process of a server that has several, as it sees the one that has started it."""

from __future__ import annotations

import base64
import os
import pickle
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatnet.wiring.config import Loaded
from chatnet.wiring.datafolder import DataFolder, locate
from chatnet.wiring.processes.channel import Channel, Message, Reading, pieces_of
from chatnet.wiring.processes.derived import folder_of, loaded_for, process_of

log = Logger(namespace="chatnet")

TOGETHER = 0.02
"""Seconds for which those who come and go are told the other processes together."""
LOST = "the process that started this one is gone"


class Node(Protocol):
    """The server that this process is."""

    async def rehash(self) -> list[str]:
        """Go by what :attr:`Member.loaded` is now; returns what is wrong with it, if the old one stays."""

    def end(self, reason: str, why: str) -> None:
        """End this process after telling everybody `reason`; the log is told `why`."""

    def notice(self, text: str) -> None:
        """Tell its operators."""

    async def figures(self, accept: str) -> str:
        """Those of ``/metrics``, in the format that is asked for."""

    def hear(self, process: int, counts: Sequence[Sequence[Any]], *, lately: bool) -> None:
        """Connections that another process counts, by address: so many more, or fewer."""

    def forget(self, process: int) -> None:
        """None of that one."""

    def dismiss(self, address: str, why: str) -> None:
        """The newest connection from there is one too many, of all processes together."""

    def spend(self, counted: Sequence[Sequence[Any]]) -> None:
        """What another process has counted of what all may do so often together."""

    def note(self, process: int, notices: Sequence[Sequence[Any]]) -> None:
        """What another process has told its operators."""

    def stand_in(self, process: int, endpoint: str, listening: socket.socket) -> None:
        """Let those in who come to a socket of another process, which is away."""

    def stand_down(self, process: int) -> None:
        """That one is back."""


def packed(loaded: Loaded) -> str:
    """A configuration as it is told to a process, with its secrets."""
    return base64.b64encode(pickle.dumps(loaded)).decode("ascii")


class Member:
    """What this process is told at its start, which is waited for, and later.

    `handed` are the sockets of ports that were opened for it, by their endpoints.  EOFError is raised if
    nobody tells it anything.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.handed: dict[str, socket.socket] = {}
        reading = Reading(connection)
        connection.setblocking(True)
        while True:
            found = reading.next()
            if found is None:
                raise EOFError
            message, descriptors = found
            if message["do"] == "start":
                break
            self._take_port(message, descriptors)
        self.number = int(message["number"])
        self._secret = str(message["secret"])
        self._began = float(message["began"])
        (self._lock,) = descriptors  # as long as this process lives, nobody else has the data folder
        self._take(message)
        self._channel: Channel | None = None
        self._asked: list[Deferred[list[str]]] = []
        self._waiting: dict[str, list[tuple[Any, ...]]] = {}
        self._gathering: list[Deferred[dict[int, str]]] = []

    def _take(self, message: Message) -> None:
        loaded: Loaded = pickle.loads(base64.b64decode(message["loaded"]))
        self._data = locate(loaded)
        self.loaded = loaded_for(loaded, self.number, self._data, self._secret)
        self.process = process_of(loaded.settings, self.number, self._began)

    def _take_port(self, message: Message, descriptors: Sequence[int]) -> None:
        (descriptor,) = descriptors
        self._drop(str(message["endpoint"]))
        self.handed[message["endpoint"]] = socket.socket(fileno=descriptor)

    def _drop(self, endpoint: str) -> None:
        if (unused := self.handed.pop(endpoint, None)) is not None:
            unused.close()

    def folder(self) -> DataFolder:
        """What this process keeps for itself."""
        if self.number == 1:
            return DataFolder(self._data, lock=self._lock)
        return DataFolder(folder_of(self._data, self.number), common=self._data)

    # what it says

    def failed(self, why: str) -> None:
        """This process cannot start: the one that has started it tells why."""
        for piece in pieces_of({"is": "failed", "why": why}):
            with suppress(OSError):  # that one is gone
                self._connection.send(piece)

    def begin(self, reactor: Any, node: Node) -> None:
        """Hear what is said from now on, and say that this process is ready."""

        def heard(message: Message, descriptors: Sequence[int]) -> None:
            self._heard(node, message, descriptors)

        def lost() -> None:
            for asked in self._asked:
                asked.callback([LOST])
            self._asked.clear()
            for gathered in self._gathering:
                gathered.callback({})
            self._gathering.clear()
            node.end("The server is shutting down", LOST)

        self._channel = Channel(reactor, self._connection, heard, lost)
        self._reactor = reactor
        self._say({"is": "ready"})
        for what in list(self._waiting):
            self._tell(what)

    def _say(self, message: Message) -> None:
        if self._channel is not None:
            self._channel.say(message)

    def counted(self, address: str, step: int) -> None:
        """A connection from there came (1), or is gone (-1), which the others are to count as well."""
        self._soon("counted", (address, step))

    def spent(self, name: str, key: str, step: float) -> None:
        """Somebody has done so much of what they may do so often, whichever process they do it in."""
        self._soon("spent", (name, key, step))

    def noticed(self, letter: str, text: str, public: str | None, at: float) -> None:
        """Operators here were told something, which those on the others are to read as well."""
        self._soon("noticed", (letter, text, public, at))

    def _soon(self, what: str, told: tuple[Any, ...]) -> None:
        """Tell it in a moment, with what else there is of its kind."""
        waiting = self._waiting.setdefault(what, [])
        if not waiting and self._channel is not None:
            self._reactor.callLater(TOGETHER, self._tell, what)
        waiting.append(told)

    def _tell(self, what: str) -> None:
        if told := self._waiting.pop(what, None):
            self._say({"is": what, "of": told})

    async def rehash(self) -> list[str]:
        """Have all processes read the configuration again; returns what is wrong with it."""
        answer: Deferred[list[str]] = Deferred()
        self._asked.append(answer)
        self._say({"is": "rehash"})
        return await answer

    async def gather(self, accept: str) -> dict[int, str]:
        """The figures of all processes, by their numbers."""
        answer: Deferred[dict[int, str]] = Deferred()
        self._gathering.append(answer)
        self._say({"is": "gather", "accept": accept})
        return await answer

    def die(self, reason: str, *, restart: bool = False) -> None:
        """Have all processes end, and start anew."""
        self._tell("noticed")
        self._say({"is": "restart" if restart else "die", "reason": reason})

    # what it hears

    def _heard(self, node: Node, message: Message, descriptors: Sequence[int]) -> None:
        match message["do"]:
            case "port":
                self._take_port(message, descriptors)
            case "reload":
                self._take(message)
                Deferred.fromCoroutine(self._reload(node))
            case "rehashed":
                if self._asked:
                    self._asked.pop(0).callback(list(message["problems"]))
            case "tell":
                node.notice(str(message["text"]))
            case "figures":
                Deferred.fromCoroutine(self._tell_figures(node, message))
            case "gathered":
                if self._gathering:
                    found = {int(process): str(text) for process, text in message["texts"].items()}
                    self._gathering.pop(0).callback(found)
            case "count":
                node.hear(int(message["for"]), message["of"], lately=bool(message["lately"]))
            case "forget":
                node.forget(int(message["for"]))
            case "dismiss":
                node.dismiss(str(message["address"]), str(message["why"]))
            case "spend":
                node.spend(message["of"])
            case "note":
                node.note(int(message["for"]), message["of"])
            case "stand in":
                (descriptor,) = descriptors
                listening = socket.socket(fileno=descriptor)
                node.stand_in(int(message["for"]), str(message["endpoint"]), listening)
            case "stand down":
                node.stand_down(int(message["for"]))
            case "stop":
                node.end(str(message["reason"]), str(message["why"]))

    async def _tell_figures(self, node: Node, message: Message) -> None:
        try:
            text = await node.figures(str(message["accept"]))
        except Exception:  # who asked waits for an answer
            log.failure("Figures could not be told")
            text = ""
        self._say({"is": "figures", "id": message["id"], "text": text})

    async def _reload(self, node: Node) -> None:
        try:
            problems = await node.rehash()
        except Exception:  # who asked waits for an answer
            log.failure("The configuration could not be used")
            problems = ["it could not be used, and the log says why"]
        for endpoint in list(self.handed):  # those that were open already
            self._drop(endpoint)
        self._say({"is": "reloaded", "problems": problems})

    def close(self) -> None:
        """Nothing more is heard."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None


def member_at(descriptor: str) -> Member:
    """The one whose channel has that descriptor; ValueError or OSError if it is none."""
    number = int(descriptor)
    os.set_inheritable(number, False)
    return Member(socket.socket(fileno=number))
