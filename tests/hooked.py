"""Houses with hooks: a registered channel, who made it, and programs that post to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from asking import Answered, Desk
from club import Club
from conversation import Client
from twisted.internet.defer import Deferred

from chatnet.api.hooks.bots import Bots
from chatnet.api.hooks.incoming import Incoming
from chatnet.api.hooks.outgoing import Outgoing
from chatnet.api.speaking import Speaking
from chatnet.model.hooks import Hook
from chatnet.model.registered import RegisteredChannel
from chatnet.services.hooks import Hooking
from chatnet.web.exchange import Ask
from chatnet.web.telling import Told, Untold

PLAIN = "text/plain; charset=utf-8"


class Post:
    """Somebody far away, who answers as `answers` says, one after the other; the last answer for ever."""

    def __init__(self) -> None:
        self.answers: list[Told | Untold] = [Told(200, "", b"")]
        self.taken: list[tuple[str, Mapping[str, str], bytes]] = []

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        self.taken.append((url, headers, body))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Untold):
            raise answer
        return answer

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.taken]


class Hooked:
    """A club where ann has registered #club; she and bob are in it."""

    def __init__(self, **sections: Any) -> None:
        self.club = Club(**{"flood": {"enabled": False}} | sections)  # nothing waits for its turn
        self.desk = Desk(self.club)
        node, parts = self.club.node, self.club.parts
        assert parts.chanserv is not None and parts.chanserv.hooking is not None
        self.hooking: Hooking = parts.chanserv.hooking
        self.speaking = Speaking(node, self.desk.api.parts.clients)
        self.bots = Bots(node)
        self.incoming = Incoming(parts.sessions, self.hooking, self.bots, self.speaking)
        self.post = Post()
        self.outgoing = Outgoing(node, self.club.store, self.hooking, self.bots, self.speaking, self.post)
        node.observe_too(self.outgoing)
        self.club.account("ann")
        self.ann = self.person("ann")
        self.bob = self.club.client("bob", caps="message-tags echo-message")
        self.ann >> "JOIN #club" >> "CS REGISTER #club"
        self.bob >> "JOIN #club"
        for client in (self.ann, self.bob):
            client.lines()

    def person(self, name: str) -> Client:
        """Somebody who is logged in."""
        client = self.club.client(name, caps="message-tags echo-message")
        client >> f"NS IDENTIFY {name} :correct horse"
        client.lines()
        return client

    @property
    def channel(self) -> RegisteredChannel:
        found = self.club.node.network.registry.channels.at("#club")
        assert found is not None
        return found

    def hook(self, form: str = "any", label: str = "ci") -> tuple[Hook, str]:
        """A hook that hears, and its path."""
        found, secret = self.club.done(self.hooking.hear(self.channel, label, form, self.club.named("ann")))
        return found, f"/hooks/{found.name}/{secret}"

    def asks(
        self,
        path: str,
        body: bytes,
        kind: str = "application/json",
        *,
        method: str = "POST",
        address: str = "192.0.2.9",
        **headers: str,
    ) -> Answered:
        """What is answered to a request at a hook's path."""
        given = {"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
        found: list[Answered] = []
        answer = Deferred.fromCoroutine(self.incoming.answer(Ask(method, path, (), given, body, address)))
        answer.addCallback(lambda reply: found.append(Answered(reply)))
        answer.addErrback(lambda failure: failure.raiseException())
        self.club.settle()
        assert found, "there is no answer yet"
        assert found[0].headers["cache-control"] == "no-store"
        return found[0]

    def posts(self, path: str, **payload: Any) -> tuple[int, bytes]:
        """Slack's JSON; the status, and the word."""
        answered = self.asks(path, json.dumps(payload).encode())
        assert answered.headers["content-type"] == PLAIN
        assert isinstance(answered.body, bytes)
        return answered.status, answered.body
