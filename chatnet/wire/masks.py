"""Masks: `nick!user@host` with wildcards, and networks of addresses.

https://modern.ircdocs.horse/#wildcard-expressions: `*` is any number of characters, `?` is one, and a
backslash before either takes its meaning away; any other backslash is itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from chatnet.wire.casemap import Folder
from chatnet.wire.names import LONGEST_HOST
from chatnet.wire.text import cut

Network = IPv4Network | IPv6Network

_TOKEN: Final = re.compile(r"\\[*?]|[*]+|[?]|[^*?\\]+|\\")
_ONE: Final = None


@lru_cache(4096)
def compile_glob(pattern: str, fold: Folder) -> Callable[[str], bool]:
    """A function that says whether a whole text matches the pattern, case aside.

    Between two stars is a run of fixed length, and the first place where it fits is as good as any other: the
    time is at most the length of the pattern times that of the text, whatever the pattern.
    """
    runs: list[list[str | None]] = [[]]
    for token in _TOKEN.findall(pattern):
        if token[0] == "*":
            runs.append([])
        elif token == "?":
            runs[-1].append(_ONE)
        else:
            runs[-1].append(fold(token[1] if token in _ESCAPED else token))
    if any(_ONE in run for run in runs):
        return _with_expression(runs, fold)
    literals = ["".join(part or "" for part in run) for run in runs]
    return _with_literals(literals, fold)


_ESCAPED: Final = ("\\*", "\\?")


def _with_literals(runs: list[str], fold: Folder) -> Callable[[str], bool]:
    """Most masks have stars only; these need no expression, which is dear to compile and to keep."""
    first, last = runs[0], runs[-1]
    inner = [run for run in runs[1:-1] if run]

    if len(runs) == 1:
        return lambda text: fold(text) == first

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


def _with_expression(runs: list[list[str | None]], fold: Folder) -> Callable[[str], bool]:
    """Each run an atomic group, so that nothing is tried twice."""
    first, *rest = ("".join("." if part is _ONE else re.escape(part) for part in run) for run in runs)
    expression = first
    if rest:
        *inner, last = rest
        expression += "".join(f"(?>.*?{run})" for run in inner if run) + ".*" + last
    match = re.compile(expression, re.DOTALL).fullmatch
    return lambda text: match(fold(text)) is not None


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


_LOOPBACK: Final = (IPv4Network("127.0.0.0/8"), IPv6Network("::1"))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, whatever happens to the network: `localhost`, 127.0.0.0/8, `::1`."""
    return host.lower() == "localhost" or address_in(host, _LOOPBACK)


def aggregate(address: str, bits4: int, bits6: int) -> str:
    """The network that an address counts for: its first `bits4` or `bits6` bits, as `192.0.2.0/24`.

    What is not an address counts for itself.
    """
    try:
        parsed = ip_address(normalise_address(address))
    except ValueError:
        return address
    return str(ip_network((parsed, bits4 if parsed.version == 4 else bits6), strict=False))


def address_in(address: str, networks: Iterable[Network]) -> bool:
    """Whether an address lies in one of the networks; what is not an address lies in none."""
    try:
        parsed = ip_address(normalise_address(address))
    except ValueError:
        return False
    return any(parsed in network for network in networks)
