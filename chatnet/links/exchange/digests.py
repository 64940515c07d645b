"""``CNDIG``: whether neighbours that stamp what they change know the same of every channel.

They should, always: this is the alarm, not the mechanism.  Some time after a burst, and now and then, the one
with the lower SID tells a digest of all its channels.  If the other has another one, it tells those of each
channel; where they differ both tell each other all of it, which merges them, and operators read of that.

    :0AA CNDIG * 0 <digest>          all channels
    :0BA CNDIG #one <ts> <digest>    one of them
    :0BA CNDIG * 1 <digest>          these were all

A digest is 64 bits, in hexadecimal digits.  Channels in which something happened a short time ago are left
out: of that the other side may not know yet.
"""

from __future__ import annotations

from collections.abc import Set
from hashlib import blake2b
from typing import Final

from chatnet.links.codecs.solanum import GUESTS
from chatnet.links.exchange import burst
from chatnet.links.neighbour.link import Link
from chatnet.links.speech.line import LINK, Line
from chatnet.links.speech.outcome import Ignored
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import Channel, parameters
from chatnet.wire.names import is_channel

MOST: Final = 50
"""Channels that are mended after one comparison; the others are after the next."""


def digest(channel: Channel, unknown: Set[str] = frozenset(), *, timed: bool = False) -> int:
    """What is the same on all servers: not who set an entry or the topic, nor when.

    Nor what is over by itself, for clocks may be apart, unless the `timed` entries are wanted.  For one of a
    version that does not know some modes it is without these, the `unknown` ones.
    """
    topic = channel.topic.text if channel.topic is not None else ""
    lists = [
        f"{letter}{entry.text}"
        for letter, each in channel.lists.items()
        for entry in each.values()
        if timed or entry.until is None
    ]
    members = [f"{user.uid}{ranks}" for user, ranks in channel.members.items() if not user.orphan]
    values = [f"{letter}{value}" for letter, value in parameters(channel).items() if letter not in unknown]
    locked = set(channel.locked) - unknown
    words = (
        channel.folded, str(channel.ts), "".join(sorted(channel.flags - unknown)), " ".join(sorted(values)),
        "\0".join(sorted(lists)), topic, "".join(sorted(locked)), ",".join(sorted(members)),
    )  # fmt: skip
    text = "\n".join(words).encode("utf-8", "surrogateescape")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big")


def quiet(links: Neighbours, link: Link) -> dict[Channel, int]:
    """The digests of all channels in which nothing happened lately."""
    registers = links.registers
    assert registers is not None
    since = links.node.clock.monotonic() - links.node.settings.links.digest_quiet
    return {
        channel: _for(link, channel)
        for channel in links.node.network.channels.values()
        if registers.touched(channel.folded) < since
    }


def _for(link: Link, channel: Channel) -> int:
    # The version before, which does not know of talks with guests either, has timed entries in it.
    return digest(channel, link.codec.unknown, timed=GUESTS not in link.caps)


def total(digests: dict[Channel, int]) -> int:
    """The digest of all, whatever their order."""
    found = 0
    for each in digests.values():
        found ^= each
    return found


def begin(links: Neighbours, link: Link) -> None:
    """Tell a neighbour the digest of all channels."""
    link.comparison.listed, link.comparison.mended = set(), 0
    _tell(link, "*", 0, total(quiet(links, link)))


def _tell(link: Link, name: str, ts: int, value: int) -> None:
    sid = link.node.network.me.sid
    text = f":{sid} CNDIG {name} {ts} {value:016x}"
    link.send(text.encode("utf-8", "surrogateescape"))


@LINK.command("CNDIG", min_params=3)
def cndig(line: Line) -> None:
    """What a neighbour knows of all channels, or of one, in 64 bits.

    # <- :0AA CNDIG * 0 8f14e45fceea167a
    # <- :0BA CNDIG #one 1795345576 c9f0f895fb98ab91
    # <- :0BA CNDIG * 1 8f14e45fceea167a
    """
    link, registers = line.link, line.links.registers
    if not link.stamped or registers is None or line.by_server() is not link.server:
        raise Ignored
    try:
        value = int(line.params[2], 16)
    except ValueError:
        raise Ignored from None
    if line.params[0] != "*":
        if not is_channel(line.params[0], 200):
            raise Ignored
        _compare(line, line.params[0], line.ts(1), value)
        return
    if line.params[1] == "0":
        # All that is known takes a while to look at: only so often.
        now = line.node.clock.monotonic()
        if now - link.comparison.asked_digests < line.node.settings.links.digest_delay / 2:
            raise Ignored
        link.comparison.asked_digests, link.comparison.mended = now, 0
        own = quiet(line.links, link)
        if total(own) != value:
            for channel, each in own.items():
                _tell(link, channel.name, channel.ts, each)
            _tell(link, "*", 1, total(own))
        return
    told, link.comparison.listed = link.comparison.listed, None
    if told is None:
        raise Ignored
    for channel, each in quiet(line.links, link).items():
        if channel.folded not in told:  # it has none, or something happened in it
            _tell(link, channel.name, channel.ts, each)


def _compare(line: Line, name: str, ts: int, value: int) -> None:
    """Hold what a neighbour knows of a channel against what is known here."""
    link, links, registers = line.link, line.links, line.links.registers
    assert registers is not None
    channel = line.network.channel(name)
    folded = line.network.fold(name)
    if link.comparison.listed is not None and len(link.comparison.listed) < line.node.settings.links.channels:
        link.comparison.listed.add(folded)
    since = line.node.clock.monotonic() - line.node.settings.links.digest_quiet
    if channel is None:
        if registers.touched(folded) >= since:
            return
    elif registers.touched(channel.folded) >= since or (channel.ts == ts and _for(link, channel) == value):
        return
    if link.comparison.mended >= MOST:
        return
    link.comparison.mended += 1
    registers.desyncs += 1
    links.tell(f"{link.name} knows {name} in another way: both tell each other all of it")
    link.send(link.codec.resync(line.network.me, name, ts))
    if channel is not None:
        for text in burst.channel(links, link, channel):
            link.send(text)
