"""Requests that are sent twice and done once: answers are kept by the key that the sender chose.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

from chatnet.api.problems import Problem
from chatnet.settings import ApiSettings
from chatnet.web.exchange import Ask, Reply

MOST_KEY: Final = 64
"""Characters of a key."""


class Kept(NamedTuple):
    """What was asked (its hash), and what was answered: None, if that is under way.  `until` is monotonic."""

    asked: bytes
    reply: Reply | None
    until: float

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        body = b"" if self.reply is None else self.reply.body
        return 400 + (len(body) if isinstance(body, bytes) else 0)


class Once:
    """The answers of this server, in memory."""

    def __init__(self, monotonic: Callable[[], float], settings: Callable[[], ApiSettings]) -> None:
        self._monotonic = monotonic
        self._settings = settings
        self._kept: OrderedDict[tuple[str, str], Kept] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def begin(self, who: str, key: str, ask: Ask) -> Reply | None:
        """The answer that was given before; None: it is to be answered now, and then told of.

        Raises Problem if the key is none, is another request's, or that is under way.
        """
        if not 1 <= len(key) <= MOST_KEY or not key.isascii() or not key.isprintable():
            raise Problem("invalid", f"An Idempotency-Key has 1 to {MOST_KEY} ASCII characters")
        self._forget()
        asked, place = _hash(ask), (who, key)
        kept = self._kept.get(place)
        if kept is None:
            self._put(place, Kept(asked, None, self._monotonic() + self._settings().once_keep))
            return None
        if kept.asked != asked:
            raise Problem("key-reused")
        if kept.reply is None:
            raise Problem("under-way")
        return kept.reply

    def end(self, who: str, key: str, reply: Reply | None) -> None:
        """It was answered; None: not so that it could be given again, and may be tried anew."""
        place = who, key
        kept = self._kept.get(place)
        if kept is None:
            return
        self._drop(place)
        if reply is not None and isinstance(reply.body, bytes):
            self._put(place, Kept(kept.asked, reply, kept.until))
            self._forget()

    def _put(self, place: tuple[str, str], kept: Kept) -> None:
        self._kept[place] = kept
        self._bytes += kept.size

    def _drop(self, place: tuple[str, str]) -> None:
        self._bytes -= self._kept.pop(place).size

    def _forget(self) -> None:
        settings, now = self._settings(), self._monotonic()
        while self._kept:
            place, kept = next(iter(self._kept.items()))
            full = len(self._kept) > settings.once_most or self._bytes > settings.once_bytes
            if kept.until > now and not full:
                return
            self._drop(place)


def _hash(ask: Ask) -> bytes:
    head = "\n".join([ask.method, ask.path, *(f"{name}={value}" for name, value in ask.query)])
    return sha256(head.encode("utf-8", "replace") + b"\n\n" + ask.body).digest()
