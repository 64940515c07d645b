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


KEPT = {
    "UBAN ADD *@*.bad.example 1d spam": "*@*.bad.example",
    "UBAN ADD 192.0.2.0/24 2w bots": "192.0.2.0/24",
    "UBAN ADD REQUIRE-SASL 2001:db8::/64 a school": "2001:db8::/64",
    "UBAN ADD realname:*tea*cups* 1h adverts": "realname:*tea*cups*",
    "UBAN ADD account:eve 1d one too many": "account:eve",
    f"UBAN ADD cert:{'ab' * 32} for ever": f"cert:{'ab' * 32}",
    "UBAN ADD name:*Serv* no staff": "name:*Serv*",
    "UBAN ADD #official 1d no club of ours": "#official",
    "UBAN EXEMPT 198.51.100.20 1d our bot": "198.51.100.20",
}
"""What is set of each kind, timed and not, and what the lists call it."""


def listed(root: Client) -> tuple[list[str], str]:
    """What is set by root, and the level of the shields."""
    root.send("UBAN LIST", "UBAN EXEMPT LIST", "FILTER LIST", "SHIELDS")
    lines = root.until(r"NOTICE root :1 exemption")
    lines += root.until(r"NOTICE root :1 filter")
    level = root.until(r"The shields are at level")[-1]
    return sorted(line for line in lines if "; by root!" in line), level


def test_bans_of_every_kind_outlive_a_kill(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION.replace('["bans",', '["bans", "filters", "shields",'))
    daemon.start()
    root = opered(daemon)
    for line in KEPT:
        root.send(line)
        root.until(r"Done, on all servers\.")
    root.send("UBAN ADD *@gone.example 1d x", "UBAN DEL *@gone.example")
    root.until(r"Lifted: \*@gone\.example")
    root.send("FILTER ADD block *free?money* -- no adverts")
    root.until(r"FILTER LIVE")
    root.send("SHIELDS 1 1h a wave")
    root.until(r"level 1")
    before, level = listed(root)
    for mask in (*KEPT.values(), "*free?money*"):
        assert any(mask in line for line in before), mask
    assert len(before) == len(KEPT) + 1 and "at level 1 (watchful)" in level
    daemon.restart(sudden=True)
    after, level = listed(opered(daemon))
    assert after == before and "at level 1 (watchful)" in level
