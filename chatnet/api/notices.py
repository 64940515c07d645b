"""What operators are told of this network: the last of it, for who was not there, and for their page.

There are no messages of people in it.  Addresses are, for those who may see them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, ServerNotice, SettingsChanged
from chatnet.model.modes import PRIVILEGED
from chatnet.node import Node


class Notice(NamedTuple):
    """One of them: its `number` is greater than those of all before it; `letter` is of the snomask.

    `at` is Unix time, `server` who says it; `public` is the text without addresses.
    """

    number: int
    at: float
    letter: str
    server: str
    text: str
    public: str

    def shown(self, user: User) -> str | None:
        """The text as `user` may read it, None: not at all."""
        privilege = PRIVILEGED.get(self.letter)
        if user.oper is None or (privilege is not None and not user.may(privilege)):
            return None
        return self.text if user.may("see-all") else self.public


class Notices:
    """An observer that keeps so many as `most` says; those who `follow` hear each as it comes."""

    def __init__(self, node: Node, most: Callable[[], int]) -> None:
        self._node = node
        self._most = most
        self._kept: deque[Notice] = deque(maxlen=most())
        self._count = 0
        self.followers: list[Callable[[Notice], object]] = []
        self._listen()

    def _listen(self) -> None:
        self._node.keeps_notices = bool(self._most())

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """What operators read, if any of it is kept."""
        found: dict[type[Fact], Hearer] = {SettingsChanged: self._settings_changed}
        if self._most():
            found[ServerNotice] = self._server_notice
        return found

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        if self._kept.maxlen != self._most():
            self._kept = deque(self._kept, maxlen=self._most())
            self._listen()

    def _server_notice(self, fact: ServerNotice, origin: object) -> None:
        self._count += 1
        by = fact.by or self._node.network.me
        public = fact.text if fact.public is None else fact.public
        notice = Notice(self._count, fact.at, fact.letter, by.name, fact.text, public)
        self._kept.append(notice)
        for follower in list(self.followers):
            follower(notice)

    def after(self, number: int) -> Iterator[Notice]:
        """Those that are kept and came after the one of that number, in order."""
        return (notice for notice in self._kept if notice.number > number)
