"""A neighbour of one server that asks each what it remembers of a channel, as servers ask each other."""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver

from fault_run.nodes import PASSWORD, REMEMBERED, Guest, Node
from fault_run.proxy import HOST
from fault_run.waiting import within

PROBE_NAME = "probe.faults.local"
PROBE_SID = "9PP"
CAPAB = "BAN CHW EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS RSFNC SAVE SERVICES STAG TB CN1 CNHIST"
UID = f"{PROBE_SID}AAAAAA"
_MESSAGE = re.compile(r"(?:@\S+ )?:([^ !]+)\S* PRIVMSG \S+ :n (\d+) ")


def guest(port: int) -> Guest:
    """The probe, as the server knows it that it links to."""
    return Guest(PROBE_NAME, PROBE_SID, "leaf", port)


Heard = Counter[tuple[str, int]]
"""How often a server remembers a message, by its sender and its number."""


class Probe(LineOnlyReceiver):
    """The connection; somebody of this server is in the channel, so that it may ask about it."""

    MAX_LENGTH = 65536

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._numbers = itertools.count(1)
        self._answers: dict[str, tuple[Heard, Deferred[Heard]]] = {}

    def connectionMade(self) -> None:
        now = int(time.time())
        self.say(
            f"PASS {PASSWORD} TS 6 :{PROBE_SID}",
            f"CAPAB :{CAPAB}",
            f"SERVER {PROBE_NAME} 1 :Asks what is remembered",
            f"SVINFO 6 6 0 :{now}",
            f":{PROBE_SID} EUID probe 1 {now} + probe probe.local 0 {UID} * * :probe",
            f":{PROBE_SID} SJOIN {now} {self._channel} + :{UID}",
            f"PING :{PROBE_SID}",
        )

    def say(self, *lines: str) -> None:
        """Send lines."""
        assert self.transport is not None
        self.transport.write("".join(line + "\r\n" for line in lines).encode())

    def lineReceived(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        words = text.split(" ", 5)
        if words[0] == "PING":
            self.say(f":{PROBE_SID} PONG {PROBE_NAME} {words[1]}")
        elif words[1:2] == ["PING"]:
            self.say(f":{PROBE_SID} PONG {PROBE_NAME} :{words[0][1:]}")
        elif words[1:2] == ["CNHIST"]:
            self.say(f":{PROBE_SID} CNHR {words[2]} {words[0][1:]} NO")
        elif words[1:2] == ["CNHR"] and words[2] in self._answers:
            self._heard(words)

    def _heard(self, words: list[str]) -> None:
        heard, answer = self._answers[words[2]]
        if words[4].removeprefix(":") in ("END", "NO"):
            del self._answers[words[2]]
            answer.callback(heard)
        elif found := _MESSAGE.match(words[5][1:]):
            heard[found[1], int(found[2])] += 1

    def ask(self, node: Node, since: float) -> Deferred[Heard]:
        """What `node` remembers of the channel since a Unix time."""
        number = str(next(self._numbers))
        answer: Deferred[Heard] = Deferred()
        self._answers[number] = (Counter(), answer)
        start, end = (datetime.fromtimestamp(at, UTC).isoformat() for at in (since, time.time()))
        what = f"{self._channel} timestamp={start} {REMEMBERED} {end} none"
        self.say(f":{PROBE_SID} CNHIST {number} {node.sid} latest {what}")
        return answer


class ProbeFactory(Factory):
    """Makes the connection."""

    def __init__(self, channel: str) -> None:
        self._channel = channel

    def buildProtocol(self, addr: IAddress | None) -> Probe:
        return Probe(self._channel)


async def remembered(
    reactor: Any, at: Node, port: int, channel: str, nodes: list[Node], since: float
) -> dict[Node, Heard]:
    """What each server remembers of a channel since a Unix time; asked through a link to `at`."""
    probe = await TCP4ClientEndpoint(reactor, HOST, port).connect(ProbeFactory(channel))
    assert isinstance(probe, Probe)
    try:
        return {
            node: await within(reactor, probe.ask(node, since), 10.0, f"what {node.name} remembers")
            for node in nodes
        }
    finally:
        probe.say(f"SQUIT {at.sid} :That is all")
        assert probe.transport is not None
        probe.transport.loseConnection()
