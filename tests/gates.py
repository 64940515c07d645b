"""A house that keeps accounts, a Solanum that hangs at it, and what is said there."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

from club import PASSWORD, Club
from conversation import START
from mesh import Stranger, block, stranger

NOW: Final = int(START)
ANN: Final = "1SOAAAAAB"
NICKSERV: Final = "00SAAAAAA"
CHANSERV: Final = "00SAAAAAB"
SASLSERV: Final = "00SAAAAAC"


def club(accounts: dict[str, Any] | None = None, keys: dict[str, Any] | None = None, **more: Any) -> Club:
    """A house that keeps accounts, to which so1.test may link: `keys` stand in its block."""
    settings = {"authority": "here", **(accounts or {})}
    return Club(accounts=settings, link=[block("so1", **(keys or {}))], **more)


def leaf(house: Club, name: str = "so1.test", sid: str = "1SO") -> Stranger:
    """A Solanum that hangs at `house`, and has been introduced to its services."""
    so1 = stranger(house, name, sid)
    house.clock.advance(1)
    so1.lines()
    return so1


def comes(so1: Stranger, nick: str = "ann", uid: str = ANN, account: str = "*", modes: str = "+i") -> None:
    """A user there; what the house says of it is forgotten."""
    so1 >> f":{so1.sid} EUID {nick} 1 {NOW} {modes} ~{nick} host.example 192.0.2.7 {uid} * {account} :{nick}"


def asks(so1: Stranger, text: str, bot: str = NICKSERV, by: str = ANN) -> list[str]:
    """A user there says something to a pseudo-user; what the house says then, without tags."""
    so1 >> f":{by} PRIVMSG {bot} :{text}"
    return heard(so1)


def heard(so1: Stranger) -> list[str]:
    """What the house has said, without tags."""
    return [line.partition(" ")[2] if line[0] == "@" else line for line in so1.lines()]


def told(bot: str, text: str, whom: str = ANN) -> str:
    """A NOTICE of a pseudo-user."""
    return f":{bot} NOTICE {whom} :{text}"


def sasl(so1: Stranger, *words: str, uid: str = ANN) -> list[str]:
    """A word of a talk by SASL; what the house says then."""
    so1 >> f":{so1.sid} ENCAP services.chatnet SASL {uid} {SASLSERV} {' '.join(words)}"
    return heard(so1)


def answer(*words: str, uid: str = ANN) -> str:
    """A word of the agent."""
    *most, last = words
    return f":00S ENCAP so1.test SASL {SASLSERV} {uid} {' '.join([*most, ':' + last])}"


def plain(name: str = "ann", password: str = PASSWORD) -> str:
    """The response of PLAIN."""
    return b64encode(f"\0{name}\0{password}".encode()).decode()


def begin(so1: Stranger, mechanism: str = "PLAIN", uid: str = ANN, address: str = "192.0.2.7") -> list[str]:
    """A connection there begins to talk; what the house says then."""
    sasl(so1, "H", "host.example", address, "S", uid=uid)
    return sasl(so1, "S", mechanism, uid=uid)


def logs_in(so1: Stranger, name: str = "ann", uid: str = ANN, password: str = PASSWORD) -> list[str]:
    """It logs in by PLAIN; what the house says in the end."""
    assert begin(so1, uid=uid) == [answer("C", "+", uid=uid)]
    return sasl(so1, "C", plain(name, password), uid=uid)


def account_of(house: Club, nick: str) -> tuple[str | None, str | None]:
    """What a user is logged in to, by name and by id."""
    user = house.node.network.user(nick)
    assert user is not None
    return user.account, user.account_id
