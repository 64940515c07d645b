"""ZNC, which stays connected for people who come and go: it logs in for them by its modules."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from daemon_process import HOST, Client, Daemon, free_port, wait_for
from logins import WORD, account_of, comes_in, founder, registered, says
from programs import Bot, certified, require

pytestmark = [pytest.mark.client, pytest.mark.daemon]

NOBODY = 65534
CONFIG = """\
Version = 1.8.2
ConnectDelay = 1
ServerThrottle = 1
<Listener all>
    Host = 127.0.0.1
    Port = {port}
    IPv6 = false
    SSL = false
</Listener>
<User zoe>
    <Pass password>
        Method = plain
        Hash = zncs-own
    </Pass>
    Nick = zoe
    Ident = zoe
    RealName = Zoe
    <Network net>
        LoadModule = {module}
        FloodRate = 0
        IRCConnectEnabled = false
        TrustAllCerts = true
        Server = 127.0.0.1 +{server}
        <Chan #den>
        </Chan>
    </Network>
</User>
"""


class Znc(Bot):
    """With one user and one network, which it does not connect to before it is told to."""

    def __init__(self, folder: Path, daemon: Daemon, module: str) -> None:
        require("znc")
        self.port = free_port()
        home = folder.parent / "znc"
        configs = home / "configs"
        configs.mkdir(parents=True)
        text = CONFIG.format(port=self.port, server=daemon.tls_port, module=module)
        (configs / "znc.conf").write_text(text)
        command: list[str | Path] = ["znc", "--foreground", "--datadir", home]
        if os.getuid() == 0:  # where root starts it, as in a container, it waits for half a minute first
            for path in (home, *home.rglob("*")):
                shutil.chown(path, NOBODY, NOBODY)
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
        super().__init__(folder, command)
        self.name = "znc"

    def client(self, daemon: Daemon) -> Client:
        """Its user comes."""
        found: list[Client] = []

        def is_open() -> bool:
            self.work()
            try:
                found.append(daemon.connect(self.port))
            except ConnectionRefusedError:
                return False
            return True

        wait_for(is_open, f"{HOST}:{self.port}, where ZNC listens")
        found[0].send("PASS zoe/net:zncs-own", "NICK zoe", "USER zoe 0 * :Zoe")
        found[0].until(" 001 zoe ")
        return found[0]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may enter, which those of pytest are not."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_it_logs_in_by_sasl(tmp_path: Path, place: Path) -> None:
    daemon, _ = certified(tmp_path)
    with daemon:
        registered(daemon, "zoe")
        with (
            founder(daemon, "zoe") as bob,
            Znc(place / "bot", daemon, "sasl") as znc,
            znc.client(daemon) as zoe,
        ):
            zoe.send(f"PRIVMSG *sasl :set zoe {WORD}", "PRIVMSG *sasl :requireauth yes")
            zoe.send("PRIVMSG *status :connect")
            comes_in(bob, "zoe")
            zoe.until("353 zoe . #den :")
            zoe.send("PRIVMSG #den :hello")
            says(bob, "zoe", "hello")


def test_it_logs_in_by_nickserv(tmp_path: Path, place: Path) -> None:
    """NickServ tells the guest to identify, and so it does."""
    daemon, _ = certified(tmp_path)
    with daemon:
        registered(daemon, "zoe")
        with (
            founder(daemon, "zoe") as bob,
            Znc(place / "bot", daemon, "nickserv") as znc,
            znc.client(daemon) as zoe,
        ):
            zoe.send(f"PRIVMSG *nickserv :set {WORD}", "PRIVMSG *status :connect")
            bob.until(r"^:ChanServ!\S+ MODE #den \+o zoe$")
            zoe.until("You are now identified for zoe")
            zoe.send("PRIVMSG #den :hello")
            says(bob, "zoe", "hello")
            assert account_of(daemon, bob, "zoe") == "zoe"
