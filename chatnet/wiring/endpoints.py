"""Endpoints that look right and cannot be opened: of a kind that nobody knows, or where something else is."""

from __future__ import annotations

import os
import stat
from collections.abc import Hashable, Iterator, Mapping
from ipaddress import IPv6Address
from pathlib import Path, PurePosixPath
from typing import Any

from chatnet.settings.endpoints import ARGUMENTS, Endpoint, endpoint_in
from chatnet.wiring.mistakes import Place

_IPV6_ALONE = Path("/proc/sys/net/ipv6/bindv6only")
"""Holds 1 where all addresses of IPv6 are not those of IPv4 as well."""


def endpoint_problems(tree: Mapping[str, Any]) -> list[tuple[Place, str]]:
    """What is wrong with the endpoints in a tree of settings, and with which: each is valid by itself."""
    if tree.get("listen") == ():
        reason = "is empty, so nobody could connect; leave it out for the defaults, on this machine only"
        return [(("listen",), reason)]
    found: list[tuple[Place, str]] = []
    before: list[tuple[str, Endpoint]] = []
    for index, listener in enumerate(listeners_in(tree)):
        text = listener.get("endpoint")
        if not isinstance(text, str):
            continue
        endpoint, place = endpoint_in(text), ("listen", index, "endpoint")
        if endpoint.kind not in ARGUMENTS and endpoint.kind not in _kinds_of_plugins():
            found.append((place, f"is of a kind that there is not: {endpoint.kind}; write {_known()}"))
        if other := next((each for each in before if overlap(endpoint, each[1])), None):
            found.append((place, _twice(other[0], endpoint, other[1])))
        before.append((text, endpoint))
    return found


def listeners_in(tree: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The listeners in a tree of settings; an empty one in the place of what is none."""
    listen = tree.get("listen")
    for listener in listen if isinstance(listen, tuple) else ():
        yield listener if isinstance(listener, Mapping) else {}


def socket_of(endpoint: Endpoint) -> Hashable | None:
    """The socket that an endpoint means, however it is spelled; None for a new one each time, or unknown."""
    if endpoint.place is not None:
        return endpoint.place if endpoint.place[1] else None
    if endpoint.kind == "unix":
        path = endpoint.arguments["address"]
        # Only the folder is looked up: a link in the place of the socket is another file.
        if path[:1] != "/":
            return PurePosixPath(path)
        return PurePosixPath(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    if endpoint.kind == "systemd":
        return endpoint.arguments.get("index"), endpoint.arguments.get("name")
    return None


def obstacle(path: str) -> str:
    """What stands where a UNIX socket is to be made, as a sentence; empty if nothing is in the way."""
    try:
        there = os.lstat(path).st_mode
        if stat.S_ISSOCK(there) or stat.S_ISSOCK(os.stat(path).st_mode):
            return ""
    except FileNotFoundError:
        if not os.path.islink(path):
            return ""
    except OSError:
        return ""  # whoever opens it is told why
    if stat.S_ISDIR(there):
        return f"{path} is a folder: name a file in it that is not there yet"
    return f"{path} is there, and is no socket: name a file that is not there yet"


def _known() -> str:
    *kinds, last = ARGUMENTS
    return f"{', '.join(kinds)} or {last}"


def _kinds_of_plugins() -> Iterator[str]:
    # Only who names an uncommon kind pays for the imports.
    from twisted.internet.interfaces import IStreamServerEndpointStringParser
    from twisted.plugin import getPlugins

    return (plugin.prefix for plugin in getPlugins(IStreamServerEndpointStringParser))


def overlap(one: Endpoint, other: Endpoint) -> bool:
    """Whether one of the two cannot be opened while the other is open."""
    if one.place is None or other.place is None:
        return one.kind == other.kind and (found := socket_of(one)) is not None and found == socket_of(other)
    (address, port), (against, same) = one.place, other.place
    if port != same or port == 0:
        return False
    if address.version == against.version:
        return address == against or address.is_unspecified or against.is_unspecified
    wide = address if isinstance(address, IPv6Address) else against
    return wide.is_unspecified and not _ipv6_alone()


def _ipv6_alone() -> bool:
    try:
        return _IPV6_ALONE.read_text().strip() == "1"
    except OSError:
        return False


def _twice(text: str, endpoint: Endpoint, other: Endpoint) -> str:
    if endpoint.place is None or other.place is None or endpoint.place == other.place:
        return f"is the place of {text}: leave one of the two out"
    port = endpoint.place[1]
    if endpoint.place[0].version != other.place[0].version:
        return f"wants port {port} as {text} does: tcp6:{port} is for IPv4 as well, so leave the other out"
    return f"wants port {port} as {text} does: leave one of the two out, or give each an address of its own"
