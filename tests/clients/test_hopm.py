"""HOPM, which looks whether machines that connect are open proxies, and bans those that are."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from daemon_process import DEADLINE, HOST, Client, Daemon, free_port
from programs import Bot, require

pytestmark = [pytest.mark.client, pytest.mark.daemon]

PROXY = "127.0.0.2"
"""Where the open proxy is, and who comes through it."""
GREETING = "*** Looking for open proxies"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret")
CONFIGURATION = f"""
[server]
greeting = "{GREETING}"
[cloak]
enabled = false
[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"
[[oper_class]]
name = "scanner"
privileges = ["bans", "see-all"]
[[oper]]
name = "hopm"
class = "scanner"
password = "{HASH}"
"""
REGEX = (
    r"\\*\\*\\* Notice -- Client connecting: "
    r"([^ ]+) \\(([^@]+)@([^\\)]+)\\) \\[([0-9a-f\\.:]+)\\].*"
)
"""That of its own example, for Solanum and hybrid."""
CONFIG = """\
options {{
    pidfile = "{folder}/hopm.pid";
    scanlog = "{folder}/scan.log";
}};
irc {{
    nick = "scanner";
    username = "hopm";
    realname = "Looks for open proxies";
    server = "127.0.0.1";
    port = {port};
    oper = "hopm secret";
    mode = "+s +c";
    channel {{ name = "#hopm"; }};
    connregex = "{regex}";
    kline = "{ban}";
}};
scanner {{
    name = "default";
    protocol = HTTP:{proxy};
    fd = 64;
    max_read = 4 kbytes;
    timeout = 30 seconds;
    target_ip = "127.0.0.1";
    target_port = {port};
    target_string = "{greeting}";
}};
user {{
    mask = "*!*@*";
    scanner = "default";
}};
exempt {{
    mask = "*!*@127.0.0.1";
}};
"""


class OpenProxy:
    """Carries whatever it is given to wherever it is asked to, by HTTP's CONNECT."""

    def __init__(self) -> None:
        self.port = free_port()
        self._listener = socket.create_server((PROXY, self.port))
        self._open: list[socket.socket] = [self._listener]
        self.asked: list[str] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (data := client.recv(4096)):
                    return
                head += data
            self.asked.append(head.decode().split("\r\n")[0])
            host, port = head.split()[1].decode().split(":")
            target = socket.create_connection((host, int(port)), DEADLINE, source_address=(PROXY, 0))
            self._open.append(target)
            client.sendall(b"HTTP/1.0 200 Connection established\r\n\r\n")
            while data := target.recv(4096):
                client.sendall(data)

    def end(self) -> None:
        for each in self._open:
            each.close()


@pytest.fixture
def proxy() -> Iterator[OpenProxy]:
    found = OpenProxy()
    yield found
    found.end()


class Hopm(Bot):
    """HOPM with one scanner: it looks for a proxy at one port of who connects."""

    def __init__(self, folder: Path, daemon: Daemon, proxy: OpenProxy, ban: str) -> None:
        require("hopm")
        text = CONFIG.format(
            folder=folder, port=daemon.port, proxy=proxy.port, ban=ban, greeting=GREETING, regex=REGEX
        )
        home = folder.with_name("hopm-home")
        home.mkdir()
        (home / "hopm.conf").write_text(text)
        # It looks for its configuration below /etc, and writes its log below /var.
        super().__init__(folder, ["hopm", "-d", "-c", f"../../..{home}/hopm"])


@pytest.mark.parametrize(
    ("ban", "shown"),
    [
        ("KLINE 180 *@%i :Open proxy found on your host.", "added global 180 min. K-Line for [*@127.0.0.2]"),
        ("DLINE 1d12h %i :Open proxy on your host|hopm", "added global 2160 min. D-Line for [127.0.0.2]"),
    ],
)
def test_who_comes_through_an_open_proxy_is_banned(
    daemon: Daemon, tmp_path: Path, proxy: OpenProxy, ban: str, shown: str
) -> None:
    daemon.configure(CONFIGURATION)
    daemon.start()
    root = daemon.client("root")
    root.send("OPER hopm secret", "JOIN #hopm")
    root.until(" 366 ")
    with Hopm(tmp_path / "hopm", daemon, proxy, ban):
        root.until(r"scanner!\S+ JOIN #hopm")
        good = daemon.client("good")  # from 127.0.0.1, which it does not look at
        bot = Client(socket.create_connection((HOST, daemon.port), DEADLINE, source_address=(PROXY, 0)))
        bot.register("bot")
        root.until(re.escape(shown))
        assert bot.rest()[-1].startswith("ERROR :Closing Link: 127.0.0.2 (Banned: Open proxy ")
        assert proxy.asked[0] == f"CONNECT 127.0.0.1:{daemon.port} HTTP/1.0"
        good.send("PING :still here")
        good.until("still here")
        root.send("STATS k", "STATS d")
        root.until(r" (216|225) root [kd] \S+ .*\[scanner!\S+, ")
