"""Splits that are over soon: who is back in time was never gone, for those who read."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Client, House
from hypothesis import given, settings
from hypothesis import strategies as st
from mesh import Mesh
from profiles import runs
from states import channel, far_join, far_server, far_user, set_modes, split

from chatnet.model.entities import User
from chatnet.model.facts import AccountChanged, AwayChanged, NetJoinBegan, NetJoinEnded, NickChanged, UserQuit
from chatnet.model.ids import UID, AccountName
from chatnet.model.modes import OP, VOICE
from chatnet.model.server import Server
from chatnet.wire.message import parse

FAR = "~f@far.example"


class Scene:
    """ann and bob are in #c and #d with fay, who is on far.host; ann knows batches."""

    def __init__(self, **links: Any) -> None:
        self.house = House(links={"split_damping": 8, **links})
        self.ann = self.house.client("ann", caps="batch server-time")
        self.bob = self.house.client("bob")
        for client in (self.ann, self.bob):
            client >> "JOIN #c,#d"
        self.far = far_server(self.house, "far.host")
        self.fay = far_user(self.house, self.far, "fay")
        far_join(self.house, "#c", (self.fay, OP))
        far_join(self.house, "#d", (self.fay, 0))
        self.read()

    def read(self) -> None:
        self.ann.lines()
        self.bob.lines()

    def split(self) -> None:
        split(self.house, self.far)

    def wait(self, seconds: float) -> None:
        self.house.clock.advance(seconds)
        self.house.settle()

    def server(self) -> Server:
        """far.host is back."""
        self.far = far_server(self.house, "far.host")
        self.house.node.commit(NetJoinBegan(self.house.node.network.me, self.far, self.house.clock.time()))
        return self.far

    def user(self, nick: str = "fay", **attributes: Any) -> User:
        """So is fay, in no channel yet."""
        values = {"uid": self.fay.uid, "nick_ts": self.fay.nick_ts, **attributes}
        self.fay = far_user(self.house, self.far, nick, **values)
        return self.fay

    def channels(self, *names: str, ranks: int = OP) -> None:
        for name in names:
            far_join(self.house, name, (self.fay, ranks if name == "#c" else 0))

    def end(self) -> None:
        self.house.node.commit(NetJoinEnded(self.far, self.house.clock.time()))

    def back(self, nick: str = "fay", **attributes: Any) -> None:
        """Back in both channels as before, but for the attributes."""
        self.server()
        self.user(nick, **attributes)
        self.channels("#c", "#d")
        self.end()

    def silent(self) -> None:
        self.ann.silent()
        self.bob.silent()
        self.house.check()


@pytest.fixture
def scene() -> Scene:
    return Scene()


def names(client: Client, name: str = "#c") -> set[str]:
    client >> f"NAMES {name}"
    words = client.until("* 353 *").split(" :")[-1].split()
    client.lines()
    return set(words)


def test_who_is_back_in_time_was_never_gone(scene: Scene) -> None:
    scene.split()
    scene.wait(7)
    scene.silent()
    assert scene.fay.uid not in scene.house.node.network.users
    scene.back()
    scene.silent()
    scene.wait(100)
    scene.silent()
    assert names(scene.ann) == {"@ann", "bob", "@fay"}
    assert not scene.house.parts.sessions.shadows.any


def test_who_is_not_back_went_when_the_link_was_lost(scene: Scene) -> None:
    """The batch that everybody would have read at once, with its time."""
    scene.split()
    scene.wait(7.9)
    scene.silent()
    scene.wait(0.1)
    time = "@time=2023-11-14T22:13:20.000Z"
    assert (
        scene.ann.lines()
        == [
            f"{time} :irc.test BATCH +1 netsplit irc.test far.host",
            f"{time};batch=1 :fay!{FAR} QUIT :irc.test far.host",
            f"{time} :irc.test BATCH -1",
        ]
        or scene.ann.lines() == []
    )
    assert scene.bob.lines() == [f":fay!{FAR} QUIT :irc.test far.host"]
    assert not scene.house.parts.sessions.shadows.any
    scene.back()
    assert [line for line in scene.bob.lines() if "JOIN" in line] == [
        f":fay!{FAR} JOIN #c",
        f":fay!{FAR} JOIN #d",
    ]


def test_without_damping_all_is_told_at_once() -> None:
    scene = Scene(split_damping=0)
    scene.split()
    assert scene.bob.lines() == [f":fay!{FAR} QUIT :irc.test far.host"]
    assert not scene.house.parts.sessions.shadows.any


def test_those_who_are_back_and_those_who_are_not(scene: Scene) -> None:
    gus = far_user(scene.house, scene.far, "gus")
    far_join(scene.house, "#c", (gus, VOICE))
    scene.read()
    scene.split()
    scene.wait(1)
    scene.back()
    scene.wait(7)
    assert scene.bob.lines() == [f":gus!{FAR} QUIT :irc.test far.host"]
    scene.ann.until("* BATCH +* netsplit irc.test far.host")
    assert len(scene.ann.lines()) == 2


def test_ranks_that_are_others_now(scene: Scene) -> None:
    scene.split()
    scene.server()
    scene.user()
    scene.channels("#c", ranks=VOICE)
    scene.channels("#d")
    scene.end()
    assert scene.bob.lines() == [":irc.test MODE #c -o+v fay fay"]


def test_a_channel_they_are_not_in_any_more(scene: Scene) -> None:
    scene.split()
    scene.server()
    scene.user()
    scene.channels("#c")
    scene.silent()
    assert names(scene.bob, "#d") == {"bob", "@ann", "fay"}
    scene.end()
    assert scene.bob.lines() == [f":fay!{FAR} PART #d"]
    assert names(scene.bob, "#d") == {"bob", "@ann"}


def test_a_channel_they_were_not_in_before(scene: Scene) -> None:
    scene.bob >> "JOIN #e"
    scene.read()
    scene.split()
    scene.server()
    scene.user()
    scene.channels("#c", "#d", "#e")
    scene.end()
    assert scene.bob.lines() == [f":fay!{FAR} JOIN #e"]
    scene.ann.silent()


def test_behind_another_server_they_have_until_the_end_of_the_time(scene: Scene) -> None:
    """Nobody tells when such a burst is over."""
    leaf = far_server(scene.house, "leaf.host", scene.far)
    lee = far_user(scene.house, leaf, "lee")
    far_join(scene.house, "#c", (lee, 0))
    far_join(scene.house, "#d", (lee, 0))
    scene.read()
    split(scene.house, leaf)
    scene.wait(4)
    leaf = far_server(scene.house, "leaf.host", scene.far)
    lee = far_user(scene.house, leaf, "lee", uid=lee.uid)
    far_join(scene.house, "#c", (lee, 0))
    scene.wait(3)
    scene.silent()
    scene.wait(1)
    assert scene.bob.lines() == [f":lee!{FAR} PART #d"]


def test_a_burst_that_takes_longer(scene: Scene) -> None:
    """They were there in time; where they are, is known at its end."""
    scene.split()
    scene.server()
    scene.user()
    scene.wait(20)
    scene.silent()
    scene.channels("#c")
    scene.end()
    assert scene.bob.lines() == [f":fay!{FAR} PART #d"]


def test_nick_host_and_real_name_that_are_others_now() -> None:
    scene = Scene()
    cap = scene.house.client("cap", caps="chghost setname")
    cap >> "JOIN #c"
    cap.lines()
    scene.read()
    scene.split()
    scene.back("FAY", host="new.example", realname="Somebody")
    assert scene.bob.lines() == [
        f":fay!{FAR} NICK FAY",
        f":FAY!{FAR} QUIT :Changing host",
        ":FAY!~f@new.example JOIN #c",
        ":irc.test MODE #c +o FAY",
        ":FAY!~f@new.example JOIN #d",
    ]
    assert cap.lines() == [
        f":fay!{FAR} NICK FAY",
        f":FAY!{FAR} CHGHOST ~f new.example",
        ":FAY!~f@new.example SETNAME :Somebody",
    ]
    assert "@FAY" in names(scene.bob)


def test_away_and_accounts_are_told_when_all_is_known() -> None:
    """AWAY, and the account from a server without EUID, come after who it is of."""
    scene = Scene()
    cap = scene.house.client("cap", caps="away-notify account-notify")
    cap >> "JOIN #c"
    fay, at = scene.fay, scene.house.clock.time
    scene.house.node.commit(AwayChanged(fay, "asleep", at()))
    scene.house.node.commit(AccountChanged(fay, AccountName("fay"), at(), None))
    cap.lines()
    scene.read()
    for text, account in (("asleep", "fay"), ("gone", "fay"), (None, "acc")):
        scene.split()
        scene.server()
        fay = scene.user()
        scene.house.node.commit(AwayChanged(fay, text, at()))
        scene.house.node.commit(AccountChanged(fay, AccountName(account), at(), None))
        scene.channels("#c", "#d")
        cap.silent()
        scene.end()
        expected = {"asleep": [], "gone": [f":fay!{FAR} AWAY :gone"]}
        assert cap.lines() == expected.get(str(text), [f":fay!{FAR} ACCOUNT acc", f":fay!{FAR} AWAY"])
    scene.silent()


@pytest.mark.parametrize("other", [{"nick_ts": 5}, {"nick": "fey"}, {"uid": UID("9ZZAAAAAA")}])
def test_somebody_else_is_not_the_one_who_was_there(scene: Scene, other: dict[str, Any]) -> None:
    scene.split()
    scene.wait(1)
    scene.server()
    nick = other.pop("nick", "fay")
    scene.user(nick, **other)
    quit_ = f":fay!{FAR} QUIT :irc.test far.host"
    assert scene.bob.lines() == [quit_]
    scene.channels("#c")
    assert scene.bob.lines() == [f":{nick}!{FAR} JOIN #c", f":irc.test MODE #c +o {nick}"]
    scene.wait(100)
    scene.bob.silent()


def test_the_nick_can_be_taken_and_then_they_are_gone(scene: Scene) -> None:
    scene.split()
    scene.wait(1)
    scene.bob >> "PRIVMSG fay :there?" >> "NICK fay"
    scene.wait(0)
    assert scene.bob.lines() == [
        f":fay!{FAR} QUIT :irc.test far.host",
        ":bob!~bob@192.0.2.1 NICK fay",
        ":irc.test 401 fay fay :No such nick/channel",
    ]
    lines = scene.ann.lines()
    assert [line.split()[2] for line in lines] == ["BATCH", "QUIT", "BATCH", "NICK"]
    assert "time=2023-11-14T22:13:20.000Z" in lines[1]
    scene.house.check()


def test_a_newcomer_can_take_the_nick(scene: Scene) -> None:
    scene.split()
    scene.house.client("fay")
    assert scene.bob.lines() == [f":fay!{FAR} QUIT :irc.test far.host"]


def test_names_and_who_show_them(scene: Scene) -> None:
    scene.split()
    assert names(scene.bob) == {"@ann", "bob", "@fay"}
    scene.bob >> "WHO #c"
    assert [line.split()[7] for line in scene.bob.lines()[:-1]] == ["ann", "bob", "fay"]
    scene.bob >> "WHO fay %nf"
    scene.bob << ":irc.test 354 bob fay H@"
    scene.bob.lines()
    scene.bob >> "WHO far.example"
    assert " fay H " in scene.bob.lines()[0]
    # Who comes in sees them too, and reads when they are gone.
    cyd = scene.house.client("cyd")
    cyd >> "JOIN #c"
    assert "@fay" in cyd.until("* 353 *")
    cyd.lines()
    scene.wait(8)
    assert cyd.lines() == [f":fay!{FAR} QUIT :irc.test far.host"]
    assert names(scene.bob) == {"@ann", "bob", "cyd"}
    cyd >> "WHO fay"
    cyd << ":irc.test 315 *"


def test_a_message_waits_until_they_are_back(scene: Scene) -> None:
    scene.split()
    scene.bob >> "PRIVMSG fay :one" >> "NOTICE fay@far.host :two" >> "PRIVMSG fay@other.host :three"
    assert scene.bob.lines() == [":irc.test 401 bob fay@other.host :No such nick/channel"]
    said = len(scene.house.parts.history.since((scene.bob.user.uid, scene.fay.uid), 0.0))
    assert said == 0
    scene.back()
    scene.bob.silent()
    key = sorted((scene.bob.user.uid, scene.fay.uid))
    assert [r.text for r in scene.house.parts.history.since((key[0], key[1]), 0.0)] == ["one", "two"]


def test_what_waits_is_refused_when_they_are_not_back() -> None:
    scene = Scene(split_held=2)
    cyd = scene.house.client("cyd", caps="message-tags")
    scene.split()
    scene.bob >> "PRIVMSG fay :one" >> "NOTICE fay :two" >> "PRIVMSG fay :one too many"
    assert scene.bob.lines() == [":irc.test 401 bob fay :No such nick/channel"]
    cyd >> "@+typing=active TAGMSG fay"
    cyd.silent()
    scene.wait(8)
    assert scene.bob.lines()[1:] == [":irc.test 401 bob fay :No such nick/channel"]
    cyd >> "PRIVMSG fay :hi"
    cyd << ":irc.test 401 cyd fay *"


def test_who_is_gone_sends_nothing(scene: Scene) -> None:
    scene.split()
    scene.bob >> "PRIVMSG fay :one" >> "QUIT"
    scene.ann.lines()
    scene.back()
    scene.ann.silent()
    scene.house.check()


def test_who_goes_once_more_before_all_is_told(scene: Scene) -> None:
    scene.split()
    scene.server()
    scene.user()
    scene.channels("#c")
    scene.split()
    assert scene.bob.lines() == [f":fay!{FAR} PART #d"]
    scene.wait(8)
    assert scene.bob.lines() == [f":fay!{FAR} QUIT :irc.test far.host"]
    assert not scene.house.parts.sessions.shadows.any


def test_who_quits_before_all_is_told(scene: Scene) -> None:
    scene.split()
    scene.server()
    fay = scene.user()
    scene.channels("#c")
    scene.house.node.commit(UserQuit(fay, "bye", scene.house.clock.time()))
    assert scene.bob.lines() == [f":fay!{FAR} PART #d", f":fay!{FAR} QUIT :bye"]
    scene.wait(8)
    scene.bob.silent()


def test_who_changes_nick_before_all_is_told(scene: Scene) -> None:
    scene.split()
    scene.server()
    fay = scene.user()
    scene.channels("#c")
    at, fold = scene.house.clock.time(), scene.house.node.network.fold
    scene.house.node.commit(NickChanged(fay, "may", fold("may"), at, "fay", fay.source))
    assert scene.bob.lines() == [f":fay!{FAR} PART #d", f":fay!{FAR} NICK may"]
    scene.end()
    scene.bob.silent()


def test_who_comes_in_meanwhile_sees_them(scene: Scene) -> None:
    """Even where nobody of this server was before."""
    far_join(scene.house, "#x", (scene.fay, 0))
    set_modes(scene.house, "#x", "+P")
    scene.read()
    scene.split()
    scene.bob >> "JOIN #x"
    assert scene.bob.until("* 353 *").endswith(":bob fay")
    scene.read()
    scene.server()
    scene.user()
    scene.channels("#c", "#d", "#x")
    scene.end()
    scene.silent()


def test_a_channel_that_ended_meanwhile(scene: Scene) -> None:
    scene.split()
    for client in (scene.ann, scene.bob):
        client >> "PART #d"
    scene.bob >> "JOIN #d"
    scene.bob.lines()
    assert names(scene.bob, "#d") == {"@bob"}
    scene.read()
    scene.back()
    assert scene.bob.lines() == [f":fay!{FAR} JOIN #d"]
    assert channel(scene.house, "#d")


def test_monitor_tells_nothing_of_who_is_back(scene: Scene) -> None:
    mon = scene.house.client("mon")
    mon >> "MONITOR + fay"
    mon.lines()
    scene.split()
    scene.back()
    mon.silent()
    scene.split()
    mon.silent()
    scene.wait(8)
    mon << ":irc.test 731 mon :fay"
    scene.back()
    mon << f":irc.test 730 mon :fay!{FAR}"
    mon.silent()


def test_who_asks_meanwhile_finds_them_here(scene: Scene) -> None:
    """Else a client that begins to MONITOR a shadow, or asks ISON all the time, would read of the split."""
    scene.split()
    mon = scene.house.client("mon")
    mon >> "MONITOR + fay,gus" >> "MONITOR S" >> "ISON fay gus" >> "USERHOST fay"
    for _ in range(2):
        mon << f":irc.test 730 mon :fay!{FAR}" << ":irc.test 731 mon :gus"
    mon << ":irc.test 303 mon :fay" << f":irc.test 302 mon :fay=+{FAR}"
    scene.back()
    mon >> "MONITOR S"
    mon << f":irc.test 730 mon :fay!{FAR}" << ":irc.test 731 mon :gus"
    mon.silent()
    scene.split()
    scene.wait(8)
    mon << ":irc.test 731 mon :fay"
    mon >> "ISON fay"
    mon << ":irc.test 303 mon :"


# whatever happens


class Reader:
    """What somebody in #c and #d knows of who is there, by what is read alone."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.there: dict[str, dict[str, set[str]]] = {}
        for name in ("#c", "#d"):
            self.there[name] = self.asked(name)

    def asked(self, name: str) -> dict[str, set[str]]:
        """Who is in a channel, as NAMES says: nick and prefixes."""
        self.client >> f"NAMES {name}"
        line = next((line for line in self.client.lines() if " 353 " in line), ":")
        return {word.lstrip("@+"): {p for p in word if p in "@+"} for word in line.split(" :")[-1].split()}

    def read(self) -> None:
        """All that was told since; nothing of it is about who is not there, or is there already."""
        for line in self.client.lines():
            message = parse(line)
            assert message is not None
            nick, params = message.source.partition("!")[0], message.params
            if message.command == "JOIN":
                assert nick not in self.there[params[0]], line
                self.there[params[0]][nick] = set()
            elif message.command == "PART":
                del self.there[params[0]][nick]
            elif message.command == "QUIT":
                assert [there.pop(nick) for there in self.there.values() if nick in there], line
            elif message.command == "NICK":
                for there in self.there.values():
                    if nick in there:
                        assert params[0] not in there, line
                        there[params[0]] = there.pop(nick)
            elif message.command == "MODE":
                self.mode(params, line)

    def mode(self, params: list[str], line: str) -> None:
        adding, nicks = True, iter(params[2:])
        for letter in params[1]:
            if letter in "+-":
                adding = letter == "+"
            elif letter in "ov":
                prefixes = self.there[params[0]][next(nicks)]
                (prefixes.add if adding else prefixes.discard)("@" if letter == "o" else "+")

    def check(self) -> None:
        self.read()
        for name, there in self.there.items():
            assert self.asked(name) == there


FAR_ONES = ("cid", "dan")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["near", "near"]), st.integers(0, 1), st.integers(0, 5)),
        st.tuples(st.sampled_from(["far", "far", "far"]), st.integers(0, 1), st.integers(0, 8)),
        st.tuples(st.just("cut"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("link"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("deliver"), st.integers(0, 3), st.integers(1, 30)),
        st.tuples(st.just("wait"), st.integers(0, 9), st.just(0)),
    ),
    min_size=5,
    max_size=40,
)
NEAR_WORDS = ("JOIN #d", "PART #d", "NICK {n}x", "NICK cid", "MODE #c +v {f}", "PRIVMSG {f} :psst")
FAR_WORDS = (
    "JOIN #c", "JOIN #d", "PART #c", "PART #d", "NICK {n}y", "NICK {n}", "NICK bob", "AWAY :gone", "NICK {N}",
)  # fmt: skip


def play(mesh: Mesh, reader: Reader, people: dict[str, Client], steps: list[tuple[str, int, int]]) -> None:
    pairs = (("a", "b"), ("b", "c"))
    linked = set(pairs)
    for what, which, more in steps:
        if what == "near":
            words = NEAR_WORDS[more] if which else "JOIN #c"
            people["bob"] >> words.format(n="bob", f=FAR_ONES[which])
        elif what == "far":
            nick = FAR_ONES[which]
            people[nick] >> FAR_WORDS[more].format(n=nick, N=nick.upper())
        elif what == "cut" and pairs[which] in linked:
            mesh.cut(*pairs[which])
            linked.remove(pairs[which])
        elif what == "link" and pairs[which] not in linked:
            mesh.settle()
            mesh.link(*pairs[which])
            linked.add(pairs[which])
        elif what == "deliver":
            for _ in range(more):
                mesh.deliver_one(which)
        elif what == "wait":
            mesh.settle()
            mesh.advance(which)
        for house in mesh:
            house.settle()
        reader.check()
    mesh.settle()
    for pair in pairs:
        if pair not in linked:
            mesh.link(*pair)
            mesh.settle()
    reader.check()
    mesh.advance(10)
    reader.check()


@settings(max_examples=runs(40, 3000), deadline=None)
@given(st.sampled_from([0, 5]), STEPS)
def test_who_reads_knows_who_is_there(seconds: int, steps: list[tuple[str, int, int]]) -> None:
    """bob is on ann's server, cid on the next, dan on the one behind it."""
    mesh = Mesh("a", "b", "c", links={"split_damping": seconds})
    mesh.link("a", "b")
    mesh.link("b", "c")
    homes = {"ann": "a", "bob": "a", "cid": "b", "dan": "c"}
    people = {nick: mesh[home].client(nick) for nick, home in homes.items()}
    mesh.settle()
    for client in people.values():
        client >> "JOIN #c"
        mesh.settle()
    people["ann"] >> "JOIN #d" >> "MODE #c +v dan"
    mesh.settle()
    people["ann"].lines()
    play(mesh, Reader(people["ann"]), people, steps)
    mesh.check()
    assert not mesh["a"].parts.sessions.shadows.any
