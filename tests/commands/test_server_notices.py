"""Server notices: each letter of the snomask is sent, and only to opers who asked for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from club import Club
from conversation import Client, House
from mesh import Stranger
from staff import HASH, oper, sections
from states import far_server, split

from chatnet.model.bans import NetworkBan
from chatnet.model.facts import FilterSet, NetworkBanned
from chatnet.model.filters import GLOB, Filter, filter_entity
from chatnet.model.modes import SNOMASKS


def registers(house: House, root: Client) -> None:
    house.client("bob") >> "NS REGISTER correct-horse"


def connects(house: House, root: Client) -> None:
    house.client("bob")


def quits(house: House, root: Client) -> None:
    house.client("bob") >> "QUIT :bye"


def kills(house: House, root: Client) -> None:
    house.client("bob")
    root >> "KILL bob :x"


def opers(house: House, root: Client) -> None:
    house.client("bob") >> "OPER root wrong"


def says_what_is_filtered(house: House, root: Client) -> None:
    filter = Filter(filter_entity(GLOB, "*money*"), GLOB, "*money*")
    house.node.commit(FilterSet(filter, house.node.network.me, house.clock.time()))
    house.client("bob") >> "PRIVMSG bob :money"


def renames(house: House, root: Client) -> None:
    house.client("bob") >> "NICK ben"


def does_not_read(house: House, root: Client) -> None:
    house.client("bob").session.sendq_exceeded()


def floods(house: House, root: Client) -> None:
    bob = house.client("bob")
    bob.send(b"PING x\r\n" * 1000)
    assert bob.session.closed


def refuses(house: House, root: Client) -> None:
    house.connect() >> "GET / HTTP/1.1"


def rehashes(house: House, root: Client) -> None:
    root >> "REHASH"


def reports(house: House, root: Client) -> None:
    house.client("bob") >> "REPORT root :tea"


def splits(house: House, root: Client) -> None:
    split(house, far_server(house, "far.test"))


CASES: list[tuple[str, Callable[[House, Client], None], str]] = [
    ("a", registers, "bob (~bob@192.0.2.1) [192.0.2.1] registered bob"),
    ("c", connects, "Client connecting: bob (~bob@192.0.2.1) [192.0.2.1] {default} [Bob]"),
    ("f", does_not_read, "SendQ exceeded: bob!~bob@192.0.2.1 [192.0.2.1]"),
    ("f", floods, "Excess Flood: bob!~bob@192.0.2.1 [192.0.2.1]"),
    ("g", rehashes, "root is rehashing the server"),
    ("k", kills, "Received KILL message for bob!~bob@192.0.2.1. From root Path: irc.test (x)"),
    (
        "m",
        says_what_is_filtered,
        "Filter w65hi (report) hit bob (~bob@192.0.2.1) [192.0.2.1] in a private message",
    ),
    ("n", renames, "Nick change: bob to ben [~bob@192.0.2.1]"),
    ("o", opers, "Failed OPER as root by bob (~bob@192.0.2.1) [192.0.2.1]: wrong password"),
    ("p", reports, "bob reports root: tea (/REPORTS SHOW 0CN-1)"),
    ("q", quits, "Client exiting: bob (~bob@192.0.2.1) [192.0.2.1] (Quit: bye)"),
    ("r", refuses, "HTTP request from 192.0.2.1"),
    ("x", splits, "Netsplit irc.test far.test (1 servers, 0 users)"),
]


@pytest.mark.parametrize(("letter", "happens", "text"), CASES)
def test_a_letter_brings_its_notices(
    letter: str, happens: Callable[[House, Client], None], text: str
) -> None:
    block = {"name": "root", "class": "admin", "password": HASH, "snomask": letter}
    others = "".join(set(SNOMASKS) - {letter})
    other = {"name": "other", "class": "admin", "password": HASH, "snomask": others}
    classes = [
        {"name": "staff", "match": ["198.51.100.0/24"], "flood_exempt": True},
        {"name": "default"},
    ]
    house = Club(flood={"enabled": True}, connection_class=classes, **sections(block, other))
    root = oper(house, "root", address="198.51.100.1")
    deaf = oper(house, "deaf", "other", address="198.51.100.1")
    user = house.client("user", address="198.51.100.1")
    root.lines()
    happens(house, root)
    root.until(f":irc.test NOTICE * :*** Notice -- {text}")
    assert not any(text in line for line in deaf.lines())
    user.silent()
    house.check()


def knocks(house: House, address: str) -> None:
    house.connect(address) >> "GET / HTTP/1.1"


def from_server(client: Client) -> list[str]:
    return [line.partition(" -- ")[2] for line in client.lines()]


def test_of_what_strangers_cause_one_is_told_and_then_a_number() -> None:
    house = House(**sections())
    root = oper(house, "root")
    root >> "MODE root +s +r"
    root.lines()
    for _ in range(3000):
        knocks(house, "192.0.2.7")
    knocks(house, "192.0.2.8")
    assert from_server(root) == ["HTTP request from 192.0.2.7", "HTTP request from 192.0.2.8"]
    house.clock.advance(60)
    assert from_server(root) == [
        "HTTP request from 192.0.2.7 (2999 like this of this address within 60 seconds)"
    ]
    house.clock.advance(60)
    root.silent()
    knocks(house, "192.0.2.7")
    assert from_server(root) == ["HTTP request from 192.0.2.7"]
    house.check()


def test_of_many_addresses_the_first_are_told_and_then_a_number() -> None:
    house = House(flood={"notices": 2, "notice_period": 10}, **sections())
    root = oper(house, "root")
    root >> "MODE root +s +r"
    root.lines()
    for last in range(1, 8):
        knocks(house, f"192.0.2.{last}")
        knocks(house, f"2001:db8::{last}")  # all in one /64, which is one address
    assert from_server(root) == ["HTTP request from 192.0.2.1", "HTTP request from 2001:db8::1"]
    house.clock.advance(10)
    assert from_server(root) == [
        "HTTP request from 2001:db8::7 (6 like this of this address within 10 seconds)",
        "HTTP request from 192.0.2.7 (6 like this of other addresses within 10 seconds)",
    ]


def test_what_people_do_is_told_each_time() -> None:
    house = House(**sections())
    root = oper(house, "root")
    root >> "MODE root +s +cq"
    root.lines()
    for _ in range(3):
        house.client("bob") >> "QUIT"
    assert len(from_server(root)) == 6


def test_every_letter_has_a_case() -> None:
    assert {letter for letter, _, _ in CASES} == set(SNOMASKS)


def floods_unknown(house: House, root: Client) -> None:
    house.connect().send(b"PING x\r\n" * 1000)


def is_banned(house: House, root: Client) -> None:
    now = int(house.clock.time())
    ban = NetworkBan("K", "*", "192.0.2.1", now, None, None, "root", "spam", True)
    house.node.commit(NetworkBanned(ban, house.node.network.me, now))
    house.connect() >> "NICK bob" >> "USER bob 0 * :Bob"


def is_no_gateway(house: House, root: Client) -> None:
    house.connect() >> "WEBIRC secret gateway host 192.0.2.7"


def has_a_wrong_password(house: House, root: Client) -> None:
    house.reload(server={"password": "x"})
    house.connect() >> "PASS y" >> "NICK bob" >> "USER bob 0 * :Bob"


def comes_to_a_full_class(house: House, root: Client) -> None:
    house.reload(connection_class=[{"name": "small", "max_sessions": 1, "match": ["192.0.2.0/24"]}])
    for _ in range(2):
        house.connect()


def becomes_an_operator(house: House, root: Client) -> None:
    oper(house, "bob")


def is_refused_as_a_neighbour(house: House, root: Client) -> None:
    Stranger(house, "so1.test", "1SO") >> "PASS x TS 6 :1SO" >> "CAPAB :EUID" >> "SERVER so1.test 1 :x"


HIDING: list[tuple[Callable[[House, Client], None], str, str]] = [
    (
        connects,
        "Client connecting: bob (~bob@{cloak}) {{default}} [Bob]",
        "Client connecting: bob (~bob@192.0.2.1) [192.0.2.1] {{default}} [Bob]",
    ),
    (does_not_read, "SendQ exceeded: bob!~bob@{cloak}", "SendQ exceeded: bob!~bob@{cloak} [192.0.2.1]"),
    (floods, "Excess Flood: bob!~bob@{cloak}", "Excess Flood: bob!~bob@{cloak} [192.0.2.1]"),
    (floods_unknown, "Excess Flood: *!@{cloak}", "Excess Flood: *!@192.0.2.1 [192.0.2.1]"),
    (
        kills,
        "Received KILL message for bob!~bob@{cloak}. From root Path: irc.test (x)",
        "Received KILL message for bob!~bob@192.0.2.1. From root Path: irc.test (x)",
    ),
    (renames, "Nick change: bob to ben [~bob@{cloak}]", "Nick change: bob to ben [~bob@192.0.2.1]"),
    (
        opers,
        "Failed OPER as root by bob (~bob@{cloak}): wrong password",
        "Failed OPER as root by bob (~bob@192.0.2.1) [192.0.2.1]: wrong password",
    ),
    (
        becomes_an_operator,
        "bob (~bob@{cloak}) is an operator now: root (admin)",
        "bob (~bob@192.0.2.1) [192.0.2.1] is an operator now: root (admin)",
    ),
    (
        quits,
        "Client exiting: bob (~bob@{cloak}) (Quit: bye)",
        "Client exiting: bob (~bob@192.0.2.1) [192.0.2.1] (Quit: bye)",
    ),
    (refuses, "HTTP request from {cloak}", "HTTP request from 192.0.2.1"),
    (
        is_banned,
        "Refused bob (~bob@{cloak}): banned: spam",
        "Refused bob (~bob@192.0.2.1) [192.0.2.1]: banned as *@192.0.2.1: spam",
    ),
    (
        is_no_gateway,
        "Refused WEBIRC from {cloak}: no gateway has this address and certificate",
        "Refused WEBIRC from 192.0.2.1: no gateway has this address and certificate",
    ),
    (has_a_wrong_password, "Bad password from {cloak}", "Bad password from 192.0.2.1"),
    (comes_to_a_full_class, "Class small is full, refused {cloak}", "Class small is full, refused 192.0.2.1"),
    (
        is_refused_as_a_neighbour,
        "Refused a link to 'so1.test': there is no [[link]] of that name",
        "Refused a link to 'so1.test' from 192.0.2.200: there is no [[link]] of that name",
    ),
]


@pytest.mark.parametrize(("happens", "hidden", "whole"), HIDING)
def test_addresses_are_for_those_who_see_all(
    happens: Callable[[House, Client], None], hidden: str, whole: str
) -> None:
    """Without cloaks everybody knows them anyway."""
    letters = "".join(SNOMASKS)
    blocks = [
        {"name": name, "class": of, "password": HASH, "snomask": letters}
        for name, of in (("root", "admin"), ("help", "helper"))
    ]
    classes = [{"name": "staff", "match": ["198.51.100.0/24"], "flood_exempt": True}, {"name": "default"}]
    for cloaked in (True, False):
        house = House(
            flood={"enabled": True}, cloak={"enabled": cloaked}, connection_class=classes, **sections(*blocks)
        )
        root = oper(house, "root", address="198.51.100.1")
        helper = oper(house, "help", "help", address="198.51.100.1")
        root.lines()
        cloak = house.parts.sessions.veiled("192.0.2.1")
        assert (cloak == "192.0.2.1") is not cloaked
        happens(house, root)
        heard, all_of_it = helper.lines(), root.lines()
        public = hidden if cloaked or happens in (is_refused_as_a_neighbour, is_banned) else whole
        public = public if cloaked else public.replace("{cloak})", "192.0.2.1) [192.0.2.1]")
        assert f":irc.test NOTICE * :*** Notice -- {public.format(cloak=cloak)}" in heard
        assert f":irc.test NOTICE * :*** Notice -- {whole.format(cloak=cloak)}" in all_of_it
        assert not cloaked or not any("192.0.2." in line for line in heard)
        house.check()
