"""The real daemon's end: everybody reads why, and the process is gone within seconds."""

from __future__ import annotations

import re
import signal
import socket
import time

import pytest
from argon2 import PasswordHasher
from daemon_process import HOST, Client, Daemon
from fault_run.waiting import Patience

pytestmark = pytest.mark.daemon

HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
LISTEN = """
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
"""
STAFF = f"""
[[oper_class]]
name = "admin"
privileges = ["die", "restart"]
[[oper]]
name = "root"
class = "admin"
password = "{HASH}"
"""
SECONDS = 15.0
"""More than any end may take, on a quiet machine."""


def oper(daemon: Daemon) -> Client:
    client = daemon.client("ann")
    client.send("OPER root sesame")
    client.until(" 381 ")
    return client


def deaf(daemon: Daemon) -> Client:
    """A client that asks for more than all buffers hold, and reads nothing."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect((HOST, daemon.port))
    client = Client(sock).register("deaf")
    client.send(*["MOTD"] * 150, "JOIN #done")
    with daemon.client("watcher") as watcher:
        while not any(" 322 " in line for line in watcher.sync()):
            watcher.send("LIST #done")
    return client


def test_sigterm_tells_everybody_and_ends_in_seconds(daemon: Daemon) -> None:
    (daemon.folder / "motd.txt").write_text(("x" * 70 + "\n") * 900)
    daemon.configure(
        '[server]\nmotd = "motd.txt"\n'
        + LISTEN
        + '[[connection_class]]\nname = "big"\nflood_exempt = true\nsendq = 67108864\n'
    )
    with daemon:
        nobody = daemon.connect()
        nobody.send("NICK nobody")
        handshaking = daemon.connect(daemon.tls_port)
        people = [daemon.client("ann"), daemon.connect_tls().register("bob"), nobody]
        people[0].sync()
        mute = deaf(daemon)
        patience = Patience(SECONDS, time.monotonic)
        daemon.signal(signal.SIGTERM)
        for client in people:
            assert client.rest()[-1].endswith(" (The server is shutting down)")
        while daemon.process is not None and daemon.process.poll() is None:
            assert not patience.over(), "it waits for somebody"
            time.sleep(0.01)
        assert daemon.wait() in (0, -signal.SIGTERM)
        daemon.await_state("STOPPING=1")
        assert mute.rest()
        handshaking.close()
        assert (daemon.folder / "chatnet-data" / "lock").read_text() == ""
        assert "Traceback" not in daemon.output()
        said = [line.split(" ", 2)[2] for line in daemon.output().splitlines()]
        assert said[-3].strip() == "chatnet: Stopping: SIGTERM"
        assert said[-2].strip() == "node: Everybody (3) is told: The server is shutting down"
        assert re.fullmatch(r" ?chatnet: The end; \d did not close", said[-1])
        daemon.start().client("ann").sync()


def test_an_oper_ends_it(daemon: Daemon) -> None:
    daemon.configure(LISTEN + STAFF)
    with daemon:
        ann, bob = oper(daemon), daemon.client("bob")
        ann.send("DIE irc.example.org :no")
        ann.until(" 402 ")
        bob.sync()
        ann.send("DIE irc.localhost.local :moving house", "DIE irc.localhost.local :again")
        assert "moving house" in bob.rest()[-1]
        assert "ERROR :" in ann.rest()[-1]
        assert daemon.wait() == 0
        assert "Traceback" not in daemon.output()


def test_an_oper_starts_it_anew(daemon: Daemon) -> None:
    daemon.configure(LISTEN + STAFF)
    # What was named on the command line is found again, wherever the process went.
    (daemon.folder / "elsewhere").mkdir()
    daemon.options.append("--rundir=elsewhere")
    with daemon:
        daemon.reload()
        assert "stays" not in daemon.output()
        ann, bob = oper(daemon), daemon.connect_tls().register("bob")
        pid = daemon.pid
        daemon.states.clear()
        ann.send("RESTART irc.localhost.local :new code")
        assert "new code" in bob.rest()[-1]
        ann.rest()
        daemon.await_state("READY=1")
        assert [state.partition("=")[0] for state in daemon.states] == ["RELOADING", "READY"]
        assert daemon.pid == pid
        daemon.client("carl").sync()
        assert daemon.output().count("Listening on") == 4
        assert "Traceback" not in daemon.output()


def test_passwords_are_hashed_for_real(daemon: Daemon) -> None:
    daemon.configure(f'[server]\npassword = "{HASH}"\n' + LISTEN + STAFF)
    with daemon:
        with daemon.connect() as wrong:
            wrong.send("PASS open", "NICK wrong", "USER wrong 0 * :Wrong")
            lines = wrong.rest()
            assert " 464 " in lines[-2] and lines[-1].endswith("(Bad password)")
        with daemon.connect() as none:
            none.send("NICK none", "USER none 0 * :None")
            assert none.rest()[-1].endswith("(Bad password)")
        ann = daemon.connect()
        # Without waiting: what follows waits until the password is verified.
        ann.send("PASS sesame", "NICK ann", "USER ann 0 * :Ann")
        ann.send("OPER root nonsense", "OPER root sesame", "PING x")
        said = "\n".join(ann.until(" PONG "))
        assert said.index(" 001 ann ") < said.index(" 464 ann ") < said.index(" 381 ann ")
        output = daemon.output()
        assert "sesame" not in output and "nonsense" not in output and "argon2id" not in output
