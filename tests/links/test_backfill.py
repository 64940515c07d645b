"""What was said on the other side of a split is known here when the servers are together again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final
from unittest import mock

import pytest
from conversation import Client, House, matches
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mesh import SECRET, Mesh, Stranger, block, read_away, stranger
from profiles import runs
from street import NOW, PEOPLE, host, the, user

from chatnet.links.exchange.recall import PAUSE
from chatnet.links.neighbour import trickle
from chatnet.model.past import Record

CAPS = "batch message-tags draft/message-redaction draft/multiline echo-message server-time"

Told = tuple[str, int, str, str, bytes]


class Street:
    """Three houses in a row with ann, bob and cid, who are all operators of #c."""

    def __init__(self, **sections: Any) -> None:
        self.mesh = Mesh("a", "b", "c", **sections)
        self.mesh.link("a", "b")
        self.mesh.link("c", "b")
        self.clients = [self.mesh[n].client(nick, caps=CAPS) for n, nick in zip("abc", PEOPLE, strict=True)]
        self.ann, self.bob, self.cid = self.clients
        self.settle()
        for client in self.clients:
            self.say(client, "JOIN #c")
        self.say(self.ann, "MODE #c +oo bob cid")
        read_away(self.clients)
        self.mesh.advance(1000)

    def settle(self) -> None:
        self.mesh.settle()
        self.mesh.check()

    def say(self, client: Client, *lines: str) -> None:
        """Say `lines`, a second between two; everybody who can hears each before the next."""
        for line in lines:
            client >> line
            self.mesh.advance(1)

    def heal(self, *names: str) -> None:
        for one, two in itertools.pairwise(names):
            self.mesh.link(one, two)
            self.settle()

    def agree(self, *texts: str) -> None:
        """All three remember the same of #c; `texts` is all of it, if given."""
        first, *others = [past(house) for house in self.mesh]
        assert others == [first, first]
        if texts:
            assert [told[3] for told in first] == list(texts)


def records(house: House, name: str = "#c") -> list[Record]:
    return house.parts.history.since(the(house, name), 0.0)


def past(house: House, name: str = "#c") -> list[Told]:
    """What is remembered, the oldest first: id, milliseconds, author, text, and the rest."""
    found = [
        (r.msgid, int(r.at * 1000), r.uid, r.text, b"%r" % [(r.source, r.tags, r.ranks, r.status, r.parts)])
        for r in records(house, name)
    ]
    return sorted(found, key=lambda told: (told[1], told[0]))


def texts(house: House, name: str = "#c") -> list[str]:
    return [record.text for record in records(house, name)]


def msgid(house: House, text: str) -> str:
    return next(record.msgid for record in records(house) if record.text == text)


@pytest.fixture
def street() -> Iterator[Street]:
    street = Street()
    yield street
    street.settle()


def test_both_sides_learn_what_the_other_said(street: Street) -> None:
    street.say(street.ann, "PRIVMSG #c :before")
    street.mesh.cut("a", "b")
    street.say(street.ann, "PRIVMSG #c :one", "NOTICE #c :two")
    street.say(street.bob, "PRIVMSG #c :three")
    street.say(street.cid, "PRIVMSG #c :four")
    street.say(street.ann, "PRIVMSG #c :five")
    assert texts(street.mesh["a"]) == ["before", "one", "two", "five"]
    read_away(street.clients)
    street.heal("a", "b")
    street.agree("before", "one", "two", "three", "four", "five")
    for client in street.clients:
        assert not [line for line in client.lines() if "PRIVMSG" in line or "NOTICE" in line]


def test_what_was_on_its_way_when_the_link_was_lost_is_found_again(street: Street) -> None:
    for number in range(3):
        street.ann >> f"PRIVMSG #c :a {number}"
        street.bob >> f"PRIVMSG #c :b {number}"
    street.mesh.deliver("a", "b")
    street.mesh.cut("a", "b")
    street.settle()
    street.mesh.advance(60)
    assert len(texts(street.mesh["a"])) == 3
    street.heal("a", "b")
    street.agree()
    assert len(texts(street.mesh["a"])) == 6


def test_an_operator_deletes_what_was_said_on_the_other_side(street: Street) -> None:
    street.mesh.cut("a", "b")
    street.say(street.cid, "PRIVMSG #c :rude")
    street.heal("a", "b")
    read_away(street.clients)
    found = msgid(street.mesh["a"], "rude")
    street.say(street.ann, f"REDACT #c {found} :no")
    street.cid.until(f"* REDACT #c {found} :no")
    street.agree()
    assert texts(street.mesh["c"]) == []


def test_what_was_deleted_on_the_other_side_goes_here(street: Street) -> None:
    street.say(street.ann, "PRIVMSG #c :rude", "PRIVMSG #c :kind")
    found = msgid(street.mesh["b"], "rude")
    street.mesh.cut("a", "b")
    street.say(street.bob, f"REDACT #c {found}")
    street.heal("a", "b")
    street.agree("kind")


def test_what_was_deleted_does_not_come_back(street: Street) -> None:
    """bob deletes it while c is away, and a tells c; b then is told by c what it has."""
    street.say(street.ann, "PRIVMSG #c :rude")
    found = msgid(street.mesh["b"], "rude")
    street.mesh.cut("c", "b")
    street.say(street.bob, f"REDACT #c {found}")
    street.mesh.cut("a", "b")
    street.heal("a", "c")
    assert texts(street.mesh["c"]) == []
    street.heal("c", "b")
    street.agree()
    assert texts(street.mesh["a"]) == []


def test_a_redaction_of_what_is_not_known_holds_when_it_comes(street: Street) -> None:
    """a is told of the redaction, and only then of the message."""
    street.mesh.cut("a", "b")
    street.say(street.cid, "PRIVMSG #c :rude")
    found = msgid(street.mesh["c"], "rude")
    street.mesh.link("a", "b")
    # The servers meet; while they still ask each other, it is deleted.
    for _ in range(30):
        street.mesh.deliver_one(0)
    street.cid >> f"REDACT #c {found}"
    street.settle()
    street.agree()
    assert texts(street.mesh["a"]) == []


def test_messages_of_several_lines_come_whole(street: Street) -> None:
    street.mesh.cut("a", "b")
    street.cid >> "@+draft/reply=x BATCH +1 draft/multiline #c"
    street.cid >> "@batch=1 PRIVMSG #c :one" >> "@batch=1;draft/multiline-concat PRIVMSG #c : and a half"
    street.cid >> "@batch=1 PRIVMSG #c :" >> "@batch=1 PRIVMSG #c ::two" >> "BATCH -1"
    street.mesh.advance(1)
    street.say(street.bob, "PRIVMSG @#c :ops", "@+react=x;+y=a\\:b\\s TAGMSG #c", "NOTICE #c ::)")
    street.heal("a", "b")
    street.agree("one and a half\n\n:two", "ops", "", ":)")


def test_all_of_a_subtree_is_asked(street: Street) -> None:
    """b has nobody in #d, so it was told nothing of it; c, behind it, knows."""
    for client in (street.ann, street.cid):
        street.say(client, "JOIN #d")
    street.mesh.cut("a", "b")
    street.say(street.cid, "PRIVMSG #d :hello")
    street.say(street.ann, "PRIVMSG #d :hi")
    street.heal("a", "b")
    assert texts(street.mesh["a"], "#d") == texts(street.mesh["c"], "#d") == ["hello", "hi"]


def test_splits_that_overlap(street: Street) -> None:
    street.mesh.cut("a", "b")
    street.say(street.cid, "PRIVMSG #c :1")
    street.mesh.cut("c", "b")
    street.say(street.cid, "PRIVMSG #c :2")
    street.say(street.bob, "PRIVMSG #c :3")
    street.heal("a", "c")
    street.say(street.ann, "PRIVMSG #c :4")
    street.mesh.cut("a", "c")
    street.say(street.cid, "PRIVMSG #c :5")
    street.heal("a", "b")
    street.say(street.bob, "PRIVMSG #c :6")
    street.heal("b", "c")
    street.agree("1", "2", "3", "4", "5", "6")


@pytest.mark.parametrize("first", ["the time", "what has come"])
def test_who_stood_still_for_long_asks_for_all_of_that_time(street: Street, first: str) -> None:
    mesh = street.mesh
    wire = mesh.wire("a", "b")
    street.ann >> "PRIVMSG #c :1"  # it waits in the system, and is lost with the connection
    mesh.wires.remove(wire)
    mesh.clock.elapsed += 60
    wire.connections["a"].connection_lost("Ping timeout")
    mesh.advance(300)
    street.say(street.ann, "PRIVMSG #c :2")
    link = wire.connections["b"]
    if first == "what has come":
        link.receive(b":0AA PING :a.test\r\n")
    link.connection_lost("Connection reset by peer")
    street.heal("a", "b")
    street.agree("1", "2")


def test_what_was_not_answered_is_asked_again(street: Street) -> None:
    street.mesh.cut("a", "b")
    street.say(street.cid, *[f"PRIVMSG #c :{number}" for number in range(10)])
    for lines in (5, 20, 30, 40):
        street.mesh.link("a", "b")
        for _ in range(lines):
            street.mesh.deliver_one(0)
        street.mesh.cut("a", "b")
        street.mesh.advance(300)
    street.heal("a", "b")
    street.agree(*map(str, range(10)))


def test_a_server_that_was_started_anew_learns_what_was_said() -> None:
    mesh = Mesh("a", "b")
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :hello"
    mesh.advance(5000)
    bob = mesh["b"].client("bob")
    bob >> "JOIN #c"
    mesh.link("a", "b")
    mesh.settle()
    assert texts(mesh["b"]) == ["hello"]


def test_two_that_know_the_same_tell_each_other_nothing(street: Street) -> None:
    """c is asked as well as b, but what b told need not be told again."""
    street.mesh.cut("a", "b")
    street.say(street.cid, *["PRIVMSG #c :x"] * 20)
    street.mesh.link("a", "b")
    street.settle()
    told = [line for line in street.mesh.said("b", "a") if " CNHR " in line]
    assert len([line for line in told if line.endswith((" END", " :END"))]) == 2
    assert len(told) == 22


# which messages


def apart(street: Street, *modes: str) -> None:
    """#c is made anew on a's side of a split, which ends with it being younger than on the other."""
    street.say(street.ann, "PRIVMSG #c :before")
    street.mesh.cut("a", "b")
    street.say(street.ann, "PART #c", "JOIN #c", *modes, "PRIVMSG #c :here")
    street.say(street.cid, "PRIVMSG #c :there")
    street.heal("a", "b")


def test_a_channel_that_was_made_anew_is_the_same_to_people(street: Street) -> None:
    """What was said in the younger one goes along; what a had forgotten with its channel stays forgotten."""
    apart(street)
    assert texts(street.mesh["a"]) == ["here", "there"]
    assert texts(street.mesh["b"]) == texts(street.mesh["c"]) == ["before", "here", "there"]


@pytest.mark.parametrize("mode", ["+i", "+k key", "+s"])
def test_what_was_said_behind_closed_doors_stays_there(street: Street, mode: str) -> None:
    apart(street, f"MODE #c {mode}")
    assert texts(street.mesh["a"]) == ["here", "there"]
    assert texts(street.mesh["b"]) == texts(street.mesh["c"]) == ["before", "there"]
    street.say(street.ann, "PRIVMSG #c :after")
    street.mesh.cut("a", "b")
    street.say(street.ann, "PRIVMSG #c :still")
    street.heal("a", "b")
    assert texts(street.mesh["b"]) == ["before", "there", "after", "still"]


def test_invite_only_and_secret_channels_as_well(street: Street) -> None:
    street.say(street.ann, "MODE #c +isk key")
    street.mesh.cut("a", "b")
    street.say(street.cid, "PRIVMSG #c :psst")
    street.heal("a", "b")
    street.agree("psst")


def test_a_channel_of_another_name_is_another_channel(street: Street) -> None:
    street.mesh.cut("a", "b")
    street.say(street.ann, "RENAME #c #d", "PRIVMSG #d :here")
    street.say(street.cid, "PRIVMSG #c :there")
    street.heal("a", "b")
    assert texts(street.mesh["a"], "#d") == ["here"]
    assert texts(street.mesh["b"]) == ["there"]


def test_what_two_users_say_to_each_other_concerns_nobody_else(street: Street) -> None:
    dan = street.mesh["b"].client("dan")
    street.mesh.cut("a", "b")
    street.say(street.bob, "PRIVMSG dan :psst")
    street.mesh.said("b", "c")
    street.heal("a", "b")
    assert not [line for line in street.mesh.said("b", "a") if "psst" in line]
    assert dan.lines()


def test_without_messages_to_ask_for_nobody_is_asked() -> None:
    street = Street(links={"backfill_messages": 0})
    street.mesh.cut("a", "b")
    street.say(street.cid, "PRIVMSG #c :there")
    street.heal("a", "b")
    assert not [line for line in street.mesh.said("a", "b") if line.split(" ")[1] == "CNHIST"]


def test_the_newest_are_told_where_there_are_too_many() -> None:
    street = Street(links={"backfill_messages": 3})
    street.mesh.cut("a", "b")
    street.say(street.cid, *[f"PRIVMSG #c :{number}" for number in range(9)])
    street.heal("a", "b")
    assert texts(street.mesh["a"]) == ["6", "7", "8"]


def test_the_newest_are_told_where_they_are_too_long() -> None:
    street = Street(links={"backfill_bytes": 4096})
    street.mesh.cut("a", "b")
    street.say(street.cid, *[f"PRIVMSG #c :{number} {'x' * 400}" for number in range(20)])
    street.heal("a", "b")
    found = texts(street.mesh["a"])
    assert 5 < len(found) < 10 and found == texts(street.mesh["c"])[-len(found) :]


def test_answers_come_in_slices_between_which_others_are_served() -> None:
    street = Street(links={"backfill_slice": 3})
    street.mesh.cut("a", "b")
    street.say(street.cid, *["PRIVMSG #c :x"] * 20)
    street.mesh.link("a", "b")
    said = street.mesh.wire("a", "b").pipes["b"].said
    told, spoken = [0], False
    while street.mesh.deliver_one(0):
        told.append(sum(" CNHR " in line for line in said))
        if told[-1] and not spoken:
            spoken = bool(street.bob >> "PRIVMSG #c :live")
    street.ann.until("* PRIVMSG #c :live")
    street.agree(*["x"] * 20, "live")
    # A slice when it was asked, and one in the turn after it.
    assert max(later - before for before, later in itertools.pairwise(told)) == 6
    live = next(index for index, line in enumerate(said) if line.endswith(":live"))
    assert sum(" CNHR " in line for line in said[:live]) == 6


@pytest.mark.parametrize("split", [("a", "b"), ("b", "c")])
def test_answers_do_not_crowd_out_what_is_kept_for_a_connection_that_is_lost(split: tuple[str, str]) -> None:
    """A link that has just come back may be lost once more; it waits then, also if it carries them on."""
    street = Street(links={"resume_buffer": 65536, "backfill_messages": 2000}, history={"messages": 2000})
    mesh = street.mesh
    for client in street.clients:
        street.say(client, "AWAY :a sign of life, after a thousand seconds")
    mesh.advance(40)
    mesh.cut(*split)
    texts = [f"{number:04} {'x' * 200}" for number in range(600)]
    for text in texts:
        street.cid >> f"PRIVMSG #c :{text}"
        mesh.settle()
    mesh.link(*split)
    wire = mesh.wire("a", "b")
    while not any(" CNHR " in line for line in wire.pipes["b"].said):
        if not mesh.deliver_one(0):
            mesh.clock.advance(0.05)
    for _ in range(200):  # from now on nothing comes to a
        mesh.clock.advance(0.05)
        while any(other.deliver(name) for other, name in mesh.waiting() if (other, name) != (wire, "b")):
            pass
        for house in mesh:
            house.settle()
    assert sum(" CNHR " in line for line in wire.pipes["b"].said) < 100, "the others wait"
    links = [mesh[one].parts.links.neighbour(f"{two}.test") for one, two in (("a", "b"), ("b", "a"))]
    mesh.reset("a", "b")
    assert all(link is not None and link.suspended for link in links)
    mesh.advance(1)
    mesh.link("a", "b")
    for _ in range(200):
        mesh.advance(0.25)
    mesh.check()
    street.agree(*texts)


def test_of_too_many_lines_that_wait_whole_answers_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trickle, "MOST", 400)
    waiting = trickle.Trickle()
    sent: list[bytes] = []
    one, two = ("0AA", "0BA", "1"), ("0AA", "0BA", "2")
    for number in range(5):
        waiting.add(b"one %d" % number, one, last=number == 4)
    waiting.add(b"two 0", two, last=False)
    waiting.add(b"two 1", two, last=False)
    waiting.pour(lambda: len(sent) < 3, sent.append)
    assert len(waiting) == 3
    waiting.add(b"two 2", two, last=False)  # though there is room again
    waiting.add(b"two END", two, last=True)
    waiting.add(b"two again", two, last=True)
    waiting.pour(lambda: True, sent.append)
    assert sent == [*(b"one %d" % number for number in range(5)), b"two 0", b"two again"]
    assert waiting.size == 0 and not waiting


def test_a_server_that_cannot_be_asked_has_one_that_can_before_it() -> None:
    """so1 is behind b, which has nobody in #d."""
    mesh = Mesh("a", "b", sections_of={"b": {"link": [block("so1")]}})
    mesh.link("a", "b")
    ann = mesh["a"].client("ann")
    ann >> "JOIN #d"
    there = stranger(mesh["b"], "so1.test", "1SO")
    eve = user(there, "eve")
    there >> f":1SO SJOIN {NOW} #d +nt :{eve}"
    mesh.settle()
    mesh.cut("a", "b")
    there >> f":{eve} PRIVMSG #d :hello"
    mesh.advance(10)
    mesh.link("a", "b")
    mesh.settle()
    assert texts(mesh["a"], "#d") == ["hello"]
    assert not [line for line in there.lines() if line.split(" ")[1] in ("CNHIST", "CNHR")]


def test_who_gets_the_id_of_somebody_is_not_its_author() -> None:
    """A server that is started anew gives its UIDs to other people, and learns what the old ones said."""
    mesh = Mesh("a", "b")
    bob = mesh["b"].client("bob")
    bob >> "JOIN #c"
    old = mesh["a"].client("ann")
    mesh.link("a", "b")
    mesh.settle()
    old >> "JOIN #c" >> "PRIVMSG #c :mine"
    mesh.settle()
    mesh.cut("a", "b")
    mesh.advance(10)
    mesh.houses["a"] = House(clock=mesh.clock, **mesh["a"].settings.model_dump(exclude_unset=True))
    new = mesh["a"].client("eve", caps=CAPS)
    new >> "JOIN #c"
    mesh.link("a", "b")
    mesh.settle()
    new >> "MODE #c -o eve"
    mesh.settle()
    new.lines()
    assert texts(mesh["a"]) == ["mine"] and new.user.uid == old.user.uid
    new >> f"REDACT #c {msgid(mesh['a'], 'mine')}"
    new.until("* FAIL REDACT REDACT_FORBIDDEN *")


# hostile neighbours

CORE: Final = "BAN CHW ENCAP EUID EX IE QS SAVE STAG TB CN1 CNHIST"
AT: Final = "time=2023-11-14T22:13:20.000Z"  # NOW
EVE: Final = "1SOAAAAAA"
SAID: Final = f"@{AT};msgid=id1;chatnet/uid={EVE} :eve!e@h PRIVMSG #c :hello"


class Far(Stranger):
    """A chatnet server whose eve is in #c when its burst ends, with a server behind it."""

    def __init__(self, house: House, channels: str = "#c") -> None:
        super().__init__(house, "so1.test", "1SO")
        self.pipe.longest = 16384
        self >> f"PASS {SECRET} TS 6 :1SO" >> f"CAPAB :{CORE}" >> "SERVER so1.test 1 :far"
        self >> f"SVINFO 6 6 0 :{int(house.clock.time())}" >> ":1SO SID so2.test 2 2SO :farther"
        self >> f":1SO EUID eve 1 {NOW} + e h 192.0.2.9 {EVE} * * :eve"
        for name in channels.split(","):
            self >> f":1SO SJOIN {NOW} {name} + :{EVE}"
        self >> "PING :1SO"

    def asked(self) -> list[list[str]]:
        """The questions it was asked, in words."""
        lines = [line.split(" ") for line in self.lines()]
        return [words for words in lines if words[1] == "CNHIST"]


def far_house(**sections: Any) -> tuple[House, Client]:
    house = House(link=[block("so1")], **sections)
    ann = house.client("ann")
    ann >> "JOIN #c"
    return house, ann


def test_the_question_and_the_answer() -> None:
    house, ann = far_house()
    far = Far(house)
    ann.lines()
    [asked] = far.asked()
    assert asked[:6] == [":0CN", "CNHIST", "1", "1SO", "latest", "#c"], asked
    assert matches(
        " ".join(asked[6:]), "timestamp=2023-11-13T22:13:20.000Z 500 2023-11-14T22:13:20.000Z 0.0*"
    )
    far >> f":1SO CNHR 1 0CN 1 :{SAID}" >> ":1SO CNHR 1 0CN END"
    assert texts(house) == ["hello"] and far.gone is None
    [record] = records(house)
    assert record == ("id1", float(NOW), "PRIVMSG", b"eve!e@h", EVE, "hello", b"", 0, "", (), None, 0)
    ann.silent()
    house.check()


NONSENSE: Final = {
    "of another channel": SAID.replace("#c", "#d"),
    "to a user": SAID.replace("#c", "ann"),
    "to odd ranks": SAID.replace("#c", "x#c"),
    "without an id": SAID.replace("msgid=id1;", ""),
    "with an odd id": SAID.replace("id1", "a b"),
    "without a time": SAID.replace(AT, "x=y"),
    "at an odd time": SAID.replace(AT, "time=soon"),
    "of the future": SAID.replace("2023", "2024"),
    "of before": SAID.replace("2023", "2022"),
    "by a user without a UID": SAID.replace(f";chatnet/uid={EVE}", ""),
    "by a server with a UID": SAID.replace("eve!e@h", "so1.test"),
    "by an odd UID": SAID.replace(EVE, "1SO"),
    "by nobody": SAID.replace(":eve!e@h ", ""),
    "by a name too long": SAID.replace("eve!", "e" * 400 + "!"),
    "of another verb": SAID.replace("PRIVMSG", "JOIN"),
    "without a text": SAID.replace(" :hello", ""),
    "nothing": "",
    "a part of nothing": SAID.replace("@", "@batch=1;"),
    "an end of nothing": ":eve!e@h BATCH -1",
    "another batch": ":eve!e@h BATCH +1 netsplit a b",
    "a redaction of an odd id": f"@{AT};msgid=r;chatnet/uid={EVE} :eve!e@h REDACT #c a\\b :x",
}


@pytest.mark.parametrize("line", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_is_not_remembered(line: str) -> None:
    """It ends the answer; what came before it counts."""
    house, _ = far_house()
    far = Far(house)
    good = SAID.replace("id1", "id0")
    far >> f":1SO CNHR 1 0CN 1 :{good}" >> f":1SO CNHR 1 0CN 2 :{line}" >> f":1SO CNHR 1 0CN 3 :{SAID}"
    assert [record.msgid for record in records(house)] == ["id0"]
    for _ in range(50):
        far >> f":1SO CNHR 1 0CN 2 :{line}"
    assert far.gone is None
    house.check()


@pytest.mark.parametrize(
    "end", ["BATCH -2", f"PRIVMSG #c :{'x' * 500}", "PRIVMSG #c :alone", "BATCH +2 draft/multiline #c"]
)
def test_several_lines_that_are_no_message(end: str) -> None:
    house, _ = far_house()
    far = Far(house)
    answer = ":1SO CNHR 1 0CN 1 :"
    opening = SAID.replace("PRIVMSG", "BATCH +1 draft/multiline").replace(" :hello", "")
    far >> answer + opening
    if "xx" in end:
        for _ in range(101):
            far >> f"{answer}@batch=1 :eve!e@h {end}"
    else:
        far >> f"{answer}:eve!e@h {end}"
    far >> f"{answer}:eve!e@h BATCH -1" >> ":1SO CNHR 1 0CN END"
    assert records(house) == []
    house.check()


def test_nobody_tells_what_our_own_users_said() -> None:
    """What they said since this server was started, it heard; before, it may have been others."""
    house, ann = far_house()
    house.clock.advance(100)
    far = Far(house)
    mine = SAID.replace(EVE, ann.user.uid).replace("eve!e@h", host(ann))
    far >> f":1SO CNHR 1 0CN 1 :{mine.replace('20.000Z', '30.000Z')}"
    far >> f":1SO CNHR 1 0CN 2 :{mine.replace('22:13:20', '20:00:00').replace('id1', 'id2')}"
    far >> ":1SO CNHR 1 0CN END"
    assert [record.msgid for record in records(house)] == ["id2"]


def test_answers_to_no_question_end_the_link_when_there_are_many() -> None:
    house, _ = far_house(links={"strikes": 3})
    far = Far(house)
    far >> ":1SO CNHR 1 0CN END" >> f":1SO CNHR 1 0CN 1 :{SAID}" >> ":1SO CNHR 1 0CN END"
    assert far.gone is None and records(house) == []
    for _ in range(3):
        far >> f":1SO CNHR 7 0CN 1 :{SAID}"
    assert far.gone is not None and "CNHR that nobody asked for" in far.gone


def test_another_server_cannot_answer() -> None:
    house, _ = far_house()
    far = Far(house)
    far >> f":2SO CNHR 1 0CN 1 :{SAID}" >> ":2SO CNHR 1 0CN END"
    assert records(house) == []
    far >> f":1SO CNHR 1 0CN 1 :{SAID}" >> ":1SO CNHR 1 0CN END"
    assert texts(house) == ["hello"]


def test_more_than_was_asked_for_is_not_taken() -> None:
    house, _ = far_house(links={"backfill_messages": 5})
    far = Far(house)
    for number in range(50):
        far >> f":1SO CNHR 1 0CN {number} :{SAID.replace('id1', f'id{number}')}"
    assert len(records(house)) == 6  # the one too many ends it
    house.check()


def test_bytes_are_bounded() -> None:
    house, _ = far_house(links={"backfill_bytes": 4096})
    far = Far(house)
    for number in range(50):
        text = SAID.replace("id1", f"id{number}").replace("hello", "x" * 400)
        far >> f":1SO CNHR 1 0CN {number} :{text}"
    assert 5 < len(records(house)) < 9
    house.check()


def test_who_does_not_answer_is_asked_again_from_the_same_time_on() -> None:
    house, _ = far_house()
    house.clock.advance(100_000)
    far = Far(house)
    far >> ":1SO CNHR 1 0CN END"

    def back(after: float) -> str:
        nonlocal far
        far.link.connection_lost("reset")
        house.clock.advance(after)
        far = Far(house)
        return far.asked()[0][6]

    since = back(1000)
    house.clock.advance(31)
    assert any("did not answer" in line for line in house.log.lines)
    far >> f":1SO CNHR 2 0CN 1 :{SAID}" >> ":1SO CNHR 2 0CN END"  # too late
    assert back(10) == since
    far >> ":1SO CNHR 3 0CN NO"
    assert back(10) == since
    assert back(10) == since
    far >> ":1SO CNHR 5 0CN END"
    assert back(10) > since
    assert back(100_000) > since


def test_who_does_not_answer_is_asked_again_while_they_are_here() -> None:
    """Ever more rarely: after 60, 120, 240, 480 and 960 seconds."""
    house, _ = far_house()
    far = Far(house)
    far.lines()
    asked = []
    for second in range(3000):
        house.clock.advance(1)
        asked += [second + 1 for _ in far.asked()]
    assert asked == [90, 240, 510, 1020, 2010]
    far.link.connection_lost("reset")
    far = Far(house)
    assert len(far.asked()) == 1
    house.clock.advance(31)
    far >> ":1SO CNHR 7 0CN END"
    house.clock.advance(60)
    assert len(far.asked()) == 1
    far >> ":1SO CNHR 8 0CN END"
    house.clock.advance(10_000)
    assert far.asked() == []


def test_a_memory_that_fails_leaves_nobody_waiting() -> None:
    house, ann = far_house()
    ann >> "PRIVMSG #c :x"

    async def fail(*_: object) -> Any:
        raise OSError("no such disk")

    with mock.patch.object(house.parts.history, "page", fail):
        far = Far(house)
        assert len(far.asked()) == 1
        for number in (1, 2):
            ask(far, number, "#c")
            assert far.lines() == [f":0CN CNHR {number} 1SO NO"]
    ask(far, 3, "#c")
    assert far.lines()[-1] == ":0CN CNHR 3 1SO END"
    assert len(house.log.failures) == 3 and "no such disk" in house.log.failures[0]


def test_what_was_never_told_is_asked_for_again() -> None:
    house, _ = far_house()
    far = Far(house)
    since = far.asked()[0][6]
    far.link.connection_lost("reset")
    assert Far(house).asked()[0][6] == since


def test_only_so_many_questions_are_open() -> None:
    house, ann = far_house(links={"backfill_requests": 2})
    ann >> "JOIN #d,#e,#f"
    far = Far(house, "#c,#d,#e,#f")
    assert [asked[5] for asked in far.asked()] == ["#c", "#d"]
    far >> ":1SO CNHR 2 0CN NO"
    assert [asked[5] for asked in far.asked()] == ["#e"]
    ann >> "PART #f"
    house.clock.advance(31)
    assert far.asked() == []


def ask(far: Stranger, number: int, name: str, tally: str = "0.0", source: str = "1SO") -> None:
    since, until = "2023-11-14T22:00:00.000Z", "2023-11-14T23:00:00.000Z"
    far >> f":{source} CNHIST {number} 0CN latest {name} timestamp={since} 500 {until} {tally}"


def test_only_those_with_members_in_a_channel_are_answered() -> None:
    house, ann = far_house()
    ann >> "JOIN #d" >> "PRIVMSG #c :public" >> "PRIVMSG #d :secret"
    far = Far(house)
    far.lines()
    ask(far, 1, "#c")
    assert matches(
        far.lines()[0],
        f":0CN CNHR 1 1SO 1 :@{AT};msgid=*;chatnet/uid={ann.user.uid} :{host(ann)} PRIVMSG #c :public",
    )
    for number, name, source in ((2, "#d", "1SO"), (3, "#nowhere", "1SO"), (4, "#c", "2SO")):
        far.lines()
        ask(far, number, name, source=source)
        assert far.lines() == [f":0CN CNHR {number} {source} NO"]


def test_questions_are_bounded() -> None:
    house, ann = far_house(links={"backfill_requests": 2, "strikes": 100})
    ann >> "PRIVMSG #c :x"
    far = Far(house)
    far.lines()
    since = "timestamp=2023-11-14T22:00:00.000Z 500 2023-11-14T23:00:00.000Z 0.0"
    far.link.connection.receive(
        b"".join(b":1SO CNHIST %d 0CN latest #c %b\r\n" % (n, since.encode()) for n in range(1, 9))
    )
    answers = [line.split(" ")[4] for line in far.lines() if " CNHR " in line]
    assert answers.count("NO") == 5 and answers.count("END") == 3


ODD: Final = (
    "CNHIST 1 0CN before #c timestamp=2023-11-14T22:00:00Z 5 2023-11-14T22:00:00Z 0.0",
    "CNHIST 1 0CN latest #c then 5 2023-11-14T22:00:00Z 0.0",
    "CNHIST 1 0CN latest #c timestamp=2023-11-14T22:00:00Z 5 now 0.0",
    "CNHIST 1 9ZZ latest #c timestamp=2023-11-14T22:00:00Z 5 2023-11-14T22:00:00Z 0.0",
    "CNHIST 1 1SO latest #c timestamp=2023-11-14T22:00:00Z 5 2023-11-14T22:00:00Z 0.0",
    "CNHR 1 9ZZ END",
    "CNHR 1 2SO END",
)


@pytest.mark.parametrize("line", ODD)
def test_odd_questions_are_not_answered(line: str) -> None:
    house, _ = far_house()
    far = Far(house)
    far.lines()
    for source in ("1SO", EVE):
        far >> f":{source} {line}"
    assert far.lines() == [] and far.gone is None
    house.check()


# whatever happens

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(0, 2), st.integers(0, 3)),
        st.tuples(st.just("say"), st.integers(0, 2), st.integers(0, 3)),
        st.tuples(st.just("redact"), st.integers(0, 2), st.integers(0, 5)),
        st.tuples(st.just("cut"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("link"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("reset"), st.integers(0, 2), st.integers(0, 3000)),
        st.tuples(st.just("deliver"), st.integers(0, 5), st.integers(1, 40)),
        st.tuples(st.just("settle"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("wait"), st.integers(0, 100), st.just(0)),
    ),
    min_size=5,
    max_size=40,
)
PAIRS = (("a", "b"), ("c", "b"), ("a", "c"))


def walk(street: Street, steps: list[tuple[str, int, int]]) -> None:
    mesh = street.mesh
    linked = set(PAIRS[:2])

    def link(pair: tuple[str, str]) -> None:
        if len(linked) < 2 and pair not in linked:
            mesh.settle()  # or they would be linked twice
            mesh.link(*pair)
            linked.add(pair)

    for number, (what, which, more) in enumerate(steps):
        if what == "say":
            client = street.clients[which]
            channel = "#d" if more == 3 else "#c"
            client >> f"{'NOTICE' if more == 1 else 'PRIVMSG'} {channel} :{number}"
        elif what == "redact":
            found = records(street.mesh["abc"[which]])
            if found:
                street.clients[which] >> f"REDACT #c {found[-1 - more % len(found)].msgid} :{number}"
        elif what == "cut":
            pair = PAIRS[which]
            if pair in linked:
                mesh.cut(*pair)
                linked.remove(pair)
        elif what == "reset" and PAIRS[which] in linked:
            one, two = PAIRS[which]
            mesh.reset(one, two, **{one: more, two: more // 2})
            mesh.link(one, two)
            mesh.settle()
        elif what == "link":
            link(PAIRS[which])
        elif what == "deliver":
            for _ in range(more):
                mesh.deliver_one(which)
        elif what == "settle":
            mesh.settle()
        else:
            for _ in range(3):
                mesh.advance(PAUSE)  # nothing is on its way for so long
            mesh.advance(which * 10)
    for pair in PAIRS:
        link(pair)
    mesh.settle()
    # Answers go on whose link had no connection for a moment, and who did not get one asks again.
    for _ in range(20):
        mesh.advance(1)


BEFORE_IT_GOES_ON: Final = [
    ("say", 0, 0), ("cut", 0, 0), ("say", 0, 3), ("link", 2, 0), ("deliver", 0, 27), ("reset", 2, 3000),
]  # fmt: skip


@settings(max_examples=runs(50, 5000), deadline=None)
@given(STEPS)
@example(BEFORE_IT_GOES_ON)
def test_whatever_was_said_and_deleted_all_remember_the_same(steps: list[tuple[str, int, int]]) -> None:
    """Whichever links were lost when, and whatever was on its way."""
    street = Street()
    for client in street.clients[::2]:
        street.say(client, "JOIN #d")
    walk(street, steps)
    street.mesh.check()
    street.agree()
    assert past(street.mesh["a"], "#d") == past(street.mesh["c"], "#d")
    for house in street.mesh:
        assert len({told[0] for told in past(house)}) == len(past(house))
