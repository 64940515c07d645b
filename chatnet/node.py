"""The one door: a node takes facts, makes them true, and tells them to its observers in a fixed order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from chatnet.model.counts import Counts
from chatnet.model.entities import Channel, User
from chatnet.model.events import EventIds
from chatnet.model.facts import Fact, Hearer, MessageSent, ServerNotice, SettingsChanged
from chatnet.model.ids import UID, MessageIds, UIDs
from chatnet.model.network import Network
from chatnet.settings import Settings


class Timer(Protocol):
    """Something that was asked for later."""

    def cancel(self) -> None:
        """Take the request back; it must not have happened yet."""


class Clock(Protocol):
    """Time, as an argument."""

    def time(self) -> float:
        """Unix time in seconds: what is written into facts and shown to people."""

    def monotonic(self) -> float:
        """Seconds that never jump: for rates and timeouts."""

    def later(self, seconds: float, function: Callable[[], object]) -> Timer:
        """Call `function` once, after `seconds`."""


class Log(Protocol):
    """Where a node writes what its operator should know. Never message text, never secrets."""

    def info(self, text: str) -> None:
        """An event of normal life."""

    def often(self, text: str) -> None:
        """The same of what there is much of: it may wait a moment, to be written with others."""

    def warn(self, text: str) -> None:
        """Something an operator should look at."""

    def failure(self, text: str) -> None:
        """An exception that nobody expected; called while it is handled, so that it can be shown whole."""


class Observer(Protocol):
    """Somebody who hears facts after they became true."""

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Kind of fact → function of (fact, origin). It may change: see :meth:`Node.hearing_changed`."""


Plan = tuple[Callable[[Any], None] | None, tuple[Hearer, ...]]
"""For one kind of fact: what makes it true in the network, if it changes that, and who hears it then."""


class Node:
    """This server: the network as it knows it, its settings and its clock.

    `run` drives a coroutine of a handler (hashing, lookups) and logs what escapes from it; wiring gives it.
    `first_uid` is the number of its first UID.  It was made at the Unix time `started`, which is `began` in
    monotonic seconds.  How often things happen stands in `counts`.
    """

    def __init__(
        self,
        network: Network,
        settings: Settings,
        clock: Clock,
        log: Log,
        run: Callable[[Coroutine[Any, Any, None]], None],
        first_uid: int = 0,
    ) -> None:
        self.network = network
        self.settings = settings
        self.clock = clock
        self.log = log
        self.run = run
        self.counts = Counts()
        self.keeps_notices = False
        """Whether somebody hears what operators are told, though none of them may be there."""
        self.uids = UIDs(network.me.sid, first_uid)
        self.message_ids = MessageIds(network.me.sid)
        self.event_ids = EventIds(self.message_ids, network.me)
        self.started = clock.time()
        self.began = clock.monotonic()
        self.up = self.began
        """Since when the server is up, in monotonic seconds: before that, if this is one of its processes."""
        self._observers: Sequence[Observer] = ()
        self._plans: dict[type[Fact], Plan] = {}
        self._queue: deque[tuple[Fact, object]] = deque()
        self._busy = False

    @property
    def up_since(self) -> float:
        """The same in Unix time."""
        return self.started - (self.began - self.up)

    def observe(self, observers: Sequence[Observer]) -> None:
        """Tell facts to `observers` from now on, in this order."""
        self._observers = observers
        self.hearing_changed()

    def observe_too(self, observer: Observer) -> None:
        """Tell facts to one more, behind all others: what is made when a listener needs it."""
        self.observe([*self._observers, observer])

    def hearing_changed(self) -> None:
        """What an observer hears is not what it was: who has nobody to tell need not be told."""
        self._plans.clear()

    def commit(self, fact: Fact, origin: object = None) -> None:
        """Make `fact` true and tell it to everybody.

        `origin` is the session or link it came from, None for the node itself.  A fact that an observer
        commits while it hears another waits until all have heard that one: nobody sees an effect before its
        cause.
        """
        if self._busy:
            self._queue.append((fact, origin))
            return
        self._busy = True
        try:
            while True:
                try:
                    apply, hearers = self._plans[type(fact)]
                except KeyError:
                    apply, hearers = self._plan(type(fact))
                if apply is not None:
                    try:
                        apply(fact)
                    except Exception:
                        self.log.failure(f"{type(fact).__name__} could not be applied")
                for hear in hearers:
                    try:
                        hear(fact, origin)
                    except Exception:
                        self.log.failure(f"an observer failed on {type(fact).__name__}")
                if not self._queue:
                    return
                fact, origin = self._queue.popleft()
        finally:
            self._busy = False

    def _plan(self, kind: type[Fact]) -> Plan:
        hearers = [hear for observer in self._observers if (hear := observer.hears.get(kind)) is not None]
        plan = self._plans[kind] = self.network.applier(kind), tuple(hearers)
        return plan

    @property
    def busy(self) -> bool:
        """Whether a fact is being told: what is committed now is not true yet when :meth:`commit` returns."""
        return self._busy

    @property
    def tells_opers(self) -> bool:
        """Whether what they are told is heard by anybody: it is not worth making else."""
        return self.keeps_notices or bool(self.network.opers)

    def notice(self, letter: str, text: str, public: str | None = None, *, common: bool = False) -> None:
        """Tell the opers whose snomask has `letter`; if nobody would hear it, it is no fact at all.

        If there is an address in `text`, `public` is the same without, for those who may not see it.  What is
        `common` each process of a server tells by itself.
        """
        if self.tells_opers:
            self.commit(ServerNotice(letter, text, self.clock.time(), None, public, common))

    def say(self, target: User | Channel, text: str) -> None:
        """Have this server say something, as a NOTICE, to somebody or a channel, wherever people are."""
        me, now = self.network.me, self.clock.time()
        msgid = self.message_ids.take(now, UID(me.sid), target.place)
        self.commit(MessageSent("NOTICE", me, target, text, now, msgid))

    def change_settings(self, new: Settings) -> None:
        """Replace the settings, whole and valid as they are, and tell the observers."""
        old, self.settings = self.settings, new
        self.commit(SettingsChanged(old, new))
        self.hearing_changed()  # it may depend on them
