"""Codes that were sent by mail: of each only the SHA-256 is kept, and who guesses has five tries.

They may be used on any server; tries are counted where they are made, in memory, and for each address by
itself: else strangers could keep the owner from using theirs.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from chatnet.node import Node
from chatnet.records import accounts as values
from chatnet.records.accounts import Code
from chatnet.records.value_parts import keyed
from chatnet.storage.record import Record

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"
LENGTH: Final = 10
"""Characters of a code: 50 bits."""
TRIES: Final = 5
"""Wrong ones from one address after which a code is good for nothing there."""


def codes_of(records: Sequence[Record]) -> Sequence[tuple[str, Code]]:
    """The codes of an account that wait to be used, by what they are for."""
    return keyed(records, values.CODE, Code.read)


class Codes:
    """Makes codes, and holds what people say against them."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._wrong: OrderedDict[tuple[str, str], int] = OrderedDict()

    @staticmethod
    def new(until: float) -> tuple[str, Code]:
        """A code to be sent, and what is kept of it."""
        text = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        return text, Code(_hash(text), int(until))

    def find(self, records: Sequence[Record], purpose: str, given: str, owner: str) -> str | None:
        """For what `given` is a code among those that begin with the word `purpose`; None if it is none.

        Tries are counted for `owner`: an address, or a network.
        """
        now, hashed = self._node.clock.time(), _hash(given)
        for each, code in codes_of(records):
            if each.partition(" ")[0] != purpose or code.until <= now:
                continue
            key = code.hash, owner
            if self._wrong.get(key, 0) >= TRIES:
                continue
            if hmac.compare_digest(code.hash, hashed):
                return each
            self._wrong[key] = self._wrong.pop(key, 0) + 1
            if len(self._wrong) > self._node.settings.accounts.counted:
                self._wrong.popitem(last=False)
        return None


def _hash(text: str) -> str:
    return sha256(text.strip().replace("-", "").lower().encode("utf-8", "surrogateescape")).hexdigest()
