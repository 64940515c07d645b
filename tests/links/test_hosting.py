"""What a host lets seats do, and what servers say of seats that nobody would say who means well."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from clubs import FullClub
from conversation import Client
from sitting import ME, Houses

from chatnet.links.neighbour.link import State
from chatnet.model.entities import Person, User
from chatnet.model.facts import UserIntroduced
from chatnet.model.ids import AccountName
from chatnet.session.seats import Sitter


class Told(Houses):
    """ann is on a, and c behind b says what a test has it say."""

    def __init__(self, *names: str, **given: Any) -> None:
        super().__init__(*(names or ("a", "b", "c")), **given)
        self.desk = self.come("a")
        self.uid = self.desk.user.uid
        self.key = self.desk.user.account_id
        self.say(self.desk, "JOIN #c")
        for client in (self.desk, self.bob):
            client.lines()

    def hears(self, line: str) -> list[str]:
        """b hears of c what a test says; what a says of it to b then."""
        self.said("a", "b")
        line = line.format(uid=self.uid, key=self.key)
        self.wire("b", "c").links["c"].send(line.encode())
        self.settle()
        return self.said("a", "b")

    def sit(self) -> None:
        """c has a seat, and takes itself for one."""
        there = self.there("c")
        self["c"].parts.sessions.sitters[there] = Sitter(there, secure=True)
        self.hears(":0CA CNSIT 17 {uid} {key} S")
        assert self.seats("a") == ["c.test"]

    def calm(self) -> None:
        """Nothing has changed, no link has ended, nobody has failed."""
        assert self.seats("a") == self.seats("b") == []
        assert self.desk.user.nick == "ann" and self.desk.user.away is None
        self.check()
        self.desk.silent()
        self.bob.silent()


def test_what_is_said_for_a_seat_that_may_be() -> None:
    mesh = Told()
    there = mesh.there("c")
    mesh["c"].parts.sessions.sitters[there] = Sitter(there, secure=True)
    said = mesh.hears(":0CA CNSIT 17 {uid} {key} S")
    assert said[0].startswith(f":0AA CNSEAT {mesh.uid} 0CA + ")
    assert said[-1] == ":0AA CNSIT 17 0CA YES"


@pytest.mark.parametrize(
    "line",
    [
        ":0CA CNSIT 17 0AAZZZZZZ {key} S",  # nobody
        ":0CA CNSIT 17 nonsense {key} S",
        ":0CA CNSIT 17 0ZZ YES",  # an answer for nobody
        ":0CA CNSIT 17 0AA YES",  # to nothing that was asked
        ":0CA CNSIT 17 0AA NO :no",
        ":0CA CNSIT x 0AA YES",
        ":0CA CNRISE 0AAZZZZZZ",
        ":0CA CNAWAY {uid} AWAY :gone",
        ":0CA CNAWAY {uid} THERE",
        ":0CA CNDO x {uid} :NICK eve",
        ":0CA CNDO 18 {uid} :NICK eve",
        ":0CA CNDO 18 0AAZZZZZZ :NICK eve",
        ":0CA CNDONE 18 0AA END",
        ":0CA CNDONE 18 0AA ::a.test 001 ann :You are ann",
        ":0CA CNDONE 18 0ZZ END",
        ":0CA CNASK 18 0AA {uid} :WHOIS ann ann",
        ":0CA CNASK 18 0ZZ {uid} :WHOIS ann ann",
        ":{uid} CNDO 18 {uid} :NICK eve",
        ":{uid} CNRISE {uid}",
        ":0AA CNSIT 17 0CA YES",
    ],
)
def test_what_nobody_with_a_seat_would_say_does_nothing(line: str) -> None:
    mesh = Told()
    said = mesh.hears(line)
    assert not any("CNSEAT" in each or "NICK" in each or " 311 " in each for each in said)
    mesh.calm()


def test_who_rises_without_a_seat_is_told_that_there_is_none() -> None:
    """It may have heard so of a process of its name that is gone."""
    mesh = Told()
    (told,) = mesh.hears(":0CA CNRISE {uid}")
    assert told.startswith(f":0AA CNSEAT {mesh.uid} 0CA - ")
    mesh.calm()


@pytest.mark.parametrize("key", ["abcdefghijklmnopqrst2", "x", "name:ann"])
def test_another_account_is_refused(key: str) -> None:
    mesh = Told()
    said = mesh.hears(f":0CA CNSIT 17 {{uid}} {key} S")
    assert said == [":0AA CNSIT 17 0CA NO :This nick is not of the account that you are logged in to"]
    mesh.calm()


class Leaf(Houses):
    """b may not have seats, as a has it."""

    def make(self, **given: Any) -> FullClub:
        for block in given["link"]:
            block["allow_seats"] = block["name"] != "b.test"
        return super().make(**given)


def test_a_server_that_may_not_sit_is_told_of_nobody_who_could() -> None:
    mesh = Leaf("a", "b")
    desk = mesh.come("a")
    phone = mesh.begin("b")
    mesh.settle()
    assert any(" 433 " in line for line in phone.lines())
    assert mesh.seats("a") == mesh.seats("b") == [] and desk.user.seats == ()
    mesh.said("a", "b")
    mesh.wire("a", "b").links["b"].send(f":0BA CNSIT 1 {desk.user.uid} {desk.user.account_id} S".encode())
    mesh.settle()
    assert mesh.said("a", "b") == []
    mesh.check()


def forbid(mesh: Houses, name: str, other: str) -> None:
    """A reload: `other` may have no seats any more, as `name` has it."""
    link = mesh.wire(name, other).links[name]
    assert link.settings is not None
    link.settings = link.settings.model_copy(update={"allow_seats": False})


def test_a_server_that_may_not_sit_any_more_is_told_so() -> None:
    mesh = Houses("a", "b")
    desk = mesh.come("a")
    forbid(mesh, "a", "b")
    mesh.said("a", "b")
    phone = mesh.begin("b")
    mesh.settle()
    assert ":0AA CNSIT 1 0BA NO :a.test lets nobody be on b.test as well" in mesh.said("a", "b")
    lines = phone.lines()
    assert any("a.test lets nobody be on b.test as well" in line for line in lines)
    assert any(" 433 " in line for line in lines)
    assert mesh.seats("a") == mesh.seats("b") == [] and desk.user.seats == ()
    mesh.check()


def test_a_server_on_the_way_that_does_not_let_it_sit_is_enough() -> None:
    mesh = Told()
    forbid(mesh, "b", "c")
    phone = mesh.begin("c")
    mesh.settle()
    assert any("A server on the way to a.test does not let you" in line for line in phone.lines())
    assert mesh.seats("a") == mesh.seats("b") == [] and phone.user.server is mesh["c"].node.network.me
    mesh.check()


# commands


@pytest.mark.parametrize(
    "said",
    [
        "PRIVMSG bob :hi", "JOIN #d", "QUIT", "KILL bob :x", "OPER a", "REHASH", "DIE", "NS DROP", "",
        "MODE #c +i", "MODE #c", "AUTHENTICATE PLAIN", "CAP REQ :sasl", "PASS x", "USER a b c d",
        "CNDO 1", ":eve!e@h NICK eve", "@label=x PRIVMSG bob :hi", "WHOIS ann", "AWAY :x", "  ",
    ],
)  # fmt: skip
def test_a_command_that_is_not_for_the_host_is_none(said: str) -> None:
    mesh = Told()
    mesh.sit()
    answer = mesh.hears(f":0CA CNDO 18 {{uid}} :{said}")
    assert answer[-1] == ":0AA CNDONE 18 0CA END"
    if "NICK eve" not in said:
        code = answer[0].split(" ")[5]
        assert code in ("421", "502") and len(answer) == 2
        assert mesh.desk.user.nick == "ann"
        mesh.bob.silent()
    mesh.check()


def test_a_command_that_is_too_long_is_none() -> None:
    mesh = Told()
    mesh.sit()
    assert mesh.hears(":0CA CNDO 18 {uid} :SETNAME :" + "x" * 600) == [":0AA CNDONE 18 0CA END"]
    assert mesh.desk.user.realname == "Ann"
    mesh.check()


def test_a_command_with_too_little_says_so() -> None:
    mesh = Told()
    mesh.sit()
    answer = mesh.hears(":0CA CNDO 18 {uid} :ACCEPT")
    assert answer == [
        ":0AA CNDONE 18 0CA ::a.test 461 ann ACCEPT :Not enough parameters",
        ":0AA CNDONE 18 0CA END",
    ]


def test_a_seat_changes_nicks_no_faster_than_a_client() -> None:
    mesh = Told(flood={"enabled": True})
    mesh.sit()
    answers = [mesh.hears(f":0CA CNDO {number} {{uid}} :NICK ann{number}") for number in range(20)]
    assert any(" 438 " in line for answer in answers for line in answer)
    assert mesh.desk.user.nick != "ann19"
    mesh.check()


def test_an_answer_is_for_one_question_and_once() -> None:
    mesh = Told()
    phone = mesh.come("c")
    phone >> "MODE ann +w"
    mesh.wire("b", "c").connections["c"].receive(b":0BA CNDONE 1 0CA ::b.test 999 ann :mine\r\n")
    mesh.wire("b", "c").connections["c"].receive(b":0BA CNDONE 2 0CA ::b.test 999 ann :mine\r\n")
    mesh.settle()
    assert phone.lines() == [f"{ME} MODE ann :+w"]
    mesh.check()


# powers


HASH = "$argon2-test$secret"
LETTERS = str.maketrans("0123456789", "abcdefghij")


class Staffed(Told):
    """bob's password makes an operator on c; a and b believe of operators there, or not."""

    allowed: ClassVar[bool] = True

    def make(self, **given: Any) -> FullClub:
        for block in given["link"]:
            block["allow_opers"] = self.allowed
        given["oper_class"] = [{"name": "staff", "privileges": ["kill", "see-all", "wallops"]}]
        if given["server"]["name"] == "c.test":
            given["oper"] = [{"name": "ann", "class": "staff", "password": HASH, "hosts": ["*@*"]}]
        return super().make(**given)


class Unbelieved(Staffed):
    """Nobody believes them."""

    allowed = False


def opered(mesh: Told) -> tuple[Client, list[str]]:
    phone = mesh.come("c")
    mesh.say(phone, "OPER ann secret")
    return phone, phone.lines()


def test_the_password_of_an_operator_never_crosses() -> None:
    mesh = Staffed()
    mesh.said("c", "b")
    phone, lines = opered(mesh)
    assert any(" 381 ann " in line for line in lines)
    assert not any("secret" in line for line in mesh.said("c", "b"))
    for name in "abc":
        assert mesh.there(name).oper is not None and mesh.there(name).may("kill"), name
    assert f"{ME} MODE ann :+o" in mesh.desk.lines()
    assert f"{ME} MODE ann :+o" in lines
    mesh.say(mesh.desk, "MODE ann -o")
    assert f"{ME} MODE ann :-o" in phone.lines()
    mesh.say(phone, "OPER ann secret", "WALLOPS :all of you", "KILL bob :bye")
    assert mesh.bob.outlet.ended
    mesh.agree()
    mesh["a"].reload(limits={"nick": 30})
    mesh.settle()
    assert mesh.there("a").oper is not None  # it is of no block of a, and c sees to it


def test_what_is_new_is_told_once_to_an_operator_of_another_server() -> None:
    mesh = Staffed()
    mesh["c"].parts.news.post("From now on")
    _, lines = opered(mesh)
    assert lines.count(":c.test NOTICE ann :From now on") == 1


def test_whose_operators_are_not_believed_makes_none() -> None:
    mesh = Unbelieved()
    phone, lines = opered(mesh)
    assert any(" 491 ann " in line for line in lines)
    assert mesh.there("a").oper is None and phone.user.oper is None
    mesh.check()


def test_a_server_that_takes_powers_for_somebody_without_a_seat_is_not_heard() -> None:
    mesh = Staffed()
    mesh.hears(":0CA CNDO 18 {uid} :OPER ann staff")
    assert mesh.there("a").oper is None
    mesh.calm()


# many


def test_floods_change_nothing_and_end_nothing() -> None:
    mesh = Told()
    for number in range(300):
        mesh.hears(f":0CA CNSIT {number} {{uid}} {{key}} S")
        mesh.hears(":0CA CNRISE {uid} :bye")
        mesh.hears(":0CA CNRISE {uid} :bye")
    mesh.calm()
    assert all(link.state is State.LINKED for wire in mesh.wires for link in wire.links.values())
    assert not mesh["a"].parts.sessions.seats and not mesh["b"].parts.links.seats._open


def test_a_hundred_devices_move_to_a_server_and_are_lost_with_it() -> None:
    mesh = Houses("a", "b", bouncer={"always_on": "all"})
    names = [f"p{number}" for number in range(100)]
    for name in names:
        mesh["a"].account(name)
    mesh.settle()
    desks = [mesh.come("a", name) for name in names]
    phones = [mesh.begin("b", name) for name in names]
    mesh.settle()
    assert all(phone.user is mesh.there("b", name) for phone, name in zip(phones, names, strict=True))
    assert len(mesh["a"].node.network.seated[mesh.server("a", "b")]) == 100
    for desk in desks:
        desk >> "QUIT"
    mesh.settle()
    mesh.check()
    mesh.cut("a", "b")
    mesh.settle()
    assert not mesh["a"].node.network.seated and not mesh["a"].parts.sessions.seats
    assert all(mesh.there("a", name).away == "Nobody is connected" for name in names)
    mesh.check()


def test_a_thousand_seats_are_taken_and_lost_at_once() -> None:
    mesh = Told()
    node = mesh["a"].node
    for number in range(1000):
        user = User(node.network.me, "192.0.2.9", "192.0.2.9")
        user.uid, user.nick, user.username = node.uids.take(), f"p{number}", "~p"
        user.folded, user.account_id = node.network.fold(user.nick), "a" + f"{number:020}".translate(LETTERS)
        user.account = AccountName(user.nick)
        user.person = Person(user.account_id, mesh["a"].parts.links.next_stamp().text, stays=True)
        user.renew_source()
        node.commit(UserIntroduced(user, mesh.clock.time()))
    mesh.settle()
    people = list(mesh["c"].node.network.persons.values())
    assert len(people) == 1002  # and bob
    for number, user in enumerate(person for person in people if person.nick != "bob"):
        mesh["c"].parts.sessions.sitters[user] = Sitter(user, secure=True)
        mesh.wire("b", "c").links["c"].send(f":0CA CNSIT {number} {user.uid} {user.account_id} S".encode())
    mesh.settle()
    assert len(node.network.seated[mesh.server("a", "c")]) == 1001
    mesh.cut("b", "c")
    mesh.settle()
    assert not node.network.seated and not mesh["a"].parts.sessions.seats
    mesh.check()


def test_operators_are_told_when_a_reload_counts_for_the_next_link_only() -> None:
    mesh = Houses("a", "b")
    blocks = mesh["a"].settings.model_dump(by_alias=True, exclude_unset=True)["link"]
    for allowed, told in ((None, False), (False, True), (True, False)):
        mesh["a"].log.lines.clear()
        mesh["a"].reload(link=[{**block, "allow_seats": allowed, "max_users": 77} for block in blocks])
        lines = [line for line in mesh["a"].log.lines if "allow_seats" in line]
        assert lines == ["allow_seats of b.test counts in full when it is linked anew"] * told
