"""What becomes of a user, told to those who share a channel with them, and to themselves."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.delivery.audience import DEAF, Groups, merge, select
from chatnet.delivery.damping import Damping
from chatnet.delivery.index import Index
from chatnet.model import facts
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearer
from chatnet.model.modes import rank_letters
from chatnet.node import Node
from chatnet.session import render
from chatnet.session.logins import tell_account
from chatnet.session.shadows import Shadows
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics


class UsersHere:
    """Tells names, hosts, absences, accounts, modes and ends of users."""

    def __init__(self, node: Node, index: Index, shadows: Shadows, damping: Damping) -> None:
        self._node = node
        self._index = index
        self._shadows = shadows
        self._damping = damping
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.UserQuit: self._user_quit,
            facts.Killed: self._killed,
            facts.NickChanged: self._nick_changed,
            facts.HostChanged: self._host_changed,
            facts.RealnameChanged: self._realname_changed,
            facts.AwayChanged: self._away_changed,
            facts.AccountChanged: self._account_changed,
            facts.UserModesChanged: self._user_modes_changed,
            facts.CallerBlocked: self._caller_blocked,
        }

    def _user_quit(self, fact: facts.UserQuit, origin: object) -> None:
        self._node.event_ids.quit(fact)
        if self._shadows.back:
            self._damping.settle(fact.user)
        # The quitter's own sessions were detached before, so that they hear nothing of it.
        user, seeing = fact.user, self._index.seeing
        channels = [groups for channel in user.channels if (groups := seeing(channel, user))]
        if channels:
            audience = channels[0] if len(channels) == 1 else merge(channels)
            mask = cap.SERVER_TIME | fact.user.tagged | self._index.of_id(audience, fact, origin)
            self._index.fan(audience, mask, render.quitted, fact)

    def _killed(self, fact: facts.Killed, origin: object) -> None:
        self._node.event_ids.killed(fact, origin)
        self._index.tell(self._index.users.get(fact.user, ()), render.killed, fact)

    def _nick_changed(self, fact: facts.NickChanged, origin: object) -> None:
        user = fact.user
        if self._shadows.back:
            self._damping.settle(user)
        if self._shadows.away:
            self._damping.taken(fact.folded)
        if fact.saved_by is not None:
            text = f"{numerics.RPL_SAVENICK.code} {fact.old_nick} {numerics.RPL_SAVENICK.form % user.uid}"
            for session in self._index.users.get(user, ()):
                session.send(b":%b %b" % (self._node.network.me.source, text.encode()))
        groups = self._index.neighbours(user)
        mask = cap.SERVER_TIME | user.tagged | self._index.of_id(groups, fact, origin)
        self._index.fan(groups, mask, render.nick_changed, fact)

    def _with(self, user: User, capability: int, itself: bool) -> Groups:
        """Neighbours of `user` that have `capability`; `itself` if the user should hear it too."""
        own = () if itself else [session.outlet for session in self._index.users.get(user, ())]
        return select(self._index.neighbours(user), having=capability, but=own)

    def _away_changed(self, fact: facts.AwayChanged, origin: object) -> None:
        if self._shadows.back and self._damping.withholds(fact.user):
            return

        def make(fact: facts.AwayChanged, key: int) -> bytes:
            return render.away_changed(fact.user, fact.at, key)

        mask = cap.SERVER_TIME | fact.user.tagged
        self._index.fan(self._with(fact.user, cap.AWAY_NOTIFY, False), mask, make, fact)

    def _account_changed(self, fact: facts.AccountChanged, origin: object) -> None:
        if self._shadows.back and self._damping.withholds(fact.user):
            return
        for session in self._index.users.get(fact.user, ()):
            tell_account(session)  # before their own ACCOUNT, which is a consequence
        groups = self._with(fact.user, cap.ACCOUNT_NOTIFY, True)
        mask = cap.SERVER_TIME | cap.ACCOUNT_TAG | fact.user.tagged
        self._index.fan(groups, mask, render.account_changed, fact)

    def _realname_changed(self, fact: facts.RealnameChanged, origin: object) -> None:
        mask = cap.SERVER_TIME | fact.user.tagged
        self._index.fan(self._with(fact.user, cap.SETNAME, True), mask, render.realname_changed, fact)

    def _host_changed(self, fact: facts.HostChanged, origin: object) -> None:
        user = fact.user
        mask = cap.SERVER_TIME | user.tagged
        self._index.fan(self._with(user, cap.CHGHOST, True), mask, render.host_changed, fact)
        own = self._index.users.get(user, ())
        for session in own:
            session.numeric(numerics.RPL_HOSTHIDDEN, user.host)
        # Others see the user leave and come back.  https://ircv3.net/specs/extensions/chghost#fallback
        mask |= cap.EXTENDED_JOIN
        if user.away is not None:
            mask |= cap.AWAY_NOTIFY  # this JOIN, as all: "when a user joins and has an away message set"
        mine = [session.outlet for session in own]
        quitting = merge([self._index.seeing(channel, user) for channel in user.channels])
        self._index.fan(select(quitting, lacking=cap.CHGHOST, but=mine), mask, render.changing_host, fact)
        for channel, ranks in user.channels.items():
            letters = rank_letters(ranks)

            def make(
                fact: facts.HostChanged, key: int, channel: Channel = channel, letters: str = letters
            ) -> bytes:
                again = render.joined(fact.user, channel, fact.at, key)
                if letters:
                    me = self._node.network.me
                    again += render.rank_lines(me, fact.user, channel, letters, fact.at, key)
                if key & cap.AWAY_NOTIFY:
                    again += render.away_changed(fact.user, fact.at, key)
                return again

            groups = self._index.seeing(channel, user)
            self._index.fan(select(groups, lacking=cap.CHGHOST, but=mine), mask, make, fact)

    def _user_modes_changed(self, fact: facts.UserModesChanged, origin: object) -> None:
        if "D" in fact.added + fact.removed:
            for session in self._index.users.get(fact.user, ()):
                self._index.regroup(session, session.caps if "D" in fact.added else session.caps | DEAF)
        if fact.added or fact.removed:  # not only the snomask
            self._index.tell(self._index.users.get(fact.user, ()), render.user_modes_changed, fact)

    def _caller_blocked(self, fact: facts.CallerBlocked, origin: object) -> None:
        by = fact.by
        for session in self._index.users.get(fact.user, ()):
            who = f"{by.username}@{by.host}"
            session.numeric_by(by, numerics.RPL_UMODEGMSG, by.nick, who, f"+{fact.letter}")
