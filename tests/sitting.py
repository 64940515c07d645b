"""People with sessions on several servers, as tests have them: ann, whose user is on a, and her telephone."""

from __future__ import annotations

from typing import Any

from club import PASSWORD, said
from clubs import Clubs
from conversation import Client

from chatnet.model.entities import User
from chatnet.model.server import Server

ME = ":ann!~ann@192.0.2.1"


class Houses(Clubs):
    """Houses in a row, all linked; ann and bob have accounts, and bob is in #c, on the last of them."""

    def __init__(self, *names: str, **given: Any) -> None:
        super().__init__(*(names or ("a", "b", "c")), **given)
        first, *_, last = self.houses
        for name in ("ann", "bob"):
            self[first].account(name)
        for one, other in zip(list(self.houses), list(self.houses)[1:], strict=False):
            self.link(one, other)
            self.settle()
        self.advance(2.0)
        self.bob = self.come(last, "bob")
        self.say(self.bob, "JOIN #c")

    def begin(self, house: str, nick: str = "ann", account: str = "", caps: str = "", **peer: Any) -> Client:
        """A connection that has logged in and asks for a nick; nothing is delivered since."""
        client = self[house].connect(**peer)
        client >> f"CAP REQ :{f'sasl {caps}'.strip()}"
        client >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', account or nick, PASSWORD)}"
        client.lines()
        client >> f"NICK {nick}" >> f"USER {nick} 0 * :Ann" >> "CAP END"
        return client

    def come(self, house: str, nick: str = "ann", account: str = "", caps: str = "", **peer: Any) -> Client:
        """The same, and all that comes of it; what it read is forgotten."""
        client = self.begin(house, nick, account, caps, **peer)
        self.settle()
        client.lines()
        return client

    def say(self, client: Client, *lines: str) -> None:
        """Let a client say something, and deliver all that comes of it; what it read is kept."""
        for line in lines:
            client >> line
            self.settle()

    def user(self, house: str, nick: str = "ann") -> User | None:
        """Somebody, as a house knows them."""
        return self[house].node.network.user(nick)

    def there(self, house: str, nick: str = "ann") -> User:
        found = self.user(house, nick)
        assert found is not None
        return found

    def server(self, house: str, other: str) -> Server:
        """The server `other`, as a house knows it."""
        return next(s for s in self[house].node.network.servers.values() if s.name == f"{other}.test")

    def seats(self, house: str, nick: str = "ann") -> list[str]:
        """Which servers have a seat of somebody, as a house knows."""
        return sorted(seat.name for seat in self.there(house, nick).seats)

    def agree(self) -> None:
        """All houses know the same of ann: where her user is, and who has seats."""
        known = [self.user(house) for house in self.houses]
        told = [user and (user.uid, user.server.sid, user.away, user.secure) for user in known]
        seats = [user and sorted(seat.sid for seat in user.seats) for user in known]
        assert told == [told[0]] * len(told), told
        assert seats == [seats[0]] * len(seats), seats
        self.check()
