"""How far somebody has read, as a client is told.  https://ircv3.net/specs/extensions/read-marker"""

from __future__ import annotations

from chatnet.session.render import encode
from chatnet.session.session import Session
from chatnet.wire.server_time import seconds, time_tag


def show_mark(session: Session, name: str, at: int) -> None:
    """``:server MARKREAD <target> timestamp=<time>`` of a time in milliseconds, or ``*`` of 0.

    https://ircv3.net/specs/extensions/read-marker#markread-server-command
    """
    mark = "timestamp" + time_tag(seconds(at)).decode().removeprefix("time") if at else "*"
    session.send(encode(f":{session.sessions.server_name} MARKREAD {name} {mark}"))


def show_no_mark(session: Session, name: str) -> None:
    """The store cannot be read.  https://ircv3.net/specs/extensions/read-marker#errors-and-warnings"""
    session.fail("MARKREAD", "INTERNAL_ERROR", "The read timestamp could not be returned", name)
