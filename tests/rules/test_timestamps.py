"""Who wins when servers meet: each cell of the tables of nick and channel timestamps.

The tables tell what Solanum's program does:
https://github.com/solanum-ircd/solanum/blob/main/modules/core/m_join.c (ms_sjoin, ms_join),
.../m_nick.c (perform_nick_collides, perform_nickchange_collides), .../modules/m_tb.c
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatnet.model import facts
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, ListEntry, Topic, User, mode_text
from chatnet.model.facts import Fact, ModeChange
from chatnet.model.ids import SID, UID
from chatnet.model.modes import ADMIN, ALL_PREFIXES, OP, RANK_OF_PREFIX, VOICE, rank_letters
from chatnet.model.network import Network
from chatnet.model.server import Server
from chatnet.rules.timestamps import (
    Loser,
    Outcome,
    is_current,
    resolve_entries,
    resolve_etb,
    resolve_join,
    resolve_nick,
    resolve_sjoin,
    resolve_tb,
)
from chatnet.wire.casemap import folder

OLD = 1_000
NOW = 5_000.0
LOWER, EQUAL, HIGHER = OLD - 100, OLD, OLD + 100
AGES = {"lower": LOWER, "equal": EQUAL, "higher": HIGHER}


class Meeting:
    """A network in which #c is known since OLD, and what a far server says of it."""

    def __init__(self) -> None:
        self.me = Server(SID("0AA"), "irc.test", "")
        self.network = Network(self.me, folder("rfc1459"), 0)
        self.far = Server(SID("0BB"), "far.test", "", 1, self.me)
        self.network.apply(facts.ServerIntroduced(self.far, NOW))
        self.told: list[Fact] = []

    def user(self, nick: str, server: Server | None = None) -> User:
        """The user of this nick, who is introduced if need be."""
        network = self.network
        found = network.user(nick)
        if found is None:
            found = User(server or self.me, "192.0.2.1", "host.example")
            found.uid = UID(f"{found.server.sid}{len(network.users):06}")
            found.nick, found.folded, found.username = nick, network.fold(nick), "~u"
            found.renew_source()
            network.apply(facts.UserIntroduced(found, NOW))
        return found

    def members(self, text: str) -> tuple[tuple[User, int], ...]:
        """``@+ann bob``"""
        found = []
        for word in text.split():
            nick = word.lstrip("~&@%+")
            ranks = sum(RANK_OF_PREFIX[prefix] for prefix in word[: len(word) - len(nick)])
            found.append((self.user(nick), ranks))
        return tuple(found)

    def claim(self, ts: int, modes: str, members: str = "", name: str = "#c") -> SJoin:
        """``+ntk key`` or ``0``"""
        letters, *words = modes.split()
        values = dict(zip([letter for letter in letters if letter in "klfjHWE"], words, strict=True))
        flags = frozenset(letters) - set("+0klfjHWE")
        return SJoin(name, ts, flags, values, self.members(members), silent=modes == "0")

    def take(self, outcome: Outcome) -> Outcome:
        """Let happen what comes of it."""
        self.told = outcome.facts(self.network, self.network.channel("#c"), self.far, NOW)
        for fact in self.told:
            self.network.apply(fact)
            self.network.check()
        return outcome

    def sjoin(self, ts: int, modes: str, members: str = "", name: str = "#c") -> Outcome:
        return self.take(resolve_sjoin(self.network.channel("#c"), self.claim(ts, modes, members, name)))

    def join(self, ts: int, nick: str, name: str = "#c") -> Outcome:
        return self.take(resolve_join(self.network.channel("#c"), name, ts, self.user(nick)))

    @property
    def channel(self) -> Channel:
        found = self.network.channel("#c")
        assert found is not None
        return found

    @property
    def modes(self) -> str:
        """``+nt``, and parameters."""
        return mode_text(self.channel, show_key=True)

    @property
    def ranks(self) -> str:
        """``@ann bob``, in the order of nicks."""
        members = sorted(self.channel.members.items(), key=lambda member: member[0].nick)
        return " ".join(ALL_PREFIXES[ranks] + user.nick for user, ranks in members)

    @property
    def kinds(self) -> list[str]:
        return [type(fact).__name__ for fact in self.told]


def shown(claim: SJoin | None) -> str:
    """``1000 #c +k key :@ann bob``"""
    assert claim is not None
    letters = "".join(sorted(claim.flags)) + "".join(claim.parameters)
    modes = "0" if claim.silent else " ".join(["+" + letters, *claim.parameters.values()])
    members = " ".join(ALL_PREFIXES[ranks] + user.nick for user, ranks in claim.members)
    return f"{claim.ts} {claim.name} {modes} :{members}"


@pytest.fixture
def met() -> Meeting:
    """#c has been here since OLD, with ann as its operator."""
    meeting = Meeting()
    meeting.sjoin(OLD, "+", "@ann")
    return meeting


def set_modes(met: Meeting, *changes: ModeChange) -> None:
    met.network.apply(facts.ModesChanged(met.channel, changes, met.me, NOW))


# Nick collisions: "N vs E, same user? → loses"


def nick_collision(ts: int, *, same: bool, existing_ts: int = OLD, renaming: bool = False) -> Loser:
    meeting = Meeting()
    existing = meeting.user("nick")
    existing.nick_ts = existing_ts
    username, host = ("~U", "HOST.example") if same else ("~u", "other.example")
    other = meeting.user("other") if renaming else None
    return resolve_nick(existing, ts, username, host, other)


@pytest.mark.parametrize("renaming", [False, True], ids=["introduced", "renaming"])
class TestNickCollision:
    @pytest.mark.parametrize("same", [False, True])
    def test_equal_both_lose(self, renaming: bool, same: bool) -> None:
        assert nick_collision(EQUAL, same=same, renaming=renaming) is Loser.BOTH

    @pytest.mark.parametrize("same", [False, True])
    def test_a_ts_of_0_both_lose(self, renaming: bool, same: bool) -> None:
        """ "equal (or a TS of 0, S)": whoever has it."""
        assert nick_collision(0, same=same, renaming=renaming) is Loser.BOTH
        assert nick_collision(OLD, same=same, existing_ts=0, renaming=renaming) is Loser.BOTH

    def test_newcomer_older_another_user_existing_loses(self, renaming: bool) -> None:
        assert nick_collision(LOWER, same=False, renaming=renaming) is Loser.EXISTING

    def test_newcomer_older_same_user_newcomer_loses(self, renaming: bool) -> None:
        assert nick_collision(LOWER, same=True, renaming=renaming) is Loser.NEWCOMER

    def test_newcomer_newer_another_user_newcomer_loses(self, renaming: bool) -> None:
        assert nick_collision(HIGHER, same=False, renaming=renaming) is Loser.NEWCOMER

    def test_newcomer_newer_same_user_existing_loses(self, renaming: bool) -> None:
        """The older one is a ghost."""
        assert nick_collision(HIGHER, same=True, renaming=renaming) is Loser.EXISTING


@pytest.mark.parametrize(
    ("username", "host", "same"),
    [("~u", "host.example", True), ("~u{", "host.example", False), ("~u", "host.exampl", False),
     ("u", "host.example", False)],
)  # fmt: skip
def test_same_user_is_user_name_and_visible_host(username: str, host: str, same: bool) -> None:
    existing = Meeting().user("nick")
    existing.nick_ts, existing.real_host = OLD, "elsewhere.example"
    assert resolve_nick(existing, HIGHER, username, host) is (Loser.EXISTING if same else Loser.NEWCOMER)


def test_same_user_is_compared_by_rfc1459() -> None:
    existing = Meeting().user("nick")
    existing.nick_ts, existing.username = OLD, "a[]\\~"
    assert resolve_nick(existing, HIGHER, "A{}|^", existing.host) is Loser.EXISTING


def test_nobody_loses_a_free_nick_or_ones_own() -> None:
    """Same-case renames of oneself are no collision and do not change TS."""
    meeting = Meeting()
    user = meeting.user("nick")
    user.nick_ts = OLD
    assert resolve_nick(None, OLD, "~u", "h") is Loser.NOBODY
    assert resolve_nick(user, OLD, user.username, user.host, user) is Loser.NOBODY
    folded, network = user.folded, meeting.network
    network.apply(facts.NickChanged(user, "NICK", folded, NOW, "nick", user.source, ts=HIGHER))
    assert (user.nick, user.nick_ts) == ("NICK", OLD)


def test_a_local_nick_raises_the_ts_and_a_far_one_brings_it() -> None:
    """A local NICK must raise TS: max(old+1, now)."""
    meeting = Meeting()
    user, network = meeting.user("nick"), meeting.network
    user.nick_ts = int(NOW) + 7
    network.apply(facts.NickChanged(user, "a", network.fold("a"), NOW, "nick", user.source))
    assert user.nick_ts == int(NOW) + 8
    network.apply(facts.NickChanged(user, user.uid, network.fold(user.uid), NOW, "a", user.source, ts=100))
    assert user.nick_ts == 100


# Channels: SJOIN with a TS that is lower (they win), equal, or higher (we win)


@pytest.mark.parametrize(
    ("age", "holds"),
    [("lower", LOWER), ("equal", EQUAL), ("higher", EQUAL)],
    ids=["lower", "equal", "higher"],
)
def test_ts(met: Meeting, age: str, holds: int) -> None:
    """lower: := new; equal: keep; higher: keep"""
    assert met.sjoin(AGES[age], "+", "bob").ts == holds
    assert met.channel.ts == holds


@pytest.mark.parametrize(("ours", "theirs"), [(OLD, 0), (0, OLD), (0, 0)])
def test_ts_of_0_makes_it_0_and_merges(met: Meeting, ours: int, theirs: int) -> None:
    """If either TS is 0 the result is 0."""
    met.channel.ts = ours
    set_modes(met, ModeChange(True, "n"), ModeChange(True, "b", "x!*@*"))
    met.network.apply(facts.Invited(met.user("eve"), met.channel, met.user("ann"), NOW))
    told = met.sjoin(theirs, "+t", "@bob", name="#C").told
    assert (met.channel.ts, met.modes, met.ranks, met.channel.name) == (0, "+nt", "@ann @bob", "#c")
    assert met.channel.lists["b"] and met.channel in met.user("eve").invites
    assert shown(told) == "0 #c +nt :@bob"
    changed = [fact for fact in met.told if isinstance(fact, facts.ChannelReset)]
    assert [(fact.ts, fact.old_ts, fact.keeping) for fact in changed] == [(0, ours, True)][: ours > 0]


CELLS = {
    # mode: ours, theirs, and what holds if theirs is lower, equal, higher
    "simple modes": ("+nst", "+in", "+in", "+inst", "+nst"),
    "simple modes of ours alone": ("+nt", "+", "+", "+nt", "+nt"),
    "limit": ("+l 5", "+l 30", "+l 30", "+l 30", "+l 5"),
    "limit, the larger ours": ("+l 30", "+l 5", "+l 5", "+l 30", "+l 30"),
    "limit of ours alone": ("+l 5", "+", "+", "+l 5", "+l 5"),
    "limit of theirs alone": ("+", "+l 5", "+l 5", "+l 5", "+"),
    "key": ("+k abc", "+k abd", "+k abd", "+k abd", "+k abc"),
    "key, the greater ours": ("+k abd", "+k abc", "+k abc", "+k abd", "+k abd"),
    "key, by bytes": ("+k b", "+k A", "+k A", "+k b", "+k b"),
    "key, by bytes and not by letters": (
        "+k \udcff", "+k \U0001f600", "+k \U0001f600", "+k \udcff", "+k \udcff"
    ),
    "key of ours alone": ("+k abc", "+", "+", "+k abc", "+k abc"),
    "key of theirs alone": ("+", "+k abc", "+k abc", "+k abc", "+"),
    "throttle, more joins": ("+j 3:99", "+j 10:1", "+j 10:1", "+j 10:1", "+j 3:99"),
    "throttle, as many joins in more time": ("+j 3:20", "+j 3:9", "+j 3:9", "+j 3:20", "+j 3:20"),
    "throttle of ours alone": ("+j 3:20", "+", "+", "+j 3:20", "+j 3:20"),
    "forward": ("+f #a", "+f #B", "+f #B", "+f #B", "+f #a"),
    "forward, the greater ours": ("+f #b", "+f #A", "+f #A", "+f #b", "+f #b"),
    "forward, in upper case": ("+f #_", "+f #a", "+f #a", "+f #_", "+f #_"),
    "forward, in two cases": ("+f #A", "+f #a", "+f #a", "+f #a", "+f #A"),
    "forward of ours alone": ("+f #a", "+", "+", "+f #a", "+f #a"),
    "nothing told of modes": ("+ntl 5", "0", "+", "+ntl 5", "+ntl 5"),
}  # fmt: skip


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("cell", CELLS)
def test_modes(met: Meeting, cell: str, age: str) -> None:
    """lower: ours removed, theirs set; equal: union, and of two parameters the greater; higher: ours"""
    ours, theirs, *expected = CELLS[cell]
    met.sjoin(OLD, ours)
    assert met.modes == ours
    met.sjoin(AGES[age], theirs, "bob")
    assert met.modes == expected[list(AGES).index(age)]


@pytest.mark.parametrize(
    ("age", "ranks"), [("lower", "ann +bea ~bob @%dan"), ("equal", "@ann &+bea ~bob @%dan"),
                       ("higher", "@ann &bea bob %dan")],
)  # fmt: skip
def test_statuses(met: Meeting, age: str, ranks: str) -> None:
    """lower: all ours removed, theirs set; equal: union; higher: incoming users join without prefixes"""
    met.sjoin(OLD, "+", "&bea %dan")
    met.sjoin(AGES[age], "+", "+bea ~bob @%dan")
    assert met.ranks == ranks


@pytest.mark.parametrize(("age", "left"), [("lower", 0), ("equal", 1), ("higher", 1)])
@pytest.mark.parametrize("letter", "beI")
def test_lists(met: Meeting, letter: str, age: str, left: int) -> None:
    """lower: all removed (theirs come as BMASK); equal: union via BMASK; higher: ours stay"""
    set_modes(met, ModeChange(True, letter, "x!*@*$#away"))
    met.sjoin(AGES[age], "+", "bob")
    assert len(met.channel.lists[letter]) == left
    reset = [fact for fact in met.told if isinstance(fact, facts.ChannelReset)]
    if age == "lower":
        assert ModeChange(False, letter, "x!*@*$#away") in reset[0].removed
    else:
        assert not reset


@pytest.mark.parametrize(("age", "kept"), [("lower", False), ("equal", True), ("higher", True)])
def test_invites(met: Meeting, age: str, kept: bool) -> None:
    """lower: cleared; equal: keep; higher: keep"""
    met.network.apply(facts.Invited(met.user("eve"), met.channel, met.user("ann"), NOW))
    met.sjoin(AGES[age], "+", "bob")
    assert (met.channel in met.user("eve").invites) is kept


@pytest.mark.parametrize(("age", "kept"), [("lower", ""), ("equal", "nt"), ("higher", "nt")])
def test_mlock(met: Meeting, age: str, kept: str) -> None:
    """lower: cleared; equal: keep; higher: keep"""
    met.network.apply(facts.ModesLocked(met.channel, "nt", met.far, NOW))
    met.sjoin(AGES[age], "+", "bob")
    assert met.channel.locked == kept


@pytest.mark.parametrize("age", AGES)
def test_topic(met: Meeting, age: str) -> None:
    """lower: kept (then TB)"""
    met.network.apply(facts.TopicChanged(met.channel, "tea", met.user("ann"), NOW))
    met.sjoin(AGES[age], "+", "bob")
    assert met.channel.topic is not None and met.channel.topic.text == "tea"


@pytest.mark.parametrize(("age", "name"), [("lower", "#C"), ("equal", "#c"), ("higher", "#c")])
def test_name_case(met: Meeting, age: str, name: str) -> None:
    """lower: theirs; equal: ours; higher: ours"""
    told = met.sjoin(AGES[age], "+", "bob", name="#C").told
    assert met.channel.name == name and met.channel.source == name.encode()
    assert told is not None and told.name == name


@pytest.mark.parametrize(
    ("age", "told"),
    [("lower", "900 #c +il 5 :@ann +bob"), ("equal", "1000 #c +inl 7 :@ann +bob"),
     ("higher", "1000 #c 0 :ann bob")],
)  # fmt: skip
def test_forwarded_as(met: Meeting, age: str, told: str) -> None:
    """lower: SJOIN newTS with their modes/prefixes; equal: SJOIN with merged modes; higher: SJOIN with *our*
    TS, modes `0` (S), no prefixes"""
    met.sjoin(OLD, "+nl 7")
    assert shown(met.sjoin(AGES[age], "+il 5", "@ann +bob").told) == told
    assert met.kinds[-1] == "ChannelMerged"


@pytest.mark.parametrize(
    ("age", "told"), [("lower", "900 #c 0 :+bob"), ("equal", "1000 #c 0 :+bob"), ("higher", "1000 #c 0 :bob")]
)
def test_forwarded_as_silent_as_it_came(met: Meeting, age: str, told: str) -> None:
    met.sjoin(OLD, "+nl 5")
    found = met.sjoin(AGES[age], "0", "+bob").told
    assert shown(found) == told
    assert found is not None and not found.flags and not found.parameters


def test_what_happens_is_told_in_order_and_once(met: Meeting) -> None:
    """Clients see NOTICE "TS for #c changed from x to y", then MODE lines, JOINs."""
    met.sjoin(OLD, "+nt", "+bea")
    met.sjoin(LOWER, "+it", "@bob +bea")
    assert met.kinds == ["ChannelReset", "ModesChanged", "Joined", "ChannelMerged"]
    reset, changed, joined, merged = met.told
    assert isinstance(reset, facts.ChannelReset) and isinstance(changed, facts.ModesChanged)
    ann = met.user("ann")
    # What both have stays as it is: t, and the voice of bea.
    assert reset.removed == (ModeChange(False, "n"), ModeChange(False, "o", None, ann))
    assert (reset.old_ts, reset.ts, reset.by, reset.keeping) == (OLD, LOWER, met.far, False)
    assert changed.changes == (ModeChange(True, "i"),) and changed.merged
    assert isinstance(joined, facts.Joined) and joined.merged and not joined.created
    assert joined.members == ((met.user("bob"), OP),)
    assert isinstance(merged, facts.ChannelMerged) and merged.by is met.far


def test_a_member_named_twice_has_both_ranks(met: Meeting) -> None:
    met.sjoin(OLD, "+", "+bob @bob")
    assert met.ranks == "@ann @+bob"
    assert met.kinds == ["Joined", "ChannelMerged"]


# new channels


def test_a_new_channel_is_as_they_say() -> None:
    met = Meeting()
    told = met.sjoin(OLD, "+ntlkfj 5 key #f 3:10", "@ann &+bob", name="#C").told
    assert shown(told) == "1000 #C +ntlkfj 5 key #f 3:10 :@ann &+bob"
    assert met.kinds == ["Joined", "ChannelMerged"]
    assert (met.channel.name, met.channel.ts, met.ranks) == ("#C", OLD, "@ann &+bob")
    assert met.modes == "+ntklfj key 5 #f 3:10" and met.user("bob").channels[met.channel] == ADMIN | VOICE


def test_a_new_empty_channel_is_discarded() -> None:
    """New empty channel without +P is discarded."""
    met = Meeting()
    assert met.sjoin(OLD, "+nt").told is None
    assert met.told == [] and not met.network.channels


def test_a_new_empty_channel_that_stays_is_kept() -> None:
    met = Meeting()
    assert shown(met.sjoin(OLD, "+P").told) == "1000 #c +P :"
    assert met.channel.members == {}


def test_an_empty_channel_is_not_lost_between() -> None:
    """It loses P, which kept it, to those who come in."""
    met = Meeting()
    met.sjoin(OLD, "+Pn")
    kept = met.channel
    met.sjoin(LOWER, "+t", "@bob")
    assert met.channel is kept and (met.modes, met.ranks, kept.ts) == ("+t", "@bob", LOWER)


def test_an_older_channel_costs_no_look_at_each_member_without_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tells of ever older ones could keep clients waiting by it."""
    met = Meeting()
    met.sjoin(OLD, "+n", "@ann " + " ".join(f"user{n}" for n in range(50)))
    looked_at: list[int] = []

    def note(ranks: int) -> str:
        looked_at.append(ranks)
        return rank_letters(ranks)

    monkeypatch.setattr("chatnet.rules.timestamps.rank_letters", note)
    met.sjoin(LOWER, "+n")
    assert looked_at == [OP] and met.ranks.startswith("ann user0 ")


def test_an_empty_channel_ends_when_it_loses_what_kept_it() -> None:
    met = Meeting()
    met.sjoin(OLD, "+P")
    met.sjoin(LOWER, "+t")
    assert not met.network.channels


# JOIN with a TS


@pytest.mark.parametrize(
    ("age", "ts", "modes", "ranks"),
    [("lower", LOWER, "+", "ann bob"), ("equal", EQUAL, "+nl 5", "@ann bob"),
     ("higher", EQUAL, "+nl 5", "@ann bob"), ("0", 0, "+nl 5", "@ann bob")],
)  # fmt: skip
def test_join(met: Meeting, age: str, ts: int, modes: str, ranks: str) -> None:
    """JOIN with lower TS: as lower-TS SJOIN but lists are kept; JOIN with higher TS: plain join."""
    met.sjoin(OLD, "+nl 5")
    set_modes(met, *(ModeChange(True, letter, "x!*@*") for letter in "beI"))
    met.network.apply(facts.Invited(met.user("eve"), met.channel, met.user("ann"), NOW))
    met.network.apply(facts.ModesLocked(met.channel, "n", met.far, NOW))
    assert met.join(AGES.get(age, 0), "bob", name="#C").told is None
    assert (met.channel.ts, met.modes, met.ranks) == (ts, modes, ranks)
    assert all(len(met.channel.lists[letter]) == 1 for letter in "beI")
    lost = age == "lower"
    assert (met.channel in met.user("eve").invites, met.channel.locked) == (not lost, "" if lost else "n")
    assert met.channel.name == ("#C" if lost else "#c")
    assert met.kinds == ["ChannelReset"] * (ts != OLD) + ["Joined"]
    assert not any(isinstance(fact, facts.Joined) and fact.merged for fact in met.told)


def test_join_to_a_new_channel() -> None:
    met = Meeting()
    met.join(OLD, "bob")
    assert (met.channel.ts, met.modes, met.ranks) == (OLD, "+", "bob")
    assert met.kinds == ["Joined"]


def test_join_of_a_member_means_nothing(met: Meeting) -> None:
    met.join(LOWER, "ann")
    assert met.told == [] and (met.channel.ts, met.ranks) == (OLD, "@ann")


# TMODE, BMASK, EBMASK, MLOCK


@pytest.mark.parametrize(("age", "current"), [("lower", True), ("equal", True), ("higher", False)])
def test_tmode_bmask_ebmask_mlock(met: Meeting, age: str, current: bool) -> None:
    """ignored if TS > ours, else applied"""
    assert is_current(met.channel, AGES[age]) is current


def test_lists_are_united(met: Meeting) -> None:
    """union via BMASK: who set an entry first stays, and nothing comes in twice."""
    set_modes(met, ModeChange(True, "b", "A!*@*"))
    new = [ListEntry("a!*@*", "x", 1), ListEntry("b!*@*", "x", 2, "#f"), ListEntry("B!*@*", "y", 3)]
    entries = resolve_entries(met.network, met.channel, "b", new)
    assert entries == (new[1],)
    met.network.apply(facts.EntriesAdded(met.channel, "b", entries, met.far, NOW))
    met.network.check()
    assert [(e.text, e.by, e.at) for e in met.channel.lists["b"].values()] == [
        ("A!*@*", "irc.test", int(NOW)),
        ("b!*@*$#f", "x", 2),
    ]
    assert resolve_entries(met.network, met.channel, "b", new) == ()


@pytest.mark.parametrize(
    ("at", "forward", "holds"),
    [
        pytest.param(9, "#g", True, id="it is older"),
        pytest.param(10, "#g", True, id="of the same time, the greater"),
        pytest.param(10, "#e", False, id="of the same time, ours is greater"),
        pytest.param(10, None, False, id="of the same time, and it leads nowhere"),
        pytest.param(11, "#g", False, id="ours is older"),
        pytest.param(9, "#f", False, id="the same forward: ignored"),
    ],
)
def test_one_mask_with_two_forwards(met: Meeting, at: int, forward: str | None, holds: bool) -> None:
    """As with topics, so that both sides come to the same."""
    ours, theirs = ListEntry("a!*@*", "x", 10, "#f"), ListEntry("a!*@*", "y", at, forward)
    met.network.apply(facts.EntriesAdded(met.channel, "b", (ours,), met.far, NOW))
    assert resolve_entries(met.network, met.channel, "b", [theirs]) == ((theirs,) if holds else ())


# topics


def with_topic(met: Meeting, topic: Topic | None) -> Channel:
    met.channel.topic = topic
    return met.channel


TEA = Topic("tea", "ann!a@h", 500)


@pytest.mark.parametrize(
    ("topic", "ts", "text", "holds"),
    [
        pytest.param(None, 900, "milk", True, id="no topic here: set"),
        pytest.param(TEA, 499, "milk", True, id="ours is newer: set, the oldest wins"),
        pytest.param(TEA, 500, "milk", False, id="of the same time, ours is greater: ours"),
        pytest.param(TEA, 500, "wine", True, id="of the same time, theirs is greater: set, as they keep it"),
        pytest.param(TEA, 501, "milk", False, id="ours is older: ours"),
        pytest.param(TEA, 499, "tea", False, id="the same text: ignored"),
        pytest.param(TEA, 499, "", False, id="never empty"),
        pytest.param(None, 499, "", False, id="never empty, and nothing here"),
    ],
)
def test_tb(met: Meeting, topic: Topic | None, ts: int, text: str, holds: bool) -> None:
    """TB: set if no topic here or ours is newer than theirs (oldest wins), same text ignored"""
    assert resolve_tb(with_topic(met, topic), ts, text) is holds


@pytest.mark.parametrize(
    ("topic", "channel_ts", "ts", "text", "holds"),
    [
        pytest.param(None, HIGHER, 1, "milk", True, id="no topic here: set"),
        pytest.param(None, OLD, 1, "", False, id="no topic here, nor there"),
        pytest.param(TEA, LOWER, 1, "milk", True, id="their channel is older: set"),
        pytest.param(TEA, 0, 1, "milk", True, id="a channel TS of 0: forced"),
        pytest.param(
            TEA, EQUAL, 501, "milk", True, id="the same channel, ours is older: set, the newest wins"
        ),
        pytest.param(TEA, EQUAL, 501, "tea", True, id="the same text: its time is new"),
        pytest.param(TEA, EQUAL, 501, "", True, id="cleared"),
        pytest.param(TEA, EQUAL, 500, "milk", False, id="the same channel, of the same time: ours"),
        pytest.param(TEA, EQUAL, 499, "milk", False, id="the same channel, ours is newer: ours"),
        pytest.param(TEA, HIGHER, 9999, "milk", False, id="our channel is older: ours"),
    ],
)
def test_etb(met: Meeting, topic: Topic | None, channel_ts: int, ts: int, text: str, holds: bool) -> None:
    """ETB: set if no topic, or our chanTS > given, or equal and our topicTS < given (newest wins)"""
    assert resolve_etb(with_topic(met, topic), channel_ts, ts, text) is holds


def test_a_topic_of_elsewhere_keeps_its_setter_and_time(met: Meeting) -> None:
    met.network.apply(facts.TopicChanged(met.channel, "tea", met.far, NOW, setter="ann!a@h", ts=500))
    assert met.channel.topic == TEA


# any claims

NICKS = ["ann", "bob", "bea"]
claims = st.fixed_dictionaries(
    {
        "flags": st.frozensets(st.sampled_from("int")),
        "values": st.fixed_dictionaries(
            {},
            optional={
                "k": st.sampled_from(["a", "B", "\udcff", "ä"]),
                "l": st.sampled_from(["5", "10", "7"]),
                "f": st.sampled_from(["#a", "#A", "#_", "#b"]),
                "j": st.sampled_from(["3:10", "10:3", "3:9"]),
            },
        ),
        "members": st.lists(st.tuples(st.sampled_from(NICKS), st.integers(0, 31)), max_size=4),
        "silent": st.booleans(),
        "ts": st.sampled_from([0, LOWER, EQUAL, HIGHER]),
    }
)


def said(met: Meeting, spoken: dict[str, object], ts: int | None = None) -> SJoin:
    """The claim, as the network of `met` sees it."""
    silent = bool(spoken["silent"])
    flags, values, members = spoken["flags"], spoken["values"], spoken["members"]
    assert isinstance(flags, frozenset) and isinstance(values, dict) and isinstance(members, list)
    return SJoin(
        "#c",
        int(str(spoken["ts"])) if ts is None else ts,
        frozenset() if silent else flags,
        {} if silent else values,
        tuple((met.user(nick), ranks) for nick, ranks in members),
        silent,
    )


def state(met: Meeting) -> tuple[object, ...]:
    channel = met.network.channel("#c")
    if channel is None:
        return ()
    return (channel.ts, met.modes, met.ranks, channel.locked, [list(e) for e in channel.lists.values()])


def known(spoken: dict[str, object]) -> Meeting:
    met = Meeting()
    met.sjoin(OLD, "+s", "@ann")
    met.take(resolve_sjoin(met.channel, said(met, spoken, OLD)))
    set_modes(met, ModeChange(True, "b", "x!*@*"))
    return met


@given(claims, claims)
def test_the_same_claim_twice_changes_nothing(ours: dict[str, object], theirs: dict[str, object]) -> None:
    met = known(ours)
    met.take(resolve_sjoin(met.channel, said(met, theirs)))
    once = state(met)
    again = met.take(resolve_sjoin(met.channel, said(met, theirs)))
    assert state(met) == once
    assert (again.removed, again.changes, again.members) == ((), (), ())
    assert met.kinds == ["ChannelMerged"]


@given(claims, claims, claims)
def test_claims_of_equal_age_come_to_the_same_in_any_order(
    ours: dict[str, object], first: dict[str, object], second: dict[str, object]
) -> None:
    ends = []
    for order in ((first, second), (second, first)):
        met = known(ours)
        for claim in order:
            met.take(resolve_sjoin(met.channel, said(met, claim, EQUAL)))
        ends.append(state(met))
    assert ends[0] == ends[1]


@given(claims, claims)
def test_who_is_told_onward_comes_to_the_same_end(ours: dict[str, object], theirs: dict[str, object]) -> None:
    """Another server, which knew what we knew, hears what we tell in place of the claim."""
    near, behind = known(ours), known(ours)
    outcome = near.take(resolve_sjoin(near.channel, said(near, theirs)))
    assert outcome.told is not None
    told = outcome.told
    members = tuple((behind.user(user.nick), ranks) for user, ranks in told.members)
    behind.take(
        resolve_sjoin(
            behind.channel, SJoin(told.name, told.ts, told.flags, told.parameters, members, told.silent)
        )
    )
    assert state(behind) == state(near)


@given(claims, claims)
def test_two_servers_that_tell_each_other_come_to_the_same_end(
    ours: dict[str, object], theirs: dict[str, object]
) -> None:
    """Whoever of them is the older: a burst in both directions at once."""
    sides = [Meeting(), Meeting()]
    claimed = [{**ours, "silent": False}, {**theirs, "silent": False}]
    for side, claim in zip(sides, claimed, strict=True):
        side.user("zoe")
        for nick in NICKS:
            side.user(nick)
        side.take(resolve_sjoin(None, said(side, claim)))
    speaks = [side.network.channel("#c") is not None for side in reversed(sides)]
    for side, claim, speaking in zip(sides, reversed(claimed), speaks, strict=True):
        if speaking:
            side.take(resolve_sjoin(side.network.channel("#c"), said(side, claim)))
    assert state(sides[0]) == state(sides[1])
