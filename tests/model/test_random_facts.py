"""Facts in any order that rules could let through leave a network that does not contradict itself."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)
from profiles import runs

from chatnet.model import facts
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, ListEntry, Oper, Person, Topic, User
from chatnet.model.facts import Fact, ModeChange
from chatnet.model.ids import SID, AccountName, UIDs
from chatnet.model.modes import OP, RANKS, mode_set
from chatnet.model.network import Network
from chatnet.model.server import Server
from chatnet.rules.timestamps import resolve_entries, resolve_sjoin
from chatnet.wire.casemap import folder

WHOWAS = 5
FORMER = 2
INVITES = 2
nicks = st.sampled_from(["a", "A", "b", "[x]", "{X}", "c", "d\\", "D|"])
names = st.sampled_from(["#a", "#A", "#b[", "#B{", "#c"])


class RandomFacts(RuleBasedStateMachine):
    users: Bundle[User] = Bundle("users")
    servers: Bundle[Server] = Bundle("servers")

    def __init__(self) -> None:
        super().__init__()
        self.server = Server(SID("0AA"), "irc.test", "")
        self.network = Network(self.server, folder("rfc1459"), WHOWAS, INVITES, FORMER)
        self.uids = UIDs(self.server.sid)
        self.sids = 0
        self.now = 1000.0

    def apply(self, fact: Fact) -> None:
        self.now += 1
        self.network.apply(fact)

    def channel_of(self, user: User, index: int) -> Channel | None:
        channels = list(user.channels)
        return channels[index % len(channels)] if channels else None

    @rule(target=users, nick=nicks, seated=st.booleans())
    def introduce(self, nick: str, seated: bool) -> User | MultipleResults[User]:
        folded = self.network.fold(nick)
        if folded in self.network.nicks:
            assert self.network.user(nick) is self.network.nicks[folded]
            return multiple()
        user = User(self.server, "192.0.2.1", "192.0.2.1")
        user.uid, user.nick, user.folded, user.username = self.uids.take(), nick, folded, "~u"
        user.modes = mode_set("i")
        user.renew_source()
        if seated:  # as of a claim that was another's before
            user.person = Person("akey", "1.0.0AA")
            user.person.seats = tuple(self.network.servers.values())[1:2]
        self.apply(facts.UserIntroduced(user, self.now))
        return user

    @rule(user=consumes(users))
    def quit(self, user: User) -> None:
        self.apply(facts.UserQuit(user, "bye", self.now))
        assert self.network.whowas.find(user.folded)[0].nick == user.nick
        assert self.network.user(user.nick) is None

    @rule(target=servers, uplink=st.integers(0, 9), places=st.lists(st.sets(names, max_size=3), max_size=3))
    def link(self, uplink: int, places: list[set[str]]) -> Server:
        """A server comes, with users who are in some channels."""
        known = list(self.network.servers.values())
        above, self.sids = known[uplink % len(known)], self.sids + 1
        server = Server(SID(f"{self.sids:03}"), f"{self.sids}.test", "", above.hops + 1, above)
        self.apply(facts.ServerIntroduced(server, self.now))
        uids = UIDs(server.sid)
        for wanted in places:
            user = User(server, "192.0.2.1", "192.0.2.1")
            user.uid = uids.take()
            user.nick, user.username = user.uid, "~f"
            user.folded = self.network.fold(user.nick)
            user.renew_source()
            self.apply(facts.UserIntroduced(user, self.now))
            for name in sorted(wanted):
                self.enter(user, name, OP)
        return server

    @rule(far=consumes(servers))
    def split(self, far: Server) -> None:
        network = self.network
        if network.servers.get(far.sid) is not far:
            return  # it went with another
        lost = [far]
        for server in lost:
            lost += [other for other in network.servers.values() if other.uplink is server]
        users = tuple(user for user in network.users.values() if user.server in lost)
        assert far.uplink is not None
        stay = len(network.users) - len(users)
        for server in lost:
            for user in list(network.seated.get(server, ())):
                self.apply(facts.SeatLeft(user, server, self.now))
        self.apply(facts.NetSplit(far.uplink, far, tuple(lost), users, self.now))
        assert len(network.users) == stay and not set(lost) & set(network.servers.values())
        assert not any(member.server in lost for c in network.channels.values() for member in c.members)

    @rule(user=users, server=servers, taking=st.booleans())
    def seat(self, user: User, server: Server, taking: bool) -> None:
        if self.network.servers.get(server.sid) is not server:
            return
        user.person = user.person or Person("akey", "1.0.0AA")
        self.apply((facts.SeatTaken if taking else facts.SeatLeft)(user, server, self.now, "2.0.0AA"))
        assert user.seats.count(server) == int(taking)

    @rule(user=users, nick=nicks, ts=st.sampled_from([None, 7]))
    def rename(self, user: User, nick: str, ts: int | None) -> None:
        folded, before = self.network.fold(nick), user.nick_ts
        if self.network.nicks.get(folded, user) is user:
            same = folded == user.folded
            self.apply(facts.NickChanged(user, nick, folded, self.now, user.nick, user.source, ts))
            assert user.mask.startswith(nick + "!")
            assert user.nick_ts == (before if same else ts or max(int(self.now - 1), before + 1))

    @rule(user=users, name=names, ranks=st.integers(0, 31))
    def join(self, user: User, name: str, ranks: int) -> None:
        self.enter(user, name, ranks)

    def enter(self, user: User, name: str, ranks: int) -> None:
        channel = self.network.channel(name)
        if channel is None:
            channel = Channel(name, self.network.fold(name), int(self.now))
            self.apply(facts.Joined(channel, ((user, ranks),), self.now, created=True))
        elif user not in channel.members:
            self.apply(facts.Joined(channel, ((user, ranks),), self.now))
        assert channel not in user.invites

    @precondition(lambda self: self.network.channels)
    @rule(index=st.integers(0, 9), name=names)
    def rename_channel(self, index: int, name: str) -> None:
        channels = list(self.network.channels.values())
        channel, folded = channels[index % len(channels)], self.network.fold(name)
        if self.network.channels.get(folded, channel) is not channel:
            return
        members, old = channel.members.copy(), channel.name
        self.apply(facts.ChannelRenamed(channel, name, folded, self.server, "", self.now, old))
        assert (channel.name, channel.members) == (name, members)
        assert channel.source == name.encode() and channel.folded == folded
        assert self.network.channel(name) is self.network.channel_meant(old) is channel
        assert (self.network.channel(old) is channel) is (self.network.fold(old) == folded)

    @rule(user=users, index=st.integers(0, 9))
    def part(self, user: User, index: int) -> None:
        if (channel := self.channel_of(user, index)) is not None:
            self.apply(facts.Parted(channel, user, None, self.now))
            assert user not in channel.members

    @rule(user=users, other=users, index=st.integers(0, 9))
    def kick(self, user: User, other: User, index: int) -> None:
        if (channel := self.channel_of(user, index)) is not None:
            self.apply(facts.Kicked(channel, user, other, "out", self.now))
            assert channel not in user.channels

    @rule(user=users, index=st.integers(0, 9), letter=st.sampled_from(list(RANKS)), adding=st.booleans())
    def rank(self, user: User, index: int, letter: str, adding: bool) -> None:
        if (channel := self.channel_of(user, index)) is not None:
            change = ModeChange(adding, letter, None, user)
            self.apply(facts.ModesChanged(channel, (change,), self.server, self.now))
            assert bool(channel.members[user] & RANKS[letter]) is adding

    @precondition(lambda self: self.network.channels)
    @rule(
        index=st.integers(0, 9),
        adding=st.booleans(),
        mode=st.sampled_from(
            [("P", None), ("s", None), ("k", "key"), ("l", "5"), ("j", "3:10"), ("f", "#f"), ("b", "A!*@*"),
             ("b", "a!*@*$#other"), ("e", "*!*@*"), ("I", "$a")]
        ),
    )  # fmt: skip
    def mode(self, index: int, adding: bool, mode: tuple[str, str | None]) -> None:
        channels = list(self.network.channels.values())
        channel = channels[index % len(channels)]
        for user in channel.members:
            channel.verdicts[user] = True
        change = ModeChange(adding, *mode)
        self.apply(facts.ModesChanged(channel, (change,), self.server, self.now))
        if mode[0] in channel.lists:
            assert not channel.verdicts
            assert len(channel.lists[mode[0]].keys() - {"b!*@*"}) <= 1  # but for what `entries` brings

    @rule(user=users, index=st.integers(0, 9), age=st.integers(-5, 5), modes=st.sampled_from(["", "in", "P"]))
    def merge(self, user: User, index: int, age: int, modes: str) -> None:
        """Another server tells of a channel that is here, and of some who are in it."""
        channels = list(self.network.channels.values())
        if not channels:
            return
        channel = channels[index % len(channels)]
        before = (channel.ts, channel.name)
        claim = SJoin(
            channel.name.swapcase(), max(channel.ts + age, 0), frozenset(modes), {"l": "7"}, ((user, OP),)
        )
        for member in channel.members:
            channel.verdicts[member] = True
        outcome = resolve_sjoin(channel, claim)
        for fact in outcome.facts(self.network, channel, self.server, self.now):
            self.apply(fact)
            self.network.check()
        assert user in channel.members and channel.ts == min(before[0], claim.ts)
        if outcome.lost:
            assert (channel.flags, channel.limit, channel.key) == (set(modes), 7, None)
            assert not channel.invited and not channel.locked and not any(channel.lists.values())
            assert channel.name == before[1].swapcase() and channel.members[user] == OP

    @rule(user=users, index=st.integers(0, 9), mask=st.sampled_from(["A!*@*", "a!*@*", "b!*@*"]))
    def entries(self, user: User, index: int, mask: str) -> None:
        if (channel := self.channel_of(user, index)) is not None:
            channel.verdicts[user] = True
            new = resolve_entries(self.network, channel, "b", [ListEntry(mask, "far", 5, "#f")])
            self.apply(facts.EntriesAdded(channel, "b", new, self.server, self.now))
            assert self.network.fold(mask) in channel.lists["b"] and not channel.verdicts

    @rule(user=users, index=st.integers(0, 9), letters=st.sampled_from(["", "nt"]))
    def lock(self, user: User, index: int, letters: str) -> None:
        if (channel := self.channel_of(user, index)) is not None:
            self.apply(facts.ModesLocked(channel, letters, self.server, self.now))
            assert channel.locked == letters

    @rule(
        user=users, index=st.integers(0, 9), text=st.sampled_from(["", "tea"]), ts=st.sampled_from([None, 5])
    )
    def topic(self, user: User, index: int, text: str, ts: int | None) -> None:
        if (channel := self.channel_of(user, index)) is not None:
            setter = None if ts is None else "far"
            self.apply(facts.TopicChanged(channel, text, user, self.now, setter, ts))
            expected = Topic(text, setter or user.mask, ts or int(self.now - 1))
            assert channel.topic == (expected if text else None)

    @rule(user=users, other=users, index=st.integers(0, 9))
    def invite(self, user: User, other: User, index: int) -> None:
        channel = self.channel_of(user, index)
        if channel is not None and other not in channel.members:
            self.apply(facts.Invited(other, channel, user, self.now))
            assert list(other.invites)[-1] is channel and other in channel.invited

    @rule(user=users, other=users, adding=st.booleans())
    def accept(self, user: User, other: User, adding: bool) -> None:
        added, removed = ((other,), ()) if adding else ((), (other,))
        self.apply(facts.AcceptsChanged(user, added, removed))
        assert (other in user.accepts) is (user in other.accepted_by) is adding

    @rule(user=users, oper=st.booleans())
    def oper(self, user: User, oper: bool) -> None:
        self.apply(facts.Opered(user, Oper("o", "c", frozenset({"kill"}), "") if oper else None, self.now))
        assert user.may("kill") is oper

    @rule(user=users, added=st.sets(st.sampled_from("iwgDs")), removed=st.sets(st.sampled_from("iwgDs")))
    def user_modes(self, user: User, added: set[str], removed: set[str]) -> None:
        added -= removed
        fact = facts.UserModesChanged(user, "".join(added), "".join(removed), "c", self.now)
        self.apply(fact)
        assert added <= user.modes and not removed & user.modes

    @rule(user=users, text=st.sampled_from([None, "tea"]))
    def other_changes(self, user: User, text: str | None) -> None:
        self.apply(facts.AwayChanged(user, text, self.now))
        self.apply(facts.AccountChanged(user, AccountName(text) if text else None, self.now, user.account))
        self.apply(facts.RealnameChanged(user, text or "", self.now))
        self.apply(facts.HostChanged(user, "~v", text or "h", user.source, self.now))
        assert (user.away, user.account, user.host) == (text, text, text or "h")

    @invariant()
    def sound(self) -> None:
        network = self.network
        network.check()
        assert len(network.whowas._order) == sum(map(len, network.whowas._by_nick.values())) <= WHOWAS
        for user in network.users.values():
            for other in (*user.accepts, *user.accepted_by):
                assert network.users[other.uid] is other
        assert network.most_users >= len(network.users)


RandomFacts.TestCase.settings = settings(max_examples=runs(25, 3000), stateful_step_count=40, deadline=None)
TestRandomFacts = RandomFacts.TestCase
