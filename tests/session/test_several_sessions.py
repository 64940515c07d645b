"""Several sessions that are one person, on one server.

Each of them logs in to the same account and asks for the same nick; others see one user.
"""

from __future__ import annotations

from typing import Any

import pytest
from club import PASSWORD, Club, said
from conversation import Client
from nickserv import ask

from chatnet.model.bans import NetworkBan
from chatnet.model.facts import Killed, NetworkBanned


def one_more(house: Club, nick: str = "ann", caps: str = "", account: str = "ann", **peer: Any) -> Client:
    """A connection that has logged in and asks for a nick; what it reads since is not read yet."""
    client = house.connect(**peer)
    client >> f"CAP REQ :{f'sasl {caps}'.strip()}"
    client >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', account, PASSWORD)}"
    client.lines()
    client >> f"NICK {nick}" >> "USER ann 0 * :Ann" >> "CAP END"
    return client


def registered(house: Club, *names: str) -> None:
    for name in names:
        house.account(name)


@pytest.fixture
def house() -> Club:
    house = Club()
    registered(house, "ann", "bob")
    return house


def tail(client: Client, number: int) -> list[str]:
    """The last lines that are waiting."""
    return client.lines()[-number:]


# who is attached


def test_two_sessions_are_one_user(house: Club) -> None:
    bob = house.client("bob")
    laptop = one_more(house)
    laptop >> "JOIN #c" >> "TOPIC #c :tea"
    bob >> "JOIN #c"
    laptop.lines()
    bob.lines()
    phone = one_more(house, address="198.51.100.9")
    welcome = phone.lines()
    assert welcome[0].startswith(":irc.test 001 ann :") and welcome[0].endswith(" ann!~ann@192.0.2.1")
    assert ":ann!~ann@192.0.2.1 MODE ann :+i" in welcome
    mode, join, topic, who, names, end = welcome[-6:]
    assert mode.split(" ")[1] == "MODE"
    assert join == ":ann!~ann@192.0.2.1 JOIN #c"
    assert topic == ":irc.test 332 ann #c :tea" and who.startswith(":irc.test 333 ann #c ann")
    assert names == ":irc.test 353 ann = #c :@ann bob" and end.startswith(":irc.test 366 ann #c ")
    assert laptop.user is phone.session.user
    bob.silent()
    laptop.silent()


def test_who_has_another_account_has_another_user(house: Club) -> None:
    one_more(house).lines()
    eve = one_more(house, account="bob")
    eve << ":irc.test 433 * ann *"
    eve >> "NICK eve"
    assert eve.lines()[0].startswith(":irc.test 001 eve ")


def test_who_is_not_logged_in_has_another_user(house: Club) -> None:
    one_more(house).lines()
    eve = house.connect()
    eve >> "NICK ann" >> "USER eve 0 * :Eve"
    (eve << ":irc.test NOTICE ann :ann belongs to an account: log in while you connect: by SASL, *")
    eve << ":irc.test 433 ann ann *"


def test_who_logs_in_too_late_is_told_how_to_be_the_same(house: Club) -> None:
    one_more(house).lines()
    other = house.client("other")
    ask(other, f"IDENTIFY ann :{PASSWORD}")
    other.lines()
    other >> "NICK ann"
    other << (
        ":irc.test NOTICE other :ann is you on your other devices. To be ann here as well, connect again and "
        "log in by SASL, a certificate, or PASS ann:<password>."
    )
    other << ":irc.test 433 other ann *"
    assert ask(other, "REGAIN ann") == ["You are ann now."]


def test_another_nick_is_another_user(house: Club) -> None:
    laptop, other = one_more(house), one_more(house, "ann2")
    assert other.lines()[0].startswith(":irc.test 001 ann2 ")
    assert laptop.user is not other.session.user


def test_the_nick_of_a_guest_is_in_use_at_once(house: Club) -> None:
    house.client("bob")
    eve = house.connect()
    eve >> "NICK bob"
    eve << ":irc.test 433 * bob *"


def test_so_many_sessions_are_enough() -> None:
    house = Club(bouncer={"sessions_most": 2})
    registered(house, "ann")
    for _ in range(2):
        one_more(house).lines()
    third = one_more(house)
    assert "2 connections already" in third.until(":irc.test NOTICE * *")
    third << ":irc.test 433 * ann *"


def test_no_bouncer_no_attaching() -> None:
    house = Club(bouncer={"sessions": "off"})
    registered(house, "ann")
    one_more(house).lines()
    second = one_more(house)
    second.until(":irc.test 433 * ann *")


def test_by_password_too(house: Club) -> None:
    laptop = one_more(house)
    phone = house.connect()
    phone >> f"PASS :ann@phone:{PASSWORD}" >> "NICK ann" >> "USER ann 0 * :Ann"
    phone.until(":irc.test 001 ann *")
    assert laptop.user is phone.session.user
    assert phone.session.device == "phone"


def test_a_device_behind_the_user_name(house: Club) -> None:
    phone = house.connect()
    phone >> "USER ann@tablet 0 * :Ann"
    assert phone.session.device == "tablet" and phone.session.user.username == "~ann"


def test_plain_text_does_not_come_into_channels_for_tls(house: Club) -> None:
    laptop = one_more(house, secure=True)
    laptop >> "JOIN #c" >> "MODE #c +S"
    laptop.lines()
    phone = one_more(house)
    assert "TLS" in phone.until(":irc.test NOTICE * *")
    phone << ":irc.test 433 * ann *"
    phone = one_more(house, secure=True)
    phone.until(":ann!* JOIN #c")


# what the others of a person see of what one of them says


@pytest.fixture
def person(house: Club) -> tuple[Client, Client, Client]:
    """A laptop with echo-message, a phone without, and bob; all in #c."""
    laptop, phone, bob = one_more(house, caps="echo-message"), one_more(house), house.client("bob")
    laptop >> "JOIN #c"
    bob >> "JOIN #c"
    for client in (laptop, phone, bob):
        client.lines()
    return laptop, phone, bob


Trio = tuple[Client, Client, Client]


def test_a_message_to_a_channel(person: Trio) -> None:
    laptop, phone, bob = person
    phone >> "PRIVMSG #c :hello"
    for client in (laptop, bob):
        client << ":ann!* PRIVMSG #c :hello"
    phone.silent()
    laptop >> "PRIVMSG #c :again"
    for client in (laptop, phone, bob):
        client << ":ann!* PRIVMSG #c :again"
        client.silent()


def test_a_private_message(person: Trio) -> None:
    laptop, phone, bob = person
    phone >> "PRIVMSG bob :psst"
    bob << ":ann!* PRIVMSG bob :psst"
    laptop << ":ann!* PRIVMSG bob :psst"
    phone.silent()
    laptop >> "NOTICE bob :psst"
    for client in (laptop, phone, bob):
        client << ":ann!* NOTICE bob :psst"
    bob >> "PRIVMSG ann :yes?"
    for client in (laptop, phone):
        client << ":bob!* PRIVMSG ann :yes?"
        client.silent()


def test_a_message_to_oneself(person: Trio) -> None:
    laptop, phone, _ = person
    phone >> "PRIVMSG ann :note"
    for client in (laptop, phone):
        client << ":ann!* PRIVMSG ann :note"
        client.silent()


def test_tags_need_their_capability(house: Club) -> None:
    laptop, phone = one_more(house, caps="message-tags echo-message"), one_more(house)
    bob = house.client("bob", caps="message-tags")
    for client in (laptop, phone, bob):
        client.lines()
    laptop >> "@+typing=active TAGMSG bob"
    bob << "@*:ann!* TAGMSG bob"
    laptop << "@*:ann!* TAGMSG bob"
    phone.silent()


def test_join_part_and_nick(person: Trio) -> None:
    laptop, phone, bob = person
    phone >> "JOIN #d"
    for client in (laptop, phone):
        client << ":ann!* JOIN #d"
        client.until(":irc.test 366 ann #d *")
        client.silent()
    laptop >> "NICK annie"
    for client in (laptop, phone, bob):
        client << ":ann!* NICK annie"
    phone >> "PART #c :bye"
    for client in (laptop, phone, bob):
        client << ":annie!* PART #c :bye"
    bob.silent()
    laptop >> "MODE annie +w"
    for client in (laptop, phone):
        client << ":annie!* MODE annie :+w"


def test_what_a_session_asks_is_told_to_it_alone(person: Trio) -> None:
    laptop, phone, _ = person
    laptop >> "WHOIS bob" >> "MONITOR + bob" >> "CAP LIST" >> "NAMES #c"
    assert laptop.lines()
    phone.silent()


SEEN = (
    ":irc.test NOTICE ann :Others do not see you away yet, for another session of yours is not: "
    "/msg NickServ CLIENTS LIST shows them"
)


def test_away_is_said_by_all(person: Trio) -> None:
    laptop, phone, bob = person
    bob >> "CAP REQ :away-notify"
    bob.lines()
    laptop >> "AWAY :tea"
    laptop << ":irc.test 306 *"
    laptop << SEEN
    phone.silent()
    bob.silent()
    phone >> "AWAY :walk"
    phone << ":irc.test 306 *"
    laptop << ":irc.test 306 *"
    bob << ":ann!* AWAY :walk"
    laptop >> "AWAY :supper"
    laptop << ":irc.test 306 *"
    phone.silent()
    bob << ":ann!* AWAY :supper"
    phone >> "AWAY"
    phone << ":irc.test 305 *"
    laptop << ":irc.test 305 *"
    bob << ":ann!* AWAY"


def test_a_session_that_is_nobody_is_away_and_says_nothing(person: Trio) -> None:
    laptop, phone, bob = person
    phone >> "AWAY *"
    phone.lines()
    assert laptop.user.away is None
    laptop >> "AWAY :tea"
    laptop.lines()
    assert laptop.user.away == "tea"
    bob >> "PRIVMSG ann :hello"
    bob << ":irc.test 301 bob ann :tea"


def test_who_is_away_alone_reads_that_others_do_not_see_it(person: Trio) -> None:
    laptop, phone, _ = person
    phone >> "CAP REQ :labeled-response batch"
    phone.lines()
    phone >> "@label=x AWAY :tea"
    batch, away, told, _ = phone.lines()
    assert " BATCH +" in batch and " 306 " in away and told.partition(" ")[2] == SEEN
    laptop >> "NS CLIENTS LIST"
    assert [", idle 0 s, away, by " in line for line in laptop.lines()] == [False, True, False]
    laptop >> "AWAY :lunch"
    assert [line.split(" ")[1] for line in laptop.lines()] == ["306"]
    phone << ":irc.test 306 ann :You have been marked as being away"
    phone >> "AWAY"
    assert [line.split(" ")[1] for line in phone.lines()] == ["305"]
    laptop << ":irc.test 305 ann :You are no longer marked as being away"
    laptop >> "AWAY *"
    assert [line.split(" ")[1] for line in laptop.lines()] == ["306"]


def test_one_comes_who_is_not_away(house: Club) -> None:
    laptop = one_more(house)
    laptop >> "AWAY :tea"
    laptop.lines()
    phone = one_more(house)
    assert laptop.user.away is None
    assert all(" 306 " not in line for line in phone.lines())
    laptop << ":irc.test 305 ann :You are no longer marked as being away"
    phone >> "QUIT"
    assert laptop.user.away == "tea"
    laptop << ":irc.test 306 ann :You have been marked as being away"
    laptop.silent()


def test_who_is_left_is_away(person: Trio) -> None:
    laptop, phone, bob = person
    bob >> "CAP REQ :away-notify"
    bob.lines()
    phone >> "AWAY :walk"
    phone.lines()
    laptop >> "QUIT"
    bob << ":ann!* AWAY :walk"
    bob.silent()
    phone >> "QUIT :good night"
    bob << ":ann!* QUIT :Quit: good night"


def test_one_goes_and_others_see_nothing(person: Trio, house: Club) -> None:
    laptop, phone, bob = person
    laptop >> "QUIT"
    bob.silent()
    phone.silent()
    bob >> "PRIVMSG ann :still there?"
    phone << ":bob!* PRIVMSG ann :still there?"
    phone.session.connection_lost("reset")
    bob << ":ann!* QUIT :reset"
    assert house.node.network.user("ann") is None


def test_the_least_idle_counts(person: Trio, house: Club) -> None:
    laptop, phone, bob = person
    phone >> "PRIVMSG bob :hello"
    house.clock.advance(100)
    laptop >> "PRIVMSG bob :hello"
    house.clock.advance(5)
    bob.lines()
    bob >> "WHOIS ann"
    assert " 5 " in bob.until(":irc.test 317 *")


def test_secure_are_those_who_are_everywhere(house: Club) -> None:
    laptop = one_more(house, secure=True)
    bob = house.client("bob")
    assert "Z" in laptop.user.modes
    phone = one_more(house)
    laptop.until(":ann!* MODE ann :-Z")
    bob >> "WHOIS ann"
    assert not [line for line in bob.lines() if " 671 " in line]
    phone >> "QUIT"
    laptop << ":ann!* MODE ann :+Z"
    bob >> "WHOIS ann"
    assert [line for line in bob.lines() if " 671 " in line]


def test_a_kill_ends_all_of_them(person: Trio, house: Club) -> None:
    laptop, phone, bob = person
    laptop >> "PRIVMSG NickServ :SESSIONS"
    bob.lines()
    user = laptop.user
    house.node.commit(Killed(user, house.node.network.me, "enough", house.clock.time()))
    for client in (laptop, phone):
        client.until("ERROR :*")
        assert client.session.closed
    bob << ":ann!* QUIT :Killed (irc.test (enough))"
    bob.silent()


def test_a_ban_of_an_address_ends_who_comes_from_there(house: Club) -> None:
    laptop = one_more(house)
    phone = one_more(house, address="198.51.100.9")
    laptop.lines()
    phone.lines()
    ban(house, "198.51.100.9")
    assert phone.session.closed and not laptop.session.closed
    ban(house, "192.0.2.1")
    assert laptop.session.closed


def ban(house: Club, address: str) -> None:
    now = int(house.clock.time())
    found = NetworkBan("D", "*", address, now, None, None, "root", "enough", True)
    house.node.commit(NetworkBanned(found, house.node.network.me, house.clock.time()))
    house.clock.advance(2)


# the account is the person's


def test_one_of_several_keeps_its_account(person: Trio) -> None:
    laptop, phone, _ = person
    phone >> "PRIVMSG NickServ :LOGOUT"
    assert "QUIT ends this session" in phone.lines()[-1]
    phone >> f"PRIVMSG NickServ :IDENTIFY bob :{PASSWORD}"
    assert "QUIT ends this session" in phone.lines()[-1]
    phone >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', 'bob', PASSWORD)}"
    assert phone.lines()[-1] == ":irc.test 904 ann :SASL authentication failed"
    assert laptop.user.account == "ann"
    laptop.silent()
    phone >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', 'ann', PASSWORD)}"
    assert phone.lines()[-1] == ":irc.test 903 ann :SASL authentication successful"


def test_devices_are_listed_and_logged_out(house: Club) -> None:
    laptop, phone = one_more(house), one_more(house, account="ann@phone", address="198.51.100.9")
    laptop.lines()
    phone.lines()
    laptop >> "PRIVMSG NickServ :CLIENTS LIST"
    first, second, count = laptop.lines()
    assert "1. ann (you) on irc.test from 192.0.2.1, connected since " in first
    assert "2. ann by phone on irc.test from 198.51.100.9, connected since " in second
    assert count.endswith("2 sessions of ann.")
    laptop >> "PRIVMSG NickServ :CLIENTS LOGOUT phone"
    ended, count = laptop.lines()
    assert ended.endswith(" :Ended: ann by phone on irc.test from 198.51.100.9.")
    assert count.endswith("1 session of yours ended.")
    assert phone.lines()[-1].endswith("(Logged out by ann)") and phone.session.closed
    assert not laptop.session.closed
