"""What members read when another server tells of their channel."""

from __future__ import annotations

import pytest
from conversation import Client, House
from states import channel, far_claim, far_server, far_user, set_modes

from chatnet.model.entities import ListEntry
from chatnet.model.facts import ChannelReset, EntriesAdded, TopicChanged
from chatnet.model.modes import OP, VOICE
from chatnet.model.server import Server

THEN = 1_700_000_000
FAR = "~f@far.example"


@pytest.fixture
def far(house: House) -> Server:
    return far_server(house, "far.test")


@pytest.fixture
def ann(house: House) -> Client:
    client = house.client("ann")
    client >> "JOIN #c"
    client.lines()
    return client


def test_an_older_channel(house: House, far: Server, ann: Client) -> None:
    """Clients see: NOTICE "TS for #c changed from x to y" from the server, then MODE lines from the *server
    name*, JOINs."""
    set_modes(house, "#c", "+kb", "key", "x!*@*$#away")
    ann.lines()
    bob = far_user(house, far, "bob")
    far_claim(house, far, "#C", THEN - 9, "+il 5", (bob, OP))
    assert ann.lines() == [
        f":irc.test NOTICE #C :*** Notice -- TS for #C changed from {THEN} to {THEN - 9}",
        ":far.test MODE #C -ntkob * ann x!*@*$#away",
        ":far.test MODE #C +il 5",
        f":bob!{FAR} JOIN #C",
        ":irc.test MODE #C +o bob",
    ]
    ann >> "MODE #c"
    ann << ":irc.test 324 ann #C +il 5"
    ann << f":irc.test 329 ann #C {THEN - 9}"
    ann >> "MODE #c +m"
    ann << ":irc.test 482 ann #C :*"
    house.check()


def test_a_channel_of_the_same_age(house: House, far: Server, ann: Client) -> None:
    bob = far_user(house, far, "bob")
    far_claim(house, far, "#c", THEN, "+sl 5", (bob, VOICE))
    assert ann.lines() == [
        ":far.test MODE #c +sl 5",
        f":bob!{FAR} JOIN #c",
        ":irc.test MODE #c +v bob",
    ]
    ann >> "MODE #c +m"
    ann << ":ann!~ann@192.0.2.1 MODE #c +m"


def test_a_younger_channel(house: House, far: Server, ann: Client) -> None:
    far_claim(house, far, "#C", THEN + 9, "+sl 5", (far_user(house, far, "bob"), OP))
    assert ann.lines() == [f":bob!{FAR} JOIN #c"]


def test_a_ts_of_0(house: House, far: Server, ann: Client) -> None:
    far_claim(house, far, "#C", 0, "+", (far_user(house, far, "bob"), 0))
    assert ann.lines() == [
        f":irc.test NOTICE #c :*** Notice -- TS for #c changed from {THEN} to 0",
        f":bob!{FAR} JOIN #c",
    ]


def test_long_changes_are_several_lines(house: House, far: Server, ann: Client) -> None:
    """split to ≤4/6 params"""
    most = house.node.settings.limits.modes
    masks = [f"x{number}!*@*" for number in range(most + 1)]
    entries = tuple(ListEntry(mask, "x", 1) for mask in masks)
    house.node.commit(EntriesAdded(channel(house), "b", entries, far, THEN))
    lines = [" ".join(["+" + "b" * len(part), *part]) for part in (masks[:most], masks[most:])]
    assert ann.lines() == [f":far.test MODE #c {line}" for line in lines]
    far_claim(house, far, "#c", THEN - 1, "+nt")
    assert [line.split()[3] for line in ann.lines()[1:]] == ["-o" + "b" * (most - 1), "-bb"]


def test_times_and_formats(house: House, far: Server, ann: Client) -> None:
    bob = house.client("bob", caps="server-time")
    bob >> "JOIN #c"
    bob.lines()
    ann.lines()
    house.node.commit(ChannelReset(channel(house), THEN - 1, THEN, "#c", (), far, THEN))
    ann << ":irc.test NOTICE #c :*** Notice -- TS for #c changed from * to *"
    bob << "@time=2023-11-14T22:13:20.000Z :irc.test NOTICE #c :*"


def test_a_channel_that_stays_is_told_to_nobody_while_it_is_empty(house: House, far: Server) -> None:
    ann = house.client("ann")
    far_claim(house, far, "#c", THEN - 9, "+Pl 5")
    ann.silent()
    ann >> "JOIN #c"
    ann << ":ann!~ann@192.0.2.1 JOIN #c"
    ann << ":irc.test 353 ann = #c :ann"
    ann << ":irc.test 366 ann #c :*"
    far_claim(house, far, "#c", THEN - 99, "+", (far_user(house, far, "bob"), 0))
    ann << ":irc.test NOTICE #c :*"
    ann << ":far.test MODE #c -Pl"
    ann << f":bob!{FAR} JOIN #c"
    house.check()


def test_a_topic_of_the_same_text_is_told_to_nobody(house: House, far: Server, ann: Client) -> None:
    """Do not send a textually identical topic to clients, but do propagate the new topicts/topicwho to
    servers."""
    there = channel(house)
    house.node.commit(TopicChanged(there, "tea", far, THEN, setter="bob!b@h", ts=5))
    ann << ":far.test TOPIC #c :tea"
    house.node.commit(TopicChanged(there, "tea", far, THEN, setter="eve!e@h", ts=6, same=True))
    ann.silent()
    ann >> "TOPIC #c"
    ann << ":irc.test 332 ann #c :tea"
    ann << ":irc.test 333 ann #c eve!e@h 6"
