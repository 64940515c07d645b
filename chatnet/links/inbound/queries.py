"""What users behind a link ask of one server, this one or another."""

from __future__ import annotations

from chatnet.dispatch import Table
from chatnet.links.exchange.queries import PLACES, Queries
from chatnet.links.speech.line import Line


class QueriesIn:
    """Hears questions, and hands them to `queries`."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    def enter(self, verbs: Table) -> None:
        """Enter all verbs that may be asked with."""
        for verb, (place, _) in PLACES.items():
            verbs.command(verb, min_params=place)(self.query)

    def query(self, line: Line) -> None:
        """A question for the server that one parameter means.

        # <- :1SOAAAAAB VERSION :7CN
        # <- :1SOAAAAAB WHOIS 7CNAAAAAA :ann
        # <- :1SOAAAAAB STATS u :7CN
        # <- :1SOAAAAAB CONNECT far.test 6667 :7CN
        """
        self._queries.arrived(line.link, line.by_user(), line.row.verb, line.params)
