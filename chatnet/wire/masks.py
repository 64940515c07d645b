"""Masks: `nick!user@host` with wildcards, and networks of addresses.

https://modern.ircdocs.horse/#wildcard-expressions: `*` is any number of characters, `?` is one, and a
backslash before either takes its meaning away; any other backslash is itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from chatnet.wire.casemap import Folder
from chatnet.wire.names import LONGEST_HOST
from chatnet.wire.text import cut

Network = IPv4Network | IPv6Network

_TOKEN: Final = re.compile(r"\\[*?]|[*]+|[?]|[^*?\\]+|\\")
_ONE: Final = "\0"
"""Stands for one character, whichever; no text has it, for lines come without."""
_ESCAPED: Final = ("\\*", "\\?")

Matches = Callable[[str], bool]
"""Says whether a whole text matches a pattern, case aside."""

LONGEST_KEPT: Final = 200
"""Characters of the longest pattern that is kept ready: ready it may take twenty times as much memory."""


def compile_glob(pattern: str, fold: Folder) -> Matches:
    """As `read_glob`, for a pattern that will be asked about again: the last of them are kept ready."""
    return _kept(pattern, fold) if len(pattern) <= LONGEST_KEPT else read_glob(pattern, fold)


def read_glob(pattern: str, fold: Folder) -> Matches:
    """A function that says whether a whole text matches the pattern, case aside.

    Between two stars is a run of fixed length, and the first place where it fits is as good as any other: the
    time is at most the length of the pattern times that of the text, whatever the pattern.  No expression is
    made of it: to compile one takes a hundred times as long, and ten times the memory.
    """
    runs = [""]
    for token in _TOKEN.findall(pattern):
        if token[0] == "*":
            runs.append("")
        elif token == "?":
            runs[-1] += _ONE
        else:
            runs[-1] += fold(token[1] if token in _ESCAPED else token)
    first, *inner, last = runs if len(runs) > 1 else (*runs, "")
    inner = [run for run in inner if run]
    if _ONE in "".join(runs):
        return _with_gaps(first, inner, last if len(runs) > 1 else None, fold)
    if len(runs) == 1:
        return lambda text: fold(text) == first
    return _with_literals(first, inner, last, fold)


_kept = lru_cache(4096)(read_glob)


def price_of(mask: str) -> int:
    """About how many microseconds it takes to hold one text against a mask."""
    return 1 + len(mask) // 8 + 2 * mask.count("?")


def _with_literals(first: str, inner: list[str], last: str, fold: Folder) -> Matches:
    """Most masks have stars only."""

    def matches(text: str) -> bool:
        text = fold(text)
        if not (text.startswith(first) and text.endswith(last)):
            return False
        place = len(first)
        for run in inner:
            place = text.find(run, place)
            if place < 0:
                return False
            place += len(run)
        return place + len(last) <= len(text)

    return matches


def _with_gaps(first: str, inner: list[str], last: str | None, fold: Folder) -> Matches:
    """Some run has question marks; without stars there is no `last`."""
    begin = first.split(_ONE)
    if last is None:
        return lambda text: len(text) == len(first) and _fits(fold(text), begin, 0)
    end = last.split(_ONE)
    between = [(run, run.split(_ONE)) for run in inner]

    def matches(text: str) -> bool:
        text = fold(text)
        final = len(text) - len(last)
        if final < len(first) or not (_fits(text, begin, 0) and _fits(text, end, final)):
            return False
        place = len(first)
        for run, pieces in between:
            place = text.find(run, place) if len(pieces) == 1 else _find(text, run, pieces, place)
            if place < 0:
                return False
            place += len(run)
        return place <= final

    return matches


def _fits(text: str, pieces: list[str], place: int) -> bool:
    """Whether the pieces, with one character between each two, stand at `place`."""
    for piece in pieces:
        if not text.startswith(piece, place):
            return False
        place += len(piece) + 1
    return True


def _find(text: str, run: str, pieces: list[str], place: int) -> int:
    """The first place from `place` on where a run of these pieces fits, -1 if there is none."""
    for piece in pieces:
        if text.find(piece, place) < 0:
            return -1
    # All places at once: the bits of a number are those where the run fits as far as it was looked at.
    places = _places(text)
    found = (1 << max(0, len(text) - len(run) + 1)) - 1 >> place << place
    for offset, sign in enumerate(run):
        if sign != _ONE:
            found &= places.get(sign, 0) >> offset
    return (found & -found).bit_length() - 1


@lru_cache(256)
def _places(text: str) -> dict[str, int]:
    """Where in a text each of its characters stands, as bits: many patterns are asked about one text."""
    places: dict[str, int] = {}
    for place, sign in enumerate(text):
        places[sign] = places.get(sign, 0) | 1 << place
    return places


_STARS: Final = re.compile(r"\*{2,}")


def complete_mask(text: str, nick_limit: int = 30, user_limit: int = 10) -> str:
    """A part of a mask made whole, each part cut to its limit in bytes.

    `nick` is `nick!*@*`, `nick!user` is `nick!user@*`, `user@host` is `*!user@host`, and what holds a dot, a
    colon or a slash, which no nick does, is `*!*@host`.  It ends at the first space; nothing is `*!*@*`.
    An IPv6 address is written as hosts are shown, in whatever spelling it came.
    """
    text = _STARS.sub("*", text.partition(" ")[0])
    nick = user = host = ""
    if "@" in text:
        left, _, host = text.partition("@")
        nick, exclamation, user = left.partition("!")
        if not exclamation:
            nick, user = "", left
    elif "!" in text:
        nick, _, user = text.partition("!")
    elif any(sign in text for sign in ".:/"):
        host = text
    else:
        nick = text
    host = cut(_shown(host), LONGEST_HOST)
    return f"{cut(nick, nick_limit) or '*'}!{cut(user, user_limit) or '*'}@{host or '*'}"


@lru_cache(1024)
def normalise_address(text: str) -> str:
    """An IP address in its one canonical form: IPv6 compressed, IPv4-mapped IPv6 as IPv4, no zone.

    What is not an address, such as the path of a UNIX socket, stays as it is.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return text
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)


def _shown(host: str) -> str:
    """The host of a mask as it is shown, if it is an IPv6 address, or a network of such; else as it is."""
    address, slash, bits = host.partition("/")
    if ":" not in address or parse_network(host) is None:
        return host
    plain = normalise_address(address)
    if slash and ":" not in plain:
        if int(bits) < _MAPPED_BITS:
            return host
        bits = str(int(bits) - _MAPPED_BITS)
    return wire_address(plain) + slash + bits


@lru_cache(1024)
def shown_mask(mask: str) -> str:
    """A mask with its host as hosts are shown, if that is an IPv6 address."""
    front, at, host = mask.rpartition("@")
    return front + at + _shown(host)


def wire_address(text: str) -> str:
    """An address as a parameter: `::1` is written `0::1`, or its colon would swallow the rest of the line."""
    return "0" + text if text.startswith(":") else text


def parse_network(text: str) -> Network | None:
    """`192.0.2.0/24`, `2001:db8::/32` or a lone address; None for anything else.  Host bits are ignored.

    A network of IPv4-mapped addresses is the IPv4 network.
    """
    _, slash, bits = text.partition("/")
    if slash and not (bits.isascii() and bits.isdecimal()):
        return None
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    if isinstance(network, IPv6Network) and network.prefixlen >= _MAPPED_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - _MAPPED_BITS))
    return network


_MAPPED_BITS: Final = 96
