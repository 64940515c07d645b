"""Channel modes as a test wants them, set by the server: no command and no rule is asked."""

from __future__ import annotations

from conversation import House

from chatnet.model.channel import Channel
from chatnet.model.facts import ModeChange, ModesChanged, Opered, UserModesChanged
from chatnet.model.modes import RANKS, kind_of
from chatnet.model.user import Oper, User


def channel(house: House, name: str) -> Channel:
    """The channel of this name, which exists."""
    found = house.node.network.channel(name)
    assert found is not None
    return found


def set_modes(house: House, name: str, text: str, *parameters: str) -> None:
    """``set_modes(house, "#c", "+ik-l", "key")``; ranks take nicks.  Members read a MODE of the server."""
    rest = list(parameters)
    changes = []
    adding = True
    for letter in text:
        if letter in "+-":
            adding = letter == "+"
        elif letter in RANKS:
            changes.append(ModeChange(adding, letter, None, house.node.network.user(rest.pop(0))))
        elif kind_of(letter) in ("A", "B") or (kind_of(letter) == "C" and adding):
            changes.append(ModeChange(adding, letter, rest.pop(0)))
        else:
            changes.append(ModeChange(adding, letter))
    node = house.node
    node.commit(ModesChanged(channel(house, name), tuple(changes), node.network.me, node.clock.time()))


def make_oper(house: House, user: User, *privileges: str, snomask: str = "") -> None:
    """Make `user` an oper with these privileges, who reads server notices of these letters."""
    now = house.node.clock.time()
    house.node.commit(Opered(user, Oper("root", "test", frozenset(privileges), "is a test oper"), now))
    if snomask:
        house.node.commit(UserModesChanged(user, "s", "", snomask, now))
