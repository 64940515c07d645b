"""The clients of somebody at one server, as they are listed for them, there or at another one."""

from __future__ import annotations

from typing import Final

from chatnet.model.entities import User
from chatnet.session.session import Session
from chatnet.session.shared import Shared
from chatnet.wire.server_time import minute

CLIENTS: Final = "CLIENTS"
"""What a server asks one that has other sessions of the same person: it answers with a line for each.

``CLIENTS <number>`` ends one of them, ``CLIENTS ALL`` all.
"""


def describe(shared: Shared, session: Session, *, asking: bool = False) -> str:
    """Which device it is, where, since when, whether away, and by what it logged in; `asking`: their own."""
    now = shared.monotonic()
    you = " (you)" if asking else ""
    device = f" by {session.device}" if session.device else ""
    since = minute(shared.node.clock.time() - (now - session.opened))
    text = f"{session.user.nick}{device}{you} on {shared.server_name} from {session.peer.address}, "
    text += f"connected since {since}, idle {int(now - session.spoke)} s"
    text += ", away" if session.away is not None else ""
    return f"{text}, by {session.way.how}" if session.way.how else text


def device_told(text: str) -> str:
    """The name of the device that `describe` told of, on this server or another; empty if it has none."""
    words = text.split(" ", 3)
    return words[2] if len(words) > 3 and words[1] == "by" else ""


def end_some(shared: Shared, user: User, word: str) -> None:
    """End the sessions of somebody here that ``CLIENTS <word>`` means."""
    sessions = shared.local.sessions_of(user)
    if word != "ALL":
        number = int(word[:9]) if word.isascii() and word.isdigit() else 0
        sessions = sessions[number - 1 : number] if number else ()
    for session in sessions:
        session.close(f"Logged out by {user.nick}")
