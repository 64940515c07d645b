"""ENCAP: commands that cross servers which do not know them.

They go on to all links that lead to a server whose name matches, whether we know them or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.dispatch import Row, Table
from chatnet.links.speech.line import Line, tokens
from chatnet.links.speech.outcome import Ignored, Violation
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.facts import CapabilitiesTold
from chatnet.wire.masks import compile_glob
from chatnet.wire.text import byte_length

ENCAPSULATED = Table()
"""Every command that may come in ENCAP and needs only its line; rooms enter the others."""

LONGEST_MASK: Final = 200
"""Characters of a mask of servers, whose names are much shorter."""

ROOM: Final = 480
"""Bytes before the last parameter.  What has more would be cut on its way, and mean something else to others:
so it means nothing anywhere."""


class Encapsulation:
    """ENCAP, for a server that obeys the commands in `rows`."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self._rows = rows

    def enter(self, verbs: Table) -> None:
        """Enter the verb of neighbours."""
        verbs.command("ENCAP", min_params=2)(self.encap)

    def encap(self, line: Line) -> None:
        """A command for the servers that match a mask.

        # <- :00A ENCAP * SU 1SOAAAAAB ann
        """
        links, me = line.links, line.network.me
        if len(line.params[0]) > LONGEST_MASK or byte_length(" ".join(line.params[:-1])) > ROOM:
            raise Ignored
        matches = compile_glob(line.params[0], str.lower)
        ways = {
            link: None
            for server in line.network.servers.values()
            if matches(server.name) and (link := links.way_to(server)) is not None and link is not line.link
        }
        for link in ways:
            link.send(link.codec.encap(line.source, line.params))
        if not matches(me.name):
            return
        row = self._rows.get(line.params[1].upper())
        if row is None:
            raise Ignored
        inner = Line(links, line.link, line.source, line.params[2:], line.tags, row)
        if len(inner.params) < row.min_params:
            raise Ignored
        try:
            row.handler(inner)
        except Violation:
            # Whoever carried it on did not judge it.
            raise Ignored from None


@ENCAPSULATED.command("GCAP", min_params=1)
def gcap(line: Line) -> None:
    """What a server knows beyond the oldest protocol.

    # <- :2LF ENCAP * GCAP :QS EX IE ENCAP SAVE
    """
    line.node.commit(CapabilitiesTold(line.by_server(), tokens(line.params[-1]), line.now), TOLD)
