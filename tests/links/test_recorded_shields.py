"""The level of the shields is one record of all full servers: the later word holds, also after a split."""

from __future__ import annotations

import pytest
from clubs import Clubs
from conversation import START, Client
from hypothesis import given
from hypothesis import strategies as st
from states import opered
from test_recorded_bans import full, say

from chatnet.records.grammar import fixed
from chatnet.records.shields import ENTITY, FIELD, ShieldsValue
from chatnet.rules.stamps import Stamp
from chatnet.storage.record import Record

NOW = int(START)


@pytest.fixture
def clubs() -> Clubs:
    """Three in a row; c has words of its own for level 2, and knows level 7."""
    own = {"shield": [{"level": 2, "notice": "closed at c", "require_login": True}, {"level": 7}]}
    return full("a", "b", "c", sections_of={"c": own})


def root(clubs: Clubs, name: str) -> Client:
    found = clubs[name].client(f"root{name}", address="198.51.100.1")
    clubs.settle()
    opered(found, "shields", "see-all", snomask="k")
    clubs.settle()
    return found


def levels(clubs: Clubs) -> list[int]:
    return [house.node.network.shields.level for house in clubs]


def let_in(clubs: Clubs, name: str) -> bool:
    client = clubs[name].connect("192.0.2.9")
    client >> "NICK probe" >> "USER probe 0 * :x"
    found = not client.session.closed
    client >> "QUIT"
    clubs.settle()
    return found


def test_all_servers_close_each_in_its_own_words_and_operators_read_who_did_it(clubs: Clubs) -> None:
    ann, zoe = root(clubs, "a"), root(clubs, "c")
    bob = clubs["c"].client("bob")
    clubs.settle()
    clubs.said("a", "b")
    say(clubs, ann, "SHIELDS 2 1h :bots")
    assert levels(clubs) == [2, 2, 2]
    assert (let_in(clubs, "a"), let_in(clubs, "c")) == (True, False)
    bob.until(":c.test NOTICE bob :closed at c (until 2023-11-14 23:13 UTC)")
    zoe.until(":c.test NOTICE * :*The shields are at level 2, until * by roota!~roota@198.51.100.1): bots")
    assert len([line for line in clubs.said("a", "b") if f" CNREC {ENTITY} shields " in line]) == 1
    say(clubs, zoe, "SHIELDS 0")
    assert levels(clubs) == [0, 0, 0]
    ann.until(":a.test NOTICE * :*The shields are at level 0: open, by rootc!~rootc@198.51.100.1")
    clubs.agree()
    clubs.check()


def test_a_level_that_one_server_alone_knows_is_the_highest_usual_one_elsewhere(clubs: Clubs) -> None:
    zoe = root(clubs, "c")
    say(clubs, zoe, "SHIELDS 7")
    assert levels(clubs) == [7, 7, 7]
    assert [let_in(clubs, name) for name in "abc"] == [False, False, True]


def test_after_a_split_the_later_word_holds(clubs: Clubs) -> None:
    ann, zoe = root(clubs, "a"), root(clubs, "c")
    say(clubs, ann, "SHIELDS 1 1d")
    clubs.cut("b", "c")
    clubs.advance(5)
    say(clubs, zoe, "SHIELDS 0")
    assert levels(clubs) == [1, 1, 0]
    clubs.advance(5)
    say(clubs, ann, "SHIELDS 3 1d")
    clubs.link("b", "c")
    clubs.settle()
    assert levels(clubs) == [3, 3, 3]
    clubs.cut("b", "c")
    clubs.advance(5)
    say(clubs, ann, "SHIELDS 2 1d")
    clubs.advance(5)
    say(clubs, zoe, "SHIELDS 0")
    clubs.link("b", "c")
    clubs.settle()
    assert levels(clubs) == [0, 0, 0]
    clubs.agree()
    clubs.check()


def test_what_was_over_before_the_split_healed_closes_nothing(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    bob = clubs["c"].client("bob")
    clubs.settle()
    clubs.cut("b", "c")
    say(clubs, ann, "SHIELDS 3 1m")
    assert levels(clubs) == [3, 3, 0]
    clubs.advance(120)
    assert levels(clubs) == [0, 0, 0]
    bob.lines()
    clubs.link("b", "c")
    clubs.settle()
    assert levels(clubs) == [0, 0, 0]
    assert not any("NOTICE bob" in line for line in bob.lines())
    clubs.agree()


def test_all_open_again_by_their_own_clocks_and_nobody_writes_that(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    say(clubs, ann, "SHIELDS 3 10m")
    before = clubs.known("a")
    clubs.said("a", "b")
    clubs.advance(601)
    assert levels(clubs) == [0, 0, 0]
    assert clubs.known("a") == before
    assert not [line for line in clubs.said("a", "b") if ENTITY in line]


def test_a_later_word_that_is_over_still_counts_against_an_older_one(clubs: Clubs) -> None:
    ann, zoe = root(clubs, "a"), root(clubs, "c")
    say(clubs, ann, "SHIELDS 2 0")
    clubs.cut("b", "c")
    say(clubs, zoe, "SHIELDS 1 1m")
    clubs.advance(120)
    assert levels(clubs) == [2, 2, 0]
    clubs.link("b", "c")
    clubs.settle()
    assert levels(clubs) == [0, 0, 0]


@pytest.mark.parametrize(
    "value", ["", "1", "1 2 3", "1 0 10 x :", "x 0 1 a :b", f"{NOW} 0 3 a b", f"{NOW} 0 -1 a :b", None]
)
def test_what_is_no_level_means_nothing(clubs: Clubs, value: str | None) -> None:
    clubs.put("a", Record(ENTITY, FIELD, fixed(Stamp(NOW * 1000 + 5, 0, "9ZZ").text), value))
    clubs.settle()
    assert levels(clubs) == [0, 0, 0]
    clubs.agree()
    clubs.check()


def test_a_value_is_read_as_it_was_written() -> None:
    for value in (ShieldsValue(NOW, 0, 9, "ann!ann@host", "a : b|c"), ShieldsValue(0, NOW, 0, "*", "")):
        assert ShieldsValue.read(value.text) == value


@given(st.text() | st.from_regex(r"[0-9]{0,17} [0-9]{0,17} [0-9]{0,2} \S* :.*", fullmatch=True))
def test_any_text_is_a_level_or_none(text: str) -> None:
    try:
        value = ShieldsValue.read(text)
    except ValueError:
        return
    assert value.level in range(10)
    assert ShieldsValue.read(value.text) == value
