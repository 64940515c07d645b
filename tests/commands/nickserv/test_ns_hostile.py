"""NickServ hears anything: it answers in lines that are whole, fails at nothing, and repeats no secret."""

from __future__ import annotations

import pytest
from club import Club
from conversation import Client
from hypothesis import given
from hypothesis import strategies as st
from nickserv import ask
from states import opered

from chatnet.commands.nickserv import NICKSERV

WORD = "correct-horse"
SECRET = "planted-secret"
WORDS = st.one_of(
    st.sampled_from(
        [*NICKSERV.rows, "HELP", "ann", "bob", "ALL", "#c", "+3d", "1", "a.b", WORD, "ab" * 32, "*"]
    ),
    st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=30),
)
NAMING = {
    *("INFO", "STATUS", "ACC", "SESSIONS", "LISTLOGINS", "CLIENTS LIST", "GHOST", "REGAIN", "RECOVER"),
    *("RELEASE", "UNGROUP", "SET NAME", "ACCOUNTNAME", "DROP", "CERT LIST", "CERT ADD", "CERT DEL"),
    *("VHOST TAKE", "VHOST SET", "SAREGISTER", "SETPASS", "SUSPEND", "UNSUSPEND", "ERASE", "RENAME"),
    *("MARK", "LIST", "BOT DEL", "BOT TOKEN", "\x01PING"),
}
"""Commands with names for their words, which answers may repeat."""
LINES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)


def come(club: Club, nick: str, *privileges: str) -> Client:
    """Somebody who is logged in as ann."""
    client = club.client(nick)
    ask(client, f"IDENTIFY ann {WORD}")
    opered(client, *privileges)
    return client


@given(st.lists(LINES, max_size=10), st.booleans())
def test_whatever_is_said_is_answered(lines: list[str], mighty: bool) -> None:
    club = Club(sasl={"attempts": 1000})
    club.account("ann", WORD)
    ann = come(club, "ann", *(["accounts"] if mighty else []))
    for line in lines:
        ann.send(f"PRIVMSG NickServ :{line}".encode()[:500].decode(errors="ignore").encode() + b"\r\n")
        told = ann.lines()
        assert all(len(each.encode()) <= 510 for each in told)
        assert not any(" 400 " in each[:20] for each in told)
        if ann.outlet.ended is not None:
            ann = come(club, "ann")
    club.check()


@pytest.mark.parametrize("verb", [row.verb for row in NICKSERV] + ["FOO", "HELP", "SET", "\x01PING"])
@pytest.mark.parametrize("place", range(3))
def test_no_secret_is_repeated(verb: str, place: int) -> None:
    club = Club(sasl={"attempts": 1000})
    club.account("ann", WORD)
    ann, root = come(club, "ann"), come(club, "root", "accounts")
    opered(root, "accounts", snomask="acfgknoqrx")
    words = ["ann", "ann", "ann"]
    words[place] = SECRET
    ann >> f"PRIVMSG NickServ :{verb} {' '.join(words)}"
    shown = ann.lines() + root.lines()
    if verb not in NAMING:  # what is asked for is the name of somebody, and is shown
        assert not any(SECRET in line for line in shown)
    assert not any(SECRET in line for line in club.log.lines)
    assert not any(SECRET in str(audit) for audit in club.store.audits)


def test_passwords_that_are_not_utf_8() -> None:
    club = Club(server={"utf8_only": False})
    club.account("ann", WORD)
    ann = club.client("bob")
    for line in (
        b"IDENTIFY ann \xff\xfe\xff\xff",
        b"REGISTER \xff\xfe\xff\xff\xff\xff\xff\xff",
        b"INFO \xff",
        b"GHOST \xff",
    ):
        ann.send(b"PRIVMSG NickServ :" + line + b"\r\n")
        assert " 400 " not in "".join(ann.lines())
    club.check()
