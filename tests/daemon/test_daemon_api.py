"""Programs at the real daemon: what they say is said, what happens is streamed, and the end is told."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asking import secret
from daemon_process import DEADLINE, HOST, Daemon, free_port

from chatnet.services.tokens import token_hash

pytestmark = pytest.mark.daemon

CONFIGURATION = """
[server]
name = "irc.example.org"

[flood]
enabled = false

[accounts]
iterations = 4096

[[listen]]
endpoint = "tcp:PORT:interface=127.0.0.1"

[[listen]]
endpoint = "tcp:WEB:interface=127.0.0.1"
kind = "web"

[[token]]
name = "bot"
nick = "bot"
hash = "HASH"
scope = "all"
class = "keeper"

[[oper_class]]
name = "keeper"
privileges = ["see-all", "rehash", "routing", "accounts"]
"""


class ApiDaemon(Daemon):
    """A daemon that programs ask at the port `web`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.web = free_port()
        hashed = token_hash(secret("bot"))
        assert hashed is not None
        self.configure(CONFIGURATION.replace("WEB", str(self.web)).replace("HASH", hashed))

    def ask(
        self, method: str, path: str, body: Any = None, bearer: str = secret("bot"), **headers: str
    ) -> http.client.HTTPResponse:
        """An answer, on a connection of its own."""
        connection = http.client.HTTPConnection(HOST, self.web, timeout=DEADLINE)
        sent = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): text for name, text in headers.items()}
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, f"/api/v1{path}", data, sent)
        return connection.getresponse()


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ApiDaemon]:
    with ApiDaemon(tmp_path) as daemon:
        yield daemon


def event(stream: http.client.HTTPResponse, kind: str) -> dict[str, Any]:
    """The next event of a kind."""
    named = ""
    while line := stream.readline():
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            named = value
        elif field == "data" and named == kind:
            found: dict[str, Any] = json.loads(value)
            return found
    raise AssertionError(f"the stream ended without {kind}")


def test_a_program_speaks_listens_and_looks_back(api: ApiDaemon) -> None:
    with api.client("ann") as ann:
        ann.send("JOIN #club")
        ann.sync()
        stream = api.ask("GET", "/events?channels=club")
        assert stream.status == 200
        assert stream.headers["Content-Type"] == "text/event-stream"
        assert stream.headers["Cache-Control"] == "no-store"
        ann.until(r".* JOIN #club")
        ann.send("PRIVMSG #club :hello")
        heard = event(stream, "message")
        assert (heard["text"], heard["from"]["nick"]) == ("hello", "ann")
        answer = api.ask("POST", "/channels/club/messages", {"text": "hi\nthere"})
        said = json.loads(answer.read())
        assert answer.status == 201
        assert answer.headers["RateLimit-Limit"] == "50"
        ann.until(":bot!bot@api.irc.example.org PRIVMSG #club :there")
        assert event(stream, "message")["id"] == said["id"]
        page = json.loads(api.ask("GET", "/channels/club/messages").read())
        assert [each["text"] for each in page["items"]] == ["hello", "hi\nthere"]
        api.signal(signal.SIGTERM)
        assert event(stream, "closing")
        assert stream.read().strip() == b""


def test_a_person_and_their_token(api: ApiDaemon) -> None:
    with api.client("ann") as ann:
        ann.send("PRIVMSG NickServ :REGISTER correct-horse-battery")
        ann.until(r".*logged in as ann.*")
        ann.send("JOIN #club", "PRIVMSG NickServ :TOKEN ADD laptop")
        bearer = ""
        while not bearer:
            words = (ann.line() or "").split()
            bearer = next((word.strip(".,:") for word in words if word.lstrip(":").startswith("cn-")), "")
        answer = api.ask("POST", "/channels/club/messages", {"text": "hi"}, bearer.lstrip(":"))
        said = json.loads(answer.read())
        assert (answer.status, said["from"]["nick"], said["from"]["account"]) == (201, "ann", "ann")
        assert api.ask("GET", "/channels", bearer=secret("nobody")).status == 401


def test_heads_bodies_and_hosts(api: ApiDaemon) -> None:
    answer = api.ask("HEAD", "/")
    assert (answer.status, answer.read()) == (200, b"")
    answer = api.ask("HEAD", "/events")
    assert (answer.status, answer.read()) == (200, b"")
    answer = api.ask("POST", "/channels/club/messages", {"text": "x" * 70_000})
    assert answer.status == 413
    assert api.ask("GET", "/", Host="evil.example").status == 421
    assert api.ask("PUT", "/", {}).status == 405
    assert json.loads(api.ask("GET", "/nothing").read())["type"] == "/api/v1/problems/no-such-path"
