"""Servers of other makes that name a user who was taken over while the line was on its way."""

from __future__ import annotations

import pytest
from mesh import block, stranger
from sitting import Houses

from chatnet.model.modes import RANKS

SECTION = {"link": [{**block("so1"), "allow_kill": True}]}


class Taken(Houses):
    """ann is on a, with a telephone on b, which takes her over; so1 is beside b, with an operator in #c."""

    def __init__(self, rank: str = "-v") -> None:
        super().__init__("a", "b", "c", sections_of={"b": SECTION})
        self.say(self.come("a", "ann"), "JOIN #c")
        self.say(self.bob, f"MODE #c {rank} ann")
        self.advance(60.0)
        self.phone = self.come("b", "ann")
        self.old = self.there("b").uid
        self.ally()
        self.cut("a", "b")
        self.settle()
        self.advance(1.0)
        self.move()

    def ally(self) -> None:
        """so1 comes."""
        self.so1 = stranger(self["b"], "so1.test", "1SO")
        channel = self["b"].node.network.channel("#c")
        assert channel is not None
        self.ts = channel.ts
        self.so1 >> ":1SO EUID eve 1 1 +o eve h.eve 192.0.2.4 1SOAAAAAA * * :Eve"
        self.so1 >> f":1SO SJOIN {self.ts} #c + :@1SOAAAAAA"
        self.settle()

    def move(self) -> None:
        """ann is another user now, as so1 has just been told."""
        self.new = self.there("b").uid
        assert self.new != self.old
        assert any(f" {self.new} " in line for line in self.so1.lines())


class Met(Taken):
    """The telephone is on c, and a, where ann is, was apart until now: c has not yet taken its claim back."""

    def __init__(self, rank: str = "-v") -> None:
        Houses.__init__(self, "a", "b", "c", sections_of={"b": SECTION})
        self.cut("a", "b")
        self.settle()
        self.say(self.come("a", "ann"), "JOIN #c")
        self.advance(1.0)
        self.say(self.come("c", "ann"), "JOIN #c")
        self.say(self.bob, f"MODE #c {rank} ann")
        self.advance(60.0)
        self.old = self.there("b").uid
        self.ally()
        self.link("a", "b")
        wire = self.wire("a", "b")
        while any([wire.deliver("a"), wire.deliver("b")]):
            pass
        assert self["b"].parts.links.claims.aliases
        self.move()


HOW = pytest.mark.parametrize("made", [Taken, Met])
"""Whether the claim that so1 names is over, or does not hold."""


@HOW
def test_whoever_kills_a_user_of_a_moment_ago_is_told_that_the_person_is_gone(made: type[Taken]) -> None:
    """Of a claim that did not hold it is told after that, and that it is over as well."""
    mesh = made()
    mesh.so1 >> f":1SOAAAAAA KILL {mesh.old} :h.eve!eve!eve!eve (spam)"
    mesh.settle()
    killed, *others = mesh.so1.lines()
    assert killed == f":0BA KILL {mesh.new} :b.test (spam)"
    if made is Met:
        assert [line.split(" ")[1] for line in others] == ["EUID", "QUIT"]
        mesh.advance(300.0)
        mesh.settle()
    assert [mesh.user(house) for house in "bc"] == [None, None]
    mesh.check()


@HOW
def test_whoever_kicks_a_user_of_a_moment_ago_is_told_who_is_out(made: type[Taken]) -> None:
    mesh = made()
    mesh.so1 >> f":1SOAAAAAA KICK #c {mesh.old} :out"
    mesh.settle()
    assert not mesh.there("b").channels and not mesh.there("c").channels
    told = [line.partition(" ")[2] for line in mesh.so1.lines()]
    assert told == [f":0BA KICK #c {mesh.new} :out"]
    mesh.check()


@HOW
@pytest.mark.parametrize("sign", ["+", "-"])
def test_whoever_changes_a_rank_of_a_user_of_a_moment_ago_is_told_whose_it_was(
    sign: str, made: type[Taken]
) -> None:
    mesh = made("-v" if sign == "+" else "+v")
    mesh.so1 >> f":1SOAAAAAA TMODE {mesh.ts} #c {sign}v {mesh.old}"
    mesh.settle()
    given = RANKS["v"] if sign == "+" else 0
    assert [list(mesh.there(house).channels.values()) for house in "bc"] == [[given]] * 2
    told = [line.partition(" ")[2] for line in mesh.so1.lines()]
    assert told == [f":0BA TMODE {mesh.ts} #c {sign}v {mesh.new}"]
    mesh.check()


@pytest.mark.parametrize("name", ["uid", "nick"])
def test_whoever_changes_a_rank_of_the_user_who_is_there_is_told_nothing(name: str) -> None:
    mesh = Taken()
    named = {"uid": mesh.new, "nick": "ann"}[name]
    mesh.so1 >> f":1SOAAAAAA TMODE {mesh.ts} #c +v {named}"
    mesh.settle()
    assert list(mesh.there("c").channels.values()) == [RANKS["v"]]
    assert mesh.so1.lines() == []
