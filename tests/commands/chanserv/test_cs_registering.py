"""ChanServ: REGISTER, DROP, INFO, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chanserv import ask, come, founded, ranks, told
from club import Club
from staff import oper, sections
from states import opered

from chatnet.model.modes import OP, OWNER
from chatnet.storage.interfaces import StoreError


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections(), channels={"per_account": 2, "register_rate": 3})
    yield club
    club.check()


def test_a_channel_becomes_somebody_s(club: Club) -> None:
    ann, bob = come(club, "ann"), club.client("bob")
    bob >> "JOIN #c"
    assert ask(ann, "REGISTER #c") == ["You are not in #c."]
    assert ask(ann, "REGISTER #d") == ["You are not in #d."]
    ann >> "JOIN #c"
    assert ask(ann, "REGISTER #c") == ["You are no operator of #c."]
    assert ask(bob, "REGISTER #c") == ["You are not logged in: /msg NickServ IDENTIFY <account> <password>"]
    ann >> "JOIN #Club"
    ann.lines()
    ann >> "CS REGISTER #club"
    ann << ":ChanServ!ChanServ@services.chatnet MODE #Club +q ann"
    ann << ":ChanServ!ChanServ@services.chatnet NOTICE ann :#Club belongs to ann now."
    assert ranks(ann, "#club") == OP | OWNER
    assert ask(ann, "REGISTER #club") == ["#Club is registered already."]
    assert ask(ann, "INFO #CLUB") == [
        "#Club, registered 2023-11-14 22:13 UTC:",
        "  founder: ann",
        "  used last by somebody with access: 2023-11-14",
        "  access: 0, kept out: 0",
    ]
    assert ask(bob, "INFO #club")[1:] == ["  founder: ann"]
    assert ask(bob, "INFO #none") == ["#none is not registered."]


def test_it_is_registered_after_a_restart(club: Club) -> None:
    founded(club)
    again = Club(store=club.store)
    ann = come(again, "ann")
    ann >> "JOIN #c"
    assert ranks(ann) == OP | OWNER


def test_as_many_as_one_account_may_have(club: Club) -> None:
    ann = founded(club)
    for name, answer in (
        ("#d", "#d belongs to ann now."),
        ("#e", "An account is founder of at most 2 channels."),
    ):
        ann >> f"JOIN {name}"
        assert ask(ann, f"REGISTER {name}") == [answer]


def test_registrations_are_slowed_down() -> None:
    club = Club(channels={"register_rate": 3}, flood={"enabled": True, "exempt": []})
    ann = founded(club)
    for name in ("#d", "#e"):
        ann >> f"JOIN {name}"
        assert ask(ann, f"REGISTER {name}") == [f"{name} belongs to ann now."]
    ann >> "JOIN #f"
    assert ask(ann, "REGISTER #f") == ["Too many channels were registered: try again in 20 minutes."]


def test_nobody_registers_where_that_is_off() -> None:
    club = Club(channels={"registration": False})
    ann = come(club, "ann")
    ann >> "JOIN #c"
    assert ask(ann, "REGISTER #c") == ["Nobody can register channels here."]


def test_a_channel_is_given_up(club: Club) -> None:
    ann, bob = founded(club), come(club, "bob")
    assert ask(bob, "DROP #c") == ["You are not the founder of #c."]
    told_code = ask(ann, "DROP #c")[0]
    assert told_code.startswith("To give up #c: /msg ChanServ DROP #c ")
    assert ask(ann, "DROP #c wrong") == ["That is not the code. DROP #c tells it."]
    assert ask(ann, told_code.removeprefix("To give up #c: /msg ChanServ ")) == [
        "#c is dropped. Within 7 days you get it back: /msg ChanServ UNDROP #c"
    ]
    assert ask(ann, "INFO #c") == ["#c was dropped; UNDROP gives it back to its founder."]
    ann >> "PART #c"
    bob >> "JOIN #c"
    assert ranks(bob) == OP
    assert ask(bob, "REGISTER #c") == [
        "#c was dropped: until it is erased only its founder has it, by UNDROP."
    ]


def test_a_channel_comes_back(club: Club) -> None:
    ann, bob = founded(club), come(club, "bob")
    ask(ann, "AOP #c ADD bob")
    assert ask(ann, "UNDROP #c") == ["#c was not dropped."]
    assert ask(ann, "UNDROP #d") == ["#d was not dropped."]
    ask(ann, ask(ann, "DROP #c")[0].rpartition("ChanServ ")[2])
    for client in (ann, bob):
        client >> "PART #c"
    bob >> "JOIN #c" >> "PART #c"
    eve = club.client("eve")
    for client in (eve, bob):
        client >> "JOIN #c"
    assert (ranks(eve), ranks(bob)) == (OP, 0)
    for client in (bob, eve):
        assert ask(client, "UNDROP #c") == ["You need the flag F in #c for that."]
    assert ask(ann, "UNDROP #c") == ["#c belongs to ann again."]
    assert (ranks(eve), ranks(bob)) == (OP, OP)
    assert "  founder: ann" in ask(eve, "INFO #c")


def test_what_was_suspended_comes_back_suspended(club: Club) -> None:
    ann = founded(club)
    registration = club.node.network.registry.channels.at("#c")
    assert registration is not None
    root = oper(club, "root")
    opered(root, "accounts", snomask="a")
    ask(root, "SUSPEND #c spam")
    # on the other side of a split, say
    club.done(club.parts.chanserv.change(registration, {"status": "dropped"}))  # type: ignore[union-attr]
    assert ask(ann, "UNDROP #c") == ["#c belongs to ann again."]
    assert ask(ann, "INFO #c") == ["#c is suspended."]
    assert ask(root, "UNSUSPEND #c") == ["#c is suspended no more."]
    assert "  founder: ann" in ask(ann, "INFO #c")


def test_an_operator_drops_one_and_it_is_noted(club: Club) -> None:
    founded(club)
    root = oper(club, "root")
    opered(root, "accounts", snomask="a")
    code = ask(root, "DROP #c")[0].rsplit(" ", 1)[1]
    assert ask(root, f"DROP #c {code}")[0].startswith("#c is dropped.")
    assert [line for line in root.lines() if "used DROP on #c" in line]
    assert ask(root, "UNDROP #c") == ["#c belongs to ann again."]
    assert [line for line in root.lines() if "used UNDROP on #c" in line]


def test_two_who_register_one_channel_at_once(club: Club) -> None:
    ann, bob = come(club, "ann"), come(club, "bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann >> "MODE #c +o bob"
    with club.accounts.ledger.reserved(["#c"], 2):
        assert ask(bob, "REGISTER #c") == ["Somebody is registering #c."]
    assert ask(ann, "REGISTER #c") == ["#c belongs to ann now."]
    assert ask(bob, "REGISTER #c") == ["#c is registered already."]


def test_a_disk_that_is_full(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = come(club, "ann")
    ann >> "JOIN #c"

    def fails(*_: object) -> object:
        raise StoreError("full")

    monkeypatch.setattr(club.store, "write", fails)
    assert ask(ann, "REGISTER #c") == ["Accounts cannot be used now: try again later."]
    assert ask(ann, "INFO #c") == ["#c is not registered."]
    assert told(ann) == []


def test_a_channel_that_was_renamed_says_where_it_is(club: Club) -> None:
    ann, bob = founded(club, caps="draft/channel-rename"), club.client("bob")
    ann >> "RENAME #c #d"
    ann.lines()
    for asked in ("INFO #C", "FLAGS #c"):
        assert ask(bob, asked) == [f"{asked.split()[1]} is called #d now."]
    assert ask(bob, "INFO #d")[0].startswith("#d, registered ")
    club.clock.advance(86401)  # limits.former_name_time
    club.node.network.memory.forget_names()
    club.check()


def test_nobody_gets_the_name_of_a_registered_channel(club: Club) -> None:
    renames = "draft/channel-rename"
    ann, bob = founded(club, caps=renames), club.client("bob", caps=renames)
    ann >> "RENAME #c #C"
    ann << ":ann!~ann@192.0.2.1 RENAME #c #C :"
    ann >> "PART #C"
    bob >> "JOIN #d" >> "RENAME #d #c"
    bob.until(":irc.test FAIL RENAME CHANNEL_NAME_IN_USE #d #c :The channel name is registered to somebody")
