"""People whose server is lost: they are shown as if nothing had happened, and an heir claims them."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Client
from mesh import block, stranger
from person_stories import World
from sitting import Houses

from chatnet.model.entities import User
from chatnet.model.modes import RANKS


class Left(Houses):
    """ann stays, and is on a with nobody connected; b, where bob is, loses a."""

    def __init__(self, *names: str, **given: Any) -> None:
        given.setdefault("bouncer", {"always_on": "all"})
        super().__init__(*(names or ("a", "b")), **given)
        ann = self.come("a", "ann")
        self.say(ann, "JOIN #c", "QUIT")
        self.advance(1.0)
        self.bob.lines()

    def lose(self) -> None:
        """a is lost, for b."""
        self.cut("a", "b")
        self["b"].settle()

    def ann(self, house: str) -> User | None:
        """ann, as a house knows them."""
        return self[house].node.network.persons.get(self[house].named("ann").id)


def read(client: Client) -> list[str]:
    return [line for line in client.lines() if " PING " not in line]


def test_the_heir_takes_over_and_nobody_sees_it() -> None:
    mesh = Left()
    before = mesh.ann("b")
    assert before is not None
    uid = before.uid
    mesh.lose()
    mesh.advance(0.1)
    known = mesh.ann("b")
    assert known is before and known.uid != uid and not known.orphan
    assert known.server is mesh["b"].node.network.me and [each.name for each in known.channels] == ["#c"]
    assert read(mesh.bob) == []
    assert known in mesh["b"].parts.sessions.persons.idle
    assert known.cloak == mesh["b"].parts.sessions.cloaks.of("192.0.2.1", "192.0.2.1")
    mesh.check()


def test_a_server_that_is_back_takes_its_people_back() -> None:
    """Its claim is older than that of the heir."""
    mesh = Left()
    old = mesh.ann("a")
    assert old is not None
    mesh.lose()
    mesh.advance(1.0)
    mesh.link("a", "b")
    mesh.settle()
    for house in "ab":
        known = mesh.ann(house)
        assert known is not None and known.uid == old.uid
    assert mesh["b"].parts.sessions.persons.idle == {}
    assert read(mesh.bob) == []
    mesh.check()


def test_where_nobody_takes_people_over_they_are_gone_when_the_time_is_over() -> None:
    mesh = Left(sections_of={"b": {"bouncer": {"always_on": "all", "host": False, "orphan_time": 20}}})
    mesh.lose()
    mesh.advance(19.0)
    known = mesh.ann("b")
    assert known is not None and known.orphan and read(mesh.bob) == []
    mesh.advance(2.0)
    assert mesh.ann("b") is None
    mesh.bob << ":ann!* QUIT :b.test a.test"
    mesh.check()


def test_messages_wait_for_who_takes_over() -> None:
    mesh = Left(sections_of={"b": {"bouncer": {"always_on": "all", "host": False, "orphan_time": 20}}})
    mesh.lose()
    mesh.bob >> "PRIVMSG ann :are you there?"
    assert read(mesh.bob) == []
    mesh.advance(21.0)
    told = read(mesh.bob)
    assert any(" QUIT " in line for line in told)
    assert any(" 401 bob ann " in line for line in told)


def test_messages_are_sent_to_who_takes_over() -> None:
    mesh = Left()
    mesh.cut("a", "b")
    mesh.bob >> "PRIVMSG ann :are you there?"
    mesh.advance(1.0)
    told = read(mesh.bob)
    assert [line.partition(" ")[2] for line in told] == ["301 bob ann :Nobody is connected"]
    mesh.check()


def test_other_makes_read_of_the_lost_server_and_then_of_another_user() -> None:
    mesh = Left(sections_of={"b": {"link": [block("so1")]}})
    so1 = stranger(mesh["b"], "so1.test", "1SO")
    mesh.lose()
    mesh.advance(0.1)
    told = [line.partition(" ")[2] if line[0] == "@" else line for line in so1.lines()]
    verbs = [line.split(" ")[1] for line in told]
    assert verbs.index("SQUIT") < verbs.index("EUID") < verbs.index("SJOIN")
    assert "QUIT" not in verbs and "KILL" not in verbs


def test_other_makes_read_nothing_of_who_is_nobodys() -> None:
    """A server with a seat says what they did there before it heard that their server is lost."""
    mesh = Left("a", "b", "c", sections_of={"b": {"link": [block("so1")]}})
    phone = mesh.come("c", "ann")
    so1 = stranger(mesh["b"], "so1.test", "1SO")
    mesh.say(phone, "JOIN #d")
    so1.lines()
    phone >> "JOIN #e" >> "PART #d :bye"
    mesh["c"].settle()
    mesh.lose()
    before = mesh.there("b")
    assert before.orphan
    while mesh.wire("b", "c").deliver("c"):
        pass
    assert before.orphan and sorted(each.name for each in before.channels) == ["#c", "#e"]
    told = [line.partition(" ")[2] if line[0] == "@" else line for line in so1.lines()]
    assert not any(" JOIN " in line or " PART " in line for line in told), told
    mesh.advance(0.1)
    mesh.settle()
    told = [line.partition(" ")[2] if line[0] == "@" else line for line in so1.lines()]
    assert {line.split(" ")[3] for line in told if " SJOIN " in line} == {"#c", "#e"}
    mesh.check()


def test_what_nobodys_do_is_told_other_makes_as_if_this_server_did_it() -> None:
    """What they say is not told: there they have quit."""
    mesh = Left("a", "b", "c", sections_of={"b": {"link": [block("so1")]}})
    phone = mesh.come("c", "ann")
    so1 = stranger(mesh["b"], "so1.test", "1SO")
    mesh.say(mesh.bob, "MODE #c +o ann")
    channel = mesh["b"].node.network.channel("#c")
    assert channel is not None
    so1 >> ":1SO EUID eve 1 1 + eve h.eve 192.0.2.4 1SOAAAAAA * * :Eve"
    so1 >> f":1SOAAAAAA JOIN {channel.ts} #c +"
    mesh.settle()
    so1.lines()
    phone >> "TOPIC #c :hers" >> "MODE #c +m" >> "KICK #c eve :out" >> "PRIVMSG #c :I am here"
    phone >> "INVITE eve #c" >> "PRIVMSG eve :and here"
    mesh["c"].settle()
    mesh.lose()
    before = mesh.there("b")
    assert before.orphan
    while mesh.wire("b", "c").deliver("c"):
        pass
    assert before.orphan
    told = [line.partition(" ")[2] if line[0] == "@" else line for line in so1.lines()]
    assert not any(before.uid in line for line in told), told
    assert {line.split(" ")[1] for line in told if line.startswith(":0BA ")} >= {"ETB", "TMODE", "KICK"}
    so1 >> f":1SO KILL {before.uid} :so1.test (Unknown Client)"
    mesh.advance(1.0)
    mesh.settle()
    assert mesh.there("b") is before and not before.orphan
    mesh.check()


def test_other_makes_are_not_told_that_nobodys_are_in_a_channel_that_grows_older() -> None:
    mesh = Left("a", "b", "c", sections_of={"b": {"link": [block("so1")]}})
    so1 = stranger(mesh["b"], "so1.test", "1SO")
    mesh.lose()
    before, channel = mesh.there("b"), mesh["b"].node.network.channel("#c")
    assert before.orphan and channel is not None and before in channel.members
    old = before.uid
    so1.lines()
    line = f":0CA SJOIN {channel.ts - 5} #c +nt :@{mesh.there('b', 'bob').uid}\r\n"
    mesh.wire("b", "c").connections["b"].receive(line.encode())
    mesh["b"].settle()
    told = [line.partition(" ")[2] if line[0] == "@" else line for line in so1.lines()]
    assert any(f" SJOIN {channel.ts} #c " in line for line in told)
    assert not any(old in line for line in told), told


def test_a_newcomer_is_told_nothing_of_who_waits_until_somebody_claims_them() -> None:
    settings = {"always_on": "all", "host": False, "orphan_time": 20}
    mesh = Left("a", "b", "c", sections_of={"b": {"bouncer": settings}, "c": {"bouncer": settings}})
    mesh.cut("b", "c")
    mesh.settle()
    mesh.advance(40.0)
    mesh.cut("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    known = mesh.ann("b")
    assert known is not None and known.orphan and mesh.ann("c") is None
    mesh.link("a", "c")
    mesh.settle()
    for house in "abc":
        known = mesh.ann(house)
        assert known is not None and known.server.name == "a.test"
        assert [each.name for each in known.channels] == ["#c"]
    mesh.check()


def test_who_was_put_out_meanwhile_is_not_brought_back_by_their_server() -> None:
    """A server begins anew; what it kept is of before, and what was said since holds."""
    mesh = World(3, leaf=False)
    mesh.settle()
    mesh.log_in("b", "ann")
    mesh.settle()
    for channel in ("#a", "#b"):
        mesh.clients["b", "ann"] >> f"JOIN {channel}"
    mesh.settle()
    mesh.clients["b", "ann"] >> "QUIT"
    mesh.advance(1.0)
    mesh.kill("b")
    mesh.settle()
    mesh.watchers["a"].client >> "KICK #a ann :out"
    mesh.drain()
    known = mesh.person("a", "ann")
    assert known is not None and [channel.name for channel in known.channels] == ["#b"]
    mesh.judge()


def test_who_is_taken_over_keeps_a_cloak() -> None:
    """The heir knows the address; nobody reads it who did not before."""
    mesh = Left(cloak={"enabled": True, "key": "k" * 32})
    before = mesh.there("b")
    mesh.lose()
    mesh.advance(0.1)
    phone = mesh.come("b")
    assert mesh.there("b") is before and before.server is mesh["b"].node.network.me
    mesh.bob.lines()
    mesh.say(phone, "MODE ann -x", "MODE ann +x")
    assert before.host == before.cloak is not None
    assert before.host.endswith(".cloak")
    mesh.check()


def waiting(*names: str) -> Left:
    """b has lost the connection to a, and waits for another one."""
    mesh = Left(*names, links={"resume_grace": 30.0})
    mesh.reset("a", "b")
    mesh.settle()
    return mesh


def test_messages_wait_while_nobody_knows_whether_the_server_is_lost() -> None:
    """The heir reads them, and nobody is told that they may not have arrived."""
    mesh = Houses("a", "b", "c", links={"resume_grace": 30.0})
    mesh.come("a", "ann")
    phone = mesh.come("c", "ann")
    mesh.reset("a", "b")
    eve = mesh["b"].client("eve")
    eve >> "PRIVMSG ann :are you there?" >> "NOTICE ann :I am eve"
    mesh.settle()
    assert read(eve) == read(phone) == []
    mesh.advance(31.0)
    assert [line.partition(" ")[2] for line in read(phone)] == [
        "PRIVMSG ann :are you there?",
        "NOTICE ann :I am eve",
    ]
    assert read(eve) == []
    mesh.check()


def test_what_waited_on_the_way_and_cannot_go_back_is_told_of() -> None:
    """c does not know that the link of b waits; and c is the heir."""
    mesh = Houses("a", "b", "c", links={"resume_grace": 30.0})
    mesh.come("a", "ann")
    mesh.come("c", "ann")
    mesh.reset("a", "b")
    eve = mesh["c"].client("eve")
    eve >> "PRIVMSG ann :are you there?" >> "NOTICE ann :I am eve"
    mesh.settle()
    assert read(eve) == []
    mesh.advance(31.0)
    mesh.advance(0.1)
    assert [" ".join(line.split(" ")[1:4]) for line in read(eve)] == ["401 eve ann"]
    mesh.check()


def test_messages_that_waited_are_sent_when_the_link_goes_on() -> None:
    mesh = waiting()
    mesh.bob >> "PRIVMSG ann :are you there?"
    ann = mesh.come("a", "ann")
    mesh.link("b", "a")
    mesh.settle()
    mesh.advance(0.1)
    assert [line.partition("PRIVMSG ")[2] for line in ann.lines() if "PRIVMSG" in line] == [
        "ann :are you there?"
    ]
    assert not any(" 401 " in line for line in read(mesh.bob))
    mesh.check()


def test_whoever_is_nobodys_when_the_link_ends_is_told_of() -> None:
    mesh = Houses("a", "b", links={"resume_grace": 30.0})
    mesh.come("a", "ann")
    mesh.reset("a", "b")
    mesh.bob >> "PRIVMSG ann :are you there?" >> "NOTICE ann :are you there?"
    mesh.advance(31.0)
    assert sum(" 401 bob ann " in line for line in read(mesh.bob)) == 1
    mesh.check()


def test_no_more_wait_than_may() -> None:
    """What is more goes the way that it went before."""
    mesh = Left(links={"resume_grace": 30.0, "split_held": 2})
    mesh.reset("a", "b")
    ann = mesh.come("a", "ann")
    for number in range(4):
        mesh.bob >> f"PRIVMSG ann :{number}"
    mesh.link("b", "a")
    mesh.settle()
    mesh.advance(0.1)
    said = sorted(line.rpartition(":")[2] for line in ann.lines() if "PRIVMSG" in line)
    assert said == ["0", "1", "2", "3"]


@pytest.mark.parametrize("back", [False, True])
def test_a_command_at_a_seat_farther_away_waits_as_long(back: bool) -> None:
    """The server on the way says so, for the seat sees nothing of that link."""
    mesh = Houses("a", "b", "c", links={"resume_grace": 30.0})
    mesh.come("a", "ann")
    phone = mesh.come("c", "ann")
    mesh.reset("a", "b")
    phone >> "NICK annie"
    mesh.settle()
    mesh.advance(25.0)
    assert read(phone) == []
    late = mesh.begin("c", "ann", secure=True)  # needs the host's word as well
    mesh.settle()
    if back:
        mesh.link("b", "a")
    mesh.advance(6.0)
    mesh.advance(0.1)
    assert read(phone) == [":ann!~ann@192.0.2.1 NICK annie"]
    assert mesh.there("c", "annie").server.name == ("a.test" if back else "c.test")
    assert not late.session.closed
    mesh.check()


def test_who_is_told_to_wait_does_not_wait_for_ever() -> None:
    mesh = Houses("a", "b", "c", links={"resume_grace": 30.0})
    mesh.come("a", "ann")
    phone = mesh.come("c", "ann")
    link = mesh.wire("b", "c").links["b"]
    phone >> "NICK annie"
    number = next(iter(mesh["c"].parts.links.seats._open))
    for _ in range(10):
        mesh["c"].clock.advance(9.0)
        link.connection.exit.send(b":0BA CNDONE %d 0CA WAIT\r\n" % number)
        mesh.wire("b", "c").deliver("b")
    assert " 263 ann NICK " in read(phone)[0]


@pytest.mark.parametrize("back", [False, True])
def test_a_command_at_a_seat_waits_as_long_as_the_link_to_the_host(back: bool) -> None:
    """It is done by the host, or by whoever takes the person over."""
    mesh = Houses("a", "b", links={"resume_grace": 30.0})
    mesh.come("a", "ann")
    phone = mesh.come("b", "ann")
    mesh.reset("a", "b")
    phone >> "NICK annie"
    mesh.advance(25.0)
    assert read(phone) == []
    if back:
        mesh.link("b", "a")
    mesh.advance(6.0)
    mesh.advance(0.1)
    assert read(phone) == [":ann!~ann@192.0.2.1 NICK annie"]
    assert mesh.there("b", "annie").server.name == ("a.test" if back else "b.test")
    mesh.check()


def test_who_was_put_out_before_an_heir_that_did_not_hear_of_it_began_anew_stays_out() -> None:
    """What the heir kept is as of when she came, not of when it took her over; so are her ranks."""
    mesh = World(3, leaf=False)
    mesh.settle()
    mesh.log_in("b", "ann")
    mesh.settle()
    for line in ("JOIN #a", "JOIN #b"):
        mesh.clients["b", "ann"] >> line
        mesh.settle()
    mesh.watchers["a"].client >> "MODE #a +o ann"
    mesh.settle()
    mesh.advance(1.0)
    mesh.watchers["c"].client >> "KICK #b ann :out"
    mesh.clock.advance(1.0)
    mesh.cut("b", "a")
    mesh.advance(1.0)
    heir = mesh.person("a", "ann")
    assert heir is not None and heir.server is mesh["a"].node.network.me
    mesh.kill("a")
    mesh.advance(11.0)
    mesh.drain()
    known = mesh.person("c", "ann")
    assert known is not None
    assert {channel.name: ranks for channel, ranks in known.channels.items()} == {"#a": RANKS["o"]}
    mesh.judge()
