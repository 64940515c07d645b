"""Hashing of accounts' passwords, which takes long and is not done on the reactor's thread."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol


class Busy(Exception):
    """So many passwords wait that this one was not looked at."""


class Hashes(Protocol):
    """Makes verifiers of passwords and holds passwords against them; those of an owner take turns.

    Both raise :class:`Busy`.
    """

    def make(self, owner: str, password: str) -> Awaitable[str]:
        """A new verifier of a password, in the form that the settings ask for."""

    def check(self, owner: str, form: str, password: str) -> Awaitable[bool]:
        """Whether `form` was made of `password`."""
