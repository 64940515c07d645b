"""The pseudo-users that this server plays: NickServ and ChanServ, and the virtual server they are on."""

from __future__ import annotations

import re

from pydantic import field_validator, model_validator

from chatnet.settings.base import Section, ServerId, Word
from chatnet.wire.casemap import folder
from chatnet.wire.names import LONGEST_HOST, is_nick, is_server_name

_fold = folder("rfc1459")  # what it tells apart all others do

_ODD = re.compile("[^a-z0-9-]+")


class ServicesSettings(Section):
    """``[services]``: NickServ and ChanServ, which are no programs of their own. A change takes effect at a
    restart only."""

    name: str = ""
    """Name of the virtual server that they are on; it has a dot. Empty = ``services.`` and the name of the
    network."""
    sid: ServerId = "00S"
    """Its server id, unique in the network: a digit, then two digits or capital letters."""
    nickserv: Word = "NickServ"
    """The nick of who keeps accounts and nicks; nobody else can have it."""
    chanserv: Word = "ChanServ"
    """The nick of who keeps channels."""

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if value and not is_server_name(value):
            raise ValueError("is not a server name: letters, digits and '-', with a '.', at most 63 bytes")
        return value

    @field_validator("nickserv", "chanserv")
    @classmethod
    def _check_nick(cls, value: str) -> str:
        if not is_nick(value, 30):
            raise ValueError("is not a nick of at most 30 characters")
        return value

    @model_validator(mode="after")
    def _check_nicks(self) -> ServicesSettings:
        if _fold(self.nickserv) == _fold(self.chanserv):
            raise ValueError("nickserv and chanserv need two nicks")
        if "saslserv" in (_fold(self.nickserv), _fold(self.chanserv)):
            raise ValueError("SaslServ is the nick of who looks at passwords for other servers")
        return self


def services_name(name: str, network: str) -> str:
    """The name of the virtual server: `name`, or one made of the name of the network."""
    label = _ODD.sub("-", network.lower()).strip("-") or "network"
    return name or f"services.{label}"[:LONGEST_HOST].rstrip("-")
