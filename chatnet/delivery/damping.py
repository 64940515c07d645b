"""Splits that people are not told of, if they are over soon: who is back meanwhile was never gone for them.

Settings ``links.split_damping``, and ``server.process_damping`` where one process of this server was the way
to others, which find each other without it.  The network itself forgets at once who is behind a lost server;
their shadows are for local clients only.  If the same user (UID and nick TS) is back within that time,
clients are told what is different; of all others they read then what they would have read at once, with the
time of the split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from chatnet.model import facts
from chatnet.model.entities import User
from chatnet.model.facts import Fact, ModeChange
from chatnet.model.ids import Folded
from chatnet.model.modes import rank_letters
from chatnet.model.server import Server
from chatnet.node import Node
from chatnet.session.shadows import Shadow, Shadows


class Damping:
    """A part of delivery: `tell` is how it tells a fact, `quit_` a split.

    `joining` are the servers whose netjoin is not over.
    """

    def __init__(
        self,
        node: Node,
        shadows: Shadows,
        tell: Callable[[Fact], None],
        quit_: Callable[[facts.NetSplit], None],
        joining: Mapping[Server, object],
    ) -> None:
        self._node = node
        self._shadows = shadows
        self._tell = tell
        self._quit = quit_
        self._joining = joining

    # going

    def split(self, fact: facts.NetSplit) -> facts.NetSplit:
        """Keep as shadows who may be back soon; what is left of the split, people are to be told at once."""
        if self._shadows.back:
            for user in fact.users:
                self.settle(user)
        settings, me = self._node.settings, self._node.network.me
        usual = settings.links.split_damping
        longer = max(usual, settings.server.process_damping)
        if longer > usual and self._node.network.several and fact.far.shown == me.shown:
            self._keep([user for user in fact.users if user.server is not fact.far], longer, fact)
            fact = replace(fact, users=tuple(user for user in fact.users if user.server is fact.far))
        if not usual:
            return fact
        self._keep(fact.users, usual, fact)
        return replace(fact, users=())

    def _keep(self, users: Sequence[User], seconds: float, split: facts.NetSplit) -> None:
        """Show them for so long, as people who went with a split of their own."""
        if not users:
            return
        kept = replace(split, users=tuple(users))
        for user in users:
            self._shadows.add(Shadow(user, kept))
        self._node.clock.later(seconds, lambda: self._expire(kept))

    def _expire(self, split: facts.NetSplit) -> None:
        self._leave([shadow for shadow in self._shadows.away.values() if shadow.split is split])
        for shadow in list(self._shadows.back.values()):
            if shadow.split is split and shadow.now is not None and not self._is_joining(shadow.now.server):
                self._settle(shadow)

    def _leave(self, several: Iterable[Shadow]) -> None:
        """They are not back in time, or somebody else has their nick."""
        leaving = list(several)
        if not leaving:
            return
        split = leaving[0].split
        for shadow in leaving:
            shadow.user.channels = self._shadows.remove(shadow)
        users = tuple(shadow.user for shadow in leaving)
        self._quit(facts.NetSplit(split.near, split.far, split.servers, users, split.at, split.reason))
        for shadow in leaving:
            for hear in self._shadows.leaving:
                hear(shadow.user)
            if shadow.held:
                # After what else is told now: that a nick was taken, say.
                self._node.clock.later(0.0, partial(_refuse, shadow))

    # coming

    def introduced(self, fact: facts.UserIntroduced, origin: object) -> None:
        """Somebody is new, or back."""
        shadows, user = self._shadows, fact.user
        if not shadows.away:
            return
        shadow = shadows.away.get(user.uid)
        if shadow is not None:
            if shadow.user.nick_ts == user.nick_ts and shadow.user.folded == user.folded:
                self._return(shadow, user, fact.at)
                return
            self._leave([shadow])
        self.taken(user.folded)

    def taken(self, folded: Folded) -> None:
        """Somebody has this nick: whose it was is not the one who may be back."""
        shadow = self._shadows.find(folded)
        if shadow is not None:
            self._leave([shadow])

    def _return(self, shadow: Shadow, user: User, at: float) -> None:
        old = shadow.user
        self._shadows.returned(shadow, user)
        if old.nick != user.nick:
            nick, source = old.nick, old.source
            old.nick = user.nick
            old.renew_source()
            self._tell(facts.NickChanged(old, user.nick, user.folded, at, nick, source))
        if (old.username, old.host) != (user.username, user.host):
            source = old.source
            old.username, old.host = user.username, user.host
            old.renew_source()
            self._tell(facts.HostChanged(old, user.username, user.host, source, at))
        if old.realname != user.realname:
            old.realname = user.realname
            self._tell(facts.RealnameChanged(old, user.realname, at))
        for held in shadow.held:
            if not held.session.closed:
                held.send()

    def rejoined(self, fact: facts.Joined) -> facts.Joined | None:
        """`fact` without those whom clients see in the channel already; None if nobody is left.

        Of them they are told what has become of their ranks.
        """
        back = self._shadows.back
        if not back:
            return fact
        rest: list[tuple[User, int]] = []
        changes: list[ModeChange] = []
        for user, ranks in fact.members:
            shadow = back.get(user)
            before = self._shadows.left(shadow, fact.channel) if shadow is not None else None
            if shadow is None or before is None:
                rest.append((user, ranks))
                continue
            changes += [ModeChange(False, letter, None, user) for letter in rank_letters(before & ~ranks)]
            changes += [ModeChange(True, letter, None, user) for letter in rank_letters(ranks & ~before)]
        if changes:
            me = self._node.network.me
            self._tell(facts.ModesChanged(fact.channel, tuple(changes), me, fact.at))
        if not rest and fact.members:
            return None
        return replace(fact, members=tuple(rest))

    def withholds(self, user: User) -> bool:
        """Whether it is not to be told yet that `user` is away, or logged in: it may be nothing new."""
        return user in self._shadows.back

    def joined(self, far: Server) -> None:
        """`far` has told all that was behind it."""
        for shadow in list(self._shadows.back.values()):
            if shadow.now is not None and any(hop is far for hop in _way(shadow.now.server)):
                self._settle(shadow)

    def settle(self, user: User) -> None:
        """Tell what is to be told of a user who is back, since something else is told of them now."""
        shadow = self._shadows.back.get(user)
        if shadow is not None:
            self._settle(shadow)

    def _settle(self, shadow: Shadow) -> None:
        """Who is back is back everywhere, or has left a channel meanwhile."""
        old, now = shadow.user, shadow.now
        assert now is not None
        at = self._node.clock.time()
        for channel in self._shadows.remove(shadow):
            self._tell(facts.Parted(channel, old, None, at))
        if old.account != now.account:
            self._tell(facts.AccountChanged(now, now.account, at, old.account))
        if old.away != now.away:
            self._tell(facts.AwayChanged(now, now.away, at))

    def _is_joining(self, server: Server) -> bool:
        return any(hop in self._joining for hop in _way(server))


def _refuse(shadow: Shadow) -> None:
    for held in shadow.held:
        if not held.session.closed:
            held.refuse()


def _way(server: Server) -> Iterator[Server]:
    """A server, and those between it and this one."""
    hop: Server | None = server
    while hop is not None:
        yield hop
        hop = hop.uplink
