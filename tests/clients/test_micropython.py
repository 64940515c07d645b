"""docs/examples/micropython_client.py as it stands, in MicroPython's build for Unix."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from authority import Authority
from daemon_process import DEADLINE, HOST, ROOT, Client, Daemon
from programs import Bot, certified

pytestmark = [pytest.mark.client, pytest.mark.daemon]

EXAMPLES = ROOT / "docs" / "examples"
CLASSES = """
[[connection_class]]
name = "boards"
match = ["127.0.0.1/32"]
ping_interval = 1.0
ping_timeout = 20.0

[[connection_class]]
name = "people"
"""


def _board(
    folder: Path, pip_clients: Path, port: int, certificate: Path | None, host: str = "localhost"
) -> Bot:
    """A board that runs the example, with its first lines changed."""
    trusted = None if certificate is None else str(certificate)
    start = (
        "import asyncio, micropython_client as client\n"
        f"client.HOST, client.PORT, client.CERTIFICATE = {host!r}, {port}, {trusted!r}\n"
        f"client.NAME = 'localhost' if {host!r} != 'localhost' else client.NAME\n"
        "asyncio.run(client.main())\n"
    )
    program = pip_clients / "micropython"
    return Bot(folder / "board", [program, "-c", start], {"MICROPYPATH": f"{EXAMPLES}:.frozen"})


def _person(daemon: Daemon, nick: str) -> Client:
    """Somebody at an address of the other class."""
    return Client(socket.create_connection((HOST, daemon.port), DEADLINE, ("127.0.0.2", 0))).register(nick)


@pytest.mark.parametrize(
    ("tls", "host"),
    [(False, "localhost"), (True, "localhost"), (True, HOST)],
    ids=["plain", "tls", "an address"],
)
def test_a_sensor_chats(tmp_path: Path, pip_clients: Path, tls: bool, host: str) -> None:
    daemon, authority = certified(tmp_path, CLASSES)
    certificate = tmp_path / "authority.der"
    certificate.write_bytes(authority.der)
    port, trusted = (daemon.tls_port, certificate) if tls else (daemon.port, None)
    with daemon, _person(daemon, "bob") as bob:
        bob.send("JOIN #sensors")
        bob.sync()
        with _board(tmp_path, pip_clients, port, trusted, host) as board:
            bob.until(r"^:thermo!\S+ JOIN #sensors$")
            bob.until(r"^:thermo!\S+ PRIVMSG #sensors :21\.5 C$")
            bob.send("PRIVMSG #sensors :thermo: led on")
            bob.until(r"^:thermo!\S+ PRIVMSG #sensors :bob: done$")
            board.sees("^led on$")
            # Only who answered the first PING gets a second one.
            board.sees("PING", "PING")
            bob.send("WHOIS thermo", "PRIVMSG #sensors :thermo: read")
            answers = bob.until(r"^:thermo!\S+ PRIVMSG #sensors :bob: 21\.5 C$")
            assert any(" 671 bob thermo " in line for line in answers) == tls


def test_a_sensor_trusts_nobody_else(tmp_path: Path, pip_clients: Path) -> None:
    daemon, _ = certified(tmp_path)
    certificate = tmp_path / "other.der"
    certificate.write_bytes(Authority(tmp_path / "other.pem").der)
    with daemon, _board(tmp_path, pip_clients, daemon.tls_port, certificate) as board:
        assert board.ended() != 0
        log = board.log.read_text()
        assert "The certificate is not correctly signed by the trusted CA" in log
        assert " 001 " not in log
