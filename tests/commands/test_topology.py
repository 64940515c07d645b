"""LINKS, MAP, TRACE."""

from __future__ import annotations

import pytest
from conversation import House
from staff import oper, sections
from states import opered

from chatnet.model.ids import SID
from chatnet.model.server import Server


def spread(house: House) -> None:
    """Three more servers: two behind us, one behind the first."""
    network = house.node.network
    hub = Server(SID("1AA"), "hub.test", "The hub", 1, network.me)
    leaf = Server(SID("1AB"), "leaf.test", "A leaf", 2, hub)
    west = Server(SID("1AC"), "west.test", "The west", 1, network.me)
    network.servers.update({server.sid: server for server in (hub, leaf, west)})


def test_links_of_one_server(house: House) -> None:
    ann = house.client("ann")
    ann >> "LINKS"
    ann << ":irc.test 364 ann irc.test irc.test :0 A chatnet server"
    ann << ":irc.test 365 ann * :End of /LINKS list"


def test_links_of_several_and_by_mask(house: House) -> None:
    spread(house)
    ann = house.client("ann")
    ann >> "LINKS"
    ann.until("* 364 ann irc.test irc.test :0 *")
    ann << ":irc.test 364 ann hub.test irc.test :1 The hub"
    ann << ":irc.test 364 ann west.test irc.test :1 The west"
    ann << ":irc.test 364 ann leaf.test hub.test :2 A leaf"
    ann << ":irc.test 365 ann * :End of /LINKS list"
    ann >> "LINKS irc.test L*"
    ann << ":irc.test 364 ann leaf.test hub.test :2 A leaf"
    ann << ":irc.test 365 ann L* :End of /LINKS list"


def test_map_draws_a_tree(house: House) -> None:
    spread(house)
    ann = house.client("ann")
    ann >> "MAP"
    ann << ":irc.test 015 ann :irc.test[0CN]---* | Users:     1 (100.0%)"
    ann << ":irc.test 015 ann :|- hub.test[1AA]---* | Users:     0 ( 0.0%) | Hops: 1"
    ann << ":irc.test 015 ann :|  `- leaf.test[1AB]---* | Users:     0 ( 0.0%) | Hops: 2"
    ann << ":irc.test 015 ann :`- west.test[1AC]---* | Users:     0 ( 0.0%) | Hops: 1"
    ann << ":irc.test 017 ann :End of /MAP"


def test_hidden_servers_look_like_one() -> None:
    house = House(**sections(server={"hide_servers": True}))
    spread(house)
    ann = house.client("ann")
    ann >> "LINKS" >> "MAP"
    assert ann.numerics() == ["364", "365", "015", "017"]
    root = oper(house, "root")
    root >> "LINKS" >> "MAP"
    assert root.numerics() == ["364"] * 4 + ["365"] + ["015"] * 4 + ["017"]


def test_trace_shows_a_user_their_own_connection(house: House) -> None:
    house.client("bob")
    ann = house.client("ann")
    house.clock.advance(9)
    ann.lines()
    ann >> "TRACE"
    ann << ":irc.test 205 ann User default ann[~ann@192.0.2.1] (192.0.2.1) 0 9"
    ann << ":irc.test 262 ann irc.test :End of TRACE"
    ann >> "TRACE bob"
    ann << ":irc.test 262 ann bob :End of TRACE"
    ann.silent()


def test_trace_shows_opers_everybody() -> None:
    house = House(**sections())
    root = oper(house, "root")
    house.client("ann", address="192.0.2.7")
    house.connect("192.0.2.8")
    root.lines()
    root >> "TRACE"
    root << ":irc.test 204 root Oper default root[~root@192.0.2.1] (192.0.2.1) 0 0"
    root << ":irc.test 205 root User default ann[~ann@192.0.2.7] (192.0.2.7) 0 0"
    root << ":irc.test 203 root ???? default *[*@192.0.2.8] (192.0.2.8) 0"
    root << ":irc.test 209 root Class default 3"
    root << ":irc.test 262 root irc.test :End of TRACE"
    root >> "TRACE ann"
    assert root.numerics() == ["205", "262"]


def test_an_oper_who_may_not_see_all_traces_as_a_user() -> None:
    house = House(**sections())
    helper = oper(house, "helper", "help")
    house.client("ann")
    helper >> "TRACE"
    assert helper.numerics() == ["204", "262"]


@pytest.mark.parametrize(("command", "reply"), [("TRACE", "205"), ("STATS l", "249")])
def test_operators_are_told_of_as_many_connections_as_fit(command: str, reply: str) -> None:
    house = House(connection_class=[{"name": "default", "sendq": 4096}])
    ann = house.client("ann")
    for number in range(30):
        house.client(f"n{number}")
    opered(ann, "see-all")
    ann >> command
    codes = [line.split(" ")[1] for line in ann.lines()]
    assert codes.count(reply) + codes.count("204") == 16 and codes.count("416") == 1
    house.check()
