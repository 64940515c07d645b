"""STATS, letter by letter."""

from __future__ import annotations

import pytest
from archive import Archive, talk
from chanserv import ask, founded
from club import Club
from conversation import House
from staff import oper, sections
from states import opered

from chatnet.compiled import version
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.interfaces import Trouble


def test_commands_and_how_often_they_were_used(house: House) -> None:
    row = house.parts.sessions.rows["ISON"]
    row.count = row.bytes = 0  # the table is one for all houses
    ann = house.client("ann")
    ann >> "ISON bob" >> "ISON a b"
    ann.lines()
    ann >> "STATS m"
    ann.until(":irc.test 212 ann ISON 2 16 :0")
    ann.until(":irc.test 219 ann m :End of /STATS report")


def test_uptime(house: House) -> None:
    ann = house.client("ann")
    house.clock.advance(86400 + 2 * 3600 + 3 * 60 + 4)
    ann.lines()
    ann >> "STATS u"
    ann << ":irc.test 242 ann :Server Up 1 days 2:03:04"
    ann << ":irc.test 250 ann :Highest connection count: 1 (1 clients) (1 connections received)"
    ann << f":irc.test 249 ann u :chatnet {version()}"
    ann << ":irc.test 219 ann u :End of /STATS report"


@pytest.mark.parametrize("off", [-3600.0, 3600.0])
def test_uptime_when_the_clock_was_set(house: House, off: float) -> None:
    ann = house.client("ann")
    house.clock.advance(61)
    house.clock.off = off
    ann.lines()
    ann >> "STATS u"
    ann << ":irc.test 242 ann :Server Up 0 days 0:01:01"


def test_operators_who_are_here() -> None:
    house = House(**sections())
    oper(house, "root") >> "AWAY :lunch"
    ann = house.client("ann")
    ann >> "STATS p"
    ann << ":irc.test 249 ann p :root (~root@192.0.2.1) (away)"
    ann << ":irc.test 249 ann p :1 operator(s)"
    ann << ":irc.test 219 ann p :End of /STATS report"


def test_classes(house: House) -> None:
    ann = house.client("ann")
    ann >> "STATS y"
    ann << ":irc.test 218 ann Y default 120 16 1048576" << ":irc.test 219 ann y *"


def test_connections() -> None:
    house = House(**sections())
    root = oper(house, "root")
    ann = house.client("ann", secure=True)
    house.clock.advance(5)
    ann.lines()
    ann >> "STATS l"
    ann << (
        ":irc.test 249 ann l :ann[~ann@192.0.2.1] 192.0.2.1 open 5s idle 5s class default"
        " penalty 0.0s delayed 0 bytes TLS"
    )
    ann << ":irc.test 219 ann l :End of /STATS report"
    root.lines()
    root >> "STATS L"
    assert root.numerics() == ["249", "249", "219"]


@pytest.mark.parametrize(
    ("letter", "lines"),
    [
        ("i", ["215 root I * * * 0 default"]),
        ("o", ["243 root O *@* * root admin", "243 root O *@* * help helper"]),
        (
            "P",
            [
                "249 root P :tcp:6667:interface=127.0.0.1 0 connection(s)",
                "249 root P :tcp:6697:interface=127.0.0.1 TLS 0 connection(s)",
            ],
        ),
    ],
)
def test_what_only_those_who_see_all_are_told(letter: str, lines: list[str]) -> None:
    house = House(**sections())
    root, helper, ann = oper(house, "root"), oper(house, "helper", "help"), house.client("ann")
    root.lines()
    root >> f"STATS {letter}"
    for line in lines:
        root << f":irc.test {line}"
    root << f":irc.test 219 root {letter} :End of /STATS report"
    ann >> f"STATS {letter}"
    ann << ":irc.test 481 ann *" << f":irc.test 219 ann {letter} *"
    helper >> f"STATS {letter}"
    helper << ":irc.test 723 helper see-all *" << f":irc.test 219 helper {letter} *"


def test_an_unknown_letter_gives_nothing(house: House) -> None:
    ann = house.client("ann")
    ann >> "STATS @"
    ann << ":irc.test 219 ann @ :End of /STATS report"
    ann >> "STATS :"
    ann << ":irc.test 219 ann * :End of /STATS report"
    ann >> "STATS"
    ann << ":irc.test 461 ann STATS :Not enough parameters"


def test_accounts() -> None:
    club = Club(**sections())
    for name in ("ann", "bob", "cyd", "dan", "eve"):
        club.account(name)
    registry = club.accounts.registry
    for name, field, value in (
        ("bob", "status", "suspended 0 root :spam"),
        ("cyd", "status", "dropped"),
        ("dan", "status", f"suspended {int(club.clock.time())} root :over"),
        ("eve", "name", "zzzzzzzzz.000000.0CN ann"),
    ):
        account = registry.named(name)
        assert account is not None
        club.change(account, **{field: value})
    root = oper(club, "root")
    opered(root, "see-all", snomask="a")
    root >> "STATS a"
    root << ":irc.test 249 root a :5 account(s): 3 active, 0 pending, 1 suspended, 1 dropped"
    root << ":irc.test 249 root a :1 of them lost their name to another one"
    root << ":irc.test 249 root a :0 registered channel(s): 0 active, 0 suspended, 0 dropped"
    root << ":irc.test 249 root a :0 of them wait for another one of their name, 0 have no founder"
    root << f":irc.test 249 root a :store {club.store.id}: the last change was written"
    root << ":irc.test 219 root a :End of /STATS report"
    club.store.broken = True
    ann = club.client("joe")
    root.lines()
    for _ in range(2):
        ann >> "NS REGISTER correct-horse"
    root << (
        ":irc.test NOTICE * :*** Notice -- Accounts cannot be changed: This server cannot write to its disk"
    )
    root.silent()
    assert club.log.lines[-1] == "Accounts cannot be changed: This server cannot write to its disk"
    root >> "STATS A"
    assert "the last change was not written: This server cannot write to its disk" in root.lines()[4]
    club.clock.advance(60)
    ann >> "NS REGISTER correct-horse"
    assert "Accounts cannot be changed" in root.lines()[-1]
    club.store.broken = False
    ann >> "NS REGISTER correct-horse"
    root << ":irc.test NOTICE * :*** Notice -- Accounts can be changed again"
    assert "Accounts can be changed again" in club.log.lines
    root >> "STATS a"
    assert "the last change was written" in root.until("*store *")
    club.check()


def test_accounts_of_nobody(house: House) -> None:
    ann = house.client("ann")
    ann >> "STATS a"
    ann << ":irc.test 481 ann *" << ":irc.test 219 ann a *"
    house = House(**sections())
    root = oper(house, "root")
    root >> "STATS a"
    root << ":irc.test 219 root a *"
    house.check()


def test_registered_channels() -> None:
    club = Club(**sections())
    ann = founded(club)
    for name in ("#d", "#e", "#f", "#g"):
        ann >> f"JOIN {name}"
        ask(ann, f"REGISTER {name}")
    channels, chanserv = club.node.network.registry.channels, club.parts.chanserv
    assert chanserv is not None
    for name, field, value in (
        ("#d", "suspended", "0 root :spam"),
        ("#e", "status", "dropped"),
        ("#f", "founder", None),
        ("#g", "name", "zzzzzzzzz.000000.0CN #c"),
    ):
        registration = channels.at(name)
        assert registration is not None
        club.done(chanserv.change(registration, {field: value}))
    root = oper(club, "root")
    opered(root, "see-all")
    root >> "STATS a"
    root.until(":irc.test 249 root a :5 registered channel(s): 3 active, 1 suspended, 1 dropped")
    root << ":irc.test 249 root a :1 of them wait for another one of their name, 1 have no founder"


def test_what_is_stored_of_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    house = Archive()
    root = house.client("root")
    opered(root, "see-all", snomask="g")
    root >> "JOIN #c"
    talk([root], ["1", "2", "3"])
    root.lines()
    root >> "STATS h"
    root << ":irc.test 249 root h :3 message(s), 0 MiB, 0 gap(s)"
    root << ":irc.test 249 root h :0 KiB of messages wait to be written"
    root << ":irc.test 249 root h :0.1 group(s) a second, 0.1 entries, in the last minute"
    (
        root
        << ":irc.test 249 root h :what is said is stored as it should; 0 message(s) were lost since the start"
    )
    root << ":irc.test 219 root h :End of /STATS report"
    assert house.parts.recorder is not None
    health = house.parts.recorder.health
    health.troubled(None)
    root.silent()
    health.troubled(Trouble("The disk is full", 7))
    root << ":irc.test NOTICE * :*** Notice -- Messages are not stored as they should: The disk is full (7 *"

    async def broken() -> object:
        raise StoreError("The disk is gone")

    monkeypatch.setattr(house.messages, "figures", broken)
    house.clock.advance(60)
    root >> "STATS H"
    root << ":irc.test 249 root H :0.0 group(s) a second, 0.0 entries, in the last minute"
    root << ":irc.test 249 root H :what is said is stored not as it should: The disk is full; 7 message(s) *"
    root << ":irc.test 249 root H :the store cannot be read: The disk is gone"
    root << ":irc.test 219 root H :End of /STATS report"
    monkeypatch.setattr(type(house.messages), "spooled", 5000)
    root >> "STATS h"
    root << ":irc.test 249 root h :4 KiB of messages wait in history.spool for the database"
    root.lines()
    health.troubled(None)
    root << ":irc.test NOTICE * :*** Notice -- Messages are stored again"
    posted: list[str] = []
    health.post = posted.append
    health.troubled(Trouble("The disk is full"))
    assert posted == []
    root >> "QUIT"
    health.troubled(Trouble("The disk is full"))
    assert posted == ["Messages are not stored as they should: The disk is full"]
    health.troubled(None)
    health.troubled(Trouble("The file was damaged, and a new one was begun", stored=True))
    assert posted[1:] == ["The file was damaged, and a new one was begun"] and not health.trouble
    house.check()


def test_what_is_stored_is_for_operators_who_see_all() -> None:
    house = Archive()
    ann = house.client("ann")
    ann >> "STATS h"
    ann << ":irc.test 481 ann *" << ":irc.test 219 ann h :*"
    house.check()
