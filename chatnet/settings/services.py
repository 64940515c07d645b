"""The pseudo-users that this server plays: NickServ, ChanServ, HistServ, and the virtual server of them."""

from __future__ import annotations

import re

from pydantic import field_validator, model_validator

from chatnet.settings.base import Section, ServerId, Word
from chatnet.wire.casemap import folder
from chatnet.wire.names import LONGEST_HOST, is_nick, is_server_name

_fold = folder("rfc1459")  # what it tells apart all others do

_ODD = re.compile("[^a-z0-9-]+")


class ServicesSettings(Section):
    """``[services]``: NickServ, ChanServ and HistServ, no programs of their own. A change takes effect at a
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
    histserv: Word = "HistServ"
    """The nick of who tells what was said, where messages are stored. With services of another make it is
    this server's only as long as nobody bears it."""

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if value and not is_server_name(value):
            raise ValueError("is not a server name: letters, digits and '-', with a '.', at most 63 bytes")
        return value

    @field_validator("nickserv", "chanserv", "histserv")
    @classmethod
    def _check_nick(cls, value: str) -> str:
        if not is_nick(value, 30):
            raise ValueError("is not a nick of at most 30 characters")
        return value

    @model_validator(mode="after")
    def _check_nicks(self) -> ServicesSettings:
        nicks = [_fold(nick) for nick in (self.nickserv, self.chanserv, self.histserv)]
        if len(set(nicks)) < len(nicks):
            raise ValueError("nickserv, chanserv and histserv need three nicks")
        if "saslserv" in nicks:
            raise ValueError("SaslServ is the nick of who looks at passwords for other servers")
        return self


def services_name(name: str, network: str) -> str:
    """The name of the virtual server: `name`, or one made of the name of the network."""
    label = _ODD.sub("-", network.lower()).strip("-") or "network"
    return name or f"services.{label}"[:LONGEST_HOST].rstrip("-")
