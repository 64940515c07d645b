"""People with sessions on several servers: what the host knows of each seat, and a seat of whom it has."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from chatnet.model.entities import Oper, User
from chatnet.model.server import Server
from chatnet.session.session import Session


class Voice(Protocol):
    """A session, or a seat: whether it is away, and with what words."""

    @property
    def away(self) -> tuple[int, str] | None:
        """Those, and a number: who said so last has the greatest."""


class Seat:
    """One server that has sessions of somebody; all of them come by TLS if it is `secure`.

    What they did lately is counted by `rates`, and `doing` are the commands that are being carried out.  The
    first of them may have missed what was said since somebody had last `heard` it.  An operator reads those
    server notices there that it was told of, the `snomask`.
    """

    __slots__ = ("away", "doing", "heard", "rates", "secure", "server", "snomask")

    def __init__(self, server: Server, *, secure: bool, away: tuple[int, str] | None = None) -> None:
        self.server = server
        self.secure = secure
        self.away = away
        self.rates: dict[str, deque[float]] = {}
        self.doing = 0
        self.heard: tuple[int, str] | None = None
        self.snomask = ""


class Seats:
    """Those of each user of this server who has some."""

    def __init__(self) -> None:
        self._seats: Final[dict[User, dict[Server, Seat]]] = {}
        self.opers: Final[dict[User, Oper]] = {}
        """Who has shown the password of an operator on a server of these, and by what they are one here."""
        self.spoke: Final[dict[User, float]] = {}
        """When they said something there, as far as it was heard here; in monotonic seconds."""

    def __iter__(self) -> Iterator[User]:
        return iter(self._seats)

    def __contains__(self, user: User) -> bool:
        return user in self._seats

    def __len__(self) -> int:
        return len(self._seats)

    def of(self, user: User) -> Iterable[Seat]:
        """All of a user."""
        seats = self._seats.get(user)
        return () if seats is None else seats.values()

    def at(self, user: User, server: Server) -> Seat | None:
        """The one on `server`."""
        return self._seats.get(user, {}).get(server)

    def put(self, user: User, seat: Seat) -> None:
        """One more, or what it is now."""
        self._seats.setdefault(user, {})[seat.server] = seat

    def drop(self, user: User, server: Server) -> None:
        """One less."""
        seats = self._seats.get(user)
        if seats is not None and seats.pop(server, None) is not None and not seats:
            self.forget(user)

    def forget(self, user: User) -> None:
        """None of them any more."""
        self._seats.pop(user, None)
        self.opers.pop(user, None)
        self.spoke.pop(user, None)


class Sitter:
    """Somebody of another server who has sessions here, and what that server was told of these.

    All of them come by TLS if it is `secure`; together they have `said` that they are away, and why.  Clients
    have been `shown` so, but for the one that has just `asked` and was answered.
    """

    __slots__ = ("asked", "said", "secure", "shown", "user")

    def __init__(self, user: User, *, secure: bool) -> None:
        self.user = user
        self.secure = secure
        self.said = user.away
        self.shown = user.away is not None
        self.asked: Session | None = None
