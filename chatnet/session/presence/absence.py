"""Whether somebody is away who has several sessions: they are if each of these is, or if there is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chatnet.model.facts import AwayChanged
from chatnet.session.session import Session
from chatnet.session.shared import Shared
from chatnet.wire import numerics

NOBODY: Final = "*"
"""What a session says that is nobody's, as one that only fetches messages: it is away, and gives no reason.

https://ircv3.net/specs/extensions/pre-away
"""


def common(sessions: Iterable[Session]) -> str | None:
    """What `sessions` of one person say together: the text that was set last, None if somebody is there."""
    said: list[tuple[bool, int, str]] = []
    for session in sessions:
        if session.away is None:
            return None
        number, text = session.away
        said.append((text != NOBODY, number, text))
    return max(said)[2] if said else None


def say_away(shared: Shared, session: Session, text: str | None) -> None:
    """A session says that it is away, or (None) is not, and reads 305 or 306.

    So do the others of the person if that is another state of the person.
    """
    sessions = shared.local.sessions_of(session.user)  # none before it is registered
    number = 1 + max((each.away[0] for each in sessions if each.away is not None), default=0)
    session.away = None if text is None else (number, text)
    if sessions and settle(shared, sessions, session):
        for other in sessions:
            if other is not session:
                tell(other)
    session.numeric(numerics.RPL_UNAWAY if text is None else numerics.RPL_NOWAWAY)


def settle(shared: Shared, sessions: Iterable[Session], origin: Session) -> bool:
    """Have a person be away as their `sessions` are; True if that was another state before."""
    user, text = origin.user, common(sessions)
    if text == user.away:
        return False
    was = user.away is not None
    shared.node.commit(AwayChanged(user, text, shared.node.clock.time()), origin)
    return was is not (text is not None)


def tell(session: Session) -> None:
    """305 or 306: what the person is now."""
    session.numeric(numerics.RPL_UNAWAY if session.user.away is None else numerics.RPL_NOWAWAY)
