"""What becomes of those who are logged in when their account changes, on their own server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import PASSWORD, Club, logged_in, plain
from conversation import Client
from states import far_server, far_user

from chatnet.records.accounts import State, Status, Vhost

EARLIER = "000000000.000000.0CN"


@pytest.fixture
def club() -> Iterator[Club]:
    """A house with an account, ann; afterwards all is sound."""
    club = Club()
    club.account()
    yield club
    club.check()


def here(club: Club, nick: str, caps: str = "account-notify", account: str = "ann") -> Client:
    """A user who is logged in."""
    client = club.client(nick, caps=f"sasl {caps}")
    plain(client, account)
    client.lines()
    assert client.user.account_id is not None
    return client


def test_a_name_that_is_lost_and_won_back(club: Club) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    ann = here(club, "ann")
    other = club.account("tmp")
    club.change(other, name=f"{EARLIER} ann")
    shown = f"ann~{account.id[1:5]}"
    ann << f":irc.test 900 ann ann!~ann@192.0.2.1 {shown} :You are now logged in as {shown}"
    ann << f":ann!~ann@192.0.2.1 ACCOUNT {shown}"
    ann << ":NickServ!* NOTICE ann :While servers were apart ann was registered twice, *"
    assert (ann.user.account, ann.user.account_id) == (shown, account.id)
    club.change(other, status="erased")
    ann << ":irc.test 900 ann * ann :You are now logged in as ann"
    ann << ":ann!~ann@192.0.2.1 ACCOUNT ann"


@pytest.mark.parametrize("status", ["dropped", "erased"])
def test_an_account_that_goes(club: Club, status: str) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    ann, phone, bob = here(club, "ann"), here(club, "phone"), club.client("bob")
    club.change(account, status=status)
    for client in (ann, phone):
        client << f":irc.test 901 {client.user.nick} * :You are now logged out"
        client << ":*!*@* ACCOUNT *"
        assert (client.user.account, client.user.account_id) == (None, None)
    bob.silent()
    assert club.node.network.logged_in == {}


def test_a_suspension_closes_the_sessions(club: Club) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    club.account("bob")
    ann, phone, bob = here(club, "ann"), here(club, "phone"), here(club, "bob", account="bob")
    for client in (ann, phone, bob):
        client >> "JOIN #c"
    bob.lines()
    club.change(account, status=Status(State.SUSPENDED, 0, "oper", "spam").text)
    for client in (ann, phone):
        assert client.session.closed
        assert "The account ann is suspended: spam" in client.lines()[-1]
    bob << ":ann!* QUIT :Killed (irc.test (The account ann is suspended: spam))"
    bob << ":phone!* QUIT :*"
    bob.silent()


def test_a_suspension_that_is_over_closes_nothing(club: Club) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    ann = here(club, "ann")
    club.change(account, status=Status(State.SUSPENDED, int(club.clock.time()), "oper", "spam").text)
    ann.silent()


def test_each_server_says_so_of_its_own_users(club: Club) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    far = far_server(club, "far.test")
    cat = far_user(club, far, "cat", account=account.shown, account_id=account.id)
    assert club.node.network.logged_in[account.id] == (cat,)
    club.change(account, status=Status(State.SUSPENDED, 0, "oper", "spam").text)
    assert cat.account == "ann"


def test_other_changes_tell_nobody(club: Club) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    ann = here(club, "ann")
    club.change(account, seen="1", email="0 ann@example.org", **{"set:language": "de"})
    club.account("bob")
    ann.silent()


def test_a_host_that_comes_with_an_account(club: Club) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    ann = here(club, "ann", "chghost")
    club.change(account, vhost=Vhost(True, "ann.example.org").text)
    ann << ":ann!~ann@192.0.2.1 CHGHOST ~ann ann.example.org"
    ann << ":irc.test 396 ann ann.example.org :*"
    club.change(account, vhost=Vhost(False, "ann.example.org").text)
    ann << ":ann!~ann@ann.example.org CHGHOST ~ann 192.0.2.1"
    ann << ":irc.test 396 ann 192.0.2.1 :*"
    club.change(account, vhost=Vhost(True, "ann.example.org").text)
    ann.lines()
    phone = club.client("phone", caps="sasl chghost")
    plain(phone)
    phone << ":irc.test 900 phone *"
    phone << ":phone!~phone@192.0.2.1 CHGHOST ~phone ann.example.org"
    phone << ":irc.test 396 phone ann.example.org :*"
    phone << ":irc.test 903 phone *"
    connecting = club.connecting()
    plain(connecting)
    connecting >> "NICK bob" >> "USER bob 0 * :Bob" >> "CAP END"
    connecting.until(":irc.test 001 bob :*")
    assert connecting.user.mask == "bob!~bob@ann.example.org"
    club.change(account, status="dropped")
    assert {client.user.host for client in (ann, phone, connecting)} == {"192.0.2.1"}


def test_a_host_gives_way_to_a_cloak() -> None:
    club = Club(cloak={"enabled": True})
    account = club.account()
    club.change(account, vhost=Vhost(True, "ann.example.org").text)
    club.account("bob")
    ann = here(club, "ann")
    assert ann.user.host == "ann.example.org"
    plain(ann, "bob")
    ann.until(":irc.test 903 *")
    assert ann.user.host == ann.user.cloak


def test_who_is_logged_in_is_known_by_the_account(club: Club) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    ann, phone = here(club, "ann"), here(club, "phone")
    assert list(club.node.network.logged_in[account.id]) == [ann.user, phone.user]
    ann >> "QUIT"
    assert list(club.node.network.logged_in[account.id]) == [phone.user]
    club.account("bob", PASSWORD)
    plain(phone, "bob")
    logged_in(phone, "bob", own=True)
    assert account.id not in club.node.network.logged_in
