"""How long what is kept."""

from __future__ import annotations

from typing import Final, NamedTuple

DAY: Final = 86_400_000
"""In milliseconds."""


class Keep(NamedTuple):
    """How long what is kept, in milliseconds.

    `channels` and `direct` are for messages of channels that say nothing else, and of talks; a channel's own
    time is `channels_most` at most.  `orphan` is for what nobody can ask for any more, `tombstones` for what
    was deleted (as long as messages of the place, and so long at least), `marks` for how far somebody has
    read, of which there are `marks_most` of each person, and `erasures` for that an account was erased.
    """

    channels: int = 90 * DAY
    channels_most: int = 365 * DAY
    direct: int = 365 * DAY
    orphan: int = DAY
    tombstones: int = 90 * DAY
    marks: int = 365 * DAY
    marks_most: int = 1000
    erasures: int = 400 * DAY

    def begin(self, kind: str, span: int | None, now: int) -> int:
        """From when on messages of a place of that kind are kept, of which `span` was said."""
        if kind == "c":
            return now - min(self.channels if span is None else span, self.channels_most)
        return now - self.direct
