"""Who brings more than its block allows: operators read what is to be set, and people nothing each time."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import START, House
from mesh import SOLANUM, Mesh, Stranger, block, stranger
from states import opered

NOW = int(START)
REFUSED = "Invalid credentials"


class Door:
    """A house whose operator reads what becomes of links; a server knocks with one behind it."""

    def __init__(self, **may: Any) -> None:
        self.house = House(link=[block("so1", **may)])
        self.watch = self.house.client("watch")
        opered(self.watch, snomask="x")

    def knock(self, *lines: str) -> Stranger:
        there = Stranger(self.house, "so1.test", "1SO")
        there >> "PASS linkpw TS 6 :1SO" >> f"CAPAB :{SOLANUM}" >> "SERVER so1.test 1 :x"
        for line in lines:
            there >> line
        return there

    def notices(self) -> list[str]:
        return [line.split(" -- ", 1)[1] for line in self.watch.lines() if " -- " in line]


SID = ":1SO SID leaf.test 2 2LF :a leaf"
EUID = f":1SO EUID eve 1 {NOW} +i eve host 0 1SOAAAAAA * * :x"


@pytest.mark.parametrize(
    ("may", "line", "why"),
    [
        ({"role": "leaf"}, SID, 'it is a leaf, and may not introduce leaf.test (role = "hub"'),
        ({"may_introduce": ["x*"]}, SID, "it may not introduce leaf.test (another may_introduce"),
        ({"max_servers": 1}, SID, "there are too many servers behind it (a larger max_servers"),
        ({"max_users": 0}, EUID, "there are too many users behind it (a larger max_users"),
    ],
)
def test_the_cure_is_named_and_it_does_not_flap(may: dict[str, Any], line: str, why: str) -> None:
    door = Door(**may)
    assert door.knock(line).gone is not None
    why += " in its [[link]] allows that)"
    assert f"so1.test may not be linked: {why}" in door.notices()
    waits = []
    for _ in range(4):
        start = door.house.clock.elapsed
        while door.knock().gone == REFUSED:
            words = (f"Refused a link to 'so1.test': {why}", f"The connection to a stranger ended: {REFUSED}")
            assert all(text.startswith(words) for text in door.notices()), "nobody reads of a netjoin"
            door.house.clock.advance(1)
        waits.append(door.house.clock.elapsed - start)
        door.house.parts.links.neighbour("so1.test").close("again")  # type: ignore[union-attr]
        door.knock(line)
        door.notices()
    assert waits == [10, 20, 40, 80]


def test_a_reload_that_cures_it_lets_it_in_at_once() -> None:
    door = Door(role="leaf")
    door.knock(SID)
    assert door.knock().gone == REFUSED
    door.house.reload(links={"most_skew": 700})
    assert door.knock().gone == REFUSED, "the block is the same"
    door.house.reload(link=[block("so1", role="hub")])
    assert door.knock(SID).gone is None
    assert door.house.parts.links.server("leaf.test") is not None


# what is lost behind servers of other makes


def test_operators_read_that_a_chatnet_server_is_behind_another_make() -> None:
    door = Door()
    so1 = door.knock(
        SID, ":2LF ENCAP * GCAP :BAN ENCAP QS CN1 CNLWW CNRES", ":1SO ENCAP * GCAP :BAN ENCAP QS"
    )
    assert so1.gone is None
    (told,) = [text for text in door.notices() if "behind" in text]
    assert told == (
        "leaf.test is behind so1.test, which is no chatnet server: between it and this one the latest word"
        " does not hold, and no lost connection is waited for"
    )


def test_behind_chatnet_servers_nothing_is_lost() -> None:
    mesh = Mesh("a", "b", "c", sections_of={"c": {"link": [block("so1")]}})
    watch = mesh["a"].client("watch")
    opered(watch, snomask="x")
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    so1 = stranger(mesh["c"], "so1.test", "1SO")
    mesh.settle()
    so1.lines()
    assert not any("behind" in line for line in watch.lines())
