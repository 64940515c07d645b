"""The Lounge, a web client that stays connected: its own server, used as its page in a browser uses it.

It logs in by SASL, asks by ``znc.in/playback`` for what was said while it was away, and keeps a log of its
own, in which anything that came twice would stand twice.
"""

from __future__ import annotations

import json
import re
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from daemon_process import Daemon, free_port, wait_for
from logins import WORD, comes_in, founder, registered, says
from programs import Bot, certified

pytestmark = [pytest.mark.client, pytest.mark.daemon]

PAGE = Path(__file__).resolve().parent / "bots" / "at_the_lounge.js"
PASSWORD = "the-password-of-its-page"
CONFIGURATION = """\
module.exports = {public: false, host: "127.0.0.1", port: PORT, leaveMessage: "till tomorrow"};
"""


class Lounge:
    """An installation of it with one user, zoe."""

    def __init__(self, folder: Path, modules: Path, authority: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._program: list[str | Path] = [
            modules.parent / "bin" / "node",
            modules / "thelounge" / "index.js",
        ]
        self._environment = {
            "THELOUNGE_HOME": str(folder / "home"),
            "NODE_PATH": str(modules),
            "NODE_EXTRA_CA_CERTS": str(authority),
        }
        (folder / "home" / "users").mkdir(parents=True)
        (folder / "home" / "config.js").write_text(CONFIGURATION.replace("PORT", str(self.port)))
        with self.run("add", "add", "--password", PASSWORD, "--save-logs", "zoe") as adds:
            assert adds.ended() == 0, adds.shown()

    def run(self, name: str, *arguments: str) -> Bot:
        """It as a command."""
        bot = Bot(self.folder / name, [*self._program, *arguments], self._environment)
        bot.name = "The Lounge"
        return bot

    def start(self, name: str) -> Bot:
        """Its server, until it lets people in."""
        server = self.run(name, "start")
        server.sees(rf"Available at .*:{self.port}/")
        return server

    def page(self, name: str, network: dict[str, object] | None = None) -> Bot:
        """Somebody looks at it."""
        command: list[str | Path] = [self._program[0], PAGE, str(self.port), "zoe", PASSWORD]
        page = Bot(
            self.folder / name, [*command, json.dumps(network)] if network else command, self._environment
        )
        page.sees("^let in")
        return page


def network_of(daemon: Daemon) -> dict[str, object]:
    """What one fills in to connect to it."""
    return {
        "name": "ExampleNet", "host": "localhost", "port": daemon.tls_port, "tls": True,
        "rejectUnauthorized": True, "nick": "zoe", "username": "zoe", "realname": "Zoe", "join": "",
        "sasl": "plain", "saslAccount": "zoe", "saslPassword": WORD,
    }  # fmt: skip


def test_what_was_said_while_she_was_not_in_the_channel_is_there_once(
    tmp_path: Path, the_lounge: Path
) -> None:
    """It asks where a window is opened: from the beginning on, or from the last second that its own log has.

    So of that second alone something may stand there twice.
    """
    daemon, authority = certified(tmp_path)
    lounge = Lounge(tmp_path / "lounge", the_lounge, authority.path)
    with daemon:
        registered(daemon, "zoe")
        with (
            founder(daemon, "zoe") as bob,
            lounge.start("server") as server,
            lounge.page("page", network_of(daemon)) as page,
        ):
            for number in range(3):
                bob.send(f"PRIVMSG #den :before {number}")
            page.sees("Logged in as: zoe", "Enabled capabilities: .*znc.in/playback", r"mode zoe: \+Zix")
            bob.send("PRIVMSG zoe :lounge, say /join #den")
            comes_in(bob, "zoe")
            page.sees("in #den", "heard #den message bob: before 2")
            bob.send("PRIVMSG #den :lounge, say good evening")
            says(bob, "zoe", "good evening")
            page.sees("heard #den message zoe: good evening")
            heard = int(time.time())
            wait_for(lambda: int(time.time()) > heard, "another second")
            bob.send("PRIVMSG #den :lounge, say /part")
            bob.until(r"^:zoe!\S+ PART #den")
            for number in range(5):
                bob.send(f"PRIVMSG #den :meanwhile {number}")
            bob.send("PRIVMSG zoe :lounge, say /join #den")
            comes_in(bob, "zoe")
            page.sees("no more of #den", "heard #den message bob: meanwhile 4")
            # What it has of the channel, from its own log and from here.
            bob.send("PRIVMSG #den :lounge, look back")
            page.sees("heard #den message bob: lounge, look back", "no more of #den")
            lines = page.shown()
            lines = lines[next(n for n, line in enumerate(lines) if line.endswith("lounge, look back")) :]
            found = [re.match(r"kept #den message (.*)", line) for line in lines]
            kept = Counter(match[1] for match in found if match)
            assert kept.pop("bob: lounge, say /part") <= 2
            said = [f"bob: before {n}" for n in range(3)] + [f"bob: meanwhile {n}" for n in range(5)]
            assert kept == Counter([*said, "bob: lounge, say good evening", "zoe: good evening"])
            server.signal(signal.SIGTERM)
            bob.until(r"^:zoe!\S+ QUIT :.*till tomorrow")
            assert server.ended() == 0
