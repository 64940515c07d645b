"""Whether a person with sessions on several servers is away, while these lose and find each other.

A session reads 305 or 306 for what it says itself, and for what others see of the person: nothing that only
is so until the servers know of each other's sessions.
"""

from __future__ import annotations

from random import Random

import pytest
from conversation import Client
from sitting import Houses

from chatnet.rules.heirs import heir

GONE = "Nobody is connected"
HERE, AWAY = "305", "306"


def read(client: Client | None) -> list[str]:
    """Which of the two a client has read since, in this order."""
    lines = [] if client is None else client.lines()
    return [number for line in lines if (number := line.split(" ")[1]) in (HERE, AWAY)]


class Parted(Houses):
    """ann's telephone is on the last house, and perhaps her desk on a, whose user she is: a is to be lost."""

    def __init__(self, names: str, *, always: bool, desk: str | None, phone: str) -> None:
        super().__init__(*names, bouncer={"always_on": "all" if always else "opt-in"})
        self.desk: Client | None = self.come("a")
        self.phone = self.come(names[-1])
        if desk is None:
            self.say(self.desk, "QUIT")
            self.desk = None
        elif desk:
            self.say(self.desk, f"AWAY :{desk}")
        if phone:
            self.say(self.phone, f"AWAY :{phone}")
        self.read()

    def read(self) -> tuple[list[str], list[str]]:
        return read(self.desk), read(self.phone)

    def part(self) -> tuple[list[str], list[str]]:
        """a is lost, and the others go on without it."""
        self.cut("a", "b")
        self.settle()
        self.advance(31.0)
        return self.read()

    def meet(self) -> tuple[list[str], list[str]]:
        """a is back, whose claim is the older one."""
        self.link("a", "b")
        self.settle()
        self.advance(31.0)
        return self.read()

    def away(self) -> list[str | None]:
        """As it is seen on a, and on the last of the others."""
        return [self.there(house).away for house in (next(iter(self.houses)), list(self.houses)[-1])]


def with_heir_b(desk: str, phone: str) -> tuple[Parted, Client]:
    """A tablet is on b, which takes ann over if a is lost, not c: it depends on the key of her account."""
    for _ in range(100):
        mesh = Parted("abc", always=True, desk=desk, phone=phone)
        b, c = (mesh[house].node.network.me.sid for house in "bc")
        if heir(mesh["a"].named("ann").id, {b, c}, set()) == b:
            break
    tablet = mesh.come("b")
    mesh.read()
    return mesh, tablet


@pytest.mark.parametrize("names", ["ab", "abc"])
@pytest.mark.parametrize(
    ("desk", "phone", "parted", "on_parting", "on_meeting", "met"),
    [
        (None, "", [GONE, None], ([], []), ([], []), None),
        (None, "out", ["out", "out"], ([], []), ([], []), "out"),
        ("", "", [None, None], ([], []), ([], []), None),
        ("", "out", [None, "out"], ([], [AWAY]), ([], [HERE]), None),
        ("lunch", "", ["lunch", None], ([AWAY], []), ([HERE], []), None),
        ("lunch", "out", ["lunch", "out"], ([], []), ([], []), "out"),
    ],
)
def test_who_is_apart_from_their_server_reads_nothing_that_is_not_so(
    names: str, desk: str | None, phone: str, parted: list[str | None],
    on_parting: tuple[list[str], list[str]], on_meeting: tuple[list[str], list[str]], met: str | None,
) -> None:  # fmt: skip
    for always in (True, False):
        if desk is None and not always:
            continue
        mesh = Parted(names, always=always, desk=desk, phone=phone)
        assert mesh.part() == on_parting, always
        assert mesh.away() == parted, always
        assert mesh.meet() == on_meeting, always
        assert mesh.away() == [met, met], always
        mesh.agree()


def test_what_was_said_while_apart_is_what_holds() -> None:
    """The server that was lost knows that the telephone was away before, and nothing of it since."""
    mesh = Parted("ab", always=True, desk=None, phone="out")
    mesh.part()
    mesh.say(mesh.phone, "AWAY")
    assert mesh.read() == ([], [HERE])
    assert mesh.meet() == ([], [])
    assert mesh.away() == [None, None]
    mesh.agree()


def test_a_server_that_takes_somebody_over_hears_who_of_them_is_away() -> None:
    """At c it had been told to a alone, and b takes her over: a tablet is there, then goes."""
    mesh, tablet = with_heir_b(desk="", phone="out")
    mesh.part()
    read(tablet)
    assert mesh.away()[1] is None and mesh.there("b").server.name == "b.test"
    mesh.say(tablet, "AWAY :tea")
    assert mesh.away()[1] == "tea"
    assert (read(tablet), read(mesh.phone)) == ([AWAY], [AWAY])
    mesh.say(tablet, "QUIT")
    assert mesh.away()[1] == "out"
    mesh.check()


def test_somebody_who_is_taken_over_is_away_all_the_time() -> None:
    mesh, tablet = with_heir_b(desk="", phone="out")
    assert mesh.desk is not None
    mesh.say(tablet, "AWAY :tea")
    mesh.say(mesh.desk, "AWAY :lunch")
    mesh.say(mesh.bob, "CAP REQ :away-notify")
    mesh.bob.lines()
    mesh.read()
    read(tablet)
    mesh.part()
    assert mesh.there("b").server.name == "b.test" and None not in mesh.away()
    assert (read(tablet), mesh.read()) == ([], ([], []))
    mesh.meet()
    assert (read(tablet), mesh.read()) == ([], ([], []))
    assert None not in mesh.away()
    mesh.agree()


def test_who_is_there_at_a_seat_is_so_while_somebody_takes_them_over() -> None:
    """At b it is known that they are, and not yet that it is the telephone at c."""
    mesh, tablet = with_heir_b(desk="lunch", phone="")
    mesh.say(tablet, "AWAY :tea")
    mesh.say(mesh.bob, "CAP REQ :away-notify")
    mesh.bob.lines()
    mesh.say(mesh.phone, "JOIN #c")
    mesh.read()
    read(tablet)
    mesh.bob.lines()
    assert mesh.part() == ([AWAY], [])
    assert mesh.there("b").server.name == "b.test"
    assert not any(" AWAY" in line for line in mesh.bob.lines()) and read(tablet) == []
    mesh.say(mesh.phone, "QUIT")
    assert mesh.away()[1] == "tea" and read(tablet) == [AWAY]
    assert sum(" AWAY" in line for line in mesh.bob.lines()) == 1
    mesh.check()


def test_a_session_that_comes_or_goes_changes_what_the_others_read() -> None:
    """As it is if all are on one server."""
    mesh = Parted("ab", always=True, desk="lunch", phone="out")
    tablet = mesh.come("b")
    assert (mesh.away(), mesh.read()) == ([None, None], ([HERE], [HERE]))
    mesh.say(tablet, "QUIT")
    assert (mesh.away(), mesh.read()) == (["out", "out"], ([AWAY], [AWAY]))
    mesh.agree()


@pytest.mark.parametrize("seed", range(24))
def test_whatever_happens_somebody_is_away_if_all_of_their_sessions_are(seed: int) -> None:
    chance = Random(seed)
    mesh = Houses(bouncer={"always_on": "all" if seed % 2 else "opt-in"})
    cut: set[str] = set()
    clients: list[Client] = []
    for step in range(chance.randint(5, 18)):
        clients = [each for each in clients if not each.session.closed]
        match chance.choice(("come", "come", "quit", "away", "away", "back", "wire", "wire", "wait")):
            case "wire":
                wire = chance.choice(("ab", "bc"))
                (mesh.link if wire in cut else mesh.cut)(*wire)
                cut ^= {wire}
                if chance.random() < 0.7:
                    mesh.settle()
            case "wait":
                mesh.advance(chance.choice((0.1, 1.0, 6.0, 31.0)))
            case verb if verb == "come" or not clients:
                clients.append(mesh.begin(chance.choice("abc")))
                mesh.settle()
            case verb:
                words = {"quit": "QUIT", "away": f"AWAY :{step}", "back": "AWAY"}
                mesh.say(chance.choice(clients), words[verb])
    for wire in sorted(cut):
        mesh.link(*wire)
        mesh.settle()
    mesh.advance(61.0)
    sessions = [each for each in clients if not each.session.closed and each.user.folded == "ann"]
    if sessions:
        mesh.agree()
        away = mesh.there("a").away is not None
        assert away is all(each.session.away is not None for each in sessions)
        for each in sessions:
            last = (read(each) or [AWAY if away else HERE])[-1]
            assert last == AWAY if away else (last == HERE or each.session.away is not None)
