"""What this server does in the name of HistServ, beside looking back: exporting, and forgetting."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from collections.abc import Callable
from typing import Final, Protocol

from chatnet.model.entities import User
from chatnet.model.places import BY_NAME
from chatnet.node import Node
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.interfaces import MessageStore

CODE: Final = 8
"""Characters of a code that confirms what cannot be undone."""


class Exports(Protocol):
    """The folder with files of what people have said."""

    async def write(self, name: str, person: str, called: Callable[[str], str | None]) -> int:
        """Write all of an account into a file, in the place of an older one; how many messages these are.

        `called`, which gives the name of an account, is asked in a thread.  Raises StoreError, OSError.
        """


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
        self._exporting: set[str] = set()
        self._node = node
        self._store = store
        self._erase = erase
        self._tell = tell
        self._key = secrets.token_bytes(32)

    @property
    def exports(self) -> bool:
        """Whether files can be written here."""
        return self._exports is not None

    def is_exporting(self, person: str) -> bool:
        """Whether the file of an account is being written."""
        return person in self._exporting

    async def export(self, person: str, by: User) -> None:
        """Write the file of an account, and tell who asked for it."""
        assert self._exports is not None
        name = f"{_file(person)}.jsonl"
        self._exporting.add(person)
        try:
            self._flush()
            await self._store.marks(person)  # whatever is answered is answered behind all that was put
            count = await self._exports.write(name, person, self._called)
        except (StoreError, OSError) as error:
            self._node.log.warn(f"What {person} said cannot be exported: {error}")
            text = "Your messages could not be exported. Try again later, or tell an operator."
        else:
            self._node.log.info(f"{count} message(s) of {person} were exported: {name}")
            text = (
                f"{count} message(s) are in the file {name}, which an operator of this server can give you."
            )
        finally:
            self._exporting.discard(person)
        if self._node.network.users.get(by.uid) is by:
            self._tell(self.user, by, text)

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
