"""Passwords against argon2 hashes, off the reactor's thread: one takes tens of milliseconds and megabytes."""

from __future__ import annotations

from twisted.internet.defer import DeferredSemaphore
from twisted.internet.threads import deferToThread

AT_A_TIME = 2
"""Hashes computed at the same time; the others wait their turn."""


def matches(secret: str, given: str) -> bool:
    """True if the argon2 hash `secret` was made of `given`. Blocks; call it in a thread."""
    # Only those who use a password pay for the import.
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(secret, given.encode("utf-8", "surrogateescape"))
    except (VerificationError, InvalidHashError):
        return False


class Verifier:
    """Verifies passwords in threads, a few at a time."""

    def __init__(self) -> None:
        self._free = DeferredSemaphore(AT_A_TIME)

    async def __call__(self, secret: str, given: str) -> bool:
        await self._free.acquire()
        try:
            return bool(await deferToThread(matches, secret, given))
        finally:
            self._free.release()
