"""ChanServ: CLEAR and RECOVER, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chanserv import WORD, ask, come, founded, living, ranks
from club import Club
from conversation import Client
from staff import oper, sections
from states import opered

from chatnet.model.modes import OP, OWNER, VOICE
from chatnet.services.channels import PAUSE, SLICE

BOT = ":ChanServ!ChanServ@services.chatnet"


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections())
    yield club
    club.check()


@pytest.fixture
def ann(club: Club) -> Client:
    return founded(club)


def test_all_of_it_needs_the_flag(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    ask(ann, "SOP #c ADD bob")
    for word, flags in (("USERS", "R"), ("BANS", "R"), ("MODES", "R"), ("FLAGS", "R and f")):
        assert ask(bob, f"CLEAR #c {word}") == [f"You need the flag {flags} in #c for that."], word
    assert ask(bob, "CLEAR #c AKICKS") == ["You need the flag R and f and r in #c for that."]
    assert ask(bob, "RECOVER #c") == ["You need the flag R in #c for that."]
    for text in ("CLEAR #none USERS", "RECOVER #none"):
        assert ask(ann, text) == ["#none is not registered."]
    for text in ("CLEAR #c", "CLEAR #c ALL"):
        assert "CLEAR <#channel>" in ask(ann, text)[0]
    assert ask(ann, "CLEAR #c BANS all")[0].startswith("These are too many words.")


def test_users(club: Club, ann: Client) -> None:
    bob, eve, zoe = come(club, "bob"), come(club, "eve"), club.client("zoe")
    ask(ann, "AOP #c ADD bob")
    ask(ann, "FLAGS #c bob +R")
    ask(ann, "SOP #c ADD eve")
    for client in (bob, eve, zoe):
        client >> "JOIN #c"
    ann.lines()
    assert ask(bob, "CLEAR #c USERS too loud") == ["1 was put out of #c."]
    ann << f"{BOT} KICK #c zoe :too loud (bob)"
    assert [ranks(client) is None for client in (ann, bob, eve, zoe)] == [False, False, False, True]
    assert ask(bob, "CLEAR #c USERS") == ["There is nobody in #c to put out."]
    assert ask(ann, "CLEAR #c USERS") == ["2 were put out of #c."]
    ann << f"{BOT} KICK #c bob :ann"
    assert list(living(club).members) == [ann.user]


def test_many_users_go_some_at_a_time(club: Club, ann: Client) -> None:
    crowd = [club.client(f"joe{number}") for number in range(SLICE + 5)]
    for client in crowd:
        client >> "JOIN #c"
    ask(ann, "CLEAR #c USERS")
    assert len(living(club).members) == 6
    crowd[-1] >> "PART #c"
    club.clock.advance(PAUSE)
    assert list(living(club).members) == [ann.user]


def test_bans(club: Club, ann: Client) -> None:
    ann >> "MODE #c +beI *!*@one *!*@two *!*@three"
    ann >> "MODE #c +b $q:*!*@four"
    ann.lines()
    assert ask(ann, "CLEAR #c BANS") == []
    ann << f"{BOT} MODE #c -bb *!*@one $q:*!*@four"
    assert [len(living(club).lists[letter]) for letter in "beI"] == [0, 1, 1]
    assert ask(ann, "CLEAR #c BANS") == ["It is so already."]


def test_modes(club: Club, ann: Client) -> None:
    ann >> "MODE #c +iskl-t key 5"
    ann >> "MODE #c +b *!*@one"
    root = oper(club, "root")
    opered(root, "channels", snomask="g")
    root >> "MODE #c +P"
    ann.lines()
    assert ask(ann, "CLEAR #c MODES") == []
    ann << f"{BOT} MODE #c -iskl+t *"
    channel = living(club)
    assert (channel.flags, channel.key, channel.limit) == ({"n", "t", "P"}, None, None)
    assert len(channel.lists["b"]) == 1
    assert ask(ann, "CLEAR #c MODES") == ["It is so already."]
    ann >> "MODE #c +s"
    assert ask(root, "CLEAR #c MODES") == []
    assert [line for line in root.lines() if "used ChanServ without access: CLEAR #c MODES" in line]


def test_flags(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    for name in ("eve", "joe"):
        club.account(name, WORD)
    ask(ann, "SOP #c ADD bob")
    ask(ann, "FLAGS #c bob +R")
    ask(ann, "AOP #c ADD eve")
    ask(ann, "FLAGS #c joe +q")
    ask(ann, "VOP #c ADD *!*@host.test")
    assert ask(bob, "CLEAR #c FLAGS") == ["2 entries of access to #c taken away."]
    assert [line.split()[0] for line in ask(ann, "FLAGS #c")] == ["ann", "bob", "joe", "2"]
    assert ask(bob, "CLEAR #c FLAGS") == ["There is no access to #c that you may take away."]
    bob >> "JOIN #c"
    assert ask(ann, "CLEAR #c FLAGS") == ["2 entries of access to #c taken away."]
    assert (ranks(ann), ranks(bob)) == (OP | OWNER, 0)
    root = oper(club, "root")
    opered(root, "accounts", snomask="a")
    ask(ann, "VOP #c ADD bob")
    assert ask(root, "CLEAR #c FLAGS") == ["1 entry of access to #c taken away."]
    assert [line for line in root.lines() if "used CLEAR on #c (" in line and line.endswith(": FLAGS")]


def test_akicks(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), club.client("eve")
    for client in (bob, eve):
        client >> "JOIN #c"
    ask(ann, "AKICK #c ADD bob")
    ask(ann, "AKICK #c ADD eve!*@*")
    ask(ann, "AKICK #c ADD joe!*@* +1d")
    ann >> "MODE #c +b *!*@elsewhere"
    assert len(living(club).lists["b"]) == 3
    assert ask(ann, "CLEAR #c AKICKS") == ["Nobody is kept out of #c any more."]
    assert list(living(club).lists["b"]) == ["*!*@elsewhere"]
    assert ask(ann, "AKICK #c LIST") == ["No entries for #c."]
    for client in (bob, eve):
        client >> "JOIN #c"
        assert ranks(client) == 0
    assert ask(ann, "CLEAR #c AKICKS") == ["Nobody is kept out of #c."]


def test_recovering_from_outside(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), club.client("eve")
    ask(ann, "VOP #c ADD bob")
    for client in (bob, eve):
        client >> "JOIN #c"
    ann >> "MODE #c +oo bob eve" >> "PART #c"
    eve >> "MODE #c +bbkl ann!*@* $q:ann!*@* key 2"
    eve >> "MODE #c +b *!*@elsewhere"
    ann >> "JOIN #c"
    assert ranks(ann) is None
    eve.lines()
    ann.lines()
    assert ask(ann, "RECOVER #c") == ["#c is yours again. MODE -im lets others in and speak."]
    ann << ":ChanServ!ChanServ@services.chatnet INVITE ann #c"
    assert (ranks(bob), ranks(eve)) == (VOICE, 0)
    channel = living(club)
    assert list(channel.lists["b"]) == ["*!*@elsewhere"]
    assert (channel.key, channel.limit, {"i", "m"} <= channel.flags) == (None, None, True)
    ann >> "JOIN #c"
    assert ranks(ann) == OP | OWNER


def test_recovering_from_inside(club: Club, ann: Client) -> None:
    eve = club.client("eve")
    eve >> "JOIN #c"
    ann >> "MODE #c +imqo eve eve"
    eve >> "MODE #c -qo ann ann"
    assert ask(ann, "RECOVER #c") == ["#c is yours again. MODE -im lets others in and speak."]
    assert (ranks(ann), ranks(eve)) == (OP | OWNER, 0)


def test_an_operator_recovers_one(club: Club, ann: Client) -> None:
    root = oper(club, "root")
    opered(root, "channels", snomask="g")
    assert ask(root, "RECOVER #c") == ["#c is yours again. MODE -im lets others in and speak."]
    assert [line for line in root.lines() if "used ChanServ without access: RECOVER #c" in line]


def test_in_a_large_channel_few_are_put_out_at_a_time(
    club: Club, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatnet.services.channels.LINES", 45)
    crowd = [club.client(f"joe{number}") for number in range(20)]
    for joe in crowd:
        joe >> "JOIN #c"
    ask(ann, "CLEAR #c USERS")
    there = [sum(bool(joe.user.channels) for joe in crowd)]
    while there[-1]:
        club.clock.advance(PAUSE)
        there.append(sum(bool(joe.user.channels) for joe in crowd))
    assert there[:3] == [18, 16, 14] and there[-3:] == [8, 3, 0]
