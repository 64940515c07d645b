"""What operators have to know who were not there."""

from __future__ import annotations

from conversation import House
from mesh import Mesh
from staff import PASSWORD, oper, sections

from chatnet.session.news import LASTS


def test_each_operator_is_told_once() -> None:
    house = House(**sections())
    early = oper(house, "early")
    house.parts.news.post("From now on")
    assert early.lines() == []
    root = house.client("ann")
    root >> f"OPER root {PASSWORD}"
    assert root.lines()[0] == ":irc.test NOTICE ann :From now on"
    root >> f"OPER root {PASSWORD}"
    again = house.client("again")
    again >> f"OPER root {PASSWORD}"
    help_ = house.client("bob")
    help_ >> f"OPER help {PASSWORD}"
    assert not [line for client in (root, again) for line in client.lines() if "From now on" in line]
    assert help_.lines()[0] == ":irc.test NOTICE bob :From now on"


def test_it_is_news_for_a_day() -> None:
    house = House(**sections())
    house.parts.news.post("From now on")
    house.clock.advance(LASTS)
    client = house.client("ann")
    client >> f"OPER root {PASSWORD}"
    assert not [line for line in client.lines() if "From now on" in line]
    house.parts.news.post("Something else")
    client = house.client("bob")
    client >> f"OPER help {PASSWORD}"
    assert client.lines()[0] == ":irc.test NOTICE bob :Something else"


def test_who_resigns_is_told_nothing() -> None:
    house = House(**sections())
    ann = oper(house, "ann")
    house.parts.news.post("From now on")
    ann >> "MODE ann -o"
    assert not [line for line in ann.lines() if "From now on" in line]


def test_operators_of_other_servers_are_told_nothing() -> None:
    mesh = Mesh("a", "b", **sections())
    mesh.link("a", "b")
    mesh.settle()
    mesh["a"].parts.news.post("From now on")
    ann = oper(mesh["b"], "ann")
    mesh.settle()
    assert mesh["a"].node.network.opers
    assert not [line for line in ann.lines() if "From now on" in line]
