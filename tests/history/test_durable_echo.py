"""Who is told by the echo that a message is stored, and who that it is not."""

from __future__ import annotations

from typing import Any, cast

from club import Club
from clubs import FullClub, new_store
from slow_store import Slow

from chatnet.storage.messages.interfaces import MessageStore

CAPS = "echo-message message-tags batch labeled-response standard-replies"


def durable(**history: Any) -> tuple[Club, Slow]:
    slow = Slow()
    house = FullClub(
        new_store("0CN"), messages=cast(MessageStore, slow), history={"durable_echo": True} | history
    )
    return house, slow


def test_the_echo_comes_when_the_message_is_stored_and_others_hear_it_at_once() -> None:
    house, slow = durable(durable_interval=0.01)
    ann, bob = house.client("ann", caps=CAPS), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    house.clock.advance(1.0)
    slow.write()
    ann.lines()
    bob.lines()
    ann >> "PRIVMSG #c :hello" >> "PING x"
    bob << ":ann!*@* PRIVMSG #c :hello"
    ann.silent()
    house.clock.advance(0.01)
    ann.silent()
    slow.write()
    ann << "@msgid=* :ann!*@* PRIVMSG #c :hello"
    ann << ":irc.test PONG irc.test :x"
    house.check()


def test_a_label_is_on_the_echo_or_the_ack() -> None:
    house, slow = durable()
    ann, bob = house.client("ann", caps=CAPS), house.client("bob", caps="batch labeled-response")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    house.clock.advance(1.0)
    slow.write()
    ann.lines()
    bob.lines()
    ann >> "@label=1 PRIVMSG #c :hello"
    bob << ":ann!*@* PRIVMSG #c :hello"
    bob >> "@label=2 PRIVMSG #c :hi"
    bob.silent()
    ann << "@msgid=* :bob!*@* PRIVMSG #c :hi"
    house.clock.advance(1.0)
    slow.write()
    ann << "@label=1;msgid=* :ann!*@* PRIVMSG #c :hello"
    bob << "@label=2 :irc.test ACK"
    house.check()


def test_who_asked_for_no_echo_waits_for_nothing() -> None:
    house, slow = durable()
    ann = house.client("ann")
    ann >> "JOIN #c"
    ann.lines()
    ann >> "PRIVMSG #c :hello" >> "PING x"
    ann << ":irc.test PONG irc.test :x"
    slow.write()


def test_what_nobody_stores_is_echoed_at_once() -> None:
    house, _ = durable()
    ann, bob = house.client("ann", caps=CAPS), house.client("bob")
    ann >> "PRIVMSG bob :between guests"
    ann << "@msgid=* :ann!*@* PRIVMSG bob :between guests"
    bob << ":ann!*@* PRIVMSG bob :between guests"
    house.check()


def test_a_disk_that_takes_too_long_is_told() -> None:
    house, slow = durable(echo_timeout=5.0)
    ann = house.client("ann", caps=CAPS)
    ann >> "JOIN #c"
    house.clock.advance(1.0)
    slow.write()
    ann.lines()
    ann >> "PRIVMSG #c :hello" >> "@label=7 PRIVMSG #c :again"
    house.clock.advance(4.0)
    ann.silent()
    house.clock.advance(1.5)
    ann << ":irc.test FAIL PRIVMSG MESSAGE_NOT_STORED #c :It was sent, but is not stored"
    house.clock.advance(5.0)
    ann << "@label=7 :irc.test FAIL PRIVMSG MESSAGE_NOT_STORED #c :It was sent, but is not stored"
    slow.write()
    ann.silent()
    house.check()
