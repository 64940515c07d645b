"""An identity on the network: an ordinary session, whose other end is in this process.

state      what comes                                             next       then
GREETING   001                                                    LIVE       those who wait may ask
GREETING   433, 437: the nick is somebody's                       GREETING   another nick is tried, with ``_``
GREETING   433, and it is that of its own person                  OVER       it cannot be attached: 409
GREETING   ERROR                                                  OVER       with the reason: 403, 503
LIVE       ERROR (KILL, a ban, its token was taken back)          OVER       whoever waits is told: 503
LIVE       nobody asked for ``api.linger`` seconds                OVER       QUIT, or detached
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import count
from typing import Final

from chatnet.api.answers import Answer
from chatnet.api.identities import Identity
from chatnet.api.problems import Problem
from chatnet.api.reading import Heard, Reader, lines_of
from chatnet.api.turns import settled
from chatnet.model.entities import Oper, User
from chatnet.model.facts import Opered, UserModesChanged
from chatnet.session.logins import log_in
from chatnet.session.outlet import Outlet, Turn
from chatnet.session.presence.absence import NOBODY
from chatnet.session.session import Session
from chatnet.session.sessions import Sessions
from chatnet.settings import ConnectionClassSettings
from chatnet.storage.promise import Promise
from chatnet.wire import capabilities as cap
from chatnet.wire.message import format_message
from chatnet.wire.names import clean_username

DEVICE: Final = "api"
"""What the session is called among those of a person."""
CAPS: Final = (
    cap.MULTI_PREFIX | cap.USERHOST_IN_NAMES | cap.EXTENDED_JOIN | cap.AWAY_NOTIFY | cap.CHGHOST | cap.SETNAME
    | cap.ACCOUNT_NOTIFY | cap.SERVER_TIME | cap.ECHO_MESSAGE | cap.MESSAGE_TAGS | cap.ACCOUNT_TAG | cap.BATCH
    | cap.LABELED_RESPONSE | cap.STANDARD_REPLIES | cap.NO_IMPLICIT_NAMES | cap.READ_MARKER
    | cap.CHANNEL_RENAME | cap.PRE_AWAY | cap.MULTILINE | cap.MESSAGE_REDACTION | cap.CHATHISTORY | cap.SEARCH
)  # fmt: skip
"""What it has, whatever is offered to people: it is no stranger."""
CLASS: Final = ConnectionClassSettings(
    name="api",
    lines_per_second=10,
    burst=5,
    excess=1000,
    bytes_per_second=65_536,
    recvq=1_048_576,
    ping_interval=86_400,
)
"""By which it lives if no other is named."""
MOST_ASKED: Final = 100
"""Commands of one client that are being answered."""
_NICKS: Final = 8
"""Nicks that are tried."""
_TAKEN: Final = frozenset({"432", "433", "437"})

Listener = Callable[[Heard], object]
"""Somebody who hears what the session hears, but for what only answers a question."""


class State(Enum):
    """How far it has come."""

    GREETING = "it is being registered"
    LIVE = "it is a user, or one more session of one"
    OVER = "it has ended"


class Lines(Outlet):
    """Gives what is said to a client, at the end of the turn or before."""

    __slots__ = ("_ended", "_hear")

    def __init__(self, turn: Turn, hear: Callable[[bytes], object], ended: Callable[[], object]) -> None:
        super().__init__(turn)
        self._hear = hear
        self._ended = ended

    def flush(self) -> None:
        if self.out:
            data = b"".join(self.out)
            self.out.clear()
            self._hear(data)

    def close(self) -> None:
        self.flush()
        self._ended()

    def abort(self) -> None:
        self.out.clear()
        self._ended()


class Client:
    """One identity here.  `listener` hears what happens, if there is one; `over` is told of the end."""

    def __init__(self, sessions: Sessions, turn: Turn, identity: Identity, over: Callable[[Client], object]):
        self.identity = identity
        self.state = State.GREETING
        self.listener: Listener | None = None
        self.uses = 0
        self.idle_since = 0.0
        self._sessions = sessions
        self._node = sessions.node
        self._over = over
        self._reader = Reader(self._take)
        self._asked: dict[str, Promise[Sequence[Heard] | None]] = {}
        self._labels = count(1)
        self._greeted: Promise[bool] = Promise()
        self._why = Problem("unavailable", "It cannot be a user now")
        self._told = ""
        self._tried = 0
        self._own = False
        node, server = sessions.node, sessions.server_name
        self._outlet = Lines(turn, self._hear, self._ended)
        self.session: Session = sessions.open_inside(self._outlet, self._class(), f"api.{server}")
        if self.session.closed:
            self._outlet.flush()
            return
        session, settings = self.session, node.settings
        session.device = DEVICE
        sessions.recap(session, CAPS)
        account = node.network.registry.account(identity.account) if identity.account else None
        if account is not None:
            log_in(session, account, identity.way)
        name = clean_username(identity.nick, settings.limits.user) or "api"
        username, host = session.granted
        session.granted = username or name, host or session.user.host
        if account is not None and not account.owner:
            # Somebody who sleeps is not back because a program of theirs says something.
            self._say("AWAY", [NOBODY])
        self._wanted = self._nick()
        self._say("NICK", [self._wanted])
        self._say("USER", [name, "0", "*", identity.nick])

    # what it is

    @property
    def user(self) -> User:
        """Who it is on the network."""
        return self.session.user

    @property
    def may_operate(self) -> bool:
        """Whether it is an operator, and its token is for that."""
        return self.user.oper is not None and self.identity.allows("operate")

    def _class(self) -> ConnectionClassSettings:
        settings = self._node.settings
        name = settings.api.connection_class
        return next((each for each in settings.connection_class if each.name == name), CLASS)

    def _nick(self) -> str:
        """The nick of whom it is to be one more session of, or the one that it would have."""
        network, account = self._node.network, self.identity.account
        if account:
            person = network.persons.get(account)
            others = [user for user in network.logged_in.get(account, ()) if user.server is network.me]
            for user in (*(() if person is None else (person,)), *others):
                self._own = True
                return str(user.nick)
        return self.identity.nick

    @contextmanager
    def used(self) -> Iterator[None]:
        """Within, it does not end for want of use."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    def hold(self) -> None:
        """Somebody uses it, until :meth:`release`."""
        self.uses += 1

    def release(self) -> None:
        """The same somebody does not any more."""
        self.uses -= 1
        self.idle_since = self._node.clock.monotonic()

    # asking

    async def ready(self) -> None:
        """Wait until it is a user; raises Problem if it cannot be one."""
        if self.state is State.GREETING and not await self._greeted.within(
            self._node.settings.api.wait, self._node.clock.later
        ):
            raise Problem("unavailable", "It takes too long to become a user")
        if self.state is not State.LIVE:
            raise self._why

    async def ask(
        self, verb: str, params: Sequence[str] = (), tags: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to a command; raises Problem if it is refused, or cannot be said."""
        answer = await self.command(verb, params, tags)
        problem = answer.problem
        if problem is not None:
            raise problem
        return answer

    async def command(
        self, verb: str, params: Sequence[str] = (), tags: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to a command, whatever it is; raises Problem if there cannot be one."""
        return await self.batch([(verb, params, tags or {})])

    async def batch(self, said: Sequence[tuple[str, Sequence[str], Mapping[str, str]]]) -> Answer:
        """The answer to the first of some lines, which are said together.

        They are not said while a fact is told: what comes of them would be true only after they are answered.
        """
        await settled(self._node)
        if self.state is not State.LIVE:
            raise self._why
        session = self.session
        waiting = 0 if session.backlog is None else len(session.backlog)
        if len(self._asked) >= MOST_ASKED or waiting + len(said) > session.connection_class.excess:
            raise Problem("too-many", "Too many commands of this token wait")
        if session.caps & CAPS != CAPS:  # a reload may have taken some back
            self._sessions.recap(session, session.caps | CAPS)
        label = str(next(self._labels))
        (verb, params, tags), *rest = said
        lines = [_line(verb, params, {**tags, "label": label}), *(_line(*each) for each in rest)]
        answer: Promise[Sequence[Heard] | None] = Promise()
        self._asked[label] = answer
        try:
            session.receive(b"".join(lines))
            self._outlet.flush()
            await self._wait(answer)
        finally:
            del self._asked[label]
        if answer.value is None:
            raise self._why
        return Answer(verb, answer.value, {each[0] for each in rest})

    async def _wait(self, answer: Promise[Sequence[Heard] | None]) -> None:
        """As long as lines that wait for the flood clock get fewer, it only takes its time."""
        session, left = self.session, None
        while not answer.kept:
            if await answer.within(self._node.settings.api.wait, self._node.clock.later):
                return
            waiting = 0 if session.backlog is None else len(session.backlog)
            if not waiting:
                raise Problem("unavailable", "There is no answer")
            if left is not None and waiting >= left:
                raise Problem("too-many", "Commands of this token wait, and nothing moves")
            left = waiting

    def _say(self, verb: str, params: Sequence[str]) -> None:
        """Say something of which the answer matters to nobody."""
        self.session.receive(_line(verb, params, {}))
        self._outlet.flush()

    # hearing

    def _hear(self, data: bytes) -> None:
        self._reader.feed(data, self.listener is not None or self.state is State.GREETING)

    def _take(self, heard: Heard) -> None:
        if heard.command == "PING":
            self._say("PONG", heard.params)
            return
        if self.state is State.GREETING:
            self._greet(heard)
            return
        label = heard.tags.get("label")
        lines: Sequence[Heard] = (heard,)
        if label is not None:
            lines = lines_of(heard)
            asked = self._asked.get(label)
            if asked is not None:
                asked.keep(lines)
        listener = self.listener
        if listener is not None:
            for each in lines:
                listener(each)

    def _greet(self, heard: Heard) -> None:
        command = heard.command
        if command == "001":
            self._begin()
        elif command in _TAKEN:
            self._other_nick()
        elif command == "NOTICE":
            self._told = heard.words
        elif command == "465":
            self._why = Problem("banned", heard.words, numeric="465")
        elif command == "ERROR" and self._why.kind == "unavailable":
            self._why = Problem("unavailable", heard.words)

    def _other_nick(self) -> None:
        """Try another nick; but who cannot be one more session of its person is nobody else."""
        self._tried += 1
        if self._own or self._tried >= _NICKS:
            self._why = Problem("no-attach" if self._own else "nick-in-use", self._told if self._own else "")
            self.close("No nick")
            return
        most = self._node.settings.limits.nick
        end = "_" * self._tried
        self._wanted = self.identity.nick[: most - len(end)] + end
        self._say("NICK", [self._wanted])

    def _begin(self) -> None:
        self.state = State.LIVE
        self.idle_since = self._node.clock.monotonic()
        user, identity = self.user, self.identity
        if not identity.account:
            self._say("MODE", [user.nick, "+B"])
        if identity.oper_class is not None:
            self._oper(identity.oper_class)
        self._greeted.keep(True)

    def _oper(self, name: str) -> None:
        """Make its user an operator, as ``[[token]]`` says."""
        settings, user, now = self._node.settings, self.user, self._node.clock.time()
        title = next((each.title for each in settings.oper_class if each.name == name), None)
        if title is not None:
            oper = Oper(self.identity.key, name, settings.privileges(name), title)
            self._node.commit(Opered(user, oper, now))
            self._node.commit(UserModesChanged(user, "o", "", "", now))
            self._node.log.info(f"{user.uid} is an operator now by a token of the configuration ({name})")

    # the end

    def close(self, reason: str) -> None:
        """End it: its user quits, or has one session less."""
        self.session.close(reason)

    def _ended(self) -> None:
        if self.state is State.OVER:
            return
        if self.state is State.LIVE:
            self._why = Problem("unavailable", "The user of this token was disconnected")
        self.state = State.OVER
        self._greeted.keep(False)
        for each in list(self._asked.values()):
            each.keep(None)
        self._over(self)


def _line(verb: str, params: Sequence[str], tags: Mapping[str, str]) -> bytes:
    """A line as it is said; raises Problem for what no line can carry: nothing is pasted into one."""
    try:
        return format_message(verb, params, tags=tags).encode() + b"\r\n"
    except ValueError as error:
        raise Problem("invalid", str(error)) from None
