"""Who is logged in is told by the id of the account, which stays when its name is lost."""

from __future__ import annotations

import pytest
from clubs import Clubs, FullClub, new_store
from mesh import Stranger, read_away

WORD = "correct-horse"


def test_a_login_is_told_with_the_id_and_shown_by_the_name() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    account = mesh["a"].account("ann", WORD)
    mesh.settle()
    bob = mesh["b"].client("bob", caps="account-notify")
    bob >> "JOIN #c"
    ann = mesh["a"].client("ann_")
    ann >> "JOIN #c"
    mesh.settle()
    read_away([ann, bob])
    ann >> f"NS IDENTIFY ann {WORD}"
    mesh.settle()
    bob << ":ann*!~ann_@192.0.2.1 ACCOUNT ann"
    said = mesh.said("a", "b")
    assert any(line.startswith(f"@chatnet/account={account.id} :0AA") and " SIGNON " in line for line in said)
    there = mesh["b"].node.network.user(ann.user.nick)
    assert there is not None and (there.account, there.account_id) == ("ann", account.id)
    mesh.check()


def test_a_burst_tells_ids() -> None:
    mesh = Clubs("a", "b")
    account = mesh["a"].account("ann", WORD)
    ann = mesh["a"].client("ann_")
    ann >> f"NS IDENTIFY ann {WORD}"
    mesh.link("a", "b")
    mesh.settle()
    there = mesh["b"].node.network.user("ann_")
    assert there is not None and (there.account, there.account_id) == ("ann", account.id)
    mesh.check()


def test_after_a_split_nobody_is_taken_for_the_other_ann() -> None:
    """Both are logged in to an account that they registered as ann; the second one is called otherwise."""
    mesh = Clubs("a", "b")
    first = mesh["a"].account("ann", WORD)
    mesh.clock.advance(1)
    second = mesh["b"].account("ann", "another-horse")
    one, two = mesh["a"].client("one"), mesh["b"].client("two", caps="account-notify")
    one >> f"NS IDENTIFY ann {WORD}"
    two >> "NS IDENTIFY ann another-horse"
    read_away([one, two])
    mesh.link("a", "b")
    mesh.settle()
    shown = f"ann~{second.id[1:5]}"
    for name in "ab":
        users = mesh[name].node.network.users
        accounts = {user.account_id: user.account for user in users.values() if user.account_id}
        assert accounts == {first.id: "ann", second.id: shown}
    assert any(f" 900 {two.user.nick} " in line and shown in line for line in two.lines())
    mesh.agree()
    mesh.check()


def test_a_password_that_was_changed_elsewhere_counts_everywhere() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh["a"].account("ann", WORD)
    mesh.settle()
    account = mesh["b"].node.network.registry.named("ann")
    assert account is not None
    mesh["b"].done(mesh["b"].accounts.set_password(account, "battery-staple"))
    mesh.settle()
    found = mesh["a"].done(
        mesh["a"].accounts.check("ann", "battery-staple", address="192.0.2.9", owner="192.0.2.9")
    )
    assert found.id == account.id
    mesh.check()


def test_who_is_suspended_elsewhere_is_put_off_here() -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    account = mesh["a"].account("ann", WORD)
    mesh.settle()
    ann = mesh["b"].client("ann_")
    ann >> f"NS IDENTIFY ann {WORD}"
    mesh.settle()
    mesh["a"].change(account, status="suspended 0 root :spam")
    mesh.settle()
    assert ann.session.closed
    mesh.agree()
    mesh.check()


@pytest.mark.parametrize("tag", ["", "@chatnet/account=aaaaaaaaaaaaaaaaaaaaa "])
def test_who_is_not_full_is_not_believed_who_its_people_are(tag: str) -> None:
    links = [{"name": "leaf.test", "password": "linkpw", "role": "leaf"}]
    club = FullClub(new_store("0CN"), link=links)
    leaf = Stranger(club, "leaf.test", "1LF")
    leaf >> "PASS linkpw TS 6 :1LF" >> "CAPAB :QS EX IE ENCAP EUID SAVE CN1 CNREG"
    leaf >> "SERVER leaf.test 1 :leaf" >> "SVINFO 6 6 0 :1700000000"
    leaf >> f"{tag}:1LF EUID ann 1 1600000000 +i ~ann h.test 192.0.2.7 1LFAAAAAA * ann :Ann"
    ann = club.node.network.user("ann")
    assert ann is not None and ann.account is None and ann.account_id is None
    leaf >> f"{tag}:1LFAAAAAA SIGNON ann ~ann h.test 1600000000 ann"
    assert ann.account is None and ann.account_id is None
    club.check()


def test_services_of_another_make_log_nobody_in_where_accounts_are_kept_here() -> None:
    links = [{"name": "services.test", "password": "linkpw", "role": "services"}]
    club = FullClub(new_store("0CN"), link=links, accounts={"authority": "here"})
    bob = club.client("bob")
    services = Stranger(club, "services.test", "1SV")
    services >> "PASS linkpw TS 6 :1SV" >> "CAPAB :QS EX IE ENCAP EUID SAVE SERVICES"
    services >> "SERVER services.test 1 :services" >> "SVINFO 6 6 0 :1700000000"
    services >> f":1SV ENCAP * SU {bob.user.uid} ann"
    services >> f":1SV ENCAP * SVSLOGIN {bob.user.uid} * * * ann"
    services >> ":1SV ENCAP * MECHLIST :PLAIN"
    assert bob.user.account is None
    assert sum("accounts are kept here" in line for line in club.log.lines) == 3
    club.check()


@pytest.mark.parametrize("times", [1, 3])
def test_a_password_that_was_changed_on_both_sides_is_told_of(times: int) -> None:
    mesh = Clubs("a", "b")
    mesh.link("a", "b")
    mesh["a"].account("ann", WORD)
    mesh.settle()
    ann = mesh["b"].client("ann_")
    ann >> f"NS IDENTIFY ann {WORD}"
    mesh.settle()
    for _ in range(times):  # one after the other is no dispute, wherever they are made
        for name in "ab":
            account = mesh[name].node.network.registry.named("ann")
            assert account is not None
            mesh[name].done(mesh[name].accounts.set_password(account, "battery-staple"))
            mesh.settle()
    assert not any("changed on two servers" in line for line in ann.lines())
    mesh.cut("a", "b")
    for name in "ba":
        mesh.clock.advance(1)
        account = mesh[name].node.network.registry.named("ann")
        assert account is not None
        for _ in range(times):
            mesh[name].done(mesh[name].accounts.set_password(account, f"another-{name}"))
    mesh.link("a", "b")
    mesh.settle()
    told = [line for line in ann.lines() if "changed on two servers" in line]
    assert len(told) == 1 and told[0].endswith("If that was not you: ask an operator for another password")
    found = mesh["b"].done(
        mesh["b"].accounts.check("ann", "another-a", address="192.0.2.9", owner="192.0.2.9")
    )
    assert found.shown == "ann"
    mesh.agree()
    mesh.check()
