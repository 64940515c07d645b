"""Users: who they are and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator

from chatnet.links.codecs.solanum.base import Base, address, encode
from chatnet.model.user import User


class Users(Base):
    """Users: who they are and what becomes of them."""

    __slots__ = ()

    def user(self, user: User) -> Iterator[bytes]:
        """All that a neighbour is told of a user when it meets them: EUID, and what does not fit into it."""
        account = encode(user.account) if user.account is not None else b"*"
        yield b":%b EUID %b %d %d +%b %b %b %b %b %b %b :%b" % (
            encode(user.server.sid), encode(user.nick), user.server.hops + 1, user.nick_ts,
            encode("".join(sorted(user.modes))), encode(user.username), encode(user.host),
            encode(address(user.address)), encode(user.uid), encode(user.real_host), account,
            encode(user.realname),
        )  # fmt: skip
        if user.certfp is not None:
            yield b":%b ENCAP * CERTFP :%b" % (encode(user.uid), encode(user.certfp))
        if user.away is not None:
            yield b":%b AWAY :%b" % (encode(user.uid), encode(user.away))
