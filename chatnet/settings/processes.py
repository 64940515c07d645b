"""What the processes of one server are called: each is a server of the network, with a name and an SID.

The first of them is the server that is configured: one that had one process goes on as the first of several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from chatnet.wire.names import is_server_name, is_sid

MOST_PROCESSES: Final = 16
"""Processes of one server, at most: each tells all others what its people say."""
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Process(NamedTuple):
    """One of the processes of a server, by its `number`, and what all of them are called."""

    number: int
    names: tuple[str, ...]
    sids: tuple[str, ...]
    began: float = 0.0
    """When the server began, in monotonic seconds of its machine: a process may be younger."""

    @property
    def name(self) -> str:
        """Its own name in the network."""
        return self.names[self.number - 1]


def process_names(name: str, count: int) -> tuple[str, ...]:
    """``irc.example.org``, ``irc-2.example.org`` and so on."""
    first, dot, rest = name.partition(".")
    return name, *(f"{first}-{number}{dot}{rest}" for number in range(2, count + 1))


def process_sids(sid: str, count: int, listed: Sequence[str] = ()) -> tuple[str, ...]:
    """``0CN``, and what is listed or else ``0CO``, ``0CP`` and so on; behind ``0ZZ`` comes ``000``."""
    if listed:
        return sid, *listed
    place = _DIGITS.index(sid[1]) * 36 + _DIGITS.index(sid[2])
    places = ((place + step) % 36**2 for step in range(1, count))
    return sid, *(sid[0] + _DIGITS[each // 36] + _DIGITS[each % 36] for each in places)


Problem = tuple[tuple[str | int, ...], str]


def process_problems(
    server: Mapping[str, object], links: Sequence[Mapping[str, object]], services: Mapping[str, object]
) -> Iterator[Problem]:
    """Why the processes of a server cannot be called as they would be; `services` is the virtual server.

    All are plain values, which may have other mistakes.
    """
    count, name, sid, listed = (server[key] for key in ("processes", "name", "sid", "process_sids"))
    if not isinstance(listed, (list, tuple)) or not all(isinstance(each, str) for each in listed):
        return
    if not isinstance(count, int) or not 1 <= count <= MOST_PROCESSES:
        return
    if listed and len(listed) != count - 1:
        text = f"has {len(listed)}, and processes beside the first there are {count - 1}"
        yield ("server", "process_sids"), text
        return
    if count == 1:
        return
    if isinstance(sid, str) and is_sid(sid):
        sids = process_sids(sid, count, listed)
        if len(set(sids)) < len(sids):
            yield ("server", "process_sids"), "has a server id twice, or that of the server"
        for taken in sorted(set(sids[1:]) & _of("sid", links, services)):
            if listed:
                text = f"has {taken}, which another server has"
            else:
                text = f"is to be set, with an id for each process but the first: {taken} is another server's"
            yield ("server", "process_sids"), text
    if isinstance(name, str) and is_server_name(name):
        names = process_names(name, count)
        if not is_server_name(names[-1]):
            yield ("server", "name"), f"is too long for several processes: the last would be {names[-1]}"
        for taken in sorted({each.lower() for each in names[1:]} & _of("name", links, services)):
            yield ("server", "processes"), f"needs the name {taken}, which another server has"


def _of(key: str, links: Sequence[Mapping[str, object]], services: Mapping[str, object]) -> set[str]:
    found = (each.get(key) for each in (*links, services))
    return {text.lower() if key == "name" else text for text in found if isinstance(text, str)}
