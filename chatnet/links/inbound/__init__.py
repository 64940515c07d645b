"""What neighbours say, as facts.  Importing this package enters all its verbs into ``LINK``."""

from __future__ import annotations

from chatnet.links import encap, handshake
from chatnet.links.inbound import bans, channels, history, messages, queries, servers, users

__all__ = ["bans", "channels", "encap", "handshake", "history", "messages", "queries", "servers", "users"]
