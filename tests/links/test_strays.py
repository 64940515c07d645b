"""What is heard of a UID that nobody has is of whoever turns out to have had it, and holds if it is later."""

from __future__ import annotations

import pytest
from sitting import Houses

from chatnet.links.tree.neighbours import CLAIMED
from chatnet.model.facts import ClaimKnown
from chatnet.model.ids import UID
from chatnet.model.modes import OP, VOICE
from chatnet.rules.stamps import Stamp

FORMER = UID("0ZZAAAAAA")
"""A UID that ann had, on a server that is gone."""
GONE, DEOPPED, VOICED = "is gone", "is no operator", "is voiced"


@pytest.mark.parametrize(
    ("what", "seconds", "there"),
    [
        (GONE, 10, {}),
        (DEOPPED, 10, {"#c": 0}),
        (VOICED, 10, {"#c": OP | VOICE}),
        (GONE, -10, {"#c": OP}),
        (DEOPPED, -10, {"#c": OP}),
        (VOICED, -10, {"#c": OP}),
    ],
)
def test_what_was_heard_of_a_former_uid_holds_of_its_person(
    what: str, seconds: int, there: dict[str, int]
) -> None:
    mesh = Houses("a", "b")
    mesh.advance(20.0)
    mesh.say(mesh.come("a"), "JOIN #c")
    mesh.say(mesh.bob, "MODE #c +o ann")
    house = mesh["b"]
    registers, channel = house.parts.links.registers, house.node.network.channel("#c")
    assert registers is not None and channel is not None
    stamp = Stamp(int((mesh.clock.time() + seconds) * 1000), 0, "0ZZ")
    if what is GONE:
        registers.left(channel, FORMER, stamp)
    else:
        letter = "v" if what is VOICED else "o"
        registers.mark(channel, f"{letter}:{FORMER}", stamp, adding=what is VOICED)
    house.node.commit(ClaimKnown(mesh.there("b"), FORMER), CLAIMED)
    mesh.settle()
    for name in "ab":
        user = mesh.there(name)
        assert {each.name: ranks for each, ranks in user.channels.items()} == there
    assert house.log.failures == []
    mesh.check()
