"""Who is shown what was said without having asked, and since when a session was not in a channel."""

from __future__ import annotations

from chatnet.model.entities import Channel
from chatnet.session.rates import note
from chatnet.session.session import Session
from chatnet.wire.capabilities import CHATHISTORY, PLAYBACK, SERVER_TIME


def is_shown(session: Session) -> bool:
    """Whether a client is shown what it does not ask for: not if it knows how to ask, and not without the
    times of messages, for they would look new.
    """
    return bool(session.caps & SERVER_TIME) and not session.caps & (CHATHISTORY | PLAYBACK)


def is_told(session: Session) -> bool:
    """Whether a client is told where something was said that it does not ask for and is not shown."""
    return not session.caps & (SERVER_TIME | CHATHISTORY | PLAYBACK)


def leaves(session: Session, channel: Channel) -> None:
    """What is said in a channel is not told to a session any more."""
    if is_shown(session):
        note(session, _left(channel))


def left_at(session: Session, channel: Channel) -> float:
    """The Unix time since which that is so; 0: it was not in it, as far as is known."""
    noted = session.noted or {}
    at = noted.get(_left(channel))
    if at is None:
        return 0.0
    return session.sessions.node.clock.time() - (session.sessions.monotonic() - at)


def _left(channel: Channel) -> str:
    return f"left {channel.folded}"
