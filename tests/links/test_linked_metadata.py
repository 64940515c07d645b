"""What people and channels say of themselves, on several servers: split and healed, with accounts or not."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from chanserv import WORD
from club import Club
from clubs import Clubs
from conversation import START, Client, House
from describing import knows, plain, told
from mesh import Mesh, Stranger, block, stranger

from chatnet.model.metadata import Target
from chatnet.rules.metadata import shown

CAPAB = "CAPAB :QS EX IE ENCAP EUID TB SAVE CN1 CNLWW CNMETA"
NOW = int(START)


def values(house: House, name: str) -> dict[str, str]:
    """What a nick or a channel shows at a house."""
    network = house.node.network
    target: Target | None = network.channel(name) if name[0] == "#" else network.user(name)
    assert target is not None, f"{name} is unknown at {network.me.name}"
    return dict(shown(network, target))


def everywhere(mesh: Mesh, name: str) -> dict[str, str]:
    """The same, which is alike at all of them."""
    first, *others = (values(house, name) for house in mesh)
    assert all(other == first for other in others), [first, *others]
    return first


def chain(*names: str, **sections: Any) -> Mesh:
    mesh = Mesh(*names, **sections)
    for one, two in itertools.pairwise(names):
        mesh.link(one, two)
    mesh.settle()
    return mesh


# guests and channels of nobody


def test_what_changes_while_a_newcomer_is_told() -> None:
    """A burst goes on in later turns, and in between somebody sets what was not there, and removes it."""
    mesh = Mesh("a", "b", links={"burst_slice": 1})
    ann = mesh["a"].client("ann")
    for number in range(6):
        ann >> f"METADATA * SET key{number} :{number}"
    mesh.link("a", "b")
    number = 0
    while mesh.deliver_one(number):
        ann >> f"METADATA * SET new{number % 9} :{number}" >> f"METADATA * SET new{(number + 4) % 9}"
        mesh["a"].clock.advance(0.0)
        number += 1
        assert number < 2000
        if number > 60:
            break
    mesh.settle()
    assert everywhere(mesh, "ann") == values(mesh["a"], "ann") != {}
    mesh.check()


def test_guests_and_channels_are_told_to_all_and_those_who_subscribe_hear_it() -> None:
    mesh = chain("a", "b", "c")
    ann, cat = mesh["a"].client("ann"), knows(mesh["c"], "cat", "url")
    mesh.settle()
    ann >> "JOIN #c"
    mesh.settle()
    cat >> "JOIN #c"
    mesh.settle()
    cat.lines()
    ann >> "METADATA * SET url :a b" >> "METADATA #c SET url :c"
    assert mesh.said("a", "b")[-2:] == [
        f":0AA CNMETA {ann.user.uid} {ann.user.nick_ts} url {stamp(mesh, 'a')}.2.0AA :a b",
        f":0AA CNMETA #c {NOW} url {stamp(mesh, 'a')}.3.0AA :c",
    ]
    mesh.settle()
    assert told(cat) == ["761 cat ann url * :a b", "761 cat #c url * :c"]
    assert everywhere(mesh, "ann") == {"url": "a b"} and everywhere(mesh, "#c") == {"url": "c"}
    ann >> "METADATA * SET url" >> "METADATA #c CLEAR"
    mesh.settle()
    assert everywhere(mesh, "ann") == everywhere(mesh, "#c") == {}
    assert told(cat) == ["766 cat ann url :Key not set", "766 cat #c url :Key not set"]
    ann >> "METADATA * SET url :x" >> "QUIT"
    cat >> "PART #c"
    mesh.settle()
    assert not any(house.node.network.metadata for house in mesh)
    mesh.check()


def stamp(mesh: Mesh, name: str) -> str:
    """The first part of a stamp of now."""
    digits, number = "", int(mesh[name].node.clock.time() * 1000)
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits


def test_a_burst_tells_all_of_it() -> None:
    mesh = Mesh("a", "b")
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    ann >> "JOIN #c" >> "METADATA * SET url :a" >> "METADATA #c SET url :c" >> "METADATA * SET color :red"
    bob >> "METADATA * SET url :b"
    mesh.link("a", "b")
    mesh.settle()
    assert everywhere(mesh, "ann") == {"url": "a", "color": "red"}
    assert everywhere(mesh, "bob") == {"url": "b"} and everywhere(mesh, "#c") == {"url": "c"}
    mesh.check()


def test_after_a_split_the_later_word_holds_on_both_sides() -> None:
    mesh = Mesh("a", "b")
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    mesh.link("a", "b")
    mesh.settle()
    ann >> "JOIN #c"
    mesh.settle()
    bob >> "JOIN #c"
    mesh.settle()
    ann >> "MODE #c +o bob"
    mesh.settle()
    ann >> "METADATA #c SET url :old" >> "METADATA #c SET gone :x" >> "METADATA #c SET both :x"
    mesh.settle()
    mesh.cut("a", "b")
    mesh.settle()
    ann >> "METADATA #c SET url :of-a" >> "METADATA #c SET gone"
    mesh.clock.advance(1)
    bob >> "METADATA #c SET url :of-b" >> "METADATA #c SET both"
    mesh.clock.advance(1)
    ann >> "METADATA #c SET both :again" >> "METADATA #c SET mine :a"
    mesh.clock.advance(1)
    told_of = knows(mesh["a"], "watcher", "url")
    told_of >> "JOIN #c"
    told_of.lines()
    mesh.link("a", "b")
    mesh.settle()
    assert everywhere(mesh, "#c") == {"url": "of-b", "both": "again", "mine": "a"}
    assert "761 watcher #c url * :of-b" in plain(told_of)
    mesh.check()


def test_two_who_change_it_at_once_agree() -> None:
    mesh = chain("a", "b")
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    mesh.settle()
    ann >> "JOIN #c"
    mesh.settle()
    bob >> "JOIN #c"
    mesh.settle()
    ann >> "MODE #c +o bob"
    mesh.settle()
    ann >> "METADATA #c SET url :a"
    bob >> "METADATA #c SET url :b"
    mesh.settle()
    assert everywhere(mesh, "#c") in ({"url": "a"}, {"url": "b"})
    mesh.check()


def test_who_knows_it_later_says_so() -> None:
    """A word that was forgotten here comes in an older form from one side: it is not left at that."""
    mesh = chain("a", "b", "c")
    ann = mesh["a"].client("ann")
    ann >> "METADATA * SET url :new"
    mesh.settle()
    uid, ts = ann.user.uid, ann.user.nick_ts
    wire = mesh.wire("b", "c")
    wire.connections["c"].receive(f":0BA CNMETA {uid} {ts} url 1.0.0BA :old\r\n".encode())
    assert mesh.said("c", "b")[-1].endswith(f"CNMETA {uid} {ts} url {stamp(mesh, 'a')}.0.0AA :new")
    mesh.settle()
    assert everywhere(mesh, "ann") == {"url": "new"}


def test_an_older_channel_takes_all_away() -> None:
    mesh = Mesh("a", "b")
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c" >> "METADATA #c SET old :a"
    mesh.clock.advance(5)
    bob = mesh["b"].client("bob")
    bob >> "JOIN #c" >> "METADATA #c SET young :b"
    mesh.link("a", "b")
    mesh.settle()
    assert everywhere(mesh, "#c") == {"old": "a"}
    mesh.check()


def test_a_rename_keeps_it_everywhere() -> None:
    mesh = chain("a", "b")
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c" >> "METADATA #c SET url :c"
    mesh.settle()
    ann >> "RENAME #c #d"
    mesh.settle()
    ann >> "METADATA #d SET color :red"
    mesh.settle()
    assert everywhere(mesh, "#d") == {"url": "c", "color": "red"}


def test_other_makes_are_told_nothing(house: House) -> None:
    linked = House(link=[block("so1")])
    so1 = stranger(linked, "so1.test", "1SO")
    ann = linked.client("ann")
    ann >> "JOIN #c"
    so1.lines()
    ann >> "METADATA * SET url :x" >> "METADATA #c SET url :x"
    assert so1.lines() == []
    so1 >> f":1SO CNMETA {ann.user.uid} {ann.user.nick_ts} url 1.0.1SO :y"
    assert values(linked, "ann") == {"url": "x"}


def test_a_server_of_an_older_version_is_told_nothing() -> None:
    linked = House(link=[block("so1")])
    old = chatnet(linked, CAPAB.removesuffix(" CNMETA"))
    ann = linked.client("ann")
    old.lines()
    ann >> "METADATA * SET url :x"
    assert old.lines() == []


# accounts and registered channels, on full servers


def clubs(*names: str) -> Clubs:
    mesh = Clubs(*names)
    for one, two in itertools.pairwise(names):
        mesh.link(one, two)
    mesh.settle()
    mesh.advance(1)
    return mesh


def logs_in(club: House, nick: str, account: str = "ann", caps: str = "") -> Client:
    client = club.client(nick, caps=caps)
    client >> f"NS IDENTIFY {account} {WORD}"
    client.lines()
    assert client.user.account == account
    return client


def test_an_account_shows_the_same_with_all_its_users_and_servers() -> None:
    mesh = clubs("a", "b")
    mesh["a"].account(password=WORD)
    mesh.settle()
    ann = logs_in(mesh["a"], "ann")
    mesh.settle()  # two who log in at one moment are one person
    annie = logs_in(mesh["b"], "annie")
    mesh.settle()
    bob = knows(mesh["b"], "bob", "url")
    bob >> "MONITOR + ann,annie"
    bob.lines()
    ann >> "METADATA * SET url :x"
    ann << ":a.test 761 ann ann url * :x"
    mesh.settle()
    assert everywhere(mesh, "ann") == everywhere(mesh, "annie") == {"url": "x"}
    assert sorted(told(bob)) == ["761 bob ann url * :x", "761 bob annie url * :x"]
    annie >> "METADATA * SET url :y" >> "METADATA * SET color :red"
    mesh.settle()
    assert everywhere(mesh, "ann") == {"url": "y", "color": "red"}
    assert not any(
        "CNMETA" in line for line in mesh.said("a", "b") + mesh.said("b", "a") if "CAPAB" not in line
    )
    mesh.agree()
    annie >> "METADATA * CLEAR"
    mesh.settle()
    assert everywhere(mesh, "annie") == {}
    mesh.agree()
    mesh.check()


def test_an_account_on_both_sides_of_a_split() -> None:
    mesh = clubs("a", "b")
    mesh["a"].account(password=WORD)
    mesh.settle()
    ann = logs_in(mesh["a"], "ann")
    mesh.settle()  # two who log in at one moment are one person
    annie = logs_in(mesh["b"], "annie")
    mesh.settle()
    mesh.cut("a", "b")
    mesh.settle()
    ann >> "METADATA * SET url :early"
    mesh.clock.advance(1)
    annie >> "METADATA * SET url :late" >> "METADATA * SET color :red"
    mesh.clock.advance(1)
    mesh.link("a", "b")
    mesh.advance(1)
    # Each side had a person of the account, who are one now, under the nick that was taken last.
    assert everywhere(mesh, "annie") == {"url": "late", "color": "red"}
    assert ann.user.nick == annie.user.nick == "annie"
    mesh.agree()
    mesh.check()


def test_a_registered_channel() -> None:
    mesh = clubs("a", "b")
    mesh["a"].account(password=WORD)
    mesh.settle()
    ann, bob = logs_in(mesh["a"], "ann"), mesh["b"].client("bob")
    mesh.settle()
    ann >> "JOIN #c" >> "METADATA #c SET url :before"
    mesh.settle()
    bob >> "JOIN #c"
    mesh.settle()
    ann >> "MODE #c +o bob"
    mesh.settle()
    ann >> "CS REGISTER #c"
    mesh.settle()
    assert everywhere(mesh, "#c") == {"url": "before"}, "registering takes along what there is"
    bob >> "METADATA #c SET color :red"
    mesh.settle()
    assert everywhere(mesh, "#c") == {"url": "before", "color": "red"}
    ann >> "RENAME #c #d"
    mesh.settle()
    assert everywhere(mesh, "#d") == {"url": "before", "color": "red"}
    for client in (ann, bob):
        client >> "PART #d"
    mesh.advance(5)
    bob >> "JOIN #d"
    mesh.settle()
    assert everywhere(mesh, "#d") == {"url": "before", "color": "red"}, "it is kept while nobody is there"
    mesh.agree()
    mesh.check()


def test_what_a_guest_has_set_is_there_again_after_a_logout() -> None:
    mesh = clubs("a", "b")
    mesh["a"].account(password=WORD)
    mesh.settle()
    ann = mesh["a"].client("ann")
    mesh.settle()
    bob = knows(mesh["b"], "bob", "url", "color")
    bob >> "MONITOR + ann"
    bob.lines()
    ann >> "METADATA * SET url :guest"
    mesh.settle()
    ann >> f"NS IDENTIFY ann {WORD}"
    mesh.settle()
    assert everywhere(mesh, "ann") == {}
    assert told(bob)[-1] == "766 bob ann url :Key not set"
    ann >> "METADATA * SET color :red"
    mesh.settle()
    assert everywhere(mesh, "ann") == {"color": "red"}
    ann >> "NS LOGOUT"
    mesh.settle()
    assert everywhere(mesh, "ann") == {"url": "guest"}
    assert sorted(told(bob)[-2:]) == ["761 bob ann url * :guest", "766 bob ann color :Key not set"]
    mesh.check()


# edges


class Mixed(Clubs):
    """``a`` and ``b`` keep accounts, others are edges that hang at them."""

    blocks = {}  # noqa: RUF012

    def __init__(self, *names: str) -> None:
        super().__init__(
            *names,
            sections_of={
                name: {"accounts": {"authority": "here" if name in "ab" else "remote"}} for name in names
            },
        )


def edge(*names: str) -> Mixed:
    mesh = Mixed(*names)
    for one, two in itertools.pairwise(names):
        mesh.link(one, two)
    mesh.settle()
    mesh.advance(1)
    return mesh


def comes_in(mesh: Mesh, name: str, nick: str) -> Client:
    """Somebody at an edge who is logged in."""
    client = mesh[name].client(nick)
    mesh.settle()
    client >> f"PRIVMSG NickServ :IDENTIFY ann {WORD}"
    mesh.settle()
    client.lines()
    assert client.user.account == "ann"
    return client


def test_an_edge_shows_what_accounts_have_and_changes_it() -> None:
    mesh = edge("a", "e", "f")
    mesh["a"].account(password=WORD)
    ann = logs_in(mesh["a"], "ann")
    ann >> "METADATA * SET url :x"
    mesh.settle()
    assert everywhere(mesh, "ann") == {"url": "x"}
    far = mesh["f"].client("far")
    mesh.settle()
    far >> "METADATA * SET url :guest" >> "METADATA * SET color :blue"
    mesh.settle()
    assert everywhere(mesh, "far") == {"url": "guest", "color": "blue"}
    far >> f"PRIVMSG NickServ :IDENTIFY ann {WORD}"
    mesh.settle()
    assert far.user.account == "ann"
    assert everywhere(mesh, "far") == {"url": "x"}
    far.lines()
    mesh.clock.advance(1)
    far >> "METADATA * SET url :y" >> "METADATA * SET pronouns :she/her"
    far << ":f.test 761 far far url * :y"
    mesh.settle()
    assert everywhere(mesh, "far") == everywhere(mesh, "ann") == {"url": "y", "pronouns": "she/her"}
    mesh.clock.advance(1)
    ann >> "METADATA * SET url"
    mesh.settle()
    assert everywhere(mesh, "far") == everywhere(mesh, "ann") == {"pronouns": "she/her"}
    far >> "PRIVMSG NickServ :LOGOUT"
    mesh.settle()
    assert far.user.account is None
    assert everywhere(mesh, "far") == {"url": "guest", "color": "blue"}
    mesh.check()


def test_an_edge_that_was_away_agrees_again() -> None:
    mesh = edge("a", "e")
    mesh["a"].account(password=WORD)
    ann = logs_in(mesh["a"], "ann")
    eve = comes_in(mesh, "e", "eve")
    ann >> "METADATA * SET url :x" >> "METADATA * SET gone :x"
    mesh.settle()
    mesh.cut("a", "e")
    mesh.settle()
    eve >> "METADATA * SET color :red"
    mesh.clock.advance(1)
    ann >> "METADATA * SET url :later" >> "METADATA * SET gone"
    mesh.clock.advance(1)
    mesh.link("a", "e")
    mesh.settle()
    assert eve.user.account == "ann"
    assert everywhere(mesh, "eve") == everywhere(mesh, "ann") == {"url": "later", "color": "red"}
    mesh.check()


def test_an_edge_shows_what_registered_channels_have_and_changes_it() -> None:
    mesh = edge("a", "e")
    mesh["a"].account(password=WORD)
    ann, eve = logs_in(mesh["a"], "ann"), mesh["e"].client("eve")
    mesh.settle()
    ann >> "JOIN #c" >> "METADATA #c SET url :before" >> "CS REGISTER #c" >> "METADATA #c SET color :red"
    mesh.settle()
    eve >> "JOIN #c"
    mesh.settle()
    assert everywhere(mesh, "#c") == {"url": "before", "color": "red"}
    ann >> "MODE #c +o eve"
    mesh.settle()
    mesh.clock.advance(1)
    eve >> "METADATA #c SET url :of-eve" >> "METADATA #c SET color"
    mesh.settle()
    assert everywhere(mesh, "#c") == {"url": "of-eve"}
    for client in (ann, eve):
        client >> "PART #c"
    mesh.settle()
    eve >> "JOIN #c"
    mesh.settle()
    assert everywhere(mesh, "#c") == {"url": "of-eve"}
    mesh.check()


def test_an_edge_does_not_speak_for_accounts_of_others() -> None:
    mesh = edge("a", "e")
    mesh["a"].account(password=WORD)
    ann = logs_in(mesh["a"], "ann")
    ann >> "METADATA * SET url :x"
    mesh.settle()
    wire = mesh.wire("a", "e")
    for words in ("url zzzzzzz.0.0BA :evil", "other zzzzzzz.0.0BA :evil", "* *"):
        text = f":0BA CNMETA {ann.user.uid} {ann.user.nick_ts} {words}\r\n"
        wire.connections["a"].receive(text.encode())
    mesh.settle()
    assert values(mesh["a"], "ann") == {"url": "x"}
    assert everywhere(mesh, "ann") == {"url": "x"}


# hostile neighbours


def chatnet(house: House, capab: str = CAPAB, name: str = "so1.test", sid: str = "1SO") -> Stranger:
    """A chatnet server that the test plays, with one user, whose burst is over."""
    so1 = Stranger(house, name, sid)
    for text in (
        f"PASS linkpw TS 6 :{sid}",
        capab,
        f"SERVER {name} 1 :test",
        f"SVINFO 6 6 0 :{NOW}",
        f":{sid} EUID bad 1 {NOW} +i ~bad host.example 192.0.2.7 {sid}AAAAAA * * :bad",
        f":{sid} PONG {sid} :{house.node.network.me.sid}",
    ):
        so1 >> text
    so1.lines()
    return so1


def word(key: str = "url", rest: str = "lots.0.1SO :x", target: str = "1SOAAAAAA", ts: int = NOW) -> str:
    return f":1SO CNMETA {target} {ts} {key} {rest}"


@pytest.mark.parametrize(
    "line",
    [
        word("URL"),
        word("k" * 65),
        word(rest="nostamp :x"),
        word(rest="lots.0.1SO :" + "v" * 401),
        word(rest="lots.0.1SO :\udcff"),
        word(rest="lots.0 :x"),
    ],
)
def test_nonsense_is_not_taken_and_ends_the_link_in_the_end(line: str) -> None:
    house = House(link=[block("so1")], links={"strikes": 3})
    so1 = chatnet(house)
    so1 >> line
    assert values(house, "bad") == {} and not so1.link.gone
    so1 >> line >> line
    assert so1.link.gone


def test_of_whom_nobody_knows_nothing_is_taken() -> None:
    house = House(link=[block("so1")])
    so1 = chatnet(house)
    ann = house.client("ann")
    for target, ts in (
        ("1SOAAAAAZ", NOW),
        ("#none", NOW),
        ("1SOAAAAAA", NOW + 1),
        ("00SAAAAAA", NOW),
        ("ann", NOW),
    ):
        so1 >> word(target=target, ts=ts)
    assert not house.node.network.metadata and not so1.link.gone
    so1 >> word() >> word(target=ann.user.uid, ts=ann.user.nick_ts)
    assert values(house, "bad") == values(house, "ann") == {"url": "x"}
    so1 >> f":1SO CNMETA 1SOAAAAAA {NOW} * *"
    assert values(house, "bad") == {}
    house.check()


def test_a_stamp_of_the_far_future_ends_the_link() -> None:
    house = House(link=[block("so1")])
    so1 = chatnet(house)
    so1 >> word(rest="zzzzzzzz.0.1SO :x")
    assert so1.link.gone and "links.stamp_horizon" in so1.link.reason


def test_words_are_bounded() -> None:
    house = House(link=[block("so1")], metadata={"register_words": 1000})
    so1 = chatnet(house)
    bad = house.node.network.user("bad")
    assert bad is not None
    for number in range(300):
        so1 >> word(f"k{number}", "lots.0.1SO")
    assert len(house.node.network.metadata.words(bad)) == 100
    for number in range(1001):
        so1 >> word(f"v{number}", "lots.0.1SO :x")
        if so1.link.gone:
            break
    assert so1.link.gone and "register_words" in so1.link.reason
    assert house.node.network.metadata.size == 0
    house.check()


def test_a_guest_is_refused_when_memory_is_full() -> None:
    house = House(link=[block("so1")], metadata={"register_words": 1000})
    so1 = chatnet(house)
    for number in range(1000):
        so1 >> word(f"v{number}", "lots.0.1SO :x")
    ann = house.client("ann")
    ann >> "METADATA * SET url x"
    ann << ":irc.test FAIL METADATA LIMIT_REACHED SET ann 20 :*"


def test_nothing_is_told_over_links_of_a_club_alone() -> None:
    club = Club()
    club.account(password=WORD)
    ann = logs_in(club, "ann")
    ann >> "METADATA * SET url :x"
    ann << ":irc.test 761 ann ann url * :x"
    club.check()
