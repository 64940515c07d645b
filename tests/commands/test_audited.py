"""Whatever takes a privilege is noted for good, and no secret is in a note."""

from __future__ import annotations

import re
from typing import Final

import pytest
from archive import Archive, talk
from conversation import Client, House
from mesh import block, stranger
from staff import HASH
from states import channel, opered

from chatnet.commands import CLIENT
from chatnet.commands.answering import TABLES
from chatnet.dispatch import Row
from chatnet.model.ids import SID
from chatnet.model.modes import OP
from chatnet.records.accounts import NAME
from chatnet.records.grammar import fixed, server_entity
from chatnet.rules.stamps import Stamp
from chatnet.settings.people import PRIVILEGES
from chatnet.storage.record import Audit, Record

SECRET: Final = "open-sesame-27"
CODE: Final = re.compile(r"\b[a-z2-7]{8,}$|\b(?:[a-z2-7]{4}-){4}[a-z2-7]{4}\b")
"""Codes that are to be repeated, and passwords that were made, as they stand in an answer."""

NOTED: Final[dict[str, tuple[str, ...]]] = {
    "CONNECT": ("CONNECT far.test",),
    "DIE": ("DIE irc.test :tea",),
    "DLINE": ("DLINE 198.51.100.77 :x",),
    "FILTER": ("FILTER ADD block *money* -- no adverts",),
    "KILL": ("KILL vic",),
    "KLINE": ("KLINE *@bad.example :x",),
    "OJOIN": ("OJOIN #locked",),
    "OPERWALL": ("OPERWALL :tea",),
    "REHASH": ("REHASH",),
    "RESTART": ("RESTART irc.test",),
    "RESV": ("RESV #bad :x",),
    "SAJOIN": ("SAJOIN vic #locked",),
    "SAMODE": (f"SAMODE #locked +k-i {SECRET}",),
    "SANICK": ("SANICK vic victor",),
    "SAPART": ("SAPART bob #locked :x",),
    "SATOPIC": ("SATOPIC #locked :x",),
    "SHIELDS": ("SHIELDS 1 10m :bots",),
    "SQUIT": ("SQUIT near.test",),
    "UBAN": ("UBAN ADD *@bad.example 1d x",),
    "UNDLINE": ("DLINE 198.51.100.77 :x", "UNDLINE 198.51.100.77"),
    "UNKLINE": ("KLINE *@bad.example :x", "UNKLINE *@bad.example"),
    "UNRESV": ("RESV #bad :x", "UNRESV #bad"),
    "UNXLINE": ("XLINE bad?name :x", "UNXLINE bad?name"),
    "WALLOPS": ("WALLOPS :tea",),
    "XLINE": ("XLINE bad?name :x",),
    "NickServ ERASE": ("NS ERASE ann", "NS ERASE ann {code}"),
    "NickServ FORGET": ("NS FORGET gone.test",),
    "NickServ MARK": ("NS MARK ann careful",),
    "NickServ RENAME": ("NS RENAME ann anna",),
    "NickServ SAREGISTER": (f"NS SAREGISTER new {SECRET}", "NS SAREGISTER newer"),
    "NickServ SAVERIFY": ("NS SAVERIFY ann",),
    "NickServ SETPASS": ("NS SETPASS ann",),
    "NickServ SUSPEND": ("NS SUSPEND ann +3d spam",),
    "NickServ UNSUSPEND": ("NS SUSPEND ann spam", "NS UNSUSPEND ann"),
    "NickServ VHOST SET": ("NS VHOST SET ann tea.example",),
    "ChanServ SUSPEND": ("CS SUSPEND #c spam",),
    "ChanServ UNSUSPEND": ("CS SUSPEND #c spam", "CS UNSUSPEND #c"),
}
"""How each row that is audited is used: lines of an operator who has all privileges.

`{code}` is the last code that they read.
"""

BESIDE: Final[dict[str, tuple[str, ...]]] = {
    "OPER": (f"OPER {SECRET} {SECRET}",),
    "OPER by name": (f"OPER root {SECRET}",),
    "JOIN": ("JOIN #locked",),
    "KICK": ("KICK #locked bob :x",),
    "MODE": (f"MODE #locked +k {SECRET}",),
    "MODE of opers": ("JOIN #mine", "MODE #mine +P"),
    "TOPIC": ("TOPIC #locked :x",),
    "INVITE": ("JOIN #locked", "INVITE vic #locked"),
    "RENAME": ("RENAME #locked #open",),
    "PRIVMSG": ("PRIVMSG $$irc.test :x",),
    "PRIVMSG to ranks": ("PRIVMSG @#locked :x",),
    "HISTORY": ("HISTORY #locked",),
    "CHATHISTORY": ("CHATHISTORY LATEST #locked * 10",),
    "METADATA": ("METADATA bob SET website :x",),
    "REPORTS": (f"REPORT bob #locked :{SECRET}", "REPORTS SHOW 0CN-1"),
    "PLAY": ("PRIVMSG HistServ :PLAY #locked",),
    "SEARCH": ("PRIVMSG HistServ :SEARCH in=#locked tea",),
    "CERT ADD": (f"NS CERT ADD {'0d' * 32} laptop ann",),
    "SET of MLOCK": (f"CS SET #c MLOCK +k {SECRET}",),
    "SET FOUNDER": ("CS SET #c FOUNDER bob",),
    "GETKEY": ("CS GETKEY #c",),
    "OP": ("CS OP #c bob",),
    "BAN": ("CS BAN #c *!*@bad.example",),
    "CLEAR": ("CS CLEAR #c BANS",),
    "DROP": ("CS DROP #c", "CS DROP #c {code}"),
    "FLAGS": ("CS FLAGS #c bob +o",),
    "AKICK": ("CS AKICK #c ADD *!*@bad.example",),
    "CLONE": ("CS CLONE #c #d",),
}
"""What takes no privilege, but is done in spite of what it takes by one; or is tried (OPER)."""


def key(name: str, row: Row) -> str:
    return f"{name} {row.verb}".strip()


GONE: Final = SID("0GA")
BOTS: Final = {"AAAAAA": "NickServ", "AAAAAB": "ChanServ", "AAAAAC": "SaslServ", "AAAAAD": "HistServ"}
TOLD: Final = [("", CLIENT), *((BOTS[uid], table) for uid, table in TABLES.items())]
AUDITED: Final = sorted(key(name, row) for name, table in TOLD for row in table if row.audited)


def library() -> Archive:
    house = Archive(
        link=[block("far", addresses=["127.0.0.1:6667"], tls=False), block("near")],
        oper=[{"name": "root", "class": "admin", "password": HASH, "hosts": ["*@203.0.113.*"]}],
        oper_class=[{"name": "admin", "privileges": list(PRIVILEGES)}],
        server={"name": "irc.test"},
    )
    ann, bob = house.member("ann", caps=""), house.member("bob", caps="")
    ann >> "JOIN #c,#d,#locked" >> "CS REGISTER #c" >> "CS REGISTER #d" >> "JOIN #locked"
    bob >> "JOIN #c,#d,#locked"
    ann >> "MODE #locked +ntik shut" >> f"MODE #c +k {SECRET}"
    talk([ann], ["tea"], "#locked")
    house.client("vic", address="203.0.113.9")
    return house


def staff(house: House) -> Client:
    root = house.client(
        "root",
        caps="draft/metadata-3 batch draft/chathistory message-tags server-time",
        address="198.51.100.1",
    )
    opered(root, *PRIVILEGES)
    return root


def use(house: Archive, root: Client, lines: tuple[str, ...]) -> tuple[list[Audit], set[str]]:
    """What is noted of these lines, and the codes and passwords that were read meanwhile."""
    codes = [SECRET]
    for line in lines:
        root >> line.replace("{code}", codes[-1])
        codes += [found[0] for text in root.lines() if (found := CODE.search(text)) is not None]
    return list(house.store.audits), set(codes)


def test_there_is_an_example_of_each_row_that_is_audited() -> None:
    """Whoever adds a row with a privilege shows in NOTED that it is noted, or says that it only `reads`."""
    assert sorted(NOTED) == AUDITED


@pytest.mark.parametrize("name", sorted(NOTED))
def test_each_is_noted_without_secrets(name: str) -> None:
    house = library()
    root = staff(house)
    if name == "SQUIT":
        stranger(house, "near.test", "0NA")
    if name == "NickServ FORGET":
        _once_there(house)
    noted, secrets = use(house, root, NOTED[name])
    verb = name.removeprefix("NickServ ").removeprefix("ChanServ ")
    found = [each for each in noted if each.verb == verb]
    assert found, (name, noted, root.lines())
    assert all(each.by == "root (root)" for each in found)
    assert not [each for each in noted for secret in secrets if secret in repr(each)]


@pytest.mark.parametrize("name", sorted(BESIDE))
def test_so_is_what_a_privilege_makes_up_for(name: str) -> None:
    house = library()
    root = staff(house)
    if name.startswith("OPER"):
        root = house.client("eve", address="203.0.113.5")
    noted, secrets = use(house, root, BESIDE[name])
    verb = re.split(" (?:by|of|to) ", name)[0]
    assert [each for each in noted if each.verb == verb], (name, noted, root.lines())
    assert not [each for each in noted for secret in secrets if secret in repr(each)]


def _once_there(house: Archive) -> None:
    """A full server that is away now."""
    record = Record(server_entity(GONE), NAME, fixed(Stamp(1_600_000_000_000, 0, GONE).text), "gone.test")

    async def merge() -> None:
        await house.store.merge([record], "elsewhere", GONE, None)

    house.done(merge())


def test_who_guesses_passwords_fills_no_disk() -> None:
    house = library()
    for number in range(120):
        eve = house.client(f"eve{number % 7}x{number}", address="203.0.113.5")
        eve >> "OPER root wrong" >> "QUIT"
    failures = [each for each in house.store.audits if each.verb == "OPER"]
    assert len(failures) == 100
    assert failures[0].detail == "failed as root: wrong password"
    assert failures[-1].detail == "too many fail: others are not noted for an hour"
    house.clock.advance(3601)
    house.client("eve", address="203.0.113.5") >> "OPER root wrong"
    assert len([each for each in house.store.audits if each.verb == "OPER"]) == 101


def test_a_disk_that_takes_nothing_breaks_no_act() -> None:
    house = library()
    root, vic = staff(house), house.client("victor")
    root >> "MODE root +s +g"
    root.lines()
    house.store.broken = True
    for line in ("KILL victor", "HISTORY #locked", "CS OP #c bob", "OPERWALL :x"):
        root >> line
    heard = root.lines()
    assert vic.session.closed
    assert any(" chathistory #locked" in line for line in heard)
    assert channel(house).members[next(user for user in channel(house).members if user.nick == "bob")] & OP
    assert len([line for line in heard if "What operators do is not noted" in line]) == 1
