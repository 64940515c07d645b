"""Brings a house and its clients into a state by facts, where the commands that lead there do not matter.

No command and no rule is asked.  Clients have read what they were told of it, but for :func:`set_modes`.
"""

from __future__ import annotations

from conversation import Client, House

from chatnet.model.channel import Channel
from chatnet.model.facts import AccountChanged, ModeChange, ModesChanged, Opered, UserModesChanged
from chatnet.model.ids import AccountName
from chatnet.model.modes import RANKS, kind_of
from chatnet.model.user import Oper


def opered(client: Client, *privileges: str, snomask: str = "") -> None:
    """Make an IRC operator of a client, who reads server notices of these letters."""
    node = client.house.node
    oper = Oper(client.user.nick, "staff", frozenset(privileges), "is an IRC Operator")
    node.commit(Opered(client.user, oper, node.clock.time()))
    if snomask:
        moded(client, "s", snomask=snomask)
    client.lines()


def moded(client: Client, added: str = "", removed: str = "", snomask: str = "") -> None:
    """Set and unset user modes of a client."""
    node = client.house.node
    node.commit(UserModesChanged(client.user, added, removed, snomask, node.clock.time()))
    client.lines()


def logged_in(client: Client, account: str) -> None:
    """Log a client in to an account."""
    node = client.house.node
    node.commit(AccountChanged(client.user, AccountName(account), node.clock.time(), client.user.account))
    client.lines()


def second_session(client: Client, **peer: str) -> Client:
    """Another session of the same user."""
    other = client.house.connect(**peer)
    other.session.user = client.user
    other.session.registered = True
    client.house.parts.sessions.registered += 1
    client.house.parts.delivery.attach(other.session)
    return other


def channel(house: House, name: str = "#c") -> Channel:
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
