"""MOTD, LUSERS, VERSION, ADMIN, INFO, TIME; USERS and SUMMON."""

from __future__ import annotations

import pytest
from conversation import House

import chatnet
from chatnet.settings import Settings


def test_motd_is_shown_line_by_line(house: House) -> None:
    house.parts.sessions.motd = ("Welcome.", "Be kind.")
    ann = house.client("ann")
    ann >> "MOTD"
    ann << ":irc.test 375 ann :- irc.test Message of the day - "
    ann << ":irc.test 372 ann :- Welcome." << ":irc.test 372 ann :- Be kind."
    ann << ":irc.test 376 ann :End of /MOTD command."
    ann.silent()


def test_an_empty_motd(house: House) -> None:
    house.parts.sessions.motd = ()
    ann = house.client("ann")
    ann >> "MOTD irc.test"
    ann << ":irc.test 422 ann :MOTD File is missing"


def test_without_a_motd_there_is_a_short_welcome() -> None:
    server = {"network": "Chessclub", "description": "The club's chat."}
    house = House(server=server)
    ann = house.connect()
    ann >> "NICK ann" >> "USER ann 0 * :Ann"
    ann.until(":irc.test 375 ann :- irc.test Message of the day - ")
    ann << ":irc.test 372 ann :- Welcome to Chessclub. This is irc.test: The club's chat."
    ann << ":irc.test 372 ann :- /join #lobby enters a channel, or makes it; /list shows *; /help tells more."
    ann << ":irc.test 376 ann *"
    house.reload(server={"admin": ["Chess Club Example", "ann@example.org"]})
    ann.lines()
    ann >> "MOTD"
    ann << "* 375 *" << "* 372 *" << "* 372 ann :- It is run by Chess Club Example, ann@example.org."


def test_lusers_counts(house: House) -> None:
    house.client("bob")
    house.connect()
    ann = house.client("ann")
    ann >> "JOIN #c"
    ann.lines()
    ann >> "LUSERS"
    ann << ":irc.test 251 ann :There are 0 users and 2 invisible on 1 servers"
    ann << ":irc.test 253 ann 1 :unknown connection(s)"
    ann << ":irc.test 254 ann 1 :channels formed"
    ann << ":irc.test 255 ann :I have 2 clients and 0 servers"
    ann << ":irc.test 265 ann 2 2 :Current local users 2, max 2"
    ann << ":irc.test 266 ann 2 2 :Current global users 2, max 2"
    ann << ":irc.test 250 ann :Highest connection count: 3 (2 clients) (3 connections received)"
    ann.silent()


def test_version_tells_the_software_and_isupport(house: House) -> None:
    ann = house.client("ann")
    ann >> "VERSION irc.*"
    ann << f":irc.test 351 ann chatnet-{chatnet.__version__} irc.test :A chatnet server"
    assert set(ann.numerics()) == {"005"}


def test_a_reload_tells_what_changed_in_isupport(house: House) -> None:
    ann, bob = house.client("ann"), house.connect()
    house.node.change_settings(
        Settings.model_validate(
            {"server": {"name": "irc.test", "utf8_only": False}, "limits": {"topic": 300}}
        )
    )
    ann << ":irc.test 005 ann TOPICLEN=300 -UTF8ONLY :are supported by this server"
    ann.silent()
    bob.silent()
    house.node.change_settings(house.settings)
    ann << ":irc.test 005 ann TOPICLEN=390 UTF8ONLY :are supported by this server"
    house.node.change_settings(house.settings)
    ann.silent()


def test_admin_is_as_long_as_the_settings_say() -> None:
    house = House(server={"admin": ("The friends of IRC", "ops@irc.test")})
    ann = house.client("ann")
    ann >> "ADMIN"
    ann << ":irc.test 256 ann irc.test :Administrative info"
    ann << ":irc.test 257 ann :The friends of IRC" << ":irc.test 258 ann :ops@irc.test"
    ann.silent()
    bob = House(server={"admin": ("We", "Here", "ops@irc.test")}).client("bob")
    bob >> "ADMIN bob"
    assert bob.numerics() == ["256", "257", "258", "259"]


def test_admin_of_nobody(house: House) -> None:
    ann = house.client("ann")
    ann >> "ADMIN"
    ann << ":irc.test 423 ann irc.test :No administrative info available"


def test_info_tells_what_runs_since_when(house: House) -> None:
    ann = house.client("ann")
    ann >> "INFO"
    ann << f":irc.test 371 ann :chatnet-{chatnet.__version__}"
    ann.until(":irc.test 371 ann :Running since Tuesday November 14 2023, 22:13:20 UTC")
    ann << ":irc.test 374 ann :End of INFO list"


def test_time_is_utc(house: House) -> None:
    ann = house.client("ann")
    house.clock.advance(60)
    ann.lines()
    ann >> "TIME"
    ann << ":irc.test 391 ann irc.test :Tuesday November 14 2023, 22:14:20 UTC"


@pytest.mark.parametrize(
    "command", ["MOTD", "LUSERS *", "VERSION", "ADMIN", "INFO", "TIME", "STATS u", "TRACE", "LINKS"]
)
def test_another_server_is_not_there(house: House, command: str) -> None:
    ann = house.client("ann")
    if command == "LINKS":
        command = "LINKS elsewhere.test *"
    else:
        command += " elsewhere.test"
    ann >> command
    ann << ":irc.test 402 ann elsewhere.test :No such server"
    ann.silent()


def test_users_and_summon_are_disabled(house: House) -> None:
    ann = house.client("ann")
    ann >> "USERS" >> "SUMMON bob"
    ann << ":irc.test 446 ann :USERS has been disabled" << ":irc.test 445 ann :SUMMON has been disabled"
