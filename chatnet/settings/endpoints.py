"""Places to listen at, in Twisted's language, and what is wrong with one before anything is opened.

``tcp:6667:interface=127.0.0.1``: a kind, and arguments by place or by name.  A backslash takes the meaning
from the ``:`` or ``=`` behind it.  https://docs.twisted.org/en/stable/core/howto/endpoints.html#servers
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from chatnet.wire.names import is_domain

ARGUMENTS: Final = {
    "tcp": ("port", "interface", "backlog"),
    "tcp6": ("port", "backlog", "interface"),
    "unix": ("address", "mode", "backlog", "lockfile"),
    "systemd": ("domain", "index", "name"),
}
"""The kinds that are known here, and what each takes, in the order of places."""
_INSTEAD: Final = {
    "ssl": "has TLS in the endpoint: write tcp:… and tls = true",
    "tls": "has TLS in the endpoint: write tcp:… and tls = true",
    "haproxy": "has the PROXY protocol in the endpoint: write tcp:… and proxy_from",
    "stdio": "is no place where people could connect: write tcp:6667",
}
"""Kinds that Twisted knows, and what to write."""
_NEEDED: Final = {
    "port": "has no port: write {kind}:6667",
    "address": "has no path: write unix:chat.sock",
    "domain": "has no domain: write systemd:domain=INET6:index=0",
}
MOST_PATH = 107
"""Bytes that the path of a UNIX socket may have."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. Of a kind that is not known here the arguments are left out."""

    kind: str
    arguments: dict[str, str]

    @property
    def place(self) -> tuple[IPv4Address | IPv6Address, int] | None:
        """Address and port, if it is one over TCP; of IPv4 also where that is written as IPv6."""
        if self.kind not in ("tcp", "tcp6"):
            return None
        everywhere = "::" if self.kind == "tcp6" else "0.0.0.0"
        address = ip_address(self.arguments.get("interface", everywhere))
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return address, int(self.arguments["port"])


def datagrams_in(text: str) -> tuple[str, int]:
    """Address and port of ``udp:5514:interface=127.0.0.1``, or of ``udp6:…``; raises ValueError as below."""
    kind, colon, rest = text.partition(":")
    if kind not in ("udp", "udp6") or not colon:
        raise ValueError("is not an endpoint such as udp:5514:interface=127.0.0.1")
    endpoint = endpoint_in(f"tcp{kind[3:]}:{rest}")
    if endpoint.arguments.keys() - {"port", "interface"} or endpoint.place is None:
        raise ValueError(f"has more than a port and an interface, which is all that {kind} takes")
    return str(endpoint.place[0]), endpoint.place[1]


def endpoint_in(text: str) -> Endpoint:
    """The endpoint in `text`.  Raises ValueError with what is wrong with it, as the end of a sentence."""
    (name, kind), *pieces = _pieces(text)
    if not pieces or not kind or name is not None or _is_address(text):
        raise ValueError(_no_endpoint(text))
    if kind in _INSTEAD:
        raise ValueError(_INSTEAD[kind])
    if kind not in ARGUMENTS:
        return Endpoint(kind, {})
    arguments = _by_name(kind, pieces)
    for name, value in arguments.items():
        _CHECKS[name](value)
    if kind == "systemd" and ("index" in arguments) == ("name" in arguments):
        raise ValueError("needs either an index or a name, as in systemd:domain=INET6:index=0")
    return Endpoint(kind, arguments)


def _pieces(text: str) -> list[tuple[str | None, str]]:
    """What stands between colons: name and value, or None and a value."""
    pieces: list[tuple[str | None, str]] = []
    name, current = None, ""
    characters = iter(text)
    for character in characters:
        if character == "\\":
            following = next(characters, None)
            if following is None:
                raise ValueError("ends with a backslash, which is for a ':' or '=' behind it")
            current += following
        elif character == ":":
            pieces.append((name, current))
            name, current = None, ""
        elif character == "=" and name is None:
            name, current = current, ""
        else:
            current += character
    return [*pieces, (name, current)]


def _by_name(kind: str, pieces: list[tuple[str | None, str]]) -> dict[str, str]:
    known = ARGUMENTS[kind]
    arguments: dict[str, str] = {}
    places = iter(known)
    for name, value in pieces:
        key = next(places, None) if name is None else name
        if key is None or not value or key in arguments:
            # Most likely a part of an address.
            raise ValueError(
                f"has an empty or a spare part ({':'.join(known)} is all there is); a ':' within an address "
                r"is written with a backslash, as in 'tcp6:6667:interface=\:\:1' (in single quotes)"
            )
        if key not in known:
            raise ValueError(f"has {key!r}, which {kind} does not take: write {', '.join(known[1:])}")
        arguments[key] = value
    if known[0] not in arguments:
        raise ValueError(_NEEDED[known[0]].format(kind=kind))
    return arguments


def _is_address(text: str) -> bool:
    """Whether it is an address and a port, as other programs write a place to listen at."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()):
        return False
    return (
        host in ("", "*", "localhost") or _literal(host) is not None or ("." in host and is_domain(host, 253))
    )


def _literal(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def _no_endpoint(text: str) -> str:
    """What to write in the place of something that is no endpoint at all."""
    if text.isascii() and text.isdigit():
        return f"is not an endpoint: write tcp:{text}"
    if not _is_address(text):
        return "is not an endpoint such as tcp:6667:interface=127.0.0.1"
    host, _, port = text.rpartition(":")
    address = _literal(host)
    kind = "tcp6" if isinstance(address, IPv6Address) else "tcp"
    written = f"{kind}:{port}"
    if address is not None and not address.is_unspecified:
        written += ":interface=" + str(address).replace(":", r"\:")
    return f"is an address and a port, but no endpoint: write {written}"


def _port(text: str) -> None:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= 65535):
        raise ValueError(f"has the port {text!r}: ports are numbers from 1 to 65535")


def _interface(text: str) -> None:
    if text != text.strip("[]") or _literal(text) is None:
        raise ValueError(
            f"has the interface {text!r}: write an address of this machine, or leave it out for all"
        )


def _backlog(text: str) -> None:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= 65535):
        raise ValueError(f"has the backlog {text!r}: write a number of connections, at most 65535")


def _path(text: str) -> None:
    if "\0" in text or len(text.encode()) > MOST_PATH:
        raise ValueError(f"has a path that no UNIX socket may have: at most {MOST_PATH} bytes")


def _mode(text: str) -> None:
    if re.fullmatch("0?[0-7]{3}", text) is None:
        raise ValueError(f"has the mode {text!r}: write three octal digits, such as 660")


def _lockfile(text: str) -> None:
    if text not in ("0", "1"):
        raise ValueError(f"has lockfile={text}: write 0 or 1")


def _domain(text: str) -> None:
    if text not in ("INET", "INET6", "UNIX"):
        raise ValueError(f"has the domain {text!r}: write INET, INET6 or UNIX")


def _index(text: str) -> None:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise ValueError(f"has the index {text!r}: write the place of the socket in its unit, from 0 on")


_CHECKS: Final[dict[str, Callable[[str], object]]] = {
    "port": _port,
    "interface": _interface,
    "backlog": _backlog,
    "address": _path,
    "mode": _mode,
    "lockfile": _lockfile,
    "domain": _domain,
    "index": _index,
    "name": str,
}
