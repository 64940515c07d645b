"""Servers that keep no accounts know them by id nevertheless, and when they were registered."""

from __future__ import annotations

from test_edges import Houses, account, ask, comes_in, connecting, edge

from chatnet.model.entities import User


def known(houses: Houses, house: str, nick: str) -> User:
    user = houses[house].node.network.user(nick)
    assert user is not None
    return user


def check(houses: Houses, user: User, owner: object) -> None:
    assert (user.account_id, user.account_since) == (owner.id, owner.created)  # type: ignore[attr-defined]


def test_sasl_identify_and_bursts_tell_edges_the_id() -> None:
    houses = Houses("a", "e", "f")
    houses["a"].reload(accounts={"nick_protection": "off"})
    houses.link("a", "e")
    houses.settle()
    houses.advance(1)
    owner = account(houses["a"])
    one = connecting(houses, "e")
    ask(houses, one, "AUTHENTICATE PLAIN")
    ask(houses, one, "AUTHENTICATE AGFubgBvbmUtd29yZC0x")
    comes_in(houses, one, "one")
    two = houses["a"].client("two")
    ask(houses, two, "NS IDENTIFY ann one-word-1")
    three = houses["e"].client("three")
    ask(houses, three, "PRIVMSG NickServ :IDENTIFY ann one-word-1")
    for nick in ("one", "two", "three"):
        check(houses, known(houses, "e", nick), owner)
    houses.link("e", "f")
    houses.settle()
    houses.advance(1)
    four = houses["f"].client("four")
    ask(houses, four, "PRIVMSG NickServ :IDENTIFY ann one-word-1")
    for nick in ("one", "two", "three", "four"):
        check(houses, known(houses, "f", nick), owner)
        check(houses, known(houses, "e", nick), owner)
    ask(houses, four, "PRIVMSG NickServ :LOGOUT")
    assert (known(houses, "e", "four").account_id, known(houses, "e", "four").account_since) == (None, None)
    houses.check()


def test_who_is_not_on_the_way_to_the_authority_is_not_believed_of_ids() -> None:
    houses = edge()
    other = houses["e"].parts.links.neighbour("a.test")
    assert other is not None and houses["e"].parts.links.knows_accounts(other)
    houses = Houses("a", "e", "f")
    houses.link("a", "e")
    houses.link("e", "f")
    houses.settle()
    houses.advance(1)
    leaf = houses["e"].parts.links.neighbour("f.test")
    assert leaf is not None and not houses["e"].parts.links.knows_accounts(leaf)
    eve = houses["f"].client("eve")
    houses.settle()
    tags = f"@chatnet/account=a{'x' * 20};chatnet/registered=1"
    forged = f"{tags} :{eve.user.uid} SIGNON eve ~eve h 1700000000 ann"
    houses.wire("e", "f").connections["e"].receive(forged.encode() + b"\r\n")
    there = known(houses, "e", "eve")
    assert (there.account, there.account_id) == ("ann", None)
