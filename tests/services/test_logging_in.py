"""Logging in by SASL on a server that keeps accounts.

https://ircv3.net/specs/extensions/sasl-3.1, https://ircv3.net/specs/extensions/sasl-3.2
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import CERTFP, PASSWORD, Club, failed, logged_in, plain, proved, said, say, scram

from chatnet.records.accounts import State, Status


@pytest.fixture
def club() -> Iterator[Club]:
    """A house with an account, ann; afterwards all is sound."""
    club = Club()
    club.account()
    yield club
    club.check()


# what is offered


def test_mechanisms_are_offered_the_best_first_and_certificates_under_tls(club: Club) -> None:
    # "Servers SHOULD advertise the available SASL authentication mechanisms in the value of the `sasl` client
    # capability in `CAP LS`.  The value, if present, MUST be a comma (`,`) separated list of SASL
    # authentication mechanisms."  https://ircv3.net/specs/extensions/sasl-3.2#mechanism-list-in-cap-ls
    ann, bob = club.connect(), club.connect(secure=True)
    ann >> "CAP LS 302"
    bob >> "CAP LS 302"
    assert "sasl=SCRAM-SHA-256,PLAIN " in " ".join(ann.lines()) + " "
    assert "sasl=SCRAM-SHA-256,EXTERNAL,PLAIN " in " ".join(bob.lines()) + " "


def test_plain(club: Club) -> None:
    # "If authentication is successful, a 900 and 903 numeric will be sent."
    ann = club.connecting()
    plain(ann)
    # "900 … `:server 900 <nick> <nick>!<ident>@<host> <account> :You are now logged in as <user>`"
    ann << ":irc.test 900 * *!*@192.0.2.1 ann :You are now logged in as ann"
    # "903 … is sent when the SASL authentication finishes successfully. It usually goes along with `900`."
    ann << ":irc.test 903 * :SASL authentication successful"
    ann >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    ann.until(":irc.test 001 ann :*")
    assert ann.user.account == "ann"
    assert club.accounts.registry.account(ann.user.account_id) is not None


def test_scram(club: Club) -> None:
    ann = club.connecting()
    talk = scram(ann)
    proved(ann, talk)
    logged_in(ann)


def test_external(club: Club) -> None:
    account = club.accounts.registry.named("ann")
    assert account is not None
    club.done(club.accounts.add_certificate(account, CERTFP))
    for response in ("+", said("ann"), said("ANN")):
        ann = club.connecting(secure=True, certfp=CERTFP)
        ann >> "AUTHENTICATE EXTERNAL"
        ann << "AUTHENTICATE +"
        ann >> f"AUTHENTICATE {response}"
        logged_in(ann)
    for peer in ({"certfp": "beef" * 16}, {}):
        bob = club.connecting(secure=True, **peer)
        bob >> "AUTHENTICATE EXTERNAL" >> "AUTHENTICATE +"
        bob << "AUTHENTICATE +"
        failed(bob)


def test_it(club: Club) -> None:
    _ = (PASSWORD, say, State, Status)
