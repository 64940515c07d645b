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
        return [
            self.fit(
                b":%b BAN %b %b %b %d %d %d %b :%b"
                % (
                    self.id_of(by),
                    ban.kind.encode(),
                    encode(ban.user),
                    encode(address(ban.host)),
                    ban.created,
                    ban.until - ban.created,
                    ban.lifetime - ban.created,
                    encode(ban.by),
                    encode(ban.reason),
                )  # fmt: skip
            )
        ]
