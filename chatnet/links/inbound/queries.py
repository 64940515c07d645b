"""What users behind a link ask of one server, this one or another."""

from __future__ import annotations

from chatnet.links.line import LINK, Line
from chatnet.links.queries import PLACES


def query(line: Line) -> None:
    """A question for the server that one parameter means.

    # <- :1SOAAAAAB VERSION :7CN
    # <- :1SOAAAAAB WHOIS 7CNAAAAAA :ann
    # <- :1SOAAAAAB STATS u :7CN
    # <- :1SOAAAAAB CONNECT far.test 6667 :7CN
    """
    line.links.queries.arrived(line.link, line.by_user(), line.row.verb, line.params)


for _verb, (_place, _) in PLACES.items():
    LINK.command(_verb, min_params=_place)(query)
