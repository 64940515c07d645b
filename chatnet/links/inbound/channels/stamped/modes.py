"""Modes, entries of lists and ranks that somebody changed: TMODE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from chatnet.links.codecs.solanum import stamped
from chatnet.links.inbound.channels.stamped.ages import state
from chatnet.links.inbound.channels.stamped.known import (
    as_known,
    event_of,
    find_alive,
    find_of_ts,
    registers_of,
    relay,
    stamp_of,
)
from chatnet.links.speech.line import Line
from chatnet.links.stamps.registers import register_of
from chatnet.model.entities import PARAMETERS, Channel, User
from chatnet.model.facts import ModeChange, ModesChanged
from chatnet.model.ids import Folded
from chatnet.model.modes import OWN_MODES, RANKS
from chatnet.model.server import Server
from chatnet.rules.modes import differs
from chatnet.rules.stamps import Stamp, holds

_OWN: Final = frozenset("".join(OWN_MODES.values()))


def tmode(line: Line, name: str, ts: int, changes: Sequence[ModeChange]) -> None:
    """Modes, lists and ranks change in the channel of that TS."""
    stamp, registers, channel = stamp_of(line), registers_of(line), find_of_ts(line, name, ts)
    if channel is None:
        alive = find_alive(line, name)
        if alive is None or ts < alive.ts:
            _relay(line, name, ts, changes, stamp)
            if any(change.adding and change.letter == "P" for change in changes):
                # It stays; here its last member was put out before, or nobody was known to be in it.
                line.link.send(line.link.codec.resync(line.network.me, name, ts))
        return
    _make_room(line, channel, changes, stamp)
    found = []
    for change in changes:
        register = register_of(line.network.fold, change)
        if change.user is None and change.letter in RANKS:
            register = registers.register(register)
        if holds(stamp, registers.known(channel, register)):
            registers.mark(channel, register, stamp, adding=change.adding)
            found.append(change)
    if not found:
        return
    _relay(line, name, ts, changes, stamp)
    _change(line, channel, found, stamp, line.source)


def _relay(line: Line, name: str, ts: int, changes: Sequence[ModeChange], stamp: Stamp) -> None:
    """Send the line on as it came; but without modes that they do not know to those who do not."""
    own = {change.letter for change in changes} & _OWN
    if not own:
        relay(line)
        return
    fact = ModesChanged(
        Channel(name, line.network.fold(name), ts), tuple(changes), line.source, line.at, msgid=line.told_id
    )
    for link in line.links.stamped(line.link):
        if own & link.codec.unknown:
            for text in link.codec.modes(fact):
                link.send(stamped(text, stamp))
        else:
            link.send(as_known(line, link))


def _make_room(line: Line, channel: Channel, changes: Sequence[ModeChange], stamp: Stamp) -> None:
    registers = registers_of(line)
    fresh = set()
    for change in changes:
        if change.adding and change.letter in channel.lists:
            register = register_of(line.network.fold, change)
            if (
                holds(stamp, registers.known(channel, register))
                and Folded(register[2:]) not in channel.lists[change.letter]
            ):
                fresh.add(register)
    for letter in channel.lists:
        line.needs_entries(channel, letter, sum(register[0] == letter for register in fresh))


def _change(
    line: Line, channel: Channel, changes: Iterable[ModeChange], stamp: Stamp, by: Server | User
) -> None:
    """What of `changes`, which hold, makes a difference."""
    registers, wanted, again = registers_of(line), [], []
    for change in changes:
        if change.letter in RANKS and not (
            change.user is not None
            and change.user in channel.members
            and registers.gives(channel, change.letter, change.user.subject, stamp)
        ):
            continue
        subject: object = change.user
        if change.letter in channel.lists:
            subject = Folded(register_of(line.network.fold, change)[2:])
        if differs(channel, subject, change):
            wanted.append(change)
        elif change.letter in channel.lists and change.adding:
            again.append(change)
    if again:
        state(line, ModesChanged(channel, tuple(again), by, line.at), channel, quiet=True)
    if wanted:
        at, msgid = event_of(line, stamp, channel.place)
        state(line, ModesChanged(channel, tuple(wanted), by, at, msgid=msgid), channel)


def makes_difference(line: Line, channel: Channel, change: ModeChange) -> bool:
    """Whether `channel` is another one after `change`."""
    subject: object = change.user
    if change.letter in channel.lists:
        subject = Folded(register_of(line.network.fold, change)[2:])
    elif change.letter not in RANKS and change.letter not in PARAMETERS:
        return (change.letter in channel.flags) is not change.adding
    return differs(channel, subject, change)
