"""A command that a client gave, as its handler sees it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, NoReturn

from chatnet.compiled import mypyc_attr
from chatnet.dispatch import Row, Table
from chatnet.links.exchange.queries import PLACES
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact
from chatnet.model.network import Network
from chatnet.model.server import Server
from chatnet.rules.opers import may_use
from chatnet.rules.refusal import Refusal
from chatnet.session import asked
from chatnet.session.scans import Scan
from chatnet.session.session import Elsewhere, Refused, Session
from chatnet.session.sessions import Sessions
from chatnet.settings import Settings
from chatnet.wire.message import format_message
from chatnet.wire.numerics import (
    ERR_ISREALSERVICE,
    ERR_NEEDMOREPARAMS,
    ERR_NOPRIVILEGES,
    ERR_NOSUCHCHANNEL,
    ERR_NOSUCHNICK,
    ERR_NOSUCHSERVER,
    ERR_TOOMANYTARGETS,
    RPL_TRYAGAIN,
    Numeric,
)
from chatnet.wire.text import middle

JUDGED: Final = frozenset({"MODE", "NICK"})
"""What a host carries out in one way for operators, and in another for anybody else."""
ELSEWHERE_PENALTY: Final = 2.0
"""What a question for another server costs beyond the row's penalty."""

LONG: Final = 4096
"""Characters of masks that a command for several targets looks at in one go."""

CLIENT = Table()
"""Every command of a client; the modules of this package enter theirs when they are imported."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Request:
    """Who asks what, and the ways to answer.

    `params` are the parameters as sent and `tags` the tags, unescaped; hostile until checked.  Names that a
    client sent and that go back in a reply pass through ``wire.text.middle`` unless they were found in the
    network.  `network` is the network as this server knows it, `sessions` are all local sessions.
    """

    __slots__ = ("network", "params", "row", "session", "sessions", "tags", "user")

    def __init__(
        self, sessions: Sessions, session: Session, params: list[str], tags: Mapping[str, str], row: Row
    ) -> None:
        self.session = session
        self.sessions = sessions
        self.network: Network = sessions.network
        self.user: User = session.user
        self.params = params
        self.tags = tags
        self.row = row
        if row.privilege is not None:
            self.need(row.privilege)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.sessions.node.settings

    @property
    def now(self) -> float:
        """Unix time in seconds."""
        return self.sessions.node.clock.time()

    def msgid(self, target: Channel | User) -> str:
        """The id of one more message of the asker.  https://ircv3.net/specs/extensions/message-ids"""
        node = self.sessions.node
        return node.message_ids.take(node.clock.time(), self.user.uid, target.place)

    def param(self, index: int) -> str:
        """The parameter at `index`, or an empty text if there are not so many."""
        return self.params[index] if index < len(self.params) else ""

    def text(self, index: int) -> str:
        """The parameters from `index` on as one text: who types a line themselves forgets the colon."""
        return " ".join(self.params[index:])

    def reply(self, numeric: Numeric, *args: object) -> None:
        """Answer with a numeric."""
        self.session.numeric(numeric, *args)

    def refuse(self, refusal: Refusal) -> None:
        """Answer with a refusal and go on."""
        self.session.numeric(refusal.numeric, *refusal.args)

    def stop(self, numeric: Numeric, *args: object) -> NoReturn:
        """Answer with a numeric and end the command here."""
        raise Refused(Refusal(numeric, *args))

    def commit(self, fact: Fact) -> None:
        """State what happened; the asking session is its origin."""
        self.sessions.node.commit(fact, self.session)

    def notice(self, letter: str, text: str, public: str | None = None) -> None:
        """Tell the opers who want to know (a letter of the snomask); `public` as in ``Node.notice``."""
        self.sessions.node.notice(letter, text, public)

    def name_of(self, server: Server) -> str:
        """What the asker knows a server as."""
        return self.user.name_of(server)

    def hops_to(self, server: Server) -> int:
        """How far a server is, as the asker knows them: who is on another process of this one is here."""
        return 0 if self.name_of(server) == self.name_of(self.network.me) else server.hops

    @property
    def is_elsewhere(self) -> bool:
        """Whether the asker is a user of another server, who has sessions here."""
        return self.user in self.sessions.sitters

    @property
    def is_recorded(self) -> bool:
        """Whether the account of the asker is kept here: then all servers know what is chosen for it."""
        return self.network.registry.account(self.user.account_id) is not None

    async def by_host(self, verb: str = "", *params: str) -> None:
        """Have the server of the asker carry out the command, or another one, in place of this one.

        If this server has become theirs meanwhile, the command begins anew.  What an operator may have done
        is refused with 481 to who acts for one without being for that.
        """
        if not verb and self.row.verb in JUDGED and self.user.withheld:
            self.stop(ERR_NOPRIVILEGES)
        line = format_message(verb, params) if verb else format_message(self.row.verb, self.params)
        if not await self.sessions.sitting.do(self.session, line):
            self.session.again(format_message(self.row.verb, self.params))

    def ask(self, server: Server, params: Sequence[str]) -> NoReturn:
        """End the command here: another server answers it, and this is the session that reads the answer.

        For a user of this server that may be any of theirs.
        """
        line = format_message(self.row.verb, params)
        self.session.answer_by(self.row.verb, self.sessions.sitting.ask(self.session, server, line))
        raise Elsewhere

    def need(self, privilege: str) -> None:
        """End the command unless the asker is an oper (481) with this privilege (723)."""
        if (refusal := self.lacks(privilege)) is not None:
            raise Refused(refusal)

    def lacks(self, privilege: str) -> Refusal | None:
        """Why the asker may not do what takes this privilege, as :meth:`need` would tell."""
        return may_use(self.user, privilege)

    def note_down(self, about: str, detail: str = "", verb: str | None = None) -> None:
        """Note for good what an operator does to whom or what; `verb` is that of the command."""
        self.sessions.auditing.note(self.user, verb or self.row.verb, about, detail)

    def charge(self, penalty: float) -> None:
        """Have the asker pay for this command, beyond its row's penalty."""
        self.session.penalize(penalty, 0, self.session.heard)

    def scan(self, looking: Callable[[Scan], Coroutine[Any, Any, None]]) -> None:
        """End the command by looking at much, in slices; the asker pays for what is looked at.

        After each pause everything has to be looked up again.
        """
        scan = Scan(self.sessions.scans, self.charge)

        async def paid() -> None:
            try:
                await looking(scan)
            finally:
                scan.pay()

        self.session.scan(self.row.verb, paid)

    def each(
        self,
        names: Sequence[str],
        act: Callable[[str], None],
        beyond: str | None = None,
        rest: Callable[[], None] | None = None,
    ) -> None:
        """End the command by doing `act` for one name after the other; then 407 for one that is `beyond`.

        It goes on in slices once the lists of bans that were looked at are long.  `rest` is done in the end.
        """
        bans, waiting = self.sessions.bans, deque(names)
        begin = bans.looked

        async def others(scan: Scan) -> None:
            while waiting:
                before = bans.looked
                act(waiting.popleft())
                if scan.spend_on_masks(bans.looked - before):
                    await scan.pause()
            finish()

        def finish() -> None:
            if beyond is not None:
                self.reply(ERR_TOOMANYTARGETS, middle(beyond))
            if rest is not None:
                rest()

        while waiting and bans.looked - begin <= LONG:
            act(waiting.popleft())
        if waiting:
            self.sessions.scans.spend(bans.looked - begin)
            self.scan(others)
        else:
            finish()

    def channel(self, index: int) -> Channel:
        """The channel named by a parameter; ends the command with 403 if there is none."""
        name = self.params[index]
        channel = self.network.channel(name)
        if channel is None:
            self.stop(ERR_NOSUCHCHANNEL, middle(name))
        return channel

    def nick(self, index: int) -> User:
        """The user named by a parameter; ends the command with 401 if there is none."""
        name = self.params[index]
        user = self.network.user(name)
        if user is None:
            self.stop(ERR_NOSUCHNICK, middle(name))
        return user

    def person(self, index: int) -> User:
        """The same, but no pseudo-user: ends the command with 485 for one."""
        user = self.nick(index)
        if user.server.virtual:
            self.stop(ERR_ISREALSERVICE, user.nick)
        return user

    def for_us(self, index: int) -> None:
        """End the command here unless the parameter (if there is one) means this server.

        A server is named by its name, a mask of it, or the nick of one of its users.  The question goes on
        to another server if that is meant; 402 if there is none, or if this is no question for others, and
        481 for who acts for an operator without being for that: it would be answered as an operator's.
        """
        name = self.param(index)
        if not name or self._is_ours(name):
            return
        queries = self.sessions.links.queries
        whom = queries.meant(name)
        if whom is not None and queries.is_here(whom):
            return
        if whom is None or self.row.verb not in PLACES:
            self.stop(ERR_NOSUCHSERVER, middle(name))
        if self.user.withheld:
            self.stop(ERR_NOPRIVILEGES)
        self.charge(ELSEWHERE_PENALTY)
        server = whom.server if isinstance(whom, User) else whom
        if self.is_elsewhere:
            self.ask(server, self.params)
        if asked.too_many(self.session, server):
            self.stop(RPL_TRYAGAIN, self.row.verb)
        queries.pass_on(self.user, self.row.verb, self.params, whom)
        if asked.ask(self.session, server):
            queries.ping(self.user, server)
        raise Elsewhere

    def _is_ours(self, name: str) -> bool:
        """Whether that is what people know this server as: to operators it is the first of its processes."""
        me, fold = self.network.me, self.network.fold
        return me.shown != me.name and fold(name) == fold(me.shown) and not self.user.may("see-all")

    def targets(self, index: int) -> list[str]:
        """A parameter as a list of targets: split at commas, empty ones and repetitions in any case left out.

        Ends the command with 461 if nothing is left.
        """
        found: dict[str, str] = {}
        for part in self.params[index].split(","):
            if part:
                found.setdefault(self.network.fold(part), part)
        if not found:
            self.stop(ERR_NEEDMOREPARAMS, self.row.verb)
        return list(found.values())
