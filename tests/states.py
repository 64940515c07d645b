"""Brings a house and its clients into a state by facts, where the commands that lead there do not matter.

No command and no rule is asked.  Clients have read what they were told of it, but for :func:`set_modes` and
what far servers do.
"""

from __future__ import annotations

import itertools

from conversation import Client, House

from chatnet.model.claims import SJoin
from chatnet.model.entities import PARAMETERS, Channel, Oper, User
from chatnet.model.facts import (
    AccountChanged,
    Fact,
    Joined,
    ModeChange,
    ModesChanged,
    NetSplit,
    Opered,
    ServerIntroduced,
    UserIntroduced,
    UserModesChanged,
)
from chatnet.model.ids import SID, UID, AccountName
from chatnet.model.modes import RANKS, kind_of
from chatnet.model.server import Server
from chatnet.rules.timestamps import resolve_sjoin

_numbers = itertools.count()


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


def far_server(house: House, name: str, uplink: Server | None = None) -> Server:
    """Another server of the network, linked to this one or to `uplink`."""
    network = house.node.network
    uplink = uplink or network.me
    server = Server(SID(f"{len(network.servers):03}"), name, "", uplink.hops + 1, uplink)
    house.node.commit(ServerIntroduced(server, house.clock.time()))
    return server


def far_user(house: House, server: Server, nick: str, **attributes: object) -> User:
    """A user of another server, in no channel yet; `attributes` are those of the user."""
    user = User(server, "198.51.100.7", "far.example")
    user.uid = UID(f"{server.sid}{next(_numbers):06}")
    user.nick, user.folded, user.username, user.realname = (
        nick,
        house.node.network.fold(nick),
        "~f",
        nick.title(),
    )
    for name, value in attributes.items():
        setattr(user, name, value)
    user.renew_source()
    house.node.commit(UserIntroduced(user, house.clock.time()))
    return user


def far_join(house: House, name: str, *members: tuple[User, int]) -> None:
    """Users of another server come into a channel, which is made if there is none; others read of it."""
    network, now = house.node.network, house.clock.time()
    found = network.channel(name)
    if found is None:
        house.node.commit(Joined(Channel(name, network.fold(name), int(now)), members, now, created=True))
    else:
        house.node.commit(Joined(found, members, now))


def far_claim(
    house: House, by: Server, name: str, ts: int, modes: str, *members: tuple[User, int]
) -> list[Fact]:
    """The server `by` tells of a channel: ``far_claim(house, far, "#c", 5, "+ntk key", (bob, OP))``.

    Others read of it.
    """
    letters, *words = modes.split()
    values = dict(zip([letter for letter in letters if letter in PARAMETERS], words, strict=True))
    claim = SJoin(name, ts, frozenset(letters) - set("+" + PARAMETERS), values, members)
    network, now = house.node.network, house.clock.time()
    found = network.channel(name)
    told = resolve_sjoin(found, claim).facts(network, found, by, now)
    for fact in told:
        house.node.commit(fact)
    return told


def split(house: House, far: Server) -> NetSplit:
    """`far`, and all that is behind it, is lost; others read of it."""
    network = house.node.network
    servers = [far]
    for server in servers:
        servers += [other for other in network.servers.values() if other.uplink is server]
    users = tuple(user for user in network.users.values() if user.server in servers)
    assert far.uplink is not None
    fact = NetSplit(far.uplink, far, tuple(servers), users, house.clock.time())
    house.node.commit(fact)
    return fact
