"""Gateways that tell whom they bring.  https://ircv3.net/specs/extensions/webirc"""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Client, House
from pydantic import ValidationError
from states import opered

from chatnet.rules.gateways import visitor
from chatnet.session.passwords import Queue
from chatnet.settings import Settings

FINGERPRINT = "ab" * 32
PLAIN = {"name": "webchat", "addresses": ("198.51.100.0/28",), "password": "hunter2"}
HASHED = {
    "name": "hashed",
    "addresses": ("198.51.100.7", "2001:db8::7"),
    "password": "$argon2-test$opensesame",
}
CERTIFIED = {"name": "certified", "addresses": ("203.0.113.7",), "certfp": FINGERPRINT}


def house_with(*blocks: dict[str, Any], **sections: Any) -> House:
    return House(webirc=blocks or (PLAIN, HASHED, CERTIFIED), **sections)


def finish(client: Client, nick: str = "ann") -> Client:
    client >> f"NICK {nick}" >> f"USER {nick} 0 * :{nick.title()}"
    assert client.session.registered, client.lines()
    client.lines()
    return client


def test_the_user_is_where_the_gateway_says() -> None:
    """This information can be used by the network as if the user was connecting directly."""
    house = house_with()
    ann = house.connect("198.51.100.3", secure=True, certfp="cd" * 32, hostname="irc.test")
    ann >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.77 :remote-port=21726 local-port=443"
    ann.silent()
    finish(ann)
    user = ann.user
    assert (user.address, user.real_host, user.secure) == ("192.0.2.77", "host.isp.example", False)
    # The certificate is the gateway's.
    assert user.certfp is None and ann.session.peer.certfp is None
    assert ann.session.peer.port == 21726
    assert ann.session.peer.hostname is None
    bob = house.client("bob")
    bob >> "WHOIS ann"
    bob.until(":irc.test 311 bob ann ~ann host.isp.example * :Ann")
    # "IRC servers SHOULD show when a WebIRC connection is in use and SHOULD provide the original host."
    bob.until(":irc.test 350 bob ann * * :is connected through the gateway webchat")
    opered(bob, "see-all")
    bob >> "WHOIS ann"
    bob.until(":irc.test 350 bob ann * 198.51.100.3 :is connected through the gateway webchat")
    bob.until(":irc.test 338 bob ann 192.0.2.77 :*")
    house.check()


def test_too_many_passwords_of_gateways_are_answered_at_once() -> None:
    house = house_with()
    house.busy = True
    ann = house.connect("198.51.100.7")
    ann >> "WEBIRC opensesame Kiwi host.isp.example 192.0.2.77"
    ann << "ERROR :Closing Link: 198.51.100.7 (WEBIRC refused)"
    assert "Refused WEBIRC from 198.51.100.7: too many passwords wait to be checked" in house.log.lines
    (check,) = house.checks
    assert (check.queue, check.owner) == (Queue.GATEWAY, "198.51.100.7/32")
    house.check()


def test_the_address_stands_for_a_host_without_a_name() -> None:
    """If the IP address cannot be resolved to a DNS name, the IP address MUST be sent as both the hostname
    and ip. If the IP address is an IPv6 address beginning with a colon, it MUST be sent with a
    canonically-acceptable preceding zero.
    """
    house = house_with()
    ann = house.connect("198.51.100.3")
    ann >> "WEBIRC hunter2 Kiwi 0::1 0::1"
    finish(ann)
    assert (ann.user.address, ann.user.host) == ("::1", "0::1")
    bob = house.connect("198.51.100.3")
    bob >> "WEBIRC hunter2 Kiwi 0::ffff:192.0.2.1 0::ffff:192.0.2.1"
    assert bob.user.address == "192.0.2.1"


@pytest.mark.parametrize(
    "host",
    [
        "198.51.100.99", "2001:db8::1", "1.2.3.4.5", "localhost", "a!b.example", "a@b.example", "a*.example",
        "irc.test\x03", "\u00e9.example", "-.example", "a..example", ".", "*", ":a.example",
        "x" * 60 + ".example",
    ],
)  # fmt: skip
def test_a_host_that_may_not_be_shown_is_as_good_as_none(host: str) -> None:
    """Because the possibility for hostname spoofing exists, IRC servers MAY attempt to further validate [...]
    hostnames.
    """
    found = visitor(host, "192.0.2.1", "", 63)
    assert found is not None and found.host is None


@pytest.mark.parametrize(
    ("options", "tls", "secure"),
    [
        ("secure", True, True),
        ("secure=examplevalue123", True, True),
        ("local-port=6697 secure remote-port=1", True, True),
        (":local-port=6697  secure ", True, True),
        ("secure", False, False),
        ("", True, False),
        ("insecure Secure secured", True, False),
    ],
)
def test_who_is_secure(options: str, tls: bool, secure: bool) -> None:
    """Servers MUST ONLY treat the connection as secure if this flag is sent and the connection from the
    gateway to the server is also secure with TLS.

    "They MUST treat the options secure and secure=examplevalue123 in exactly the same way."
    """
    ann = house_with().connect("198.51.100.3", secure=tls, tls="TLSv1.3" if tls else None)
    ann >> f"WEBIRC hunter2 Kiwi host.isp.example 192.0.2.77 {options}"
    finish(ann)
    assert ann.user.secure is ann.session.peer.secure is secure
    assert ("Z" in ann.user.modes) is secure
    assert ann.session.peer.tls is None


@pytest.mark.parametrize("port", ["", "=", "=x", "=-1", "=65536", "=999999999", "=\u0663", "=1;2"])
def test_a_port_that_is_none(port: str) -> None:
    found = visitor("h.example", "192.0.2.1", f"remote-port{port}", 63)
    assert found is not None and found.port == 0


def test_hashes_and_certificates() -> None:
    house = house_with()
    for address, password, peer, name in (
        ("198.51.100.3", "hunter2", {}, "webchat"),
        ("198.51.100.7", "hunter2", {}, "webchat"),
        ("198.51.100.7", "opensesame", {}, "hashed"),
        ("2001:db8::7", "opensesame", {}, "hashed"),
        ("203.0.113.7", "anything", {"certfp": FINGERPRINT}, "certified"),
    ):
        ann = house.connect(address, **peer)
        ann >> f"WEBIRC {password} Kiwi host.isp.example 192.0.2.77"
        ann.silent()
        assert ann.session.peer.gateway == name
        assert ann.session.peer.gateway_address == address


def test_both_proofs_are_needed_where_both_are_asked_for() -> None:
    house = house_with({**PLAIN, "certfp": FINGERPRINT})
    for password, certfp, taken in (
        ("hunter2", FINGERPRINT, True),
        ("hunter2", None, False),
        ("hunter2", "cd" * 32, False),
        ("wrong", FINGERPRINT, False),
    ):
        ann = house.connect("198.51.100.3", certfp=certfp)
        ann >> f"WEBIRC {password} Kiwi host.isp.example 192.0.2.77"
        assert ann.session.closed is not taken


@pytest.mark.parametrize(
    ("address", "line", "reason"),
    [
        (
            "192.0.2.1",
            "WEBIRC hunter2 Kiwi h.example 192.0.2.77",
            "no gateway has this address and certificate",
        ),
        (
            "203.0.113.7",
            "WEBIRC hunter2 Kiwi h.example 192.0.2.77",
            "no gateway has this address and certificate",
        ),
        ("198.51.100.3", "WEBIRC hunter3 Kiwi h.example 192.0.2.77", "wrong password"),
        ("198.51.100.3", "WEBIRC HUNTER2 Kiwi h.example 192.0.2.77", "wrong password"),
        ("198.51.100.7", "WEBIRC open Kiwi h.example 192.0.2.77", "wrong password"),
        ("198.51.100.3", "WEBIRC hunter2 Kiwi h.example h.example", "no address"),
        ("198.51.100.3", "WEBIRC hunter2 Kiwi h.example localhost", "no address"),
        ("198.51.100.3", "WEBIRC hunter2 Kiwi h.example 192.0.2", "no address"),
        ("198.51.100.3", "WEBIRC hunter2 Kiwi h.example fe80::1%eth0", "no address"),
        ("198.51.100.3", "WEBIRC", "too few parameters"),
        ("198.51.100.3", "WEBIRC hunter2 Kiwi h.example", "too few parameters"),
        # "If the IP address is an IPv6 address beginning with a colon, it MUST be sent with a
        # canonically-acceptable preceding zero"; else nobody gets in, under the gateway's own address.
        ("198.51.100.3", "WEBIRC hunter2 Kiwi ::1 ::1", "too few parameters"),
    ],
)
def test_a_refusal_tells_the_opers_why_and_nobody_else(address: str, line: str, reason: str) -> None:
    """If the WEBIRC command does not originate from a whitelisted IP address or uses an incorrect password,
    the gateway SHOULD close any connections with an ERROR command.
    """
    house = house_with()
    oper = house.client("oper")
    opered(oper, snomask="r")
    ann = house.connect(address)
    ann >> line
    assert ann.lines() == [f"ERROR :Closing Link: {address} (WEBIRC refused)"]
    assert ann.session.closed and ann.outlet.ended == "closed"
    oper << f":irc.test NOTICE * :*Refused WEBIRC from {address}: {reason}"
    oper.silent()
    assert house.log.lines[-1] == f"Refused WEBIRC from {address}: {reason}"
    assert not any("hunter" in text or "Kiwi" in text for text in house.log.lines)


@pytest.mark.parametrize(
    "before", ["NICK ann", "USER ann 0 * :Ann", "CAP LS", "CAP LS 302", "CAP REQ batch", "PASS x"]
)
def test_it_is_the_first_command(before: str) -> None:
    """The WEBIRC command MUST be the first command sent from the WebIRC gateway to the IRC server and MUST be
    sent before capability negotiation.
    """
    house = house_with()
    ann = house.connect("198.51.100.3")
    ann >> before
    ann.lines()
    ann >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.77"
    assert ann.lines() == ["ERROR :Closing Link: 198.51.100.3 (WEBIRC refused)"]
    assert house.log.lines == ["Refused WEBIRC from 198.51.100.3: not the first command"]


def test_it_is_said_once() -> None:
    house = house_with()
    ann = house.connect("198.51.100.3")
    ann >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.77"
    ann >> "WEBIRC hunter2 Kiwi other.isp.example 192.0.2.78"
    assert ann.lines() == ["ERROR :Closing Link: host.isp.example (WEBIRC refused)"]
    bob = house.client("bob", address="198.51.100.3")
    bob >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.77"
    bob << ":irc.test 462 bob *"
    assert not bob.session.closed
    bob >> "WEBIRC"
    bob << ":irc.test 462 bob *"


def test_later_lines_wait_for_the_hash() -> None:
    house = house_with()
    house.hold = True
    ann = house.connect("198.51.100.7")
    ann.send(
        b"WEBIRC opensesame Kiwi host.isp.example 192.0.2.77\r\n"
        b"CAP LS 302\r\nNICK ann\r\nUSER ann 0 * :Ann\r\nCAP END\r\n"
    )
    ann.silent()
    house.release()
    ann << ":irc.test CAP * LS *"
    ann.until(":irc.test 001 ann *!~ann@host.isp.example")
    assert house.verified == [HASHED["password"]]


def test_a_block_that_a_reload_took_away_meanwhile() -> None:
    house = house_with(HASHED)
    house.hold = True
    ann, bob = house.connect("198.51.100.7"), house.connect("198.51.100.7")
    for client in (ann, bob):
        client >> "WEBIRC opensesame Kiwi host.isp.example 192.0.2.77"
    bob.session.connection_lost("gone")
    house.reload(webirc=())
    house.release()
    assert ann.lines() == ["ERROR :Closing Link: 198.51.100.7 (WEBIRC refused)"]
    house.check()


def test_a_unix_socket_is_this_machine() -> None:
    house = house_with({**PLAIN, "addresses": ("127.0.0.1",)})
    ann = house.connect("localhost")
    ann >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.77"
    assert ann.user.address == "192.0.2.77"


def test_limits_count_the_users_and_not_the_gateway() -> None:
    house = house_with(
        flood={"enabled": True, "connections_per_address": 2, "connection_rate": 100, "exempt": ()}
    )
    admit = house.parts.admission.admit
    assert [admit("198.51.100.3") for _ in range(20)] == [None] * 20
    clients = []
    for _ in range(3):
        client = house.connect("198.51.100.3")
        client >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.77"
        clients.append(client)
    first, _, third = clients
    assert third.lines() == ["ERROR :Closing Link: 198.51.100.3 (Too many connections from your address)"]
    assert admit("192.0.2.77") is not None  # nor directly
    first.session.connection_lost("gone")
    again = house.connect("198.51.100.3")
    again >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.77"
    assert not again.session.closed
    for client in [*clients, again]:
        client.session.connection_lost("gone")
    assert not house.parts.admission._addresses


def test_the_class_is_that_of_the_user() -> None:
    classes = (
        {"name": "gate", "match": ("198.51.100.0/24",)},
        {"name": "isp", "match": ("192.0.2.0/25",), "sendq": 5000, "max_sessions": 1},
        {"name": "tls", "match": ("192.0.2.128/25",), "tls": True},
    )
    house = house_with(connection_class=classes)
    ann, bob, cyd, dan, eve = (house.connect("198.51.100.3", secure=True) for _ in range(5))
    assert ann.session.connection_class.name == "gate"
    ann >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.77"
    assert (ann.session.connection_class.name, ann.outlet.sendq) == ("isp", 5000)
    bob >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.78"
    bob << "ERROR :Closing Link: host.isp.example (Your connection class is full)"
    cyd >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.200"
    cyd << "ERROR :Closing Link: host.isp.example (You are not authorized to connect to this server)"
    dan >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.200 secure"
    assert dan.session.connection_class.name == "tls"
    eve >> "WEBIRC hunter2 Kiwi host.isp.example 10.0.0.1"
    assert eve.session.closed
    house.check()


def test_cloaks_hide_the_user() -> None:
    house = house_with(cloak={"enabled": True})
    ann = house.connect("198.51.100.3")
    ann >> "WEBIRC hunter2 Kiwi 192.0.2.77 192.0.2.77"
    finish(ann)
    bob = house.client("bob", address="192.0.2.77")
    assert ann.user.host == bob.user.host


def test_the_gateways_own_name_is_not_the_users() -> None:
    house = house_with(lookups={"reverse_dns": True})
    house.hosts = {"198.51.100.3": "gate.example", "192.0.2.77": "found.example"}
    ann, bob = house.connect("198.51.100.3"), house.connect("198.51.100.3")
    ann >> "WEBIRC hunter2 Kiwi told.example 192.0.2.77"
    bob >> "WEBIRC hunter2 Kiwi 192.0.2.77 192.0.2.77"
    assert (ann.user.host, bob.user.host) == ("told.example", "found.example")
    finish(ann, "ann"), finish(bob, "bob")


def test_sts_is_nothing_for_people_behind_a_gateway() -> None:
    house = house_with(sts=({"hostname": "irc.example.org", "duration": 60, "port": 6697},))
    house.certified.add("irc.example.org")
    ann = house.connect("198.51.100.3")
    ann >> "WEBIRC hunter2 Kiwi host.isp.example 192.0.2.77" >> "CAP LS 302"
    assert "sts" not in ann.lines()[0]


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"name": "two words"}, r"webirc\.0\.name"),
        ({"addresses": ()}, r"webirc\.0\.addresses"),
        ({"addresses": ("nowhere",)}, r"webirc\.0\.addresses\.0"),
        ({"password": ""}, r"webirc\.0\.password"),
        ({"password": None}, "needs a password or a certfp"),
        ({"certfp": "ab"}, r"webirc\.0\.certfp"),
    ],
)
def test_mistakes_in_a_block_are_told(wrong: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError, match=place) as refused:
        Settings.model_validate({"webirc": ({**PLAIN, **wrong},)})
    assert "hunter2" not in str(refused.value)


def test_a_name_has_one_block() -> None:
    with pytest.raises(ValidationError, match=r"webirc\.1\.name: the name 'webchat' is used twice"):
        Settings.model_validate({"webirc": (PLAIN, PLAIN)})
