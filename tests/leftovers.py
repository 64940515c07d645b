"""What a test has opened that has no end of its own: it is closed when the test is over, however it ended.

A house in memory whose store is a file, or a protocol on a real socket, is part of a web of objects that know
each other.  Python finds it when it likes; until then its descriptors are open, and a process has only so
many.  ``conftest.py`` closes what was made in a test, or for all tests of a file, and sees to it that no file
of tests leaves many descriptors behind.
"""

from __future__ import annotations

import gc
import os
import socket
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from chatnet.storage.answers import at_once
from chatnet.storage.messages.store import SQLiteMessages

T = TypeVar("T")

FEW: Final = 32
"""Descriptors that a file of tests may leave behind: those of what it was the first to start for a whole run
(a browser, the process whose copies are daemons), and what threads are about to close."""

_left: list[tuple[weakref.ref[Any], Callable[[Any], object]]] = []


def close_in_the_end(thing: T, close: Callable[[T], object]) -> T:
    """Have `close` called with `thing`, if it is still there then; gives it."""
    _left.append((weakref.ref(thing), close))
    return thing


def store_of_a_test(store: SQLiteMessages) -> SQLiteMessages:
    """The same for a store without threads."""
    return close_in_the_end(store, lambda store: at_once(store.close()))


def ends_of_a_test(*ends: socket.socket) -> None:
    """The same for sockets."""
    for end in ends:
        close_in_the_end(end, socket.socket.close)


@contextmanager
def closed() -> Iterator[None]:
    """Closes in the end what is left of what was opened meanwhile, the last first."""
    before, _left[:] = _left[:], []
    try:
        yield
    finally:
        left, _left[:] = _left[:], before
        for found, close in reversed(left):
            if (thing := found()) is not None:
                close(thing)


@contextmanager
def few_left() -> Iterator[None]:
    """Fails if many descriptors are open in the end that were not open before, and not by mere garbage."""
    before = len(descriptors())
    yield
    if len(descriptors()) > before + FEW:
        gc.collect()
    left = descriptors()
    assert len(left) <= before + FEW, f"left open, {len(left) - before} more than before: {Counter(left)}"


def descriptors() -> list[str]:
    """What those of this process lead to."""
    found = []
    for each in os.listdir("/dev/fd"):
        try:
            found.append(os.readlink(f"/dev/fd/{each}").partition(":[")[0])
        except OSError:  # that of the folder itself, and where they are no links
            found.append("")
    return found
