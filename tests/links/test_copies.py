"""A private message of somebody with sessions at several servers is read by all of these, once."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from archive import parsed
from conversation import Client
from seating import OFFERED, WITHOUT, Seating

from chatnet.links.codecs.solanum import SEATS, Solanum
from chatnet.links.codecs.solanum.copies import COPY
from chatnet.links.neighbour.batches import MOST, Batches, Begun
from chatnet.model.entities import User
from chatnet.model.facts import MessageCopied, MessageRedacted, MessageSent, SeatTaken
from chatnet.model.ids import SID, UID
from chatnet.model.server import Server
from chatnet.rules.stamps import Stamp
from chatnet.wire.multiline import Part

KEY = "abobbbbbbbbbbbbbbbbbb"
TALKS = frozenset({"CN1", "EUID", "STAG", "CNREG", SEATS})


def heard(client: Client) -> list[str]:
    """The texts of what a client read, whatever the command."""
    return [parsed(line).said for line in client.lines()]


def ids(*clients: Client) -> list[set[tuple[str, str]]]:
    """Time and id of all that each of them read."""
    return [
        {(line.at, line.msgid) for line in map(parsed, client.lines()) if "msgid" in line.tags}
        for client in clients
    ]


# the lines: golden examples


def people() -> tuple[User, User, Server]:
    """ann of 0AA, bob of 0BA, and 0CA, which has a seat of ann's."""
    found = []
    for sid, nick in (("0AA", "ann"), ("0BA", "bob")):
        user = User(Server(SID(sid), f"{sid[1].lower()}.test", ""), "192.0.2.1", "192.0.2.1")
        user.uid, user.nick, user.username = UID(f"{sid}AAAAAA"), nick, f"~{nick}"
        user.renew_source()
        found.append(user)
    return found[0], found[1], Server(SID("0CA"), "c.test", "")


AT = 1_795_430_000.123
TAGS = b"time=2026-11-23T10:33:20.123Z;msgid=1abc;chatnet/mask=bob!~bob@192.0.2.1"


def test_a_copy_tells_whose_it_is_and_where_it_was_said() -> None:
    ann, bob, seat = people()
    codec = Solanum(TALKS)
    message = MessageSent("PRIVMSG", bob, ann, "hello", AT, "1abc", b"+a=b")
    copy = MessageCopied(message, ann, ann.server, None, AT)
    line = b":0AA CNCOPY 0CA 0AAAAAAAA * 0BAAAAAAA PRIVMSG 0AAAAAAAA :hello"
    assert codec.copy(copy, seat, None) == [b"@%b;+a=b %b" % (TAGS, line)]
    assert codec.copy(copy, seat, KEY) == [b"@%b;chatnet/account=%b;+a=b %b" % (TAGS, KEY.encode(), line)]
    message = MessageSent("TAGMSG", ann, bob, "", AT, "1abc", b"+typing=done")
    copy = MessageCopied(message, ann, seat, seat, AT)
    line = b":0CA CNCOPY 0AA 0AAAAAAAA 0CA 0AAAAAAAA TAGMSG 0BAAAAAAA"
    assert codec.copy(copy, ann.server, None) == [b"@%b;+typing=done %b" % (TAGS, line)]
    gone = MessageRedacted(ann, bob, "1aaa", "oops", AT, "1abc")
    line = b":0CA CNCOPY 0AA 0AAAAAAAA 0CA 0AAAAAAAA REDACT 0BAAAAAAA 1aaa :oops"
    assert codec.copy(MessageCopied(gone, ann, seat, seat, AT), ann.server, None) == [
        b"@%b %b" % (TAGS, line)
    ]


def test_a_copy_of_several_lines_is_a_batch() -> None:
    ann, bob, seat = people()
    parts = (Part("one", False), Part(" and more", True), Part("two", False))
    message = MessageSent("NOTICE", bob, ann, "one and more\ntwo", AT, "1abc", parts=parts)
    copy = MessageCopied(message, ann, ann.server, None, AT)
    assert Solanum(TALKS).copy(copy, seat, None, b"7") == [
        b"@%b :0AA BATCH +7 chatnet/copy 0CA 0AAAAAAAA * 0BAAAAAAA NOTICE 0AAAAAAAA" % TAGS,
        b"@batch=7 :0AA NOTICE * :one",
        b"@batch=7;draft/multiline-concat :0AA NOTICE * : and more",
        b"@batch=7 :0AA NOTICE * :two",
        b":0AA BATCH -7",
    ]


# who reads it


PLACES = "abcd"


@pytest.mark.parametrize("bobs", PLACES)
@pytest.mark.parametrize("speaks", PLACES)
def test_all_devices_read_what_one_says_and_is_told(bobs: str, speaks: str) -> None:
    """Wherever the two are: b, between the others, has sessions of hers as well."""
    mesh = Seating()
    anns = {"a": mesh.ann} | {name: mesh.sit(name) for name in "bcd"}
    second = mesh.sit("c")
    bob = mesh.client(bobs, "bob", "bob")
    devices = [*anns.values(), second]
    anns[speaks] >> "PRIVMSG bob :from my telephone"
    mesh.settle()
    for device in devices:
        texts = heard(device)
        assert texts == ([] if device is anns[speaks] else ["from my telephone"])
    bob << "@* :ann!*@* PRIVMSG bob :from my telephone"
    mesh.advance(1)
    bob >> "PRIVMSG ann :I see"
    mesh.settle()
    read = ids(*devices)
    assert read == read[:1] * 5 and len(read[0]) == 1
    bob.silent()
    (own, answer) = mesh.talk_at("a", "ann", "bob")
    assert (own[1:], answer[1:]) == (("ann", "from my telephone"), ("bob", "I see"))
    assert {answer[0]} == {msgid for _, msgid in read[0]}
    for name in PLACES:  # of host and seats of both, that is
        assert mesh.talk_at(name, "ann", "bob") == [own, answer]
    mesh.check()


def test_nobody_else_is_told_and_nobody_twice() -> None:
    mesh = Seating()
    phone = mesh.sit("c")
    bob, eve = mesh.client("d", "bob", "bob"), mesh.client("b", "eve")
    phone >> "PRIVMSG bob :a secret"
    mesh.settle()
    lines = {pair: [line for line in mesh.said(*pair) if "a secret" in line] for pair in mesh.pairs()}
    assert {pair: len(said) for pair, said in lines.items() if said} == {
        ("c", "b"): 2,  # to bob's server and to ann's
        ("b", "d"): 1,
        ("b", "a"): 1,
    }
    eve.silent()
    assert mesh.talk_at("b", "ann", "bob") == []
    assert heard(mesh.ann) == ["a secret"] and heard(bob) == ["a secret"]


def test_what_two_people_say_is_read_by_all_devices_of_both() -> None:
    mesh = Seating()
    anns = [mesh.ann, mesh.sit("c"), mesh.sit("d")]
    bob = mesh.client("b", "bob", "bob")
    bobs = [bob, *(mesh.client(name, "bob", "bob") for name in "ac")]
    for device in [*anns, *bobs]:
        device.lines()
    for speaker, target in [(each, "bob") for each in anns] + [(each, "ann") for each in bobs]:
        speaker >> f"PRIVMSG {target} :hello"
        mesh.settle()
        for device in [*anns, *bobs]:
            assert heard(device) == ([] if device is speaker else ["hello"])
    rows = mesh.talk_at("a", "ann", "bob")
    assert len(rows) == 6
    for name in PLACES:
        assert mesh.talk_at(name, "ann", "bob") == rows


@pytest.mark.parametrize("speaks", "ac")
def test_what_one_says_to_oneself_is_read_by_all_devices_once(speaks: str) -> None:
    mesh = Seating()
    anns = {"a": mesh.ann, "c": mesh.sit("c"), "d": mesh.sit("d")}
    anns[speaks] >> "PRIVMSG ann :milk"
    mesh.settle()
    read = ids(*anns.values())
    assert read == read[:1] * 3 and len(read[0]) == 1
    assert [len(mesh.talk_at(name, "ann", "ann")) for name in "acd"] == [1, 1, 1]


def test_all_kinds_of_messages_are_copied() -> None:
    mesh = Seating()
    anns = [mesh.ann, mesh.sit("c"), mesh.sit("d")]
    phone, bob = anns[1], mesh.client("b", "bob", "bob")
    for speaker, target in ((phone, "bob"), (bob, "ann")):
        others = [device for device in anns if device is not speaker]
        speaker >> "BATCH +1 draft/multiline " + target
        for text in ("one", "two"):
            speaker >> f"@batch=1 PRIVMSG {target} :{text}"
        speaker >> f"@batch=1;draft/multiline-concat PRIVMSG {target} : and more"
        speaker >> "BATCH -1"
        mesh.settle()
        msgids = set()
        for device in others:
            opening, one, two, more, _ = map(parsed, device.lines())
            assert opening.text.endswith(f"draft/multiline {target}")
            assert (one.said, two.said, more.said) == ("one", "two", " and more")
            msgids.add(opening.msgid)
        (msgid,) = msgids
        speaker >> f"@+draft/react=x;+draft/reply={msgid} TAGMSG {target}"
        mesh.settle()
        for device in others:
            (line,) = map(parsed, device.lines())
            assert (line.tags["+draft/react"], line.tags["+draft/reply"]) == ("x", msgid)
        for device in (*anns, bob):
            device.lines()
        speaker >> f"NOTICE {target} :take note"
        mesh.settle()
        assert [heard(device) for device in others] == [["take note"]] * len(others)
        bob.lines(), phone.lines()
        speaker >> f"REDACT {target} {msgid} :oops"
        mesh.settle()
        for device in others:
            (line,) = map(parsed, device.lines())
            assert line.text.endswith(f"REDACT {target} {msgid} :oops")
        bob.lines(), phone.lines()
    rows = mesh.talk_at("a", "ann", "bob")
    assert rows and all(mesh.talk_at(name, "ann", "bob") == rows for name in PLACES)
    texts = [text for _, _, text in rows]
    assert texts.count("take note") == 2 and not any("one" in text for text in texts)


def test_what_a_guest_and_a_person_say_is_found_at_a_seat_once() -> None:
    mesh = Seating()
    phone, guest = mesh.sit("c"), mesh.client("c", "guest")
    guest >> "PRIVMSG ann :hello"
    mesh.settle()
    assert heard(phone) == ["hello"] and heard(mesh.ann) == ["hello"]
    for client, other in ((guest, "ann"), (phone, "guest")):  # of the ring, and of the store
        client.lines()
        client >> f"CHATHISTORY LATEST {other} * 10"
        assert [text for text in heard(client) if text] == ["hello"]


def test_who_has_risen_is_told_nothing_and_tells_nothing() -> None:
    mesh = Seating()
    mesh.sit("c")
    bob = mesh.client("b", "bob", "bob")
    mesh.rise("c")
    mesh.said("b", "c")
    bob >> "PRIVMSG ann :are you there?"
    mesh.settle()
    mesh.ann << "@* :bob!*@* PRIVMSG ann :are you there?"
    assert not any("are you there" in line for line in mesh.said("b", "c"))
    there = mesh.wire("b", "c").connections["b"]
    uid, to = mesh.ann.user.uid, bob.user.uid
    there.receive(f":0CA CNCOPY 0AA {uid} 0CA {uid} PRIVMSG {to} :no\r\n".encode())
    there.receive(f":{uid} PRIVMSG {to} :no\r\n".encode())
    mesh.settle()
    mesh.ann.silent()
    bob.silent()


def test_who_writes_from_a_seat_wants_an_answer() -> None:
    """Caller id is a matter of their own server, which lets in whom they write to."""
    mesh = Seating()
    phone, bob = mesh.sit("c"), mesh.client("b", "bob", "bob")
    mesh.ann >> "MODE ann +g"
    mesh.settle()
    phone.lines(), mesh.ann.lines(), bob.lines()
    bob >> "PRIVMSG ann :hello"
    mesh.settle()
    assert any(" 716 " in line for line in bob.lines())
    phone.silent()
    mesh.ann.lines()
    phone >> "PRIVMSG bob :who are you?"
    mesh.settle()
    bob.lines(), mesh.ann.lines()
    bob >> "PRIVMSG ann :bob"
    mesh.settle()
    assert heard(phone) == ["bob"] and heard(mesh.ann) == ["bob"]


# who is gone when it comes


def test_a_copy_comes_though_who_said_it_is_gone() -> None:
    """bob's QUIT is faster than what he said: that goes to her own server first."""
    mesh = Seating()
    phone, bob = mesh.sit("c"), mesh.client("c", "bob", "bob")
    msgids = []
    bob >> "PRIVMSG ann :goodbye"
    bob >> "QUIT"
    mesh.settle()
    for device in (phone, mesh.ann):
        (said,) = [line for line in map(parsed, device.lines()) if line.said == "goodbye"]
        assert said.text == ":bob!~bob@192.0.2.1 PRIVMSG ann :goodbye"
        msgids.append((said.at, said.msgid))
    assert msgids[0] == msgids[1]
    rows = mesh.talk_at("a", "ann", "bob")
    assert [row[1:] for row in rows] == [("bob", "goodbye")] and mesh.talk_at("c", "ann", "bob") == rows


def test_a_copy_comes_though_who_was_told_is_gone() -> None:
    mesh = Seating()
    phone, desk = mesh.sit("c"), mesh.sit("d")
    bob = mesh.client("a", "bob", "bob")
    phone >> "PRIVMSG bob :wait"
    bob >> "QUIT"
    mesh.settle()
    assert [heard(device) for device in (mesh.ann, desk)] == [["wait"], ["wait"]]
    assert [row[1:] for row in mesh.talk_at("a", "ann", "bob")] == [("ann", "wait")]


# services


class Served(Seating):
    """Behind d are services of another make, as the names of servers have it."""

    sections: ClassVar[dict[str, Any]] = {
        "links": {"services": ["d.test"]},
        "accounts": {"authority": "here"},
    }


@pytest.mark.parametrize("speaks", "abc")
def test_what_services_are_told_is_told_nobody_else(speaks: str) -> None:
    mesh = Seating(**Served.sections)
    anns = {"a": mesh.ann, "b": mesh.sit("b"), "c": mesh.sit("c")}
    second = mesh.sit(speaks)
    bot = mesh.client("d", "Bot")
    for text in ("IDENTIFY ann hunter2", "hunter2"):
        anns[speaks] >> f"PRIVMSG Bot :{text}"
        anns[speaks] >> f"PRIVMSG NickServ :{text}"
        mesh.settle()
    assert heard(bot) == ["IDENTIFY ann hunter2", "hunter2"]
    for device in (*anns.values(), second):
        assert not any("hunter2" in line for line in device.lines())
    told = [line for pair in mesh.pairs() for line in mesh.said(*pair) if "hunter2" in line]
    assert told and all(f":{mesh.ann.user.uid} PRIVMSG {bot.user.uid} :" in line for line in told)
    mesh.flush()
    for name in PLACES:
        assert not any("hunter2" in row.text for row in mesh[name].stored.rows.values())


# who may


@pytest.mark.parametrize(
    "line",
    [
        ":0DA CNCOPY 0CA {ann} * {bob} PRIVMSG {ann} :forged",  # who has nothing to do with her
        ":0CA CNCOPY 0AA {ann} * {bob} PRIVMSG {ann} :forged",  # what others say her own server tells
        ":0CA CNCOPY 0DA {ann} 0CA {ann} PRIVMSG {bob} :forged",  # to who has no session of hers
        ":0CA CNCOPY 0AA {ann} 0CA {bob} PRIVMSG {bob} :forged",
        ":0CA CNCOPY 0AA {bob} 0CA {bob} PRIVMSG {ann} :forged",  # bob has no session there
        ":0CA CNCOPY 0AA {ann} 0CA {ann} PRIVMSG 0BA :forged",
        ":0CA CNCOPY 0AA {ann} 0CA {ann} KILL {bob} :forged",
        ":0CA CNCOPY 0AA {ann} 0CA {ann} REDACT {bob}",
        ":0CA CNCOPY 0AA {ann} 0CA {ann} PRIVMSG 0BAZZZZZZ :forged",  # nobody, and no word who that was
        "@chatnet/mask=x :0CA CNCOPY 0AA {ann} 0CA {ann} PRIVMSG 0BAZZZZZZ :forged",
        ":{ann} CNCOPY 0AA {ann} 0CA {ann} PRIVMSG {bob} :forged",
        ":0CA BATCH +1 chatnet/copy 0AA {ann}",
    ],
)
def test_only_a_server_of_theirs_tells_what_they_say(line: str) -> None:
    mesh = Seating()
    phone, bob = mesh.sit("c"), mesh.client("b", "bob", "bob")
    text = line.format(ann=mesh.ann.user.uid, bob=bob.user.uid)
    end = "d" if text.startswith(":0DA") else "c"
    mesh.wire("b", end).connections["b"].receive(f"{text}\r\n".encode())
    mesh.settle()
    assert not any("forged" in line for line in (*mesh.ann.lines(), *phone.lines(), *bob.lines()))
    assert not any("CNCOPY" in line for line in mesh.said("b", "a"))


def test_batches_of_servers_that_are_lost_do_not_wait_for_ever() -> None:
    network, batches = Seating("a", "b")["a"].node.network, Batches()
    for number in range(2 * MOST):
        lost = Begun(Server(SID("0ZA"), "z.test", ""), ["+1", COPY], {})
        assert batches.begin(str(number), lost, network)
    for number in range(MOST):
        there = Begun(network.me, ["+1", COPY], {})
        assert batches.begin(f"a{number}", there, network)
    assert not batches.begin("b", Begun(network.me, ["+1", COPY], {}), network)


def test_a_neighbour_that_knows_nothing_of_seats_is_told_no_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OFFERED, WITHOUT)
    mesh = Seating("a", "b")
    bob = mesh.client("b", "bob", "bob")
    seat, at = mesh.server("a", "b"), mesh.clock.time()
    assert mesh.ann.user.person is not None
    mesh["a"].node.commit(SeatTaken(mesh.ann.user, seat, at, Stamp(1, 1, "0AA").text))
    bob >> "PRIVMSG ann :hello"
    mesh.settle()
    assert heard(mesh.ann) == ["hello"]
    assert not any("CNCOPY" in line for line in mesh.said("a", "b"))


# on one server


def test_other_sessions_do_not_read_what_services_are_told() -> None:
    mesh = Seating("a", "b", links={"services": ["b.test"]}, accounts={"authority": "here"})
    second = mesh.sit("a")
    second >> "CAP REQ echo-message"
    second.lines()
    bot = mesh.client("b", "Bot")
    second >> "PRIVMSG Bot :hunter2"
    mesh.settle()
    assert heard(second) == ["hunter2"] and heard(bot) == ["hunter2"]  # the echo is its own
    mesh.ann.silent()
