"""Accounts that nobody uses are dropped after a while, if the operator says so."""

from __future__ import annotations

from club import PASSWORD, Club
from nickserv import ask

from chatnet.records.accounts import State

DAY = 86400


def sweep(club: Club) -> None:
    assert club.parts.nickserv is not None
    club.parts.nickserv.sweeping.sweep()


def expiring() -> Club:
    return Club(accounts={"expire": 30 * DAY, "drop_grace": DAY})


def test_who_was_not_there_for_long_is_dropped_and_erased_later() -> None:
    club = expiring()
    club.account("ann")
    club.clock.advance(30 * DAY - 1)
    sweep(club)
    assert club.named().status.state is State.ACTIVE
    club.clock.advance(DAY)
    club.store.unreadable = True
    sweep(club)
    assert club.named().status.state is State.ACTIVE
    club.store.unreadable = False
    club.clock.advance(DAY)
    sweep(club)
    assert club.named().status.state is State.DROPPED
    assert any("ann is dropped: nobody has used it for long" in line for line in club.log.lines)
    club.clock.advance(DAY)
    sweep(club)
    assert club.accounts.registry.named("ann") is None
    club.check()


def test_who_comes_or_is_there_keeps_it() -> None:
    club = expiring()
    for name in ("ann", "bob", "cat"):
        club.account(name)
    staying = club.client("ann")
    ask(staying, f"IDENTIFY :{PASSWORD}")
    for _ in range(2):
        club.clock.advance(20 * DAY)
        coming = club.client("bob")
        ask(coming, f"IDENTIFY :{PASSWORD}")
        coming.session.close("gone")
        sweep(club)
    assert club.named("ann").status.state is club.named("bob").status.state is State.ACTIVE
    assert club.named("cat").status.state is State.DROPPED
    staying.session.close("gone")
    club.clock.advance(DAY)
    sweep(club)
    assert club.named("ann").status.state is State.ACTIVE


def test_without_the_setting_nothing_is_dropped() -> None:
    club = Club()
    club.account("ann")
    club.clock.advance(10_000 * DAY)
    sweep(club)
    assert club.named().status.state is State.ACTIVE


def test_they_are_looked_at_a_few_at_a_time() -> None:
    club = expiring()
    for number in range(201):
        club.account(f"n{number}")
    club.clock.advance(40 * DAY)
    sweep(club)
    states = [each.status.state for each in club.accounts.registry.accounts.values()]
    assert states.count(State.DROPPED) == 200
    sweep(club)
    assert all(each.status.state is State.DROPPED for each in club.accounts.registry.accounts.values())
