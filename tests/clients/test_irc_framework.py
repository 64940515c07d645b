"""A bot on irc-framework, which web clients such as The Lounge and Kiwi IRC stand on, over WebSocket."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from daemon_process import Client, Daemon
from logins import WORD, comes_in, founder, registered, says
from programs import Bot, certified, web_listeners

pytestmark = [pytest.mark.client, pytest.mark.daemon]

PROGRAM = Path(__file__).resolve().parent / "bots" / "with_irc_framework.js"


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("subprotocol", ["text.ircv3.net", ""], ids=["text", "none"])
def test_a_conversation(tmp_path: Path, npm_clients: Path, subprotocol: str, tls: bool) -> None:
    more, port, tls_port = web_listeners()
    daemon, authority = certified(tmp_path, more)
    command: list[str | Path] = ["node", "--dns-result-order=ipv4first", PROGRAM]
    command += [str(tls_port), subprotocol, "tls"] if tls else [str(port), subprotocol]
    environment = {"NODE_PATH": str(npm_clients), "NODE_EXTRA_CA_CERTS": str(authority.path)}
    with daemon, daemon.client("bob") as bob:
        bob.send("CAP REQ :message-tags echo-message", "JOIN #den")
        bob.sync()
        with Bot(tmp_path / "bot", command, environment) as bot:
            _talk(bot, bob)
            _whois(daemon, "frame", tls)
            bob.send("PRIVMSG frame :leave")
            bob.until(r":frame!\S+ QUIT :.*good night$")
            bot.sees("closed")
            assert bot.ended() == 0
            assert [line for line in bot.shown() if "not understood" in line] == []


def test_it_logs_in(tmp_path: Path, npm_clients: Path) -> None:
    more, _, port = web_listeners()
    daemon, authority = certified(tmp_path, more)
    command: list[str | Path] = ["node", "--dns-result-order=ipv4first", PROGRAM]
    command += [str(port), "text.ircv3.net", "tls", WORD]
    environment = {"NODE_PATH": str(npm_clients), "NODE_EXTRA_CA_CERTS": str(authority.path)}
    with daemon:
        registered(daemon, "frame")
        with founder(daemon, "frame") as bob, Bot(tmp_path / "bot", command, environment) as bot:
            comes_in(bob, "frame")
            bot.sees("logged in as frame$", "registered with", "on ExampleNet in #den with bob frame$")
            bob.send("PRIVMSG #den :hello")
            says(bob, "frame", "bob: I heard hello")
            bob.send("PRIVMSG frame :leave")
            bot.sees("closed")
            assert bot.ended() == 0
            assert [line for line in bot.shown() if line.startswith("not ")] == []


def _talk(bot: Bot, bob: Client) -> None:
    bot.sees(
        "registered with .*batch.* echo-message .*message-tags .*server-time",
        "on ExampleNet in #den with bob frame$",
    )
    bob.send("PRIVMSG #den :schön ☕")
    msgid = _msgid_of(bob.until(r":bob!\S+ PRIVMSG #den :schön ☕$")[-1])
    bot.sees(r"privmsg from bob: schön ☕ \[.*msgid.*time.*\]")
    heard = bob.until("PRIVMSG #den :bob: I heard schön ☕$")[-1]
    assert f"+draft/reply={msgid}" in heard.split(" ")[0][1:].split(";")
    bot.sees(r"privmsg from frame: bob: I heard schön ☕ \[\+draft/reply .*msgid.*time.*\]")
    bob.send("@+typing=active TAGMSG #den")
    bot.sees('tagmsg from bob "active"')
    bob.send(f"PRIVMSG #den :{'long ' * 80}")
    bot.sees("privmsg from frame: bob: I heard long long")


def _msgid_of(line: str) -> str:
    found = re.match(r"@(?:\S*;)?msgid=([^; ]+)", line)
    assert found is not None
    return found[1]


def _whois(daemon: Daemon, nick: str, secure: bool) -> None:
    """Whether others are told that somebody is there over TLS."""
    with daemon.client("eve") as eve:
        eve.send(f"WHOIS {nick}")
        assert (" 671 " in "".join(eve.until(" 318 "))) == secure
