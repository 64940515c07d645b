"""Whoever does not see somebody in a channel reads nothing of them there, whatever happens.

Held against a plain account of who has spoken; and a client that reads everything knows as much as NAMES
would tell it.
"""

from __future__ import annotations

from typing import Any

from conversation import Client, House
from hypothesis import given, settings
from hypothesis import strategies as st
from mesh import Mesh
from profiles import runs
from street import the

from chatnet.model.entities import Channel, User
from chatnet.rules.visibility import may_see_member

CAPS = "multi-prefix away-notify account-notify setname extended-join message-tags chghost"
NAMES = ("ann", "bob", "cyd", "dan", "eve")
COMMANDS = [
    *["JOIN #c"] * 4,
    *["PART #c"] * 2,
    *["PRIVMSG #c :hello"] * 3,
    "@+typing=active TAGMSG #c",
    "TOPIC #c :news",
    "NICK {nick}",
    "AWAY :gone",
    "AWAY",
    "SETNAME :other",
    "MODE {nick} +x",
    "MODE {nick} -x",
    "JOIN #d",
    "PART #d",
    "PRIVMSG #d :hello",
]
ORDERS = [
    *["MODE #c +x", "MODE #c -x", "MODE #c +D", "MODE #c -D"] * 2,
    "MODE #c +v {who}",
    "MODE #c -v {who}",
    "MODE #c +o {who}",
    "MODE #c -o {who}",
    "MODE #c +xv {who}",
    "MODE #c -xv {who}",
    "MODE #c -D+v {who}",
    "MODE #c +vv {who} {other}",
    "MODE #c -v+v {who} {other}",
    "KICK #c {who} :out",
]
STORIES = st.lists(
    st.one_of(
        st.tuples(st.integers(1, 4), st.sampled_from(COMMANDS), st.just(0)),
        st.tuples(st.integers(1, 4), st.sampled_from(ORDERS), st.integers(1, 4)),
    ),
    min_size=4,
    max_size=40,
)


class Knowing:
    """Whom a client knows to be in #c, from what it reads, and what it should not have read."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.known: set[str] | None = None

    def read(self, unseen: set[str]) -> None:
        """Read all; none of the lines of #c may have one of the `unseen`, by nicks that nobody had before."""
        me = self.client.user.nick
        for line in self.client.lines():
            text = line.partition(" ")[2] if line.startswith("@") else line
            who = text[1:].partition("!")[0]
            words = text.split(" ")
            verb = words[1]
            if verb == "JOIN" and words[2].lstrip(":") == "#c":
                assert who == me or (self.known is not None and who not in self.known), line
                self.known = {me} if who == me else {*(self.known or ()), who}
            elif verb == "PART" and words[2] == "#c":
                assert self.known is not None and who in self.known, line
                self.known = None if who == me else self.known - {who}
            elif verb == "KICK" and words[2] == "#c":
                assert self.known is not None and words[3] in self.known, line
                self.known = None if words[3] == me else self.known - {words[3]}
            elif verb == "QUIT" and self.known is not None:
                self.known.discard(who)
            elif verb == "NICK" and self.known is not None and who in self.known:
                self.known = {*(self.known - {who}), words[2].lstrip(":")}
            elif verb == "353" and words[4] == "#c":
                assert self.known is not None
                self.known |= {each.lstrip(":@+%~&").partition("!")[0] for each in words[5:]}
            elif verb == "MODE" and words[2] == "#c" and self.known is not None:
                named = {word.lstrip(":") for word in words[4:]}
                assert named <= self.known, line
            in_channel = words[2:3] == ["#c"] or " #c " in text.partition(" :")[0]
            if in_channel and verb not in ("PRIVMSG", "TOPIC", "333", "MODE", "KICK"):
                assert not any(nick in text for nick in unseen if nick != me), (line, unseen)


def channel_at(client: Client) -> Channel | None:
    return client.house.node.network.channel("#c")


class Account:
    """Who has not spoken since they came in silently, as a house knows: messages come where a member is."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.members: set[User] = set()
        self.silent: set[User] = set()

    def note(self, client: Client, line: str, late: bool) -> None:
        """What became of a line; `late` tells whether there was mode D before it."""
        channel = self.house.node.network.channel("#c")
        by = self.house.node.network.users[client.user.uid]
        members = set() if channel is None else set(channel.members)
        heard = any(user.server is self.house.node.network.me for user in members)
        if late:
            self.silent |= members - self.members
        self.silent &= members
        self.members = members
        if channel is None:
            return
        if "D" not in channel.flags:
            self.silent.clear()
        if line.startswith("TOPIC #c") or (heard and line.startswith("PRIVMSG #c")):
            self.silent.discard(by)
        self.silent -= {user for user, ranks in channel.members.items() if ranks}

    def seen(self, channel: Channel, client: Client) -> set[str]:
        """Whom a client is to see in a channel."""
        return {
            user.nick
            for user, ranks in channel.members.items()
            if ranks
            or user is client.user
            or channel.members.get(client.user)
            or not ("x" in channel.flags or user in self.silent)
        }


def tell(clients: list[Client], story: list[tuple[int, str, int]], settle: Any) -> None:
    knowing = [Knowing(client) for client in clients]
    ann = clients[0]
    accounts = {client.house: Account(client.house) for client in clients}
    for account in accounts.values():
        account.members = set(the(account.house).members)
    number = 0
    for who, line, other in story:
        client = clients[who]
        before: list[set[str]] = []
        for each in clients:
            channel = channel_at(each)
            if channel is None:
                before.append(set())
            else:
                members = {user.nick for user in channel.members}
                before.append(members - accounts[each.house].seen(channel, each))
        here = channel_at(ann)
        late = here is not None and "D" in here.flags
        number += 1
        if other:
            second = clients[1 + other % 4].user.nick
            ann >> line.format(who=client.user.nick, other=second)
        else:
            nick = f"{NAMES[who]}{number}" if line.startswith("NICK") else client.user.nick
            client >> line.format(nick=nick)
        settle()
        for account in accounts.values():
            account.note(client, line, late)
        for each, reader, unseen in zip(clients, knowing, before, strict=True):
            channel = channel_at(each)
            if channel is None:
                continue
            visible = accounts[each.house].seen(channel, each)
            assert visible == {
                user.nick for user in channel.members if may_see_member(each.user, channel, user)
            }
            hidden = {user.nick for user in channel.members} - visible
            reader.read((unseen & hidden) if each.user in channel.members else set())
            if each.user in channel.members:
                assert reader.known == visible, (each.user.nick, line)
            else:
                assert reader.known is None


@settings(max_examples=runs(60, 5000), deadline=None)
@given(STORIES)
def test_on_one_server(story: list[tuple[int, str, int]]) -> None:
    house = House()
    clients = [house.client(name, caps=CAPS) for name in NAMES]
    clients[0] >> "JOIN #c" >> "MODE #c +D-t"
    tell(clients, [(1, "JOIN #c", 0), *story], lambda: None)
    house.check()


@settings(max_examples=runs(30, 3000), deadline=None)
@given(STORIES)
def test_on_three_servers(story: list[tuple[int, str, int]]) -> None:
    mesh = Mesh("a", "b", "c")
    mesh.link("a", "b")
    mesh.link("c", "b")
    mesh.settle()
    clients = [mesh[home].client(name, caps=CAPS) for home, name in zip("abcab", NAMES, strict=True)]
    clients[0] >> "JOIN #c" >> "MODE #c +D-t"
    mesh.settle()
    tell(clients, [(1, "JOIN #c", 0), *story], mesh.settle)
    mesh.check()
