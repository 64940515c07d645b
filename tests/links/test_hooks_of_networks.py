"""Hooks on two full servers: what is posted at either is said, and each event is told once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import Desk
from clubs import Clubs
from hooked import Post
from twisted.internet.defer import Deferred

from chatnet.api.hooks.bots import Bots
from chatnet.api.hooks.incoming import Incoming
from chatnet.api.hooks.outgoing import Outgoing
from chatnet.api.hooks.signing import new_key
from chatnet.api.speaking import Speaking
from chatnet.model.hooks import Hook
from chatnet.web.exchange import Ask, Reply


class Side:
    """What one server has for hooks."""

    def __init__(self, clubs: Clubs, name: str, post: Post) -> None:
        self.club = club = clubs[name]
        desk = Desk(club, clubs.settle)
        chanserv = club.parts.chanserv
        assert chanserv is not None and chanserv.hooking is not None
        self.hooking = chanserv.hooking
        bots, speaking = Bots(club.node), Speaking(club.node, desk.api.parts.clients)
        self.incoming = Incoming(club.parts.sessions, self.hooking, bots, speaking)
        self.outgoing = Outgoing(club.node, club.store, self.hooking, bots, speaking, post)
        club.node.observe_too(self.outgoing)


class Network:
    """Two servers, where ann has registered #club on the first, and bob is on the second."""

    def __init__(self) -> None:
        self.clubs = clubs = Clubs("a", "b", flood={"enabled": False})
        clubs.link("a", "b")
        clubs.settle()
        self.post = Post()
        self.sides = {name: Side(clubs, name, self.post) for name in ("a", "b")}
        clubs["a"].account("ann")
        self.ann, self.bob = clubs["a"].client("ann"), clubs["b"].client("bob")
        for client, line in (
            (self.ann, "NS IDENTIFY ann :correct horse"),
            (self.ann, "JOIN #club"),
            (self.ann, "CS REGISTER #club"),
            (self.bob, "JOIN #club"),
        ):
            client >> line
            self.wait()
        self.heard()

    def wait(self) -> None:
        for name in ("a", "b"):
            self.clubs[name].clock.advance(0)
        self.clubs.settle()

    def heard(self) -> list[str]:
        self.ann.lines()
        return [line.partition(" :")[2] for line in self.bob.lines() if " PRIVMSG #club " in line]

    def make(self, name: str, **given: Any) -> Any:
        side = self.sides[name]
        channel = side.club.node.network.registry.channels.at("#club")
        assert channel is not None
        owner, found = side.club.named("ann"), list[Any]()
        way = side.hooking.tell if "url" in given else side.hooking.hear
        answer = Deferred.fromCoroutine(way(channel, "ci", by=owner, **given))
        answer.addCallbacks(found.append, lambda failure: failure.raiseException())
        self.wait()
        return found[0]

    def posts(self, name: str, hook: Hook, secret: str, text: str) -> bytes | object:
        found: list[Reply] = []
        ask = Ask(
            "POST",
            f"/hooks/{hook.name}/{secret}",
            (),
            {"content-type": "application/json"},
            json.dumps({"text": text}).encode(),
            "192.0.2.7",
        )
        Deferred.fromCoroutine(self.sides[name].incoming.answer(ask)).addCallback(found.append)
        self.wait()
        return found[0].body


@pytest.fixture
def network() -> Network:
    return Network()


def test_what_is_posted_at_either_is_said(network: Network) -> None:
    hook, secret = network.make("a", form="any")
    assert network.posts("a", hook, secret, "at a") == b"ok"
    assert network.heard() == ["at a"]
    assert network.posts("b", hook, secret, "at b") == b"ok"
    assert network.heard() == ["at b"]
    users = [user.nick for user in network.clubs["b"].node.network.users.values() if user.account == "ci"]
    assert users == ["ci"]


def test_each_event_is_told_once(network: Network) -> None:
    network.make("a", url="https://hooks.test/", key=new_key(), types=("message",))
    network.bob >> "PRIVMSG #club :hello"
    network.wait()
    assert [body["data"]["text"] for body in network.post.bodies] == ["hello"]
    for name in ("a", "b"):
        network.sides[name].outgoing.look()
    network.wait()
    network.ann >> "PRIVMSG #club :again"
    network.wait()
    assert [body["data"]["text"] for body in network.post.bodies] == ["hello", "again"]


def test_a_hook_that_is_taken_away_at_one_is_away_at_the_other(network: Network) -> None:
    hook, secret = network.make("a", form="any")
    other = network.sides["b"].hooking
    known = other.known.by_id[hook.id]
    assert (known.label, known.secret) == (hook.label, hook.secret)
    Deferred.fromCoroutine(other.remove(known))
    network.wait()
    assert network.posts("a", hook, secret, "x") == b"no_service"
    network.clubs.agree()
