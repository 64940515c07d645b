"""What two people do on two servers at the same moment, and plain TS6 cannot settle: what the servers know
differs from then on, unless they stamp what they change.

TS6 applies changes in the order in which they arrive, and that is another one on each side.  To say it again
settles it: that reaches everybody.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from conversation import Client
from histories import History
from mesh import Mesh
from street import snapshot

RACES = {
    "two keys": (["MODE #c +k one"], ["MODE #c +k two"], ["MODE #c -k *", "MODE #c +k three"]),
    "two limits": (["MODE #c +l 5"], ["MODE #c +l 6"], ["MODE #c +l 7"]),
    "two throttles": (["MODE #c +j 5:5"], ["MODE #c +j 6:6"], ["MODE #c +j 7:7"]),
    "two forwards": (["MODE #c +f #d"], ["MODE #c +f #e"], ["MODE #c -f", "MODE #c +f #d"]),
    "two topics": (["TOPIC #c :one"], ["TOPIC #c :two"], ["TOPIC #c :three"]),
    "a flag that one unsets, and the other too, but sets again": (
        ["MODE #c -t"],
        ["MODE #c -t", "MODE #c +t"],
        ["MODE #c -t", "MODE #c +t"],
    ),
    "a ban that one lifts, and the other too, but sets again": (
        ["MODE #c -b *!*@bad"],
        ["MODE #c -b *!*@bad", "MODE #c +b *!*@bad"],
        ["MODE #c -b *!*@bad", "MODE #c +b *!*@bad"],
    ),
    "a rank that one takes, and the other too, but gives again": (
        ["MODE #c -v bob"],
        ["MODE #c -v bob", "MODE #c +v bob"],
        ["MODE #c -v bob", "MODE #c +v bob"],
    ),
    "a rank for somebody who leaves and comes back": (
        ["MODE #c +h bob"],
        ["PART #c", "JOIN #c"],
        ["MODE #c +h bob", "MODE #c -h bob"],
    ),
    "a kick of somebody who leaves and comes back": (
        ["KICK #c bob"],
        ["PART #c", "JOIN #c"],
        ["KICK #c bob"],
    ),
    "two names": (["RENAME #c #x"], ["RENAME #c #y"], []),
}
"""What ann says, what bob says before he hears of that, and what she says to settle it.

Two names stay, without stamps, until the servers meet again, and then there are two channels.
"""


class Pair:
    """Two linked servers; ann of the one and bob of the other are operators of #c."""

    def __init__(self, *, stamped: bool = False) -> None:
        self.mesh = Mesh("a", "b", limits={"former_name_time": 0}, links={"converge": stamped})
        self.history = History(self.mesh)
        self.history.link("a", "b")
        self.ann, self.bob = self.mesh["a"].client("ann"), self.mesh["b"].client("bob")
        self.say(self.ann, "JOIN #c", "JOIN #d", "MODE #d +F", "JOIN #e", "MODE #e +F")
        self.say(self.bob, "JOIN #c")
        self.say(self.ann, "MODE #c +ov bob bob", "MODE #c +b *!*@bad")
        self.mesh.advance(1)

    def say(self, client: Client, *lines: str) -> None:
        for line in lines:
            client >> line
            self.mesh.settle()

    def differ(self) -> bool:
        one, two = (snapshot(house) for house in self.mesh)
        return one != two


@pytest.mark.parametrize("race", RACES)
def test_a_race_ends_differently_on_two_servers(race: str) -> None:
    pair = Pair()
    assert not pair.differ()
    ours, theirs, again = RACES[race]
    meanwhile(pair, ours, theirs)
    assert pair.differ()
    assert pair.history.differences()  # and they are known for a race
    pair.mesh.check()
    pair.say(pair.ann, *again)
    assert pair.differ() is not bool(again)


@pytest.mark.parametrize("race", RACES)
def test_with_stamps_it_ends_alike(race: str) -> None:
    pair = Pair(stamped=True)
    ours, theirs, _ = RACES[race]
    meanwhile(pair, ours, theirs)
    assert not pair.differ()
    pair.mesh.check()


def meanwhile(pair: Pair, ours: Sequence[str], theirs: Sequence[str]) -> None:
    for client, lines in ((pair.ann, ours), (pair.bob, theirs)):
        for line in lines:
            client >> line
    pair.mesh.settle()


def test_a_mode_that_is_unset_while_a_burst_brings_it_back() -> None:
    pair = Pair()
    pair.say(pair.ann, "MODE #c +m")
    pair.mesh.cut("a", "b")
    pair.history.link("a", "b")
    pair.mesh.deliver("a", "b", 4)  # PASS, CAPAB, CNRES and SERVER: the burst of b is on its way,
    pair.mesh.deliver("b", "a", 4)  # and then that of a
    pair.ann >> "MODE #c -m"
    pair.mesh.settle()
    assert [names for _, names in pair.history.differences()] == [("mode", "m")]
