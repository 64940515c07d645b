"""People whose accounts services of another make keep: they are known by the names of those."""

from __future__ import annotations

import pytest
from conversation import Client, House
from test_always_on import ON
from test_staying import People

from chatnet.model.facts import AccountChanged
from chatnet.model.ids import AccountName
from chatnet.storage.persons.interfaces import Stayed
from chatnet.storage.persons.rows import Person


def house_of(people: People | None = None, **bouncer: str) -> House:
    return House(people=people, accounts={"authority": "external"}, bouncer=ON | bouncer)


def come(house: House, nick: str, account: str = "Ann") -> Client:
    """Somebody comes in whom services have logged in."""
    client = house.connect()
    client.user.account = AccountName(account)
    client >> f"NICK {nick}" >> "USER ann 0 * :Ann"
    assert client.session.registered, client.lines()
    client.lines()
    return client


def test_whatever_nick_is_asked_for() -> None:
    house = house_of()
    laptop = come(house, "ann")
    assert come(house, "phone", "ann").session.user is laptop.user
    laptop >> "QUIT"


def test_an_account_that_is_called_otherwise() -> None:
    house = house_of()
    laptop = come(house, "ann")
    now = house.clock.time()
    house.node.commit(AccountChanged(laptop.user, AccountName("Annie"), now, laptop.user.account))
    assert come(house, "phone", "annie").session.user is laptop.user
    assert come(house, "other").session.user is not laptop.user


def test_who_has_quit_is_nobody() -> None:
    house = house_of()
    laptop = come(house, "ann")
    house.parts.sessions.persons.end(laptop.user, "enough")
    assert come(house, "phone").session.user.nick == "phone"


def test_who_was_quicker_is_not_there_twice() -> None:
    people = People()
    house = house_of(people)
    come(house, "ann") >> "JOIN #c"
    house.clock.advance(1)
    (text,) = people.people.values()
    again = house_of(people)
    quick = come(again, "phone")
    assert again.parts.sessions.staying is not None
    again.parts.sessions.staying.revive(Stayed([Person.read(text)], []))
    assert list(again.node.network.users.values()) == [quick.user]
    assert [channel.name for channel in quick.user.channels] == ["#c"]


@pytest.mark.parametrize(("policy", "word"), [("opt-in", "ON"), ("opt-out", "OFF")])
def test_what_they_chose_is_kept(policy: str, word: str) -> None:
    people = People()
    house = house_of(people, always_on=policy)
    laptop = come(house, "ann")
    laptop >> f"PERSISTENCE SET {word}"
    house.clock.advance(1)
    if word == "OFF":
        laptop >> "QUIT"
    again = house_of(People(people), always_on=policy)
    assert again.parts.sessions.staying is not None
    again.parts.sessions.staying.revive(people.load())
    assert [user.nick for user in again.node.network.users.values()] == (["ann"] if word == "ON" else [])
    phone = come(again, "phone")
    phone >> "PERSISTENCE GET"
    phone << f":irc.test PERSISTENCE STATUS {word} {word}"


def test_who_chooses_is_a_person_who_stays_from_then_on() -> None:
    house = house_of(always_on="opt-in")
    laptop = come(house, "ann")
    assert laptop.user.person is not None and not laptop.user.person.stays
    laptop >> "PERSISTENCE SET ON"
    assert laptop.user.person.stays
    laptop >> "PERSISTENCE SET OFF"
    assert not laptop.user.person.stays


def test_who_was_quicker_is_somebody_who_stays_as_they_chose_before() -> None:
    people = People()
    come(house := house_of(people, always_on="opt-in"), "ann") >> "PERSISTENCE SET ON"
    house.clock.advance(1)
    again = house_of(People(people), always_on="opt-in")
    quick = come(again, "phone")
    assert again.parts.sessions.staying is not None
    again.parts.sessions.staying.revive(people.load())
    assert quick.user.person is not None and quick.user.person.stays


def test_a_choice_that_is_taken_back_is_not_kept() -> None:
    people = People()
    house = house_of(people, always_on="opt-in")
    laptop = come(house, "ann")
    laptop >> "PERSISTENCE SET ON"
    house.clock.advance(1)
    assert people.people
    laptop >> "PERSISTENCE SET DEFAULT"
    house.clock.advance(1)
    assert not people.people
