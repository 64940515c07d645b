"""Bots on the libraries irc and pydle, and the bot sopel: they connect, join, hear, answer and leave.

The last two log in as well, as they are used to.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from daemon_process import Client, Daemon
from logins import WORD, comes_in, founder, registered, says
from programs import Bot, certified

pytestmark = [pytest.mark.client, pytest.mark.daemon]

BOTS = Path(__file__).resolve().parent / "bots"
TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])

SOPEL = """\
[core]
nick = sopel
owner = bob
host = localhost
port = {port}
use_ssl = {tls}
ca_certs = {authority}
channels = #den
enable =
    admin
    choose
homedir = {folder}
logdir = {folder}/logs
log_raw = true
logging_level = DEBUG
{more}
"""


class Sopel(Bot):
    """In #den, where bob is its owner; over TLS if it trusts an authority.  `more` are lines of `[core]`."""

    def __init__(
        self, folder: Path, programs: Path, port: int, authority: Path | None = None, more: str = ""
    ) -> None:
        tls = "true" if authority else "false"
        text = SOPEL.format(folder=folder, port=port, tls=tls, authority=authority or "", more=more)
        config = folder.parent / "sopel.cfg"
        config.write_text(text)
        command: list[str | Path] = [programs / "python", BOTS / "with_sopel.py", "start", "--config", config]
        super().__init__(folder, command)

    def complaints(self) -> list[str]:
        """What it logged that it did not like, but for the end of the connection."""
        exceptions = (self.folder / "logs" / "sopel.exceptions.log").read_text()
        lines = _until(self, "Quitting on command", "WARNING|ERROR|CRITICAL|Traceback")
        return lines + exceptions.splitlines()


def _meet(daemon: Daemon, nick: str) -> Client:
    """Somebody in the channel, where the bot will come."""
    somebody = daemon.client(nick)
    somebody.send("JOIN #den")
    somebody.sync()
    return somebody


def _until(bot: Bot, end: str, pattern: str) -> list[str]:
    """The lines with a pattern in its log, up to one: how a connection ends is put dramatically by some."""
    lines = bot.shown()
    last = next((number for number, line in enumerate(lines) if end in line), len(lines))
    return [line for line in lines[:last] if re.search(pattern, line)]


@TLS
def test_a_bot_on_irc(tmp_path: Path, pip_clients: Path, tls: bool) -> None:
    daemon, authority = certified(tmp_path)
    with daemon, _meet(daemon, "bob") as bob:
        arguments = [str(daemon.tls_port), authority.path] if tls else [str(daemon.port)]
        with Bot(tmp_path / "bot", [pip_clients / "python", BOTS / "with_irc.py", *arguments]) as bot:
            bob.until(r"^:jaraco!\S+ JOIN #den$")
            bot.sees("with bob jaraco")
            bob.send("PRIVMSG #den :héllo")
            bob.until(r"^:jaraco!\S+ PRIVMSG #den :bob: I heard héllo$")
            bot.sees(r"tags \['msgid', 'time'\]")
            bob.send("PRIVMSG jaraco :leave")
            bob.until(r"^:jaraco!\S+ QUIT :Quit: good night$")
            assert bot.ended() == 0
            # A command or numeric without a name there would be an event by its bare number or word.
            events = {line.split()[1] for line in bot.shown() if line.startswith("event ")}
            assert {"welcome", "cap", "pubmsg"} <= events
            assert {event for event in events if re.fullmatch(r"\d+", event)} == set()
            assert _until(bot, "event quit", "^(WARNING|ERROR)|Traceback") == []


@TLS
def test_a_bot_on_pydle(tmp_path: Path, pip_clients: Path, tls: bool) -> None:
    daemon, authority = certified(tmp_path)
    with daemon, _meet(daemon, "bob") as bob:
        arguments = [str(daemon.tls_port), "--tls"] if tls else [str(daemon.port)]
        with Bot(
            tmp_path / "bot",
            [pip_clients / "python", BOTS / "with_pydle.py", *arguments],
            {"SSL_CERT_FILE": str(authority.path)},
        ) as bot:
            bob.until(r"^:pydle!\S+ JOIN #den$")
            bob.send("PRIVMSG #den :héllo")
            bob.until(r"^:pydle!\S+ PRIVMSG #den :bob: I heard héllo, bob$")
            bob.send("PRIVMSG pydle :leave")
            bob.until(r"^:pydle!\S+ QUIT :Quit: good night$")
            assert bot.ended() == 0
            # What it has no handler for: of all that came only which modes somebody has.
            (warning,) = _until(bot, ">> QUIT", "^(WARNING|ERROR)|Traceback")
            assert re.search(r"Unknown command: \[\S+\] 379 ", warning)


@TLS
def test_sopel(tmp_path: Path, pip_clients: Path, tls: bool) -> None:
    daemon, authority = certified(tmp_path)
    port = daemon.tls_port if tls else daemon.port
    with (
        daemon,
        _meet(daemon, "bob") as bob,
        Sopel(tmp_path / "bot", pip_clients, port, authority.path if tls else None) as bot,
    ):
        bob.until(r"^:sopel!\S+ JOIN #den$")
        bob.send("PRIVMSG #den :.choose tea, tea")
        bob.until(r"^:sopel!\S+ PRIVMSG #den :bob: Your options: tea, tea\. My choice: tea$")
        bob.send("PRIVMSG sopel :.quit good night")
        bob.until(r"^:sopel!\S+ QUIT :Quit: good night$")
        assert bot.ended() == 0
        assert bot.complaints() == []


@pytest.mark.parametrize("method", ["sasl", "nickserv"])
def test_sopel_logs_in(tmp_path: Path, pip_clients: Path, method: str) -> None:
    daemon, authority = certified(tmp_path)
    more = f"auth_method = {method}\nauth_password = {WORD}"
    with daemon:
        registered(daemon, "sopel")
        with (
            founder(daemon, "sopel") as bob,
            Sopel(tmp_path / "bot", pip_clients, daemon.tls_port, authority.path, more) as bot,
        ):
            comes_in(bob, "sopel")
            bob.send("PRIVMSG #den :.choose tea, tea")
            says(bob, "sopel", r"bob: Your options: tea, tea\. My choice: tea")
            bob.send("PRIVMSG sopel :.quit good night")
            bob.until(r":sopel!\S+ QUIT :Quit: good night$")
            assert bot.ended() == 0
            if method == "sasl":
                assert bot.complaints() == []
            else:  # it is a guest until it has identified
                (complaint,) = bot.complaints()
                assert re.search(r"Requested 'sopel'; got 'Guest\d{5}'", complaint)


def test_a_bot_on_pydle_logs_in(tmp_path: Path, pip_clients: Path) -> None:
    """It takes a list of capabilities in two lines for an empty one, and so logs in once it is in."""
    daemon, authority = certified(tmp_path)
    with daemon:
        registered(daemon, "pydle")
        command: list[str | Path] = [pip_clients / "python", BOTS / "with_pydle.py"]
        command += [str(daemon.tls_port), "--tls", "--password", WORD]
        with (
            founder(daemon, "pydle") as bob,
            Bot(
                tmp_path / "bot",
                command,
                {"SSL_CERT_FILE": str(authority.path)},
            ) as bot,
        ):
            bob.until("^:ChanServ!.* MODE #den [+]o pydle$")
            bob.send("PRIVMSG #den :héllo")
            says(bob, "pydle", "bob: I heard héllo, bob")
            bob.send("PRIVMSG pydle :leave")
            bob.until(r":pydle!\S+ QUIT :Quit: good night$")
            assert bot.ended() == 0
            complaints = _until(bot, ">> QUIT", "^(WARNING|ERROR)|Traceback")
            assert [line for line in complaints if "Unknown command" not in line or " 379 " not in line] == []
