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
    elif sessions and settle(shared, user, session):
        for other in sessions:
            if other is not session:
                tell(other)
    session.numeric(numerics.RPL_UNAWAY if text is None else numerics.RPL_NOWAWAY)


def settle(shared: Shared, user: User, origin: object) -> bool:
    """Have somebody be away as all of theirs are; True if that was another state before."""
    text = common(voices_of(shared, user))
    if text == user.away:
        return False
    was = user.away is not None
    shared.node.commit(AwayChanged(user, text, shared.node.clock.time()), origin)
    return was is not (text is not None)


def tell(session: Session) -> None:
    """305 or 306: what the person is now."""
    session.numeric(numerics.RPL_UNAWAY if session.user.away is None else numerics.RPL_NOWAWAY)
