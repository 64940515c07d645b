"""Bans from the network."""

from __future__ import annotations

from typing import Final

from chatnet.links.codecs.solanum.base import Base, address, encode
from chatnet.model.bans import FOREVER, REFUSE, NetworkBan
from chatnet.model.facts import Source

ABROAD: Final = ("K", "X", "R")
"""Kinds of bans that servers of other makes know by BAN."""


class Bans(Base):
    """BAN."""

    __slots__ = ()

    def ban(self, by: Source, ban: NetworkBan, now: float) -> list[bytes]:
        """``:<source> BAN <K|X|R> <user> <host> <created> <duration> <lifetime> <oper> :<reason>``

        None for a neighbour that does not know it, or for a ban of this server alone, or of a kind that no
        others know.  Duration and lifetime are seconds after the creation, the duration 0 if it was taken
        back; one without an end is told as one of 52 weeks from `now` on, and one of addresses as one of all
        users there.
        """
        kind = "K" if ban.kind == "D" else ban.kind
        if not ban.wide or kind not in ABROAD or ban.action != REFUSE or "BAN" not in self.caps:
            return []
        until = ban.until if ban.until is not None else max(int(now), ban.created) + FOREVER
        lifetime = max(until if ban.lifetime is None else ban.lifetime, ban.created)
        source, host = self.id_of(by), encode(address(ban.host))
        head = b":%b BAN %b %b %b" % (source, kind.encode(), encode(ban.user), host)
        times = b"%d %d %d" % (ban.created, max(until - ban.created, 0), lifetime - ban.created)
        reason = encode(ban.reason) or self.blank
        return [self.fit(b"%b %b %b :%b" % (head, times, encode(ban.by), reason))]
