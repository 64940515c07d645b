"""Users: who they are and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from chatnet.links.codecs.solanum.base import address, encode
from chatnet.links.codecs.solanum.persons import Persons
from chatnet.model.entities import User
from chatnet.model.facts import NickChanged, Source, UserQuit
from chatnet.model.server import Server
from chatnet.wire.text import cut

_CORE: Final = frozenset("BCDGQRSZagiowxz")
_FOREIGN: Final = frozenset("DGQRSZagiow")
"""User modes that a neighbour is told of: each server knows by itself who gets its notices (s)."""

# Bytes that other servers than chatnet's allow.
_USERNAME: Final = 10
_REALNAME: Final = 50
_AWAY: Final = 390
_REASON: Final = 260


class Users(Persons):
    """Users: who they are and what becomes of them."""

    __slots__ = ()

    def user(self, user: User, known: str = "") -> Iterator[bytes]:
        """All that a neighbour is told of a user when it meets them; `known` is a digest, see CNKNOW.

        ``EUID <nick> <hops> <TS> +<modes> <user> <host> <ip> <uid> <real host|*> <account|*> :<real name>``,
        or UID without real host and account, which follow in ENCAP; then what does not fit into it.
        """
        uid = encode(user.uid)
        account = encode(user.account) if user.account is not None else b"*"
        real_host = encode(user.real_host) if user.real_host != user.host else b"*"
        head = b"%b %d %d +%b %b %b %b %b" % (
            encode(user.nick), user.server.hops + 1, user.nick_ts, self._letters("".join(user.modes)),
            encode(self._cut(user.username, _USERNAME)), encode(user.host), encode(address(user.address)),
            uid,
        )  # fmt: skip
        name = encode(self._cut(user.realname, _REALNAME)) or self.blank
        if "EUID" in self.caps:
            line = b":%b EUID %b %b %b :%b" % (encode(user.server.sid), head, real_host, account, name)
            line, person = self._identified(user, line), self.person(user, known)
            if person:
                line = b"@%b%b" % (person, b";" + line[1:] if line.startswith(b"@") else b" " + line)
            yield line
        else:
            yield b":%b UID %b :%b" % (encode(user.server.sid), head, name)
            if real_host != b"*":
                yield b":%b ENCAP * REALHOST :%b" % (uid, real_host)
            if user.account is not None:
                yield b":%b ENCAP * LOGIN :%b" % (uid, account)
        if user.certfp is not None:
            yield b":%b ENCAP * CERTFP :%b" % (uid, encode(user.certfp))
        if user.away is not None:
            yield self.away(user)
        if user.oper is not None and user.oper.name:
            yield self._block(user)

    def quit(self, fact: UserQuit) -> bytes:
        """``:<uid> QUIT :<reason>``"""
        line = b":%b QUIT :%b" % (encode(fact.user.uid), encode(self._cut(fact.reason, _REASON)))
        return self.event(self.fit(line), fact.at, fact.msgid)

    def nick(self, fact: NickChanged) -> bytes:
        """``:<uid> NICK <nick> :<TS>``"""
        user = fact.user
        line = b":%b NICK %b :%d" % (encode(user.uid), encode(user.nick), user.nick_ts)
        return self.event(line, fact.at, fact.msgid)

    def save(self, by: Server, user: User, ts: int, at: float = 0.0, msgid: str = "") -> bytes:
        """``:<sid> SAVE <uid> <TS>``, the TS of the nick that the user loses."""
        return self.event(b":%b SAVE %b %d" % (encode(by.sid), encode(user.uid), ts), at, msgid)

    def away(self, user: User) -> bytes:
        """``:<uid> AWAY :<text>``, or without a text: back."""
        if user.away is None:
            return b":%b AWAY" % encode(user.uid)
        return b":%b AWAY :%b" % (encode(user.uid), encode(self._cut(user.away, _AWAY)))

    def kill(self, by: Source, user: User, reason: str, at: float = 0.0, msgid: str = "") -> bytes:
        """``:<uid or sid> KILL <uid> :<path> (<reason>)``; the path is ``server!host!user!nick``."""
        path = f"{by.server.name}!{by.host}!{by.username}!{by.nick}" if isinstance(by, User) else by.mask
        reason = cut(reason, _REASON)
        line = b":%b KILL %b :%b (%b)" % (self.id_of(by), encode(user.uid), encode(path), encode(reason))
        return self.event(line, at, msgid)

    def host(self, by: Source, user: User) -> bytes:
        """``:<source> CHGHOST <uid> :<host>``; in ENCAP if the neighbour does not know EUID."""
        verb = b"CHGHOST" if "EUID" in self.caps else b"ENCAP * CHGHOST"
        return b":%b %b %b :%b" % (self.id_of(by), verb, encode(user.uid), encode(user.host))

    def signon(self, user: User) -> bytes:
        """``:<uid> SIGNON <nick> <user> <host> <TS> <account|0>``: a user logged in or out, or looks else."""
        line = b":%b SIGNON %b %b %b %d %b" % (
            encode(user.uid), encode(user.nick), encode(self._cut(user.username, _USERNAME)),
            encode(user.host), user.nick_ts, encode(user.account or "0"),
        )  # fmt: skip
        return self._identified(user, line)

    def _identified(self, user: User, line: bytes) -> bytes:
        return self.identified(line, user.account_id, user.account_since)

    def identified(self, line: bytes, entity: str | None, since: int | None) -> bytes:
        """``@chatnet/account=<id>`` in front, for a chatnet server: names may change, and ids never.

        Who keeps no records is told ``chatnet/registered=<unix s>`` as well.
        """
        if entity is None or not self.core:
            return line
        tags = b"chatnet/account=" + entity.encode()
        if since is not None and not self.records:
            tags += b";chatnet/registered=%d" % since
        return b"@%b %b" % (tags, line)

    def realname(self, user: User) -> bytes:
        """``:<uid> SETNAME :<real name>``"""
        return b":%b SETNAME :%b" % (encode(user.uid), encode(user.realname))

    def user_modes(self, user: User, added: str, removed: str) -> bytes | None:
        """``:<uid> MODE <uid> :+<modes>-<modes>``; None if the neighbour knows none of them."""
        plus, minus = self._letters(added), self._letters(removed)
        text = (b"+" + plus if plus else b"") + (b"-" + minus if minus else b"")
        return b":%b MODE %b :%b" % (encode(user.uid), encode(user.uid), text) if text else None

    def oper(self, user: User) -> Iterator[bytes]:
        """``MODE +o`` and ``OPER``, or ``MODE -o``."""
        sign = b"-" if user.oper is None else b"+"
        yield b":%b MODE %b :%bo" % (encode(user.uid), encode(user.uid), sign)
        if user.oper is not None and user.oper.name:
            yield self._block(user)

    def _block(self, user: User) -> bytes:
        """``:<uid> OPER <name> <class>``; who is operator by a token has a name of two words here."""
        assert user.oper is not None
        return b":%b OPER %b %b" % (
            encode(user.uid), encode(user.oper.name.replace(" ", "/")), encode(user.oper.oper_class or "*"),
        )  # fmt: skip

    def _letters(self, modes: str) -> bytes:
        known = _CORE if self.core else _FOREIGN
        return "".join(sorted(letter for letter in modes if letter in known)).encode()

    def _cut(self, text: str, limit: int) -> str:
        return text if self.core else cut(text, limit)
