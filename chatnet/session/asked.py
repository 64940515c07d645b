"""Questions of a session that went to other servers, so that each answer comes under its label.

https://ircv3.net/specs/extensions/labeled-response  On the same way a PING follows the question, and its PONG
comes back behind the last line of the answer.  Only chatnet servers are asked like that: of others it is not
known whether they answer every such PING, and what they say has no label.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import Final

from chatnet.model.server import Server
from chatnet.session.answers import answering, continuing
from chatnet.session.labels import Question
from chatnet.session.session import Session

MOST: Final = 16
"""Questions of one session that one server has not answered yet."""


def too_many(session: Session, server: Server) -> bool:
    """Whether `session` waits for so many answers of `server` that it may not ask once more."""
    return session.asked is not None and len(session.asked.get(server, ())) >= MOST


def ask(session: Session, server: Server, wanted: bool = False) -> bool:
    """Set aside the command that is being executed, which `server` answers.

    False if nobody needs to know where the answer ends: it has no label, and no other one waits.
    """
    labelled = session.labelled
    if "CN1" not in server.caps:
        return False
    if labelled is None and (session.asked is None or server not in session.asked):
        return False
    if labelled is not None:
        labelled.pause()
        session.labelled = None
    if session.asked is None:
        session.asked = {}
    session.asked.setdefault(server, deque()).append(Question(labelled, wanted))
    return True


def answer(session: Session, server: Server, line: bytes) -> None:
    """`server` has said `line`: a part of its answer to the first question that waits."""
    questions = session.asked.get(server) if session.asked is not None else None
    labelled = questions[0].labelled if questions else None
    if labelled is None:
        session.outlet.send(line)
        return
    with continuing(session, labelled):
        session.outlet.send(line)


def pong(session: Session, server: Server, line: bytes) -> None:
    """A PING reached `server`, and `line` says so: the first question that waits is answered."""
    questions = session.asked.get(server) if session.asked is not None else None
    if not questions:
        session.outlet.send(line)
        return
    question = questions.popleft()
    if not questions:
        _forget(session, server)
    with answering(session, question.labelled):
        if question.wanted:
            session.outlet.send(line)


def lost(session: Session, servers: Collection[Server]) -> None:
    """No more comes from `servers`: what they have said is the whole answer."""
    for server in [server for server in session.asked or () if server in servers]:
        assert session.asked is not None
        questions = session.asked[server]
        _forget(session, server)
        for question in questions:
            with answering(session, question.labelled):
                pass


def _forget(session: Session, server: Server) -> None:
    assert session.asked is not None
    del session.asked[server]
    if not session.asked:
        session.asked = None
