"""Operators of other servers who have this one do something, or tell: see ``links/exchange/orders.py``.

Each verb has the privilege that it takes, which the class of the operator has to grant here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from chatnet.model.entities import User
from chatnet.model.server import Server
from chatnet.session.sessions import Sessions
from chatnet.storage.promise import Promise

SLICE: Final = 100
"""Parts of an answer that are told in one turn."""
PAUSE: Final = 0.05
"""Seconds between two slices while the link takes no more."""


class Disobeyed(Exception):
    """It is not done; the text says why, in a sentence for whoever ordered it."""


class Order:
    """What `user` of another server orders: `words` are what follows the verb, hostile until checked."""

    def __init__(
        self, sessions: Sessions, server: Server, number: int, user: User, words: Sequence[str]
    ) -> None:
        self.sessions = sessions
        self.user = user
        self.words = words
        self.server = server
        self._number = number
        self._said = 0

    def word(self, index: int) -> str:
        """The word at `index`, or an empty text if there are not so many."""
        return self.words[index] if index < len(self.words) else ""

    async def say(self, *words: str | float) -> None:
        """Tell a part of the answer; after some of them others have their turn."""
        orders = self.sessions.links.orders
        orders.say(self.server, self._number, words)
        self._said += 1
        if self._said % SLICE == 0:
            await self._pause(0.0)
            while orders.is_slow(self.server):
                await self._pause(PAUSE)

    async def _pause(self, seconds: float) -> None:
        turn = Promise[None]()
        self.sessions.node.clock.later(seconds, partial(turn.keep, None))
        await turn


class Obeyed(NamedTuple):
    """How a verb is obeyed, and the privilege that it takes; without one it judges by itself.

    Disobeyed says why it is not obeyed.
    """

    privilege: str
    handler: Callable[[Order], Awaitable[None]]


class Obeying:
    """Obeys by a table of verbs."""

    def __init__(self, sessions: Sessions, verbs: Mapping[str, Obeyed]) -> None:
        self._sessions = sessions
        self._verbs = verbs

    def obey(self, server: Server, number: int, user: User, words: Sequence[str]) -> None:
        """Do what `user`, for whom `server` speaks, says; it reads the end in any case."""
        node = self._sessions.node
        orders, name = self._sessions.links.orders, node.network.me.name
        obeyed = self._verbs.get(words[0])
        if obeyed is None:
            orders.end(server, number, f"{name} does not know {words[0][:20]}")
        elif obeyed.privilege and not user.may(obeyed.privilege):
            oper_class = "no operator" if user.oper is None else f"of the class {user.oper.oper_class or '?'}"
            why = f"you are {oper_class}, which does not grant {obeyed.privilege} on {name}"
            orders.end(server, number, why)
        else:
            node.run(
                self._obey(Order(self._sessions, server, number, user, words[1:]), obeyed, server, number)
            )

    async def _obey(self, order: Order, obeyed: Obeyed, server: Server, number: int) -> None:
        why: str | None = None
        try:
            await obeyed.handler(order)
        except Disobeyed as disobeyed:
            why = str(disobeyed)
        except Exception:
            self._sessions.node.log.failure("an order of another server failed")
            why = "It failed there; the operators of that server can read why"
        self._sessions.links.orders.end(server, number, why)
