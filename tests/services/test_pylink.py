"""PyLink, a process of its own: a server of two networks that carries what is said from one to the other.

https://github.com/PyLink/PyLink  Its protocol module is ``ts6``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from daemon_process import HOST, Client, Daemon, free_port, wait_for
from process import Process

pytestmark = [pytest.mark.client, pytest.mark.daemon]

PASSWORD = "between-the-servers"
DAEMON = f"""
[server]
name = "irc.NETWORK.test"
network = "NETWORK"
sid = "SID"
[cloak]
enabled = false
[flood]
enabled = false
[[listen]]
endpoint = "tcp:PORT:interface={HOST}"
[[listen]]
kind = "server"
endpoint = "tcp:LINKS:interface={HOST}"
[[link]]
name = "relay.NETWORK.test"
role = "relay"
password = "{PASSWORD}"
"""


class Network:
    """One daemon, with a port for PyLink."""

    def __init__(self, folder: Path, name: str, sid: str) -> None:
        folder.mkdir()
        self.name = name
        self.links = free_port()
        self.daemon = Daemon(folder)
        text = DAEMON.replace("LINKS", str(self.links)).replace("NETWORK", name).replace("SID", sid)
        self.daemon.configure(text)

    def is_linked(self) -> bool:
        """Whether PyLink has told all that it knew."""
        return f"relay.{self.name}.test has told all it knew" in self.daemon.output()

    def block(self) -> dict[str, object]:
        """How PyLink finds it."""
        return {
            "ip": HOST,
            "port": self.links,
            "recvpass": PASSWORD,
            "sendpass": PASSWORD,
            "hostname": f"relay.{self.name}.test",
            "sid": "9PY",
            "sidrange": "8##",
            "netname": self.name,
            "protocol": "ts6",
            "ircd": "charybdis",
            "maxnicklen": 30,
            "autoconnect": 1,
        }


class Relay(Process):
    """PyLink between two networks, and what it says in its log."""

    def __init__(self, folder: Path, program: Path, networks: list[Network]) -> None:
        folder.mkdir()
        super().__init__(folder)
        config = {
            "pylink": {"nick": "PyLink", "user": "pylink", "serverdesc": "A relay", "realname": "PyLink"},
            "login": {"accounts": {"ann": {"password": "a-secret-word"}}},
            "permissions": {"$pylinkacc": ["*"]},
            "servers": {network.name: network.block() for network in networks},
            "plugins": ["commands", "bots", "relay"],
            "logging": {"console": "INFO"},
            "relay": {"server_suffix": "relay.test"},
        }
        path = folder / "pylink.yml"
        path.write_text(json.dumps(config))  # which is YAML as well
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONUNBUFFERED": "1"}
        self.run([program, "--no-pid", path], environment)


def does(client: Client, command: str, answer: str) -> list[str]:
    """What a client reads up to the answer to a command."""
    client.send(f"PRIVMSG PyLink :{command}")
    return client.until(answer)


@pytest.fixture
def networks(tmp_path: Path, pylink: Path) -> Iterator[list[Network]]:
    """``one`` and ``two``, with PyLink between them."""
    networks = [Network(tmp_path / "one", "one", "1AA"), Network(tmp_path / "two", "two", "2AA")]
    with ExitStack() as stack:
        for network in networks:
            stack.enter_context(network.daemon)
        relay = stack.enter_context(Relay(tmp_path / "relay", pylink, networks))
        for network in networks:
            wait_for(network.is_linked, "PyLink")
        yield networks
        assert "Traceback" not in relay.output()


def test_it_makes_bots(networks: list[Network]) -> None:
    with networks[0].daemon.client("ann") as ann:
        ann.send("JOIN #den")
        ann.until(" 366 ")
        does(ann, "IDENTIFY ann a-secret-word", "Successfully logged in as ann")
        does(ann, "SPAWNCLIENT robot bot host.example", "NOTICE ann :")
        # The question goes to the server of the robot, and its answer comes back.
        ann.send("WHOIS robot robot")
        assert ":relay.one.test 311 ann robot bot host.example * :PyLink" in ann.until(" 318 ")
        does(ann, "JOIN robot #den", r"^:robot!bot@host\.example JOIN #den")
        does(ann, "MSG robot #den beep", r"^:robot!bot@host\.example PRIVMSG #den :beep")
        does(ann, "NICK robot robbie", r"^:robot!bot@host\.example NICK :?robbie")
        does(ann, "QUIT robbie enough", r"^:robbie!bot@host\.example QUIT :")


def test_it_relays(networks: list[Network]) -> None:
    one, two = networks
    with one.daemon.client("ann") as ann, two.daemon.client("bob") as bob:
        for client in (ann, bob):
            client.send("JOIN #den")
            client.until(" 366 ")
            does(client, "IDENTIFY ann a-secret-word", "Successfully logged in as ann")
        does(ann, "CREATE #den", "NOTICE ann :Done")
        assert ":ann|one!~ann@127.0.0.1 JOIN #den" in does(
            bob, "LINK one #den --force-ts", "NOTICE bob :Done"
        )
        ann.until(r"MODE #den \+o bob\|two")
        ann.send("LINKS")
        servers = {line.split()[3] for line in ann.until(" 365 ") if " 364 " in line}
        assert servers == {"irc.one.test", "relay.one.test", "two.relay.test"}
        bob.send("PRIVMSG #den :héllo")
        assert ann.until(" PRIVMSG ")[-1] == ":bob|two!~bob@127.0.0.1 PRIVMSG #den :héllo"
        ann.send("MODE #den +c", "TOPIC #den :tea", "PRIVMSG bob|two :psst", "NICK anna")
        assert bob.until(" NICK ") == [
            ":ann|one!~ann@127.0.0.1 MODE #den +c",
            ":ann|one!~ann@127.0.0.1 TOPIC #den :tea",
            ":ann|one!~ann@127.0.0.1 PRIVMSG bob :psst",
            ":ann|one!~ann@127.0.0.1 NICK anna|one",
        ]
        ann.send("KICK #den bob|two :no")
        assert bob.until(" KICK ")[-1] == ":anna|one!~ann@127.0.0.1 KICK #den bob :no"
        bob.send("JOIN #den")
        ann.until(r"^:bob\|two!\S+ JOIN #den")
        # A network that is gone takes its people along.
        two.daemon.end()
        assert ann.until(" QUIT ")[-1].startswith(":bob|two!~bob@127.0.0.1 QUIT :")
