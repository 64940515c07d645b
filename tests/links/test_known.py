"""What is known of people crosses a link only where it is not the same on both sides."""

from __future__ import annotations

from typing import Any

import pytest
from sitting import Houses

from chatnet.model.entities import User
from chatnet.model.modes import RANKS

OF_CHANNELS = {"SJOIN", "CNSTAMP", "CNNICK"}


class Row(Houses):
    """ann and bob stay, ann without a session on a, which b loses; c hangs at b."""

    def __init__(self, **given: Any) -> None:
        super().__init__("a", "b", "c", bouncer={"always_on": "all"}, **given)
        self.ann = self.come("a", "ann")
        self.say(self.ann, "JOIN #c", "JOIN #d", "PART #d", "JOIN #e", "MODE #e +v ann")
        self.say(self.ann, "QUIT")
        self.advance(1.0)
        self.look()

    def look(self) -> list[str]:
        """The verbs that crossed the link between b and c, and CNKNOW with its last word."""
        said = [line.partition(" ")[2] if line.startswith("@") else line for line in self._between()]
        words = [line.split(" ") for line in said]
        return [each[-1] if each[1] == "CNKNOW" else each[1] for each in words]

    def _between(self) -> list[str]:
        return self.said("b", "c") + self.said("c", "b")

    def person(self, house: str) -> User:
        """ann, as a house knows them."""
        return self[house].node.network.persons[self[house].named("ann").id]

    def lose(self) -> None:
        """b loses a, and somebody claims ann."""
        self.cut("a", "b")
        self["b"].settle()
        self.settle()
        self.advance(0.1)
        self.settle()
        assert not self.person("b").orphan and self.person("b").server.name != "a.test"
        assert self.person("c").uid == self.person("b").uid

    def same(self) -> None:
        """b and c know the same of ann."""
        one, other = self.person("b"), self.person("c")
        for name in ("uid", "nick", "nick_ts"):
            assert getattr(one, name) == getattr(other, name)
        assert [
            {channel.name: ranks for channel, ranks in each.channels.items()} for each in (one, other)
        ] == [{"#c": 0, "#e": 5}] * 2
        self.check()


def test_where_both_know_the_same_a_claim_is_all_that_is_told() -> None:
    mesh = Row()
    mesh.lose()
    verbs = mesh.look()
    assert "EUID" in verbs and not OF_CHANNELS & set(verbs) and not {"ASKED", "SAID"} & set(verbs)
    mesh.same()


def test_what_one_does_not_know_it_is_told() -> None:
    """As if lines had not arrived that the other has heard."""
    mesh = Row()
    network = mesh["c"].node.network
    channel = network.channel("#e")
    assert channel is not None
    person = mesh.person("c")
    channel.members[person] = person.channels[channel] = 0
    registers = mesh["c"].parts.links.registers
    assert registers is not None
    registers.of(channel)
    registers._of.pop(channel)
    mesh.lose()
    verbs = mesh.look()
    assert "SAID" in verbs and set(verbs) >= OF_CHANNELS
    mesh.same()


def test_halves_that_meet_tell_each_other_of_people_once() -> None:
    """Both sides claim ann, and know the same of her: no channel of hers is told again."""
    mesh = Row()
    mesh.cut("b", "c")
    mesh.settle()
    mesh.advance(1.0)
    mesh.link("b", "c")
    mesh.settle()
    verbs = mesh.look()
    assert verbs.count("CNNICK") == 0 and "SAID" not in verbs
    mesh.same()


def test_old_stamps_that_one_has_forgotten_make_no_difference() -> None:
    mesh = Row(links={"stamp_memory": 60.0})
    registers = mesh["c"].parts.links.registers
    assert registers is not None
    registers._of.clear()
    registers._members.clear()
    registers._parts.clear()
    mesh.advance(61.0)
    mesh.look()
    mesh.lose()
    assert not OF_CHANNELS & set(mesh.look())


@pytest.mark.parametrize("word", ["ASKED", "SAID"])
def test_who_never_agrees_is_told_once(word: str) -> None:
    mesh = Row()
    wire, uid = mesh.wire("b", "c"), mesh.person("b").uid
    for _ in range(3):
        wire.connections["b"].receive(f":0CA CNKNOW {uid} 0123456789abcdef {word}\r\n".encode())
        mesh.settle()
        verbs = mesh.look()
        assert verbs.count("SAID") == (word == "ASKED") and verbs.count("ASKED") == 0
        assert verbs.count("CNNICK") <= 2
    mesh.same()


@pytest.mark.parametrize("said", ["9ZZAAAAAA 0 ASKED", "{bob} 0 NEVER", "{uid} 0 MAYBE", "{sid} 0 ASKED"])
def test_nothing_is_told_of_who_is_nobody(said: str) -> None:
    mesh = Row()
    bob = mesh.there("b", "bob").uid
    said = said.format(uid=mesh.person("b").uid, sid="0AA", bob=bob)
    mesh.wire("b", "c").connections["b"].receive(f":0CA CNKNOW {said}\r\n".encode())
    mesh.settle()
    assert mesh.look() == []
    mesh.same()


def test_who_may_have_no_people_of_others_is_told_nothing() -> None:
    mesh = Row()
    link = mesh.wire("b", "c").links["b"]
    assert link.settings is not None
    link.settings = link.settings.model_copy(update={"allow_seats": False})
    link.connection.receive(f":0CA CNKNOW {mesh.person('b').uid} 0 ASKED\r\n".encode())
    mesh.settle()
    assert mesh.look() == []


@pytest.mark.parametrize("sign", ["+", "-"])
def test_a_rank_that_was_on_its_way_when_its_owner_was_lost_is_the_same_everywhere(sign: str) -> None:
    """c changes it and forgets ann with her server; b hears of it when it has lost her, and keeps it."""
    mesh = Houses("a", "b", "c")
    ann = mesh.come("a", "ann")
    mesh.say(ann, "JOIN #c")
    if sign == "-":
        mesh.say(mesh.bob, "MODE #c +v ann")
    mesh.advance(1.0)
    mesh.bob >> f"MODE #c {sign}v ann"
    mesh.cut("a", "b")
    mesh.settle()
    assert mesh.user("b") is None and mesh.user("c") is None
    mesh.link("a", "c")
    mesh.settle()
    given = RANKS["v"] if sign == "+" else 0
    assert [list(mesh.there(house).channels.values()) for house in "abc"] == [[given]] * 3
    mesh.agree()
