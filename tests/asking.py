"""Programs that ask the API of a house: ``bot.posts("/channels/club/messages", text="hi")``.

No sockets: an ``Ask`` goes in, and a ``Reply`` comes out.  Each answer is held against what the row of its
route declares.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from hashlib import sha256
from typing import Any

from archive import Archive
from conversation import House
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatnet.api.api import Api
from chatnet.api.problems import BASE, KINDS
from chatnet.api.routes import ROUTES
from chatnet.api.table import Route
from chatnet.services.codes import LETTERS
from chatnet.services.tokens import token_hash
from chatnet.web.exchange import Ask, Reply, Stream


def secret(name: str) -> str:
    """The token that is called so, the same in each run."""
    digest = sha256(name.encode()).digest()
    letters = "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:20])
    return "-".join(["cn", *(letters[at : at + 4] for at in range(0, 20, 4))])


def token(name: str, scope: str = "read,send,events", **more: Any) -> dict[str, Any]:
    """A block ``[[token]]`` of the configuration."""
    return {"name": name, "nick": name, "hash": token_hash(secret(name)), "scope": scope, **more}


class Study(Archive):
    """An archive in which what is asked of accounts and of the past may take its time."""

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        def failed(failure: Failure) -> None:
            self.log.failures.append(failure.getTraceback())

        Deferred.fromCoroutine(coroutine).addErrback(failed)


class Answered:
    """An answer, taken apart."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        self.body = reply.body
        self.headers = {name.lower(): value for name, value in reply.headers}
        assert len(self.headers) == len(reply.headers), reply.headers

    @property
    def json(self) -> Any:
        """The body; of a problem as well."""
        assert isinstance(self.body, bytes)
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """The kind of problem that it tells of."""
        assert self.headers["content-type"] == "application/problem+json", (self.status, self.body)
        found = self.json
        kind: str = found["type"].removeprefix(f"{BASE}/problems/")
        assert found["status"] == self.status == KINDS[kind].status
        return kind


class Desk:
    """The API of a `house`; `settle` lets all that is on its way arrive."""

    def __init__(self, house: House, settle: Callable[[], object] | None = None) -> None:
        self.house = house
        self._settle = settle or house.settle
        parts = house.parts
        tokens = None if parts.nickserv is None else parts.nickserv.tokens
        self.api = Api(parts.sessions, parts.turn, parts.accounts, tokens, ROUTES)
        house.node.observe_too(self.api)

    def begin(self, ask: Ask) -> list[Answered | Failure]:
        """Ask; the answer is put into what is given, when it is there."""
        found: list[Answered | Failure] = []
        answer = Deferred.fromCoroutine(self.api.answer(ask))
        answer.addCallbacks(lambda reply: found.append(Answered(reply)), found.append)
        self._settle()
        return found

    def ask(self, ask: Ask) -> Answered:
        """The answer, which is there when all has arrived, and what is stored is stored."""
        found = self.begin(ask)
        for _ in range(20):
            if not found:
                self.house.clock.advance(0.1)
                self._settle()
        assert found, "there is no answer yet"
        answered = found[0]
        if isinstance(answered, Failure):
            answered.raiseException()
        assert isinstance(answered, Answered)
        self._hold_against_its_row(ask, answered)
        return answered

    def _hold_against_its_row(self, ask: Ask, answered: Answered) -> None:
        assert "cache-control" in answered.headers
        row = self.row(ask)
        if row is None or answered.status >= 400:
            assert answered.kind in KINDS
            return
        assert answered.status in (row.status, 202), (answered.status, row)
        if isinstance(answered.body, bytes) and row.answer is not None and answered.body:
            row.answer.model_validate_json(answered.body)

    def row(self, ask: Ask) -> Route | None:
        """The row that answers."""
        found = self.api.parts.routes.find(ask.pieces[2:] or ("",))
        return None if found is None else found[0].get(ask.method)

    def program(self, name: str = "bot", **more: Any) -> Program:
        """A program that has the token of that name."""
        return Program(self, secret(name), **more)


class Program:
    """Asks with a token, from an address."""

    def __init__(self, desk: Desk, bearer: str = "", address: str = "192.0.2.7") -> None:
        self.desk = desk
        self.bearer = bearer
        self.address = address

    def made(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **query: Any
    ) -> Ask:
        """What it asks; a body that is no bytes is JSON."""
        found = dict(headers or {})
        if self.bearer:
            found.setdefault("authorization", f"Bearer {self.bearer}")
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        if data:
            found.setdefault("content-type", "application/json")
        pairs = tuple((name.rstrip("_"), str(value)) for name, value in query.items())
        return Ask(method, f"{BASE}{path}", pairs, found, data, self.address)

    def asks(self, method: str, path: str, body: Any = None, **more: Any) -> Answered:
        return self.desk.ask(self.made(method, path, body, **more))

    def gets(self, path: str, **query: Any) -> Answered:
        return self.asks("GET", path, **query)

    def posts(self, path: str, headers: Mapping[str, str] | None = None, **body: Any) -> Answered:
        return self.asks("POST", path, body, headers=headers)

    def puts(self, path: str, **body: Any) -> Answered:
        return self.asks("PUT", path, body or None)

    def patches(self, path: str, **body: Any) -> Answered:
        return self.asks("PATCH", path, body)

    def deletes(self, path: str, **body: Any) -> Answered:
        return self.asks("DELETE", path, body or None)

    def listens(self, headers: Mapping[str, str] | None = None, **query: Any) -> Reader:
        """A stream of events, with somebody who reads it."""
        answered = self.asks("GET", "/events", headers=headers, **query)
        assert answered.status == 200, answered.json
        assert answered.headers["content-type"] == "text/event-stream"
        return Reader(self, answered.body)


class Reader:
    """Reads a stream; with `slow` nothing, so that all waits."""

    def __init__(self, program: Program, stream: bytes | Stream) -> None:
        assert not isinstance(stream, bytes)
        self.stream = stream
        self.data = b""
        self.signs = 0
        self.slow = False
        self.waiting = 0
        self.ended = False
        self._desk = program.desk
        stream.begin(self)
        self._desk._settle()

    def send(self, data: bytes) -> None:
        assert not self.ended
        self.data += data
        if self.slow:
            self.waiting += len(data)

    def end(self) -> None:
        assert not self.ended
        self.ended = True

    def events(self) -> list[dict[str, Any]]:
        """What came since the last look, each with what stood around it: ``event`` and ``id``."""
        self._desk._settle()
        data, self.data = self.data, b""
        found = []
        for block in data.decode().split("\n\n")[:-1]:
            lines = [line for line in block.split("\n") if not line.startswith(":")]
            if not lines:
                self.signs += 1
                continue
            fields = dict(line.split(": ", 1) for line in lines)
            assert list(fields) in (["event", "data"], ["event", "id", "data"]), block
            event = json.loads(fields["data"])
            assert event["type"] == fields["event"]
            assert event.get("cursor") == fields.get("id")
            found.append(event)
        return found

    def types(self) -> list[str]:
        return [event["type"] for event in self.events()]
