"""Who is banned of many: what is looked up is what a look at each ban finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_ban_hits import FOLD, SERVER, bans, people

from chatnet.model.bans import KINDS, NetworkBan
from chatnet.model.entities import User
from chatnet.model.facts import NetworkBanned
from chatnet.model.ids import Folded
from chatnet.rules.ban_index import REMEMBERED, BanIndex
from chatnet.rules.network_bans import NetworkBans, means

RUNS = st.text("abAB[{~. ", min_size=0, max_size=8)
MASKS = st.lists(RUNS | st.sampled_from(["*", "?", "**", "\\*", "\\"]), min_size=1, max_size=4).map("".join)
"""Masks with much in common, and texts that some of them mean."""
TEXTS = st.lists(RUNS | st.sampled_from(["*", "?"]), max_size=3).map("".join)


def name_ban(mask: str) -> NetworkBan:
    return NetworkBan("R", "*", mask, 0, None, None, "", "", True)


def held(several: Sequence[NetworkBan]) -> NetworkBans:
    """All of them, some of which have been told at the start."""
    index, first = NetworkBans(FOLD, lambda: 5.0), len(several) // 2
    known: dict[str, dict[Folded, NetworkBan]] = {kind: {} for kind in KINDS}
    for ban in several[:first]:
        known[ban.kind][ban.key(FOLD)] = ban
    index.load(known)
    for ban in several[first:]:
        index.take(NetworkBanned(ban, SERVER, 5.0))
    return index


@given(st.lists(bans(), max_size=8), people())
def test_a_user_is_held_against_all(several: list[NetworkBan], user: User) -> None:
    last = {(ban.kind, FOLD(ban.mask)): ban for ban in several}
    expected = [ban for ban in last.values() if means(ban, user, FOLD)]
    index = held(several)
    assert set(index.all_of(user)) == set(expected)
    assert (index.user(user) is None) is not bool(expected)


@given(st.lists(MASKS.filter(bool), max_size=12, unique_by=FOLD), TEXTS, st.data())
def test_a_text_is_held_against_all(masks: list[str], text: str, data: st.DataObject) -> None:
    index = BanIndex(FOLD)
    every = [name_ban(mask) for mask in masks]
    for ban in every:
        index.add(ban)
        index.for_text(text)  # what was found is remembered until it may be another
    for ban in every:
        if data.draw(st.booleans()):
            index.for_text(text)
            index.remove(ban)
            every = [each for each in every if each is not ban]
    user = User(SERVER, "", "")
    user.realname = text
    expected = {
        ban for ban in every if means(NetworkBan("X", "*", ban.host, 0, None, None, "", "", True), user, FOLD)
    }
    found = index.for_text(text)
    assert set(found) == expected and len(found) == len(expected) and len(index) == len(every)


def test_nothing_stays_behind_of_what_is_lifted() -> None:
    index = BanIndex(FOLD)
    for text in ("a", "*.a", "a*", "*abc?def*", "?", "192.0.2.0/24", "2001:db8::1"):
        twice = [NetworkBan("K", user, text, 0, None, None, "", "", True) for user in ("*", "x")]
        for ban in twice:
            index.add(ban)
        assert index.for_text("a") is not None
        for ban in twice:
            index.remove(ban)
    places = [getattr(index, name) for name in BanIndex.__slots__ if name not in ("_fold", "_count")]
    assert not len(index) and [place for place in places if place] == [{6: {}, 3: {}}]


def test_only_so_many_texts_are_remembered() -> None:
    index = BanIndex(FOLD)
    index.add(name_ban("spam"))
    for number in range(3 * REMEMBERED):
        assert not index.for_text(f"name {number}")
    assert len(index._found) <= REMEMBERED and len(index.for_text("spam")) == 1


@pytest.mark.parametrize(
    ("mask", "found"),
    [
        ("192.0.2.7", ["192.0.2.0/24", "192.0.2.7"]),
        ("192.0.2.0/25", ["192.0.2.0/24"]),
        ("192.0.0.0/16", []),
        ("2001:db8::/32", []),
    ],
)
def test_a_network_is_meant_by_those_it_lies_in(mask: str, found: list[str]) -> None:
    hosts = ("192.0.2.0/24", "192.0.2.7", "2001:db8::1")
    index = held([NetworkBan("K", "*", host, 0, None, None, "", "", True) for host in hosts])
    assert sorted(ban.host for ban in index.matching("K", mask)) == found


def test_who_stands_in_the_configuration_and_is_banned_as_well() -> None:
    index = NetworkBans(FOLD, lambda: 5.0)
    user = User(SERVER, "192.0.2.7", "192.0.2.7")
    fixed = NetworkBan("D", "*", "192.0.2.7", 0, None, None, "", "", False, fixed=True)
    ban = NetworkBan("D", "*", "192.0.2.7", 1, 9, 9, "", "", True)
    index.configure([fixed])
    index.take(NetworkBanned(ban, SERVER, 5.0))
    index.take(NetworkBanned(NetworkBan("D", "*", "192.0.2.7", 2, 2, 2, "", "", True), SERVER, 6.0))
    assert index.user(user) is fixed and index.configured == [fixed]
    index.take(NetworkBanned(ban, SERVER, 5.0))
    index.configure([])
    assert index.user(user) is ban
    index.take(NetworkBanned(name_ban("x"), SERVER, 9.0))
    assert index.all_of(user) == []


def test_who_comes_back_is_held_against_what_was_set_and_lifted_meanwhile() -> None:
    index = NetworkBans(FOLD, lambda: 5.0)
    index.take(NetworkBanned(NetworkBan("D", "*", "192.0.2.8", 1, 9, 9, "", "", True), SERVER, 5.0))
    user = User(SERVER, "192.0.2.7", "192.0.2.7")
    user.username = "ann"
    assert index.user(user) is None and index.address("192.0.2.7") is None
    for ban in (
        NetworkBan("D", "*", "192.0.2.0/24", 1, 9, 9, "", "", True),
        NetworkBan("K", "ann", "192.0.2.*", 1, 9, 9, "", "", True),
    ):
        index.take(NetworkBanned(ban, SERVER, 5.0))
        assert index.user(user) is ban
        assert (index.address("192.0.2.7") is ban) is (ban.kind == "D")
        index.take(NetworkBanned(replace(ban, created=2, until=2, lifetime=2), SERVER, 6.0))
        assert index.user(user) is None and index.address("192.0.2.7") is None


def test_of_one_place_those_are_banned_who_have_the_user_name() -> None:
    index = held([NetworkBan("K", "ann", "192.0.2.*", 1, 9, 9, "", "", True)])
    ann, bob = (User(SERVER, "192.0.2.7", "192.0.2.7") for _ in range(2))
    ann.username, bob.username = "ann", "bob"
    for _ in range(2):
        assert index.user(bob) is None
        assert index.user(ann) is not None


def test_the_newcomers_that_are_remembered_are_not_without_end() -> None:
    index = held([NetworkBan("D", "*", "192.0.2.8", 1, 9, 9, "", "", True)])
    for number in range(REMEMBERED + 5):
        assert index.address(f"198.51.{number // 256}.{number % 256}") is None
    assert len(index._found) <= REMEMBERED
