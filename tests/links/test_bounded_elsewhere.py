"""A token that is not for what operators do, on a network: no other server does for it what only they may.

They take its user for the operator that they are; so what would be judged there is refused at the token's.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from asking import Answered, Desk, Program
from sitting import Houses
from states import opered

from chatnet.model.entities import User

PRIVILEGES = ["audit", "bans", "kill", "see-all", "force", "reports", "routing"]
CLASS = {"name": "staff", "privileges": PRIVILEGES}


class Staffed(Houses):
    """a, b and c in a row; ann, an operator, is on a, and has programs at each of them; eve is on c."""

    def __init__(self) -> None:
        cloak = {"enabled": True, "key": "k" * 32}
        reserved = {"a": {"ban": [{"target": "name:boss", "reason": "reserved"}]}}
        super().__init__("a", "b", "c", oper_class=[CLASS], cloak=cloak, sections_of=reserved)
        self.ann = self.come("a", "ann")
        opered(self.ann, *PRIVILEGES)
        self.eve = self["c"].client("eve", address="198.51.100.77")
        self.settle()
        self.desks = {name: Desk(self[name], self.wait) for name in "abc"}

    def wait(self) -> None:
        self.settle()
        self.advance(0)
        self.settle()

    def program(self, house: str, scope: str) -> Program:
        nickserv = self["a"].parts.nickserv
        assert nickserv is not None
        added = nickserv.tokens.add(self["a"].named("ann"), f"{scope} {house}"[:30], scope, 0)
        text = self["a"].done(added)
        self.settle()
        self.advance(2)
        return Program(self.desks[house], text)

    def asked(self, house: str) -> list[str]:
        """The verbs of what that server is asked from now on."""
        queries, seats, found = self[house].parts.links.queries, self[house].parts.links.seats, list[str]()
        answer = queries.answer
        assert seats is not None

        def heard(user: User, verb: str, params: Sequence[str]) -> None:
            found.append(verb)
            answer(user, verb, params)

        queries.answer = heard
        return found


@pytest.fixture
def houses() -> Staffed:
    return Staffed()


def command(program: Program, verb: str, *params: str) -> Answered:
    return program.posts("/commands", command=verb, params=list(params))


def said(answered: Answered) -> str:
    return str(answered.json)


@pytest.mark.parametrize("house", ["a", "b"])  # where ann is, and where she only has a seat
@pytest.mark.parametrize(
    ("verb", "params", "told"),
    [
        ("STATS", ("i", "c.test"), "'215'"),
        ("STATS", ("l", "c.test"), "eve"),
        ("TRACE", ("c.test",), "eve"),
        ("TRACE", ("eve",), "198.51.100.77"),
        ("WHOWAS", ("mal", "1", "c.test"), "198.51.100.78"),
        ("LINKS", ("c.test", "*"), "a.test"),
    ],
)
def test_what_another_server_is_asked(
    houses: Staffed, house: str, verb: str, params: tuple[str, ...], told: str
) -> None:
    mal = houses["c"].client("mal", address="198.51.100.78")
    houses.settle()
    mal >> "QUIT"
    houses.settle()
    whole, limited = houses.program(house, "all"), houses.program(house, "read,send,command")
    assert told in said(command(whole, verb, *params))
    asked = houses.asked("c")
    assert command(limited, verb, *params).kind == "not-operator"
    assert asked == []
    assert houses.ann.user.may("see-all") and not houses.ann.user.bounded


@pytest.mark.parametrize("house", ["a", "b"])
def test_who_somebody_is_is_answered_as_to_anybody(houses: Staffed, house: str) -> None:
    whole, limited = houses.program(house, "all"), houses.program(house, "read,send,command")
    assert "198.51.100.77" in said(command(whole, "WHOIS", "eve", "eve"))
    found = command(limited, "WHOIS", "eve", "eve")
    assert found.status == 200 and "'311'" in said(found) and "198.51.100.77" not in said(found)
    assert limited.gets("/users/eve").json["nick"] == "eve"


@pytest.mark.parametrize("house", ["a", "b"])
@pytest.mark.parametrize(
    ("verb", "params"),
    [("AUDIT", ()), ("SAJOIN", ("eve", "#x")), ("SANICK", ("eve", "bad")), ("KILL", ("eve", "x"))],
)
def test_what_another_server_is_ordered(
    houses: Staffed, house: str, verb: str, params: tuple[str, ...]
) -> None:
    limited = houses.program(house, "read,send,command,manage")
    assert command(limited, verb, *params).kind in ("not-operator", "no-privilege")
    assert houses.user("c", "eve") is houses.eve.user and not houses.eve.user.channels


def reported(houses: Staffed) -> str:
    """Something that was reported at c."""
    houses.say(houses.eve, "REPORT bob he insults me")
    (key,) = (each.id for each in houses["c"].parts.sessions.reports.all())
    return key


@pytest.mark.parametrize("house", ["a", "b"])
def test_what_was_reported_elsewhere_is_for_operators(houses: Staffed, house: str) -> None:
    key = reported(houses)
    whole, limited = houses.program(house, "all"), houses.program(house, "read,send,command")
    for verb in ("SHOW", "CLOSE"):
        answered = command(limited, "REPORTS", verb, key, "done")
        assert answered.status >= 400 and "insults" not in said(answered)
    (report,) = houses["c"].parts.sessions.reports.all()
    assert report.word is None
    assert "insults" in said(command(whole, "REPORTS", "SHOW", key))
    command(whole, "REPORTS", "CLOSE", key, "done")
    (report,) = houses["c"].parts.sessions.reports.all()
    assert report.word == "done"


def test_what_the_host_does_for_somebody_at_a_seat(houses: Staffed) -> None:
    limited = houses.program("b", "read,send,command")
    assert command(limited, "NICK", "boss").kind == "not-operator"
    assert command(limited, "MODE", "ann", "+s").kind == "not-operator"
    assert houses.there("a").nick == "ann" and "s" not in houses.ann.user.modes
    whole = houses.program("b", "all")
    assert command(whole, "MODE", "ann", "+s").status == 200
    assert command(whole, "NICK", "boss").status == 200
    assert houses.user("a", "boss") is houses.ann.user
