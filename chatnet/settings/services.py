"""The pseudo-users that this server plays: NickServ, and the virtual server that it is on."""

from __future__ import annotations

import re

from pydantic import field_validator

from chatnet.settings.base import Section, ServerId, Word
from chatnet.wire.names import LONGEST_HOST, is_nick, is_server_name

_ODD = re.compile("[^a-z0-9-]+")


class ServicesSettings(Section):
    """``[services]``: NickServ, which is no program of its own. A change takes effect at a restart only."""

    name: str = ""
    """Name of the virtual server that NickServ is on; it has a dot. Empty = ``services.`` and the name of the
    network."""
    sid: ServerId = "00S"
    """Its server id, unique in the network: a digit, then two digits or capital letters."""
    nickserv: Word = "NickServ"
    """The nick of who keeps accounts and nicks; nobody else can have it."""

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if value and not is_server_name(value):
            raise ValueError("is not a server name: letters, digits and '-', with a '.', at most 63 bytes")
        return value

    @field_validator("nickserv")
    @classmethod
    def _check_nick(cls, value: str) -> str:
        if not is_nick(value, 30):
            raise ValueError("is not a nick of at most 30 characters")
        return value


def services_name(name: str, network: str) -> str:
    """The name of the virtual server: `name`, or one made of the name of the network."""
    label = _ODD.sub("-", network.lower()).strip("-") or "network"
    return name or f"services.{label}"[:LONGEST_HOST].rstrip("-")
