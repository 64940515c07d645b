"""The real daemon, over real sockets: what people show, after a restart and on another server."""

from __future__ import annotations

import re
import signal

import pytest
from daemon_process import Client, Daemon

pytestmark = pytest.mark.daemon

CONFIGURATION = """
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[accounts]
iterations = 4096
nick_protection = "off"
"""
PASSWORD = "a-word-of-mine"


def knows(daemon: Daemon, nick: str) -> Client:
    """Somebody who knows of metadata and is told of `url`."""
    client = daemon.connect()
    client.send("CAP LS 302", "CAP REQ :batch draft/metadata-3", "METADATA * SUB url")
    client.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}", "CAP END")
    lines = client.until(f" 376 {nick} ")
    assert any(re.search(rf" BATCH \+\S+ metadata {nick}$", line) for line in lines)
    return client


def test_two_clients_and_a_restart(daemon: Daemon) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    ann, bob = knows(daemon, "ann"), knows(daemon, "bob")
    for client in (ann, bob):
        client.send("JOIN #c")
        client.until(" BATCH -")
    ann.send(f"REGISTER * * {PASSWORD}")
    ann.until("REGISTER SUCCESS ann ")
    ann.send("METADATA * SET url :https://example.org/ä")
    assert ann.until(" 761 ")[-1].endswith(" 761 ann ann url * :https://example.org/ä")
    assert bob.until(" 761 ")[-1].endswith(" 761 bob ann url * :https://example.org/ä")
    # answered, and so it is on the disk, whatever becomes of the process
    daemon.signal(signal.SIGKILL)
    daemon.wait()
    daemon.start()
    bob = knows(daemon, "bob")
    bob.send("MONITOR + ann")
    bob.until(" 731 ")
    ann = daemon.connect()
    ann.send(f"PASS :ann:{PASSWORD}", "NICK ann", "USER ann 0 * :ann")
    ann.until(" 376 ann ")
    assert bob.until(" 761 ")[-1].endswith(" 761 bob ann url * :https://example.org/ä")
    daemon.stop()
