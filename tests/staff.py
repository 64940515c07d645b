"""Houses with IRC operators, for the tests of what operators do."""

from __future__ import annotations

from typing import Any

from conversation import Client, House

PASSWORD = "sesame"
HASH = f"$argon2-test${PASSWORD}"
CLASSES = [
    {"name": "helper", "privileges": ["kill"]},
    {
        "name": "admin",
        "extends": "helper",
        "privileges": ["rehash", "restart", "die", "wallops", "operwall", "see-all", "reports"],
        "title": "runs this server",
    },
]


def sections(*opers: dict[str, Any], **others: Any) -> dict[str, Any]:
    """The sections of a configuration with these opers; without any, `root` (admin) and `help` (helper)."""
    if not opers:
        opers = (
            {"name": "root", "class": "admin", "password": HASH, "snomask": "cfgknoqr"},
            {"name": "help", "class": "helper", "password": HASH, "modes": "", "snomask": ""},
        )
    return {"oper_class": CLASSES, "oper": list(opers), **others}


def oper(house: House, nick: str, block: str = "root", **peer: Any) -> Client:
    """A client who is an oper, and has read so."""
    client = house.client(nick, **peer)
    client >> f"OPER {block} {PASSWORD}"
    client.until("* 381 *")
    client.lines()
    return client
