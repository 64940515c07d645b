"""How often logins may fail: by connection, by address, by account."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from club import PASSWORD, Club, failed, logged_in, plain, said, say, scram
from conversation import Client
from scramp import ScramClient

from chatnet.wire import capabilities as cap


def club_of(**accounts: Any) -> Club:
    """A house that counts, with an account, ann."""
    club = Club(flood={"enabled": True}, sasl={"attempts": 1000}, accounts=accounts)
    club.account()
    return club


def wrong(club: Club, address: str, name: str = "ann", count: int = 1) -> Client:
    """Somebody at `address` fails so often."""
    client = club.connecting(address=address)
    for _ in range(count):
        client.session.penalty = 0
        plain(client, name, "wrong password")
        failed(client)
    return client


def throttled(client: Client, seconds: int, name: str = "ann", password: str = PASSWORD) -> None:
    """A login is not looked at: there were too many."""
    hashed = len(client.house.hashes.owners)
    client >> "AUTHENTICATE PLAIN"
    if client.outlet.lines and client.outlet.lines[0] == "AUTHENTICATE +":
        client << "AUTHENTICATE +"
        client >> f"AUTHENTICATE {said('', name, password)}"
    wait = f"{-(-seconds // 60)} minutes" if seconds > 60 else f"{seconds} seconds"
    noted = client.session.caps & cap.STANDARD_REPLIES
    told = f"NOTE AUTHENTICATE TRY_AGAIN {seconds}" if noted else "NOTICE *"
    client << f":irc.test {told} :Too many logins failed: try again in {wait}"
    failed(client)
    assert len(client.house.hashes.owners) == hashed


def test_who_tries_many_at_a_time_tries_no_more_than_one_after_the_other() -> None:
    club = club_of(failures_address=3)
    club.hold = True
    clients = [club.connecting(address="192.0.2.1") for _ in range(6)]
    for client in clients[:-1]:
        plain(client, password="wrong password")
    plain(clients[-1])
    club.release()
    for client in clients[:3]:
        failed(client)
    for client in clients[3:]:
        client << ":irc.test NOTICE * :Too many logins failed: try again in 4 minutes"
        failed(client)
    club.check()


def test_who_has_talks_half_done_by_scram_tries_no_more_with_them() -> None:
    club = club_of(failures_account=2)
    talks = [ScramClient(["SCRAM-SHA-256"], "ann", word) for word in ("wrong", "wrong", "wrong", PASSWORD)]
    clients = [club.connecting(address=f"192.0.2.{number}") for number in range(4)]
    for client, talk in zip(clients, talks, strict=True):
        client >> "AUTHENTICATE SCRAM-SHA-256"
        client << "AUTHENTICATE +"
        say(client, said(talk.get_client_first()))
        talk.set_server_first(b64decode(client.until("AUTHENTICATE *").partition(" ")[2]).decode())
    for number, (client, talk) in enumerate(zip(clients, talks, strict=True)):
        say(client, said(talk.get_client_final()))
        if number >= 2:
            client << ":irc.test NOTICE * :Too many logins failed: *"
        failed(client)
    club.check()


def test_an_address_that_fails_too_often_waits() -> None:
    club = club_of(failures_address=3)
    wrong(club, "192.0.2.1", count=2)
    client = wrong(club, "192.0.2.1", "nobody")
    throttled(client, 200)
    throttled(client, 200, "bob")
    client >> "CAP REQ standard-replies"
    client << ":irc.test CAP * ACK :standard-replies"
    throttled(client, 200)
    client >> "AUTHENTICATE SCRAM-SHA-256"
    client << ":irc.test NOTE AUTHENTICATE TRY_AGAIN 200 *"
    failed(client)
    passing = club.connect("192.0.2.1")
    passing >> f"PASS :ann:{PASSWORD}" >> "NICK ann" >> "USER ann 0 * :Ann"
    passing << ":irc.test 464 ann :*"
    passing << ":irc.test NOTICE ann :Too many logins failed: try again in 4 minutes"
    other = club.connecting(address="192.0.2.2")
    plain(other)
    logged_in(other)
    club.clock.advance(200)
    again = club.connecting(address="192.0.2.1")
    plain(again)
    logged_in(again)


def test_a_network_of_ipv6_is_one_address() -> None:
    club = club_of(failures_address=3)
    for number in range(3):
        wrong(club, f"2001:db8::{number + 1}")
    throttled(club.connecting(address="2001:db8::ffff"), 200)
    client = club.connecting(address="2001:db8:1::1")
    plain(client)
    logged_in(client)


@pytest.mark.parametrize("name", ["ann", "nobody"])
def test_an_account_that_many_fail_at_waits_whether_it_is_there_or_not(name: str) -> None:
    club = club_of(failures_account=3)
    for number in range(3):
        wrong(club, f"192.0.2.{number}", name)
    throttled(club.connecting(address="198.51.100.1"), 200, name)
    throttled(club.connecting(address="198.51.100.1"), 200, name.upper() + "/phone")


def test_strangers_lock_nobody_out() -> None:
    club = club_of(failures_account=3)
    home = club.connecting(address="198.51.100.7")
    plain(home)
    logged_in(home)
    for number in range(3):
        wrong(club, f"192.0.2.{number}")
    throttled(club.connecting(address="198.51.100.8"), 200)
    for client in (home, club.connecting(address="198.51.100.7")):
        plain(client)
        logged_in(client)
    wrong(club, "198.51.100.7", count=20)  # from home, too, there is an end
    throttled(club.connecting(address="198.51.100.7"), 30)


@pytest.mark.parametrize(("days", "familiar"), [(29, True), (31, False)])
def test_an_address_is_familiar_for_thirty_days(days: int, familiar: bool) -> None:
    club = club_of(failures_account=3)
    plain(club.connecting(address="198.51.100.7"))
    club.clock.elapsed = days * 86400.0
    for number in range(3):
        wrong(club, f"192.0.2.{number}")
    client = club.connecting(address="198.51.100.7")
    if familiar:
        plain(client)
        logged_in(client)
    else:
        throttled(client, 200)


def test_a_wrong_proof_counts_and_one_that_was_not_given_does_not() -> None:
    club = club_of(failures_address=3)
    for _ in range(5):
        client = club.connecting(address="192.0.2.1")
        client >> "AUTHENTICATE SCRAM-SHA-256"
        client << "AUTHENTICATE +"
        client >> f"AUTHENTICATE {said('n,,n=ann,r=nonce')}"
        client << "AUTHENTICATE *"
        client >> "AUTHENTICATE *"
        client << ":irc.test 906 *"
    for _ in range(3):
        client = club.connecting(address="192.0.2.1")
        scram(client, password="wrong password")
        failed(client)
    throttled(club.connecting(address="192.0.2.1"), 200)


def test_who_leaves_before_the_answer_has_failed_all_the_same() -> None:
    club = club_of(failures_address=3)
    for _ in range(3):
        client = club.connecting(address="192.0.2.1")
        club.hold = True
        plain(client, password="wrong password")
        client.session.close("gone")
        club.release()
        club.hold = False
    throttled(club.connecting(address="192.0.2.1"), 200)


def test_a_certificate_of_nobody_counts_for_the_address() -> None:
    club = club_of(failures_address=3)
    for _ in range(3):
        client = club.connecting(address="192.0.2.1", secure=True, certfp="beef" * 16)
        client >> "AUTHENTICATE EXTERNAL" >> "AUTHENTICATE +"
        client << "AUTHENTICATE +"
        failed(client)
    throttled(club.connecting(address="192.0.2.1"), 200)


def test_exempt_addresses_are_spared() -> None:
    club = club_of(failures_address=3, failures_account=3)
    client = wrong(club, "127.0.0.1", count=20)
    plain(client)
    logged_in(client)
    club.reload(flood={"exempt": ["192.0.2.0/24"]})
    wrong(club, "192.0.2.1", count=20)
    throttled(wrong(club, "127.0.0.1", count=3), 200)


def test_no_more_is_remembered_than_settings_say() -> None:
    club = club_of(counted=100)
    for number in range(150):
        wrong(club, f"203.0.113.{number}", f"nobody{number}")
        plain(club.connecting(address=f"198.51.100.{number}"))
    throttle = club.accounts.throttle
    assert len(throttle._addresses) == len(throttle._accounts) == len(throttle._familiar) == 100


def test_logins_that_succeed_count_for_nothing() -> None:
    club = club_of(failures_address=3)
    for _ in range(50):
        client = club.connecting(address="192.0.2.1")
        plain(client)
        logged_in(client)
