"""REHASH, RESTART, DIE."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import House
from staff import oper, sections


@pytest.fixture
def house() -> Any:
    house = House(**sections())
    yield house
    house.check()


def test_rehash_reads_the_configuration_again(house: House) -> None:
    root = oper(house, "root")
    root >> "REHASH"
    root << ":irc.test 382 root chatnet.toml :Rehashing"
    root << ":irc.test NOTICE * :*** Notice -- root is rehashing the server"
    root << ":irc.test NOTICE root :REHASH: done"
    root << ":irc.test NOTICE * :*** Notice -- The rehash by root is done"
    assert house.control.asked == ["rehash"]


def test_rehash_tells_what_is_wrong(house: House) -> None:
    root = oper(house, "root")
    house.control.problems = ["limits.nick: should be\nat least 1", "oper.0: there is no oper_class 'x'"]
    root >> "REHASH irc.test"
    root.until(":irc.test NOTICE root :REHASH: limits.nick: should be at least 1")
    root << ":irc.test NOTICE root :REHASH: oper.0: there is no oper_class 'x'"
    root << ":irc.test NOTICE root :REHASH: the settings stay as they were"
    root << ":irc.test NOTICE * :*** Notice -- The rehash by root failed: 2 problem(s)"
    assert house.log.lines[-3:] == [
        "root (~root@192.0.2.1) [192.0.2.1] is rehashing the server",
        "The old configuration stays, rehash by root: limits.nick: should be\nat least 1",
        "The old configuration stays, rehash by root: oper.0: there is no oper_class 'x'",
    ]


def test_who_asked_for_a_rehash_may_leave_meanwhile(house: House) -> None:
    root = oper(house, "root")
    house.hold = True
    root >> "REHASH"
    root.session.connection_lost("Connection reset")
    house.release()
    assert house.control.asked == ["rehash"]


def test_stopping_takes_the_name_of_the_server(house: House) -> None:
    root = oper(house, "root")
    root >> "DIE" >> "DIE other.test" >> "RESTART" >> "RESTART other.test"
    assert root.numerics() == ["461", "402", "461", "402"]
    assert house.control.asked == []
    root >> "DIE IRC.test :new disks"
    root << ":irc.test NOTICE * :*** Notice -- root (~root@192.0.2.1) [192.0.2.1] stops the server: new disks"
    root >> "RESTART irc.test"
    root << ":irc.test NOTICE * :*** Notice -- root (~root@192.0.2.1) [192.0.2.1] restarts the server"
    assert house.control.asked == ["die: Server going down: new disks", "restart: Server restarting"]
    assert house.log.lines[-2:] == [
        "root (~root@192.0.2.1) [192.0.2.1] stops the server: new disks",
        "root (~root@192.0.2.1) [192.0.2.1] restarts the server",
    ]


@pytest.mark.parametrize("command", ["REHASH", "RESTART irc.test", "DIE irc.test"])
def test_who_may_not(house: House, command: str) -> None:
    ann, helper = house.client("ann"), oper(house, "helper", "help")
    ann >> command
    ann << ":irc.test 481 ann *"
    helper >> command
    helper << f":irc.test 723 helper {command.split()[0].lower()} :Insufficient oper privileges"
    assert house.control.asked == []


@pytest.mark.parametrize("command", ["REHASH", "RESTART irc.test", "DIE irc.test"])
def test_where_nobody_controls_the_process(house: House, command: str) -> None:
    house.parts.sessions.control = None
    root = oper(house, "root")
    root >> command
    root << f":irc.test 517 root {command.split()[0]} :This command has been disabled"
