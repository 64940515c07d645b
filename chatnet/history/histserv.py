"""What this server does in the name of HistServ, beside looking back: exporting, and forgetting."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from collections import deque
from collections.abc import Callable, Mapping
from math import ceil
from typing import Final, Protocol

from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, PastErased
from chatnet.model.places import BY_NAME
from chatnet.node import Node
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.promise import Promise

CODE: Final = 8
"""Characters of a code that confirms what cannot be undone."""


class Exports(Protocol):
    """The folder with files of what people have said."""

    async def write(self, name: str, person: str, called: Callable[[str], str | None]) -> int:
        """Write all of an account into a file, in the place of an older one; how many messages these are.

        `called`, which gives the name of an account, is asked in a thread.  Raises StoreError, OSError.
        """

    async def remove(self, name: str, until: int) -> None:
        """Remove such a file, if it was written before that time (Unix milliseconds).  Raises OSError."""


class HistServ:
    """The pseudo-user `user`, and what it does.

    `flush` hands what was heard just now to the store, which then has it in its answers.  `erase` is
    ``(person, until)``: all that an account said up to then (Unix milliseconds) is gone, on all servers;
    `tell` is ``(by, user, text)``: a user reads a NOTICE.
    """

    def __init__(
        self,
        node: Node,
        user: User,
        store: MessageStore,
        exports: Exports | None,
        flush: Callable[[], object],
        erase: Callable[[str, int], None],
        tell: Callable[[User, User, str], None],
    ) -> None:
        self.user = user
        self._exports = exports
        self._flush = flush
        self._exporting: dict[str, bool] = {}
        """Whose file is being written, or waits for that, and whether what they said was erased meanwhile."""
        self._turns: deque[Promise[None]] = deque()
        """The one that is being written, and those that wait."""
        self._exported: dict[str, float] = {}
        """Whose file was written lately, and when (monotonic seconds)."""
        self._node = node
        self._store = store
        self._erase = erase
        self._tell = tell
        self._key = secrets.token_bytes(32)
        self.hears: Mapping[type[Fact], Hearer] = {PastErased: self._past_erased}

    @property
    def exports(self) -> bool:
        """Whether files can be written here."""
        return self._exports is not None

    def is_exporting(self, person: str) -> bool:
        """Whether the file of an account is being written, or waits for that."""
        return person in self._exporting

    @property
    def before(self) -> int:
        """How many files are written before the next one is."""
        return len(self._exporting)

    @property
    def is_full(self) -> bool:
        """Whether as many wait as may."""
        return len(self._exporting) > self._node.settings.history.exports_waiting

    def again_in(self, person: str) -> int:
        """Seconds until a file of an account may be written anew; 0: it may now."""
        now, pause = self._node.clock.monotonic(), self._node.settings.history.export_pause
        self._exported = {key: at for key, at in self._exported.items() if at + pause > now}
        at = self._exported.get(person)
        return 0 if at is None else ceil(at + pause - now)

    async def export(self, person: str, by: User) -> None:
        """Write the file of an account, when those are written that were asked for before.

        Each is looked for among all messages: two at a time would take as long, and more of the server.
        """
        self._exporting[person] = False
        turn = Promise[None]()
        self._turns.append(turn)
        if len(self._turns) == 1:
            turn.keep(None)
        await turn
        try:
            # (Not for a file of somebody who left meanwhile.)
            if self._node.network.users.get(by.uid) is by:
                await self._write(person, by)
        finally:
            del self._exporting[person]
            self._turns.popleft()
            if self._turns:
                self._turns[0].keep(None)

    async def _write(self, person: str, by: User) -> None:
        assert self._exports is not None
        name = f"{_file(person)}.jsonl"
        self._exporting[person] = False
        try:
            self._flush()
            await self._store.marks(person)  # whatever is answered is answered behind all that was put
            count = await self._exports.write(name, person, self._called)
            if self._exporting[person]:
                # It may have been read before that was gone.
                await self._exports.remove(name, int(self._node.clock.time() * 1000))
                raise StoreError("it was erased meanwhile")
        except (StoreError, OSError) as error:
            self._node.log.warn(f"What {person} said cannot be exported: {error}")
            text = "Your messages could not be exported. Try again later, or tell an operator."
        else:
            self._node.log.info(f"{count} message(s) of {person} were exported: {name}")
            self._exported[person] = self._node.clock.monotonic()
            text = (
                f"{count} message(s) are in the file {name}, which an operator of this server can give you."
            )
        if self._node.network.users.get(by.uid) is by:
            self._tell(self.user, by, text)

    def _past_erased(self, fact: PastErased, origin: object) -> None:
        if fact.place is not None or self._exports is None:
            return
        if fact.person in self._exporting:
            self._exporting[fact.person] = True
        else:
            self._node.run(self._remove(fact.person, fact.until))

    async def _remove(self, person: str, until: int) -> None:
        """Remove the file of an account: what is forgotten shall not lie there still."""
        assert self._exports is not None
        try:
            await self._exports.remove(f"{_file(person)}.jsonl", until)
        except OSError as error:
            self._node.log.warn(f"The file with what {person} said cannot be removed: {error}")

    def _called(self, person: str) -> str | None:
        account = self._node.network.registry.account(person)
        return account.shown if account is not None else person.partition(BY_NAME)[2] or None

    def forget(self, person: str) -> None:
        """Have all that an account has said up to now, and what others said to it alone, be gone."""
        self._erase(person, int(self._node.clock.time() * 1000))

    def code(self, person: str, by: User) -> str:
        """What `by` has to repeat for that; it is for them alone, until a restart."""
        digest = hmac.digest(self._key, f"{person} {by.uid}".encode(), "sha256")
        return b32encode(digest).decode()[:CODE].lower()

    def is_code(self, given: str, person: str, by: User) -> bool:
        """Whether `given` is that code."""
        return hmac.compare_digest(
            given.lower().encode("utf-8", "surrogateescape"), self.code(person, by).encode()
        )


def _file(person: str) -> str:
    """A name for a file: keys that are made of names have characters that are not for those."""
    if person.startswith(BY_NAME):
        return "name-" + person.removeprefix(BY_NAME).encode("utf-8", "surrogateescape").hex()
    return person
