"""Houses that store what is said, and ann, who has sessions at several of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from chronicles import Chronicle, Chronicles
from club import PASSWORD, said
from clubs import FullClub
from conversation import Client
from leftovers import store_of_a_test
from mesh import read_away

from chatnet.links.codecs.solanum import OURS, SEATS
from chatnet.model.entities import User
from chatnet.model.ids import SID
from chatnet.model.server import Server
from chatnet.storage.messages.store import open_messages

OFFERED: Final = "chatnet.links.meeting.handshake.OURS"
"""Where the words of CAPAB are."""
WITHOUT: Final = tuple(word for word in OURS if word != SEATS)
"""Those of a server that knows nothing of seats."""
CAPS: Final = "batch message-tags server-time draft/multiline draft/message-redaction draft/chathistory"


class Seating(Chronicles):
    """ann is a person on a, behind which is b, behind which are c and d; all may have sessions of hers."""

    def __init__(self, *houses: str, **given: Any) -> None:
        super().__init__(*(houses or "abcd"), **given)
        for name in ("ann", "bob"):
            self["a"].account(name)
        for one, other in ("ab", "bc", "bd"):
            if other in self.houses:
                self.link(one, other)
                self.settle()
        self.advance(2)
        self.clients: dict[str, list[Client]] = {}
        self.ann = self.sit("a")

    def key(self, account: str) -> str:
        """The key of an account."""
        return self["a"].named(account).id

    def there(self, name: str) -> User:
        """ann, as a house knows her."""
        found = self[name].node.network.user("ann")
        assert found is not None
        return found

    def server(self, name: str, other: str) -> Server:
        """The server `other`, as a house knows it."""
        return self[name].node.network.servers[SID(f"0{other.upper()}A")]

    def client(self, name: str, nick: str, account: str | None = None) -> Client:
        """Somebody at a house, who is logged in if there is an `account`."""
        client = self[name].connect()
        client >> f"CAP REQ :sasl {CAPS}"
        if account is not None:
            client >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', account, PASSWORD)}"
        client >> f"NICK {nick}" >> f"USER {nick} 0 * :{nick}" >> "CAP END"
        self.settle()
        assert client.session.registered, client.lines()
        client.lines()
        return client

    def sit(self, name: str) -> Client:
        """One more client of hers, at a house."""
        client = self.client(name, "ann", "ann")
        assert client.user is self.there(name)
        self.clients.setdefault(name, []).append(client)
        read_away([each for several in self.clients.values() for each in several])
        return client

    def rise(self, name: str) -> None:
        """No session of hers is there any more."""
        for client in self.clients.pop(name):
            client >> "QUIT"
            self.settle()

    def pairs(self) -> list[tuple[str, str]]:
        """Who is linked with whom, in both directions."""
        return [pair for wire in self.wires for pair in (wire.ends, wire.ends[::-1])]

    def talk_at(self, name: str, person: str, other: str) -> list[tuple[str, str, str]]:
        """What a house has stored of what two accounts said to each other: id, author, text."""
        self.flush()
        keys = {self.key(each): each for each in (person, other)}
        rows = [
            row for row in self[name].stored.rows.values() if {row.place.name, row.place.other} == {*keys}
        ]
        rows.sort(key=lambda row: (row.at, row.msgid))
        return [(row.msgid, keys[row.person or ""], row.text) for row in rows]


class FiledSeating(Seating):
    """The same with stores in files, which know who was there when, and words."""

    def __init__(self, folder: Path, *houses: str, **given: Any) -> None:
        self.folder = folder
        super().__init__(*houses, **given)

    def make(self, **given: Any) -> FullClub:
        path = self.folder / f"{given['server']['sid']}.sqlite"
        return Chronicle(store_of_a_test(open_messages(path, now=given["clock"].time)), **given)
