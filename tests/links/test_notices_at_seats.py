"""Server notices of operators who have sessions on several servers: at each those of the server it is at."""

from __future__ import annotations

from conversation import Client
from sitting import ME
from test_hosting import Staffed


def notices(client: Client) -> list[str]:
    return [line.partition(" NOTICE ")[2] for line in client.lines() if "*** Notice" in line]


class Noticed(Staffed):
    """ann is an operator, with her desk at a, which is host, and a telephone at c, where they said OPER."""

    def __init__(self) -> None:
        super().__init__()
        self.phone = self.come("c")
        self.say(self.phone, "OPER ann secret", "MODE ann -s")
        self.read_away()

    def read_away(self) -> None:
        for client in (self.desk, self.phone):
            client.lines()

    def note(self, letter: str = "k") -> None:
        """Each server has something to say."""
        for name, house in self.houses.items():
            house.node.notice(letter, f"from {name}")
        self.settle()


def test_each_session_reads_those_of_its_own_server() -> None:
    mesh = Noticed()
    mesh.say(mesh.phone, "MODE ann +s +k")
    assert ":c.test 008 ann +k :*" in [line.partition(" :")[0] + " :*" for line in mesh.phone.lines()]
    mesh.read_away()
    mesh.note()
    assert [each.partition("*** Notice")[2] for each in notices(mesh.desk)] == [" -- from a"]
    assert [each.partition("*** Notice")[2] for each in notices(mesh.phone)] == [" -- from c"]
    mesh.note("c")
    assert notices(mesh.desk) == notices(mesh.phone) == []
    mesh.say(mesh.desk, "MODE ann -s")
    mesh.read_away()
    mesh.note()
    assert notices(mesh.desk) == notices(mesh.phone) == []
    mesh.agree()


def test_who_sits_down_later_reads_them_too() -> None:
    mesh = Noticed()
    mesh.say(mesh.desk, "MODE ann +s +k")
    tablet = mesh.come("b")
    mesh.note()
    assert len(notices(tablet)) == len(notices(mesh.phone)) == len(notices(mesh.desk)) == 1
    mesh.say(mesh.desk, "MODE ann -o")
    mesh.read_away()
    tablet.lines()
    mesh.note()
    assert notices(tablet) == notices(mesh.phone) == notices(mesh.desk) == []
    mesh.agree()


def test_the_modes_of_a_block_come_with_it_at_a_seat() -> None:
    mesh = Noticed()
    mesh.say(mesh.desk, "MODE ann -o")
    mesh.read_away()
    mesh.say(mesh.phone, "OPER ann secret")
    lines = mesh.phone.lines()
    assert lines.count(f"{ME} MODE ann :+o") == 1
    assert sum(line.startswith(f"{ME} MODE ann :+s") for line in lines) == 1
    for name in "ac":
        assert "s" in mesh.there(name).modes, name
    assert mesh.there("a").snomask == mesh.there("c").snomask != ""


def test_what_a_server_says_of_somebody_who_is_not_its_user_is_not_heard() -> None:
    mesh = Noticed()
    mesh.say(mesh.desk, "MODE ann +s +k")
    uid = mesh.there("a").uid
    for line in (
        f":0BA CNSNO {uid} 0CA -",  # not theirs
        f":0AA CNSNO {uid} 0BA kx",  # for somebody else
        ":0AA CNSNO 0ZZAAAAAA 0CA -",
    ):
        mesh.wire("b", "c").links["b"].send(line.encode())
        mesh.settle()
    assert mesh.there("c").snomask == "k" and mesh.there("b").snomask == ""
    mesh.wire("b", "c").links["b"].send(f":0AA CNSNO {uid} 0CA k?7x".encode())
    mesh.settle()
    assert mesh.there("c").snomask == "kx"
