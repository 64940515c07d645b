"""What hooks tell programs elsewhere: it waits in the store until it was told, or is given up.

    waits      its time comes, 2xx                       gone; an answer with a text is said
    waits      408, 425, 429, 5xx, or no answer          waits 5 seconds, 1, 5, 30 minutes, 2, 6, 14 hours
    waits      410                                       given up, and the hook is closed
    waits      any other answer, or after all that       given up: the maker of the hook reads of it
    10 given up in a row within a day                    the hook is closed

A hook tells one at a time, and some hooks at once.  Of what was told just before a crash a program may hear
twice, with the same id.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, NamedTuple

from chatnet.api.hooks import signing
from chatnet.model.hooks import Hook
from chatnet.node import Node, Timer
from chatnet.services.hooks import Hooking
from chatnet.services.refused import Refused
from chatnet.storage.interfaces import Parcel, Store, StoreError
from chatnet.web.telling import Tell, Told, Untold
from chatnet.wire.server_time import DAY, written_ms

AGAIN: Final = (5, 60, 300, 1800, 7200, 21600, 50400)
"""Seconds until it is tried again, after the first try, the second, and so on."""
LATER: Final = frozenset({408, 425, 429})
"""Answers after which it is tried again, beside those of 500 and more."""
GONE: Final = 410
TOO_MANY: Final = 10
"""Events given up in a row, within a day, after which a hook is closed."""
STORE_AGAIN: Final = 30.0
"""Seconds until the store is asked again that could not be used."""
SHOWN: Final = 50
"""Tries of one hook that are remembered."""
AGENT: Final = "chatnet"


class Try(NamedTuple):
    """One try, as people look at it: when, what of, and what came of it: a status, or 0 and why."""

    at: float
    event: str
    status: int
    why: str
    tries: int


Answered = Callable[[Hook, str, str], Awaitable[None]]
"""Has an answer be said: of a hook, to the event of an id, this text."""


class Deliveries:
    """Queues what is to be told, and tells it; `answered` hears what programs answer with."""

    def __init__(self, node: Node, store: Store, hooking: Hooking, tell: Tell, answered: Answered) -> None:
        self.given_up = self.told = self.lost = 0
        """Counts, since the start."""
        self._node = node
        self._store = store
        self._hooking = hooking
        self._tell = tell
        self._answered = answered
        self._ready: deque[str] = deque()
        self._busy: set[str] = set()  # ready, or being told
        self._more: set[str] = set()  # of these, who got more to tell meanwhile
        self._working = 0
        self._counts: Counter[str] = Counter()  # what waits in the store
        self._timers: dict[str, Timer] = {}
        self._failures: dict[str, list[float]] = {}
        self._tries: dict[str, deque[Try]] = {}
        self._aside: deque[tuple[str, str, str, float]] = deque()  # what the store would not take
        self._putting = False

    @property
    def waiting(self) -> int:
        """How many events wait."""
        return self._counts.total() + len(self._aside)

    def tries(self, hook: Hook) -> Sequence[Try]:
        """The last ones, the newest first, of this server since its start."""
        return list(reversed(self._tries.get(hook.id, ())))

    async def begin(self) -> None:
        """Go on where the process before ended."""
        try:
            for hook, count in await self._store.parcels():
                self._counts[hook] = count
                self._wake(hook)
        except StoreError:
            self._node.clock.later(STORE_AGAIN, lambda: self._node.run(self.begin()))

    # what comes

    def put(self, hook: Hook, kind: str, event: str, data: object) -> None:
        """Have a hook tell an event of a type; its `event` is the id that a program knows it by."""
        now = self._node.clock.time()
        body = json.dumps(
            {"type": kind, "timestamp": written_ms(int(now * 1000)), "data": data},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        if len(body.encode("utf-8", "replace")) > self._node.settings.hooks.event_size:
            self.lost += 1
            return
        self._aside.append((hook.id, event, body, now))
        if not self._putting:
            self._putting = True
            self._node.run(self._put_all())

    async def _put_all(self) -> None:
        """Write down what is to be told; what cannot be is kept in memory, as much as one hook may have."""
        most = self._node.settings.hooks.waiting
        again = False
        try:
            while self._aside:
                hook, event, body, at = self._aside[0]
                lost = await self._store.add_parcel(hook, event, body, at, most)
                self._aside.popleft()
                self._counts[hook] += 1 - lost
                self._count_lost(hook, lost)
                self._wake(hook)
        except StoreError:
            again = True
            while len(self._aside) > most:
                self._count_lost(self._aside.popleft()[0], 1)
        finally:
            self._putting = again
        if again:
            self._node.clock.later(STORE_AGAIN, lambda: self._node.run(self._put_all()))

    def _count_lost(self, hook: str, lost: int) -> None:
        if lost:
            self.lost += lost
            self._node.log.often(f"The hook {hook} has too much to tell: {lost} event(s) lost")

    # what goes

    def _wake(self, hook: str) -> None:
        timer = self._timers.pop(hook, None)
        if timer is not None:
            timer.cancel()
        if hook in self._busy:
            self._more.add(hook)
            return
        self._busy.add(hook)
        self._ready.append(hook)
        self._work()

    def _due(self, hook: str) -> None:
        del self._timers[hook]
        self._wake(hook)

    def _work(self) -> None:
        while self._ready and self._working < self._node.settings.hooks.at_once:
            self._working += 1
            self._node.run(self._one(self._ready.popleft()))

    async def _one(self, hook: str) -> None:
        """Tell one event of a hook, if it is due."""
        wait: float | None = STORE_AGAIN
        try:
            parcel = await self._store.next_parcel(hook)
            if parcel is None:
                wait = None
            elif (early := parcel.due - self._node.clock.time()) > 0:
                wait = early
            else:
                await self._try(hook, parcel)
                wait = 0.0
        except StoreError:
            pass  # another time
        finally:
            self._working -= 1
            self._busy.discard(hook)
            if wait == 0 or hook in self._more:
                self._more.discard(hook)
                self._wake(hook)
            elif wait is not None:
                self._timers[hook] = self._node.clock.later(wait, partial(self._due, hook))
            self._work()

    async def _try(self, entity: str, parcel: Parcel) -> None:
        hook = self._hooking.known.by_id.get(entity)
        if hook is None or not hook.works or not hook.tells or hook.keys is None:
            await self._store.drop_parcels(entity)
            del self._counts[entity]
            self._failures.pop(entity, None)
            self._tries.pop(entity, None)
            return
        now, body = self._node.clock.time(), parcel.body.encode("utf-8", "replace")
        headers = {
            "content-type": "application/json",
            "user-agent": AGENT,
            **signing.headers(hook.keys.at(now), parcel.event, int(now), body),
        }
        told, why, for_good = None, "", False
        try:
            told = await self._tell(hook.url, headers, body)
        except Untold as error:
            why, for_good = str(error), error.barred
        status = 0 if told is None else told.status
        if told is not None:
            why = f"it answered {status}"
        tries = self._tries.setdefault(entity, deque(maxlen=SHOWN))
        tries.append(Try(now, parcel.event, status, "" if 200 <= status < 300 else why, parcel.tries + 1))
        if told is not None and 200 <= status < 300:
            await self._done(hook, parcel, told)
        elif status == GONE:
            await self._drop(hook, parcel)
            self.given_up += 1
            await self._close(hook, "it answered 410, which means that nobody is there any more")
        elif not for_good and (not status or status in LATER or status >= 500) and parcel.tries < len(AGAIN):
            await self._store.delay_parcel(parcel.id, self._node.clock.time() + AGAIN[parcel.tries])
        else:
            await self._drop(hook, parcel)
            await self._give_up(hook, why)

    async def _drop(self, hook: Hook, parcel: Parcel) -> None:
        await self._store.drop_parcel(parcel.id)
        self._counts[hook.id] -= 1

    async def _done(self, hook: Hook, parcel: Parcel, told: Told) -> None:
        self.told += 1
        self._failures.pop(hook.id, None)
        await self._drop(hook, parcel)
        if told.kind == "application/json" and (text := _answer(told.body)):
            await self._answered(hook, parcel.event, text)

    async def _give_up(self, hook: Hook, why: str) -> None:
        self.given_up += 1
        now = self._node.clock.time()
        failures = self._failures.setdefault(hook.id, [])
        failures.append(now)
        if len(failures) == 1:
            self._hooking.say(hook, f"The hook {hook.label} could not be told of an event: {why}")
        if len(failures) >= TOO_MANY and failures[-TOO_MANY] > now - DAY:
            await self._close(hook, f"{TOO_MANY} events in a row could not be told ({why})")

    async def _close(self, hook: Hook, why: str) -> None:
        self._failures.pop(hook.id, None)
        with suppress(Refused):  # the ledger has told it
            await self._hooking.close(hook, why)


def _answer(body: bytes) -> str:
    """The text that a program answers with, if any."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    text = found.get("text") if isinstance(found, dict) else None
    return text if isinstance(text, str) else ""
