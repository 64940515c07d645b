"""Logging in without SASL: `PASS account:password`, and by the certificate that a client shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import CERTFP, PASSWORD, Club
from conversation import Client, House

from chatnet.records.accounts import State, Status

SUSPENDED = Status(State.SUSPENDED, 0, "oper", "spam").text


@pytest.fixture
def club() -> Iterator[Club]:
    """A house with an account, ann; afterwards all is sound."""
    club = Club()
    club.account()
    yield club
    club.check()


def comes(client: Client, *passwords: str, nick: str = "ann") -> Client:
    """Somebody connects as nc does, with these words of PASS."""
    for password in passwords:
        client >> f"PASS {password}"
    client >> f"NICK {nick}" >> f"USER {nick} 0 * :{nick}"
    return client


def test_the_password_of_an_account(club: Club) -> None:
    club.account("bob", "no-spaces")
    for name, word in (("ann", f":ann:{PASSWORD}"), ("bob", "bob:no-spaces"), ("bob", ":bob:no-spaces")):
        ann = comes(club.connect(), word)
        # "900 … is sent when the user's account name is set (whether by SASL or otherwise)."
        ann << f":irc.test 900 ann ann!~ann@192.0.2.1 {name} :You are now logged in as {name}"
        ann << ":irc.test 001 ann :*"
        assert (ann.user.account, ann.session.passwords) == (name, ())
        ann >> "QUIT"


@pytest.mark.parametrize("name", ["ANN", "ann/phone", "ann@phone"])
def test_names_as_with_sasl(club: Club, name: str) -> None:
    ann = comes(club.connect(), f":{name}:{PASSWORD}")
    ann << ":irc.test 900 *"
    assert ann.user.account == "ann"


def test_a_password_may_have_colons_and_spaces(club: Club) -> None:
    club.account("bob", "pass: wo:rd")
    bob = comes(club.connect(), ":bob:pass: wo:rd")
    bob << ":irc.test 900 *"


@pytest.mark.parametrize("word", ["ann:wrong password", "nobody:correct horse"])
def test_a_wrong_one_comes_in_without(club: Club, word: str) -> None:
    ann = comes(club.connect(), f":{word}")
    ann << ":irc.test 464 ann :Password incorrect"
    ann << ":irc.test 001 ann :*"
    assert ann.user.account is None


@pytest.mark.parametrize(
    "word", ["sesame", ":correct horse", "ann:", "#c:password", "a b:password", "irc.test:x"]
)
def test_what_names_no_account_is_no_login(club: Club, word: str) -> None:
    ann = comes(club.connect(), f":{word}")
    ann << ":irc.test 001 ann :*"
    assert club.hashes.owners == ["203.0.113.1/32"]  # of the account's registration


def test_it_may_be_switched_off(club: Club) -> None:
    club.reload(accounts={"login_by_pass": False})
    ann = comes(club.connect(), f":ann:{PASSWORD}")
    ann << ":irc.test 001 ann :*"


def test_under_tls_only_where_sasl_is(club: Club) -> None:
    club.reload(sasl={"tls_only": True})
    ann = comes(club.connect(), f":ann:{PASSWORD}")
    ann << ":irc.test 001 ann :*"
    bob = comes(club.connect(secure=True), f":ann:{PASSWORD}", nick="bob")
    bob << ":irc.test 900 bob *"


def test_who_logged_in_by_sasl_stays_so(club: Club) -> None:
    club.account("bob")
    ann = club.connecting()
    ann >> "AUTHENTICATE PLAIN" >> "AUTHENTICATE AGFubgBjb3JyZWN0IGhvcnNl"
    comes(ann, f":bob:{PASSWORD}") >> "CAP END"
    ann.until(":irc.test 001 ann :*")
    assert ann.user.account == "ann"


def test_a_suspended_account(club: Club) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    club.change(account, status=SUSPENDED)
    ann = comes(club.connect(), f":ann:{PASSWORD}")
    ann << ":irc.test 464 ann :Password incorrect"
    ann << ":irc.test NOTICE ann :The account ann is suspended: spam"
    ann << ":irc.test 001 ann :*"


def test_too_many_wait(club: Club) -> None:
    club.busy = True
    ann = comes(club.connect(), f":ann:{PASSWORD}")
    ann << ":irc.test 464 ann :Password incorrect"
    ann << ":irc.test NOTICE ann :Too many passwords wait to be hashed: try again in a minute"
    ann << ":irc.test 001 ann :*"


def test_registration_waits_for_the_answer(club: Club) -> None:
    club.hold = True
    ann = comes(club.connect(), f":ann:{PASSWORD}")
    ann >> "JOIN #c"
    ann.silent()
    club.clock.advance(1000)
    club.parts.sessions.sweep()
    club.release()
    ann << ":irc.test 900 *"
    ann.until(":ann!* JOIN #c")


def test_who_leaves_meanwhile(club: Club) -> None:
    club.hold = True
    ann = comes(club.connect(), f":ann:{PASSWORD}")
    ann.session.connection_lost("gone")
    club.release()
    assert ann.user.account is None and not club.node.network.users


# beside the password of the server


@pytest.mark.parametrize("secret", ["sesame", "$argon2-test$sesame"])
def test_both_passwords_in_either_order(secret: str) -> None:
    club = Club(server={"password": secret})
    club.account()
    for words in (("sesame", f":ann:{PASSWORD}"), (f":ann:{PASSWORD}", "sesame")):
        ann = comes(club.connect(), *words)
        ann << ":irc.test 900 ann *"
        ann << ":irc.test 001 ann :*"
        ann >> "QUIT"
    bob = comes(club.connect(), "sesame", ":ann:wrong password", nick="bob")
    bob << ":irc.test 464 bob :Password incorrect"
    bob << ":irc.test 001 bob :*"
    refused: list[tuple[str, ...]] = [
        (f":ann:{PASSWORD}",),
        ("sesame!", f":ann:{PASSWORD}"),
        ("sesame", "one", f":ann:{PASSWORD}"),
        (),
    ]
    for given in refused:
        cat = comes(club.connect(), *given, nick="cat")
        cat << ":irc.test 464 cat :Password incorrect"
        cat << "ERROR :Closing Link: * (Bad password)"


@pytest.mark.parametrize("secret", ["ann:sesame", "$argon2-test$ann:sesame"])
def test_a_password_of_the_server_that_looks_like_a_login_is_none(secret: str) -> None:
    club = Club(server={"password": secret})
    club.account()
    ann = comes(club.connect(), "ann:sesame")
    ann << ":irc.test 001 ann :*"


# certificates


def certified(club: Club, certfp: str = CERTFP, nick: str = "ann") -> Client:
    """Somebody who shows a certificate, and does nothing else."""
    return comes(club.connect(secure=True, certfp=certfp), nick=nick)


def test_a_certificate_logs_in_by_itself() -> None:
    club = Club()
    account = club.account(certfp=CERTFP)
    ann = certified(club)
    ann << ":irc.test 900 ann ann!~ann@192.0.2.1 ann :You are now logged in as ann"
    ann << ":irc.test NOTICE ann :You are logged in as ann, by your certificate"
    ann << ":irc.test 001 ann :*"
    assert ann.user.account_id == account.id
    other = certified(club, "beef" * 16, "bob")
    other << ":irc.test 001 bob :*"
    club.change(account, status=SUSPENDED)
    cat = certified(club, nick="cat")
    cat << ":irc.test NOTICE cat :The account ann is suspended: spam"
    cat << ":irc.test 001 cat :*"
    club.change(account, status="dropped")
    dan = certified(club, nick="dan")
    dan << ":irc.test 001 dan :*"
    club.reload(accounts={"iterations": 4096, "login_by_certificate": False})
    club.change(account, status="active")
    eve = certified(club, nick="eve")
    eve << ":irc.test 001 eve :*"
    club.check()


def test_a_certificate_does_for_an_account_that_is_required() -> None:
    club = Club(accounts={"required": True})
    club.account(certfp=CERTFP)
    ann = certified(club)
    ann.until(":irc.test 001 ann :*")
    bob = comes(club.connect(), f":ann:{PASSWORD}", nick="bob")
    bob.until(":irc.test 001 bob :*")
    cat = comes(club.connect(), ":ann:wrong password", nick="cat")
    cat << ":irc.test 464 cat :*"
    cat << ":irc.test FAIL * ACCOUNT_REQUIRED :*"
    cat << "ERROR :*"


def test_of_two_accounts_with_one_certificate_the_first_counts() -> None:
    club = Club()
    first = club.account(certfp=CERTFP)
    second = club.account("bob")
    club.change(second, **{f"cert:{CERTFP}": "zzzzzzzzz.000000.0CN other"})
    ann = certified(club)
    ann << ":irc.test 900 *"
    assert ann.user.account_id == first.id


# meanwhile


def test_what_became_of_the_account_before_they_came_in(club: Club) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    logged_in, renamed = club.connecting(), club.connecting()
    for client in (logged_in, renamed):
        client >> "AUTHENTICATE PLAIN" >> "AUTHENTICATE AGFubgBjb3JyZWN0IGhvcnNl"
        client.lines()
    club.change(account, name=f"{account.since} annie")
    comes(renamed, nick="one") >> "CAP END"
    renamed << ":irc.test 900 one one!~one@192.0.2.1 annie :You are now logged in as annie"
    assert (renamed.user.account, renamed.user.account_id) == ("annie", account.id)
    club.change(account, status=SUSPENDED)
    comes(logged_in, nick="two") >> "CAP END"
    logged_in << ":irc.test 901 two two!~two@192.0.2.1 :You are now logged out"
    logged_in << ":irc.test 001 two :*"
    assert logged_in.user.account_id is None


def test_pass_with_services_is_as_it_was() -> None:
    house = House(accounts={"authority": "external"})
    ann = comes(house.connect(), f":ann:{PASSWORD}")
    ann << ":irc.test 001 ann :*"
