"""A link made beside the running daemon: an account by it over HTTP, a bot, and all after a restart."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from daemon_process import BIN, DEADLINE, HOST, Daemon, free_port, wait_for

pytestmark = pytest.mark.daemon

WORD = "correct-horse"
CONFIGURATION = """
[server]
name = "irc.example.org"

[flood]
enabled = false

[accounts]
iterations = 4096
registration = false

[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"

[[listen]]
endpoint = "tcp:WEB:interface=127.0.0.1"
kind = "web"
"""


class Door(Daemon):
    """A daemon with a page, at the port `web`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.web = free_port()
        self.configure(CONFIGURATION.replace("WEB", str(self.web)))

    def invite(self, *words: str) -> tuple[str, str]:
        """The address and the key of a link that ``chatnet invite`` makes."""
        command = [str(BIN / "chatnet"), "invite", *words, "--config", "chatnet.toml"]
        done = subprocess.run(command, cwd=self.folder, text=True, capture_output=True, env=self.environment)
        assert done.returncode == 0, done.stderr
        page, join, _ = done.stdout.splitlines()
        return page, join.rpartition(" ")[2]

    def asks(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and answer of a request to the API."""
        connection = http.client.HTTPConnection(HOST, self.web, timeout=DEADLINE)
        data = None if body is None else json.dumps(body)
        sent = headers if data is None else {"Content-Type": "application/json", **headers}
        connection.request(method, f"/api/v1{path}", data, sent)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, json.loads(text) if text else None


def test_a_link_from_the_command_line_to_the_channel(tmp_path: Path) -> None:
    with Door(tmp_path) as daemon:
        page, key = daemon.invite("#club", "--register", "--days", "1")
        assert page == f"http://127.0.0.1:{daemon.web}/join/{key}"
        # It is read from the file within seconds.
        wait_for(lambda: daemon.asks("GET", f"/invites/{key}")[0] == 200, "the link")
        status, found = daemon.asks("POST", f"/invites/{key}/accept", {"name": "ann", "password": WORD})
        assert (status, found["account"], found["channels"]) == (200, "ann", ["#club"])
        token = found["token"]
        status, found = daemon.asks("POST", "/accounts", {"name": "bob", "password": WORD})
        assert (status, found["type"]) == (403, "/api/v1/problems/no-registration")

        ann = daemon.connect()
        ann.send(f"PASS ann:{token}", "NICK ann", "USER ann 0 * :Ann")
        ann.until(r" 001 ann ")
        ann.send("JOIN #club", "CS REGISTER #club", "MODE #club +i")
        ann.until(r" MODE #club \+i")
        ann.send(f"NS IDENTIFY ann {WORD}", "NS BOT ADD buildbot")
        told = re.search(r"cn-\S+", ann.until(r"The bot buildbot is yours\.")[-1])
        assert told is not None
        bearer = {"Authorization": f"Bearer {told[0]}"}
        status, found = daemon.asks("PUT", "/channels/club/membership", {"key": key}, **bearer)
        assert (status, found) == (200, {"channel": "#club", "joined": True})
        status, found = daemon.asks("POST", "/channels/club/messages", {"text": "green"}, **bearer)
        assert status == 201 and found["from"]["bot"] is True
        ann.until(r":buildbot!\S+ PRIVMSG #club :green")
        ann.send("CS LINK LIST #club")
        ann.until(r" 2 of 50 came, with registration")

        daemon.restart(sudden=False)
        guest = daemon.client("guest")
        guest.send("JOIN #club")
        guest.until(r" 473 guest #club ")
        guest.send(f"JOIN #club {key}")
        guest.until(r":guest!\S+ JOIN #club")
        names = guest.until(r" 366 ")
        assert any("buildbot" in line for line in names)  # it has stayed, over the restart too
        daemon.stop()
        for path in tmp_path.rglob("*"):
            if path.is_file():
                kept = path.read_bytes()
                assert key.encode() not in kept and token.encode() not in kept, path
