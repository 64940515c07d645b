"""What servers must have in common is compared when they link, and a difference is told in words."""

from __future__ import annotations

from typing import Any

import pytest
from mesh import SOLANUM, Mesh, Stranger, block, stranger

from chatnet.links.neighbour.link import State
from chatnet.rules.cloaks import Cloaks


def linked(**sections: Any) -> Mesh:
    """a and b, which has these settings."""
    mesh = Mesh("a", "b", sections_of={"b": sections})
    mesh.link("a", "b")
    mesh.settle()
    return mesh


def told(mesh: Mesh, name: str) -> list[str]:
    return [line for line in mesh[name].log.lines if "set up" in line]


def test_servers_that_are_set_up_alike_have_nothing_to_tell() -> None:
    mesh = linked()
    mesh.check()
    assert told(mesh, "a") == told(mesh, "b") == []
    said = next(line for line in mesh.said("a", "b") if line.startswith("CAPAB :"))
    assert " CASE=RFC1459 NICK=30 NETWORK=CHATNET CLOAK=" in said and len(said) < 300


def test_with_another_case_mapping_there_is_no_link() -> None:
    mesh = linked(server={"casemapping": "ascii"})
    assert {link.state for link in mesh.wire("a", "b").links.values()} == {State.GONE}
    why = "Refused a link to 'a.test' from 192.0.2.200: server.casemapping is ASCII here and RFC1459 there"
    assert why in mesh["b"].log.lines
    assert [len(house.node.network.servers) for house in mesh] == [1, 1]


def test_another_length_of_nicks_is_told_on_both_sides() -> None:
    mesh = linked(limits={"nick": 20})
    mesh.check()
    assert told(mesh, "a") == ["b.test is not set up as this server is: limits.nick is 30 here and 20 there"]
    assert told(mesh, "b") == ["a.test is not set up as this server is: limits.nick is 20 here and 30 there"]


def test_another_name_of_the_network_is_told() -> None:
    mesh = linked(server={"network": "Chessclub"})
    mesh.check()
    words = "b.test is not set up as this server is: server.network is CHATNET here and CHESSCLUB there"
    assert told(mesh, "a") == [words]


def test_a_name_of_the_network_that_is_too_long_for_a_word_is_not_compared() -> None:
    mesh = Mesh("a", "b", server={"network": "é" * 63}, sections_of={"b": {"server": {"network": "ö" * 63}}})
    mesh.link("a", "b")
    mesh.settle()
    mesh.check()
    assert told(mesh, "a") == []
    (said,) = [line for line in mesh.said("a", "b") if line.startswith("CAPAB :")]
    assert "NETWORK" not in said


def test_another_key_of_cloaks_is_told() -> None:
    mesh = Mesh("a", "b")
    key = b"another key than that of a server"
    mesh["b"].parts.sessions.cloaks = Cloaks(key, "users", 63)
    mesh.link("a", "b")
    mesh.settle()
    mesh.check()
    (words,) = told(mesh, "a")
    assert "cloak.key is another one there" in words
    assert len({Cloaks(bytes([n]) * 16, "users", 63).digest for n in range(256)}) == 256


@pytest.mark.parametrize("caps", [SOLANUM, SOLANUM + " CN1", SOLANUM + " CN1 CASE NICK= FOO=1=2 =x"])
def test_who_tells_nothing_of_it_is_linked(caps: str) -> None:
    mesh = Mesh("a", link=[block("so1")])
    so1: Stranger = stranger(mesh["a"], "so1.test", "1SO", caps)
    assert so1.gone is None
    mesh.check()
