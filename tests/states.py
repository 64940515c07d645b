"""Brings clients of a house into a state by facts, where the commands that lead there are not the subject."""

from __future__ import annotations

from conversation import Client

from chatnet.model.facts import AccountChanged, Opered, UserModesChanged
from chatnet.model.ids import AccountName
from chatnet.model.user import Oper


def opered(client: Client, *privileges: str) -> None:
    """Make an IRC operator of a client."""
    node = client.house.node
    oper = Oper(client.user.nick, "staff", frozenset(privileges), "is an IRC Operator")
    node.commit(Opered(client.user, oper, node.clock.time()))
    client.lines()


def moded(client: Client, added: str = "", removed: str = "", snomask: str = "") -> None:
    """Set and unset user modes of a client."""
    node = client.house.node
    node.commit(UserModesChanged(client.user, added, removed, snomask, node.clock.time()))
    client.lines()


def logged_in(client: Client, account: str) -> None:
    """Log a client in to an account."""
    node = client.house.node
    node.commit(AccountChanged(client.user, AccountName(account), node.clock.time()))
    client.lines()


def second_session(client: Client, **peer: str) -> Client:
    """Another session of the same user."""
    other = client.house.connect(**peer)
    other.session.user = client.user
    other.session.registered = True
    client.house.parts.sessions.registered += 1
    client.house.parts.delivery.attach(other.session)
    return other
