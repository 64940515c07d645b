"""Server notices: each letter of the snomask is sent, and only to opers who asked for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conversation import Client, House
from staff import HASH, oper, sections
from states import far_server, split

from chatnet.model.modes import SNOMASKS


def connects(house: House, root: Client) -> None:
    house.client("bob")


def quits(house: House, root: Client) -> None:
    house.client("bob") >> "QUIT :bye"


def kills(house: House, root: Client) -> None:
    house.client("bob")
    root >> "KILL bob :x"


def opers(house: House, root: Client) -> None:
    house.client("bob") >> "OPER root wrong"


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


def splits(house: House, root: Client) -> None:
    split(house, far_server(house, "far.test"))


CASES: list[tuple[str, Callable[[House, Client], None], str]] = [
    ("c", connects, "Client connecting: bob (~bob@192.0.2.1) [192.0.2.1]"),
    ("f", does_not_read, "SendQ exceeded: bob!~bob@192.0.2.1 [192.0.2.1]"),
    ("f", floods, "Excess Flood: bob!~bob@192.0.2.1 [192.0.2.1]"),
    ("g", rehashes, "root is rehashing the server"),
    ("k", kills, "Received KILL message for bob!~bob@192.0.2.1. From root Path: irc.test (x)"),
    ("n", renames, "Nick change: bob to ben [~bob@192.0.2.1]"),
    ("o", opers, "Failed OPER as root by bob (~bob@192.0.2.1) [192.0.2.1]: wrong password"),
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
    house = House(flood={"enabled": True}, connection_class=classes, **sections(block, other))
    root = oper(house, "root", address="198.51.100.1")
    deaf = oper(house, "deaf", "other", address="198.51.100.1")
    user = house.client("user", address="198.51.100.1")
    root.lines()
    happens(house, root)
    root.until(f":irc.test NOTICE * :*** Notice -- {text}")
    assert not any(text in line for line in deaf.lines())
    user.silent()
    house.check()


def test_every_letter_has_a_case() -> None:
    assert {letter for letter, _, _ in CASES} == set(SNOMASKS)
