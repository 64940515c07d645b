"""Full servers come to the same records, whatever happened, and in whatever order it arrives."""

from __future__ import annotations

import itertools
import re

import pytest
from club import PASSWORD
from clubs import Clubs
from mesh import SECRET, Mesh, Stranger, block

from chatnet.links.exchange.feed import PAGE, UNCONFIRMED, State
from chatnet.storage.record import Record


def test_an_account_is_known_at_a_linked_server_a_moment_later() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    account = mesh["a"].account("ann")
    mesh.settle()
    mesh.agree()
    there = mesh["b"].node.network.registry.named("Ann")
    assert there is not None and there.id == account.id
    found = mesh["b"].done(mesh["b"].accounts.check("ann", PASSWORD, address="192.0.2.9", owner="192.0.2.9"))
    assert found.id == account.id
    mesh.check()


def test_what_was_there_before_is_told_and_nothing_twice() -> None:
    mesh = Clubs("a", "b", "c")
    mesh["a"].account("ann")
    mesh["c"].account("cat")
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    mesh.agree()
    assert len(mesh.known("b")) == len(mesh.known("a")) > 0
    for one, other in (("a", "b"), ("b", "c")):
        for by, to in ((one, other), (other, one)):
            told = [line.split(" ", 4)[2:4] for line in mesh.said(by, to) if " CNREC " in line]
            assert len(told) == len({tuple(each) for each in told})
            assert mesh.feed(by, to).state is State.EVEN and mesh.feed(by, to).filled
    # What came from c to b is not told to c again.
    mesh.check()


def test_a_server_that_was_away_hears_what_it_missed_and_no_more() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    for name in ("ann", "bob", "cat"):
        mesh["a"].account(name)
    mesh.settle()
    mesh.cut("a", "b")
    dan = mesh["a"].account("dan")
    mesh["b"].account("eve")
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    assert {line.split()[2] for line in mesh.said("a", "b") if " CNREC " in line} == {dan.id}
    mesh.check()


def test_a_name_that_was_given_twice_belongs_to_who_was_first() -> None:
    mesh = Clubs("a", "b")
    first = mesh["a"].account("ann")
    mesh.clock.advance(1)
    second = mesh["b"].account("Ann")
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    registry = mesh["b"].node.network.registry
    owner = registry.named("ann")
    assert owner is not None and owner.id == first.id
    assert registry.accounts[second.id].shown == f"Ann~{second.id[1:5]}"
    mesh.check()


def test_a_password_that_was_changed_meanwhile_counts_though_its_verifier_was_made_anew_elsewhere() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    account = mesh["a"].account("ann")
    mesh.settle()
    mesh.cut("a", "b")
    mesh.clock.advance(1)
    mesh["a"].done(mesh["a"].accounts.set_password(account, "another horse"))
    mesh.clock.advance(60)
    b = mesh["b"]
    b.reload(accounts={"iterations": 5000})
    b.done(b.accounts.check("ann", PASSWORD, address="192.0.2.9", owner="192.0.2.9"))
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    found = b.done(b.accounts.check("ann", "another horse", address="192.0.2.9", owner="192.0.2.9"))
    assert found.id == account.id
    mesh.check()


def test_a_lost_connection_loses_no_record() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    mesh["a"].account("ann")
    mesh.reset("a", "b", a=90)  # in the middle of a page
    mesh["a"].account("bob")
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    mesh.check()


def test_what_is_new_while_a_link_is_suspended_is_told_when_it_goes_on() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    mesh.reset("a", "b")
    mesh["a"].account("ann")
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    mesh.check()


def test_a_store_that_was_away_is_fed_again_from_where_it_stopped() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    mesh["b"].store.broken = True
    mesh["a"].account("ann")
    mesh.settle()
    mesh["a"].account("bob")
    mesh.settle()
    assert mesh["b"].node.network.registry.named("ann") is None
    mesh["b"].store.broken = False
    mesh["a"].account("cat")  # of which nothing is taken before what is missing
    mesh.settle()
    assert not any(record.field == "name" for record in mesh.known("b"))
    mesh.advance(5)
    mesh.agree()
    mesh.check()


def test_more_than_a_page_is_fed_and_little_is_on_its_way() -> None:
    mesh = Clubs("a", "b")
    for first, second, third in itertools.product("abcdefghijkl", "abcdefghijkl", range(30)):
        entity = f"a{first}{second}{'a' * 18}"
        mesh.put("a", Record(entity, f"set:k{third}", "000000001.000000.0AA", "x"))
    mesh["b"].store.held = True
    mesh.link("a", "b")
    mesh.settle()
    mesh["b"].store.release(2)  # how far it had read, and where the other one is to begin
    mesh.settle()
    pages = [line.split()[4] for line in mesh.said("a", "b") if " CNPAGE " in line]
    assert pages == ["0", *[str(PAGE)] * UNCONFIRMED]
    while mesh["b"].store.held:
        mesh["b"].store.release(len(mesh.feed("b", "a").pages) or None)
        mesh.settle()
    assert mesh.known("b") == mesh.known("a")
    assert len(mesh.known("b")) == 4320
    mesh.check()


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_reload_on_one_side_after_the_other_makes_both_full(order: str) -> None:
    mesh = Clubs("a", "b")
    whole = {name: mesh[name].settings for name in "ab"}
    for name in "ab":
        block = whole[name].link[0].model_copy(update={"accounts": "none"})
        mesh[name].node.change_settings(whole[name].model_copy(update={"link": (block,)}))
        mesh[name].account(f"ann{name}")
    mesh.link("a", "b")
    mesh.settle()
    for later in "xy":
        for name in order:
            mesh[name].node.change_settings(whole[name])
            mesh.settle()
        mesh.agree()
        assert not any(mesh[name].parts.links.feeds.learning for name in "ab")
        assert len(mesh["a"].parts.links.feeds.full()) == len(mesh["b"].parts.links.feeds.full()) == 1
        # One side takes it back, something is registered on both, and it is set up again.
        block = whole[order[0]].link[0].model_copy(update={"accounts": "none"})
        mesh[order[0]].node.change_settings(whole[order[0]].model_copy(update={"link": (block,)}))
        mesh.clock.advance(1)
        for name in "ab":
            mesh[name].account(f"{later}{name}")
        mesh.settle()
        mesh[order[0]].node.change_settings(whole[order[0]])
        mesh.settle()
        mesh.agree()
    mesh.check()


@pytest.mark.parametrize("side", ["a", "b"])
def test_nothing_is_told_where_one_side_only_says_full(side: str) -> None:
    mesh = Clubs("a", "b", sections_of={side: {}})
    block = next(each for each in mesh[side].settings.link if each.name != f"{side}.test")
    changed = block.model_copy(update={"accounts": "none"})
    mesh[side].node.change_settings(mesh[side].settings.model_copy(update={"link": (changed,)}))
    mesh["a"].account("ann")
    mesh.link("a", "b")
    mesh.settle()
    assert mesh.known("b") == set()
    said = [line for line in mesh.said("a", "b") + mesh.said("b", "a") if "CNREC" in line]
    assert said == []
    # Each goes on for itself, and the operators of both read why.
    for name in "ab":
        assert not mesh[name].parts.links.feeds.learning
        mesh[name].account(f"ann{name}")
    mesh.advance(60)
    for name, other in ("ab", "ba"):
        why = f"{other}.test keeps accounts of its own: "
        assert sum(why in line for line in mesh[name].log.lines) == 1
    mesh.check()


def test_a_server_that_keeps_no_accounts_is_told_none() -> None:
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    assert not any("CNREG" in line or "CNHAVE" in line for line in mesh.said("a", "b"))
    mesh.check()


def test_the_version_before_is_told_no_records_and_loses_no_link() -> None:
    """As it spoke (5530fb1): it knows chatnet servers, stamps and resumption, and no records.

    Which account somebody is logged in to stands in a tag, which it does not read.
    """
    mesh = Clubs("a", link=[block("old", accounts="full")])
    mesh["a"].account("ann", "correct-horse")
    ann = mesh["a"].client("ann_")
    ann >> "NS IDENTIFY ann correct-horse"
    old = Stranger(mesh["a"], "old.test", "0LD")
    old >> f"PASS {SECRET} TS 6 :0LD"
    old >> (
        "CAPAB :BAN CHW EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS RSFNC SAVE SERVICES STAG TB CN1 CNACK"
        " CNHIST CNLWW CNSTBY"
    )
    old >> "SERVER old.test 1 :old" >> "SVINFO 6 6 0 :1700000000"
    old >> ":0LD EUID bob 1 1600000000 +i ~bob h.test 192.0.2.7 0LDAAAAAA * * :Bob" >> ":0LD PING 0LD :0AA"
    mesh.settle()
    ann >> "NS SET PASSWORD correct-horse battery-staple-1"
    mesh["a"].account("eve")
    ann >> "PRIVMSG bob :hello"
    mesh.settle()
    heard = old.lines()
    assert any(" EUID ann_ " in line and " ann :" in line for line in heard)
    assert any(line.endswith(" PRIVMSG 0LDAAAAAA :hello") for line in heard)
    assert not any(re.search(r" CN(HAVE|PAGE|REC|EVEN)", line) for line in heard)
    assert old.gone is None
    assert any("old.test keeps no accounts, though its [[link]]" in line for line in mesh["a"].log.lines)
    mesh.check()


def test_a_reload_makes_a_neighbour_full() -> None:
    mesh = Clubs("a", "b")
    whole = {name: mesh[name].settings for name in "ab"}
    for name in "ab":
        block = whole[name].link[0].model_copy(update={"accounts": "none"})
        mesh[name].node.change_settings(whole[name].model_copy(update={"link": (block,)}))
    mesh["a"].account("ann")
    mesh.link("a", "b")
    mesh.settle()
    assert mesh.known("b") == set()
    for name in "ab":
        mesh[name].node.change_settings(whole[name])
        mesh.settle()
    mesh.agree()
    mesh.check()


@pytest.mark.parametrize(("one", "other"), ["ab", "ba"])
def test_a_reload_on_both_sides_feeds_both(one: str, other: str) -> None:
    """Who is set up first says what it has; the other one, who is not yet, remembers it."""
    mesh = Clubs("a", "b")
    whole = {name: mesh[name].settings for name in "ab"}
    for name in "ab":
        block = whole[name].link[0].model_copy(update={"accounts": "none"})
        mesh[name].node.change_settings(whole[name].model_copy(update={"link": (block,)}))
    mesh["a"].account("ann")
    mesh["b"].account("bob")
    mesh.link("a", "b")
    mesh.settle()
    for name in (one, other):
        mesh[name].node.change_settings(whole[name])
        mesh.settle()
    mesh.agree()
    # One side takes it back, and changes its mind.
    apart = whole[one].link[0].model_copy(update={"accounts": "none"})
    mesh[one].node.change_settings(whole[one].model_copy(update={"link": (apart,)}))
    mesh["a"].account("cat")
    mesh["b"].account("dan")
    mesh.settle()
    assert mesh.known("a") != mesh.known("b")
    mesh[one].node.change_settings(whole[one])
    mesh.advance(5)
    mesh.agree()
    assert mesh.feed(one, other).filled and mesh.feed(other, one).filled
    mesh.check()


def test_digests_find_a_record_that_was_lost_and_mend_it() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    mesh["a"].account("ann")
    mesh.settle()
    # As if it had been forgotten to be fed: both sides have one that the other lacks.
    for name, other in ("ab", "ba"):
        taken, mesh[name].store.taken = mesh[name].store.taken, lambda records: None
        mesh.put(name, Record("a" + name * 20, "mark", "000000001.000000.0AA", "root :x"))
        mesh.feed(name, other).after += 1
        mesh[name].store.taken = taken
    for name in "ab":
        mesh[name].parts.links.feeds.comparing.sweep()
    assert not any(" CNBKT " in line for line in mesh.said("a", "b") + mesh.said("b", "a"))
    mesh.clock.advance(61)  # links.digest_quiet
    for name in "ab":
        mesh[name].parts.links.feeds.comparing.sweep()
    for _ in range(4):  # one bucket in a second
        mesh.advance(1)
    assert mesh.known("a") == mesh.known("b")
    assert sum(mesh[name].parts.links.feeds.comparing.mended for name in "ab") > 0
    mesh.check()


def test_a_store_that_cannot_be_read_is_read_again() -> None:
    mesh = Clubs("a", "b")
    mesh["a"].account("ann")
    mesh["a"].store.unreadable = True
    mesh.link("a", "b")
    mesh.settle()
    assert mesh.known("b") == set()
    assert any("b.test cannot be told of accounts" in line for line in mesh["a"].log.lines)
    mesh["a"].store.unreadable = False
    mesh.advance(5)
    mesh.agree()
    mesh.check()
