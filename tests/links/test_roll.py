"""Which full servers there are, which are away, and who gives out names meanwhile."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from clubs import Clubs, FullClub
from conversation import Client
from states import opered

from chatnet.services.sweeping import Sweeping

OLD = "old-password"


def sweeping(club: FullClub) -> Sweeping:
    nickserv = club.parts.nickserv
    assert nickserv is not None
    return nickserv.sweeping


def linked(*names: str, **sections: Any) -> Clubs:
    """Clubs in a row, each of which has signed."""
    mesh = Clubs(*names, **sections)
    for one, other in pairwise(names):
        mesh.link(one, other)
    mesh.settle()
    for name in names:
        sweeping(mesh[name]).sweep()
    mesh.settle()
    return mesh


def register(mesh: Clubs, name: str, nick: str) -> Client:
    client = mesh[name].client(nick)
    client >> f"NS REGISTER {OLD}"
    mesh.settle()
    return client


def test_each_server_writes_of_itself_once_a_day() -> None:
    mesh = linked("a", "b")
    for club in (mesh["a"], mesh["b"]):
        assert [(each.sid, each.name) for each in club.accounts.roll.all()] == [
            ("0AA", "a.test"),
            ("0BA", "b.test"),
        ]
    mesh.agree()
    before = mesh.known("a")
    mesh.advance(3600)
    sweeping(mesh["a"]).sweep()
    assert mesh.known("a") == before
    mesh.clock.advance(86400)
    sweeping(mesh["a"]).sweep()
    changed = mesh.known("a") - before
    assert [each.field for each in changed] == ["heard"]
    mesh.check()


def test_who_changes_a_password_reads_where_the_old_one_still_holds() -> None:
    mesh = linked("a", "b", "c")
    ann = register(mesh, "a", "ann")
    ann.lines()
    ann >> f"NS SET PASSWORD {OLD} new-password"
    ann << ":NickServ!*NOTICE ann :Your password is changed on a.test. b.test and c.test hear of it now."
    mesh.settle()
    mesh.cut("b", "c")
    mesh.settle()
    ann >> "NS SET PASSWORD new-password newest-password"
    ann << (
        ":NickServ!*NOTICE ann :Your password is changed on a.test. b.test hears of it now."
        " c.test is away and takes the old one until it is back."
    )
    mesh.check()


def test_who_changes_a_password_reads_of_servers_whose_connection_is_lost() -> None:
    mesh = linked("a", "b", "c")
    ann = register(mesh, "a", "ann")
    mesh.reset("a", "b")
    ann.lines()
    ann >> f"NS SET PASSWORD {OLD} new-password"
    ann << (
        ":NickServ!*NOTICE ann :Your password is changed on a.test."
        " b.test and c.test hear of it later, and take the old one until they know."
    )


def test_a_majority_gives_out_names_and_the_others_do_not() -> None:
    mesh = linked("a", "b", "c", accounts={"names": "majority"})
    mesh.cut("b", "c")
    register(mesh, "a", "ann").until(":NickServ!*NOTICE ann :The account ann is yours*")
    cat = register(mesh, "c", "cat")
    cat << ":NickServ!*NOTICE cat :Too many servers are away to give out names*"
    assert mesh["c"].node.network.registry.named("cat") is None
    mesh.link("b", "c")
    mesh.settle()
    cat.lines()
    cat >> f"NS REGISTER {OLD}"
    cat.until(":NickServ!*NOTICE cat :The account cat is yours*")
    mesh.check()


def test_the_processes_of_a_server_are_one_of_the_servers_that_make_a_majority() -> None:
    mesh = linked("a", "b", "c", accounts={"names": "majority"})
    for name in "bc":
        mesh[name].accounts.roll.processes = ("0BA", "0CA")
        sweeping(mesh[name]).sweep()
        mesh.settle()
    assert [each.machine for each in mesh["a"].accounts.roll.all()] == ["0AA", "0BA", "0BA"]
    mesh.cut("b", "c")
    register(mesh, "a", "ann").until(":NickServ!*NOTICE ann :The account ann is yours*")
    mesh.link("b", "c")
    mesh.settle()
    mesh.cut("a", "b")
    # Two of three servers, but one of two machines.
    for name, nick in (("a", "amy"), ("b", "bob"), ("c", "cat")):
        register(mesh, name, nick).until(f":NickServ!*NOTICE {nick} :Too many servers are away*")
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    mesh.check()


def test_a_server_waits_for_none_of_the_processes_that_it_had_once() -> None:
    mesh = linked("a", "b")
    for name in "ab":
        mesh[name].accounts.roll.processes = ("0AA", "0BA")
        sweeping(mesh[name]).sweep()
        mesh.settle()
    mesh.cut("a", "b")
    roll = mesh["a"].accounts.roll
    sweeping(mesh["a"]).sweep()
    assert [each.sid for each in roll.away()] == ["0BA"]  # it has only died
    roll.processes = ()
    sweeping(mesh["a"]).sweep()
    assert roll.away() == []
    # There are two again.
    mesh.link("a", "b")
    mesh.settle()
    sweeping(mesh["b"]).sweep()
    mesh.settle()
    assert len(roll.all()) == 2
    mesh.agree()


def test_a_server_that_does_not_come_back_is_waited_for_no_more() -> None:
    mesh = linked("a", "b", accounts={"names": "majority"})
    mesh.cut("a", "b")
    roll = mesh["a"].accounts.roll
    (away,) = roll.away()
    mesh["a"].done(roll.strike(away, "root"))
    assert roll.away() == []
    register(mesh, "a", "ann").until(":NickServ!*NOTICE ann :The account ann is yours*")
    # It comes back all the same, and is one of them again.
    mesh.link("a", "b")
    mesh.settle()
    sweeping(mesh["b"]).sweep()
    mesh.settle()
    assert len(roll.all()) == 2
    mesh.agree()
    mesh.check()


def test_nothing_is_erased_while_somebody_is_away_who_may_bring_it_back() -> None:
    mesh = linked("a", "b")
    account = mesh["a"].account("ann")
    mesh.settle()
    mesh["a"].change(account, status="dropped")
    mesh.settle()
    mesh.cut("a", "b")
    mesh.clock.advance(8 * 86400)
    sweeping(mesh["a"]).sweep()
    assert account.id in mesh["a"].node.network.registry.accounts
    mesh.link("a", "b")
    mesh.settle()
    sweeping(mesh["a"]).sweep()
    mesh.settle()
    assert account.id not in mesh["b"].node.network.registry.accounts
    mesh.agree()
    mesh.check()


def test_a_server_that_is_being_filled_gives_out_no_names() -> None:
    mesh = Clubs("a", "b")
    mesh["a"].account("ann")
    mesh.link("a", "b")
    while mesh["b"].parts.links.feeds.learning is False:
        assert mesh.deliver_one(0)
    bob = mesh["b"].client("bob")
    bob >> f"NS REGISTER {OLD}"
    bob << ":NickServ!*NOTICE bob :This server is still learning the accounts*"
    mesh.settle()
    bob >> f"NS REGISTER {OLD}"
    bob.until(":NickServ!*NOTICE bob :The account bob is yours*")
    mesh.check()


def test_what_was_removed_long_ago_is_forgotten_everywhere_at_one_hour() -> None:
    mesh = linked("a", "b", accounts={"tombstones": 86400})
    account = mesh["a"].account("ann")
    mesh["a"].done(mesh["a"].accounts.change(account, {"set:language": "de"}))
    mesh["a"].done(mesh["a"].accounts.change(account, {"set:language": None}))
    mesh.settle()
    assert any(each.value is None for each in mesh.known("b"))
    mesh.clock.advance(2 * 86400 + 4 * 3600)
    for name in "ab":
        sweeping(mesh[name]).sweep()
    mesh.settle()
    assert not any(each.value is None for each in mesh.known("a") | mesh.known("b"))
    mesh.agree()
    mesh.check()


def test_operators_read_which_full_servers_there_are_and_strike_one() -> None:
    mesh = linked("a", "b", "c")
    root = mesh["a"].client("root")
    opered(root, "see-all", "accounts")
    root >> "STATS a"
    mesh.settle()
    lines = [line.partition(" :")[2] for line in root.lines() if "full server" in line]
    assert lines == [
        "full server a.test (0AA): this server",
        "full server b.test (0BA): linked: it has all records, and has told all that it has",
        "full server c.test (0CA): linked, behind others",
    ]
    mesh.reset("a", "b")
    root.lines()
    root >> "STATS a"
    assert [line.partition(" :")[2] for line in root.lines() if "b.test" in line] == [
        "full server b.test (0BA): link suspended, it has all records, and has told all that it has"
    ]
    mesh.link("a", "b")
    mesh.settle()
    root >> "NS FORGET c.test"
    root << ":NickServ!* NOTICE root :c.test is there."
    mesh.cut("b", "c")
    mesh.settle()
    root.lines()
    root >> "STATS a"
    assert ":a.test 249 root a :full server c.test (0CA): away, was there on 2023-11-14" in root.lines()
    root >> "NS FORGET nobody.test"
    root << ":NickServ!* NOTICE root :There is no such server; STATS a lists them."
    root >> "NS FORGET C.test"
    root << ":NickServ!* NOTICE root :c.test is forgotten.*"
    root >> "STATS a"
    assert not any("c.test" in line for line in root.lines())
    mesh.check()


def test_what_was_stamped_while_the_clock_was_ahead_is_stamped_anew() -> None:
    """A year ahead: others would end the link for such a record, and nothing could change it here."""
    mesh = Clubs("a", "b")
    year = 365 * 86400
    mesh.step_clock("a", year)
    sweeping(mesh["a"]).sweep()
    ann = register(mesh, "a", "ann")
    mesh.step_clock("a", -year)
    sweeping(mesh["a"]).sweep()
    most = mesh["a"].clock.time() + 60
    assert all(int(record.stamp[:9], 36) / 1000 < most for record in mesh.known("a"))
    assert any("stamped anew" in line for line in mesh["a"].log.lines)
    ann >> f"NS SET PASSWORD {OLD} new-password"
    ann.until(":NickServ!* NOTICE ann :Your password is changed*")
    ann >> "QUIT"  # who came in the future cannot be told of
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    found = mesh["b"].done(
        mesh["b"].accounts.check("ann", "new-password", address="192.0.2.9", owner="192.0.2.9")
    )
    assert found.shown == "ann"
    mesh.check()


def test_what_could_not_be_stamped_anew_is_so_at_the_next_look() -> None:
    mesh = Clubs("a")
    mesh.step_clock("a", 40 * 86400)
    register(mesh, "a", "ann")
    mesh.step_clock("a", -40 * 86400)
    store, most = mesh["a"].store, mesh["a"].clock.time() + 60
    for broken in (True, False):
        store.broken = broken
        sweeping(mesh["a"]).sweep()
        mesh.settle()
    assert all(int(record.stamp[:9], 36) / 1000 < most for record in mesh.known("a"))
    mesh.check()


def test_a_password_that_is_changed_right_after_the_clock_was_set_is_changed() -> None:
    mesh = Clubs("a")
    mesh.step_clock("a", 40 * 86400)
    ann = register(mesh, "a", "ann")
    mesh.step_clock("a", -40 * 86400)
    ann.lines()
    ann >> f"NS SET PASSWORD {OLD} new-password"
    ann.until(":NickServ!* NOTICE ann :Your password is changed*")
    club = mesh["a"]
    assert (
        club.done(club.accounts.check("ann", "new-password", address="192.0.2.9", owner="x")).shown == "ann"
    )
    mesh.check()


def test_channels_are_stamped_by_the_right_time_again_beside_accounts() -> None:
    """The clock that stamps both goes back once neither has what is far ahead."""
    mesh = linked("a", "b")
    mesh.step_clock("a", 40 * 86400)
    sweeping(mesh["a"]).sweep()  # it writes that it is there on a new day
    mesh.settle()
    mesh.step_clock("a", -40 * 86400)
    sweeping(mesh["a"]).sweep()
    mesh.settle()
    ann = mesh["a"].client("ann")
    ann >> "JOIN #c" >> "TOPIC #c :now"
    for wire in list(mesh.wires):
        if any(link.gone for link in wire.links.values()):
            mesh.wires.remove(wire)
            wire.lose({})
            mesh.link("a", "b")
    mesh.settle()
    channel = mesh["b"].node.network.channel("#c")
    assert channel is not None and channel.topic is not None
    mesh.check()
    mesh.agree()
