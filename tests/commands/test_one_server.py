"""A server of several processes: people see one server, operators who see all its processes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from conversation import Client
from several import Processes
from staff import PASSWORD, sections
from states import opered

from chatnet.model.facts import Killed

OTHERS = re.compile(r"irc-\d")


@pytest.fixture
def mesh() -> Processes:
    return Processes(3, **sections())


def three(mesh: Processes) -> Iterator[Client]:
    """Somebody on each, all in one channel."""
    clients = [mesh[name].client(nick) for name, nick in zip(mesh.houses, ("ann", "bob", "cat"), strict=True)]
    for client in clients:
        client >> "JOIN #c"
        mesh.settle()
    for client in clients:
        client.lines()
        yield client


def said(mesh: Processes, client: Client, *lines: str) -> list[str]:
    """What somebody reads of some lines, wherever the answers come from."""
    for line in lines:
        client >> line
        mesh.settle()
    return client.lines()


ASKED = (
    "WHOIS ann", "WHOIS ann ann", "WHO #c", "WHO #c %tcuhnsfar,7", "WHO irc*.test", "LINKS", "MAP", "LUSERS",
    "VERSION", "TIME", "TIME irc.test", "ADMIN", "INFO", "MOTD", "STATS u", "STATS u irc.test", "TRACE",
    "NAMES #c", "LIST", "MODE #c", "MODE #c b", "TOPIC #c", "PING x", "HELP", "WHOWAS nobody", "ISON ann",
    "USERHOST ann", "TIME irc-3.test", "VERSION ann", "MONITOR + ann", "NOSUCH", "STATS l", "STATS p",
)  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
def test_people_read_the_name_of_the_server_alone(mesh: Processes, asked: str) -> None:
    _, bob, _ = three(mesh)
    lines = said(mesh, bob, asked)
    assert lines or asked == "MODE #c b"
    for line in lines:
        source = line.split(" ")[0]
        assert source == ":irc.test", line
        assert asked.startswith("TIME irc-3") or not OTHERS.search(line), line


def test_whoever_comes_is_welcomed_by_the_server(mesh: Processes) -> None:
    client = mesh["irc-2"].connect()
    client >> "CAP LS 302" >> "NICK dan" >> "USER dan 0 * :Dan" >> "CAP END"
    lines = client.lines()
    assert {line.split(" ")[0] for line in lines} == {":irc.test", ":dan!~dan@192.0.2.1"}
    assert not OTHERS.search(" ".join(lines))
    assert any(" 004 dan irc.test chatnet-" in line for line in lines)


def test_who_is_on_another_process_is_here(mesh: Processes) -> None:
    _, bob, _ = three(mesh)
    lines = said(mesh, bob, "WHO #c")
    assert [line.split(" ")[-2] for line in lines[:-1]] == [":0"] * 3
    assert [line.split(" ")[6] for line in lines[:-1]] == ["irc.test"] * 3
    text = " ".join(said(mesh, bob, "LUSERS"))
    assert "on 1 servers" in text and "I have 3 clients and 0 servers" in text


def test_operators_who_see_all_see_the_processes(mesh: Processes) -> None:
    _, bob, cat = three(mesh)
    said(mesh, bob, f"OPER root {PASSWORD}")
    assert any(" 312 bob cat irc-3.test :" in line for line in said(mesh, bob, "WHOIS cat"))
    assert {line.split(" ")[6] for line in said(mesh, bob, "WHO #c")[:-1]} == {
        "irc.test", "irc-2.test", "irc-3.test",
    }  # fmt: skip
    links = [line for line in said(mesh, bob, "LINKS") if " 364 " in line]
    assert [line.split(" ")[3] for line in links] == ["irc-2.test", "irc.test", "irc-3.test"]
    (version, *_) = said(mesh, bob, "VERSION")
    assert version.split(" ")[4] == "irc-2.test"
    # Another one answers, by the name of all.
    assert said(mesh, bob, "TIME irc-3.test")[0].startswith(":irc.test 391 bob irc-3.test :")
    assert said(mesh, bob, "TIME irc.test")[0].startswith(":irc.test 391 bob irc.test :")
    assert said(mesh, cat, "TIME irc.test")[0].startswith(":irc.test 391 cat irc.test :")


def test_servers_say_and_set_things_by_one_name(mesh: Processes) -> None:
    ann, bob, cat = three(mesh)
    opered(cat, "see-all", "force")
    told = said(mesh, cat, "SAMODE #c +b *!*@192.0.2.9")
    assert ":irc.test MODE #c +b *!*@192.0.2.9" in told
    for client in (ann, bob):
        mode, *notices = client.lines()
        assert mode == ":irc.test MODE #c +b *!*@192.0.2.9"
        assert all(line.startswith(":irc.test NOTICE #c :") for line in notices)
    said(mesh, bob, "PART #c", "JOIN #c")
    lines = said(mesh, bob, "MODE #c b")
    assert len(lines) == 2 and not OTHERS.search(" ".join(lines))
    # All have the same of it, whoever shows what.
    entries = [
        [
            entry.by
            for channel in house.node.network.channels.values()
            for entry in channel.lists["b"].values()
        ]
        for house in mesh
    ]
    assert entries == [entries[0]] * 3


def test_notices_to_operators_tell_the_process(mesh: Processes) -> None:
    ann, bob, _ = three(mesh)
    opered(bob, "see-all", snomask="go")
    opered(ann, snomask="go")
    mesh["irc-2"].node.notice("g", "of the second")
    mesh["irc-2"].node.notice("o", "for all")
    mesh.settle()
    assert bob.lines() == [
        f":irc-2.test NOTICE * :*** Notice -- {text}" for text in ("of the second", "for all")
    ]
    assert ann.lines() == [":irc-2.test NOTICE * :*** Notice -- for all"]


def test_a_process_that_is_lost_is_a_split_without_names(mesh: Processes) -> None:
    _, bob, _ = three(mesh)
    mesh.cut("irc", "irc-3")
    mesh.settle()
    lines = bob.lines()
    assert lines and not OTHERS.search(" ".join(lines))
    assert lines[-1] == ":cat!~cat@192.0.2.1 QUIT :*.net *.split"
    lines = said(mesh, bob, "WHOWAS cat")
    assert any(" 312 bob cat irc.test :" in line for line in lines) and not OTHERS.search(" ".join(lines))
    opered(bob, "see-all")
    assert any(" 312 bob cat irc-3.test :" in line for line in said(mesh, bob, "WHOWAS cat"))


def test_who_stays_is_not_missed_when_the_process_between_them_dies(mesh: Processes) -> None:
    """Those of the lost one are gone at once, others when there is no way to them for ten seconds."""
    ann, bob, cat = three(mesh)
    for name in ("irc-2", "irc-3"):
        mesh.cut("irc", name)
    mesh.settle()
    for client in (bob, cat):
        assert client.lines() == [":ann!~ann@192.0.2.1 QUIT :*.net *.split"]
    bob >> "PRIVMSG cat :still there?"
    assert bob.lines() == []
    mesh.advance(9.0)
    mesh.link("irc-3", "irc-2")
    mesh.settle()
    assert bob.lines() == []
    assert cat.lines() == [":bob!~bob@192.0.2.1 PRIVMSG cat :still there?"]
    mesh.advance(2.0)
    mesh.cut("irc-2", "irc-3")
    mesh.settle()
    assert bob.lines() == [":cat!~cat@192.0.2.1 QUIT :*.net *.split"]
    assert ann.lines()


def test_who_is_lost_with_a_process_for_long_is_gone(mesh: Processes) -> None:
    _, bob, _ = three(mesh)
    for name in ("irc-2", "irc-3"):
        mesh.cut("irc", name)
    mesh.settle()
    bob.lines()
    mesh.advance(9.9)
    assert bob.lines() == []
    mesh.advance(0.2)
    assert bob.lines() == [":cat!~cat@192.0.2.1 QUIT :*.net *.split"]


def test_a_kill_by_a_server_bears_its_name(mesh: Processes) -> None:
    ann, _, cat = three(mesh)
    second = mesh["irc-2"].node
    user = second.network.user("cat")
    assert user is not None
    second.commit(Killed(user, second.network.me, "spam", second.clock.time()))
    mesh.settle()
    assert ann.lines() == [":cat!~cat@192.0.2.1 QUIT :Killed (irc.test (spam))"]
    assert not OTHERS.search(" ".join(cat.lines()))


def test_the_name_of_the_server_means_all_its_processes(mesh: Processes) -> None:
    ann, bob, cat = three(mesh)
    opered(cat, "broadcast", "bans")
    said(mesh, cat, "NOTICE $$irc.test :to all")
    for client in (ann, bob):
        assert client.lines() == [":cat!~cat@192.0.2.1 NOTICE $$irc.test :to all"]
    assert said(mesh, cat, "NOTICE $$irc-2.test :to one") == []
    assert ann.lines() == [] and len(bob.lines()) == 1
    said(mesh, cat, "KLINE 60 *@198.51.100.7 ON irc.test :spam")
    for house in mesh:
        assert "*@198.51.100.7" in house.node.network.bans["K"]
    # A ban of a channel that means a server, by the name that people see.
    said(mesh, ann, "MODE #c +b $s:irc.test")
    for client in (bob, cat):
        said(mesh, client, "PART #c")
        assert any(" 474 " in line for line in said(mesh, client, "JOIN #c"))


def test_a_restart_is_asked_for_by_either_name(mesh: Processes) -> None:
    _, bob, _ = three(mesh)
    opered(bob, "die")
    assert any(" 402 " in line for line in said(mesh, bob, "DIE irc-3.test"))
    said(mesh, bob, "DIE irc.test", "DIE irc-2.test")
    assert mesh["irc-2"].control.asked == ["die: Server going down"] * 2


def test_servers_that_are_not_to_be_hidden_are_shown() -> None:
    mesh = Processes(2, server={"hide_servers": False})
    bob = mesh["irc-2"].client("bob")
    assert any(" 312 bob bob irc-2.test :" in line for line in said(mesh, bob, "WHOIS bob"))
    assert sum(" 364 " in line for line in said(mesh, bob, "LINKS")) == 2


def test_figures_say_that_they_are_of_one_process(mesh: Processes) -> None:
    _, bob, cat = three(mesh)
    lines = said(mesh, bob, "STATS u")
    assert lines[0] == ":irc.test 242 bob :Server Up 0 days 1:00:00"
    assert lines[-2:] == [
        ":irc.test 249 bob u :of process 2 of 3 alone", ":irc.test 219 bob u :End of /STATS report",
    ]  # fmt: skip
    said(mesh, cat, f"OPER root {PASSWORD}")
    for letter in "lmnPw?":
        lines = said(mesh, cat, f"STATS {letter}")
        assert f":irc.test 249 cat {letter} :of process 3 of 3 alone, irc-3.test" in lines, letter
    for letter in "aykpio":
        assert not any("alone" in line for line in said(mesh, cat, f"STATS {letter}"))
    lines = said(mesh, cat, "STATS m irc-2.test")
    assert lines[-2] == ":irc.test 249 cat m :of process 2 of 3 alone, irc-2.test"
