"""Strict transport security: to whom a policy is offered, and how it is taken back.

https://ircv3.net/specs/extensions/sts
"""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Client, House
from pydantic import ValidationError

from chatnet.settings import Settings

IRC = {"hostname": "irc.example.org", "duration": 2592000, "port": 6697}
CHAT = {"hostname": "chat.example.org", "duration": 600, "preload": True}


def house_with(*blocks: dict[str, Any], certified: bool = True) -> House:
    house = House(sts=blocks)
    if certified:
        house.certified.update(block["hostname"] for block in blocks)
    return house


def offered(client: Client) -> str | None:
    """The value of `sts` in a CAP LS 302."""
    client >> "CAP LS 302"
    words = " ".join(line.split(" :", 1)[1] for line in client.lines()).split(" ")
    return next((word.removeprefix("sts=") for word in words if word.startswith("sts")), None)


def test_it_is_off_unless_an_operator_asks_for_it() -> None:
    """This capability MUST be made available as an optional configuration setting."""
    house = House()
    house.certified.add("irc.example.org")
    assert offered(house.connect()) is None
    assert offered(house.connect(secure=True, hostname="irc.example.org")) is None


def test_without_tls_the_port_is_told() -> None:
    """To enforce an STS upgrade policy, servers MUST send this key to non-securely connected clients."""
    house = house_with(CHAT, IRC)
    assert offered(house.connect()) == "port=6697"
    assert offered(house.connect("localhost")) is None
    assert offered(house_with(CHAT).connect()) is None


@pytest.mark.parametrize("kind", ["websocket", "web"])
def test_browsers_have_no_other_port_to_go_to(kind: str) -> None:
    house = house_with(IRC)
    house.reload(listen=({"endpoint": "tcp:6667", "kind": kind},))  # where clients of a house come in
    assert offered(house.connect()) is None
    assert offered(house.connect(secure=True, hostname="irc.example.org")) is None


def test_under_tls_the_duration_of_the_name_asked_for_is_told() -> None:
    """To enforce an STS persistence policy, servers MUST send this key to securely connected clients.

    "IRCd software SHOULD allow for each part of the STS policy to be configured per hostname."
    """
    house = house_with(IRC, CHAT)
    assert offered(house.connect(secure=True, hostname="irc.example.org")) == "duration=2592000"
    assert offered(house.connect(secure=True, hostname="chat.example.org")) == "duration=600,preload"


@pytest.mark.parametrize("hostname", [None, "other.example.org"])
def test_no_policy_for_a_name_that_is_not_listed(hostname: str | None) -> None:
    """If no hostname has been provided for the connection, an STS policy SHOULD NOT be advertised."""
    assert offered(house_with(IRC).connect(secure=True, hostname=hostname)) is None


def test_no_policy_for_a_name_whose_certificate_nobody_can_trust() -> None:
    """Clients MUST refuse to connect if a secure connection cannot be established to the server."""
    house = house_with(IRC, certified=False)
    assert offered(house.connect()) is None
    assert offered(house.connect(secure=True, hostname="irc.example.org")) is None


def test_clients_without_values_are_not_told() -> None:
    """When enabled, the capability has a REQUIRED value."""
    ann = house_with(IRC).connect()
    ann >> "CAP LS"
    assert "sts" not in ann.lines()[0]


def test_it_cannot_be_requested() -> None:
    """Servers MAY reply with a CAP NAK message if a client requests this capability."""
    ann = house_with(IRC).connect()
    ann >> "CAP REQ :multi-prefix sts"
    ann << ":irc.test CAP * NAK :multi-prefix sts"


def test_a_reload_tells_the_new_policy_and_never_takes_it_away() -> None:
    """Servers MUST NOT send CAP DEL to disable this capability.

    "A duration value of 0 indicates an immediate expiry of the STS persistence policy. This value MAY be used
    by servers to remove a previously set policy."
    """
    house = house_with(IRC)
    plain = house.client("plain", caps="away-notify")
    safe = house.client("safe", caps="away-notify", secure=True, hostname="irc.example.org")
    old = house.client("old", secure=True, hostname="irc.example.org")
    old >> "CAP REQ cap-notify"
    old.lines()
    house.reload(sts=({**IRC, "duration": 0},))
    safe << ":irc.test CAP safe NEW :sts=duration=0"
    house.reload(sts=())
    house.reload(sts=(IRC,))
    safe << ":irc.test CAP safe NEW :sts=duration=2592000"
    plain << ":irc.test CAP plain NEW :sts=port=6697"
    for client in (plain, safe, old):
        client.silent()


@pytest.mark.parametrize(
    "wrong",
    [
        {"hostname": ""},
        {"hostname": "irc example org"},
        {"hostname": "*.example.org"},
        {"hostname": "irc.example.org", "duration": -1},
        {"hostname": "irc.example.org", "port": 0},
        {"hostname": "irc.example.org", "port": 65536},
        {},
    ],
)
def test_mistakes_in_a_block_are_told(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"sts\.0\."):
        Settings.model_validate({"sts": (wrong,)})


def test_a_name_has_one_block() -> None:
    with pytest.raises(
        ValidationError, match=r"sts\.1\.hostname: the name 'irc\.example\.org' is used twice"
    ):
        Settings.model_validate({"sts": (IRC, {"hostname": "IRC.example.org"})})
