"""The real daemon while accounts of another program come in, and while all of it is written elsewhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from daemon_process import BIN, Client, Daemon, wait_for

pytestmark = pytest.mark.daemon

SAMPLE = Path(__file__).parent.parent / "importing" / "samples" / "atheme.db"
CONFIGURATION = """
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[accounts]
iterations = 4096
nick_protection = "off"
"""


def tool(daemon: Daemon, *words: str) -> str:
    """What the command prints."""
    command = [str(BIN / "chatnet"), *words, "--config", "chatnet.toml"]
    done = subprocess.run(command, cwd=daemon.folder, text=True, capture_output=True, env=daemon.environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked(client: Client, text: str) -> str:
    """All that NickServ answers."""
    client.send(f"PRIVMSG NickServ :{text}")
    return "\n".join(client.sync())


def test_accounts_of_atheme_come_to_a_server_that_runs(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    ann = daemon.client("anna")
    assert tool(daemon, "import", "atheme", str(SAMPLE)).startswith("2 accounts and 1 channel are taken.")
    wait_for(lambda: "no account" not in asked(ann, "INFO ann"), "the accounts of another process")
    ann.send("JOIN #club sesam")  # the key that it is locked with
    lines = ann.until(r" 366 anna #club ")
    assert not any("@anna" in line for line in lines)  # it is somebody's
    ann.send("PRIVMSG NickServ :IDENTIFY ann a-secret-word")
    ann.until(r"You are now identified for ann\.")
    ann.send("WHY #club", "PRIVMSG ChanServ :WHY #club")
    ann.until(r"NOTICE anna :.*FOUNDER|NOTICE anna :.*founder")
    exported = tool(daemon, "export").splitlines()
    assert len(exported) > 20 and not any("$z$26$" in line for line in exported if "verifier" not in line)
    daemon.stop()
    assert "a-secret-word" not in daemon.output() and "$z$26$" not in daemon.output()
