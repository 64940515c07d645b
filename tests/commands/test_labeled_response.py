"""labeled-response: the answer to a command bears its label.

https://ircv3.net/specs/extensions/labeled-response
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conversation import Client, House
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import LABELS, Answers
from profiles import runs
from staff import HASH, PASSWORD, sections
from states import logged_in, opered

from chatnet.commands import CLIENT
from chatnet.rules.network_bans import NetworkBans
from chatnet.session.batches import closing, inside, opening
from chatnet.session.outlet import Outlet
from chatnet.session.peer import Peer
from chatnet.session.session import LONG_ANSWER, Session
from chatnet.settings import PRIVILEGES
from chatnet.wire import numerics


@pytest.fixture
def house() -> Iterator[House]:
    house = House(**sections())
    yield house
    house.check()


@pytest.fixture
def ann(house: House) -> Client:
    return house.client("ann", caps=LABELS)


# Capabilities


@pytest.mark.parametrize("caps", ["labeled-response", "batch", "message-tags", ""])
def test_without_batch_there_are_no_labels(house: House, caps: str) -> None:
    """“This specification depends on the batch capability which MUST be negotiated […]”"""
    bob = house.client("bob", caps=caps)
    bob >> "@label=a PING x" >> "@label=b PONG x"
    bob << ":irc.test PONG irc.test :x"
    bob.silent()


def test_the_order_of_the_capabilities_does_not_matter(house: House) -> None:
    """“The order of capability negotiation is not significant and MUST not be enforced.”"""
    bob, eve = house.client("bob"), house.client("eve")
    bob >> "CAP REQ labeled-response" >> "CAP REQ batch"
    eve >> "CAP REQ batch" >> "CAP REQ labeled-response"
    for client in (bob, eve):
        client.lines()
        client >> "@label=x PING y"
        client << "@label=x :irc.test PONG irc.test :y"


def test_asking_for_labels_has_none_and_giving_them_back_has_one(house: House) -> None:
    bob = house.client("bob")
    bob >> f"@label=x CAP REQ :{LABELS}" >> "@label=y CAP REQ :-batch" >> "@label=z PING z"
    bob << f":irc.test CAP bob ACK :{LABELS}"
    bob << "@label=y :irc.test CAP bob ACK :-batch"
    bob << ":irc.test PONG irc.test :z"
    bob.silent()


def test_a_capability_is_in_force_when_the_answer_ends(house: House) -> None:
    bob = house.client("bob", caps=LABELS)
    bob >> f"@label=x CAP REQ :{' '.join(['server-time'] * 41)}"  # as many as are answered by two lines
    bob >> f"@label=y CAP REQ :{' '.join(['-server-time'] * 38)}"
    bob << "@label=x;time=* :irc.test BATCH +1 labeled-response"
    bob << "@batch=1 :irc.test CAP bob ACK *" << "@batch=1 :irc.test CAP bob ACK *"
    bob << "@time=* :irc.test BATCH -1"
    bob << "@label=y :irc.test BATCH +2 labeled-response"
    bob << "@batch=2;time=* :irc.test CAP bob ACK *" << "@batch=2;time=* :irc.test CAP bob ACK *"
    bob << ":irc.test BATCH -2"
    bob.silent()


# One line, several, none


def test_one_line(ann: Client) -> None:
    """“the server MUST include the same tag and value in any response produced from this message”"""
    ann >> "@label=abc PING x"
    ann << "@label=abc :irc.test PONG irc.test :x"
    ann.silent()


def test_several_lines_are_a_batch(ann: Client) -> None:
    """“If a response consists of more than one message, a batch MUST be used to group them into a single
    logical response. The start of the batch MUST be tagged with the label tag. The batch type MUST be one of:
    An existing type applicable to the entire response / labeled-response”
    """
    ann >> "@label=mGhe5V7RTV WHOIS nobody" >> "PING x"
    ann << "@label=mGhe5V7RTV :irc.test BATCH +1 labeled-response"
    ann << "@batch=1 :irc.test 401 ann nobody :No such nick/channel"
    ann << "@batch=1 :irc.test 318 ann nobody :End of /WHOIS list"
    ann << ":irc.test BATCH -1"
    ann << ":irc.test PONG irc.test :x"
    ann.house.parts.sessions.motd = ()
    ann >> "@label=2 MOTD" >> "@label=3 LUSERS"
    ann << "@label=2 :irc.test 422 ann *"
    ann << "@label=3 :irc.test BATCH +2 labeled-response"  # another reference


def test_no_line_is_ack(ann: Client) -> None:
    """“Servers MUST respond with a labeled ACK message when a client sends a labeled command that normally
    produces no response. It takes no additional parameters”
    """
    ann >> "@label=abc PONG :foobar"
    ann << "@label=abc :irc.test ACK"
    ann.silent()


def test_a_command_without_a_label_has_neither(ann: Client) -> None:
    ann >> "PONG x" >> "@time=5;+a=b PING y"
    ann << ":irc.test PONG irc.test :y"
    ann.silent()


def test_other_tags_stay(house: House) -> None:
    bob = house.client("bob", caps=f"{LABELS} server-time")
    bob >> "@label=1 PING x" >> "@label=2 LUSERS" >> "@label=3 PONG x"
    time = "time=2023-11-14T22:13:20.000Z"
    bob << f"@label=1;{time} :irc.test PONG irc.test :x"
    bob << f"@label=2;{time} :irc.test BATCH +1 labeled-response"
    lines = bob.lines()
    assert all(line.startswith(f"@batch=1;{time} :irc.test 2") for line in lines[:-2]), lines
    assert lines[-2:] == [f"@{time} :irc.test BATCH -1", f"@label=3;{time} :irc.test ACK"]


def test_what_others_hear_has_no_label(house: House, ann: Client) -> None:
    bob = house.client("bob", caps=LABELS)
    bob >> "JOIN #c"
    bob.lines()
    ann >> "@label=1 JOIN #c" >> "@label=2 PRIVMSG #c :hi" >> "@label=3 NICK anna" >> "@label=4 QUIT"
    assert bob.lines() == [
        ":ann!~ann@192.0.2.1 JOIN #c",
        ":ann!~ann@192.0.2.1 PRIVMSG #c :hi",
        ":ann!~ann@192.0.2.1 NICK anna",
        ":anna!~ann@192.0.2.1 QUIT :Client Quit",
    ]
    answers = Answers(ann.lines())
    assert [m.command for m in answers.by_label["1"]] == ["JOIN", "353", "366"]
    assert {
        label: [m.command for m in found] for label, found in answers.by_label.items() if label != "1"
    } == {
        "2": ["ACK"],
        "3": ["NICK"],
        "4": ["ERROR"],
    }
    assert not answers.others


# The value


@pytest.mark.parametrize("label", ["x" * 64, "\u00e9" * 32, "\\:" * 32, "a\\:b\\s\\\\", "-_.,=:@ "[:7]])
def test_a_label_is_opaque(ann: Client, label: str) -> None:
    """“The tag value is chosen by the client and MUST be treated as an opaque identifier.”"""
    ann >> f"@label={label} PING x"
    ann << f"@label={label} :irc.test PONG irc.test :x"


@pytest.mark.parametrize("label", ["", "=", "=" + "x" * 65, "=" + "\u00e9" * 33, "=" + "\\:" * 33])
def test_what_is_no_label(ann: Client, label: str) -> None:
    """“the label message tag, which has a required value”; “The value MUST NOT exceed 64 bytes.”

    The command is answered all the same.
    """
    ann >> f"@label{label} PING x" >> f"@label{label} PONG x"
    ann << ":irc.test PONG irc.test :x"
    ann.silent()


def test_all_tags_of_the_server_have_room() -> None:
    """“Servers MUST NOT add tag data exceeding 510 bytes to messages.”

    https://ircv3.net/specs/extensions/message-tags#size-limit
    """
    house = House(limits={"channel": 200})
    caps = f"{LABELS} message-tags server-time account-tag draft/oper-tag echo-message"
    ann, channel, client_tag = house.client("ann", caps=caps), "#" + "c" * 199, "+x=" + "y" * 4000
    label = "\\:" * 32
    ann >> f"JOIN {channel}" >> "MODE ann +B"
    opered(ann)
    logged_in(ann, "a" * 64)
    ann.lines()
    ann >> f"@label={label};{client_tag} TAGMSG {channel}"
    (line,) = ann.lines()
    tags = line.partition(" ")[0]
    assert all(f";{name}" in tags for name in ("time=", "account=", "bot;", "draft/oper", "msgid="))
    assert tags.endswith(";" + client_tag)
    assert len(tags[1:].removesuffix(client_tag)) <= 510


def test_bytes_that_are_not_utf8_come_back_as_they_are() -> None:
    ann = House(server={"utf8_only": False}).client("ann", caps=LABELS)
    ann.send(b"@label=\xff PING x\r\n")
    ann << "@label=\udcff :irc.test PONG irc.test :x"


# Errors


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("PRIVMSG nobody :Hello", "401 ann nobody :No such nick/channel"),
        ("JOIN", "461 ann JOIN :*"),
        ("nonsense", "421 ann NONSENSE :*"),
        ("KILL bob :x", "481 ann :*"),
        ("PRIVMSG", "411 ann :*"),
        ("TOPIC #c", "403 ann #c :*"),
        ("PING :" + "x" * 600, "417 ann :*"),
    ],
)
def test_errors(ann: Client, line: str, answer: str) -> None:
    """https://ircv3.net/specs/extensions/labeled-response#examples: “Failed PRIVMSG with ERR_NOSUCHNICK”"""
    ann >> f"@label=dc11f13f11 {line}"
    ann << f"@label=dc11f13f11 :irc.test {answer}"
    ann.silent()


def test_a_line_of_which_nothing_is_known_has_no_label(ann: Client) -> None:
    ann >> f"@label=a;x={'y' * 5000} PING x"  # its tags are too long
    ann << ":irc.test 417 ann :*"
    ann >> f"@label=a PING {'x' * 9000}"  # too long for the buffer
    ann << ":irc.test 417 ann :*"
    ann.send(b"@label=\xff PING " + b"x" * 600 + b"\r\n")
    ann << ":irc.test 417 ann :*"
    ann.silent()


def test_a_line_that_is_not_utf8() -> None:
    """“This message SHOULD also be given a label, if one was provided by the client with the original command
    that spawned this reply.”  https://ircv3.net/specs/extensions/standard-replies
    """
    house = House(server={"utf8_only": True})
    ann = house.client("ann", caps=LABELS)
    ann.send(b"@label=1 PRIVMSG ann :\xff\r\n@label=\xff PRIVMSG ann :x\r\n")
    ann << "@label=1 :irc.test FAIL PRIVMSG INVALID_UTF8 :*"
    ann << ":irc.test FAIL PRIVMSG INVALID_UTF8 :*"  # the label itself cannot be sent back
    ann.silent()


def test_a_command_that_fails(house: House, ann: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(request: Any) -> None:
        request.reply(numerics.RPL_ENDOFWHO, "x")
        raise RuntimeError("of this test")

    monkeypatch.setattr(CLIENT.rows["TIME"], "handler", fail)
    ann >> "@label=1 TIME"
    answers = Answers(ann.lines())
    assert [m.command for m in answers.by_label["1"]] == ["315", "400"]
    assert house.log.failures.pop()


def test_before_registration(house: House) -> None:
    bob = house.connect()
    bob >> f"CAP REQ :{LABELS}" >> "@label=1 JOIN #c" >> "@label=2 NICK bob" >> "@label=3 USER bob 0 * :Bob"
    bob << "*ACK*"
    bob << "@label=1 :irc.test 451 * :*"
    bob << "@label=2 :irc.test ACK"
    bob << "@label=3 :irc.test ACK"
    bob >> "@label=4 CAP END"  # the answer is the welcome
    answers = Answers(bob.lines())
    assert [m.command for m in answers.by_label["4"]][:2] == ["001", "002"] and not answers.others


def test_a_browser(house: House) -> None:
    bob = house.connect()
    bob >> f"CAP REQ :{LABELS}" >> "@label=1 GET / HTTP/1.1"
    bob << "*ACK*"
    bob << "@label=1 ERROR :*"
    assert bob.outlet.ended == "closed"


def test_a_response_that_is_a_batch_of_its_own(
    house: House, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """“The batch type MUST be one of: An existing type applicable to the entire response”"""
    inner = b"".join(
        [
            opening(b"irc.test", b"in", b"chathistory", b"#c", at=0.0, key=0),
            inside(b":bob PRIVMSG #c :1\r\n:bob PRIVMSG #c :2\r\n", b"in"),
            closing(b"irc.test", b"in", 0.0, 0),
        ]
    )

    def answer(request: Any) -> None:
        request.session.outlet.send(inner)
        if request.params:
            request.reply(numerics.RPL_ENDOFWHO, "x")

    monkeypatch.setattr(CLIENT.rows["TIME"], "handler", answer)
    ann >> "@label=1 TIME"
    assert ann.lines() == [
        "@label=1 :irc.test BATCH +in chathistory #c",
        "@batch=in :bob PRIVMSG #c :1",
        "@batch=in :bob PRIVMSG #c :2",
        ":irc.test BATCH -in",
    ]
    ann >> "@label=2 TIME x"
    assert ann.lines() == [
        "@label=2 :irc.test BATCH +1 labeled-response",
        "@batch=1 :irc.test BATCH +in chathistory #c",
        "@batch=in :bob PRIVMSG #c :1",
        "@batch=in :bob PRIVMSG #c :2",
        "@batch=1 :irc.test BATCH -in",
        "@batch=1 :irc.test 315 ann x :End of WHO list",
        ":irc.test BATCH -1",
    ]


# Echo


def test_echo(house: House) -> None:
    """https://ircv3.net/specs/extensions/labeled-response#examples: the echo bears the label."""
    bob = house.client("bob", caps=f"{LABELS} echo-message")
    bob >> "@label=1 JOIN #c"
    bob.lines()
    for target in ("#c", "@#c"):
        bob >> f"@label=pQraCjj82e PRIVMSG {target} :Hello!"
        bob << f"@label=pQraCjj82e :bob!~bob@192.0.2.1 PRIVMSG {target} :Hello!"
        bob.silent()


def test_a_message_to_oneself(house: House) -> None:
    """“When a client sends a message to itself, the server MUST NOT include the label tag, except for any
    acknowledgment sent with the echo-message mechanism.”
    """
    bob = house.client("bob", caps=f"{LABELS} echo-message")
    bob >> "@label=1 PRIVMSG bob :hi"
    bob << ":bob!~bob@192.0.2.1 PRIVMSG bob :hi"
    bob << "@label=1 :bob!~bob@192.0.2.1 PRIVMSG bob :hi"
    bob.silent()


def test_a_message_to_oneself_that_is_not_echoed(ann: Client) -> None:
    ann >> "@label=1 PRIVMSG ann :hi"
    ann << ":ann!~ann@192.0.2.1 PRIVMSG ann :hi"
    ann << "@label=1 :irc.test ACK"
    ann.silent()


def test_messages_to_oneself_and_others(house: House) -> None:
    eve = house.client("eve")
    bob = house.client("bob", caps=f"{LABELS} echo-message")
    bob >> "JOIN #c"
    bob.lines()
    bob >> "PING before" >> "@label=1 PRIVMSG eve,bob,#c,nobody :hi"
    answers = Answers(bob.lines())
    assert [(m.command, m.params[0]) for m in answers.others] == [("PONG", "irc.test"), ("PRIVMSG", "bob")]
    assert [m.params[:2] for m in answers.by_label["1"]] == [
        ["eve", "hi"],
        ["bob", "hi"],
        ["#c", "hi"],
        ["bob", "nobody"],
    ]
    eve << ":bob!~bob@192.0.2.1 PRIVMSG eve :hi"
    eve.silent()


@pytest.mark.parametrize("echo", [True, False])
def test_a_message_to_everybody(echo: bool) -> None:
    house = all_powers()
    root = oper(house, "root", "echo-message" if echo else "")
    root >> "@label=1 NOTICE $$*.test :hi"
    copy = ":root!~root@192.0.2.1 NOTICE $$*.test :hi"
    assert root.lines() == ([f"@label=1 {copy}"] if echo else [copy, "@label=1 :irc.test ACK"])
    house.check()


# Commands that wait


def test_what_others_say_while_a_command_waits_is_no_answer(house: House, ann: Client) -> None:
    bob = house.client("bob")
    house.hold = True
    ann >> f"@label=1 OPER root {PASSWORD}" >> "@label=2 PING x"
    ann.silent()
    bob >> "PRIVMSG ann :hi"
    ann << ":bob!~bob@192.0.2.1 PRIVMSG ann :hi"
    house.release()
    lines = ann.lines()
    answers = Answers(lines)
    assert [m.command for m in answers.by_label["1"]][:2] == ["MODE", "381"]
    assert lines[-1] == "@label=2 :irc.test PONG irc.test :x" and not answers.others


def test_a_command_that_speaks_before_it_waits(house: House) -> None:
    root = oper(house, "root")
    bob = house.client("bob")
    root.lines()
    house.hold = True
    root >> "PING before" >> "@label=1 REHASH"
    root << ":irc.test PONG irc.test :before"
    root << "@label=1 :irc.test BATCH +* labeled-response"
    root << "@batch=* :irc.test 382 root *"
    bob >> "PRIVMSG root :hi"
    house.settle()
    house.release()
    answers = Answers(["@label=1 :irc.test BATCH +1 labeled-response", *renumber(root.lines())])
    assert [m.command for m in answers.others] == ["PRIVMSG"]
    assert [m.params[-1] for m in answers.by_label["1"] if m.params[0] == "root"] == ["REHASH: done"]


def test_a_refusal_after_waiting(house: House, ann: Client) -> None:
    house.hold = True
    ann >> "@label=1 OPER root wrong"
    house.release()
    ann << "@label=1 :irc.test 464 ann :*"
    ann.silent()


def test_who_is_closed_while_a_command_waits(house: House) -> None:
    """“For every started batch, server MUST end that batch.”  https://ircv3.net/specs/extensions/batch"""
    root, boss = oper(house, "root"), oper(house, "boss")
    root.lines()
    house.hold = True
    root >> "@label=1 REHASH"
    boss >> "KILL root :enough"
    house.release()
    lines = root.lines()
    answers = Answers(lines)
    assert lines[-1].startswith("ERROR ")
    assert answers.by_label["1"][0].command == "382"
    assert [m.command for m in answers.others][-2:] == ["KILL", "ERROR"]
    assert root.session.labelled is None


def test_what_was_said_before_the_close_is_no_answer_either(house: House) -> None:
    root, boss = oper(house, "root"), oper(house, "boss")
    house.hold = True
    for client, line in ((root, "@label=1 REHASH"), (boss, "PRIVMSG root :hi"), (boss, "KILL root :enough")):
        client.session.receive(line.encode() + b"\r\n")  # all in one turn
    answers = Answers(root.lines())
    assert answers.by_label["1"][0].command == "382"
    assert [m.command for m in answers.others if m.command != "NOTICE"] == ["PRIVMSG", "KILL", "ERROR"]
    house.release()


def test_an_error_of_what_is_awaited(house: House, ann: Client) -> None:
    house.hold = True
    ann >> f"@label=1 OPER root {PASSWORD}"
    (waiting,) = house.waiting
    with pytest.raises(StopIteration):
        waiting.throw(RuntimeError("of this test"))
    house.waiting.clear()
    ann << "@label=1 :irc.test 400 ann OPER :*"
    ann >> "@label=2 PING x"
    ann << "@label=2 :irc.test PONG irc.test :x"
    assert house.log.failures.pop()


def test_who_is_closed_by_the_command_that_waited(house: House, ann: Client) -> None:
    ann >> "OPER root wrong" >> "OPER root wrong"
    ann.lines()
    house.hold = True
    ann >> "@label=1 OPER root wrong"
    house.release()
    assert [m.command for m in Answers(ann.lines()).by_label["1"]] == ["464", "ERROR"]


def test_who_leaves_while_a_command_waits(house: House) -> None:
    root = oper(house, "root")
    house.hold = True
    root >> "@label=1 REHASH"
    root.lines()
    root.session.connection_lost("Connection reset")
    house.release()
    root.silent()


def test_the_welcome_after_a_password() -> None:
    house = House(server={"password": HASH})
    bob = house.connect()
    bob >> f"CAP REQ :{LABELS}" >> f"PASS {PASSWORD}" >> "NICK bob" >> "USER bob 0 * :Bob"
    house.hold = True
    bob >> "@label=1 CAP END" >> "@label=2 PING x"
    bob << "*ACK*"
    bob.silent()
    house.release()
    answers = Answers(bob.lines())
    assert answers.by_label["1"][0].command == "001" and not answers.others
    assert [m.command for m in answers.by_label["2"]] == ["PONG"]
    house.check()


def test_a_wrong_password() -> None:
    house = House(server={"password": HASH})
    bob = house.connect()
    bob >> f"CAP REQ :{LABELS}" >> "PASS x" >> "NICK bob" >> "USER bob 0 * :Bob" >> "@label=1 CAP END"
    bob << "*ACK*"
    assert [m.command for m in Answers(bob.lines()).by_label["1"]] == ["464", "ERROR"]
    house.check()


# Held lines, long answers


def test_held_lines_keep_their_labels() -> None:
    house = House(flood={"enabled": True})
    ann = house.client("ann", caps=LABELS)
    house.clock.advance(60)
    for number in range(90):
        ann >> f"@label={number} PING {number}"
    assert ann.session.backlog
    house.clock.advance(600)
    assert ann.lines() == [f"@label={number} :irc.test PONG irc.test :{number}" for number in range(90)]
    house.check()


def test_a_long_answer_is_handed_over_in_a_batch_that_is_open_already(house: House, ann: Client) -> None:
    ann >> "JOIN #a" >> "MODE #a +bb x y"
    ann.lines()
    lines = [
        *(f"PING {number}" for number in range(LONG_ANSWER)),
        "@label=1 MODE #a beI",
        "@label=2 PING x",
    ]
    ann.session.receive("".join(line + "\r\n" for line in lines).encode())
    early = ann.outlet.lines[LONG_ANSWER:]
    assert early[0].startswith("@label=1 ") and early[-1].endswith(" 368 ann #a :End of channel ban list")
    assert all(line.startswith("@batch=1 ") for line in early[1:])
    answers = Answers(ann.lines())
    assert [m.command for m in answers.by_label["1"]] == ["367", "367", "368", "349", "347"]
    assert [m.command for m in answers.by_label["2"]] == ["PONG"]
    assert [m.command for m in answers.others] == ["PONG"] * LONG_ANSWER


class Narrow(Outlet):
    """Takes as many bytes as its SendQ and no more, as a socket whose peer does not read."""

    session: Session
    taken = 0
    aborted = False

    def flush(self) -> None:
        self.taken += sum(map(len, self.out))
        self.out.clear()
        if self.taken > self.sendq and not self.aborted:
            self.session.sendq_exceeded()

    def abort(self) -> None:
        self.aborted = True


@pytest.mark.parametrize("question", ["NAMES #c", "WHO #c", "MODE #c b", "LIST", "MOTD"])
def test_sendq_counts_between_labelled_answers(question: str) -> None:
    house = House(connection_class=({"name": "default", "sendq": 20_000},))
    house.parts.sessions.motd = ("How do you do?",) * 20
    narrow = Narrow(house.turn)
    narrow.session = house.parts.sessions.open(narrow, Peer("192.0.2.1"))
    narrow.session.receive(b"NICK ann\r\nUSER ann 0 * :Ann\r\nJOIN #c\r\nMODE #c +bb x y\r\n")
    narrow.session.receive(f"CAP REQ :{LABELS}\r\n".encode())
    house.settle()
    narrow.session.receive(f"@label=x {question}\r\n".encode() * 5000)
    assert narrow.aborted and narrow.taken < 100_000 and not narrow.out
    house.check()


# The end


def test_quit(ann: Client) -> None:
    ann >> "@label=1 QUIT :bye"
    ann << "@label=1 ERROR :Closing Link: 192.0.2.1 (Quit: bye)"
    ann.silent()
    assert ann.outlet.ended == "closed"


def test_killing_oneself() -> None:
    house = all_powers()
    root = oper(house, "root")
    root >> "@label=1 KILL root :enough"
    answers = Answers(root.lines())
    assert [m.command for m in answers.by_label["1"]][-2:] == ["KILL", "ERROR"] and not answers.others
    house.check()


# Every command


def all_powers() -> House:
    """A house whose opers may do everything."""
    found = sections()
    found["oper_class"] = [*found["oper_class"], {"name": "all", "privileges": sorted(PRIVILEGES)}]
    found["oper"][0]["class"] = "all"
    return House(**found)


def oper(house: House, nick: str, caps: str = "") -> Client:
    """A client with labels who is an oper."""
    client = house.client(nick, caps=f"{LABELS} {caps}".strip())
    client >> f"OPER root {PASSWORD}"
    client.until("* 381 *")
    client.lines()
    return client


def renumber(lines: list[str]) -> list[str]:
    """The lines of one open batch as if its reference were 1."""
    reference = lines[-1].rpartition("-")[2]
    return [
        line.replace(f"batch={reference} ", "batch=1 ").replace(f"BATCH -{reference}", "BATCH -1")
        for line in lines
    ]


SHAPES = [
    "",
    "x",
    "ann",
    "bob",
    "irc.test",
    "#c",
    "#new",
    "*",
    ":",
    "ann :hi",
    "bob :hi",
    "#c :hi",
    "#c bob",
    "#c +o bob",
    "#c b",
    "bob #c",
    "#c,#d,ann,bob,nobody :x",
    "#c bob :x",
    "$$*.test :x",
    "irc.test :x",
    "+nobody",
    "o irc.test",
    "LS 302",
    "REQ :away-notify",
    "END",
    "+ bob",
    "S",
    "+1 draft/multiline #c",
    "a 0 * :b",
]


@pytest.mark.parametrize("verb", sorted(CLIENT.rows))
@pytest.mark.parametrize("caps", ["", "echo-message server-time message-tags"])
def test_every_command_has_one_answer(verb: str, caps: str) -> None:
    """“Servers MUST include the tag in exactly one logical message.”"""
    house = all_powers()
    bob = house.client("bob", caps=LABELS)
    bob >> "JOIN #c" >> "JOIN #d"
    ann: Client | None = None
    for role in ("stranger", "user", "oper"):
        for number, shape in enumerate(SHAPES):
            if ann is None or ann.session.closed or (role == "stranger" and ann.session.registered):
                if role == "stranger":
                    ann = house.connect()
                    ann >> f"CAP REQ :{LABELS} {caps}"
                else:
                    nick = "ann" if house.node.network.user("ann") is None else f"ann{number}"
                    ann = house.client(nick, caps=f"{LABELS} {caps}")
                    ann >> "JOIN #c"
                    if role == "oper":
                        ann >> f"OPER root {PASSWORD}"
            house.parts.sessions.network_bans = NetworkBans(house.node.network.fold, house.clock.time)
            if bob.session.closed:  # by a KILL, or a ban
                bob = house.client("bob", caps=LABELS)
                bob >> "JOIN #c"
            ann.lines()
            bob.lines()
            nick = ann.user.nick
            ann >> f"@label=it {verb} {shape}"
            answers = Answers(ann.lines())
            assert list(answers.by_label) == ["it"], (role, verb, shape, answers.others)
            assert answers.by_label["it"], (role, verb, shape)
            # What one sends to oneself, or to everybody, comes besides the answer.
            for other in answers.others:
                assert other.source.startswith(nick + "!") and other.params[0] in (nick, "$$*.test"), (
                    role,
                    other,
                )
            assert not Answers(bob.lines()).by_label
            assert ann.session.labelled is None
            ann >> "CAP REQ :batch labeled-response"
            house.clock.advance(61)  # past every limit of a rate
        if ann is not None and not ann.session.closed:
            ann >> "QUIT"
        ann = None
    house.check()


# Any interleaving

NICKS = ["ann", "bob", "eve"]
ASKS = ["PING", "PRIVMSG", "OPER", "REHASH", "WHOIS", "PONG", "nonsense"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(NICKS), st.sampled_from(ASKS)),
        st.tuples(st.just("release"), st.integers(0, 5)),
    ),
    max_size=25,
)


@settings(max_examples=runs(60, 5000), deadline=None)
@given(steps=STEPS, echo=st.booleans())
def test_each_answer_under_its_own_label(steps: list[tuple[str, Any]], echo: bool) -> None:
    """Whatever several clients ask, and in whatever order what waits goes on."""
    house = all_powers()
    clients = {nick: oper(house, nick, "echo-message" if echo else "") for nick in NICKS}
    for client in clients.values():
        client >> "MODE " + client.user.nick + " -s" >> "JOIN #c"
    for client in clients.values():
        client.lines()
    house.hold = True
    asked: dict[str, dict[str, str]] = {nick: {} for nick in NICKS}
    for number, (who, what) in enumerate(steps):
        if who != "release":
            words = {
                "PING": f"PING {number}",
                "PRIVMSG": f"PRIVMSG #c :{number}",
                "OPER": f"OPER root {number}",
                "REHASH": "REHASH",
                "WHOIS": f"WHOIS {number}x",
                "PONG": f"PONG {number}",
                "nonsense": f"X{number}",
            }
            asked[who][f"{who}{number}"] = what
            clients[who] >> f"@label={who}{number} {words[what]}"
        elif house.waiting:
            house.run(house.waiting.pop(what % len(house.waiting)))
            house.settle()
    while house.waiting:
        house.run(house.waiting.pop())
    for nick, client in clients.items():
        answers = Answers(client.lines())
        assert answers.by_label.keys() == asked[nick].keys()
        for label, what in asked[nick].items():
            found = [" ".join([m.command, *m.params[-1:]]) for m in answers.by_label[label]]
            assert found == expected(what, label[3:], echo), (label, found)
        said = {
            f"{who} {label[3:]}"
            for who, labels in asked.items()
            for label, what in labels.items()
            if who != nick and what == "PRIVMSG"
        }
        heard = [f"{m.source[:3]} {m.params[-1]}" for m in answers.others]
        assert len(heard) == len(said) and set(heard) == said
    house.check()


def expected(what: str, number: str, echo: bool) -> list[str]:
    """Command and last parameter of each message of the answer."""
    return {
        "PING": [f"PONG {number}"],
        "PRIVMSG": [f"PRIVMSG {number}"] if echo else ["ACK"],
        "OPER": ["381 You are now an IRC operator"],
        "REHASH": ["382 Rehashing", "NOTICE REHASH: done"],
        "WHOIS": ["401 No such nick/channel", "318 End of /WHOIS list"],
        "PONG": ["ACK"],
        "nonsense": ["421 Unknown command"],
    }[what]
