"""Bans that are records of full servers: the later word holds, also after a split; others hear BAN."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from club import Club
from clubs import Clubs
from conversation import START, Client
from mesh import Stranger, block, stranger
from states import opered

from chatnet.links.exchange import feeds
from chatnet.records.grammar import ban_entity, fixed
from chatnet.rules.stamps import Stamp
from chatnet.storage.record import Record

NOW = int(START)


@pytest.fixture
def clubs() -> Clubs:
    return full("a", "b", "c")


def full(*names: str, **given: Any) -> Clubs:
    clubs = Clubs(*names, **given)
    for near, far in pairwise(names):
        clubs.link(near, far)
    clubs.settle()
    return clubs


def root(clubs: Clubs, name: str) -> Client:
    """An operator on a server, and more people, so that one is a small part."""
    found = clubs[name].client(f"root{name}", address="198.51.100.1")
    clubs.settle()
    opered(found, "bans", "see-all", "audit")
    clubs.settle()
    return found


def say(clubs: Clubs, client: Client, line: str) -> list[str]:
    client >> line
    clubs.settle()
    return [text.partition(" :")[2] for text in client.lines()]


def banned(clubs: Clubs, address: str) -> dict[str, bool]:
    """Where somebody from an address is refused."""
    found = {}
    for name in clubs.houses:
        client = clubs[name].connect(address)
        client >> "NICK probe" >> "USER probe 0 * :x"
        found[name] = client.session.closed
        client >> "QUIT"
        clubs.settle()
    return found


NOWHERE = {"a": False, "b": False, "c": False}
EVERYWHERE = {"a": True, "b": True, "c": True}


def test_operators_elsewhere_read_for_how_long_and_whom_it_lets_in(clubs: Clubs) -> None:
    near, far = root(clubs, "a"), root(clubs, "c")
    opered(far, "bans", "see-all", snomask="k")
    say(clubs, near, "UBAN ADD REQUIRE-SASL 192.0.2.0/24 2h school")
    what = "added global 120 min. D-Line (who is logged in comes in) for [192.0.2.0/24] [school]"
    far.until(f":* NOTICE * :*{near.user.mask} {what}")
    say(clubs, near, "UBAN DEL 192.0.2.0/24")
    far.until(":* NOTICE * :*Another server removed D-Line for [192.0.2.0/24]")


def test_a_ban_goes_to_all_full_servers_and_is_no_ban_line(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    vic = clubs["c"].client("vic", address="192.0.2.9")
    clubs.settle()
    clubs.said("a", "b"), clubs.said("b", "c")
    assert say(clubs, ann, "UBAN ADD vic 1d spam|private")[0] == (
        "Bans address 192.0.2.9 (vic) for 1d: 0 users here, 1 elsewhere (vic)"
    )
    clubs.advance(1)
    assert vic.session.closed
    said = clubs.said("a", "b") + clubs.said("b", "c")
    assert not [line for line in said if " BAN " in line]
    assert len([line for line in said if " CNREC b" in line]) == 2
    assert banned(clubs, "192.0.2.9") == EVERYWHERE
    bob = root(clubs, "c")
    assert say(clubs, bob, "UBAN DEL 192.0.2.9")[-1].startswith("Lifted: 192.0.2.9")
    assert banned(clubs, "192.0.2.9") == NOWHERE
    clubs.agree()
    clubs.check()


def test_of_a_ban_that_was_set_here_and_lifted_there_the_later_word_holds(clubs: Clubs) -> None:
    ann, bob = root(clubs, "a"), root(clubs, "c")
    say(clubs, ann, "KLINE *@192.0.2.9 :one")
    say(clubs, ann, "KLINE *@192.0.2.8 :two")
    assert banned(clubs, "192.0.2.9") == EVERYWHERE
    clubs.cut("b", "c")
    clubs.advance(5)
    say(clubs, bob, "UNKLINE *@192.0.2.9")  # lifted there
    say(clubs, ann, "KLINE 60 *@192.0.2.7 :three")  # set here only
    say(clubs, ann, "UNKLINE *@192.0.2.8")
    clubs.advance(5)
    say(clubs, bob, "DLINE 192.0.2.8 :set anew there, and later")
    say(clubs, ann, "UNKLINE *@192.0.2.9")
    clubs.advance(5)
    say(clubs, ann, "KLINE *@192.0.2.9 :again, the latest word")
    say(clubs, bob, "UNKLINE *@192.0.2.7")  # which it never knew: nothing is written
    clubs.link("b", "c")
    clubs.settle()
    clubs.advance(2)
    assert banned(clubs, "192.0.2.9") == EVERYWHERE
    assert banned(clubs, "192.0.2.7") == EVERYWHERE
    assert banned(clubs, "192.0.2.8") == EVERYWHERE
    say(clubs, bob, "UNDLINE 192.0.2.8")
    assert banned(clubs, "192.0.2.8") == NOWHERE
    clubs.agree()
    clubs.check()


def test_a_ban_lifted_in_a_split_stays_lifted_though_months_lie_between(clubs: Clubs) -> None:
    ann, bob = root(clubs, "a"), root(clubs, "c")
    say(clubs, ann, "KLINE *@192.0.2.9 :one")
    clubs.cut("b", "c")
    clubs.advance(3600)
    say(clubs, bob, "UNKLINE *@192.0.2.9")
    clubs.clock.off += 90 * 86400
    clubs.link("b", "c")
    clubs.settle()
    assert banned(clubs, "192.0.2.9") == NOWHERE
    clubs.agree()


def test_a_ban_that_is_over_undoes_nothing(clubs: Clubs) -> None:
    ann, bob = root(clubs, "a"), root(clubs, "c")
    clubs.cut("b", "c")
    say(clubs, ann, "KLINE 1 *@192.0.2.9 :short")
    clubs.advance(2)
    say(clubs, bob, "KLINE *@192.0.2.9 :long")
    clubs.advance(120)
    assert banned(clubs, "192.0.2.9") == {"a": False, "b": False, "c": True}
    clubs.link("b", "c")
    clubs.settle()
    assert banned(clubs, "192.0.2.9") == EVERYWHERE
    clubs.agree()


def test_bans_are_there_after_a_restart(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    say(clubs, ann, "KLINE 1d *@192.0.2.9 :spam|private")
    say(clubs, ann, "UBAN ADD account:troll 1d x")
    say(clubs, ann, "KLINE *@192.0.2.8 :gone")
    say(clubs, ann, "UNKLINE *@192.0.2.8")
    again = Club(store=clubs["a"].store, server={"sid": "0AA", "name": "a.test"})
    client = again.connect("192.0.2.9")
    client >> "NICK vic" >> "USER vic 0 * :x"
    assert "spam (until" in client.lines()[0]
    again.client("ok", address="192.0.2.8")
    (ban,) = again.node.network.bans["A"].values()
    assert (ban.host, ban.by, ban.reason, ban.until) == ("troll", ann.user.mask, "x", NOW + 86400)


def test_neighbours_that_keep_no_records_are_told_ban() -> None:
    mesh = full("a", "b", sections_of={"b": {"link": [block("so1")]}})
    so1 = joined(mesh)
    ann = root(mesh, "a")
    so1.lines()
    say(mesh, ann, "KLINE 60 *@bad.example :spam|private")
    say(mesh, ann, "DLINE 192.0.2.0/24 :bots")
    say(mesh, ann, "UBAN ADD account:troll x")
    say(mesh, ann, "UBAN ADD REQUIRE-SASL 203.0.113.0/25 x")
    by = ann.user.mask
    assert bans_of(so1) == [
        f"BAN K * bad.example {NOW} 3600 3600 {by} :spam|private",
        f"BAN K * 192.0.2.0/24 {NOW} 31449600 31449600 {by} :bots",
    ]
    mesh.advance(10)
    say(mesh, ann, "UNKLINE *@bad.example")
    (line,) = bans_of(so1)
    assert line.startswith(f"BAN K * bad.example {NOW + 10} 0 ")
    mesh.check()


def test_what_such_a_neighbour_changes_of_a_record_becomes_one() -> None:
    mesh = full("a", "b", sections_of={"b": {"link": [block("so1")]}})
    so1 = joined(mesh)
    ann = root(mesh, "a")
    say(mesh, ann, "KLINE *@192.0.2.9 :spam")
    say(mesh, ann, "DLINE 192.0.2.8 :bots")
    watch = mesh["b"].client("watch")
    opered(watch, "see-all", snomask="k")
    mesh.said("a", "b"), mesh.said("b", "a")
    so1 >> f":1SOAAAAAA BAN K * 192.0.2.9 {NOW} 0 60 * :older"
    mesh.settle()
    assert banned(mesh, "192.0.2.9") == {"a": True, "b": True}
    mesh.advance(5)
    so1 >> f":1SOAAAAAA BAN K * 192.0.2.9 {NOW + 5} 0 60 * :lifted"
    so1 >> f":1SOAAAAAA BAN K * 192.0.2.8 {NOW + 5} 0 60 * :lifted"
    mesh.settle()
    assert [line.partition("-- ")[2] for line in watch.lines()] == [
        "oz!~oz@oz.host removed K-Line of [*@192.0.2.9]",
        "oz!~oz@oz.host removed D-Line of [192.0.2.8]",
    ]
    assert banned(mesh, "192.0.2.9") == banned(mesh, "192.0.2.8") == {"a": False, "b": False}
    assert not [line for line in mesh.said("b", "a") if " BAN " in line]
    so1 >> f":1SOAAAAAA BAN K * 192.0.2.9 {NOW} 3600 3600 * :what it was, from a server that was away"
    mesh.settle()
    assert banned(mesh, "192.0.2.9") == {"a": False, "b": False}
    # What it sets anew is no record, and goes on as it came.
    so1 >> f":1SOAAAAAA BAN K * 192.0.2.7 {NOW + 6} 60 60 * :theirs"
    mesh.settle()
    assert [line for line in mesh.said("b", "a") if " BAN " in line]
    assert banned(mesh, "192.0.2.7") == {"a": True, "b": True}
    mesh.agree()
    mesh.check()


def joined(mesh: Clubs) -> Stranger:
    found = stranger(mesh["b"], "so1.test", "1SO")
    found >> ":1SO EUID oz 1 1699999990 +io ~oz oz.host 192.0.2.77 1SOAAAAAA * * :Oz"
    mesh.settle()
    return found


def bans_of(so1: Stranger) -> list[str]:
    return [line.partition(" ")[2] for line in so1.lines() if " BAN " in line]


def test_a_full_server_that_knows_no_such_records_is_told_ban(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "KINDS", "acn")
    mesh = full("a", "b")
    ann = root(mesh, "a")
    mesh.said("a", "b")
    say(mesh, ann, "KLINE 60 *@192.0.2.9 :spam")
    assert [line for line in mesh.said("a", "b") if " BAN K * 192.0.2.9 " in line]
    mesh.cut("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    assert [line for line in mesh.said("a", "b") if " BAN K * 192.0.2.9 " in line]
    mesh.check()


def test_a_newcomer_is_fed_and_told_no_ban(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    clubs.cut("b", "c")
    say(clubs, ann, "KLINE 60 *@192.0.2.9 :spam")
    clubs.link("b", "c")
    clubs.settle()
    said = clubs.said("b", "c")
    assert [line for line in said if " CNREC b" in line] and not [line for line in said if " BAN " in line]
    assert banned(clubs, "192.0.2.9") == EVERYWHERE


def test_a_record_of_another_mask_than_its_entity_means_nothing(clubs: Clubs) -> None:
    stamp = fixed(Stamp(NOW * 1000, 0, "9ZZ").text)
    clubs.put(
        "a",
        Record(ban_entity("K", "*@other"), "ban", stamp, f"{NOW} 0 refuse x K *@192.0.2.9 :x"),
        Record(ban_entity("K", "*@192.0.2.8"), "ban", stamp, f"{NOW} 0 dance x K *@192.0.2.8 :x"),
        Record(ban_entity("Z", "*@192.0.2.7"), "ban", stamp, f"{NOW} 0 refuse x Z *@192.0.2.7 :x"),
        Record(ban_entity("K", "*@192.0.2.6"), "ban", stamp, "nonsense"),
        Record(ban_entity("K", "*@192.0.2.5"), "colour", stamp, "blue"),
    )
    clubs.settle()
    for last in range(5, 10):
        assert banned(clubs, f"192.0.2.{last}") == NOWHERE
    clubs.agree()
    clubs.check()


def test_a_ban_for_some_servers_is_kept_there_alone(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    for line in ("KLINE 60 *@192.0.2.9 ON z.test :x", "UNKLINE *@192.0.2.9 ON z.test"):
        assert say(clubs, ann, line) == ["No such server"]
    assert say(clubs, ann, "KLINE 60 *@192.0.2.9 ON b.test :x") == [
        "Asked b.test to add K-Line for [*@192.0.2.9]"
    ]
    assert banned(clubs, "192.0.2.9") == {"a": False, "b": True, "c": False}
    assert say(clubs, ann, "UNKLINE *@192.0.2.9 ON *.test")[-1] == "There is no K-Line of [*@192.0.2.9]"
    assert banned(clubs, "192.0.2.9") == NOWHERE
    assert say(clubs, ann, "DLINE 60 192.0.2.9 ON * :x")[-2] == "Added temporary 60 min. D-Line [192.0.2.9]"
    assert banned(clubs, "192.0.2.9") == EVERYWHERE
    clubs.check()


def test_who_keeps_no_records_cannot_write_any() -> None:
    """Nor does it ban by what full servers tell each other, however it dates that."""
    mesh = full("a", "b", sections_of={"b": {"link": [block("so1")]}})
    so1 = joined(mesh)
    entity, value = ban_entity("D", "192.0.2.0/24"), f"{NOW} 0 refuse ann D 192.0.2.0/24 :forged"
    stamp = Stamp(NOW * 1000, 0, "1SO").text
    for line in (
        "CNPAGE s r 1 1 1",
        f"CNREC {entity} ban {stamp} :{value}",
        f"ENCAP * CNREC {entity} ban {stamp} :{value}",
    ):
        so1 >> f":1SO {line}"
        mesh.settle()
    assert not any(house.node.network.registry.bans.get(entity) for house in mesh)
    assert banned(mesh, "192.0.2.9") == {"a": False, "b": False}


def test_many_bans_at_once_by_an_operator_send_away_whom_they_mean(clubs: Clubs) -> None:
    ann = root(clubs, "a")
    there = [clubs["b"].client(f"p{number}", address=f"203.0.113.{number}") for number in range(1, 60)]
    clubs.settle()
    for number in range(300):
        ann >> f"UBAN ADD 203.0.113.{number % 50 + 1} 1d x" >> f"KLINE 60 *{number}?*zz-{number}* :y"
    clubs.settle()
    clubs.advance(1)
    clubs.settle()
    assert [client.session.closed for client in there] == [number < 50 for number in range(59)]
    clubs.agree()
