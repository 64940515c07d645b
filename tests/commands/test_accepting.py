"""ACCEPT, and the conversations under the user modes g, G and R."""

from __future__ import annotations

from conversation import House
from states import logged_in, moded, opered


def test_the_list() -> None:
    house = House()
    ann = house.client("ann")
    house.client("Bob")
    house.client("cat")
    ann >> "ACCEPT *"
    ann << ":irc.test 282 ann :End of /ACCEPT list"
    ann >> "ACCEPT bob,cat"
    ann.silent()
    ann >> "ACCEPT *"
    ann << ":irc.test 281 ann Bob cat"
    ann << ":irc.test 282 ann :End of /ACCEPT list"
    ann >> "ACCEPT -BOB" >> "ACCEPT *"
    ann << ":irc.test 281 ann cat"
    house.check()


def test_what_it_refuses() -> None:
    house = House(limits={"accept": 2})
    ann = house.client("ann")
    for nick in ("bob", "cat", "dan"):
        house.client(nick)
    ann >> "ACCEPT zed,-yan"
    assert sorted(ann.lines()) == [
        ":irc.test 401 ann yan :No such nick/channel",
        ":irc.test 401 ann zed :No such nick/channel",
    ]
    ann >> "ACCEPT bob,BOB" >> "ACCEPT bob"
    ann << ":irc.test 457 ann bob :is already on your accept list"
    ann >> "ACCEPT -dan"
    ann << ":irc.test 458 ann dan :is not on your accept list"
    ann >> "ACCEPT cat,dan"
    ann << ":irc.test 456 ann :Accept list is full"
    ann >> "ACCEPT dan,-bob" >> "ACCEPT *"
    ann << ":irc.test 281 ann cat dan"
    ann.lines()
    ann >> "ACCEPT -"
    ann << "* 401 ann * *"
    ann >> "ACCEPT ,"
    ann << "* 461 ann ACCEPT *"
    ann >> "ACCEPT"
    ann << "* 461 ann ACCEPT *"


def test_who_leaves_or_takes_another_nick_out_of_sight_drops_out() -> None:
    """A nick that is seen to change is the same person still, as with Solanum."""
    house = House()
    ann, bob, cat, dan, eve = (house.client(nick) for nick in ("ann", "bob", "cat", "dan", "eve"))
    ann >> "JOIN #c" >> "ACCEPT bob,cat,dan,eve"
    eve >> "JOIN #c"
    bob >> "QUIT"
    cat >> "NICK kat"
    dan >> "NICK Dan"
    eve >> "NICK eva"
    ann.lines()
    ann >> "ACCEPT *"
    ann << ":irc.test 281 ann Dan eva"
    house.check()
    eve >> "PART #c" >> "NICK eve"
    ann.lines()
    ann >> "ACCEPT *"
    ann << ":irc.test 281 ann Dan"
    ann >> "QUIT"
    house.check()


def test_a_long_list_takes_several_lines() -> None:
    house = House()
    ann = house.client("ann")
    nicks = [f"nick{number:02}" + "x" * 20 for number in range(30)]
    for nick in nicks:
        house.client(nick)
        ann >> f"ACCEPT {nick}"
    ann >> "ACCEPT *"
    lines = ann.lines()
    assert len(lines) > 2
    assert all(len(line) <= 510 for line in lines)
    assert " ".join(line.split(" 281 ann ")[1] for line in lines[:-1]).split(" ") == nicks


def test_caller_id() -> None:
    house = House(flood={"enabled": True})
    ann, bob = house.client("ann"), house.client("bob")
    moded(ann, "g")
    bob >> "PRIVMSG ann :hi"
    bob << ":irc.test 716 bob ann :is in +g mode and *"
    bob << ":irc.test 717 bob ann :has been informed that you messaged them."
    ann << ":irc.test 718 ann bob ~bob@192.0.2.1 :is messaging you, and you have user mode +g. *"
    ann.silent()
    bob >> "PRIVMSG ann :hi?"
    bob << "* 716 *"
    bob.silent()
    ann.silent()
    house.clock.advance(61)
    bob >> "PRIVMSG ann :hello?"
    assert bob.numerics() == ["716", "717"]
    ann << "* 718 *"
    ann >> "ACCEPT bob"
    bob >> "PRIVMSG ann :hi"
    ann << ":bob!~bob@192.0.2.1 PRIVMSG ann :hi"
    ann >> "PRIVMSG bob :hi yourself"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG bob :hi yourself"
    ann >> "ACCEPT -bob"
    bob >> "PRIVMSG ann :more"
    bob << "* 716 *"
    bob >> "NOTICE ann :psst"
    ann.lines()
    ann.silent()


def test_opers_pass_caller_id() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    moded(ann, "gR")
    opered(bob)
    bob >> "PRIVMSG ann :hi"
    ann << "* PRIVMSG ann :hi"


def test_soft_caller_id_lets_those_in_who_share_a_channel() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    moded(ann, "G")
    bob >> "PRIVMSG ann :hi"
    bob << ":irc.test 716 bob ann :is in +G mode and *"
    ann << "* 718 * mode +G. *"
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines()
    bob >> "PRIVMSG ann :hi"
    ann << "* PRIVMSG ann :hi"


def test_whom_one_writes_to_may_answer() -> None:
    """As Solanum and its peers: they enter the ACCEPT list, and 494 is for one that is full."""
    house = House(limits={"accept": 1})
    ann, bob, cat = house.client("ann"), house.client("bob"), house.client("cat")
    for mode in "gGR":
        moded(ann, mode)
        ann >> "PRIVMSG bob :hi"
        bob << "* PRIVMSG bob :hi"
        bob >> "PRIVMSG ann :hi yourself"
        ann << "* PRIVMSG ann :hi yourself"
        bob.silent()
        ann >> "PRIVMSG cat :hi"
        ann << f":irc.test 494 ann cat :could not answer you while you are +{mode}, *"
        cat.silent()
        ann >> "NOTICE cat :psst"
        cat << "* NOTICE cat :psst"
        ann >> "ACCEPT *" << ":irc.test 281 ann bob"
        ann >> "ACCEPT -bob"
        ann.lines()
        moded(ann, removed=mode)
    moded(ann, "g")
    ann >> "PRIVMSG ann :note to self"
    ann << "* PRIVMSG ann :note to self"
    opered(cat)
    ann >> "PRIVMSG cat :hi" >> "ACCEPT *"
    ann << ":irc.test 282 ann :*"


def test_two_under_caller_id_find_to_each_other() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    moded(ann, "g")
    moded(bob, "g")
    ann >> "PRIVMSG bob :hi"
    assert ann.numerics() == ["716", "717"]
    bob << "* 718 *"
    bob >> "PRIVMSG ann :yes?"
    ann << "* PRIVMSG ann :yes?"
    ann >> "PRIVMSG bob :tea?"
    bob << "* PRIVMSG bob :tea?"


def test_nobody_enters_the_list_by_an_invitation_or_by_typing() -> None:
    house = House()
    ann, bob = house.client("ann", caps="message-tags"), house.client("bob", caps="message-tags")
    moded(ann, "g")
    ann >> "JOIN #c" >> "INVITE bob #c" >> "@+typing=active TAGMSG bob"
    bob << "* INVITE bob #c"
    bob << "*+typing=active* TAGMSG bob"
    ann.lines()
    ann >> "ACCEPT *" << "* 282 ann :*"


def test_only_those_who_are_logged_in_write_under_R() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    moded(ann, "R")
    bob >> "PRIVMSG ann :hi"
    bob << ":irc.test 486 bob ann :You must be logged in to an account to message this user"
    ann.silent()
    logged_in(bob, "robert")
    bob >> "PRIVMSG ann :hi"
    ann << "* PRIVMSG ann :hi"
    cat = house.client("cat")
    ann >> "ACCEPT cat"
    cat >> "PRIVMSG ann :hi"
    ann << "* PRIVMSG ann :hi"


def test_no_ctcp_under_C() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    moded(ann, "C")
    bob >> "PRIVMSG ann :\x01VERSION\x01"
    bob << ":irc.test 492 bob :Cannot send to user ann (+C set)"
    bob >> "PRIVMSG ann :\x01ACTION waves\x01"
    ann << "* PRIVMSG ann :\x01ACTION waves\x01"
    ann.silent()
