"""What is said to NickServ: a command, and no fact."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import Club
from conversation import House
from mesh import block, stranger
from nickserv import Heard
from states import second_session


@pytest.fixture
def house() -> Iterator[House]:
    house = Club()
    yield house
    house.check()


@pytest.mark.parametrize(
    "line",
    [
        "PRIVMSG NickServ :HELP secret",
        "PRIVMSG nickserv :help SECRET",
        "PRIVMSG NickServ@services.chatnet :HELP secret",
        "NS HELP secret",
        "NICKSERV :HELP secret",
        "PRIVMSG NickServ,ann :\x01PING secret\x01",
        "NOTICE NickServ :HELP secret",
    ],
)
def test_what_is_said_to_it_is_no_fact(house: House, line: str) -> None:
    ann = house.client("ann", caps="message-tags")
    heard = Heard(house)
    ann >> line
    assert [fact for fact in heard.facts if fact.target is not ann.user] == []
    assert not any("secret" in text.lower() for text in house.log.lines)


def test_it_answers_the_session_that_asks(house: House) -> None:
    ann = house.client("ann")
    other = second_session(ann, address="192.0.2.9")
    ann >> "PRIVMSG NickServ :help frobnicate"
    ann << ":NickServ!NickServ@services.chatnet NOTICE ann :There is no help on that. HELP lists what I do."
    ann.silent()
    other.silent()
    ann >> "PRIVMSG NickServ@services.elsewhere :help"
    ann << ":irc.test 401 ann NickServ@services.elsewhere :*"
    ann >> "NOTICE NickServ :help"
    ann >> "PRIVMSG NickServ :   "
    ann.silent()


def test_an_unknown_word_is_not_repeated(house: House) -> None:
    ann = house.client("ann")
    ann >> "PRIVMSG NickServ :hunter2"
    ann << ":NickServ!* NOTICE ann :I do not know that command. HELP lists what I do."


def test_client_to_client_requests(house: House) -> None:
    ann = house.client("ann")
    ann >> "PRIVMSG NickServ :\x01VERSION\x01"
    ann << ":NickServ!* NOTICE ann :\x01VERSION chatnet-*\x01"
    ann >> "PRIVMSG NickServ :\x01PING 17 4\x01"
    ann << ":NickServ!* NOTICE ann :\x01PING 17 4\x01"
    ann >> "PRIVMSG NickServ :\x01TIME\x01" >> "PRIVMSG NickServ :\x01ACTION waves\x01"
    ann.silent()


def test_the_sender_alone_has_an_echo(house: House) -> None:
    ann = house.client("ann", caps="echo-message message-tags")
    other = second_session(ann)
    other.session.caps = ann.session.caps
    ann >> "@+x=1 PRIVMSG NickServ :help xyzzy"
    ann << "@msgid=*;+x=1 :ann!~ann@192.0.2.1 PRIVMSG NickServ :help xyzzy"
    ann << ":NickServ!* NOTICE ann :There is no help on that.*"
    ann >> "NOTICE NickServ :there"
    ann << "@msgid=* :ann!~ann@192.0.2.1 NOTICE NickServ :there"
    ann >> "@+x=1 TAGMSG NickServ"
    ann << "@msgid=*;+x=1 :ann!~ann@192.0.2.1 TAGMSG NickServ"
    ann >> "NS help xyzzy"
    ann << ":NickServ!* NOTICE ann :There is no help on that.*"
    ann.silent()
    other.silent()


def test_the_answer_bears_the_label(house: House) -> None:
    ann = house.client("ann", caps="labeled-response batch")
    ann >> "@label=7 PRIVMSG NickServ :help xyzzy"
    ann << "@label=7 :NickServ!* NOTICE ann :There is no help on that.*"
    ann >> "@label=8 NOTICE NickServ :hello"
    ann << "@label=8 :irc.test ACK"
    ann >> "@label=9 PRIVMSG NickServ :\x01VERSION\x01"
    ann << "@label=9 :NickServ!* NOTICE ann :\x01VERSION*"
    ann.silent()


def test_one_of_several_targets(house: House) -> None:
    ann, bob = house.client("ann", caps="labeled-response batch"), house.client("bob")
    ann >> "@label=7 PRIVMSG NickServ,bob,nobody,nickserv@services.chatnet :help xyzzy"
    bob << ":ann!* PRIVMSG bob :help xyzzy"
    assert [line.split(" ", 1)[1].split(" :")[0] for line in ann.lines()] == [
        ":irc.test BATCH +1 labeled-response",
        ":irc.test 401 ann nobody",
        ":NickServ!NickServ@services.chatnet NOTICE ann",
        "BATCH -1",
    ]


def test_a_message_of_several_lines(house: House) -> None:
    ann = house.client("ann", caps="draft/multiline batch labeled-response echo-message")
    ann >> "@label=7 BATCH +1 draft/multiline NickServ"
    ann >> "@batch=1 PRIVMSG NickServ :help xyzzy" >> "@batch=1 PRIVMSG NickServ :hunter2"
    ann >> "@label=8 BATCH -1"
    told = ann.lines()
    assert told[0] == "@label=7 :irc.test BATCH +2 labeled-response"
    assert [line for line in told if "NOTICE" in line] == [
        f"@batch=2 :NickServ!NickServ@services.chatnet NOTICE ann :{text} HELP lists what I do."
        for text in ("There is no help on that.", "I do not know that command.")
    ]
    assert told[-2:] == [":irc.test BATCH -2", "@label=8 :irc.test ACK"]
    assert sum("PRIVMSG NickServ" in line for line in told) == 2


def test_without_it_ns_is_a_message_to_services_that_are_linked() -> None:
    house = House(link=[block("so1", role="services"), block("so2")])
    ann = house.client("ann")
    ann >> "NS HELP"
    ann << ":irc.test 401 ann NickServ :No such nick/channel"
    so1, so2 = stranger(house, "so1.test", "1SO"), stranger(house, "so2.test", "2SO")
    so2 >> ":2SO EUID NickServ 1 1700000000 +i ns so2.test 0 2SOAAAAAA * * :False"
    ann >> "NS IDENTIFY secret"
    ann << ":irc.test 401 ann NickServ :No such nick/channel"
    so2 >> ":2SOAAAAAA QUIT :gone"
    so1 >> ":1SO EUID NickServ 1 1700000000 +i ns so1.test 0 1SOAAAAAA * * :Services"
    so1.lines()
    ann >> "NS IDENTIFY secret"
    ann.silent()
    so1 << f"@* :{ann.user.uid} PRIVMSG 1SOAAAAAA :IDENTIFY secret"
    house.check()
