"""Who logs in by SASL at a server that keeps no accounts, and talks to this one about it.

The words of such a talk come in ENCAP, one by one, to the agent SaslServ on the virtual server, and the
answers go back to the server of the UID: ``H`` who they are, ``S`` by which mechanism, ``C`` a chunk, ``D``
that it is over (A: given up, S: right, F: wrong), ``M`` which mechanisms there are.  Whoever is right is
logged in by SVSLOGIN, or by SU if they are a user already.
https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md#sasl
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Protocol

from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.applicant import Applicant
from chatnet.model.entities import User
from chatnet.model.ids import UID, AccountName
from chatnet.model.logins import Way
from chatnet.model.registry import Account
from chatnet.model.server import Server
from chatnet.node import Timer
from chatnet.rules.logins import logged_in, shown_host
from chatnet.wire.masks import parse_network
from chatnet.wire.names import is_uid
from chatnet.wire.networks import is_loopback
from chatnet.wire.sasl import CHUNK, is_data

PLAIN: Final = "PLAIN"
EXTERNAL: Final = "EXTERNAL"


class Examiner(Protocol):
    """Who looks at passwords here; wiring hands it in."""

    def mechanisms(self, secure: bool) -> tuple[str, ...]:
        """Those by which one can log in, the best first; `secure`: under TLS."""

    def begin(self, applicant: Applicant, mechanism: str) -> bool:
        """Let `applicant` talk; False if not now."""

    def say(self, applicant: Applicant, data: str) -> Coroutine[Any, Any, None] | None:
        """One chunk of what `applicant` answers; what has to be awaited before they go on, if anything."""

    def give_up(self, applicant: Applicant) -> None:
        """`applicant` does not want any more, or is gone."""


class Remote:
    """One attempt of somebody at another server: the applicant of a talk with the examiner.

    `say` sends one word of the agent to where they are, `over` is called when it has ended.
    """

    __slots__ = ("_log_in", "_over", "_say", "begun", "size", "timer", "user")

    def __init__(
        self,
        user: User,
        say: Callable[[str, str], object],
        log_in: Callable[[User, Account, Way], bool],
        over: Callable[[], object],
    ) -> None:
        self.user = user
        self._say = say
        self._log_in = log_in
        self._over = over
        self.begun = False
        self.size = 0  # of the response that has begun
        self.timer: Timer | None = None

    @property
    def came(self) -> User:
        """Of others of theirs nothing is known."""
        return self.user

    def challenged(self, data: str) -> None:
        """``C``"""
        self._say("C", data)

    def shown(self, mechanisms: str) -> None:
        """``M``"""
        self._say("M", mechanisms)

    def logged_in(
        self, nick: str | None, username: str | None, host: str | None, account: AccountName | None
    ) -> None:
        """Other services than this server's are not asked for others."""

    def proved(self, account: Account, way: Way, name: str) -> bool:
        """SVSLOGIN, or SU."""
        return self._log_in(self.user, account, way)

    def locked(self, text: str) -> None:
        """There is no word for that."""

    def noted(self, code: str, text: str, *context: str) -> None:
        """Nor for that."""

    def ended(self, good: bool) -> None:
        """``D``"""
        self._over()
        self._say("D", "S" if good else "F")


class Applicants:
    """Those who talk, by the link behind which they are.

    `examiner` looks at what they say, in the name of the pseudo-user `agent`, of which this is the UID.
    Without one nobody does; wiring hands both in.
    """

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._node = links.node
        self._talks: dict[Link, OrderedDict[UID, Remote]] = {}
        self.examiner: Examiner | None = None
        self.agent = UID("")

    def mechanisms(self, link: Link) -> tuple[str, ...]:
        """Those for people behind `link`: not what others would read along, nor what is not believed."""
        if self.examiner is None:
            return ()
        assert link.settings is not None
        safe = link.identity.secure or is_loopback(link.identity.address)
        return tuple(
            name
            for name in self.examiner.mechanisms(secure=True)
            if (name != PLAIN or safe or self._node.settings.sasl.plaintext_links)
            and (name != EXTERNAL or link.settings.believe_certificates or self._links.full(link))
        )

    def count(self, link: Link) -> int:
        """How many talks are under way behind `link`."""
        return len(self._talks.get(link, ()))

    def _talk(self, link: Link, uid: UID) -> Remote | None:
        talks = self._talks.get(link)
        return None if talks is None else talks.get(uid)

    def hear(self, link: Link, server: Server, uid: str, letter: str, words: Sequence[str]) -> None:
        """`server`, behind `link`, says a word of the connection or user `uid` that is on it."""
        if not is_uid(uid) or uid[:3] != server.sid:
            return
        remote = self._talk(link, UID(uid))
        if letter == "H":
            self._introduce(link, server, UID(uid), words)
        elif letter == "S":
            if remote is None:
                remote = self._introduce(link, server, UID(uid), ())
            self._begin(link, remote, words)
        elif remote is None:
            pass
        elif letter == "C":
            self._take(link, remote, words[0])
        elif letter == "D":
            self._give_up(link, remote)

    def _introduce(self, link: Link, server: Server, uid: UID, words: Sequence[str]) -> Remote:
        """Somebody begins, who is connected from a host and an address, under TLS (S) or not (P)."""
        if (old := self._talk(link, uid)) is not None:
            self._give_up(link, old)
        _, address, how = (*words, "", "", "")[:3]
        address = address[1:] if address.startswith("0::") else address
        known = self._node.network.users.get(uid)
        if known is not None:
            address = known.address
        # Who stands for them here is no user, and is never told of.
        user = User(server, address if parse_network(address) is not None else "0", server.name)
        user.uid = uid
        user.secure = how == "S" if known is None else known.secure
        user.certfp = None if known is None else known.certfp
        remote = Remote(
            user,
            lambda letter, text: self._say(link, server, uid, letter, text),
            lambda user, account, way: self._log_in(link, user, account, way),
            lambda: self._forget(link, uid),
        )
        talks = self._talks.setdefault(link, OrderedDict())
        talks[uid] = remote
        if len(talks) > self._node.settings.sasl.talks:
            oldest = next(iter(talks.values()))
            self._fail(oldest)
        self._arm(remote)
        return remote

    def _begin(self, link: Link, remote: Remote, words: Sequence[str]) -> None:
        """``S <mechanism> [<certificate>]``"""
        name, certificate = words[0].upper(), words[1] if len(words) > 1 else None
        mechanisms = self.mechanisms(link)
        if self._node.settings.sasl.tls_only and not remote.user.secure:
            mechanisms = ()
        if self.examiner is None or name not in mechanisms:
            if mechanisms:
                remote.shown(",".join(mechanisms))
            remote.ended(False)
            return
        if EXTERNAL not in mechanisms:
            remote.user.certfp = None
        elif remote.user.uid not in self._node.network.users:
            remote.user.certfp = certificate
        self.examiner.give_up(remote)
        remote.begun = True
        if not self.examiner.begin(remote, name):
            remote.ended(False)

    def _take(self, link: Link, remote: Remote, data: str) -> None:
        """One chunk."""
        assert self.examiner is not None
        remote.size += len(data)
        if not is_data(data) or remote.size > self._node.settings.sasl.response_bytes:
            self._fail(remote)
            return
        if len(data) < CHUNK:
            remote.size = 0
        answer = self.examiner.say(remote, data) if remote.begun else None
        if answer is not None:
            self._node.run(self._wait(link, remote, answer))

    async def _wait(self, link: Link, remote: Remote, answer: Coroutine[Any, Any, None]) -> None:
        self._disarm(remote)
        await answer
        if self._talk(link, remote.user.uid) is remote:
            self._arm(remote)

    def _arm(self, remote: Remote) -> None:
        self._disarm(remote)
        seconds = self._node.settings.sasl.timeout
        remote.timer = self._node.clock.later(seconds, lambda: self._expire(remote))

    def _expire(self, remote: Remote) -> None:
        remote.timer = None
        self._fail(remote)

    @staticmethod
    def _disarm(remote: Remote) -> None:
        if remote.timer is not None:
            remote.timer.cancel()
            remote.timer = None

    def _fail(self, remote: Remote) -> None:
        """It has ended by what they did, or did not."""
        if self.examiner is not None:
            self.examiner.give_up(remote)
        remote.ended(False)

    def _give_up(self, link: Link, remote: Remote) -> None:
        """They do not want any more, or are gone: nothing is said."""
        if self.examiner is not None:
            self.examiner.give_up(remote)
        self._forget(link, remote.user.uid)

    def _forget(self, link: Link, uid: UID) -> None:
        talks = self._talks.get(link)
        remote = None if talks is None else talks.pop(uid, None)
        if remote is not None:
            self._disarm(remote)
        if not talks:
            self._talks.pop(link, None)

    def closed(self, link: Link) -> None:
        """Nobody behind `link` talks here any more."""
        for remote in list(self._talks.get(link, {}).values()):
            self._give_up(link, remote)

    def split(self, servers: Sequence[Server]) -> None:
        """They are gone, with all who were connected to them."""
        gone = set(servers)
        for link, talks in list(self._talks.items()):
            for remote in [each for each in talks.values() if each.user.server in gone]:
                self._give_up(link, remote)

    # what is said to their server

    def _say(self, link: Link, server: Server, uid: UID, letter: str, text: str) -> None:
        link.send(link.codec.encap(self._voice(link), [server.name, "SASL", self.agent, uid, letter, text]))

    def _voice(self, link: Link) -> Server:
        """In whose name that is said: full servers all have the virtual one, so there it is this one."""
        virtual = self._node.network.virtual
        assert virtual is not None  # whoever looks at passwords has it
        return self._node.network.me if self._links.full(link) else virtual

    def _log_in(self, link: Link, applicant: User, account: Account, way: Way) -> bool:
        """Have their server log them in; not by a token at a full one, which would not know what that may."""
        node, voice = self._node, self._voice(link)
        user = node.network.users.get(applicant.uid)
        words = ["SVSLOGIN", applicant.uid, "*", "*", shown_host(account) or "*", account.shown]
        text = link.codec.encap(voice, [applicant.server.name, *words])
        if self._links.full(link):
            if way.token:
                return False
            link.send(link.codec.identified(text, account.id, account.created))
            return True
        self._links.given.came_by(applicant.uid, way)
        if user is None:
            self._links.given.give(applicant.uid, account.id, link.name)
            link.send(link.codec.identified(text, account.id, account.created))
        elif user.account_id == account.id:
            text = link.codec.encap(voice, ["*", "SU", user.uid, account.shown])
            link.send(link.codec.identified(text, account.id, account.created))
        else:
            for fact in logged_in(user, account, node.clock.time()):
                node.commit(fact)
        return True
