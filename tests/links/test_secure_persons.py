"""A channel for TLS (mode S), and people with sessions on several servers, of which not all come by TLS.

On one server either the JOIN is refused or the session; where two servers let both in before they know of
each other, the sessions without TLS end.
"""

from __future__ import annotations

import pytest
from conversation import Client
from sitting import ME, Houses

TLS_ONLY = "You are in #s, which is for those who connect by TLS"


class Halves(Houses):
    """ann's telephone is at b, her seat, and her desk at a, both by TLS; bob has #s at b, with mode S."""

    def __init__(self, *names: str) -> None:
        super().__init__(*(names or ("a", "b")))
        self.desk = self.come("a", secure=True)
        self.phone = self.come("b", secure=True)
        self.say(self.bob, "JOIN #s", "MODE #s +S")
        self.read_away()

    def read_away(self) -> None:
        for client in (self.desk, self.phone, self.bob):
            client.lines()

    def part(self) -> None:
        """The halves lose each other, and ann is a user of both."""
        self.cut("a", "b")
        self.advance(2.0)

    def meet(self) -> None:
        self.link("a", "b")
        self.settle()
        self.advance(2.0)

    def is_sent_away(self, client: Client) -> None:
        lines = client.lines()
        assert client.outlet.ended and TLS_ONLY in lines[-1] and lines[-1].startswith("ERROR "), lines

    def secure_everywhere(self) -> None:
        """ann is one person, all of whose sessions come by TLS, and in #s."""
        self.agree()
        for house in self.houses:
            ann = self.there(house)
            assert ann.secure and "#s" in [channel.name for channel in ann.channels]


def test_what_has_no_tls_ends_when_the_other_half_has_made_somebody_a_member() -> None:
    mesh = Halves()
    mesh.part()
    tablet = mesh.come("a")
    assert tablet.user is mesh.there("a") and not mesh.there("a").secure
    mesh.say(mesh.phone, "JOIN #s")
    mesh.read_away()
    mesh.meet()
    mesh.is_sent_away(tablet)
    assert not mesh.desk.outlet.ended and not mesh.phone.outlet.ended
    assert not any(" QUIT " in line or " JOIN " in line for line in mesh.bob.lines())
    mesh.secure_everywhere()


def test_it_ends_also_if_there_is_no_other_session_in_its_half() -> None:
    mesh = Halves()
    mesh.part()
    tablet = mesh.come("a")
    mesh.say(mesh.desk, "QUIT")
    mesh.say(mesh.phone, "JOIN #s")
    mesh.bob.lines()
    mesh.meet()
    mesh.is_sent_away(tablet)
    assert not mesh.phone.outlet.ended
    assert not any(" QUIT " in line or " JOIN " in line for line in mesh.bob.lines())
    mesh.secure_everywhere()


def test_in_the_half_that_asks_for_a_seat_again_the_sessions_with_tls_stay() -> None:
    mesh = Halves()
    mesh.part()
    tablet = mesh.come("b")
    assert tablet.user is mesh.there("b")
    mesh.say(mesh.desk, "JOIN #s")
    other = mesh["a"].client("cat", secure=True)
    mesh.say(other, "JOIN #t", "MODE #t +S")
    mesh.say(mesh.desk, "JOIN #t")
    mesh.meet()
    assert tablet.outlet.ended and not mesh.phone.outlet.ended and not mesh.desk.outlet.ended
    mesh.agree()
    assert mesh.there("a").secure and mesh.seats("a") == ["b.test"]


def test_who_was_in_the_channel_before_it_was_for_tls_stays_in_it() -> None:
    mesh = Houses("a", "b")
    desk, phone = mesh.come("a"), mesh.come("b")
    mesh.say(mesh.bob, "JOIN #s")
    mesh.say(desk, "JOIN #s")
    mesh.cut("a", "b")
    mesh.advance(2.0)
    mesh.say(mesh.bob, "MODE #s +S")
    assert mesh.bob.lines()[-1].endswith(" MODE #s +S")
    mesh.link("a", "b")
    mesh.settle()
    mesh.advance(8.0)
    assert not desk.outlet.ended and not phone.outlet.ended
    mesh.agree()
    tablet = mesh.begin("b")
    mesh.settle()
    assert any(TLS_ONLY in line for line in tablet.lines())


def test_nor_does_somebody_end_who_came_before_that_in_the_other_half() -> None:
    mesh = Houses("a", "b")
    desk, phone = mesh.come("a"), mesh.come("b")
    mesh.say(mesh.bob, "JOIN #s")
    mesh.cut("a", "b")
    mesh.advance(2.0)
    mesh.say(phone, "JOIN #s")
    mesh.say(mesh.bob, "MODE #s +S")
    mesh.link("a", "b")
    mesh.settle()
    mesh.advance(8.0)
    assert not desk.outlet.ended and not phone.outlet.ended
    assert "#s" in [channel.name for channel in mesh.there("a").channels]
    mesh.agree()


def test_where_all_are_to_have_tls_those_go_that_have_none() -> None:
    mesh = Houses("a", "b", bouncer={"secure_only": True})
    desk, phone = mesh.come("a", secure=True), mesh.come("b", secure=True)
    mesh.cut("a", "b")
    mesh.advance(2.0)
    mesh.say(phone, "QUIT")
    tablet, laptop = mesh.come("b"), mesh.come("b", secure=True)
    assert tablet.user is laptop.user is mesh.there("b")
    mesh.link("a", "b")
    mesh.settle()
    mesh.advance(2.0)
    assert tablet.outlet.ended and "connected by TLS" in tablet.lines()[-1]
    assert not laptop.outlet.ended and not desk.outlet.ended
    mesh.agree()
    assert mesh.seats("a") == ["b.test"] and mesh.there("b").secure


def test_a_session_without_tls_at_the_host_while_a_seat_joins() -> None:
    """Neither server knew of the other's word."""
    mesh = Halves()
    mesh.phone >> "JOIN #s"
    tablet = mesh.begin("a")
    assert tablet.user is mesh.there("a")
    mesh.settle()
    mesh.advance(1.0)
    mesh.is_sent_away(tablet)
    assert not mesh.desk.outlet.ended and not mesh.phone.outlet.ended
    mesh.secure_everywhere()


@pytest.mark.parametrize("first", ["seat", "join"])
def test_a_seat_without_tls_while_another_seat_joins(first: str) -> None:
    mesh = Halves("a", "c", "b")
    if first == "join":
        mesh.phone >> "JOIN #s"
        tablet = mesh.begin("c")
    else:
        tablet = mesh.begin("c")
        mesh.phone >> "JOIN #s"
    mesh.settle()
    mesh.advance(1.0)
    assert tablet.outlet.ended or tablet.user is not mesh.there("c")
    assert any(TLS_ONLY in line for line in tablet.lines())
    mesh.secure_everywhere()


def test_a_channel_for_tls_is_closed_to_who_has_a_session_without_it_elsewhere() -> None:
    mesh = Halves()
    mesh.come("a")
    mesh.say(mesh.phone, "JOIN #s")
    assert any(" 480 " in line for line in mesh.phone.lines())
    assert not any(line.startswith(f"{ME} JOIN #s") for line in mesh.bob.lines())
