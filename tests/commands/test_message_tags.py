"""Message tags and TAGMSG, to the letter of https://ircv3.net/specs/extensions/message-tags."""

from __future__ import annotations

import re

import pytest
from conversation import Client, House
from states import moded, opered, second_session, set_modes

from chatnet.model.facts import AwayChanged

ANN = ":ann!~ann@192.0.2.1"
TAGS = "message-tags"


def heard_next(client: Client) -> str:
    """The next line received, with `msgid` alone in place of its id."""
    client.house.settle()
    return re.sub("msgid=[^; ]*", "msgid", client.outlet.lines.pop(0))


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


def test_client_only_tags_go_to_who_asked_for_tags(house: House) -> None:
    """“Client-only tags are tags normally sent by clients that servers MUST attach as-is to any relevant
    message relayed to other clients. […] MUST be relayed on `PRIVMSG`, `NOTICE` and `TAGMSG` messages”.
    """
    ann, bob, cyd, dan = table(house, TAGS, TAGS, "", "server-time")
    for command in ("PRIVMSG", "NOTICE"):
        ann >> f"@+draft/reply=123;+example.com/foo {command} #c :hi"
        assert heard_next(bob) == f"@msgid;+draft/reply=123;+example.com/foo {ANN} {command} #c :hi"
        cyd << f"{ANN} {command} #c :hi"
        dan << f"@time=2023-11-14T22:13:20.000Z {ANN} {command} #c :hi"
    ann >> "@+a=b NOTICE bob :psst"
    assert heard_next(bob) == f"@msgid;+a=b {ANN} NOTICE bob :psst"
    ann >> "@+a=b PRIVMSG cyd :psst"
    cyd << f"{ANN} PRIVMSG cyd :psst"
    for client in (ann, bob, cyd, dan):
        client.silent()


def test_values_keep_their_escapes(house: House) -> None:
    """“Escaped value: `raw+:=,escaped\\:\\s\\\\`”; an invalid backslash and one at the end are dropped."""
    ann, bob = table(house, TAGS, TAGS)
    ann >> r"@+example=raw+:=,escaped\:\s\\;+b=\b;+c=x\;+d= NOTICE #c :Message"
    assert (
        heard_next(bob) == r"@msgid;+example=raw+:=,escaped\:\s\\;+b=b;+c=x;+d " + f"{ANN} NOTICE #c :Message"
    )


def test_the_last_of_several_tags_of_one_key_counts(house: House) -> None:
    """“receiving messages with more than one occurrence of a tag key name SHOULD disregard all but the final
    occurrence”, and keys are case-sensitive.
    """
    ann, bob = table(house, TAGS, TAGS)
    ann >> "@+a=1;+A=2;+a=3 PRIVMSG #c :x"
    line = bob.lines()[0]
    assert sorted(line.partition(" ")[0].split(";")[1:]) == ["+A=2", "+a=3"]


@pytest.mark.parametrize(
    "tag", ["time=2000-01-01T00:00:00.000Z", "account=root", "msgid=1", "bot", "+", "x=y"]
)
def test_other_tags_are_removed(house: House, tag: str) -> None:
    """“Tags without the client-only prefix MUST be removed by the server before being relayed with any
    message to another client.”
    """
    ann, bob = table(house, TAGS, TAGS)
    ann >> f"@{tag};+ok=1;{tag} PRIVMSG #c :x"
    assert heard_next(bob) == f"@msgid;+ok=1 {ANN} PRIVMSG #c :x"


def test_an_odd_key_does_not_reject_the_message(house: House) -> None:
    """“MUST NOT perform any validation that would reject the message if an invalid tag key name is used”."""
    ann, bob = table(house, TAGS, TAGS)
    ann >> "@+mäh/x_y=1;=;;@=2 PRIVMSG #c :x"
    assert heard_next(bob) == f"@msgid;+mäh/x_y=1 {ANN} PRIVMSG #c :x"


def test_a_value_that_is_not_utf8_is_dropped() -> None:
    """“If tag values are encountered that cannot be decoded as UTF8, implementations MAY drop the value
    entirely but SHOULD NOT substitute replacement bytes”.
    """
    house = House(server={"utf8_only": False})
    ann, bob = table(house, TAGS, TAGS)
    ann.send(b"@+a=caf\xe9;+\xe9=1;+b=2 PRIVMSG #c :caf\xe9\r\n")
    assert heard_next(bob) == f"@msgid;+a;+b=2 {ANN} PRIVMSG #c :caf\udce9"
    house.check()


def test_who_did_not_ask_for_tags_cannot_use_them(house: House) -> None:
    """“This capability enables the use of client-only tags and the `TAGMSG` command”."""
    ann, bob = table(house, "", TAGS)
    ann >> "@+a=b PRIVMSG #c :x"
    assert heard_next(bob) == f"@msgid {ANN} PRIVMSG #c :x"
    ann >> "@+a=b TAGMSG #c"
    ann << ":irc.test 421 ann TAGMSG :Unknown command"
    bob.silent()


# size


@pytest.mark.parametrize("command", ["TAGMSG #c", "PRIVMSG #c :x", "NOTICE #c :x", "TOPIC #c :x"])
def test_too_much_tag_data_is_refused(house: House, command: str) -> None:
    """“Servers MUST reply with the `ERR_INPUTTOOLONG` (`417`) error numeric if a client sends a message with
    more tag data than the allowed limit. Servers MUST NOT truncate tags and MUST always reject lines that
    exceed this limit.”
    """
    ann, bob = table(house, TAGS, TAGS)
    ann >> "@+a=" + "x" * 4092 + " " + command
    ann << ":irc.test 417 ann :Input line was too long"
    ann.silent()
    bob.silent()


def test_as_much_tag_data_as_allowed_arrives_whole(house: House) -> None:
    """“<combined_max> (8191) :: '@' <tag_data 4094> ';' <tag_data 4094> ' '”, and 512 bytes for the rest."""
    everything = "message-tags server-time account-tag draft/oper-tag"
    ann, bob = table(house, TAGS, everything)
    opered(ann)
    tag = "+a=" + "x" * 4091
    ann >> f"@{tag} PRIVMSG #c :{'y' * 498}"
    line = bob.lines()[0]
    tags, _, rest = line.partition(" ")
    assert tags.endswith(";" + tag)
    assert len(rest) == 510
    assert len(tags) - len(tag) <= 4094 + 2


# CLIENTTAGDENY


@pytest.mark.parametrize(
    ("denied", "passes"),
    [
        ([], "+typing=active;+foo;+example/bar=1"),
        (["*"], ""),
        (["*", "-foo", "-example/bar"], "+foo;+example/bar=1"),
        (["foo", "example/bar"], "+typing=active"),
    ],
)
def test_denied_tags_are_announced_and_ignored(denied: list[str], passes: str) -> None:
    """“Servers SHOULD use this token to communicate to clients that certain client-only tags are blocked and
    will be silently ignored. […] blocking tags will not necessarily block the message”.
    """
    house = House(limits={"client_tags_denied": denied})
    ann, bob = table(house, TAGS, TAGS)
    ann >> "VERSION"
    tokens = " ".join(ann.lines()).split(" ")
    found = [token for token in tokens if token.startswith("CLIENTTAGDENY")]
    assert found == ([f"CLIENTTAGDENY={','.join(denied)}"] if denied else [])
    ann >> "@+typing=active;+foo;+example/bar=1 PRIVMSG #c :x"
    line = bob.lines()[0]
    assert line.partition(" ")[0].partition(";")[2] == passes


def test_a_tagmsg_with_denied_tags_alone_is_ignored() -> None:
    house = House(limits={"client_tags_denied": ["typing"]})
    ann, bob = table(house, TAGS + " echo-message", TAGS)
    ann >> "@+typing=active TAGMSG #c"
    ann.silent()
    bob.silent()
    ann >> "@+typing=active;+react=x TAGMSG #c"
    assert heard_next(bob) == f"@msgid;+react=x {ANN} TAGMSG #c"


# TAGMSG


def test_a_tagmsg_reaches_only_those_with_tags(house: House) -> None:
    """“Servers MUST NOT deliver `TAGMSG` to clients that haven't negotiated the message tags capability.”

    https://ircv3.net/specs/client-tags/typing
    """
    ann, bob, cyd, dan = table(house, TAGS, TAGS, "", "server-time account-tag")
    ann >> "@+typing=active TAGMSG #c"
    assert heard_next(bob) == f"@msgid;+typing=active {ANN} TAGMSG #c"
    ann >> "@+typing=paused TAGMSG bob,cyd"
    assert heard_next(bob) == f"@msgid;+typing=paused {ANN} TAGMSG bob"
    for client in (ann, bob, cyd, dan):
        client.silent()


def test_tags_that_are_removed_leave_an_empty_tagmsg(house: House) -> None:
    """“C: @unknown-tag TAGMSG #channel”, “S: :nick!user@example.com TAGMSG #channel”."""
    ann, bob = table(house, TAGS, TAGS)
    ann >> "@unknown-tag TAGMSG #c"
    assert heard_next(bob) == f"@msgid {ANN} TAGMSG #c"
    ann >> "TAGMSG #c"
    assert heard_next(bob) == f"@msgid {ANN} TAGMSG #c"


def test_a_tagmsg_is_echoed(house: House) -> None:
    """“When the message-tags capability has been enabled, the same rules apply to `TAGMSG` messages.”

    https://ircv3.net/specs/extensions/echo-message
    """
    ann, bob = table(house, TAGS + " echo-message", TAGS)
    ann >> "@+a=1 TAGMSG #c" >> "@+a=2 TAGMSG bob" >> "@+a=3 TAGMSG @#c" >> "@+a=4 TAGMSG ann"
    for number, target in (("1", "#c"), ("2", "bob"), ("3", "@#c"), ("4", "ann"), ("4", "ann")):
        assert heard_next(ann) == f"@msgid;+a={number} {ANN} TAGMSG {target}"
    ann.silent()
    assert heard_next(bob) == f"@msgid;+a=1 {ANN} TAGMSG #c"
    assert heard_next(bob) == f"@msgid;+a=2 {ANN} TAGMSG bob"
    bob.silent()


def test_echo_without_tags_is_no_echo_of_a_tagmsg(house: House) -> None:
    ann, bob = table(house, TAGS, TAGS)
    other = second_session(ann)
    ann >> "@+a=1 TAGMSG bob"
    assert heard_next(bob) == f"@msgid;+a=1 {ANN} TAGMSG bob"
    other.silent()
    ann.silent()


def test_statusmsg(house: House) -> None:
    """“This message MUST be delivered to targets in the same way as `PRIVMSG` and `NOTICE` messages. This
    means for example, honouring channel membership, modes, `echo-message`, `STATUSMSG` prefixes, etc.”
    """
    ann, bob, cyd, dan = table(house, TAGS, TAGS, TAGS, "")
    set_modes(house, "#c", "+oo", "bob", "dan")
    for client in (ann, bob, cyd, dan):
        client.lines()
    ann >> "@+example-client-tag=example-value TAGMSG @#c"
    assert heard_next(bob) == f"@msgid;+example-client-tag=example-value {ANN} TAGMSG @#c"
    for client in (ann, cyd, dan):
        client.silent()


@pytest.mark.parametrize("modes", ["+m", "+b *!*@*", "+R"])
def test_modes_hold_for_a_tagmsg(house: House, modes: str) -> None:
    ann, bob = table(house, TAGS, TAGS)
    set_modes(house, "#c", *modes.split(" "))
    ann.lines(), bob.lines()
    bob >> "@+a TAGMSG #c"
    bob << ":irc.test * bob #c :*"
    ann.silent()
    eve = house.client("eve", caps=TAGS)
    eve >> "@+a TAGMSG #c"
    eve << ":irc.test 404 eve #c :Cannot send to channel (+n: join it first)"
    ann.silent()


def test_the_deaf_hear_no_tagmsg(house: House) -> None:
    ann, bob = table(house, TAGS, TAGS)
    moded(bob, "D")
    ann >> "@+a TAGMSG #c"
    bob.silent()


def test_refusals_are_those_of_privmsg(house: House) -> None:
    """“See `PRIVMSG` in RFC2812 for more details on replies and examples."""
    ann = house.client("ann", caps=TAGS)
    ann >> "@+a TAGMSG" >> "@+a TAGMSG nobody" >> "@+a TAGMSG #nowhere" >> "@+a TAGMSG $$irc.test"
    ann << ":irc.test 411 ann :No recipient given (TAGMSG)"
    ann << ":irc.test 401 ann nobody :*"
    ann << ":irc.test 403 ann #nowhere :*"
    ann << ":irc.test 481 ann :*"
    ann.silent()
    ann >> "@+a TAGMSG ann,b,c,d,e"
    assert ann.numerics() == ["401", "401", "401", "407"]


def test_a_tagmsg_to_everybody(house: House) -> None:
    ann, bob, cyd = table(house, TAGS, TAGS, "")
    opered(ann, "broadcast")
    ann >> "@+a=1 TAGMSG $$irc.test"
    for client in (ann, bob):
        assert heard_next(client) == f"@msgid;+a=1 {ANN} TAGMSG $$irc.test"
    cyd.silent()


def test_who_begins_to_type_learns_of_no_absence_and_does_not_knock(house: House) -> None:
    ann, bob = table(house, TAGS, TAGS)
    house.node.commit(AwayChanged(bob.user, "tea", house.clock.time()))
    ann >> "@+typing=active TAGMSG bob"
    ann.silent()
    assert heard_next(bob) == f"@msgid;+typing=active {ANN} TAGMSG bob"
    moded(bob, "g")
    ann >> "@+typing=active TAGMSG bob"
    ann << ":irc.test 716 ann bob :*"
    ann.silent()
    bob.silent()


def test_typing_is_not_speaking(house: House) -> None:
    """Idle times count from what was said, and a TAGMSG says nothing."""
    ann, _ = table(house, TAGS, TAGS)
    spoke = ann.session.spoke
    house.clock.advance(30)
    ann >> "@+typing=active TAGMSG #c"
    assert ann.session.spoke == spoke
    ann >> "PRIVMSG #c :hi"
    assert ann.session.spoke == spoke + 30


def test_targmax_names_tagmsg(house: House) -> None:
    ann = house.client("ann")
    ann >> "VERSION"
    assert "TAGMSG:4," in " ".join(ann.lines())
