"""Chatnet servers that keep no accounts, and what a network looks like whose servers are not all of one mind.

``full`` keeps accounts, ``edge`` has ``accounts.authority = "remote"``.
"""

from __future__ import annotations

from typing import Any

import pytest
from clubs import Clubs, FullClub
from conversation import Client
from mesh import Mesh

REMOTE = {"authority": "remote"}
HERE = {"authority": "here"}


class Houses(Clubs):
    """Those named in capitals keep accounts; blocks say nothing of accounts."""

    blocks = {}  # noqa: RUF012

    def __init__(self, *names: str, **sections: Any) -> None:
        kept = {name: {"accounts": HERE if name in "ab" else REMOTE} for name in names}
        super().__init__(*names, sections_of=kept, **sections)


def edge(protection: str = "off") -> Houses:
    """``a`` keeps accounts, and ``e`` hangs at it."""
    houses = Houses("a", "e")
    houses["a"].reload(accounts={"nick_protection": protection, "guest_nick": "Guest#####"})
    houses.link("a", "e")
    houses.settle()
    houses.advance(1)
    return houses


def account(house: FullClub, name: str = "ann", password: str = "one-word-1") -> Any:
    return house.account(name, password)


def connecting(houses: Mesh, name: str) -> Client:
    client = houses[name].connect()
    client >> "CAP LS 302"
    houses.settle()
    client.lines()
    client >> "CAP REQ :sasl account-notify"
    client.until(":* ACK :*")
    return client


def comes_in(houses: Mesh, client: Client, nick: str) -> None:
    client >> "CAP END" >> f"NICK {nick}" >> f"USER {nick} 0 * :{nick}"
    houses.settle()
    client.lines()


def ask(houses: Mesh, client: Client, text: str) -> list[str]:
    """What a client reads that says so."""
    client >> text
    houses.settle()
    return client.lines()


def test_sasl_goes_through_the_gate() -> None:
    houses = edge()
    ann = account(houses["a"])
    client = houses["e"].connect()
    client >> "CAP LS 302"
    assert "sasl=SCRAM-SHA-256,PLAIN" in client.until(":* CAP * LS :*")
    client >> "CAP REQ :sasl"
    client.until(":* ACK :*")
    client >> "AUTHENTICATE PLAIN"
    houses.settle()
    client << "AUTHENTICATE +"
    client >> "AUTHENTICATE AGFubgBvbmUtd29yZC0x"
    houses.settle()
    client << ":e.test 900 * ann :You are now logged in as ann"
    client << ":e.test 903 * :SASL authentication successful"
    comes_in(houses, client, "annie")
    for name in "ae":
        user = houses[name].node.network.user("annie")
        assert user is not None and user.account == "ann"
    seen = houses["a"].node.network.user("annie")
    assert seen is not None and seen.account_id == ann.id
    # and again as a user, for another account
    account(houses["a"], "eve")
    client >> "AUTHENTICATE PLAIN"
    houses.settle()
    client << "AUTHENTICATE +"
    client >> "AUTHENTICATE AGV2ZQBvbmUtd29yZC0x"
    houses.settle()
    client << ":e.test 900 annie annie!*@* eve :You are now logged in as eve"
    client << ":e.test 903 annie :SASL authentication successful"
    assert seen.account == "eve"
    houses.check()


def test_nickserv_is_at_the_gate() -> None:
    houses = edge()
    ann, bob = houses["e"].client("ann", caps="account-notify"), houses["a"].client("bob")
    said = ask(houses, ann, "NS REGISTER one-word-1")
    assert any(
        line.startswith(":NickServ!NickServ@services.chatnet NOTICE ann :The account ann") for line in said
    )
    assert any(" 900 ann " in line for line in said)
    assert any("ACCOUNT ann" in line for line in said)
    assert ask(houses, ann, "PRIVMSG NickServ :LOGOUT")[-1].endswith("NOTICE ann :You are logged out.")
    assert "logged in as ann" in " ".join(
        ask(houses, ann, "PRIVMSG NickServ@services.chatnet :IDENTIFY one-word-1")
    )
    assert " 330 bob ann ann " in " ".join(ask(houses, bob, "WHOIS ann"))
    ask(houses, ann, "JOIN #club")
    assert "#club belongs to ann" in " ".join(ask(houses, ann, "CS REGISTER #club"))
    ask(houses, ann, "MODE #club -qo ann ann")
    assert any(
        line.startswith(":ChanServ!ChanServ@services.chatnet MODE #club +")
        for line in ask(houses, ann, "CS UP #club")
    )
    # what was said to them is in no history, neither here nor there
    for house in houses:
        kept = [record for shelf in house.parts.history._shelves.values() for record in shelf.records]
        assert "one-word-1" not in repr(kept)
    houses.check()


def test_a_nick_is_kept_from_others_there() -> None:
    houses = edge("guest")
    account(houses["a"])
    eve = houses["e"].client("ann")
    houses.settle()
    assert "ann belongs to an account" in " ".join(eve.lines())
    houses.advance(60)
    assert eve.user.nick.startswith("Guest")
    eve.lines()
    assert " 437 " in " ".join(ask(houses, eve, "NICK ann"))
    said = ask(houses, eve, "NS IDENTIFY one-word-1")
    assert eve.user.nick == "ann" and " 900 " in " ".join(said)
    houses.check()


def test_the_login_of_an_edge_lasts_over_a_split() -> None:
    houses = edge()
    ann = account(houses["a"])
    client = houses["e"].client("annie")
    ask(houses, client, "NS IDENTIFY ann one-word-1")
    houses.cut("a", "e")
    houses.settle()
    assert houses["a"].node.network.user("annie") is None
    houses.link("a", "e")
    houses.settle()
    houses.advance(1)
    seen = houses["a"].node.network.user("annie")
    assert seen is not None and seen.account_id == ann.id
    assert " 900 " not in " ".join(client.lines())
    houses.check()


def test_while_the_gate_is_away_nobody_logs_in() -> None:
    houses = edge()
    account(houses["a"])
    client = houses["e"].client("annie")
    houses.cut("a", "e")
    houses.settle()
    assert " 401 annie NickServ " in " ".join(ask(houses, client, "NS IDENTIFY ann one-word-1"))
    ls = houses["e"].connect()
    ls >> "CAP LS 302"
    assert "sasl" not in " ".join(ls.lines())


def test_an_edge_believes_nobody_else() -> None:
    houses = Houses("a", "e", "f")
    houses.link("a", "e")
    houses.link("e", "f")
    houses.settle()
    houses.advance(1)
    # those behind an edge are served as well
    ann = account(houses["a"])
    client = houses["f"].client("annie")
    houses.settle()
    assert " 900 " in " ".join(ask(houses, client, "NS IDENTIFY ann one-word-1"))
    for name in "aef":
        user = houses[name].node.network.user("annie")
        assert user is not None and user.account == "ann"
    seen = houses["a"].node.network.user("annie")
    assert seen is not None and seen.account_id == ann.id
    houses.check()


@pytest.mark.parametrize("order", [("ae", "eb"), ("eb", "ae")])
def test_two_that_keep_accounts_and_an_edge_between_them(order: tuple[str, str]) -> None:
    houses = Houses("a", "e", "b")
    first, second = order
    houses.link(*first)
    houses.settle()
    houses.advance(5)
    houses.link(*second)
    houses.settle()
    houses.advance(5)
    _between(houses, "a" if first == "ae" else "b")


def test_the_same_when_all_are_linked_at_once() -> None:
    houses = Houses("a", "e", "b")
    houses.link("a", "e")
    houses.link("e", "b")
    houses.settle()
    houses.advance(5)
    _between(houses, "a")


def test_the_same_when_both_have_told_the_edge_before_they_hear() -> None:
    houses = Houses("a", "e", "b")
    for house in (houses["a"], houses["b"]):
        house.parts.links.gate._is_second = lambda link: False  # type: ignore[method-assign]
    houses.link("a", "e")
    houses.link("e", "b")
    houses.settle()
    houses.clock.advance(1)  # both gates open in one moment
    houses.settle()
    houses.advance(5)
    open_at = [
        name for name in "ab"
        if any(houses[name].parts.links.gate.is_open(link) for link in houses[name].parts.links.neighbours())
    ]  # fmt: skip
    assert len(open_at) == 1
    houses.check()


def _between(houses: Houses, gate: str) -> None:
    """One of the two serves the edge, the other one serves its own people, and no link ended."""
    other = "b" if gate == "a" else "a"
    houses.check()
    for name in "ab":
        links = houses[name].parts.links
        (link,) = links.neighbours()
        assert links.gate.is_open(link) is (name == gate)
    mine, theirs = account(houses[gate]), account(houses[other], password="two-words-2")
    edge, there = houses["e"].client("annie"), houses[other].client("bob")
    houses.settle()
    ask(houses, edge, "NS IDENTIFY ann one-word-1")
    ask(houses, there, "NS IDENTIFY ann two-words-2")
    ids = {
        (name, nick): getattr(houses[name].node.network.user(nick), "account_id", None)
        for name in "ab"
        for nick in ("annie", "bob")
    }
    assert ids == {
        (gate, "annie"): mine.id, (gate, "bob"): None, (other, "annie"): None, (other, "bob"): theirs.id,
    }  # fmt: skip
    told = [line for line in houses[other].log.lines if "keep accounts as this server does" in line]
    assert len(told) == 1 and 'accounts = "full"' in told[0]
    # when the gate is lost the other one takes its place
    houses.cut(gate, "e")
    houses.settle()
    houses.advance(5)
    (link,) = houses[other].parts.links.neighbours()
    assert houses[other].parts.links.gate.is_open(link)
    edge.lines()
    assert ask(houses, edge, "NS IDENTIFY ann two-words-2")[-1].endswith(":You are now identified for ann.")
    seen = houses[other].node.network.user("annie")
    assert seen is not None and seen.account_id == theirs.id
    houses.check()


def test_two_neighbours_that_are_not_full_read_what_to_write() -> None:
    houses = Houses("a", "b")
    houses.link("a", "b")
    houses.settle()
    houses.advance(10)
    for one, two in ("ab", "ba"):
        assert not [line for line in houses.said(one, two) if "00S" in line]
        text = f'{two}.test keeps accounts of its own: accounts = "full" in the [[link]] blocks on both sides'
        assert any(text in line for line in houses[one].log.lines)
    houses.check()


def test_full_servers_play_the_same_pseudo_users() -> None:
    houses = Clubs("a", "b", "c")
    houses.link("a", "b")
    houses.link("b", "c")
    houses.settle()
    account(houses["a"])
    houses.settle()
    ann, bob, cyd = houses["a"].client("ann"), houses["b"].client("bob"), houses["c"].client("cyd")
    ask(houses, ann, "NS IDENTIFY one-word-1")
    ask(houses, ann, "JOIN #club")
    for client in (bob, cyd):
        ask(houses, client, "JOIN #club")
    bob.lines()
    ask(houses, ann, "CS REGISTER #club")
    for client in (bob, cyd):
        assert ":ChanServ!ChanServ@services.chatnet MODE #club +q ann" in client.lines()
    ask(houses, ann, "CS TOPIC #club hello")
    for client in (bob, cyd):
        assert ":ChanServ!ChanServ@services.chatnet TOPIC #club :hello" in client.lines()
    houses.check()


def test_whose_pseudo_users_have_another_id_is_told_of_servers() -> None:
    houses = Clubs("a", "b", sections_of={"b": {"services": {"sid": "00T"}}})
    houses.link("a", "b")
    houses.settle()
    account(houses["a"])
    houses.settle()
    ann, bob = houses["a"].client("ann"), houses["b"].client("bob")
    ask(houses, ann, "NS IDENTIFY one-word-1")
    ask(houses, ann, "JOIN #club")
    ask(houses, bob, "JOIN #club")
    ask(houses, ann, "CS REGISTER #club")
    assert ":a.test MODE #club +q ann" in bob.lines()
    houses.check()


def test_who_was_logged_in_by_a_gate_that_forgot_reads_so() -> None:
    houses = edge()
    account(houses["a"])
    client, bob = houses["e"].client("annie", caps="account-notify"), houses["e"].client("bob")
    ask(houses, client, "NS IDENTIFY ann one-word-1")
    houses.cut("a", "e")
    houses.settle()
    gifts = houses["a"].parts.links.given
    assert gifts.take(client.user.uid, "e.test") is not None  # it is forgotten, as by a restart
    client.lines()
    bob.lines()
    houses.link("a", "e")
    houses.settle()
    houses.advance(1)
    assert " 901 annie " in " ".join(client.lines()) and client.user.account is None
    assert gifts.doubted == {} and " 901 " not in " ".join(bob.lines())
    houses.check()


def test_a_login_is_known_by_all_full_servers() -> None:
    class Fulls(Clubs):
        def __init__(self) -> None:
            super().__init__("a", "b", "e", sections_of={"e": {"accounts": REMOTE}})

    houses = Fulls()
    houses.link("a", "b")
    houses.link("a", "e")
    houses.settle()
    houses.advance(1)
    ann = account(houses["b"])
    houses.settle()
    client = houses["e"].client("annie")
    houses.settle()
    assert " 900 " in " ".join(ask(houses, client, "NS IDENTIFY ann one-word-1"))
    for name in "ab":
        user = houses[name].node.network.user("annie")
        assert user is not None and user.account_id == ann.id
    # the edge is linked to the other one, which knows it as well
    houses.cut("a", "e")
    houses.settle()
    houses.link("b", "e")
    houses.settle()
    houses.advance(1)
    for name in "ab":
        user = houses[name].node.network.user("annie")
        assert user is not None and user.account_id == ann.id
    houses.check()
