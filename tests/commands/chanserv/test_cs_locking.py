"""ChanServ: MLOCK and TOPICLOCK, and AQUIET, as conversations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chanserv import ask, come, founded, living, ranks
from club import Club
from conversation import Client
from mesh import block, stranger
from staff import oper, sections
from states import opered

BOT = ":ChanServ!ChanServ@services.chatnet"


@pytest.fixture
def club() -> Iterator[Club]:
    club = Club(**sections(), channels={"akicks": 2})
    yield club
    club.check()


@pytest.fixture
def ann(club: Club) -> Client:
    return founded(club)


def test_locked_modes_are_so_at_once_and_stay_so(club: Club, ann: Client) -> None:
    ann >> "MODE #c +k key"
    ann.lines()
    assert ask(ann, "SET #c MLOCK +ml-kt 9") == ["The modes +ml-kt 9 of #c are locked now."]
    ann << f"{BOT} MODE #c +ml-kt 9 *"
    ann >> "MODE #c -m+i"
    ann << ":irc.test 742 ann #c m klmt :Services keep this mode as it is (MLOCK)"
    ann << ":ann!~ann@192.0.2.1 MODE #c +i"
    # told once, whatever is asked
    ann >> "MODE #c +mk-l key"
    ann << ":irc.test 742 ann #c m *"
    ann.silent()
    root = oper(club, "root")
    opered(root, "channels")
    root >> "MODE #c -m"
    root << ":irc.test 742 root #c m *"
    assert "  locked modes: +ml-kt" in ask(ann, "INFO #c")
    assert ask(ann, "SET #c MLOCK") == ["No modes of #c are locked now."]
    ann >> "MODE #c -m"
    ann << ":ann!~ann@192.0.2.1 MODE #c -m"


def test_what_cannot_be_locked(club: Club, ann: Client) -> None:
    for text, why in (("+y", "y"), ("+ob ann", "o, b"), ("+P", "P"), ("+l many", "l many"), ("+nk", "k")):
        assert ask(ann, f"SET #c MLOCK {text}") == [f"These cannot be locked so: {why}."]
    bob = come(club, "bob")
    assert ask(bob, "SET #c MLOCK +n") == ["You need the flag s in #c for that."]
    assert ask(bob, "SET #c TOPICLOCK ON") == ["You need the flag s in #c for that."]
    assert ask(ann, "SET #c TOPICLOCK maybe")[0].startswith("Say it so: ")
    root = oper(club, "root")
    opered(root, "accounts", snomask="a")
    ask(root, "SET #c MLOCK +k secret")
    # a key is nobody else's business
    assert [each.detail for each in club.store.audits if each.verb != "OPER"] == ["mlock +k"]


def test_modes_are_locked_while_nobody_is_in(club: Club, ann: Client) -> None:
    ann >> "MODE #c +m" >> "PART #c"
    assert ask(ann, "SET #c MLOCK +k-m key") == ["The modes +k-m key of #c are locked now."]
    bob = club.client("bob")
    bob >> "JOIN #c"
    bob << ":irc.test 475 bob #c *"
    bob >> "JOIN #c key" >> "MODE #c"
    bob.until(":irc.test 324 bob #c +ntk key")


def test_what_is_nobody_s_is_locked_no_more(club: Club, ann: Client) -> None:
    ask(ann, "SET #c MLOCK +m")
    ann >> "PART #c" >> "JOIN #c"
    code = ask(ann, "DROP #c")[0].rsplit(" ", 1)[1]
    ask(ann, f"DROP #c {code}")
    club.clock.advance(1)
    ann >> "MODE #c -m"
    ann.until(":ann!~ann@192.0.2.1 MODE #c -m")
    # what has another name keeps its lock
    ann >> "JOIN #e"
    ask(ann, "REGISTER #e")
    ask(ann, "SET #e MLOCK +m")
    ann >> "RENAME #e #d"
    club.clock.advance(1)
    ann >> "MODE #d -m"
    ann.until(":irc.test 742 ann #d m m *")


def test_a_locked_topic(club: Club, ann: Client) -> None:
    bob, eve = come(club, "bob"), come(club, "eve")
    ask(ann, "FLAGS #c bob +t")
    ask(ann, "FLAGS #c eve +O")
    for client in (bob, eve):
        client >> "JOIN #c"
    assert ask(ann, "SET #c TOPICLOCK ON") == ["The topic of #c is set by those with the flag t alone now."]
    assert "  the topic is locked" in ask(ann, "INFO #c")
    eve >> "TOPIC #c :eve's"
    eve.until(":irc.test 482 eve #c :You need the flag t of ChanServ for that")
    bob >> "TOPIC #c :bob's"
    bob.until(":irc.test 482 bob #c :You're not channel operator")  # mode t, and he is no half-operator
    assert ask(bob, "TOPIC #c bob's") == []
    ask(ann, "FLAGS #c bob +H")
    bob >> "TOPIC #c :by himself"
    assert ask(ann, "SET #c TOPICLOCK no") == ["The topic of #c is set by all who may now."]
    eve >> "TOPIC #c :eve's"
    topic = living(club).topic
    assert topic is not None and topic.text == "eve's"


def test_servers_that_do_not_know_hear_of_it_and_are_corrected() -> None:
    club = Club(accounts={"authority": "here"}, link=[block("so1")])
    so1 = stranger(club, "so1.test", "1SO")
    ann = founded(club)
    so1 >> ":1SO EUID alice 1 1700000000 +i ~alice 192.0.2.9 192.0.2.9 1SOAAAAAB * * :Alice"
    so1 >> ":1SO SJOIN 1700000000 #c + :@1SOAAAAAB"
    ask(ann, "TOPIC #c ours")
    ask(ann, "SET #c MLOCK +n-m")
    ask(ann, "SET #c TOPICLOCK ON")
    club.clock.advance(1)
    assert ":0CN MLOCK 1700000000 #c :mn" in so1.lines()
    so1 >> ":1SOAAAAAB TMODE 1700000000 #c +m-n"
    assert living(club).flags == {"n", "t"}
    assert [line for line in so1.lines() if " TMODE 1700000000 #c +n-m" in line or " #c -m+n" in line]
    so1 >> ":1SOAAAAAB TOPIC #c :alice's"
    topic = living(club).topic
    assert topic is not None and topic.text == "ours"
    assert [line for line in so1.lines() if line.endswith(":ours")]
    club.check()


def test_who_is_quieted_may_come_in_but_not_speak(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    assert ask(ann, "AQUIET #c ADD bob +1h loud | as ever") == [
        "bob may not speak in #c until 2023-11-14 23:13 UTC."
    ]
    ann << f"{BOT} MODE #c +b $q:$a:bob"
    bob >> "JOIN #c" >> "PRIVMSG #c :I"
    bob.until(":irc.test 404 bob #c *")
    assert ask(ann, "AQUIET #c LIST") == [
        "  bob until 2023-11-14 23:13 UTC (by ann): loud | as ever",
        "1 entry for #c.",
    ]
    assert ask(ann, "AKICK #c LIST") == ["No entries for #c."]
    assert ask(ann, "AKICK #c DEL bob") == ["bob is not kept out of #c."]
    ann.lines()
    club.clock.advance(3600)
    ann << f"{BOT} MODE #c -b $q:$a:bob"
    assert ask(ann, "AQUIET #c LIST") == ["No entries for #c."]
    assert ask(ann, "AQUIET #c DEL bob") == ["bob may speak in #c."]
    assert club.node.network.registry.channels.by_id and not living(club).lists["b"]


def test_one_is_quieted_or_kept_out(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    bob >> "JOIN #c"
    ask(ann, "AQUIET #c ADD bob")
    ask(ann, "AKICK #c ADD bob")
    assert ranks(bob) is None
    assert list(living(club).lists["b"]) == ["$a:bob"]
    ask(ann, "AQUIET #c ADD bob")
    assert list(living(club).lists["b"]) == ["$q:$a:bob"]
    assert ask(ann, "AQUIET #c DEL bob") == ["bob may speak in #c."]
    assert list(living(club).lists["b"]) == []


def test_quieting_while_nobody_is_in_and_in_a_full_list(club: Club, ann: Client) -> None:
    ann >> "PART #c"
    assert ask(ann, "AQUIET #c ADD *!*@loud +1h") == [
        "*!*@loud may not speak in #c until 2023-11-14 23:13 UTC."
    ]
    ann >> "JOIN #c"
    assert list(living(club).lists["b"]) == ["$q:*!*@loud"]
    ann >> "PART #c"
    club.clock.advance(3600)
    ann >> "JOIN #c"
    assert list(living(club).lists["b"]) == []
    club.reload(limits={"mask_list": 1})
    ann >> "MODE #c +b x"
    assert ask(ann, "AQUIET #c ADD *!*@loud") == ["The lists of #c are full. Lift a ban first."]


def test_a_mute_that_cannot_be_lifted_now_is_lifted_later(club: Club, ann: Client) -> None:
    ask(ann, "AQUIET #c ADD *!*@loud +1h")
    club.store.broken = True
    club.clock.advance(3600)
    assert living(club).lists["b"]
    club.store.broken = False
    club.clock.advance(60)
    assert not living(club).lists["b"]


def test_another_channel_gets_mutes_and_locks(club: Club, ann: Client) -> None:
    ann >> "JOIN #d"
    ask(ann, "REGISTER #d")
    ask(ann, "SET #c MLOCK +m-n")
    ask(ann, "AQUIET #c ADD *!*@loud")
    ann.lines()
    assert ask(ann, "CLONE #c #d") == ["#d has what #c has now."]
    here = club.node.network.channel("#d")
    assert here is not None
    assert (here.flags, list(here.lists["b"]), here.locked) == ({"m", "t"}, ["$q:*!*@loud"], "mn")


def test_all_who_are_kept_out_are_let_in_while_nobody_is_in(club: Club, ann: Client) -> None:
    bob = come(club, "bob")
    bob >> "JOIN #c"
    ask(ann, "AKICK #c ADD bob")
    ask(ann, "AQUIET #c ADD *!*@loud")
    ann >> "PART #c"
    assert ask(ann, "CLEAR #c AKICKS") == ["Nobody is kept out of #c any more."]
    bob >> "JOIN #c"
    assert ranks(bob) == 0
    assert list(living(club).lists["b"]) == ["$q:*!*@loud"]
