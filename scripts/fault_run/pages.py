"""Somebody who comes to each server and pages through what was said: all servers have to tell the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver

from fault_run.nodes import Node
from fault_run.proxy import HOST
from fault_run.waiting import within

CAPS = "batch message-tags server-time standard-replies draft/chathistory"
PAGE = 100
_MESSAGE = re.compile(r"@(batch=\S+) :([^ !]+)\S* PRIVMSG \S+ :(.*)")
"""One of a page: what is said meanwhile is in no batch."""

Pages = dict[str, str]
"""Messages by their ids: the time, who said it, and what."""
MISSING = "missing"
"""In the place of an id, if the server says that something is missing."""


class Pager(LineOnlyReceiver):
    """The connection."""

    MAX_LENGTH = 65536

    def __init__(self, nick: str) -> None:
        self._nick = nick
        self._lines: list[str] = []
        self._waits: tuple[str, Deferred[list[str]]] | None = None
        self.registered: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        self._send(f"CAP REQ :{CAPS}", f"NICK {self._nick}", "USER pager 0 * :pages", "CAP END")

    def _send(self, *lines: str) -> None:
        assert self.transport is not None
        self.transport.write("".join(line + "\r\n" for line in lines).encode())

    def lineReceived(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        words = text.split(" ")
        if words[0] == "PING":
            self._send(f"PONG {words[1]}")
            return
        if words[1:2] == ["001"] or words[2:3] == ["001"]:
            self.registered.callback(None)
        self._lines.append(text)
        if self._waits is not None and "PONG" in words[:3] and text.endswith(self._waits[0]):
            waits, self._waits = self._waits, None
            lines, self._lines = self._lines, []
            waits[1].callback(lines)

    def ask(self, line: str) -> Deferred[list[str]]:
        """What is read until the server has answered a line."""
        answer: Deferred[list[str]] = Deferred()
        self._waits = f"token{id(answer)}", answer
        self._send(line, f"PING {self._waits[0]}")
        return answer


class PagerFactory(Factory):
    """Makes the connection."""

    def __init__(self, nick: str) -> None:
        self._nick = nick

    def buildProtocol(self, addr: IAddress | None) -> Pager:
        return Pager(self._nick)


async def pages(reactor: Any, node: Node, channel: str, since: float, until: float) -> Pages:
    """All that a server tells of a channel between two Unix times, page by page, the newest first."""
    nick = f"pager{node.short}"
    pager = await TCP4ClientEndpoint(reactor, HOST, node.port).connect(PagerFactory(nick))
    assert isinstance(pager, Pager)
    begin, end = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z") for at in (since, until))
    found: Pages = {}
    try:
        await within(reactor, pager.registered, 10.0, f"{node.name} to welcome {nick}")
        await within(reactor, pager.ask(f"JOIN {channel}"), 10.0, f"{node.name} to let {nick} in")
        where = f"timestamp={end}"
        while True:
            question = f"CHATHISTORY BEFORE {channel} {where} {PAGE}"
            lines = await within(reactor, pager.ask(question), 10.0, f"a page of {node.name}")
            told = [match.groups() for line in lines if (match := _MESSAGE.match(line))]
            tags = [dict(tag.partition("=")[::2] for tag in each[0].split(";")) for each in told]
            for line in lines:
                if " INCOMPLETE " in line or " FAIL " in line:
                    found[MISSING] = line
            for tag, (_, by, text) in zip(tags, told, strict=True):
                if tag["time"] >= begin:
                    found[tag["msgid"]] = f"{tag['time']} {by} {text}"
            if not tags or tags[0]["time"] < begin:
                return found
            where = f"msgid={tags[0]['msgid']}"
    finally:
        if pager.transport is not None:
            pager.transport.write(b"QUIT\r\n")
            pager.transport.loseConnection()
