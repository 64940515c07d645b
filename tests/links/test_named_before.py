"""What is said of a person by the UID that they had until a moment ago, and was on its way, is not lost."""

from __future__ import annotations

from conversation import Client
from sitting import Houses

from chatnet.model.entities import Person
from chatnet.model.facts import moved
from chatnet.model.ids import SID, UID
from chatnet.rules.heirs import heir

B, C = SID("0BA"), SID("0CA")


class Lost(Houses):
    """Somebody is the user of a, and has sessions at b and c as well; b, the heir, loses a."""

    def __init__(self) -> None:
        super().__init__("a", "b", "c", bouncer={"always_on": "all"})
        names = (f"ann{number}" for number in range(99))
        self.nick = next(name for name in names if self.is_heir(name))
        self.settle()
        self.advance(2.0)
        self.carol = self.come("b", "carol")
        self.desk, self.here, self.there_ = (self.come(house, self.nick) for house in "abc")
        for client in (self.desk, self.carol):
            self.say(client, "JOIN #c")
        self.heard(self.here, self.there_, self.carol, self.bob)

    def is_heir(self, name: str) -> bool:
        self["a"].account(name)
        return heir(self["a"].named(name).id, {B, C}, ()) == B

    def heard(self, *clients: Client) -> list[list[str]]:
        """What each has read that was said."""
        return [
            [line.rpartition(" :")[2] for line in client.lines() if " PRIVMSG " in line] for client in clients
        ]

    def lose(self) -> None:
        """b loses a and is the heir, before anything that is on its way to it arrives."""
        for wire in [wire for wire in self.wires if "a" in wire.ends]:
            self.cut(*wire.ends)
        self.clock.advance(0.0)
        assert self.there("b", self.nick).server is self["b"].node.network.me
        assert not self.heard(self.carol)[0]


def test_what_is_said_at_a_seat_that_has_not_heard_of_the_heir() -> None:
    mesh = Lost()
    mesh.there_ >> "PRIVMSG #c :to all" >> "PRIVMSG carol :to one"
    mesh.lose()
    mesh.settle()
    mesh.advance(1.0)
    assert mesh.heard(mesh.carol, mesh.bob) == [["to all", "to one"], ["to all"]]
    assert mesh.heard(mesh.here) == [["to all"]]  # the other one it finds by reading back
    mesh.check()


def test_what_is_said_to_them_where_nobody_has_heard_of_the_heir() -> None:
    mesh = Lost()
    mesh.bob >> f"PRIVMSG {mesh.nick} :to you"
    mesh.lose()
    mesh.settle()
    mesh.advance(1.0)
    assert mesh.heard(mesh.here) == [["to you"]]
    mesh.check()


def test_what_comes_while_nobody_is_their_server_waits() -> None:
    mesh = Lost()
    mesh.bob >> f"PRIVMSG {mesh.nick} :to you"
    mesh.cut("a", "b")
    while mesh.wire("b", "c").pipes["c"].lines:
        mesh.wire("b", "c").deliver("c")
    assert mesh.there("b", mesh.nick).orphan and mesh.heard(mesh.here) == [[]]
    mesh.advance(1.0)
    assert mesh.heard(mesh.here) == [["to you"]]
    mesh.check()


def test_a_copy_that_the_host_of_a_moment_ago_has_sent() -> None:
    mesh = Lost()
    mesh.carol >> f"PRIVMSG {mesh.nick} :to you"
    while not any(b" CNCOPY 0CA " in line for line in mesh.wire("b", "c").pipes["b"].lines):
        assert mesh.deliver_one(0)
    node, user = mesh["c"].node, mesh.there("c", mesh.nick)
    assert user.person is not None
    person = Person(user.person.key, "aaaa.0.0BA", stays=True)
    node.commit(moved(user, UID("0BAZZZZZZ"), mesh.server("c", "b"), person, mesh.clock.time()))
    mesh.settle()
    assert mesh.heard(mesh.there_) == [["to you"]]


def test_who_has_no_session_of_theirs_may_not_speak_by_a_name_of_a_moment_ago() -> None:
    mesh = Lost()
    old = mesh.there("b", mesh.nick).uid
    mesh.say(mesh.there_, "QUIT")
    mesh.lose()
    mesh.settle()
    assert mesh["b"].parts.links.claims.meant(old) is mesh.there("b", mesh.nick)
    mesh.wire("b", "c").connections["b"].receive(f":{old} PRIVMSG #c :as somebody else\r\n".encode())
    mesh.settle()
    assert mesh.heard(mesh.carol) == [[]]
