"""What a client makes of what it reads: which channels it is in, who is there, with which ranks and modes."""

from __future__ import annotations

from dataclasses import dataclass, field

from conversation import Client

from chatnet.model.entities import parameters
from chatnet.model.modes import RANK_OF_PREFIX, RANKS
from chatnet.wire.message import split


@dataclass
class Room:
    """A channel as a client knows it; `modes` are those that changed since it came in."""

    members: dict[str, set[str]] = field(default_factory=dict)
    topic: str | None = None
    modes: dict[tuple[str, str | None], str | bool | None] = field(default_factory=dict)


class Reader:
    """Reads what `client`, which has multi-prefix, is told, and holds it against what its server knows."""

    def __init__(self, client: Client, nick: str) -> None:
        self.client, self.nick = client, nick
        self.fold = client.house.node.network.fold
        self.rooms: dict[str, Room] = {}

    def read(self) -> None:
        """Read all that came."""
        for line in self.client.lines():
            parts = split(line)
            assert parts is not None
            _, source, verb, params = parts
            read = getattr(self, "_" + verb.lower(), None)
            if read is not None and (verb != "MODE" or params[0].startswith("#")):
                read(source.partition("!")[0], *params)

    def _join(self, who: str, name: str, *_: str) -> None:
        if who == self.nick:
            self.rooms[self.fold(name)] = Room()
        room = self.rooms[self.fold(name)]
        assert who not in room.members
        room.members[who] = set()

    def _353(self, _: str, me: str, sign: str, name: str, members: str) -> None:
        room = self.rooms[self.fold(name)]
        for word in members.split():
            prefixes = word[: len(word) - len(word.lstrip("~&@%+"))]
            ranks = sum(RANK_OF_PREFIX[prefix] for prefix in prefixes)
            nick = word[len(prefixes) :].partition("!")[0]
            room.members[nick] = {letter for letter, rank in RANKS.items() if rank & ranks}

    def _332(self, _: str, me: str, name: str, text: str) -> None:
        self.rooms[self.fold(name)].topic = text

    def _topic(self, who: str, name: str, text: str) -> None:
        self.rooms[self.fold(name)].topic = text or None

    def _part(self, who: str, name: str, *_: str) -> None:
        self._left(who, name)

    def _kick(self, by: str, name: str, who: str, *_: str) -> None:
        self._left(who, name)

    def _left(self, who: str, name: str) -> None:
        if who == self.nick:
            del self.rooms[self.fold(name)]
        else:
            del self.rooms[self.fold(name)].members[who]

    def _quit(self, who: str, *_: str) -> None:
        rooms = [room for room in self.rooms.values() if who in room.members]
        assert rooms or who == self.nick, f"{who} is in no channel of {self.nick}"
        for room in rooms:
            del room.members[who]

    def _nick(self, who: str, nick: str) -> None:
        rooms = [room for room in self.rooms.values() if who in room.members]
        assert rooms or who == self.nick, f"{who} is in no channel of {self.nick}"
        for room in rooms:
            ranks = room.members.pop(who)
            assert nick not in room.members
            room.members[nick] = ranks
        if who == self.nick:
            self.nick = nick

    def _rename(self, who: str, old: str, new: str, *_: str) -> None:
        self.rooms[self.fold(new)] = self.rooms.pop(self.fold(old))

    def _mode(self, who: str, name: str, letters: str, *params: str) -> None:
        room, rest, adding = self.rooms[self.fold(name)], list(params), True
        for letter in letters:
            if letter in "+-":
                adding = letter == "+"
            elif letter in RANKS:
                ranks = room.members[rest.pop(0)]
                (ranks.add if adding else ranks.discard)(letter)
            elif letter in "beI":
                room.modes[letter, rest.pop(0)] = adding
            elif letter in "klfjHWE":
                value = rest.pop(0) if adding or letter == "k" else None
                room.modes[letter, None] = value if adding else None
            else:
                room.modes[letter, None] = adding

    def check(self) -> None:
        """Its server knows the same."""
        if self.client.session.closed:
            return
        user = self.client.user
        assert self.nick == user.nick
        assert set(self.rooms) == {channel.folded for channel in user.channels}
        for channel in user.channels:
            room = self.rooms[channel.folded]
            members = {
                member.nick: {letter for letter, rank in RANKS.items() if rank & ranks}
                for member, ranks in channel.members.items()
            }
            assert room.members == members, (user.nick, channel.name)
            assert room.topic == (channel.topic and channel.topic.text)
            values = parameters(channel)
            for (letter, mask), value in room.modes.items():
                if mask is not None:
                    texts = [entry.text for entry in channel.lists[letter].values()]
                    assert (mask in texts) is value, (channel.name, letter, mask)
                elif letter in "klfjHWE":
                    assert values.get(letter) == value, (channel.name, letter)
                else:
                    assert (letter in channel.flags) is value, (channel.name, letter)
