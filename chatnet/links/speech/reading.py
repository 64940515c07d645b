"""Reads the lines of neighbours: who says it, which row it is for, and whether it may come now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.dispatch import Phase, Row
from chatnet.links.neighbour.link import Link, State
from chatnet.links.speech.line import Line
from chatnet.links.speech.outcome import Ignored, Violation
from chatnet.links.tree.claims import OF_CLAIMS
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.entities import User
from chatnet.model.ids import SID, UID
from chatnet.model.server import Server
from chatnet.wire.lines import OVERLONG
from chatnet.wire.message import split
from chatnet.wire.names import is_uid
from chatnet.wire.text import printable

OUTLIVING: Final = frozenset({"ETB", "KICK", "KILL", "RENAME", "TMODE", "TOPIC"})
"""Verbs that hold although the user who said so was killed here meanwhile: there they did it.  They count as
said by the user's server."""
BY_SEATS: Final = frozenset(
    {
        "BAN", "BATCH", "ETB", "INVITE", "JOIN", "KICK", "KILL", "KNOCK", "NOTICE", "OPERWALL", "PART",
        "PRIVMSG", "REDACT", "RENAME", "TAGMSG", "TMODE", "TOPIC", "WALLOPS",
    }
)  # fmt: skip
"""What a server says of a user of another one of whom it has sessions; all else only that other one does."""
TOLD_BACK: Final = frozenset({"KICK", "KILL", "TMODE"})
"""Verbs that find out by themselves whom an alias means: a server that knows of no claims is told whom."""
LEAVING: Final = frozenset({"QUIT"})
"""What ends a claim, whether it holds or not."""
EARLY: Final = 8192
"""Bytes a server may say before it is introduced."""


class Reader:
    """Hands the lines of all links to the handlers in `rows`."""

    __slots__ = ("_links", "_node", "_rows")

    def __init__(self, links: Neighbours, rows: Mapping[str, Row]) -> None:
        self._links = links
        self._node = links.node
        self._rows = rows

    def take(self, link: Link, raw: bytes) -> None:
        """One line of a neighbour, without its end."""
        link.lines_in += 1
        link.streams.applied += 1  # lines that are not numbered take it back
        if raw is OVERLONG:
            link.close("Line too long")
            return
        parts = split(raw.decode("utf-8", "surrogateescape"))
        if parts is None:
            return
        if self._links.claims.aliases:
            if self._is_aside(link, parts[1], parts[2], raw):
                return
            if link.codec.seats or parts[2] not in TOLD_BACK:
                meant = self._links.claims.renamed(raw, parts[2])
                if meant is not raw:
                    raw = meant
                    parts = split(raw.decode("utf-8", "surrogateescape")) or parts
        tags, source_text, verb, params = parts
        row = self._rows.get(verb)
        if link.early and not self._may_be_early(link, verb, len(raw), row):
            if row is None and link.dialled:
                self._answer(link, verb, params)
            return
        if row is None:
            self._unknown(link, source_text, verb, params)
            return
        row.count += 1
        row.bytes += len(raw)
        source = self._source(link, source_text, verb)
        if source is None and verb in OUTLIVING:
            source = self._server_of(link, source_text)
        if source is None:
            return
        if len(params) < row.min_params:
            self._too_few(link, row.verb)
            return
        try:
            row.handler(Line(self._links, link, source, params, tags, row, raw))
        except Ignored as ignored:
            self._ignored(link, source, str(ignored) or row.verb)
        except Violation as violation:
            link.close(str(violation))
        except Exception:
            self._node.log.failure(f"{row.verb} from {link.name} failed")
            link.strike("its lines cannot be handled")

    def _is_aside(self, link: Link, source: str, verb: str, raw: bytes) -> bool:
        """Whether a line tells of the user of a claim that does not hold: it is noted, and goes on to others.

        What anybody with a session of the person may say is said of the person.
        """
        alias = self._links.claims.aliases.get(UID(source))
        if alias is None or verb in BY_SEATS or verb in OF_CLAIMS or verb in LEAVING:
            return False
        if self._links.way_to(alias.user) is link:
            alias.note(raw)
            for other in self._links.seating(link):
                other.send(raw)
        return True

    def _may_be_early(self, link: Link, verb: str, size: int, row: Row | None) -> bool:
        """Whether a line may come now, in the handshake; the link is closed for what may not."""
        if link.state is State.STANDBY:
            if verb not in ("PASS", "ERROR"):
                link.close(f"{verb} from a standby")
            return not link.gone
        if link.state is not State.GREETING:
            # Between SERVER and SVINFO there is nothing: lines are numbered after it.
            if verb not in ("SVINFO", "ERROR"):
                link.close(f"{verb} before SVINFO")
            return not link.gone
        # Not by the chunk: the whole burst may follow in the one that has the SERVER line.
        link.greeting.received += size
        if link.greeting.received > EARLY:
            link.close("Too much said before SERVER")
        elif row is not None and row.phase is not Phase.ANY:
            link.close(f"{verb} before SERVER")
        return row is not None and not link.gone

    def _answer(self, link: Link, verb: str, params: list[str]) -> None:
        """A server that we dialled answers the handshake with a numeric, as those of other makes do."""
        if len(verb) == 3 and verb.isdecimal() and verb >= "400" and "answer" not in link.conduct.warned:
            link.conduct.warned.add("answer")
            text = f"{verb} {' '.join(params[1:])}"[:200]
            self._links.tell(f"{link.name} does not understand us, and says: {printable(text)}")

    def _source(self, link: Link, text: str, verb: str) -> Server | User | None:
        """Who said it; None, and a strike, if that is nobody behind this link, nor who has a seat there."""
        network = self._node.network
        if link.server is None:
            return network.me  # a placeholder: in the handshake nobody speaks but the neighbour
        if not text:
            return link.server
        if verb in LEAVING and (alias := self._links.claims.aliases.get(UID(text))) is not None:
            return alias.user if self._links.way_to(alias.user) is link else None
        source: Server | User | None = (
            network.users.get(UID(text)) or self._links.server(text) or network.user(text.partition("!")[0])
        )
        if source is None and verb in BY_SEATS and (user := self._links.claims.meant(UID(text))) is not None:
            # A server with sessions of theirs had not heard yet whose user they are now.
            return user if self._links.sits_behind(user, link, UID(text)) else None
        if source is None and self._links.full(link):
            return network.pseudo_users.get(UID(text))  # it plays the same ones
        if source is None:
            return None  # killed or split away meanwhile: it is on its way to there
        if (source.server if isinstance(source, User) else source).virtual:
            return None  # somebody of that name: there may be others who keep accounts
        if self._links.way_to(source) is not link:
            if verb in BY_SEATS and isinstance(source, User) and self._links.sits_behind(source, link):
                return source
            server = source if isinstance(source, Server) else source.server
            if not link.has_lost(server):
                link.strike("it speaks for others")
            return None
        return source

    def _server_of(self, link: Link, text: str) -> Server | None:
        """The server behind a link of a user who is gone.

        What services do that are nobody here holds in channels nevertheless: there it is so.
        """
        virtual = self._node.network.virtual
        if SID(text[:3]) in self._links.namesakes.get(link, ()) or (virtual and text[:3] == virtual.sid):
            return link.server
        server = self._node.network.servers.get(SID(text[:3])) if is_uid(text) else None
        return server if server is not None and self._links.way_to(server) is link else None

    def _ignored(self, link: Link, source: Server | User, what: str) -> None:
        """Of services operators read once what was understood, but is not done: else nobody knows why."""
        server = source.server if isinstance(source, User) else source
        if link.server is not None and self._links.serves(server, link):
            self._links.doubt(server, what, "says what cannot be done here")

    def _unknown(self, link: Link, source: str, verb: str, params: list[str]) -> None:
        if len(verb) == 3 and verb.isascii() and verb.isdigit():
            origin = self._source(link, source, verb)
            if isinstance(origin, Server) and params:
                self._links.carry_numeric(origin, verb, params)
        elif link.settings is not None and link.settings.role == "services":
            link.warn_once(
                "unknown", f"says {printable(verb[:20])}, and perhaps more, which is not known here"
            )

    def _too_few(self, link: Link, verb: str) -> None:
        if "CN1" in link.caps:
            link.close(f"{verb} with too few parameters")
        elif verb not in link.conduct.warned:  # else the log would grow as fast as it sends
            link.conduct.warned.add(verb)
            self._node.log.warn(f"{link.name} sent {verb} with too few parameters")
