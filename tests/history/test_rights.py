"""Whatever people do, nobody reads more, or less, of what was said than is theirs, told in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from archive import CAPS, Archive, parsed
from conversation import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import runs
from states import set_modes

from chatnet.model.entities import Channel, User
from chatnet.model.facts import AccountChanged, ChannelRenamed
from chatnet.model.ids import AccountName
from chatnet.model.modes import OP, at_least

NICKS: Final = ("ann", "bob", "gus")
ACCOUNTS: Final = ("x", "y")
WHO: Final = ("all", "account", "join")


@dataclass
class Said:
    """A message in a channel: when, in which one, behind closed doors or not, and who was there.

    One for operators is by an account, or by a guest (None).
    """

    text: str
    at: int
    where: tuple[str, int]
    closed: bool
    stored: bool
    accounts: frozenset[str]
    users: frozenset[User]
    for_ops: bool
    by: str | None


@dataclass
class Told:
    """A private message: both, and what each was then: the key of an account, or a guest's nick."""

    text: str
    at: int
    users: frozenset[User]
    parties: frozenset[str]


class Chronicle:
    """A house in which people do things, and a record of it in plain words."""

    def __init__(self) -> None:
        self.house = Archive(history={"events": []})
        self.accounts = {name: self.house.account(name) for name in ACCOUNTS[:1]}
        self.tick()
        self.clients = {nick: self.house.client(nick, caps=CAPS) for nick in NICKS}
        self.said: list[Said] = []
        self.told: list[Told] = []
        self.since: dict[User, int] = {}
        """Since when somebody is in it as who they are now."""
        self.number = 0
        self.name = "#c"
        """What the channel is called now."""

    @property
    def channel(self) -> Channel | None:
        return self.house.node.network.channel(self.name)

    def tick(self) -> None:
        self.house.clock.advance(0.25)

    # what is done

    def do(self, action: tuple[Any, ...]) -> None:
        self.tick()
        getattr(self, "_" + action[0])(*action[1:])
        channel = self.channel
        there = set() if channel is None else set(channel.members)
        for user in there - self.since.keys():
            self.since[user] = self.house.ms()
        for user in self.since.keys() - there:
            del self.since[user]

    def _join(self, nick: str) -> None:
        self.clients[nick] >> f"JOIN {self.name} key"
        channel = self.channel
        assert channel is not None
        if not channel.lists["I"]:
            set_modes(self.house, self.name, "+I", "*!*@*")

    def _part(self, nick: str) -> None:
        self.clients[nick] >> f"PART {self.name}"

    def _quit(self, nick: str) -> None:
        self.clients[nick].session.close("bye")
        self.tick()
        self.clients[nick] = self.house.client(nick, caps=CAPS)

    def _kick(self, nick: str) -> None:
        channel = self.channel
        user = self.clients[nick].user
        if channel is not None and user in channel.members:
            others = [client for client in self.clients.values() if client.user in channel.members]
            set_modes(self.house, self.name, "+o", others[0].user.nick)
            others[0] >> f"KICK {self.name} {user.nick}"

    def _mode(self, letters: str) -> None:
        if self.channel is not None:
            set_modes(self.house, self.name, letters, *(["key"] if "k" in letters else []))

    def _keep(self, text: str | None) -> None:
        channel = self.channel
        if channel is not None and (text is not None or channel.keep is not None):
            set_modes(self.house, self.name, *(["-H"] if text is None else ["+H", text]))

    def _nick(self, nick: str, other: str) -> None:
        if self.clients[other].user.nick == other:  # two who change nicks
            self.clients[other] >> f"NICK {other}2"
            self.clients[nick] >> f"NICK {nick}3"
        else:
            for each in (other, nick):
                self.clients[each] >> f"NICK {each}"

    def _login(self, nick: str, name: str | None) -> None:
        account = None if name is None else self.accounts.get(name)
        if name is not None and account is None:
            account = self.accounts[name] = self.house.account(name)
        node, user = self.house.node, self.clients[nick].user
        shown, key = (None, None) if account is None else (AccountName(account.shown), account.id)
        if key != user.account_id:
            node.commit(AccountChanged(user, shown, node.clock.time(), user.account, key))
            self.since.pop(user, None)  # what they heard as somebody else is not theirs

    def _visible(self, who: str) -> None:
        self.house.reload(history={"visible_from": who})

    def _rename(self) -> None:
        """It is the same channel, and whoever was there was there."""
        channel, old = self.channel, self.name
        if channel is None or self.house.node.network.registry.channels.at(channel.folded) is not None:
            return  # (one that is registered takes its records along, or is not renamed)
        self.name = "#d" if old == "#c" else "#c"
        node, by = self.house.node, next(iter(channel.members))
        folded = node.network.fold(self.name)
        node.commit(ChannelRenamed(channel, self.name, folded, by, "", node.clock.time(), old))
        for said in self.said:
            if said.where == (old, channel.ts):
                said.where = self.name, channel.ts

    def _register(self, nick: str) -> None:
        """From then on it does not end with its last member."""
        user, channel = self.clients[nick].user, self.channel
        if channel is not None and user in channel.members and user.account_id is not None:
            set_modes(self.house, self.name, "+o", user.nick)
            self.clients[nick] >> f"CS REGISTER {self.name}"
            self.house.settle()

    def _rank(self, nick: str, letters: str) -> None:
        user, channel = self.clients[nick].user, self.channel
        if channel is not None and user in channel.members:
            set_modes(self.house, self.name, letters, user.nick)

    def _whisper(self, nick: str) -> None:
        self._rank(nick, "+o")
        self._say(nick, "@")

    def _say(self, nick: str, status: str = "") -> None:
        user, channel = self.clients[nick].user, self.channel
        if channel is None or user not in channel.members:
            return
        self.number += 1
        closed = channel.key is not None or bool(channel.flags & {"i", "s"})
        accounts = frozenset(each.account_id for each in channel.members if each.account_id is not None)
        users = frozenset(channel.members)
        stored = channel.keep is None or channel.keep.text[0] != "0"
        where = self.name, channel.ts
        self.said.append(
            Said(
                str(self.number),
                self.house.ms(),
                where,
                closed,
                stored,
                accounts,
                users,
                bool(status),
                user.account_id,
            )
        )
        self.clients[nick] >> f"PRIVMSG {status}{self.name} :{self.number}"

    def _dm(self, nick: str, other: str) -> None:
        self.number += 1
        by, to = self.clients[nick].user, self.clients[other].user
        parties = frozenset(map(self._who, (by, to)))
        self.told.append(Told(str(self.number), self.house.ms(), frozenset((by, to)), parties))
        self.clients[nick] >> f"PRIVMSG {to.nick} :{self.number}"

    @staticmethod
    def _who(user: User) -> str:
        return user.account_id if user.account_id is not None else f"guest {user.folded}"

    # what is seen

    def check(self) -> None:
        self.tick()
        for client in self.clients.values():
            assert self._seen(client, self.name) == self._in_channel(client), client.user
            for other in self.clients.values():
                name = other.user.nick
                assert self._seen(client, name) == self._in_talk(client.user, other.user), (client.user, name)
        self.house.check()

    @staticmethod
    def _seen(client: Client, target: str) -> list[str] | None:
        client.lines()
        client >> f"CHATHISTORY LATEST {target} * 100"
        lines = [parsed(line) for line in client.lines()]
        if " INVALID_TARGET " in lines[0].text:
            return None
        return [line.said for line in lines[1:-1]]

    def _registered(self, user: User) -> int | None:
        return next(
            (each.created * 1000 for each in self.accounts.values() if each.id == user.account_id), None
        )

    def _in_channel(self, client: Client) -> list[str] | None:
        """A member sees what was said in this channel, from when the settings say, and what was said behind
        closed doors if they were there: their account, or they themselves ever since; and what was said to
        operators if they are one, or have said it.
        """
        user, channel = client.user, self.channel
        if channel is None or user not in channel.members:
            return None
        keep = "" if channel.keep is None else channel.keep.text
        if keep.startswith("0"):
            return []
        all_, registered = keep.endswith(":all"), self._registered(user)
        who = keep.partition(":")[2] or self.house.settings.history.visible_from
        begin = int(user.signon * 1000) if registered is None else registered

        is_op = bool(channel.members[user] & at_least(OP))

        def was_there(said: Said) -> bool:
            return user.account_id in said.accounts or (user in said.users and said.at >= self.since[user])

        return [
            said.text
            for said in self.said
            if said.stored
            and said.where == (self.name, channel.ts)
            and (not said.for_ops or is_op or (said.by is not None and said.by == user.account_id))
            and (who != "account" or said.at >= begin)
            and (was_there(said) or not (who == "join" or (said.closed and not all_)))
        ]

    def _in_talk(self, user: User, other: User) -> list[str]:
        """An account sees what it said to another account, or to a guest of that nick; a guest what was said
        between these two, as long as one of them was a guest.
        """
        me, them = self._who(user), self._who(other)
        if user.account_id is not None:
            begin = self._registered(user)
            assert begin is not None
            return [
                each.text for each in self.told if each.parties == frozenset((me, them)) and each.at >= begin
            ]
        return [
            each.text
            for each in self.told
            if each.users == frozenset((user, other))
            and any(who.startswith("guest ") for who in each.parties)
        ]


nicks = st.sampled_from(NICKS)
actions = st.one_of(
    st.tuples(st.sampled_from(["join", "join", "part", "quit", "kick", "say", "say", "say"]), nicks),
    st.tuples(st.just("mode"), st.sampled_from(["+i", "-i", "+k", "-k", "+s", "-s"])),
    st.tuples(st.just("login"), nicks, st.sampled_from([*ACCOUNTS, None])),
    st.tuples(st.sampled_from(["nick", "dm", "dm"]), nicks, nicks),
    st.tuples(st.just("visible"), st.sampled_from(WHO)),
    st.tuples(st.just("keep"), st.sampled_from(["30d", "30d:all", "30d:account", "30d:join", "0", None])),
    st.tuples(st.sampled_from(["register", "whisper"]), nicks),
    st.tuples(st.just("rank"), nicks, st.sampled_from(["+o", "-o"])),
    st.tuples(st.sampled_from(["check", "rename"])),
)


def story(text: str) -> list[tuple[Any, ...]]:
    """Actions as one writes them: ``join ann; say ann``; ``-`` is no account."""
    return [tuple(None if word == "-" else word for word in each.split()) for each in text.split(";")]


@settings(max_examples=runs(20, 3000), deadline=None)
@given(st.lists(actions, max_size=40))
@example(story("join ann; mode +i; say ann; join bob; mode -i"))
@example(story("join ann; mode +k; join bob; say ann; check; login bob x; say ann"))
@example(story("visible join; join ann; say ann; join bob; say ann"))
@example(story("visible join; login bob x; join ann; join bob; say ann; part bob; say ann; check; join bob"))
@example(story("join ann; mode +i; say ann; keep 30d:all; join bob; say ann; check; keep 30d; check; keep 0"))
@example(story("join ann; keep 0; say ann; keep -; say ann; join bob; check; keep 30d:join"))
@example(story("join bob; join ann; mode +s; say ann; login bob y; say ann"))
@example(story("visible account; join ann; say ann; quit bob; join bob; say ann"))
@example(story("join ann; say ann; visible account; login bob y; join bob; say ann"))
@example(story("login ann x; dm ann bob; quit bob; dm bob ann; login bob y; dm ann bob; check; login ann y"))
@example(story("login ann x; dm ann bob; nick bob gus; dm ann bob; dm gus ann; check; login ann -"))
@example(
    story("join ann; mode +s; say ann; rename; join bob; mode -s; say ann; check; rename; part ann; part bob")
)
@example(story("login ann x; join ann; mode +s; register ann; say ann; part ann; join bob; join ann; check"))
@example(story("login ann x; join ann; join bob; whisper ann; check; rank ann -o; check; rank bob +o"))
@example(story("login ann x; join ann; rename; register ann; mode +i; say ann; part ann; join bob; check"))
def test_nobody_sees_more_or_less_than_is_theirs(done: list[tuple[Any, ...]]) -> None:
    chronicle = Chronicle()
    for action in [*done, ("check",)]:
        if action == ("check",):
            chronicle.check()
        else:
            chronicle.do(action)
