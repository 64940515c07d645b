"""Only UTF-8 is taken.  https://ircv3.net/specs/extensions/utf8-only"""

from __future__ import annotations

import pytest
from conversation import House

BAD = "The line is not valid UTF-8 and was rejected"


def test_the_token_tells_the_truth() -> None:
    """Servers publishing this token MUST NOT relay content [...] containing non-UTF-8 data to clients."""
    for only in (True, False):
        ann = House(server={"utf8_only": only}).client("ann")
        ann >> "VERSION"
        assert any(" UTF8ONLY " in line for line in ann.lines()) is only


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        (b"PRIVMSG bob :caf\xe9", "PRIVMSG"),
        (b"notice bob :\xc3", "NOTICE"),
        (b"TOPIC #c :\xff", "TOPIC"),
        (b"SETNAME :\xed\xa0\x80", "SETNAME"),
        (b"AWAY :\xf8", "AWAY"),
        (b"NICK \xe4", "NICK"),
        (b"JOIN #\xfc", "JOIN"),
        (b"KICK #c bob :\xc0\x80", "KICK"),
        (b"PART #c :\x80", "PART"),
        (b"QUIT :\xf4\x90\x80\x80", "QUIT"),
        (b"@+x=\xff PRIVMSG bob :hi", "PRIVMSG"),
        (b"H\xffLLO", "*"),
        (b"\xff", "*"),
    ],
)
def test_nothing_else_is_relayed(house: House, line: bytes, verb: str) -> None:
    """Servers publishing this token MUST NOT relay content (such as PRIVMSG or NOTICE message data, channel
    topics, or realnames) containing non-UTF-8 data to clients.

    "If the server is unable to parse the sent command then it MAY send a FAIL command with no command name."
    """
    ann, bob = house.client("ann"), house.client("bob", caps="setname away-notify message-tags")
    for client in (ann, bob):
        client >> "JOIN #c"
    ann.lines(), bob.lines()
    ann.send(line + b"\r\n")
    ann << f":irc.test FAIL {verb} INVALID_UTF8 :{BAD}"
    ann.silent()
    bob.silent()


def test_real_names_at_registration(house: House) -> None:
    """USER u s e :<non-utf8 realname> / FAIL USER INVALID_UTF8 :Message rejected, [...]"""
    ann = house.connect()
    ann.send(b"USER u s e :\xff\r\n")
    ann << f":irc.test FAIL USER INVALID_UTF8 :{BAD}"
    ann >> "NICK ann"
    assert not ann.session.registered


def test_characters_are_not_cut(house: House) -> None:
    """If they truncate messages to meet a length limit, they do not do so in the middle of a UTF-8-encoded
    codepoint.
    """
    ann, bob = house.client("ann"), house.client("bob")
    ann >> ("PRIVMSG bob :" + "x" + "\N{SNOWMAN}" * 165)
    (line,) = bob.lines()
    assert line.endswith("\N{SNOWMAN}") and 500 < len(line.encode()) <= 510
