"""Requests that are sent twice, and how many there may be."""

from __future__ import annotations

import pytest
from asking import Desk, Program, Study, token
from conversation import House
from hypothesis import given
from hypothesis import strategies as st

from chatnet.api.buckets import MOST, Buckets

KEY = {"idempotency-key": "build 812"}


@pytest.fixture
def desk() -> Desk:
    return Desk(House(token=[token("bot"), token("other")]))


def test_it_is_done_once(desk: Desk) -> None:
    bot, ann = desk.program("bot"), desk.house.client("ann")
    ann >> "JOIN #club"
    ann.lines()
    first = bot.posts("/channels/club/messages", headers=KEY, text="hi")
    desk.house.clock.advance(3600)
    second = bot.posts("/channels/club/messages", headers=KEY, text="hi")
    assert (first.status, first.body) == (second.status, second.body)
    assert "idempotent-replay" not in first.headers
    assert second.headers["idempotent-replay"] == "true"
    assert second.headers["content-type"] == "application/json"
    assert len([line for line in ann.lines() if "PRIVMSG" in line]) == 1


def test_a_key_is_for_one_request_of_one_token(desk: Desk) -> None:
    bot = desk.program("bot")
    bot.posts("/channels/club/messages", headers=KEY, text="hi")
    assert bot.posts("/channels/club/messages", headers=KEY, text="ho").kind == "key-reused"
    assert bot.posts("/channels/other/messages", headers=KEY, text="hi").kind == "key-reused"
    answered = desk.program("other").posts("/channels/club/messages", headers=KEY, text="hi")
    assert answered.status == 201
    assert "idempotent-replay" not in answered.headers


def test_what_was_refused_is_refused_again(desk: Desk) -> None:
    bot, ann = desk.program("bot"), desk.house.client("ann")
    answered = bot.posts("/users/bob/messages", headers=KEY, text="hi")
    assert answered.kind == "no-such-user"
    ann >> "NICK bob"
    assert bot.posts("/users/bob/messages", headers=KEY, text="hi").headers["idempotent-replay"] == "true"
    assert bot.posts("/users/bob/messages", headers={"idempotency-key": "2"}, text="hi").status == 201


def test_what_may_be_otherwise_later_is_tried_again() -> None:
    desk = Desk(House(token=[token("bot"), token("other")], api={"clients": 1, "linger": 10}))
    desk.program("other").gets("/channels")
    bot = desk.program("bot")
    assert bot.posts("/channels/club/messages", headers=KEY, text="hi").kind == "unavailable"
    desk.house.clock.advance(20)
    assert bot.posts("/channels/club/messages", headers=KEY, text="hi").status == 201


def test_while_it_is_answered() -> None:
    classes = [{"name": "slow", "lines_per_second": 0.05, "burst": 3}]
    desk = Desk(
        House(
            token=[token("bot")],
            flood={"enabled": True},
            connection_class=classes,
            api={"connection_class": "slow", "wait": 300},
        )
    )
    bot = desk.program("bot")
    ask = bot.made("POST", "/channels/club/messages", {"text": "hi"}, headers=KEY)
    first = desk.begin(ask)
    assert first == []
    assert desk.ask(ask).kind == "under-way"
    for _ in range(30):
        desk.house.clock.advance(10)
        desk.house.settle()
    assert len(first) == 1
    assert desk.ask(ask).headers["idempotent-replay"] == "true"


@pytest.mark.parametrize("key", ["", "x" * 65, "a\x01", "ä"])
def test_what_is_no_key(desk: Desk, key: str) -> None:
    bot = desk.program("bot")
    answered = bot.posts("/channels/club/messages", headers={"idempotency-key": key}, text="hi")
    assert answered.kind == "invalid"


def test_answers_are_kept_for_a_time_and_within_room() -> None:
    desk = Desk(House(token=[token("bot")], api={"once_most": 2, "once_keep": 60}))
    bot = desk.program("bot")

    def said(key: str) -> bool:
        answered = bot.posts("/channels/club/messages", headers={"idempotency-key": key}, text="hi")
        return "idempotent-replay" not in answered.headers

    assert said("1")
    assert said("2")
    assert not said("1")
    assert said("3")
    assert said("1")  # the oldest is forgotten
    assert not said("3")
    desk.house.clock.advance(61)
    assert said("3")


def test_only_posts_have_keys(desk: Desk) -> None:
    bot: Program = desk.program("bot")
    for _ in range(2):
        answered = bot.asks("PUT", "/channels/club/membership", headers=KEY)
        assert "idempotent-replay" not in answered.headers


def test_nobodys_answers_are_kept() -> None:
    desk = Desk(Study())
    stranger = Program(desk)
    body = {"name": "ann", "password": "correct horse battery"}
    first = stranger.posts("/accounts", headers=KEY, **body)
    second = stranger.posts("/accounts", headers=KEY, **body)
    assert first.status == 201
    assert second.status >= 400
    assert "idempotent-replay" not in second.headers


# buckets


@given(
    st.lists(st.tuples(st.floats(0, 10), st.sampled_from([1.0, 2.0, 5.0])), max_size=60),
    st.floats(0.5, 20),
    st.integers(5, 50),
)
def test_no_more_than_its_rate(steps: list[tuple[float, float]], rate: float, most: int) -> None:
    now = [0.0]
    buckets = Buckets(lambda: now[0], lambda: (rate, most))
    spent = 0.0
    for wait, cost in steps:
        now[0] += wait
        level = buckets.take("x", cost)
        assert 0 <= level.left <= most
        if level.wait == 0:
            spent += cost
        else:
            now[0] += level.wait
            assert buckets.take("x", cost).wait == 0
            spent += cost
        assert spent <= most + now[0] * rate + 1e-3


def test_buckets_that_are_full_are_forgotten() -> None:
    now = [0.0]
    buckets = Buckets(lambda: now[0], lambda: (1.0, 10))
    for number in range(MOST + 100):
        buckets.take(str(number), 1.0)
    assert len(buckets) == MOST
    now[0] = 100
    buckets.take("x", 1.0)
    assert len(buckets) == 1
