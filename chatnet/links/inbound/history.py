"""What was said while servers were apart: questions about it, and answers.

Each goes to one server, by the servers on the way to it.
"""

from __future__ import annotations

from chatnet.dispatch import Table
from chatnet.links.exchange.backfill import TOKEN, BackFill
from chatnet.links.exchange.recall import Asked, Recall
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored
from chatnet.wire.server_time import read_time


class HistoryIn:
    """Hears questions for `recall`, and answers for `backfill`."""

    def __init__(self, recall: Recall, backfill: BackFill) -> None:
        self._recall = recall
        self._backfill = backfill

    def enter(self, verbs: Table) -> None:
        """Enter the verbs of neighbours."""
        verbs.command("CNHIST", min_params=8)(self.cnhist)
        verbs.command("CNHR", min_params=3)(self.cnhr)

    def cnhist(self, line: Line) -> None:
        """A server asks what was said in a channel: the newest messages since a time, at most so many.

        The last two are its tally up to a time: what is the same here it does not want to be told.

        # <- :0AA CNHIST 17 0BA latest #one timestamp=2026-11-23T13:20:00.123Z 500 2026-11-23T13:29:00Z 2.9f
        """
        asker = line.by_server()
        if _goes_on(line):
            return
        since, until = (read_time(line.params[index].removeprefix("timestamp=")) for index in (4, 6))
        number, most = _number(line.params[0]), _number(line.params[5])
        if line.params[2] != "latest" or since is None or until is None or number is None or most is None:
            _is_odd(line, "CNHIST that is no question")
        else:
            name = line.params[3]
            self._recall.asked(Asked(asker, number, name, since, most, until, line.params[7]))

    def cnhr(self, line: Line) -> None:
        """A part of an answer: a line of one of its messages, counted; or its end; or that there is none.

        # <- :0BA CNHR 17 0AA 1 :@time=…;msgid=1abc;chatnet/uid=0BAAAAAAB :bob!~bob@h PRIVMSG #one :hello
        # <- :0BA CNHR 17 0AA END
        # <- :0BA CNHR 17 0AA NO
        """
        server = line.by_server()
        if _goes_on(line):
            return
        number = _number(line.params[0])
        if number is None:
            why: str | None = "CNHR that answers nothing"
        else:
            why = self._backfill.answered(line.link, server, number, line.params[2], line.param(3))
        if why is not None:
            _is_odd(line, why)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _is_odd(line: Line, why: str) -> None:
    """A neighbour made a mistake; what it carried on for others it did not judge."""
    if line.source is line.link.server:
        line.link.strike(why)


def _goes_on(line: Line) -> bool:
    """Send it on if it is for another server."""
    if not line.link.codec.core:
        raise Ignored
    wanted = line.server(1)
    if wanted is line.network.me:
        return False
    way = line.links.way_to(wanted)
    if way is not None and way is not line.link and TOKEN in way.caps:
        server, verb, params = line.by_server(), line.row.verb, line.params
        text = way.codec.forwarded(server, verb, params)
        if verb == "CNHR":
            way.send_later(text, (server.sid, wanted.sid, params[0]), last=params[2] in ("END", "NO"))
        else:
            way.send(text)
    return True
