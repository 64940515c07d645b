"""CONNECT and SQUIT, and what MAP, LINKS and STATS l tell of links."""

from __future__ import annotations

from typing import Any

from conversation import Client
from mesh import Mesh, Stranger
from staff import HASH, oper

from chatnet.links.lifetimes import sweep

CLASSES = [
    {"name": "router", "privileges": ["routing", "see-all"]},
    {"name": "other", "privileges": ["see-all"]},
]
OPERS = [
    {"name": "root", "class": "router", "password": HASH, "snomask": "x"},
    {"name": "other", "class": "other", "password": HASH, "snomask": "x"},
]


def three(**more: Any) -> tuple[Mesh, Client]:
    """A line of three servers, and an operator on the first."""
    mesh = Mesh("a", "b", "c", oper_class=CLASSES, oper=OPERS, **more)
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    root = oper(mesh["a"], "root")
    mesh.settle()
    root.lines()
    return mesh, root


def notices(client: Client) -> list[str]:
    """The texts of the server notices."""
    return [line.partition("Notice -- ")[2] for line in client.lines() if "Notice -- " in line]


def test_of_strangers_who_want_to_link_operators_are_told_in_measure() -> None:
    mesh, root = three()
    a = mesh["a"]
    for _ in range(50):
        (
            Stranger(a, "b.test", "9EV")
            >> "PASS guess TS 6 :9EV"
            >> "CAPAB :QS EX IE ENCAP"
            >> "SERVER b.test 1 :me"
        )
    refused = "Refused a link to 'b.test' from 192.0.2.200: the password is wrong"
    ended = "The connection to 192.0.2.200 ended: Invalid credentials"
    assert notices(root) == [refused, ended]
    mesh.advance(60)
    more = "(49 like this of this address within 60 seconds)"
    assert notices(root) == [f"{refused} {more}", f"{ended} {more}"]
    assert a.log.lines.count(refused) == 50


def test_squit_of_a_neighbour_ends_the_link() -> None:
    """https://modern.ircdocs.horse/#squit-message"""
    mesh, root = three()
    root >> "SQUIT b.test :upgrade"
    mesh.settle()
    assert notices(root) == [
        "root ends the link to b.test: upgrade",
        "The link to b.test ended: upgrade",
        "Netsplit a.test b.test (2 servers, 0 users): upgrade",
    ]
    assert [server.name for server in mesh["a"].node.network.servers.values()] == ["a.test"]
    assert {server.name for server in mesh["c"].node.network.servers.values()} == {"b.test", "c.test"}


def test_squit_of_a_distant_server_ends_the_link_that_leads_to_it() -> None:
    mesh, root = three()
    other = oper(mesh["b"], "other", "other")
    mesh.settle()
    root.lines()
    other.lines()
    root >> "SQUIT c.* :upgrade"
    mesh.settle()
    lost = "Netsplit b.test c.test (1 servers, 0 users): upgrade"
    assert notices(root) == ["root ends the link to c.test: upgrade", lost]
    assert notices(other) == [
        "a.test ends the link to c.test: upgrade",
        "The link to c.test ended: upgrade",
        lost,
    ]
    assert {server.name for server in mesh["a"].node.network.servers.values()} == {"a.test", "b.test"}
    assert {server.name for server in mesh["c"].node.network.servers.values()} == {"c.test"}


def test_a_link_may_be_kept_from_ending_others() -> None:
    link = ({"name": "a.test", "password": "linkpw", "role": "hub", "allow_squit_others": False},)
    mesh = Mesh("b", "c", "a", oper_class=CLASSES, oper=OPERS, sections_of={})
    house = mesh["b"]
    house.reload(link=[*link, {"name": "c.test", "password": "linkpw", "role": "hub"}])
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    root = oper(mesh["a"], "root")
    root >> "SQUIT c.test"
    mesh.settle()
    assert {server.name for server in mesh["a"].node.network.servers.values()} == {
        "a.test",
        "b.test",
        "c.test",
    }
    mesh.check()


def test_squit_is_refused() -> None:
    mesh, root = three()
    root >> "SQUIT a.test" >> "SQUIT nowhere.test" >> "SQUIT root"
    assert root.numerics() == ["402", "402", "402"]
    ann, other = mesh["a"].client("ann"), oper(mesh["a"], "other", "other")
    ann >> "SQUIT b.test"
    ann << ":a.test 481 *"
    other >> "SQUIT b.test"
    other << ":a.test 723 other routing :Insufficient oper privileges"
    other >> "CONNECT b.test"
    other << ":a.test 723 other routing :*"
    mesh.check()


def test_connect_dials_a_server_of_the_configuration() -> None:
    """https://modern.ircdocs.horse/#connect-message"""
    mesh, root = three()
    house = mesh["a"]
    house.reload(
        link=[
            *house.settings.model_dump()["link"],
            {"name": "d.test", "password": "x", "addresses": ["/run/d.sock"], "autoconnect": False},
        ]
    )
    root.lines()
    root >> "CONNECT x.test"
    root << ":a.test 402 root x.test :No such server"
    root >> "CONNECT b.test 6667"
    root << ":a.test NOTICE root :CONNECT: The [[link]] for b.test has no addresses*"
    root >> "CONNECT d.*"
    root << ":a.test NOTICE * :*** Notice -- Connecting to d.test (/run/d.sock)"
    root.until(":a.test NOTICE root :CONNECT: connecting to d.test")
    root << ":a.test NOTICE * :*** Notice -- root has a.test connect to d.test"


def test_another_server_is_told_to_connect() -> None:
    """It asks for the privilege itself."""
    mesh, root = three()
    root >> "CONNECT x.test 0 c.test"
    mesh.settle()
    root << ":c.test 402 root x.test :No such server"
    root >> "CONNECT a.test 0 c.test"
    mesh.settle()
    root << ":c.test NOTICE root :CONNECT: *"
    root.silent()


def test_links_and_map_show_the_tree_with_hops_and_lag() -> None:
    mesh, root = three()
    sweep(mesh["a"].parts.links)
    mesh.clock.advance(0.25)
    mesh.settle()
    root.lines()
    root >> "LINKS"
    root << ":a.test 364 root a.test a.test :0 A chatnet server"
    root << ":a.test 364 root b.test a.test :1 A chatnet server"
    root << ":a.test 364 root c.test b.test :2 A chatnet server" << ":a.test 365 *"
    root >> "MAP"
    root << ":a.test 015 root :a.test[0AA]---* | Users:     1 (100.0%)"
    root << ":a.test 015 root :`- b.test[0BA]---* | Users:     0 ( 0.0%) | Hops: 1 | Lag: 250 ms"
    root << ":a.test 015 root :   `- c.test[0CA]---* | Users:     0 ( 0.0%) | Hops: 2"


def test_stats_l_shows_links_to_who_may_see_all() -> None:
    mesh, root = three()
    link = next(mesh["a"].parts.links.neighbours())
    mesh.advance(60)
    root.lines()
    sent, received = link.lines_out, link.lines_in
    root >> "STATS l"
    root << f":a.test 211 root b.test 0 {sent} 0 {received} 0 :60 linked"
    root << ":a.test 249 root l :root*" << ":a.test 219 root l *"
    assert link.bytes_out == sum(len(line) + 2 for line in mesh.said("a", "b"))
    assert link.bytes_in == sum(len(line) + 2 for line in mesh.said("b", "a"))
    ann = mesh["a"].client("ann")
    ann >> "STATS l"
    assert ann.numerics() == ["249", "219"]


def test_operators_read_who_came_and_who_was_lost() -> None:
    mesh, root = three()
    mesh.cut("b", "c")
    mesh.settle()
    assert notices(root) == ["Netsplit b.test c.test (1 servers, 0 users): Connection reset by peer"]
    mesh.link("b", "c")
    mesh.settle()
    assert notices(root) == ["c.test is linked to b.test now", "Netjoin b.test c.test"]
