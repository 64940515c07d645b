"""A real server, and a neighbour that breaks every rule of how links begin, go on and are confirmed.

Beside it there is another neighbour, which behaves, and loses its connection now and then: whatever the first
one does, that link goes on, and nobody behind it misses a word.
"""

from __future__ import annotations

import os
import random
import re
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from socket import create_connection

import pytest
from daemon_process import DEADLINE, HOST, Daemon, free_port

pytestmark = pytest.mark.daemon

ATTACKS = 60
CAPS = "BAN CHW EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS SAVE SERVICES STAG TB CN1 CNRES CNSTBY"


class Peer:
    """A scripted server that knows CNRES: what it may go on with, and how many lines it has applied."""

    def __init__(self, port: int, name: str, sid: str) -> None:
        self.port, self.name, self.sid = port, name, sid
        self.epoch, self.session, self.applied = f"EPOCH{sid}", "*", 0
        self.heard: list[str] = []  # the texts of messages
        self.resumed = self.up = self.counts = False
        self._socket: socket.socket | None = None
        self._rest = b""
        self._pings = 0

    @property
    def socket(self) -> socket.socket:
        assert self._socket is not None
        return self._socket

    def connect(self) -> None:
        self.reset()
        self._socket = create_connection((HOST, self.port), DEADLINE)
        self._rest, self._pings, self.up, self.counts = b"", 0, False, False

    def say(self, *lines: str) -> None:
        """Say lines, if anybody reads them still."""
        with suppress(OSError):
            self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def greeting(self, session: str = "", applied: str = "", *more: str) -> list[str]:
        return [
            f"PASS linkpw TS 6 :{self.sid}",
            f"CAPAB :{CAPS}",
            f"CNRES 1 {self.epoch} {session or self.session} {applied or self.applied}",
            *more,
            f"SERVER {self.name} 1 :x",
        ]

    def read(self, pattern: str = "^$", seconds: float = 0.05) -> list[str]:
        """What comes until a line matches, or the time is over."""
        lines: list[str] = []
        end, found = time.monotonic() + seconds, False
        with suppress(OSError):
            while not found and (left := end - time.monotonic()) > 0:
                self.socket.settimeout(left)
                if not (data := self.socket.recv(65536)):
                    break
                *new, self._rest = (self._rest + data).split(b"\r\n")
                for raw in new:
                    line = raw.decode("utf-8", "replace")
                    lines.append(line)
                    found |= re.search(pattern, line) is not None
                    self._take(line)
        return lines

    def _take(self, line: str) -> None:
        words = (line.partition(" ")[2] if line.startswith("@") else line).split()
        verb = words[words[0].startswith(":")]
        if verb == "CNRES":
            self.resumed = words[3] == self.session
            if not self.resumed:
                self.session, self.applied = words[3], 0
        elif verb == "SVINFO":
            self.counts = True
        elif self.counts and verb not in ("CNACK", "CNREQ", "ERROR"):
            self.applied += 1
            if verb == "PRIVMSG":
                self.heard.append(line.partition(" PRIVMSG #c :")[2])
            if verb == "PING":
                self._pings += 1
                self._answer()

    def _answer(self) -> None:
        if self.up:
            self.say(*[f":{self.sid} PONG {self.name} :0AA"] * self._pings)
            self._pings = 0

    def link(self) -> None:
        """Link as one should, and go on with what there was."""
        self.connect()
        self.say(*self.greeting())
        self.read("^(SVINFO|ERROR)", DEADLINE)
        self.say(f"SVINFO 6 6 0 :{int(time.time())}")
        self.up = True
        self._answer()
        if not self.resumed:
            self.say(
                f":{self.sid} EUID {self.name[:4]} 1 1700000000 +i ~u h 192.0.2.9 {self.sid}AAAAAA * * :u",
                f":{self.sid} SJOIN 1700000000 #c +nt :{self.sid}AAAAAA",
                f"PING :{self.sid}",
            )

    def reset(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._socket.close()
            self._socket = None


def number(dice: random.Random) -> str:
    """A count of lines that may be none."""
    return dice.choice(
        ["0", "1", "-1", "9" * 15, "9" * 40, "x", "４", "1e3", "*", str(dice.randrange(10_000))]
    )


def half_a_handshake(bad: Peer, dice: random.Random) -> None:
    data = "\r\n".join([*bad.greeting(), f"SVINFO 6 6 0 :{int(time.time())}", f"PING :{bad.sid}", ""])
    bad.connect()
    bad.socket.sendall(data.encode()[: dice.randrange(len(data))])
    if dice.random() < 0.5:
        bad.socket.shutdown(socket.SHUT_WR)
        bad.read()


def a_handshake_in_no_order(bad: Peer, dice: random.Random) -> None:
    session = dice.choice(["", "*", "NOPE"])
    lines = [
        *bad.greeting(session, number(dice)), "SVINFO 6 6 0 :1", f"CNACK {number(dice)}", "CNREQ",
        "CNSTBY 0GO", "CNLEFT 0GO X", "SQUIT 0GO :x", "KILL 0AAAAAAAA :x (x)", "SQUIT 0AA :x", "ERROR :x",
        "PING x",
        f":{bad.sid} SID x.test 2 9XX :x", "NOTICE * :x", f":{bad.sid} SQUIT 0GO :x",
    ]  # fmt: skip
    dice.shuffle(lines)
    bad.connect()
    bad.say(*lines[: dice.randrange(len(lines))])
    bad.read()


def an_offer_that_cannot_be(bad: Peer, dice: random.Random) -> None:
    session = dice.choice([bad.session, "ANOTHER", "*"])
    bad.connect()
    bad.say(*bad.greeting(session, number(dice)))
    bad.read("^(SVINFO|ERROR)", 1.0)
    bad.say(f"SVINFO 6 6 0 :{int(time.time())}")
    bad.read()


def confirmed_beyond_all(bad: Peer, dice: random.Random) -> None:
    bad.link()
    bad.say(*[f"CNACK {number(dice)}" for _ in range(dice.randrange(1, 5))])
    bad.read()


def asked_without_end(bad: Peer, dice: random.Random) -> None:
    bad.link()
    with suppress(OSError):
        bad.socket.settimeout(1.0)
        bad.socket.sendall(b"CNREQ\r\n" * 20_000)


def a_storm(bad: Peer, dice: random.Random) -> None:
    for _ in range(20):
        bad.connect()
        bad.say(*bad.greeting())
        if dice.random() < 0.5:
            bad.read("^(SVINFO|ERROR)", 0.5)
            bad.say(f"SVINFO 6 6 0 :{int(time.time())}")


def several_at_a_time(bad: Peer, dice: random.Random) -> None:
    several = [create_connection((HOST, bad.port), DEADLINE) for _ in range(5)]
    for end in several:
        end.sendall("".join(f"{line}\r\n" for line in bad.greeting()).encode())
    dice.shuffle(several)
    for end in several:
        with suppress(OSError):
            end.sendall(b"SVINFO 6 6 0 :%d\r\n" % time.time())
        end.close()


def somebody_else_who_left(bad: Peer, dice: random.Random) -> None:
    left = [f"CNLEFT {dice.choice(['0GO', '0AA', bad.sid])} {dice.choice(['A', '*'])}" for _ in range(100)]
    bad.connect()
    bad.say(*bad.greeting("", "", *left))
    bad.read()
    bad.link()
    bad.say(*[f":{bad.sid} ENCAP * CNLEFT 0GO {dice.choice(['A', '*', bad.session])}" for _ in range(100)])
    bad.read()


def what_belongs_elsewhere(bad: Peer, dice: random.Random) -> None:
    bad.link()
    bad.say(dice.choice([
        f":{bad.sid} SQUIT 0GO :x", "SVINFO 6 6 0 :1", "PASS x", "CAPAB :x", "CNRES 1 a b 0", "CNSTBY 0GO",
        "SERVER good.test 1 :x", ":0GOAAAAAA PRIVMSG #c :forged", f":{bad.sid} SID x.test 2 0AA :x", "CNACK",
    ]))  # fmt: skip
    bad.read()


KINDS: list[Callable[[Peer, random.Random], None]] = [
    half_a_handshake, a_handshake_in_no_order, an_offer_that_cannot_be, confirmed_beyond_all,
    asked_without_end, a_storm, several_at_a_time, somebody_else_who_left, what_belongs_elsewhere,
]  # fmt: skip


@pytest.fixture
def linkable(daemon: Daemon) -> Iterator[tuple[Daemon, int]]:
    """A server, and the port where good.test and bad.test may link to it without TLS."""
    port = free_port()
    blocks = "".join(
        f'[[link]]\nname = "{name}.test"\npassword = "linkpw"\nrole = "hub"\nallow_squit_others = false\n'
        for name in ("good", "bad")
    )
    daemon.configure(
        f'[server]\nname = "a.test"\nsid = "0AA"\n[flood]\nenabled = false\n'
        f"[links]\nhandshake_timeout = 60\nresume_grace = 300\nresume_lines = 2000\nunknown = 64\n"
        f'[[listen]]\nendpoint = "tcp:PORT:interface={HOST}"\n'
        f'[[listen]]\nkind = "server"\nendpoint = "tcp:{port}:interface={HOST}"\n{blocks}'
    )
    with daemon:
        yield daemon, port


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_one_does_the_other_link_goes_on(linkable: tuple[Daemon, int], seed: int) -> None:
    daemon, port = linkable
    dice = random.Random(seed)
    good, bad = Peer(port, "good.test", "0GO"), Peer(port, "bad.test", "0BD")
    with daemon.client("ann") as ann:
        ann.send("JOIN #c")
        ann.sync()
        good.link()
        ann.until("^:good!.* JOIN #c")
        handles, said = 0, []
        for count in range(ATTACKS):
            with suppress(OSError):
                dice.choice(KINDS)(bad, dice)
            if count % 7 == 3:
                good.reset()
            ann.send(f"PRIVMSG #c :number {count}")
            said.append(f"number {count}")
            if count % 7 == 5:
                good.link()
                assert good.resumed
            if good._socket is not None:
                good.say(f":0GOAAAAAA PRIVMSG #c :answer {count}")
                assert f"answer {count}" in ann.until(rf"^:good!.* PRIVMSG #c :answer {count}$")[-1]
                if said[-1] not in good.heard:
                    good.read(f"PRIVMSG #c :number {count}$", DEADLINE)
            if count == 10:
                handles = len(os.listdir(f"/proc/{daemon.pid}/fd"))
        if good._socket is None:
            good.link()
        if said[-1] not in good.heard:
            good.read(f"PRIVMSG #c :{said[-1]}$", DEADLINE)
        assert good.heard == said
        bad.reset()
        assert not [line for line in ann.sync() if line.startswith(":good!") and " QUIT " in line]
        assert len(os.listdir(f"/proc/{daemon.pid}/fd")) <= handles + 20
        good.reset()
    output = daemon.output()
    assert "Traceback" not in output and "cannot be handled" not in output
    assert "The link to good.test ended" not in output
