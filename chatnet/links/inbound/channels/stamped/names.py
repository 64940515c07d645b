"""The name of a channel: RENAME, and how it is spelled."""

from __future__ import annotations

from chatnet.links.inbound.channels.stamped.known import find_of_ts, is_alive, registers_of, relay, stamp_of
from chatnet.links.speech.line import Line
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel
from chatnet.model.facts import ChannelSpelled, EndedRenamed, NameRemembered
from chatnet.rules.stamps import NEVER, holds


def rename(line: Line, old: str, name: str, ts: int) -> Channel | None:
    """A channel has another name; gives it, if it is to have that here.

    A name that it does not keep leads to it nevertheless: who does not know better yet speaks of it by that.
    """
    stamp, registers, network = stamp_of(line), registers_of(line), line.network
    channel = find_of_ts(line, old, ts)
    relay(line)
    if channel is None:
        return None
    known = registers.known(channel, "name")
    if not holds(stamp, known) and (stamp is not NEVER or known is not None):
        if is_alive(line, channel):
            network.apply(NameRemembered(channel, network.fold(name), line.now))
            registers.remember_name(channel, network.fold(name))
        return None
    registers.mark(channel, "name", stamp, adding=True)
    if is_alive(line, channel):
        return channel
    former = channel.folded
    network.apply(EndedRenamed(channel, name, network.fold(name)))
    registers.renamed(channel, former)
    return None


def spell(line: Line, channel: Channel, name: str) -> None:
    """A server spells the name of `channel` so; of two spellings that were made at one moment one holds.

    That is the lower one, in bytes; who says the other one is told.  A name that RENAME gave is as that says.
    """
    if name == channel.name or registers_of(line).known(channel, "name") is not None:
        return
    ours, theirs = channel.source, name.encode("utf-8", "surrogateescape")
    if theirs < ours:
        line.node.commit(ChannelSpelled(channel, name), TOLD)
    told = SJoin(channel.name, channel.ts, frozenset(), {}, (), silent=True)
    lines = line.link.codec.sjoin(line.network.me, told)
    if theirs < ours:
        relay(line, *lines)
    else:
        for text in lines:
            line.link.send(text)
