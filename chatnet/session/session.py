"""One local client: bytes in, lines to the table of commands, replies out.

A session knows its outlet, its user and how far it has come; what commands mean stands in ``commands/``, what
others do reaches it through ``delivery/``.  Lines wait in the backlog while a handler is awaited (*held*) or
while the session has run up more penalty than its class allows; nothing is executed out of order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Final, Protocol

from chatnet.compiled import mypyc_attr
from chatnet.dispatch import Phase, Row
from chatnet.model.entities import User
from chatnet.model.facts import UserQuit
from chatnet.model.logins import NO_WAY
from chatnet.model.server import Server
from chatnet.node import Node, Timer
from chatnet.rules.bans import Bans
from chatnet.rules.blocklists import Listing
from chatnet.rules.refusal import Refusal
from chatnet.rules.visibility import public_identity, shows_address
from chatnet.session.batches import References
from chatnet.session.bounds import Bounded, bounded
from chatnet.session.labels import Labelled, Question, wanted, wanted_by_refused
from chatnet.session.multiline import INVALID, Multiline
from chatnet.session.outlet import Outlet
from chatnet.session.passwords import Check
from chatnet.session.peer import Peer
from chatnet.session.render import LINE, encode, in_utf8, line
from chatnet.session.scans import Begin, Scans
from chatnet.session.shadows import Shadows
from chatnet.settings import ConnectionClassSettings
from chatnet.wire.capabilities import SERVER_TIME
from chatnet.wire.lines import OVERLONG, LineBuffer
from chatnet.wire.message import split
from chatnet.wire.numerics import (
    ERR_INPUTTOOLONG,
    ERR_NEEDMOREPARAMS,
    ERR_NOTREGISTERED,
    ERR_UNKNOWNCOMMAND,
    ERR_UNKNOWNERROR,
    Numeric,
)
from chatnet.wire.text import middle, sanitise

HTTP_VERBS = frozenset({"GET", "POST", "PUT", "HEAD", "DELETE", "CONNECT", "OPTIONS", "PATCH", "TRACE"})
"""What a browser led to this port begins with; CONNECT and TRACE count with an HTTP version behind only."""

TAGS: int = 4096
"""Bytes of the tags of a line, with their ``@`` and the space after them, that LineBuffer lets through."""

LONG_ANSWER: int = 100
"""Lines queued for one client in one turn from which on an answer is handed over at once."""


MASKS_PER_PENALTY: Final = 8192
"""How many characters of masks that a command has looked at cost a penalty of 1.0."""
SLASH: Final = (
    "Without a client, commands have no slash: JOIN #lobby and not /join #lobby. HELP tells how to begin."
)

REGISTERED: Final = Phase.REGISTERED


class Needs:
    """What a session still lacks before it is registered: bits, plain ones for speed."""

    NICK: Final = 1
    USER: Final = 2
    CAP: Final = 4  # CAP END
    LOOKUP: Final = 8  # the host name
    CHECK: Final = 16  # the password, being verified
    LOGIN: Final = 32  # the password of an account, being verified
    LISTS: Final = 64  # what block lists say of the address


FIRST: Final = Needs.NICK | Needs.USER
"""What every one of them lacks when it begins."""


class Refused(Exception):
    """Raised in a handler to refuse the whole command with one reply."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


class Elsewhere(Exception):
    """Raised in a handler when another server answers the command: here nothing more is said."""


class Login(Protocol):
    """An attempt of a session to log in."""

    def respond(self, data: str) -> Coroutine[Any, Any, None] | None:
        """The client says something: one chunk, or that it gives up; what has to be awaited then."""

    def give_up(self, why: Numeric | None = None) -> None:
        """It ends here; the client reads `why`."""


class Home(Protocol):
    """Where sessions live: what each of them sees of what all share.

    These are attributes and not properties, since every line asks for them.
    """

    node: Node
    rows: Mapping[str, Row]
    bans: Bans
    scans: Scans
    make_request: Callable[..., Any]
    """``(sessions, session, params, tags, row)`` → what a handler is called with."""
    references: References
    shadows: Shadows
    monotonic: Callable[[], float]
    server_name: str
    flood: bool
    """Whether anything is counted against anybody."""
    penalty_scale: float

    def veiled(self, address: str) -> str:
        """An address for operators who may not see it."""

    def tell_refused(self, before: str, address: str, after: str = "", *, reason: str = "other") -> None:
        """Operators read that a connection from `address` was refused."""

    def owner(self, address: str) -> str:
        """Whom a connection from `address` is counted for."""

    def ready(self, session: Session) -> None:
        """`session` needs nothing more to be registered."""

    def forget(self, session: Session) -> bool:
        """`session` ends; True if its user has no other."""

    def keeps(self, session: Session, reason: str) -> bool:
        """Whether the user of `session`, which was the last one, stays, though it ends for a `reason`."""

    def detained(self, user: User) -> Awaitable[None] | None:
        """What all sessions of `user` have to wait for before they go on."""

    def is_shared(self, user: User) -> bool:
        """Whether a user has several sessions, or may."""

    def notice(self, letter: str, address: str, text: str, public: str | None = None) -> None:
        """Somebody at `address` caused what the opers should know; `public` is as in ``Node.notice``."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Session:
    """Our end of one client. `heard` and `spoke` are monotonic seconds, and `penalty` such a time to come.
    Up to `told` other servers know what it has heard, if they have to.

    For so many seconds it has `waited` to be answered, before it was registered.
    """

    __slots__ = (
        "asked",
        "away",
        "backlog",
        "backlog_bytes",
        "buffer",
        "burst",
        "came",
        "cap_version",
        "caps",
        "checking",
        "closed",
        "connection_class",
        "device",
        "failed_logins",
        "failed_opers",
        "granted",
        "heard",
        "held",
        "labelled",
        "listed",
        "login",
        "multiline",
        "needs",
        "noted",
        "opened",
        "outlet",
        "passwords",
        "paused",
        "peer",
        "penalty",
        "pinged",
        "rates",
        "registered",
        "sessions",
        "spoke",
        "timer",
        "told",
        "user",
        "waited",
        "way",
    )

    def __init__(
        self,
        home: Home,
        outlet: Outlet,
        peer: Peer,
        user: User,
        connection_class: ConnectionClassSettings,
        now: float,
    ) -> None:
        self.sessions = home
        self.outlet = outlet
        self.peer = peer
        self.user = user
        self.came: Final = user
        """Who came by it, to be judged by address, host and certificate: `user`, but for one more session."""
        self.buffer = LineBuffer(TAGS + LINE)
        self.caps = 0
        self.cap_version = 0
        self.needs: int = FIRST
        self.registered = False
        self.closed = False
        self.held = False
        self.labelled: Labelled | None = None
        self.asked: dict[Server, deque[Question]] | None = None
        self.multiline: Multiline | None = None
        self.paused = False
        self.passwords: tuple[str, ...] = ()
        """What PASS gave, up to two: the server may have a password, and an account another one."""
        self.listed: tuple[Listing, ...] = ()
        """The block lists that its address is in."""
        self.failed_opers = 0
        self.failed_logins = 0
        self.login: Login | None = None
        self.way = NO_WAY
        """How it came to the account of its user."""
        self.granted: tuple[str | None, str | None] = (None, None)
        """User name and host that services gave before it was registered."""
        self.opened = self.heard = self.told = self.spoke = self.penalty = now
        self.pinged = self.waited = 0.0
        self.checking: Check | None = None
        """A password that it waits for."""
        self.backlog: deque[bytes] | None = None
        self.backlog_bytes = 0
        self.timer: Timer | None = None
        self.away: tuple[int, str] | None = None
        """With what words it said that it is away; who of a person's sessions said so last has the most."""
        self.device = ""
        """What its person calls it."""
        self.rates: dict[str, deque[float]] | None = None
        self.noted: dict[str, float] | None = None
        self.use(connection_class)

    def use(self, connection_class: ConnectionClassSettings) -> None:
        """Live by the limits of this connection class from now on."""
        self.connection_class = connection_class
        self.burst = connection_class.burst  # looked at for each line
        self.outlet.sendq = connection_class.sendq

    # in

    def receive(self, data: bytes) -> None:
        """Take a chunk of what the client sent, in any size."""
        closed = self.closed  # else it would be settled for the type checker, and so for who compiles
        if closed:
            return
        clock = self.sessions.monotonic
        self.heard = now = clock()
        lines = self.buffer.feed(data)
        if self.backlog is not None:
            self._wait(lines)
            return
        limit = now + self.burst
        rest = iter(lines)
        for raw in rest:
            if self.held or self.penalty > limit:
                self._wait([raw, *rest])
                return
            self._line(raw, now)
            if self.labelled is not None and not self.held:
                labelled, self.labelled = self.labelled, None
                labelled.end()
            if self.closed:
                return

    def _wait(self, lines: Iterable[bytes]) -> None:
        backlog = self.backlog
        if backlog is None:
            backlog = self.backlog = deque()
            self._arm()
        backlog.extend(lines)
        self.backlog_bytes = sum(map(len, backlog))
        limited = self.sessions.flood and not self.connection_class.flood_exempt
        if limited and len(backlog) > self.connection_class.excess:
            self._tell_flood("Excess Flood")
            self.sessions.node.counts.flooded += 1
            self.close("Excess Flood")
        elif self.backlog_bytes > self.connection_class.recvq and not self.paused:
            self.paused = True
            self.outlet.pause()

    def _arm(self) -> None:
        """Go on with the backlog once the penalty is worked off; a held session does when it is released."""
        if not self.held and self.timer is None:
            wait = self.penalty - self.burst - self.sessions.monotonic()
            self.timer = self.sessions.node.clock.later(max(wait, 0.05), self._resume)

    def _resume(self) -> None:
        self.timer = None
        closed = self.closed
        if closed:
            return
        # Out of sight meanwhile: a handler that is awaited and ends at once calls go_on, which must not nest.
        backlog, self.backlog = self.backlog or deque(), None
        now = self.sessions.monotonic()
        limit = now + self.burst
        while backlog and not self.held and self.penalty <= limit:
            self._line(backlog.popleft(), now)
            if self.labelled is not None and not self.held:
                labelled, self.labelled = self.labelled, None
                labelled.end()
            if self.closed:
                return
        self.backlog_bytes = sum(map(len, backlog))
        if backlog:
            self.backlog = backlog
            self._arm()
        if self.paused and self.backlog_bytes * 2 <= self.connection_class.recvq:
            self.paused = False
            self.outlet.resume()

    def _line(self, raw: bytes, now: float) -> None:
        size = len(raw)
        text = raw.decode() if size <= LINE and raw.isascii() else self._odd_line(raw)
        if text is None:
            self.penalize(1.0, size, now)
            self._lose_line()
            return
        parts = split(text)
        if parts is None:
            self.penalize(1.0, size, now)
            return
        tags, _, command, params = parts
        sessions = self.sessions
        if tags:
            tag = wanted(self.caps, tags)
            if tag is not None:
                self.labelled = Labelled(sessions.node, sessions.references, self.outlet, self.caps, tag)
        row = sessions.rows.get(command)
        if row is None:
            if raw is OVERLONG:
                self.numeric(ERR_INPUTTOOLONG)
            else:
                self._unknown(command)
            self.penalize(1.0, size, now)
            self._lose_line()
            return
        row.count += 1
        row.bytes += size
        if sessions.flood:
            self.penalize(row.penalty, size, now)
        if self.multiline is not None and self.multiline.takes(command, params, tags):
            return
        if not self.registered and row.phase is REGISTERED:
            self._too_early(command, params)
            return
        if len(params) < row.min_params:
            self.numeric(ERR_NEEDMOREPARAMS, row.verb)
            return
        self.execute(row, params, tags)

    def execute(self, row: Row, params: list[str], tags: Mapping[str, str]) -> None:
        """Do what a row says; everything that is answered goes to this client."""
        sessions = self.sessions
        bans = sessions.bans
        before = bans.looked
        try:
            handler, make_request = row.handler, sessions.make_request  # dearer to call where they stand
            if self.way.operates:
                waiting = handler(make_request(sessions, self, params, tags, row))
            else:
                with bounded(self):
                    waiting = handler(make_request(sessions, self, params, tags, row))
        except Refused as refused:
            self.numeric(refused.refusal.numeric, *refused.refusal.args)
        except Elsewhere:
            pass
        except Exception:
            self._failed(row.verb)
        else:
            if waiting is not None:
                self.answer_by(row.verb, waiting)
        if bans.looked != before:
            self.penalize((bans.looked - before) / MASKS_PER_PENALTY, 0, self.heard)

    def penalize(self, cost: float, size: int, now: float) -> None:
        """Charge `cost` penalty seconds, or what `size` bytes cost if that is more."""
        klass, user = self.connection_class, self.user
        if not self.sessions.flood or klass.flood_exempt:
            return
        if user.oper is not None and self.way.operates and user.may("flood-exempt"):
            return
        # On the path of every line: two comparisons take less than two calls of max.
        cost = cost * self.sessions.penalty_scale / klass.lines_per_second
        by_size = size / klass.bytes_per_second
        begin = self.penalty
        self.penalty = (begin if begin > now else now) + (cost if cost > by_size else by_size)

    def _odd_line(self, raw: bytes) -> str | None:
        """The text of a line that is not ASCII of a usual length; None (and a reply) if it is refused."""
        most = self.sessions.node.settings.limits.tags
        if not _fits(raw, most):
            self._begin_refused(raw, most)
            self.numeric(ERR_INPUTTOOLONG)
            return None
        try:
            return raw.decode()
        except UnicodeDecodeError:
            if not self.sessions.node.settings.server.utf8_only:
                return raw.decode("utf-8", "surrogateescape")
            parts = split(raw.decode("utf-8", "replace"))
            command = parts[2] if parts is not None and parts[2] in self.sessions.rows else "*"
            self._begin_refused(raw, most)
            self.fail(command, "INVALID_UTF8", "The line is not valid UTF-8 and was rejected")
            return None

    def _begin_refused(self, raw: bytes, most: int) -> None:
        tag = wanted_by_refused(self.caps, raw, most)
        if tag is not None:
            sessions = self.sessions
            self.labelled = Labelled(sessions.node, sessions.references, self.outlet, self.caps, tag)

    def _lose_line(self) -> None:
        """A line was refused as it is: a message of several lines that it may belong to has a hole."""
        if self.multiline is not None:
            self.multiline.fail(INVALID, "A line of the batch was refused")

    def _unknown(self, command: str) -> None:
        if not self.registered and command in HTTP_VERBS:
            self.drop_http()
            return
        if self.registered:
            self.numeric(ERR_UNKNOWNCOMMAND, middle(command[:32]))
        else:
            self.numeric(ERR_NOTREGISTERED)
        if command[:1] == "/":  # typed by somebody who has no client, but knows what clients look like
            self.notice(SLASH)

    def drop_http(self) -> None:
        """Close at once: a browser was led here by a page (cross-protocol attack)."""
        self.sessions.tell_refused("HTTP request from ", self.peer.address, reason="http")
        self.close("This is not an HTTP server")

    def _too_early(self, command: str, params: list[str]) -> None:
        if command in HTTP_VERBS and params and "HTTP/" in params[-1]:
            self.drop_http()
        else:
            self.numeric(ERR_NOTREGISTERED)

    def wait_for(self, answer: Coroutine[Any, Any, None]) -> None:
        """Let `answer` end while this session's later lines wait; others go on.

        What it says is the answer to the command that is being executed, and bears its label.
        """
        self.held = True
        if self.registered:
            self.sessions.node.run(self._hold(answer))
        else:
            self.sessions.node.run(self._hold(self._in_no_time(answer)))

    async def _in_no_time(self, answer: Coroutine[Any, Any, None]) -> None:
        """What is awaited takes nothing of the time that a connection has to register."""
        began = self.sessions.monotonic()
        await answer
        self.waited += self.sessions.monotonic() - began

    def answer_by(self, verb: str, waiting: Awaitable[None]) -> None:
        """The same of `waiting` to which the command `verb` leads, with what it is refused with."""
        self.wait_for(self._answer(verb, waiting))

    def scan(self, verb: str, looking: Begin) -> None:
        """Let the command `verb` go on in slices, while this session's later lines wait.

        It ends with the session, in whatever slice.
        """
        self.held = True
        self.sessions.scans.run(
            self.sessions.owner(self.peer.address),
            lambda: self._hold(self._answer(verb, looking())),
            lambda: self.closed,
        )

    async def _hold(self, answer: Coroutine[Any, Any, None]) -> None:
        labelled = self.labelled
        if labelled is None:
            await answer
        else:
            try:
                await labelled.in_steps(answer)
            finally:
                if self.labelled is labelled:  # or the session was closed, and the answer with it
                    self.labelled = None
                    labelled.end()
        while (detained := self.sessions.detained(self.user)) is not None:
            await detained
        self.held = False
        self.go_on()

    async def _answer(self, verb: str, waiting: Awaitable[None]) -> None:
        try:
            await (waiting if self.way.operates else Bounded(self, waiting))
        except Refused as refused:
            self.numeric(refused.refusal.numeric, *refused.refusal.args)
        except Elsewhere:
            pass
        except Exception:
            self._failed(verb)

    def again(self, text: str) -> None:
        """Have the command that is awaited begin anew when that has ended, with its label: `text` says it."""
        raw = encode(text)
        if self.labelled is not None:
            raw = b"@%b %b" % (self.labelled.tag, raw)
            self.labelled = None
        if self.backlog is None:
            self.backlog = deque()
        self.backlog.appendleft(raw)
        self.backlog_bytes += len(raw)

    def go_on(self) -> None:
        """Take up the backlog again after the session was held."""
        if self.backlog is not None and not self.closed and self.timer is None:
            self._resume()

    def satisfy(self, need: int) -> None:
        """One thing less that is needed before this session is registered."""
        self.needs &= ~need
        if not self.needs:
            self.sessions.ready(self)

    def _failed(self, verb: str) -> None:
        self.sessions.node.log.failure(f"{verb} failed")
        self.numeric(ERR_UNKNOWNERROR, verb, "The command failed; the operators of this server can read why")

    # out

    def send(self, body: bytes) -> None:
        """Send a line (without CR LF) to this client alone, tagged as it wishes."""
        if self.closed:
            return
        outlet = self.outlet
        out = outlet.out
        if not out:
            outlet.turn.mark(outlet)
        if not body.isascii() and self.sessions.node.settings.server.utf8_only:
            out.append(in_utf8(line(body, self.sessions.node.clock.time(), self.caps)))
        elif len(body) > LINE or self.caps & SERVER_TIME:
            out.append(line(body, self.sessions.node.clock.time(), self.caps))
        else:
            out.append(body + b"\r\n")

    def numeric(self, numeric: Numeric, *args: object) -> None:
        """Send ``:server NNN nick …``; `args` fill the numeric's form."""
        text = f":{self.sessions.server_name} {numeric.code} {self.user.nick} {numeric.form % args}"
        self.send(text.encode("utf-8", "surrogateescape"))

    def numeric_by(self, by: User, numeric: Numeric, *args: object) -> None:
        """A numeric that somebody else caused: it bears the tags of what they say.

        https://ircv3.net/specs/extensions/account-tag
        """
        text = f":{self.sessions.server_name} {numeric.code} {self.user.nick} {numeric.form % args}"
        text = text if not self.sessions.node.settings.server.utf8_only else sanitise(text)
        self.outlet.send(line(encode(text), self.sessions.node.clock.time(), self.caps, by))

    def fail(self, command: str, code: str, description: str, *context: str) -> None:
        """``FAIL command CODE context :description``.  https://ircv3.net/specs/extensions/standard-replies"""
        self.standard_reply("FAIL", command, code, description, *context)

    def standard_reply(self, kind: str, command: str, code: str, description: str, *context: str) -> None:
        """The same as FAIL, WARN or NOTE.

        Without its capability a client is sent those only that a specification it uses names.
        """
        words = " ".join([kind, command, code, *context])
        self.send(encode(f":{self.sessions.server_name} {words} :{description}"))

    def notice(self, text: str) -> None:
        """A NOTICE from the server to this client alone."""
        self.send(encode(f":{self.sessions.server_name} NOTICE {self.user.nick} :{text}"))

    def notice_by(self, by: User, text: str) -> None:
        """A NOTICE from a pseudo-user to this client alone."""
        self.send(b":%b NOTICE %b :%b" % (by.source, encode(self.user.nick), encode(text)))

    def hand_over(self) -> None:
        """Flush what was said so far, after a long answer.

        So SendQ is looked at before the next one, and not only at the end of the turn: one chunk of a client
        holds more questions than there is memory for answers.
        """
        if len(self.outlet.out) > LONG_ANSWER and not self.closed:
            if self.labelled is None or self.labelled.paused:
                self.outlet.flush()
            else:
                self.labelled.hand_over()

    # the end

    def close(self, reason: str) -> None:
        """Say goodbye: the network hears a QUIT (if there was a user), the client an ERROR; then close."""
        if self.closed:
            return
        self._leave(reason)
        self.say_goodbye(reason)

    def say_goodbye(self, reason: str) -> None:
        """The ERROR, and the end of the connection; :meth:`close` is what others should call."""
        labelled, self.labelled = self.labelled, None
        if labelled is not None and labelled.paused:
            labelled.end()
            labelled = None
        body = encode(f"ERROR :Closing Link: {self.user.host} ({reason})")
        self.outlet.send(in_utf8(line(body, self.sessions.node.clock.time(), self.caps)))
        if labelled is not None:
            labelled.end()
        self.outlet.close()

    def connection_lost(self, reason: str) -> None:
        """The transport is gone."""
        self.labelled = None
        if not self.closed:
            self._leave(reason)

    def sendq_exceeded(self) -> None:
        """More waits for this reader than its class allows: cut it off without another word."""
        self.labelled = None
        if not self.closed:
            self._tell_flood("SendQ exceeded")
            self.sessions.node.counts.overflowed += 1
            self._leave("SendQ exceeded")
            self.outlet.abort()

    def _tell_flood(self, what: str) -> None:
        user, address = self.user, self.peer.address
        # Who is no user yet has no cloak.
        host = user.host if self.registered else self.sessions.veiled(address)
        shown = shows_address(user) if self.registered else host == address
        public = None if shown else f"{what}: {user.nick}!{user.username}@{host}"
        self.sessions.notice("f", address, f"{what}: {user.mask} [{address}]", public)

    def _leave(self, reason: str) -> None:
        if self.depart() and not self.sessions.keeps(self, reason):
            self.tell_quit(reason)

    def depart(self) -> bool:
        """Take nothing in and hear nothing any more; True if a user is left who has no session now."""
        self.closed = True
        if self.login is not None:
            self.login.give_up()
        if self.checking is not None:
            self.checking.cancel()
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.backlog = None
        last = self.sessions.forget(self)
        return self.registered and last

    def tell_quit(self, reason: str) -> None:
        """State that the user has quit."""
        node, user = self.sessions.node, self.user
        node.commit(UserQuit(user, reason, node.clock.time()), self)
        if node.tells_opers:  # else the text is not worth making
            what = "Client exiting:"
            public = f"{what} {public_identity(user)} ({reason})"
            node.notice("q", f"{what} {user.identity} ({reason})", public)


def _fits(raw: bytes, tags: int) -> bool:
    """True if neither the tags nor the rest of the line is longer than allowed.

    The tag data between ``@`` and the space may have `tags` bytes, the rest 510.
    https://ircv3.net/specs/extensions/message-tags#size-limit
    """
    if raw[:1] != b"@":
        return len(raw) <= LINE
    head, _, rest = raw.partition(b" ")
    return len(head) - 1 <= tags and len(rest) <= LINE
