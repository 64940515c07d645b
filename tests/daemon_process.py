"""The real daemon as tests see it: a `twistd` process in a folder of its own, and clients on its sockets.

Nothing here sleeps for a fixed time: a start and a reload end with what the daemon tells its service
manager, everything else is waited for on a socket or on a condition, until :data:`DEADLINE`.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import random
import re
import signal
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from nursery import nursery, suits
from process import Process

import chatnet

ROOT = Path(__file__).resolve().parent.parent
TREE = Path(chatnet.__file__).resolve().parent.parent
"""Where the chatnet is that these tests are of: it may be one that was compiled."""
BIN = Path(sys.executable).parent
DEADLINE = 180.0
"""Seconds after which whatever a test waits for is taken for lost: many more than it takes when each CPU has
ten programs to run.  Only a test that fails waits so long."""
PATIENCE: Final = {
    "BOUNCER__ATTACH_TIMEOUT": 600,
    "BOUNCER__COMMAND_TIMEOUT": 600,
    "HISTORY__ASK_TIMEOUT": 60,
    "HISTORY__ECHO_TIMEOUT": 600,
    "HISTORY__QUERY_TIMEOUT": 600,
    "LIMITS__REGISTRATION_TIMEOUT": 600,
    "LINKS__CONNECT_TIMEOUT": 600,
    "LINKS__DRAIN_TIMEOUT": 60,
    "LINKS__HANDSHAKE_TIMEOUT": 600,
    "LINKS__PING_TIMEOUT": 600,
    "LINKS__SEND_TIMEOUT": 600,
    "TLS__HANDSHAKE_TIMEOUT": 600,
    "WEBSOCKET__HANDSHAKE_TIMEOUT": 600,
}
"""For how many seconds a daemon of a test waits for others before it goes on without them: by what is usual,
some would go on without who has to wait for a CPU.  A test that is about such a key has it in its
configuration."""
HOST = "127.0.0.1"

_numbers = itertools.count()
_ports = itertools.cycle(random.Random().sample(range(10_000, 20_000), 10_000))
"""Below those that connections have, in another order in each process: tests run beside each other."""


@cache
def _given() -> int:
    """A file in which each process of tests locks a byte for each port that it has given away."""
    path = Path(tempfile.gettempdir()) / f"chatnet-test-ports-{os.getuid()}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def free_port() -> int:
    """A port that nobody listens on, and that neither another process of tests, while this one runs, nor a
    connection of anybody's is given."""
    while True:
        port = next(_ports)
        try:
            fcntl.lockf(_given(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:  # it is another process's
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


def wait_for(condition: Callable[[], object], what: str, seconds: float = DEADLINE) -> None:
    """Until `condition` holds; AssertionError with `what` if it never does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.01)


def started(parent: int, word: str) -> list[int]:
    """The processes that another one has started, that run, and that have a word in their command."""
    try:
        found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return [int(pid) for pid in found if word in Path(f"/proc/{pid}/cmdline").read_text()]
    except (FileNotFoundError, ProcessLookupError):  # one has ended meanwhile
        return []


def runs(process: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Daemon(Process):
    """One `twistd chatnet`, with a plain (`port`) and a TLS listener (`tls_port`) unless it is configured.

    ``configure`` writes ``chatnet.toml``, which the next start uses; ``with Daemon(folder) as daemon`` starts
    and, whatever happens, ends it.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self.port = free_port()
        self.tls_port = free_port()
        self.config: Path | None = None
        self.copied = True
        """Whether it may be a copy of a process that has imported all it needs; False: a new interpreter."""
        self.options = ["-n", "--pidfile="]
        """Those of twistd itself."""
        self.wrapper: list[str] = []
        """A command that the rest of the command is given to."""
        self.patience = PATIENCE
        self.environment = {
            key: value for key, value in os.environ.items() if not key.startswith("CHATNET__")
        }
        self.environment.update(environment or {})
        self.environment["PYTHONPATH"] = str(TREE)
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.settimeout(0.05)
        name = f"chatnet-test-{os.getpid()}-{next(_numbers)}"
        self._manager.bind("\0" + name)
        self.environment["NOTIFY_SOCKET"] = "@" + name
        self.states: list[str] = []
        """What the daemon told its service manager."""

    def configure(self, text: str) -> None:
        """Write ``chatnet.toml``: PORT and TLS_PORT stand for the two ports."""
        text = text.replace("TLS_PORT", str(self.tls_port)).replace("PORT", str(self.port))
        self.config = self.folder / "chatnet.toml"
        self.config.write_text(text)

    def listen_by_environment(self) -> None:
        """Have the two usual listeners, whatever the configuration says."""
        listen = [
            {"endpoint": f"tcp:{self.port}:interface={HOST}"},
            {"endpoint": f"tcp:{self.tls_port}:interface={HOST}", "tls": True},
        ]
        self.environment["CHATNET__LISTEN"] = json.dumps(listen)

    def arguments(self) -> list[str]:
        """The command that starts it."""
        command = [*self.wrapper, str(BIN / "twistd"), *self.options, "chatnet"]
        return command if self.config is None else [*command, "--config", self.config.name]

    def launch(self, pass_fds: Sequence[int] = ()) -> None:
        """Start the process, without waiting for anything."""
        if self.config is None and "CHATNET__LISTEN" not in self.environment:
            self.listen_by_environment()
        self._have_patience()
        if not self.copied or self.wrapper or pass_fds or not suits(self.environment):
            self.run(self.arguments(), self.environment, pass_fds)
            return
        with self.log.open("ab") as output:
            self.process = nursery().copy(self.arguments(), self.folder, self.environment, output)

    def _have_patience(self) -> None:
        text = "" if self.config is None else self.config.read_text()
        for key, seconds in self.patience.items():
            if key.rpartition("__")[2].lower() not in text:
                self.environment.setdefault(f"CHATNET__{key}", str(seconds))

    def start(self) -> Self:
        """Start it, and wait until its ports are open."""
        self.launch()
        self.await_state("READY=1")
        return self

    def await_state(self, wanted: str) -> None:
        """Until the daemon tells its service manager a state that begins with `wanted`."""
        end = time.monotonic() + DEADLINE
        while True:
            try:
                state = self._manager.recv(4096).decode()
            except TimeoutError:
                # (Status 0: it has become a daemon, another process.)
                assert self.process is not None
                assert not self.process.poll(), f"the daemon ended:\n{self.output()}"
                assert time.monotonic() < end, f"no {wanted} from the daemon:\n{self.output()}"
                continue
            self.states.append(state)
            if state.startswith(wanted):
                return

    def reload(self) -> None:
        """SIGHUP, and wait until the reload is over."""
        self.signal(signal.SIGHUP)
        self.await_state("RELOADING=1")
        self.await_state("READY=1")

    def wait(self, seconds: float = DEADLINE) -> int:
        return super().wait(seconds)

    def stop(self) -> int:
        """SIGTERM, and wait for the end; the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def restart(self, *, sudden: bool) -> None:
        """End it as :meth:`stop` does, or by SIGKILL, and begin anew."""
        if sudden:
            self.signal(signal.SIGKILL)
            self.wait()
        else:
            self.stop()
        self.start()

    def worked(self) -> float:
        """Seconds that it had a CPU so far."""
        times = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")

    def peak(self) -> int:
        """The largest resident memory it had, in KiB."""
        return self._status("VmHWM")

    def memory(self) -> int:
        """Its resident memory now, in KiB."""
        return self._status("VmRSS")

    def _status(self, key: str) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(rf"^{key}:\s+(\d+) kB", status, re.MULTILINE)
        assert found is not None
        return int(found[1])

    def connect(self, port: int | None = None) -> Client:
        """A plain connection that says nothing yet."""
        return Client(socket.create_connection((HOST, port or self.port), DEADLINE))

    def connect_tls(
        self, name: str | None = None, context: ssl.SSLContext | None = None, port: int | None = None
    ) -> Client:
        """A TLS connection that says nothing yet; any certificate will do unless `context` says otherwise."""
        if context is None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        plain = socket.create_connection((HOST, port or self.tls_port), DEADLINE)
        try:
            return Client(context.wrap_socket(plain, server_hostname=name))
        except BaseException:
            plain.close()
            raise

    def client(self, nick: str, port: int | None = None) -> Client:
        """A plain client that is registered."""
        return self.connect(port).register(nick)

    def __enter__(self) -> Self:
        return self.start()

    def end(self) -> None:
        super().end()
        self._manager.close()


class Client:
    """A client that knows lines and nothing else, over any stream socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.nick = "*"
        self._rest = b""
        self._pings = itertools.count()

    def send(self, *lines: str | bytes) -> None:
        """Send whole lines."""
        raw = [line.encode() if isinstance(line, str) else line for line in lines]
        self.socket.settimeout(DEADLINE)
        self.socket.sendall(b"".join(line + b"\r\n" for line in raw))

    def line(self, seconds: float = DEADLINE) -> str | None:
        """The next line; None at the end of the connection. TimeoutError if neither comes."""
        end = time.monotonic() + seconds
        while b"\n" not in self._rest:
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self.socket.recv(65536)
            except (ConnectionResetError, ssl.SSLEOFError):
                data = b""
            if not data:
                return None
            self._rest += data
        raw, _, self._rest = self._rest.partition(b"\n")
        return raw.removesuffix(b"\r").decode(errors="replace")

    def until(self, pattern: str, seconds: float = DEADLINE) -> list[str]:
        """All lines up to the first in which the regular expression is found, that one included.

        ``^:`` is the beginning of a line behind its tags.
        """
        lines: list[str] = []
        end = time.monotonic() + seconds
        while True:
            line = self.line(max(0.001, end - time.monotonic()))
            assert line is not None, f"closed before {pattern!r} came; the last lines: {lines[-10:]}"
            lines.append(line)
            if re.search(pattern, line) or (line[:1] == "@" and re.search(pattern, line.partition(" ")[2])):
                return lines

    def rest(self, seconds: float = DEADLINE) -> list[str]:
        """All lines until the server closes the connection."""
        lines = []
        end = time.monotonic() + seconds
        while (line := self.line(max(0.001, end - time.monotonic()))) is not None:
            lines.append(line)
        return lines

    def register(self, nick: str) -> Client:
        """Become a user, and read the whole welcome."""
        self.nick = nick
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.until(rf"^:\S+ MODE {nick} :")
        return self

    def sync(self, seconds: float = DEADLINE) -> list[str]:
        """What came until the answer to a PING sent now."""
        word = f"sync{next(self._pings)}"
        self.send(f"PING {word}")
        return self.until(rf" PONG \S+ :?{word}$", seconds)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
