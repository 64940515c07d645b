"""How many Python calls a message costs on its way: what is added to each is paid by every message.

Counted are calls into ``chatnet``, which do not depend on the machine.  The figures are ceilings.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from conversation import Client, House
from mesh import Mesh, Stranger, block, read_away, stranger

import chatnet

OURS = str(Path(chatnet.__file__).parent)


def calls(do: Callable[[], object]) -> int:
    """Calls into our files that `do` makes, the second time: caches are warm then."""
    do()
    count = 0

    def note(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event == "call" and frame.f_code.co_filename.startswith(OURS)

    sys.setprofile(note)
    try:
        do()
    finally:
        sys.setprofile(None)
    return count


def say(client: Client, line: str) -> Callable[[], None]:
    """A client says a line, and the turn ends."""
    data = line.encode() + b"\r\n"

    def do() -> None:
        client.session.receive(data)
        client.house.settle()

    return do


def told(neighbour: Stranger, line: str) -> Callable[[], None]:
    """A neighbour says a line, and the turn ends."""
    data = line.encode() + b"\r\n"

    def do() -> None:
        neighbour.link.connection.receive(data)
        neighbour.house.settle()

    return do


def linked() -> tuple[House, Client, Stranger]:
    """A house with ann in #c, where so1.test's alice is as well."""
    house = House(link=[block("so1")])
    ann = house.client("ann")
    ann >> "JOIN #c"
    so1 = stranger(house, "so1.test", "1SO")
    so1 >> ":1SO EUID alice 1 1700000000 +i ~alice 192.0.2.9 192.0.2.9 1SOAAAAAB * * :Alice"
    so1 >> ":1SO SJOIN 1700000000 #c + :1SOAAAAAB"
    ann.lines()
    so1.lines()
    return house, ann, so1


def test_a_message_to_a_channel_here() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    read_away([ann, bob])
    assert calls(say(ann, "PRIVMSG #c :hello")) <= 26
    assert len(bob.lines()) == 2


def test_a_private_message_here() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    assert calls(say(ann, "PRIVMSG bob :hello")) <= 30
    assert len(bob.lines()) == 2


def test_a_message_to_a_channel_and_one_link() -> None:
    _, ann, so1 = linked()
    assert calls(say(ann, "PRIVMSG #c :hello")) <= 44
    assert len(so1.lines()) == 2


def test_a_message_of_a_link_to_one_client() -> None:
    _, ann, so1 = linked()
    assert calls(told(so1, ":1SOAAAAAB PRIVMSG #c :hello")) <= 48
    assert len(ann.lines()) == 2


def test_a_private_message_over_one_link_of_our_kind() -> None:
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    mesh.settle()

    def do() -> None:
        say(ann, "PRIVMSG bob :hello")()
        while mesh.wire("a", "b").deliver("a"):
            pass

    assert calls(do) <= 89
    assert len(bob.lines()) == 2


def test_somebody_who_comes_and_goes_where_others_are_banned() -> None:
    masks = "192.0.2.77", "troll@*.example.org", "*@198.51.100.0/24", "realname:*spam*", "name:*serv"
    house = House(ban=[{"target": mask} for mask in masks])

    def do() -> None:
        bob = house.client("bob")
        say(bob, "QUIT")()

    assert calls(do) <= 148


def test_a_labelled_command() -> None:
    ann = House().client("ann", caps="labeled-response batch")
    assert calls(say(ann, "@label=x TIME")) <= 27
    assert len(ann.lines()) == 2
