"""The grammars of names."""

from __future__ import annotations

import pytest

from chatnet.wire.names import (
    clean_username,
    is_channel,
    is_domain,
    is_hostname,
    is_nick,
    is_server_name,
    is_sid,
)


@pytest.mark.parametrize("nick", ["ann", "A1-", "[x]", "\\`_^{|}", "a" * 30])
def test_nicks(nick: str) -> None:
    assert is_nick(nick, 30)


@pytest.mark.parametrize(
    "nick",
    ["", "1ann", "-ann", "an n", "ann!", "a@b", "#ann", "é", "a.b", "a,b", "~a", "a\n", ":a", "$a", "a" * 31],
)
def test_no_nicks(nick: str) -> None:
    assert not is_nick(nick, 30)


@pytest.mark.parametrize("channel", ["#", "#a", "##", "#a:b", "#café", "#\udcff", "#" + "é" * 24])
def test_channels(channel: str) -> None:
    assert is_channel(channel, 50)


@pytest.mark.parametrize(
    "channel",
    ["", "a", "&a", "#a b", "#a,b", "#a\x07", "#a\0", "#a\n", "#\x02b", "#\x7f", "#\x85", "#" + "é" * 25],
)
def test_no_channels(channel: str) -> None:
    assert not is_channel(channel, 50)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ann.b-c_d", "ann.b-c_d"),
        ("~ann", "ann"),
        ("A n@n!", "Ann"),
        ("-._ann", "ann"),
        ("José", "Jos"),
        ("Анна", ""),
        ("", ""),
        ("abcdefghijklm", "abcdefghij"),
        ("é-é-a", "a"),
    ],
)
def test_cleaning_usernames(text: str, left: str) -> None:
    assert clean_username(text, 10) == left


def test_hostnames() -> None:
    for host in ("localhost", "a.example", "192.0.2.1", "2001:db8::1", "0::1", "user/ann", "x" * 63):
        assert is_hostname(host)
    for host in ("", "::1", "a b", "a@b", "a*", "é.example", "x" * 64, "-a"):
        assert not is_hostname(host)


def test_domains() -> None:
    for text in ("cloak", "a", "users.example.org", "a-b--c.d1"):
        assert is_domain(text, 20)
    for text in ("", ".a", "a.", "a..b", "-a", "a-", "a.-b", "a_b", "a b", "a\n", "é", "x" * 21):
        assert not is_domain(text, 20)


def test_servers() -> None:
    for name in ("irc.example", "a.b.c", "irc-1.example.net"):
        assert is_server_name(name)
    for name in ("", "irc", "irc.", ".irc", "a..b", "a b.c", "*.example", "a." + "b" * 62):
        assert not is_server_name(name)


def test_sids() -> None:
    assert is_sid("00A")
    for sid in ("", "00", "A00", "00a", "00AA", "0é0"):
        assert not is_sid(sid)
