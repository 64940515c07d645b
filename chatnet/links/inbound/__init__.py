"""What neighbours say, as facts.  Importing this package enters all its verbs into ``LINK``."""

from __future__ import annotations

from chatnet.links import encap, handshake
from chatnet.links.inbound import accounts, bans, channels, messages, queries, servers, services, users

__all__ = [
    "accounts",
    "bans",
    "channels",
    "encap",
    "handshake",
    "messages",
    "queries",
    "servers",
    "services",
    "users",
]
