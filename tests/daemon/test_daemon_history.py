"""The real daemon keeps what was said: over a restart, whether it ended well or was killed."""

from __future__ import annotations

import re

import pytest
from daemon_network import registered
from daemon_process import Client, Daemon

pytestmark = pytest.mark.daemon

PASSWORD = "planted-secret-one"
CONFIGURATION = """
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[accounts]
iterations = 4096
nick_protection = "off"
"""
CAPS = "batch message-tags server-time draft/chathistory"


def member(client: Client, name: str, *, new: bool = False) -> Client:
    """A client who is logged in to an account, which is registered if it is `new`."""
    if not new:
        client.send(f"PASS {name}:{PASSWORD}")
    client.register(name)
    if new:
        registered(client, PASSWORD)
    client.send(f"CAP REQ :{CAPS}")
    client.until(" ACK ")
    return client


def page(client: Client, target: str) -> list[tuple[str, str, str]]:
    """The ids, the times and the texts of what was said last."""
    client.send(f"CHATHISTORY LATEST {target} * 50")
    reference = re.search(rf"BATCH \+(\S+) chathistory {target}$", client.until(" BATCH ")[-1])
    assert reference
    lines = client.until(f" BATCH -{reference[1]}$")[:-1]
    found = []
    for line in lines:
        tags = dict(tag.partition("=")[::2] for tag in line[1:].split(" ")[0].split(";"))
        found.append((tags["msgid"], tags["time"], line.partition(" :")[2].partition(" :")[2]))
    return found


@pytest.mark.parametrize("sudden", [False, True])
def test_what_was_said_is_there_after_a_restart(daemon: Daemon, sudden: bool) -> None:
    daemon.configure(CONFIGURATION)
    with daemon:
        with daemon.connect() as ann, daemon.connect() as bob:
            member(ann, "ann", new=True), member(bob, "bob", new=True)
            for client in (ann, bob):
                client.send("JOIN #c")
                client.until(" 366 ")
            for number in range(20):
                client = (ann, bob)[number % 2]
                client.send(f"PRIVMSG {('bob', 'ann')[number % 2]} :{number}")
                client.sync()
            ann.send("PRIVMSG #c :in the channel")
            told, in_channel = page(ann, "bob"), page(bob, "#c")
            assert [text for *_, text in told] == [str(number) for number in range(20)]
            assert [text for *_, text in in_channel] == ["in the channel"]
            assert page(bob, "ann") == told
        daemon.restart(sudden=sudden)
        with daemon.connect() as ann:
            member(ann, "ann")
            assert page(ann, "bob") == told
            ann.send("JOIN #c")
            ann.until(" 366 ")
            assert page(ann, "#c") == []  # another channel of that name
        daemon.stop()
    assert "Traceback" not in daemon.output()
