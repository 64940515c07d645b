"""NickServ is a user to whoever asks, and is counted and told nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from club import Club
from conversation import House
from mesh import Mesh, block, stranger
from nickserv import Heard
from pydantic import ValidationError
from staff import oper, sections
from states import opered

from chatnet.model.server import Server
from chatnet.services.pseudo_users import seat
from chatnet.settings import Settings, services_name


@pytest.fixture
def house() -> Any:
    house = Club(**sections())
    yield house
    house.check()


def test_it_is_found_by_whoever_asks_for_it(house: House) -> None:
    ann = house.client("ann")
    ann >> "WHOIS nickserv"
    ann << ":irc.test 311 ann NickServ NickServ services.chatnet * :Accounts and nicks"
    ann << ":irc.test 312 ann NickServ services.chatnet :Accounts and channels"
    ann << ":irc.test 313 ann NickServ :is a network service"
    ann << ":irc.test 318 ann nickserv :End of /WHOIS list"
    ann >> "WHOIS NickServ NickServ"
    ann << ":irc.test 311 ann NickServ *"
    ann.lines()
    ann >> "ISON NickServ ann"
    ann << ":irc.test 303 ann :NickServ ann"
    ann >> "USERHOST NickServ"
    ann << ":irc.test 302 ann :NickServ=+NickServ@services.chatnet"
    ann >> "MONITOR + NickServ"
    ann << ":irc.test 730 ann :NickServ!NickServ@services.chatnet"
    ann >> "WHO NickServ"
    ann << ":irc.test 352 ann * NickServ services.chatnet services.chatnet NickServ H :1 Accounts and nicks"
    ann << ":irc.test 315 ann NickServ :End of WHO list"


def test_chanserv_is_another_one(house: House) -> None:
    ann = house.client("ann")
    ann >> "WHOIS chanserv"
    ann << ":irc.test 311 ann ChanServ ChanServ services.chatnet * :Channels"
    ann << ":irc.test 312 ann ChanServ services.chatnet :Accounts and channels"
    ann.lines()
    for line in ("CS HELP", "CHANSERV", "PRIVMSG ChanServ :help", "PRIVMSG chanserv@services.chatnet :HELP"):
        ann >> line
        ann << ":ChanServ!ChanServ@services.chatnet NOTICE ann :/msg ChanServ <command>, in *"
        assert any("REGISTER <#channel>" in line for line in ann.lines())
    ann >> "NICK ChanServ"
    ann << ":irc.test 433 ann ChanServ :Nickname is already in use"


def test_two_pseudo_users_have_two_nicks() -> None:
    with pytest.raises(ValidationError, match="need three nicks"):
        Settings.model_validate({"services": {"nickserv": "serv", "chanserv": "SERV"}})


def test_it_is_counted_and_listed_nowhere(house: House) -> None:
    root = oper(house, "root")
    opered(root, "see-all")
    for question, never in (
        ("LINKS", "services"),
        ("MAP", "services"),
        ("WHO *", "NickServ"),
        ("WHO *serv*", "NickServ"),
        ("STATS p", "NickServ"),
        ("TRACE", "NickServ"),
    ):
        root >> question
        assert not [line for line in root.lines() if never in line], question
    root >> "LUSERS"
    root << ":irc.test 251 root :There are 0 users and 1 invisible on 1 servers"
    root << ":irc.test 252 root 1 :operator(s) online"
    assert house.node.network.most_users == 1


def test_nobody_else_has_its_nick(house: House) -> None:
    nobody = house.connect()
    nobody >> "NICK nickserv"
    nobody << ":irc.test 433 * nickserv :Nickname is already in use"
    ann = house.client("ann")
    ann >> "NICK NickServ"
    ann << ":irc.test 433 ann NickServ :Nickname is already in use"


def test_operators_do_nothing_to_it(house: House) -> None:
    root = oper(house, "root")
    opered(root, "kill", "channels", "broadcast")
    root >> "JOIN #c"
    root.lines()
    root >> "KILL NickServ :enough"
    root << ":irc.test 485 root NickServ :Network services cannot be killed or invited"
    root >> "INVITE NickServ #c"
    root << ":irc.test 485 root NickServ :*"
    root >> "KICK #c NickServ"
    root << ":irc.test 441 root NickServ #c :*"
    root >> "MODE #c +o NickServ"
    root << ":irc.test 441 root NickServ #c :*"
    root >> "MODE NickServ -i"
    root << ":irc.test 502 root :*"
    root >> "PRIVMSG $$services.chatnet :hello"
    root << ":irc.test 402 root services.chatnet :No such server"
    root.silent()
    root >> "ACCEPT NickServ"
    root.silent()


def test_neighbours_never_hear_of_it() -> None:
    mesh = Mesh("a", "b")
    for house in mesh:
        seat(house.node)
    ann = mesh["a"].client("ann")
    mesh.link("a", "b")
    mesh.settle()
    bob = mesh["b"].client("bob")
    mesh.settle()
    for client in (ann, bob):
        client >> "WHOIS NickServ"
        assert "services.chatnet" in client.lines()[0]
    mesh.settle()
    for one, two in (("a", "b"), ("b", "a")):
        assert not [line for line in mesh.said(one, two) if "00S" in line or "ckserv" in line.lower()]
    ann >> "LUSERS"
    ann << ":a.test 251 ann :There are 0 users and 2 invisible on 2 servers"
    mesh.check()


def test_strangers_that_want_its_names() -> None:
    house = Club(accounts={"authority": "here"}, link=[block("so1"), block("so2", role="services")])
    ann = house.client("ann")
    so1 = stranger(house, "so1.test", "1SO")
    for ts in (0, 1, 5):
        so1 >> f":1SO EUID NickServ 1 {ts} +i NickServ services.chatnet 192.0.2.9 1SOAAAAA{ts} * * :Mine"
        assert house.node.network.user("NickServ") is not None
        assert house.node.network.nicks[house.node.network.fold("NickServ")].server.virtual
    so1 >> ":1SO EUID bob 1 1700000000 +i b host 192.0.2.9 1SOAAAAAZ * * :Bob"
    so1 >> ":1SOAAAAAZ NICK NickServ :3"
    so1.lines()
    # what is said to it from elsewhere, or done to it, is said to nobody
    heard = Heard(house)
    for line in (
        ":1SO KILL NickServ :so1 (no)",
        ":1SO KILL 00SAAAAAA :so1 (no)",
        ":1SOAAAAAZ PRIVMSG NickServ :IDENTIFY secret",
        ":1SOAAAAAZ PRIVMSG 00SAAAAAA :IDENTIFY secret",
        ":NickServ NOTICE ann :it is me",
    ):
        so1 >> line
    assert heard.facts == []
    ann.silent()
    so2 = stranger(house, "so2.test", "2SO")
    so2 >> f":2SO ENCAP irc.test RSFNC {ann.user.uid} NickServ 1700000000 {ann.user.nick_ts}"
    assert house.node.network.user("NickServ").server.virtual  # type: ignore[union-attr]
    # nor is there a second server of that name, but no link ends for it
    (
        so1
        >> ":1SO SID services.chatnet 2 7SV :mine"
        >> ":7SV EUID eve 1 1 +i e host 192.0.2.9 7SVAAAAAA * * :Eve"
    )
    assert so1.gone is None
    assert "7SV" not in house.node.network.servers and house.node.network.user("eve") is None
    house.check()


@pytest.mark.parametrize(("name", "sid"), [("so1.test", "00S"), ("services.chatnet", "1SO")])
def test_a_neighbour_with_its_name_or_id(name: str, sid: str) -> None:
    services = {**block("x", role="services"), "name": "services.chatnet"}
    house = Club(accounts={"authority": "here"}, link=[block("so1"), services])
    it = Heard(house)
    with pytest.raises(AssertionError):
        stranger(house, name, sid)
    assert it.facts == []
    assert "its name or SID is on the network already" in "".join(house.log.lines)


@pytest.mark.parametrize(
    ("network", "name"),
    [
        ("chatnet", "services.chatnet"),
        ("Chess.Club", "services.chess-club"),
        ("ÜÖ", "services.network"),
        ("x" * 63, "services." + "x" * 54),
    ],
)
def test_the_name_of_the_virtual_server(network: str, name: str) -> None:
    assert services_name("", network) == name
    assert services_name("serv.example.org", network) == "serv.example.org"
    Settings.model_validate({"server": {"network": network}})


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"services": {"name": "services"}}, "is not a server name"),
        ({"services": {"nickserv": "1st"}}, "is not a nick"),
        ({"server": {"sid": "00S"}}, "00S is that of a server"),
        ({"server": {"name": "services.chatnet"}}, "needs another services.name"),
        ({"link": [block("so1", sid="00S")]}, "needs another services.sid"),
    ],
)
def test_settings_that_cannot_be(sections: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Settings.model_validate(sections)


def test_services_that_are_linked_may_have_these_names() -> None:
    link = {**block("x", role="services", sid="00S"), "name": "services.chatnet"}
    assert Settings.model_validate({"link": [link]}).link[0].sid == "00S"


def test_a_server_is_a_program_unless_it_is_virtual(house: House) -> None:
    virtual = house.node.network.virtual
    assert isinstance(virtual, Server) and virtual.virtual
    assert not house.node.network.me.virtual
