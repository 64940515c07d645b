"""What a registered channel is like stays when nobody is in it, also after a restart, as conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chanserv import ask, come, founded, living, ranks
from club import Club
from conversation import START, Client
from staff import sections

from chatnet.model.modes import OP, OWNER
from chatnet.model.registered import RegisteredChannel
from chatnet.records.meaning import RecordMeaning
from chatnet.services.keeping import AGAIN
from chatnet.storage.memory import MemoryStore
from chatnet.storage.store import open_store
from chatnet.wire.casemap import folder

NOW = int(START)
MEANING = RecordMeaning(folder("rfc1459"))


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections())
    yield club
    club.check()


@pytest.fixture
def ann(club: Club) -> Client:
    return founded(club)


def registration(club: Club, name: str = "#c") -> RegisteredChannel:
    found = club.node.network.registry.channels.at(name)
    assert found is not None
    return found


def dressed(ann: Client) -> None:
    """The channel has modes, entries of all lists, and a topic."""
    ann >> "MODE #c +mkl-t key 7" >> "MODE #c +beI *!*@bad $a:ann i!*@*" >> "MODE #c +b *!*@to$#c"
    ann >> "TOPIC #c :as it was"
    ann.lines()


def as_it_was(club: Club, client: Client, at: int) -> None:
    """Somebody comes in, and finds it so; nothing is said of modes."""
    client >> "JOIN #c key"
    nick = client.user.nick
    client << f":{nick}!* JOIN #c"
    client << f":irc.test 332 {nick} #c :as it was"
    client << f":irc.test 333 {nick} #c ann!~ann@192.0.2.1 {at}"
    client << f":irc.test 353 {nick} = #c :*{nick}"
    client << f":irc.test 366 {nick} #c *"
    client.silent()
    client >> "MODE #c" >> "MODE #c b"
    client << f":irc.test 324 {nick} #c +mnkl key 7"
    client << f":irc.test 329 {nick} #c {NOW}"
    client << f":irc.test 367 {nick} #c *!*@bad ann!~ann@192.0.2.1 {at}"
    client << f":irc.test 367 {nick} #c *!*@to$#c ann!~ann@192.0.2.1 {at}"
    client << f":irc.test 368 {nick} #c *"
    channel = living(club)
    assert [entry.text for entry in channel.lists["e"].values()] == ["$a:ann"]
    assert [entry.text for entry in channel.lists["I"].values()] == ["i!*@*"]


def test_who_comes_next_finds_it_as_it_was(club: Club, ann: Client) -> None:
    club.clock.advance(60)
    dressed(ann)
    club.clock.advance(1)
    ann >> "PART #c"
    assert club.node.network.channel("#c") is None
    as_it_was(club, club.client("bob"), NOW + 60)


def test_it_is_kept_at_once_though_it_is_written_later(club: Club, ann: Client) -> None:
    dressed(ann)
    ann >> "PART #c"
    assert "topic" not in registration(club).kept
    as_it_was(club, club.client("bob"), NOW)
    club.clock.advance(1)
    assert registration(club).kept["topic"].value == "ann!~ann@192.0.2.1 :as it was"


def memory(path: Path) -> Callable[[], Any]:
    store = MemoryStore(MEANING, "0CN")
    return lambda: store


def sqlite(path: Path) -> Callable[[], Any]:
    return lambda: open_store(path, MEANING, sid="0CN", casemapping="rfc1459", serving=True)


@pytest.mark.parametrize("kind", [memory, sqlite])
def test_it_is_so_after_a_restart(kind: Callable[[Path], Callable[[], Any]], tmp_path: Path) -> None:
    opened = kind(tmp_path / "accounts.sqlite")
    store = opened()
    club = Club(store=store)
    ann = founded(club)
    club.clock.advance(60)
    dressed(ann)
    ann >> "MODE #c +b *!*@gone" >> "MODE #c -b *!*@gone"
    club.clock.advance(1)
    store.close() if kind is sqlite else None
    again = Club(store=opened(), clock=club.clock)
    as_it_was(again, again.client("bob"), NOW + 60)
    assert ranks(come(again, "ann")) is None
    again.check()


@pytest.mark.parametrize("late", [0, 100])
def test_a_timed_ban_is_over_also_after_a_restart(late: int) -> None:
    store = MemoryStore(MEANING, "0CN")
    club = Club(store=store)
    ann = founded(club)
    ann >> "TBAN #c 60s eve"
    club.clock.advance(20)
    again = Club(store=store, clock=club.clock)
    again.clock.elapsed += late
    eve, bob = again.client("eve"), again.client("bob")
    eve >> "JOIN #c"
    if not late:
        eve << ":irc.test 474 eve #c *"
        bob >> "JOIN #c"
        again.clock.advance(40)
        bob.until(":irc.test MODE #c -b eve!*@*")
        eve >> "JOIN #c"
    eve.until(":irc.test 366 eve #c *")
    again.clock.advance(2)
    assert not living(again).lists["b"]
    assert registration(again).kept["b:eve!*@*"].value is None
    again.check()


def test_what_it_was_like_before_is_kept_too(club: Club) -> None:
    ann = come(club, "ann")
    ann >> "JOIN #c"
    dressed(ann)
    club.clock.advance(60)
    assert ask(ann, "REGISTER #c") == ["#c belongs to ann now."]
    club.clock.advance(1)
    ann >> "PART #c"
    as_it_was(club, club.client("bob"), NOW)


def test_all_that_keeps_people_out_does_so_while_nobody_is_in(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), club.client("eve")
    ann >> "MODE #c +b eve!*@*"
    ann >> "PART #c"
    eve >> "JOIN #c"
    eve << ":irc.test 474 eve #c *"
    ann >> "JOIN #c" >> "MODE #c +i" >> "PART #c"
    bob >> "JOIN #c"
    bob << ":irc.test 473 bob #c *"
    ann >> "JOIN #c" >> "MODE #c -i+k key" >> "PART #c"
    bob >> "JOIN #c"
    bob << ":irc.test 475 bob #c *"
    assert club.node.network.channel("#c") is None


def test_who_may_open_it_comes_in_while_nobody_is_in(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), come(club, "eve")
    ask(ann, "FLAGS #c bob +i")
    ask(ann, "FLAGS #c eve +e")
    ann >> "MODE #c +ikbbb key ann!*@* bob!*@* eve!*@*"
    ann >> "PART #c"
    bob >> "JOIN #c"
    bob << ":irc.test 474 bob #c *"
    eve >> "JOIN #c"
    eve << ":irc.test 475 eve #c *"
    ann >> "JOIN #c"
    assert ranks(ann) == OP | OWNER
    ann >> "MODE #c -b bob!*@*"
    bob >> "JOIN #c key"
    bob << ":irc.test 473 bob #c *"
    ann >> "PART #c"
    bob >> "JOIN #c"
    assert ranks(bob) == 0
    bob >> "PART #c"
    ann >> "JOIN #c" >> "MODE #c -ik *" >> "PART #c"
    eve >> "JOIN #c"
    assert ranks(eve) == 0


def test_an_akick_holds_for_who_may_lift_bans(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    ask(ann, "AKICK #c ADD bob")
    ask(ann, "FLAGS #c bob +ri")
    ann >> "PART #c"
    bob.lines()
    bob >> "JOIN #c"
    bob << ":irc.test 474 bob #c *"
    assert club.node.network.channel("#c") is None


def test_what_was_dropped_is_kept_no_more(club: Club, ann: Client) -> None:
    dressed(ann)
    club.clock.advance(1)
    code = ask(ann, "DROP #c")[0].rsplit(" ", 1)[1]
    ask(ann, f"DROP #c {code}")
    ann >> "MODE #c +i" >> "PART #c"
    club.clock.advance(1)
    bob = club.client("bob")
    bob >> "JOIN #c"
    assert ranks(bob) == OP
    assert (living(club).flags, living(club).topic) == ({"n", "t"}, None)


def test_a_disk_that_is_full(club: Club, ann: Client) -> None:
    club.store.broken = True
    ann >> "MODE #c +m"
    club.clock.advance(1)
    assert "m" not in registration(club).kept
    ann >> "MODE #c +i" >> "MODE #c -m"
    club.store.broken = False
    club.clock.advance(AGAIN)
    kept = registration(club).kept
    assert (kept["i"].value, kept["m"].value) == ("", None)


def test_no_more_is_kept_of_one_channel_than_a_setting_says() -> None:
    club = Club(channels={"registers": 100}, limits={"mask_list": 200, "modes": 20, "mask_bytes": 50000})
    ann = founded(club)
    for number in range(120):
        ann >> f"MODE #c +b *!*@host{number}"
    club.clock.advance(1)
    kept = registration(club).kept
    assert len(kept) == 100
    # what is kept is so for good: it may change, and be removed
    ann >> "MODE #c -b *!*@host0" >> "MODE #c -n"
    club.clock.advance(1)
    kept = registration(club).kept
    assert (len(kept), kept["b:*!*@host0"].value, kept["n"].value) == (100, None, None)
    club.check()


def test_what_is_no_utf_8_is_kept_as_far_as_it_can_be() -> None:
    club = Club(server={"utf8_only": False})
    ann = founded(club)
    ann.send(b"TOPIC #c :odd \xff\r\nMODE #c +k odd\xff\r\nMODE #c +b odd\xff!*@*\r\n")
    club.clock.advance(1)
    kept = registration(club).kept
    assert kept["topic"].value == "ann!~ann@192.0.2.1 :odd \ufffd"
    assert sorted(kept) == ["n", "t", "topic"]
    ann >> "MODE #c +m"
    club.clock.advance(1)
    assert registration(club).kept["m"].value == ""


def test_ranks_are_a_matter_of_access(club: Club, ann: Client) -> None:
    bob = club.client("bob")
    bob >> "JOIN #c"
    ann >> "MODE #c +o bob"
    club.clock.advance(1)
    assert sorted(registration(club).kept) == ["n", "t"]
    for client in (ann, bob):
        client >> "PART #c"
    bob >> "JOIN #c"
    assert ranks(bob) == 0
