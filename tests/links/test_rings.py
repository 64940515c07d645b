"""Servers that are linked the wrong way round: the network is a tree, however hard it is tried."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from mesh import Mesh

from chatnet.links.neighbour.link import State

NAMES = "abcd"
SIDES = [(one, two) for one in NAMES for two in NAMES if one != two]


@given(st.permutations(SIDES), st.lists(st.integers(0, 63), max_size=60))
def test_a_ring_never_lasts_and_who_tries_again_is_in_the_tree(
    order: list[tuple[str, str]], choices: list[int]
) -> None:
    """Everybody dials everybody at the same moment, and lines arrive in any order."""
    mesh = Mesh(*NAMES)
    clients = [mesh[name].client(f"nick{name}") for name in NAMES]
    for one, two in order[:5]:
        mesh.link(one, two)
    for choice in choices:
        mesh.deliver_one(choice)
    mesh.settle()
    for _ in range(2):  # one at a time, as diallers do
        for one, two in order:
            if mesh[one].parts.links.server(f"{two}.test") is None:
                mesh.link(one, two)
                mesh.settle()
    for house in mesh:
        house.check()
        assert len(house.node.network.servers) == len(NAMES)
        assert len(house.node.network.users) == len(clients)
    alive = [wire for wire in mesh.wires if all(not link.gone for link in wire.links.values())]
    assert len(alive) == len(NAMES) - 1
    assert all(link.state is State.LINKED for wire in alive for link in wire.links.values())
