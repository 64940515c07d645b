"""Entries of the lists b, e and I: EBMASK."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from chatnet.links.inbound.channels.stamped.ages import state
from chatnet.links.inbound.channels.stamped.companions import claimed, went
from chatnet.links.inbound.channels.stamped.known import event, registers_of
from chatnet.links.speech.line import Line
from chatnet.model.entities import ListEntry
from chatnet.model.facts import EntriesAdded
from chatnet.rules.stamps import NEVER, Mark, holds


def enter(line: Line, name: str, ts: int, letter: str, entries: Iterable[ListEntry]) -> None:
    """Entries of a list."""
    channel, of, changed = claimed(line, name, ts)
    registers, marks = registers_of(line), {}
    fresh: list[ListEntry] = []
    again: list[ListEntry] = []
    for entry in entries:
        folded = line.network.fold(entry.mask)
        register = f"{letter}:{folded}"
        stamp, known = of(register), registers.known(channel, register)
        mine = channel.lists[letter].get(folded)
        if holds(stamp, known):
            marks[register] = Mark(stamp, True)
        elif stamp is not NEVER or known is not None or (mine is not None and not _older(entry, mine)):
            continue
        (fresh if mine is None or mine.until != entry.until else again).append(entry)
    line.needs_entries(channel, letter, len(fresh))
    for register, mark in marks.items():
        registers.mark(channel, register, mark.stamp, adding=True)
    if not fresh and not again:
        return
    by = line.server_of_source()
    went(line, channel, marks, changed, *line.link.codec.entries(by, channel, letter, fresh + again))
    if fresh:
        at, msgid = event(line, channel)
        state(line, EntriesAdded(channel, letter, tuple(fresh), line.source, at, msgid), channel)
    if again:
        state(line, EntriesAdded(channel, letter, tuple(again), line.source, line.at), channel, quiet=True)


def _older(one: ListEntry, other: ListEntry) -> bool:
    """Whether `one` of two entries without a stamp is the one that holds; one that ends was set to do so."""
    mine, theirs = one.until or inf, other.until or inf
    return (one.at, one.by, one.text, mine) < (other.at, other.by, other.text, theirs)
