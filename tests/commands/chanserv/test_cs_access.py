"""ChanServ: FLAGS, ACCESS, VOP to SOP, and what access gives to those who come in, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chanserv import WORD, ask, come, founded, ranks
from club import Club
from conversation import Client
from staff import oper, sections
from states import opered

from chatnet.model.modes import ADMIN, HALFOP, OP, OWNER, VOICE
from chatnet.services.accounts import Value
from chatnet.services.channels import PAUSE, SLICE


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections(), channels={"access": 3})
    yield club
    club.check()


@pytest.fixture
def ann(club: Club) -> Client:
    return founded(club)


def test_flags(club: Club, ann: Client) -> None:
    club.account("bob", WORD)
    assert ask(ann, "FLAGS #c bob") == ["bob has no flags in #c."]
    assert ask(ann, "FLAGS #c bob +vVt-x") == ["There is no flag x, and no template of that name."]
    assert ask(ann, "FLAGS #c bob +vVt") == ["bob has +Vtv in #c now."]
    assert ask(ann, "FLAGS #c bob +t") == ["bob has +Vtv in #c already."]
    assert ask(ann, "FLAGS #c bob -tv+A") == ["bob has VOP in #c now."]
    assert ask(ann, "FLAGS #c bob +*") == ["bob has +AHORSVaefhioqrstv in #c now."]
    assert ask(ann, "FLAGS #c BOB aop") == ["bob has AOP in #c now."]
    assert ask(ann, "FLAGS #c") == ["  ann FOUNDER", "  bob AOP (by ann, 2023-11-14)", "1 entry for #c."]
    assert ask(ann, "FLAGS #c bob -*") == ["bob has no flags in #c now."]
    assert ask(ann, "FLAGS #c bob -*") == ["bob has no flags in #c already."]
    assert ask(ann, "FLAGS #c nobody +V") == [
        "nobody is neither an account nor a mask such as *!*@host.example.org."
    ]
    assert ask(ann, "FLAGS #c $a:bob +V") == [
        "$a:bob is neither an account nor a mask such as *!*@host.example.org."
    ]
    assert ask(ann, "FLAGS #d bob +V") == ["#d is not registered."]


def test_one_list_under_several_names(club: Club, ann: Client) -> None:
    for name in ("bob", "eve", "joe"):
        club.account(name, WORD)
    assert ask(ann, "ACCESS #c ADD bob HOP") == ["bob has HOP in #c now."]
    assert ask(ann, "SOP #c ADD eve") == ["eve has SOP in #c now."]
    assert ask(ann, "VOP #c ADD *!*@host.test") == ["*!*@host.test has VOP in #c now."]
    assert ask(ann, "AOP #c ADD joe") == ["#c has its 3 entries of access. Take one away first."]
    assert ask(ann, "AOP #c ADD bob") == ["bob has AOP in #c now."]
    assert ask(ann, "HOP #c DEL bob") == ["bob is not on this list."]
    assert ask(ann, "HOP #c LIST") == ["No entries for #c."]
    assert ask(ann, "AOP #c LIST") == ["  bob AOP (by ann, 2023-11-14)", "1 entry for #c."]
    assert ask(ann, "AOP #c DEL bob") == ["bob has no flags in #c now."]
    assert ask(ann, "ACCESS #c DEL bob") == ["bob has no access to #c."]
    assert ask(ann, "ACCESS #c LIST") == [
        "  ann FOUNDER",
        "  eve SOP (by ann, 2023-11-14)",
        "  *!*@host.test VOP (by ann, 2023-11-14)",
        "2 entries for #c.",
    ]
    for text in ("ACCESS #c ADD bob", "ACCESS #c FIX bob", "VOP #c ADD", "VOP #c UP bob"):
        assert ask(ann, text)[0].startswith("Say it so: "), text


def test_one_gives_what_one_has(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), come(club, "eve")
    assert ask(bob, "FLAGS #c") == ["You need the flag A in #c for that."]
    assert ask(bob, "FLAGS #c bob") == ["bob has no flags in #c."]
    assert ask(bob, "FLAGS #c eve") == ["You need the flag A in #c for that."]
    assert ask(bob, "FLAGS #c bob VOP") == ["You need the flag f in #c for that."]
    ask(ann, "SOP #c ADD bob")
    assert ask(bob, "FLAGS #c eve AOP") == ["eve has AOP in #c now."]
    denied = ["You cannot give or take flags in #c that you do not have."]
    assert ask(bob, "FLAGS #c eve +q") == denied
    assert ask(bob, "FLAGS #c bob +F") == denied
    assert ask(bob, "FLAGS #c eve FOUNDER") == denied
    ask(ann, "FLAGS #c eve +q")
    assert ask(bob, "FLAGS #c eve -*") == denied
    # one's own one may give up
    assert ask(eve, "FLAGS #c eve -q") == ["eve has AOP in #c now."]
    assert ask(eve, "AOP #c DEL eve") == ["eve has no flags in #c now."]


def test_who_wants_no_access(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    bob >> "NS SET NEVEROP ON"
    assert ask(ann, "VOP #c ADD bob") == ["bob takes no access to channels."]
    assert ask(ann, "SET #c SUCCESSOR bob") == ["bob takes no access to channels."]


def test_operators_may_and_it_is_noted(club: Club, ann: Client) -> None:
    root = oper(club, "root")
    opered(root, "accounts", snomask="a")
    assert ask(root, "VOP #c ADD ann") == ["ann has VOP in #c now."]
    assert [line for line in root.lines() if "used VOP on #c (c" in line and "ann VOP" in line]


@pytest.mark.parametrize(
    ("template", "expected", "prefix"),
    [
        ("VOP", VOICE, "+"),
        ("HOP", HALFOP, "%"),
        ("AOP", OP, "@"),
        ("SOP", OP | ADMIN, "&"),
        ("FOUNDER", OP | OWNER, "~"),
        ("+ov", 0, ""),
    ],
)
def test_ranks_come_with_the_join(club: Club, ann: Client, template: str, expected: int, prefix: str) -> None:
    bob = come(club, "bob")
    ask(ann, f"FLAGS #c bob {template}")
    ann.lines()
    bob >> "JOIN #c"
    bob << ":bob!~bob@192.0.2.1 JOIN #c"
    if expected:
        bob << ":irc.test MODE #c +*bob*"
    bob << f":irc.test 353 bob = #c :*{prefix}bob*"
    assert ranks(bob) == expected
    ann << ":bob!~bob@192.0.2.1 JOIN #c"
    if expected:
        ann << ":irc.test MODE #c +*bob*"
    ann.silent()


def test_nobody_is_operator_by_being_first(club: Club, ann: Client) -> None:
    ann >> "PART #c"
    bob = club.client("bob")
    bob >> "JOIN #c"
    assert ranks(bob) == 0
    assert "n" in club.node.network.channels["#c"].flags  # type: ignore[index]
    ann >> "JOIN #C"
    assert ranks(ann) == OP | OWNER


def test_a_mask_gives_access_to_who_has_no_account(club: Club, ann: Client) -> None:
    ask(ann, "VOP #c ADD joe!*@192.0.2.0/24")
    joe, zoe = club.client("joe"), club.client("zoe")
    for client in (joe, zoe):
        client >> "JOIN #c"
    assert (ranks(joe), ranks(zoe)) == (VOICE, 0)


def test_access_that_changes_reaches_those_who_are_in(club: Club, ann: Client) -> None:
    bob, zoe = come(club, "bob"), club.client("zoe")
    for client in (bob, zoe):
        client >> "JOIN #c"
    ann.lines()
    ask(ann, "AOP #c ADD bob")
    ann << ":ChanServ!ChanServ@services.chatnet MODE #c +o bob"
    assert (ranks(bob), ranks(zoe)) == (OP, 0)
    ask(ann, "VOP #c ADD zoe!*@*")
    assert ranks(zoe) == VOICE
    ann.lines()
    ask(ann, "AOP #c DEL bob")
    ann << ":ChanServ!ChanServ@services.chatnet MODE #c -o bob"
    ask(ann, "VOP #c DEL zoe!*@*")
    assert (ranks(bob), ranks(zoe)) == (0, 0)


def test_only_ranks_that_access_explains_are_taken(club: Club, ann: Client) -> None:
    bob, zoe = come(club, "bob"), club.client("zoe")
    for client in (bob, zoe):
        client >> "JOIN #c"
    ann >> "MODE #c +vo bob zoe"
    ask(ann, "HOP #c ADD bob")
    assert ranks(bob) == VOICE | HALFOP
    ask(ann, "SOP #c ADD bob")
    assert ranks(bob) == VOICE | OP | ADMIN
    ask(ann, "FLAGS #c bob -*+o")
    assert ranks(bob) == VOICE
    ask(ann, "FLAGS #c bob -*")
    assert (ranks(bob), ranks(zoe)) == (VOICE, OP)


def test_a_rank_that_was_given_up_is_not_taken_again(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    ask(ann, "AOP #c ADD bob")
    bob >> "JOIN #c"
    ask(bob, "DOWN #c")
    ann.lines()
    ask(ann, "AOP #c DEL bob")
    assert not [line for line in ann.lines() if " MODE " in line]
    bob >> "PART #c" >> "JOIN #c"
    ann >> "MODE #c +o bob"
    ask(ann, "VOP #c ADD bob")
    assert ranks(bob) == OP | VOICE


def test_who_logs_out_loses_what_the_account_gave(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    ask(ann, "AOP #c ADD bob")
    bob >> "JOIN #c"
    ann >> "MODE #c +v bob"
    ann.lines()
    bob >> "NS LOGOUT"
    ann << ":ChanServ!ChanServ@services.chatnet MODE #c -o bob"
    assert ranks(bob) == VOICE
    club.account("eve", WORD)
    ask(ann, "HOP #c ADD eve")
    bob >> f"NS IDENTIFY eve {WORD}"
    assert ranks(bob) == VOICE | HALFOP


def test_nosync(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    bob >> "JOIN #c"
    assert ask(bob, "SET #c NOSYNC ON") == ["You need the flag s in #c for that."]
    assert ask(ann, "SET #c NOSYNC ON") == ["nosync of #c is on now."]
    ask(ann, "AOP #c ADD bob")
    assert ranks(bob) == 0
    assert ask(bob, "UP #c") == []
    ask(ann, "AOP #c DEL bob")
    assert ranks(bob) == OP
    bob >> "PART #c"
    ask(ann, "VOP #c ADD bob")
    bob >> "JOIN #c"
    assert ranks(bob) == VOICE
    bob >> "NS LOGOUT"
    assert ranks(bob) == 0
    assert ask(ann, "SET #c NOSYNC OFF") == ["nosync of #c is not set now."]


def test_sync(club: Club, ann: Client) -> None:
    bob, eve, zoe = come(club, "bob"), come(club, "eve"), club.client("zoe")
    for client in (bob, eve, zoe):
        client >> "JOIN #c"
    ask(ann, "SET #c NOSYNC ON")
    ask(ann, "AOP #c ADD bob")
    ask(ann, "FLAGS #c eve +v")
    ann >> "MODE #c +vo eve zoe"
    assert ask(bob, "SYNC #c") == ["You need the flag R in #c for that."]
    assert ask(ann, "SYNC #none") == ["#none is not registered."]
    assert ask(ann, "SYNC #c") == ["The ranks in #c are those of its access list now."]
    assert [ranks(client) for client in (ann, bob, eve, zoe)] == [OP | OWNER, OP, VOICE, 0]
    ann.lines()
    ask(ann, "SYNC #c")
    assert not [line for line in ann.lines() if " MODE " in line]
    root = oper(club, "root")
    opered(root, "channels", snomask="g")
    assert ask(root, "SYNC #c") == ["The ranks in #c are those of its access list now."]
    assert [line for line in root.lines() if "used ChanServ without access: SYNC #c" in line]


def test_many_masks_that_change_are_held_against_members_some_at_a_time() -> None:
    many = Club(channels={"access": 200})
    ann = founded(many)
    registration = many.node.network.registry.channels.at("#c")
    assert registration is not None and many.parts.chanserv is not None
    masks = [f"joe{number}!*@*" for number in range(100)]
    given: dict[str, Value] = {f"flags:{mask}": "V 1 ann" for mask in masks}
    many.done(many.parts.chanserv.change(registration, given))
    crowd = [many.client(f"joe{number}") for number in range(SLICE + 10)]
    for client in crowd:
        client >> "JOIN #c"
    assert {ranks(client) for client in crowd} == {VOICE}
    ask(ann, "CLEAR #c FLAGS")
    left = [client for client in crowd if ranks(client) == VOICE]
    assert 0 < len(left) <= 11
    many.clock.advance(PAUSE)
    assert {ranks(client) for client in crowd} == {0}
    assert ranks(ann) == OP | OWNER


def test_a_channel_that_becomes_somebody_else_s_leaves_ranks_alone(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    ask(ann, "SOP #c ADD bob")
    bob >> "JOIN #c"
    registration = club.node.network.registry.channels.at("#c")
    assert registration is not None
    club.done(club.parts.chanserv.change(registration, {"status": "erased"}))  # type: ignore[union-attr]
    assert ask(bob, "REGISTER #c") == ["#c belongs to bob now."]
    assert (ranks(ann), ranks(bob)) == (OP | OWNER, OP | ADMIN | OWNER)


def test_who_logs_in_while_in_a_channel(club: Club, ann: Client) -> None:
    club.account("bob", WORD)
    ask(ann, "AOP #c ADD bob")
    bob = club.client("bob")
    bob >> "JOIN #c" >> "JOIN #d"
    assert ranks(bob) == 0
    bob.lines()
    bob >> f"NS IDENTIFY bob {WORD}"
    assert ":ChanServ!ChanServ@services.chatnet MODE #c +o bob" in bob.lines()
    assert ranks(bob) == OP


def test_who_follows_when_the_founder_goes(club: Club, ann: Client) -> None:
    bob, eve, joe = come(club, "bob"), come(club, "eve"), come(club, "joe")
    assert ask(ann, "SET #c SUCCESSOR bob") == ["The successor in #c is bob now."]
    ask(ann, "FLAGS #c joe +S")
    for client in (bob, eve, joe):
        client >> "JOIN #c"
    ann.lines()
    _drop(ann)
    # at once, and who was founder is it no more
    assert ":ChanServ!ChanServ@services.chatnet MODE #c +qo bob bob" in bob.lines()
    assert [ranks(client) for client in (ann, bob, eve, joe)] == [0, OP | OWNER, 0, 0]
    assert "  founder: bob" in ask(bob, "INFO #c")
    ann >> f"NS UNDROP ann {WORD}"
    assert [ranks(client) for client in (ann, bob, eve, joe)] == [OP | OWNER, 0, 0, 0]
    _drop(ann)
    _drop(bob)
    assert [ranks(client) for client in (ann, bob, eve, joe)] == [0, 0, 0, OP | OWNER]
    club.change(club.named("joe"), suspended="0 root :spam")
    assert "  founder: nobody" in ask(eve, "INFO #c")


def _drop(client: Client) -> None:
    name = client.user.account
    code = next(line for line in _say(client, f"NS DROP {name}") if f"DROP {name}" in line).rsplit(" ", 1)[1]
    _say(client, f"NS DROP {name} {code}")


def _say(client: Client, line: str) -> list[str]:
    client >> line
    return client.lines()
