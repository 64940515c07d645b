"""Houses that store what is said, and ann, who has sessions at several of them."""

from __future__ import annotations

from typing import Any, Final

from chronicles import ANN, Chronicles, logs_in
from conversation import Client
from mesh import read_away

from chatnet.model.entities import Person, User
from chatnet.model.facts import SeatLeft, SeatTaken, UserQuit
from chatnet.model.ids import SID
from chatnet.model.server import Server
from chatnet.rules.stamps import Stamp

OFFERED: Final = "chatnet.links.meeting.handshake.OURS"
"""Where the words of CAPAB are."""
BEGAN: Final = Stamp(1_699_999_000_000, 0, "0AA").text
TAKEN: Final = Stamp(1_699_999_000_001, 7, "0AA").text
CAPS: Final = "batch message-tags server-time draft/multiline draft/message-redaction draft/chathistory"


class Seating(Chronicles):
    """ann is a person on a, behind which is b, behind which are c and d; all may have sessions of hers."""

    def __init__(self, *houses: str, **given: Any) -> None:
        super().__init__(*(houses or "abcd"), **given)
        self.ann = self["a"].client("ann", caps=CAPS)
        logs_in(self.ann, "ann", ANN)
        self.ann.user.person = Person(ANN, BEGAN, stays=True)
        self.link("a", "b")
        self.settle()
        for name in "cd":
            if name in self.houses:
                self.link("b", name)
                self.settle()
        read_away([self.ann])

    def there(self, name: str) -> User:
        """ann, as a house knows her."""
        return self[name].node.network.users[self.ann.user.uid]

    def server(self, name: str, other: str) -> Server:
        """The server `other`, as a house knows it."""
        return self[name].node.network.servers[SID(f"0{other.upper()}A")]

    def client(self, name: str, nick: str, key: str | None = None) -> Client:
        """Somebody else, who is logged in if there is a `key`."""
        client = self[name].client(nick, caps=CAPS)
        if key is not None:
            logs_in(client, nick, key)
        self.settle()
        client.lines()
        return client

    def sit(self, name: str) -> Client:
        """One more client of hers, at a house; its server has a seat from now on."""
        client = self[name].client(f"at_{name}", caps=CAPS)
        session, node, alone = client.session, self[name].node, client.user
        if self.server("a", name) not in self.ann.user.seats:
            seated = SeatTaken(self.ann.user, self.server("a", name), self.clock.time(), TAKEN)
            self["a"].node.commit(seated)
            self.settle()
        self[name].parts.sessions.local.detach(session)
        session.user = self.there(name)
        self[name].parts.sessions.local.attach(session)
        node.commit(UserQuit(alone, "It is ann", node.clock.time()))
        self.settle()
        read_away([client, self.ann])
        return client

    def pairs(self) -> list[tuple[str, str]]:
        """Who is linked with whom, in both directions."""
        return [pair for wire in self.wires for pair in (wire.ends, wire.ends[::-1])]

    def rise(self, name: str) -> None:
        """No session of hers is there any more, as her own server says."""
        self["a"].node.commit(SeatLeft(self.ann.user, self.server("a", name), self.clock.time(), TAKEN))
        self.settle()

    def talk_at(self, name: str, person: str, other: str) -> list[tuple[str, str, str]]:
        """What a house has stored of what two accounts said to each other: id, author's key, text."""
        self.flush()
        two = {person, other}
        rows = [row for row in self[name].stored.rows.values() if {row.place.name, row.place.other} == two]
        rows.sort(key=lambda row: (row.at, row.msgid))
        return [(row.msgid, row.person or "", row.text) for row in rows]
