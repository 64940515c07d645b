"""ChanServ hears anything: it answers in lines that are whole, and fails at nothing."""

from __future__ import annotations

import pytest
from chanserv import ask, come, founded
from club import Club
from hypothesis import given, settings
from hypothesis import strategies as st
from states import opered

from chatnet.commands.chanserv import CHANSERV

WORDS = st.one_of(
    st.sampled_from(
        [
            *CHANSERV.rows,
            *("HELP", "#c", "#C", "#d", "ann", "bob", "ADD", "DEL", "LIST", "FOUNDER", "SUCCESSOR", "URL"),
            *("+3d", "!T", "!P", "+V-o", "-*", "+*", "*!*@*", "a!b@c", "|", "ON", "$a:ann", "ENTRYMSG"),
            *("USERS", "BANS", "MODES", "FLAGS", "AKICKS", "NOSYNC", "crew", "!+V", "$q:*!*@*", "$"),
        ]
    ),
    st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=30),
)
LINES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


@settings(max_examples=60)
@given(st.lists(LINES, max_size=10), st.booleans())
def test_whatever_is_said_is_answered(lines: list[str], mighty: bool) -> None:
    club = Club()
    ann, bob = founded(club), come(club, "bob")
    bob >> "JOIN #c"
    if mighty:
        opered(bob, "accounts", "channels")
    for line in lines:
        for client in (ann, bob):
            client.send(f"PRIVMSG ChanServ :{line}".encode()[:500].decode(errors="ignore").encode() + b"\r\n")
            told = client.lines()
            assert all(len(each.encode()) <= 510 for each in told)
            assert not any(" 400 " in each[:20] for each in told)
    club.check()


@pytest.mark.parametrize(
    "line",
    [
        b"FLAGS #c \xff!*@* +V",
        b"FLAGS #c ann \xff",
        b"FLAGS \xff",
        b"AKICK #c ADD \xff!*@* spam",
        b"AKICK #c ADD a!b@c \xff",
        b"SET #c ENTRYMSG \xff",
        b"SET #c URL http://\xff",
        b"SET #c FOUNDER \xff",
        b"TOPIC #c \xff",
        b"KICK #c bob \xff",
        b"SUSPEND #c \xff",
        b"REGISTER #\xff",
        b"UNDROP #\xff",
        b"TEMPLATE #c \xff +V",
        b"TEMPLATE #c crew \xff",
        b"BAN #c \xff!*@*",
        b"QUIET #c $a:\xff",
        b"UNBAN #c \xff!*@*",
        b"CLEAR #c USERS \xff",
        b"CLONE #c #\xff",
    ],
)
def test_what_is_not_utf_8(line: bytes) -> None:
    club = Club(server={"utf8_only": False})
    founded(club)
    ann = come(club, "root")
    ann >> "JOIN #c"
    opered(ann, "accounts", "channels")
    ann.send(b"JOIN #\xff\r\n")
    ann.lines()
    ann.send(b"PRIVMSG ChanServ :" + line + b"\r\n")
    assert " 400 " not in "".join(ann.lines())
    assert ask(ann, "INFO #c")
    for audit in club.store.audits:
        audit.detail.encode()  # a file takes nothing else
    club.check()
