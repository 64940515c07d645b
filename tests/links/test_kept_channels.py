"""Registered channels on several full servers, splits between them, and servers that keep no records."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from chanserv import WORD, ask, come, founded, ranks
from club import Club
from clubs import Clubs, FullClub
from conversation import START, Client, House
from mesh import block, read_away, stranger

from chatnet.links.lifetimes import sweep
from chatnet.model.entities import Channel
from chatnet.model.modes import OP, OWNER
from chatnet.rules.keeping import set_in, value_of
from chatnet.services.keeping import SETTLED

NOW = int(START)
BOT = ":ChanServ!ChanServ@services.chatnet"
WEEKS = 3 * 7 * 86400.0


class Edged(Clubs):
    """A mesh whose houses ``y`` and ``z`` keep no records."""

    def make(self, **given: Any) -> Any:
        return House(**given) if given["server"]["name"] in ("y.test", "z.test") else super().make(**given)

    def __getitem__(self, name: str) -> Any:
        return self.houses[name]


def linked(kind: type[Clubs] = Clubs, *names: str, **sections: Any) -> Clubs:
    """Houses in a row."""
    names = names or ("a", "b")
    mesh = kind(*names, links={"stamp_memory": 60}, **sections)
    for one, other in itertools.pairwise(names):
        mesh.link(one, other)
    mesh.settle()
    sign(mesh)
    return mesh


def sign(mesh: Clubs) -> None:
    """Each server writes that it keeps records, as it does every minute."""
    for house in mesh:
        if house.parts.nickserv is not None:
            house.parts.nickserv.sweeping.sweep()
    mesh.settle()


def channel(house: House, name: str = "#c") -> Channel:
    found = house.node.network.channel(name)
    assert found is not None
    return found


def state(house: House, name: str = "#c") -> object:
    """What a channel is like there; who set something does not count, nor when."""
    here = channel(house, name)
    values = {each: value_of(here, each) or "" for each in set_in(here)}
    members = {user.nick: bits for user, bits in here.members.items()}
    return here.ts, here.locked, members, {each: text.partition(" ")[2] for each, text in values.items()}


def agree(mesh: Clubs, name: str = "#c") -> None:
    """All know the same of the channel, and full servers have the same records of it."""
    mesh.settle()
    houses = list(mesh)
    assert all(state(house, name) == state(houses[0], name) for house in houses), [
        state(house, name) for house in houses
    ]
    full = [key for key, house in mesh.houses.items() if isinstance(house, FullClub)]
    assert all(mesh.known(key) == mesh.known(full[0]) for key in full)
    mesh.check()


def come_to(mesh: Clubs, server: str, name: str) -> Client:
    mesh.settle()
    client = come(mesh[server], name)
    mesh.settle()
    return client


def weeks(mesh: Clubs, *anew: str) -> None:
    """Time goes by, and some servers start anew; so links have forgotten what was set when."""
    for name in anew:
        start(mesh, name)
    mesh.clock.advance(WEEKS)
    for house in mesh:
        sweep(house.parts.links)


def forget(mesh: Clubs) -> None:
    """Links forget the channel, which is empty."""
    for _ in range(3):
        mesh.advance(61)
        for house in mesh:
            sweep(house.parts.links)
        mesh.settle()
    assert not [each for house in mesh for each in house.node.network.memory.all_ended()]


def start(mesh: Clubs, name: str) -> None:
    """Another process, with the records of the one before, which was killed."""
    old = mesh[name]
    old.store.taken = lambda records: None
    mesh.houses[name] = FullClub(old.store, clock=mesh.clocks[name], **old.settings.model_dump(by_alias=True))
    old.store.start()


def apart_for_weeks() -> tuple[Clubs, Client, Client]:
    """ann on a and bob on b, who is SOP, were in #c with a ban, and do not see each other for weeks."""
    mesh = linked()
    ann = founded(mesh["a"])
    mesh.settle()
    bob = come_to(mesh, "b", "bob")
    ask(ann, "SOP #c ADD bob")
    bob >> "JOIN #c"
    ann >> "MODE #c +bm *!*@old" >> "TOPIC #c :old"
    mesh.advance(2)
    mesh.cut("a", "b")
    return mesh, ann, bob


def test_an_old_ban_does_not_come_back_with_a_server_that_was_away() -> None:
    mesh, ann, bob = apart_for_weeks()
    ann >> "MODE #c -bm *!*@old" >> "TOPIC #c :"
    bob >> "MODE #c +b *!*@new"
    mesh.advance(2)
    weeks(mesh, "a")
    ann = come(mesh["a"], "ann")
    ann >> "JOIN #c"
    read_away((ann, bob))
    mesh.link("a", "b")
    mesh.advance(2)
    agree(mesh)
    assert list(channel(mesh["a"]).lists["b"]) == ["*!*@new"]
    assert channel(mesh["a"]).flags == {"n", "t"} and channel(mesh["a"]).topic is None
    told = bob.lines()
    assert [line for line in told if "MODE #c" in line and "-b" in line and "*!*@old" in line]
    assert f"{BOT} " not in " ".join(told)


def test_it_does_not_come_back_where_the_channel_was_empty_meanwhile() -> None:
    mesh, ann, _ = apart_for_weeks()
    ann >> "MODE #c -bm *!*@old"
    mesh.advance(2)
    ann >> "PART #c"
    weeks(mesh, "a")
    mesh.link("a", "b")
    mesh.settle()
    # a heard of the ban as b told of the channel, and knew better by its records
    assert list(channel(mesh["a"]).lists["b"]) == []
    mesh.advance(2)
    agree(mesh)
    assert list(channel(mesh["b"]).lists["b"]) == []


def test_what_was_changed_where_nobody_was_in_is_told_to_those_who_are_in_elsewhere() -> None:
    mesh = linked(Edged, "z", "a", "b")
    ann = founded(mesh["b"])
    mesh.settle()
    bob, eve = mesh["a"].client("bob"), mesh["z"].client("eve")
    for client in (bob, eve):
        client >> "JOIN #c"
        mesh.settle()
    mesh.advance(2)
    ann >> "PART #c"
    mesh.cut("a", "b")
    mesh.settle()
    start(mesh, "b")  # so only its records say what it is like
    ann = come(mesh["b"], "ann")
    assert ask(ann, "SET #c MLOCK +ms-n") == ["The modes +ms-n of #c are locked now."]
    ask(ann, "AQUIET #c ADD *!*@loud")
    mesh.advance(2)
    read_away((bob, eve))
    mesh.link("a", "b")
    mesh.settle()
    for client in (bob, eve):
        told = [line for line in client.lines() if " MODE #c " in line]
        assert [line.partition(" MODE ")[2] for line in told] == ["#c +ms-n", "#c +b $q:*!*@loud"]
    mesh.advance(2)
    agree(mesh)
    assert channel(mesh["z"]).locked == "mns"
    eve >> "MODE #c"
    eve.until("* 324 eve #c +mst")


def test_who_comes_next_makes_it_again_on_all_servers() -> None:
    mesh = linked(Edged, "z", "a", "b")
    ann = founded(mesh["b"])
    ann >> "MODE #c +mk key" >> "MODE #c +be *!*@bad *!*@good" >> "TOPIC #c :hello"
    ask(ann, "SET #c MLOCK +m")
    mesh.advance(2)
    ann >> "PART #c"
    forget(mesh)
    bob = mesh["a"].client("bob")
    mesh.settle()
    mesh.said("b", "a")
    bob >> "JOIN #c key"
    agree(mesh)
    # b knows it as a does, and has nothing to say to it
    assert not [line for line in mesh.said("b", "a") if " #c " in line]
    here = channel(mesh["z"])
    assert (here.ts, here.flags, here.key, here.locked) == (NOW, {"m", "n", "t"}, "key", "m")
    assert here.topic is not None and (here.topic.text, here.topic.at) == ("hello", NOW)
    assert list(here.lists["b"]) == ["*!*@bad"] and list(here.lists["e"]) == ["*!*@good"]


def test_a_server_of_another_make_is_told_all_of_it() -> None:
    club = Club(accounts={"authority": "here"}, link=[block("so1")])
    so1 = stranger(club, "so1.test", "1SO")
    ann = founded(club)
    ann >> "MODE #c +mk key" >> "MODE #c +b *!*@bad" >> "MODE #c +b $q:*!*@loud" >> "TOPIC #c :hello"
    ask(ann, "SET #c MLOCK +m")
    club.clock.advance(2)
    ann >> "PART #c"
    so1.lines()
    bob = club.client("bob")
    so1.lines()
    bob >> "JOIN #c key"
    so1 << f":0CN SJOIN {NOW} #c +mntk key :{bob.user.uid}"
    so1 << f":0CN EBMASK {NOW} #c b :*!*@bad {NOW} ann!~ann@192.0.2.1"
    so1 << f":0CN EBMASK {NOW} #c q :*!*@loud {NOW} ann!~ann@192.0.2.1"
    so1 << f":0CN TB #c {NOW} ann!~ann@192.0.2.1 :hello"
    so1 << f":0CN MLOCK {NOW} #c :m"
    so1.silent()
    club.check()


def test_two_come_at_one_moment() -> None:
    mesh = linked()
    ann = founded(mesh["a"])
    ann >> "MODE #c +m" >> "MODE #c +b *!*@bad"
    mesh.advance(2)
    ann >> "PART #c"
    forget(mesh)
    bob = mesh["b"].client("bob")
    mesh.settle()
    bob >> "JOIN #c"
    ann >> "JOIN #c"
    ann >> "MODE #c -m"
    mesh.advance(2)
    agree(mesh)
    assert state(mesh["a"])[2] == {"ann": OP | OWNER, "bob": 0}  # type: ignore[index]
    assert channel(mesh["b"]).flags == {"n", "t"}


def test_an_older_channel_of_nobody_wins_and_is_the_registered_one_then() -> None:
    mesh = Clubs("a", "b")
    joe = mesh["b"].client("joe")
    joe >> "JOIN #c" >> "MODE #c +ip" >> "MODE #c +b ann!*@*" >> "TOPIC #c :of joe"
    mesh.clock.advance(60)
    ann = founded(mesh["a"])
    ann >> "MODE #c +ms" >> "MODE #c +b *!*@bad" >> "TOPIC #c :of ann"
    ask(ann, "SET #c MLOCK +m")
    mesh.advance(2)
    mesh.link("a", "b")
    mesh.settle()
    assert channel(mesh["a"]).ts == NOW and channel(mesh["a"]).flags == {"i", "n", "p", "t"}
    mesh.advance(SETTLED)
    mesh.advance(2)
    agree(mesh)
    found = state(mesh["b"])
    assert found == (
        NOW, "m", {"ann": OP | OWNER, "joe": OP},
        {"m": "", "n": "", "s": "", "t": "", "b:*!*@bad": "*!*@bad", "topic": ":of ann"},
    )  # fmt: skip
    registration = mesh["b"].node.network.registry.channels.at("#c")
    assert registration is not None and registration.ts == NOW
    # it stays so
    ann >> "PART #c"
    joe >> "PART #c"
    mesh.advance(2)
    ann >> "JOIN #c"
    mesh.settle()
    assert state(mesh["b"])[3] == found[3]  # type: ignore[index]


@pytest.mark.parametrize("edge", ["z", "so1"])
def test_a_server_that_does_not_know_makes_a_younger_one(edge: str) -> None:
    mesh = linked(Edged, "z", "a", "b", link=[block("so1")])
    ann = founded(mesh["b"])
    ann >> "MODE #c +m" >> "MODE #c +b *!*@bad" >> "TOPIC #c :hello"
    mesh.advance(2)
    ann >> "PART #c"
    forget(mesh)
    now = int(mesh.clock.time())
    so1 = stranger(mesh["a"], "so1.test", "1SO")
    if edge == "z":
        eve = mesh["z"].client("eve")
        eve >> "JOIN #c"
        assert ranks(eve) == OP
        mesh.settle()
        bob = mesh["b"].client("bob")
        bob >> "JOIN #c"
        bob.lines()
    else:
        so1 >> f":1SO EUID alice 1 {now} +i ~alice 192.0.2.9 192.0.2.9 1SOAAAAAB * * :Alice"
        so1 >> f":1SO SJOIN {now} #c +nt :@1SOAAAAAB"
    mesh.settle()
    mesh.advance(SETTLED)
    mesh.advance(2)
    agree(mesh)
    here = channel(mesh["b"])
    assert (here.ts, here.flags, list(here.lists["b"])) == (NOW, {"m", "n", "t"}, ["*!*@bad"])
    assert here.topic is not None and here.topic.text == "hello"
    assert set(here.members.values()) == {0}
    if edge == "z":
        changes = [line.partition(" MODE #c ")[2] for line in bob.lines() if " MODE #c " in line]
        assert changes == ["-o eve", "+m", "+b *!*@bad"]
    if edge == "so1":
        heard = so1.lines()
        assert [line for line in heard if f" SJOIN {NOW} #c +" in line]
        assert [line for line in heard if f" {NOW} #c +" in line and "m" in line]
        assert [line for line in heard if "BMASK" in line and "*!*@bad" in line]


def test_a_registration_arrives_where_a_younger_channel_is() -> None:
    mesh = Clubs("a", "b")
    ann = founded(mesh["a"])
    ann >> "MODE #c +m" >> "TOPIC #c :of ann"
    mesh.advance(2)
    ann >> "PART #c"
    mesh.clock.advance(60)
    joe = mesh["b"].client("joe")
    joe >> "JOIN #c" >> "MODE #c +k joe" >> "TOPIC #c :of joe"
    mesh.link("a", "b")
    mesh.settle()
    mesh.advance(SETTLED)
    mesh.advance(2)
    agree(mesh)
    assert state(mesh["b"]) == (
        NOW, "", {"joe": 0}, {"m": "", "n": "", "t": "", "topic": ":of ann"}
    )  # fmt: skip


def test_one_server_of_several_starts_anew() -> None:
    mesh = linked()
    ann = founded(mesh["a"])
    mesh.settle()
    bob = come_to(mesh, "b", "bob")
    bob >> "JOIN #c"
    ask(ann, "SOP #c ADD bob")
    ann >> "MODE #c +m" >> "MODE #c +b *!*@bad"
    mesh.advance(2)
    mesh.cut("a", "b")
    bob >> "MODE #c -b+s *!*@bad"
    start(mesh, "a")
    ann = come(mesh["a"], "ann")
    ann >> "JOIN #c" >> "TOPIC #c :after the start"
    assert channel(mesh["a"]).flags == {"m", "n", "t"} and list(channel(mesh["a"]).lists["b"])
    mesh.advance(2)
    mesh.link("a", "b")
    mesh.advance(2)
    agree(mesh)
    here = channel(mesh["b"])
    assert here.flags == {"m", "n", "s", "t"} and not here.lists["b"]
    assert here.topic is not None and here.topic.text == "after the start"
    assert here.members[bob.user] and WORD


def test_who_comes_in_changes_nothing() -> None:
    mesh = linked()
    ann = founded(mesh["a"])
    mesh.settle()
    bob = come_to(mesh, "b", "bob")
    ask(ann, "SOP #c ADD bob")
    bob >> "JOIN #c"
    ann >> "MODE #c +mk key" >> "MODE #c +b *!*@bad" >> "TOPIC #c :hello"
    mesh.advance(2)
    ann >> "PART #c"
    mesh.cut("a", "b")
    bob >> "MODE #c -mk+s *" >> "MODE #c -b *!*@bad" >> "TOPIC #c :"
    mesh.advance(60)
    ann >> "JOIN #c"  # as it was before bob changed it
    assert channel(mesh["a"]).flags == {"m", "n", "t"}
    mesh.advance(2)
    mesh.link("a", "b")
    mesh.advance(2)
    agree(mesh)
    assert state(mesh["a"])[3] == {"n": "", "s": "", "t": ""}  # type: ignore[index]


def test_a_change_on_the_far_side_of_a_split_counts_though_the_channel_is_registered_later() -> None:
    mesh = linked()
    ann, bob = come(mesh["a"], "ann"), mesh["b"].client("bob")
    ann >> "JOIN #c"
    mesh.settle()
    bob >> "JOIN #c"
    mesh.settle()
    ann >> "MODE #c +mso bob" >> "MODE #c +bb *!*@one *!*@two" >> "TOPIC #c :hello"
    mesh.settle()
    for _ in range(3):
        mesh.advance(61)
        for house in mesh:
            sweep(house.parts.links)
        mesh.settle()
    mesh.cut("a", "b")
    bob >> "MODE #c -mb *!*@one" >> "TOPIC #c :"
    mesh.advance(5)
    ask(ann, "REGISTER #c")
    mesh.advance(5)
    mesh.link("a", "b")
    mesh.settle()
    mesh.advance(2)
    agree(mesh)
    expected = {"n": "", "s": "", "t": "", "b:*!*@two": "*!*@two"}
    assert state(mesh["a"])[3] == expected  # type: ignore[index]


def test_what_a_channel_is_like_may_be_heard_before_its_name() -> None:
    mesh = Clubs("a", "b")
    ann = founded(mesh["a"])
    ann >> "MODE #c +m" >> "TOPIC #c :hello"
    mesh.advance(2)
    ann >> "RENAME #c #d"  # the name has the last number now
    ann >> "PART #d"
    mesh.link("a", "b")
    mesh.settle()
    bob = mesh["b"].client("bob")
    bob >> "JOIN #d"
    mesh.advance(2)
    agree(mesh, "#d")
    assert channel(mesh["b"], "#d").flags == {"m", "n", "t"}


def test_a_lock_that_somebody_did_not_know_holds() -> None:
    mesh = linked(Clubs, "a", "b")
    ann = founded(mesh["a"])
    mesh.settle()
    bob = come_to(mesh, "b", "bob")
    ask(ann, "SOP #c ADD bob")
    bob >> "JOIN #c"
    ann >> "MODE #c +m"
    mesh.advance(2)
    mesh.cut("a", "b")
    ask(ann, "SET #c MLOCK +m")
    mesh.clock.advance(5)
    bob >> "MODE #c -m"
    mesh.advance(2)
    mesh.link("a", "b")
    mesh.settle()
    mesh.advance(2)
    agree(mesh)
    assert "m" in channel(mesh["a"]).flags and channel(mesh["b"]).locked == "m"


def test_a_rename_on_one_side_of_a_split() -> None:
    mesh = linked()
    ann = founded(mesh["a"])
    mesh.settle()
    bob = mesh["b"].client("bob")
    bob >> "JOIN #c" >> "RENAME #c #x"
    bob.until(":b.test 482 bob #c *")
    ann >> "RENAME #c #d :we move"
    mesh.settle()
    bob.until(":bob!* JOIN #d")
    assert ask(bob, "INFO #d")[1:] == ["  founder: ann"]
    assert ask(bob, "INFO #c") == ["#c is called #d now."]
    mesh.advance(2)
    assert not [line for line in bob.lines() if "registered no more" in line]
    mesh.cut("a", "b")
    ann >> "MODE #d +m" >> "RENAME #d #e"
    mesh.advance(2)
    bob.lines()
    mesh.link("a", "b")
    mesh.settle()
    mesh.advance(SETTLED)
    bob << f"{BOT} NOTICE bob :#d is registered no more: it was renamed, and is #e now."
    agree(mesh, "#e")
    assert channel(mesh["b"], "#e").flags == {"m", "n", "t"}
    ann >> "PART #e"
    mesh.advance(2)
    bob >> "JOIN #e"
    mesh.settle()
    assert channel(mesh["a"], "#e").flags == {"m", "n", "t"} and ranks(bob, "#e") == 0


def test_a_registered_channel_gets_no_name_that_somebody_asks_for() -> None:
    mesh = linked()
    ann = founded(mesh["a"], caps="draft/channel-rename")
    founded(mesh["b"], "bob", "#d")
    mesh.settle()
    ann >> "RENAME #c #d"
    ann << ":a.test FAIL RENAME CHANNEL_NAME_IN_USE #c #d *"
    mesh["a"].store.broken = True
    ann >> "RENAME #c #e"
    ann << ":a.test FAIL RENAME CANNOT_RENAME #c #e :Accounts cannot be used now: try again later"
    mesh["a"].store.broken = False
    ann >> "RENAME #c #e"
    ann << ":ann!* RENAME #c #e :"
    mesh.settle()
    assert ask(ann, "INFO #e")[1] == "  founder: ann"


def test_a_slow_disk_brings_nothing_back() -> None:
    mesh = Clubs("a")
    ann = founded(mesh["a"])
    mesh.advance(2)
    mesh["a"].store.held = True
    ann >> "MODE #c +m"
    mesh.advance(1)  # on its way to the disk
    ann >> "MODE #c -m"
    mesh.advance(1)
    ann.lines()
    mesh["a"].store.release(1)
    assert channel(mesh["a"]).flags == {"n", "t"}
    mesh["a"].store.release()
    mesh.settle()
    ann.silent()
    assert channel(mesh["a"]).flags == {"n", "t"}


def test_who_has_it_as_it_was_long_ago_is_told_by_those_who_have_started_anew_since() -> None:
    mesh = linked(Edged, "b", "a", "z")
    ann = founded(mesh["b"])
    ann >> "MODE #c +b *!*@old"
    mesh.settle()
    zed = mesh["z"].client("zed")
    zed >> "JOIN #c"
    mesh.settle()
    mesh.cut("a", "z")
    ann >> "MODE #c +mk-b key *!*@old" >> "TOPIC #c :hello"
    mesh.advance(2)
    start(mesh, "a")
    start(mesh, "b")
    mesh.wires.clear()
    mesh.link("a", "b")
    mesh.settle()
    mesh.link("z", "a")
    mesh.settle()
    assert state(mesh["z"]) == (NOW, "", {"zed": 0}, {"n": "", "t": "", "m": "", "k": "", "topic": ":hello"})
    assert channel(mesh["z"]).key == "key"
    agree(mesh)


def test_so_is_a_server_beyond_that_did_not_know_it() -> None:
    mesh = linked(Edged, "y", "a", "z")
    ann = founded(mesh["a"])
    mesh.settle()
    zed = mesh["z"].client("zed")
    zed >> "JOIN #c"
    mesh.settle()
    mesh.cut("a", "z")
    mesh.cut("a", "y")
    ann >> "MODE #c +m"
    mesh.advance(2)
    start(mesh, "a")
    mesh.houses["y"] = House(clock=mesh.clocks["y"], **mesh["y"].settings.model_dump(by_alias=True))
    mesh.link("a", "y")
    mesh.settle()
    mesh.link("a", "z")
    mesh.settle()
    assert [channel(house).flags for house in mesh] == [{"n", "t", "m"}] * 3
    agree(mesh)


@pytest.mark.parametrize("anew", [False, True])
def test_what_was_locked_long_ago_is_locked_no_more(anew: bool) -> None:
    mesh = linked(Edged, "b", "a", "z")
    ann = founded(mesh["b"])
    mesh.settle()
    zed = mesh["z"].client("zed")
    zed >> "JOIN #c"
    mesh.settle()
    ask(ann, "SET #c MLOCK +m")
    mesh.settle()
    assert channel(mesh["z"]).locked == "m"
    mesh.cut("a", "z")
    ann >> "PART #c"
    mesh.settle()
    ask(ann, "SET #c MLOCK +i")
    mesh.advance(2)
    if anew:
        mesh.cut("a", "b")
        start(mesh, "a")
        start(mesh, "b")
        mesh.link("a", "b")
        mesh.settle()
    mesh.link("a", "z")
    mesh.settle()
    mesh.advance(SETTLED)
    assert [channel(house).locked for house in mesh] == ["i"] * 3
    mesh.advance(SETTLED)
    agree(mesh)


@pytest.mark.parametrize("where", ["a", "b"])
def test_what_chanserv_does_reaches_those_who_do_not_know_it_yet(where: str) -> None:
    mesh = linked(Edged, "b", "a", "z")
    founder = founded(mesh[where])
    mesh.settle()
    zed = mesh["z"].client("zed")
    zed >> "JOIN #c"
    mesh.settle()
    assert mesh["z"].node.network.user("ChanServ") is None
    ask(founder, "SET #c MLOCK +m")
    mesh.settle()
    assert (channel(mesh["z"]).locked, channel(mesh["z"]).flags) == ("m", {"n", "t", "m"})
    agree(mesh)


def test_who_became_founder_on_one_side_of_a_split_gives_nothing_away_on_the_other() -> None:
    mesh = linked()
    ann = founded(mesh["a"])
    for name in ("bob", "cat"):
        mesh["a"].account(name, WORD)
    mesh.settle()
    bob, cat = come(mesh["a"], "bob"), come(mesh["b"], "cat")
    mesh.settle()
    also_ann = mesh["b"].client("ann2")
    also_ann >> f"NS IDENTIFY ann {WORD}"
    mesh.settle()
    mesh.cut("a", "b")
    ask(ann, "SET #c FOUNDER bob")
    assert ask(bob, "SET #c FOUNDER bob") == ["bob is the founder of #c now."]
    mesh.clock.advance(5)
    assert ask(also_ann, "SET #c FOUNDER cat") == [
        "cat has to say the same within a day: /msg ChanServ SET #c FOUNDER cat"
    ]
    mesh.link("a", "b")
    mesh.settle()
    mesh.advance(2)
    assert ask(cat, "SET #c FOUNDER cat") == ["You are not the founder of #c."]
    assert ask(cat, "INFO #c")[1].startswith("  founder: bob")
