"""What a server that has sessions of somebody of another one, and that other one, say to each other.

The first is a *seat*, the other one the *host*.  Each line goes to one server, by the servers on the way to
it, all of which know of seats: else the seat would know no person there (docs/federation.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import Final, NamedTuple, Protocol

from chatnet.links.codecs.solanum import SEATS
from chatnet.links.exchange.persons import ENDING
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, NetSplit, UserQuit
from chatnet.model.server import Server
from chatnet.node import Timer
from chatnet.storage.promise import Promise


class Answer(NamedTuple):
    """What the host said: whether it does so, or `why` not.

    Without a reason nobody will answer any more, and whoever asked looks again.
    """

    granted: bool
    why: str = ""


WAIT: Final = "WAIT"
"""What a server on the way says in the place of an answer, while its link to the host has no connection."""
MOOT: Final = Answer(granted=False)
"""The user, or their server, is gone."""


class Host(Protocol):
    """Decides who may sit, and does what seats ask for: see ``session/presence/hosting.py``."""

    def asked(
        self, seat: Server, number: int, user: User, key: str, *, secure: bool, here: bool, away: str | None
    ) -> None:
        """May `seat` have sessions of `user`, by the key of their account?  `here`: it had them before."""

    def rose(self, seat: Server, user: User, reason: str) -> None:
        """It has none any more."""

    def voiced(self, seat: Server, user: User, text: str | None) -> None:
        """The sessions there are away, all of them, or (None) are not."""

    def told(self, seat: Server, number: int, user: User, line: str) -> None:
        """A session there gives a command."""

    def questioned(self, seat: Server, number: int, user: User, line: str) -> None:
        """A session there asks this server something, whoever is host."""


class Question:
    """Something that `host` was asked about `user`, or by them; `read` takes the lines of the answer.

    It is late after so many `seconds`, unless a server on the way has said that it `waits` there.
    """

    __slots__ = ("answer", "host", "number", "read", "seconds", "timer", "user", "waits")

    def __init__(
        self, number: int, user: User, host: Server, seconds: float, read: Callable[[str], object]
    ) -> None:
        self.number = number
        self.user = user
        self.host = host
        self.seconds = seconds
        self.read = read
        self.waits = False
        self.answer: Promise[Answer | None] = Promise()
        self.timer: Timer | None = None


class Seats:
    """Asks hosts, and answers seats: an observer of who goes meanwhile.  Sessions have somebody be `host`."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._node = links.node
        self._numbers = count(1)
        self._open: dict[int, Question] = {}
        self.host: Host | None = None

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Nothing, while nothing is asked."""
        if not self._open:
            return {}
        return {NetSplit: self._split, UserQuit: self._quit}

    # a seat speaks

    def reaches(self, user: User) -> bool:
        """Whether there is a way to the server of `user`."""
        return self._way(user) is not None

    def sit(
        self, user: User, key: str, *, secure: bool, here: bool, away: str | None
    ) -> Promise[Answer | None]:
        """Ask whether this server may have sessions of `user`; None: there was no answer in time."""
        question = self._ask(user, self._node.settings.bouncer.attach_timeout, lambda line: None)
        if (way := self._way(user)) is not None:
            me = self._node.network.me
            line = way.codec.sit(me, question.number, user, key, secure=secure, here=here, away=away)
            way.send(line)
        return question.answer

    def rise(self, user: User, reason: str) -> None:
        """This server has no sessions of `user` any more."""
        if (way := self._way(user)) is not None:
            way.send(way.codec.rise(self._node.network.me, user, reason))

    def voice(self, user: User, text: str | None) -> None:
        """The sessions of `user` here are away, all of them, or (None) are not."""
        if (way := self._way(user)) is not None:
            way.send(way.codec.voice(self._node.network.me, user, text))

    def do(self, user: User, line: str, read: Callable[[str], object]) -> Promise[Answer | None]:
        """Have the host do what a session here says, which takes the lines of the answer by `read`."""
        question = self._ask(user, self._node.settings.bouncer.command_timeout, read)
        if (way := self._way(user)) is not None:
            way.send(way.codec.do(self._node.network.me, question.number, user, line))
        return question.answer

    def ask(
        self, user: User, whom: Server, line: str, read: Callable[[str], object]
    ) -> Promise[Answer | None]:
        """The same of a question that some server answers, be it the host or not."""
        question = self._ask(user, self._node.settings.bouncer.command_timeout, read, whom)
        way = self._links.way_to(whom)
        if way is None or not whom.is_reached_with(SEATS):
            self._end(question, MOOT)
        else:
            way.send(way.codec.ask(self._node.network.me, question.number, whom, user, line))
        return question.answer

    def _way(self, user: User) -> Link | None:
        """Where their server is, if they are still somebody there."""
        there = self._node.network.users.get(user.uid) is user and not user.orphan
        return self._links.way_to(user) if there else None

    def _ask(
        self, user: User, seconds: float, read: Callable[[str], object], whom: Server | None = None
    ) -> Question:
        question = Question(next(self._numbers), user, whom or user.server, seconds, read)
        if whom is None and self._way(user) is None:
            question.answer.keep(MOOT)
            return question
        self._open[question.number] = question
        if len(self._open) == 1:
            self._node.hearing_changed()
        self._wait(question, seconds)
        return question

    def _wait(self, question: Question, seconds: float) -> None:
        question.timer = self._node.clock.later(seconds, lambda: self._is_late(question, seconds))

    def _is_late(self, question: Question, seconds: float) -> None:
        """It is not, while the link to there waits for a connection: then nobody can answer, or will."""
        question.timer = None
        way = self._links.way_to(question.host)
        if way is not None and way.suspended:
            self._wait(question, seconds)
        else:
            self._end(question, None)

    def _end(self, question: Question, answer: Answer | None) -> None:
        del self._open[question.number]
        if not self._open:
            self._node.hearing_changed()
        if question.timer is not None:
            question.timer.cancel()
        question.answer.keep(answer)

    def _split(self, fact: NetSplit, origin: object) -> None:
        gone = set(fact.servers)
        for question in [each for each in self._open.values() if each.host in gone]:
            # Whoever goes on does so when all have heard what has happened: or what they did would not be
            # true yet when they do the next thing.
            self._node.clock.later(0.0, partial(self._lost, question))

    def _lost(self, question: Question) -> None:
        if self._open.get(question.number) is question:
            self._end(question, MOOT)

    def _quit(self, fact: UserQuit, origin: object) -> None:
        self.moved(fact.user)

    def moved(self, user: User) -> None:
        """Whoever was asked about `user` is not the host any more, or there is none."""
        for question in [each for each in self._open.values() if each.user is user]:
            self._end(question, MOOT)

    # a seat is answered

    def waits(self, number: int, link: Link) -> None:
        """A server behind `link` has a question wait for a connection: for the grace, then as ever.

        It says so once: whoever said it again and again would have a session wait for ever.
        """
        question = self._open.get(number)
        if question is None or question.waits or self._links.way_to(question.host) is not link:
            return
        question.waits = True
        if question.timer is not None:
            question.timer.cancel()
        self._wait(question, self._node.settings.links.resume_grace + question.seconds)

    def answered(self, host: Server, number: int, answer: Answer) -> bool:
        """`host` says the end of an answer; False if that was not its question, nor is any more."""
        question = self._open.get(number)
        if question is None or question.host is not host:
            return False
        self._end(question, answer)
        return True

    def read(self, host: Server, number: int, line: str) -> bool:
        """`host` says one line of an answer; False as above."""
        question = self._open.get(number)
        if question is None or question.host is not host:
            return False
        question.read(line)
        return True

    # a host speaks

    def hand_over(self, user: User) -> bool:
        """This server ends, and somebody else may have `user` then; False if nobody is told."""
        links = self._links.seating()
        for link in links:
            link.send(link.codec.given_up(user, ENDING))
        return bool(links)

    def decide(self, seat: Server, number: int, why: str | None) -> None:
        """Tell `seat` that it may sit, or why it may not."""
        if (way := self._links.way_to(seat)) is not None:
            way.send(way.codec.sat(self._node.network.me, number, seat, why))

    def tell_snomask(self, seat: Server, user: User) -> None:
        """Tell `seat` which of its server notices `user` reads."""
        if (way := self._links.way_to(seat)) is not None and way.codec.seats:
            way.send(way.codec.snomask(seat, user))

    def wait(self, seat: Server, number: int) -> None:
        """Tell `seat` that its question waits here for a connection."""
        if (way := self._links.way_to(seat)) is not None:
            way.send(way.codec.done(self._node.network.me, number, seat, None, WAIT))

    def reply(self, seat: Server, number: int, line: str | None) -> None:
        """Tell `seat` one line of what its session reads, or (None) that this was all."""
        if (way := self._links.way_to(seat)) is not None:
            way.send(way.codec.done(self._node.network.me, number, seat, line))
