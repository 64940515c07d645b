"""FAIL, WARN and NOTE.  https://ircv3.net/specs/extensions/standard-replies"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conversation import House
from staff import PASSWORD, oper, sections


@pytest.fixture
def house() -> Iterator[House]:
    house = House(**sections())
    yield house
    house.check()


def test_one_that_a_specification_names_needs_no_capability(house: House) -> None:
    """“This capability allows servers to send arbitrary standard replies other than ones enabled by a
    specific specification.”
    """
    ann = house.client("ann")
    ann.send(b"PRIVMSG ann :\xff\r\n\xff\r\n")
    ann << ":irc.test FAIL PRIVMSG INVALID_UTF8 :The line is not valid UTF-8 and was rejected"
    # “or is `*` to indicate a message that was not spawned from a particular command”
    ann << ":irc.test FAIL * INVALID_UTF8 :The line is not valid UTF-8 and was rejected"


def test_rehash_for_who_knows_them(house: House) -> None:
    """“It is RECOMMENDED that servers use standard replies instead of custom error numerics or server notices
    for non-standardised features when responding to a client which supports this capability.”
    """
    root = house.client("root", caps="standard-replies")
    root >> f"OPER root {PASSWORD}" >> "MODE root -s"
    root.lines()
    house.control.problems = ["limits.nick: should be\nat least 1"]
    root >> "REHASH"
    root << ":irc.test 382 root chatnet.toml :Rehashing"
    root << ":irc.test FAIL REHASH CONFIG_BAD :limits.nick: should be at least 1"
    root << ":irc.test FAIL REHASH CONFIG_BAD :the settings stay as they were"
    house.control.problems = []
    root >> "REHASH"
    root << ":irc.test 382 root chatnet.toml :Rehashing"
    root << ":irc.test NOTE REHASH CONFIG_LOADED :done"
    root.silent()


def test_rehash_for_who_does_not(house: House) -> None:
    root = oper(house, "root")
    root >> "MODE root -s" >> "REHASH"
    root.until("* 382 *")
    root << ":irc.test NOTICE root :REHASH: done"


def test_they_have_the_label_of_their_command(house: House) -> None:
    """“This message SHOULD also be given a label, if one was provided by the client with the original command
    that spawned this reply.”
    """
    ann = house.client("ann", caps="batch labeled-response")
    ann.send(b"@label=x PRIVMSG ann :\xff\r\n")
    ann << "@label=x :irc.test FAIL PRIVMSG INVALID_UTF8 :*"
