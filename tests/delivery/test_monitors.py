"""The index of who watches whom, and what it tells."""

from __future__ import annotations

from conversation import House
from states import second_session


def test_a_nick_change_is_a_leaving_and_a_coming() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "MONITOR + bob,rob"
    ann.lines()
    bob >> "NICK rob"
    ann << ":irc.test 731 ann :bob"
    ann << ":irc.test 730 ann :rob!~bob@192.0.2.1"
    bob >> "NICK Rob"
    ann.silent()


def test_every_watching_session_is_told() -> None:
    house = House()
    ann, cat = house.client("ann"), house.client("cat")
    again = second_session(ann)
    for client in (ann, again, cat):
        client >> "MONITOR + bob"
        client.lines()
    bob = house.client("bob")
    for client in (ann, again, cat):
        client << "* 730 * :bob!~bob@192.0.2.1"
    again >> "MONITOR C"
    bob >> "QUIT"
    for client in (ann, cat):
        client << "* 731 * :bob"
    again.silent()


def test_somebody_watching_herself_hears_nothing_of_her_own_end() -> None:
    house = House()
    ann = house.client("ann")
    ann >> "MONITOR + ann"
    ann.lines()
    ann >> "QUIT"
    assert [line.split(" ")[0] for line in ann.lines()] == ["ERROR"]
    house.check()


def test_nothing_is_left_of_a_session_that_ended() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "MONITOR + bob,cat,dan"
    bob >> "MONITOR + cat"
    monitors = house.parts.sessions.monitors
    ann.session.connection_lost("gone")
    assert monitors.watched(ann.session) == {}
    bob.lines()
    house.client("cat")
    bob << "* 730 bob :cat!*"
    bob >> "QUIT"
    house.client("dan")
    house.check()
    assert vars(monitors)["_watchers"] == vars(monitors)["_watched"] == {}
