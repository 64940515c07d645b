"""What is known of a channel and its registers, and what the line says of when; and telling others."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.links.neighbour.link import Link
from chatnet.links.speech.line import Line
from chatnet.links.stamps.registers import Registers
from chatnet.links.tree.neighbours import MARKED
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact
from chatnet.model.ids import Folded, derived
from chatnet.rules.keeping import restored
from chatnet.rules.stamps import NEVER, Stamp, read, too_far


def registers_of(line: Line) -> Registers:
    """When each thing changed last: there is that, since the link stamps."""
    registers = line.links.registers
    assert registers is not None
    return registers


def stamp_of(line: Line) -> Stamp:
    """The stamp of a line, NEVER without one."""
    text = line.tags.get("chatnet/ts")
    stamp = read(text) if text is not None else None
    if stamp is None:
        return NEVER
    return observed(line, stamp)


def observed(line: Line, stamp: Stamp) -> Stamp:
    """Take note of a stamp in a line, so that our next one is later; too far ahead it is a violation.

    It is the same on all servers, or is not taken at all.  A clock that is off by the horizon ends its link
    when clocks are compared; a stamp may be twice as far ahead, for whoever has seen one of such a clock
    stamps later than that, and clocks on the way need not agree with ours.
    """
    if ahead := too_far(stamp, line.now, 2 * line.node.settings.links.stamp_horizon):
        line.violate(f"The clock of {stamp.sid} is {ahead:.0f} seconds ahead, more than links.stamp_horizon")
    registers_of(line).clock.observe(stamp)
    return stamp


def event(line: Line, channel: Channel) -> tuple[float, str]:
    """When that happened to `channel` which a line tells, and its id."""
    return event_of(line, stamp_of(line), channel.place)


def event_of(line: Line, stamp: Stamp, place: str) -> tuple[float, str]:
    """The same of a line with this stamp, about the channel with this `place`.

    A server of an older version tells no id.  Its line goes on as it came, so all make one of its stamp.
    What is told of how things are, without a stamp, is no event.
    """
    if (given := line.told_id) or stamp is NEVER:
        return line.at, given
    at = line.at if "time" in line.tags else stamp.ms / 1000
    return at, derived(*stamp, place, line.row.verb)


def find_alive(line: Line, name: str) -> Channel | None:
    """The channel that has the name now."""
    return line.network.channel(name)


def find_meant(line: Line, name: str, ts: int | None = None) -> Channel | None:
    """The channel that is changed: perhaps by a name that it had until a moment ago."""
    channel = line.network.channel_meant(name)
    if ts is None or (channel is not None and channel.ts == ts):
        return channel
    return registers_of(line).of_name(line.network.fold(name), ts) or line.network.channel(name)


def folded_name(line: Line, name: str, channel: Channel | None) -> Folded:
    """Under which name `channel`, which the line calls `name`, is known; it may be none."""
    return line.network.fold(name) if channel is None else channel.folded


def ended_of(line: Line, folded: Folded) -> Mapping[int, Channel]:
    """The channels of that name that ended, by their TS."""
    return line.network.memory.ended_of(folded)


def registered_of(line: Line, folded: Folded, ts: int) -> Channel | None:
    """The registered channel of that name as it is kept, if it has that TS; nobody is in it."""
    registration = line.network.registry.channels.at(folded)
    if registration is None or registration.ts != ts or not registration.kept:
        return None
    channel = restored(line.network, registration, registration.kept, line.now)
    return channel if channel.ts == ts else None


def find_of_ts(line: Line, name: str, ts: int) -> Channel | None:
    """The channel of that name and TS, even if it ended."""
    channel = find_meant(line, name, ts)
    if channel is not None and channel.ts == ts:
        return channel
    return ended_of(line, folded_name(line, name, channel)).get(ts)


def is_alive(line: Line, channel: Channel) -> bool:
    """Whether `channel` stands on the network."""
    return line.network.channels.get(channel.folded) is channel


def commit(line: Line, fact: Fact) -> None:
    """State what happened, whose stamps are known, also if it is due to somebody who does not stamp."""
    line.node.commit(fact, line.link if line.link.stamped else MARKED)


def relay_as_spelled(line: Line, name: str, channel: Channel) -> None:
    """Send a line on with the name of `channel` spelled as here, which the line spells as `name`.

    A server where the channel has ended makes it by that line, and has nothing to hold against the spelling.
    """
    if name == channel.name or line.network.fold(name) != channel.folded:
        return relay(line)
    theirs = name.encode("utf-8", "surrogateescape")
    return relay(line, line.raw.replace(b" %b " % theirs, b" %b " % channel.source, 1))


def relay(line: Line, *instead: bytes) -> None:
    """Send a line on as it came, or `instead`, to all others that stamp."""
    if not instead and line.server_of_source().virtual:
        for link in line.links.stamped(line.link):
            link.send(as_known(line, link))
        return
    for link in line.links.stamped(line.link):
        for text in instead or (line.raw,):
            link.send(text)


def as_known(line: Line, link: Link) -> bytes:
    """A line as it came; where its pseudo-user is not known (yet), this server says it."""
    source, known = line.source, link.codec.id_of(line.source)
    theirs = (source.uid if isinstance(source, User) else source.sid).encode()
    return line.raw if known == theirs else line.raw.replace(b":%b " % theirs, b":%b " % known, 1)
