"""What an account and a guest say to each other is found on all servers, as what two accounts say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from chronicles import ANN, BOB, Chronicles, logs_in
from conversation import Client
from mesh import SOLANUM, block, stranger

from chatnet.model.ids import SID
from chatnet.model.past import Missing
from chatnet.model.places import talk, with_guest
from chatnet.storage.messages.rows import LAST, Place

CAPS = "batch message-tags draft/message-redaction draft/chathistory server-time"
STORES = SOLANUM + " CN1 CNGUEST CNHIST CNPAST"
"""What a server knows that stores messages."""
EVER = "timestamp=1970-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z"
MOST = 3


class Talking:
    """Three houses in a row; ann has talked at a with gus, a guest at b."""

    def __init__(self, **sections: Any) -> None:
        odd = [block("odd", believe_accounts=True)]
        self.mesh = Chronicles("a", "b", "c", sections_of={"a": {"link": odd}}, **sections)
        self.mesh.link("a", "b")
        self.mesh.link("b", "c")
        self.mesh.settle()
        self.ann, self.gus = self.comes("a"), self.mesh["b"].client("Gus", caps=CAPS)
        self.mesh.settle()
        self.say(self.gus, "PRIVMSG ann :hello")
        self.say(self.ann, "PRIVMSG gus :hi")
        self.wait()

    def comes(self, house: str, nick: str = "ann") -> Client:
        """Somebody who logs in to ann's account."""
        client = self.mesh[house].client(nick, caps=CAPS)
        logs_in(client, "ann", ANN)
        return client

    def say(self, client: Client, *lines: str) -> None:
        for line in lines:
            client >> line
            self.wait(1)

    def wait(self, seconds: int = 30) -> None:
        for _ in range(seconds):
            self.mesh.advance(1)

    def texts(self, house: str, place: Place | None = None) -> list[str]:
        """What a house has stored of a talk, the oldest first."""
        self.mesh.flush()
        place = place or with_guest(ANN, "gus")
        rows = [row for row in self.mesh[house].stored.rows.values() if row.place == place]
        return [row.text for row in sorted(rows, key=lambda row: (row.at, row.msgid))]

    def missing(self, house: str) -> Missing:
        gaps = self.mesh[house].parts.gaps
        assert gaps is not None
        return gaps.missing(with_guest(ANN, "gus"), 0, LAST)


@pytest.fixture
def talking() -> Iterator[Talking]:
    talking = Talking()
    yield talking
    talking.mesh.settle()
    talking.mesh.check()


def test_somebody_reads_at_another_server_what_they_and_a_guest_said(talking: Talking) -> None:
    assert talking.texts("c") == []
    away = talking.comes("c", "away")
    talking.wait()
    assert talking.texts("c") == ["hello", "hi"] and talking.missing("c") == Missing()
    away.lines()
    talking.say(away, "CHATHISTORY LATEST GUS * 10")
    assert [line.rpartition(" :")[2] for line in away.lines() if " PRIVMSG " in line] == ["hello", "hi"]
    # Also when the guest is gone, and so nobody has the nick.
    talking.say(talking.gus, "QUIT")
    talking.say(
        away,
        "CHATHISTORY LATEST gus * 10",
        f"CHATHISTORY TARGETS {EVER} 10",
    )
    lines = away.lines()
    assert [line.rpartition(" :")[2] for line in lines if " PRIVMSG " in line] == ["hello", "hi"]
    assert [line.split(" ")[4] for line in lines if " TARGETS " in line and "BATCH" not in line] == ["gus"]


def test_what_was_deleted_of_it_is_deleted_there(talking: Talking) -> None:
    talking.comes("c", "away")
    talking.wait()
    talking.mesh.cut("b", "c")
    [msgid] = [row.msgid for row in talking.mesh["b"].stored.rows.values() if row.text == "hello"]
    talking.say(talking.gus, f"REDACT ann {msgid} :oops", "PRIVMSG ann :once more")
    talking.wait()
    assert talking.texts("c") == ["hello", "hi"]
    talking.mesh.link("b", "c")
    talking.wait()
    assert talking.texts("c") == talking.texts("a") == ["hi", "once more"]


def test_what_accounts_said_while_servers_were_apart_is_found_where_one_of_them_is(talking: Talking) -> None:
    """Whoever was logged in on both sides of a split, under two nicks."""
    bob = talking.mesh["b"].client("bob", caps=CAPS)
    logs_in(bob, "bob", BOB)
    talking.say(bob, "PRIVMSG ann :hello")
    talking.comes("c", "away")
    talking.wait()
    talking.mesh.cut("b", "c")
    [msgid] = [row.msgid for row in talking.mesh["b"].stored.rows.values() if row.person == BOB]
    talking.say(bob, f"REDACT ann {msgid} :oops", "PRIVMSG ann :once more")
    talking.mesh.link("b", "c")
    talking.wait()
    assert talking.texts("c", talk(ANN, BOB)) == talking.texts("a", talk(ANN, BOB)) == ["once more"]


@pytest.mark.parametrize("sessions", ["off", "opt-out"])
def test_who_logged_in_on_the_other_side_of_a_split_talked_there(sessions: str) -> None:
    """Also if they are two users, since nobody may have several devices."""
    talking = Talking(bouncer={"sessions": sessions})
    talking.mesh.cut("b", "c")
    again, gas = talking.comes("c", "again"), talking.mesh["c"].client("gas", caps=CAPS)
    talking.say(gas, "PRIVMSG again :who are you?")
    talking.say(again, "PRIVMSG gas :guess")
    talking.mesh.link("b", "c")
    talking.wait()
    assert talking.texts("a", with_guest(ANN, "gas")) == ["who are you?", "guess"]
    assert talking.texts("c") == ["hello", "hi"]


def test_nobody_else_is_told_of_it(talking: Talking) -> None:
    inquiries, found = talking.mesh["c"].parts.links.inquiries, list[object]()

    async def ask() -> None:
        found.append(await inquiries.ask(SID("0AA"), f"@{ANN},gus", 0, LAST >> 3, 10))
        found.append(await inquiries.ask_talks(SID("0AA"), ANN, 0, 10))

    talking.mesh["c"].run(ask())
    talking.mesh.settle()
    other = talking.mesh["c"].client("other")
    logs_in(other, "bob", BOB)
    talking.wait()
    assert found == [None, None] and talking.texts("c") == []


def test_a_guest_of_many_nicks_hides_no_talk_of_accounts(
    talking: Talking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatnet.history.talkers.TALKS", MOST)
    bob = talking.mesh["b"].client("bob")
    logs_in(bob, "bob", BOB)
    talking.say(bob, "PRIVMSG ann :me")
    for number in range(2 * MOST):
        talking.say(talking.gus, f"NICK gus{number}", "PRIVMSG ann :psst")
    talking.comes("c", "away")
    talking.wait()
    assert talking.texts("c", talk(ANN, BOB)) == ["me"]
    newest = [number for number in range(2 * MOST) if talking.texts("c", with_guest(ANN, f"gus{number}"))]
    assert newest == list(range(MOST, 2 * MOST))


def of_before(talking: Talking, house: str) -> None:
    """Have all others take a house for one of the version before."""
    for each in talking.mesh.houses:
        server = talking.mesh[each].node.network.servers.get(talking.mesh[house].node.network.me.sid)
        if server is not None:
            server.caps -= {"CNGUEST"}


def test_a_server_of_the_version_before_is_told_of_accounts_alone(talking: Talking) -> None:
    bob = talking.mesh["b"].client("bob")
    logs_in(bob, "bob", BOB)
    talking.say(bob, "PRIVMSG ann :me")
    of_before(talking, "c")
    talking.comes("c", "away")
    talking.wait()
    assert talking.texts("c", talk(ANN, BOB)) == ["me"]
    assert talking.texts("c") == []


def test_a_server_of_the_version_before_is_not_asked_of_guests(talking: Talking) -> None:
    of_before(talking, "a")
    talking.comes("c", "away")
    talking.wait()
    asking = talking.mesh["c"].parts.gaps
    assert asking is not None and asking.asking is not None
    assert set(asking.asking.witnesses(None)) == {"0AA", "0BA"}
    assert asking.asking.witnesses(None, guest=True) == ["0BA"]
    assert talking.texts("c") == ["hello", "hi"]


@pytest.mark.parametrize("name", ["gus,", "#c", "@nobody", "*", f"@{ANN[:-1]}", "0gus", "gus,@" + BOB])
def test_what_is_no_talk_ends_the_answer(talking: Talking, name: str) -> None:
    odd = stranger(talking.mesh["a"], "odd.test", "9DD", STORES)
    talking.comes("a", "again")
    talking.wait(1)
    number = [line.split(" ")[2] for line in odd.lines() if " targets " in line][-1]
    odd >> f":9DD CNHR {number} 0AA 1 :{name} timestamp=2023-11-14T22:13:21.000Z"
    talking.wait(1)
    assert any("is odd: CNHR: it is no" in line for line in talking.mesh["a"].log.lines)
