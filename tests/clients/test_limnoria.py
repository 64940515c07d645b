"""Limnoria, a bot that asks for much: labels, batches, tags, echoes, multiline messages and STS."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from daemon_process import Client, Daemon, wait_for
from logins import WORD, account_of, comes_in, founder, registered, says
from programs import Bot, certified

pytestmark = [pytest.mark.client, pytest.mark.daemon]

CONFIG = """\
supybot.nick: limno
supybot.user: A bot
supybot.ident: limno
supybot.networks: net
supybot.networks.net.servers: localhost:{port}
supybot.networks.net.channels: #den
supybot.networks.net.ssl: {tls}
supybot.networks.net.ssl.authorityCertificate: {authority}
supybot.protocols.irc.experimentalExtensions: True
supybot.protocols.irc.throttleTime: 0.0
supybot.drivers.poll: 0.05
supybot.drivers.minReconnectWait: 0.1
supybot.log.level: DEBUG
supybot.log.stdout: True
supybot.log.stdout.level: DEBUG
supybot.log.stdout.colorized: False
supybot.log.stdout.format: %(levelname)s %(name)s %(message)s
supybot.reply.whenAddressedBy.nick: True
supybot.reply.mores.instant: 5
supybot.plugins: Misc Owner User Utilities Admin Channel Config
supybot.plugins.Misc: True
supybot.plugins.Owner: True
supybot.plugins.User: True
supybot.plugins.Utilities: True
supybot.plugins.Admin: True
supybot.plugins.Channel: True
supybot.plugins.Config: True
supybot.directories.conf: {folder}/conf
supybot.directories.data: {folder}/data
supybot.directories.log: {folder}/logs
supybot.directories.backup: {folder}/backup
supybot.defaultIgnore: False
{more}
"""
NICKSERV = """\
supybot.plugins: Misc Owner User Utilities Admin Channel Config Services
supybot.plugins.Services: True
supybot.plugins.Services.nicks: limno
supybot.plugins.Services.Nickserv.password.limno: {word}
supybot.plugins.Services.noJoinsUntilIdentified: True
"""
SASL = """\
supybot.networks.net.sasl.username: limno
supybot.networks.net.sasl.password: {word}
supybot.networks.net.sasl.required: True
"""
REGISTERING = """\
supybot.plugins: Misc Owner User Utilities Admin Channel Config Services
supybot.plugins.Services: True
"""


OWNER = """\
user 1
  name bob
  ignore False
  secure False
  hashed False
  password unused
  capability owner
  hostmask bob!*@*
"""
STS = """
[[sts]]
hostname = "localhost"
port = TLS_PORT
duration = 3600
"""


class Limnoria(Bot):
    """In #den, where bob may command it.  `more` are lines of its configuration."""

    def __init__(
        self, folder: Path, programs: Path, daemon: Daemon, authority: Path, tls: bool, more: str = ""
    ) -> None:
        home = folder.parent / "limnoria"
        config = folder.parent / "limnoria.conf"
        port = daemon.tls_port if tls else daemon.port
        config.write_text(CONFIG.format(folder=home, port=port, tls=tls, authority=authority, more=more))
        conf = home / "conf"
        conf.mkdir(parents=True)
        (conf / "users.conf").write_text(OWNER)
        for name in ("channels", "networks", "ignores"):
            (conf / f"{name}.conf").touch()
        super().__init__(folder, [programs / "limnoria", "--allow-root", config])

    def answered(self, sent: str, received: str) -> None:
        """Wait until it has sent such a line, and got such a one under the label of that."""
        found: list[re.Match[str]] = []
        pattern = re.compile(rf"Outgoing message \(net\): @(?:\S*;)?label=([^;\s]+)\S* {sent}")

        def has_sent() -> bool:
            self.work()
            found[:] = [match for line in self.shown() if (match := pattern.search(line))]
            return bool(found)

        wait_for(has_sent, f"{sent} from Limnoria")
        self.sees(rf"Incoming message \(net\): @label={found[-1][1]};\S* {received}")

    def complaints(self) -> list[str]:
        """What it logged that it did not like."""
        return [
            line for line in self.shown() if re.search("^(WARNING|ERROR|CRITICAL)|Traceback|Uncaught", line)
        ]


def _bob(daemon: Daemon) -> Client:
    """Somebody who sees tags, in #den already."""
    bob = daemon.connect()
    bob.send("CAP REQ :message-tags echo-message batch draft/multiline", "CAP END")
    bob.register("bob")
    bob.send("JOIN #den")
    bob.sync()
    return bob


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_a_conversation(tmp_path: Path, pip_clients: Path, tls: bool) -> None:
    daemon, authority = certified(tmp_path)
    with (
        daemon,
        _bob(daemon) as bob,
        Limnoria(tmp_path / "bot", pip_clients, daemon, authority.path, tls) as bot,
    ):
        bob.until(r":limno!\S+ JOIN #den$")
        bot.sees("acknowledged .*'labeled-response', .*'account-tag', .*'batch', .*'standard-replies'")
        # All that is told at the end of the registration answers its CAP END.
        bot.answered("CAP :END", r":irc\.example\.org BATCH \+(\S+) labeled-response$")
        bot.answered("MODE limno :[+]B", r":limno!\S+ MODE limno :[+]B$")
        bot.answered("WHO #den", r":irc\.example\.org BATCH \+(\S+) labeled-response$")
        bot.sees("Join to #den on net synced")

        bob.send("PRIVMSG #den :limno: echo hello")
        (asked,) = bob.until(r" :limno: echo hello$")[-1:]
        (replied,) = bob.until(r":limno!\S+ PRIVMSG #den :hello$")[-1:]
        tags = replied.split()[0].removeprefix("@").split(";")
        (message_id,) = re.findall(r"msgid=([^; ]+)", asked)
        assert f"+reply={message_id}" in tags and "bot" in tags
        bot.answered("PRIVMSG #den :hello", r":limno!\S+ PRIVMSG #den :hello$")
        for command, sent, received in (
            ("PONG x", "PONG :x", r":irc\.example\.org ACK$"),
            ("FROBNICATE", "FROBNICATE", r":irc\.example\.org 421 limno FROBNICATE :Unknown command$"),
            ("WHOIS limno", "WHOIS :limno", r":irc\.example\.org BATCH \+\S+ labeled-response$"),
            ("SETNAME " + 200 * "x", "SETNAME", r":irc\.example\.org FAIL SETNAME INVALID_REALNAME "),
        ):
            bob.send(f"PRIVMSG #den :limno: ircquote {command}")
            bot.answered(sent, received)
        bob.send("PRIVMSG #den :limno: quit good night")
        bob.until(r":limno!\S+ QUIT :Quit: good night")
        assert bot.ended() == 0
        (complaint,) = bot.complaints()
        assert "'FROBNICATE', 'Unknown command'" in complaint


def test_a_long_command_and_a_long_answer(tmp_path: Path, pip_clients: Path) -> None:
    """Both are one message in several lines; somebody who knows nothing of that sees the lines."""
    daemon, authority = certified(tmp_path)
    words = [f"word{number}" for number in range(100)]
    with (
        daemon,
        _bob(daemon) as bob,
        daemon.client("fay") as fay,
        Limnoria(tmp_path / "bot", pip_clients, daemon, authority.path, tls=False) as bot,
    ):
        fay.send("JOIN #den")
        bob.until(r":limno!\S+ JOIN #den$")
        bot.sees("Server acknowledged capabilities: .*'draft/multiline'")
        bot.sees("Join to #den on net synced")
        fay.sync()
        bob.send(
            "BATCH +long draft/multiline #den",
            f"@batch=long PRIVMSG #den :limno: echo {' '.join(words[:50])} ",
            f"@batch=long;draft/multiline-concat PRIVMSG #den :{' '.join(words[50:])}",
            "BATCH -long",
        )
        (opening,) = bob.until(r"^@\S+ :limno!\S+ BATCH \+\S+ draft/multiline #den$")[-1:]
        assert "+reply=" in opening.split()[0]
        reference = opening.split()[3].removeprefix("+")
        lines = bob.until(rf"BATCH -{reference}$")[:-1]
        assert len(lines) > 1
        assert all(re.match(rf"@(\S+;)?batch={reference}[; ]", line) for line in lines)
        assert "".join(line.partition(" PRIVMSG #den :")[2] for line in lines).split() == words
        bot.answered(r"BATCH \+\S+ draft/multiline", r":limno!\S+ BATCH \+\S+ draft/multiline #den$")
        seen = [line for line in fay.until(r":limno!\S+ PRIVMSG #den :.*word99$") if ":limno!" in line]
        assert "".join(line.partition(" PRIVMSG #den :")[2] for line in seen).split() == words
        assert bot.complaints() == []


def test_strict_transport_security(tmp_path: Path, pip_clients: Path) -> None:
    daemon, authority = certified(tmp_path, STS)
    with (
        daemon,
        _bob(daemon) as bob,
        Limnoria(tmp_path / "bot", pip_clients, daemon, authority.path, tls=False) as bot,
    ):
        bob.until(r":limno!\S+ JOIN #den$")
        bot.sees(
            rf"Connecting to localhost:{daemon.port}\.",
            r"Got STS policy over insecure \(cleartext\) connection; reconnecting to secure port",
            rf"Connecting to localhost:{daemon.tls_port}\.",
            rf"Storing STS policy for localhost \(TLS port {daemon.tls_port}\): duration=3600",
        )
        bob.send("WHOIS limno")
        bob.until(" 671 bob limno ")
        bob.send("OPER ann secret", "KILL limno :enough")
        bob.until(r":limno!\S+ QUIT ")
        bob.until(r":limno!\S+ JOIN #den$")
        bot.sees(rf"Using STS policy: changing port from {daemon.port} to {daemon.tls_port}\.")
        bob.send("PRIVMSG #den :limno: quit good night")
        bob.until(r":limno!\S+ QUIT :Quit: good night")
        assert bot.ended() == 0
        (complaint,) = bot.complaints()
        assert complaint.endswith("(Killed (bob (enough)))")


@pytest.mark.parametrize("more", [SASL, NICKSERV], ids=["sasl", "nickserv"])
def test_it_logs_in(tmp_path: Path, pip_clients: Path, more: str) -> None:
    daemon, authority = certified(tmp_path)
    more = more.format(word=WORD)
    with daemon:
        registered(daemon, "limno")
        with (
            founder(daemon, "limno") as bob,
            Limnoria(tmp_path / "bot", pip_clients, daemon, authority.path, True, more) as bot,
        ):
            comes_in(bob, "limno")
            bot.sees("Join to #den on net synced")
            bob.send("PRIVMSG #den :limno: echo hello")
            says(bob, "limno", "hello")
            bob.send("PRIVMSG #den :limno: quit good night")
            bob.until(r":limno!\S+ QUIT :Quit: good night")
            assert bot.ended() == 0
            assert bot.complaints() == []


def test_it_has_its_nick_back(tmp_path: Path, pip_clients: Path) -> None:
    """An old connection of it is there still."""
    daemon, authority = certified(tmp_path)
    more = NICKSERV.format(word=WORD)
    with daemon:
        registered(daemon, "limno")
        with founder(daemon, "limno") as bob, daemon.connect() as old:
            old.send(f"PASS limno:{WORD}")
            old.register("limno")
            with Limnoria(tmp_path / "bot", pip_clients, daemon, authority.path, True, more) as bot:
                assert "(GHOST by limno`)" in old.rest()[-1]
                bot.sees(
                    'Received "Password accepted" from NickServ',
                    'Received "GHOST succeeded" from NickServ',
                    "Incoming message .*:limno`!.* NICK :?limno$",
                )
                bob.until(r":limno`?!\S+ JOIN #den limno :")
                bob.send("PRIVMSG #den :limno: echo hello")
                says(bob, "limno", "hello")
                assert bot.complaints() == []


@pytest.mark.parametrize("mode", ["+i", "+b limno!*@*"])
def test_chanserv_lets_it_in(tmp_path: Path, pip_clients: Path, mode: str) -> None:
    """It asks for that as soon as it is refused."""
    daemon, authority = certified(tmp_path)
    more = NICKSERV.format(word=WORD)
    with daemon:
        registered(daemon, "limno")
        with founder(daemon, "limno") as bob:
            bob.send(f"MODE #den {mode}")
            bob.sync()
            with Limnoria(tmp_path / "bot", pip_clients, daemon, authority.path, True, more) as bot:
                comes_in(bob, "limno")
                bot.sees("Join to #den on net synced")
                assert [line for line in bot.complaints() if "ChanServ on net" in line] == []


def test_it_forgets_a_wrong_password(tmp_path: Path, pip_clients: Path) -> None:
    """It tries no more, and joins nothing since it was told to wait."""
    daemon, authority = certified(tmp_path)
    more = NICKSERV.format(word="battery-staple")
    with daemon:
        registered(daemon, "limno")
        with Limnoria(tmp_path / "bot", pip_clients, daemon, authority.path, True, more) as bot:
            bot.sees("The name or the password is incorrect")
            bot.sees('Received "Password Incorrect" from NickServ on net.  Resetting password to empty')


def test_it_registers(tmp_path: Path, pip_clients: Path) -> None:
    daemon, authority = certified(tmp_path)
    with (
        daemon,
        _bob(daemon) as bob,
        Limnoria(tmp_path / "bot", pip_clients, daemon, authority.path, True, REGISTERING) as bot,
    ):
        bot.sees("Join to #den on net synced")
        bob.send(f"PRIVMSG limno :services register {WORD}")
        bob.until(r":limno!\S+ NOTICE bob :Registration of account limno on net succeeded")
        assert account_of(daemon, bob, "limno") == "limno"
        bob.send("PRIVMSG #den :limno: quit good night")
        assert bot.ended() == 0
        assert bot.complaints() == []
