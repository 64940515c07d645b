"""Long looks at the network: in slices, one after the other, and nobody else waits for them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from conversation import Client, House
from labelled import LABELS as BOTH
from states import channel, opered, set_modes

from chatnet.session.scans import Scans

SLICE = 100


class Meter:
    """Notes what was looked at in each turn, in microseconds as the searches tell."""

    def __init__(self) -> None:
        self.turns = [0]

    @property
    def total(self) -> int:
        return sum(self.turns)


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Meter:
    meter = Meter()
    spend, next_turn = Scans.spend, Scans._next_turn

    def noted(scans: Scans, cost: int) -> bool:
        meter.turns[-1] += cost
        return spend(scans, cost)

    def begun(scans: Scans) -> None:
        meter.turns.append(0)
        next_turn(scans)

    monkeypatch.setattr(Scans, "spend", noted)
    monkeypatch.setattr(Scans, "_next_turn", begun)
    return meter


def slow(**limits: Any) -> House:
    """A house with twenty channels in which little is looked at in one turn."""
    house = House(limits={"scan_slice": SLICE, **limits})
    for number in range(4):
        owner = house.client(f"owner{number}", address="192.0.2.99")
        for n in range(5):
            owner >> f"JOIN #c{number}{n}"
            finish(house)
    return house


def finish(house: House) -> None:
    while house.clock.step():
        house.settle()


def codes(client: Client) -> list[str]:
    return [line.split(" ")[1] for line in client.lines()]


LOOKS = [
    "LIST",
    "LIST *1*,#c0*,!*9,>0",
    "WHO *",
    "WHO *e*",
    "WHO #all",
    "WHO #all %n",
    "TRACE",
    "STATS l",
    "JOIN #n1,#n2,#n3,#n4,#n5,#n6",
]


@pytest.mark.parametrize("look", LOOKS)
def test_no_turn_looks_at_much_more_than_it_may(meter: Meter, look: str) -> None:
    house = slow(targets=8)
    ann, bob = house.client("ann"), house.client("bob")
    for number in range(30):
        house.client(f"c{number}") >> "JOIN #all"
    opered(ann, "see-all")
    finish(house)
    meter.turns = [0]
    ann >> look >> "PING end"
    for count in range(1000):
        bob >> f"PING {count}"
        bob << f"* PONG * :{count}"
        if not house.clock.step():
            break
    assert meter.total > SLICE * 2 and len(meter.turns) > 2
    assert max(meter.turns) <= SLICE + 60
    assert ann.lines()[-1].endswith("PONG irc.test :end")
    house.check()


def test_the_searches_of_all_share_a_turn(meter: Meter) -> None:
    house = slow()
    clients = [house.client(f"n{number}", address=f"192.0.2.{number}") for number in range(12)]
    finish(house)
    meter.turns = [0]
    for client in clients:
        client.lines()
        client >> "LIST" >> "LIST"
    finish(house)
    assert max(meter.turns) <= SLICE + 60 and meter.total >= 24 * 20 * 31
    assert all(codes(client) == [*["321", *["322"] * 20, "323"] * 2] for client in clients)
    house.check()


def test_addresses_take_turns() -> None:
    house = slow()
    crowd = [house.client(f"n{number}", address="192.0.2.1") for number in range(12)]
    ann = house.client("ann", address="192.0.2.2")
    finish(house)
    for client in crowd:
        client >> "LIST"
    ann >> "LIST"
    first = []
    while "323" not in codes(ann):
        house.clock.step()
        first += [client for client in crowd if "323" in codes(client)]
    assert len(first) <= 1  # one by one they would all have been before
    rest = [client for client in crowd if client not in first]
    finish(house)
    assert all("323" in codes(client) for client in rest)
    house.check()


def test_what_begins_need_not_wait_for_what_is_long(meter: Meter) -> None:
    house = slow()
    crowd = [house.client(f"n{number}", address=f"192.0.2.{number}") for number in range(9)]
    ann = house.client("ann")
    finish(house)
    for client in crowd:
        client >> "LIST"
    for _ in range(3):
        house.clock.step()
    ann.lines()
    ann >> "WHO ann"
    assert codes(ann) == ["352", "315"]
    finish(house)
    house.check()


def test_only_so_many_have_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatnet.session.scans.UNDER_WAY", 2)
    house = slow()
    clients = [house.client(f"n{number}", address=f"192.0.2.{number}") for number in range(6)]
    finish(house)
    for client in clients:
        client.lines()
        client >> "LIST"
    clients[5].session.connection_lost("gone")
    begun, ended = set(), set()
    while house.clock.step():
        for client in clients:
            found = codes(client)
            begun |= {client} if "321" in found or "322" in found else set()
            ended |= {client} if "323" in found else set()
        assert len(begun - ended) <= 2
    assert ended == {*clients[:5]}
    house.check()


def test_lines_keep_their_order_and_others_are_served() -> None:
    house = slow()
    ann, bob = house.client("ann"), house.client("bob")
    finish(house)
    ann.send(b"LIST\r\nPING 1\r\nWHO *\r\n")
    ann.send(b"PING 2\r\n")
    assert ann.session.held
    bob >> "PRIVMSG ann :hi"
    first = ann.lines()
    assert first[0].split(" ")[1] == "321" and first[-1] == ":bob!~bob@192.0.2.1 PRIVMSG ann :hi"
    assert not any(" 323 " in line for line in first)
    finish(house)
    rest = codes(ann)
    assert rest.index("323") < rest.index("PONG") < rest.index("352") < rest.index("315") < len(rest) - 1
    assert rest[-1] == "PONG" and not ann.session.held and ann.session.backlog is None
    house.check()


def test_the_answer_to_a_label_is_one_batch() -> None:
    house = slow()
    ann, bob = house.client("ann", caps=BOTH), house.client("bob")
    finish(house)
    ann.lines()
    ann.send(b"@label=x LIST\r\n@label=y PING 1\r\n")
    bob >> "PRIVMSG ann :hi"
    finish(house)
    lines = ann.lines()
    assert lines[0].startswith("@label=x :irc.test BATCH +") and lines[0].endswith(" labeled-response")
    reference = lines[0].split(" ")[3][1:]
    end = lines.index(f":irc.test BATCH -{reference}")
    inside = [line for line in lines[1:end] if line.startswith(f"@batch={reference} ")]
    assert [line.split(" ")[2] for line in inside] == ["321", *["322"] * 20, "323"]
    assert [line for line in lines[1:end] if line not in inside] == [":bob!~bob@192.0.2.1 PRIVMSG ann :hi"]
    assert lines[end + 1 :] == ["@label=y :irc.test PONG irc.test :1"]
    house.check()


@pytest.mark.parametrize("how", ["quit", "lost", "killed"])
@pytest.mark.parametrize("caps", ["", BOTH])
def test_a_search_ends_with_its_session(meter: Meter, how: str, caps: str) -> None:
    house = slow()
    ann = house.client("ann", caps=caps)
    finish(house)
    ann.send(b"@label=x LIST\r\n" if caps else b"LIST\r\n")
    if how == "lost":
        ann.session.connection_lost("gone")
    else:
        ann.session.close("Killed")
    ann.lines()
    meter.turns = [0]
    finish(house)
    ann.silent()
    assert meter.total == 0 and house.parts.sessions.scans.left == SLICE
    house.check()


def test_channels_that_come_and_go_meanwhile() -> None:
    house = slow()
    ann, owner = house.client("ann"), house.client("bob")
    owner >> "JOIN #gone" >> "JOIN #secret" >> "JOIN #named" >> "JOIN #last"
    finish(house)
    ann.lines()
    ann >> "LIST"
    owner >> "PART #gone" >> "JOIN #gone2" >> "RENAME #named #renamed"
    set_modes(house, "#secret", "+s")
    finish(house)
    shown = [line.split(" ")[3] for line in ann.lines() if " 322 " in line]
    assert shown[-2:] == ["#renamed", "#last"] and len(shown) == 22
    ann >> "LIST"
    finish(house)
    shown = [line.split(" ")[3] for line in ann.lines() if " 322 " in line]
    assert shown[-3:] == ["#last", "#gone2", "#renamed"]
    house.check()


@pytest.mark.parametrize("mask", ["*", "#all"])
def test_people_who_come_and_go_meanwhile(mask: str) -> None:
    house = slow()
    ann, *others = (house.client(nick) for nick in ["ann", "b0", "b1", "b2", "b3", "b4", "b5"])
    for client in [ann, *others]:
        client >> "JOIN #all"
    finish(house)
    ann.lines()
    ann >> f"WHO {mask}"
    others[-1] >> "QUIT"
    others[3] >> "PART #all"
    house.client("new") >> "JOIN #all"
    finish(house)
    found = [line.split(" ")[7] for line in ann.lines() if " 352 " in line]
    invisible = "b3" not in found  # to those who share no channel with them
    assert invisible and {"b5", "new"}.isdisjoint(found) and {"ann", "b0", "b1", "b2", "b4"} == {*found}
    house.check()


def test_the_price_is_what_was_looked_at() -> None:
    house = House(flood={"enabled": True, "connections_per_address": 1000, "connection_rate": 1000})
    ann = house.client("ann")

    def price(line: str) -> float:
        ann.session.penalty = before = house.clock.monotonic()
        ann >> line
        finish(house)
        ann.lines()
        return ann.session.penalty - before

    few = {look: price(look) for look in ("LIST", "LIST *a*,*b*", "WHO *", "WHO *zzz*", "WHO ann")}
    for number in range(60):
        client = house.client(f"n{number}")
        client >> f"JOIN #c{number}"
    many = {look: price(look) for look in few}
    assert many["LIST"] - few["LIST"] == pytest.approx(60 * 31 / 10_000 / 2)
    assert many["LIST *a*,*b*"] - few["LIST *a*,*b*"] == pytest.approx(60 * 3 / 10_000 / 2)
    assert many["WHO *"] - few["WHO *"] == pytest.approx(60 * 2 / 10_000 / 2)
    assert many["WHO ann"] == few["WHO ann"]
    house.check()


def test_masks_of_bans_have_their_price_too() -> None:
    house = House(flood={"enabled": True})
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c" >> "MODE #c +bbbb a b c d" >> "MODE #c -n" >> "JOIN #d" >> "MODE #d -n"

    def price(line: str) -> float:
        bob.session.penalty = before = house.clock.monotonic()
        bob >> line
        return bob.session.penalty - before

    assert price("PRIVMSG #c :hi") - price("PRIVMSG #d :hi") == pytest.approx(20 / 8192 / 2)
    assert price("JOIN #c") - price("JOIN #d") == pytest.approx(20 / 8192 / 2)
    house.check()


def test_who_changes_a_nick_in_channels_with_long_lists() -> None:
    house = House(limits={"scan_slice": SLICE})
    ann, bob = house.client("ann"), house.client("bob")
    for number in range(5):
        ann >> f"JOIN #c{number}" >> f"MODE #c{number} +bb {'x' * 25} {'y' * 25}"
        finish(house)
        bob >> f"JOIN #c{number}"
    finish(house)
    bob.lines()
    bob.send(b"NICK rob\r\nPING 1\r\n")
    assert bob.session.held and bob.user.nick == "bob"
    house.client("rob")  # is quicker
    finish(house)
    assert codes(bob) == ["433", "PONG"]
    bob >> "NICK bob2"
    finish(house)
    assert bob.user.nick == "bob2"
    ann >> "MODE #c4 +b bob2"
    finish(house)
    bob.lines()
    bob.send(b"NICK bob3\r\nSETNAME :Robert\r\n")
    finish(house)
    lines = bob.lines()
    assert " 435 bob2 bob3 #c4 :" in lines[0] and " FAIL SETNAME CANNOT_CHANGE_REALNAME " in lines[1]
    house.check()


@pytest.mark.parametrize("line", ["PRIVMSG {} :hi", "PART {} :bye", "JOIN {}", "TAGMSG {}"])
def test_several_channels_with_long_lists(meter: Meter, line: str) -> None:
    house = House(limits={"scan_slice": 5000})
    ann, bob = house.client("ann"), house.client("bob", caps="message-tags")
    names = [f"#c{number}" for number in range(4)]
    for name in names:
        ann >> f"JOIN {name}"
        if not line.startswith("JOIN"):
            bob >> f"JOIN {name}"
        masks = [f"$&:{','.join(f'm:{name[1:]}{n:02d}{part}' for part in 'abcdefgh')}" for n in range(45)]
        for mask in masks:
            set_modes(house, name, "+b", mask)
        set_modes(house, name, "+b", f"$j:{name}")  # so that it is not remembered
        finish(house)
    ann.lines()
    bob.lines()
    bans = house.parts.sessions.bans
    looked = [bans.looked]
    bob >> line.format(",".join(names)) >> "PING end"
    looked.append(bans.looked)
    while house.clock.step():
        looked.append(bans.looked)
    assert bob.lines()[-1].endswith(":end")
    assert len({*looked}) > 2 and max(b - a for a, b in pairwise(looked)) < 15_000
    if not line.startswith("TAGMSG"):
        assert len([text for text in ann.lines() if text.startswith(":bob!")]) == 4
    house.check()


def test_a_search_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    house = slow()
    ann = house.client("ann")
    finish(house)
    ann.send(b"LIST\r\nPING 1\r\n")
    monkeypatch.setattr("chatnet.commands.listing.may_see_channel", None)
    finish(house)
    assert codes(ann)[-2:] == ["400", "PONG"]
    assert house.log.failures.pop().startswith("LIST failed")
    house.check()


def test_settings_hold_from_the_next_turn_on(meter: Meter) -> None:
    house = slow()
    ann = house.client("ann")
    finish(house)
    house.reload(limits={"scan_slice": 100_000})
    ann.lines()
    ann >> "LIST"
    meter.turns = [0]
    finish(house)
    assert codes(ann)[-1] == "323" and len(meter.turns) <= 3 and channel(house, "#c00")
    house.check()
