"""Figures, health, feeds and logs at the real daemon."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking import secret
from daemon_process import DEADLINE, HOST, Daemon, free_port
from prometheus_client.parser import text_string_to_metric_families

from chatnet.services.tokens import token_hash

pytestmark = pytest.mark.daemon

CONFIGURATION = """
[server]
name = "irc.example.org"

[flood]
enabled = false

[accounts]
nick_protection = "off"

[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"

[[listen]]
endpoint = "tcp:WEB:interface=127.0.0.1"
kind = "web"
serves = ["feeds", "logs", "metrics"]

[[listen]]
endpoint = "tcp:OTHER:interface=127.0.0.1"
kind = "web"

[web]
logs = true

[[oper_class]]
name = "admin"
privileges = ["see-all", "rehash", "bans"]

[[token]]
name = "watcher"
nick = "watcher"
hash = "HASH"
scope = "operate,metrics"
class = "admin"
"""


class WatchedDaemon(Daemon):
    """A daemon whose figures are told at ``web``, and not at ``other``."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.web, self.other = free_port(), free_port()
        text = CONFIGURATION.replace("WEB", str(self.web)).replace("OTHER", str(self.other))
        self.configure(text.replace("HASH", token_hash(secret("watcher")) or ""))

    def get(
        self, path: str, port: int | None = None, method: str = "GET", bearer: str = ""
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection(HOST, port or self.web, timeout=DEADLINE)
        connection.request(method, path, headers={"Authorization": f"Bearer {bearer}"} if bearer else {})
        answer = connection.getresponse()
        try:
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedDaemon]:
    with WatchedDaemon(tmp_path) as daemon:
        yield daemon


def figures(watched: WatchedDaemon) -> dict[tuple[str, str], float]:
    """Numbers by name and the values of their labels, in the order of their names."""
    status, headers, text = watched.get("/metrics")
    assert status == 200, text
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, ",".join(text for _, text in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_of_a_server_at_work(watched: WatchedDaemon) -> None:
    with watched.client("ann") as ann:
        ann.send("JOIN #c", "PRIVMSG #c :hi", "PING x")
        ann.until("PONG")
        found = figures(watched)
    assert found["chatnet_users", "local"] == 1
    assert found["chatnet_messages_total", "local,channel"] == 1
    assert found["chatnet_connections", "irc,false"] == 1
    assert found["chatnet_connections", "http,false"] == 1
    assert found["chatnet_data_free_bytes", ""] > 0
    assert found["process_resident_memory_bytes", ""] > 1e6
    assert found["chatnet_host_memory_available_bytes", ""] > 0
    assert figures(watched)["chatnet_http_requests_total", "GET,/metrics,200"] == 1
    assert watched.get("/metrics", watched.other)[0] == 404
    assert "<usercount>0</usercount>" in watched.get("/stats.xml")[2]


def test_health_by_its_command(watched: WatchedDaemon) -> None:
    code = "import sys; from chatnet.wiring.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "health", f"http://{HOST}:{watched.web}"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert (found.returncode, found.stdout) == (0, "ready\n"), found.stderr


def test_a_channel_that_shows_what_is_said(watched: WatchedDaemon) -> None:
    with watched.client("ann") as ann:
        ann.send("NS REGISTER correct-horse", "JOIN #c")
        ann.until(" 900 ")
        ann.send("CS REGISTER #c")
        ann.until("belongs to ann")
        ann.send("CS SET #c LOGS ON", "CS SET #c FEED ALL")
        ann.until("The feed of #c")
        ann.send("PRIVMSG #c :Tea is <b>ready</b>", "PING x")
        ann.until("PONG")
        status, headers, text = watched.get("/feeds/c.atom")
        assert (status, headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
        assert "Tea is &lt;b&gt;ready&lt;/b&gt;" in text
        assert headers["ETag"]
        day = text.partition("<updated>")[2][:10]
        status, headers, text = watched.get(f"/logs/c/{day}")
        assert status == 200
        assert "Tea is &lt;b&gt;ready&lt;/b&gt;" in text
        assert headers["X-Robots-Tag"] == "noindex"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert watched.get(f"/logs/c/{day}", watched.other)[0] == 404
    assert "Traceback" not in watched.output()


def test_an_operator_looks_and_reloads(watched: WatchedDaemon) -> None:
    bearer = secret("watcher")

    def operate(path: str, method: str = "GET") -> tuple[int, dict[str, object]]:
        status, _, text = watched.get(f"/api/v1{path}", watched.other, method, bearer)
        return status, json.loads(text)

    status, found = operate("/server")
    assert (status, found["name"], found["troubles"]) == (200, "irc.example.org", [])
    assert int(str(found["free"])) > 0
    assert operate("/links")[1]["items"] == []
    assert len(dict(operate("/series")[1]["series"])) == 16  # type: ignore[call-overload]
    assert operate("/reload", "POST") == (200, {"words": ["done"]})
    watched.configure(CONFIGURATION.replace("WEB", "x").replace("OTHER", "y").replace("HASH", "z"))
    status, found = operate("/reload", "POST")
    assert (status, found["title"]) == (422, "Invalid")
    assert len(list(found["errors"])) >= 3  # type: ignore[call-overload]
    assert watched.get("/api/v1/server", watched.other)[0] == 401
    assert "Traceback" not in watched.output()
