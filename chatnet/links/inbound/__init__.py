"""What neighbours say, as facts.  Importing this package enters all its verbs into ``LINK``."""

from __future__ import annotations

from chatnet.links.exchange import digests
from chatnet.links.inbound import (
    accounts,
    bans,
    copies,
    history,
    messages,
    queries,
    servers,
    services,
    users,
)
from chatnet.links.inbound.channels import verbs as channels
from chatnet.links.meeting import handshake
from chatnet.links.speech import encap

__all__ = [
    "accounts",
    "bans",
    "channels",
    "copies",
    "digests",
    "encap",
    "handshake",
    "history",
    "messages",
    "queries",
    "servers",
    "services",
    "users",
]
