"""``CNSTAMP``: the stamps of what a server tells of a channel right after it."""

from __future__ import annotations

from chatnet.model.entities import Channel
from chatnet.model.ids import Folded
from chatnet.rules.stamps import NEVER, Mark, Stamp


class Companion:
    """Marks by register, for the channel of a name and TS; `open` until something follows that uses it."""

    __slots__ = ("folded", "marks", "open", "ts")

    def __init__(self, folded: Folded, ts: int) -> None:
        self.folded = folded
        self.ts = ts
        self.marks: dict[str, Mark] = {}
        self.open = True

    def of(self, register: str) -> Stamp:
        """The stamp of a register, NEVER if nothing is told of it."""
        mark = self.marks.get(register)
        return NEVER if mark is None else mark.stamp


class Companions:
    """Of one link: the CNSTAMP to what it tells of a channel now (`told`), and what was renamed.

    `renamed` are channels by the name and TS under which its burst may speak of them.
    """

    __slots__ = ("renamed", "told")

    def __init__(self) -> None:
        self.told: Companion | None = None
        self.renamed: dict[tuple[Folded, int], Channel] = {}
