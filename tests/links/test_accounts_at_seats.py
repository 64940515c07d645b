"""What becomes of sessions on several servers when their account is suspended, dropped, erased, or left."""

from __future__ import annotations

import pytest
from conversation import Client
from sitting import ME, Houses
from states import opered


class Accounts(Houses):
    """ann's desk is at a, her telephone at b, her tablet at c; an operator is at `where`."""

    def __init__(self, where: str = "a", **given: object) -> None:
        super().__init__(**given)
        self.desk = self.come("a")
        self.say(self.desk, "JOIN #c")
        self.phone, self.tablet = self.come("b"), self.come("c")
        self.root = self[where].client("root", address="198.51.100.1")
        self.settle()
        opered(self.root, "accounts", "see-all", "audit")
        self.settle()
        self.sessions = (self.desk, self.phone, self.tablet)
        for client in (*self.sessions, self.bob, self.root):
            client.lines()

    def asks(self, client: Client, text: str) -> list[str]:
        """What NickServ answers, and all that comes of it."""
        self.say(client, f"NS {text}")
        self.advance(2.0)
        return [line.partition(" :")[2] for line in client.lines() if " NOTICE " in line]

    def ended(self) -> list[bool]:
        return [client.outlet.ended is not None for client in self.sessions]


@pytest.fixture(params=["a", "b", "c"])
def where(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("stays", [False, True])
def test_a_suspension_ends_all_of_them(where: str, stays: bool) -> None:
    mesh = Accounts(where, bouncer={"always_on": "all"} if stays else {})
    mesh.asks(mesh.root, "SUSPEND ann spam")
    assert mesh.ended() == [True] * 3
    for client, name in zip(mesh.sessions, "abc", strict=True):
        assert client.lines()[-1].endswith(f" (Killed ({name}.test (The account ann is suspended: spam)))")
    assert [mesh.user(name) for name in "abc"] == [None] * 3
    assert sum(" QUIT " in line for line in mesh.bob.lines()) == 1
    mesh.check()
    assert mesh.begin("c").session.user.account is None


@pytest.mark.parametrize("stays", [False, True])
def test_an_account_that_is_erased_leaves_one_server_at_most(where: str, stays: bool) -> None:
    mesh = Accounts(where, bouncer={"always_on": "all"} if stays else {})
    code = mesh.asks(mesh.root, "ERASE ann")[-1].rpartition(" ")[2]
    mesh.asks(mesh.root, f"ERASE ann {code}")
    assert mesh.ended() == [False, True, True]
    assert mesh.there("a").account is None and mesh.there("a").person is None
    assert [mesh.seats(name) for name in "abc"] == [[], [], []]
    mesh.bob.silent()
    mesh.agree()
    mesh.say(mesh.desk, "QUIT")  # nobody stays of it
    assert [mesh.user(name) for name in "abc"] == [None] * 3
    mesh.check()


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("stays", [False, True])
def test_who_drops_the_account_may_do_so_wherever_they_are(number: int, stays: bool) -> None:
    mesh = Accounts(bouncer={"always_on": "all"} if stays else {})
    client = mesh.sessions[number]
    code = mesh.asks(client, "DROP ann")[-1].rpartition(" ")[2]
    mesh.asks(client, f"DROP ann {code}")
    assert mesh.ended() == [False, True, True]
    assert mesh.there("c").account is None and not mesh.seats("c")
    mesh.agree()
    mesh.say(mesh.desk, "QUIT")
    assert [mesh.user(name) for name in "abc"] == [None] * 3
    mesh.check()


def test_an_idle_person_whose_account_is_gone_is_gone_wherever_they_were(where: str) -> None:
    for text in ("SUSPEND ann spam", "ERASE ann"):
        mesh = Accounts(where, bouncer={"always_on": "all"})
        for client in mesh.sessions:
            mesh.say(client, "QUIT")
        assert mesh.there("c").away == "Nobody is connected"
        answer = mesh.asks(mesh.root, text)[-1]
        if text.startswith("ERASE"):
            mesh.asks(mesh.root, f"{text} {answer.rpartition(' ')[2]}")
        assert [mesh.user(name) for name in "abc"] == [None] * 3
        mesh.check()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_nobody_leaves_the_account_by_one_session(number: int) -> None:
    mesh = Accounts()
    client = mesh.sessions[number]
    assert "Your sessions are one person" in mesh.asks(client, "LOGOUT")[-1]
    mesh.say(client, "AUTHENTICATE PLAIN")
    assert mesh.ended() == [False] * 3
    mesh.agree()


@pytest.mark.parametrize("asking", [0, 1, 2])
@pytest.mark.parametrize("meant", [0, 1, 2])
def test_any_session_ends_any_other_one(asking: int, meant: int) -> None:
    mesh = Accounts()
    client = mesh.sessions[asking]
    servers = "abc"
    listed = mesh.asks(client, "CLIENTS LIST")
    number = next(i for i, line in enumerate(listed, 1) if f" on {servers[meant]}.test " in line)
    answer = mesh.asks(client, f"CLIENTS LOGOUT {number}")[-1]
    assert ("That is the session that you ask by" in answer) is (asking == meant)
    assert mesh.ended() == [meant == each != asking for each in range(3)]
    if meant != asking:
        assert "Logged out by ann" in mesh.sessions[meant].lines()[-1]
    mesh.bob.silent()
    mesh.agree()
    assert mesh.asks(client, "CLIENTS LOGOUT ALL")[-1].startswith(f"{1 if meant != asking else 2} session")
    assert mesh.ended() == [each != asking for each in range(3)]
    mesh.bob.silent()
    mesh.agree()
    mesh.say(client, "PRIVMSG #c :still here")
    mesh.bob << f"{ME} PRIVMSG #c :still here"
