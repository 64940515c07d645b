"""A server that was killed and started anew, while what is for its people is still on its way."""

from __future__ import annotations

import pytest
from conversation import House
from mesh import Mesh
from street import PEOPLE, all_agree

from chatnet.model.ids import UIDs


@pytest.mark.parametrize(("first_uid", "hears"), [(1_000_000, False), (0, True)])
def test_what_was_for_the_people_of_the_last_process_does_not_reach_new_ones(
    first_uid: int, hears: bool
) -> None:
    """The server of Cid ends just when Ann writes to him; whoever comes there next has a UID of their own.

    (With the same one they would read it.)
    """
    mesh = Mesh("a", "b", "c")
    mesh.link("a", "b")
    mesh.link("c", "b")
    ann, _, cid = (mesh[name].client(nick) for name, nick in zip("abc", PEOPLE, strict=True))
    mesh.settle()
    for client in (ann, cid):
        client >> "JOIN #c"
        mesh.settle()
    mesh.cut("c", "b")
    ann >> "PRIVMSG cid :a secret" >> "MODE #c +o cid"
    mesh.clock.elapsed += 10
    settings = mesh["c"].node.settings.model_dump(by_alias=True)
    house = mesh.houses["c"] = House(clock=mesh.clock, server=settings["server"], link=settings["link"])
    house.node.uids = UIDs(house.node.network.me.sid, first_uid)
    dora = house.client("dora")
    dora >> "JOIN #c"
    mesh.link("c", "b")
    while mesh.wire("c", "b").deliver("c") or mesh.wire("c", "b").deliver("b") or mesh._turn():
        pass
    assert mesh["b"].node.network.user("dora") is not None
    mesh.settle()
    assert any("a secret" in line for line in dora.lines()) is hears
    all_agree(mesh)
