"""The real daemon and a block list that twisted.names serves: one that answers, and others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon_process import Client, Daemon
from name_servers import NameServer

pytestmark = pytest.mark.daemon

ZONE = "dnsbl.example.org"
CONFIGURATION = f"""
[lookups]
reverse_dns = true
timeout = SECONDS
servers = ["127.0.0.1:DNS"]
[cloak]
enabled = false
[block_lists]
exempt = []
timeout = SECONDS
[[dnsbl]]
zone = "{ZONE}"
replies = ["127.0.0.2"]
bits = 8
action = "refuse"
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
proxy_from = ["127.0.0.1"]
"""
HOSTS = {"192.0.2.1": "host.example.org"}
"""Names that the server knows, too, in both directions."""
V6 = "6.6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"


@pytest.fixture
def names(tmp_path: Path) -> Iterator[NameServer]:
    folder = tmp_path / "names"
    folder.mkdir()
    with NameServer(folder, {}) as server:
        yield server


def configure(daemon: Daemon, names: NameServer, seconds: int = 1) -> None:
    """Wait for its answers for so long."""
    daemon.configure(CONFIGURATION.replace("DNS", str(names.port)).replace("SECONDS", str(seconds)))


def comes(daemon: Daemon, address: str) -> list[str]:
    """What somebody reads who comes from an address, up to a welcome or the end."""
    family = "TCP6" if ":" in address else "TCP4"
    with daemon.connect() as client:
        client.send(f"PROXY {family} {address} {address} 40000 6667", "NICK vic", "USER vic 0 * :Vic")
        return client.until(r" 001 |^ERROR ")


def test_a_list_is_asked_and_what_it_says_counts(daemon: Daemon, names: NameServer) -> None:
    names.knows(
        {
            f"66.2.0.192.{ZONE}": ["127.0.0.2"],
            f"67.2.0.192.{ZONE}": ["127.0.0.3"],
            f"68.2.0.192.{ZONE}": ["127.0.0.12"],
            f"{V6}.{ZONE}": ["127.0.0.4", "127.0.0.2"],
            "1.2.0.192.in-addr.arpa": ["host.example.org"],
            "host.example.org": ["192.0.2.1"],
        }
    )
    configure(daemon, names, 30)
    daemon.start()
    for address in ("192.0.2.66", "192.0.2.68", "2001:db8::66"):
        refused = comes(daemon, address)
        assert f"465 vic :You are banned from this server- {address} is listed by {ZONE}" in refused[-2]
        assert refused[-1].startswith("ERROR :")
    for address in ("192.0.2.67", "192.0.2.1", "2001:db8::67"):
        assert comes(daemon, address)[-1].endswith(f" vic!~vic@{HOSTS.get(address, address)}")


@pytest.mark.parametrize("kind", ["silent", "garbage", "fails", "truncated", "chatter"])
def test_a_name_server_that_is_of_no_use_keeps_nobody_out(
    daemon: Daemon, names: NameServer, kind: str
) -> None:
    names.knows({f"{number}.2.0.192.{ZONE}": kind for number in range(20)})
    configure(daemon, names, 30 if kind == "chatter" else 1)
    daemon.start()
    waiting: list[Client] = []
    for number in range(20):
        client = daemon.connect()
        address = f"192.0.2.{number}"
        client.send(f"PROXY TCP4 {address} {address} 40000 6667", f"NICK n{number}", "USER vic 0 * :Vic")
        waiting.append(client)
    for client in waiting:
        client.until(r" 001 ")
        client.close()
    names.knows({f"66.2.0.192.{ZONE}": ["127.0.0.2"]})
    last = comes(daemon, "192.0.2.66")[-1]
    # It is left alone for a minute if it did not answer at all.
    assert last.startswith("ERROR :") if kind == "chatter" else " 001 vic " in last


def test_no_name_server_at_all_keeps_nobody_out(daemon: Daemon, names: NameServer) -> None:
    names.end()
    configure(daemon, names)
    daemon.start()
    assert " 001 vic " in comes(daemon, "192.0.2.66")[-1]
