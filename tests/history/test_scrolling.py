"""A client that comes and goes, and scrolls as the specification says, has each message once and in order."""

from __future__ import annotations

from typing import Final

from archive import Archive
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs
from scrolling import Scroller

CHANNELS: Final = ("#c", "#d")
TARGETS: Final = (*CHANNELS, "bob", "cyd")

pauses = st.sampled_from((0.0, 0.0, 0.001, 0.5, 3.0, 60.0))
steps = st.tuples(st.sampled_from([*TARGETS, *TARGETS, *TARGETS, "away", "back"]), pauses)


@settings(max_examples=runs(12, 2000), deadline=None)
@given(st.lists(steps, max_size=60), st.integers(1, 7))
def test_no_double_and_no_hole_whoever_is_away_and_when(done: list[tuple[str, float]], limit: int) -> None:
    house = Archive()
    others = {nick: house.member(nick) for nick in ("bob", "cyd")}
    for name in CHANNELS:
        others["bob"] >> f"JOIN {name}"
    ann = Scroller(house, "ann", limit, CHANNELS)
    ann.connect()
    said: dict[str, list[str]] = {name: [] for name in TARGETS}
    for number, (what, pause) in enumerate(done):
        house.clock.advance(pause)
        if what == "away":
            if ann.client is not None:
                ann.leave()
        elif what == "back":
            if ann.client is None:
                ann.connect()
                ann.catch_up()
        else:
            by = others["bob"] if what in CHANNELS else others[what]
            by >> f"PRIVMSG {what if what in CHANNELS else 'ann'} :{number}"
            said[what].append(str(number))
            if ann.client is None and what not in CHANNELS:
                # Who is away is no user: nobody can write to them.
                said[what].pop()
    house.clock.advance(1)
    if ann.client is None:
        ann.connect()
    ann.catch_up()
    for name in TARGETS:
        assert [kept.said for kept in ann.window(name)] == said[name], name
        assert ann.scroll(name) == ann.walk(name) == said[name], name
        if len(said[name]) > 1:
            window = ann.window(name)
            assert ann.between(name, window[-1], window[0]) == said[name][1:-1]
    house.check()


@settings(max_examples=runs(12, 2000), deadline=None)
@given(st.lists(st.integers(1, 6), max_size=12), st.integers(3, 7))
def test_by_times_alone_too_where_few_share_one(bunches: list[int], limit: int) -> None:
    """Up to as many as are asked for, and those that are told with them."""
    house = Archive()
    ann, bob = Scroller(house, "ann", limit, ("#c",)), house.member("bob")
    ann.connect()
    bob >> "JOIN #c"
    said: list[str] = []
    for count in bunches:
        for _ in range(min(count, limit + 1)):
            said.append(str(len(said)))
            bob >> f"PRIVMSG #c :{said[-1]}"
        house.clock.advance(0.002)
    assert ann.scroll("#c", by_time=True) == ann.walk("#c", by_time=True) == said
    house.check()
