"""Who may be here on several devices, and who stays without any."""

from __future__ import annotations

from typing import Any

import pytest

from chatnet.model.entities import Channel, User
from chatnet.model.ids import SID, Folded
from chatnet.model.server import Server
from chatnet.rules.persons import (
    ALWAYS_ON,
    AUTO_AWAY,
    MULTICLIENT,
    NOTHING_CHOSEN,
    Own,
    attaches,
    chosen,
    effective,
    goes_away,
    may_attach,
    overruled,
    replays,
    stays,
)
from chatnet.settings import BouncerSettings, Settings

HERE = Server(SID("0CN"), "irc.test", "")


def bouncer(**given: Any) -> BouncerSettings:
    return BouncerSettings.model_validate(given)


def settings(**given: Any) -> Settings:
    return Settings.model_validate({"bouncer": given})


def somebody(*, secure: bool = False, channels: dict[str, str] | None = None) -> User:
    """A user who is in channels of these names and modes."""
    user = User(HERE, "192.0.2.1", "192.0.2.1")
    user.secure = secure
    for name, modes in (channels or {}).items():
        channel = Channel(name, Folded(name), 1)
        channel.flags.update(modes)
        user.channels[channel] = 0
    return user


@pytest.mark.parametrize(
    ("policy", "without", "on", "off"),
    [
        ("off", False, False, False),
        ("opt-in", False, True, False),
        ("opt-out", True, True, False),
        ("all", True, True, True),
    ],
)
def test_the_policy_of_the_server_and_the_word_of_the_account(
    policy: str, without: bool, on: bool, off: bool
) -> None:
    assert [effective(policy, word) for word in (None, True, False)] == [without, on, off]


def test_a_word_of_a_later_version_says_nothing() -> None:
    assert [chosen(text) for text in ("on", "off", None, "", "ON", "weekdays")] == [
        True,
        False,
        *[None] * 4,
    ]


def test_by_default_all_may_have_several_devices_and_stay_if_they_ask_for_it() -> None:
    default = bouncer()
    assert (attaches(default, NOTHING_CHOSEN), stays(default, NOTHING_CHOSEN)) == (True, False)
    assert stays(default, Own(always_on=True)) and goes_away(default, Own(always_on=True))
    assert not goes_away(default, Own(always_on=True, auto_away=False))
    assert replays(default, NOTHING_CHOSEN) and not replays(default, Own(autoreplay_missed=False))
    assert replays(bouncer(replay_missed=False), Own(autoreplay_missed=True))


@pytest.mark.parametrize(
    ("given", "own"),
    [
        ({"sessions": "off"}, Own(always_on=True)),
        ({"sessions": "opt-in", "always_on": "all"}, NOTHING_CHOSEN),
        ({}, Own(always_on=True, multiclient=False)),
    ],
)
def test_nobody_stays_who_could_not_come_back(given: dict[str, str], own: Own) -> None:
    assert not stays(bouncer(**given), own)


CLOSED = {"#open": "nt", "#closed": "ntS"}


@pytest.mark.parametrize(
    ("given", "own", "user", "sessions", "secure", "why"),
    [
        ({}, NOTHING_CHOSEN, somebody(), 1, False, None),
        ({}, NOTHING_CHOSEN, somebody(), 0, False, None),
        ({}, NOTHING_CHOSEN, somebody(), 15, False, None),
        ({}, NOTHING_CHOSEN, somebody(), 16, True, "You have 16 connections already, and may have no more"),
        (
            {"sessions": "off"},
            Own(multiclient=True),
            somebody(),
            1,
            True,
            "On this server a nick is for one connection at a time",
        ),
        (
            {},
            Own(multiclient=False),
            somebody(),
            1,
            True,
            "This nick is for one connection at a time: SET MULTICLIENT ON of NickServ changes that",
        ),
        ({"sessions": "all"}, Own(multiclient=False), somebody(), 1, True, None),
        ({}, NOTHING_CHOSEN, somebody(secure=True, channels=CLOSED), 1, True, None),
        ({}, NOTHING_CHOSEN, somebody(secure=True, channels={"#open": "nt"}), 1, False, None),
        (
            {},
            NOTHING_CHOSEN,
            somebody(secure=True, channels=CLOSED),
            1,
            False,
            "You are in #closed, which is for those who connect by TLS",
        ),
        (
            {},
            NOTHING_CHOSEN,
            somebody(secure=True, channels=CLOSED),
            0,  # nobody is connected, but they are in it
            False,
            "You are in #closed, which is for those who connect by TLS",
        ),
        (
            {"secure_only": True},
            NOTHING_CHOSEN,
            somebody(secure=True),
            1,
            False,
            "All your other devices are connected by TLS, and this one has to be, too",
        ),
        ({"secure_only": True}, NOTHING_CHOSEN, somebody(secure=False), 1, False, None),
        ({"secure_only": True}, NOTHING_CHOSEN, somebody(secure=True), 1, True, None),
    ],
)
def test_one_more_session(
    given: dict[str, Any], own: Own, user: User, sessions: int, secure: bool, why: str | None
) -> None:
    assert may_attach(settings(**given), own, user, sessions, secure) == why


def test_where_nobody_can_choose_nobody_is_told_to() -> None:
    elsewhere = Settings.model_validate(
        {"bouncer": {"sessions": "opt-in"}, "accounts": {"authority": "external"}}
    )
    assert (
        may_attach(elsewhere, NOTHING_CHOSEN, somebody(), 1, True)
        == "On this server a nick is for one connection at a time"
    )


@pytest.mark.parametrize(
    ("given", "setting", "own", "why"),
    [
        ({}, ALWAYS_ON, Own(always_on=True), None),
        ({"always_on": "all"}, ALWAYS_ON, NOTHING_CHOSEN, None),
        (
            {"always_on": "off"},
            ALWAYS_ON,
            Own(always_on=True),
            "On this server nobody stays without a connection",
        ),
        ({"always_on": "off"}, ALWAYS_ON, Own(always_on=False), None),
        (
            {"always_on": "all"},
            ALWAYS_ON,
            Own(always_on=False),
            "On this server everybody stays who has an account",
        ),
        ({"always_on": "all"}, ALWAYS_ON, Own(always_on=False, multiclient=False), None),
        (
            {"sessions": "off"},
            ALWAYS_ON,
            Own(always_on=True),
            "On this server a nick is for one connection at a time, so that nobody could come back to it",
        ),
        (
            {},
            ALWAYS_ON,
            Own(always_on=True, multiclient=False),
            "You may not be on several devices (MULTICLIENT), and so could not come back",
        ),
        (
            {"sessions": "all"},
            MULTICLIENT,
            Own(multiclient=False),
            "On this server everybody may be on several devices",
        ),
        (
            {"sessions": "off"},
            MULTICLIENT,
            Own(multiclient=True),
            "On this server a nick is for one connection at a time",
        ),
        ({"sessions": "off"}, MULTICLIENT, Own(multiclient=False), None),
        (
            {"auto_away": "off"},
            AUTO_AWAY,
            Own(auto_away=True),
            "On this server nobody is away only because no device is connected",
        ),
        (
            {"auto_away": "all"},
            AUTO_AWAY,
            Own(auto_away=False),
            "On this server everybody is away while no device is connected",
        ),
    ],
)
def test_why_it_is_not_as_somebody_chose(
    given: dict[str, Any], setting: str, own: Own, why: str | None
) -> None:
    assert overruled(bouncer(**given), setting, own) == why
