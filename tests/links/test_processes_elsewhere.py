"""Processes of another machine's server: people here know them by its name, by the roll of full servers."""

from __future__ import annotations

from clubs import Clubs
from states import opered

from chatnet.model.server import Server
from chatnet.records.accounts import NAME
from chatnet.records.channels import MACHINE
from chatnet.records.grammar import server_entity
from chatnet.services.ledger import Change


def test_people_know_processes_elsewhere_by_the_name_of_their_server() -> None:
    mesh = Clubs("a", "b", "c")
    for other in ("b", "c"):
        mesh.link("a", other)
    mesh.settle()
    ann, cat = mesh["a"].client("ann"), mesh["c"].client("cat")
    mesh.settle()
    ann >> "WHOIS cat"
    ann.until("* 312 ann cat c.test :*")
    # The third writes that it is a process of the second.
    a, b, c = (mesh[name].node.network.me for name in "abc")
    said = ((b, NAME, "b.test"), (c, NAME, "c.test"), (c, MACHINE, b.sid))

    def write(server: Server, field: str, value: str | None) -> None:
        club = mesh[server.name[0]]
        club.run(club.accounts.ledger.write([Change(server_entity(server.sid), field, value)]))
        mesh.settle()

    for server, field, value in said:
        write(server, field, value)
    servers = mesh["a"].node.network.servers
    assert [servers[server.sid].shown for server in (a, b, c)] == ["a.test", "b.test", "b.test"]
    ann >> "WHOIS cat"
    ann.until("* 312 ann cat b.test :*")
    opered(ann, "see-all")
    ann >> "WHOIS cat"
    ann.until("* 312 ann cat c.test :*")
    # What a server is itself it knows by what it was started as.
    cat >> "TIME"
    cat << ":c.test 391 cat c.test :*"
    # It is none any more.
    write(c, MACHINE, None)
    assert servers[c.sid].shown == "c.test"
    # One that comes later is known at once.
    write(c, MACHINE, b.sid)
    mesh.cut("a", "c")
    mesh.link("a", "c")
    mesh.settle()
    assert servers[c.sid].shown == "b.test"
