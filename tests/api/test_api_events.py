"""Streams: what happens is told once, in order, with all that was missed before."""

from __future__ import annotations

from typing import Any

import pytest
from asking import Desk, Program, Study, token
from conversation import Client, House
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs
from sitting import Houses

from chatnet.api.events import read_cursor
from chatnet.api.reading import Heard, Reader, lines_of
from chatnet.api.told import event


@pytest.fixture
def desk() -> Desk:
    return Desk(House(token=[token("bot", "all"), token("other", "all")]))


@pytest.fixture
def bot(desk: Desk) -> Program:
    return desk.program("bot")


@pytest.fixture
def ann(desk: Desk) -> Client:
    ann = desk.house.client("ann", caps="message-tags batch draft/multiline draft/message-redaction")
    ann >> "JOIN #club"
    ann.lines()
    return ann


def test_what_happens_in_a_channel(desk: Desk, bot: Program, ann: Client) -> None:
    reader = bot.listens(channels="club")
    reader.events()
    (
        ann
        >> "PRIVMSG #club :hello"
        >> "TOPIC #club :Tea"
        >> "MODE #club +m"
        >> "PRIVMSG #club :\x01ACTION waves\x01"
    )
    ann >> "NICK anne" >> "AWAY :gone" >> "KICK #club bot :out"
    found = reader.events()
    assert [each["type"] for each in found] == [
        "message", "topic", "mode", "message", "nick", "away", "kicked",
    ]  # fmt: skip
    first, topic, mode, action, nick, away, kicked = found
    assert (first["text"], first["target"], first["from"]["nick"]) == ("hello", "#club", "ann")
    assert (topic["topic"], topic["target"]) == ("Tea", "#club")
    assert (mode["modes"], mode["params"]) == ("+m", [])
    assert (action["kind"], action["text"]) == ("action", "waves")
    assert (nick["nick"], nick["from"]["nick"]) == ("anne", "ann")
    assert away["reason"] == "gone"
    assert (kicked["nick"], kicked["reason"], kicked["from"]["nick"]) == ("bot", "out", "anne")
    assert all(each["time"] for each in found)
    desk.house.check()


def test_who_comes_and_goes(desk: Desk, bot: Program, ann: Client) -> None:
    reader = bot.listens(channels="club")
    reader.events()
    bob = desk.house.client("bob")
    bob >> "JOIN #club" >> "PART #club :bye" >> "JOIN #club" >> "QUIT :home"
    found = reader.events()
    assert [each["type"] for each in found] == ["joined", "parted", "joined", "quit"]
    assert (found[0]["target"], found[0]["realname"], found[0]["account"]) == ("#club", "Bob", None)
    assert found[1]["reason"] == "bye"
    assert found[3]["reason"] == "Quit: home"


def test_messages_of_several_lines_reactions_typing_and_invitations(bot: Program, ann: Client) -> None:
    bot.puts("/channels/club/membership")
    reader = bot.listens()
    ann >> "BATCH +1 draft/multiline #club" >> "@batch=1 PRIVMSG #club :one" >> "@batch=1 PRIVMSG #club :two"
    ann >> "BATCH -1" >> "@+reply=abc;+draft/react=x TAGMSG #club" >> "@+typing=active TAGMSG #club"
    ann >> "JOIN #den" >> "INVITE bot #den" >> "@+other=1 TAGMSG #club"
    found = reader.events()
    assert [each["type"] for each in found] == ["message", "reaction", "typing", "invited", "line"]
    assert found[0]["text"] == "one\ntwo"
    assert (found[1]["reply_to"], found[1]["emoji"], found[1]["removed"]) == ("abc", "x", False)
    assert found[2]["state"] == "active"
    assert found[3]["target"] == "#den"
    assert found[4]["command"] == "TAGMSG"


def test_private_messages_are_for_who_listens_to_all(bot: Program, ann: Client) -> None:
    some, everything = bot.listens(channels="club"), bot.listens()
    some.events()
    everything.events()
    ann >> "PRIVMSG bot :psst" >> "PRIVMSG #club :hello"
    assert [each["text"] for each in some.events()] == ["hello"]
    assert [each["text"] for each in everything.events()] == ["psst", "hello"]


def test_ones_own_are_told_as_well_and_answers_are_not(bot: Program, ann: Client) -> None:
    reader = bot.listens(channels="club")
    reader.events()
    said = bot.posts("/channels/club/messages", text="mine").json
    bot.gets("/channels/club")
    bot.gets("/channels/club/members")
    (found,) = reader.events()
    assert found == said


def test_types_and_mistakes(bot: Program, ann: Client) -> None:
    reader = bot.listens(channels="club", types="message,topic")
    ann >> "MODE #club +m" >> "TOPIC #club :Tea" >> "PRIVMSG #club :x"
    assert reader.types() == ["topic", "message"]
    assert bot.gets("/events", types="message,flying").kind == "invalid"
    assert bot.gets("/events", channels="a b").kind == "no-such-channel"
    assert bot.gets("/events", channels=",".join("abcdefghij" * 6)).kind == "invalid"
    for last in ("x", "1", "-", "12-", "a-b"):
        assert bot.asks("GET", "/events", headers={"last-event-id": last}).kind == "invalid"


def test_a_limited_token_hears_of_nothing_else(desk: Desk) -> None:
    desk = Desk(House(token=[token("ci", "read,events,send:#ci"), token("bot", "all")]))
    ann = desk.house.client("ann")
    ann >> "JOIN #ci" >> "JOIN #club"
    reader = desk.program("ci").listens()
    reader.events()
    (
        ann
        >> "INVITE ci #club"
        >> "PRIVMSG ci :psst"
        >> "PRIVMSG #ci :x"
        >> "NICK anne"
        >> "AWAY :gone"
        >> "QUIT"
    )
    assert reader.types() == ["message"]


def test_the_same_is_told_to_all_streams_and_they_end_one_by_one(
    desk: Desk, bot: Program, ann: Client
) -> None:
    one, two = bot.listens(channels="club"), bot.listens(channels="club")
    one.events()
    two.events()
    ann >> "PRIVMSG #club :x"
    assert one.data == two.data
    one.stream.stop()
    ann >> "PRIVMSG #club :y"
    assert len(two.events()) == 2
    assert one.types() == ["message", "closing"]
    two.stream.stop()
    assert len(desk.api.parts.streams) == 0
    desk.house.clock.advance(700)
    assert desk.house.node.network.user("bot") is None


def test_a_stream_is_use_of_its_user(desk: Desk, bot: Program, ann: Client) -> None:
    reader = bot.listens(channels="club")
    desk.house.clock.advance(5000)
    assert desk.house.node.network.user("bot") is not None
    assert reader.events() is not None
    assert reader.signs == 251
    reader.stream.stop()
    desk.house.clock.advance(620)
    assert desk.house.node.network.user("bot") is None


def test_too_many_streams() -> None:
    desk = Desk(House(token=[token("bot"), token("other")], api={"streams": 3, "streams_per_token": 2}))
    bot, other = desk.program("bot"), desk.program("other")
    readers = [bot.listens(), bot.listens()]
    answered = bot.gets("/events")
    assert (answered.kind, answered.headers["retry-after"]) == ("too-many", "60")
    other.listens()
    assert other.gets("/events").kind == "unavailable"
    readers[0].stream.stop()
    readers[0].stream.stop()
    bot.listens()
    assert len(desk.api.parts.streams) == 3


def test_who_reads_too_slowly() -> None:
    desk = Desk(House(token=[token("bot")], api={"stream_queue": 100_000}))
    bot, ann = desk.program("bot"), desk.house.client("ann")
    ann >> "JOIN #club"
    reader, other = bot.listens(channels="club"), bot.listens(channels="club")
    reader.slow = True
    for number in range(500):
        ann >> f"PRIVMSG #club :{'x' * 300} {number}"
    assert reader.ended
    assert reader.types()[-1] == "closing"
    assert not other.ended
    assert len(other.events()) >= 500
    assert reader.waiting < 200_000


def test_who_reads_nothing_is_seen_when_nothing_happens() -> None:
    desk = Desk(House(token=[token("bot")], api={"stream_queue": 4096}))
    reader = desk.program("bot").listens()
    reader.waiting = 5000
    desk.house.clock.advance(21)
    assert reader.ended


def test_tickets(desk: Desk, bot: Program) -> None:
    found = bot.posts("/tickets").json
    assert found["seconds"] == 60
    nobody = Program(desk)
    assert nobody.gets("/events", ticket=found["ticket"]).status == 200
    assert nobody.gets("/events", ticket=found["ticket"]).kind == "unauthenticated"
    assert nobody.gets("/events", ticket="x").kind == "unauthenticated"
    late = bot.posts("/tickets").json["ticket"]
    desk.house.clock.advance(61)
    assert nobody.gets("/events", ticket=late).kind == "unauthenticated"
    other = bot.posts("/tickets").json["ticket"]
    assert nobody.gets("/channels", ticket=other).kind == "unauthenticated"


def test_a_split_and_its_end_are_one_event_each() -> None:
    houses = Houses("a", "b", sections_of={"a": {"token": [token("bot", "all")]}})
    desk = Desk(houses["a"], houses.settle)
    reader = desk.program("bot").listens(channels="c")
    reader.events()
    houses.cut("a", "b")
    houses.advance(1.0)
    found = reader.events()
    assert [(each["type"], each["nicks"]) for each in found] == [("split", ["bob"])]
    assert sorted(found[0]["servers"]) == ["a.test", "b.test"]
    houses.link("a", "b")
    houses.settle()
    houses.advance(2.0)
    found = [each for each in reader.events() if each["type"] != "mode"]
    assert [(each["type"], each["nicks"]) for each in found] == [("rejoined", ["bob"])]
    assert found[0]["channels"] == ["#c"]


# coming back


@pytest.fixture
def archive() -> Desk:
    return Desk(
        Study(
            token=[token("bot", "all"), token("other", "all")],
            history={"durable_echo": False, "page": 20},
            api={"replay": 50, "burst": 1000},
        )
    )


def say(desk: Desk, number: int, first: int = 0, channel: str = "club") -> list[str]:
    other = desk.program("other")
    ids = []
    for count in range(first, first + number):
        ids.append(other.posts(f"/channels/{channel}/messages", text=f"line {count}").json["id"])
        desk.house.clock.advance(1)
    return ids


def back(program: Program, cursor: str, **query: Any) -> list[dict[str, Any]]:
    return program.listens(headers={"last-event-id": cursor}, **query).events()


def test_what_was_missed_comes_first(archive: Desk) -> None:
    bot = archive.program("bot")
    reader = bot.listens(channels="club")
    ids = say(archive, 2)
    last = reader.events()[-1]["cursor"]
    reader.stream.stop()
    ids += say(archive, 3, 2)
    found = back(bot, last, channels="club")
    assert [each["type"] for each in found] == ["message"] * 3 + ["resumed"]
    assert [each["id"] for each in found[:-1]] == ids[2:]


def test_what_happens_meanwhile_comes_behind_and_once(archive: Desk) -> None:
    bot = archive.program("bot")
    reader = bot.listens(channels="club")
    say(archive, 1)
    last = reader.events()[-1]["cursor"]
    say(archive, 2, 1)
    again = bot.listens(headers={"last-event-id": last}, channels="club")
    say(archive, 2, 3)
    found = again.events()
    assert [each.get("text", each["type"]) for each in found] == [
        "line 1", "line 2", "resumed", "line 3", "line 4",
    ]  # fmt: skip


def test_more_was_missed_than_is_told(archive: Desk) -> None:
    bot = archive.program("bot")
    reader = bot.listens(channels="club")
    ids = say(archive, 1)
    last = reader.events()[-1]
    ids += say(archive, 70, 1)
    found = back(bot, last["cursor"], channels="club")
    gap, *messages, resumed = found
    assert (gap["type"], resumed["type"]) == ("gap", "resumed")
    assert [each["id"] for each in messages] == ids[-50:]
    assert (gap["target"], gap["since"], gap["until"]) == ("#club", last["time"], messages[0]["time"])


def test_all_channels_and_talks(archive: Desk) -> None:
    bot, other = archive.program("bot"), archive.program("other")
    bot.puts("/channels/club/membership")
    bot.puts("/channels/den/membership")
    (first,) = say(archive, 1)
    cursor = bot.gets("/channels/club/messages").json["items"][-1]["cursor"]
    say(archive, 1, 1)
    say(archive, 1, 2, "den")
    other.posts("/users/bot/messages", text="psst")
    archive.house.clock.advance(1)
    texts = {each.get("text", each["type"]) for each in back(bot, cursor)}
    assert {"line 1", "line 2", "resumed"} <= texts
    assert first is not None


def test_nothing_is_stored_so_there_is_a_gap(desk: Desk, bot: Program, ann: Client) -> None:
    found = back(bot, "1700000000000-abc", channels="club")
    assert [each["type"] for each in found if each["type"] != "joined"] == ["gap", "resumed"]


def test_types_hold_for_what_was_missed(archive: Desk) -> None:
    bot = archive.program("bot")
    reader = bot.listens(channels="club")
    say(archive, 1)
    last = reader.events()[-1]["cursor"]
    say(archive, 1, 1)
    assert [each["type"] for each in back(bot, last, channels="club", types="joined")] == ["resumed"]


@given(st.text(max_size=80))
def test_any_last_event_id(text: str) -> None:
    cursor = read_cursor(text)
    if cursor is not None:
        assert f"{cursor.ms}-{cursor.msgid}" == text or text.startswith("0")


@pytest.fixture(scope="module")
def told() -> tuple[Desk, list[str], list[str]]:
    """A channel in which something was said, the ids of that, and its cursors."""
    settings = {"replay": 50, "burst": 100_000}
    desk = Desk(Study(token=[token("bot", "all"), token("other", "all")], api=settings))
    reader = desk.program("bot").listens(channels="club")
    ids = say(desk, 8)
    cursors = [each["cursor"] for each in reader.events() if each["type"] == "message"]
    reader.stream.stop()
    assert len(ids) == len(cursors)
    return desk, ids, cursors


@settings(max_examples=runs(60, 5000), deadline=None)
@given(st.data())
def test_whatever_was_read_last_nothing_comes_twice_or_is_left_out(
    told: tuple[Desk, list[str], list[str]], data: st.DataObject
) -> None:
    desk, ids, cursors = told
    number = data.draw(st.integers(0, len(ids) - 1))
    ms, _, msgid = cursors[number].partition("-")
    last = data.draw(
        st.one_of(
            st.just(cursors[number]),
            st.builds(
                lambda more, id_: f"{int(ms) + more}-{id_}", st.integers(-9999, 9999), st.sampled_from(ids)
            ),
            st.builds(
                lambda at, id_: f"{at}-{id_}", st.integers(0, 10**24), st.sampled_from([msgid, "x", "\0"])
            ),
            st.text(min_size=1, max_size=60),
        )
    )
    bot = desk.program("bot")
    answered = bot.asks("GET", "/events", headers={"last-event-id": last}, channels="club")
    if answered.status != 200:
        assert answered.kind == "invalid"
        return
    assert not isinstance(answered.body, bytes)
    answered.body.stop()
    reader = bot.listens(headers={"last-event-id": last}, channels="club")
    found = reader.events()
    reader.stream.stop()
    assert found[-1]["type"] == "resumed" and not desk.house.log.failures
    heard = [each["id"] for each in found if each["type"] == "message"]
    assert heard == ids[len(ids) - len(heard) :]
    if last == cursors[number]:
        assert heard == ids[number + 1 :]


# reading lines


@given(st.lists(st.binary(max_size=60), max_size=20), st.booleans())
def test_any_bytes_are_read(lines: list[bytes], everything: bool) -> None:
    heard: list[Heard] = []
    reader = Reader(heard.append)
    reader.feed(
        b"\r\n".join(line.replace(b"\r", b"").replace(b"\n", b"") for line in lines) + b"\r\n", everything
    )
    for each in heard:
        event(each)
        list(lines_of(each))


def test_batches_within_batches() -> None:
    heard: list[Heard] = []
    Reader(heard.append).feed(
        b"@label=1 :s BATCH +a labeled-response\r\n"
        b"@batch=a :s BATCH +b chathistory #c\r\n"
        b"@batch=b;msgid=x :n!u@h BATCH +c draft/multiline #c\r\n"
        b"@batch=c :n!u@h PRIVMSG #c :one\r\n"
        b"@batch=c;draft/multiline-concat :n!u@h PRIVMSG #c :two\r\n"
        b"@batch=b :n!u@h BATCH -c\r\n"
        b"@batch=a :s BATCH -b\r\n"
        b":s BATCH -a\r\n",
        True,
    )
    (answer,) = heard
    (history,) = lines_of(answer)
    assert history.kind == "chathistory"
    found = event((history.inner or [])[0])
    assert found is not None
    assert (found["text"], found["id"], found["target"]) == ("onetwo", "x", "#c")
    assert event(history) is None
