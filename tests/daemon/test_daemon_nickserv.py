"""The real daemon and NickServ: registered, restarted, logged in; and ``chatnet account`` beside it."""

from __future__ import annotations

import subprocess

import pytest
from daemon_process import BIN, Client, Daemon, wait_for

pytestmark = pytest.mark.daemon

PASSWORD = "planted-secret-one"
OTHER = "planted-secret-two"
CONFIGURATION = """
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[accounts]
iterations = 4096
"""


def account(daemon: Daemon, *words: str, given: str = "") -> str:
    """What ``chatnet account`` prints."""
    action, *rest = words
    command = [str(BIN / "chatnet"), "account", action, "--config", "chatnet.toml", *rest]
    done = subprocess.run(
        command, cwd=daemon.folder, input=given, text=True, capture_output=True, env=daemon.environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(client: Client, text: str, answer: str) -> None:
    """Say something to NickServ until it answers so."""
    client.send(f"PRIVMSG NickServ :{text}")
    client.until(rf"^:NickServ!\S+ NOTICE \S+ :{answer}")


def asked(client: Client, text: str) -> str:
    """All that NickServ answers."""
    client.send(f"PRIVMSG NickServ :{text}")
    return "\n".join(client.sync())


def test_registered_restarted_and_logged_in(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    ann = daemon.client("ann")
    ask(ann, f"REGISTER {PASSWORD}", "The account ann is yours, and you are logged in")
    daemon.stop()
    daemon.start()
    ann = daemon.connect()
    ann.send("NICK ann", "USER ann 0 * :Ann")
    ann.until(r" 001 Guest\d{5} ")
    ann.until(r"NOTICE Guest\d{5} :ann belongs to an account")
    ann.send(f"NS IDENTIFY {PASSWORD}")
    lines = ann.until(r"You are now identified for ann\.")
    assert any(" NICK ann" in line or " NICK :ann" in line for line in lines)
    daemon.stop()
    for path in daemon.folder.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path
    assert PASSWORD not in daemon.output()


def test_the_command_beside_a_server_that_runs(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    assert account(daemon, "add", "ann", given=PASSWORD) == "The account ann is registered.\n"
    bob = daemon.client("bob")
    # the server looks at what others write every two seconds
    wait_for(lambda: "no account" not in asked(bob, "INFO ann"), "an account of another process")
    ask(bob, f"IDENTIFY ann {PASSWORD}", "You are now identified for ann")
    account(daemon, "passwd", "ann", given=OTHER)
    assert "logged in" not in account(daemon, "info", "ann")
    account(daemon, "suspend", "ann", "for a while")
    assert any("The account ann is suspended: for a while" in line for line in bob.rest())
    account(daemon, "unsuspend", "ann")
    eve = daemon.client("eve")
    wait_for(lambda: "suspended" not in "".join(asked(eve, "INFO ann")), "the end of a suspension")
    ask(eve, f"IDENTIFY ann {OTHER}", "You are now identified for ann")
    account(daemon, "erase", "ann", "--yes")
    eve.until(" 901 eve ")
    ask(eve, "INFO ann", "ann is no account")
    daemon.stop()
