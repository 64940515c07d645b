"""The order of the rules of a channel, and what is remembered of it for a while."""

from __future__ import annotations

import gc
import itertools

from conversation import House
from states import channel, set_modes

from chatnet.model.facts import Joined, Knocked, ModeChange, ModesChanged
from chatnet.model.modes import RANKS
from chatnet.rules.channels import may_join, may_kick
from chatnet.rules.throttles import Throttles


def test_the_first_reason_in_order_is_told(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    sessions, here = house.parts.sessions, channel(house, "#c")
    set_modes(house, "#c", "+bkilrjSO", "*!*@*", "key", "1", "1:60")
    house.node.commit(Joined(here, ((ann.user, 4),), house.clock.time(), asked=True))
    reasons = []
    for letter in "bkilrjSO":
        refusal = may_join(sessions.bans, sessions.throttles, bob.user, here, "")
        assert refusal is not None
        reasons.append(refusal.numeric.name)
        change = ModeChange(False, letter, "*!*@*" if letter == "b" else None)
        house.node.commit(ModesChanged(here, (change,), house.node.network.me, house.clock.time()))
    assert reasons == [
        "ERR_BANNEDFROMCHAN",
        "ERR_BADCHANNELKEY",
        "ERR_INVITEONLYCHAN",
        "ERR_CHANNELISFULL",
        "ERR_NEEDREGGEDNICK",
        "ERR_THROTTLE",
        "ERR_SECUREONLYCHAN",
        "ERR_OPERONLY",
    ]
    assert may_join(sessions.bans, sessions.throttles, bob.user, here, "") is None


def test_nobody_kicks_upwards(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    here = channel(house, "#c")
    for mine, theirs in itertools.product(range(32), range(32)):
        here.members[ann.user] = ann.user.channels[here] = mine
        here.members[bob.user] = bob.user.channels[here] = theirs
        highest = {nick: max([0, *(r for r in RANKS.values() if ranks & r)])
                   for nick, ranks in (("ann", mine), ("bob", theirs))}  # fmt: skip
        allowed = highest["ann"] >= 2 and highest["ann"] >= highest["bob"] and highest["bob"] != 2
        allowed = allowed or (highest["bob"] == 2 and highest["ann"] > 2)
        assert (may_kick(ann.user, here, bob.user) is None) is allowed, (mine, theirs)


def test_throttles_forget_what_is_over_and_channels_that_are_gone(house: House) -> None:
    now = 0.0
    throttles = Throttles(lambda: now)
    ann = house.client("ann")
    ann >> "JOIN #c"
    here = channel(house, "#c")
    set_modes(house, "#c", "+j", "2:10")
    for seconds in range(5):
        now = float(seconds)
        throttles.hears[Joined](Joined(here, ((ann.user, 0),), now, asked=True), None)
    throttles.hears[Knocked](Knocked(here, ann.user, now), None)
    assert throttles.joins_exceeded(here) and throttles.knocked_within(here, 1.0)
    now = 13.0
    assert not throttles.joins_exceeded(here) and not throttles.knocked_within(here, 9.0)
    ann >> "PART #c"
    set_modes_gone = len(throttles._joins), len(throttles._knocks)
    del here
    gc.collect()
    assert set_modes_gone == (1, 1) and (len(throttles._joins), len(throttles._knocks)) == (0, 0)
