"""People who are here, and from when on it is to be asked with whom they talked at other servers.

What is to be asked of a server stays so until that has answered, however often links are lost meanwhile, and
whether or not the person stays; what is to be asked of whoever knows (``*``), until somebody has.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any, Final

from chatnet.history.recorder import Recorder
from chatnet.model.ids import SID
from chatnet.model.past import Asking
from chatnet.node import Node
from chatnet.storage.messages.rows import Place, Stayed
from chatnet.storage.promise import Promise

ANY: Final = "*"
"""In the place of a SID: whoever knows."""
FIRST: Final = 3
"""Servers that are asked at once for what is missing; all others when there is time."""
LATER: Final = 60.0
"""Seconds until a server is asked again that cannot read all that it knows."""
TRIES: Final = 5
"""How often a server is asked that does not answer, at ever greater distances."""
STAYS: Final = 1000
"""Stays of an account in channels that others tell."""
TALKS: Final = 100
"""Talks of an account that are looked for elsewhere when somebody logs in to it here."""
REMEMBERED: Final = 10_000
"""Accounts of which it is known when they were here last, or what is to be asked."""


ABREAST: Final = 4
"""People of whom a server is asked at a time that has come."""

Ask = Callable[[], Coroutine[Any, Any, None]]
"""How to ask something."""


class Debt:
    """It is to be asked what was said `since` then, in milliseconds."""

    __slots__ = ("since",)

    def __init__(self, since: int) -> None:
        self.since = since


class Look:
    """So many questions about somebody are `open`; `over`, when none is."""

    __slots__ = ("open", "over")

    def __init__(self) -> None:
        self.open = 0
        self.over: Promise[None] = Promise()


class Talkers:
    """Asks with whom people talked; `found` is told of each talk: the place, from when to when, and by whom.

    `asking` asks other servers, if there is who does.
    """

    def __init__(
        self,
        node: Node,
        recorder: Recorder,
        asking: Callable[[], Asking | None],
        found: Callable[[Place, int, int, SID], object],
    ) -> None:
        self._node = node
        self._recorder = recorder
        self._asking = asking
        self._found = found
        self._left: dict[str, int] = {}
        """Accounts that were here, and up to when, in milliseconds."""
        self._asked: dict[tuple[str, SID], int] = {}
        """Who is here, and up to when another server was asked with whom they talked there."""
        self._debts: dict[str, dict[str, Debt]] = {}
        """By the servers that are to be asked: of whom."""
        self._here: dict[str, int] = {}
        """Who is here, and since when it was to be asked what they said elsewhere, as they came."""
        self._known: set[SID] = set()
        """Servers that were here since this start, and could be asked."""
        self._turns: dict[SID, dict[str, Look]] = {}
        """By the servers that are asked when there is time: of whom."""
        self._looks: dict[str, Look] = {}
        """Of whom others are asked just now."""

    @property
    def _overlap(self) -> int:
        return int(self._node.settings.links.backfill_overlap * 1000)

    def _now(self) -> int:
        return int(self._node.clock.time() * 1000)

    def _witnesses(self) -> list[SID]:
        asking = self._asking()
        return [] if asking is None else list(asking.witnesses(None))

    def _away(self) -> list[SID]:
        """Who could be asked, and is not here now."""
        return sorted(self._known.difference(self._witnesses()))

    # what is to be asked

    def owe(self, sid: str, person: str, since: int) -> None:
        """A server is to be asked what somebody said there since a time, when it comes, or they come."""
        debts = self._debts.setdefault(sid, {})
        older = debts.pop(person, None)
        debts[person] = Debt(since if older is None else min(since, older.since))
        if len(debts) > REMEMBERED:
            del debts[next(iter(debts))]

    def _owed(self, sid: str, person: str) -> Debt | None:
        return self._debts.get(sid, {}).get(person)

    def _paid(self, sid: str, person: str, debt: Debt) -> None:
        """It was answered, and nothing else is to be asked that came up meanwhile."""
        if self._owed(sid, person) is debt:
            debts = self._debts[sid]
            del debts[person]
            if not debts:
                del self._debts[sid]

    # who is here

    def came(self, person: str, first: SID | None = None) -> None:
        """Somebody is here; others are asked what they said elsewhere, one of them first."""
        if self._asking() is None:
            return
        since = self._left.pop(person, self._overlap) - self._overlap
        if not self._node.settings.link:
            return  # there is nobody who could know
        self._here[person] = since
        self.owe(ANY, person, since)
        witnesses = self._witnesses()
        if witnesses:
            self._soon(person, partial(self._look, person, first))
        for sid in witnesses:
            if self._owed(sid, person) is not None:
                self._soon(person, partial(self._look_there, sid, person))

    def leaves(self, person: str, known: int | None = None) -> None:
        """Somebody is not here any more; what they were told since it was `known`, if not now, is not."""
        self._here.pop(person, None)
        until = self._now() if known is None else known
        if (debt := self._owed(ANY, person)) is not None:
            until = min(until, debt.since + self._overlap)
            self._paid(ANY, person, debt)
        for sid in self._away():
            self.lost(person, sid)  # they may have come there meanwhile
        self._left[person] = until
        if len(self._left) > REMEMBERED:
            del self._left[next(iter(self._left))]

    def lost(self, person: str, sid: SID) -> None:
        """A server is away where somebody may go on to talk, who is here."""
        asked = self._asked.pop((person, sid), None)
        if asked is not None or self._owed(sid, person) is None:
            self.owe(sid, person, asked or 0)

    def spoke_at(self, person: str, sid: SID) -> None:
        """Somebody who is here may have talked at another server as well; see ``model/past.py``."""
        if self._asking() is not None:
            self.lost(person, sid)
            if sid in self._witnesses():
                self._soon(person, partial(self._look_there, sid, person))

    def arrived(self, sid: SID) -> None:
        """A server has come, and knows who is here: it is asked of some at a time, who may be many."""
        if sid not in self._known and sid in self._witnesses():
            self._known.add(sid)
            for person, since in self._here.items():
                if (person, sid) not in self._asked and self._owed(ANY, person) is None:
                    self.owe(sid, person, since)
        there = [(person, partial(self._look_there, sid, person)) for person in self._debts.get(sid, ())]
        anywhere = [(person, partial(self._look, person, sid)) for person in self._debts.get(ANY, ())]
        asks = iter([*there, *anywhere])
        for _ in range(min(ABREAST, len(there) + len(anywhere))):
            self._node.clock.later(0.0, lambda: self._node.run(self._each(asks)))

    # asking

    def _soon(self, person: str, ask: Ask) -> None:
        """Ask in the next turn, for who is asked has to have heard who is here."""
        look = self._opened(person)
        self._node.clock.later(0.0, lambda: self._node.run(self._answer(person, look, ask)))

    def _in_turn(self, person: str, sid: SID) -> None:
        """Ask a server, when it has answered of those who came before."""
        turns = self._turns.get(sid)
        if turns is None:
            turns = self._turns[sid] = {}
            self._node.clock.later(0.0, lambda: self._node.run(self._take_turns(sid)))
        if person not in turns:
            turns[person] = self._opened(person)

    async def _take_turns(self, sid: SID) -> None:
        turns = self._turns[sid]
        try:
            while turns:
                person = next(iter(turns))
                await self._answer(person, turns.pop(person), partial(self._look_there, sid, person))
        finally:
            del self._turns[sid]

    async def _each(self, asks: Iterator[tuple[str, Ask]]) -> None:
        for person, ask in asks:
            await self._answer(person, self._opened(person), ask)

    def _opened(self, person: str) -> Look:
        look = self._looks.setdefault(person, Look())
        look.open += 1
        return look

    async def _answer(self, person: str, look: Look, ask: Ask) -> None:
        try:
            await ask()
        finally:
            look.open -= 1
            if not look.open:
                del self._looks[person]
                look.over.keep(None)

    async def looked(self, person: str, seconds: float) -> None:
        """Wait until others have answered of somebody, if any were asked; see ``model/past.py``."""
        if (look := self._looks.get(person)) is not None:
            await look.over.within(seconds, self._node.clock.later)

    async def _look(self, person: str, first: SID | None) -> None:
        """Somebody is here who may have talked elsewhere: something of each such talk is missing.

        Of channels, who was in them when was heard there.
        """
        asking, debt = self._asking(), self._owed(ANY, person)
        if asking is None or debt is None:
            return
        witnesses = sorted(self._witnesses(), key=lambda sid: sid != first)
        sids, others = witnesses[:FIRST], witnesses[FIRST:]
        for sid in (*others, *self._away()):
            self.owe(sid, person, debt.since)
        for sid in others:
            self._in_turn(person, sid)
        silent = []
        for sid in sids:
            now = self._now() - self._overlap
            for stay in await asking.ask_stays(sid, person, STAYS):
                channel = self._node.network.channel(stay.channel)
                place = None if channel is None else self._recorder.place(channel)
                if place is not None and place.ts == stay.ts:
                    self._recorder.put([Stayed(place, person, stay.since, stay.until)])
            if not await self._ask(sid, person, debt.since):
                silent.append(sid)
            elif self._owed(sid, person) is None:
                self._note(person, sid, now)
        if len(silent) < len(sids):
            self._paid(ANY, person, debt)
        for sid in silent:
            self.owe(sid, person, debt.since)
            self._again(sid, person, 0)

    async def _look_there(self, sid: SID, person: str, tries: int = 0) -> None:
        debt, now = self._owed(sid, person), self._now() - self._overlap
        if debt is None:
            return
        if not await self._ask(sid, person, debt.since):
            self._again(sid, person, tries)
            return
        self._paid(sid, person, debt)
        self._note(person, sid, now)

    def _note(self, person: str, sid: SID, until: int) -> None:
        """A server has told with whom somebody talked until then."""
        self._asked.pop((person, sid), None)
        self._asked[person, sid] = until
        if len(self._asked) > REMEMBERED:
            del self._asked[next(iter(self._asked))]

    def _again(self, sid: SID, person: str, tries: int) -> None:
        """Ask who did not answer once more; who is away is asked when it is back."""
        if tries < TRIES and sid in self._witnesses():
            seconds = self._node.settings.links.backfill_timeout * 2**tries
            self._node.clock.later(seconds, lambda: self._node.run(self._look_there(sid, person, tries + 1)))

    async def _ask(self, sid: SID, person: str, since: int) -> bool:
        """Whether a server has answered with whom somebody talked."""
        if not self._node.settings.history.direct:
            return True  # no talk is stored here, also none that was told elsewhere
        asking = self._asking()
        if asking is None or sid not in asking.witnesses(None):
            return False
        talks = await asking.ask_talks(sid, person, since, TALKS)
        if talks is None:
            return False
        for place, at in talks.known:
            self._found(place, since, at, sid)
        if talks.later:
            self._node.clock.later(LATER, partial(self._anew, sid, person, since))
        return True

    def _anew(self, sid: SID, person: str, since: int) -> None:
        """Ask again who could not tell all, if somebody is here still who wants to know."""
        if person in self._here:
            self.owe(sid, person, since)
            self._soon(person, partial(self._look_there, sid, person))
