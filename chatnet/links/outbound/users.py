"""Users and what becomes of them, told to neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.links.tree.orphans import as_known
from chatnet.model import facts
from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer

CHANGES: Final = frozenset(
    {
        facts.NickChanged,
        facts.HostChanged,
        facts.RealnameChanged,
        facts.AwayChanged,
        facts.AccountChanged,
        facts.UserModesChanged,
        facts.Opered,
    }
)
"""What becomes of a user."""


class UsersOut:
    """Tells who comes and goes, and what they change; everybody is told everything."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._killed: dict[User, None] = {}
        hears: dict[type[Fact], Hearer] = {
            facts.UserIntroduced: self._introduced,
            facts.UserQuit: self._quit,
            facts.UserMoved: self._moved,
            facts.UserOrphaned: self._orphaned,
            facts.Killed: self._killed_,
            facts.NickChanged: self._nick_changed,
            facts.HostChanged: self._host_changed,
            facts.RealnameChanged: self._realname_changed,
            facts.AwayChanged: self._away_changed,
            facts.AccountChanged: self._account_changed,
            facts.UserModesChanged: self._modes_changed,
            facts.Opered: self._opered,
        }
        self.hears: Mapping[type[Fact], Hearer] = {
            kind: _of_whom_they_know(hear) if kind in CHANGES else hear for kind, hear in hears.items()
        }

    def _introduced(self, fact: facts.UserIntroduced, origin: object) -> None:
        user = fact.user
        self._links.routes.arrived(user.server)
        for link in self._links.others(origin):
            for text in link.codec.user(user):
                link.send(text)

    def _quit(self, fact: facts.UserQuit, origin: object) -> None:
        user = fact.user
        if not user.orphan:
            self._links.routes.departed(user.server)
        if user in self._killed:  # whoever heard of that knows
            del self._killed[user]
            return
        for link in self._links.others(origin):
            link.send(link.codec.quit(fact))

    def _moved(self, fact: facts.UserMoved, origin: object) -> None:
        if not fact.old_person.orphan:
            self._links.routes.departed(fact.old_server)
        self._links.routes.arrived(fact.server)
        for link in self._links.neighbours():
            if not link.codec.seats:  # or they know the claim
                if not fact.old_person.orphan:  # or they have read of that
                    link.send(link.codec.moved_away(fact.old_uid))
                for text in link.codec.user(fact.user):
                    link.send(text)

    def _orphaned(self, fact: facts.UserOrphaned, origin: object) -> None:
        self._links.routes.departed(fact.user.server)
        if fact.told:
            for link in self._links.neighbours():
                if not link.codec.seats:
                    link.send(link.codec.moved_away(fact.user.uid))

    def _killed_(self, fact: facts.Killed, origin: object) -> None:
        user, node = fact.user, self._links.node
        self._killed[user] = None
        for link in self._links.others(origin):
            told = as_known(fact, link, node.network.me)
            link.send(link.codec.kill(told.by, user, fact.reason, fact.at, fact.msgid))
        if (back := _back(origin)) is not None:
            back.send(back.codec.kill(node.network.me, user, fact.reason))
        if user.server is not node.network.me:
            # Who is here quits when their last session closes.
            text = f"Killed ({fact.by.shown} ({fact.reason}))"
            node.commit(facts.UserQuit(user, text, fact.at), origin)

    def _nick_changed(self, fact: facts.NickChanged, origin: object) -> None:
        for link in self._links.others(origin):
            if fact.saved_by is not None and fact.lost is not None and "SAVE" in link.codec.caps:
                saved = link.codec.save(fact.saved_by, fact.user, fact.lost[1], fact.at, fact.msgid)
                link.send(saved)
            else:
                link.send(link.codec.nick(fact))
        if fact.saved_by is not None and fact.lost is not None and (back := _back(origin)) is not None:
            back.send(back.codec.save(self._links.node.network.me, fact.user, fact.lost[1]))

    def _host_changed(self, fact: facts.HostChanged, origin: object) -> None:
        user, me, way = fact.user, self._links.node.network.me, self._links.way_to(fact.user)
        before = fact.old_source.decode("utf-8", "surrogateescape").partition("!")[2].partition("@")[0]
        for link in self._links.others(origin):
            if before != user.username:
                link.send(link.codec.signon(user))
            else:
                # Whoever serves the user says so to their server, which believes nobody else.
                virtual = self._links.node.network.virtual if link is way else None
                link.send(link.codec.host(fact.by or virtual or me, user))

    def _realname_changed(self, fact: facts.RealnameChanged, origin: object) -> None:
        for link in self._links.others(origin):
            if link.codec.core:
                link.send(link.codec.realname(fact.user))

    def _away_changed(self, fact: facts.AwayChanged, origin: object) -> None:
        for link in self._links.others(origin):
            link.send(link.codec.away(fact.user))

    def _account_changed(self, fact: facts.AccountChanged, origin: object) -> None:
        way = self._links.way_to(fact.user)
        for link in self._links.others(origin):
            if link is not way:  # their own server is told by whoever serves them (`logins/gate.py`)
                link.send(link.codec.signon(fact.user))

    def _modes_changed(self, fact: facts.UserModesChanged, origin: object) -> None:
        # Opered tells the mode o.
        added, removed = fact.added.replace("o", ""), fact.removed.replace("o", "")
        for link in self._links.others(origin):
            if (text := link.codec.user_modes(fact.user, added, removed)) is not None:
                link.send(text)

    def _opered(self, fact: facts.Opered, origin: object) -> None:
        for link in self._links.others(origin):
            for text in link.codec.oper(fact.user):
                link.send(text)


def _of_whom_they_know(hear: Hearer) -> Hearer:
    """Tells of users, but of nobody whose server is lost: others know nothing of them, or do the same."""

    def told(fact: Any, origin: object) -> None:
        if not fact.user.orphan:
            hear(fact, origin)

    return told


def _back(origin: object) -> Link | None:
    """The link that told of a KILL or a SAVE, which is told of it as well, in the name of this server.

    While it was on its way the user may have been lost and told of anew: then whoever said it knows them
    again, under their nick.  In all other cases it means nothing there.  Other makes of servers would answer
    that there is no such user, and are not told.
    """
    return origin if isinstance(origin, Link) and origin.codec.core else None
