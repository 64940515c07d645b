"""Messages of several lines, to the letter of https://ircv3.net/specs/extensions/multiline.

And of https://ircv3.net/specs/extensions/client-batch, which it stands on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from conversation import START, Client, House
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import Answers
from profiles import runs
from states import channel, logged_in, moded, opered, second_session, set_modes

from chatnet.model.facts import AwayChanged, Fact, Hearer, MessageSent
from chatnet.wire import capabilities as cap
from chatnet.wire.message import Message, parse
from chatnet.wire.multiline import Part

ANN = ":ann!~ann@192.0.2.1"
MULTI = "batch draft/multiline"
FULL = f"{MULTI} message-tags server-time echo-message labeled-response"
FAIL = ":irc.test FAIL BATCH "
UNKNOWN = ":irc.test 421 ann BATCH :Unknown command"


def table(house: House, *caps: str) -> list[Client]:
    """ann, bob, cyd …, each with capabilities, in one channel."""
    clients = [
        house.client(nick, caps=c) for nick, c in zip(("ann", "bob", "cyd", "dan"), caps, strict=False)
    ]
    for client in clients:
        client >> "JOIN #c"
    for client in clients:
        client.lines()
    return clients


def say(client: Client, target: str, *texts: str, command: str = "PRIVMSG", tags: str = "") -> None:
    """One batch; a text that begins with ``&`` goes on with the one before it."""
    client >> f"{tags}BATCH +1 draft/multiline {target}"
    for text in texts:
        concat = ";draft/multiline-concat" if text[:1] == "&" else ""
        client >> f"@batch=1{concat} {command} {target} :{text.removeprefix('&')}"
    client >> "BATCH -1"


def heard(client: Client) -> list[str]:
    """The lines received, with `msgid` and `ref` in place of ids and references."""
    text = re.sub("msgid=[^; ]*", "msgid", "\n".join(client.lines()))
    text = re.sub("BATCH ([+-])[0-9a-z]+", r"BATCH \1ref", re.sub("batch=[0-9a-z]+", "batch=ref", text))
    return text.splitlines()


# Capability


def test_the_value(house: House) -> None:
    """“The capability MUST be advertised by servers with a REQUIRED value: a comma […] separated list of
    tokens. […] `max-bytes` […] *REQUIRED*, `max-lines` […] *RECOMMENDED*”.
    """
    ann = house.connect()
    ann >> "CAP LS 302"
    assert " draft/multiline=max-bytes=12288,max-lines=32" in "".join(ann.lines())


def test_other_limits_after_a_reload(house: House) -> None:
    """“Servers MAY […] send `CAP NEW` […] with updated values”, and the new limits hold."""
    ann, _ = table(house, MULTI, "")
    house.reload(limits={"multiline_bytes": 512, "multiline_lines": 2})
    ann << ":irc.test CAP ann NEW :draft/multiline=max-bytes=512,max-lines=2"
    say(ann, "#c", "1", "2", "3")
    ann << f"{FAIL}MULTILINE_MAX_LINES 2 :Multiline batch max-lines exceeded"
    house.reload(server={"withheld_capabilities": ("draft/multiline",)})
    ann << ":irc.test CAP ann DEL :draft/multiline"
    ann >> "BATCH +1 draft/multiline #c"
    ann << UNKNOWN


def test_a_batch_that_is_open_while_the_capability_is_withheld(house: House) -> None:
    ann, bob = table(house, f"{MULTI} echo-message", MULTI)
    ann >> "BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a"
    house.reload(server={"withheld_capabilities": ("draft/multiline",)})
    ann.lines()
    bob.lines()
    ann >> "@batch=1 PRIVMSG #c :b" >> "BATCH -1" >> "BATCH -1"
    said = [f"{ANN} PRIVMSG #c :a", f"{ANN} PRIVMSG #c :b"]
    assert heard(ann) == [*said, UNKNOWN]
    assert heard(bob) == said


@pytest.mark.parametrize("caps", ["", "batch", "batch message-tags"])
def test_who_did_not_ask_for_it_has_no_batches(house: House, caps: str) -> None:
    """“Clients SHOULD NOT send `BATCH` commands to servers, unless they negotiated a capability that allows
    them to do so.” And a tag `batch` says nothing then.
    """
    ann, bob = table(house, caps, "")
    ann >> "BATCH +1 draft/multiline #c"
    ann << UNKNOWN
    ann >> "@batch=1 PRIVMSG #c :x"
    bob << f"{ANN} PRIVMSG #c :x"


@pytest.mark.parametrize("first", ["batch", "draft/multiline"])
def test_batch_is_needed_and_the_order_is_not_significant(house: House, first: str) -> None:
    """“This specification depends on the `batch` capability which MUST be negotiated to use multiline
    messages. The order of capability negotiation is not significant and MUST not be enforced.”
    """
    ann, bob = table(house, "echo-message", MULTI)
    ann >> f"CAP REQ {first}"
    ann.lines()
    say(ann, "#c", "a", "b")
    assert ann.lines() == (
        [f"{FAIL}MULTILINE_INVALID :The capability batch is needed as well"]
        if first == "draft/multiline"
        else [UNKNOWN, f"{ANN} PRIVMSG #c :a", f"{ANN} PRIVMSG #c :b", UNKNOWN]
    )
    bob.lines()
    # Who has only one of the two hears of several lines as who has none.
    say(bob, "#c", "x", "y")
    assert [line.partition(" ")[2] for line in ann.lines()] == ["PRIVMSG #c :x", "PRIVMSG #c :y"]
    ann >> f"CAP REQ :{MULTI}"
    ann.lines()
    say(ann, "#c", "a", "b")
    assert heard(ann)[0] == f"{ANN} BATCH +ref draft/multiline #c"


# What is relayed


def test_the_example(house: House) -> None:
    """“Server sending the same batch” and “Server sending messages to clients without multiline support”."""
    ann, bob, cyd, dan = table(house, MULTI, FULL + " account-tag", "message-tags account-tag", "")
    logged_in(ann, "account")
    say(ann, "#c", "hello", "", "how is ", "&everyone?")
    ann.silent()
    assert heard(bob) == [
        f"@time=2023-11-14T22:13:20.000Z;account=account;msgid {ANN} BATCH +ref draft/multiline #c",
        f"@batch=ref {ANN} PRIVMSG #c :hello",
        f"@batch=ref {ANN} PRIVMSG #c :",
        f"@batch=ref {ANN} PRIVMSG #c :how is ",
        f"@batch=ref;draft/multiline-concat {ANN} PRIVMSG #c :everyone?",
        f"@time=2023-11-14T22:13:20.000Z {ANN} BATCH -ref",
    ]
    assert heard(cyd) == [
        f"@account=account;msgid {ANN} PRIVMSG #c :hello",
        f"@account=account {ANN} PRIVMSG #c :how is ",
        f"@account=account {ANN} PRIVMSG #c :everyone?",
    ]
    assert heard(dan) == [f"{ANN} PRIVMSG #c :{text}" for text in ("hello", "how is ", "everyone?")]


def test_notices(house: House) -> None:
    """“This example is also valid if every instance of PRIVMSG is replaced with NOTICE.”"""
    ann, bob, cyd = table(house, MULTI, MULTI, "")
    say(ann, "#c", "hello", "there", command="notice")
    assert heard(bob) == [
        f"{ANN} BATCH +ref draft/multiline #c",
        f"@batch=ref {ANN} NOTICE #c :hello",
        f"@batch=ref {ANN} NOTICE #c :there",
        f"{ANN} BATCH -ref",
    ]
    assert heard(cyd) == [f"{ANN} NOTICE #c :hello", f"{ANN} NOTICE #c :there"]


def test_nothing_is_delivered_before_the_end(house: House) -> None:
    """“implementations MUST collect the message content from each line in the batch and wait until the full
    batch has been received before processing the message.”
    """
    ann, bob, cyd = table(house, MULTI, MULTI, "")
    ann >> "BATCH +1 draft/multiline #c"
    ann >> "@batch=1 PRIVMSG #c :a" >> "@batch=1 PRIVMSG #c :b"
    for client in (ann, bob, cyd):
        client.silent()
    bob >> "PRIVMSG #c :meanwhile"
    ann.lines()
    cyd << "* PRIVMSG #c :meanwhile"
    ann >> "BATCH -1"
    assert len(bob.lines()) == 4 and len(cyd.lines()) == 2


def test_one_id_one_reference_and_one_time_for_all(house: House) -> None:
    """“Servers MUST only include a message ID on the first message of a batch when sending a fallback to
    non-supporting clients.”
    """
    ann, bob, cyd, dan = table(house, FULL, FULL, "message-tags server-time", FULL)
    say(ann, "#c", "", "hello", "there")
    batches = [client.lines() for client in (ann, bob, dan)]
    assert batches[0] == batches[1] == batches[2]
    opened, *inner, _ = [parse(line) for line in batches[0]]
    assert opened is not None and all(m is not None and m.tags.keys() == {"batch"} for m in inner)
    first, second = (parse(line) for line in cyd.lines())
    assert first is not None and second is not None
    assert (first.params[1], second.params[1]) == ("hello", "there")
    assert first.tags == opened.tags and opened.tags["msgid"]
    assert second.tags == {"time": opened.tags["time"]}


def test_all_is_one_fact(house: House) -> None:
    ann, _ = table(house, MULTI, "")
    told: list[MessageSent] = []

    class Listener:
        def __init__(self) -> None:
            self.hears: Mapping[type[Fact], Hearer] = {MessageSent: lambda fact, origin: told.append(fact)}

    house.node.observe([Listener()])
    say(ann, "#C", "how is ", "&everyone?", "", command="NOTICE")
    [fact] = told
    assert (fact.command, fact.text, fact.target) == ("NOTICE", "how is everyone?\n", channel(house))
    assert fact.parts == (Part("how is "), Part("everyone?", True), Part(""))
    assert fact.at == START


def test_client_only_tags(house: House) -> None:
    """“all client-only tags associated with the message must be sent attached to the initial BATCH command.”

    “Any tags that would have been added to the batch, e.g. message IDs, account tags etc MUST be included on
    the first message line to be sent. Tags MAY also be included on subsequent lines where it makes sense”.
    """
    ann, bob, cyd, dan = table(house, f"{MULTI} message-tags", f"{MULTI} message-tags", "message-tags", MULTI)
    say(ann, "#c", "", "a", "b", tags="@+draft/reply=x;unknown=1 ")
    assert heard(bob)[0] == f"@msgid;+draft/reply=x {ANN} BATCH +ref draft/multiline #c"
    assert heard(cyd) == [
        f"@msgid;+draft/reply=x {ANN} PRIVMSG #c :a",
        f"@+draft/reply=x {ANN} PRIVMSG #c :b",
    ]
    assert heard(dan)[0] == f"{ANN} BATCH +ref draft/multiline #c"


def test_denied_client_only_tags() -> None:
    house = House(limits={"client_tags_denied": ("typing",)})
    ann, bob = table(house, f"{MULTI} message-tags", f"{MULTI} message-tags")
    say(ann, "#c", "a", tags="@+typing=done;+x=1 ")
    assert heard(bob)[0] == f"@msgid;+x=1 {ANN} BATCH +ref draft/multiline #c"


def test_other_tags_on_the_lines_are_not_relayed(house: House) -> None:
    """“Clients MUST NOT send tags other than `draft/multiline-concat` and `batch` on messages within the
    batch.”  Those of clients that label whatever they send are just answered.
    """
    ann, bob, cyd = table(house, f"{MULTI} message-tags labeled-response", FULL, "message-tags")
    ann >> "@label=0 BATCH +1 draft/multiline #c"
    ann.silent()
    ann >> "@batch=1;+draft/reply=x;label=1 PRIVMSG #c :a"
    ann << "@label=1 :irc.test ACK"
    ann >> "@label=2 BATCH -1"
    ann << "@label=0 :irc.test ACK"
    ann << "@label=2 :irc.test ACK"
    ann.silent()
    assert heard(bob)[1] == f"@batch=ref {ANN} PRIVMSG #c :a"
    assert heard(cyd) == [f"@msgid {ANN} PRIVMSG #c :a"]


def test_blank_lines(house: House) -> None:
    """“Servers MUST NOT reject blank lines”, “Servers MUST NOT send blank lines to clients that have not
    negotiated the multiline capability.”
    """
    ann, bob, cyd = table(house, MULTI, MULTI, "")
    say(ann, "#c", "", "", "a", "", "b", "")
    assert [line.rpartition(" :")[2] for line in heard(bob)[1:-1]] == ["", "", "a", "", "b", ""]
    assert heard(cyd) == [f"{ANN} PRIVMSG #c :a", f"{ANN} PRIVMSG #c :b"]


def test_a_first_line_that_goes_on_with_nothing(house: House) -> None:
    ann, bob = table(house, MULTI, MULTI)
    say(ann, "#c", "&a", "&b")
    assert heard(bob)[1:-1] == [
        f"@batch=ref {ANN} PRIVMSG #c :a",
        f"@batch=ref;draft/multiline-concat {ANN} PRIVMSG #c :b",
    ]


def test_a_line_that_has_no_room_is_relayed_in_two(house: House) -> None:
    """“Servers SHOULD maintain the line composition sent by the client”; but nothing shall be lost."""
    ann, bob, cyd = table(house, MULTI, MULTI, "")
    text = "ä" * 240
    say(ann, "#c", text, "&.", "end")
    lines = bob.lines()[1:-1]
    assert len(lines) == 4 and ["concat" in line for line in lines] == [False, True, True, False]
    assert all(len(line.partition(" ")[2].encode()) <= 510 for line in lines)
    assert "".join(line.rpartition(" :")[2] for line in lines) == text + ".end"
    plain = cyd.lines()
    assert all(len(line.encode()) <= 510 for line in plain)
    assert "".join(line.rpartition(" :")[2] for line in plain) == text + ".end"


# Errors


def test_max_bytes() -> None:
    """“`MULTILINE_MAX_BYTES <limit>`: `max-bytes` limit exceeded”; “Each line feed used to join line messages
    contributes one byte towards the `max-bytes` limit. No line feed is appended to the final line message”.
    """
    house = House(limits={"multiline_bytes": 512})
    ann, bob = table(house, MULTI, MULTI)
    say(ann, "#c", "x" * 255, "ä" * 128)
    assert len(bob.lines()) == 4
    say(ann, "#c", "x" * 256, "&" + "ä" * 128)
    assert len(bob.lines()) == 4
    say(ann, "#c", "x" * 256, "ä" * 128, "later", "lines")
    ann << f"{FAIL}MULTILINE_MAX_BYTES 512 :Multiline batch max-bytes exceeded"
    say(ann, "#c", "x" * 257, "&" + "ä" * 128)
    ann << f"{FAIL}MULTILINE_MAX_BYTES 512 :Multiline batch max-bytes exceeded"
    ann.silent()
    bob.silent()


def test_max_lines(house: House) -> None:
    """“`MULTILINE_MAX_LINES <limit>`: `max-lines` limit exceeded”."""
    ann, bob = table(house, MULTI, MULTI)
    say(ann, "#c", *["x"] * 32)
    assert len(bob.lines()) == 34
    say(ann, "#c", *["x"] * 33)
    ann << f"{FAIL}MULTILINE_MAX_LINES 32 :Multiline batch max-lines exceeded"
    ann.silent()
    bob.silent()


def test_another_target_within(house: House) -> None:
    """“These lines MUST all have a target which matches the batch target.”

    “`MULTILINE_INVALID_TARGET <batch-target> <provided-target>`: mismatched PRIVMSG target within a batch”
    """
    ann, bob = table(house, MULTI, MULTI)
    ann >> "BATCH +456 draft/multiline #foo" >> "@batch=456 PRIVMSG #bar hello"
    ann << f"{FAIL}MULTILINE_INVALID_TARGET #foo #bar :Invalid multiline target"
    ann >> "BATCH -456"
    ann >> "BATCH +4 draft/multiline #C{" >> "@batch=4 PRIVMSG #c[ hello" >> "BATCH -4"
    ann << ":irc.test 403 ann #C{ :No such channel"
    for client in (ann, bob):
        client.silent()


@pytest.mark.parametrize("odd", [":", "::x", "#c,bob", ""])
def test_what_is_told_back_is_well_formed(house: House, odd: str) -> None:
    ann, _ = table(house, MULTI, MULTI)
    ann >> "BATCH +1 draft/multiline #c" >> f"@batch=1 PRIVMSG :{odd}" >> f"@batch=1 PRIVMSG {odd or 'x'} :a"
    [line] = ann.lines()
    assert line.startswith(f"{FAIL}MULTILINE_INVALID")
    ann >> "BATCH -1"
    ann.silent()


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        # “Clients MUST NOT send blank lines with the `draft/multiline-concat` tag.”
        (
            ["PRIVMSG #c :hello ", ";draft/multiline-concat PRIVMSG #c :", "PRIVMSG #c :there"],
            "Invalid multiline batch with concatenated blank line",
        ),
        # “Clients MUST NOT send messages consisting entirely of blank lines.”
        (["PRIVMSG #c :", "PRIVMSG #c :"], "Invalid multiline batch with blank lines only"),
        # “Multiline batches MUST only contain one or more PRIVMSG lines, or one or more NOTICE lines.”
        ([], "Invalid multiline batch with blank lines only"),
        (["PRIVMSG #c :starts", "NOTICE #c :but ends"], "Invalid multiline batch"),
        (["TAGMSG #c"], "Invalid multiline batch"),
        (["TOPIC #c :x"], "Invalid multiline batch"),
        (["PRIVMSG #c"], "Invalid multiline batch"),
        (["PRIVMSG"], "Invalid multiline batch"),
        (["PRIVMSG #c a b"], "Invalid multiline batch"),
        (["NOSUCH #c a"], "A line of the batch was refused"),
        (["PRIVMSG #c :" + "x" * 510], "A line of the batch was refused"),
        (["PRIVMSG #c :a\udcff"], "A line of the batch was refused"),
    ],
)
def test_invalid(house: House, lines: list[str], why: str) -> None:
    """“Servers MUST use `FAIL` messages”, “`MULTILINE_INVALID`: any other error”."""
    ann, bob = table(house, MULTI, MULTI)
    ann >> "BATCH +1 draft/multiline #c"
    for line in lines:
        ann >> (f"@batch=1{line}" if line[0] == ";" else f"@batch=1 {line}")
    ann >> "@batch=1 PRIVMSG #c :" >> "@batch=1 PRIVMSG #c :" >> "BATCH -1"
    ann.until(f"{FAIL}MULTILINE_INVALID :{why}")
    ann.silent()
    bob.silent()
    assert channel(house).topic is None
    say(ann, "#c", "the next is none the worse")
    assert len(bob.lines()) == 3
    house.check()


def test_a_message_of_another_batch(house: House) -> None:
    """An unexpected reference on a line, and one where no batch is open."""
    ann, bob = table(house, MULTI, MULTI)
    ann >> "BATCH +123 draft/multiline #c" >> "@batch=231 PRIVMSG #c :hi"
    ann << f"{FAIL}MULTILINE_INVALID :Invalid multiline batch"
    ann >> "@batch=123 PRIVMSG #c :hi" >> "BATCH -123"
    ann.silent()
    ann >> "@batch=123 PRIVMSG #c :hi"
    ann << f"{FAIL}MULTILINE_INVALID :There is no such batch"
    ann >> "BATCH -123"
    ann << f"{FAIL}MULTILINE_INVALID :There is no such batch"
    ann >> "BATCH +a draft/multiline #c" >> "@batch=A NOTICE #c :references are case-sensitive"
    ann << f"{FAIL}MULTILINE_INVALID :Invalid multiline batch"
    bob.silent()


@pytest.mark.parametrize(
    "opening",
    [
        "BATCH +1",
        "BATCH +1 draft/multiline",
        "BATCH +1 draft/multiline :",
        "BATCH +1 draft/multiline #c,#d",
        "BATCH +1 draft/multiline #c #d",
        "BATCH +1 draft/multiline :#c d",
        "BATCH +1 draft/multiline $$*.test",
        "BATCH +1 multiline #c",
        "BATCH +1 netsplit a.b c.d",
        "@batch=1 BATCH +1 draft/multiline #c",
    ],
)
def test_openings_that_are_no_good(house: House, opening: str) -> None:
    """Told once; what follows of such a batch is ignored up to its end."""
    ann, bob = table(house, MULTI, MULTI)
    opered(ann, "broadcast")
    ann >> opening >> "@batch=1 PRIVMSG #c :a" >> "@batch=1 PRIVMSG #c :b" >> "BATCH -1"
    [line] = ann.lines()
    assert line.startswith(f"{FAIL}MULTILINE_INVALID :")
    ann >> "PRIVMSG #c :c"
    assert heard(bob) == [f"{ANN} PRIVMSG #c :c"]


@pytest.mark.parametrize(
    "reference", ["", "+", "-", "1", "+ä", "+a.b", "+" + "x" * 65, "+" + "x" * 400, "*1"]
)
def test_references_that_are_none(house: House, reference: str) -> None:
    """“Reference tag MUST contain only ASCII letters, numbers, and/or hyphen”.

    https://ircv3.net/specs/extensions/batch
    """
    ann, bob = table(house, MULTI, MULTI)
    ann >> f"BATCH {reference or ':'} draft/multiline #c"
    [line] = ann.lines()
    assert line.startswith(f"{FAIL}MULTILINE_INVALID :") and len(line) < 80
    assert ann.session.multiline is None
    ann >> "PRIVMSG #c :c"
    assert heard(bob) == [f"{ANN} PRIVMSG #c :c"]


def test_too_few_parameters(house: House) -> None:
    ann, _ = table(house, MULTI, MULTI)
    ann >> "BATCH"
    ann << ":irc.test 461 ann BATCH :Not enough parameters"


def test_nested_batches(house: House) -> None:
    """“clients may not send `BATCH` commands with a `batch` tag”."""
    ann, bob = table(house, MULTI, MULTI)
    ann >> "BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a"
    ann >> "@batch=1 BATCH +2 draft/multiline #c"
    ann << f"{FAIL}MULTILINE_INVALID :Another batch is open"
    ann << f"{FAIL}MULTILINE_INVALID :Another batch is open"
    ann >> "@batch=2 PRIVMSG #c :b" >> "@batch=1 BATCH -2"
    ann << f"{FAIL}MULTILINE_INVALID :There is no such batch"
    ann >> "BATCH -2"
    ann.silent()
    ann >> "BATCH -1"
    ann << f"{FAIL}MULTILINE_INVALID :There is no such batch"
    bob.silent()


def test_an_end_within_the_batch(house: House) -> None:
    """“Messages before start and after end of a batch (including start and end messages of that batch) MUST
    NOT refer to that batch.”  https://ircv3.net/specs/extensions/batch
    """
    ann, bob = table(house, MULTI, MULTI)
    ann >> "BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a" >> "@batch=1 BATCH -1"
    ann << f"{FAIL}MULTILINE_INVALID :Invalid end of a multiline batch"
    ann >> "BATCH -1" >> "BATCH +2 draft/multiline #c" >> "@batch=2 PRIVMSG #c :a" >> "BATCH -1"
    ann << f"{FAIL}MULTILINE_INVALID :Invalid end of a multiline batch"
    ann.silent()
    bob.silent()


def test_other_commands_in_between(house: House) -> None:
    """“Once a client has opened a batch, it MUST NOT send any messages that are not part of the batch, until
    it is closed”.  They are done, and the batch fails.
    """
    ann, bob = table(house, MULTI, MULTI)
    for command in ("PRIVMSG #c :not of it", "NOTICE #c :not of it"):
        ann >> "BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a" >> command
        ann << f"{FAIL}MULTILINE_INVALID :{command.split()[0]} came in the midst of the batch"
        bob << f"{ANN} {command}"
        ann >> "@batch=1 PRIVMSG #c :b"
        ann >> "BATCH -1"
        ann.silent()
        bob.silent()
    ann >> "BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a" >> "ISON bob"
    ann << f"{FAIL}MULTILINE_INVALID :ISON came in the midst of the batch"
    ann << ":irc.test 303 ann :bob"
    ann >> "ISON bob" >> "BATCH -1"
    ann << ":irc.test 303 ann :bob"
    ann.silent()


def test_signs_of_life_in_between(house: House) -> None:
    """A client's timer, and its answer to the server's, know nothing of what it is sending."""
    ann, bob = table(house, MULTI, MULTI)
    ann >> "BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a" >> "PING x" >> "PONG irc.test"
    ann << ":irc.test PONG irc.test :x"
    ann >> "BATCH -1"
    assert len(bob.lines()) == 3
    ann.silent()


def test_a_timeout(house: House) -> None:
    """“`TIMEOUT <reference-tag>`: the batch was left open for too long, all past and future messages in this
    batch will be ignored.”  https://ircv3.net/specs/extensions/client-batch
    """
    ann, bob = table(house, FULL, MULTI)
    ann >> "@label=L BATCH +1 draft/multiline #c"
    for _ in range(3):
        house.clock.advance(29)
        house.parts.sessions.sweep()
        ann >> "@batch=1 PRIVMSG #c :a"
    ann.silent()
    house.clock.advance(30)
    house.parts.sessions.sweep()
    house.parts.sessions.sweep()
    ann << f"@label=L;time=* {FAIL}TIMEOUT 1 :The batch was left open for too long"
    ann >> "@batch=1 PRIVMSG #c :a" >> "BATCH -1"
    ann.silent()
    bob.silent()
    say(ann, "#c", "again")
    assert len(bob.lines()) == 3


# Targets, judged as those of a PRIVMSG


@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
def test_targets_that_refuse(house: House, command: str) -> None:
    ann, bob, cyd = table(house, f"{MULTI} labeled-response", MULTI, "")
    set_modes(house, "#c", "+b", "*!~cyd@*")
    cyd >> f"CAP REQ :{MULTI}"
    cyd.lines()
    moded(bob, "g")
    ann.lines()
    for target, numeric in [("#x", 403), ("nobody", 401), ("bob", 716)]:
        say(ann, target, "a", "b", command=command)
        assert [line.split()[1] for line in ann.lines()] == (
            [] if command == "NOTICE" else [str(numeric)] + (["717"] if target == "bob" else [])
        )
    say(cyd, "#c", "a", command=command)
    assert [line.split()[1] for line in cyd.lines()] == ([] if command == "NOTICE" else ["404"])
    bob.until(":irc.test 718 bob ann *")
    bob.silent()
    say(ann, "nobody", "a", tags="@label=L ", command=command)
    ann << (
        "@label=L :irc.test ACK"
        if command == "NOTICE"
        else "@label=L :irc.test 401 ann nobody :No such nick/channel"
    )


def test_the_absent_answer(house: House) -> None:
    ann, bob = table(house, FULL, MULTI)
    house.node.commit(AwayChanged(bob.user, "asleep", START))
    ann.lines()
    say(ann, "bob", "a", "b", tags="@label=L ")
    answer = Answers(ann.lines()).by_label["L"]
    assert [m.command for m in answer] == ["PRIVMSG", "PRIVMSG", "301"] or answer[-1].command == "301"
    say(ann, "bob", "a", "b", command="NOTICE")
    assert not any(" 301 " in line for line in ann.lines())


def test_modes_of_the_channel(house: House) -> None:
    """n, m, T as for one line; z shows operators what is refused, as a batch."""
    ann, bob, cyd = table(house, MULTI, MULTI, "")
    cyd >> f"CAP REQ :{MULTI}"
    cyd.lines()
    for modes, command in [("+m", "PRIVMSG"), ("-m+T", "NOTICE")]:
        set_modes(house, "#c", modes)
        for client in (ann, bob, cyd):
            client.lines()
        say(bob, "#c", "a", "b", command=command)
        assert bob.numerics() == ([] if command == "NOTICE" else ["404"])
    set_modes(house, "#c", "-T+mz")
    for client in (ann, bob, cyd):
        client.lines()
    say(bob, "#c", "a", "b")
    bob.silent()
    cyd.silent()
    assert [line.partition("!")[0] for line in heard(ann)] == [":bob"] + ["@batch=ref :bob"] * 2 + [":bob"]
    cyd >> "PART #c"
    set_modes(house, "#c", "-mz+n")
    cyd.lines()
    say(cyd, "#c", "a")
    assert cyd.numerics() == ["404"]


def test_mode_c_takes_formatting_away(house: House) -> None:
    ann, bob, cyd = table(house, MULTI, MULTI, "")
    set_modes(house, "#c", "+c")
    for client in (ann, bob, cyd):
        client.lines()
    say(ann, "#c", "\x02a\x02", "\x0304", "b", "&\x02", "&\x1fc")
    assert heard(bob)[1:-1] == [
        f"@batch=ref {ANN} PRIVMSG #c :a",
        f"@batch=ref {ANN} PRIVMSG #c :",
        f"@batch=ref {ANN} PRIVMSG #c :b",
        f"@batch=ref;draft/multiline-concat {ANN} PRIVMSG #c :c",
    ]
    assert heard(cyd) == [f"{ANN} PRIVMSG #c :{text}" for text in "abc"]
    say(ann, "#c", "\x02", "\x03", "&\x02")
    for client in (ann, bob, cyd):
        client.silent()


@pytest.mark.parametrize(
    "texts",
    [
        ["\x01VERSION\x01", "x"],
        ["x", "\x01VERSION\x01"],
        ["x", "&\x01VERSION\x01"],
        ["\x01", "&VERSION\x01"],
        ["\x01ACTION", "&S\x01"],
        ["x", "\x02\x01VERSION\x01"],
        ["x" * 478 + "\x01VERSION\x01"],  # where the line will be cut, for who reads lines
    ],
)
def test_ctcp_hides_nowhere(house: House, texts: list[str]) -> None:
    """What mode C keeps away, of a channel or of a user, is not to be had by a line among others."""
    ann, bob, cyd = table(house, MULTI, "", MULTI)
    set_modes(house, "#c", "+Cc")
    moded(bob, "C")
    for client in (ann, bob, cyd):
        client.lines()
    say(ann, "#c", *texts)
    say(ann, "bob", *texts)
    assert ann.numerics()[:1] == ["404"]
    bob_heard = bob.lines()
    assert not any(":\x01" in line and "\x01ACTION" not in line for line in bob_heard), bob_heard
    cyd.silent()
    say(ann, "#c", "\x01ACTION waves\x01", "and goes")
    assert len(cyd.lines()) == 4


def test_ranks_of_a_channel(house: House) -> None:
    """STATUSMSG: the prefix stands before the channel in the batch and in each line."""
    ann, bob, cyd, dan = table(house, FULL, MULTI, "", MULTI)
    set_modes(house, "#c", "+oo", "bob", "cyd")
    for client in (ann, bob, cyd, dan):
        client.lines()
    say(ann, "@#C", "a", "b")
    assert heard(bob) == [
        f"{ANN} BATCH +ref draft/multiline @#c",
        f"@batch=ref {ANN} PRIVMSG @#c :a",
        f"@batch=ref {ANN} PRIVMSG @#c :b",
        f"{ANN} BATCH -ref",
    ]
    assert heard(cyd) == [f"{ANN} PRIVMSG @#c :a", f"{ANN} PRIVMSG @#c :b"]
    assert len(ann.lines()) == 4  # the echo
    dan.silent()


def test_the_end_of_idle_time(house: House) -> None:
    ann, _ = table(house, MULTI, "")
    house.clock.advance(100)
    say(ann, "#c", "a")
    assert ann.session.spoke == house.clock.monotonic()


# Echo and labels


def test_the_echo_and_its_label(house: House) -> None:
    """“Servers MUST only include the label tag on the opening BATCH command when replying to a client using
    `echo-message`.”
    """
    ann, bob = table(house, FULL, FULL)
    for target in ("#c", "bob"):
        say(ann, target, "a", "b", tags="@label=L ")
        mine, theirs = ann.lines(), bob.lines()
        assert mine == ["@label=L;" + theirs[0][1:], *theirs[1:]]
        Answers(mine)


def test_an_ack_without_an_echo(house: House) -> None:
    ann, bob = table(house, f"{MULTI} labeled-response", MULTI)
    say(ann, "#c", "a", "b", tags="@label=L ")
    ann << "@label=L :irc.test ACK"
    ann.silent()
    assert len(bob.lines()) == 4


def test_the_label_of_the_end(house: House) -> None:
    """Where only the end has one, the echo answers that; where both do, the opening's."""
    ann, _ = table(house, FULL, FULL)
    ann >> "BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a" >> "@label=E BATCH -1"
    assert [m.command for m in Answers(ann.lines()).by_label["E"]] == ["PRIVMSG"]
    ann >> "@label=B BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a" >> "@label=E BATCH -1"
    answers = Answers(ann.lines()).by_label
    assert {label: [m.command for m in said] for label, said in answers.items()} == {
        "B": ["PRIVMSG"],
        "E": ["ACK"],
    }


def test_the_label_of_a_batch_that_fails(house: House) -> None:
    ann, _ = table(house, FULL, FULL)
    ann >> "@label=B BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a"
    ann >> "@label=T ISON bob"
    answers = Answers(ann.lines()).by_label
    assert {label: [m.command for m in said] for label, said in answers.items()} == {
        "B": ["FAIL"],
        "T": ["303"],
    }
    ann >> "@label=B BATCH +1 draft/multiline #c"
    ann >> "@label=T;batch=1 PRIVMSG #c :\udcff"
    answers = Answers(ann.lines()).by_label
    assert {label: [(m.command, m.params[0]) for m in said] for label, said in answers.items()} == {
        "B": [("FAIL", "BATCH")],
        "T": [("FAIL", "PRIVMSG")],
    }
    ann >> "@label=B BATCH +1 nonsense #c"
    ann << f"@label=B;time=* {FAIL}MULTILINE_INVALID :Unknown type of batch"
    ann >> "@label=E BATCH -1"
    ann << "@label=E;time=* :irc.test ACK"


def test_to_oneself(house: House) -> None:
    """“When a client sends a message to itself, the server MUST NOT include the label tag, except for any
    acknowledgment sent with the echo-message mechanism.”
    https://ircv3.net/specs/extensions/labeled-response
    """
    ann, _ = table(house, FULL, FULL)
    say(ann, "ann", "a", "b", tags="@label=L ")
    answers = Answers(ann.lines())
    assert [m.params[1] for m in answers.by_label["L"]] == [m.params[1] for m in answers.others] == ["a", "b"]


def test_ones_other_sessions(house: House) -> None:
    ann, bob = table(house, FULL, MULTI)
    multi, plain = second_session(ann), second_session(ann)
    local = house.parts.delivery
    local.recap(multi.session, cap.ECHO_MESSAGE | cap.BATCH | cap.MULTILINE)
    local.recap(plain.session, cap.ECHO_MESSAGE)
    for target in ("#c", "bob"):
        say(ann, target, "a", "", "b", tags="@label=L ")
        assert len(ann.lines()) == len(multi.lines()) == len(bob.lines()) == 5
        assert heard(plain) == [f"{ANN} PRIVMSG {target} :a", f"{ANN} PRIVMSG {target} :b"]


def test_deaf_members_hear_nothing(house: House) -> None:
    ann, bob = table(house, FULL, MULTI)
    moded(bob, "D")
    say(ann, "#c", "a")
    bob.silent()


# Floods


def flooding(**limits: float) -> tuple[House, Client, Client]:
    house = House(flood={"enabled": True}, limits=limits)
    ann, bob = table(house, MULTI, "")
    house.clock.advance(60)
    return house, ann, bob


def batch(texts: list[str], tags: str = "") -> bytes:
    lines = [f"{tags}BATCH +1 draft/multiline #c"]
    lines += [f"@batch=1 PRIVMSG #c :{text}" for text in texts]
    return ("\r\n".join([*lines, "BATCH -1"]) + "\r\n").encode()


def test_the_longest_message_goes_at_once() -> None:
    """“keep in mind that clients might send an entire batched multiline message all at once.”"""
    _, ann, bob = flooding()
    ann.send(batch(["x" * 383] * 32))
    assert len(bob.lines()) == 32
    assert not ann.session.closed


def test_lines_cost_as_much_as_messages() -> None:
    house, ann, bob = flooding()
    start = ann.session.penalty = house.clock.monotonic()
    ann.send(batch(["x"] * 10))
    in_a_batch = ann.session.penalty - start
    start = ann.session.penalty = house.clock.monotonic()
    for _ in range(10):
        ann >> "PRIVMSG #c :x"
    alone = ann.session.penalty - start
    assert alone == 5.0 and in_a_batch == alone + 0.5
    assert len(bob.lines()) == 20


def test_what_costs_too_much_waits_and_arrives_whole() -> None:
    """However long that is: the client left nothing open."""
    house, ann, bob = flooding(multiline_lines=100, multiline_bytes=40000, batch_timeout=0.2)
    ann.send(batch(["x"] * 100))
    bob.silent()
    for _ in range(80):
        house.clock.advance(0.25)
        house.parts.sessions.sweep()
        bob.silent()
    house.clock.advance(60)
    house.parts.sessions.sweep()
    assert sum("PRIVMSG" in line for line in bob.lines()) == 100
    assert not any("FAIL" in line for line in ann.lines())


def test_tags_that_are_relayed_with_each_line_cost_with_each_line() -> None:
    house, ann, _ = flooding()
    ann >> "CAP REQ message-tags"
    house.clock.advance(60)
    start = house.clock.monotonic()
    ann.send(batch(["x"] * 10, tags=f"@+x={'y' * 4000} "))
    assert ann.session.penalty - start == pytest.approx(0.5 * 10 + 0.25 + 4032 / 4096 + 4003 * 9 / 4096)


def test_strangers_are_counted_once() -> None:
    house = House(flood={"enabled": True, "target_rate": 1})
    ann, bob, cyd = house.client("ann", caps=MULTI), house.client("bob"), house.client("cyd")
    say(ann, "bob", "a", "b")
    say(ann, "cyd", "a", "b")
    assert len(bob.lines()) == 2
    cyd.silent()
    assert ann.numerics() == ["707"]


# Hostile clients


def test_an_endless_batch_is_not_kept(house: House) -> None:
    ann, bob = table(house, MULTI, "")
    ann >> "BATCH +1 draft/multiline #c"
    for _ in range(1000):
        ann >> f"@batch=1 PRIVMSG #c :{'x' * 400}"
    assert ann.lines() == [f"{FAIL}MULTILINE_MAX_BYTES 12288 :Multiline batch max-bytes exceeded"]
    assert ann.session.multiline is not None and not ann.session.multiline.parts
    bob.silent()


@pytest.mark.parametrize("last", ["QUIT :bye", None])
def test_leaving_within_a_batch(house: House, last: str | None) -> None:
    ann, bob = table(house, FULL, "")
    ann >> "@label=L BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a"
    if last:
        ann >> last
        ann.until("*ERROR :Closing Link: *")
    else:
        ann.session.connection_lost("Connection reset")
    [line] = bob.lines()
    assert " QUIT :" in line
    house.clock.advance(100)
    house.parts.sessions.sweep()
    house.check()


def test_a_channel_that_is_gone_at_the_end(house: House) -> None:
    ann, bob = table(house, MULTI, MULTI)
    bob >> "BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :a"
    ann >> "KICK #c bob"
    set_modes(house, "#c", "+n")
    bob.lines()
    bob >> "BATCH -1"
    assert bob.numerics() == ["404"]


WORDS = st.text(
    st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs"]) | st.sampled_from("aä€😀 "),
    max_size=300,
)


@settings(max_examples=runs(60, 5000), deadline=None)
@given(lines=st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=6))
def test_any_splitting_comes_out_the_same(lines: list[list[str]]) -> None:
    """“The combined message value of a multiline batch is defined as the concatenation of the messages from
    each individual line within the batch.”
    """
    house = House(limits={"multiline_bytes": 65536, "multiline_lines": 500})
    ann, bob, cyd = table(house, f"{MULTI} echo-message", MULTI, "")
    sent = []
    ann >> "BATCH +1 draft/multiline #c"
    for pieces in lines:
        # A line of at most 510 bytes in characters; only the first piece of a line may be blank.
        pieces = [part.encode()[:490].decode(errors="ignore") for part in pieces]
        pieces = pieces[:1] + [part for part in pieces[1:] if part]
        for number, part in enumerate(pieces):
            concat = ";draft/multiline-concat" if number else ""
            ann >> f"@batch=1{concat} PRIVMSG #c :{part}"
        sent.append(pieces)
    ann >> "BATCH -1"
    text = "\n".join("".join(pieces) for pieces in sent)
    if not text.strip("\n"):
        ann << f"{FAIL}MULTILINE_INVALID :Invalid multiline batch with blank lines only"
        bob.silent()
        return
    for client in (ann, bob):
        assert combined(client) == text
    plain = cyd.lines()
    for line in plain:
        assert len(line.encode()) <= 510 and "\ufffd" not in line.replace("\ufffd", "", text.count("\ufffd"))
    said = [message_of(line).params[1] for line in plain]
    assert "".join(said) == text.replace("\n", "") and all(said)
    house.check()


def message_of(line: str) -> Message:
    found = parse(line)
    assert found is not None
    return found


def combined(client: Client) -> str:
    """What a client makes of the one batch it received."""
    lines = client.lines()
    assert all(len(line.rpartition("@")[0].encode()) <= 600 for line in lines)
    opened, *inner, closed = map(message_of, lines)
    assert opened.params[0][0] == "+" and closed.params == ["-" + opened.params[0][1:]]
    text = ""
    for number, message in enumerate(inner):
        assert message.tags["batch"] == opened.params[0][1:]
        if number and "draft/multiline-concat" not in message.tags:
            text += "\n"
        text += message.params[1]
    for line in lines:
        rest = line.partition(" ")[2] if line[0] == "@" else line
        assert len(rest.encode()) <= 510
    return text


LINES = [
    "BATCH +1 draft/multiline #c",
    "BATCH +2 draft/multiline bob",
    "BATCH +1 draft/multiline ann",
    "BATCH +1 draft/multiline #nowhere",
    "BATCH +1 nonsense",
    "BATCH +ä draft/multiline #c",
    "BATCH -1",
    "BATCH -2",
    "batch=1 PRIVMSG #c :a",
    "batch=1 PRIVMSG #c :b",
    "batch=1 PRIVMSG #c :",
    "batch=1;draft/multiline-concat PRIVMSG #c :c",
    "batch=1;draft/multiline-concat PRIVMSG #c :",
    "batch=1 PRIVMSG ann :d",
    "batch=1 NOTICE #c :e",
    "batch=2 PRIVMSG bob :f",
    "batch=2 BATCH -2",
    "batch=1 PRIVMSG #c :\udcff",
    "batch=1 NOSUCH",
    "PRIVMSG #c :g",
    "PING x",
    "ISON bob",
    "AWAY :gone",
]


@settings(max_examples=runs(100, 10_000), deadline=None)
@given(said=st.lists(st.tuples(st.sampled_from(LINES), st.booleans()), max_size=30), echo=st.booleans())
def test_whatever_comes_has_its_answer(said: list[tuple[str, bool]], echo: bool) -> None:
    """Each label is answered once, but for that of a batch that is still open; nothing goes out by halves."""
    house = House()
    caps = f"{MULTI} message-tags labeled-response"
    ann, bob = table(house, f"{caps} echo-message" if echo else caps, MULTI)
    labels = []
    for number, (line, labelled) in enumerate(said):
        tags, command = line.split(" ", 1) if line.startswith("batch=") else ("", line)
        if labelled:
            labels.append(str(number))
            tags = f"label={number}" + (f";{tags}" if tags else "")
        ann >> (f"@{tags} {command}" if tags else command)
        assert ann.session.labelled is None
    open_label = ann.session.multiline and ann.session.multiline.labelled
    ann >> "PING end"
    answers = Answers(ann.lines())
    unanswered = set(labels) - answers.by_label.keys()
    assert not answers.by_label.keys() - set(labels)
    if unanswered:
        assert open_label is not None and ann.session.multiline is not None
        assert not ann.session.multiline.failed and len(unanswered) == 1
    Answers(bob.lines())
    house.check()
