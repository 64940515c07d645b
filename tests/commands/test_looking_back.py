"""CHATHISTORY and HISTORY.  https://ircv3.net/specs/extensions/chathistory

What is quoted stands there, unless another page is named.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence

import pytest
from archive import CAPS, Archive, Page, latest, page, parsed, refused, talk
from conversation import Client, House
from lacking import lacks
from states import logged_in, opered, set_modes

from chatnet.history.extra import Extra, written
from chatnet.model.facts import AccountChanged, MessageRedacted
from chatnet.model.ids import AccountName
from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages import rows
from chatnet.storage.messages.gone import Gone
from chatnet.storage.messages.rows import EXTRA, Found, Redacted, Row
from chatnet.storage.messages.writer import Immediate

START = "2023-11-14T22:13:20.000Z"
PLAYBACK = f"{CAPS} draft/event-playback"


@pytest.fixture
def house() -> Archive:
    return Archive()


def room(house: Archive, caps: str = CAPS) -> tuple[Client, Client]:
    """ann, who is logged in and has these capabilities, and bob, a guest, in #c."""
    ann, bob = house.member("ann", caps=caps), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    house.clock.advance(1)
    ann.lines()
    bob.lines()
    return ann, bob


def seven(house: Archive, caps: str = CAPS) -> tuple[Client, Page]:
    """ann, and the page of seven messages that bob has said, one a second."""
    ann, bob = room(house, caps)
    talk([bob], [str(number) for number in range(7)])
    return ann, page(ann, "CHATHISTORY LATEST #c * 50")


def event(house: Archive, kind: int, text: str = "", *words: str, person: str | None = None) -> Row:
    """Something that bob did in #c just now."""
    extra = written(Extra(words=words))
    house.clock.advance(1)
    at = house.ms()
    return Row(
        house.place(), at, f"1{at}0000000CNAAAAAB", kind, EXTRA if extra else 0, person, "bob!~bob@b", text,
        None, extra,
    )  # fmt: skip


# capabilities and tokens


def test_the_capability_must_be_negotiated(house: Archive) -> None:
    """ "The `draft/chathistory` capability MUST be negotiated."  #implementation"""
    ann = house.member("ann", caps="batch server-time message-tags")
    ann >> "JOIN #c"
    ann.lines()
    ann >> "CHATHISTORY LATEST #c * 10"
    (line,) = ann.lines()
    assert parsed(line).text == ":irc.test 421 ann CHATHISTORY :Unknown command"


def test_where_nothing_is_stored_it_is_not_offered(house: Archive) -> None:
    for other, offered in ((House(), False), (house, True)):
        ann = other.connect()
        ann >> "CAP LS 302"
        told = " ".join(ann.lines())
        assert ("draft/chathistory" in told, "draft/event-playback" in told) == (offered, offered)
        ann >> "CAP REQ :draft/chathistory" >> "CAP END" >> "NICK ann" >> "USER ann 0 * :Ann"
        lines = "\n".join(ann.lines())
        assert (" CHATHISTORY=100 " in lines, " MSGREFTYPES=msgid,timestamp " in lines) == (offered, offered)


def test_the_token_tells_the_greatest_number(house: Archive) -> None:
    """ "`CHATHISTORY` MUST be sent to the client to state the maximum number of messages a client can request
    in a single command"  #isupport-tokens
    """
    ann, _ = seven(house)
    house.reload(history={"page": 3})
    assert any(" CHATHISTORY=3 " in line for line in ann.lines())
    for limit in (4, 0, 100, 3):
        assert latest(ann, limit=limit) == ["4", "5", "6"]


# subcommands


def test_the_latest_messages(house: Archive) -> None:
    """ "Requesting the latest conversation upon joining a channel"  #examples"""
    ann, bob = room(house)
    bob >> "PRIVMSG #c :one"
    house.clock.advance(12)
    bob >> "NOTICE #c :two"
    ann.lines()
    ann >> "CHATHISTORY LATEST #C * 50"
    ann << "@draft/chathistory-end;time=* :irc.test BATCH +* chathistory #c"
    ann << "@batch=*;time=2023-11-14T22:13:21.000Z;msgid=* :bob!~bob@192.0.2.1 PRIVMSG #c :one"
    ann << "@batch=*;time=2023-11-14T22:13:33.000Z;msgid=* :bob!~bob@192.0.2.1 NOTICE #c :two"
    ann << "@time=* :irc.test BATCH -*"
    ann.silent()
    house.check()


def test_nothing_is_an_empty_batch(house: Archive) -> None:
    """ "If no content exists to return, the server SHOULD return an empty batch"  #chathistory-command"""
    ann, _ = room(house)
    house.member("cyd")
    for target in ("#c", "bob", "cyd", "ann"):
        got = page(ann, f"CHATHISTORY LATEST {target} * 10")
        assert (got.lines, got.ended) == ([], True)
        assert got.opening.text.endswith(f" chathistory {target}")


def test_latest_after_a_message_or_a_time(house: Archive) -> None:
    """ "the returned messages are restricted to those sent after and excluding that timestamp or msgid"
    #latest
    """
    ann, all_ = seven(house)
    third = all_.lines[2]
    for selector in (f"msgid={third.msgid}", f"timestamp={third.at}"):
        got = page(ann, f"CHATHISTORY LATEST #c {selector} 3")
        assert (got.said, got.ended) == (["4", "5", "6"], False)
        got = page(ann, f"CHATHISTORY LATEST #c {selector} 4")
        assert (got.said, got.ended) == (["3", "4", "5", "6"], True)


def test_before_and_excluding(house: Archive) -> None:
    """ "Request up to `limit` number of messages before and excluding the given `timestamp` or `msgid`."
    #before
    """
    ann, all_ = seven(house)
    third = all_.lines[2]
    for selector in (f"msgid={third.msgid}", f"timestamp={third.at}"):
        got = page(ann, f"CHATHISTORY BEFORE #c {selector} 1")
        assert (got.said, got.ended) == (["1"], False)
        got = page(ann, f"CHATHISTORY BEFORE #c {selector} 9")
        assert (got.said, got.ended) == (["0", "1"], True)


def test_before_a_star_is_the_latest(house: Archive) -> None:
    """As Kiwi IRC says it, and Ergo takes it."""
    ann, _ = seven(house)
    assert page(ann, "CHATHISTORY BEFORE #c * 2").said == ["5", "6"]


def test_after_and_excluding(house: Archive) -> None:
    """ "Request up to `limit` number of messages after and excluding the given `timestamp` or `msgid`."
    #after
    """
    ann, all_ = seven(house)
    third = all_.lines[2]
    for selector in (f"msgid={third.msgid}", f"timestamp={third.at}"):
        got = page(ann, f"CHATHISTORY AFTER #c {selector} 2")
        assert (got.said, got.ended) == (["3", "4"], False)
        got = page(ann, f"CHATHISTORY AFTER #c {selector} 4")
        assert (got.said, got.ended) == (["3", "4", "5", "6"], True)


def test_around(house: Archive) -> None:
    """ "Request a number of messages before and after the `timestamp` or `msgid` with the total number of
    returned messages not exceeding `limit`."  #around
    """
    ann, all_ = seven(house)
    fourth = all_.lines[3]
    for selector in (f"msgid={fourth.msgid}", f"timestamp={fourth.at}"):
        assert page(ann, f"CHATHISTORY AROUND #c {selector} 1").said == ["3"]
        got = page(ann, f"CHATHISTORY AROUND #c {selector} 4")
        assert (got.said, got.ended) == (["1", "2", "3", "4"], False)
        assert page(ann, f"CHATHISTORY AROUND #c {selector} 5").said == ["1", "2", "3", "4", "5"]
        assert page(ann, f"CHATHISTORY AROUND #c {selector} 50").ended
    assert page(ann, f"CHATHISTORY AROUND #c msgid={all_.lines[0].msgid} 4").said == ["0", "1", "2", "3"]
    assert page(ann, f"CHATHISTORY AROUND #c msgid={all_.lines[6].msgid} 4").said == ["3", "4", "5", "6"]


def test_between_forwards_and_backwards(house: Archive) -> None:
    """ "the returned messages MUST be counted starting from and excluding the first message selector, while
    finishing on and excluding the second. This may be forwards or backwards in time."  #between
    """
    ann, all_ = seven(house)
    first, last = all_.lines[0], all_.lines[6]
    for one, two in ((f"msgid={first.msgid}", f"msgid={last.msgid}"), (f"timestamp={first.at}",) * 2):
        if one == two:
            two = f"timestamp={last.at}"
        got = page(ann, f"CHATHISTORY BETWEEN #c {one} {two} 3")
        assert (got.said, got.ended) == (["1", "2", "3"], False)
        got = page(ann, f"CHATHISTORY BETWEEN #c {two} {one} 3")
        assert (got.said, got.ended) == (["3", "4", "5"], False)
        got = page(ann, f"CHATHISTORY BETWEEN #c {two} {one} 5")
        assert (got.said, got.ended) == (["1", "2", "3", "4", "5"], True)
        got = page(ann, f"CHATHISTORY BETWEEN #c {one} {one} 5")
        assert (got.said, got.ended) == ([], True)


def test_targets(house: Archive) -> None:
    """ "it lists channels the user has visible history in, together with users with which the user has
    exchanged direct messages, ordered by the time of the latest message"  #targets
    """
    ann, bob = room(house)
    cyd = house.member("cyd")
    talk([bob], ["1"], seconds=10)
    talk([cyd], ["2"], "ann", seconds=10)
    talk([ann], ["3"], "bob", seconds=10)
    ann >> "JOIN #silent"
    got = page(ann, "CHATHISTORY TARGETS timestamp=2000-01-01T00:00:00.000Z timestamp=2030-01-01T00:00:00Z 9")
    assert got.opening.text.endswith(" draft/chathistory-targets") and got.ended
    assert got.texts == [
        ":irc.test CHATHISTORY TARGETS #c 2023-11-14T22:13:21.000Z",
        ":irc.test CHATHISTORY TARGETS cyd 2023-11-14T22:13:31.000Z",
        ":irc.test CHATHISTORY TARGETS bob 2023-11-14T22:13:41.000Z",
    ]
    between = "timestamp=2023-11-14T22:13:21.000Z timestamp=2023-11-14T22:13:41.000Z"
    assert [text.split(" ")[3] for text in page(ann, f"CHATHISTORY TARGETS {between} 9").texts] == ["cyd"]
    wide = ["timestamp=2000-01-01T00:00:00Z", "timestamp=2030-01-01T00:00:00Z"]
    for one, two, names in ((*wide, ["#c", "cyd"]), (*wide[::-1], ["cyd", "bob"])):
        got = page(ann, f"CHATHISTORY TARGETS {one} {two} 2")
        assert ([text.split(" ")[3] for text in got.texts], got.ended) == (names, False)
    # "a target is not returned if its latest message is outside of the selection parameters, even if it has
    # other messages inside them"
    talk([bob], ["4"])
    assert page(ann, f"CHATHISTORY TARGETS timestamp={START} timestamp=2023-11-14T22:13:30Z 9").texts == []
    house.check()


def test_targets_that_share_a_millisecond_come_together(house: Archive) -> None:
    """Who pages by times would never hear of the rest.  https://github.com/ircv3/ircv3-specifications/issues/604"""
    ann, _ = room(house)
    for name in ("#a", "#b", "#d", "#e"):
        ann >> f"JOIN {name}" >> f"PRIVMSG {name} :now"
    wide = "timestamp=2000-01-01T00:00:00Z timestamp=2030-01-01T00:00:00Z"
    got = page(ann, f"CHATHISTORY TARGETS {wide} 3")
    assert ([text.split(" ")[3] for text in got.texts], got.ended) == (["#a", "#b", "#d", "#e"], True)
    got = page(ann, f"CHATHISTORY TARGETS {wide} 1")
    assert (len(got.texts), got.ended) == (2, False)


# the answer


def test_without_batch_there_are_the_lines_alone(house: Archive) -> None:
    """ "If the `batch` capability was negotiated, the server MUST reply to a successful `CHATHISTORY` command
    using a `batch`": "Servers SHOULD NOT enforce that clients support all related capabilities".
    """
    ann, bob = room(house, "draft/chathistory")
    talk([bob], ["1", "2"])
    ann.lines()
    ann >> "CHATHISTORY LATEST #c * 10"
    ann << ":bob!~bob@192.0.2.1 PRIVMSG #c :1" << ":bob!~bob@192.0.2.1 PRIVMSG #c :2"
    ann.silent()
    ann >> "CHATHISTORY TARGETS timestamp=2000-01-01T00:00:00.000Z timestamp=2030-01-01T00:00:00.000Z 10"
    ann << ":irc.test CHATHISTORY TARGETS #c 2023-11-14T22:13:22.000Z"
    ann.silent()


def test_a_label_goes_onto_the_batch(house: Archive) -> None:
    """https://ircv3.net/specs/extensions/labeled-response"""
    ann, bob = room(house, f"{CAPS} labeled-response")
    talk([bob], ["1", "2"])
    ann.lines()
    ann >> "@label=x CHATHISTORY LATEST #c * 10"
    first, *inside, last = [parsed(line) for line in ann.lines()]
    assert first.tags["label"] == "x" and " chathistory #c" in first.text and "BATCH -" in last.text
    assert all("label" not in line.tags for line in (*inside, last)) and len(inside) == 2
    ann >> "@label=y CHATHISTORY LATEST #nowhere * 10"
    (line,) = ann.lines()
    assert parsed(line).tags["label"] == "y"


def test_messages_bear_what_they_bore(house: Archive) -> None:
    """ "The `server-time` tag on each message SHOULD be the time at which the message was received by the IRC
    server. The `msgid` tag that identifies each individual message in a response MUST be the `msgid` tag as
    originally sent by the IRC server."  #returned-message-notes
    """
    caps = f"{PLAYBACK} draft/oper-tag echo-message"
    ann, _ = room(house, caps)
    cyd = house.member("cyd", caps="message-tags")
    cyd >> "JOIN #c" >> "MODE cyd +B"
    opered(cyd)
    ann.lines()
    for line in ("PRIVMSG #c :hi", "@+draft/reply=abc;+x=a\\sb NOTICE #c :\x01ACTION waves\x01"):
        cyd >> line
    cyd >> "@+draft/react=:);+draft/reply=abc TAGMSG #c"
    live = [parsed(line) for line in ann.lines()]
    cyd >> "NICK Other"
    house.clock.advance(1000)
    then = page(ann, "CHATHISTORY LATEST #c * 10").lines[:3]
    assert len(then) == 3 and {"time", "msgid", "account", "bot", "draft/oper"} <= then[0].tags.keys()
    for again, was in zip(then, live, strict=True):
        assert again.tags == {**was.tags, "batch": again.tags["batch"]}
        assert again.text == was.text


def test_what_is_told_of_an_account_is_what_it_is_called_now(house: Archive) -> None:
    ann, _ = room(house)
    cyd = house.member("cyd")
    cyd >> "JOIN #c" >> "PRIVMSG #c :hi"
    cyd >> "NICK cydonia" >> "PRIVMSG NickServ :SET NAME cydonia"
    assert page(ann, "CHATHISTORY LATEST #c * 10").lines[0].tags["account"] == "cydonia"


def test_only_what_every_client_knows_without_event_playback(house: Archive) -> None:
    """ "If the client has not negotiated the `draft/event-playback` capability, the server MUST NOT send any
    lines other than `PRIVMSG` and `NOTICE` in the reply batch, unless allowed by a capability negotiated by
    the client."  #chathistory-command
    """
    ann, bob = room(house)
    cyd = house.member("cyd")
    cyd >> "JOIN #c" >> "PRIVMSG #c :1" >> "@+draft/react=x;+reply=y TAGMSG #c"
    house.put(event(house, rows.KICK, "out", "dan"), event(house, rows.TOPIC, "tea"))
    bob >> "PRIVMSG #c :2"
    # Nor do they take the places of what can be shown.  https://github.com/ergochat/ergo/issues/1676
    got = page(ann, "CHATHISTORY LATEST #c * 2")
    assert (got.said, got.ended) == (["1", "2"], True)


def test_events_with_event_playback(house: Archive) -> None:
    """ "If the client has negotiated `draft/event-playback`, the server SHOULD send additional lines relevant
    to the chat history, including but not limited to `TAGMSG`, `JOIN`, `PART`, `QUIT`, `MODE`, `TOPIC`, and
    `NICK`."
    """
    ann, _ = room(house, f"{PLAYBACK} extended-join draft/channel-rename")
    house.reload(history={"events": ["JOIN", "PART", "QUIT", "NICK", "KICK", "MODE", "TOPIC", "RENAME"]})
    cyd = house.account("cyd")
    events = [
        event(house, rows.JOIN, "Bob", "*"), event(house, rows.JOIN, "Bob", "cyd", person=cyd.id),
        event(house, rows.PART), event(house, rows.PART, "", ""), event(house, rows.PART, "tea", ""),
        event(house, rows.QUIT, "gone"), event(house, rows.NICK, "Bobby"),
        event(house, rows.KICK, "out", "dan"), event(house, rows.MODE, "+ov-b dan eve *!*@x"),
        event(house, rows.TOPIC, "all about tea"), event(house, rows.RENAME, "why", "#old", "#c"),
    ]  # fmt: skip
    house.put(*events)
    got = page(ann, "CHATHISTORY LATEST #c * 50")
    bob = ":bob!~bob@b"
    assert got.texts == [
        f"{bob} JOIN #c * :Bob", f"{bob} JOIN #c cyd :Bob", f"{bob} PART #c", f"{bob} PART #c :",
        f"{bob} PART #c :tea", f"{bob} QUIT :gone", f"{bob} NICK Bobby", f"{bob} KICK #c dan :out",
        f"{bob} MODE #c +ov-b dan eve *!*@x", f"{bob} TOPIC #c :all about tea",
        f"{bob} RENAME #old #c :why",
    ]  # fmt: skip
    assert [line.msgid for line in got.lines] == [row.msgid for row in events]
    assert [line.tags.get("account") for line in got.lines[:2]] == [None, "cyd"]
    house.reload(history={"events": ["TOPIC"]})
    assert page(ann, "CHATHISTORY LATEST #c * 50").texts == [f"{bob} TOPIC #c :all about tea"]
    house.check()


def test_lines_that_a_client_did_not_ask_for_are_no_events(house: Archive) -> None:
    """Of RENAME one has to know, and of tags for what is nothing but tags; JOIN has an account for some."""
    ann, _ = room(house, "draft/chathistory draft/event-playback batch")
    cyd = house.member("cyd")
    cyd >> "JOIN #c"
    house.reload(history={"events": ["JOIN", "RENAME"]})
    cyd >> "@+draft/react=x;+reply=y TAGMSG #c"
    house.put(event(house, rows.JOIN, "Bob", "*"), event(house, rows.RENAME, "why", "#old", "#c"))
    got = page(ann, "CHATHISTORY LATEST #c * 50")
    assert (got.texts, [*got.lines[0].tags]) == ([":bob!~bob@b JOIN #c"], ["batch"])


def test_messages_of_several_lines_are_batches_within(house: Archive) -> None:
    """https://ircv3.net/specs/extensions/multiline"""
    ann, _ = room(house, f"{CAPS} draft/multiline")
    cyd = house.member("cyd", caps="batch message-tags draft/multiline")
    cyd >> "JOIN #c" >> "@+x=1 BATCH +1 draft/multiline #c" >> "@batch=1 PRIVMSG #c :one"
    cyd >> "@batch=1;draft/multiline-concat PRIVMSG #c :, two" >> "@batch=1 PRIVMSG #c :three" >> "BATCH -1"
    ann.lines()
    ann >> "CHATHISTORY LATEST #c * 50"
    lines = [parsed(line) for line in ann.lines()]
    outer, inner = lines[0].text.split("+")[1].split(" ")[0], lines[1].text.split("+")[1].split(" ")[0]
    assert lines[1].text == f":cyd!~cyd@192.0.2.1 BATCH +{inner} draft/multiline #c"
    assert lines[1].tags["batch"] == outer and {"msgid", "+x", "account"} <= lines[1].tags.keys()
    assert [(line.tags, line.said) for line in lines[2:5]] == [
        ({"batch": inner}, "one"),
        ({"batch": inner, "draft/multiline-concat": ""}, ", two"),
        ({"batch": inner}, "three"),
    ]
    assert (lines[5].text, lines[5].tags["batch"]) == (f":cyd!~cyd@192.0.2.1 BATCH -{inner}", outer)
    assert lines[6].text == f":irc.test BATCH -{outer}"
    eve = house.member("eve")
    eve >> "JOIN #c"
    got = page(eve, "CHATHISTORY LATEST #c * 50")
    assert got.said == ["one", ", two", "three"]
    assert ["msgid" in line.tags for line in got.lines] == [True, False, False]


# redactions and reactions


def test_what_was_redacted_is_not_told_but_that_it_was(house: Archive) -> None:
    """ "After a message is redacted, `chathistory` responses SHOULD either: exclude it entirely [or] include
    a `REDACT` message"  https://ircv3.net/specs/extensions/message-redaction#chat-history
    """
    ann, bob = room(house, f"{CAPS} draft/message-redaction echo-message")
    ann >> "PRIVMSG #c :oops"
    msgid = parsed(ann.lines()[0]).msgid
    bob >> "PRIVMSG #c :what?"
    house.clock.advance(1)
    ann >> f"REDACT #c {msgid} :typo"
    house.clock.advance(1)
    bob >> "PRIVMSG #c :ah"
    got = page(ann, "CHATHISTORY LATEST #c * 2")
    # "Context messages MUST NOT be counted towards the message limit."
    assert got.texts == [
        ":bob!~bob@192.0.2.1 PRIVMSG #c :what?", f":ann!~ann@192.0.2.1 REDACT #c {msgid} :typo",
        ":bob!~bob@192.0.2.1 PRIVMSG #c :ah",
    ]  # fmt: skip
    # "Such messages MUST be tagged with the `draft/chathistory-context` tag"
    assert ["draft/chathistory-context" in line.tags for line in got.lines] == [False, True, False]
    cyd = house.member("cyd")
    cyd >> "JOIN #c"
    assert latest(cyd) == ["what?", "ah"]
    house.check()


def test_that_something_was_deleted_is_told_to_those_who_could_hear_of_it(house: Archive) -> None:
    """Who, why, and that there was anything, was said behind closed doors, or to those of a rank."""
    caps = f"{CAPS} draft/message-redaction echo-message"
    ann, _ = room(house, caps)
    dan = house.member("dan", caps=caps)
    dan >> "JOIN #c"
    for doors, target in (("-i", "@#c"), ("+i", "#c")):
        ann >> f"MODE #c {doors}"
        ann.lines()
        ann >> f"PRIVMSG {target} :oops"
        msgid = parsed(ann.lines()[0]).msgid
        house.clock.advance(1)
        ann >> f"REDACT #c {msgid} :for {target}"
        house.clock.advance(1)
    ann >> "MODE #c -i"
    ann >> "PRIVMSG #c :now"
    cyd = house.member("cyd", caps=caps)
    cyd >> "JOIN #c"
    assert latest(ann) == ["for @#c", "for #c", "now"]
    assert latest(dan) == ["for #c", "now"]
    assert latest(cyd) == ["now"]
    house.check()


def test_what_is_deleted_while_nothing_is_stored_is_not_shown_later(house: Archive) -> None:
    caps = f"{CAPS} draft/message-redaction echo-message"
    ann, bob = room(house, caps)
    ids = []
    for target in ("bob", "#c"):
        ann >> f"PRIVMSG {target} :oops"
        ids.append(parsed(ann.lines()[0]).msgid)
    house.reload(history={"direct": False, "channels": False})
    ann >> f"REDACT bob {ids[0]}"
    ann << f"* REDACT bob {ids[0]}"
    channel, clock = house.node.network.channel("#c"), house.clock
    assert channel is not None
    house.node.commit(MessageRedacted(bob.user, channel, ids[1], "", clock.time(), "1r"))  # by another server
    house.reload(history={"direct": True, "channels": True})
    assert (latest(ann, "bob"), latest(ann)) == ([], [])
    (gone,) = at_once(house.messages.redactions(house.place(), 0, 9))
    assert (gone.redacted, gone.source) == (ids[1], "")
    assert page(ann, "CHATHISTORY LATEST #c * 50").lines == []  # nobody is told
    house.check()


def test_to_delete_what_one_may_not_see_is_as_to_delete_what_does_not_exist(house: Archive) -> None:
    ann, _ = room(house, f"{CAPS} draft/message-redaction echo-message")
    ann >> "MODE #c +i"
    ann.lines()
    ann >> "PRIVMSG #c :secret"
    secret = parsed(ann.lines()[0]).msgid
    house.clock.advance(1)
    ann >> "MODE #c -i"
    ann.lines()
    ann >> "PRIVMSG #c :open"
    said = parsed(ann.lines()[0]).msgid
    cyd = house.member("cyd", caps="batch draft/message-redaction")
    cyd >> "JOIN #c"
    cyd.lines()
    for msgid, code in ((secret, "UNKNOWN_MSGID"), ("1" * 29, "UNKNOWN_MSGID"), (said, "REDACT_FORBIDDEN")):
        cyd >> f"REDACT #c {msgid}" << f":irc.test FAIL REDACT {code} #c {msgid} :*"
    set_modes(house, "#c", "+o", "cyd")
    cyd.lines()
    cyd >> f"REDACT #c {secret}"  # who operates the channel deletes anything of it
    assert not [line for line in cyd.lines() if "FAIL" in line]
    house.check()


def test_reactions_from_beyond_the_page_follow_their_message(house: Archive) -> None:
    """ "Such messages MUST be tagged with the `draft/chathistory-context` tag and MUST immediately follow
    their parent message."  #draftchathistory-context-tag
    """
    ann, _ = room(house, f"{PLAYBACK} echo-message")
    cyd = house.member("cyd", caps="message-tags")
    cyd >> "JOIN #c"
    ann.lines()
    for text in ("one", "two"):
        ann >> f"PRIVMSG #c :{text}"
        house.clock.advance(1)
    ids = [parsed(line).msgid for line in ann.lines()]
    for reaction in ("x", "y", "z"):
        cyd >> f"@+draft/react={reaction};+draft/reply={ids[0]} TAGMSG #c"
        house.clock.advance(1)
    got = page(ann, f"CHATHISTORY BEFORE #c msgid={ids[1]} 9")
    told = [(line.text.split(" ")[1], line.tags.get("+draft/react")) for line in got.lines]
    assert told == [("PRIVMSG", None), ("TAGMSG", "x"), ("TAGMSG", "y"), ("TAGMSG", "z")]
    assert ["draft/chathistory-context" in line.tags for line in got.lines] == [False, True, True, True]
    house.reload(history={"context_most": 2})
    assert len(page(ann, f"CHATHISTORY BEFORE #c msgid={ids[1]} 9").lines) == 3
    whole = page(ann, "CHATHISTORY LATEST #c * 9")
    assert [line.text.split(" ")[1] for line in whole.lines] == ["PRIVMSG", "PRIVMSG", *["TAGMSG"] * 3]
    assert not any("draft/chathistory-context" in line.tags for line in whole.lines)


# ties


def test_what_shares_a_millisecond_comes_together_if_asked_for_by_time(house: Archive) -> None:
    ann, bob = room(house)
    for number in range(9):
        bob >> f"PRIVMSG #c :{number}"
        if number not in (2, 3, 4):
            house.clock.advance(1)
    assert latest(ann, limit=4) == ["2", "3", "4", "5", "6", "7", "8"]
    assert latest(ann, limit=3) == ["6", "7", "8"]
    all_ = page(ann, "CHATHISTORY LATEST #c * 50").lines
    got = page(ann, f"CHATHISTORY AFTER #c timestamp={all_[0].at} 2")
    assert (got.said, got.ended) == (["1", "2", "3", "4"], False)
    assert page(ann, f"CHATHISTORY AFTER #c msgid={all_[0].msgid} 2").said == ["1", "2"]
    assert page(ann, f"CHATHISTORY AFTER #c timestamp={all_[2].at} 2").said == ["6", "7"]
    assert page(ann, f"CHATHISTORY AFTER #c timestamp={all_[0].at} 1").said == ["1"]


# private messages


def test_a_talk_has_both_sides(house: Archive) -> None:
    """ "the server SHOULD include history sent between the current user and the target nickname, including
    outgoing messages"  #chathistory-command
    """
    ann, bob = house.member("ann"), house.member("bob")
    ann >> "PRIVMSG bob :1"
    bob >> "NOTICE ann :2"
    for client, other in ((ann, "BOB"), (bob, "Ann")):
        got = page(client, f"CHATHISTORY LATEST {other} * 10")
        assert got.opening.text.endswith(f" chathistory {other.lower()}")
        assert got.texts == [
            ":ann!~ann@192.0.2.1 PRIVMSG bob :1", ":bob!~bob@192.0.2.1 NOTICE ann :2",
        ]  # fmt: skip
        assert [line.tags["account"] for line in got.lines] == ["ann", "bob"]


def test_a_talk_goes_on_whatever_the_two_are_called(house: Archive) -> None:
    """ "The server SHOULD attempt to include history involving other nicknames if either the current user or
    the target nickname has changed during the requested timeframe."
    """
    ann, bob = house.member("ann"), house.member("bob")
    ann >> "PRIVMSG bob :1"
    bob >> "NICK bobby"
    bob >> "PRIVMSG ann :2"
    ann >> "NICK anna"
    both = [":anna!~ann@192.0.2.1 PRIVMSG bobby :1", ":bobby!~bob@192.0.2.1 PRIVMSG anna :2"]
    assert page(ann, "CHATHISTORY LATEST bobby * 10").texts == both
    assert page(bob, "CHATHISTORY LATEST anna * 10").texts == both
    # By the name of the account as well, and all the more when its owner is gone.
    got = page(ann, "CHATHISTORY LATEST bob * 10")
    assert (got.texts, got.opening.text.split(" ")[-1]) == (both, "bobby")
    bob.session.close("gone")
    for name in ("bob", "bobby"):
        assert page(ann, f"CHATHISTORY LATEST {name} * 10").texts == [
            text.replace("bobby", name) for text in both
        ]
    wide = "timestamp=2000-01-01T00:00:00Z timestamp=2030-01-01T00:00:00Z"
    (target,) = page(ann, f"CHATHISTORY TARGETS {wide} 9").texts
    assert target.split(" ")[3] == "bob"
    # Who takes a nick that was somebody's takes nothing of what was said.
    house.member("bobby", "robert")
    assert page(ann, "CHATHISTORY LATEST bobby * 10").texts == []
    house.check()


def test_a_talk_with_a_guest_is_the_accounts_alone(house: Archive) -> None:
    ann, bob = house.member("ann"), house.client("bob", caps=CAPS)
    bob >> "PRIVMSG ann :1"
    ann >> "PRIVMSG bob :2"
    for client, other in ((ann, "bob"), (bob, "ann")):
        assert page(client, f"CHATHISTORY LATEST {other} * 10").said == ["1", "2"]
    wide = "timestamp=2000-01-01T00:00:00Z timestamp=2030-01-01T00:00:00Z"
    assert [text.split(" ")[3] for text in page(bob, f"CHATHISTORY TARGETS {wide} 9").texts] == ["ann"]
    bob.session.close("gone")
    got = page(ann, "CHATHISTORY LATEST bob * 10")
    assert got.texts == [":bob!~bob@192.0.2.1 PRIVMSG ann :1", ":ann!~ann@192.0.2.1 PRIVMSG bob :2"]
    assert [text.split(" ")[3] for text in page(ann, f"CHATHISTORY TARGETS {wide} 9").texts] == ["bob"]
    later = house.client("bob", caps=CAPS)
    assert page(later, "CHATHISTORY LATEST ann * 10").said == []
    assert page(later, f"CHATHISTORY TARGETS {wide} 9").texts == []
    house.check()


def test_guests_have_their_talk_as_long_as_both_are_here(house: Archive) -> None:
    ann, bob = house.client("ann", caps=CAPS), house.client("bob", caps=CAPS)
    for number in range(4):
        (ann if number % 2 else bob) >> f"PRIVMSG {'bob' if number % 2 else 'ann'} :{number}"
        house.clock.advance(1)
    all_ = page(ann, "CHATHISTORY LATEST bob * 10")
    assert (all_.said, all_.ended) == (["0", "1", "2", "3"], True)
    assert all_.texts[0] == ":bob!~bob@192.0.2.1 PRIVMSG ann :0"
    got = page(bob, f"CHATHISTORY BEFORE ann msgid={all_.lines[3].msgid} 2")
    assert (got.said, got.ended) == (["1", "2"], False)
    assert page(bob, f"CHATHISTORY AROUND ann msgid={all_.lines[1].msgid} 3").said == ["0", "1", "2"]
    refused(bob, "CHATHISTORY BEFORE ann msgid=what 2", "MESSAGE_ERROR BEFORE ann :*")
    bob.session.close("gone")
    refused(ann, "CHATHISTORY LATEST bob * 10", "INVALID_TARGET LATEST bob :Messages could not be retrieved")
    house.check()


def test_what_one_says_to_oneself(house: Archive) -> None:
    ann = house.member("ann")
    ann >> "PRIVMSG ann :remember the milk"
    got = page(ann, "CHATHISTORY LATEST ann * 10")
    assert got.texts == [":ann!~ann@192.0.2.1 PRIVMSG ann :remember the milk"]


def test_the_second_session_of_an_account_sees_the_same(house: Archive) -> None:
    ann, bob = house.member("ann"), house.member("bob")
    bob >> "PRIVMSG ann :1"
    other = house.member("ann2", "ann")
    assert page(other, "CHATHISTORY LATEST bob * 10").texts == [":bob!~bob@192.0.2.1 PRIVMSG ann2 :1"]
    ann >> "PRIVMSG bob :2"
    assert latest(other, "bob") == ["1", "2"]


# errors


@pytest.mark.parametrize(
    ("command", "failure"),
    [
        ("CHATHISTORY", "INVALID_PARAMS * :Unknown command"),
        ("CHATHISTORY NEWEST #c * 5", "INVALID_PARAMS NEWEST :Unknown command"),
        ("CHATHISTORY LATEST", "INVALID_PARAMS LATEST :Insufficient parameters"),
        ("CHATHISTORY LATEST #c *", "INVALID_PARAMS LATEST :Insufficient parameters"),
        ("CHATHISTORY latest #c *", "INVALID_PARAMS latest :Insufficient parameters"),
        ("CHATHISTORY BETWEEN #c msgid=1 5", "INVALID_PARAMS BETWEEN :Insufficient parameters"),
        (f"CHATHISTORY TARGETS timestamp={START} 5", "INVALID_PARAMS TARGETS :Insufficient parameters"),
        ("CHATHISTORY LATEST #c * 5 6", "INVALID_PARAMS LATEST :Too many parameters"),
        ("CHATHISTORY BEFORE #c msgid=1 msgid=2 5", "INVALID_PARAMS BEFORE :Too many parameters"),
        (
            "CHATHISTORY BEFORE #c timestamp=12:00 5",
            "INVALID_PARAMS BEFORE timestamp=12:00 :Invalid timestamp",
        ),
        (
            "CHATHISTORY BEFORE #c timestamp=2023-02-30T00:00:00Z 5",
            "INVALID_PARAMS BEFORE timestamp=2023-02-30T00:00:00Z :Invalid timestamp",
        ),
        ("CHATHISTORY AFTER #c * 5", "INVALID_PARAMS AFTER * :*"),
        ("CHATHISTORY AFTER #c msgid= 5", "INVALID_PARAMS AFTER msgid= :*"),
        ("CHATHISTORY LATEST #c * five", "INVALID_PARAMS LATEST five :Invalid limit"),
        ("CHATHISTORY LATEST #c * -5", "INVALID_PARAMS LATEST -5 :Invalid limit"),
        ("CHATHISTORY LATEST #c * :", "INVALID_PARAMS LATEST * :Invalid limit"),
        ("CHATHISTORY BEFORE #c seq=5 5", "INVALID_MSGREFTYPE BEFORE #c seq=5 :*"),
        (f"CHATHISTORY TARGETS msgid=1 timestamp={START} 5", "INVALID_MSGREFTYPE TARGETS * msgid=1 :*"),
        ("CHATHISTORY BEFORE #c msgid=unheard 5", "MESSAGE_ERROR BEFORE #c :Messages could not be retrieved"),
        ("CHATHISTORY LATEST #no * 5", "INVALID_TARGET LATEST #no :Messages could not be retrieved"),
        ("CHATHISTORY LATEST #out * 5", "INVALID_TARGET LATEST #out :Messages could not be retrieved"),
        ("CHATHISTORY LATEST nobody * 5", "INVALID_TARGET LATEST nobody :Messages could not be retrieved"),
        ("CHATHISTORY LATEST NickServ * 5", "INVALID_TARGET LATEST NickServ :*"),
        ("CHATHISTORY LATEST @ * 5", "INVALID_TARGET LATEST @ :*"),
    ],
)
def test_errors(house: Archive, command: str, failure: str) -> None:
    """https://ircv3.net/specs/extensions/chathistory#errors-and-warnings"""
    ann, bob = room(house)
    bob >> "JOIN #out" >> "PRIVMSG #out :not for ann"
    refused(ann, command, failure)
    house.check()


@pytest.mark.parametrize("command", ["CHATHISTORY LATEST #c * 5", "CHATHISTORY LATEST nobody * 5"])
def test_a_store_that_fails_is_a_message_error(house: Archive, command: str) -> None:
    """ "If no message history can be returned due to an error, the `MESSAGE_ERROR` error code SHOULD be
    returned".
    """
    ann, _ = room(house)

    def fails(*given: object) -> Awaitable[Found]:
        raise StoreError("The disk is broken")

    house.messages.page = house.messages.targets = fails  # type: ignore[method-assign,assignment]
    refused(ann, command, f"MESSAGE_ERROR LATEST {command.split(' ')[2]} :Messages could not be retrieved")
    wide = "timestamp=2000-01-01T00:00:00Z timestamp=2030-01-01T00:00:00Z"
    refused(ann, f"CHATHISTORY TARGETS {wide} 5", "MESSAGE_ERROR TARGETS * :Messages could not be retrieved")
    ann >> f"HISTORY {command.split(' ')[2]}"
    assert parsed(ann.lines()[-1]).text.startswith(":irc.test 263 ann HISTORY :")
    house.check()


def test_a_time_may_be_finer_or_coarser(house: Archive) -> None:
    ann, _ = seven(house)
    for text in ("2023-11-14T22:13:22Z", "2023-11-14T22:13:22.0009Z", "2023-11-14T22:13:22.000000Z"):
        assert page(ann, f"CHATHISTORY BEFORE #c timestamp={text} 5").said == ["0"]
    assert page(ann, "CHATHISTORY AFTER #c timestamp=0001-01-01T00:00:00.000Z 2").said == ["0", "1"]
    assert page(ann, "CHATHISTORY BEFORE #c timestamp=9999-12-31T23:59:59.999Z 2").said == ["5", "6"]


def test_an_id_that_is_unknown_counts_by_its_time(house: Archive) -> None:
    ann, all_ = seven(house)
    gone = all_.lines[3].msgid
    house.put(Redacted(house.place(), gone, house.ms(), "r", None, "bob!~bob@b", ""))
    assert page(ann, f"CHATHISTORY BEFORE #c msgid={gone} 2").said == ["1", "2"]
    assert page(ann, f"CHATHISTORY AFTER #c msgid={gone} 2").said == ["4", "5"]


def test_what_is_missing_is_told(house: Archive) -> None:
    ann, _ = seven(house, f"{CAPS} standard-replies labeled-response")
    bob = house.member("eve")
    bob >> "JOIN #c"
    lacks(house, (1_700_000_000_000, 1_700_000_060_000))
    got = page(ann, "CHATHISTORY LATEST #c * 50")
    assert (len(got.lines), got.ended) == (7, False)
    times = "2023-11-14T22:13:20.000Z 2023-11-14T22:14:20.000Z"
    assert got.rest == [f":irc.test NOTE CHATHISTORY INCOMPLETE #c {times} :Something may be missing"]
    assert page(bob, "CHATHISTORY LATEST #c * 50").rest == []
    ann >> "@label=x CHATHISTORY LATEST #c * 50"
    first, *_, last = [parsed(line) for line in ann.lines()]
    assert "labeled-response" in first.text and "BATCH -" in last.text
    ann >> "HISTORY #c"
    note = parsed(ann.lines()[-1]).text
    assert note == f":irc.test NOTE HISTORY INCOMPLETE #c {times} :Something may be missing"


def test_what_waits_for_the_store_is_told_to_be_missing(
    house: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is while a database is away, or was until now: what waits is in no page."""
    ann, all_ = seven(house, f"{CAPS} standard-replies soju.im/search")
    waits = 1_700_000_001_000, 1_700_000_002_000
    place, deleted = house.place(), all_.lines[3].msgid
    monkeypatch.setattr(house.messages, "unread", lambda of: waits if of == place else None)
    gone = Gone()
    gone.note(Redacted(place, deleted, 1_700_000_001_500, "r", None, "", ""))
    monkeypatch.setattr(Immediate, "gone", gone)
    got = page(ann, "CHATHISTORY LATEST #c * 50")
    assert (got.said, got.ended) == (["0", "1", "2", "4", "5", "6"], False)
    times = "2023-11-14T22:13:21.000Z 2023-11-14T22:13:22.000Z"
    assert got.rest == [f":irc.test NOTE CHATHISTORY INCOMPLETE #c {times} :Something may be missing"]
    assert page(ann, "CHATHISTORY AFTER #c timestamp=2023-11-14T22:13:23Z 2").rest == []
    ann >> "SEARCH text=5;in=#c"
    note = parsed(ann.lines()[-1]).text
    assert note == f":irc.test NOTE SEARCH INCOMPLETE #c {times} :Something may be missing"
    monkeypatch.undo()
    assert page(ann, "CHATHISTORY LATEST #c * 50").rest == []


def test_of_what_nobody_may_see_nothing_is_said_to_be_missing(house: Archive) -> None:
    ann, _ = seven(house, f"{CAPS} standard-replies")
    start = house.node.network.channels["#c"].ts * 1000  # type: ignore[index]
    lacks(house, (0, start))
    assert page(ann, "CHATHISTORY LATEST #c * 50").rest == []
    lacks(house, (start - 1000, start + 1000))
    times = "2023-11-14T22:13:20.000Z 2023-11-14T22:13:21.000Z"
    assert page(ann, "CHATHISTORY LATEST #c * 50").rest == [
        f":irc.test NOTE CHATHISTORY INCOMPLETE #c {times} :Something may be missing"
    ]


def test_a_page_without_what_may_have_been_deleted_is_no_end(house: Archive) -> None:
    ann, _ = seven(house, f"{CAPS} standard-replies")
    lacks(house, unsure=house.ms())
    got = page(ann, "CHATHISTORY LATEST #c * 50")
    assert (got.lines, got.ended) == ([], False)
    (note,) = got.rest
    assert note.startswith(":irc.test NOTE CHATHISTORY INCOMPLETE #c 2023-11-14T22:13:20.000Z ")


# how much, and how fast


def test_a_page_is_no_larger_than_a_slow_client_can_bear(house: Archive) -> None:
    ann, bob = room(house)
    for number in range(60):
        bob >> f"PRIVMSG #c :{number:03}{'x' * 390}"
    all_ = page(ann, "CHATHISTORY LATEST #c * 60")
    ann.session.outlet.sendq = 20000
    got = page(ann, "CHATHISTORY LATEST #c * 60")
    assert [line[:3] for line in got.said] == [f"{number:03}" for number in range(60 - len(got.said), 60)]
    assert 5 < len(got.said) < 30 and not got.ended
    got = page(ann, f"CHATHISTORY AFTER #c msgid={all_.lines[9].msgid} 50")
    assert got.said[0][:3] == "010" and 5 < len(got.said) < 30 and not got.ended
    got = page(ann, f"CHATHISTORY AROUND #c msgid={all_.lines[30].msgid} 50")
    assert "030" in [line[:3] for line in got.said] and not got.ended
    ann.session.outlet.sendq = 10
    assert len(page(ann, "CHATHISTORY LATEST #c * 60").said) == 1


def test_only_so_many_look_back_at_once(house: Archive) -> None:
    house.reload(history={"waiting": 1})
    ann, bob = room(house)
    others = [house.member(f"one{number}", caps=CAPS) for number in range(5)]
    for other in others:
        other >> "JOIN #c"
    asked = house.messages.stays
    house.hold = True

    async def slowly(places: Sequence[rows.Place], person: str) -> Mapping[rows.Place, rows.Times]:
        await house.pause()
        return await asked(places, person)

    house.messages.stays = slowly  # type: ignore[method-assign,assignment]
    for other in others:  # four are asked at a time by two readers, and one waits
        other.lines()
        other >> "CHATHISTORY LATEST #c * 5"
        other.silent()
    bob.lines()
    refused(ann, "CHATHISTORY LATEST #c * 5", "MESSAGE_ERROR LATEST #c :*")
    bob >> "HISTORY #c"
    bob << ":irc.test 263 bob HISTORY :*"
    house.release()
    for other in others[:4]:
        other << "*BATCH +* chathistory #c"
        other.lines()
    house.release()
    others[4] << "*BATCH +* chathistory #c"
    others[4].lines()
    house.check()


# who may see what


def test_what_is_said_behind_closed_doors_is_for_those_who_are_there(house: Archive) -> None:
    ann, bob = room(house)
    talk([bob], ["open"])
    for letter, parameter in (("i", []), ("k", ["key"]), ("s", [])):
        set_modes(house, "#c", f"+{letter}", *parameter)
        talk([bob], [f"closed by {letter}"])
        set_modes(house, "#c", f"-{letter}", *parameter)
    talk([bob], ["open again"])
    assert latest(ann) == ["open", "closed by i", "closed by k", "closed by s", "open again"]
    cyd = house.member("cyd")
    cyd >> "JOIN #c"
    got = page(cyd, "CHATHISTORY LATEST #c * 2")
    assert (got.said, got.ended) == (["open", "open again"], True)
    # Whoever was there finds it also after having been away; a guest does not.
    for client in (ann, bob):
        client >> "PART #c" >> "JOIN #c"
    assert len(latest(ann)) == 5
    bob.lines()
    bob >> "HISTORY #c"
    assert [line.partition(" :")[2] for line in bob.lines()] == ["open", "open again"]
    house.check()


def test_members_see_what_was_said_before_they_came_as_the_operator_of_the_server_wants(
    house: Archive,
) -> None:
    ann, bob = room(house)
    talk([bob], ["1"])
    house.clock.advance(60)
    cyd, guest = house.member("cyd"), house.client("guest", caps=CAPS)
    talk([bob], ["2"])
    house.clock.advance(60)
    cyd >> "JOIN #c"
    guest >> "JOIN #c"
    talk([bob], ["3"])
    for who, texts in (("all", ["1", "2", "3"]), ("account", ["2", "3"]), ("join", ["3"])):
        house.reload(history={"visible_from": who})
        assert latest(cyd) == latest(guest) == texts
        assert latest(ann) == ["1", "2", "3"]
    cyd >> "PART #c"
    house.clock.advance(1)
    talk([bob], ["4"])
    cyd >> "JOIN #c"
    talk([bob], ["5"])
    assert latest(cyd) == ["3", "5"]
    house.check()


def test_a_channel_says_by_its_mode_h_what_there_is_for_whom(house: Archive) -> None:
    ann, bob = room(house)
    talk([bob], ["1"])
    house.clock.advance(2 * 3600)
    talk([bob], ["2"])
    cyd = house.client("cyd", caps=CAPS)
    cyd >> "JOIN #c"
    talk([bob], ["3"])
    for mode, texts in (
        ("+H 1d", ["1", "2", "3"]), ("+H 1h", ["2", "3"]), ("+H 1d:join", ["3"]), ("+H 0", []),
        ("-H", ["1", "2", "3"]),
    ):  # fmt: skip
        ann >> f"MODE #c {mode}"
        ann.until("* MODE #c *")
        cyd.lines()
        assert latest(cyd) == texts, mode
    house.reload(history={"visible_from": "join"})
    assert latest(cyd) == ["3"]
    ann >> "MODE #c +H 1d:all"
    cyd.lines()
    assert latest(cyd) == ["1", "2", "3"]
    house.check()


def test_what_is_for_operators_of_a_channel_is_for_them_and_its_author(house: Archive) -> None:
    ann, _ = room(house)
    cyd, dan = house.member("cyd"), house.member("dan")
    for client in (cyd, dan):
        client >> "JOIN #c"
    cyd >> "PRIVMSG @#c :help"
    assert page(ann, "CHATHISTORY LATEST #c * 9").texts == [":cyd!~cyd@192.0.2.1 PRIVMSG @#c :help"]
    assert (latest(cyd), latest(dan)) == (["help"], [])
    set_modes(house, "#c", "-o+o", "ann", "dan")
    assert (latest(ann), latest(dan)) == ([], ["help"])


def test_a_channel_that_was_made_anew_has_no_past(house: Archive) -> None:
    ann, bob = room(house)
    talk([bob], ["1"])
    ann >> "PART #c"
    bob >> "PART #c"
    house.clock.advance(5)
    ann >> "JOIN #c"
    assert latest(ann) == []


def test_a_channel_that_is_renamed_keeps_its_past(house: Archive) -> None:
    ann, bob = room(house, f"{CAPS} draft/channel-rename")
    talk([bob], ["1"])
    ann >> "RENAME #c #tea :better"
    talk([bob], ["2"], "#tea")
    got = page(ann, "CHATHISTORY LATEST #tea * 9")
    assert got.texts == [":bob!~bob@192.0.2.1 PRIVMSG #tea :1", ":bob!~bob@192.0.2.1 PRIVMSG #tea :2"]
    refused(ann, "CHATHISTORY LATEST #c * 9", "INVALID_TARGET LATEST #c :*")


# HISTORY


def test_history_for_clients_that_know_nothing_of_it(house: Archive) -> None:
    ann, bob = room(house)
    talk([ann], [str(number) for number in range(5)], seconds=60)
    bob.lines()
    bob >> "HISTORY #C 2"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :3" << ":ann!~ann@192.0.2.1 PRIVMSG #c :4"
    bob.silent()
    bob >> "HISTORY #c 2m"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :4"
    bob >> "HISTORY #c"
    assert len(bob.lines()) == 5
    cyd = house.client("cyd", caps="batch server-time")
    cyd >> "JOIN #c"
    got = page(cyd, "HISTORY #c 0")
    assert (len(got.lines), "draft/chathistory-end" in got.opening.tags) == (5, False)
    house.check()


def test_history_of_nothing_is_told_to_who_cannot_be_shown_an_empty_batch(house: Archive) -> None:
    ann, bob = room(house)
    bob >> "HISTORY #C" << ":irc.test NOTICE bob :There is nothing of #c that you can read"
    talk([ann], ["old"], seconds=60)
    bob.lines()
    bob >> "HISTORY #c 30s" << ":irc.test NOTICE bob :There is nothing of #c since then that you can read"
    bob.silent()
    cyd = house.client("cyd", caps="batch")
    cyd >> "JOIN #c"
    assert page(cyd, "HISTORY #c 30s").lines == []
    house.check()


def test_history_refuses_with_numerics(house: Archive) -> None:
    ann, bob = room(house)
    ann >> "JOIN #out"
    bob >> "HISTORY" << ":irc.test 461 bob HISTORY :*"
    for name in ("#nowhere", "#out"):
        bob >> f"HISTORY {name}" << f":irc.test 403 bob {name} :No such channel"
    bob >> "HISTORY nobody" << ":irc.test 401 bob nobody :*"
    bob >> "HISTORY #c soon" << ":irc.test NOTICE bob :How much: *"
    bob.silent()


def test_history_where_nothing_is_stored(house: Archive) -> None:
    other = House()
    bob = other.client("bob")
    bob >> "HISTORY #c" << ":irc.test NOTICE bob :This server keeps nothing of what is said"


# operators


def test_operators_read_what_is_not_theirs_and_others_hear_of_it(house: Archive) -> None:
    _, bob = room(house)
    set_modes(house, "#c", "+s")
    talk([bob], ["secret"])
    root, other = house.member("root"), house.client("other")
    opered(other, snomask="g")
    refused(root, "CHATHISTORY LATEST #c * 5", "INVALID_TARGET LATEST #c :*")
    opered(root, "see-all")
    refused(root, "CHATHISTORY LATEST #c * 5", "INVALID_TARGET LATEST #c :*")
    other.silent()
    opered(root, "history")
    set_modes(house, "#c", "-s")
    talk([bob], ["open"])
    assert latest(root) == ["open"]  # what was said behind closed doors stays with those who were there
    other << ":irc.test NOTICE * :*** Notice -- root (~root@192.0.2.1) * reads the history of #c"
    assert [audit[1:4] for audit in house.store.audits] == [("CHATHISTORY", "#c", "")]
    root >> "JOIN #c"
    other.lines()
    assert "open" in latest(root)
    other.silent()
    house.check()


@pytest.mark.parametrize(
    "command",
    [
        "CHATHISTORY LATEST #c * 5",
        "HISTORY #c",
        "SEARCH in=#c;text=open",
        "ZNC *playback LIST #c",
        "ZNC *playback PLAY #c",
    ],
)
def test_however_operators_read_others_hear_of_it(house: Archive, command: str) -> None:
    _, bob = room(house)
    talk([bob], ["open"])
    root, other = house.member("root", caps=f"{CAPS} soju.im/search znc.in/playback"), house.client("other")
    opered(root, "history")
    opered(other, snomask="g")
    root >> command
    assert any("open" in line or "#c 17" in line for line in root.lines())
    other << ":irc.test NOTICE * :*** Notice -- root (~root@192.0.2.1) * reads the history of #c"
    assert [audit[1:4] for audit in house.store.audits] == [(command.split()[0], "#c", "")]


# accounts that others keep


def test_with_services_of_another_make_a_talk_is_found_by_the_names_of_accounts() -> None:
    house = Archive(links={"services": ["services.test"]})
    ann, bob = house.client("ann", caps=CAPS), house.client("bobby", caps=CAPS)
    logged_in(ann, "ann")
    logged_in(bob, "bob")
    ann >> "PRIVMSG bobby :1"
    bob >> "PRIVMSG ann :2"
    wide = "timestamp=2000-01-01T00:00:00Z timestamp=2030-01-01T00:00:00Z"
    got = page(ann, "CHATHISTORY LATEST bobby * 10")
    assert got.said == ["1", "2"]
    assert [line.tags["account"] for line in got.lines] == ["ann", "bob"]
    assert [text.split(" ")[3] for text in page(ann, f"CHATHISTORY TARGETS {wide} 9").texts] == ["bobby"]
    bob.session.close("gone")
    for name in ("bobby", "Bob"):
        got = page(ann, f"CHATHISTORY LATEST {name} * 10")
        assert got.said == ["1", "2"]
        assert [line.tags["account"] for line in got.lines] == ["ann", "bob"]
    assert [text.split(" ")[3] for text in page(ann, f"CHATHISTORY TARGETS {wide} 9").texts] == ["bobby"]
    again = house.client("robert", caps=CAPS)
    logged_in(again, "bob")
    assert latest(again, "ann") == ["1", "2"]
    assert [text.split(" ")[3] for text in page(ann, f"CHATHISTORY TARGETS {wide} 9").texts] == ["robert"]
    house.check()


def test_where_others_keep_the_ids_names_are_told_of_those_who_are_here() -> None:
    house = Archive(accounts={"authority": "remote"})
    ann, bob = house.client("ann", caps=CAPS), house.client("bob", caps=CAPS)
    for client, key in ((ann, "a1"), (bob, "a2")):
        name, user = client.user.nick, client.user
        house.node.commit(AccountChanged(user, AccountName(name), house.clock.time(), None, key))
    ann >> "PRIVMSG bob :1"
    bob >> "PRIVMSG ann :2"
    got = page(ann, "CHATHISTORY LATEST bob * 10")
    assert (got.said, [line.tags.get("account") for line in got.lines]) == (["1", "2"], ["ann", "bob"])
    bob.session.close("gone")
    got = page(ann, "CHATHISTORY LATEST bob * 10")
    assert (got.said, [line.tags.get("account") for line in got.lines]) == (["1", "2"], ["ann", None])
    house.check()


def test_of_two_accounts_with_one_nick_it_is_the_one_who_talked_last(house: Archive) -> None:
    ann = house.member("ann")
    for name in ("bob", "cyd"):
        client = house.member("shared", name)
        house.clock.advance(1)
        client >> f"PRIVMSG ann :{name}"
        client.session.close("gone")
    guest = house.client("shared")
    guest >> "PRIVMSG ann :guest"
    assert latest(ann, "shared") == ["guest"]
    guest.session.close("gone")
    assert latest(ann, "shared") == ["cyd"]
    assert (latest(ann, "bob"), latest(ann, "cyd")) == (["bob"], ["cyd"])


def test_events_are_told_as_they_were_told(house: Archive) -> None:
    """What somebody reads who was there, and who was not, is the same, but for the key of a channel."""
    house.reload(history={"events": ["JOIN", "PART", "QUIT", "NICK", "KICK", "MODE", "TOPIC", "RENAME"]})
    caps = f"{PLAYBACK} extended-join draft/channel-rename echo-message draft/multiline"
    ann, _ = room(house, caps)
    cyd, dan = house.member("cyd"), house.member("dan", caps="message-tags")
    masks = [f"*!*@{number}.example" for number in range(6)]
    ann.lines()
    cyd >> "JOIN #c"
    ann >> "TOPIC #c :all about tea" >> "MODE #c +ov cyd bob" >> f"MODE #c +bbbb {' '.join(masks[:4])}"
    ann >> "MODE #c -bl" >> "MODE #c +l 50" >> "PRIVMSG #c :hm" >> "MODE #c -l"
    dan >> "JOIN #c" >> "MODE dan +B" >> "NOTICE #c :beep"
    set_modes(house, "#c", "+bbbbbb-v", *masks, "bob")
    cyd >> "NICK sid" >> "TOPIC #c :" >> "KICK #c bob :out"
    cyd >> "PART #c"
    dan >> "QUIT :bye"
    told = [line for line in map(parsed, ann.lines()) if line.text.split(" ")[1].isalpha()]
    told = [line for line in told if line.text.split(" ")[1] not in ("AWAY", "CHGHOST")]
    house.clock.advance(1000)
    got = page(ann, "CHATHISTORY LATEST #c * 100")
    joins = 2  # of ann and bob
    assert len({line.text.split(" ")[1] for line in told}) == 9 and len(told) > 15
    assert [line.text for line in got.lines[joins:]] == [line.text for line in told]
    for again, was in zip(got.lines[joins:], told, strict=True):
        assert {**again.tags, "batch": ""} == {**was.tags, "batch": ""}
    house.check()


def test_who_asks_for_history_is_sent_none_unasked() -> None:
    """ "if a client requests this capability, the server (or bouncer) SHOULD NOT play back any history that
    would otherwise be sent automatically"  #implementation"""
    house = Archive(history={"autoreplay": 5})
    ann = house.client("ann", caps=CAPS)
    ann >> "JOIN #c" >> "PRIVMSG #c :hello"
    house.clock.advance(5)
    for nick, caps, told in (("old", "server-time", True), ("new", "server-time draft/chathistory", False)):
        client = house.client(nick, caps=caps)
        client >> "JOIN #c"
        house.settle()
        assert any("PRIVMSG #c :hello" in line for line in client.lines()) is told
    house.check()


def test_messages_are_in_one_order_whatever_is_asked(house: Archive) -> None:
    """ "The order of returned messages within the batch is implementation-defined, but SHOULD be ascending
    time order […], regardless of the subcommand used."

    "Servers SHOULD provide clients with a consistent message order […], which determinately orders any two
    messages (even if they share a timestamp)"  #returned-message-notes
    """
    ann, bob = room(house)
    talk([ann, bob], [str(number) for number in range(9)], seconds=0.0)
    lines = page(ann, "CHATHISTORY LATEST #c * 50").lines
    assert [line.said for line in lines] == [str(number) for number in range(9)]
    assert len({line.at for line in lines}) < 9
    first, middle, last = (lines[index].msgid for index in (0, 4, 8))
    for asked, found in (
        (f"BEFORE #c msgid={last} 8", range(8)),
        (f"AFTER #c msgid={first} 8", range(1, 9)),
        (f"AROUND #c msgid={middle} 5", range(2, 7)),
        (f"BETWEEN #c msgid={first} msgid={last} 9", range(1, 8)),
        (f"BETWEEN #c msgid={last} msgid={first} 9", range(1, 8)),
        (f"LATEST #c msgid={middle} 9", range(5, 9)),
    ):
        assert page(ann, f"CHATHISTORY {asked}").said == [str(number) for number in found], asked
