"""A token that is not for what operators do: while a command of it is done, its user may nothing of that.

Handlers, and the rules that they ask, ask the user; so the user is told, for as long as somebody acts for
them who may less than they.
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from chatnet.model.entities import User
from chatnet.model.logins import Way

T = TypeVar("T")


class Acting(Protocol):
    """A session, as far as it acts for a user."""

    @property
    def user(self) -> User:
        """For whom, at this moment."""

    @property
    def way(self) -> Way:
        """How it came to do so."""


@contextmanager
def bounded(session: Acting) -> Iterator[None]:
    """Within, the user of `session` may what that may, and no more.  It must not wait for anything."""
    user = session.user
    before, user.bounded = user.bounded, user.bounded or not session.way.operates
    try:
        yield
    finally:
        user.bounded = before


class Bounded(Awaitable[T]):
    """The same of what is awaited: each step of it, and nothing that happens meanwhile."""

    def __init__(self, session: Acting, waiting: Awaitable[T]) -> None:
        self._session = session
        self._waiting = waiting

    def __await__(self) -> Generator[Any, Any, T]:
        steps = self._waiting.__await__()
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                with bounded(self._session):
                    wish = steps.send(value) if error is None else steps.throw(error)
            except StopIteration as done:
                found: T = done.value
                return found
            value = error = None
            try:
                value = yield wish
            except Exception as thrown:
                error = thrown
