"""Bans from the network."""

from __future__ import annotations

from chatnet.links.codecs.solanum.base import Base, address, encode
from chatnet.model.bans import NetworkBan
from chatnet.model.facts import Source


class Bans(Base):
    """BAN."""

    __slots__ = ()

    def ban(self, by: Source, ban: NetworkBan) -> list[bytes]:
        """``:<source> BAN <K|X|R> <user> <host> <created> <duration> <lifetime> <oper> :<reason>``

        None for a neighbour that does not know it, or for a ban that has no end or is no longer than this
        server.  Duration and lifetime are seconds after the creation, the duration 0 if it was taken back.
        """
        if not ban.wide or ban.until is None or ban.lifetime is None or "BAN" not in self.caps:
            return []
        source, kind, host = self.id_of(by), ban.kind.encode(), encode(address(ban.host))
        head = b":%b BAN %b %b %b" % (source, kind, encode(ban.user), host)
        times = b"%d %d %d" % (ban.created, ban.until - ban.created, ban.lifetime - ban.created)
        reason = encode(ban.reason) or self.blank
        return [self.fit(b"%b %b %b :%b" % (head, times, encode(ban.by), reason))]
