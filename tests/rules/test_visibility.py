"""What is hidden from whom."""

from __future__ import annotations

from chatnet.model.entities import Channel, Oper, User
from chatnet.model.ids import SID, Folded
from chatnet.model.server import Server
from chatnet.rules.visibility import may_see_address, may_see_channel, may_see_members, may_see_user

HERE = Server(SID("0CN"), "irc.test", "")


def make_user(*channels: Channel, modes: str = "") -> User:
    user = User(HERE, "192.0.2.1", "192.0.2.1")
    user.modes = frozenset(modes)
    for channel in channels:
        user.channels[channel] = channel.members[user] = 0
    return user


def make_channel(flags: str = "") -> Channel:
    channel = Channel("#c", Folded("#c"), 0)
    channel.flags = set(flags)
    return channel


def make_seer() -> User:
    seer = make_user()
    seer.oper = Oper("seer", "seers", frozenset({"see-all"}), "is an oper")
    return seer


def test_an_open_channel_is_seen_by_everybody() -> None:
    channel = make_channel("nt")
    assert may_see_channel(make_user(), channel)
    assert may_see_members(make_user(), channel)


def test_a_secret_channel_is_seen_by_its_members_and_by_opers_who_see_all() -> None:
    channel = make_channel("s")
    for see in (may_see_channel, may_see_members):
        assert not see(make_user(), channel)
        assert see(make_user(channel), channel)
        assert see(make_seer(), channel)


def test_a_private_channel_hides_its_members_only() -> None:
    channel = make_channel("p")
    assert may_see_channel(make_user(), channel)
    assert not may_see_members(make_user(), channel)
    assert may_see_members(make_user(channel), channel)
    assert may_see_members(make_seer(), channel)


def test_an_oper_without_the_privilege_sees_no_more_than_others() -> None:
    oper = make_user()
    oper.oper = Oper("plain", "plain", frozenset(), "is an oper")
    assert not may_see_channel(oper, make_channel("s"))
    assert not may_see_user(oper, make_user(modes="i"))


def test_an_invisible_user_is_seen_by_those_who_share_a_channel() -> None:
    channel = make_channel("s")
    hidden = make_user(channel, modes="i")
    assert may_see_user(hidden, hidden)
    assert may_see_user(make_user(channel), hidden)
    assert may_see_user(make_seer(), hidden)
    assert not may_see_user(make_user(), hidden)
    assert may_see_user(make_user(), make_user())


def test_an_address_is_hidden_behind_a_cloak() -> None:
    open_, cloaked = make_user(), make_user()
    cloaked.host = "d.c.b.a.cloak"
    assert may_see_address(make_user(), open_)
    assert not may_see_address(make_user(), cloaked)
    assert may_see_address(cloaked, cloaked)
    assert may_see_address(make_seer(), cloaked)
