"""Passwords against hashes, off the reactor's thread: one takes tens of milliseconds, or megabytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any

from chatnet.services.credentials import verifiers
from chatnet.services.hashes import Busy
from chatnet.session.passwords import Queue, Verdict
from chatnet.settings import Settings
from chatnet.wiring.turns import Turns, Waiting


def matches(secret: str, given: str) -> bool:
    """True if the argon2 hash `secret` was made of `given`. Blocks; call it in a thread."""
    # Only those who use a password pay for the import.
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(secret, given.encode("utf-8", "surrogateescape"))
    except (VerificationError, InvalidHashError):
        return False


class Looking:
    """A password of the configuration that is being looked at; await it for the verdict."""

    __slots__ = ("_waiting",)

    def __init__(self, waiting: Waiting[bool]) -> None:
        self._waiting = waiting

    def __await__(self) -> Generator[Any, Any, Verdict]:
        try:
            right = yield from self._waiting.__await__()
        except Busy:
            return Verdict.BUSY
        return Verdict.RIGHT if right else Verdict.WRONG

    def cancel(self) -> None:
        """Nobody waits for the verdict any more."""
        self._waiting.cancel()


class Passwords:
    """Looks at passwords to connect, of gateways and of operators."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def __call__(self, queue: Queue, owner: str, secret: str, given: str) -> Looking:
        """Have a password of `owner` looked at; await what this gives for the verdict."""
        return Looking(self._turns.ask(queue, owner, matches, secret, given))


class AccountHashes:
    """Makes and looks at what is kept of accounts' passwords."""

    def __init__(self, turns: Turns, settings: Callable[[], Settings]) -> None:
        self._turns = turns
        self._settings = settings

    def make(self, owner: str, password: str) -> Awaitable[str]:
        """As ``Hashes.make``."""
        return self._turns.ask(Queue.ACCOUNT, owner, verifiers.make, self._settings().accounts, password)

    def check(self, owner: str, form: str, password: str) -> Awaitable[bool]:
        """As ``Hashes.check``."""
        return self._turns.ask(Queue.ACCOUNT, owner, verifiers.matches, form, password)


def most_waiting(settings: Settings, queue: Queue) -> int:
    """How many passwords may wait in a queue."""
    return settings.accounts.passwords if queue is Queue.ACCOUNT else settings.flood.passwords
