"""What operators of one process are told, and read on the others of the same server."""

from __future__ import annotations

from typing import Any

from several import Processes
from staff import sections
from states import opered

from chatnet.wiring.processes.notices import Hearing, Telling


class Wire:
    """A member of which the others hear at once."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.others: list[Hearing] = []

    def noticed(self, *notice: Any) -> None:
        for other in self.others:
            other.hear(self.number, [notice])


def connected(mesh: Processes) -> None:
    """As the one that has started them connects them."""
    wires = [Wire(process.number) for process in mesh.processes]
    for wire, process, house in zip(wires, mesh.processes, mesh, strict=True):
        house.node.observe_too(Telling(wire))  # type: ignore[arg-type]
        hearing = Hearing(house.node, process)
        for other in wires:
            if other is not wire:
                other.others.append(hearing)


def test_an_operator_reads_those_of_all_processes_each_once() -> None:
    mesh = Processes(3, **sections())
    connected(mesh)
    houses = zip(mesh, ("ann", "bob", "cat"), strict=True)
    ann, bob, cat = (house.client(nick) for house, nick in houses)
    opered(ann, "see-all", snomask="acfgkmnopqrx")
    opered(bob, snomask="q")
    mesh.settle()
    cat >> "NICK eve"
    mesh.settle()
    (line,) = [line for line in ann.lines() if "Notice" in line]
    assert line.startswith(":irc-3.test NOTICE * :*** Notice -- ") and "cat" in line and "eve" in line
    node = mesh["irc-3"].node
    node.notice("o", "over the links")
    node.notice("g", "of each", common=True)
    node.notice("q", "from 192.0.2.7", "from somewhere")
    mesh.settle()
    assert [line.partition(" -- ")[2] for line in ann.lines()] == ["from 192.0.2.7", "over the links"]
    assert bob.lines() == [":irc-3.test NOTICE * :*** Notice -- from somewhere"]


def test_one_that_has_lost_all_others_is_heard() -> None:
    mesh = Processes(2, **sections())
    connected(mesh)
    ann = mesh["irc"].client("ann")
    mesh.cut("irc", "irc-2")
    mesh.settle()
    opered(ann, snomask="g")
    mesh["irc-2"].node.keeps_notices = True  # else it would know of nobody who reads it
    mesh["irc-2"].node.notice("g", "alone")
    assert ann.lines() == [":irc-2.test NOTICE * :*** Notice -- alone"]
