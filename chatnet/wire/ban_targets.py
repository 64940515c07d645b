"""Whom a ban of the network means, as operators write it.

    192.0.2.7  2001:db8::/64     an address, or a network of them
    user@host                    users, by real host, address or cloak; the host may be a network
    account:ann                  whoever is logged in to an account
    realname:*free?spam*         a real name
    cert:<SHA-256 in hex>        whoever shows a certificate
    name:foo*  #channel          a nick or a channel's name that nobody may have

``*`` and ``?`` are wildcards where a mask is meant.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from chatnet.wire.masks import normalise_address, parse_network, wire_address
from chatnet.wire.text import byte_length

MOST_MASK: Final = 300
"""Bytes of a mask; a longer one is none."""

_WORDS: Final = {"account": "A", "realname": "X", "cert": "C", "certfp": "C", "name": "R", "nick": "R"}
"""What stands before a colon, and the kind that it tells."""
_SHOWN: Final = {"A": "account", "X": "realname", "C": "cert", "R": "name"}
_CHANNELS: Final = ("#", "&")
_HEX: Final = frozenset("0123456789abcdef")


class Target(NamedTuple):
    """The kind of a ban (as in ``model/bans.py``), and its masks of user and host; or ``*`` and one mask."""

    kind: str
    user: str
    host: str

    @property
    def mask(self) -> str:
        """What it means, in one word."""
        return f"{self.user}@{self.host}" if self.kind == "K" else self.host


def address_target(text: str) -> Target | None:
    """An address, or a network of them, in its one canonical form; None for anything else."""
    plain = plain_network(text)
    return None if plain is None else Target("D", "*", plain)


def plain_network(text: str) -> str | None:
    """An address or a network in its one canonical form, as a parameter; None for anything else."""
    network = parse_network(text.partition("%")[0])
    if network is None:
        return None
    if network.prefixlen == network.max_prefixlen:
        return wire_address(normalise_address(str(network.network_address)))
    return wire_address(str(network))


def user_target(text: str) -> Target | None:
    """``user@host``, with either part left out ``*``; a lone host means all of its users.

    None for what is no such mask, and for masks of nicks: what they are called people change at will.
    """
    left, at, host = text.rpartition("@")
    nick, mark, user = left.rpartition("!")
    if mark and nick not in ("", "*"):
        return None
    user, host = (user if at else "") or "*", host or "*"
    if "/" in host or ":" in host:  # a network, and nothing else
        plain = plain_network(host)
        if plain is None and ":" in host and "/" not in host and ("*" in host or "?" in host):
            plain = wire_address(host)
        if plain is None:
            return None
        host = plain
    return _whole(Target("K", user, host))


def realname_target(text: str) -> Target | None:
    r"""A real name; a space in it is ``\s`` from now on."""
    return _whole(Target("X", "*", text.replace(" ", "\\s")))


def name_target(text: str) -> Target | None:
    """A nick, or a channel's name."""
    return _whole(Target("R", "*", text))


def account_target(text: str) -> Target | None:
    """An account."""
    return _whole(Target("A", "*", text))


def read_target(text: str) -> Target | None:
    """Whom a text means; None if it is a bare name, of a nick or an account, or nothing at all."""
    if text[:1] in _CHANNELS:
        return name_target(text)
    word, mark, rest = text.partition(":")
    kind = _WORDS.get(word.lower()) if mark else None
    if kind == "C":
        plain = rest.replace(":", "").lower()
        return Target("C", "*", plain) if len(plain) == 64 and _HEX.issuperset(plain) else None
    if kind == "X":
        return realname_target(rest)
    if kind is not None:
        return _whole(Target(kind, "*", rest))
    if "@" in text or "!" in text:
        return user_target(text)
    return address_target(text)


def _whole(target: Target) -> Target | None:
    """The target, if its masks are words that a line can have."""
    host = target.host
    if not host or host[0] == ":" or any(c in " \0\r\n" for c in target.mask):
        return None
    return target if byte_length(target.mask) <= MOST_MASK else None


def shown(kind: str, mask: str) -> str:
    """A target as `read_target` reads it; `kind` may be that of an exemption."""
    kind = kind[-1]
    if kind == "R" and mask[:1] in _CHANNELS:
        return mask
    word = _SHOWN.get(kind)
    return mask if word is None else f"{word}:{mask}"
