"""The real daemon while the clock of its machine is set: nothing that waits, or may take some time, heeds it.

The clock is libfaketime's; the daemon's monotonic one stays as it is, as a machine's does.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from daemon_network import Network, met
from daemon_process import DEADLINE, HOST, Client, Daemon, wait_for
from websocket_client import WebSocketClient, request

pytestmark = [pytest.mark.daemon, pytest.mark.client]

CONFIGURATION = """
[server]
name = "irc.example.org"
[limits]
registration_timeout = SECONDS
[websocket]
handshake_timeout = SECONDS
[tls]
handshake_timeout = SECONDS
[[connection_class]]
name = "default"
burst = 5
lines_per_second = 10
[[connection_class]]
name = "watched"
ping_interval = 1
ping_timeout = 1
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
[[listen]]
endpoint = "unix:web.sock"
kind = "websocket"
[[listen]]
endpoint = "unix:proxied.sock"
proxy_from = ["127.0.0.1"]
[[listen]]
endpoint = "unix:watched.sock"
connection_class = "watched"
"""
"""SECONDS are what somebody may take who is not a user yet."""


FORM = "%A %B %d %Y, %H:%M:%S UTC"
"""That of the answer to TIME."""


def library() -> Path:
    """The one that stands between a program and the clock."""
    for path in sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")):
        return path
    pytest.skip("libfaketime is not installed (Debian: faketime)")


class FakeClock:
    """The clock of a daemon's machine: right, until it is set."""

    def __init__(self, daemon: Daemon) -> None:
        self._file = daemon.folder / "clock"
        self.set(0)
        daemon.environment.update(
            LD_PRELOAD=str(library()),
            FAKETIME_TIMESTAMP_FILE=str(self._file),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
            NO_FAKE_STAT="1",
        )

    def set(self, off: int) -> None:
        """From now on it is `off` seconds off."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{off:+d}s\n")
        new.replace(self._file)


def unix_socket(daemon: Daemon, name: str) -> socket.socket:
    """A connection to a socket in the daemon's folder."""
    found = socket.socket(socket.AF_UNIX)
    found.settimeout(DEADLINE)
    found.connect(str(daemon.folder / name))
    return found


def ends(connection: socket.socket) -> None:
    """Until the other end closes; TimeoutError if it does not."""
    connection.settimeout(DEADLINE)
    with connection, contextlib.suppress(ConnectionResetError):
        while connection.recv(4096):
            pass


def talk(daemon: Daemon, clock: FakeClock, off: int) -> None:
    """Set the clock while two people talk: all goes on, and others come by every door."""
    ann, bob = daemon.client("ann"), daemon.client("bob")
    for client in (ann, bob):
        client.send("JOIN #c")
        client.until(" 366 ")
    clock.set(off)
    # Some of these lines wait for the flood clock.
    ann.send(*[f"PRIVMSG #c :number {number}" for number in range(70)])
    bob.until(" PRIVMSG #c :number 69$")
    ann.send("TIME")
    told = datetime.strptime(ann.until(" 391 ")[-1].rpartition(" :")[2], FORM).replace(tzinfo=UTC)
    assert abs((told - datetime.now(UTC)).total_seconds() - off) < abs(off) / 2, "the clock was not set"
    daemon.client("carl").close()
    with daemon.connect_tls() as dora:
        dora.register("dora")
    with unix_socket(daemon, "web.sock") as web:
        WebSocketClient(web, DEADLINE).register("emil")


@pytest.mark.parametrize("off", [-3600, -300])
def test_a_clock_that_is_set_back_lets_nobody_wait(daemon: Daemon, off: int) -> None:
    clock = FakeClock(daemon)
    daemon.configure(CONFIGURATION.replace("SECONDS", "1"))
    with daemon:
        talk(daemon, clock, off)
        late = [
            socket.create_connection((HOST, daemon.port), DEADLINE),
            socket.create_connection((HOST, daemon.tls_port), DEADLINE),
            unix_socket(daemon, "web.sock"),
            unix_socket(daemon, "proxied.sock"),
        ]
        for connection in late:
            ends(connection)
        silent = Client(unix_socket(daemon, "watched.sock")).register("silent")
        silent.until("^PING ")
        assert "Ping timeout" in silent.rest()[-1]
        assert "Traceback" not in daemon.output()
        daemon.stop()


@pytest.mark.parametrize("off", [3600, 300])
def test_a_clock_that_is_set_forward_cuts_nobody_off(daemon: Daemon, off: int) -> None:
    clock = FakeClock(daemon)
    daemon.configure(CONFIGURATION.replace("SECONDS", "250"))
    with daemon:
        begun = socket.create_connection((HOST, daemon.tls_port), DEADLINE)
        asked = unix_socket(daemon, "web.sock")
        asked.sendall(request()[:20])
        new = daemon.connect()
        new.send("NICK late")
        talk(daemon, clock, off)
        # A PING comes after a second: by then all deadlines were looked at.
        Client(unix_socket(daemon, "watched.sock")).register("silent").until("^PING ")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(begun) as tls:
            assert tls.version() is not None
        with asked:
            asked.sendall(request()[20:])
            assert asked.recv(4096).startswith(b"HTTP/1.1 101 ")
        with new:
            new.register("late")
        assert "Traceback" not in daemon.output()
        daemon.stop()


@pytest.mark.parametrize("off", [-3600, -300, 300, 3600])
def test_two_linked_servers_agree_while_the_clock_of_one_is_set(network: Network, off: int) -> None:
    """Whoever changes what the other side changed is later, whatever the clocks say; operators read of it."""
    a, b = network.add("a"), network.add("b")
    clock = FakeClock(b)
    pings = "ping_interval = 1"
    network.configure("a", network.to("b"), more=pings)
    network.configure("b", network.to("a", True), more=pings)
    with a, b:
        network.linked("a")
        with a.client("ann") as ann, b.client("bob") as bob:
            met(ann, bob, "#c")
            ann.send("MODE #c -o bob")  # who may be one, having come while the channel was made
            ann.send("MODE #c +o bob")
            bob.until(r" MODE #c \+o bob$")
            clock.set(off)
            for one, other, number in ((bob, ann, 1), (ann, bob, 2), (bob, ann, 3), (ann, bob, 4)):
                one.send(f"TOPIC #c :topic {number}")
                one.send(f"MODE #c {'-+'[number % 2]}b *!*@nowhere")
                other.until(f" TOPIC #c :topic {number}$")
                other.until(r" MODE #c [+-]b \*!\*@nowhere$")
            way = "ahead" if off > 0 else "behind"
            told = rf"The clock of b\.test is (\d+) seconds {way}"
            wait_for(lambda: re.search(told, a.output()), told)
            seconds = re.findall(told, a.output())[-1]
            assert abs(int(seconds) - abs(off)) < abs(off) / 2, "its way counts as well"
            for client in (ann, bob):
                client.send("TOPIC #c")
                client.until(" 332 .* :topic 4$")
            ann.send("KICK #c bob :out")
            bob.until(" KICK #c bob ")
            clock.set(0)
            wait_for(lambda: "The clock of b.test and ours agree again" in a.output(), "agreement")
            bob.send("JOIN #c")
            ann.until("^:bob!.* JOIN ")
            ann.send("MODE #c +m")
            bob.until(r" MODE #c \+m$")
        assert "Traceback" not in a.output() + b.output()
