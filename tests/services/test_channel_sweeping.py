"""Channels end when their time is over: those that were dropped, that are nobody's, that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chanserv import WORD, ask, come, founded
from club import Club
from clubs import Clubs
from conversation import Client
from staff import oper, sections
from states import opered

from chatnet.records.accounts import State
from chatnet.services.channel_sweeping import LOOK, PAUSE, SLICE

DAY = 86400
MONTH = 30 * DAY
WEEK = 7 * DAY


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections(), channels={"per_account": SLICE + 9})
    yield club
    club.check()


def sweep(club: Club) -> None:
    assert club.parts.chanserv is not None
    club.clock.advance(LOOK)
    club.parts.chanserv.sweeping.sweep()


def state(club: Club, name: str = "#c") -> State | None:
    """What the first registration of a channel is; None if there is none."""
    asking = club.node.network.registry.channels.asking(club.node.network.fold(name))
    return asking[0].status.state if asking else None


def dropped(client: Client, name: str = "#c") -> None:
    ask(client, ask(client, f"DROP {name}")[0].rpartition("ChanServ ")[2])


def test_what_was_dropped_is_erased(club: Club) -> None:
    ann = founded(club)
    dropped(ann)
    club.clock.advance(WEEK - 2 * LOOK)
    sweep(club)
    assert state(club) is State.DROPPED
    club.store.broken = True
    sweep(club)
    assert state(club) is State.DROPPED
    club.store.broken = False
    club.parts.chanserv.sweeping.sweep()  # type: ignore[union-attr]  # what failed is tried again soon
    assert state(club) is None
    assert ask(ann, "REGISTER #c") == ["#c belongs to ann now."]


def test_what_came_back_is_not_erased(club: Club) -> None:
    ann = founded(club)
    dropped(ann)
    sweep(club)
    assert ask(ann, "UNDROP #c") == ["#c belongs to ann again."]
    club.clock.advance(WEEK)
    sweep(club)
    assert state(club) is State.ACTIVE


def test_a_channel_of_nobody_is_dropped_after_a_month(club: Club) -> None:
    ann = founded(club)
    club.account("bob", WORD)
    ask(ann, "SET #c SUCCESSOR bob")
    club.clock.advance(MONTH)
    sweep(club)
    club.change(club.named("ann"), status="erased")
    sweep(club)
    assert state(club) is State.ACTIVE
    club.change(club.named("bob"), status="dropped")  # as long as they may come back it is theirs
    gone = club.clock.time()
    club.clock.advance(MONTH - 2 * LOOK)
    sweep(club)
    assert (state(club), club.clock.time() - gone) == (State.ACTIVE, MONTH - LOOK)
    sweep(club)
    assert state(club) is State.DROPPED
    root = oper(club, "root")
    opered(root, "accounts")
    club.account("eve", WORD)
    assert ask(root, "UNDROP #c") == ["#c belongs to nobody again."]
    assert ask(root, "SET #c FOUNDER eve") == ["eve is the founder of #c now."]
    sweep(club)
    assert state(club) is State.ACTIVE


def test_a_channel_of_nobody_stays_where_that_is_off() -> None:
    club = Club(channels={"orphan": 0})
    founded(club)
    club.change(club.named("ann"), status="erased")
    club.clock.advance(10 * MONTH)
    sweep(club)
    assert state(club) is State.ACTIVE


def test_a_channel_that_nobody_uses_is_dropped() -> None:
    club = Club(channels={"expire": 10 * DAY})
    ann, bob = founded(club), come(club, "bob")
    ask(ann, "VOP #c ADD bob")
    ann >> "PART #c"
    club.clock.advance(9 * DAY)
    sweep(club)
    bob >> "JOIN #c"  # who has access uses it
    club.clock.advance(9 * DAY)
    sweep(club)
    assert state(club) is State.ACTIVE
    club.clock.advance(9 * DAY)
    sweep(club)
    assert state(club) is State.ACTIVE  # bob is still there
    bob >> "PART #c"
    zoe = club.client("zoe")
    zoe >> "JOIN #c"  # and who has none does not
    club.clock.advance(12 * DAY)
    sweep(club)
    assert state(club) is State.DROPPED


def test_what_is_used_is_known_after_a_restart() -> None:
    club = Club(channels={"expire": 10 * DAY})
    ann = founded(club)
    ann >> "PART #c"
    again = Club(store=club.store, channels={"expire": 10 * DAY})
    again.clock.advance(8 * DAY)
    sweep(again)
    assert state(again) is State.ACTIVE
    again.clock.advance(4 * DAY)
    sweep(again)
    assert state(again) is State.DROPPED


def test_what_was_never_counted_is_counted_from_now_on() -> None:
    club = Club(channels={"expire": 10 * DAY})
    ann = founded(club)
    ann >> "PART #c"
    registration = club.node.network.registry.channels.at("#c")
    assert registration is not None
    registration.used = 0  # of a version that did not note it
    club.clock.advance(100 * DAY)
    sweep(club)
    assert state(club) is State.ACTIVE
    club.clock.advance(12 * DAY)
    sweep(club)
    assert state(club) is State.DROPPED


def test_nothing_ends_while_a_full_server_is_away() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    for club in mesh:
        assert club.parts.nickserv is not None
        club.parts.nickserv.sweeping.sweep()  # they write that they are there
    mesh.settle()
    ann = founded(mesh["a"])
    mesh.settle()
    dropped(ann)
    mesh.settle()
    mesh.cut("a", "b")
    mesh.clock.advance(WEEK)
    sweep(mesh["a"])
    assert state(mesh["a"]) is State.DROPPED
    mesh.link("a", "b")
    mesh.settle()
    sweep(mesh["a"])
    mesh.settle()
    assert state(mesh["b"]) is None
    mesh.check()


def test_many_are_looked_at_in_slices(club: Club) -> None:
    ann = come(club, "ann")
    for number in range(SLICE + 5):
        ann >> f"JOIN #c{number}"
        ask(ann, f"REGISTER #c{number}")
        ann >> f"PART #c{number}"
    club.change(club.named("ann"), status="erased")
    club.clock.advance(MONTH)
    sweep(club)
    assert state(club, "#c0") is State.ACTIVE
    club.clock.advance(PAUSE)
    assert {state(club, f"#c{number}") for number in range(SLICE + 5)} == {State.DROPPED}
