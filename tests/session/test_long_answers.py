"""Answers that are long, one after the other, and the end of everybody at once."""

from __future__ import annotations

import pytest
from conversation import House

from chatnet.session.outlet import Outlet
from chatnet.session.peer import Peer
from chatnet.session.session import Session


class Narrow(Outlet):
    """Takes as many bytes as its SendQ and no more, as a socket whose peer does not read."""

    session: Session
    taken = 0
    aborted = False

    def flush(self) -> None:
        self.taken += sum(map(len, self.out))
        self.out.clear()
        if self.taken > self.sendq and not self.aborted:
            self.session.sendq_exceeded()

    def abort(self) -> None:
        self.aborted = True


@pytest.mark.parametrize("question", ["NAMES #c", "WHO #c", "MODE #c b", "LIST", "WHOWAS was", "MOTD"])
def test_sendq_counts_between_the_answers_of_one_chunk(question: str) -> None:
    house = House(connection_class=({"name": "default", "sendq": 20_000},), limits={"scan_slice": 10_000_000})
    bob = house.client("bob")
    for number in range(4):
        bob >> f"JOIN #c{number}" >> "NICK was" >> f"NICK bob{number}"
    house.parts.sessions.motd = ("How do you do?",) * 20
    narrow = Narrow(house.turn)
    narrow.session = house.parts.sessions.open(narrow, Peer("192.0.2.1"))
    narrow.session.receive(b"NICK ann\r\nUSER ann 0 * :Ann\r\nJOIN #c\r\nMODE #c +bb x y\r\n")
    house.settle()
    narrow.session.receive(f"{question}\r\n".encode() * 5000)
    assert narrow.aborted and narrow.taken < 100_000 and not narrow.out
    assert house.node.network.user("ann") is None
    house.check()


def test_names_of_many_cost_more() -> None:
    house = House(flood={"enabled": True})
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #d"
    for number in range(20):
        house.client(f"n{number}") >> "JOIN #c"
    house.clock.advance(60)
    ann >> "NAMES #c"
    bob >> "NAMES #d"
    assert ann.session.penalty > bob.session.penalty


def test_at_the_end_nobody_hears_of_the_others() -> None:
    house = House()
    crowd = [house.client(f"n{number}") >> "JOIN #c" for number in range(10)]
    newcomer = house.connect()
    for client in crowd:
        client.lines()
    house.parts.sessions.close_all("Until tomorrow")
    for client in [*crowd, newcomer]:
        lines = client.lines()
        assert len(lines) == 1 and lines[0].endswith(" (Until tomorrow)"), lines
        assert client.outlet.ended == "closed"
    assert not house.parts.sessions.all and not house.node.network.users and not house.node.network.channels
    house.check()
