"""What hooks tell programs elsewhere: told once, tried again, given up, and closed."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from club import Club
from standardwebhooks.webhooks import Webhook
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatnet.api.hooks.deliveries import AGAIN, TOO_MANY, Deliveries
from chatnet.api.hooks.formats import wrong
from chatnet.api.hooks.signing import new_key
from chatnet.model.hooks import Hook
from chatnet.model.registered import RegisteredChannel
from chatnet.model.registry import Account
from chatnet.services.hooks import Hooking
from chatnet.services.refused import Refused
from chatnet.web.telling import Told, Untold

URL = "https://hooks.example.net/in"


class Post:
    """Somebody far away, who answers as `answers` says, one after the other; the last answer for ever."""

    def __init__(self) -> None:
        self.answers: list[Told | Untold] = [Told(200, "", b"")]
        self.taken: list[tuple[str, Mapping[str, str], bytes]] = []
        self.held: list[Deferred[None]] | None = None

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Told:
        self.taken.append((url, headers, body))
        if self.held is not None:
            waiting: Deferred[None] = Deferred()
            self.held.append(waiting)
            await waiting
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Untold):
            raise answer
        return answer

    @property
    def events(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.taken]


class Line:
    """A club with a channel, and hooks that tell."""

    def __init__(self, **sections: Any) -> None:
        self.club = Club(**sections)
        self.ann = self.club.account("ann")
        client = self.club.client("ann", caps="draft/account-registration")
        client >> "JOIN #club"
        node = self.club.node
        node.run = self._run  # what is told waits for answers, in some of these tests
        self.read: list[str] = []
        self.faults: list[Failure] = []
        self.said: list[tuple[str, str]] = []
        self.post = Post()
        self.hooking = Hooking(
            node,
            self.club.accounts.ledger,
            self,
            lambda account, text: self.read.append(f"{account.name}: {text}"),
            wrong,
            lambda: "https://irc.test",
        )
        self.deliveries = Deliveries(node, self.club.store, self.hooking, self.post, self._answered)
        self.bot = self.club.account("bot")

    def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        Deferred.fromCoroutine(coroutine).addErrback(lambda failure: self.faults.append(failure))

    def named(self, owner: Account, name: str) -> Account | None:
        return self.bot

    async def add(self, owner: Account, name: str) -> Account:
        raise AssertionError("there is one")

    async def _answered(self, hook: Hook, event: str, text: str) -> None:
        self.said.append((event, text))

    def channel(self) -> RegisteredChannel:
        channel = RegisteredChannel("c" + "a" * 20)
        channel.name = "#club"
        self.club.node.network.registry.channels.by_id[channel.id] = channel
        return channel

    def hook(self, label: str = "out", url: str = URL) -> Hook:
        made = self.hooking.tell(self.channel(), label, url, new_key(), self.ann, types=("message",))
        return self.club.done(made)

    def put(self, hook: Hook, event: str = "m1", text: str = "hi") -> None:
        self.deliveries.put(hook, "message", event, {"text": text})

    def advance(self, seconds: float) -> None:
        self.club.clock.advance(seconds)
        assert self.faults == []


def test_it_is_told_signed_with_its_type_and_time() -> None:
    line = Line()
    hook = line.hook()
    line.put(hook, text="grün")
    ((url, headers, body),) = line.post.taken
    assert url == URL and headers["content-type"] == "application/json" and headers["webhook-id"] == "m1"
    assert hook.keys is not None
    # The library holds the time of the signature against its own clock.
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert Webhook(hook.keys.key).sign("m1", at, body.decode()) == headers["webhook-signature"]
    assert json.loads(body) == {
        "type": "message", "timestamp": "2023-11-14T22:13:20.000Z", "data": {"text": "grün"},
    }  # fmt: skip
    line.advance(100_000)
    assert len(line.post.taken) == 1 and (line.deliveries.told, line.deliveries.waiting) == (1, 0)
    assert [(each.event, each.status, each.why) for each in line.deliveries.tries(hook)] == [("m1", 200, "")]


@pytest.mark.parametrize(
    "answer", [Told(500, "", b""), Told(429, "", b""), Told(408, "", b""), Untold("gone")]
)
def test_it_is_tried_again_at_its_times_and_then_given_up(answer: Told | Untold) -> None:
    line = Line()
    hook = line.hook()
    line.post.answers = [answer]
    line.put(hook)
    assert line.deliveries.waiting == 1
    for number, seconds in enumerate(AGAIN, 2):
        line.advance(seconds - 1)
        assert len(line.post.taken) == number - 1
        line.advance(1)
        assert len(line.post.taken) == number
    line.advance(100_000)
    assert len(line.post.taken) == len(AGAIN) + 1
    assert set(line.post.events) == {"m1"}
    assert line.deliveries.given_up == 1 and line.read[0].startswith("ann: The hook out could not be told")
    assert line.deliveries.waiting == 0
    assert sum(AGAIN) > 22 * 3600


@pytest.mark.parametrize("answer", [Told(404, "", b""), Told(301, "", b""), Untold("barred", True)])
def test_what_will_never_do_is_given_up_at_once(answer: Told | Untold) -> None:
    line = Line()
    line.post.answers = [answer]
    line.put(line.hook())
    line.advance(100_000)
    assert len(line.post.taken) == 1 and len(line.read) == 1 and line.deliveries.given_up == 1


def test_who_says_that_nobody_is_there_is_told_nothing_more() -> None:
    line = Line()
    hook = line.hook()
    line.post.answers = [Told(410, "", b"")]
    line.put(hook)
    assert hook.closed is not None and "410" in hook.closed.why
    assert line.read == [f"ann: The hook out was closed: {hook.closed.why}"]
    line.put(hook, "m2")
    assert len(line.post.taken) == 1
    assert line.club.done(_parcels(line)) == []


async def _parcels(line: Line) -> list[tuple[str, int]]:
    return list(await line.club.store.parcels())


def test_a_hook_closes_after_too_much_in_a_row_within_a_day() -> None:
    line = Line()
    hook = line.hook()
    line.post.answers = [Told(404, "", b"")]
    for number in range(TOO_MANY - 1):
        line.put(hook, f"m{number}")
    line.post.answers = [Told(200, "", b""), Told(404, "", b"")]
    for number in range(TOO_MANY):
        line.put(hook, f"n{number}")
    assert hook.closed is None
    line.put(hook, "last")
    assert hook.closed is not None
    other = line.hook("slow")
    for number in range(TOO_MANY + 5):
        line.put(other, f"s{number}")
        line.advance(10_000)
    assert other.closed is None


def test_one_at_a_time_of_each_and_some_in_all() -> None:
    line = Line(hooks={"at_once": 3})
    line.post.held = []
    hooks = [line.hook(f"h{number}") for number in range(5)]
    for hook in hooks:
        line.put(hook, f"{hook.label}a")
        line.put(hook, f"{hook.label}b")
    assert line.post.events == ["h0a", "h1a", "h2a"]
    line.post.held[0].callback(None)
    assert line.post.events[3:] == ["h3a"]
    for held in line.post.held[1:]:
        held.callback(None)
    while any(not held.called for held in line.post.held):
        next(held for held in line.post.held if not held.called).callback(None)
    assert sorted(line.post.events) == sorted(f"h{number}{part}" for number in range(5) for part in "ab")


def test_what_is_put_while_one_is_told_is_told_next() -> None:
    line = Line()
    hook = line.hook()
    line.post.held = []
    line.put(hook, "m1")
    line.put(hook, "m2")
    line.post.held[0].callback(None)
    line.post.held[1].callback(None)
    assert line.post.events == ["m1", "m2"]


def test_an_event_that_waits_does_not_keep_others_back() -> None:
    line = Line()
    hook = line.hook()
    line.post.answers = [Told(500, "", b""), Told(200, "", b"")]
    line.put(hook, "m1")
    line.put(hook, "m2")
    assert line.post.events == ["m1", "m2"]
    line.advance(AGAIN[0])
    assert line.post.events == ["m1", "m2", "m1"]


def test_of_too_many_the_first_are_lost_and_what_is_too_large() -> None:
    line = Line(hooks={"waiting": 3, "event_size": 1024})
    hook = line.hook()
    line.post.answers = [Told(500, "", b"")]
    for number in range(6):
        line.put(hook, f"m{number}")
    assert line.deliveries.lost == 3
    line.put(hook, "large", "x" * 2000)
    assert line.deliveries.lost == 4 and "large" not in line.post.events


def test_a_process_goes_on_where_the_one_before_ended() -> None:
    line = Line()
    hook = line.hook()
    line.post.answers = [Untold("no answer")]
    line.put(hook)
    for timer in line.deliveries._timers.values():
        timer.cancel()  # the process before has ended
    after = Post()
    again = Deliveries(line.club.node, line.club.store, line.hooking, after, line._answered)
    line.club.node.run(again.begin())
    line.advance(AGAIN[0])
    assert after.events == ["m1"]


def test_a_store_that_fails_is_asked_later() -> None:
    line = Line()
    hook = line.hook()
    line.club.store.broken = True
    line.put(hook, "m1")
    line.put(hook, "m2")
    assert line.post.events == []
    line.club.store.broken = False
    line.advance(60)
    assert line.post.events == ["m1", "m2"]


def test_an_answer_with_a_text_is_said() -> None:
    line = Line()
    hook = line.hook()
    line.post.answers = [
        Told(200, "application/json", b'{"text": "21 degrees"}'),
        Told(200, "text/plain", b'{"text": "no"}'),
        Told(200, "application/json", b'{"text": 3}'),
        Told(200, "application/json", b"["),
        Told(202, "application/json", b'{"text": ""}'),
    ]
    for number in range(5):
        line.put(hook, f"m{number}")
    assert line.said == [("m0", "21 degrees")]


def test_of_a_hook_that_is_gone_nothing_is_told() -> None:
    line = Line()
    hook = line.hook()
    line.post.answers = [Told(500, "", b"")]
    line.put(hook)
    line.club.done(line.hooking.remove(hook))
    line.advance(100_000)
    assert len(line.post.taken) == 1 and line.club.done(_parcels(line)) == []


def test_hooks_of_a_channel_that_is_no_more_end() -> None:
    line = Line()
    hook = line.hook()
    line.hooking.sweep()
    assert hook.id in line.hooking.known.by_id
    line.club.node.network.registry.channels.by_id.clear()
    line.hooking.sweep()
    assert hook.id not in line.hooking.known.by_id


def test_a_channel_has_so_many_hooks_and_they_are_found_by_name() -> None:
    line = Line(hooks={"per_channel": 2})
    one, two = line.hook("one"), line.hook("two")
    with pytest.raises(Refused, match="TOO_MANY_HOOKS"):
        line.hook("three")
    channel = line.channel()
    assert line.hooking.find(channel, "ONE") is one
    assert line.hooking.find(channel, two.name[:6]) is two
    for name in ("three", "", two.name[:3]):
        with pytest.raises(Refused, match="NO_HOOK"):
            line.hooking.find(channel, name)


def test_while_a_key_is_renewed_both_sign() -> None:
    line = Line()
    hook = line.hook()
    line.club.done(line.hooking.renew_key(hook, new_key()))
    line.put(hook, "m1")
    line.advance(86_400)
    line.put(hook, "m2")
    signatures = [headers["webhook-signature"].count("v1,") for _, headers, _ in line.post.taken]
    assert signatures == [2, 1]
