"""What operators read of a store of messages that is in trouble."""

from __future__ import annotations

from conversation import House
from states import opered

from chatnet.history.troubles import Troubles
from chatnet.storage.messages.interfaces import Trouble


def test_operators_read_what_is_wrong_and_that_it_is_over() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    opered(ann, snomask="g")
    opered(bob, snomask="c")
    troubles = Troubles(house.node)
    for trouble in (Trouble("This server cannot write to its disk"), Trouble("x", 25), None):
        troubles.hear(trouble)
    said = [
        "Messages are not stored: This server cannot write to its disk",
        "Messages were lost: 25 that waited to be stored were dropped",
        "Messages are stored again",
    ]
    for text in said:
        ann << f":irc.test NOTICE * :*** Notice -- {text}"
    ann.silent()
    bob.silent()
    house.check()


def test_who_was_not_there_reads_of_it_later() -> None:
    house = House()
    later: list[str] = []
    troubles = Troubles(house.node, later.append)
    damaged = Trouble("The messages were damaged", stored=True)
    for trouble in (damaged, None):
        troubles.hear(trouble)
    assert later == ["The messages were damaged"]
    ann = house.client("ann")
    opered(ann, snomask="g")
    troubles.hear(damaged)
    assert later == ["The messages were damaged"]
    ann << ":irc.test NOTICE * :*** Notice -- The messages were damaged"
