"""Lines that are for one server: those on the way pass them on as they are."""

from __future__ import annotations

from collections.abc import Callable

from chatnet.links.neighbour.link import Link
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.model.server import Server


def is_for_me(line: Line, knows: Callable[[Link], bool]) -> bool:
    """Whether the second parameter means this server; else it is sent on to who `knows` of such lines."""
    if not knows(line.link):
        raise Ignored
    wanted = line.server(1)
    if wanted is line.network.me:
        return True
    pass_on(line, wanted, knows)
    return False


def pass_on(line: Line, server: Server, knows: Callable[[Link], bool]) -> bool:
    """Send it on towards `server`; True if it waits here, since the link to there has no connection."""
    way = line.links.way_to(server)
    if way is None or way is line.link or not knows(way):
        return False
    way.send(way.codec.forwarded(line.by_server(), line.row.verb, line.params))
    return way.suspended


def number_of(line: Line) -> int:
    """The number of the question or answer, its first parameter."""
    text = line.params[0]
    if not (text.isascii() and text.isdigit()) or len(text) > 15:
        is_odd(line)
        raise Ignored
    return int(text)


def is_odd(line: Line) -> None:
    """A neighbour made a mistake; what it carried on for others it did not judge."""
    if line.source is line.link.server:
        line.link.strike(f"{line.row.verb} that nobody understands")
