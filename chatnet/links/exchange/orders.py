"""Orders: what an operator of one server has another one do, or tell.

Each goes to one server, by the servers on the way to it, which know of such.  There somebody obeys, or says
why not (``session/obeying.py``); what is told comes back line by line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Final, NamedTuple

from chatnet.links.codecs.solanum import ORDERS
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, NetSplit
from chatnet.model.server import Server
from chatnet.node import Timer
from chatnet.storage.promise import Promise

Words = Sequence[str | float]


class Outcome(NamedTuple):
    """Whether it was done, or `why` not."""

    done: bool
    why: str = ""


LATE: Final = "It did not answer in time"
LOST: Final = "It was lost meanwhile"
WITHHELD: Final = Outcome(done=False, why="The token that you act by is not for what operators do")
NOT_OBEYED: Final = Outcome(done=False, why="It obeys nobody")


def nothing(words: Words) -> None:
    """For who reads nothing of an answer."""


class Given:
    """An order that is open: `read` takes the parts of the answer."""

    __slots__ = ("done", "number", "read", "server", "timer")

    def __init__(self, number: int, server: Server, read: Callable[[Words], object]) -> None:
        self.number = number
        self.server = server
        self.read = read
        self.done: Promise[Outcome] = Promise()
        self.timer: Timer | None = None


Obey = Callable[[Server, int, User, Sequence[str]], None]
"""Obeys a user of a server, who says these words under a number; sees to it that there is an answer."""


class Orders:
    """Gives orders, and hands those for this server to `obey`; an observer of who goes meanwhile."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._node = links.node
        self._numbers = count(1)
        self._open: dict[int, Given] = {}
        self.obey: Obey = self._nobody

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Nothing, while nothing is open."""
        return {NetSplit: self._split} if self._open else {}

    def reaches(self, server: Server) -> bool:
        """Whether it is one that obeys, and so are all on the way to it."""
        return server.uplink is not None and server.is_reached_with(ORDERS)

    def give(
        self, server: Server, user: User, words: Sequence[str], read: Callable[[Words], object] = nothing
    ) -> Promise[Outcome]:
        """Have another server, which is reached, do what `user` says; it has ``audit.timeout`` for that.

        There they are an operator, whatever acts for them: so what is not for that orders nothing.
        """
        if user.withheld:
            refused: Promise[Outcome] = Promise()
            refused.keep(WITHHELD)
            return refused
        given, way = Given(next(self._numbers), server, read), self._links.way_to(server)
        if way is None:
            given.done.keep(Outcome(done=False, why=LOST))
            return given.done
        self._open[given.number] = given
        if len(self._open) == 1:
            self._node.hearing_changed()
        seconds = self._node.settings.audit.timeout
        given.timer = self._node.clock.later(seconds, lambda: self._end(given, Outcome(done=False, why=LATE)))
        way.send(way.codec.order(self._node.network.me, given.number, server, user, words))
        return given.done

    def _end(self, given: Given, outcome: Outcome) -> None:
        del self._open[given.number]
        if not self._open:
            self._node.hearing_changed()
        if given.timer is not None:
            given.timer.cancel()
        given.done.keep(outcome)

    def _split(self, fact: NetSplit, origin: object) -> None:
        gone = set(fact.servers)
        for given in [each for each in self._open.values() if each.server in gone]:
            self._end(given, Outcome(done=False, why=LOST))

    # an answer

    def told(self, server: Server, number: int, words: Words) -> None:
        """`server` says a part of an answer; nobody reads it who has not asked."""
        given = self._open.get(number)
        if given is not None and given.server is server:
            given.read(words)

    def ended(self, server: Server, number: int, outcome: Outcome) -> None:
        """`server` says that this was all."""
        given = self._open.get(number)
        if given is not None and given.server is server:
            self._end(given, outcome)

    # obeying

    def say(self, server: Server, number: int, words: Words) -> None:
        """Tell who gave an order a part of the answer, when little waits on the link."""
        if (way := self._links.way_to(server)) is not None:
            me = self._node.network.me
            way.send_later(
                way.codec.obeyed(me, number, server, words), (me.sid, server.sid, f"order {number}")
            )

    def is_slow(self, server: Server) -> bool:
        """Whether what was said waits: there is to be a pause."""
        way = self._links.way_to(server)
        return way is not None and bool(way.trickle)

    def end(self, server: Server, number: int, why: str | None = None) -> None:
        """Tell who gave an order that it is done, or why not."""
        if (way := self._links.way_to(server)) is not None:
            me, text = self._node.network.me, f"order {number}"
            way.send_later(
                way.codec.obeyed_all(me, number, server, why), (me.sid, server.sid, text), last=True
            )

    def may_order(self, link: Link) -> bool:
        """Whether operators behind a link are obeyed: as long as its block says nothing, if it is believed of
        accounts.
        """
        settings = link.settings
        if settings is None or not settings.allow_opers:
            return False
        return self._links.knows_accounts(link) if settings.allow_orders is None else settings.allow_orders

    def _nobody(self, server: Server, number: int, user: User, words: Sequence[str]) -> None:
        self.end(server, number, NOT_OBEYED.why)
