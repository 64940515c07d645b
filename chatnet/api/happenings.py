"""What happens to the network, as operators' streams are told it: servers that come and go, and bans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.api.events import Streams
from chatnet.api.told import Object
from chatnet.model.bans import NAMES
from chatnet.model.facts import Fact, Hearer, NetSplit, NetworkBanned, ServerIntroduced
from chatnet.wire.ban_targets import shown
from chatnet.wire.server_time import written_ms

BANS: Final = "bans"
"""The privilege that it takes to read of bans."""


class Happenings:
    """An observer."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self.hears: Mapping[type[Fact], Hearer] = {
            NetSplit: self._net_split,
            NetworkBanned: self._network_banned,
            ServerIntroduced: self._server_introduced,
        }

    def _server_introduced(self, fact: ServerIntroduced, origin: object) -> None:
        server = fact.server
        uplink = None if server.uplink is None else server.uplink.name
        found: Object = {
            "type": "link", "time": _time(fact.at), "server": server.name, "uplink": uplink, "linked": True,
        }  # fmt: skip
        self._streams.tell_operators(found)

    def _net_split(self, fact: NetSplit, origin: object) -> None:
        found: Object = {
            "type": "link", "time": _time(fact.at), "server": fact.far.name, "uplink": fact.near.name,
            "linked": False, "reason": fact.reason,
        }  # fmt: skip
        self._streams.tell_operators(found)

    def _network_banned(self, fact: NetworkBanned, origin: object) -> None:
        ban = fact.ban
        found: Object = {
            "type": "ban", "time": _time(fact.at), "id": shown(ban.kind, ban.mask), "kind": NAMES[ban.kind],
            "reason": ban.reason, "by": ban.by, "until": None if ban.until is None else _time(ban.until),
            "lifted": not ban.holds(fact.at),
        }  # fmt: skip
        self._streams.tell_operators(found, BANS)


def _time(at: float) -> str:
    return written_ms(int(at * 1000))
