"""Bans that come over links: told onward, applied here, and outlived.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md#ban
"""

from __future__ import annotations

import itertools
import random

import pytest
from conversation import START, Client, House
from mesh import Mesh, Stranger, block, stranger

from chatnet.model.bans import NetworkBan
from chatnet.model.entities import User
from chatnet.model.facts import NetworkBanned
from chatnet.model.ids import SID, AccountName
from chatnet.model.server import Server
from chatnet.rules.network_bans import NetworkBans, means
from chatnet.wire.casemap import folder

NOW = int(START)


@pytest.fixture
def mesh() -> Mesh:
    mesh = Mesh("a", "b", "c", sections_of={"a": {"link": [block("so1")]}})
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    return mesh


@pytest.fixture
def so1(mesh: Mesh) -> Stranger:
    found = stranger(mesh["a"], "so1.test", "1SO")
    found >> ":1SO EUID oz 1 1699999990 +io ~oz oz.host 192.0.2.77 1SOAAAAAA * * :Oz"
    mesh.settle()
    found.lines()
    return found


def say(mesh: Mesh, so1: Stranger, line: str) -> None:
    so1 >> line
    mesh.settle()


def refused(house: House, nick: str, address: str = "192.0.2.1", name: str = "Somebody") -> Client:
    client = house.connect(address)
    client >> f"NICK {nick}" >> f"USER {nick} 0 * :{name}"
    assert not client.session.registered
    assert client.outlet.ended == "closed"
    return client


def test_a_ban_crosses_the_network_and_sends_away_whom_it_means(mesh: Mesh, so1: Stranger) -> None:
    victim, other = mesh["c"].client("vic", address="192.0.2.9"), mesh["c"].client("oth")
    mesh.settle()
    say(mesh, so1, f":1SOAAAAAA BAN K * 192.0.2.9 {NOW} 3600 3600 * :spam|seen in #x")
    # What stands behind the | "MUST NOT be shown to normal users".
    victim << ":c.test 465 vic :You are banned from this server- spam (until 2023-11-14 23:13 UTC)"
    victim << "ERROR :Closing Link: 192.0.2.9 (Banned: spam (until 2023-11-14 23:13 UTC))"
    other.silent()
    refused(mesh["b"], "vic", "192.0.2.9") << ":b.test 465 vic :You are banned from this server- spam *"
    mesh["b"].client("ann", address="192.0.2.10")
    mesh.check()


def test_many_bans_at_once_are_one_look_at_everybody(mesh: Mesh, so1: Stranger) -> None:
    there = [
        mesh["a"].client(f"nick{number}", address=f"198.51.100.{number % 250}") for number in range(1200)
    ]
    mesh.settle()
    for number in range(20):
        so1.link.connection.receive(f":1SO BAN K * 198.51.100.{number} {NOW} 60 60 * :x\r\n".encode())
        so1.link.connection.receive(f":1SO BAN K * 203.0.113.{number} {NOW} 60 60 * :x\r\n".encode())
    assert not any(client.session.closed for client in there)
    mesh.settle()
    assert [client.session.closed for client in there] == [number % 250 < 20 for number in range(1200)]
    so1 >> f":1SO BAN K * 198.51.100.30 {NOW} 60 60 * :x"
    assert not there[30].session.closed
    mesh.advance(1)
    assert there[30].session.closed
    mesh.check()


def test_a_ban_is_told_in_the_words_it_came_in(mesh: Mesh, so1: Stranger) -> None:
    say(mesh, so1, f":1SOAAAAAA BAN K ~x *.bad.example {NOW} 60 600 * :spam|private")
    assert mesh.said("a", "b")[-1] == (
        f":1SOAAAAAA BAN K ~x *.bad.example {NOW} 60 600 oz!~oz@oz.host :spam|private"
    )
    so1.silent()


def test_bans_end_by_themselves(mesh: Mesh, so1: Stranger) -> None:
    say(mesh, so1, f":1SO BAN K * 192.0.2.9 {NOW} 60 60 * :spam")
    refused(mesh["a"], "vic", "192.0.2.9")
    mesh.advance(61)
    mesh["a"].client("vic", address="192.0.2.9")


def test_the_newer_creation_wins_and_what_was_taken_back_does_not_revive(mesh: Mesh, so1: Stranger) -> None:
    """“The creation TS indicates when this ban was last modified. An incoming ban must be ignored and not
    propagated if [it] is older than the creation TS of the existing ban.”"""
    say(mesh, so1, f":1SO BAN K * 192.0.2.9 {NOW - 100} 3600 3600 * :spam")
    say(mesh, so1, f":1SO BAN K * 192.0.2.9 {NOW - 50} 0 60 oz!o@h :spam")
    mesh["c"].client("vic", address="192.0.2.9")
    mesh.said("a", "b")
    say(mesh, so1, f":1SO BAN K * 192.0.2.9 {NOW - 100} 3600 3600 * :spam")
    assert mesh.said("a", "b") == []
    # “it must be set such that the modified ban is remembered at least as long as the original ban”
    [ban] = mesh["c"].node.network.bans["K"].values()
    assert (ban.created, ban.until, ban.lifetime) == (NOW - 50, NOW - 50, NOW + 3500)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_that_were_set_in_the_same_second_one_holds_everywhere(order: int) -> None:
    mesh = Mesh("a", "b", link=[block("so1"), block("so2")])
    mesh.link("a", "b")
    mesh.settle()
    one, two = stranger(mesh["a"], "so1.test", "1SO"), stranger(mesh["b"], "so2.test", "2SO")
    several = ["60 600 oz :spam", "90 600 oz :spam", "60 600 zoe :spam", "60 600 oz :spoof", "0 600 oz :spam"]
    for mask, (first, second) in enumerate(itertools.combinations(several[::order], 2)):
        one >> f":1SO BAN K * {mask}.example {NOW} {first}"
        two >> f":2SO BAN K * {mask}.example {NOW} {second}"
    mesh.settle()
    here, there = (
        {key: (ban.until, ban.by, ban.reason) for key, ban in house.node.network.bans["K"].items()}
        for house in mesh
    )
    assert here == there and len(here) == 10
    assert (
        sorted(here.values())[-4:] == [(NOW + 90, "oz", "spam")] * 4
    )  # of two, the one that holds for longer


def test_a_ban_is_told_to_servers_that_come_later(mesh: Mesh, so1: Stranger) -> None:
    mesh.cut("b", "c")
    say(mesh, so1, f":1SO BAN R * Foo* {NOW} 3600 3600 * :reserved")
    say(mesh, so1, f":1SO BAN X * *spam\\sbot* {NOW} 3600 3600 * :no bots")
    say(mesh, so1, ":1SO ENCAP * KLINE 3600 * 192.0.2.55 :this server only")
    mesh.link("b", "c")
    mesh.settle()
    mesh.check()
    assert {kind: len(bans) for kind, bans in mesh["c"].node.network.bans.items() if bans} == {"X": 1, "R": 1}
    mesh["c"].client("vic", address="192.0.2.55")
    refused(mesh["c"], "bot", name="a spam bot!")


def test_reserved_names(mesh: Mesh, so1: Stranger) -> None:
    say(mesh, so1, f":1SO BAN R * *Serv {NOW} 3600 3600 * :services")
    say(mesh, so1, f":1SO BAN R * #secret {NOW} 3600 3600 * :no")
    ann = mesh["c"].client("ann")
    ann >> "NICK chanserv" << ":c.test 432 ann chanserv :Erroneous nickname: it is reserved"
    ann >> "JOIN #Secret" << ":c.test 479 ann #Secret :Illegal channel name: it is reserved"
    ann >> "JOIN #secrets" << ":ann!~ann@192.0.2.1 JOIN #secrets"


def test_encapsulated_bans_hold_where_they_match(mesh: Mesh, so1: Stranger) -> None:
    say(mesh, so1, ":1SO ENCAP b.test KLINE 3600 ~vic 192.0.2.* :spam")
    refused(mesh["b"], "vic")
    mesh["a"].client("vic")
    say(mesh, so1, ":1SO ENCAP * UNKLINE ~vic 192.0.2.*")
    mesh["b"].client("bob") >> "QUIT"
    mesh["b"].client("vic2") >> "QUIT"


@pytest.mark.parametrize(
    ("set_", "unset", "address", "name"),
    [
        ("KLINE 0 * 192.0.2.9", "UNKLINE * 192.0.2.9", "192.0.2.9", "x"),
        ("KLINE 0 ~vic 2001:db8::/32", "UNKLINE ~vic 2001:db8::/32", "2001:db8::7", "x"),
        ("DLINE 0 192.0.2.0/25", "UNDLINE 192.0.2.0/25", "192.0.2.9", "x"),
        ("DLINE 0 0::1", "UNDLINE 0::1", "::1", "x"),
        ("XLINE 60 *\\sbot 2", "UNXLINE *\\sbot", "192.0.2.9", "my bot"),
    ],
)  # fmt: skip
def test_each_kind_is_set_and_taken_back(
    mesh: Mesh, so1: Stranger, set_: str, unset: str, address: str, name: str
) -> None:
    there = mesh["b"].connect(address)
    there >> "NICK vic" >> f"USER vic 0 * :{name}"
    mesh.settle()
    say(mesh, so1, f":1SO ENCAP * {set_} :reason")
    assert there.outlet.ended == "closed"
    late = mesh["b"].connect(address)
    late >> "NICK vic" >> f"USER vic 0 * :{name}"
    assert not late.session.registered
    late.until("ERROR :Closing Link: * (Banned: reason*)")
    # carried to each server once, and not told as a ban of the network
    assert [line for line in mesh.said("b", "c") if " ENCAP * " in line and "GCAP" not in line] == [
        f":1SO ENCAP * {set_} :reason"
    ]
    say(mesh, so1, f":1SO ENCAP * {unset}")
    again = mesh["b"].connect(address)
    again >> "NICK vic" >> f"USER vic 0 * :{name}"
    assert again.session.registered
    mesh.check()


def test_a_ban_for_this_server_does_not_change_one_of_the_network(mesh: Mesh, so1: Stranger) -> None:
    say(mesh, so1, f":1SO BAN K * 192.0.2.9 {NOW} 3600 3600 * :spam")
    say(mesh, so1, ":1SO ENCAP * UNKLINE * 192.0.2.9")
    refused(mesh["c"], "vic", "192.0.2.9")


def test_a_neighbour_that_may_not_ban() -> None:
    mesh = Mesh("a", "b", sections_of={"a": {"link": [block("so1", allow_bans=False)]}})
    mesh.link("a", "b")
    mesh.settle()
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    say(mesh, so1, f":1SO BAN K * * {NOW} 3600 3600 * :everybody")
    say(mesh, so1, ":1SO ENCAP a.test DLINE 0 0.0.0.0/0 :everybody")
    mesh["a"].client("ann")
    mesh["b"].client("bob")
    assert so1.gone is None


@pytest.mark.parametrize(
    "line",
    [
        "BAN Z * * 1 1 1 * :unknown kind",
        "ENCAP * DLINE 10 not-an-address :x",
        "ENCAP * DLINE 10 192.0.2.1/99 :x",
        "ENCAP * UNRESV nothing",
        "ENCAP * KLINE 10 * :too few",
        "ENCAP * KLINE 10 * " + "x" * 300 + " :x",
        "BAN R * " + "x" * 301 + " 1700000000 60 60 * :x",
    ],
)
def test_what_is_no_ban_is_ignored(mesh: Mesh, so1: Stranger, line: str) -> None:
    say(mesh, so1, f":1SO {line}")
    assert not any(mesh["a"].node.network.bans.values())
    assert so1.gone is None
    mesh.check()


def test_a_number_that_is_none_ends_the_link(mesh: Mesh, so1: Stranger) -> None:
    so1 >> ":1SO BAN K * * soon 1 1 * :x"
    assert so1.gone == "BAN: 'soon' is no number"


def test_the_number_of_bans_is_bounded() -> None:
    mesh = Mesh("a", sections_of={"a": {"link": [block("so1")], "links": {"bans": 3}}})
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    for number in range(9):
        so1 >> f":1SO BAN R * Nick{number} {NOW} 60 60 * :x"
    assert len(mesh["a"].node.network.bans["R"]) == 3
    mesh.clock.advance(120)
    so1 >> f":1SO BAN R * Late {NOW + 120} 60 60 * :x"
    so1 >> f":1SO BAN R * Later {NOW + 120} 60 60 * :x"
    assert "later" in mesh["a"].node.network.bans["R"]


def test_bans_that_ended_make_room_although_the_clock_was_set_back() -> None:
    house = House(link=[block("so1")], links={"bans": 3})
    house.clock.off = 7 * 86400
    so1 = stranger(house, "so1.test", "1SO")
    so1 >> f":1SO BAN R * Nick0 {NOW} {8 * 86400} {8 * 86400} * :x"
    house.clock.off = 0
    for number in (1, 2):
        so1 >> f":1SO BAN R * Nick{number} {NOW} 60 60 * :x"
    house.clock.advance(120)
    so1 >> f":1SO BAN R * Late {NOW + 120} 60 60 * :x"
    so1 >> f":1SO BAN R * Later {NOW + 120} 60 60 * :x"
    assert [ban.mask for ban in house.node.network.bans["R"].values()] == ["Nick0", "Late", "Later"]


def test_what_was_taken_back_counts_as_well_and_what_is_known_may_change() -> None:
    house = House(link=[block("so1")], links={"bans": 3})
    so1 = stranger(house, "so1.test", "1SO")
    for number in range(9):
        so1 >> f":1SO BAN R * Nick{number} {NOW} 0 60 * :x"
    bans = house.node.network.bans["R"]
    assert len(bans) == 3
    so1 >> f":1SO BAN R * Nick0 {NOW + 1} 60 60 * :x"
    assert len(bans) == 3 and bans[house.node.network.fold("Nick0")].holds(NOW)
    house.check()


def test_bans_for_which_there_is_no_room_cost_no_look_at_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(link=[block("so1")], links={"bans": 100})
    so1 = stranger(house, "so1.test", "1SO")
    for number in range(100):
        so1 >> f":1SO BAN R * Nick{number} {NOW} 60 60 * :x"
    looked_at: list[NetworkBan] = []
    remembered = NetworkBan.remembered

    def note(self: NetworkBan, now: float) -> bool:
        looked_at.append(self)
        return remembered(self, now)

    monkeypatch.setattr(NetworkBan, "remembered", note)
    for number in range(100, 200):
        so1 >> f":1SO BAN R * Nick{number} {NOW} 60 60 * :x"
    assert len(looked_at) <= 100 + 2 * 100


def _user(username: str, host: str, address: str, realname: str) -> User:
    user = User(Server(SID("0AA"), "a.test", ""), address, host)
    user.nick, user.username, user.realname = "nick", username, realname
    return user


def test_the_index_finds_what_a_look_at_each_ban_finds() -> None:
    """Random bans and users over few letters, so that much matches; few bans, so that none hides another."""
    fold = folder("rfc1459")
    chance = random.Random(7)

    def word(letters: str, most: int) -> str:
        return "".join(chance.choice(letters) for _ in range(chance.randint(1, most)))

    def ban() -> NetworkBan:
        kind = chance.choice("KKKDXAC")
        host = word("aB*", 7) if chance.random() < 0.7 else word("aB.*?\\", 6)
        if kind == "D" or chance.random() < 0.2:
            host = f"10.0.{chance.randint(0, 1)}.{chance.randint(0, 15)}/{chance.randint(20, 32)}"
        user = chance.choice(["*", word("ab*?", 3)]) if kind == "K" else "*"
        return NetworkBan(kind, user, host, NOW, NOW + 9, NOW + 9, "x", "", True)

    matched = 0
    for _ in range(400):
        bans, known = NetworkBans(fold, lambda: NOW), {}
        for new in [ban() for _ in range(3)]:
            known[new.kind, fold(new.mask)] = new
            bans.take(NetworkBanned(new, Server(SID("0AA"), "a.test", ""), NOW))
        for number in range(10):
            user = _user(word("ab", 2), word("aB.", 8), f"10.0.0.{number}", word("aB ", 8))
            if chance.random() < 0.5:
                user.account, user.certfp = AccountName(word("aB", 4)), word("ab", 4)
            found = bans.user(user)
            expected = [one for one in known.values() if means(one, user, fold)]
            assert (found in expected) if expected else found is None
            matched += len(expected)
        for old in list(known.values()):
            gone = NetworkBan(old.kind, old.user, old.host, NOW, NOW, NOW, "x", "", True)
            bans.take(NetworkBanned(gone, Server(SID("0AA"), "a.test", ""), NOW))
        assert bans.user(user) is None
    assert matched > 500  # else the test says little
