"""Servers that keep no accounts are served by the full server they hang at: what a Solanum hears and says."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from club import PASSWORD, Club
from conversation import START
from mesh import Stranger, block, stranger

NOW = int(START)
ANN = "1SOAAAAAB"


def club(**more: Any) -> Club:
    """A house that keeps accounts, to which so1.test may link."""
    keys = more.pop("keys", {})
    return Club(accounts={"authority": "here", **more.pop("accounts", {})}, link=[block("so1", **keys)], **more)


def leaf(house: Club) -> Stranger:
    """A Solanum that hangs at `house`, and has been introduced to its services."""
    so1 = stranger(house, "so1.test", "1SO")
    house.clock.advance(1)
    so1.lines()
    return so1


def ann(so1: Stranger, nick: str = "ann", uid: str = ANN, account: str = "*") -> None:
    """A user there."""
    so1 >> f":1SO EUID {nick} 1 {NOW} +i ~{nick} host.example 192.0.2.7 {uid} * {account} :{nick}"


def says(so1: Stranger, text: str, bot: str = "00SAAAAAA", by: str = ANN) -> None:
    so1 >> f":{by} PRIVMSG {bot} :{text}"


def plain(name: str = "ann", password: str = PASSWORD) -> str:
    return b64encode(f"\0{name}\0{password}".encode()).decode()


def sasl(so1: Stranger, *words: str, uid: str = ANN) -> None:
    so1 >> f":1SO ENCAP services.chatnet SASL {uid} 00SAAAAAC {' '.join(words)}"


def test_the_introduction() -> None:
    house = club()
    so1 = stranger(house, "so1.test", "1SO")
    so1.silent()
    house.clock.advance(1)
    so1 << ":0CN SID services.chatnet 2 00S :Accounts and channels"
    so1 << ":00S EUID NickServ 2 1 +Si NickServ services.chatnet 0 00SAAAAAA * * :Accounts and nicks"
    so1 << ":00S EUID ChanServ 2 1 +Si ChanServ services.chatnet 0 00SAAAAAB * * :Channels"
    so1 << ":00S EUID SaslServ 2 1 +Si SaslServ services.chatnet 0 00SAAAAAC * * :Logging in"
    so1 << ":00S ENCAP * MECHLIST :SCRAM-SHA-256,PLAIN"
    so1.silent()
    assert "so1.test keeps no accounts: its people log in here, by services.chatnet" in house.log.lines
    house.check()


def test_plain_while_connecting() -> None:
    house = club()
    house.account("ann")
    so1 = leaf(house)
    sasl(so1, "H", "host.example", "192.0.2.7", "S")
    sasl(so1, "S", "PLAIN")
    so1 << f":00S ENCAP so1.test SASL 00SAAAAAC {ANN} C :+"
    sasl(so1, "C", plain())
    so1 << f":00S ENCAP so1.test SVSLOGIN {ANN} * * * :ann"
    so1 << f":00S ENCAP so1.test SASL 00SAAAAAC {ANN} D :S"
    so1.silent()
    ann(so1, account="ann")
    user = house.node.network.user("ann")
    assert user is not None and (user.account, user.account_id) == ("ann", house.named().id)
    house.check()
