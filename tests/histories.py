"""Who knew what when they changed something: finds the changes of channels that raced each other.

A :class:`History` watches a mesh.  Each house counts what its own clients change, and each line carries,
unseen, how many changes of every house its sender had heard of.  Two changes of one register are a race if
neither house had heard of the other: plain TS6 cannot settle these.  A server that tells of a whole channel,
in a burst or as it makes one, says something of all its registers; but a change that only adds does not race
with that, since what is added there is added here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mesh import Mesh, Wire

from chatnet.links.neighbour.link import Link
from chatnet.model import facts
from chatnet.model.entities import PARAMETERS, Channel, parameters, split_forward
from chatnet.model.facts import Fact, Hearer
from chatnet.model.modes import RANKS

Register = tuple[str, ...]
"""``("member", uid)``, ``("rank", letter, uid)``, ``("mode", letter)``, ``("list", letter, mask)``,
``("topic",)``, or ``("all",)``; ``("split", uid)`` tells that a member was lost with their server."""
ALL: Final[Register] = ("all",)
_OF_MEMBERS: Final = {"member", "rank", "split"}


@dataclass(slots=True)
class Change:
    """What `house` did as its change `number`, when it had heard of so many of each house's."""

    house: str
    number: int
    heard: Counter[str]
    channel: str
    register: Register
    ts: int
    adds: bool = False

    def knows(self, other: Change) -> bool:
        return other.known(self.heard)

    def known(self, heard: Counter[str]) -> bool:
        return heard[self.house] >= self.number

    def apart(self, other: Change) -> bool:
        """Whether neither house had heard of the other's."""
        return self.house != other.house and not self.knows(other) and not other.knows(self)

    def touches(self, other: Change) -> bool:
        """Whether both are about one register; those of one member are one."""
        one, two = self.register, other.register
        if self.channel != other.channel:
            return False
        kinds = {one[0], two[0]}
        return ALL in (one, two) or one == two or (len(kinds & _OF_MEMBERS) == 2 and one[-1] == two[-1])


@dataclass(slots=True)
class Meeting:
    """Two houses tell each other all.

    `begun` is what each had heard of then, `ended` the number that its end has among its changes.
    """

    begun: dict[str, Counter[str]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)

    def settles(self, one: Change, two: Change) -> bool:
        """Whether each of the changes was known to one of the two alone, so that timestamps decide."""
        if len(self.begun) < 2:
            return False
        near, far = self.begun.values()
        sides = sorted((change.known(near), change.known(far)) for change in (one, two))
        return sides == [(False, True), (True, False)]

    def amid(self, change: Change) -> bool:
        """Whether `change` was made where this was not known yet, and came too late to be told in it."""
        if not self.begun or any(change.known(heard) for heard in self.begun.values()):
            return False
        return any(house not in self.ended or change.heard[house] < self.ended[house] for house in self.begun)


class History:
    """Watches `mesh`, whose links are made by :meth:`link`."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.heard: dict[str, Counter[str]] = {name: Counter() for name in mesh.houses}
        self.changes: list[Change] = []
        self.made: list[Change] = []
        self.ends: list[Change] = []
        self.renames: list[tuple[str, str]] = []
        self.kills = False
        self.meetings: list[Meeting] = []
        for name, house in mesh.houses.items():
            house.node.observe([_Witness(self, name), *house.node._observers])

    def count(self, house: str) -> int:
        self.heard[house][house] += 1
        return self.heard[house][house]

    def change(self, house: str, channel: Channel, register: Register, adds: bool = False) -> Change:
        """What the newest change of `house` is."""
        heard = self.heard[house].copy()
        return Change(house, heard[house], heard, channel.folded, register, channel.ts, adds)

    def link(self, dialling: str, answering: str) -> None:
        """Connect two houses."""
        wire = self.mesh.link(dialling, answering)
        meeting = Meeting()
        self.meetings.append(meeting)
        stamps = {name: self._stamp(wire, name, meeting) for name in wire.ends}
        deliver = wire.deliver

        def delivering(name: str) -> bool:
            if wire.pipes[name].lines and (stamp := stamps[name].pop(0)) is not None:
                self.heard[wire.other(name)] |= stamp
            return deliver(name)

        wire.deliver = delivering  # type: ignore[method-assign]

    def _stamp(self, wire: Wire, name: str, meeting: Meeting) -> list[Counter[str] | None]:
        """What each line on its way tells of changes: nothing, before the burst is out."""
        pipe, send = wire.pipes[name], wire.pipes[name].send
        stamps: list[Counter[str] | None] = [None] * len(pipe.lines)

        def sending(line: bytes) -> None:
            link, before = wire.links[name], len(pipe.lines)
            if link.server is not None and name not in meeting.begun:
                meeting.begun[name] = self.heard[name].copy()
            if name not in meeting.ended and line.startswith(b"PING :") and link.held is None:
                meeting.ended[name] = self.count(name)
            send(line)
            if len(pipe.lines) > before:
                stamps.append(self.heard[name].copy() if name in meeting.ended else None)

        pipe.send = sending  # type: ignore[method-assign]
        return stamps

    def races(self) -> set[tuple[str, Register]]:
        """The registers of channels, by their folded names, of which nobody can say how they end."""
        found = self._changes_that_raced() | self._channels_that_raced()
        for _ in self.renames:  # what is unknown of a channel stays so under its next name
            for names in self.renames:
                found |= {
                    (name, register) for channel, register in found if channel in names for name in names
                }
        return found

    def _changes_that_raced(self) -> set[tuple[str, Register]]:
        found = set()
        for number, one in enumerate(self.changes):
            for two in self.changes[:number]:
                if one.apart(two) and one.touches(two) and not self._settled(one, two):
                    found |= {(one.channel, one.register), (two.channel, two.register)}
            if one.adds or one.register[0] in ("member", "split"):
                continue
            made = any(self._twins(one, other) for other in self.made)
            if made or any(meeting.amid(one) for meeting in self.meetings):
                found.add((one.channel, one.register))
        return {(channel, register) for channel, register in found if register[0] != "split"}

    def _settled(self, one: Change, two: Change) -> bool:
        return any(meeting.settles(one, two) for meeting in self.meetings)

    def _channels_that_raced(self) -> set[tuple[str, Register]]:
        """Those of which a server may take one for another."""
        lost = [
            end
            for end in self.ends
            if any(self._twins(end, made) for made in self.made)
            or any(meeting.amid(end) for meeting in self.meetings)
        ]
        found = {(change.channel, ALL) for change in lost}
        made = Counter((change.channel, change.ts) for change in self.made)
        found |= {
            (channel, ALL) for (channel, _), times in made.items() if times > 1 and self._ended(channel)
        }
        if self.kills:
            # A server does not hear that the victim made a channel of that name, but what they did to it.
            found |= {(name, ("topic",)) for names in self.renames for name in names}
        return found

    def _ended(self, channel: str) -> bool:
        """Whether it may be that it was made twice within a second by one house."""
        return any(end.channel == channel for end in self.ends)

    @staticmethod
    def _twins(change: Change, made: Change) -> bool:
        """Whether another house made a channel of that name within the same second."""
        return change.channel == made.channel and change.ts == made.ts and change.apart(made)

    def differences(self) -> set[tuple[str, Register]]:
        """The registers that houses know otherwise; each of them raced."""
        races, networks = self.races(), [house.node.network for house in self.mesh]
        found: set[tuple[str, Register]] = set()
        for name in {name for network in networks for name in network.channels}:
            raced = {register for channel, register in races if channel == name}
            loose = any(register == ALL or register[0] == "member" for register in raced)
            known = [_known(network.channels.get(name)) for network in networks]
            for register in sorted({register for each in known for register in each}):
                values = [each.get(register) for each in known]
                if any(value != values[0] for value in values):
                    assert loose or register in raced, (name, register, values)
                    found.add((name, register))
        return found


class _Witness:
    """Hears what happens in one house, and notes what its own clients did."""

    def __init__(self, history: History, house: str) -> None:
        self._history, self._house = history, house
        self.hears: dict[type[Fact], Hearer] = {
            kind: self._if_own(hear)
            for kind, hear in {
                facts.Joined: self._joined,
                facts.Killed: self._killed,
                facts.ModesChanged: self._modes_changed,
                facts.TopicChanged: self._topic_changed,
                facts.ChannelRenamed: self._renamed,
            }.items()
        }
        self.hears[facts.Parted] = self.hears[facts.Kicked] = self._left
        self.hears[facts.UserQuit] = self._quit
        self.hears[facts.NetSplit] = self._split

    @property
    def _network(self) -> Any:
        return self._history.mesh[self._house].node.network

    def _if_own(self, hear: Any) -> Hearer:
        def heard(fact: Any, origin: object) -> None:
            if not isinstance(origin, Link):
                self._history.count(self._house)
                hear(fact)

        return heard

    def _note(self, channel: Channel, register: Register, adds: bool = False) -> None:
        self._history.changes.append(self._history.change(self._house, channel, register, adds))

    def _joined(self, fact: facts.Joined) -> None:
        for user, _ in fact.members:
            self._note(fact.channel, ("member", user.uid), adds=True)
        if fact.created:
            self._history.made.append(self._history.change(self._house, fact.channel, ALL))

    def _left(self, fact: facts.Parted | facts.Kicked, origin: object) -> None:
        if not isinstance(origin, Link):
            self._history.count(self._house)
            self._note(fact.channel, ("member", fact.user.uid))
        self._perhaps_ended(fact.channel)

    def _quit(self, fact: facts.UserQuit, origin: object) -> None:
        for channel in fact.user.channels:
            self._perhaps_ended(channel)

    def _split(self, fact: facts.NetSplit, origin: object) -> None:
        if fact.near is self._network.me:
            self._history.count(self._house)
            for user in fact.users:
                for channel in user.channels:
                    self._note(channel, ("split", user.uid))
        for channel in dict.fromkeys(channel for user in fact.users for channel in user.channels):
            self._perhaps_ended(channel)

    def _killed(self, fact: facts.Killed) -> None:
        self._history.kills = True

    def _perhaps_ended(self, channel: Channel) -> None:
        if self._network.channels.get(channel.folded) is not channel:
            self._history.count(self._house)
            self._history.ends.append(self._history.change(self._house, channel, ALL))

    def _modes_changed(self, fact: facts.ModesChanged) -> None:
        for register, adds in self._registers(fact):
            self._note(fact.channel, register, adds)
        self._perhaps_ended(fact.channel)

    def _registers(self, fact: facts.ModesChanged) -> Iterator[tuple[Register, bool]]:
        for change in fact.changes:
            if change.user is not None:
                yield ("rank", change.letter, change.user.uid), change.adding
            elif change.letter in fact.channel.lists:
                mask = split_forward(change.parameter or "")[0]
                yield ("list", change.letter, self._network.fold(mask)), change.adding
            else:
                yield ("mode", change.letter), change.adding and change.letter not in PARAMETERS

    def _topic_changed(self, fact: facts.TopicChanged) -> None:
        self._note(fact.channel, ("topic",))

    def _renamed(self, fact: facts.ChannelRenamed) -> None:
        names = self._network.fold(fact.old), fact.channel.folded
        self._history.renames.append(names)
        for name in names:
            change = self._history.change(self._house, fact.channel, ALL)
            change.channel = name
            self._history.changes.append(change)


def _known(channel: Channel | None) -> dict[Register, Any]:
    """What a house knows of a channel, register by register."""
    if channel is None:
        return {}
    found: dict[Register, Any] = {("ts",): channel.ts, ("topic",): channel.topic and channel.topic.text}
    found |= {("mode", letter): True for letter in channel.flags}
    found |= {("mode", letter): value for letter, value in parameters(channel).items()}
    for letter, entries in channel.lists.items():
        found |= {("list", letter, key): entry.forward or "" for key, entry in entries.items()}
    for user, ranks in channel.members.items():
        found["member", user.uid] = True
        found |= {("rank", letter, user.uid): True for letter, rank in RANKS.items() if ranks & rank}
    return found
