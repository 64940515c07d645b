"""Masks of every kind against users, and verdicts that are never stale."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatnet.model import facts
from chatnet.model.entities import Channel, ListEntry, Oper, User
from chatnet.model.facts import Fact, ModeChange
from chatnet.model.ids import SID, UID, AccountName
from chatnet.model.network import Network
from chatnet.model.server import Server
from chatnet.rules.bans import DEPTH, ELSEWHERE, EXTENDED, PARTS, Bans, complete, fitting, parse
from chatnet.wire.casemap import Folder, folder
from chatnet.wire.masks import Matches, compile_glob

OPER = Oper("root", "helpers", frozenset({"kill"}), "helps")


class World:
    """A network with channels, users and one ban list that tests play with."""

    def __init__(self) -> None:
        self.network = Network(Server(SID("0CN"), "irc.test", ""), folder("rfc1459"), 10)
        self.bans = Bans(self.network)

    def user(self, nick: str, number: int = 1) -> User:
        user = User(self.network.me, f"192.0.2.{number}", f"host{number}.example")
        user.uid = UID(f"0CNAAAAA{nick[0].upper()}")
        user.nick, user.folded = nick, self.network.fold(nick)
        user.username, user.realname = "~" + nick, f"{nick.title()} Smith"
        user.cloak = f"cloak{number}.example"
        user.renew_source()
        self.network.apply(facts.UserIntroduced(user, 1.0))
        return user

    def channel(self, name: str, *members: User) -> Channel:
        channel = Channel(name, self.network.fold(name), 1)
        joined = tuple((user, 0) for user in members)
        self.network.apply(facts.Joined(channel, joined, 1.0, created=True))
        return channel

    def set(self, channel: Channel, letter: str, parameter: str | None = None, adding: bool = True) -> None:
        change = ModeChange(adding, letter, parameter)
        self.network.apply(facts.ModesChanged(channel, (change,), self.network.me, 1.0))

    def means(self, mask: str, user: User) -> bool:
        """Whether a ban list of only `mask` keeps `user` out, or from speaking."""
        channel = Channel("#asked", self.network.fold("#asked"), 1)
        channel.lists["b"] = {self.network.fold(mask): ListEntry(mask, "x", 1)}
        return self.bans.muted(channel, user)


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("ann!*@*", True),
        ("ANN!~ann@*", True),
        ("bob!*@*", False),
        ("*!*@host1.example", True),
        ("*!*@cloak1.*", True),
        ("*!*@192.0.2.1", True),
        ("*!*@192.0.2.0/24", True),
        ("ann!*@192.0.2.0/24", True),
        ("bob!*@192.0.2.0/24", False),
        ("*!*@198.51.100.0/24", False),
        ("*!*@no/network", False),
        ("$a", False),
        ("$~a", True),
        ("$a:ann", False),
        ("$~a:ann", True),
        ("$m:ann!*@*", True),
        ("$~m:ann!*@*", False),
        ("$o", False),
        ("$~o", True),
        ("$r:ann?smith", True),
        ("$r:bob*", False),
        ("$s:irc.*", True),
        ("$x:ann!*@host1.example#*smith", True),
        ("$x:ann!*@*#bob", False),
        ("$x:*!*@192.0.2.0/24", False),
        ("$x:*!*@192.0.2.0/24#*", True),
        ("$x:*", True),
        ("$x:*badword*", False),
        ("$x:*n Smi*", True),
        ("$x:ann!*@192.0.2.1?Ann Smith", True),
        ("$x:ann!~ann@host1.example", False),
        ("$x:*host1.exa*#ann*", True),
        ("$~x:*badword*", True),
        ("$x:ann!*@*#", False),
        ("$~x:ann!*@*#", False),
        ("$a:*", True),
        ("$a:?*", False),
        ("$a:", True),
        ("$o:", False),
        ("$~o:", True),
        ("$m:ann", False),
        ("$~m:ann", True),
        ("$z", False),
        ("$~z", True),
        ("$q:ann!*@*", True),
        ("$q:$~a", True),
        ("$q:$a", False),
        ("$&:~a,m:ann!*@*", True),
        ("$&:$~a,$m:ann!*@*", False),
        ("$&:~a,m:ann", False),
        ("$|:a,m:ann!*@*", True),
        ("$|:a,o", False),
        ("$~|:a,o", True),
        ("$&:~a,|:(m:bob!*@*,m:ann!*@*)", True),
        ("$&:~a,|:(m:bob!*@*,o)", False),
        ("$&:(~a,m:ann!*@*)", True),
        ("$&:~a,~&:(a,o)", True),
        ("$&:r:Ann?(Smith\\)", False),
        ("$|:r:a\\,b,~a", True),
        ("$&:(~a", False),
        ("$~&:(~a", False),
        ("$~&:~a)", False),
        ("$~&:()", False),
        ("$~&:(", False),
        ("$~|:a,", False),
        ("$~&:a,c:#nowhere", True),
        ("$~&:~a,c:#nowhere", False),
        ("$|:~a,c:#nowhere", True),
        ("$~|:a,c:#nowhere", False),
        ("$&:a,m:ann!*@*", False),
        ("$~&:a,m:ann!*@*", True),
        ("$&:r:a\\,b", False),
        ("$", False),
        ("$y:x", False),
        ("$~y", False),
        ("$ab", False),
    ],
)
def test_who_is_meant(world: World, mask: str, expected: bool) -> None:
    assert world.means(mask, world.user("ann")) is expected


def test_what_users_become_counts(world: World) -> None:
    ann = world.user("ann")
    world.network.apply(facts.AccountChanged(ann, AccountName("Annie"), 1.0, None))
    world.network.apply(facts.Opered(ann, OPER, 1.0))
    ann.secure, ann.certfp = True, "ab" * 32
    for mask in ("$a", "$a:annie", "$a:an*", "$o", "$o:kill", "$o:helpers", "$z", "$z:" + "AB" * 32):
        assert world.means(mask, ann), mask
    for mask in ("$a:bob", "$o:die", "$z:" + "cd" * 32, "$~a"):
        assert not world.means(mask, ann), mask


def test_other_channels(world: World) -> None:
    ann, bob = world.user("ann"), world.user("bob", 2)
    other = world.channel("#other", ann)
    world.set(other, "b", "bob!*@*")
    assert world.means("$c:#OTHER", ann) and not world.means("$c:#other", bob)
    assert world.means("$~c:#other", bob)
    assert world.means("$j:#other", bob) and not world.means("$j:#other", ann)
    world.set(other, "e", "*!~bob@*")
    assert not world.means("$j:#other", bob)
    assert not world.means("$c:#nowhere", ann) and not world.means("$~c:#nowhere", ann)
    assert not world.means("$~j:#nowhere", ann) and not world.means("$~&:c:#nowhere,a", ann)


@pytest.mark.parametrize("flag", ["s", "p", "x"])
def test_a_hidden_channel_tells_nothing(world: World, flag: str) -> None:
    ann = world.user("ann")
    world.set(world.channel("#other", ann), flag)
    assert not world.means("$c:#other", ann) and not world.means("$~c:#other", ann)


def test_bans_elsewhere_do_not_lead_on(world: World) -> None:
    ann = world.user("ann")
    one, two = world.channel("#one", world.user("bob", 2)), world.channel("#two", world.user("cyd", 3))
    world.set(one, "b", "$j:#two")
    world.set(two, "b", "$j:#one")
    world.set(two, "b", "ann!*@*")
    assert not world.means("$j:#one", ann) and world.means("$j:#two", ann)


def test_what_is_looked_at_elsewhere_is_bounded(world: World) -> None:
    ann, bob = world.user("ann"), world.user("bob", 2)
    asked = world.channel("#asked", ann)
    long = [f"*!*@{number:02d}{'x' * 150}" for number in range(ELSEWHERE // 156 // 2 + 1)]
    for number in range(20):
        elsewhere = world.channel(f"#c{number}", bob)
        world.set(asked, "b", f"$j:#c{number}")
        for mask in long:
            world.set(elsewhere, "b", mask)
    before = world.bans.looked
    assert not world.bans.muted(asked, ann)
    assert ELSEWHERE < world.bans.looked - before < ELSEWHERE * 2
    last = world.network.channel("#c2")
    assert last is not None
    world.set(last, "b", "ann!*@*")
    assert not world.bans.muted(asked, ann)  # it lies beyond
    world.set(asked, "b", "$j:#c0", adding=False)
    assert world.bans.muted(asked, ann)


def test_many_small_lists_are_all_looked_into(world: World) -> None:
    ann, bob = world.user("ann"), world.user("bob", 2)
    asked = world.channel("#asked", ann)
    for number in range(30):
        world.set(world.channel(f"#c{number}", bob), "b", "x!*@*" if number < 29 else "ann!*@*")
        world.set(asked, "b", f"$j:#c{number}")
    assert world.bans.muted(asked, ann)


def test_joining_and_speaking(world: World) -> None:
    ann = world.user("ann")
    channel = world.channel("#c", world.user("bob", 2))
    assert world.bans.banned(channel, ann) is None and not world.bans.muted(channel, ann)
    world.set(channel, "b", "$q:ann!*@*")
    assert world.bans.banned(channel, ann) is None and world.bans.muted(channel, ann)
    world.set(channel, "b", "*!~ann@*$#elsewhere")
    entry = world.bans.banned(channel, ann)
    assert entry is not None and (entry.mask, entry.forward) == ("*!~ann@*", "#elsewhere")
    world.set(channel, "e", "$q:ann!*@*")
    assert world.bans.banned(channel, ann) is not None and not world.bans.muted(channel, ann)
    world.set(channel, "e", "ann!*@*")
    assert world.bans.banned(channel, ann) is None
    assert not world.bans.invited(channel, ann)
    world.set(channel, "I", "$~a")
    assert world.bans.invited(channel, ann)


@pytest.mark.parametrize(
    ("text", "kind", "completed"),
    [
        ("ann", "b", "ann!*@*"),
        ("ann second", "b", "ann!*@*"),
        ("192.0.2.0/24", "I", "*!*@192.0.2.0/24"),
        ("$A:Ann", "b", "$a:Ann"),
        ("$!a", "b", "$~a"),
        ("$a:", "b", "$a:"),
        ("$m:ann", "e", "$m:ann"),
        ("$q:ann", "b", "$q:ann!*@*"),
        ("$q:$M:~x@y", "e", "$q:$m:~x@y"),
        ("$x:ann#real", "b", "$x:ann#real"),
        ("$x:*badword*", "b", "$x:*badword*"),
        ("$x:ann!*@*#", "b", None),
        ("$&:~a,m:bob", "b", "$&:~a,m:bob"),
        ("$&:$~a,m:bob", "b", None),
        ("$&:~A,m:bob", "b", None),
        ("$|:(a,r:\\(x)", "b", "$|:(a,r:\\(x)"),
        ("$&:(a", "b", None),
        ("$&:r:a\\,b,~&:a\\,o", "b", "$&:r:a\\,b,~&:a\\,o"),
        ("$r:real?name", "b", "$r:real?name"),
        ("$r:real?name", "e", None),
        ("$&:a,r:real", "I", None),
        ("$s:irc.*", "I", None),
        ("$q:x!*@*", "I", None),
        ("$~q:x!*@*", "b", None),
        ("$q:$q:x", "b", None),
        ("$&:a,q:x", "b", None),
        ("$&:a,,o", "b", None),
        ("$&:" + ",".join("a" * (PARTS + 1)), "b", None),
        ("$j:other", "b", None),
        ("$c", "b", None),
        ("$y:x", "b", None),
        ("$", "b", None),
    ],
)
def test_masks_are_completed(text: str, kind: str, completed: str | None) -> None:
    assert complete(text, kind) == completed
    if completed is not None:
        assert complete(completed, kind) == completed


def test_nesting_ends() -> None:
    mask = "$&:~&:a\\,o"
    assert parse(mask) is not None
    assert parse(mask, DEPTH - 1) is None
    deep = "a"
    for _ in range(DEPTH):
        deep = f"|:(~{deep})"
    assert parse("$" + deep) is not None and parse(f"$&:({deep})") is None


EXTENDED_TEXT = st.recursive(
    st.sampled_from(["a", "~a:x*", "m:ann", "z", "o:kill", "c:#x", "r:A\\,B", "x:ann#b", "y", ""]),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(
        lambda parts: "~&:" + ",".join(part.replace(",", "\\,") for part in parts)
    ),
    max_leaves=6,
)


@given(st.one_of(st.text(max_size=20), EXTENDED_TEXT.map("$".__add__), EXTENDED_TEXT.map("$q:$".__add__)))
def test_completing_again_changes_nothing(text: str) -> None:
    once = complete(text, "b")
    assert once is None or complete(once, "b") == once


def test_the_letters_are_those_of_the_documentation() -> None:
    assert EXTENDED == "&acjmoqrsxz|"


MASKS = [
    "ann!*@*", "*!*@host2.example", "*!new@*", "*!*@shown.example", "$a", "$~a:one", "$o", "$r:*smith",
    "$q:bob!*@*", "$q:$~a", "$c:#b", "$q:$c:#b", "$~c:#c", "$j:#b", "$&:~a,c:#b", "$&:~o,m:*!~ann@*",
    "$x:*!*@*#new", "$x:*new", "$~&:a,~j:#c", "$|:a,c:#b",
]  # fmt: skip
EVENTS = st.tuples(
    st.sampled_from(["nick", "host", "realname", "account", "oper", "list", "flag", "join", "part", "quit"]),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(MASKS),
    st.booleans(),
)


def event(world: World, kind: str, user: User, channel: Channel, mask: str, yes: bool) -> Fact | None:
    """Something that happens to `user` or in `channel`; None if it cannot happen now."""
    network = world.network
    if kind == "nick":
        nick = user.username[1:] if yes else f"other{user.uid[-1]}"
        if network.user(nick) not in (None, user):
            return None
        return facts.NickChanged(user, nick, network.fold(nick), 2.0, user.nick, user.source)
    if kind == "host":
        host = "shown.example" if yes else user.real_host
        return facts.HostChanged(user, "new" if yes else "~ann", host, user.source, 2.0)
    if kind == "realname":
        return facts.RealnameChanged(user, "new" if yes else "Ann Smith", 2.0)
    if kind == "account":
        return facts.AccountChanged(user, AccountName("one") if yes else None, 2.0, user.account)
    if kind == "oper":
        return facts.Opered(user, OPER if yes else None, 2.0)
    if kind == "list":
        change = ModeChange(yes, "e" if user.uid[-1] == "A" else "b", mask)
        return facts.ModesChanged(channel, (change,), network.me, 2.0)
    if kind == "flag":
        return facts.ModesChanged(channel, (ModeChange(yes, "s"),), network.me, 2.0)
    if kind == "join":
        return None if user in channel.members else facts.Joined(channel, ((user, 0),), 2.0)
    if user not in channel.members:
        return None
    if kind == "part":
        return (
            facts.Parted(channel, user, None, 2.0)
            if yes
            else facts.Kicked(channel, user, network.me, "", 2.0)
        )
    return facts.UserQuit(user, "", 2.0) if yes else None


@pytest.mark.parametrize("first", MASKS)
@settings(max_examples=30, deadline=None)
@given(events=st.lists(EVENTS, min_size=1, max_size=12))
def test_verdicts_are_never_stale(first: str, events: list[tuple[str, int, int, str, bool]]) -> None:
    world = World()
    users = [world.user(nick, number) for number, nick in enumerate(["ann", "bob", "cyd"], 1)]
    channels = [world.channel(name, *users) for name in ("#a", "#b", "#c")]
    for channel in channels:
        world.set(channel, "P")
    world.set(channels[0], "b", first)
    for channel in channels[1:]:
        world.set(channel, "b", "bob!*@*")
    for kind, who, where, mask, yes in events:
        user = users[who]
        if user.uid not in world.network.users:
            continue
        happened = event(world, kind, user, channels[where], mask, yes)
        if happened is None:
            continue
        world.network.apply(happened)
        world.network.check()
        for channel in channels:
            for member in channel.members:
                remembered = world.bans.muted(channel, member)
                kept, channel.verdicts = channel.verdicts, {}
                assert world.bans.muted(channel, member) is remembered, (channel, member, happened)
                channel.verdicts = kept


def test_verdicts_are_remembered(world: World) -> None:
    ann = world.user("ann")
    channel = world.channel("#c", ann)
    world.set(channel, "b", "ann!*@*")
    assert world.bans.muted(channel, ann) and channel.verdicts == {ann: True}
    world.set(channel, "b", "ann!*@*", adding=False)
    world.set(channel, "b", "$c:#c")
    assert world.bans.muted(channel, ann) and channel.verdicts == {}
    assert not world.bans.muted(channel, world.user("bob", 2)) and channel.verdicts == {}


def test_a_verdict_that_no_other_channel_had_a_part_in_is_remembered(world: World) -> None:
    ann = world.user("ann")
    channel = world.channel("#c", ann)
    world.set(channel, "b", "ann!*@*")
    world.set(channel, "b", "$c:#c")
    assert world.bans.muted(channel, ann) and channel.verdicts == {ann: True}


def test_entries_keep_their_text_and_nothing_else(world: World) -> None:
    ann = world.user("ann")
    channel = world.channel("#c", ann)
    masks = ["$&:" + ",".join(f"m:?{letter}bcd*" for letter in "abcdefghij"), "*!*@192.0.2.0/24", "$q:x!*@*"]
    for mask in masks:
        world.set(channel, "b", mask)
    assert world.bans.muted(channel, ann)
    assert world.bans.banned(channel, world.user("bob", 2)) is not None
    for entry in channel.lists["b"].values():
        assert {type(getattr(entry, slot)) for slot in ListEntry.__slots__} <= {str, int, type(None)}


def test_what_is_looked_at_is_counted(world: World) -> None:
    ann = world.user("ann")
    channel = world.channel("#c", ann)
    world.set(channel, "b", "bob!*@*")
    world.set(channel, "e", "cyd!*@*")
    assert world.bans.banned(channel, ann) is None and world.bans.looked == 7
    world.set(channel, "b", "ann!*@*")
    assert world.bans.banned(channel, ann) is not None and world.bans.looked == 7 + 21
    world.set(channel, "I", "$a")
    assert not world.bans.invited(channel, ann) and world.bans.looked == 7 + 21 + 2
    world.bans.muted(channel, ann)
    looked = world.bans.looked
    assert world.bans.muted(channel, ann) and world.bans.looked == looked  # remembered


SIGNS = st.text("abz*?!@./1\\", max_size=12)


@given(SIGNS, SIGNS, st.lists(SIGNS, max_size=6))
def test_many_masks_mean_whom_each_of_them_means(nick: str, host: str, masks: list[str]) -> None:
    world = World()
    user, channel = world.user("zoe"), world.channel("#c")
    user.host = host.replace("@", "") or "x"
    user.nick = nick.replace("@", "").replace("!", "")
    for mask in (*masks, f"{nick}!*@{host}", "*!*@192.0.2.0/24", "*!*@10.0.0.0/8"):
        channel.lists["b"] = {world.network.fold(mask): ListEntry(mask, "ann", 1)}
        alone = world.bans.meaning(channel, user, mutes=False)
        assert fitting(world.network, user, ("q!*@*", mask)) == [each.text for each in alone]


def test_masks_are_held_against_who_comes_again_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    ann = world.user("ann")
    held: list[str] = []

    def compiled(mask: str, fold: Folder) -> Matches:
        held.append(mask)
        return compile_glob(mask, fold)

    monkeypatch.setattr("chatnet.rules.bans.compile_glob", compiled)
    masks = [f"ann!*@*{number}*" for number in range(5)]
    assert fitting(world.network, ann, masks) == masks[:3]  # 192.0.2.1
    assert len(held) == 6  # what stands before the host is the same in all
    assert fitting(world.network, ann, list(masks)) == masks[:3]
    assert len(held) == 6
    assert fitting(world.network, ann, masks[3:]) == []
