"""Whether somebody is away who has several sessions: they are if each of these is, or if there is none.

Those on another server, which has a seat, are one voice; there they say together what it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chatnet.model.entities import User
from chatnet.model.facts import AwayChanged
from chatnet.session.seats import Voice
from chatnet.session.session import Session
from chatnet.session.shared import Shared
from chatnet.wire import numerics

NOBODY: Final = "*"
"""What a session says that is nobody's, as one that only fetches messages: it is away, and gives no reason.

https://ircv3.net/specs/extensions/pre-away
"""


def common(voices: Iterable[Voice]) -> str | None:
    """What all of one person say together: the text that was set last, None if somebody is there."""
    said: list[tuple[bool, int, str]] = []
    for voice in voices:
        if voice.away is None:
            return None
        number, text = voice.away
        said.append((text != NOBODY, number, text))
    return max(said)[2] if said else None


def voices_of(shared: Shared, user: User) -> tuple[Voice, ...]:
    """The sessions and the seats of somebody, as far as this server knows them."""
    return (*shared.local.sessions_of(user), *shared.seats.of(user))


def latest(voices: Iterable[Voice]) -> int:
    """The number of what is said now."""
    return 1 + max((each.away[0] for each in voices if each.away is not None), default=0)


def say_away(shared: Shared, session: Session, text: str | None) -> None:
    """A session says that it is away, or (None) is not, and reads 305 or 306.

    So do the others of the person if that is another state of the person.
    """
    user = session.user
    session.away = None if text is None else (latest(voices_of(shared, user)), text)
    sessions = shared.local.sessions_of(user)  # none before it is registered
    sitter = shared.sitters.get(user)
    if sitter is not None:
        sitter.said, sitter.asked = common(sessions), session
        shared.links.seats.voice(user, sitter.said)
    elif sessions:
        settle(shared, user, session)
    tell(session, text)


def settle(shared: Shared, user: User, origin: object) -> None:
    """Have somebody be away as all of theirs are.

    If that is another state than before, all sessions here but the `origin` of it are told.
    """
    text, was = common(voices_of(shared, user)), user.away
    if text == was:
        return
    # While another fact is told, this one is not true yet when `commit` returns.
    shared.node.commit(AwayChanged(user, text, shared.node.clock.time()), origin)
    if (was is None) is not (text is None):
        for session in shared.local.sessions_of(user):
            if session is not origin:
                tell(session, text)


def tell(session: Session, text: str | None) -> None:
    """306 or 305: it is away, or (None) is not."""
    session.numeric(numerics.RPL_UNAWAY if text is None else numerics.RPL_NOWAWAY)
