"""What can wait: part by part, when nothing else is to be written.

In this order: what was erased is deleted, rows of a place are brought to another one, messages that were
there before the index come into it, and what is too old is deleted, the oldest first.  Rows are not brought
away from where they still have to be erased.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from chatnet.storage.messages.index import Index
from chatnet.storage.messages.keep import DAY, Keep
from chatnet.storage.messages.keeping import Keeper
from chatnet.storage.messages.numbers import BITS
from chatnet.storage.messages.reading import HIGHEST, PADDING
from chatnet.storage.messages.writing import Writes
from chatnet.storage.worker import Task

R = TypeVar("R")

SLICE: Final = 200
"""Messages that are deleted, or moved, in one transaction: some 4 ms."""
WINDOW: Final = 5000
"""Messages that are looked at for those of one person."""
INDEXED: Final = 1000
"""Messages that come into a new index in one transaction."""
PLACES: Final = 100
"""Places that are looked at for what is too old."""
PAGES: Final = 200
"""Pages of the index that are merged in one transaction."""
ROUND: Final = 3600.0
"""Seconds between two looks for what is too old."""


class Tidying:
    """What is left to do; :meth:`slice` does a part of it, in the writer's thread."""

    def __init__(self, writing: Writes, keep: Callable[[], Keep], monotonic: Callable[[], float]) -> None:
        self._writing: Final = writing
        self._keep: Final = keep
        self._monotonic: Final = monotonic
        self._next_round = monotonic()
        self._behind = 0
        """The number of the place that was looked at last."""
        self._swept = False
        self._looked: dict[int, int] = {}
        """Of what is erased, up to which message it was looked for."""
        self._merges = 0
        """How often the index was merged since something was erased and deleted; 0: nothing is left of it."""

    def slice(self) -> float:
        """Do a part; gives for how many seconds there is nothing more to do.  Raises StoreError."""
        if self._do(self._erase) or self._do(self._move) or self._do(self._index):
            return 0.0
        if self._merges:
            self._merges = self._do(self._merge)
            if not self._merges:
                self._writing.truncate_log()
            return 0.0
        left = self._next_round - self._monotonic()
        if left > 0:
            return left
        if not self._do(self._sweep):
            self._next_round = self._monotonic() + ROUND
        return 0.0

    def _do(self, job: Callable[[Keeper], R]) -> R:
        task = Task(job, 1, 0.0)
        self._writing.transact([task])
        done: R = task.outcome
        return done

    # places that are two

    def _move(self, keeper: Keeper) -> bool:
        row = keeper.one(keeper.statements.brought)
        if row is None:
            return False
        part, into = row
        numbers = keeper.numbers(keeper.statements.some_of, {"target_": part, "most": SLICE})
        if numbers:
            keeper.move(numbers, into)
        else:
            keeper.do(keeper.statements.drop_target, {"target_": part})
        return True

    # what was erased

    def _erase(self, keeper: Keeper) -> bool:
        row = keeper.one(keeper.statements.next_erasing)
        if row is None:
            return False
        number, target, person, until = row
        end = min(((until + PADDING) << BITS) + 1, HIGHEST)
        where = {"target_": target, "person_": person, "until": until}
        if person is None:
            found = keeper.numbers(keeper.statements.erased_of_target, {**where, "most": SLICE})
            is_over = not found
        else:
            last = self._looked.get(number, 0)
            row = keeper.one(keeper.statements.window, {"last": last, "skip": WINDOW})
            high = end if row is None else min(row[0], end)
            found = keeper.numbers(keeper.statements.erased_of_person, {**where, "low": last, "high": high})
            self._looked[number] = high
            is_over = high == end
        keeper.delete(found)
        if is_over:
            self._looked.pop(number, None)
            keeper.do(keeper.statements.drop_erasing, {"id_": number})
            self._merges = 1
        return True

    def _merge(self, keeper: Keeper) -> int:
        """Have nothing of deleted words be in the index: it only notes that they are gone."""
        if keeper.index.search == "off":
            return 0
        return self._merges + 1 if keeper.merge(-PAGES if self._merges == 1 else PAGES) else 0

    # words of before

    def _index(self, keeper: Keeper) -> bool:
        search, since = keeper.index
        if search == "off" or not since:
            return False
        row = keeper.one(keeper.statements.before, {"since": since, "skip": INDEXED - 1})
        first = 0 if row is None else row[0]
        keeper.index = Index(search, first)
        keeper.find(first, since - 1)
        keeper.state("indexed", str(first))
        return True

    # what is too old

    def _sweep(self, keeper: Keeper) -> bool:
        """Look at some places; gives whether there are more."""
        keep, now = self._keep(), keeper.now
        rows = keeper.rows(keeper.statements.next_targets, {"behind": self._behind, "most": PLACES})
        for row in rows:
            if not self._sweep_place(keeper, keep, now, row):
                return True
            self._behind = row[0]
        if rows:
            return True
        self._behind = 0
        keeper.do(keeper.statements.old_marks, {"at_": now - keep.marks})
        for (person,) in keeper.rows(keeper.statements.many_marks, {"most": keep.marks_most}):
            keeper.do(keeper.statements.more_marks, {"person_": person, "most": keep.marks_most})
        keeper.do(keeper.statements.old_erasures, {"at_": now - keep.erasures})
        if self._swept and keeper.index.search != "off":
            keeper.merge(PAGES)
        self._swept = False
        return False

    def _sweep_place(self, keeper: Keeper, keep: Keep, now: int, row: Sequence[object]) -> bool:
        """Delete a part of what is too old of a place; gives whether that was all."""
        target, kind, span, kept, began, ended = row
        assert isinstance(target, int) and isinstance(kind, str) and isinstance(began, int)
        is_orphan = isinstance(ended, int) and ended < now - keep.orphan
        if is_orphan:
            begin = now
        elif isinstance(span, int) and isinstance(kept, int) and kept > now - DAY:
            return True  # whoever was operator for a minute has not said it for good
        else:
            begin = keep.begin(kind, span if isinstance(span, int) else None, now)
        where = {"target_": target, "at_": begin}
        found = keeper.numbers(keeper.statements.old_messages, {**where, "most": SLICE})
        if found:
            self._swept = True
            keeper.delete(found)
            return False
        tombs = begin if is_orphan else min(begin, now - keep.tombstones)
        for statement in keeper.statements.old_of_target:
            keeper.do(statement, {**where, "tombs": tombs})
        if is_orphan or (kind != "c" and began < begin):
            keeper.drop_if_empty(target)
        return True
