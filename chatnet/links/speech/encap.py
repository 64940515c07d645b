"""ENCAP: commands that cross servers which do not know them.

They go on to all links that lead to a server whose name matches, whether we know them or not.  But what is
not believed of a neighbour is not carried on either: the servers beyond believe us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeVar

from chatnet.dispatch import H, Phase, Row, Table
from chatnet.links.speech.line import Line, tokens
from chatnet.links.speech.outcome import Ignored, Violation
from chatnet.links.tree.neighbours import TOLD
from chatnet.model.facts import CapabilitiesTold
from chatnet.model.modes import OURS
from chatnet.model.server import Server
from chatnet.wire.masks import compile_glob
from chatnet.wire.message import format_tags
from chatnet.wire.text import byte_length

POWERS: Final = (
    "DIE", "ETRACE", "GRANT", "MODLIST", "MODLOAD", "MODRELOAD", "MODRESTART", "MODUNLOAD", "OPERSPY",
    "PRIVS", "REHASH", "RESTART",
)  # fmt: skip
"""What operators may say to servers of other makes."""

T = TypeVar("T")
Belief = Callable[[Line], object]
"""Whether the source of a line may say so: it raises :class:`Ignored` if not."""


class Commands:
    """What may come in ENCAP, and of whom it is believed; `beliefs` has verbs that mean nothing here, too."""

    def __init__(self, beliefs: Mapping[str, Belief], beginning: Iterable[Row] = ()) -> None:
        self.beliefs: Final[dict[str, Belief]] = dict(beliefs)
        self.kept: Final[dict[str, Callable[[Line], bool]]] = {}
        """Verbs of which some are for this server alone: it says whether a line is, and has done it then."""
        self._table = Table(beginning)

    @property
    def rows(self) -> Mapping[str, Row]:
        """Those that mean something here."""
        return self._table.rows

    def believed(self, verb: str, belief: Belief, min_params: int = 0) -> Callable[[H], H]:
        """Enter the decorated handler under `verb`, for those of whom it is believed."""
        self.beliefs[verb] = belief
        return self._table.command(verb, min_params=min_params)

    def copy(self) -> Commands:
        """Another table that begins like this one."""
        return Commands(self.beliefs, self.rows.values())


def anybody(line: Line) -> None:
    """Believed of whoever says it: of themselves, say."""


def by_user(line: Line) -> None:
    """Believed of users, about themselves."""
    line.by_user()


def by_server(line: Line) -> None:
    """Believed of servers."""
    line.by_server()


def about_user(line: Line) -> None:
    """Believed of services, and of servers about users on or behind them; told once if others say it."""
    if not line.params:
        raise Ignored  # of what means nothing here nobody has counted the words
    line.about(line.user(0))


def by_services(line: Line) -> None:
    """Believed of services, and told once if others say it."""
    line.by_services()


def by_operator(line: Line) -> None:
    """Believed of servers and operators, and told once if others say it."""
    line.by_operator()


def opers(line: Line) -> None:
    """Believed of users whose link may have operators."""
    assert line.link.settings is not None
    line.by_user()
    if not line.link.settings.allow_opers:
        raise Ignored


ENCAPSULATED = Commands(
    {
        # What means nothing here, but much to servers of other makes.
        "IDENTIFIED": about_user,
        "OPER": opers,
        **dict.fromkeys(POWERS, by_operator),
    }
)
"""Every command that may come in ENCAP and needs only its line; rooms enter the others."""

LONGEST_MASK: Final = 200
"""Characters of a mask of servers, whose names are much shorter."""

ROOM: Final = 480
"""Bytes before the last parameter.  What has more would be cut on its way, and mean something else to others:
so it means nothing anywhere."""


class Encapsulation:
    """ENCAP, for a server that obeys `commands`."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

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
        verb = line.params[1].upper()
        if not verb:
            raise Ignored
        row, belief = self._commands.rows.get(verb), self._commands.beliefs.get(verb)
        known = row or Row(verb, anybody, 0, Phase.REGISTERED, 0.0, None)
        inner = Line(links, line.link, line.source, line.params[2:], line.tags, known)
        if len(inner.params) < known.min_params:
            raise Ignored(f"ENCAP {known.verb}")
        kept = self._commands.kept.get(verb)
        if kept is not None and _judged(kept, inner):
            return  # it is not carried on: there may be a password in it
        if belief is not None:
            _judged(belief, inner)
        matches = compile_glob(line.params[0], str.lower)
        ways = {
            link: None
            for server in line.network.servers.values()
            if server.is_called(matches)
            and (link := links.way_to(server)) is not None
            and link is not line.link
        }
        tags, ours = _carried(line), verb == "SNOTE" and inner.param(0)[:1] in OURS
        for link in ways:
            if ours and not link.codec.core:
                continue
            text = link.codec.encap(line.source, line.params)
            link.send(b"@%b %b" % (tags, text) if tags and link.codec.core else text)
        if not me.is_called(matches):
            return
        _judged(known.handler, inner)


CARRIED: Final = ("chatnet/account", "chatnet/registered")
"""Tags that go on with what bears them, between chatnet servers."""


def _carried(line: Line) -> bytes:
    """The tags that other servers are told as well, of whoever is believed of them."""
    if not line.tags or not line.links.knows_accounts(line.link):
        return b""
    found = {key: line.tags[key] for key in CARRIED if len(line.tags.get(key, "")) in range(1, 65)}
    return format_tags(found).encode("utf-8", "surrogateescape")


def _judged(handler: Callable[[Line], T], line: Line) -> T:
    """Do it; whoever carried it on did not judge it, and so no link ends for it."""
    try:
        return handler(line)
    except (Ignored, Violation):
        raise Ignored(f"ENCAP {line.row.verb}") from None


@ENCAPSULATED.believed("GCAP", by_server, 1)
def gcap(line: Line) -> None:
    """What a server knows beyond the oldest protocol.

    # <- :2LF ENCAP * GCAP :QS EX IE ENCAP SAVE
    """
    server = line.by_server()
    line.node.commit(CapabilitiesTold(server, tokens(line.params[-1]), line.now), TOLD)
    between = next(_others_before(server, line.network.me), None)
    if "CN1" in server.caps and between is not None:
        line.links.tell(
            f"{server.name} is behind {between.name}, which is no chatnet server: between it and this one the"
            " latest word does not hold, and no lost connection is waited for"
        )


def _others_before(server: Server, me: Server) -> Iterator[Server]:
    """The servers of other makes on the way to `server`."""
    hop = server.uplink
    while hop is not None and hop is not me:
        if "CN1" not in hop.caps:
            yield hop
        hop = hop.uplink
