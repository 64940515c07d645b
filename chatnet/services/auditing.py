"""Notes what operators do, for good: in the file of accounts, where there is one, of this server alone."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

from chatnet.model.entities import User
from chatnet.node import Node
from chatnet.storage.interfaces import Store, StoreError
from chatnet.storage.promise import Promise
from chatnet.storage.record import Audit
from chatnet.wire.text import one_line

FAILURES: Final = 100
"""Failed attempts that are noted in an hour: whoever guesses passwords cannot hide what else is noted."""


def known_as(user: User) -> str:
    """Who an operator is, in notes: the name of their block, and their nick."""
    return user.nick if user.oper is None else f"{user.oper.name} ({user.nick})"


class Auditing:
    """Writes notes into the `store`; what cannot be written stops nobody, but operators read of it."""

    def __init__(self, node: Node, store: Store | None) -> None:
        self._node = node
        self._store = store
        self._failed = False
        self._writing: set[Promise[None]] = set()
        self._hour = -inf
        self._failures = 0

    @property
    def keeps(self) -> bool:
        """Whether notes are kept at all."""
        return self._store is not None

    def note(self, by: User, verb: str, about: str, detail: str = "") -> None:
        """Note what an operator does to whom or what; never a secret."""
        self.note_by(known_as(by), verb, about, detail)

    def note_by(self, by: str, verb: str, about: str, detail: str = "") -> None:
        """The same of what a server does by itself, since an operator has told it to once."""
        self._node.run(self._written(by, verb, about, detail))

    def note_failure(self, by: User, verb: str, about: str, detail: str) -> None:
        """Note what somebody tried who is no operator; :data:`FAILURES` in an hour."""
        now = self._node.clock.monotonic()
        if now >= self._hour + 3600.0:
            self._hour, self._failures = now, 0
        self._failures += 1
        if self._failures == FAILURES:
            detail = "too many fail: others are not noted for an hour"
        if self._failures <= FAILURES:
            self.note(by, verb, about, detail)

    async def written(self, by: User, verb: str, about: str, detail: str = "") -> None:
        """The same, until it is on the disk, or cannot be: what was to be noted is done all the same."""
        await self._written(known_as(by), verb, about, detail)

    async def _written(self, by: str, verb: str, about: str, detail: str) -> None:
        store = self._store
        if store is None:
            return
        done = Promise[None]()
        self._writing.add(done)
        try:
            # What is no UTF-8 cannot be stored.
            words = by, verb, one_line(about), one_line(detail)
            await store.audit(*words, self._node.clock.time())
        except StoreError as error:
            if not self._failed:
                self._failed = True
                self._tell(f"What operators do is not noted: {error}")
        else:
            if self._failed:
                self._failed = False
                self._tell("What operators do is noted again")

        finally:
            self._writing.discard(done)
            done.keep(None)

    def _tell(self, text: str) -> None:
        self._node.log.warn(text)
        self._node.notice("g", text)

    async def found(self, word: str, since: float, most: int) -> Sequence[Audit]:
        """At most so many notes since a Unix time that have a word in them, the newest first; StoreError.

        What was done before is in it.
        """
        for writing in list(self._writing):
            await writing
        return () if self._store is None else await self._store.audited(word, since, most)
