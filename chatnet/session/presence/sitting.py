"""People of other servers who have sessions here: this server has a seat of them.

state    what comes                                          next     what is said to the host
-        a session whose person is there                     ASKING   CNSIT
ASKING   CNSEAT, and YES                                      SEATED   nothing; the session is attached
ASKING   NO                                                   -        nothing; the session is another user
ASKING   nothing, for ``bouncer.attach_timeout``              -        nothing; the session ends
SEATED   one more session, or one less                        SEATED   CNSIT if not all come by TLS; CNAWAY
SEATED   the last session goes                                -        CNRISE
SEATED   CNSEAT says that it is none any more                 ASKING   CNSIT; the sessions wait
SEATED   the person is killed, has quit, or is lost           -        nothing; the sessions end
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from chatnet.links.exchange.seats import MOOT, Answer
from chatnet.model.entities import User
from chatnet.model.facts import (
    AwayChanged,
    Fact,
    Hearer,
    NetSplit,
    SeatLeft,
    SeatTaken,
    UserMoved,
    UserOrphaned,
    UserQuit,
)
from chatnet.model.server import Server
from chatnet.session.presence.absence import NOBODY, common, tell
from chatnet.session.presence.clients import CLIENTS
from chatnet.session.presence.devices import HEARD, Heard, read_heard
from chatnet.session.render import as_asked_for, encode
from chatnet.session.seats import Sitter
from chatnet.session.session import Session
from chatnet.session.shared import Shared
from chatnet.storage.promise import Promise
from chatnet.wire import numerics

GRANTED: Final = Answer(granted=True)
MOST: Final = 1000
"""Lines of one answer of a host at most."""


class Sitting:
    """Asks for seats, and gives them up: an observer of what becomes of those who sit here."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._node = shared.node
        self._seats = shared.links.seats
        self._sitters = shared.sitters
        self._asking: dict[tuple[User, bool], Promise[Answer | None]] = {}
        self._coming: Counter[User] = Counter()
        self._detained: dict[User, Promise[None]] = {}
        self._awaited: dict[User, Promise[None]] = {}
        """By people whose server is lost, what those wait for who come meanwhile."""
        self._hears_always: Mapping[type[Fact], Hearer] = {
            SeatTaken: self._seat_taken,
            UserQuit: self._quit,
            UserMoved: self._moved,
            UserOrphaned: self._orphaned,
        }
        self._hears: Mapping[type[Fact], Hearer] = {
            **self._hears_always,
            SeatLeft: self._seat_left,
            NetSplit: self._split,
            AwayChanged: self._away_changed,
        }

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Little, while nobody sits here."""
        return self._hears if self._sitters else self._hears_always

    # sitting down

    @contextmanager
    def coming(self, user: User) -> Iterator[None]:
        """A session is about to be one of `user`: the seat is kept for it, and given up if it stays away."""
        self._coming[user] += 1
        try:
            yield
        finally:
            self._coming[user] -= 1
            if not self._coming[user]:
                del self._coming[user]
                # The seat may be given already to a session that has not waited for the answer.
                sits = user in self._sitters or self._node.network.me in user.seats
                if sits and not self._shared.local.sessions_of(user):
                    self._rise(user, "Connection closed")

    def sits(self, user: User, secure: bool) -> bool:
        """Whether a session of `user` may be here, that comes by TLS or not, for all that the host knows."""
        sitter = self._sitters.get(user)
        return sitter is not None and self._node.network.me in user.seats and (secure or not sitter.secure)

    async def sit(self, user: User, secure: bool, away: str | None) -> Answer | None:
        """Have one more session of `user` be here, which may be `away`.

        None: their server did not answer in time.
        """
        if user.orphan:
            await self._awaited.setdefault(user, Promise())
            return MOOT
        if self.sits(user, secure):
            return GRANTED
        sitter = self._sitters.get(user)
        if sitter is not None and user in self._detained:
            await self._detained[user]
            return MOOT
        if not self._seats.reaches(user):
            return None
        return await self._ask(user, secure and (sitter is None or sitter.secure), away)

    async def _ask(self, user: User, secure: bool, away: str | None, *, here: bool = False) -> Answer | None:
        """`secure`: all sessions that are here then come by TLS; all are `away`, or were `here` before."""
        network, asking = self._node.network, self._asking.get((user, secure))
        if asking is not None:
            return await asking
        if user.person is None:
            return MOOT
        key = user.person.key
        asking = self._seats.sit(user, key, secure=secure, here=here, away=away)
        self._asking[user, secure] = asking
        try:
            answer = await asking
        finally:
            del self._asking[user, secure]
        if answer is None or not answer.granted:
            return answer
        if network.users.get(user.uid) is not user:
            return MOOT
        if network.me not in user.seats:
            self._seats.rise(user, "Connection closed")
            return Answer(
                False, f"A server on the way to {user.name_of(user.server)} does not let you be here as well"
            )
        self._sit_down(user, secure)
        return answer

    def _sit_down(self, user: User, secure: bool) -> None:
        sitter = self._sitters.get(user)
        if sitter is None:
            self._sitters[user] = Sitter(user, secure=secure)
            if len(self._sitters) == 1:
                self._node.hearing_changed()
        else:
            sitter.secure = secure

    # sessions

    def attached(self, session: Session) -> None:
        """One more session of somebody who sits here; the first is as the host says that they are."""
        user, sessions = session.user, self._shared.local.sessions_of(session.user)
        if len(sessions) == 1 and session.away is None and user.away is not None:
            session.away = (0, user.away)
        self.settle(user)

    def tell_if_seen(self, session: Session) -> None:
        """Tell a session that has just said AWAY if others see its person here nevertheless."""
        user, sitter = session.user, self._sitters.get(session.user)
        if user.away is not None or session.away is None or session.away[1] == NOBODY:
            return
        if sitter is None or sitter.said is None:
            session.notice(self._still_seen())
        else:
            self._node.run(self._ask_if_seen(session))

    async def _ask_if_seen(self, session: Session) -> None:
        """The host knows whether those elsewhere are away; it says so, if they all are, before it answers."""
        user = session.user
        if await self.clients(user, user.server) is None or session.closed:
            return
        if user.away is None and session.away is not None:
            if (sitter := self._sitters.get(user)) is not None:
                sitter.asked = None  # what comes of it now is what another one has said
            session.notice(self._still_seen())

    def _still_seen(self) -> str:
        nickserv = self._shared.nickserv
        told = "" if nickserv is None else f": /msg {nickserv.user.nick} CLIENTS LIST shows them"
        return f"Others do not see you away yet, for another session of yours is not{told}"

    def settle(self, user: User) -> None:
        """Tell the host what the sessions here are together, if it was told otherwise."""
        sitter, sessions = self._sitters.get(user), self._shared.local.sessions_of(user)
        if sitter is None or not sessions or user in self._detained:
            return
        text, secure = common(sessions), all(session.peer.secure for session in sessions)
        if text != sitter.said:
            sitter.said = text
            self._seats.voice(user, text)
        if secure and not sitter.secure:
            self._node.run(self._secured(user))

    async def _secured(self, user: User) -> None:
        await self._ask(user, secure=True, away=None)

    def left(self, session: Session, reason: str) -> None:
        """The last session of somebody here has gone, who is on another server."""
        user = session.user
        if user in self._sitters and user not in self._coming:
            self._rise(user, reason)

    def _rise(self, user: User, reason: str) -> None:
        self._forget(user)
        self._seats.rise(user, reason)

    def _forget(self, user: User) -> None:
        if self._sitters.pop(user, None) is not None and not self._sitters:
            self._node.hearing_changed()
        self._let_go(self._detained.pop(user, None))

    def _let_go(self, waiting: Promise[None] | None) -> None:
        """Have who waits go on, in a turn of their own: not before all have heard what has happened."""
        if waiting is not None:
            self._node.clock.later(0.0, lambda: waiting.keep(None))

    def end(self, user: User, reason: str) -> None:
        """They are no more: their sessions here end, and nobody needs to be told."""
        detained = self._detained.pop(user, None)
        self._forget(user)
        for session in self._shared.local.sessions_of(user):
            session.close(reason)
        if detained is not None:  # not before, or they would go on as somebody who is gone
            detained.keep(None)

    # what the host does

    async def do(self, session: Session, line: str) -> bool:
        """Have the host carry out a command of a session here, which reads what that would read.

        False if it has not, and nobody else is host any more: this server is.
        """
        user, read = session.user, _Lines()
        host = _sources(user.server)
        answer = await self._seats.do(user, line, read)
        while answer is MOOT and (detained := self._detained.get(user)) is not None:
            await detained
            host = _sources(user.server)
            answer = await self._seats.do(user, line, read)
        if answer is MOOT and user.server is self._node.network.me and not session.closed:
            return False
        for text in read.lines:  # all at once, so that they are one answer, under one label
            source, _, rest = text.partition(" ")
            session.send(encode(f":{self._shared.server_name} {rest}" if source in host else text))
        if answer is None or not answer.granted:
            session.numeric(numerics.RPL_TRYAGAIN, line.partition(" ")[0])
        return True

    async def ask(self, session: Session, whom: Server, line: str) -> None:
        """Have another server answer a question of a session here."""
        read = _Lines()
        answer = await self._seats.ask(session.user, whom, line, read)
        for text in read.lines:
            code = text.split(" ", 2)[1:2]
            session.send(encode(as_asked_for("".join(code), text, session.caps)))
        if answer is None or not answer.granted:
            session.numeric(numerics.RPL_TRYAGAIN, line.partition(" ")[0])

    async def clients(self, user: User, whom: Server) -> list[str] | None:
        """The sessions of somebody at another server, a line for each; None: it did not answer."""
        read = _Lines()
        answer = await self._seats.ask(user, whom, CLIENTS, read)
        return read.lines if answer is not None and answer.granted else None

    async def end_client(self, user: User, whom: Server, word: str) -> bool:
        """End one of them, by its number there; False if that server did not answer."""
        answer = await self._seats.ask(user, whom, f"{CLIENTS} {word}", _Lines())
        return answer is not None and answer.granted

    async def heard(self, user: User, device: str) -> Heard | None:
        """What a device of somebody has heard, as their server knows."""
        read = _Lines()
        await self._seats.do(user, f"{HEARD} {device or '*'}", read)
        return read_heard(read.lines[0].split(" ")) if read.lines else None

    def has_heard(self, session: Session, heard: Heard) -> None:
        """A device goes that was here."""
        if session.user in self._sitters:
            text = f"{HEARD} {session.device or '*'} {heard.ms} {heard.msgid}"
            self._seats.do(session.user, text, _Lines())

    def detained(self, user: User) -> Promise[None] | None:
        """What sessions of somebody wait for before they go on."""
        return self._detained.get(user)

    # what is heard

    def _seat_taken(self, fact: SeatTaken, origin: object) -> None:
        """An answer that came too late, or to a process that is gone: nobody is here."""
        user, me = fact.user, self._node.network.me
        asking = (user, True) in self._asking or (user, False) in self._asking
        if fact.server is me and user not in self._sitters and not asking:
            self._seats.rise(user, "Connection closed")

    def _seat_left(self, fact: SeatLeft, origin: object) -> None:
        user = fact.user
        if fact.server is self._node.network.me and user in self._sitters and user not in self._detained:
            self._detain(user)
            self._node.run(self._sit_again(user))

    def _moved(self, fact: UserMoved, origin: object) -> None:
        """Somebody is a user of another server now, which does not know of sessions here; or of this one."""
        user, here = fact.user, fact.server is self._node.network.me
        self._no_orphan(user)
        if not here and self._shared.local.sessions_of(user):
            if user not in self._sitters:
                self._sit_down(user, user.secure)
            self._detain(user)
            self._seats.moved(user)
            self._node.run(self._sit_again(user))
        else:
            if here and (sitter := self._sitters.get(user)) is not None:
                self._show(sitter)
            self._forget(user)
            self._seats.moved(user)

    def _no_orphan(self, user: User) -> None:
        """Whoever waits to be one of theirs looks again."""
        self._let_go(self._awaited.pop(user, None))

    def _orphaned(self, fact: UserOrphaned, origin: object) -> None:
        """Nobody knows whose user they are; this server may be the next one."""
        if fact.user in self._sitters:
            self._detain(fact.user)
        self._seats.moved(fact.user)

    def _detain(self, user: User) -> None:
        """Have the sessions that are here wait until it is known whose seat this is."""
        if user in self._detained:
            return
        self._detained[user] = Promise()
        for session in self._shared.local.sessions_of(user):
            if not session.held:  # one that is looks at it when it goes on
                session.wait_for(_nothing())

    async def _sit_again(self, user: User) -> None:
        local = self._shared.local
        while user in self._detained:
            sessions = local.sessions_of(user)
            if not sessions:
                self._forget(user)
                return
            text, plain = common(sessions), [each for each in sessions if not each.peer.secure]
            answer = await self._ask(user, not plain, text, here=True)
            if answer is MOOT:
                return  # whoever tells that they are gone, or elsewhere, sees to the sessions
            if user not in self._sitters or answer is None:
                continue
            if answer.granted:
                self._sitters[user].said = text
                self._show(self._sitters[user])
                self._detained.pop(user).keep(None)
                self.settle(user)
            elif 0 < len(plain) < len(sessions):  # the others may stay, if it is for the want of TLS
                for session in plain:
                    session.close(answer.why)
                continue
            else:
                self.end(user, answer.why)
            return

    def _quit(self, fact: UserQuit, origin: object) -> None:
        if fact.user in self._sitters:
            self.end(fact.user, fact.reason)
        if self._awaited:
            self._no_orphan(fact.user)

    def _split(self, fact: NetSplit, origin: object) -> None:
        users = self._node.network.users
        for user in [user for user in self._sitters if users.get(user.uid) is not user]:
            self.end(user, f"Your other sessions are on {user.name_of(user.server)}, which is lost")

    def _away_changed(self, fact: AwayChanged, origin: object) -> None:
        sitter = self._sitters.get(fact.user)
        if sitter is None:
            return
        # What that one said may have changed nothing: then this comes of something else.
        asked = sitter.asked if fact.text == sitter.said else None
        sitter.asked = None
        # Until the host knows of the sessions here it does not say what the person is with them.
        if fact.user not in self._detained:
            self._show(sitter, asked)

    def _show(self, sitter: Sitter, asked: Session | None = None) -> None:
        """Tell all sessions here but who `asked` whether the person is away, if they know otherwise."""
        text = sitter.user.away
        if sitter.shown is not (text is not None):
            sitter.shown = text is not None
            for session in self._shared.local.sessions_of(sitter.user):
                if session is not asked:
                    tell(session, text)


class _Lines:
    """Takes the lines of an answer."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, text: str) -> None:
        if len(self.lines) < MOST:
            self.lines.append(text)


def _sources(server: Server) -> tuple[str, str]:
    """What stands before what `server` itself says: one of several processes says it by the name of all."""
    return f":{server.name}", f":{server.shown}"


async def _nothing() -> None:
    """What a session is held for that waits for nothing of its own."""
