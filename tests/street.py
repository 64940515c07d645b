"""Three linked houses in a row, what they know of channels, and people of other servers.

See :mod:`mesh`.
"""

from __future__ import annotations

from typing import Any, Final

from conversation import START, Client, House
from mesh import Mesh, Stranger, read_away

from chatnet.model.entities import Channel, mode_text
from chatnet.model.facts import ModeChange, ModesChanged

NOW: Final = int(START)
OLDER: Final = NOW - 100
YOUNGER: Final = NOW + 100
PEOPLE: Final = ("ann", "bob", "cid")


class Street:
    """Three houses in a row, ``a``, ``b``, ``c``, in which ann, bob and cid live."""

    def __init__(self, **sections: Any) -> None:
        self.mesh = Mesh("a", "b", "c", **sections)
        self.mesh.link("a", "b")
        self.mesh.link("c", "b")
        self.clients = [self.mesh[n].client(nick) for n, nick in zip("abc", PEOPLE, strict=True)]
        self.ann, self.bob, self.cid = self.clients
        self.settle()

    def settle(self) -> None:
        """Deliver everything."""
        self.mesh.settle()
        self.mesh.check()

    def say(self, client: Client, *lines: str) -> None:
        """Say `lines`, and deliver everything."""
        for line in lines:
            client >> line
        self.settle()

    def gather(self) -> None:
        """All three come into #c, ann first; what they are told of it is forgotten."""
        for client in self.clients:
            self.say(client, "JOIN #c")
        read_away(self.clients)

    def channels(self, name: str = "#c") -> list[Channel]:
        """The channel as each of the houses knows it."""
        found = [house.node.network.channel(name) for house in self.mesh]
        return [channel for channel in found if channel is not None]

    def agree(self, *but: str) -> None:
        """All houses know the same."""
        first, *others = [snapshot(house, *but) for house in self.mesh]
        for other in others:
            assert other == first


def snapshot(house: House, *but: str) -> dict[str, Any]:
    """What a house knows of channels, but for the registers named."""
    return {
        folded: {
            key: value
            for key, value in {
                "ts": channel.ts,
                "modes": mode_text(channel, show_key=True),
                "members": {user.uid: ranks for user, ranks in channel.members.items()},
                "lists": {
                    letter: {key: (e.text, e.by, e.at, e.until) for key, e in entries.items()}
                    for letter, entries in channel.lists.items()
                },
                "topic": channel.topic,
                "locked": channel.locked,
            }.items()
            if key not in but
        }
        for folded, channel in house.node.network.channels.items()
    }


def all_agree(mesh: Mesh) -> None:
    mesh.check()
    first, *others = [snapshot(house) for house in mesh]
    for other in others:
        assert other == first


def host(client: Client) -> str:
    return client.user.mask


def the(house: House, name: str = "#c") -> Channel:
    channel = house.node.network.channel(name)
    assert channel is not None
    return channel


def ranks(house: House, name: str = "#c") -> dict[str, int]:
    return {user.nick: ranks for user, ranks in the(house, name).members.items()}


def make_owner(house: House, client: Client) -> None:
    network = house.node.network
    channel = network.channel("#c")
    assert channel is not None
    change = ModeChange(True, "q", None, client.user)
    house.node.commit(ModesChanged(channel, (change,), network.me, START))


def user(there: Stranger, nick: str, number: int = 0, ts: int = NOW) -> str:
    """Introduce somebody; gives the UID."""
    uid = f"{there.sid}AAAAA{'ABCDEFGHIJ'[number]}"
    there >> f":{there.sid} EUID {nick} 1 {ts} + ~{nick} h.{nick} 192.0.2.9 {uid} * * :{nick}"
    there.lines()
    return uid
