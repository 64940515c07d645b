"""The real daemon and bans: kept over a kill, and an address that is refused before there is TLS."""

from __future__ import annotations

import socket

import pytest
from argon2 import PasswordHasher
from daemon_process import DEADLINE, HOST, Client, Daemon

from chatnet.wiring.cli import main

pytestmark = pytest.mark.daemon

HASH = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sesame")
CONFIGURATION = f"""
[server]
help = "help@example.org"
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[listen]]
endpoint = "tcp:TLS_PORT:interface=127.0.0.1"
tls = true
[[oper_class]]
name = "admin"
privileges = ["bans", "see-all", "audit"]
[[oper]]
name = "root"
class = "admin"
password = "{HASH}"
"""


def opered(daemon: Daemon) -> Client:
    root = daemon.client("root")
    root.send("OPER root sesame")
    root.until(r" 381 ")
    return root


def from_there(port: int) -> socket.socket:
    """A connection from another address of this machine."""
    return socket.create_connection((HOST, port), DEADLINE, source_address=("127.0.0.2", 0))


def test_bans_outlive_a_kill_and_are_looked_at_before_tls(
    daemon: Daemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    root = opered(daemon)
    root.send("UBAN ADD 127.0.0.2 1d bots|seen", "UBAN ADD realname:*spam* 1d no spam")
    root.until(r"To undo: /UBAN DEL 127\.0\.0\.2")
    root.until(r"To undo: /UBAN DEL realname:\*spam\*")
    daemon.restart(sudden=True)
    with Client(from_there(daemon.port)) as there:
        assert there.rest()[-1].startswith("ERROR :Closing Link: 127.0.0.2 (Banned: bots (until ")
    with from_there(daemon.tls_port) as plain:
        assert plain.recv(4096) == b""  # no word is said, and no handshake is waited for
    vic = daemon.connect()
    vic.send("NICK vic", "USER vic 0 * :buy spam here")
    assert "465 vic :You are banned from this server- no spam" in vic.until(r" 465 ")[-1]
    root = opered(daemon)
    root.send("AUDIT UBAN 1h")
    notes = root.until("End of AUDIT: 2 note")
    assert "root (root) UBAN 127.0.0.2: 1d: bots|seen" in "\n".join(notes)
    assert main(["audit", "--config", str(daemon.config), "--since", "1h", "UBAN"]) == 0
    assert "root (root) UBAN 127.0.0.2: 1d: bots|seen" in capsys.readouterr().out
    root.send("UBAN DEL 127.0.0.2")
    root.until("Lifted: 127")
    daemon.restart(sudden=True)
    Client(from_there(daemon.port)).register("bob")
