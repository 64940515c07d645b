"""The gate: servers that keep no accounts, and the people there, are served by the full server they hang at.

To such a neighbour this server introduces the virtual server, and the pseudo-users on it, as services would
be, once the neighbour has told all there is; what is said to them there is an errand here.  Logins by SASL
are in ``applicants.py``.  Where others have their names already, of another make or a full server that is not
one of ours, nothing is said: operators read of it.

=========  =========================================  ==================================  =========
state      input                                      does                                next
=========  =========================================  ==================================  =========
closed     the burst is over, and it may be opened    waits a moment                      waiting
waiting    the moment is over                         introduces all                      open
waiting    others have these names there                                                  closed
open       others have these names there              says nothing more                   closed
open       the virtual server is put off the network  waits a moment                      waiting
closed     those others are gone                      waits a moment                      waiting
any        the link ends                                                                  closed
=========  =========================================  ==================================  =========
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from chatnet.links.codecs.solanum import RECORDS
from chatnet.links.logins.applicants import Applicants
from chatnet.links.neighbour.link import Link, State
from chatnet.links.tree.neighbours import Follower, Neighbours
from chatnet.model.entities import User
from chatnet.model.facts import (
    AccountChanged,
    Fact,
    Hearer,
    Killed,
    MessageSent,
    NetJoinEnded,
    NetSplit,
    RecordsTaken,
    SettingsChanged,
)
from chatnet.node import Timer
from chatnet.rules.logins import TOKEN_TAKEN, tokens_taken

SETTLED: Final = 1.0
"""Seconds after the burst of a neighbour until it is introduced to services: others may be behind it."""
AFTER_OTHERS: Final = 3.0
"""The same while a server behind it keeps accounts, too, and has a lower SID: that one is first."""

Errand = Callable[[User, User, str], None]
"""``(user, bot, text)``: somebody at another server says something to a pseudo-user."""


class Gate(Follower):
    """All neighbours that keep no accounts, and who is served there.

    `errand` does what people there ask of pseudo-users, and `opened` hear of all who are served from now on;
    wiring hands both in.
    """

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._node = links.node
        self.applicants = Applicants(links)
        self.errand: Errand | None = None
        self.opened: Sequence[Callable[[Sequence[User]], object]] = ()
        self._open: dict[Link, tuple[str, ...]] = {}  # with the mechanisms that it was told of
        self._waiting: dict[Link, Timer] = {}
        self._hears: Mapping[type[Fact], Hearer] = {
            NetJoinEnded: self._net_join_ended,
            NetSplit: self._net_split,
            AccountChanged: self._account_changed,
            RecordsTaken: self._records_taken,
            SettingsChanged: self._settings_changed,
        }

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """Nothing where no accounts are kept."""
        return self._hears if self._links.keeps_records else {}

    # who is served

    def is_open(self, link: Link) -> bool:
        """Whether a neighbour has been introduced to our services."""
        return link in self._open

    def served(self) -> Sequence[Link]:
        """The neighbours that have been."""
        return tuple(self._open)

    def serves(self, user: User) -> bool:
        """Whether `user` is at a server that keeps no accounts, and is served by this one."""
        if not self._open:
            return False
        link = self._links.way_to(user)
        return link in self._open and RECORDS not in user.server.caps

    def vouches(self, user: User) -> bool:
        """Whether the certificate that `user` has, as their server says, may log them in."""
        link = self._links.way_to(user)
        return link is None or (link.settings is not None and link.settings.believe_certificates)

    # opening and closing

    def _may(self, link: Link) -> bool:
        return (
            self._links.keeps_records
            and self._node.network.virtual is not None
            and link.state is State.LINKED
            and link.settings is not None
            and link.settings.role != "services"
            and RECORDS not in link.caps
            and link not in self._links.namesakes
        )

    def _look(self, link: Link) -> None:
        """Open it in a moment, if it is to be open."""
        if not self._may(link):
            self._close(link)
        elif link not in self._open and link not in self._waiting:
            self._wait(link, AFTER_OTHERS if self._is_second(link) else SETTLED)

    def _is_second(self, link: Link) -> bool:
        """Whether another server that keeps accounts is to be first there."""
        servers, me = self._node.network.servers.values(), self._node.network.me
        return any(
            RECORDS in server.caps and server.sid < me.sid and self._links.way_to(server) is link
            for server in servers
        )

    def _wait(self, link: Link, seconds: float) -> None:
        self._waiting[link] = self._node.clock.later(seconds, partial(self._settled, link, seconds))

    def _settled(self, link: Link, waited: float) -> None:
        del self._waiting[link]
        if self._may(link):
            if waited < AFTER_OTHERS and self._is_second(link):
                self._wait(link, AFTER_OTHERS)
            else:
                self._introduce(link)

    def _introduce(self, link: Link) -> None:
        network, codec = self._node.network, link.codec
        virtual = network.virtual
        assert virtual is not None
        codec.virtual = True
        link.send(codec.server(virtual))
        histserv = self._node.settings.services.histserv
        for bot in network.pseudo_users.values():
            if bot.nick == histserv and codec.core:
                continue  # a server of our make answers its people itself, of what it has stored
            self._tell_of(link, bot)
        self._open[link] = ()
        self._tell_mechanisms(link)
        if "MLOCK" in link.caps:
            for channel in network.channels.values():
                if channel.locked:
                    link.send(codec.locked(channel, virtual, channel.locked))
        self._links.tell(f"{link.name} keeps no accounts: its people log in here, by {virtual.name}")
        users = [user for user in network.users.values() if self.serves(user) and self._is_behind(user, link)]
        for user in users:
            if user.uid in self._links.given.doubted:
                del self._links.given.doubted[user.uid]
                self._tell_login(link, user)
        for hear in self.opened:
            hear(users)

    def _is_behind(self, user: User, link: Link) -> bool:
        return self._links.way_to(user) is link

    @staticmethod
    def _tell_of(link: Link, bot: User) -> None:
        for text in link.codec.user(bot):
            link.send(text)

    def _tell_mechanisms(self, link: Link) -> None:
        mechanisms, virtual = self.applicants.mechanisms(link), self._node.network.virtual
        if self._open[link] != mechanisms and virtual is not None:
            self._open[link] = mechanisms
            link.send(link.codec.encap(virtual, ["*", "MECHLIST", ",".join(mechanisms) or "*"]))

    def _close(self, link: Link) -> None:
        """Say nothing more in their names; others do so there."""
        if (timer := self._waiting.pop(link, None)) is not None:
            timer.cancel()
        if self._open.pop(link, None) is not None:
            link.codec.virtual = False
            self.applicants.closed(link)

    def put_off(self, link: Link, bot: User | None) -> None:
        """They are back, as services are: a pseudo-user at once, and the virtual server in a moment."""
        if link not in self._open:
            return
        if bot is not None:
            self._tell_of(link, bot)
        else:
            self._close(link)
            self._look(link)

    def namesakes_changed(self, link: Link) -> None:
        """Others have these names there, or have them no more."""
        self._look(link)

    def ended(self, link: Link) -> None:
        """There is nobody any more."""
        self._close(link)

    # what is heard

    def _net_join_ended(self, fact: NetJoinEnded, origin: object) -> None:
        link = self._links.routes.direct.get(fact.far)
        if link is not None:
            if link.settings is not None and link.settings.role == "services":
                link.warn_once("two", "is services, but accounts are kept here (accounts.authority)")
            self._look(link)

    def _net_split(self, fact: NetSplit, origin: object) -> None:
        self.applicants.split(fact.servers)

    def _settings_changed(self, fact: SettingsChanged, origin: object) -> None:
        for link in list(self._links.neighbours()):
            self._look(link)
        for link in self._open:
            self._tell_mechanisms(link)

    def _account_changed(self, fact: AccountChanged, origin: object) -> None:
        """Who is served is logged in, or out, as their server is to know."""
        link = self._links.way_to(fact.user)
        if link in self._open and link is not None and link is not origin:
            self._tell_login(link, fact.user)

    def _records_taken(self, fact: RecordsTaken, origin: object) -> None:
        """Who came by a token goes with it."""
        gone = tokens_taken(fact.records)
        for user in self._links.given.taken(gone) if gone else ():
            if self.serves(user):
                self._node.commit(Killed(user, self._node.network.me, TOKEN_TAKEN, fact.at))

    def _tell_login(self, link: Link, user: User) -> None:
        """``SU``, with the account or without one; it tells all that are behind it."""
        virtual = self._node.network.virtual
        if virtual is not None:
            words = () if user.account is None else (user.account,)
            text = link.codec.encap(virtual, ["*", "SU", user.uid, *words])
            link.send(link.codec.identified(text, user.account_id, user.account_since))

    # what is said and done there

    def said(self, link: Link, user: User, bot: User, texts: Iterable[str]) -> None:
        """Somebody behind `link` says something to a pseudo-user."""
        if link not in self._open or self.errand is None or not self.serves(user):
            return
        now, settings = self._node.clock.monotonic(), self._node.settings.links
        for text in texts:
            if (why := link.conduct.too_much(user.uid, now, settings)) is not None:
                self.tell(bot, user, why)
                return
            self.errand(user, bot, text)

    def tell(self, bot: User, user: User, text: str) -> None:
        """A NOTICE of a pseudo-user.  It is no fact: nobody else hears of it."""
        link = self._links.way_to(user)
        if link in self._open and link is not None:
            now = self._node.clock.time()
            msgid = self._node.message_ids.take(now, bot.uid, user.place)
            for line in link.codec.message(MessageSent("NOTICE", bot, user, text, now, msgid)):
                link.send(line)

    def rename(self, user: User, nick: str) -> None:
        """Have the server of `user` give them another nick: ``RSFNC``, with the TS of both."""
        link, virtual = self._links.way_to(user), self._node.network.virtual
        if link in self._open and link is not None and virtual is not None:
            now = max(int(self._node.clock.time()), user.nick_ts + 1)
            words = ["RSFNC", user.uid, nick, str(now), str(user.nick_ts)]
            link.send(link.codec.encap(virtual, [user.server.name, *words]))

    def hold(self, nick: str, seconds: float) -> None:
        """Have the servers that are served keep a nick free for so long; 0: no more.  ``NICKDELAY``"""
        virtual = self._node.network.virtual
        for link in self._open:
            if virtual is not None:
                link.send(link.codec.encap(virtual, ["*", "NICKDELAY", f"{seconds:.0f}", nick]))
