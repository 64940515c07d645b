"""Looks new addresses up in block lists: a few at a time, for a while, and what was answered is remembered.

Nobody is held for longer than ``block_lists.timeout``; a question that fails, or that there is no room for,
lets people in.  A list that keeps silent is left alone for a while, so that it holds nobody any more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any, Final, NamedTuple

from chatnet.node import Node, Timer
from chatnet.rules.blocklists import Listing, counting, name_of, of_lists
from chatnet.settings import BlockListsSettings, DNSBLSettings, Settings, at_hand
from chatnet.wire.networks import address_in, networks_of

FAILURES: Final = 5
"""Questions that fail one after the other, after which a list is left alone."""
REST: Final = 60.0
"""Seconds for which it is."""
SHORTEST: Final = 10.0
"""Seconds for which an answer is remembered at least, whatever the list says: a wave comes within these."""

Told = Callable[[tuple[Listing, ...]], object]


class Replies(NamedTuple):
    """The addresses that a name has, perhaps none, and for how many seconds that is so."""

    addresses: tuple[str, ...]
    ttl: float


Ask = Callable[[str, float], Coroutine[Any, Any, Replies | None]]
"""``(name, seconds)``: the addresses of a name; None if nobody answers in time, or in no way that counts."""


class _Looking:
    """One connection: which lists it waits for, and what those said that have answered."""

    __slots__ = ("found", "timer", "told", "waits")

    def __init__(self, told: Told) -> None:
        self.told: Told | None = told
        self.found: list[Listing] = []
        self.waits = 0
        self.timer: Timer | None = None

    def end(self) -> None:
        """Tell what is known, once."""
        told, self.told = self.told, None
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if told is not None:
            told(tuple(self.found))


class _Question:
    """One address in one list, and who waits for the answer."""

    __slots__ = ("address", "looking")

    def __init__(self, address: str) -> None:
        self.address = address
        self.looking: list[_Looking] = []

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for it any more."""
        return all(each.told is None for each in self.looking)


class BlockList:
    """One list: what is asked of it, what waits, and what it has said.  Several `blocks` may judge that.

    How often it was `asked`, had addresses `listed`, and `failed`, is counted for operators.
    """

    def __init__(self, lists: BlockLists, zone: str) -> None:
        self._lists = lists
        self.zone = zone
        self.blocks: list[DNSBLSettings] = []
        self.asked = self.listed = self.failed = 0
        self._open: dict[str, _Question] = {}  # by address: it waits, or is on its way
        self._waiting: deque[_Question] = deque()
        self._under_way = 0
        self._failures = 0  # one after the other
        self._rests_until = -inf
        self._known: dict[str, tuple[float, tuple[str, ...]]] = {}

    @property
    def resting(self) -> bool:
        """Whether it is left alone, since it did not answer."""
        return self._lists.now() < self._rests_until

    def look_up(self, address: str, looking: _Looking) -> None:
        """Add to `looking` what the list says of an address, now or later; or nothing."""
        known = self._known.get(address)
        if known is not None and self._lists.now() < known[0]:
            self._tell(looking, known[1])
            return
        question = self._open.get(address)
        if question is None:
            if self.resting or not self._has_room():
                return
            question = self._open[address] = _Question(address)
            self._waiting.append(question)
        question.looking.append(looking)
        looking.waits += 1

    def go_on(self) -> None:
        """Ask as much as may be on its way."""
        while self._under_way < self._lists.settings.at_once and self._waiting:
            question = self._waiting.popleft()
            if question.is_idle:
                del self._open[question.address]
                continue
            self._under_way += 1
            self.asked += 1
            self._lists.node.run(self._ask(question))

    def _has_room(self) -> bool:
        most = self._lists.settings.waiting
        while len(self._waiting) >= most and self._waiting and self._waiting[0].is_idle:
            del self._open[self._waiting.popleft().address]
        return len(self._waiting) < most or self._under_way < self._lists.settings.at_once

    async def _ask(self, question: _Question) -> None:
        name = name_of(question.address, self.zone)
        replies = None
        try:
            if name is not None:
                answer = await self._lists.ask(name, self._lists.settings.timeout)
                replies = None if answer is None else Replies(of_lists(answer.addresses), answer.ttl)
        finally:
            self._under_way -= 1
            self._open.pop(question.address, None)
            self._answered(question, replies)
            self.go_on()

    def _answered(self, question: _Question, replies: Replies | None) -> None:
        if replies is None:
            self._fail()
        else:
            self._failures = 0
            self._remember(question.address, replies)
            self.listed += any(counting(block, replies.addresses) for block in self.blocks)
        self._release(question, () if replies is None else replies.addresses)

    def _release(self, question: _Question, replies: tuple[str, ...]) -> None:
        looking, question.looking = question.looking, []
        for each in looking:
            self._tell(each, replies)
            each.waits -= 1
            if not each.waits:
                each.end()

    def _tell(self, looking: _Looking, replies: tuple[str, ...]) -> None:
        for block in self.blocks:
            if (reply := counting(block, replies)) is not None:
                looking.found.append(Listing(block, reply))

    def _fail(self) -> None:
        self.failed += 1
        self._failures += 1
        if self._failures < FAILURES or self.resting:
            return
        self._rests_until = self._lists.now() + REST
        text = f"The block list {self.zone} does not answer: it is not asked for {REST:.0f} s"
        self._lists.node.log.warn(text)
        self._lists.node.notice("g", text)
        waiting, self._waiting = self._waiting, deque()
        for question in waiting:
            del self._open[question.address]
            self._release(question, ())

    def _remember(self, address: str, replies: Replies) -> None:
        settings = self._lists.settings
        seconds = settings.cache_clean
        if replies.addresses:
            seconds = min(settings.cache_listed, max(replies.ttl, SHORTEST))
        self._known.pop(address, None)
        if seconds and settings.cache:
            self._known[address] = self._lists.now() + seconds, replies.addresses
        while len(self._known) > settings.cache:
            del self._known[next(iter(self._known))]


class BlockLists:
    """The lists of ``[[dnsbl]]``; `ask` asks for the addresses of a name."""

    def __init__(self, node: Node, ask: Ask) -> None:
        self.node = node
        self.ask = ask
        self.now = node.clock.monotonic
        self.lists: tuple[BlockList, ...] = ()
        self.use(node.settings)

    def use(self, settings: Settings) -> None:
        """Ask the lists of these settings; what one of them has said is known still."""
        self.settings: BlockListsSettings = at_hand(settings.block_lists)
        before, lists = {each.zone: each for each in self.lists}, dict[str, BlockList]()
        for zone in {block.zone: None for block in settings.dnsbl}:
            lists[zone] = before.get(zone) or BlockList(self, zone)
            lists[zone].blocks = [block for block in settings.dnsbl if block.zone == zone]
        self.lists = tuple(lists.values())
        self._exempt = networks_of(self.settings.exempt)

    def look_up(self, address: str, told: Told) -> None:
        """Have `told` called once with the lists that an address is in: now if that is known, or in time."""
        if name_of(address, "") is None or address_in(address, self._exempt):
            told(())
            return
        looking = _Looking(told)
        for each in self.lists:
            each.look_up(address, looking)
        if not looking.waits:
            looking.end()
            return
        looking.timer = self.node.clock.later(self.settings.timeout, looking.end)
        for each in self.lists:
            each.go_on()
