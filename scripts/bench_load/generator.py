"""Many clients in one epoll loop, which speak just enough IRC to put a server under load.

Every message begins with its sender's number and a sequence number that counts up from 1, so a receiver
that hears 1, 2, 3 … from each sender has lost nothing, heard nothing twice, and heard it in order.
"""

from __future__ import annotations

import itertools
import os
import re
import select
import socket
import ssl
import time
from collections.abc import Callable

TEXT_BYTES = 64
CHUNK = 1 << 16
PATIENCE = 20.0  # seconds without a byte after which a run has failed
PAUSE = 0.05  # seconds that a turn waits at most
ALL = "all"
"""In place of names: all capabilities that are offered, but for NEVER."""
NEVER = frozenset({"sts", "draft/metadata-2", "no-implicit-names", "draft/no-implicit-names"})
"""One that cannot be asked for, one that excludes another, and those with which a client here would not know
that it is in a channel."""
ECHO = "echo-message"
AT_A_TIME = 12
"""Capabilities that a line asks for."""

MESSAGE = re.compile(rb"(?:@[^ \n]+ )?:[^ \n]+ PRIVMSG [^ \n]+ :~([0-9a-f]{4}) ([0-9a-f]{8}) x+\r?\n")

Run = tuple[int, int, int]
"""(sender, first, last): an unbroken run of one sender's messages within a chunk of bytes."""

CONNECTING, SHAKING, OPEN, CLOSED = range(4)

_serial = itertools.count()


def text(sender: int, sequence: int) -> bytes:
    """A message text of TEXT_BYTES bytes."""
    return b"~%04x %08x " % (sender, sequence) + b"x" * (TEXT_BYTES - 15)


class Stalled(Exception):
    """The server sent nothing for PATIENCE seconds though something was due."""


class Connection:
    """One client's socket and what it is still waiting for."""

    __slots__ = (
        "asked",
        "begun",
        "caps",
        "closing",
        "expected",
        "heard",
        "hello",
        "nick",
        "number",
        "sock",
        "stage",
        "state",
        "tail",
        "waiting",
    )

    def __init__(self, number: int, hello: bytes = b"") -> None:
        self.number = number
        self.hello = hello
        """What it says first, if it is no client."""
        self.nick = b""
        self.sock = socket.socket()
        self.state = CLOSED
        self.closing = False
        self.begun = 0.0
        """When it began to connect."""
        self.caps: set[str] = set()
        """The capabilities that it has, or is offered as long as it has `asked` for none."""
        self.asked: set[str] = set()
        self.tail = b""
        self.waiting = b""
        self.heard: dict[int, int] = {}
        """Sender to the sequence number last heard; holds every sender that may be heard here."""


class Scenario:
    """What to do when something arrives; the scenarios override what they need."""

    def registered(self, connection: Connection) -> None:
        """The welcome has ended (376 or 422)."""

    def joined(self, connection: Connection) -> None:
        """The names of a channel have ended (366)."""

    def answered(self, connection: Connection) -> None:
        """PONG."""

    def messages(self, connection: Connection, runs: list[Run], count: int) -> None:
        """Some of our messages, `count` in all."""

    def closed(self, connection: Connection) -> None:
        """The connection has ended."""


class Generator:
    """The loop. `trouble` collects what must not happen, in words.

    Every client asks for the capabilities `caps` before it registers; without any it knows of no such thing.
    """

    def __init__(
        self, address: tuple[str, int], tls: bool, scenario: Scenario, caps: tuple[str, ...] = ()
    ) -> None:
        self.address = address
        self.scenario = scenario
        self.caps = caps
        self.trouble: list[str] = []
        self.pause = PAUSE
        """Seconds that a turn waits at most: less if something is due before."""
        self._poll = select.epoll()
        self._by_fd: dict[int, Connection] = {}
        self._last_arrival = time.monotonic()
        self._last_chunk = b""
        self._last_parsed: tuple[list[Run], int, list[bytes]] = ([], 0, [])
        self._tls: ssl.SSLContext | None = None
        if tls:
            self._tls = ssl.create_default_context()
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE  # the server's certificate is self-made

    def open(self, connection: Connection, address: tuple[str, int] | None = None) -> None:
        """Begin to connect, where clients do or to `address` without TLS; registration follows by itself."""
        where = address or self.address
        family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect_ex(where)
        connection.sock.close()
        connection.sock = sock
        connection.state = CONNECTING
        connection.closing = False
        connection.tail = connection.waiting = b""
        connection.begun = time.monotonic()
        connection.caps = set()
        connection.asked = set()
        connection.nick = b"b%06x" % next(_serial)
        self._by_fd[sock.fileno()] = connection
        self._poll.register(sock.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def send(self, connection: Connection, data: bytes) -> None:
        if connection.state != OPEN:
            return
        if connection.waiting:
            connection.waiting += data
            return
        try:
            sent = connection.sock.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError):
            sent = 0
        except OSError as error:
            self._drop(connection, str(error))
            return
        if sent < len(data):
            connection.waiting = data[sent:]
            self._poll.modify(connection.sock.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def turn(self, timeout: float) -> None:
        """Wait for events, `timeout` seconds at most, and handle them."""
        for fd, events in self._poll.poll(timeout, 1024):
            connection = self._by_fd.get(fd)
            if connection is None:
                continue
            if connection.state == OPEN:
                if events & select.EPOLLOUT:
                    self._resume(connection)
                if events & ~select.EPOLLOUT:
                    self._read(connection)
            elif connection.state == CONNECTING:
                self._connected(connection)
            else:
                self._shake(connection)

    def run_until(self, done: Callable[[], bool]) -> None:
        self._last_arrival = time.monotonic()
        while not done():
            self.turn(self.pause)
            if time.monotonic() - self._last_arrival > PATIENCE:
                raise Stalled

    def run_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.turn(min(left, 0.05))

    def close(self) -> None:
        """Say QUIT for everybody, wait a little, and close the rest."""
        connections = list(self._by_fd.values())
        for connection in connections:
            connection.closing = True
            self.send(connection, b"QUIT\r\n")
        self.run_for(0.2)
        for connection in connections:
            self._forget(connection)
        self._poll.close()

    # what arrives

    def _connected(self, connection: Connection) -> None:
        error = connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._drop(connection, f"connect: {os.strerror(error)}")
        elif self._tls is None or connection.hello:
            self._begin(connection)
        else:
            fd = connection.sock.fileno()
            connection.sock = self._tls.wrap_socket(connection.sock, do_handshake_on_connect=False)
            self._by_fd[fd] = connection
            connection.state = SHAKING
            self._shake(connection)

    def _shake(self, connection: Connection) -> None:
        assert isinstance(connection.sock, ssl.SSLSocket)
        try:
            connection.sock.do_handshake()
        except ssl.SSLWantReadError:
            self._poll.modify(connection.sock.fileno(), select.EPOLLIN)
        except ssl.SSLWantWriteError:
            self._poll.modify(connection.sock.fileno(), select.EPOLLIN | select.EPOLLOUT)
        except OSError as error:
            self._drop(connection, f"TLS handshake: {error}")
        else:
            self._begin(connection)

    def _begin(self, connection: Connection) -> None:
        connection.state = OPEN
        self._poll.modify(connection.sock.fileno(), select.EPOLLIN)
        register = b"NICK %b\r\nUSER bench 0 * :bench\r\n" % connection.nick
        if self.caps:
            register = b"CAP LS 302\r\n" + register
        self.send(connection, connection.hello or register)

    def _resume(self, connection: Connection) -> None:
        data, connection.waiting = connection.waiting, b""
        self._poll.modify(connection.sock.fileno(), select.EPOLLIN)
        if data:
            self.send(connection, data)

    def _read(self, connection: Connection) -> None:
        while connection.state == OPEN:
            try:
                data = connection.sock.recv(CHUNK)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            except OSError as error:
                self._drop(connection, str(error))
                return
            if not data:
                self._drop(connection, "closed by the server")
                return
            self.received(connection, data)
            if not isinstance(connection.sock, ssl.SSLSocket):
                return  # epoll tells if there is more; under TLS it does not know

    def received(self, connection: Connection, data: bytes) -> None:
        self._last_arrival = time.monotonic()
        if connection.tail:
            data = connection.tail + data
            connection.tail = b""
        if data != self._last_chunk:  # the members of a channel mostly receive the same bytes
            cut = data.rfind(b"\n") + 1
            if cut < len(data):
                connection.tail = data[cut:]
                data = data[:cut]
                if not data:
                    return
            self._last_parsed = self._parse(data)
            self._last_chunk = data
        runs, count, others = self._last_parsed
        if count:
            self.scenario.messages(connection, runs, count)
        for line in others:
            self._line(connection, line)

    def _parse(self, data: bytes) -> tuple[list[Run], int, list[bytes]]:
        """Runs of our messages, how many messages, and the other lines."""
        found = MESSAGE.findall(data)
        others: list[bytes] = []
        if len(found) != data.count(b"\n"):
            others = [line for line in data.splitlines() if b" :~" not in line]
        open_runs: dict[bytes, Run] = {}
        runs: list[Run] = []
        for who, digits in found:
            sequence = int(digits, 16)
            run = open_runs.get(who)
            if run is not None and run[2] + 1 == sequence:
                open_runs[who] = (run[0], run[1], sequence)
                continue
            if run is not None:
                runs.append(run)
            open_runs[who] = (int(who, 16), sequence, sequence)
        runs.extend(open_runs.values())
        return runs, len(found), others

    def _line(self, connection: Connection, line: bytes) -> None:
        if line.startswith(b"@"):
            line = line.partition(b" ")[2]
        words = line.split(b" ", 3)
        command = words[1] if line.startswith(b":") and len(words) > 1 else words[0]
        if command in (b"376", b"422"):
            self.scenario.registered(connection)
        elif command == b"366":
            self.scenario.joined(connection)
        elif command == b"PONG":
            self.scenario.answered(connection)
        elif command == b"PING":
            self.send(connection, b"PONG" + line[line.index(b"PING") + 4 :] + b"\r\n")
        elif command == b"CAP":
            self._negotiate(connection, line.decode(errors="replace"))
        elif refuses(command) and not (command == b"ERROR" and connection.closing):
            self.trouble.append(f"refused: {line.decode(errors='replace')}")

    def _negotiate(self, connection: Connection, line: str) -> None:
        """A line of CAP: ask as soon as all is offered, and go on as soon as all is given."""
        head, _, tail = line.partition(" :")
        _, _, _, verb, *more = head.split()
        names = {name.partition("=")[0] for name in (tail.split() or more)}
        if verb == "LS":
            connection.caps |= names
            if "*" not in more:
                self._ask(connection)
        elif verb == "ACK":
            connection.caps |= names
            if connection.caps >= connection.asked:
                self.send(connection, b"CAP END\r\n")
        elif verb == "NAK":
            self.trouble.append(f"refused: {line}")

    def _ask(self, connection: Connection) -> None:
        offered, connection.caps = connection.caps, set()
        wanted = offered - NEVER if ALL in self.caps else set(self.caps)
        if missing := wanted - offered:
            self.trouble.append(f"not offered: {' '.join(sorted(missing))}")
        connection.asked = wanted
        names = sorted(wanted)
        parts = [names[at : at + AT_A_TIME] for at in range(0, len(names), AT_A_TIME)]
        lines = [f"CAP REQ :{' '.join(part)}\r\n" for part in parts] or ["CAP END\r\n"]
        self.send(connection, "".join(lines).encode())

    def _drop(self, connection: Connection, reason: str) -> None:
        if not connection.closing:
            self.trouble.append(f"cut off: {reason}")
        self._forget(connection)
        self.scenario.closed(connection)

    def _forget(self, connection: Connection) -> None:
        if connection.state != CLOSED:
            connection.state = CLOSED
            del self._by_fd[connection.sock.fileno()]
            connection.sock.close()  # epoll forgets a closed socket by itself


def refuses(command: bytes) -> bool:
    """Whether a line with that command says that something did not work."""
    return command in (b"ERROR", b"FAIL") or (len(command) == 3 and command[:1] in b"45")
