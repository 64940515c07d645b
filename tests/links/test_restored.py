"""A server that is put back to a backup, and accounts that come in at more than one server of a network."""

from __future__ import annotations

from club import PASSWORD
from clubs import Clubs, FullClub
from planned import NOW, file_of, taken

from chatnet.importing import atheme

FILE = (
    "GRVER 1\nDBV 12\nCF +AFHORVabefhioqrstv\n"
    "MU AAAAAAAAB zoe $rawmd5$ce4bd864f37ffaa1b871aef22eea82ff x 1400000000 0 +C en \n"
    "MC #club 1450000000 1690000000 + 272 1 0  \nCA #club zoe +AFRefiorstv 1450000000 * \n"
)


def three() -> Clubs:
    """Three servers in a row that have told each other all."""
    mesh = Clubs("a", "b", "c")
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    return mesh


def test_one_of_three_is_restored_and_harms_nothing() -> None:
    mesh = three()
    ann, bob = mesh["a"].account("ann"), mesh["a"].account("bob")
    mesh.settle()
    backup = mesh["b"].store.saved()
    # This the backup has not.
    for name, account, status in (("a", bob, "erased"), ("c", ann, "suspended 0 root :spam")):
        club = mesh[name]
        club.change(club.node.network.registry.accounts[account.id], status=status)
        mesh.settle()
    carl = mesh["b"].account("carl")
    mesh.settle()
    mesh.cut("a", "b")
    mesh.cut("b", "c")
    old = mesh["b"]
    old.store.taken = lambda records: None
    sections = old.settings.model_dump(by_alias=True)
    mesh.houses["b"] = FullClub(backup(old.node.network.me.sid), clock=mesh.clocks["b"], **sections)
    assert mesh["b"].node.network.registry.named("carl") is None
    assert mesh["b"].node.network.registry.named("bob") is not None
    mesh["b"].account("dora")
    mesh.link("a", "b")
    mesh.link("b", "c")
    mesh.settle()
    mesh.agree()
    for name in ("a", "b", "c"):
        registry, now = mesh[name].node.network.registry, mesh[name].clock.time()
        assert registry.named("bob") is None and bob.id not in registry.accounts
        assert registry.accounts[ann.id].suspended(now)
        assert registry.accounts[carl.id].name == "carl" and registry.named("dora") is not None
    found = mesh["b"].done(mesh["b"].accounts.check("carl", PASSWORD, address="192.0.2.9", owner="x"))
    assert found.id == carl.id
    mesh.check()


def test_a_file_that_is_imported_on_two_servers_is_one() -> None:
    mesh = three()
    mesh.cut("a", "b")
    for name in ("a", "c"):
        assert len(taken(atheme.read(file_of(FILE), NOW), mesh[name]).accounts) == 1
    zoe = mesh["a"].node.network.registry.named("zoe")
    assert zoe is not None
    mesh["a"].done(mesh["a"].accounts.set_password(zoe, "another password"))
    mesh.link("a", "b")
    mesh.settle()
    mesh.agree()
    for name in ("a", "b", "c"):
        registry = mesh[name].node.network.registry
        assert len(registry.accounts) == 1 and registry.accounts[zoe.id].shown == "zoe"
        channel = registry.channels.at(mesh[name].node.network.fold("#club"))
        assert channel is not None and channel.founder == zoe.id
    again = taken(atheme.read(file_of(FILE), NOW), mesh["b"])
    assert (again.accounts, again.here) == ([], 2)
    club = mesh["c"]
    found = club.done(club.accounts.check("zoe", "another password", address="192.0.2.9", owner="x"))
    assert found.id == zoe.id
    mesh.check()
