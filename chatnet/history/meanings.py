"""What a name means for somebody who looks back: a channel, or a talk with whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatnet.history.sights import Spot, Talk
from chatnet.model.entities import User
from chatnet.model.network import Network
from chatnet.model.places import BY_NAME, Places
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import LAST, NOTICE, PRIVMSG, Position, Target, View


class Meanings:
    """Finds channels by their names, and talks by the nicks that people have, own or had."""

    def __init__(self, network: Network, places: Places, store: MessageStore) -> None:
        self._network = network
        self._places = places
        self._store = store

    async def of(self, user: User, name: str) -> Spot | None:
        """What `name` means for `user`.

        A nick means who has it now; else the account that owns it or is called so; else the account with
        which they last talked under that nick; else their talk with a guest of that nick.
        """
        network, places = self._network, self._places
        if name[:1] == "#":
            return network.channel(name)
        me, other = places.person(user), network.user(name)
        if other is not None:
            if other.server.virtual:
                return None
            place = places.between(user, other)
            return other if me is None or place is None else Talk(place, other.nick, other)
        if me is None:
            return None
        account = network.registry.named(name)
        if account is not None:
            present = next(iter(network.logged_in.get(account.id, ())), None)
            place = places.talk(me, user.folded, account.id, network.fold(name))
            if place is not None:
                return Talk(place, name if present is None else present.nick, present)
        folded = network.fold(name)
        targets = [target for target in await self._store.targets(me) if self._is_meant(target, me, folded)]
        accounts = [target for target in targets if target.place.kind == "d"]
        if len(accounts) > 1:
            accounts = await self._last(accounts)
        if not targets:
            return None
        talk = self._talk(me, (accounts or targets)[-1], self._here())
        return talk if talk.other is not None else talk._replace(name=name)

    async def talks(self, user: User) -> list[Talk]:
        """The talks of the account of `user`, if they are logged in."""
        me = self._places.person(user)
        if me is None:
            return []
        targets = await self._store.targets(me)
        here = self._here()
        return [self._talk(me, target, here) for target in targets]

    async def _last(self, targets: Sequence[Target]) -> list[Target]:
        """The same, the one where something was said last behind all others."""
        views = [View(target.place, closed=None) for target in targets]
        times = dict(await self._store.latest(views, (PRIVMSG, NOTICE), -1, LAST, len(views), True))
        return sorted(targets, key=lambda target: times.get(target.place, Position(-1, "")))

    def _is_meant(self, target: Target, me: str, folded: str) -> bool:
        """Whether the other one talked under that nick last, or the account is called so."""
        other = _other(target, me)
        return other == BY_NAME + folded or self._network.fold(_called(target, other)) == folded

    def _here(self) -> Callable[[str], User | None]:
        """Finds a user who is logged in to the account of a key."""
        logged_in = self._network.logged_in
        if not self._places.by_name:
            return lambda key: next(iter(logged_in.get(key, ())), None)
        users = self._network.users.values()
        return {key: user for user in users if (key := self._places.person(user)) is not None}.get

    def _talk(self, me: str, target: Target, here: Callable[[str], User | None]) -> Talk:
        place, other = target.place, _other(target, me)
        if place.kind == "g":
            return Talk(place, target.shown, None)
        user = here(other)
        if user is not None:
            return Talk(place, user.nick, user)
        account = self._network.registry.account(other)
        return Talk(place, _called(target, other) if account is None else account.shown, None)


def _other(target: Target, me: str) -> str:
    """The key of the other account of a talk; of one with a guest it is of no use."""
    place = target.place
    return place.other if place.name == me else place.name


def _called(target: Target, other: str) -> str:
    """What the other one of a talk was called last."""
    if target.place.kind == "g":
        return target.shown
    nicks = target.shown.split(" ")
    if len(nicks) == 2:
        return nicks[0] if target.place.name == other else nicks[1]
    return other.removeprefix(BY_NAME)
