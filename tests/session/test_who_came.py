"""Each session of a person is judged by where it comes from, and by the certificate that it shows."""

from __future__ import annotations

import pytest
from club import CERTFP, Club
from nickserv import ask
from test_several_sessions import ban, one_more

from chatnet.model.bans import NetworkBan
from chatnet.model.facts import NetworkBanned

OPERS = [
    {"name": "near", "password": "$argon2-test$x", "hosts": ["192.0.2.*"], "class": "all"},
    {"name": "shown", "certfp": CERTFP, "class": "all"},
]


@pytest.fixture
def house() -> Club:
    house = Club(oper=OPERS, oper_class=[{"name": "all", "privileges": ["see-all"]}])
    house.account("ann")
    return house


def test_no_operator_by_the_host_of_another_session(house: Club) -> None:
    laptop, phone = one_more(house), one_more(house, address="198.51.100.9")
    phone.lines()
    phone >> "OPER near x"
    assert "491" in phone.numerics()
    assert laptop.user.oper is None
    laptop >> "OPER near x"
    assert laptop.user.oper is not None


def test_an_operator_by_ones_own_host(house: Club) -> None:
    one_more(house, address="198.51.100.9").lines()
    laptop = one_more(house)
    laptop >> "OPER near x"
    assert laptop.user.oper is not None


def test_no_operator_by_the_certificate_of_another_session(house: Club) -> None:
    laptop, phone = one_more(house, certfp=CERTFP, secure=True), one_more(house, secure=True)
    assert laptop.user is phone.session.user
    phone >> "OPER shown"
    assert phone.session.user.oper is None
    laptop >> "OPER shown"
    assert laptop.user.oper is not None


def test_no_login_by_the_certificate_of_another_session(house: Club) -> None:
    house.done(house.accounts.add_certificate(house.named(), CERTFP))
    one_more(house, certfp=CERTFP, secure=True).lines()
    phone = one_more(house, secure=True)
    phone.lines()
    phone >> "AUTHENTICATE EXTERNAL" >> "AUTHENTICATE +"
    assert phone.lines()[-1] == ":irc.test 904 ann :SASL authentication failed"
    assert "You have shown no certificate" in ask(phone, "IDENTIFY")[0]


def test_the_certificate_that_is_added_is_ones_own(house: Club) -> None:
    one_more(house, certfp="ab" * 32, secure=True).lines()
    phone, tablet = one_more(house, certfp=CERTFP, secure=True), one_more(house, secure=True)
    tablet.lines()
    assert ask(tablet, "CERT ADD") == ["You show no certificate now. Name one: CERT ADD <fingerprint>"]
    phone.lines()
    ask(phone, "CERT ADD")
    assert list(house.named().certificates) == [CERTFP]


def test_a_session_is_shown_as_it_is(house: Club) -> None:
    laptop = one_more(house, certfp=CERTFP, secure=True)
    phone = one_more(house, address="198.51.100.9")
    laptop >> "OPER shown"
    laptop.lines()
    phone.lines()
    for command in ("STATS l", "TRACE ann"):
        laptop >> command
        text = "\n".join(laptop.lines())
        assert "@192.0.2.1] " in text and "@198.51.100.9] " in text, text
    laptop >> "STATS l"
    assert len([line for line in laptop.lines() if line.endswith(" TLS")]) == 1


def test_a_ban_of_the_host_of_a_session(house: Club) -> None:
    house.reload(lookups={"reverse_dns": True})
    laptop = one_more(house)
    house.hosts["198.51.100.9"] = "phone.bad.example"
    phone = one_more(house, address="198.51.100.9")
    assert laptop.user is phone.session.user
    now = int(house.clock.time())
    found = NetworkBan("K", "*", "*.bad.example", now, None, None, "root", "enough", True)
    house.node.commit(NetworkBanned(found, house.node.network.me, house.clock.time()))
    house.clock.advance(2)
    assert phone.session.closed and not laptop.session.closed
    ban(house, "192.0.2.1")
    assert laptop.session.closed
