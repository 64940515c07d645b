"""A channel that becomes part of another one, whose name it is to have: RENAME to a name that was taken."""

from __future__ import annotations

from chatnet.links.inbound.channels.stamped.claims import take_in
from chatnet.links.inbound.channels.stamped.known import registers_of
from chatnet.links.inbound.channels.stamped.lists import enter
from chatnet.links.inbound.channels.stamped.topics import etb, lock
from chatnet.links.inbound.channels.ways import by_ways
from chatnet.links.neighbour.link import State
from chatnet.links.speech.line import Line
from chatnet.links.stamps.companions import Companion
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, parameters
from chatnet.model.facts import ChannelForgotten, ModeChange, ModesChanged, NameRemembered, Parted
from chatnet.rules.stamps import NEVER


def move(line: Line, channel: Channel, other: Channel, reason: str) -> None:
    """Take all of `channel` into `other`, with its stamps, as if a server told of it under that name."""
    registers, network, node = registers_of(line), line.network, line.node
    flags, values, ts = frozenset(channel.flags), parameters(channel), channel.ts
    members, names = tuple(channel.members.items()), (*channel.former, channel.folded)
    if "P" in flags:
        node.commit(ModesChanged(channel, (ModeChange(False, "P"),), line.source, line.at), TOLD)
    for user, _ in members:
        node.commit(Parted(channel, user, reason, line.at), TOLD)
    network.apply(ChannelForgotten(channel))
    told = Companion(other.folded, ts)
    told.marks = registers.take(channel)
    quiet = Line(line.links, line.link, line.server_of_source(), [], {}, line.row)
    line.link.companions.told = told
    for part in by_ways(line.links, members) or [[]]:
        claim = SJoin(other.name, ts, flags, values, tuple(part))
        told.open = True
        take_in(quiet, claim, (), told, NEVER)
    if other.ts == ts:
        for letter, entries in channel.lists.items():
            enter(quiet, other.name, ts, letter, entries.values())
        if channel.topic is not None:
            etb(quiet, other.name, ts, channel.topic)
        if channel.locked:
            lock(quiet, other.name, ts, channel.locked)
    for folded in names:
        if network.channels.get(other.folded) is other:
            network.apply(NameRemembered(other, folded, line.at))
            registers.remember_name(other, folded)
            for link in line.links.stamped(None):
                if link.state is State.INTRODUCED:
                    link.companions.renamed[folded, ts] = other
