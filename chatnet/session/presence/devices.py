"""The devices of a person, and since when each of them has heard nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from chatnet.model.ids import MSGID
from chatnet.model.places import DEVICE
from chatnet.model.single import Single

HEARD: Final = "HEARD"
"""What a seat asks the host of a device, ``HEARD <device|*>``, and tells it: with ``<ms> <msgid>`` behind."""


def device_of(text: str) -> str:
    """The device in ``name@device`` (or ``name/device``), empty if none is named."""
    for mark in "@/":
        _, found, device = text.partition(mark)
        if found:
            return device if DEVICE.fullmatch(device) else ""
    return ""


class Heard(NamedTuple):
    """Until when a device has heard all: Unix time in milliseconds, and an id that ids given since exceed."""

    ms: int
    msgid: str

    def is_before(self, ms: int, msgid: str) -> bool:
        """Whether a message of that time and id came later."""
        return ms > self.ms or (ms == self.ms and msgid > self.msgid)


def read_heard(words: Sequence[str]) -> Heard | None:
    """``<ms> <msgid>`` as it was told by another server; None if it is nothing of the kind."""
    if len(words) != 2 or MSGID.fullmatch(words[1]) is None:
        return None
    ms = words[0]
    return Heard(int(ms), words[1]) if ms.isascii() and ms.isdecimal() and len(ms) < 15 else None


class Devices:
    """What is known of the devices of each person who is always on, by the keys of accounts.

    The one that was here last is at the end; those that were away for longest are forgotten.
    """

    def __init__(self) -> None:
        self._people: dict[str, Mapping[str, Heard]] = {}

    def of(self, person: str) -> Mapping[str, Heard]:
        """All that are known of somebody; the one without a name is ``""``."""
        return self._people.get(person, {})

    def note(self, person: str, device: str, heard: Heard, most: int) -> None:
        """A device has heard everything until then, and hears nothing more.

        One that has a name may have been here again meanwhile, before its old connection was lost.
        """
        known = dict(self.of(person))
        older = known.pop(device, None)
        known[device] = max(older, heard) if device and older is not None else heard
        while len(known) > most:
            del known[next(iter(known))]
        # Nearly always it is one, of somebody who may stay for years.
        self._people[person] = Single(*known.popitem()) if len(known) == 1 else known

    def forget(self, person: str) -> None:
        """Nobody waits for what they missed."""
        self._people.pop(person, None)
