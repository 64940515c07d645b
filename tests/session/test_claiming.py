"""Who is a person, and so may have sessions on several servers, from their introduction on."""

from __future__ import annotations

from typing import Any

from club import Club
from clubs import Clubs
from test_several_sessions import one_more

from chatnet.rules.stamps import read


def club(**sections: Any) -> Club:
    house = Club(**sections)
    house.account("ann")
    return house


def test_who_comes_with_an_account_is_its_person_until_they_quit() -> None:
    house = club()
    ann = one_more(house)
    key = house.named("ann").id
    person = ann.user.person
    assert person is not None and (person.key, person.stays) == (key, False)
    began = read(person.began)
    assert began is not None and began.sid == house.node.network.me.sid
    assert house.node.network.persons == {key: ann.user}
    other = one_more(house, "ann_")
    assert other.user is not ann.user and other.user.person is None
    other >> "QUIT"
    assert house.node.network.persons == {key: ann.user}
    ann >> "QUIT"
    assert house.node.network.persons == {}
    house.check()


def test_who_stays_is_a_person_that_stays() -> None:
    house = club(bouncer={"always_on": "all"})
    person = one_more(house).user.person
    assert person is not None and person.stays


def test_guests_and_who_may_not_have_several_sessions_are_nobodys_person() -> None:
    house = club(bouncer={"sessions": "off"})
    house.client("bob")
    assert one_more(house).user.person is None
    assert house.node.network.persons == {}
    assert club().client("bob").user.person is None


def test_whoever_is_a_person_elsewhere_is_a_user_and_no_more() -> None:
    mesh = Clubs("a", "b")
    account = mesh["a"].account("ann")
    mesh.link("a", "b")
    mesh.settle()
    ann = one_more(mesh["a"])
    mesh.settle()
    known = mesh["b"].node.network.persons[account.id]
    assert known.uid == ann.user.uid and known.person is not None and ann.user.person is not None
    assert known.person.began == ann.user.person.began
    mesh.cut("a", "b")
    mesh.settle()
    assert mesh["b"].node.network.persons == {}
    mesh.check()
