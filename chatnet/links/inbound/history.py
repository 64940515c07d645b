"""What was said while servers were apart: questions about it, and answers.

Each goes to one server, by the servers on the way to it.
"""

from __future__ import annotations

from chatnet.links.backfill import TOKEN
from chatnet.links.line import LINK, Ignored, Line
from chatnet.links.recall import Asked
from chatnet.wire.server_time import read_time


@LINK.command("CNHIST", min_params=8)
def cnhist(line: Line) -> None:
    """A server asks what was said in a channel: the newest messages since a time, at most so many.

    The last two are its tally up to a time: what is the same here it does not want to be told.

    # <- :0AA CNHIST 17 0BA latest #one timestamp=2026-11-23T13:20:00.123Z 500 2026-11-23T13:29:00Z 2.9f86d0
    """
    asker = line.by_server()
    if _goes_on(line):
        return
    since, until = (read_time(line.params[index].removeprefix("timestamp=")) for index in (4, 6))
    if line.params[2] != "latest" or since is None or until is None:
        line.links.strike(line.link, "CNHIST that is no question")
        raise Ignored
    number, name, most = line.number(0), line.params[3], line.number(5)
    line.links.recall.asked(Asked(asker, number, name, since, most, until, line.params[7]))


@LINK.command("CNHR", min_params=3)
def cnhr(line: Line) -> None:
    """A part of an answer: a line of one of its messages, counted; or its end; or that there is none.

    # <- :0BA CNHR 17 0AA 1 :@time=…;msgid=1abc;chatnet/uid=0BAAAAAAB :bob!~bob@h PRIVMSG #one :hello
    # <- :0BA CNHR 17 0AA END
    # <- :0BA CNHR 17 0AA NO
    """
    server = line.by_server()
    if not _goes_on(line):
        line.links.backfill.answered(line.link, server, line.number(0), line.params[2], line.param(3))


def _goes_on(line: Line) -> bool:
    """Send it on if it is for another server."""
    if not line.link.codec.core:
        raise Ignored
    wanted = line.server(1)
    if wanted is line.network.me:
        return False
    way = line.links.way_to(wanted)
    if way is not None and way is not line.link and TOKEN in way.caps:
        way.send(way.codec.forwarded(line.by_server(), line.row.verb, line.params))
    return True
