"""Echoes that tell more than that a message was sent: that it is stored.

With ``history.durable_echo`` who sends a message, and has the capability echo-message or a label on it, reads
the echo (or the ACK) when the message is on the disk.  Their next lines wait until then; others hear the
message at once, as ever.
"""

from __future__ import annotations

from collections import deque

from chatnet.history.recorder import Recorder
from chatnet.model.entities import Channel
from chatnet.model.facts import MessageSent
from chatnet.node import Node
from chatnet.session.session import Session
from chatnet.storage.promise import Promise
from chatnet.wire.capabilities import ECHO_MESSAGE

Waiting = deque[tuple[Promise[None], MessageSent, bytes | None]]
"""Messages that are being stored, with their echoes."""


class Echoes:
    """Those who wait for theirs."""

    def __init__(self, node: Node, recorder: Recorder) -> None:
        self._node = node
        self._recorder = recorder
        self._waiting: dict[Session, Waiting] = {}

    def commit(self, session: Session, fact: MessageSent) -> None:
        """State that a message was sent, and keep its echo back until it is stored."""
        out = session.outlet.out
        before = len(out)
        self._node.commit(fact, session)
        promise = self._recorder.promised(fact.msgid)
        if promise is None:
            return
        echo = out.pop() if session.caps & ECHO_MESSAGE and len(out) > before else None
        if echo is None and session.labelled is None:
            return  # nobody was promised anything
        waiting = self._waiting.get(session)
        if waiting is None:
            self._waiting[session] = waiting = deque()
            waiting.append((promise, fact, echo))
            session.wait_for(self._tell(session, waiting))
        else:
            waiting.append((promise, fact, echo))

    async def _tell(self, session: Session, waiting: Waiting) -> None:
        try:
            while waiting:
                promise, fact, echo = waiting.popleft()
                seconds = self._node.settings.history.echo_timeout
                stored = await promise.within(seconds, self._node.clock.later)
                if session.closed:
                    return
                if not stored:
                    target = fact.target
                    name = fact.status + (target.name if isinstance(target, Channel) else target.nick)
                    session.fail(fact.command, "MESSAGE_NOT_STORED", "It was sent, but is not stored", name)
                elif echo is not None:
                    session.outlet.send(echo)
        finally:
            del self._waiting[session]
