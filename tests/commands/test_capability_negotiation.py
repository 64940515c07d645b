"""CAP, version 302: what is offered, asked for, given and taken back."""

from __future__ import annotations

import pytest
from conversation import House

from chatnet.wire import capabilities as cap

ALL = " ".join(cap.BY_NAME)


def test_ls_holds_registration_until_end(house: House) -> None:
    ann = house.connect()
    ann >> "CAP LS"
    ann << f":irc.test CAP * LS :{ALL}"
    ann >> "NICK ann" >> "USER ann 0 * :Ann"
    ann.silent()
    ann >> "CAP END"
    ann << ":irc.test 001 ann *"
    assert ann.session.caps == 0


def test_req_holds_registration_too(house: House) -> None:
    ann = house.connect()
    ann >> "CAP REQ multi-prefix" >> "NICK ann" >> "USER ann 0 * :Ann"
    ann << ":irc.test CAP * ACK :multi-prefix"
    ann.silent()
    ann >> "CAP END"
    ann << ":irc.test 001 ann *"


def test_end_without_a_beginning(house: House) -> None:
    ann = house.connect()
    ann >> "CAP END" >> "NICK ann" >> "CAP END" >> "USER ann 0 * :Ann"
    ann << ":irc.test 001 ann *"
    ann.lines()
    ann >> "CAP END"
    ann.silent()


def test_version_302_means_cap_notify(house: House) -> None:
    ann = house.connect()
    ann >> "CAP LS 302" >> "CAP LIST"
    ann.until(":irc.test CAP * LIST :cap-notify")
    ann >> "CAP REQ :-cap-notify"
    ann << ":irc.test CAP * NAK :-cap-notify"
    ann >> "CAP REQ :cap-notify"
    ann << ":irc.test CAP * ACK :cap-notify"
    ann >> "CAP LS"
    ann.lines()
    assert ann.session.cap_version == 302


@pytest.mark.parametrize("version", ["", "x", "301", "-302", "3.2", "9999999", "\u0663\u0660\u0662"])
def test_other_versions_are_not_302(house: House, version: str) -> None:
    ann = house.connect()
    ann >> f"CAP LS {version}"
    assert ann.session.caps == 0


def test_older_clients_may_give_cap_notify_back(house: House) -> None:
    ann = house.connect()
    ann >> "CAP REQ :cap-notify" >> "CAP REQ :-cap-notify" >> "CAP LIST"
    ann.until(":irc.test CAP * ACK :-cap-notify")
    ann << ":irc.test CAP * LIST :"


def test_all_or_nothing(house: House) -> None:
    ann = house.client("ann")
    ann >> "CAP REQ :multi-prefix nonsense away-notify"
    ann << ":irc.test CAP ann NAK :multi-prefix nonsense away-notify"
    assert ann.session.caps == 0
    ann >> "CAP REQ :multi-prefix away-notify setname "
    ann << ":irc.test CAP ann ACK :multi-prefix away-notify setname "
    ann >> "CAP REQ :-multi-prefix invite-notify -setname -chghost"
    ann << ":irc.test CAP ann ACK :-multi-prefix invite-notify -setname -chghost"
    ann >> "CAP LIST"
    ann << ":irc.test CAP ann LIST :away-notify invite-notify"
    ann >> "CAP REQ :Multi-Prefix"
    ann << ":irc.test CAP ann NAK :Multi-Prefix"
    ann >> "CAP REQ"
    ann << ":irc.test CAP ann ACK :"


def test_what_is_no_subcommand(house: House) -> None:
    ann = house.connect()
    ann >> "CAP"
    ann << ":irc.test 461 * CAP :Not enough parameters"
    ann >> "CAP FOO" >> "CAP ACK :multi-prefix" >> "CAP :"
    ann << ":irc.test 410 * FOO :Invalid CAP command"
    ann << ":irc.test 410 * ACK :Invalid CAP command"
    ann << ":irc.test 410 * * :Invalid CAP command"
    ann >> "cap ls"
    ann << ":irc.test CAP * LS :*"


def test_times_come_after_the_ack_that_promises_them(house: House) -> None:
    ann = house.client("ann")
    ann >> "CAP REQ server-time" >> "CAP REQ -server-time" >> "CAP LIST"
    ann << ":irc.test CAP ann ACK :server-time"
    ann << "@time=2023-11-14T22:13:20.000Z :irc.test CAP ann ACK :-server-time"
    ann << ":irc.test CAP ann LIST :"


def test_a_long_list_continues(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    many = {f"example.org/capability-{number}": 1 << number for number in range(30)}
    monkeypatch.setattr(cap, "BY_NAME", many)
    ann = house.connect()
    ann >> "CAP LS 302"
    *lines, last = ann.lines()
    assert lines and all(line.startswith(":irc.test CAP * LS * :example.org/") for line in lines)
    assert last.startswith(":irc.test CAP * LS :example.org/")
    assert all(len(line) <= 510 for line in [*lines, last])
    told = [name for line in [*lines, last] for name in line.split(" :", 1)[1].split(" ")]
    assert told == list(many)
    old = house.connect()
    old >> "CAP LS"
    assert all(line.startswith(":irc.test CAP * LS :") for line in old.lines())


def test_a_request_as_long_as_a_line_is_answered_whole(house: House) -> None:
    ann = house.client("a" * 30)
    asked = " ".join(["multi-prefix"] * 38)
    ann >> f"CAP REQ :{asked}"
    lines = ann.lines()
    assert len(lines) == 2 and all(len(line) <= 510 for line in lines)
    assert " ".join(line.split(" ACK :")[1] for line in lines) == asked


def test_capabilities_changed_in_a_channel_change_what_is_heard(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    bob >> "JOIN #a,#b"
    ann >> "JOIN #a,#b"
    ann.lines()
    for asked, at in (("server-time", "@time=* "), ("-server-time", "")):
        ann >> f"CAP REQ {asked}"
        ann.lines()
        bob >> "PRIVMSG #a :one" >> "PRIVMSG #b :two"
        ann << f"{at}:bob!~bob@192.0.2.1 PRIVMSG #a :one"
        ann << f"{at}:bob!~bob@192.0.2.1 PRIVMSG #b :two"
        ann.silent()
    ann >> "QUIT"
    house.check()


def test_thousands_of_requests_leave_nothing_behind(house: House) -> None:
    ann = house.client("ann")
    ann >> "JOIN #c"
    for _ in range(200):
        both = b"CAP REQ :server-time away-notify\r\nCAP REQ :-server-time -away-notify\r\n"
        ann.send((both + b"CAP LS 302\r\n") * 10)
        ann.lines()
    assert ann.session.caps == cap.CAP_NOTIFY
    groups = house.parts.delivery._channels
    assert [list(group) for group in groups.values()] == [[cap.CAP_NOTIFY]]


def test_requests_cost_penalty() -> None:
    house = House(flood={"enabled": True})
    ann = house.client("ann")
    ann.send(b"CAP LS 302\r\n" * 150)
    first = len(ann.lines())
    assert first < 100
    ann.send(b"CAP LS 302\r\n" * 150)
    ann.until("ERROR :Closing Link: 192.0.2.1 (Excess Flood)")
    house.check()
