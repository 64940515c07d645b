"""Tells facts to the local clients whom they concern.

Each fact is rendered once for each output format among its audience, and the same bytes are appended to every
outlet of that format.  The loop in :meth:`Delivery.fan` is the busiest place of the server: it may hold an
append and a test, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from chatnet.delivery.audience import DEAF, Group, Groups, add, key_of, merge, remove, select
from chatnet.delivery.damping import Damping
from chatnet.delivery.netsplits import NetSplits
from chatnet.model import facts
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Fact, Hearer, Source
from chatnet.model.modes import OP, rank_letters
from chatnet.node import Node
from chatnet.session import asked, batches, names, render
from chatnet.session.batches import References
from chatnet.session.outlet import Turn
from chatnet.session.rates import note
from chatnet.session.session import Session
from chatnet.session.shadows import Shadows
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.masks import compile_glob

Render = Callable[[Any, int], bytes]

NEEDED: Final = {"TAGMSG": cap.MESSAGE_TAGS, "REDACT": cap.MESSAGE_REDACTION}
"""What one must have to hear a message of this command: "Servers MUST NOT deliver TAGMSG to clients that
haven't negotiated the message tags capability."  "MUST not forward this REDACT to target recipients that have
not negotiated this capability".

https://ircv3.net/specs/extensions/message-tags#the-tagmsg-tag-only-message
https://ircv3.net/specs/extensions/message-redaction#command
"""

Said = facts.MessageSent | facts.MessageRedacted

OF_MESSAGES: Final = cap.SERVER_TIME | cap.MESSAGE_TAGS
"""What makes a difference to every message."""
OF_PARTS: Final = OF_MESSAGES | batches.MULTILINE
"""What does to a message of several lines."""


class Delivery:
    """Channel → local sessions, user → local sessions; an observer of everything that people see."""

    def __init__(self, node: Node, turn: Turn, references: References, shadows: Shadows) -> None:
        self._node = node
        self._turn = turn
        self._references = references
        self._channels: dict[Channel, Groups] = {}
        self._users: dict[User, tuple[Session, ...]] = {}
        self._netsplits = NetSplits(node, references, self._channels, self.fan, self._everybody)
        self._shadows = shadows
        self._damping = Damping(node, shadows, self._tell_fact, self._netsplits.quit, self._netsplits.joins)
        self.hears: Mapping[type[Fact], Hearer] = {
            facts.UserIntroduced: self._damping.introduced,
            facts.UserQuit: self._user_quit,
            facts.NetSplit: self._net_split,
            facts.NetJoinBegan: self._netsplits.begin,
            facts.NetJoinEnded: self._net_join_ended,
            facts.Killed: self._killed,
            facts.NickChanged: self._nick_changed,
            facts.HostChanged: self._host_changed,
            facts.RealnameChanged: self._realname_changed,
            facts.AwayChanged: self._away_changed,
            facts.AccountChanged: self._account_changed,
            facts.UserModesChanged: self._user_modes_changed,
            facts.Joined: self._joined,
            facts.ChannelRenamed: self._channel_renamed,
            facts.Parted: self._parted,
            facts.Kicked: self._kicked,
            facts.TopicChanged: self._topic_changed,
            facts.ModesChanged: self._modes_changed,
            facts.EntriesAdded: self._entries_added,
            facts.ChannelReset: self._channel_reset,
            facts.MessageSent: self._message_sent,
            facts.MessageRedacted: self._message_redacted,
            facts.BroadcastSent: self._broadcast_sent,
            facts.WallopsSent: self._wallops_sent,
            facts.ServerNotice: self._server_notice,
            facts.NumericSent: self._numeric_sent,
            facts.PongSent: self._pong_sent,
            facts.Invited: self._invited,
            facts.Knocked: self._knocked,
            facts.CallerBlocked: self._caller_blocked,
        }

    # the index

    def attach(self, session: Session) -> None:
        """Deliver to `session` what its user hears, from now on."""
        others = self._users.get(session.user)
        self._users[session.user] = (session,) if others is None else (*others, session)
        for channel in session.user.channels:
            add(self._channels.setdefault(channel, {}), session)

    def detach(self, session: Session) -> bool:
        """Deliver nothing more to `session`; True if it was the last one of its user."""
        user = session.user
        key = key_of(session)
        if self._netsplits.joins:
            self._netsplits.forget(session)
        for channel in user.channels:
            self._remove(channel, session, key)
        sessions = self._users[user]
        if len(sessions) > 1:
            self._users[user] = tuple(other for other in sessions if other is not session)
            return False
        del self._users[user]
        return True

    def recap(self, session: Session, caps: int) -> None:
        """Give `session` other capabilities."""
        before = key_of(session)
        if session.caps & ~caps & cap.BATCH:
            self._netsplits.forget(session, ending=True)
        session.caps = caps
        if session.labelled is not None:
            session.labelled.caps = caps
        if session.registered:
            self._regroup(session, before)

    def sessions_of(self, user: User) -> tuple[Session, ...]:
        """The local sessions of `user`."""
        return self._users.get(user, ())

    def _regroup(self, session: Session, before: int) -> None:
        if key_of(session) != before:
            for channel in session.user.channels:
                groups = self._channels[channel]
                remove(groups, session, before)
                add(groups, session)

    def _remove(self, channel: Channel, session: Session, key: int) -> None:
        groups = self._channels[channel]
        remove(groups, session, key)
        if not groups:
            del self._channels[channel]

    def _neighbours(self, user: User) -> Groups:
        """Everybody who shares a channel with `user`, and the user."""
        return merge(
            [
                *(groups for channel in user.channels if (groups := self._channels.get(channel)) is not None),
                *({key_of(session): Group([session.outlet])} for session in self._users.get(user, ())),
            ]
        )

    # telling

    def fan(
        self, groups: Groups, mask: int, make: Render, fact: object, skip: int = 0, need: int = 0
    ) -> None:
        """Append `fact`, rendered once per format, to those of `groups` without `skip` and with `need`.

        `mask` are the capabilities that make a difference to this fact; one too many costs a rendering.
        """
        lines: dict[int, bytes] = {}
        turn = self._turn
        dirty, serial = turn.dirty, turn.serial
        for caps, group in groups.items():
            if (skip and caps & skip) or (need and caps & need != need):
                continue
            key = caps & mask
            line = lines.get(key)
            if line is None:
                line = make(fact, key)
                if not line.isascii():
                    line = self._fit(line)
                lines[key] = line
            if serial and group.marked == serial:
                for out in group.values():
                    out.append(line)
                continue
            group.marked = serial
            for outlet, out in group.items():
                if not out:
                    dirty.append(outlet)
                out.append(line)
        if dirty and not turn.armed:
            turn.arm()

    def tell(self, sessions: Iterable[Session], make: Render, fact: object) -> None:
        """The same for a few sessions, one by one."""
        for session in sessions:
            session.outlet.send(self._fit(make(fact, session.caps)))

    def _fit(self, lines: bytes) -> bytes:
        """Whole lines as this server's clients may get them."""
        return render.in_utf8(lines) if self._node.settings.server.utf8_only else lines

    def _channel(self, channel: Channel, make: Render, fact: object, by: Source) -> None:
        groups = self._channels.get(channel)
        if groups is not None:
            self.fan(groups, cap.SERVER_TIME | by.tagged, make, fact)

    def _inside(self, channel: Channel) -> list[tuple[User, int]]:
        """The members of `channel` who are here, with their ranks; nobody elsewhere is looked at."""
        members = channel.members
        return [(user, members[user]) for user in self._users.keys() & members.keys()]

    def _everybody(self) -> list[Session]:
        return [session for sessions in self._users.values() for session in sessions]

    # messages

    def _message_sent(self, fact: Said, origin: object, make: Render = render.message) -> None:
        target = fact.target
        if fact.parts:
            make = self._of_parts()
        if type(target) is Channel:
            if fact.ranks:
                self._status_message(target, make, fact, origin)
                return
            groups = self._channels.get(target)
            need = NEEDED.get(fact.command, 0)
            if groups is not None:
                mask = (OF_PARTS if fact.parts else OF_MESSAGES) | fact.by.tagged
                self.fan(groups, mask, make, fact, DEAF, need)
            if type(origin) is not Session or origin.caps & need != need:
                return
            # The sender is in the groups as well: taking the line back is cheaper than a test for everybody.
            key = key_of(origin)
            heard = groups is not None and not key & DEAF and origin.outlet in groups.get(key, ())
            if origin.caps & cap.ECHO_MESSAGE:
                if not heard:
                    origin.outlet.send(self._fit(make(fact, origin.caps)))
            elif heard:
                origin.outlet.out.pop()
        else:
            assert isinstance(target, User)
            self._private_message(target, make, fact, origin)

    def _of_parts(self) -> Render:
        """Makes the lines of a message of several lines, under one reference for everybody who gets them."""
        reference = self._references.take()

        def make(fact: facts.MessageSent, key: int) -> bytes:
            return batches.multiline(fact, key, reference)

        return make

    def _private_message(self, target: User, make: Render, fact: Said, origin: object) -> None:
        need = NEEDED.get(fact.command, 0)
        for session in self._users.get(target, ()):
            if session.caps & need == need:
                session.outlet.send(self._fit(make(fact, session.caps)))
                if session is origin and session.labelled is not None:
                    session.labelled.leave_out()  # the label is for the echo
                if type(origin) is not Session and isinstance(fact.by, User):
                    note(session, "target " + fact.by.uid)  # so that answers to other servers are free
        if isinstance(fact.by, User):
            need |= cap.ECHO_MESSAGE
            if fact.parts and fact.by is target:
                make = self._of_parts()  # who hears both hears two batches
            for session in self._users.get(fact.by, ()):
                if session.caps & need == need and (session is origin or fact.by is not target):
                    session.outlet.send(self._fit(make(fact, session.caps)))

    def _status_message(self, channel: Channel, make: Render, fact: Said, origin: object) -> None:
        need = NEEDED.get(fact.command, 0)
        told = [
            session
            for user, ranks in self._inside(channel)
            if (ranks & fact.ranks and "D" not in user.modes) or user is fact.by
            for session in self._users[user]
            if session is not origin or session.caps & cap.ECHO_MESSAGE
        ]
        if type(origin) is Session and origin.caps & cap.ECHO_MESSAGE and fact.by not in channel.members:
            told.append(origin)
        self.tell([session for session in told if session.caps & need == need], make, fact)

    def _message_redacted(self, fact: facts.MessageRedacted, origin: object) -> None:
        # "in the same way as PRIVMSG messages"
        self._message_sent(fact, origin, render.redacted)

    def _broadcast_sent(self, fact: facts.BroadcastSent, origin: object) -> None:
        need = NEEDED.get(fact.command, 0)
        told = [session for session in self._meant(fact.mask) if session.caps & need == need]
        self.tell(told, render.broadcast, fact)
        labelled = origin.labelled if type(origin) is Session else None
        if labelled is not None and not labelled.caps & cap.ECHO_MESSAGE:
            labelled.leave_out()  # no echo, but what everybody gets

    def _meant(self, mask: str) -> list[Session]:
        """Whom ``$$<mask of servers>`` or ``$#<mask of hosts>`` means."""
        matches = compile_glob(mask[2:] if mask[:2] in ("$$", "$#") else mask[1:], self._node.network.fold)
        if mask.startswith("$#"):
            return [session for session in self._everybody() if matches(session.user.host)]
        return self._everybody() if matches(self._node.network.me.name) else []

    def _wallops_sent(self, fact: facts.WallopsSent, origin: object) -> None:
        mode = "z" if fact.for_opers else "w"
        self.tell([s for s in self._everybody() if mode in s.user.modes], render.wallops, fact)

    def _server_notice(self, fact: facts.ServerNotice, origin: object) -> None:
        by = fact.by or self._node.network.me
        for user in self._node.network.opers:
            if "s" in user.modes and fact.letter in user.snomask:
                for session in self._users.get(user, ()):
                    session.outlet.send(self._fit(render.server_notice(by, fact, session.caps)))

    def _numeric_sent(self, fact: facts.NumericSent, origin: object) -> None:
        for session in self._users.get(fact.user, ()):
            asked.answer(session, fact.by, self._fit(render.numeric(fact, session.caps)))

    def _pong_sent(self, fact: facts.PongSent, origin: object) -> None:
        for session in self._users.get(fact.user, ()):
            asked.pong(session, fact.by, render.pong(fact, session.caps))

    # servers

    def _net_split(self, fact: facts.NetSplit, origin: object) -> None:
        self._netsplits.split(fact, self._damping.split)
        for session in self._everybody():
            if session.asked is not None:
                asked.lost(session, fact.servers)

    def _net_join_ended(self, fact: facts.NetJoinEnded, origin: object) -> None:
        self._netsplits.end(fact, origin)
        if self._shadows.back:
            self._damping.joined(fact.far)

    def _tell_fact(self, fact: Fact) -> None:
        """What people are to read, though it is not quite what happened."""
        self.hears[type(fact)](fact, None)

    # users

    def _user_quit(self, fact: facts.UserQuit, origin: object) -> None:
        if self._shadows.back:
            self._damping.settle(fact.user)
        # The quitter's own sessions were detached before, so that they hear nothing of it.
        channels = list(filter(None, map(self._channels.get, fact.user.channels)))
        if channels:
            audience = channels[0] if len(channels) == 1 else merge(channels)
            self.fan(audience, cap.SERVER_TIME | fact.user.tagged, render.quitted, fact)

    def _killed(self, fact: facts.Killed, origin: object) -> None:
        self.tell(self._users.get(fact.user, ()), render.killed, fact)

    def _nick_changed(self, fact: facts.NickChanged, origin: object) -> None:
        user = fact.user
        if self._shadows.back:
            self._damping.settle(user)
        if self._shadows.away:
            self._damping.taken(fact.folded)
        if fact.saved_by is not None:
            text = f"{numerics.RPL_SAVENICK.code} {fact.old_nick} {numerics.RPL_SAVENICK.form % user.uid}"
            for session in self._users.get(user, ()):
                session.send(b":%b %b" % (self._node.network.me.source, text.encode()))
        self.fan(self._neighbours(user), cap.SERVER_TIME | user.tagged, render.nick_changed, fact)

    def _with(self, user: User, capability: int, itself: bool) -> Groups:
        """Neighbours of `user` that have `capability`; `itself` if the user should hear it too."""
        own = () if itself else [session.outlet for session in self._users.get(user, ())]
        return select(self._neighbours(user), having=capability, but=own)

    def _away_changed(self, fact: facts.AwayChanged, origin: object) -> None:
        if self._shadows.back and self._damping.withholds(fact.user):
            return

        def make(fact: facts.AwayChanged, key: int) -> bytes:
            return render.away_changed(fact.user, fact.at, key)

        mask = cap.SERVER_TIME | fact.user.tagged
        self.fan(self._with(fact.user, cap.AWAY_NOTIFY, False), mask, make, fact)

    def _account_changed(self, fact: facts.AccountChanged, origin: object) -> None:
        if self._shadows.back and self._damping.withholds(fact.user):
            return
        groups = self._with(fact.user, cap.ACCOUNT_NOTIFY, True)
        mask = cap.SERVER_TIME | cap.ACCOUNT_TAG | fact.user.tagged
        self.fan(groups, mask, render.account_changed, fact)

    def _realname_changed(self, fact: facts.RealnameChanged, origin: object) -> None:
        mask = cap.SERVER_TIME | fact.user.tagged
        self.fan(self._with(fact.user, cap.SETNAME, True), mask, render.realname_changed, fact)

    def _host_changed(self, fact: facts.HostChanged, origin: object) -> None:
        user = fact.user
        mask = cap.SERVER_TIME | user.tagged
        self.fan(self._with(user, cap.CHGHOST, True), mask, render.host_changed, fact)
        own = self._users.get(user, ())
        for session in own:
            session.numeric(numerics.RPL_HOSTHIDDEN, user.host)
        # Others see the user leave and come back.  https://ircv3.net/specs/extensions/chghost#fallback
        mask |= cap.EXTENDED_JOIN
        mine = [session.outlet for session in own]
        quitting = merge([self._channels[c] for c in user.channels if c in self._channels])
        self.fan(select(quitting, lacking=cap.CHGHOST, but=mine), mask, render.changing_host, fact)
        for channel, ranks in user.channels.items():
            letters = rank_letters(ranks)

            def make(
                fact: facts.HostChanged, key: int, channel: Channel = channel, letters: str = letters
            ) -> bytes:
                me = self._node.network.me
                again = render.joined(fact.user, channel, fact.at, key)
                return again + (
                    render.rank_lines(me, fact.user, channel, letters, fact.at, key) if letters else b""
                )

            groups = self._channels.get(channel, {})
            self.fan(select(groups, lacking=cap.CHGHOST, but=mine), mask, make, fact)

    def _user_modes_changed(self, fact: facts.UserModesChanged, origin: object) -> None:
        if "D" in fact.added + fact.removed:
            for session in self._users.get(fact.user, ()):
                self._regroup(session, session.caps if "D" in fact.added else session.caps | DEAF)
        if fact.added or fact.removed:  # not only the snomask
            self.tell(self._users.get(fact.user, ()), render.user_modes_changed, fact)

    # channels

    def _joined(self, fact: facts.Joined, origin: object) -> None:
        if self._shadows.back:
            news = self._damping.rejoined(fact)
            if news is None:
                return
            fact = news
        channel = fact.channel
        if not fact.members:
            return  # a channel that stays while it is empty
        if self._netsplits.joins and self._netsplits.tells(fact):
            return
        own: list[Session] = []
        for user, _ in fact.members:
            own += self._users.get(user, ())
        groups = self._channels.get(channel)
        if groups is None:
            if not own:
                return
            groups = self._channels[channel] = {}
        for session in own:
            add(groups, session)
        for user, ranks in fact.members:

            def make(fact: facts.Joined, key: int, user: User = user) -> bytes:
                return render.joined(user, channel, fact.at, key)

            mask = cap.SERVER_TIME | cap.EXTENDED_JOIN | user.tagged
            self.fan(groups, mask, make, fact)
            if ranks and not fact.created:
                self._tell_ranks(groups, fact, user, ranks)
            if user.away is not None:
                self._tell_away(groups, fact, user)
        for session in own:
            if fact.created:
                flags = "".join(sorted(channel.flags)).encode()
                session.send(b":%b MODE %b +%b" % (self._node.network.me.source, channel.source, flags))
            self._receive_channel(session, channel)

    def _tell_ranks(self, groups: Groups, fact: facts.Joined, user: User, ranks: int) -> None:
        letters = rank_letters(ranks)
        me = self._node.network.me

        def make(fact: facts.Joined, key: int) -> bytes:
            return render.rank_lines(me, user, fact.channel, letters, fact.at, key)

        self.fan(groups, cap.SERVER_TIME, make, fact)

    def _tell_away(self, groups: Groups, fact: facts.Joined, user: User) -> None:
        def make(fact: facts.Joined, key: int) -> bytes:
            return render.away_changed(user, fact.at, key)

        own = [session.outlet for session in self._users.get(user, ())]
        told = select(groups, having=cap.AWAY_NOTIFY, but=own)
        self.fan(told, cap.SERVER_TIME | user.tagged, make, fact)

    @staticmethod
    def _receive_channel(session: Session, channel: Channel, members: names.Members | None = None) -> None:
        """The topic and who is there, after their JOIN; `members` if that is told to many at once."""
        if channel.topic is not None:
            names.show_topic(session, channel)
        if session.caps & cap.NO_IMPLICIT_NAMES:  # https://ircv3.net/specs/extensions/no-implicit-names
            return
        if members is None:
            names.show_names(session, channel)
        else:
            members.show(session)

    def _channel_renamed(self, fact: facts.ChannelRenamed, origin: object) -> None:
        channel = fact.channel
        mask = cap.SERVER_TIME | fact.by.tagged
        self.fan(self._channels.get(channel, {}), mask, render.channel_renamed, fact, need=cap.CHANNEL_RENAME)
        # "This fallback SHOULD NOT be used if the rename only changes the case of the channel name".
        if self._node.network.fold(fact.old) == fact.folded:
            return
        members = names.Members(channel, self._shadows)
        for user, _ in self._inside(channel):
            for session in self._users[user]:
                if not session.caps & cap.CHANNEL_RENAME:
                    session.outlet.send(self._fit(render.moved(fact, user, session.caps)))
                    self._receive_channel(session, channel, members)
                    session.hand_over()

    def _parted(self, fact: facts.Parted, origin: object) -> None:
        self._channel(fact.channel, render.parted, fact, fact.user)
        self._forget_member(fact.channel, fact.user)

    def _kicked(self, fact: facts.Kicked, origin: object) -> None:
        self._channel(fact.channel, render.kicked, fact, fact.by)
        self._forget_member(fact.channel, fact.user)

    def _forget_member(self, channel: Channel, user: User) -> None:
        for session in self._users.get(user, ()):
            self._remove(channel, session, key_of(session))

    def _topic_changed(self, fact: facts.TopicChanged, origin: object) -> None:
        if not fact.same:
            self._channel(fact.channel, render.topic_changed, fact, fact.by)

    def _modes_changed(self, fact: facts.ModesChanged, origin: object) -> None:
        most = self._node.settings.limits.modes

        def make(fact: facts.ModesChanged, key: int) -> bytes:
            return render.modes_changed(fact, key, most)

        self._channel(fact.channel, make, fact, fact.by)

    def _entries_added(self, fact: facts.EntriesAdded, origin: object) -> None:
        most = self._node.settings.limits.modes

        def make(fact: facts.EntriesAdded, key: int) -> bytes:
            return render.entries_added(fact, key, most)

        self._channel(fact.channel, make, fact, fact.by)

    def _channel_reset(self, fact: facts.ChannelReset, origin: object) -> None:
        me, most = self._node.network.me, self._node.settings.limits.modes

        def make(fact: facts.ChannelReset, key: int) -> bytes:
            return render.channel_reset(fact, key, me, most)

        self._channel(fact.channel, make, fact, fact.by)

    def _invited(self, fact: facts.Invited, origin: object) -> None:
        self.tell(self._users.get(fact.user, ()), render.invited, fact)
        # https://ircv3.net/specs/extensions/invite-notify
        for user, ranks in self._inside(fact.channel):
            # Who invites has 341, and clients show that and this alike.
            if (ranks >= OP or "g" in fact.channel.flags) and user not in (fact.user, fact.by):
                told = [s for s in self._users[user] if s.caps & cap.INVITE_NOTIFY]
                self.tell(told, render.invited, fact)

    def _knocked(self, fact: facts.Knocked, origin: object) -> None:
        for user, ranks in self._inside(fact.channel):
            if ranks >= OP or "g" in fact.channel.flags:
                for session in self._users[user]:
                    session.numeric_by(fact.user, numerics.RPL_KNOCK, fact.channel.name, fact.user.mask)

    def _caller_blocked(self, fact: facts.CallerBlocked, origin: object) -> None:
        by = fact.by
        for session in self._users.get(fact.user, ()):
            who = f"{by.username}@{by.host}"
            session.numeric_by(by, numerics.RPL_UMODEGMSG, by.nick, who, f"+{fact.letter}")
