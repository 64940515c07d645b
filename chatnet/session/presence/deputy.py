"""A session without a connection, for one command of a session at a seat: its answers travel to there."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from chatnet.links.exchange.queries import PLACES
from chatnet.links.exchange.seats import Seats
from chatnet.model.entities import User
from chatnet.session.outlet import Outlet, Turn
from chatnet.session.peer import Peer
from chatnet.session.seats import Seat
from chatnet.session.session import Home, Session
from chatnet.settings import ConnectionClassSettings
from chatnet.wire import numerics
from chatnet.wire.capabilities import MULTI_PREFIX, SERVER_TIME
from chatnet.wire.message import split

DONE_HERE: Final = frozenset({"ACCEPT", "MODE", "NICK", "PERSISTENCE", "SETNAME"})
"""What only the server of a user carries out, wherever their sessions are; of MODE only that of oneself."""
ANSWERED_HERE: Final = frozenset({*PLACES, "PING"})
"""What a server answers whom it names."""
MOST: Final = 16
"""Commands of one seat of one user that are carried out at the same time."""
# Whoever gives them pays for that where they are; what one may do so often is counted for the seat.
_CLASS = ConnectionClassSettings(name="seat", sendq=65536)


class Deputy(Session):
    """Gives a command in the place of a session at `seat`; `number` is that of its question."""

    __slots__ = ("_number", "_seat", "_seats")

    def __init__(self, home: Home, seats: Seats, seat: Seat, number: int, user: User) -> None:
        nowhere = Outlet(Turn(lambda: None))
        super().__init__(home, nowhere, Peer(user.address), user, _CLASS, home.monotonic())
        self.registered = True
        self.rates = seat.rates
        # Who wants the time gets each reply by itself.
        self.caps = SERVER_TIME | MULTI_PREFIX
        self._seats = seats
        self._seat = seat
        self._number = number

    def carry_out(self, line: str, allowed: Collection[str]) -> None:
        """Do what `line` says, if that is `allowed`; the end of the answer is told in any case."""
        parts = split(line)
        row = None if parts is None else self.sessions.rows.get(parts[2])
        self._seat.doing += 1
        if parts is None or row is None or row.verb not in allowed:
            self.numeric(numerics.ERR_UNKNOWNCOMMAND, "*" if row is None else row.verb)
        elif row.verb == "MODE" and parts[3][:1] and parts[3][0][:1] == "#":
            self.numeric(numerics.ERR_USERSDONTMATCH)
        elif len(parts[3]) < row.min_params:
            self.numeric(numerics.ERR_NEEDMOREPARAMS, row.verb)
        elif self._seat.doing > MOST:
            self.numeric(numerics.RPL_TRYAGAIN, row.verb)
        else:
            row.count += 1
            self.execute(row, parts[3], {})
        if not self.held:
            self.go_on()

    def send(self, body: bytes) -> None:
        self._seats.reply(self._seat.server, self._number, body.decode("utf-8", "surrogateescape"))

    def go_on(self) -> None:
        self._seat.doing -= 1
        self._seats.reply(self._seat.server, self._number, None)

    def close(self, reason: str) -> None:
        """It has no connection; the sessions that there are end elsewhere."""
        self.closed = True
