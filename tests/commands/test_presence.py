"""AWAY, SETNAME, ISON and USERHOST."""

from __future__ import annotations

from conversation import House
from states import moded, opered

from chatnet.model.facts import ModeChange, ModesChanged


def test_away_and_back() -> None:
    house = House()
    ann = house.client("ann")
    ann >> "AWAY :out for lunch"
    ann << ":irc.test 306 ann :You have been marked as being away"
    assert ann.user.away == "out for lunch"
    for back in ("AWAY", "AWAY :", "AWAY"):
        ann >> back
        ann << ":irc.test 305 ann :You are no longer marked as being away"
        assert ann.user.away is None
    house.check()


def test_neighbours_hear_of_it_once() -> None:
    house = House()
    ann, bob = house.client("ann", caps="away-notify"), house.client("bob", caps="away-notify")
    cat = house.client("cat")
    for client in (ann, bob, cat):
        client >> "JOIN #c"
    for client in (ann, bob, cat):
        client.lines()
    ann >> "AWAY :out" >> "AWAY :out" >> "AWAY :asleep" >> "AWAY" >> "AWAY"
    assert bob.lines() == [
        ":ann!~ann@192.0.2.1 AWAY :out",
        ":ann!~ann@192.0.2.1 AWAY :asleep",
        ":ann!~ann@192.0.2.1 AWAY",
    ]
    assert ann.numerics() == ["306", "306", "306", "305", "305"]
    cat.silent()


def test_an_away_text_is_cut_between_characters() -> None:
    house = House(limits={"away": 5})
    ann = house.client("ann")
    ann >> "AWAY :ééé"
    assert ann.user.away == "éé"


def test_who_writes_to_somebody_away_is_told() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    bob >> "AWAY :out"
    ann >> "PRIVMSG bob :hi" >> "NOTICE bob :hi"
    ann << ":irc.test 301 ann bob :out"
    ann.silent()


def test_setname_is_told_to_those_who_asked_for_it() -> None:
    house = House()
    ann, bob = house.client("ann", caps="setname"), house.client("bob", caps="setname")
    cat = house.client("cat")
    for client in (ann, bob, cat):
        client >> "JOIN #c"
    for client in (ann, bob, cat):
        client.lines()
    ann >> "SETNAME :Ann of Green Gables"
    ann << ":ann!~ann@192.0.2.1 SETNAME :Ann of Green Gables"
    bob << ":ann!~ann@192.0.2.1 SETNAME :Ann of Green Gables"
    cat.silent()
    assert ann.user.realname == "Ann of Green Gables"
    cat >> "SETNAME Cat"
    cat.silent()
    bob << ":cat!~cat@192.0.2.1 SETNAME :Cat"
    assert cat.user.realname == "Cat"


def test_setname_refuses_what_is_empty_or_too_long() -> None:
    house = House(limits={"realname": 5})
    ann = house.client("ann", caps="setname")
    for line in ("SETNAME", "SETNAME :", "SETNAME :  ", "SETNAME :ééé"):
        ann >> line
        ann << ":irc.test FAIL SETNAME INVALID_REALNAME :Realname is not valid"
    ann >> "SETNAME :éé"
    ann << "* SETNAME :éé"


def test_setname_does_not_evade_a_ban() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob", caps="setname")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    channel = house.node.network.channels[house.node.network.fold("#c")]
    ban = ModeChange(True, "b", "$r:Bob")
    house.node.commit(ModesChanged(channel, (ban,), ann.user, house.clock.time()))
    bob.lines()
    bob >> "SETNAME :Somebody else"
    bob << ":irc.test FAIL SETNAME CANNOT_CHANGE_REALNAME :Cannot change realname while banned *"
    assert bob.user.realname == "Bob"


def test_who_is_muted_in_a_channel_does_not_say_why_they_are_away() -> None:
    house = House()
    ann, bob = house.client("ann", caps="away-notify"), house.client("bob", caps="away-notify")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann >> "MODE #c +b $q:bob!*@*"
    for client in (ann, bob):
        client.lines()
    bob >> "AWAY :one more thing"
    bob << ":irc.test FAIL AWAY BLOCKED :Cannot say why you are away while banned from a channel, or *"
    assert bob.user.away is None
    bob >> "AWAY *" >> "AWAY"
    assert [line.partition(" ")[2] for line in ann.lines()] == ["AWAY :*", "AWAY"]
    ann >> "MODE #c +v bob"
    ann.lines()
    bob >> "AWAY :lunch"
    ann << ":bob!~bob@192.0.2.1 AWAY :lunch"


def test_setname_too_often() -> None:
    house = House(flood={"enabled": True, "nick_rate": 1, "nick_period": 10})
    ann = house.client("ann", caps="setname")
    ann >> "SETNAME :One" >> "SETNAME :Two"
    ann << "* SETNAME :One"
    ann << ":irc.test FAIL SETNAME CANNOT_CHANGE_REALNAME :Slow down your realname changes"
    house.clock.advance(10)
    ann >> "SETNAME :Two"
    ann << "* SETNAME :Two"


def test_ison_names_those_who_are_here() -> None:
    house = House()
    ann = house.client("ann")
    house.client("Bob")
    ann >> "ISON ann zed BOB"
    ann << ":irc.test 303 ann :ann Bob"
    ann >> "ISON :bob ann"
    ann << ":irc.test 303 ann :Bob ann"
    ann >> "ISON zed"
    ann << ":irc.test 303 ann :"
    ann >> "ISON"
    ann << ":irc.test 461 ann ISON :Not enough parameters"


def test_ison_gives_what_one_line_holds() -> None:
    house = House()
    ann = house.client("ann")
    ann >> "ISON " + "ann " * 124
    (line,) = ann.lines()
    assert 500 < len(line) <= 510
    assert set(line.partition(" :")[2].split(" ")) == {"ann"}


def test_userhost() -> None:
    house = House(cloak={"enabled": True})
    ann, bob = house.client("ann"), house.client("bob")
    opered(bob)
    bob >> "AWAY :out"
    bob.lines()
    ann >> "USERHOST ann zed BOB"
    ann << f":irc.test 302 ann :ann=+~ann@192.0.2.1 bob*=-~bob@{bob.user.cloak}"
    bob >> "USERHOST bob ann"
    bob << f":irc.test 302 bob :bob*=-~bob@192.0.2.1 ann=+~ann@{ann.user.cloak}"
    ann >> "USERHOST zed"
    ann << ":irc.test 302 ann :"
    ann >> "USERHOST"
    ann << "* 461 ann USERHOST *"


def test_userhost_takes_five_nicks() -> None:
    house = House()
    ann = house.client("ann")
    ann >> "USERHOST a b c d ann ann"
    ann << ":irc.test 302 ann :ann=+~ann@192.0.2.1"
    ann >> "USERHOST a b c d e ann"
    ann << ":irc.test 302 ann :"


def test_presence_survives_a_mode_change() -> None:
    house = House()
    ann = house.client("ann")
    ann >> "AWAY :out"
    moded(ann, "w")
    ann >> "USERHOST ann"
    ann << "* 302 ann :ann=-*"
