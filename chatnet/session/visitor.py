"""Users of other servers who ask this one something, or its pseudo-users: their answers travel to them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from chatnet.model.entities import User
from chatnet.model.facts import MessageSent, NumericSent
from chatnet.session.outlet import Outlet, Turn
from chatnet.session.peer import Peer
from chatnet.session.scans import Begin
from chatnet.session.session import Session
from chatnet.session.sessions import Sessions
from chatnet.settings import ConnectionClassSettings
from chatnet.wire.capabilities import MULTI_PREFIX, SERVER_TIME

# The link counts their questions.  What the answer to one of them may be follows from `sendq`, as for all.
_CLASS = ConnectionClassSettings(name="elsewhere", flood_exempt=True, sendq=65536)


class Visitor(Session):
    """A session for one question of a user who is elsewhere: no connection, and what is said goes there.

    They are counted by `address`.
    """

    __slots__ = ()

    def __init__(self, sessions: Sessions, user: User, address: str) -> None:
        nowhere = Outlet(Turn(lambda: None))
        super().__init__(sessions, nowhere, Peer(address), user, _CLASS, sessions.monotonic())
        self.registered = True
        # Whoever wants the time gets each reply by itself, even those that are rendered all at once.  Of
        # what the asker has asked for nothing is known here: all prefixes are told, as Solanum does in WHOIS,
        # and their own server leaves out those that they do not know.
        self.caps = SERVER_TIME | MULTI_PREFIX

    def send(self, body: bytes) -> None:
        """A reply, ``:server NNN nick parameters``."""
        _, code, _, text = body.decode("utf-8", "surrogateescape").split(" ", 3)
        node = self.sessions.node
        node.commit(NumericSent(node.network.me, self.user, code, text, node.clock.time()))

    def scan(self, verb: str, looking: Begin) -> None:
        # At once: what comes behind the question, on the link, is answered behind it.
        steps = self._answer(verb, looking())
        with suppress(StopIteration):
            while True:
                steps.send(None)

    def notice(self, text: str) -> None:
        node, user = self.sessions.node, self.user
        now = node.clock.time()
        msgid = node.message_ids.take(now, user.uid, user.place)
        node.commit(MessageSent("NOTICE", node.network.me, user, text, now, msgid))


def answer(sessions: Sessions, user: User, verb: str, params: Sequence[str]) -> None:
    """Answer a user of another server as one of this server's own is answered."""
    row = sessions.rows[verb]
    row.count += 1
    Visitor(sessions, user, user.address).execute(row, list(params), {})
