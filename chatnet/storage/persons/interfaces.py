"""What keeps people who stay, whatever it keeps them in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

from chatnet.storage.interfaces import StoreError
from chatnet.storage.persons.rows import Person, Standing


class Stayed(NamedTuple):
    """Who stayed, and the channels that they were in."""

    people: Sequence[Person]
    channels: Sequence[Standing]


class Persons(Protocol):
    """Keeps what was last said of each person and channel; what is said never waits, and never fails.

    `troubled` hears, on the reactor's thread, why nothing can be written, and None when that is over; `lost`
    that all has to be said again, since the file was damaged and another one was begun.
    """

    troubled: Callable[[StoreError | None], None]
    lost: Callable[[], None]

    def load(self) -> Stayed:
        """All that is kept, before the reactor runs.  It blocks."""

    def keep(self, person: Person) -> None:
        """Keep somebody as they are now."""

    def forget(self, key: str) -> None:
        """Keep somebody no more."""

    def keep_channel(self, folded: str, standing: Standing) -> None:
        """Keep a channel, by its folded name, as it is now."""

    def forget_channel(self, folded: str) -> None:
        """Keep a channel no more."""

    def flush(self) -> Awaitable[None]:
        """Answers when all that was said so far is written."""

    def close(self) -> Awaitable[None]:
        """Write what waits, for as long as that may take, and let go of the file."""


class RunningPersons(Persons, Protocol):
    """The same, with a thread that writes."""

    def start(self) -> None:
        """Begin to write."""
