"""What people report: kept by the server of the reporter, with messages that they may read.

All of it is in memory, and in the store as JSON, where there is one.  See docs/decisions/0027.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Mapping
from itertools import takewhile
from typing import Final, NamedTuple

from chatnet.model.entities import User
from chatnet.model.facts import (
    AccountChanged,
    Fact,
    Hearer,
    PastErased,
    RecordsTaken,
    UserIntroduced,
)
from chatnet.model.ids import UID
from chatnet.node import Node
from chatnet.records.grammar import ACCOUNT, ERASED, STATUS
from chatnet.rules.allowances import Told
from chatnet.storage.interfaces import Store, StoreError
from chatnet.storage.promise import Promise
from chatnet.wire.server_time import DAY

GONE: Final = "(erased)"
"""In the place of what its author has erased."""
OWNERS: Final = 10_000
"""Reporters whose latest reports are counted."""
GIVEN: Final = ""
"""What the store has in the place of a report that is gone, of the last number: no other one is to get it."""


class Line(NamedTuple):
    """A message of a report: when it was said (Unix milliseconds), by whom, and of which account."""

    at: int
    nick: str
    person: str | None
    text: str


class Report(NamedTuple):
    """Who reports whom or what, and why.

    `person` and `about_person` are keys of accounts, None of guests.  A `channel` is as old as `ts`; without
    one the lines are of the talk of the two.  `word` is what whoever closed it said, None as long as it is
    open; `told`: its reporter has read that.
    """

    id: str
    at: float
    by: str
    person: str | None
    about: str
    about_person: str | None
    channel: str
    reason: str
    lines: tuple[Line, ...] = ()
    ts: int = 0
    word: str | None = None
    closed_by: str = ""
    told: bool = False

    @property
    def text(self) -> str:
        """As the store has it."""
        return json.dumps(self._asdict())

    @classmethod
    def read(cls, text: str) -> Report:
        """What the store has; ValueError if that is none."""
        try:
            given = json.loads(text)
            found = cls(**given)
            return found._replace(lines=tuple(Line(*each) for each in found.lines))
        except (TypeError, RecursionError):
            raise ValueError("it is no report") from None


class Reports:
    """Those of this server; an observer of erasures, and of reporters who come back."""

    def __init__(self, node: Node, store: Store | None) -> None:
        self._node = node
        self._store = store
        self._loaded: Promise[bool] | None = None
        self._at_hand = store is None
        """Whether all that are stored are known."""
        self._known: dict[str, Report] = {}
        """By their ids, the oldest first."""
        self._owners: dict[str, str] = {}
        """Whom those of this run are counted for."""
        self._uids: dict[str, UID] = {}
        """Who reported, in this run."""
        self._recent: dict[str, deque[float]] = {}
        self.told: Told | None = None
        """Hears who reports; all processes of a server count together."""
        self._waiting: dict[str, set[str]] = {}
        """Accounts that have yet to be told what became of their reports, and the ids of those."""
        self._last = 0
        self._given = ""
        """The id of which the store has that it is GIVEN."""
        self._failed = False
        self.hears: Mapping[type[Fact], Hearer] = {
            PastErased: self._erased,
            RecordsTaken: self._records_taken,
            AccountChanged: self._came,
            UserIntroduced: self._came,
        }

    # what is kept

    async def load(self) -> None:
        """Have what is stored be at hand; it is read when the first one asks."""
        if self._store is None:
            return
        if self._loaded is not None:
            await self._loaded
            return
        self._loaded = Promise()
        try:
            for key, text in await self._store.reports():
                number = key.rpartition("-")[2]
                if text == GIVEN:
                    self._given = key
                else:
                    try:
                        self._remember(Report.read(text))
                    except ValueError as error:
                        self._node.log.warn(f"The report {key} cannot be read: {error}")
                self._last = max(self._last, int(number) if number.isdigit() else 0)
        except StoreError as error:
            self._node.log.warn(f"Reports cannot be read: {error}")
            loaded, self._loaded = self._loaded, None  # another time
            loaded.keep(False)
        else:
            self._known = dict(sorted(self._known.items(), key=lambda each: each[1].at))
            self._at_hand = True
            self._loaded.keep(True)

    def too_many(self, owners: tuple[str, ...]) -> int:
        """Seconds until who is counted as these may report again; 0: now, and it is counted."""
        settings, now = self._node.settings.reports, self._node.clock.monotonic()
        for owner in owners:
            recent = self._recent.get(owner)
            if recent and len(recent) >= settings.rate and recent[0] > now - settings.period:
                return max(1, round(recent[0] + settings.period - now))
        for owner in owners:
            self.hear(owner, 1)
            if self.told is not None:
                self.told(owner, 1)
        return 0

    def hear(self, key: str, step: float) -> None:
        """Who is counted so reports something: here, or in another process of this server."""
        now, most = self._node.clock.monotonic(), self._node.settings.reports.rate
        self._recent[key] = deque((*self._recent.pop(key, ()), now), maxlen=most)
        while len(self._recent) > OWNERS:
            del self._recent[next(iter(self._recent))]

    async def add(self, report: Report, owner: str, uid: UID) -> Report:
        """Keep a report, which gets an id; one too many takes the place of another.

        It is on the disk when that is answered, or cannot be, of which operators read.
        """
        self._tidy()
        if len(self._known) >= self._node.settings.reports.most:
            self._make_room()
        if self._store is not None and self._loaded is None:
            # Which numbers were given cannot be read: this one surely was not.
            self._last = max(self._last, int(self._node.clock.time()))
        self._last += 1
        report = report._replace(id=self._id(self._last))
        self._owners[report.id], self._uids[report.id] = owner, uid
        self._remember(report)
        if self._store is not None:
            await self._written(self._store, report.id, report.text)
        if self._given:
            given, self._given = self._given, ""
            self._write(given, None)
        return report

    def _id(self, number: int) -> str:
        return f"{self._node.network.me.sid}-{number}"

    def _remember(self, report: Report) -> None:
        self._no_more_waiting(report.id)
        self._known[report.id] = report
        if report.person is not None and report.word is not None and not report.told:
            self._waiting.setdefault(report.person, set()).add(report.id)

    def _no_more_waiting(self, key: str) -> None:
        known = self._known.get(key)
        if known is not None and known.person in self._waiting:
            ids = self._waiting[known.person]
            ids.discard(key)
            if not ids:
                del self._waiting[known.person]

    def _make_room(self) -> None:
        """The oldest goes of who has most: whoever reports without end harms themselves.

        What is closed goes before that; and of guests, who may be anybody, before that of accounts.
        """
        closed = [each for each in self._known.values() if each.word is not None]
        among = closed or list(self._known.values())
        counts = Counter(self._owner(each) for each in among)
        self._forget(max(among, key=lambda each: (counts[self._owner(each)], each.person is None)))

    def _owner(self, report: Report) -> str:
        return report.person or self._owners.get(report.id) or report.by

    def _tidy(self) -> None:
        old = self._node.clock.time() - self._node.settings.reports.keep * DAY
        for report in list(takewhile(lambda each: each.at < old, self._known.values())):
            self._forget(report)

    def _keep(self, report: Report) -> None:
        self._remember(report)
        self._write(report.id, report.text)

    def _forget(self, report: Report) -> None:
        self._no_more_waiting(report.id)
        del self._known[report.id]
        self._owners.pop(report.id, None)
        self._uids.pop(report.id, None)
        last = report.id == self._id(self._last)
        if last:
            self._given = report.id
        self._write(report.id, GIVEN if last else None)

    def _write(self, key: str, text: str | None) -> None:
        if self._store is not None:
            self._node.run(self._written(self._store, key, text))

    async def _written(self, store: Store, key: str, text: str | None) -> None:
        try:
            await store.keep_report(key, text)
        except StoreError as error:
            if not self._failed:
                self._node.notice("p", f"Reports are kept in memory only: {error}")
                self._node.log.warn(f"Reports cannot be written: {error}")
            self._failed = True
        else:
            self._failed = False

    def all(self) -> list[Report]:
        """Those that are kept, the newest first."""
        self._tidy()
        return list(reversed(self._known.values()))

    def get(self, key: str) -> Report | None:
        """The one of that id."""
        self._tidy()
        return self._known.get(key.upper())

    def close(self, report: Report, by: str, word: str) -> None:
        """It is seen to; the reporter is told, now or when they are back."""
        self._keep(report._replace(word=word, closed_by=by))
        network = self._node.network
        users = set(network.logged_in.get(report.person or "", ()))
        user = network.users.get(self._uids.get(report.id, UID("")))
        self._tell(self._known[report.id], users | {user} if user is not None else users)

    def _tell(self, report: Report, users: set[User]) -> None:
        if not users and report.person is not None:
            return
        text = f"Your report {report.id} about {report.about} was closed: {report.word}"
        for user in users:
            self._node.say(user, text)
        self._keep(report._replace(told=True))

    # what is heard

    def _came(self, fact: AccountChanged | UserIntroduced, origin: object) -> None:
        person = fact.user.account_id  # a server that comes brings thousands of them
        if person is not None and (not self._at_hand or person in self._waiting):
            self._node.run(self._greet(fact.user, person))

    async def _greet(self, user: User, person: str) -> None:
        await self.load()
        if user.account_id == person:
            waiting = [self._known[key] for key in self._waiting.get(person, ())]
            for report in sorted(waiting, key=lambda each: each.at):
                self._tell(report, {user})

    def _erased(self, fact: PastErased, origin: object) -> None:
        self._node.run(self._erase(fact.person, fact.until))

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        for record in fact.records:
            if record.entity[0] == ACCOUNT and (record.field, record.value) == (STATUS, ERASED):
                self._node.run(self._erase(record.entity, int(self._node.clock.time() * 1000)))

    async def _erase(self, person: str, until: int) -> None:
        """What an account said up to then is gone, and what was said to it alone."""
        await self.load()
        for report in list(self._known.values()):
            mine = person in (report.person, report.about_person)
            alone = mine and not report.channel
            lines = tuple(
                each for each in report.lines if each.at > until or not (alone or each.person == person)
            )
            changed = report._replace(lines=lines)
            if report.person == person and report.at * 1000 <= until:
                changed = changed._replace(by=GONE, person=None, reason=GONE)
            if report.about_person == person and report.at * 1000 <= until:
                changed = changed._replace(about_person=None)
            if changed != report:
                self._keep(changed)
