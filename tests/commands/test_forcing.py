"""SAJOIN, SAPART, SANICK, SAMODE, SATOPIC, OJOIN: on one server, and over three."""

from __future__ import annotations

from typing import Any

import pytest
from club import Club
from clubs import Clubs
from conversation import Client, House
from mesh import block, stranger
from states import opered, set_modes

from chatnet.model.modes import OP

CLASS = {"name": "staff", "privileges": ["force"]}

EACH = ("SAJOIN ann #c", "SAPART ann #s", "SANICK ann x", "SAMODE #s +m", "SATOPIC #s :x", "OJOIN #s")


@pytest.fixture
def club() -> Club:
    return Club()


def staff(house: House) -> Client:
    root = house.client("root", address="198.51.100.1")
    opered(root, "force", snomask="g")
    return root


def read(client: Client) -> list[str]:
    return [line.partition(" ")[2] for line in client.lines()]


def said(client: Client, line: str) -> list[str]:
    client >> line
    return [text for text in read(client) if "*** Notice" not in text]


def test_somebody_is_in_a_channel_that_keeps_them_out(club: Club) -> None:
    root, ann, vic = staff(club), club.client("ann"), club.client("vic")
    ann >> "JOIN #c"
    set_modes(club, "#c", "+ikb", "shut", "vic!*@*")
    ann.lines()
    root >> "SAJOIN vic #c"
    told = root.lines()
    assert told == [
        ":irc.test NOTICE * :*** Notice -- root!~root@198.51.100.1 used SAJOIN on vic!~vic@192.0.2.1: #c",
        ":irc.test NOTICE root :vic is in #c now",
    ]
    ann << ":vic!~vic@192.0.2.1 JOIN #c" << ":irc.test NOTICE #c :root, an operator, had vic join"
    vic << ":vic!~vic@192.0.2.1 JOIN #c"
    vic.until("* 366 *")
    assert said(root, "SAJOIN vic #c") == ["FAIL SAJOIN CANNOT_FORCE vic :vic is in #c already"]
    assert said(root, "SAPART vic #c :that is all") == ["NOTICE root :vic has left #c"]
    ann << ":vic!~vic@192.0.2.1 PART #c :that is all"
    ann << ":irc.test NOTICE #c :root, an operator, had vic leave"
    assert said(root, "SAPART vic #c") == ["FAIL SAPART CANNOT_FORCE vic :vic is not in #c"]
    assert said(root, "SAJOIN vic #new") == ["NOTICE root :vic is in #new now"]
    assert vic.user.channels[club.node.network.channel("#new")] == OP  # type: ignore[index]
    club.check()


def test_a_text_without_a_colon_is_whole(club: Club) -> None:
    root, ann = staff(club), club.client("ann")
    ann >> "JOIN #c"
    ann.lines()
    root >> "SATOPIC #c tea at five" >> "SAPART ann #c that is all"
    ann << ":root!~root@198.51.100.1 TOPIC #c :tea at five"
    ann << ":ann!~ann@192.0.2.1 PART #c :that is all"


def test_it_is_silent_if_the_settings_say_so() -> None:
    club = Club(force={"silent": True})
    root, ann, vic = staff(club), club.client("ann"), club.client("vic")
    ann >> "JOIN #c"
    ann.lines()
    for line in ("SAJOIN vic #c", "SAMODE #c +o vic", "SATOPIC #c :tea", "SANICK vic victor", "OJOIN #c"):
        root >> line
    assert [line for line in [*ann.lines(), *vic.lines()] if "NOTICE" in line] == []
    assert len([line for line in root.lines() if "*** Notice" in line]) == 5  # operators read of it
    assert len(club.store.audits) == 5


def test_what_cannot_be_is_told_in_words(club: Club) -> None:
    root, ann = staff(club), club.client("ann")
    club.account("bob")
    ann >> "JOIN #s"
    set_modes(club, "#s", "+S")
    for line, why in (
        ("SAJOIN root2 #s", "401 root root2 :No such nick/channel"),
        ("SAJOIN NickServ #s", "485 root NickServ :That is a service"),
        ("SAJOIN ann c", "FAIL SAJOIN CANNOT_FORCE ann :c is no name of a channel"),
        ("SANICK ann root", "FAIL SANICK CANNOT_FORCE ann :Somebody is called root"),
        ("SANICK ann 1x", "FAIL SANICK CANNOT_FORCE ann :1x cannot be a nick: *"),
        ("SANICK ann ann", "FAIL SANICK CANNOT_FORCE ann :ann is called that already"),
        ("SAMODE #no +m", "403 root #no :No such channel"),
        ("SATOPIC #no :x", "403 root #no :No such channel"),
        ("OJOIN #no", "403 root #no :No such channel"),
        ("OJOIN #s", "FAIL OJOIN CANNOT_FORCE root :#s is for those who are connected securely (mode S)"),
    ):
        heard = said(root, line)
        assert len(heard) == 1 and heard[0].startswith(why.partition("*")[0].partition(" :That is")[0]), heard
    ann.lines()
    for line in (
        "SAJOIN ann #c",
        "SAPART ann #s",
        "SANICK ann x",
        "SAMODE #s +m",
        "SATOPIC #s :x",
        "OJOIN #s",
    ):
        assert said(ann, line) == ["481 ann :Permission Denied- You're not an IRC operator"]
    opered(ann, "channels", "kill")
    for line in (
        "SAJOIN ann #c",
        "SAPART ann #s",
        "SANICK ann x",
        "SAMODE #s +m",
        "SATOPIC #s :x",
        "OJOIN #s",
    ):
        assert said(ann, line)[0].startswith("723 ann force ")
    assert not club.store.audits


def test_a_nick_of_an_account_is_not_given_away() -> None:
    club = Club(accounts={"nick_protection": "guest"})
    root, _ = staff(club), club.client("ann")
    club.account("bob")
    assert said(root, "SANICK ann bob") == ["FAIL SANICK CANNOT_FORCE ann :bob belongs to an account"]
    assert said(root, "SANICK ann anna") == ["NOTICE root :ann is called anna now"]


def test_modes_and_topics_are_changed_without_a_rank(club: Club) -> None:
    ann, vic = club.client("ann"), club.client("vic")
    root = staff(club)
    ann >> "JOIN #c"
    vic >> "JOIN #c"
    ann.lines()
    assert said(root, "SAMODE #c +ov-t vic vic") == []
    ann << ":irc.test MODE #c +ov-t vic vic"
    ann << ":irc.test NOTICE #c :root, an operator, changed modes: +o vic +v vic -t"
    assert said(root, "SAMODE #c +o nobody") == ["401 root nobody :No such nick/channel"]
    assert said(root, "SATOPIC #c :tea at five") == []
    ann << ":root!~root@198.51.100.1 TOPIC #c :tea at five"
    root >> "OJOIN #c"
    ann << ":root!~root@198.51.100.1 JOIN #c" << ":irc.test MODE #c +o root"
    ann << ":irc.test NOTICE #c :root, an operator, came in as operator of the network"
    root >> "MODE #c -o root"
    ann.lines()
    root.lines()
    assert said(root, "OJOIN #c")[0] == "MODE #c +o root"
    club.check()


# over links


def three(**sections: Any) -> Clubs:
    clubs = Clubs("a", "b", "c", oper_class=[CLASS], **sections)
    clubs.link("a", "b")
    clubs.link("b", "c")
    clubs.settle()
    return clubs


def root_at(clubs: Clubs, name: str) -> Client:
    root = clubs[name].client("root", address="198.51.100.1")
    clubs.settle()
    opered(root, "force")
    clubs.settle()
    root.lines()
    return root


def say(clubs: Clubs, client: Client, line: str) -> list[str]:
    client >> line
    clubs.settle()
    return read(client)


def test_the_server_of_a_person_does_it() -> None:
    clubs = three()
    root, vic, ann = root_at(clubs, "a"), clubs["c"].client("vic"), clubs["b"].client("ann")
    clubs.settle()
    ann >> "JOIN #c"
    clubs.settle()
    set_modes(clubs["b"], "#c", "+i")
    clubs.settle()
    ann.lines()
    assert say(clubs, root, "SAJOIN vic #c") == ["NOTICE root :vic is in #c now"]
    assert [line.partition(" ")[2] for line in ann.lines()] == [
        "JOIN #c",
        "NOTICE #c :root, an operator, had vic join",
    ]
    vic.until("* 366 *")
    assert say(clubs, root, "SAMODE #c +o vic") == []
    assert [line.partition(" ")[2] for line in ann.lines()] == [
        "MODE #c +o vic",
        "NOTICE #c :root, an operator, changed modes: +o vic",
    ]
    assert say(clubs, root, "SAPART vic #c :go") == ["NOTICE root :vic has left #c"]
    assert say(clubs, root, "SANICK vic victor") == ["NOTICE root :vic is called victor now"]
    assert vic.user.nick == "victor"
    assert vic.lines()[-1] == ":a.test NOTICE victor :root, an operator, gave you another nick"
    assert say(clubs, root, "SANICK victor ann") == [
        "FAIL SANICK CANNOT_FORCE victor :c.test: Somebody is called ann"
    ]
    noted = [(each.verb, each.detail) for each in clubs["c"].store.audits]
    assert noted == [
        ("SAJOIN", "#c (by order of a.test)"),
        ("SAPART", "#c (by order of a.test)"),
        ("SANICK", "victor (by order of a.test)"),
    ]
    assert [each.verb for each in clubs["a"].store.audits] == ["SAJOIN", "SAMODE", "SAPART", "SANICK"]
    clubs.check()


def test_after_a_split_there_is_nobody_and_when_it_is_healed_all_agree() -> None:
    clubs = three()
    root, vic, ann = root_at(clubs, "a"), clubs["c"].client("vic"), clubs["b"].client("ann")
    ann >> "JOIN #c"
    clubs.settle()
    clubs.cut("b", "c")
    clubs.settle()
    root.lines()
    assert say(clubs, root, "SAJOIN vic #c") == ["401 root vic :No such nick/channel"]
    assert say(clubs, root, "SAMODE #c +m") == []
    clubs.link("b", "c")
    clubs.settle()
    root.lines()
    assert say(clubs, root, "SAJOIN vic #c") == ["NOTICE root :vic is in #c now"]
    for name in "abc":
        channel = clubs[name].node.network.channel("#c")
        assert channel is not None and "m" in channel.flags and len(channel.members) == 2
    assert [channel.name for channel in vic.user.channels] == ["#c"]
    clubs.check()


def test_servers_of_other_makes_are_told_what_they_know_and_the_rest_in_words() -> None:
    club = Club(link=[block("so1")], oper_class=[CLASS])
    so1 = stranger(club, "so1.test", "1SO")
    so1 >> ":1SO EUID zoe 1 1 +i ~zoe h.test 192.0.2.66 1SOAAAAAA h.test * :Zoe"
    so1 >> f":1SO SJOIN {int(club.clock.time())} #c +nt :@1SOAAAAAA"
    club.clock.advance(2)  # the gate opens
    root = staff(club)
    so1.lines()
    why = "so1.test, or a server on the way to it, is of another make or older, and obeys nobody"
    assert said(root, "SAJOIN zoe #d") == [f"FAIL SAJOIN CANNOT_FORCE zoe :{why}"]
    assert said(root, "SAPART zoe #c") == [f"FAIL SAPART CANNOT_FORCE zoe :{why}"]
    assert said(root, "SANICK zoe zora") == ["NOTICE root :so1.test was asked to call zoe zora"]
    so1 << ":* ENCAP so1.test RSFNC 1SOAAAAAA zora *"
    assert said(root, "SAMODE #c -o+m zoe") == []
    so1 << "* :0CN TMODE 1700000000 #c +m-o 1SOAAAAAA"
    so1 << "* :0CN NOTICE #c :root, an operator, changed modes: -o zoe +m"
    assert said(root, "SATOPIC #c :tea") == []
    so1 << "* #c *:tea"


def test_a_leaf_forces_nobody_here() -> None:
    club = Club(link=[block("leaf")], oper_class=[CLASS])
    caps = "BAN CHW EBMASK ENCAP EOPMOD EUID EX IE KNOCK MLOCK QS RSFNC SAVE SERVICES STAG TB CN1 CNORD"
    leaf = stranger(club, "leaf.test", "0ZA", caps=caps)
    vic = club.client("vic")
    leaf >> ":0ZA EUID zoe 1 1 +io ~zoe h.test 192.0.2.66 0ZAAAAAAA h.test * :Zoe"
    leaf >> ":0ZAAAAAAA OPER zoe staff"
    for number, words in enumerate((f'"SAJOIN", "{vic.user.uid}", "#c"', f'"SANICK", "{vic.user.uid}", "x"')):
        leaf >> f":0ZA CNORD {number} 0CN 0ZAAAAAAA :[{words}]"
    vic.silent()
    assert vic.user.nick == "vic" and not vic.user.channels and not club.store.audits
