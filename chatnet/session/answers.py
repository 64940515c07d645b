"""Answers to commands that were set aside while others were executed.  See ``labels.py``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chatnet.session.labels import Labelled
from chatnet.session.session import Session


@contextmanager
def answering(session: Session, earlier: Labelled | None) -> Iterator[None]:
    """What is said within is the answer, and all of it, to an `earlier` command that was set aside.

    The command that is being executed goes on with its own answer behind it.  Without an earlier one with a
    label it is just that command's answer.
    """
    if earlier is None:
        yield
        return
    held = session.held
    current, executing = _turn_to(session, earlier)
    try:
        yield
    finally:
        if session.closed:
            pass
        elif session.held and not held:
            # It goes on, and ends by itself; the one behind it has nothing more to say.
            if executing is not None:
                executing.end()
        else:
            if session.labelled is earlier:  # or somebody was awaited, and has ended it
                earlier.end()
            session.labelled = current
            if executing is not None:
                executing.resume()


@contextmanager
def continuing(session: Session, earlier: Labelled) -> Iterator[None]:
    """What is said within is a part of the answer to an `earlier` command, in a batch; more may come."""
    current, executing = _turn_to(session, earlier)
    try:
        yield
    finally:
        earlier.pause()
        session.labelled = current
        if executing is not None:
            executing.resume()


def _turn_to(session: Session, earlier: Labelled) -> tuple[Labelled | None, Labelled | None]:
    """Go on with an `earlier` answer; gives the current one, and the same if its command is executed now."""
    current = session.labelled
    executing = current if current is not None and not current.paused else None
    if executing is not None:
        executing.pause()
    session.labelled = earlier
    earlier.caps = session.caps  # they may have changed meanwhile
    earlier.resume()
    return current, executing


def fail(session: Session, earlier: Labelled | None, command: str, code: str, *words: str) -> None:
    """A FAIL, which is the whole answer to an `earlier` command; `words` as in :meth:`Session.fail`."""
    with answering(session, earlier):
        session.fail(command, code, *words)
