"""What was said while servers were apart: questions about it, and answers.

Each goes to one server, by the servers on the way to it.
"""

from __future__ import annotations

from typing import Final

from chatnet.dispatch import Table
from chatnet.links.exchange.asking import TOKEN, Inquiries
from chatnet.links.exchange.backfill import BackFill
from chatnet.links.exchange.recall import Asked, AskedStored, Recall
from chatnet.links.speech.line import Line, is_behind
from chatnet.links.speech.outcome import Ignored
from chatnet.model.facts import MarkMoved, PastErased
from chatnet.model.past import Archive
from chatnet.model.places import is_key, is_spot
from chatnet.rules.stamps import read
from chatnet.storage.messages.rows import Place
from chatnet.wire.names import is_channel
from chatnet.wire.server_time import read_time

HOW: Final = frozenset({"latest", "before", "targets", "stays"})
"""What a server that stores messages can be asked; see ``codecs/solanum/history.py``."""
SLOW: Final = 1000
"""Milliseconds that may pass between what an erasure is up to and its stamp."""


class HistoryIn:
    """Hears questions for `recall`, and answers for `backfill` and `inquiries`.

    Without an `archive` nothing is stored here.
    """

    def __init__(
        self, recall: Recall, backfill: BackFill, inquiries: Inquiries, archive: Archive | None
    ) -> None:
        self._recall = recall
        self._backfill = backfill
        self._inquiries = inquiries
        self._archive = archive

    def enter(self, verbs: Table) -> None:
        """Enter the verbs of neighbours."""
        verbs.command("CNHIST", min_params=8)(self.cnhist)
        verbs.command("CNHR", min_params=3)(self.cnhr)
        verbs.command("CNERASE", min_params=4)(self.cnerase)
        verbs.command("CNMARK", min_params=3)(self.cnmark)

    def cnhist(self, line: Line) -> None:
        """A server asks what was said in a channel: the newest messages since a time, at most so many.

        The last two are its tally up to a time: what is the same here it does not want to be told.  Who knows
        that messages are stored here asks for all of it, by ``timestamp=`` or ``*`` in the place of the
        bare time; see ``codecs/solanum/history.py``.

        # <- :0AA CNHIST 17 0BA latest #one timestamp=2026-11-23T13:20:00.123Z 500 2026-11-23T13:29:00Z 2.9f
        # <- :0AA CNHIST 18 0BA latest #one * 500 timestamp=2026-11-23T13:29:00Z 9f86d081884c7d65
        # <- :0AA CNHIST 19 0BA targets @abcdefghijklmnopqrst2 * 100 * -
        """
        asker = line.by_server()
        if _goes_on(line):
            return
        number, most = _number(line.params[0]), _number(line.params[5])
        how, name = line.params[2:4]
        since, until = line.params[4], line.params[6]
        if number is None or most is None:
            _is_odd(line, "CNHIST that is no question")
        elif how == "latest" and until[:1] not in ("*", "t"):
            first, last = read_time(since.removeprefix("timestamp=")), read_time(until)
            if first is None or last is None:
                _is_odd(line, "CNHIST that is no question")
            else:
                self._recall.asked(Asked(asker, number, name, first, most, last, line.params[7]))
        else:
            if how == "before":
                since, until = until, since
            times = _milliseconds(since), _milliseconds(until)
            if times[0] is None or times[1] is None or how not in HOW:
                _is_odd(line, "CNHIST that is no question")
            else:
                asked = AskedStored(asker, number, how, name, times[0], times[1], most, line.params[7])
                self._recall.asked(asked)

    def cnhr(self, line: Line) -> None:
        """A part of an answer: a line of one of its messages, counted; or its end; or that there is none.

        # <- :0BA CNHR 17 0AA 1 :@time=…;msgid=1abc;chatnet/uid=0BAAAAAAB :bob!~bob@h PRIVMSG #one :hello
        # <- :0BA CNHR 17 0AA END
        # <- :0BA CNHR 17 0AA NO
        # <- :0BA CNHR 18 0AA GAP 1795430000000 1795440000000
        # <- :0BA CNHR 18 0AA GAP 1795430000000 1795440000000 WAITS
        """
        server = line.by_server()
        if _goes_on(line):
            return
        number = _number(line.params[0])
        if number is None:
            why: str | None = "CNHR that answers nothing"
        elif self._inquiries.has(number):
            why = self._inquiries.answered(line.link, server, number, line.params[2:])
        else:
            why = self._backfill.answered(line.link, server, number, line.params[2], line.param(3))
        if why is not None:
            _is_odd(line, why)

    def cnerase(self, line: Line) -> None:
        """What an account said up to a time is to be gone, everywhere or in one channel, and for ever.

        # <- :0BA CNERASE abcdefghijklmnopqrst2 1795345576000 mifz2k1c.0.0BA *
        # <- :0BA CNERASE abcdefghijklmnopqrst2 1795345576000 mifz2k1c.0.0BA #one 1795345000
        """
        line.by_server()
        person, until, stamp, name = line.params[0], line.number(1), read(line.params[2]), line.params[3]
        ahead = line.node.settings.links.stamp_horizon * 2
        if not line.links.knows_accounts(line.link):
            line.doubt("lets history be erased, and is not believed of accounts here")
        if stamp is None or not is_key(person) or until == 0:
            raise Ignored
        if until > stamp.ms + SLOW or max(stamp.ms, until) > (line.now + ahead) * 1000:
            # One that was decided before its time would be forgotten too early, and not by all at once.
            line.doubt("wants erased what is not said yet")
        place = None
        if name != "*":
            if not is_channel(name, 200):
                raise Ignored
            place = Place("c", line.network.fold(name), "", line.number(4) if line.params[4:] else 0)
        if self._archive is None or self._archive.is_news(person, until, place):
            line.commit(PastErased(person, until, stamp.text, place, line.now))

    def cnmark(self, line: Line) -> None:
        """Somebody has read, or a device of theirs has heard, as far as a time in milliseconds.

        The greatest holds.

        Beyond what clocks may differ nobody has read: it would have what is still to be said be read.

        # <- :0BA CNMARK abcdefghijklmnopqrst2 #one 1795345576123
        # <- :0BA CNMARK abcdefghijklmnopqrst2 =phone 1795345576123
        """
        server, links = line.by_server(), line.links
        person, spot, until = line.params[0], line.params[1], line.number(2)
        ahead = line.node.settings.links.stamp_horizon
        if not is_key(person) or not 0 < until <= (line.now + ahead) * 1000 or not is_spot(spot):
            raise Ignored
        if not links.knows_accounts(line.link):
            users = line.network.logged_in.get(person, ())
            if not any(is_behind(user.server, server) for user in users):
                raise Ignored
        skew = max(line.node.settings.links.most_skew, links.skew)
        until = min(until, int((line.now + skew) * 1000))
        spot = spot if spot[0] in "@=" else line.network.fold(spot)
        if self._archive is None or self._archive.moves(person, spot, until):
            line.commit(MarkMoved(person, spot, until, line.now))


def _milliseconds(text: str) -> int | None:
    """``timestamp=…`` as Unix milliseconds; ``*`` is 0."""
    if text == "*":
        return 0
    at = read_time(text.removeprefix("timestamp=")) if text.startswith("timestamp=") else None
    return None if at is None or at < 0 else round(at * 1000)


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
