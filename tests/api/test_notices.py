"""What operators are told is kept for those who were not there."""

from __future__ import annotations

from conversation import House
from staff import oper, sections

from chatnet.api.notices import Notice, Notices
from chatnet.model.facts import ServerNotice


def keeping(house: House, most: int = 3) -> Notices:
    """Notices of a house, which are kept from now on."""
    notices = Notices(house.node, lambda: most)
    house.node.observe([*house.node._observers, notices])
    return notices


def texts(notices: Notices, after: int = 0) -> list[str]:
    return [each.text for each in notices.after(after)]


def test_they_are_kept_though_no_operator_is_there() -> None:
    house = House()
    notices = keeping(house)
    house.node.notice("g", "one")
    house.node.notice("x", "two")
    assert texts(notices) == ["one", "two"]
    assert texts(notices, after=1) == ["two"]


def test_nothing_is_made_of_them_where_nobody_keeps_them() -> None:
    house = House()
    heard: list[ServerNotice] = []

    class Ear:
        hears = {ServerNotice: lambda fact, origin: heard.append(fact)}  # noqa: RUF012

    house.node.observe([*house.node._observers, Ear()])  # type: ignore[list-item]
    house.node.notice("g", "one")
    keeping(house, most=0)
    house.node.notice("g", "two")
    assert heard == []


def test_the_oldest_go() -> None:
    house = House()
    notices = keeping(house)
    for number in range(5):
        house.node.notice("g", str(number))
    assert texts(notices) == ["2", "3", "4"]
    assert [each.number for each in notices.after(0)] == [3, 4, 5]


def test_who_comes_and_goes_is_among_them() -> None:
    house = House()
    notices = keeping(house)
    ann = house.client("ann")
    ann >> "QUIT :bye"
    assert [each.letter for each in notices.after(0)] == ["c", "q"]


def test_those_who_follow_hear_each_at_once() -> None:
    house = House()
    notices = keeping(house)
    heard: list[Notice] = []
    notices.followers.append(heard.append)
    house.node.notice("g", "one")
    assert [each.text for each in heard] == ["one"]


def test_addresses_are_for_those_who_may_see_them_and_reports_for_those_who_see_to_them() -> None:
    house = House(**sections())
    notices = keeping(house)
    house.node.notice("c", "ann from 192.0.2.1", "ann from cloak")
    house.node.notice("p", "eve is rude")
    kept = list(notices.after(0))
    root, helper, eve = oper(house, "boss"), oper(house, "aide", "help"), house.client("eve")
    assert [each.shown(root.user) for each in kept] == ["ann from 192.0.2.1", "eve is rude"]
    assert [each.shown(helper.user) for each in kept] == ["ann from cloak", None]
    assert [each.shown(eve.user) for each in kept] == [None, None]
