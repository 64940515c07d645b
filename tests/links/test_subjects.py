"""Since when somebody is where is a person's, whatever user they are."""

from __future__ import annotations

import pytest
from test_moved import move
from test_seats import Seats


def told_of(mesh: Seats, name: str) -> set[str]:
    """By what a house keeps since when members are in #c, or are not."""
    registers = mesh[name].parts.links.registers
    channel = mesh[name].node.network.channel("#c")
    assert registers is not None and channel is not None
    return {each for each in registers.members(channel.folded) if registers.user(each) is mesh.there(name)}


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_a_person_has_one_mark_by_the_key(name: str) -> None:
    mesh = Seats()
    mesh.bob >> "JOIN #d"
    assert told_of(mesh, name) == {mesh.ann.user.subject}
    assert mesh.ann.user.subject == mesh.ann.user.account_id


def test_lines_name_the_user() -> None:
    mesh = Seats()
    mesh.cut("b", "c")
    mesh.settle()
    mesh.link("b", "c")
    mesh.settle()
    stamps = [line for line in mesh.said("b", "c") if " CNSTAMP " in line and " #c " in line]
    assert any(f"{mesh.ann.user.uid}=" in line and f"o:{mesh.ann.user.uid}=" in line for line in stamps)
    assert told_of(mesh, "c") == {mesh.ann.user.subject}


def test_a_part_outlives_the_user_of_a_claim() -> None:
    """Who has left since is not brought back by what was said of the user of another claim."""
    mesh = Seats()
    mesh.ann >> "JOIN #e"
    mesh.settle()
    mesh.bob >> "JOIN #e"
    mesh.settle()
    joined = next(line for line in mesh.wire("a", "b").pipes["a"].said if " #e " in line and "SJOIN" in line)
    mesh.ann >> "PART #e"
    mesh.settle()
    ann = mesh.there("b")
    move(mesh, "b")
    wire = mesh.wire("b", "c")
    assert mesh.ann.user.uid in joined
    wire.connections["b"].receive(
        joined.replace(mesh.ann.user.uid, ann.uid).replace("0AA ", "0CA ", 1).encode() + b"\r\n"
    )
    mesh.settle()
    assert [channel.name for channel in ann.channels] == ["#c"]
