"""The state of the whole network as this node knows it.  :meth:`Network.apply` is its only writer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from itertools import chain
from typing import Any, cast

from chatnet.model import facts
from chatnet.model.bans import KINDS, NetworkBan
from chatnet.model.ending import Ending
from chatnet.model.entities import PARAMETERS, Channel, ListEntry, Topic, User, set_parameter, split_forward
from chatnet.model.facts import Fact, ModeChange, Source
from chatnet.model.filters import Filter
from chatnet.model.ids import SID, UID, Folded
from chatnet.model.memory import Memory
from chatnet.model.metadata import Metadata
from chatnet.model.modes import RANKS, mode_set
from chatnet.model.registry import Registry
from chatnet.model.server import Server
from chatnet.model.shields import OPEN
from chatnet.model.sparse import entered, removed
from chatnet.model.veil import Veil
from chatnet.model.whereabouts import Whereabouts
from chatnet.model.whowas import Whowas
from chatnet.wire.capabilities import ACCOUNT_TAG, MESSAGE_TAGS, OPER_TAG
from chatnet.wire.casemap import Folder


class Network:
    """Users by UID and by nick, channels by name, servers by SID; names are looked up folded only.

    `fold` brings a name to the spelling under which it is looked up.  `memory` has names that channels had,
    never one of `channels`, and channels that ended.

    The `virtual` server and its `pseudo_users` have their names, which nobody else can have, but are not
    among `servers` and `users`: who counts, lists or tells those never means them.
    """

    def __init__(
        self, me: Server, fold: Folder, whowas: int, invites: int = 50, former_names: int = 1000
    ) -> None:
        self.me = me
        self.fold = cast(Callable[[str], Folded], fold)
        self.servers: dict[SID, Server] = {me.sid: me}
        self.several = False
        """Whether this server has several processes."""
        self._processes: dict[str, str] = {}  # of this server: what people know each as, by its name
        self._shown: dict[str, str] = {}  # the same of all servers, if it is another name
        self.users: dict[UID, User] = {}
        self.nicks: dict[Folded, User] = {}
        self.whereabouts = Whereabouts()
        self.virtual: Server | None = None
        self.pseudo_users: dict[UID, User] = {}
        self.channels: dict[Folded, Channel] = {}
        self.memory = Memory(former_names)
        self.metadata = Metadata()
        self.registry = Registry(self.fold)
        self.logged_in: dict[str, tuple[User, ...]] = {}  # by the id of an account that is kept here
        self.persons: dict[str, User] = {}  # by the key of the account of which the user is the person
        self.opers: dict[User, None] = {}
        self.seated: dict[Server, dict[User, None]] = {}  # whose sessions a server has, of other servers
        self.bans: dict[str, dict[Folded, NetworkBan]] = {kind: {} for kind in KINDS}
        self._ending_bans = Ending()
        self.filters: dict[str, Filter] = {}
        self.shields = OPEN
        self.invisible = 0
        self.most_users = 0
        self.whowas = Whowas(whowas)
        self.most_invites = invites  # of one user; the oldest is forgotten
        self._appliers: dict[type[Fact], Callable[[Any], None]] = {
            facts.ServerIntroduced: self._server_introduced,
            facts.PseudoUsersIntroduced: self._pseudo_users_introduced,
            facts.CapabilitiesTold: self._capabilities_told,
            facts.UserIntroduced: self._user_introduced,
            facts.UserQuit: self._user_quit,
            facts.UserMoved: self._user_moved,
            facts.UserOrphaned: self._user_orphaned,
            facts.ClaimKnown: self._claim_known,
            facts.PersonChanged: self._person_changed,
            facts.SeatTaken: self._seat_taken,
            facts.SeatLeft: self._seat_left,
            facts.NetSplit: self._net_split,
            facts.NickChanged: self._nick_changed,
            facts.NickDated: self._nick_dated,
            facts.HostChanged: self._host_changed,
            facts.RealnameChanged: self._realname_changed,
            facts.AwayChanged: self._away_changed,
            facts.AccountChanged: self._account_changed,
            facts.CertfpChanged: self._certfp_changed,
            facts.RealHostChanged: self._real_host_changed,
            facts.UserModesChanged: self._user_modes_changed,
            facts.Opered: self._opered,
            facts.AcceptsChanged: self._accepts_changed,
            facts.Joined: self._joined,
            facts.ChannelReset: self._channel_reset,
            facts.ChannelRenamed: self._channel_renamed,
            facts.ChannelSpelled: self._channel_spelled,
            facts.NameRemembered: self._name_remembered,
            facts.EndedKept: self._ended_kept,
            facts.ChannelKept: self._channel_kept,
            facts.ChannelForgotten: self._channel_forgotten,
            facts.EndedRenamed: self._ended_renamed,
            facts.ChannelsBeaten: self._channels_beaten,
            facts.AgesForgotten: self._ages_forgotten,
            facts.MemberSpoke: self._member_spoke,
            facts.Parted: self._parted,
            facts.Kicked: self._kicked,
            facts.TopicChanged: self._topic_changed,
            facts.ModesChanged: self._modes_changed,
            facts.EntriesAdded: self._entries_added,
            facts.ModesLocked: self._modes_locked,
            facts.Invited: self._invited,
            facts.NetworkBanned: self._network_banned,
            facts.FilterSet: self._filter_set,
            facts.ShieldsChanged: self._shields_changed,
            facts.RecordsTaken: self._records_taken,
            facts.MetadataChanged: self._metadata_changed,
            facts.SettingsChanged: self._settings_changed,
        }

    def logged_in_to(self, entities: Set[str]) -> list[User]:
        """Who is logged in to accounts that are among these."""
        return [user for entity in entities & self.logged_in.keys() for user in self.logged_in[entity]]

    def user(self, nick: str) -> User | None:
        """The user who bears this nick now; a pseudo-user as well."""
        return self.nicks.get(self.fold(nick))

    def channel(self, name: str) -> Channel | None:
        """The channel of this name."""
        return self.channels.get(self.fold(name))

    def channel_meant(self, name: str) -> Channel | None:
        """The channel of this name, or else the one that had it: what forwards and masks speak of."""
        folded = self.fold(name)
        channel = self.channels.get(folded)
        if channel is None and (former := self.memory.former.get(folded)) is not None:
            return former.channel
        return channel

    def count_entries(self) -> int:
        """The entries of all lists, also of channels that ended and are kept: it looks at every channel."""
        every = chain(self.channels.values(), self.memory.all_ended())
        return sum(len(entries) for each in every for entries in each.lists.values())

    def applier(self, kind: type[Fact]) -> Callable[[Any], None] | None:
        """What :meth:`apply` calls for facts of this kind; None if they change nothing."""
        return self._appliers.get(kind)

    def apply(self, fact: Fact) -> None:
        """Make `fact` true. Never refuses; everything was judged before."""
        applier = self._appliers.get(type(fact))
        if applier is not None:
            applier(fact)

    # servers

    def show_as(self, names: Mapping[str, str]) -> None:
        """What people know the processes of this server as, by the name of each."""
        self._processes = dict(names)
        self.several = len(names) > 1
        self._show()

    @property
    def processes(self) -> tuple[str, ...]:
        """The names of the processes of this server, the first one first; none if there is one."""
        return tuple(self._processes)

    def _show(self) -> None:
        self.registry.processes_changed = False
        self._shown = self.registry.processes()
        self._shown.pop(self.me.name, None)  # what this one is, it knows by itself
        self._shown |= self._processes
        for server in self.servers.values():
            server.show_as(self.shown(server.name))

    def here(self) -> list[Server]:
        """The servers that people know as this one: the processes of this server that are there."""
        return [server for server in self.servers.values() if server.shown == self.me.shown]

    def shown(self, name: str) -> str:
        """What people know a server as that has, or had, that name; all else is as it was."""
        return self._shown.get(name, name)

    def _server_introduced(self, fact: facts.ServerIntroduced) -> None:
        self.servers[fact.server.sid] = fact.server
        if self.registry.processes_changed:
            self._show()
        else:
            fact.server.show_as(self.shown(fact.server.name))

    def _pseudo_users_introduced(self, fact: facts.PseudoUsersIntroduced) -> None:
        self.virtual = fact.server
        for user in fact.users:
            self.pseudo_users[user.uid] = self.nicks[user.folded] = user

    @staticmethod
    def _capabilities_told(fact: facts.CapabilitiesTold) -> None:
        fact.server.caps = fact.caps

    def _net_split(self, fact: facts.NetSplit) -> None:
        for user in fact.users:
            self._forget_user(user)
        self.whereabouts.remove(fact.users)
        self.whowas.remember_all(fact.users, fact.at)
        for server in fact.servers:
            del self.servers[server.sid]

    # users

    def _user_introduced(self, fact: facts.UserIntroduced) -> None:
        user = fact.user
        self.users[user.uid] = user
        self.nicks[user.folded] = user
        self.whereabouts.add(user)
        user.server.users += 1
        if user.oper is not None:
            self.opers[user] = None
        if user.account_id is not None:
            self._note_login(user, user.account_id)
            self._note_since(user)
        if user.person is not None:
            self.persons.setdefault(user.person.key, user)
            for server in user.person.seats:  # of a claim that was known before, and holds now
                self.seated.setdefault(server, {})[user] = None
        user.renew_tagged()
        if "i" in user.modes:
            self.invisible += 1
        if len(self.users) > self.most_users:
            self.most_users = len(self.users)

    def _user_moved(self, fact: facts.UserMoved) -> None:
        user = fact.user
        for server in fact.old_person.seats:
            self._forget_seat(server, user)
        del self.users[user.uid]
        if not user.orphan:
            user.server.users -= 1
        self.whereabouts.remove((user,))
        user.uid, user.server, user.person = fact.uid, fact.server, fact.person
        user.person.remember([*fact.old_person.former, fact.old_uid])
        user.address, user.real_host = fact.address, fact.real_host
        user.certfp, user.cloak = fact.certfp, fact.cloak
        self.users[user.uid] = user
        self.whereabouts.add(user)
        user.server.users += 1
        for server in fact.person.seats:
            self.seated.setdefault(server, {})[user] = None
        self._drop_verdicts(user)

    def _person_changed(self, fact: facts.PersonChanged) -> None:
        user, old = fact.user, fact.user.person
        user.person = fact.person
        if old is not None and fact.person is not None and old.key == fact.person.key:
            fact.person.remember(old.former)
        if self.users.get(user.uid) is not user:
            return  # they have quit since it was stated
        if old is not None:
            if self.persons.get(old.key) is user:
                del self.persons[old.key]
            for server in old.seats:
                self._forget_seat(server, user)
        if fact.person is not None:
            self.persons[fact.person.key] = user
            for server in fact.person.seats:
                self.seated.setdefault(server, {})[user] = None

    @staticmethod
    def _claim_known(fact: facts.ClaimKnown) -> None:
        if fact.user.person is not None:
            fact.user.person.remember([fact.uid])

    @staticmethod
    def _user_orphaned(fact: facts.UserOrphaned) -> None:
        if fact.user.person is not None:
            fact.user.person.orphan = True
            fact.user.server.users -= 1

    def _seat_taken(self, fact: facts.SeatTaken) -> None:
        person = fact.user.person
        if person is not None and fact.server not in person.seats:
            person.seats += (fact.server,)
            self.seated.setdefault(fact.server, {})[fact.user] = None

    def _seat_left(self, fact: facts.SeatLeft) -> None:
        person = fact.user.person
        if person is not None and fact.server in person.seats:
            person.seats = tuple(seat for seat in person.seats if seat is not fact.server)
            self._forget_seat(fact.server, fact.user)

    def _forget_seat(self, server: Server, user: User) -> None:
        users = self.seated[server]
        del users[user]
        if not users:
            del self.seated[server]

    def _user_quit(self, fact: facts.UserQuit) -> None:
        self._forget_user(fact.user)
        self.whereabouts.remove((fact.user,))
        self.whowas.remember(fact.user, fact.at)

    def _forget_user(self, user: User) -> None:
        for channel in user.channels:
            # As _forget_member, which a netsplit would call for each place of each user.
            del channel.members[user]
            if channel.verdicts:
                channel.verdicts.pop(user, None)
            if not channel.members and "P" not in channel.flags:
                self._end_channel(channel)
        if user.invites:
            for channel in user.invites:
                channel.invited.pop(user, None)
        if self.metadata:
            self.metadata.forget(user)
        del self.users[user.uid]
        del self.nicks[user.folded]
        if not user.orphan:
            user.server.users -= 1
        if user.oper is not None:
            self.opers.pop(user, None)
        if user.account_id is not None:
            self._forget_login(user, user.account_id)
        if user.person is not None:
            if self.persons.get(user.person.key) is user:
                del self.persons[user.person.key]
            for server in user.person.seats:  # they still tell observers
                self._forget_seat(server, user)
        if "i" in user.modes:
            self.invisible -= 1
        if user.accepted_by or user.accepts:
            for other in user.accepted_by:
                other.accepts = removed(other.accepts, user)
            for other in user.accepts:
                other.accepted_by = removed(other.accepted_by, user)

    def _nick_dated(self, fact: facts.NickDated) -> None:
        fact.user.nick_ts = fact.ts

    def _nick_changed(self, fact: facts.NickChanged) -> None:
        user = fact.user
        self.whowas.remember(user, fact.at)
        del self.nicks[user.folded]
        if fact.folded != user.folded:
            if fact.ts is None:
                lost = user.lost[1] if user.lost is not None else 0
                user.nick_ts = max(int(fact.at), user.nick_ts + 1, lost + 1)
            else:
                user.nick_ts = fact.ts
            user.lost = fact.lost or user.lost
            # Whoever accepted the old nick learns the new one only where they see it change.
            for other in [each for each in user.accepted_by if not each.meets(user)]:
                other.accepts = removed(other.accepts, user)
                user.accepted_by = removed(user.accepted_by, other)
        user.nick = fact.nick
        user.folded = fact.folded
        self.nicks[fact.folded] = user
        user.renew_source()
        self._drop_verdicts(user)

    def _host_changed(self, fact: facts.HostChanged) -> None:
        user = fact.user
        with self._moving(user):
            user.username, user.host = fact.username, fact.host
        user.renew_source()
        self._drop_verdicts(user)

    def _realname_changed(self, fact: facts.RealnameChanged) -> None:
        fact.user.realname = fact.realname
        self._drop_verdicts(fact.user)

    def _away_changed(self, fact: facts.AwayChanged) -> None:
        fact.user.away = fact.text

    def _account_changed(self, fact: facts.AccountChanged) -> None:
        if fact.user.account_id is not None:
            self._forget_login(fact.user, fact.user.account_id)
        if fact.account_id is not None:
            self._note_login(fact.user, fact.account_id)
        fact.user.account = fact.account
        fact.user.account_id = fact.account_id
        fact.user.account_since = fact.since
        self._note_since(fact.user)
        fact.user.renew_tagged()
        self._drop_verdicts(fact.user)

    def _note_since(self, user: User) -> None:
        """When the account of `user` was registered, where that is known here."""
        account = self.registry.account(user.account_id)
        if account is not None:
            user.account_since = account.created

    def _note_login(self, user: User, account_id: str) -> None:
        # A tuple, for nearly always there is one: a dictionary takes four times as much.
        self.logged_in[account_id] = (*self.logged_in.get(account_id, ()), user)

    def _forget_login(self, user: User, account_id: str) -> None:
        users = tuple(other for other in self.logged_in[account_id] if other is not user)
        if users:
            self.logged_in[account_id] = users
        else:
            del self.logged_in[account_id]

    def _certfp_changed(self, fact: facts.CertfpChanged) -> None:
        fact.user.certfp = fact.certfp
        self._drop_verdicts(fact.user)

    def _real_host_changed(self, fact: facts.RealHostChanged) -> None:
        with self._moving(fact.user):
            fact.user.real_host = fact.real_host
        self._drop_verdicts(fact.user)

    @contextmanager
    def _moving(self, user: User) -> Iterator[None]:
        """Within this somebody gets other hosts, who may have quit since that was stated."""
        here = self.users.get(user.uid) is user
        if here:
            self.whereabouts.remove((user,))
        yield
        if here:
            self.whereabouts.add(user)

    def _user_modes_changed(self, fact: facts.UserModesChanged) -> None:
        user = fact.user
        before = "i" in user.modes
        user.modes = mode_set(user.modes.union(fact.added).difference(fact.removed))
        if "Z" in fact.added + fact.removed:
            user.secure = "Z" in user.modes
        user.snomask = fact.snomask
        user.renew_tagged()
        self.invisible += ("i" in user.modes) - before
        self._drop_verdicts(user)

    def _opered(self, fact: facts.Opered) -> None:
        fact.user.oper = fact.oper
        if fact.oper is None:
            self.opers.pop(fact.user, None)
            fact.user.modes = mode_set(fact.user.modes - {"o"})
        else:
            self.opers[fact.user] = None
            fact.user.modes = mode_set(fact.user.modes | {"o"})
        fact.user.renew_tagged()
        self._drop_verdicts(fact.user)

    def _accepts_changed(self, fact: facts.AcceptsChanged) -> None:
        user = fact.user
        for other in fact.added:
            user.accepts = entered(user.accepts, other, None)
            other.accepted_by = entered(other.accepted_by, user, None)
        for other in fact.removed:
            user.accepts = removed(user.accepts, other)
            other.accepted_by = removed(other.accepted_by, user)

    @staticmethod
    def _drop_verdicts(user: User) -> None:
        for channel in user.channels:
            channel.verdicts.pop(user, None)

    # channels

    def _forget_member(self, channel: Channel, user: User) -> None:
        del channel.members[user]
        if channel.verdicts:
            channel.verdicts.pop(user, None)
        if not channel.members and "P" not in channel.flags:
            self._end_channel(channel)

    def _end_channel(self, channel: Channel) -> None:
        del self.channels[channel.folded]
        if channel.former:
            self.memory.forget_names_of(channel)
        self._forget_invites(channel)
        self.metadata.forget(channel)
        self.memory.keep(channel)

    @staticmethod
    def _forget_invites(channel: Channel) -> None:
        for user in channel.invited:
            user.invites = removed(user.invites, channel)
        channel.invited.clear()

    def _joined(self, fact: facts.Joined) -> None:
        channel = fact.channel
        if fact.created:
            self.channels[channel.folded] = channel
            self.memory.take_name(channel.folded)
            if self.memory.ended:
                self.memory.forget(channel)
        for user, ranks in fact.members:
            channel.members[user] = ranks
            user.channels[channel] = ranks
            if channel in user.invites:
                user.invites = removed(user.invites, channel)
                del channel.invited[user]
        late = "D" in channel.flags
        if late or "x" in channel.flags:
            veil = channel.veil = channel.veil or Veil()
            for user, ranks in fact.members:
                veil.came(user, ranks, channel.members, silent=late)

    @staticmethod
    def _member_spoke(fact: facts.MemberSpoke) -> None:
        if fact.channel.veil is not None:
            fact.channel.veil.spoke(fact.user, hall="x" in fact.channel.flags)

    def _channel_reset(self, fact: facts.ChannelReset) -> None:
        channel = fact.channel
        channel.ts = fact.ts
        if not fact.keeping:
            channel.rename(fact.name, channel.folded)
            channel.locked = ""
            self.metadata.forget(channel)
            self._forget_invites(channel)
            self._change_modes(channel, fact.removed, fact.by, fact.at)

    def _channel_renamed(self, fact: facts.ChannelRenamed) -> None:
        channel, old = fact.channel, fact.channel.folded
        del self.channels[old]
        channel.rename(fact.name, fact.folded)
        self.channels[fact.folded] = channel
        self.memory.take_name(fact.folded)
        if fact.folded != old:
            self._remember_name(channel, old, fact.at)

    def _remember_name(self, channel: Channel, folded: Folded, at: float) -> None:
        if folded not in self.channels:
            self.memory.remember_name(channel, folded, at)

    @staticmethod
    def _channel_spelled(fact: facts.ChannelSpelled) -> None:
        fact.channel.rename(fact.name, fact.channel.folded)

    def _name_remembered(self, fact: facts.NameRemembered) -> None:
        self._remember_name(fact.channel, fact.folded, fact.at)

    def _ended_kept(self, fact: facts.EndedKept) -> None:
        self.memory.keep_ended()

    def _channel_kept(self, fact: facts.ChannelKept) -> None:
        self.memory.keep(fact.channel)

    def _channel_forgotten(self, fact: facts.ChannelForgotten) -> None:
        self.memory.forget(fact.channel)

    def _ended_renamed(self, fact: facts.EndedRenamed) -> None:
        self.memory.forget(fact.channel)
        fact.channel.rename(fact.name, fact.folded)
        self.memory.keep(fact.channel)

    def _channels_beaten(self, fact: facts.ChannelsBeaten) -> None:
        self.memory.beat(fact.folded, fact.ts, fact.youngest)

    def _ages_forgotten(self, fact: facts.AgesForgotten) -> None:
        self.memory.beaten.pop(fact.folded, None)

    def _parted(self, fact: facts.Parted) -> None:
        self._forget_member(fact.channel, fact.user)
        del fact.user.channels[fact.channel]

    def _kicked(self, fact: facts.Kicked) -> None:
        self._forget_member(fact.channel, fact.user)
        del fact.user.channels[fact.channel]

    def _topic_changed(self, fact: facts.TopicChanged) -> None:
        setter = fact.by.mask if fact.setter is None else fact.setter
        ts = int(fact.at) if fact.ts is None else fact.ts
        fact.channel.topic = Topic(fact.text, setter, ts) if fact.text else None

    def _modes_changed(self, fact: facts.ModesChanged) -> None:
        self._change_modes(fact.channel, fact.changes, fact.by, fact.at)

    def _change_modes(self, channel: Channel, changes: tuple[ModeChange, ...], by: Source, at: float) -> None:
        for change in changes:
            letter = change.letter
            if letter in RANKS:
                self._rank_changed(channel, change)
            elif letter in channel.lists:
                self._list_changed(channel, change, by.mask, int(at))
            elif letter in PARAMETERS:
                set_parameter(channel, letter, change.parameter if change.adding else None)
            elif change.adding:
                channel.flags.add(letter)
            else:
                channel.flags.discard(letter)
        hall, late = "x" in channel.flags, "D" in channel.flags
        if hall or late or channel.veil is not None:
            channel.veil = channel.veil or Veil()
            channel.veil.renew(channel.members, hall=hall, late=late)
        if not channel.members and "P" not in channel.flags and self.channels.get(channel.folded) is channel:
            self._end_channel(channel)

    @staticmethod
    def _rank_changed(channel: Channel, change: ModeChange) -> None:
        user = change.user
        if user is not None and user in channel.members:
            rank = RANKS[change.letter]
            ranks = channel.members[user] | rank if change.adding else channel.members[user] & ~rank
            channel.members[user] = user.channels[channel] = ranks

    def _list_changed(self, channel: Channel, change: ModeChange, by: str, at: int) -> None:
        entries = channel.lists[change.letter]
        mask, forward = split_forward(change.parameter or "")
        key = self.fold(mask)
        if change.adding:
            entries[key] = ListEntry(mask, by, at, forward, change.until)
        else:
            entries.pop(key, None)
        channel.verdicts.clear()

    def _entries_added(self, fact: facts.EntriesAdded) -> None:
        entries = fact.channel.lists[fact.letter]
        for entry in fact.entries:
            entries[self.fold(entry.mask)] = entry
        fact.channel.verdicts.clear()

    def _modes_locked(self, fact: facts.ModesLocked) -> None:
        fact.channel.locked = fact.letters

    def _invited(self, fact: facts.Invited) -> None:
        user, channel = fact.user, fact.channel
        if not fact.opens:
            return
        user.invites = entered(removed(user.invites, channel), channel, fact.at)
        channel.invited[user] = None
        while len(user.invites) > self.most_invites:
            oldest = next(iter(user.invites))
            user.invites = removed(user.invites, oldest)
            del oldest.invited[user]

    def _network_banned(self, fact: facts.NetworkBanned) -> None:
        ban = fact.ban
        bans, key = self.bans[ban.kind], ban.key(self.fold)
        bans.pop(key, None)
        if ban.remembered(fact.at):
            bans[key] = ban
            self._ending_bans.add(ban)
        for over in self._ending_bans.until(fact.at):
            if self._is_ban(over):
                del self.bans[over.kind][over.key(self.fold)]
        self._ending_bans.tidy(sum(map(len, self.bans.values())), self._is_ban)

    def _shields_changed(self, fact: facts.ShieldsChanged) -> None:
        self.shields = fact.shields

    def _is_ban(self, ban: NetworkBan) -> bool:
        """Whether nothing has taken the place of a ban."""
        return self.bans[ban.kind].get(ban.key(self.fold)) is ban

    def load_bans(self, bans: Iterable[NetworkBan]) -> None:
        """Take the bans that were kept, at the start."""
        several = list(bans)
        for ban in several:
            self.bans[ban.kind][ban.key(self.fold)] = ban
        self._ending_bans.load(several)

    def _filter_set(self, fact: facts.FilterSet) -> None:
        self.filters.pop(fact.filter.entity, None)
        if fact.filter.holds(fact.at):
            self.filters[fact.filter.entity] = fact.filter
        for over in [each for each in self.filters.values() if not each.holds(fact.at)]:
            del self.filters[over.entity]

    def load_filters(self, filters: Iterable[Filter]) -> None:
        """Take the filters that were kept, at the start."""
        self.filters.update((each.entity, each) for each in filters)

    def _settings_changed(self, fact: facts.SettingsChanged) -> None:
        self.whowas.size = fact.new.limits.whowas
        self.most_invites = fact.new.limits.invites
        self.memory.most_former = fact.new.limits.former_names
        self.memory.forget_names()
        self.registry.resize(fact.new.limits.nick)
        self.me.description = fact.new.server.description

    def _records_taken(self, fact: facts.RecordsTaken) -> None:
        self.registry.take(fact.records)
        if self.registry.processes_changed:
            self._show()

    def _metadata_changed(self, fact: facts.MetadataChanged) -> None:
        self.metadata.take(fact.target, fact.words, fact.gone)

    def check(self) -> None:
        """Raise AssertionError if two parts of the state contradict each other (for tests)."""
        for uid, user in self.users.items():
            assert user.uid == uid and self.nicks[user.folded] is user
            assert user.folded == self.fold(user.nick)
            assert user.source == user.mask.encode("utf-8", "surrogateescape")
            for channel, ranks in user.channels.items():
                assert channel.members[user] == ranks
                assert self.channels[channel.folded] is channel
            for channel in user.invites:
                assert user in channel.invited and self.channels[channel.folded] is channel
            assert ("o" in user.modes) == (user.oper is not None) == (user in self.opers)
            assert bool(user.tagged & ACCOUNT_TAG) == (user.account is not None)
            assert bool(user.tagged & MESSAGE_TAGS) == ("B" in user.modes)
            assert bool(user.tagged & OPER_TAG) == (user.oper is not None)
            assert user.orphan or self.servers[user.server.sid] is user.server
        self.whereabouts.check(self.users.values())
        on = Counter(user.server for user in self.users.values() if not user.orphan)
        for sid, server in self.servers.items():
            assert server.users == on[server]
            assert server.sid == sid and (server is self.me) == (server.uplink is None)
            assert server.uplink is None or self.servers[server.uplink.sid] is server.uplink
        for user in self.pseudo_users.values():
            assert self.nicks[user.folded] is user and user.server is self.virtual
            assert not user.channels and not user.invites and user.oper is None
        assert len(self.nicks) == len(self.users) + len(self.pseudo_users)
        known = {user for users in self.logged_in.values() for user in users}
        assert known == {user for user in self.users.values() if user.account_id is not None}
        for entity, logged_in in self.logged_in.items():
            assert logged_in and all(user.account_id == entity for user in logged_in)
        for key, user in self.persons.items():
            assert self.users[user.uid] is user and user.person is not None and user.person.key == key
        sat = {(server, user) for user in self.users.values() for server in user.seats}
        assert sat == {(server, user) for server, users in self.seated.items() for user in users}
        assert all(self.servers[server.sid] is server for server in self.seated)
        for target in self.metadata:
            here = target.uid in self.users if isinstance(target, User) else target.folded in self.channels
            assert here and self.metadata.words(target)
        assert self.metadata.size == sum(len(self.metadata.words(target)) for target in self.metadata)
        for folded, channel in self.channels.items():
            assert channel.folded == folded == self.fold(channel.name)
            assert channel.members or "P" in channel.flags
            for user, ranks in channel.members.items():
                assert user.channels[channel] == ranks and self.users[user.uid] is user
            assert set(channel.verdicts) <= set(channel.members)
            for user in channel.invited:
                assert channel in user.invites and self.users[user.uid] is user
            for entries in channel.lists.values():
                assert all(key == self.fold(entry.mask) for key, entry in entries.items())
            assert channel.ts >= 0
            for name in channel.former:
                assert self.memory.former[name].channel is channel
        for name, former in self.memory.former.items():
            assert name not in self.channels and name in former.channel.former
            assert self.channels[former.channel.folded] is former.channel
        assert len(self.memory.former) <= self.memory.most_former
        assert self.invisible == sum("i" in user.modes for user in self.users.values())
