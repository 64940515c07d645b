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
    SeatLeft,
    SeatTaken,
    UserIntroduced,
    UserMoved,
    UserQuit,
)
from chatnet.model.places import BY_NAME, OF_DEVICE, Places
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
        self._named: dict[str, tuple[User, ...]] = {}
        """Who is logged in to an account, where nobody has an id."""
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
            UserMoved: self._may_have_left,
            SeatTaken: self._may_have_left,
            SeatLeft: self._may_have_left,
            AccountChanged: self._account_changed,
            ChannelRenamed: self._channel_renamed,
        }

    # whose they are, and of what

    def people(self, person: str) -> Sequence[User]:
        """Who is logged in to the account of this key, and is of this server, or has sessions here."""
        me = self._node.network.me
        return [user for user in self.logged_in(person) if user.is_at(me)]

    def logged_in(self, person: str) -> Sequence[User]:
        """Who is logged in to the account of this key, wherever they are."""
        named = self._named if self._places.by_name else self._node.network.logged_in
        return named.get(person, ())

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
        users = self.people(key) or list(network.logged_in.get(key, ()))
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
        network = self._node.network
        # They may go, or log in to another, meanwhile.
        while not self.knows(user) and network.users.get(user.uid) is user and user.is_at(network.me):
            person = self._places.person(user)
            assert person is not None
            self._flush()
            found = dict(await self._store.marks(person))
            if person in self._marks or not self.people(person):
                continue
            for (key, spot), at in self._unwritten.items():
                if key == person:
                    found[spot] = max(at, found.get(spot, 0))
            self._marks[person] = found

    async def of_devices(self, user: User) -> dict[str, int]:
        """How far the devices of somebody have heard, by their names; they are not kept in memory for it.

        Raises StoreError.
        """
        person = self._places.person(user)
        if person is None:
            return {}
        known = self._marks.get(person)
        if known is None:
            self._flush()
            known = dict(await self._store.marks(person))
            for (key, spot), at in self._unwritten.items():
                if key == person:
                    known[spot] = max(at, known.get(spot, 0))
        return {spot.removeprefix(OF_DEVICE): at for spot, at in known.items() if spot[0] == OF_DEVICE}

    def of(self, user: User, spot: str) -> int:
        """How far somebody has read there, of whom that is known; 0: it is not known how far."""
        return self._marks.get(self._places.person(user) or user.uid, {}).get(spot, 0)

    def known(self, user: User) -> Mapping[str, int]:
        """How far somebody has read in which spots, of whom that is known."""
        marks = self._marks.get(self._places.person(user) or user.uid, {})
        return {spot: at for spot, at in marks.items() if spot[0] != OF_DEVICE}

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
        if self._places.by_name:
            self._name(fact.user)

    def _user_quit(self, fact: UserQuit, origin: object) -> None:
        user, person = fact.user, self._places.person(fact.user)
        self._marks.pop(user.uid, None)
        if person is not None:
            self._went(user, person)

    def _may_have_left(self, fact: UserMoved | SeatTaken | SeatLeft, origin: object) -> None:
        """They are still there, but perhaps without any session here."""
        person = self._places.person(fact.user)
        if person is not None and not self.people(person):
            self._marks.pop(person, None)

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        user, person = fact.user, self._places.person(fact.user)
        before = fact.old_id
        if self._places.by_name and fact.old_account is not None:
            before = self._places.named(fact.old_account)
        if before is not None:
            self._went(user, before)
        if self._places.by_name:
            self._name(user)
        if person is not None and user.is_at(self._node.network.me):
            # What they have read as a guest they have read.
            for spot, at in self._marks.pop(user.uid, {}).items():
                self._node.commit(MarkMoved(person, spot, at, fact.at))

    def _name(self, user: User) -> None:
        person = self._places.person(user)
        if person is not None:
            self._named[person] = (*self._named.get(person, ()), user)

    def _went(self, user: User, person: str) -> None:
        """A user is logged in to that account no more."""
        if person in self._named:
            left = tuple(other for other in self._named[person] if other is not user)
            if left:
                self._named[person] = left
            else:
                del self._named[person]
        if not self.people(person):
            self._marks.pop(person, None)

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
