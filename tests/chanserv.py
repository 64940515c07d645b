"""What people say to ChanServ, and what it says."""

from __future__ import annotations

from club import Club
from conversation import Client

from chatnet.model.entities import Channel

WORD = "correct-horse"


def ask(client: Client, text: str) -> list[str]:
    """What ChanServ answers; what else the client reads of it stays to be read."""
    client.lines()
    client >> f"PRIVMSG ChanServ :{text}"
    return told(client)


def told(client: Client) -> list[str]:
    """What ChanServ has said in NOTICEs; all else stays to be read."""
    client.house.settle()
    head = f":ChanServ!ChanServ@services.chatnet NOTICE {client.user.nick} :"
    lines = client.outlet.lines
    client.outlet.lines = [line for line in lines if not line.startswith(head)]
    return [line.removeprefix(head) for line in lines if line.startswith(head)]


def come(club: Club, name: str, caps: str = "") -> Client:
    """Somebody who is logged in to an account of the name of their nick, which is made for them."""
    if club.node.network.registry.named(name) is None:
        club.account(name, WORD)
    client = club.client(name, caps=caps)
    client >> f"NS IDENTIFY {name} {WORD}"
    client.lines()
    assert client.user.account == name
    return client


def founded(club: Club, name: str = "ann", channel: str = "#c", caps: str = "") -> Client:
    """The founder of a registered channel, who is in it."""
    client = come(club, name, caps)
    client >> f"JOIN {channel}"
    assert ask(client, f"REGISTER {channel}") == [f"{channel} belongs to {name} now."]
    client.lines()
    return client


def ranks(client: Client, channel: str = "#c") -> int | None:
    """The ranks of somebody in a channel; None if they are not in it."""
    here = client.house.node.network.channel(channel)
    return None if here is None else here.members.get(client.user)


def living(club: Club, name: str = "#c") -> Channel:
    """A channel in which somebody is."""
    found = club.node.network.channel(name)
    assert found is not None
    return found
