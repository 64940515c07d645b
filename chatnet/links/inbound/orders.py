"""What operators of other servers have this one do, and what is answered to ours: ``exchange/orders.py``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from chatnet.dispatch import Table
from chatnet.links.exchange.orders import Orders, Outcome, Words
from chatnet.links.inbound.addressed import is_for_me, is_odd, number_of
from chatnet.links.neighbour.link import Link
from chatnet.links.speech.line import Line
from chatnet.model.ids import UID
from chatnet.wire.text import cut, one_line

LONGEST: Final = 16_000
"""Bytes of the words of one line, in JSON."""
MOST: Final = 32
"""Words of one line."""
REASON: Final = 300
"""Bytes of why something is not done."""


class OrdersIn:
    """Hears both, and hands what is for this server to `orders`."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    def enter(self, verbs: Table) -> None:
        """Enter the verbs of neighbours."""
        verbs.command("CNORD", min_params=4)(self.cnord)
        verbs.command("CNDID", min_params=3)(self.cndid)

    def cnord(self, line: Line) -> None:
        """An operator has a server do something, or tell.

        # <- :0AA CNORD 7 0BA 0AAAAAAAA :["SAJOIN", "0BAAAAAAB", "#c"]
        """
        server = line.by_server()
        if not is_for_me(line, _knows):
            return
        number, orders, me = number_of(line), self._orders, line.network.me
        user = line.network.users.get(UID(line.params[2]))
        words = _words(line.params[3])
        conduct, now = line.link.conduct, line.node.clock.monotonic()
        if not orders.may_order(line.link):
            orders.end(server, number, f"{me.name} obeys no operators of {server.name} (allow_orders)")
            line.doubt("has operators order something, who may not (allow_orders)")
        if not words or not all(isinstance(word, str) for word in words):
            is_odd(line)
            orders.end(server, number, "It cannot be understood")
        elif user is None or server not in line.links.claims.places(user):
            orders.end(server, number, "Nobody is there who could order it")
        elif conduct.too_many(conduct.asked, now, line.node.settings.links):
            orders.end(server, number, f"Too much is asked of {me.name} now; try again later")
        else:
            # JSON may have ends of lines in it, and surrogates, which no line has.
            orders.obey(server, number, user, [one_line(str(word)) for word in words])

    def cndid(self, line: Line) -> None:
        """A part of the answer, or its end.

        # <- :0BA CNDID 7 0AA :[1700000000, "root (root)", "KILL", "ann!~ann@192.0.2.7", "spam"]
        # <- :0BA CNDID 7 0AA END
        # <- :0BA CNDID 7 0AA NO :ann is not in #c
        """
        server = line.by_server()
        if not is_for_me(line, _knows):
            return
        number, text = number_of(line), line.params[2]
        if text == "END":
            self._orders.ended(server, number, Outcome(done=True))
        elif text == "NO":
            why = cut(one_line(line.param(3)), REASON) or "It does not say why"
            self._orders.ended(server, number, Outcome(done=False, why=why))
        elif words := _words(text):
            self._orders.told(server, number, words)
        else:
            is_odd(line)


def _knows(link: Link) -> bool:
    return link.codec.orders


def _words(text: str) -> Words:
    """The words of a line; none if it is no list of texts and numbers, or too long a one."""
    if len(text) > LONGEST:
        return ()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(found, list) or len(found) > MOST:
        return ()
    words: Sequence[object] = found
    good = [word for word in words if isinstance(word, (str, int, float)) and not isinstance(word, bool)]
    return good if len(good) == len(words) else ()
