"""Passwords that are held against a hash, which takes long: they wait, each in its queue."""

from __future__ import annotations

from collections.abc import Callable, Generator
from enum import Enum
from typing import Any, Protocol


class Queue(Enum):
    """Where a password waits: those of one queue keep only each other waiting."""

    CONNECT = "those that connect"
    GATEWAY = "gateways"
    OPER = "operators"
    ACCOUNT = "accounts"


class Verdict(Enum):
    """What became of a password."""

    RIGHT = "it is the one of the hash"
    WRONG = "it is another one"
    BUSY = "it was not looked at: too many wait, or nobody wants to know any more"


class Check(Protocol):
    """A password that waits, or is being looked at; await it for the verdict."""

    def __await__(self) -> Generator[Any, Any, Verdict]: ...

    def cancel(self) -> None:
        """Nobody waits for the verdict any more, so that it is BUSY at once."""


Ask = Callable[[Queue, str, str, str], Check]
"""``(queue, owner, hash, password)``: who waits in one queue takes turns by owners."""
