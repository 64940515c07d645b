"""How far people have read: read marks.  https://ircv3.net/specs/extensions/read-marker

They are kept for accounts, in the store, and for guests as long as these are connected.  Of accounts that
somebody of this server is logged in to they are in memory once somebody has asked for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from chatnet.model.entities import User
from chatnet.model.facts import (
    AccountChanged,
    ChannelRenamed,
    Fact,
    Hearer,
    MarkMoved,
    UserIntroduced,
    UserQuit,
)
from chatnet.model.places import BY_NAME, Places
from chatnet.node import Node, Timer
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import Entry, Marked

ACCOUNT: Final = "@"
"""What the spot of a talk with an account begins with."""


class Marks:
    """The marks of people, an observer that hears before those who tell people.

    `put` has something be stored, in order with all else; `flush` hands all that to the store, which then has
    it in its answers.
    """

    def __init__(
        self,
        node: Node,
        store: MessageStore,
        places: Places,
        put: Callable[[Iterable[Entry]], None],
        flush: Callable[[], None],
    ) -> None:
        self._node = node
        self._store = store
        self._places = places
        self._put = put
        self._flush = flush
        self._here: dict[str, dict[User, None]] = {}
        """Who is logged in to an account, of this server."""
        self._keys: dict[User, str] = {}
        """The same the other way round."""
        self._marks: dict[str, dict[str, int]] = {}
        """Of accounts, and of guests by their UIDs: by spot, in milliseconds."""
        self._unwritten: dict[tuple[str, str], int] = {}
        self._timer: Timer | None = None
        self.news: MarkMoved | None = None
        """The mark that moved last, and was not there already."""
        self.hears: Mapping[type[Fact], Hearer] = {
            MarkMoved: self._mark_moved,
            UserIntroduced: self._user_introduced,
            UserQuit: self._user_quit,
            AccountChanged: self._account_changed,
            ChannelRenamed: self._channel_renamed,
        }

    # whose they are, and of what

    def people(self, person: str) -> Sequence[User]:
        """Those of this server who are logged in to the account of this key."""
        return tuple(self._here.get(person, ()))

    def spot(self, name: str) -> str:
        """The spot that a name means: ``#channel`` (folded), ``@`` and an account key, or a folded nick.

        A nick means the account of who has it, or else the account that owns it.
        """
        network = self._node.network
        folded = network.fold(name)
        if name[:1] == "#":
            return folded
        user = network.user(name)
        key = None if user is None else self._places.person(user)
        if user is None and self._places.by_name:
            key = BY_NAME + folded
        elif user is None and (account := network.registry.named(name)) is not None:
            key = account.id
        return folded if key is None else ACCOUNT + key

    def names(self, spot: str) -> Sequence[str]:
        """What a spot is called: a talk by each nick under which the account is here, or by its name."""
        network = self._node.network
        if spot[0] == "#":
            channel = network.channel(spot)
            return (spot if channel is None else channel.name,)
        if spot[0] != ACCOUNT:
            user = network.user(spot)
            return (spot if user is None else user.nick,)
        key = spot[1:]
        users = list(self._here.get(key) or network.logged_in.get(key) or ())
        if not users and self._places.by_name:
            users = [user for user in network.users.values() if self._places.person(user) == key]
        if users:
            return [user.nick for user in users]
        account = network.registry.account(key)
        return (key.removeprefix(BY_NAME) if account is None else account.shown,)

    # what they are

    def knows(self, user: User) -> bool:
        """Whether the marks of somebody are in memory."""
        key = self._places.person(user)
        return key is None or key in self._marks

    async def fetch(self, user: User) -> None:
        """Have them there.  Raises StoreError."""
        while not self.knows(user) and user in self._keys:  # they may go, or log in to another, meanwhile
            person = self._keys[user]
            self._flush()
            found = dict(await self._store.marks(person))
            if person not in self._here or person in self._marks:
                continue
            for (key, spot), at in self._unwritten.items():
                if key == person:
                    found[spot] = max(at, found.get(spot, 0))
            self._marks[person] = found

    def of(self, user: User, spot: str) -> int:
        """How far somebody has read there, of whom that is known; 0: it is not known how far."""
        return self._marks.get(self._places.person(user) or user.uid, {}).get(spot, 0)

    def moves(self, person: str, spot: str, at: int) -> bool:
        """Whether it is not known that somebody has read as far; of who is not here, for a moment only."""
        return at > max(self._marks.get(person, {}).get(spot, 0), self._unwritten.get((person, spot), 0))

    def move(self, user: User, spot: str, at: int, origin: object) -> None:
        """Somebody of whom they are known has read as far as `at`.

        Later than now is now, and one that is not later than what is known changes nothing.
        """
        now = self._node.clock.time()
        at = min(at, int(now * 1000))
        if at <= self.of(user, spot):
            return
        key = self._places.person(user)
        if key is None:  # nobody else has to know
            self._note(self._marks.setdefault(user.uid, {}), spot, at)
        else:
            self._node.commit(MarkMoved(key, spot, at, now), origin)

    def _mark_moved(self, fact: MarkMoved, origin: object) -> None:
        if (marks := self._marks.get(fact.person)) is not None:
            if fact.until <= marks.get(fact.spot, 0):
                return
            self._note(marks, fact.spot, fact.until)
        self.news = fact
        self._write_later(fact.person, fact.spot, fact.until)

    def _note(self, marks: dict[str, int], spot: str, at: int) -> None:
        marks[spot] = max(at, marks.get(spot, 0))
        if len(marks) > self._node.settings.history.marks:
            del marks[min(marks, key=marks.__getitem__)]

    # what is stored

    def _write_later(self, person: str, spot: str, at: int) -> None:
        self._unwritten[person, spot] = max(at, self._unwritten.get((person, spot), 0))
        if self._timer is None:
            wait = self._node.settings.history.mark_interval
            self._timer = self._node.clock.later(wait, self.write)

    def write(self) -> None:
        """Have all be stored that moved; at the latest when the server ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        moved, self._unwritten = self._unwritten, {}
        most = self._node.settings.history.marks
        self._put([Marked(person, spot, at, most) for (person, spot), at in moved.items()])

    # who is here

    def _user_introduced(self, fact: UserIntroduced, origin: object) -> None:
        self._came(fact.user)

    def _user_quit(self, fact: UserQuit, origin: object) -> None:
        self._went(fact.user)
        self._marks.pop(fact.user.uid, None)

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        user = fact.user
        self._went(user)
        self._came(user)
        if user in self._keys:
            # What they have read as a guest they have read.
            for spot, at in self._marks.pop(user.uid, {}).items():
                self._node.commit(MarkMoved(self._keys[user], spot, at, fact.at))

    def _came(self, user: User) -> None:
        key = self._places.person(user)
        if key is not None and user.server is self._node.network.me:
            self._keys[user] = key
            self._here.setdefault(key, {})[user] = None

    def _went(self, user: User) -> None:
        key = self._keys.pop(user, None)
        if key is None:
            return
        users = self._here[key]
        del users[user]
        if not users:
            del self._here[key]
            self._marks.pop(key, None)

    # channels

    def _channel_renamed(self, fact: ChannelRenamed, origin: object) -> None:
        """The marks go with the channel; those in the store by what the recorder tells it."""
        before, now = self._node.network.fold(fact.old), fact.folded
        if before == now:
            return
        for marks in self._marks.values():
            if before in marks:
                at = marks.pop(before)
                marks[now] = max(at, marks.get(now, 0))
        self.write()  # under the old name, before it is another one's
