"""What a server did not hear, others tell it; until then it says that something is missing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from archive import parsed
from chronicles import ANN, BOB, CID, Chronicles, Filed, logs_in
from club import PASSWORD
from conversation import Client
from mesh import block, read_away

from chatnet.history.archive import Archive
from chatnet.model.facts import MarkMoved
from chatnet.model.modes import OP, VOICE, at_least
from chatnet.model.past import Missing
from chatnet.storage.messages.rows import CLOSED, KICK, LAST, MODE, NICK, RANKS, TOPIC

CAPS = "batch message-tags draft/message-redaction draft/multiline echo-message server-time"


class Row:
    """Three houses in a row, with ann, bob and cid, who are logged in and all operators of #c."""

    def __init__(self, **sections: Any) -> None:
        self.mesh = Chronicles("a", "b", "c", **sections)
        self.mesh.link("a", "b")
        self.mesh.link("c", "b")
        self.mesh.settle()
        self.clients = [
            self.mesh[house].client(nick, caps=CAPS)
            for house, nick in (("a", "ann"), ("b", "bob"), ("c", "cid"))
        ]
        self.ann, self.bob, self.cid = self.clients
        for client, key in zip(self.clients, (ANN, BOB, CID), strict=True):
            logs_in(client, client.user.nick, key)
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
        for line in lines:
            client >> line
            self.mesh.advance(1)

    def heal(self, one: str, two: str) -> None:
        self.mesh.link(one, two)
        self.mesh.settle()
        self.wait(20)
        self.mesh.check()

    def wait(self, seconds: int) -> None:
        """Let time pass, and what is said be heard meanwhile."""
        for _ in range(seconds):
            self.mesh.advance(1)

    def agree(self, *texts: str, channel: str = "#c") -> None:
        """All three have stored the same, and nothing is missing."""
        first, *others = [self.mesh.all_of(name, channel) for name in "abc"]
        assert others == [first, first]
        if texts:
            assert self.mesh.texts("a", channel) == list(texts)
        for name in "abc":
            assert self.missing(name, channel) == Missing()
            assert [gap for gap in self.mesh[name].stored.holes.values() if gap.place.name == channel] == []

    def missing(self, name: str, channel: str = "#c") -> Missing:
        """What a house says is missing, once it has asked."""
        house, found = self.mesh[name], list[Missing]()
        gaps, recorder = house.parts.gaps, house.parts.recorder
        there = house.node.network.channel(channel)
        assert gaps is not None and recorder is not None and there is not None
        place = recorder.place(there)
        assert place is not None

        async def ask() -> None:
            found.append(await gaps.ask(place, 0, LAST))

        house.run(ask())
        self.mesh.settle()
        if not found:
            self.mesh.advance(2)
        [missing] = found
        return missing


@pytest.fixture
def row() -> Iterator[Row]:
    row = Row()
    yield row
    row.settle()


def test_both_sides_of_a_split_learn_what_the_other_stored(row: Row) -> None:
    row.say(row.ann, "PRIVMSG #c :before")
    row.mesh.cut("a", "b")
    row.say(row.ann, "PRIVMSG #c :one")
    row.say(row.bob, "PRIVMSG #c :two")
    row.say(row.cid, "PRIVMSG @#c :three")
    read_away(row.clients)
    row.heal("a", "b")
    row.agree("before", "one", "two", "three")
    assert {each.person for each in row.mesh.rows("a").values()} == {ANN, BOB, CID}
    assert not [line for client in row.clients for line in client.lines() if "PRIVMSG" in line]


def test_what_happened_is_learned_with_what_was_said(row: Row) -> None:
    row.mesh.cut("a", "b")
    for client in row.clients:
        row.say(client, f"PRIVMSG #c :{client.user.nick}", "MODE #c +s")
    row.say(row.ann, "MODE #c +lk 5 tea", "NICK anna", "KICK #c anna")
    row.say(row.bob, "TOPIC #c :tea", "MODE #c -s+b x!*@*")
    row.say(row.ann, "JOIN #c tea")
    row.heal("a", "b")
    row.agree("ann", "bob", "cid")
    told = [(each.kind, each.text) for each in row.mesh.rows("c").values()]
    assert {(MODE, "+s"), (MODE, "+lk 5 *"), (MODE, "-s+b x!*@*"), (TOPIC, "tea")} <= {*told}
    assert {NICK, KICK} <= {kind for kind, _ in told}


def test_who_may_know_that_something_was_deleted_is_learned_with_it(row: Row) -> None:
    row.mesh.cut("a", "b")
    for target, doors in (("@#c", "-s"), ("+#c", "-s"), ("#c", "+s"), ("#c", "-s")):
        row.say(row.bob, f"MODE #c {doors}", f"PRIVMSG {target} :oops")
        oops = next(each.msgid for each in row.mesh.rows("b").values() if each.text == "oops")
        row.say(row.bob, f"REDACT #c {oops} :no")
    row.heal("a", "b")
    row.agree()
    flags = [gone.flags for gone in row.mesh.all_of("a")[1].values()]
    assert flags == [at_least(OP) << RANKS, at_least(VOICE) << RANKS, CLOSED, 0]


def test_who_comes_first_to_a_channel_here_is_told_what_was_said_before(row: Row) -> None:
    """b has nobody in #d, and c neither; then cid comes, and all of it is asked for."""
    row.say(row.ann, "JOIN #d", *[f"PRIVMSG #d :{number}" for number in range(700)])
    row.say(row.cid, "JOIN #d")
    row.wait(40)
    assert row.mesh.texts("c", "#d") == [str(number) for number in range(700)]
    assert row.missing("c", "#d") == Missing()
    assert row.mesh.texts("b", "#d") == []


def test_a_page_waits_for_what_is_missing_and_what_stays_so_is_told(row: Row) -> None:
    row.say(row.ann, "JOIN #d", "PRIVMSG #d :one")
    row.mesh.cut("a", "b")
    row.say(row.cid, "JOIN #d")  # it is made anew there
    row.heal("a", "b")
    assert row.missing("c", "#d") == Missing()
    assert row.mesh.texts("c", "#d") == ["one"]


def test_what_is_missing_from_a_server_that_is_away_is_told(row: Row) -> None:
    row.say(row.ann, "JOIN #d", "PRIVMSG #d :one")
    row.say(row.bob, "JOIN #d")
    row.mesh.cut("a", "b")
    row.say(row.cid, "JOIN #d")
    began = int(row.mesh.clock.time() * 1000)
    missing = row.missing("c", "#d")
    assert missing.unsure == 0 and missing.times and missing.times[0][1] >= began - 1000
    row.heal("a", "b")
    assert row.missing("c", "#d") == Missing()


def test_a_message_that_was_redacted_elsewhere_is_shown_nowhere_before_that_is_known(row: Row) -> None:
    row.say(row.ann, "PRIVMSG #c :rude")
    [rude] = [each.msgid for each in row.mesh.rows("c").values() if each.text == "rude"]
    row.mesh.cut("c", "b")
    row.say(row.bob, f"REDACT #c {rude} :no")
    assert row.mesh.texts("c") == ["rude"]
    row.mesh.link("c", "b")
    shown = []
    while row.mesh.deliver_one(0):
        gaps, there = row.mesh["c"].parts.gaps, row.mesh.rows("c").get(rude)
        assert gaps is not None
        members = {user.nick for user in next(iter(row.cid.user.channels)).members}
        if "bob" in members and there is not None:
            shown.append(gaps.missing(there.place, 0, LAST).unsure > there.at)
    assert shown and all(shown)
    assert row.mesh.texts("c") == []
    row.wait(20)
    row.agree()


def test_erasing_an_account_reaches_who_was_away(row: Row) -> None:
    row.say(row.ann, "PRIVMSG #c :mine")
    row.say(row.bob, "PRIVMSG #c :other", "PRIVMSG ann :psst")
    row.mesh.cut("c", "b")
    erasures = row.mesh["a"].parts.erasures
    assert erasures is not None
    erasures.erase(ANN, int(row.mesh.clock.time() * 1000))
    row.settle()
    assert row.mesh.texts("a") == row.mesh.texts("b") == ["other"]
    assert row.mesh.texts("c") == ["mine", "other"]
    row.mesh.advance(1)
    row.say(row.ann, "PRIVMSG #c :again")
    row.heal("c", "b")
    row.agree("other", "again")
    assert not [each for each in row.mesh["b"].stored.rows.values() if each.text == "psst"]


@pytest.mark.parametrize("names", [("a", "b"), ("a", "b", "c")], ids=["two", "three"])
def test_what_somebody_deleted_stays_deleted_when_their_account_is_erased(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    mesh = Filed(tmp_path, *names)
    last = names[-1]
    for one, other in pairwise(names):
        mesh.link(one, other)
    mesh.settle()
    ann, eve = (
        mesh[house].client(nick, caps=f"{CAPS} draft/chathistory")
        for house, nick in (("a", "ann"), (last, "eve"))
    )
    logs_in(ann, "ann", ANN)
    logs_in(eve, "eve", BOB)
    mesh.settle()
    ann >> "JOIN #c"
    mesh.settle()
    eve >> "JOIN #c"
    mesh.advance(100)
    eve >> "PRIVMSG #c :one" >> "PRIVMSG #c :two"
    mesh.advance(100)
    mesh.flush()
    rude = next(msgid for msgid, row in mesh.all_of("a")[0].items() if row.text == "one")
    one, other = names[-2:]
    mesh.cut(one, other)
    ann >> f"REDACT #c {rude} :rude"
    mesh.advance(1)
    erasures = mesh["a"].parts.erasures
    assert erasures is not None
    erasures.erase(ANN, int(mesh.clock.time() * 1000))
    mesh.settle()
    mesh.advance(1)
    mesh.link(one, other)
    mesh.settle()
    for _ in range(20):
        mesh.advance(1)
    told = [mesh.all_of(name) for name in (names[0], last)]
    assert told[0] == told[1]
    rows, gone = told[1]
    assert [row.text for row in rows.values()] == ["two"]
    assert (gone[rude].source, gone[rude].reason, gone[rude].person) == ("", "", None)
    for each in ("CHATHISTORY LATEST #c * 10", "CHATHISTORY BEFORE #c * 10"):
        eve.lines()
        eve >> each
        mesh.settle()
        assert [parsed(line).said for line in eve.lines() if ":" in line and " BATCH " not in line] == ["two"]
    mesh.check()


def test_marks_only_grow_and_reach_who_was_away(row: Row) -> None:
    node = row.mesh["a"].node
    now = int(node.clock.time() * 1000)

    def mark(until: int) -> None:
        node.commit(MarkMoved(ANN, "#c", until, node.clock.time()))
        row.settle()

    def marks() -> list[int]:
        row.mesh.flush()
        return [row.mesh[name].stored.read.get((ANN, "#c"), 0) for name in "abc"]

    mark(now)
    mark(now - 1)
    assert marks() == [now] * 3
    row.mesh.cut("c", "b")
    mark(now + 1)
    assert marks() == [now + 1, now + 1, now]
    row.heal("c", "b")
    assert marks() == [now + 1] * 3


def test_somebody_reads_at_another_server_what_they_talked_of(row: Row) -> None:
    row.say(row.ann, "PRIVMSG bob :hello")
    row.say(row.bob, "PRIVMSG ann :hi")
    dan = row.mesh["c"].client("dan", caps=CAPS)
    logs_in(dan, "ann", ANN)
    row.wait(20)
    talk = [each.text for each in row.mesh["c"].stored.rows.values() if each.place.kind == "d"]
    assert sorted(talk) == ["hello", "hi"]


def test_what_is_said_while_a_join_is_on_its_way_is_learned_too(row: Row) -> None:
    """Nobody sends it here yet, and it is later than the question."""
    row.say(row.ann, "JOIN #d", "PRIVMSG #d :before")
    row.wait(200)
    row.bob >> "JOIN #d"
    row.mesh._turn()
    row.mesh.clock.advance(1)
    row.ann >> "PRIVMSG #d :crossing"
    row.wait(20)
    assert row.mesh.texts("b", "#d") == ["before", "crossing"] == row.mesh.texts("a", "#d")
    assert row.missing("b", "#d") == Missing()


@pytest.mark.parametrize("ahead", [0.0, 5.0])
def test_what_is_said_while_the_other_side_is_still_told_who_is_here_is_learned_too(
    row: Row, ahead: float
) -> None:
    """Also if the clock there is ahead."""
    row.mesh.cut("c", "b")
    row.wait(200)
    wire = row.mesh.link("c", "b")
    row.mesh.step_clock("c", ahead)
    here = row.mesh["b"].node.network
    while not (cid := here.user("cid")) or not cid.channels or row.mesh._turn() or wire.deliver("c"):
        if not wire.deliver("c") and not row.mesh._turn():
            assert wire.deliver("b")
    row.mesh.clock.advance(1)
    row.cid >> "PRIVMSG #c :crossing"
    row.wait(20)
    row.agree("crossing")


def test_nobody_else_is_told_of_talks(row: Row) -> None:
    row.say(row.ann, "PRIVMSG bob :hello")
    asking = row.mesh["c"].parts.links.inquiries
    found: list[object] = []

    async def ask() -> None:
        found.append(await asking.ask("0AA", f"@{ANN},@{BOB}", 0, LAST >> 3, 10))  # type: ignore[arg-type]
        found.append(await asking.ask_talks("0AA", ANN, 0, 10))  # type: ignore[arg-type]

    row.mesh["c"].run(ask())
    row.settle()
    assert found == [None, None]


def test_what_should_not_be_missing_is_found_and_told(row: Row) -> None:
    row.say(row.ann, "PRIVMSG #c :one")
    row.wait(100)
    before = row.mesh.rows("c")
    stores = row.mesh["c"].parts.links.stores
    row.mesh.advance(600)
    stores.sweep()
    row.wait(2)
    assert stores.mended == 0
    row.mesh["c"].stored.rows.clear()
    row.mesh.advance(600)
    stores.sweep()
    row.wait(2)
    assert stores.mended == len(before) and row.mesh.rows("c") == before
    text = f"b.test told {len(before)} messages of #c that should not have been missing"
    assert text in row.mesh["c"].log.lines


def history(client: Client, *words: str) -> list[str]:
    """The texts of a page that a client asks for, and a NOTE if there is one."""
    client.lines()
    client >> " ".join(("CHATHISTORY", *words))
    found = client.lines()
    return [
        line.partition(" :")[2].rpartition(" :")[2] if " PRIVMSG " in line else "INCOMPLETE"
        for line in found
        if " PRIVMSG " in line or " INCOMPLETE " in line
    ]


@pytest.mark.parametrize("linked", [False, True])
def test_nothing_is_missing_where_no_other_server_could_know_it(linked: bool) -> None:
    mesh = Chronicles("a", sections_of={"a": {"link": [block("b")] if linked else []}})
    mesh["a"].account("ann")
    ann = mesh["a"].client("ann", caps=f"{CAPS} sasl draft/chathistory standard-replies")
    identified = f"PRIVMSG NickServ :IDENTIFY ann :{PASSWORD}"
    for line in (
        identified,
        "JOIN #c",
        "PRIVMSG ChanServ :REGISTER #c",
        "PRIVMSG #c :one",
        "PART #c",
        "JOIN #c",
    ):
        ann >> line
        mesh.advance(10)
    assert history(ann, "LATEST #c * 3") == ["one", *(["INCOMPLETE"] if linked else [])]


def test_a_client_pages_through_what_others_told_and_reads_what_is_missing(row: Row) -> None:
    row.say(row.ann, "JOIN #d", *[f"PRIVMSG #d :{number}" for number in range(5)])
    cid = row.mesh["c"].client("cid2", caps=f"{CAPS} draft/chathistory standard-replies")
    cid >> "JOIN #d"
    row.wait(20)
    assert history(cid, "LATEST #d * 3") == ["2", "3", "4"]
    row.mesh.cut("a", "b")
    row.settle()
    cid >> "PART #d"
    row.say(row.bob, "JOIN #d")
    row.say(cid, "JOIN #d")
    row.wait(20)
    found = history(cid, "LATEST #d * 10")
    assert found[-1] == "INCOMPLETE"
    row.heal("a", "b")
    assert history(cid, "LATEST #d * 3") == ["2", "3", "4"]


def test_what_waits_in_a_spool_elsewhere_is_missing_until_it_can_be_read(row: Row) -> None:
    row.say(row.ann, "JOIN #d", *[f"PRIVMSG #d :{number}" for number in range(6)])
    row.wait(1)
    row.mesh.flush()
    stored = row.mesh["a"].stored
    stored.hold(sorted(each.at for each in stored.rows.values() if each.text in "4")[0])
    cid = row.mesh["c"].client("cid2", caps=f"{CAPS} draft/chathistory standard-replies")
    cid >> "JOIN #d"
    row.wait(20)
    assert history(cid, "LATEST #d * 9") == ["0", "1", "2", "3", "INCOMPLETE"]
    row.wait(120)  # it is asked for again, and waits still
    assert history(cid, "LATEST #d * 9") == ["0", "1", "2", "3", "INCOMPLETE"]
    stored.let_go()
    row.wait(61)
    assert history(cid, "LATEST #d * 9") == [str(number) for number in range(6)]
    assert row.missing("c", "#d") == Missing()
    assert [gap for gap in row.mesh["c"].stored.holes.values() if gap.place.name == "#d"] == []


def test_a_talk_that_waits_in_a_spool_elsewhere_is_told_of(row: Row) -> None:
    row.say(row.ann, "PRIVMSG bob :hello")
    row.say(row.bob, "PRIVMSG ann :hi")
    row.mesh.flush()
    for name in "ab":
        row.mesh[name].stored.hold()
    dan = row.mesh["c"].client("dan", caps=f"{CAPS} draft/chathistory standard-replies")
    logs_in(dan, "ann", ANN)
    row.wait(20)
    assert history(dan, "LATEST bob * 9") == ["INCOMPLETE"]
    for name in "ab":
        row.mesh[name].stored.let_go()
    row.wait(61)
    assert history(dan, "LATEST bob * 9") == ["hello", "hi"]


def test_who_was_in_a_channel_is_told_up_to_what_waits_in_a_spool(row: Row) -> None:
    """Who went, and came back, is in the store as somebody who never went."""
    house, place = row.mesh["a"], row.mesh.place("a")
    network, places, told = house.node.network, house.parts.sessions.places, list[list[tuple[int, int]]]()
    unused: Any = None
    assert house.parts.marks is not None
    archive = Archive(network, house.stored, places, unused, house.parts.marks, lambda: None)

    async def ask() -> None:
        told.append([(stay.since, stay.until) for stay in await archive.stays(ANN, 9)])

    house.stored.stayed[place, ANN] = ((1000, 5000), (7000, LAST))
    for since in (LAST, 9000, 6000, 3000, 0):
        house.stored.stays_wait_since = since
        house.run(ask())
    house.stored.stays_wait_since = LAST
    assert told == [
        [(7000, LAST), (1000, 5000)],
        [(7000, 9000), (1000, 5000)],
        [(1000, 5000)],
        [(1000, 3000)],
        [],
    ]


def test_what_services_are_told_never_crosses(row: Row) -> None:
    row.say(row.ann, "PRIVMSG NickServ :IDENTIFY planted-password")
    row.mesh.cut("a", "b")
    row.say(row.ann, "NS IDENTIFY ann planted-password")
    row.heal("a", "b")
    for name in "abc":
        assert not [each for each in row.mesh[name].stored.rows.values() if "planted" in each.text]
    assert not [line for line in row.mesh.said("a", "b") if "planted" in line]


def test_who_made_a_channel_anew_meanwhile_did_not_hear_what_was_said_in_the_older(tmp_path: Path) -> None:
    """Whether the newer one was closed as well or not."""
    mesh = Filed(tmp_path, "a", "b")
    mesh.link("a", "b")
    mesh.settle()
    ann, eve, gus = (
        mesh[house].client(nick, caps=f"{CAPS} draft/chathistory")
        for house, nick in (("a", "ann"), ("b", "eve"), ("b", "gus"))
    )
    logs_in(ann, "ann", ANN)
    logs_in(eve, "eve", BOB)
    mesh.settle()
    for name in ("#open", "#closed"):
        ann >> f"JOIN {name}" >> f"MODE {name} +s"
    mesh.advance(100)
    mesh.cut("a", "b")
    for client in (eve, gus):
        client >> "JOIN #open,#closed"
    eve >> "MODE #closed +s"
    for client in (eve, ann):
        mesh.advance(10)
        for name in ("#open", "#closed"):
            client >> f"PRIVMSG {name} :{client.user.nick} during"
    mesh.advance(10)
    mesh.link("a", "b")
    mesh.settle()
    for _ in range(20):
        mesh.advance(1)
    ann >> "PRIVMSG #open :ann after" >> "PRIVMSG #closed :ann after"
    mesh.settle()
    for client in (eve, gus):
        for name in ("#open", "#closed"):
            client.lines()
            client >> f"CHATHISTORY LATEST {name} * 10"
            mesh.settle()
            said = [parsed(line).said for line in client.lines() if " PRIVMSG " in line]
            assert said == (["eve during"] if name == "#open" else []) + ["ann after"], client.user.nick
    mesh.check()
