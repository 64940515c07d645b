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
