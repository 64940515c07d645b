"""What this server does in the name of HistServ, beside looking back: exporting, and forgetting."""

from __future__ import annotations

import hmac
import secrets
from base64 import b32encode
from collections.abc import Callable
from typing import Final

from chatnet.history.exporting import Exporting
from chatnet.model.entities import User
from chatnet.node import Node
from chatnet.storage.interfaces import StoreError

CODE: Final = 8
"""Characters of a code that confirms what cannot be undone."""


class HistServ:
    """The pseudo-user `user`, and what it does.

    `erase` is ``(person, until)``: all that an account said up to then (Unix milliseconds) is gone, on all
    servers; `tell` is ``(by, user, text)``: a user reads a NOTICE.
    """

    def __init__(
        self,
        node: Node,
        user: User,
        exporting: Exporting | None,
        erase: Callable[[str, int], None],
        tell: Callable[[User, User, str], None],
    ) -> None:
        self.user = user
        self.exporting = exporting
        self._node = node
        self._erase = erase
        self._tell = tell
        self._key = secrets.token_bytes(32)

    async def export(self, person: str, by: User) -> None:
        """Write the file of an account, and tell who asked for it."""
        assert self.exporting is not None
        try:
            name, count = await self.exporting.export(person)
        except (StoreError, OSError) as error:
            self._node.log.warn(f"What {person} said cannot be exported: {error}")
            text = "Your messages could not be exported. Try again later, or tell an operator."
        else:
            self._node.log.info(f"{count} message(s) of {person} were exported: {name}")
            text = (
                f"{count} message(s) are in the file {name}, which an operator of this server can give you."
            )
        if self._node.network.users.get(by.uid) is by:
            self._tell(self.user, by, text)

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
