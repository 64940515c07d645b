"""Events have ids as messages have: one for each, the same for all who may read it, on all servers.

https://ircv3.net/specs/extensions/message-ids “Servers MAY attach this tag on any event.”
"""

from __future__ import annotations

import re
from base64 import b64encode
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from conversation import START, Client, House
from mesh import SOLANUM, Mesh, block, stranger
from staff import oper, sections
from street import NOW, user

from chatnet.model.ids import moment
from chatnet.rules.stamps import Stamp

CAPS = "message-tags server-time batch draft/channel-rename"
EVENTS = frozenset({"JOIN", "PART", "QUIT", "NICK", "KICK", "MODE", "TOPIC", "RENAME"})


class Told(NamedTuple):
    """An event as a client read it: what was said, and its tags."""

    text: str
    msgid: str | None
    time: str | None


def events(client: Client) -> list[Told]:
    """The events that a client was told of since the last look."""
    found = []
    for line in client.lines():
        tags, body = line.split(" ", 1) if line[0] == "@" else ("@", line)
        if body.split(" ")[1] in EVENTS:
            known = dict(re.findall("([a-z]+)=([^;]*)", tags[1:]))
            found.append(Told(body, known.get("msgid"), known.get("time")))
    return found


class Talk:
    """Of each of some servers in a chain two know tags, and one does not; all are in #c."""

    def __init__(self, *names: str, **settings: Any) -> None:
        self.mesh = Mesh(*names, flood={"enabled": False}, **sections(), **settings)
        for one, two in pairwise(names):
            self.mesh.link(one, two)
        self.ann = oper(self.mesh[names[0]], "ann")
        self.ann >> f"CAP REQ :{CAPS}"
        self.readers, self.plain = [self.ann], list[Client]()
        for name in names:
            self.readers.append(self.mesh[name].client(f"reader{name}", caps=CAPS))
            self.plain.append(self.mesh[name].client(f"plain{name}", caps="server-time"))
        self.mesh.settle()
        for client in (*self.readers, *self.plain):
            client >> "JOIN #c"
            self.mesh.settle()
        self.forget()

    def forget(self) -> None:
        self.mesh.advance(1)
        for client in (*self.readers, *self.plain):
            client.lines()

    def say(self, line: str) -> list[Told]:
        """What all who know tags read when ann says a line: the same, and others the same without ids."""
        self.ann >> line
        self.mesh.settle()
        first, *others = [events(each) for each in self.readers]
        assert all(each == first for each in others)
        for each in self.plain:
            assert events(each) == [one._replace(msgid=None) for one in first]
        self.mesh.check()
        return first


SAID = [
    "JOIN #d", "TOPIC #c :tea", "TOPIC #c :", "MODE #c +m", "MODE #c +b-m+k *!*@bad key", "MODE #c +v plaina",
    "KICK #c plaina :out", "NICK anna", "PART #c :bye", "QUIT :gone",
]  # fmt: skip


@pytest.mark.parametrize("names", ["a", "ab", "abc"])
def test_each_event_has_one_id_on_all_servers(names: str) -> None:
    talk, seen = Talk(*names), list[Told]()
    for client in (*talk.readers[1:], *talk.plain):
        client >> "JOIN #d"
    talk.forget()
    for line in SAID:
        talk.mesh.clock.elapsed += 0.001
        if line.startswith("QUIT"):
            talk.readers.remove(talk.ann)
        if line.startswith("PART"):
            talk.plain.pop(0)  # who was put out
        (told,) = talk.say(line)
        assert f" {line.split()[0]} " in told.text
        seen.append(told)
    ids = [told.msgid or "" for told in seen]
    assert "" not in ids and len(set(ids)) == len(SAID)
    assert ids == sorted(ids), "in the order of time"
    began = int(START * 1000) + 2000
    assert [moment(each) for each in ids] == [began + number for number in range(1, len(SAID) + 1)]


def test_the_new_name_of_a_channel() -> None:
    """Who knows no RENAME reads PART and JOIN in its place, which are no events of their own."""
    talk = Talk("a", "b", "c")
    talk.plain.clear()
    old = talk.mesh["c"].client("old", caps="message-tags")
    old >> "JOIN #c"
    talk.forget()
    (told,) = talk.say("RENAME #c #new :better")
    assert told.msgid is not None and told.text.endswith(" RENAME #c #new :better")
    assert [(each.text.split(" ")[1], each.msgid) for each in events(old)][1:] == [
        ("PART", None),
        ("JOIN", None),
    ]


def test_a_newcomer_reads_the_id_of_their_own_join_as_others_do() -> None:
    """Also where a channel comes to be by it, which links are told of in a SJOIN."""
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    ann, bob = mesh["a"].client("ann", caps=CAPS), mesh["b"].client("bob", caps=CAPS)
    mesh.settle()
    ann.lines()
    ann >> "JOIN #c"
    mesh.settle()
    (own,) = [each for each in events(ann) if " JOIN " in each.text]
    place = b64encode(b"#c").decode()
    assert re.fullmatch(rf"1{int(START * 1000)}\d{{6}}{ann.user.uid}{re.escape(place)}", own.msgid or "")
    bob.lines()
    bob >> "JOIN #c"
    mesh.settle()
    assert [each for each in events(bob) if " JOIN " in each.text] == events(ann)


def test_who_comes_into_an_empty_channel_that_stays_has_one_id() -> None:
    """A registered channel or one with mode P goes on as it was: links are told all of it."""
    mesh = Mesh("a", "b", **sections())
    mesh.link("a", "b")
    ann, bob = oper(mesh["a"], "ann"), mesh["b"].client("bob", caps=CAPS)
    ann >> "JOIN #c" >> "MODE #c +P"
    mesh.settle()
    bob >> "JOIN #c"
    mesh.settle()
    ann >> "PART #c"
    mesh.settle()
    bob.lines()
    ann >> f"CAP REQ :{CAPS}"
    ann.lines()
    ann >> "JOIN #c"
    mesh.settle()
    assert [each for each in events(ann) if " JOIN " in each.text] == events(bob)


def test_a_change_that_takes_several_lines_has_its_id_on_the_first() -> None:
    """“any other message […] MUST NOT share the same value”; among servers it is one line."""
    talk = Talk("a", "b")
    masks = ["$r:" + letter * 117 for letter in "abcd"]
    told = talk.say(f"MODE #c +bbbb {' '.join(masks)}")
    assert [each.msgid is not None for each in told] == [True, False]
    assert sum(" TMODE " in line for line in talk.mesh.said("a", "b")) == 1


def test_more_changes_than_others_take_are_one_line_to_a_chatnet_server() -> None:
    talk = Talk("a", "b", limits={"modes": 8})
    (told,) = talk.say(f"MODE #c +{'b' * 8} a b c d e f g h")
    assert told.msgid is not None
    assert sum(" TMODE " in line for line in talk.mesh.said("a", "b")) == 1


def test_the_answer_to_a_label_is_the_event_with_its_id() -> None:
    house = House()
    ann = house.client("ann", caps=CAPS + " labeled-response")
    bob = house.client("bob", caps=CAPS)
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines()
    bob.lines()
    ann >> "@label=x TOPIC #c :tea"
    (line,) = ann.lines()
    (told,) = events(bob)
    assert line == f"@label=x;time={told.time};msgid={told.msgid} :ann!~ann@192.0.2.1 TOPIC #c :tea"


def test_what_parting_and_meeting_brings_has_none() -> None:
    """Nobody did it, and each server reads of it in its own moment."""
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    ann, bob = mesh["a"].client("ann", caps=CAPS), mesh["b"].client("bob", caps=CAPS)
    for client in (ann, bob):
        client >> "JOIN #c"
        mesh.settle()
    ann.lines()
    mesh.cut("a", "b")
    assert [each.text for each in events(ann)] == [":bob!~bob@192.0.2.1 QUIT :a.test b.test"]
    ann >> "MODE #c +m"
    ann.lines()
    bob.lines()
    mesh.link("a", "b")
    mesh.settle()
    assert [(each.text.split(" ")[1], each.msgid) for each in events(ann)] == [("JOIN", None)]
    assert {(each.text.split(" ")[1], each.msgid) for each in events(bob)} == {("JOIN", None), ("MODE", None)}


def test_who_is_killed_quits_with_one_id_at_one_time_everywhere() -> None:
    talk = Talk("a", "b", "c")
    victim = talk.readers.pop()
    (told,) = talk.say(f"KILL {victim.user.nick} :enough")
    assert " QUIT :" in told.text and told.msgid is not None
    own = talk.readers.pop(1)
    (told,) = talk.say(f"KILL {own.user.nick} :enough")
    assert " QUIT :" in told.text and told.msgid is not None


def test_a_nick_that_is_taken_from_somebody_has_one_id() -> None:
    mesh = Mesh("a", "b", "c")
    mesh.link("b", "c")
    mesh["a"].client("same")
    readers = [mesh[name].client(f"reader{name}", caps=CAPS) for name in "bc"]
    mesh.clock.elapsed += 5
    eve = mesh["b"].client("same", address="192.0.2.9")
    mesh.settle()
    for client in (*readers, eve):
        client >> "JOIN #c"
        mesh.settle()
    for client in readers:
        client.lines()
    mesh.link("a", "b")
    mesh.settle()
    one, other = (events(client) for client in readers)
    assert one == other and one[0].msgid is not None
    assert one[0].text.endswith(f" NICK {eve.user.uid}")


# other makes, and older versions


@pytest.fixture
def edge() -> Mesh:
    mesh = Mesh("a", "b", sections_of={"a": {"link": [block("so1"), block("so2")]}})
    mesh.link("a", "b")
    mesh.settle()
    return mesh


def test_what_another_make_tells_gets_its_id_at_the_first_server(edge: Mesh) -> None:
    ann, bob = edge["a"].client("ann", caps=CAPS), edge["b"].client("bob", caps=CAPS)
    so1, so2 = stranger(edge["a"], "so1.test", "1SO"), stranger(edge["a"], "so2.test", "2SO")
    user(so1, "eve")
    user(so1, "eva", 1)
    for client in (ann, bob):
        client >> "JOIN #c"
        edge.settle()
    ann.lines()
    bob.lines()
    so2.lines()
    for line in (
        f":1SOAAAAAA JOIN {NOW} #c +",
        f":1SOAAAAAB JOIN {NOW} #c +",
        ":1SOAAAAAA TOPIC #c :from there",
        f":1SOAAAAAA TMODE {NOW} #c +bm *!*@bad",
        ":1SOAAAAAA KICK #c 1SOAAAAAB :out",
        f":1SOAAAAAA NICK evil :{NOW + 1}",
        ":1SOAAAAAA PART #c :bye",
    ):
        edge.clock.elapsed += 0.001
        so1 >> line
        edge.settle()
    told = events(ann)
    assert len(told) == 7 and None not in {each.msgid for each in told}
    assert events(bob) == told
    assert [line for line in so2.lines() if "msgid" in line] == []


def test_other_makes_are_told_no_ids(edge: Mesh) -> None:
    so1 = stranger(edge["a"], "so1.test", "1SO")
    bob = edge["b"].client("bob")
    for line in ("JOIN #c", "TOPIC #c :tea", "MODE #c +b *!*@x", "NICK rob", "PART #c :bye", "QUIT :gone"):
        bob >> line
        edge.settle()
    told = so1.lines()
    for verb in ("SJOIN", "ETB", "TMODE", "NICK", "PART", "QUIT"):
        assert f" {verb} " in " ".join(told)
    assert [line for line in told if "msgid" in line] == []


OLDER = SOLANUM + " CN1 CNLWW"


def at(seconds: float, number: int = 0) -> str:
    return Stamp(int((START + seconds) * 1000), number, "1SO").text


def test_an_older_version_tells_none_and_all_make_the_same_of_its_stamp(edge: Mesh) -> None:
    """Its lines go on as they came, so whoever is behind knows no more than the first that hears them."""
    ann, bob = edge["a"].client("ann", caps=CAPS), edge["b"].client("bob", caps=CAPS)
    older = stranger(edge["a"], "so1.test", "1SO", OLDER)
    user(older, "eve")
    user(older, "eva", 1)
    for client in (ann, bob):
        client >> "JOIN #c"
        edge.settle()
    ann.lines()
    bob.lines()
    edge.clock.elapsed += 5
    for line in (
        f"@chatnet/ts={at(1)} :1SOAAAAAA JOIN {NOW} #c +",
        f"@chatnet/ts={at(1, 1)} :1SOAAAAAB JOIN {NOW} #c +",
        f"@chatnet/ts={at(2)} :1SOAAAAAA ETB {NOW} #c {NOW} eve!~eve@h.eve :from there",
        f"@chatnet/ts={at(3)} :1SOAAAAAA TMODE {NOW} #c +bm *!*@bad",
        f"@chatnet/ts={at(4)} :1SOAAAAAA KICK #c 1SOAAAAAB :out",
        f":1SOAAAAAA NICK evil :{NOW + 4}",
        f"@chatnet/ts={at(5)} :1SOAAAAAA PART #c :bye",
    ):
        older >> line
        edge.settle()
    told = events(ann)
    place = b64encode(b"#c").decode()
    ms = int(START * 1000)
    assert [each.msgid for each in told] == [
        f"1{ms + 1000}0000001SO{place}.JOIN", f"1{ms + 1000}0000011SO{place}.JOIN",
        f"1{ms + 2000}0000001SO{place}.ETB", f"1{ms + 3000}0000001SO{place}.TMODE",
        f"1{ms + 4000}0000001SO{place}.KICK", f"1{ms + 4000}0000001SOAAAAAA.NICK",
        f"1{ms + 5000}0000001SO{place}.PART",
    ]  # fmt: skip
    assert events(bob) == told
    edge.check()


def test_a_time_is_told_beside_an_id_that_tells_another() -> None:
    """A clock that was set back: ids stay in order, and the time is what it is."""
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    ann, bob = mesh["a"].client("ann", caps=CAPS), mesh["b"].client("bob", caps=CAPS)
    for client in (ann, bob):
        client >> "JOIN #c"
        mesh.settle()
    ann.lines()
    bob.lines()
    mesh.step_clock("a", -2)
    ann >> "JOIN #d" >> "QUIT"
    mesh.settle()
    (told,) = events(bob)
    assert told.time == "2023-11-14T22:13:18.000Z"
    assert moment(told.msgid or "") == int(START * 1000)
