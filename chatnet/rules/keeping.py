"""What a registered channel is kept as: a value for each register, read from a channel and set in one.

    n, m, t …        a mode without a parameter: empty
    k, l, f, j, H …  a mode with one: that
    b:*!*@bad        an entry of a list: ``<who> <mask>``, and until when, if not for ever
    topic            ``<who> :<text>``

Registers and stamps are those of ``rules/stamps.py``.  When something was set is the time of its stamp, so
that all servers write the same.  Ranks and memberships are not kept: access says who has which.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from chatnet.model import entities
from chatnet.model.entities import PARAMETERS, Channel, ListEntry, parameters, set_parameter, split_forward
from chatnet.model.facts import EntriesAdded, Fact, ModeChange, ModesChanged, Source, TopicChanged
from chatnet.model.ids import Folded, derived
from chatnet.model.modes import kind_of
from chatnet.model.network import Network
from chatnet.model.registered import Kept, RegisteredChannel
from chatnet.records import grammar
from chatnet.records.channels import Entry, Topic
from chatnet.records.grammar import fixed
from chatnet.rules import modes
from chatnet.rules.stamps import Stamp, stamp_of
from chatnet.wire.names import is_channel
from chatnet.wire.text import byte_length

TOPIC: Final = "topic"
LISTS: Final = "beI"
LONGEST_NAME: Final = 200
LONGEST_KEY: Final = 64
LONGEST_MASK: Final = 200
"""Bytes that some server of the network may allow, whatever we allow our own users."""

State = Mapping[str, Kept]
"""Register → what it is kept as."""


def is_kept(register: str) -> bool:
    """Whether this register of a registered channel is kept."""
    letter, colon, _ = register.partition(":")
    if colon:
        return letter in LISTS
    return register == TOPIC or kind_of(register) in ("B", "C", "D")


def understood(network: Network, register: str, value: str) -> bool:
    """Whether a register may have this value: another server may have written what it likes."""
    letter, colon, folded = register.partition(":")
    with suppress(ValueError):
        if colon:
            mask = Entry.read(value).mask if letter in LISTS else ""
            good = 0 < byte_length(mask) <= LONGEST_MASK and mask[0] != ":"
            return good and network.fold(split_forward(mask)[0]) == folded
        if register == TOPIC:
            return Topic.read(value).topic != ""
        if kind_of(register) == "D":
            return value == ""
        if register == "k":
            return modes.key(value, LONGEST_KEY) == value
        if (read := modes.READERS.get(register)) is not None:
            return read(value) == value
        return register == "f" and is_channel(value, LONGEST_NAME)
    return False


def is_over(register: str, value: str, now: float) -> bool:
    """Whether this value of a register is an entry of a list that was there until a time before `now`."""
    return ":" in register and 0 < Entry.read(value).until <= now


def value_of(channel: Channel, register: str) -> str | None:
    """The value of a register of a channel, as it is kept; None if it is not set."""
    letter, colon, folded = register.partition(":")
    if colon:
        entry = channel.lists[letter].get(Folded(folded))
        return None if entry is None else Entry(entry.by, entry.text, entry.until or 0).text
    if register == TOPIC:
        topic = channel.topic
        return None if topic is None else Topic(topic.by, topic.text).text
    if register in PARAMETERS:
        return parameters(channel).get(register)
    return "" if register in channel.flags else None


def set_in(channel: Channel) -> list[str]:
    """The registers that are set in a channel."""
    found = [*channel.flags, *parameters(channel)]
    for letter, entries in channel.lists.items():
        found += [f"{letter}:{folded}" for folded in entries]
    if channel.topic is not None:
        found.append(TOPIC)
    return found


def unmarked(registration: RegisteredChannel, channel: Channel, register: str) -> Stamp:
    """The stamp of what has none, since it has not changed for long: when it was set, if that is known.

    It is the same on all servers, and earlier than any that is remembered.
    """
    since = stamp_of(registration.since)
    return Stamp(max(0, min(set_at(channel, register) * 1000, since.ms)), 0, since.sid)


def set_at(channel: Channel, register: str) -> int:
    """The Unix time at which a register was set, if the channel tells; else when that was made."""
    letter, colon, folded = register.partition(":")
    if colon and (entry := channel.lists[letter].get(Folded(folded))) is not None:
        return entry.at
    if register == TOPIC and channel.topic is not None:
        return channel.topic.at
    return channel.ts


def text_of(stamp: Stamp) -> str:
    """A stamp as records have it."""
    return fixed(stamp.text)


def seconds_of(stamp: str) -> int:
    """The Unix time of a stamp of records, in whole seconds, as lists and topics have it."""
    return int(grammar.seconds_of(stamp))


def restored(network: Network, registration: RegisteredChannel, kept: State, now: float) -> Channel:
    """A registered channel that nobody is in, as it is `kept`; the very one, if it is remembered.

    One of which nothing is kept is made as all channels are.
    """
    folded = network.fold(registration.name)
    ts = network.memory.became(folded, registration.ts)
    ended = network.memory.ended_of(folded).get(ts)
    if ended is not None:
        return ended
    channel = Channel(registration.name, folded, ts)
    furnish(network, channel, kept, now)
    if not kept:
        channel.flags |= {"n", "t"}
    return channel


def furnish(
    network: Network, channel: Channel, kept: Mapping[str, tuple[str, str | None]], now: float
) -> None:
    """Have a channel that is not on the network be as it is `kept`, by stamps and values of its registers.

    Entries that are over at the Unix time `now` are left out.
    """
    for register, (stamp, value) in kept.items():
        if value is not None and understood(network, register, value) and not is_over(register, value, now):
            _set(channel, register, value, seconds_of(stamp))


def _set(channel: Channel, register: str, value: str, at: int) -> None:
    letter, colon, folded = register.partition(":")
    if colon:
        channel.lists[letter][Folded(folded)] = entry_of(value, at)
    elif register == TOPIC:
        by, text = Topic.read(value)
        channel.topic = entities.Topic(text, by, at)
    elif register in PARAMETERS:
        set_parameter(channel, register, value)
    else:
        channel.flags.add(register)


def entry_of(value: str, at: int) -> ListEntry:
    """The entry of a list that was set at a Unix time."""
    by, text, until = Entry.read(value)
    mask, forward = split_forward(text)
    return ListEntry(mask, by, at, forward, until or None)


def differs(channel: Channel, register: str, value: str | None) -> bool:
    """Whether a register has another value: who set it does not count."""
    mine = value_of(channel, register)
    if mine is None or value is None:
        return mine is not value
    if register == TOPIC:
        return Topic.read(mine).topic != Topic.read(value).topic
    return (register in PARAMETERS and mine != value) or (":" in register and _mask(mine) != _mask(value))


def _mask(value: str) -> str:
    return value.partition(" ")[2]


def facts_of(
    channel: Channel, wanted: State, by: Source, at: float, since: Stamp | None = None
) -> list[Fact]:
    """What has to happen to `channel` for registers, with values that are understood, to be as `wanted`.

    What stands in records `since` a stamp happened then, and not now, `at`; all servers make one id of it.
    """
    at = at if since is None else since.ms / 1000

    def msgid(verb: str) -> str:
        return "" if since is None else derived(*since, channel.place, verb)

    changes: list[ModeChange] = []
    entries: dict[str, list[ListEntry]] = {}
    facts: list[Fact] = []
    for register, (stamp, value) in wanted.items():
        if not differs(channel, register, value):
            continue
        letter, colon, folded = register.partition(":")
        if register == TOPIC:
            if value is None:
                facts.append(TopicChanged(channel, "", by, at, msgid=msgid("TOPIC")))
            else:
                setter, text = Topic.read(value)
                ts = seconds_of(stamp)
                id_ = msgid("TOPIC")
                facts.append(TopicChanged(channel, text, by, at, setter, ts, False, channel.ts, id_))
        elif colon and value is not None:
            entries.setdefault(letter, []).append(entry_of(value, seconds_of(stamp)))
        elif colon:
            changes.append(ModeChange(False, letter, channel.lists[letter][Folded(folded)].text))
        elif register in PARAMETERS:
            removed = "*" if register == "k" else None
            changes.append(ModeChange(value is not None, register, removed if value is None else value))
        else:
            changes.append(ModeChange(value is not None, register))
    if changes:
        changes.sort(key=lambda change: not change.adding)
        facts.insert(0, ModesChanged(channel, tuple(changes), by, at, msgid=msgid("MODE")))
    facts += [
        EntriesAdded(channel, letter, tuple(each), by, at, msgid(f"MODE.{letter}"))
        for letter, each in entries.items()
    ]
    return facts
