"""``CNSTAMP``, and which channel and stamps a line means that comes after it, or has a stamp of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chatnet.links.inbound.channels.stamped.known import (
    ended_of,
    find_alive,
    find_of_ts,
    is_alive,
    observed,
    registers_of,
    relay,
    stamp_of,
)
from chatnet.links.speech.line import LINK, Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.stamps.companions import Companion
from chatnet.model.entities import Channel
from chatnet.model.modes import RANKS, kind_of
from chatnet.rules.stamps import NEVER, Mark, Stamp, read
from chatnet.wire.names import is_channel, is_uid

LONGEST_MASK = 1000
"""Characters of a folded mask: more than a mask has anywhere."""


@LINK.command("CNSTAMP", min_params=3)
def cnstamp(line: Line) -> None:
    """When registers of a channel changed last, which is told of next; ``-`` marks what was removed.

    # <- :0AA CNSTAMP 1795345576 #one :m=mgqkxk8w.0.0AA b:*!*@bad=mgqkxk90.1.0AA- 0AAAAAAAB=mgqkxk8w.0.0AA
    """
    line.by_server()
    link, name = line.link, line.params[1]
    if not link.stamped or not is_channel(name, 200):
        raise Ignored
    folded, ts = line.network.fold(name), line.ts(0)
    companion = link.companions.told
    if companion is None or not companion.open or (companion.folded, companion.ts) != (folded, ts):
        companion = link.companions.told = Companion(folded, ts)
    for word in line.params[2].split():
        register, _, text = word.rpartition("=")
        stamp = read(text.removesuffix("-"))
        if stamp is not None and _is_register(register):
            mark = Mark(observed(line, stamp), not text.endswith("-"))
            companion.marks[registers_of(line).register(register)] = mark
    if len(companion.marks) > line.node.settings.links.stamps:
        line.violate("Too many stamps")


def _is_register(text: str) -> bool:
    letter, colon, subject = text.partition(":")
    if not colon:
        return text in ("topic", "lock", "name") or kind_of(text) in ("B", "C", "D") or is_uid(text)
    if letter in RANKS:
        return is_uid(subject)
    return kind_of(letter) == "A" and 0 < len(subject) <= LONGEST_MASK


def companion_of(line: Line, name: str, ts: int) -> Companion:
    """What CNSTAMP told of the channel of that name and TS just before; else nothing."""
    companion = line.link.companions.told
    folded = line.network.fold(name)
    if companion is None or (companion.folded, companion.ts) != (folded, ts):
        return Companion(folded, ts)
    return companion


def find_told(line: Line, told: Companion, stamp: Stamp) -> Channel | None:
    """What a burst tells of that was renamed here since it began: its server hears of that behind ours."""
    channel = line.link.companions.renamed.get((told.folded, told.ts)) if stamp is NEVER else None
    return channel if channel is not None and is_alive(line, channel) else None


def claimed(line: Line, name: str, ts: int) -> tuple[Channel, Callable[[str], Stamp], bool]:
    """What a line tells of: the channel of that TS, stamps by register, and whether it is a change."""
    stamp, told = stamp_of(line), companion_of(line, name, ts)
    channel = find_of_ts(line, name, ts)
    if stamp is NEVER and channel is not None and channel.folded != told.folded:
        # It was renamed here, but what is told of is the one that the SJOIN before this line named.
        channel = find_told(line, told, stamp) or ended_of(line, told.folded).get(ts)
    if channel is None:
        alive = find_alive(line, name)
        if stamp is not NEVER and (alive is None or ts < alive.ts):
            relay(line)
        raise Ignored
    if stamp is NEVER:
        told.open = False
        return channel, told.of, False
    return channel, lambda register: stamp, True


def went(line: Line, channel: Channel, marks: Mapping[str, Mark], changed: bool, *lines: bytes) -> None:
    """Tell the others what held."""
    if changed:
        relay(line)
    else:
        relay(line, *line.link.codec.marks(line.network.me, channel, marks), *lines)
