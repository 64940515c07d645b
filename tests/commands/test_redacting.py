"""REDACT, to the letter of https://ircv3.net/specs/extensions/message-redaction."""

from __future__ import annotations

import re

import pytest
from conversation import Client, House
from labelled import LABELS, Answers
from states import channel, moded, opered, second_session, set_modes

REDACTION = "message-tags draft/message-redaction"
ECHO = f"{REDACTION} echo-message"
ANN, BOB, CYD = (f":{nick}!~{nick}@192.0.2.1" for nick in ("ann", "bob", "cyd"))
FORBIDDEN = ":You are not authorised to delete this message"
UNKNOWN = ":This message does not exist or is too old"


def fails(client: Client, code: str, *context: str) -> None:
    """The only thing received is a FAIL of this code, with this context and a description."""
    (line,) = client.lines()
    head, _, description = line.partition(" :")
    assert head.split(" ") == [":irc.test", "FAIL", "REDACT", code, *context]
    assert description


def heard_next(client: Client) -> str:
    """The next line received, with `msgid` alone in place of its id."""
    client.house.settle()
    return re.sub("msgid=[^; ]*", "msgid", client.outlet.lines.pop(0))


def said(client: Client, line: str) -> str:
    """The id of a message, which its author gets by an echo; everybody has read it then."""
    client.lines()
    client >> line
    verb = line.partition("TAGMSG")[1] or line.split(" ")[0]
    echo = client.until(f"*msgid=* {verb} *")
    found = re.search("msgid=([^; ]+)", echo)
    assert found is not None
    return found[1]


def talk(house: House) -> list[Client]:
    """ann (operator), bob and cyd in #c, who know redactions and get echoes."""
    clients = [house.client(nick, caps=ECHO) for nick in ("ann", "bob", "cyd")]
    for client in clients:
        client >> "JOIN #c"
    read_all(*clients)
    return clients


def read_all(*clients: Client) -> None:
    for client in clients:
        client.lines()


def test_authors_redact_their_own(house: House) -> None:
    """“C: PRIVMSG #channel :an example”, “S: @msgid=123 :nick!u@h PRIVMSG #channel :an example”,
    “C: REDACT #channel 123 :bad example”, “S: @msgid=124 :nick!u@h REDACT #channel 123 :bad example”.
    """
    ann, bob, cyd = talk(house)
    for command in ("PRIVMSG", "NOTICE"):
        msgid = said(bob, f"{command} #c :an example")
        read_all(ann, cyd)
        bob >> f"REDACT #c {msgid} :bad example"
        for client in (ann, bob, cyd):
            (line,) = client.lines()
            tags, rest = line.split(" ", 1)
            assert rest == f"{BOB} REDACT #c {msgid} :bad example"
            assert tags.startswith("@msgid=1") and tags != f"@msgid={msgid}"
        assert house.parts.history.known(channel(house), msgid) is None
    house.check()


def test_there_need_not_be_a_reason(house: House) -> None:
    """“REDACT <target> <msgid> [:reason]”; “Clients SHOULD NOT provide a default reason”, nor do we."""
    ann, bob, _ = talk(house)
    for reason in ("", " :"):
        msgid = said(bob, "PRIVMSG #c :x")
        ann.lines()
        bob >> f"REDACT #c {msgid}{reason}"
        assert heard_next(ann) == f"@msgid {BOB} REDACT #c {msgid}"


def test_a_tagmsg_can_be_redacted(house: House) -> None:
    """“Where `<msgid>` is the id of the message to be redacted, which MUST be a `PRIVMSG`, `NOTICE`, or
    `TAGMSG`.” “Use cases include […] removing a `+draft/react` client tag”.
    """
    ann, bob, _ = talk(house)
    msgid = said(bob, "@+draft/react=🤞;+draft/reply=1 TAGMSG #c")
    ann.lines()
    bob >> f"REDACT #c {msgid}"
    assert heard_next(ann) == f"@msgid {BOB} REDACT #c {msgid}"


def test_a_message_of_several_lines_has_one_id(house: House) -> None:
    """Whoever read it as several messages has the id on the first of them.

    https://ircv3.net/specs/extensions/multiline#fallback
    """
    ann, bob, cyd = talk(house)
    bob >> "CAP REQ :batch draft/multiline" >> "BATCH +1 draft/multiline #c"
    bob >> "@batch=1 PRIVMSG #c :one" >> "@batch=1 PRIVMSG #c :two" >> "BATCH -1"
    bob.lines()
    first, _ = cyd.lines()
    msgid = first.partition(" ")[0].removeprefix("@msgid=")
    record = house.parts.history.known(channel(house), msgid)
    assert record is not None
    assert record.text == "one\ntwo" and [part.text for part in record.parts] == ["one", "two"]
    ann.lines()
    bob >> f"REDACT #c {msgid} :both"
    for client in (ann, bob, cyd):
        assert heard_next(client) == f"@msgid {BOB} REDACT #c {msgid} :both"
        client.silent()


def test_only_those_who_asked_hear_of_it(house: House) -> None:
    """“SHOULD forward this `REDACT`, with an appropriate prefix, to the target recipients that have
    negotiated the `draft/message-redaction` capability, in the same way as PRIVMSG messages”, “MUST not
    forward this `REDACT` to target recipients that have not negotiated this capability”.

    A sender gets messages back by echo-message only.
    """
    ann, bob, cyd, dan = (
        house.client("ann", caps=ECHO), house.client("bob", caps="message-tags echo-message server-time"),
        house.client("cyd"), house.client("dan", caps="draft/message-redaction server-time"),
    )  # fmt: skip
    for client in (ann, bob, cyd, dan):
        client >> "JOIN #c"
    read_all(ann, bob, cyd, dan)
    msgid = said(ann, "PRIVMSG #c :x")
    read_all(bob, cyd, dan)
    ann >> f"REDACT #c {msgid} :y"
    assert heard_next(ann) == f"@msgid {ANN} REDACT #c {msgid} :y"
    dan << f"@time=2023-11-14T22:13:20.000Z {ANN} REDACT #c {msgid} :y"
    msgid = said(ann, "PRIVMSG #c :x")
    read_all(bob, cyd, dan)
    ann >> "CAP REQ -echo-message"
    ann.lines()
    ann >> f"REDACT #c {msgid}"
    dan.until(f"* {ANN} REDACT #c {msgid}")
    for client in (ann, bob, cyd, dan):
        client.silent()


def test_the_capability_is_needed(house: House) -> None:
    """“To redact a message, a client MUST negotiate the `draft/message-redaction` capability”."""
    ann = house.client("ann", caps="message-tags echo-message")
    ann >> "JOIN #c"
    msgid = said(ann, "PRIVMSG #c :x")
    ann >> f"REDACT #c {msgid}"
    ann << ":irc.test 421 ann REDACT :Unknown command"
    ann >> "CAP REQ draft/message-redaction" >> "REDACT #c" >> "REDACT"
    ann << "* ACK :draft/message-redaction"
    assert ann.numerics() == ["461", "461"]
    assert house.parts.history.known(channel(house), msgid) is not None


def test_it_is_not_offered_where_nothing_is_remembered() -> None:
    house = House(history={"messages": 0})
    ann = house.client("ann", caps="cap-notify")
    ann >> "CAP LS 302"
    assert "redaction" not in " ".join(ann.lines())
    house.reload(history={"messages": 1})
    assert ann.lines() == [":irc.test CAP ann NEW :draft/message-redaction"]


# who may


def test_operators_redact_what_others_said(house: House) -> None:
    """“Allowing channel moderators or server admins to delete unwelcome messages from others”.

    “C2: REDACT #channel 123 spam”, “S: @msgid=124 :chanop!u@h REDACT #channel 123 spam”.
    """
    ann, bob, cyd = talk(house)
    msgid = said(bob, "PRIVMSG #c :join my network for cold hard chats")
    read_all(ann, cyd)
    ann >> f"REDACT #c {msgid} spam"
    for client in (ann, bob, cyd):
        assert heard_next(client) == f"@msgid {ANN} REDACT #c {msgid} :spam"
    msgid = said(bob, "PRIVMSG #c :x")
    for rank in ("v", "h"):
        set_modes(house, "#c", f"+{rank}", "cyd")
        read_all(ann, cyd)
        cyd >> f"REDACT #c {msgid}"
        fails(cyd, "REDACT_FORBIDDEN", "#c", msgid)
    for rank in ("q", "a"):
        set_modes(house, "#c", f"-vho+{rank}", "cyd", "cyd", "cyd", "cyd")
        msgid = said(bob, "PRIVMSG #c :x")
        read_all(ann, cyd)
        cyd >> f"REDACT #c {msgid}"
        assert heard_next(ann) == f"@msgid {CYD} REDACT #c {msgid}"


def test_members_do_not_redact_what_others_said(house: House) -> None:
    """“FAIL REDACT REDACT_FORBIDDEN <target> <target-msgid>
    :You are not authorised to delete this message”
    """
    ann, bob, cyd = talk(house)
    for author in (ann, bob):
        msgid = said(author, "PRIVMSG #c :x")
        read_all(ann, bob, cyd)
        cyd >> f"REDACT #c {msgid} :y"
        cyd << f":irc.test FAIL REDACT REDACT_FORBIDDEN #c {msgid} {FORBIDDEN}"
        for client in (ann, bob, cyd):
            client.silent()
        assert house.parts.history.known(channel(house), msgid) is not None


def test_the_same_user_whatever_the_nick_and_nobody_else_with_it(house: House) -> None:
    ann, bob, cyd = talk(house)
    msgid = said(bob, "PRIVMSG #c :x")
    bob >> "NICK bert"
    cyd >> "NICK bob"
    read_all(ann, bob, cyd)
    cyd >> f"REDACT #c {msgid}"
    fails(cyd, "REDACT_FORBIDDEN", "#c", msgid)
    bob >> f"REDACT #c {msgid}"
    assert heard_next(ann) == f"@msgid :bert!~bob@192.0.2.1 REDACT #c {msgid}"


def test_irc_operators_by_their_privilege(house: House) -> None:
    ann, bob, cyd = talk(house)
    root = house.client("root", caps=ECHO)
    opered(root, "channels", snomask="g")
    msgid = said(bob, "PRIVMSG #c :x")
    read_all(ann, cyd)
    root >> f"REDACT #c {msgid} :spam"
    root.until("*NOTICE * :*root!~root@192.0.2.1 used REDACT #c in spite of *")
    assert heard_next(root).endswith(f" REDACT #c {msgid} :spam")
    assert heard_next(ann).endswith(f" :root!~root@192.0.2.1 REDACT #c {msgid} :spam")
    opered(root, "kill", "see-all")
    msgid = said(bob, "PRIVMSG #c :x")
    root >> f"REDACT #c {msgid}"
    fails(root, "INVALID_TARGET", "#c")


def test_the_window_of_authors() -> None:
    """“FAIL REDACT REDACT_WINDOW_EXPIRED <target> <target-msgid> <window> :You can no longer edit this
    message”; “Specifying a cut-off time after which message edits are no longer allowed”.
    """
    house = House(history={"redaction_window": 90})
    ann, bob, cyd = talk(house)
    in_time, late, private = (
        said(bob, "PRIVMSG #c :x"),
        said(bob, "PRIVMSG #c :y"),
        said(bob, "PRIVMSG cyd :z"),
    )
    read_all(ann, bob, cyd)
    house.clock.advance(90)
    bob >> f"REDACT #c {in_time}"
    assert heard_next(ann) == f"@msgid {BOB} REDACT #c {in_time}"
    bob.lines()
    house.clock.advance(1)
    bob >> f"REDACT #c {late}"
    bob << f":irc.test FAIL REDACT REDACT_WINDOW_EXPIRED #c {late} 90 :You can no longer delete this message"
    bob >> f"REDACT cyd {private}"
    fails(bob, "REDACT_WINDOW_EXPIRED", "cyd", private, "90")
    ann >> f"REDACT #c {late}"  # operators are not bound by it
    assert heard_next(ann) == f"@msgid {ANN} REDACT #c {late}"


# where


def test_private_messages_are_their_authors(house: House) -> None:
    ann, bob, cyd = talk(house)
    msgid = said(ann, "PRIVMSG bob :psst")
    bob.lines()
    bob >> f"REDACT ann {msgid}"
    fails(bob, "REDACT_FORBIDDEN", "ann", msgid)
    opered(bob, "channels")
    bob >> f"REDACT ann {msgid}"
    fails(bob, "REDACT_FORBIDDEN", "ann", msgid)
    ann >> f"REDACT BOB {msgid} :not for you"
    for client in (ann, bob):
        assert heard_next(client) == f"@msgid {ANN} REDACT bob {msgid} :not for you"
        client.silent()
    cyd.silent()
    ann >> f"REDACT bob {msgid}"
    fails(ann, "UNKNOWN_MSGID", "bob", msgid)


def test_to_oneself(house: House) -> None:
    ann = house.client("ann", caps=ECHO + " " + LABELS)
    msgid = said(ann, "PRIVMSG ann :note")
    ann.lines()
    ann >> f"@label=7 REDACT ann {msgid}"
    answers = Answers(ann.lines())
    assert [m.command for m in answers.by_label["7"]] == ["REDACT"]
    assert [m.command for m in answers.others] == ["REDACT"]


def test_other_sessions_of_the_author_hear_of_it(house: House) -> None:
    ann, bob, _ = talk(house)
    other = second_session(ann)
    other >> f"CAP REQ :{ECHO}"
    other.lines()
    msgid = said(ann, "PRIVMSG bob :x")
    read_all(bob, other)
    ann >> f"REDACT bob {msgid}"
    assert heard_next(other) == f"@msgid {ANN} REDACT bob {msgid}"


@pytest.mark.parametrize("target", ["nobody", "#nowhere", "#others", "$$irc.test", "*", "@#others", "#"])
def test_invalid_targets(house: House, target: str) -> None:
    """“FAIL REDACT INVALID_TARGET <target> :You cannot delete messages from <target>”

    A channel that one is not in and one that does not exist are refused alike, whatever the id.
    """
    ann, bob, cyd = talk(house)
    ann >> "JOIN #others"
    msgid = said(ann, "PRIVMSG #others :x")
    for unknown in (msgid, "1"):
        bob >> f"REDACT {target} {unknown}"
        bob << f":irc.test FAIL REDACT INVALID_TARGET {target} :You cannot delete messages from {target}"
    for client in (ann, bob, cyd):
        client.silent()


def test_unknown_ids(house: House) -> None:
    """“FAIL REDACT UNKNOWN_MSGID <target> <target-msgid> :This message does not exist or is too old”

    So is the id of a message elsewhere: “returned errors […] may leak a message's existence to users who did
    not receive it”.
    """
    ann, bob, cyd = talk(house)
    ann >> "JOIN #d"
    bob >> "JOIN #d"
    elsewhere, to_bob = said(ann, "PRIVMSG #d :x"), said(ann, "PRIVMSG bob :x")
    read_all(ann, bob, cyd)
    for client in (ann, bob, cyd):
        for msgid in ("1", elsewhere, to_bob, elsewhere + "x", "é", "*", "%s"):
            client >> f"REDACT #c {msgid}"
            client << f":irc.test FAIL REDACT UNKNOWN_MSGID #c {msgid} {UNKNOWN}"
    for msgid in (to_bob, elsewhere):
        cyd >> f"REDACT ann {msgid}" >> f"REDACT bob {msgid}"
        cyd << f":irc.test FAIL REDACT UNKNOWN_MSGID ann {msgid} {UNKNOWN}"
        cyd << f":irc.test FAIL REDACT UNKNOWN_MSGID bob {msgid} {UNKNOWN}"
    read_all(ann, bob)
    house.check()


def test_a_redaction_is_final(house: House) -> None:
    ann, bob, _ = talk(house)
    msgid = said(bob, "PRIVMSG #c :x")
    bob >> f"REDACT #c {msgid}"
    (echo,) = bob.lines()
    own = echo.partition(" ")[0].removeprefix("@msgid=")
    for unknown in (msgid, own):
        ann.lines()
        ann >> f"REDACT #c {unknown}"
        fails(ann, "UNKNOWN_MSGID", "#c", unknown)


def test_what_was_said_to_operators_stays_among_them(house: House) -> None:
    """Who did not receive it learns nothing of it, and it is redacted for those who did."""
    ann, bob, cyd = talk(house)
    set_modes(house, "#c", "+ov", "bob", "cyd")
    msgid = said(ann, "PRIVMSG @#c :x")
    read_all(ann, bob, cyd)
    cyd >> f"REDACT #c {msgid}"
    fails(cyd, "UNKNOWN_MSGID", "#c", msgid)
    for name in ("#c", "@#c"):
        msgid = said(ann, "PRIVMSG @#c :x")
        read_all(ann, bob, cyd)
        bob >> f"REDACT {name} {msgid}"
        for client in (ann, bob):
            assert heard_next(client) == f"@msgid {BOB} REDACT @#c {msgid}"
        cyd.silent()
    msgid = said(cyd, "PRIVMSG @#c :from a voice")
    cyd >> f"REDACT #c {msgid}"
    assert heard_next(cyd) == f"@msgid {CYD} REDACT @#c {msgid}"


# speaking by it


@pytest.mark.parametrize("modes", ["+m", "+b bob!*@*", "+b $q:bob!*@*", "+R"])
def test_who_may_not_speak_does_not_speak_by_reasons(house: House, modes: str) -> None:
    ann, bob, _ = talk(house)
    msgid = said(bob, "PRIVMSG #c :x")
    set_modes(house, "#c", *modes.split(" "))
    read_all(ann, bob)
    bob >> f"REDACT #c {msgid} :and another thing"
    fails(bob, "REDACT_FORBIDDEN", "#c", msgid)
    ann.silent()


def test_from_outside(house: House) -> None:
    """Without mode n one may speak from outside, and redact that."""
    ann, bob, _ = talk(house)
    set_modes(house, "#c", "-n")
    bob >> "PART #c"
    bob.lines()
    msgid, other = said(bob, "PRIVMSG #c :x"), said(ann, "PRIVMSG #c :y")
    read_all(ann, bob)
    bob >> f"REDACT #c {other}"
    fails(bob, "INVALID_TARGET", "#c")
    set_modes(house, "#c", "+n")
    read_all(ann, bob)
    bob >> f"REDACT #c {msgid}"
    fails(bob, "REDACT_FORBIDDEN", "#c", msgid)
    set_modes(house, "#c", "-n")
    read_all(ann, bob)
    bob >> f"REDACT #c {msgid}"
    for client in (ann, bob):
        assert heard_next(client) == f"@msgid {BOB} REDACT #c {msgid}"
        client.silent()


@pytest.mark.parametrize("mode", ["g", "R"])
def test_who_may_not_write_does_not_write_by_reasons(house: House, mode: str) -> None:
    ann, bob, _ = talk(house)
    msgid = said(ann, "PRIVMSG bob :x")
    moded(bob, mode)
    ann >> f"REDACT bob {msgid} :and another thing"
    fails(ann, "REDACT_FORBIDDEN", "bob", msgid)
    bob.silent()


def test_the_deaf_hear_no_redaction(house: House) -> None:
    _, bob, cyd = talk(house)
    moded(cyd, "D")
    msgid = said(bob, "PRIVMSG #c :x")
    bob >> f"REDACT #c {msgid}"
    cyd.silent()


def test_reasons_are_cut_and_stripped() -> None:
    house = House(limits={"redaction": 10})
    ann, bob, _ = talk(house)
    set_modes(house, "#c", "+c")
    for reason, told in (("123456789€", "123456789"), ("\x02bold\x02 x", "bold x"), ("\x02\x0304", "")):
        msgid = said(bob, "PRIVMSG #c :x")
        ann.lines()
        bob >> f"REDACT #c {msgid} :{reason}"
        assert heard_next(ann) == f"@msgid {BOB} REDACT #c {msgid}" + (f" :{told}" if told else "")


# labels, floods


def test_labels(house: House) -> None:
    """An echo is the answer, and without echoes an ACK; a FAIL bears the label as well."""
    ann = house.client("ann", caps=f"{ECHO} {LABELS}")
    ann >> "JOIN #c"
    first, second = said(ann, "PRIVMSG #c :x"), said(ann, "PRIVMSG #c :y")
    ann.lines()
    ann >> f"@label=1 REDACT #c {first}" >> f"@label=2 REDACT #c {first}" >> "@label=3 CAP REQ -echo-message"
    ann >> f"@label=4 REDACT #c {second}" >> "@label=5 REDACT #c"
    answers = Answers(ann.lines())
    assert [[m.command for m in answers.by_label[label]] for label in "1245"] == [
        ["REDACT"], ["FAIL"], ["ACK"], ["461"],
    ]  # fmt: skip
    assert answers.others == []


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_authors_delete_what_they_said_after_the_clock_was_set(house: House, step: float) -> None:
    ann, bob, cyd = talk(house)
    before = said(bob, "PRIVMSG #c :x")
    house.clock.off += step
    for target in ("#c", "cyd"):
        after = said(bob, f"PRIVMSG {target} :y")
        read_all(ann, bob, cyd)
        bob >> f"REDACT {target} {after}"
        assert heard_next(bob) == f"@msgid {BOB} REDACT {target} {after}"
    read_all(ann, bob, cyd)
    bob >> f"REDACT #c {before}"
    assert heard_next(ann) == f"@msgid {BOB} REDACT #c {before}"
    # Who comes while it is wrong, too, and when it is set right again.
    eve = house.client("eve", caps=ECHO)
    eve >> "JOIN #c"
    house.clock.off -= step
    own = said(eve, "PRIVMSG #c :z")
    read_all(ann)
    eve >> f"REDACT #c {own}"
    assert f" REDACT #c {own}" in heard_next(ann)


def test_a_flood_of_them_is_slowed_down() -> None:
    house = House(flood={"enabled": True})
    ann = house.client("ann", caps=ECHO)
    ann >> "JOIN #c"
    ann.lines()
    ann.send(b"".join(b"REDACT #c %d\r\n" % number for number in range(150)))
    assert len(ann.lines()) < 60
    house.clock.advance(100)
    assert all("UNKNOWN_MSGID" in line for line in ann.lines())
    house.check()


def test_hostile_ids_and_targets(house: House) -> None:
    house = House(server={"utf8_only": False})
    ann, bob, _ = talk(house)
    said(ann, "PRIVMSG #c :x")
    parameters = (
        b"#c :", b"#c ::x y", b"@ x", b"@+% x", b"#c \xff", b"#c " + b"9" * 490, b"#" * 400 + b" 1",
        b"a,b 1", b"~&@%+#c 1",
    )  # fmt: skip
    for text in parameters:
        ann.send(b"REDACT %b\r\n" % text)
        (answer,) = ann.lines()
        assert answer.startswith(":irc.test FAIL REDACT ")
        assert len(answer.encode("utf-8", "surrogateescape")) <= 510
    bob.lines()
    house.check()
