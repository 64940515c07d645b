"""A person who is the user of another claim from now on: nobody sees it, and other makes see two users."""

from __future__ import annotations

from mesh import block, stranger
from test_seats import BEGAN, Seats

from chatnet.model.entities import Person
from chatnet.model.facts import moved
from chatnet.model.ids import UID

NEW = UID("0CAZZZZZZ")


def move(mesh: Seats, name: str, to: str = "c") -> None:
    """A house is told that ann is the user of another server."""
    node = mesh[name].node
    user = mesh.there(name)
    person = Person(user.person.key if user.person else "", BEGAN, stays=True)
    uid = UID(f"0{to.upper()}AZZZZZZ")
    node.commit(moved(user, uid, mesh.server(name, to), person, mesh.clock.time()))
    mesh.settle()


def test_who_moves_stays_the_same_user() -> None:
    mesh = Seats()
    ann, network = mesh.there("b"), mesh["b"].node.network
    channels, before = dict(ann.channels), mesh.server("b", "a").users
    move(mesh, "b")
    assert network.users[NEW] is ann and ann.server is mesh.server("b", "c")
    assert network.nicks[ann.folded] is ann and ann.channels == channels
    assert (mesh.server("b", "a").users, mesh.server("b", "c").users) == (before - 1, 1)
    network.check()
    assert mesh.bob.lines() == []


def test_channels_are_told_to_where_they_are_now() -> None:
    mesh = Seats()
    links = mesh["b"].parts.links
    mesh.sit()
    move(mesh, "b")
    channel = mesh["b"].node.network.channel("#c")
    assert channel is not None
    assert list(links.routes.behind(channel)) == [links.neighbour("c.test")]
    assert not mesh["b"].node.network.seated
    a, c = links.neighbour("a.test"), links.neighbour("c.test")
    assert a is not None and c is not None
    assert (links.routes.users[a], links.routes.users[c]) == (0, 1)


def test_seats_are_those_of_the_claim() -> None:
    mesh = Seats()
    mesh.sit()
    ann, network = mesh.there("b"), mesh["b"].node.network
    person = Person(ann.person.key if ann.person else "", BEGAN)
    person.seats = (mesh.server("b", "a"),)
    network.apply(moved(ann, NEW, mesh.server("b", "c"), person, 0.0))
    assert network.seated == {mesh.server("b", "a"): {ann: None}}
    network.check()


def test_other_makes_read_of_another_user_when_the_first_is_gone() -> None:
    mesh = Seats(sections_of={"b": {"link": [block("so1")]}})
    so1 = stranger(mesh["b"], "so1.test", "1SO")
    mesh.ann >> "AWAY :for tea"
    mesh.settle()
    uid, ts = mesh.ann.user.uid, mesh.ann.user.nick_ts
    so1.lines()
    move(mesh, "b")
    so1 << f":{uid} QUIT :Moved"
    so1 << f":0CA EUID ann_ 2 {ts} +i ~ann_ 192.0.2.1 192.0.2.1 {NEW} * ann :Ann_"
    so1 << f":{NEW} AWAY :for tea"
    so1 << f":0BA SJOIN * #c 0 :@{NEW}"
    so1.silent()


def test_older_servers_are_told_since_when_the_user_is_where_they_are() -> None:
    mesh = Seats()
    mesh.wire("b", "c").links["b"].codec.seats = False
    uid = mesh.there("b").uid
    mesh.said("b", "c")
    move(mesh, "b", "a")
    quit_, euid, *members = mesh.said("b", "c")
    assert quit_ == f":{uid} QUIT :Moved" and " 0AAZZZZZZ " in euid
    assert members[-1].endswith(" #c 0 :@0AAZZZZZZ")
