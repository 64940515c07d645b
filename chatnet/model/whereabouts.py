"""Who is on the network, by where they are: so that a ban finds whom it means without a look at everybody."""

from __future__ import annotations

from collections.abc import Iterable

from chatnet.model.entities import User

_Users = User | dict[User, None]
"""Nearly always it is one."""


class Whereabouts:
    """Users by each of their hosts and their address, in lower case.  Only ``Network.apply`` changes it."""

    __slots__ = ("_users",)

    def __init__(self) -> None:
        self._users: dict[str, _Users] = {}

    def add(self, user: User) -> None:
        """Somebody is there from now on, or is at these hosts now."""
        users = self._users
        for text in _texts(user):
            there = users.setdefault(text, user)
            if there is not user:
                if isinstance(there, User):
                    there = users[text] = {there: None}
                there[user] = None

    def remove(self, gone: Iterable[User]) -> None:
        """They go, or are at their hosts no more: all at once, for a split has thousands of them go."""
        users = self._users
        for user in gone:
            for text in _texts(user):
                there = users[text]
                if isinstance(there, User) or len(there) == 1:
                    del users[text]
                else:
                    del there[user]

    def at(self, text: str) -> list[User]:
        """Who has this address, or this host."""
        return list(_each(self._users.get(text.lower(), ())))

    def beginning(self, begin: str) -> list[User]:
        """Who has an address or a host with this beginning."""
        begin = begin.lower()
        return self._those(text for text in self._having(begin) if text.startswith(begin))

    def having(self, part: str) -> list[User]:
        """Who has an address or a host in which this stands."""
        return self._those(self._having(part.lower()))

    def _having(self, part: str) -> list[str]:
        # One text is looked through a hundred times as fast as many.
        every = "\n".join(self._users)
        found = []
        place = every.find(part)
        while place >= 0:
            end = every.find("\n", place)
            end = len(every) if end < 0 else end
            found.append(every[every.rfind("\n", 0, place) + 1 : end])
            place = every.find(part, end)
        return found

    def _those(self, texts: Iterable[str]) -> list[User]:
        return list(dict.fromkeys(user for text in texts for user in _each(self._users[text])))

    def check(self, users: Iterable[User]) -> None:
        """Raise AssertionError if it is not these who are known here (for tests)."""
        expected = {(text, user) for user in users for text in _texts(user)}
        assert expected == {(text, user) for text, there in self._users.items() for user in _each(there)}


def _texts(user: User) -> set[str]:
    texts = {user.address, user.real_host, user.host, user.cloak or user.host}
    together = "".join(texts)
    if together.lower() != together:  # nearly never: else the very same texts are kept beside
        return {each.lower() for each in texts}
    return texts


def _each(users: _Users | tuple[()]) -> Iterable[User]:
    return (users,) if isinstance(users, User) else users
