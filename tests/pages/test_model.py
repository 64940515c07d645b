"""What the web client makes of lines is what the server knows: ``model.js`` beside real nodes in memory."""

from __future__ import annotations

from typing import Any, Final

import pytest
from conversation import House
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from mesh import Mesh
from playwright.sync_api import Page

from chatnet.model.entities import parameters
from chatnet.model.modes import PREFIX_OF, letters, rank_letters

pytestmark = pytest.mark.client

MAKE: Final = """async () => {
    const {State, apply} = await import("/app/model.js");
    const {parse} = await import("/app/wire.js");
    const plain = (value) => JSON.parse(JSON.stringify(value, (key, each) => {
        if (each instanceof Map) {
            return Object.fromEntries(each);
        }
        return each instanceof Set ? [...each] : each;
    }));
    const state = new State();
    globalThis.model = {
        state,
        take: (lines, now) => plain(lines.flatMap((line) => apply(state, parse(line), now))),
        rows: (name) => plain(state.target(name).past.rows()),
        target: (name) => {
            const {past, channel, ...rest} = state.target(name);
            return plain({...rest, channel: channel && channel.name});
        },
        look: () => plain({
            me: state.me,
            caps: state.caps,
            targets: [...state.targets.values()].map((target) => target.name).sort(),
            people: state.people,
            channels: [...state.channels.values()].map((channel) => ({
                ...channel,
                members: Object.fromEntries([...channel.members.values()].map((m) => [m.nick, m.ranks])),
            })),
        }),
    };
    const {requests} = await import("/app/greeting.js");
    return requests;
}"""
NOW: Final = 1_700_000_000_000


class Reader:
    """A client whose lines a page reads too, from the first one on."""

    def __init__(self, page: Page, house: House, nick: str = "ann") -> None:
        self.page = page
        page.evaluate(MAKE)
        wanted = page.evaluate('async () => (await import("/app/greeting.js")).WANTED')
        self.client = house.connect()
        self.client >> "CAP LS 302"
        offered = {
            word.partition("=")[0] for line in self.read() for word in line.rpartition(" :")[2].split()
        }
        for name in wanted:
            if name in offered:
                self.client >> f"CAP REQ {name}"
        self.client >> f"NICK {nick}" >> f"USER {nick} 0 * :{nick.title()}" >> "CAP END"
        self.changes: list[dict[str, Any]] = []
        self.take()

    def read(self) -> list[str]:
        """The lines that came, which the page reads as well."""
        lines = self.client.lines()
        self.page.evaluate("([lines, now]) => model.take(lines, now)", [lines, NOW])
        return lines

    def take(self) -> list[dict[str, Any]]:
        """What has changed since the last look."""
        lines = self.client.lines()
        found: list[dict[str, Any]] = self.page.evaluate(
            "([lines, now]) => model.take(lines, now)", [lines, NOW]
        )
        return found

    def says(self, *lines: str) -> list[dict[str, Any]]:
        for line in lines:
            self.client >> line
        return self.take()

    def look(self) -> Any:
        return self.page.evaluate("() => model.look()")

    def rows(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.page.evaluate("(name) => model.rows(name)", name)
        return [row for row in found if row["kind"] != "day"]

    def target(self, name: str) -> Any:
        return self.page.evaluate("(name) => model.target(name)", name)


def signs(ranks: int) -> str:
    return "".join(PREFIX_OF[letter] for letter in letters("P") if letter in rank_letters(ranks))


def agrees(reader: Reader, house: House) -> None:
    """The page knows of its channels and of those in them what the node knows."""
    known = reader.look()
    me = reader.client.user
    assert known["me"]["nick"] == me.nick
    assert known["me"]["away"] == me.away
    assert set(known["me"]["modes"]) == set(me.modes)
    found = {channel["name"]: channel for channel in known["channels"]}
    assert set(found) == {channel.name for channel in me.channels}
    for channel in me.channels:
        shown = found[channel.name]
        assert shown["joined"]
        assert shown["members"] == {user.nick: signs(channel.members[user]) for user in channel.members}
        assert shown["topic"] == (channel.topic.text if channel.topic is not None else "")
        assert shown["modes"] == {**dict.fromkeys(channel.flags, ""), **parameters(channel)}
        for user in channel.members:
            person = known["people"][house.node.network.fold(user.nick)]
            assert (person["nick"], person["account"]) == (user.nick, user.account or "")
            assert person["realname"] in ("", user.realname)
            if user is not me:
                assert person["away"] == user.away


NICKS: Final = ("bob", "cyd", "dan")
MOVES: Final = ("JOIN #a", "JOIN #b", "JOIN #a,#b", "PART #a :bye", "PART #b")
DEEDS: Final = (
    "MODE #a +ov bob cyd", "MODE #a -o+v bob bob", "MODE #a +o ann", "MODE #a -o ann", "MODE #a +h dan",
    "MODE #b +k key", "MODE #b -k key", "MODE #a +ilm 9", "MODE #a -l", "MODE #a +b x!*@*", "MODE #a +H 30d",
    "MODE #a -b x!*@*", "MODE #a +D-D", "MODE bob +B", "TOPIC #a :tea", "TOPIC #a :", "TOPIC #b :coffee",
    "KICK #a bob :out", "KICK #a ann", "RENAME #a #z :new", "RENAME #z #a :old", "INVITE ann #b",
    "AWAY :gone", "AWAY", "SETNAME :Somebody else", "NICK other", "NICK back", "PRIVMSG #a :hi ann",
    "PRIVMSG ann :psst", "NOTICE #a :hear", "PRIVMSG @#a :ops",
)  # fmt: skip
steps = st.one_of(
    st.tuples(st.sampled_from(["ann", *NICKS]), st.sampled_from(MOVES)),
    st.tuples(st.sampled_from(["ann", *NICKS]), st.sampled_from(DEEDS)),
    st.tuples(st.sampled_from(NICKS), st.just("QUIT :gone")),
)


@settings(phases=[Phase.explicit, Phase.generate])
@given(st.lists(steps, max_size=30))
def test_it_knows_what_the_server_knows(page: Page, steps: list[tuple[str, str]]) -> None:
    house = House()
    reader = Reader(page, house)
    others = {nick: house.client(nick) for nick in NICKS}
    reader.says("JOIN #a", "JOIN #b", "WHO #a %tcuhnfar,152")
    for who, line in steps:
        client = reader.client if who == "ann" else others[who]
        if not client.session.closed:
            client >> line
        reader.take()
        me = reader.client.user
        for channel in me.channels:
            if line.startswith("JOIN") and who == "ann":
                reader.says(f"MODE {channel.name}", f"WHO {channel.name} %tcuhnfar,152")
        agrees(reader, house)
    house.check()


@pytest.fixture
def reader(page: Page, house: House) -> Reader:
    reader = Reader(page, house)
    reader.says("JOIN #club")
    house.clock.advance(1)
    # As if all had been read that was said there before.
    whole = """() => {
        const {past} = model.state.target("#club");
        past.close({at: -Infinity, id: ""}, {at: Infinity, id: ""});
        past.touch();
    }"""
    page.evaluate(whole)
    return reader


def test_its_own_words_come_back_with_an_id(reader: Reader) -> None:
    changes = reader.says(
        "PRIVMSG #club :hello", "PRIVMSG #club :\x01ACTION waves\x01", "PRIVMSG #club :\x01VERSION\x01"
    )
    rows = [change for change in changes if change["kind"] == "rows"]
    assert [(row["target"], row["live"], row["own"]) for row in rows] == [("#club", True, True)] * 2
    said = [row for row in reader.rows("#club") if row["kind"] != "event"]
    assert [(row["kind"], row["nick"], row["text"]) for row in said] == [
        ("message", "ann", "hello"),
        ("action", "ann", "waves"),
    ]
    assert reader.target("#club")["unread"] == 0


def test_several_lines_are_one_message(reader: Reader) -> None:
    reader.says(
        "@+reply=abc BATCH +1 draft/multiline #club",
        "@batch=1 PRIVMSG #club :one",
        "@batch=1 PRIVMSG #club :",
        "@batch=1 PRIVMSG #club :th",
        "@batch=1;draft/multiline-concat PRIVMSG #club :ree",
        "BATCH -1",
    )
    said = [row for row in reader.rows("#club") if row["kind"] == "message"]
    assert [(row["text"], row["replyTo"]) for row in said] == [("one\n\nthree", "abc")]


def test_what_is_unread_and_what_is_for_me(reader: Reader, house: House) -> None:
    bob = house.client("bob")
    bob >> "JOIN #club"
    for text in ("hello", "Ann: there?", "annual", "\x02ann\x02!", "planner"):
        bob >> f"PRIVMSG #club :{text}"
    bob >> "PRIVMSG ann :psst" >> "NOTICE ann :by the way"
    changes = reader.take()
    mentions = [
        change["row"]["text"] for change in changes if change["kind"] == "rows" and change.get("mention")
    ]
    assert mentions == ["Ann: there?", "\x02ann\x02!", "psst"]
    club, talk = reader.target("#club"), reader.target("bob")
    assert (club["unread"], club["mentions"]) == (5, 2)
    assert (talk["unread"], talk["mentions"]) == (2, 1)
    assert {"kind": "channels"} in changes


def test_reactions_typing_and_deletion(reader: Reader, house: House) -> None:
    caps = "message-tags draft/message-redaction"
    bob = house.client("bob", caps=caps)
    bob >> "JOIN #club" >> "PRIVMSG #club :tea?"
    reader.take()
    msgid = reader.rows("#club")[-1]["id"]
    bob >> f"@+draft/react=👍;+draft/reply={msgid} TAGMSG #club"
    reader.says(
        f"@+draft/react=👍;+reply={msgid} TAGMSG #club", f"@+draft/react=🎉;+reply={msgid} TAGMSG #club"
    )
    assert reader.rows("#club")[-1]["reactions"] == {"👍": ["bob", "ann"], "🎉": ["ann"]}
    reader.says(f"@+draft/unreact=🎉;+reply={msgid} TAGMSG #club")
    assert reader.rows("#club")[-1]["reactions"] == {"👍": ["bob", "ann"]}
    bob >> "@+typing=active TAGMSG #club"
    assert reader.take() == [{"kind": "typing", "target": "#club"}]
    assert list(reader.target("#club")["typing"]) == ["bob"]
    bob >> "PRIVMSG #club :yes, tea"
    reader.take()
    assert reader.target("#club")["typing"] == {}
    assert reader.target("#club")["unread"] == 2
    bob >> f"REDACT #club {msgid} :wrong channel"
    [change] = [change for change in reader.take() if change["kind"] == "rows"]
    assert (change["first"], change["last"], change["live"]) == (msgid, msgid, False)
    [row] = [row for row in reader.rows("#club") if row["id"] == msgid]
    assert (row["text"], row["redacted"], row["reactions"]) == (
        "",
        {"by": "bob", "reason": "wrong channel"},
        {},
    )


def test_comings_and_goings_are_one_row(reader: Reader, house: House) -> None:
    bob, cyd = house.client("bob"), house.client("cyd")
    bob >> "JOIN #club"
    cyd >> "JOIN #club"
    bob >> "NICK rob" >> "PART #club :tea"
    reader.take()
    row = reader.rows("#club")[-1]
    assert [
        (event["type"], event["nick"], event["other"], event["text"]) for event in row["events"][-4:]
    ] == [
        ("join", "bob", "", ""),
        ("join", "cyd", "", ""),
        ("nick", "bob", "rob", ""),
        ("part", "rob", "", "tea"),
    ]
    cyd >> "PRIVMSG #club :hm" >> "QUIT :gone"
    reader.take()
    rows = reader.rows("#club")
    assert [row["kind"] for row in rows] == ["event", "message", "event"]
    assert rows[0]["version"] > 0 and rows[-1]["events"][0]["type"] == "quit"


def test_a_talk_keeps_its_nick(reader: Reader, house: House) -> None:
    bob = house.client("bob")
    bob >> "JOIN #club" >> "PRIVMSG ann :hi"
    reader.says("PRIVMSG bob :hello")
    bob >> "NICK rob"
    assert {"kind": "renamed", "from": "bob", "to": "rob"} in reader.take()
    assert reader.look()["targets"] == ["#club", "rob"]
    assert [row["text"] for row in reader.rows("rob")] == ["hi", "hello"]


def test_a_channel_is_renamed(reader: Reader) -> None:
    assert {"kind": "renamed", "from": "#club", "to": "#chess"} in reader.says(
        "RENAME #club #chess :new game"
    )
    assert reader.look()["targets"] == ["#chess"]
    assert reader.rows("#chess")[-1]["events"][0]["other"] == "#chess"


def test_who_is_put_out_keeps_what_was_said(reader: Reader, house: House) -> None:
    reader.says("MODE #club +P")
    bob = house.client("bob")
    bob >> "JOIN #club"
    reader.says("MODE #club +o bob")
    bob >> "KICK #club ann :out"
    reader.take()
    [channel] = reader.look()["channels"]
    assert (channel["joined"], channel["members"]) == (False, {})
    event = reader.rows("#club")[-1]["events"][-1]
    assert (event["type"], event["nick"], event["by"], event["text"]) == ("kick", "ann", "bob", "out")


def test_what_is_refused_and_what_the_server_says(reader: Reader) -> None:
    changes = reader.says("PRIVMSG nobody :hi", "WALLOPS :x", "REGISTER", "MODE")
    errors = [(change["code"], change["text"]) for change in changes if change["kind"] == "error"]
    assert errors[0] == ("401", "No such nick/channel")
    assert all(code and text for code, text in errors)


def test_answers_that_are_lists(reader: Reader, house: House) -> None:
    house.client("bob") >> "JOIN #other" >> "TOPIC #other :tea"
    [listed] = [change["list"] for change in reader.says("LIST") if change["kind"] == "list"]
    assert sorted((each["name"], each["members"], each["topic"]) for each in listed) == [
        ("#club", 1, ""),
        ("#other", 1, "tea"),
    ]
    [found] = [change["whois"] for change in reader.says("WHOIS bob") if change["kind"] == "whois"]
    assert (found["nick"], found["realname"], found["server"], found["channels"]) == (
        "bob", "Bob", "irc.test", ["@#other"],
    )  # fmt: skip
    changes = reader.says("MONITOR + bob,eve")
    people = reader.look()["people"]
    assert people["bob"]["online"] is True and people["eve"]["online"] is False
    assert {"kind": "people", "nick": "eve"} in changes


def test_an_invitation(reader: Reader, house: House) -> None:
    house.client("bob") >> "JOIN #other" >> "INVITE ann #other"
    assert {"kind": "invited", "target": "#other", "nick": "bob"} in reader.take()


def test_a_mode_of_several_lines_is_one_entry(reader: Reader) -> None:
    """Only the first of its lines has an id; they come with one time."""
    time = "time=2026-11-30T12:00:00.000Z"
    lines = [
        f"@{time};msgid=a1 :bob!b@h MODE #club +bb x!*@* y!*@*",
        f"@{time} :bob!b@h MODE #club +b z!*@*",
        f"@{time};msgid=a1 :bob!b@h MODE #club +bb x!*@* y!*@*",
    ]
    count = "() => model.state.target('#club').past.entries.length"
    before = reader.page.evaluate(count)
    reader.page.evaluate("(lines) => model.take(lines, 0)", lines)
    assert reader.page.evaluate(count) == before + 1
    events = [event["other"] for row in reader.rows("#club") for event in row["events"]]
    assert events[-2:] == ["+bb x!*@* y!*@*", "+b z!*@*"]


def test_servers_that_part_and_meet(page: Page) -> None:
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    reader = Reader(page, mesh["a"])
    bob, cyd = mesh["b"].client("bob"), mesh["b"].client("cyd")
    reader.says("JOIN #club")
    mesh.settle()
    bob >> "JOIN #club"
    cyd >> "JOIN #club"
    mesh.settle()
    reader.take()
    mesh.cut("a", "b")
    mesh.advance(200)
    changes = reader.take()
    splits = [row for row in reader.rows("#club") if row["kind"] == "split"]
    assert [(row["split"]["near"], row["split"]["far"], sorted(row["split"]["gone"])) for row in splits] == [
        ("a.test", "b.test", ["bob", "cyd"])
    ]
    assert sum(change["kind"] == "rows" for change in changes) == 1
    assert reader.look()["channels"][0]["members"] == {"ann": "@"}
    mesh.link("a", "b")
    mesh.settle()
    reader.take()
    [row] = [row for row in reader.rows("#club") if row["kind"] == "split"]
    assert sorted(row["split"]["back"]) == ["bob", "cyd"] and row["split"]["backAt"] > 0
    assert set(reader.look()["channels"][0]["members"]) == {"ann", "bob", "cyd"}


def test_labelled_answers_change_what_is_known(reader: Reader) -> None:
    reader.says("@label=1 JOIN #other", "@label=2 TOPIC #other :tea")
    [other] = [channel for channel in reader.look()["channels"] if channel["name"] == "#other"]
    assert (other["topic"], other["topicBy"]) == ("tea", "ann")
