"""Messages by programs: what they say is said in IRC, and what is refused is told as a problem."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote

import pytest
from archive import Archive
from asking import Answered, Desk, Program, token
from clubs import FullClub, new_store
from conversation import Client, House
from hypothesis import given
from hypothesis import strategies as st
from slow_store import Slow

from chatnet.storage.messages.interfaces import MessageStore

TAGS = "message-tags server-time batch draft/multiline echo-message"


@pytest.fixture
def desk() -> Desk:
    return Desk(House(token=[token("bot"), token("other"), token("all", "all")]))


@pytest.fixture
def bot(desk: Desk) -> Program:
    return desk.program("bot")


@pytest.fixture
def ann(desk: Desk) -> Client:
    ann = desk.house.client("ann", caps=TAGS)
    ann >> "JOIN #club"
    ann.lines()
    return ann


def said(client: Client) -> list[str]:
    """What a client reads, without tags, but for who comes in."""
    lines = [line.partition(" ")[2] if line[:1] == "@" else line for line in client.lines()]
    return [line for line in lines if " JOIN " not in line and " MODE " not in line]


def test_what_a_program_says_is_said(desk: Desk, bot: Program, ann: Client) -> None:
    answered = bot.posts("/channels/club/messages", text="hi")
    assert answered.status == 201
    found = answered.json
    assert found["target"] == "#club"
    assert found["text"] == "hi"
    assert found["kind"] == "message"
    assert found["from"] == {"nick": "bot", "user": "bot", "host": "api.irc.test", "bot": True}
    assert found["reply_to"] is None
    ann << "@* :bot!bot@api.irc.test JOIN #club"
    ann << f"@time={found['time']};bot;msgid={found['id']} :bot!bot@api.irc.test PRIVMSG #club :hi"
    assert found["cursor"].endswith(f"-{found['id']}")
    desk.house.check()


def test_a_channel_goes_by_its_name_with_and_without_its_sign(bot: Program, ann: Client) -> None:
    for path in ("club", "%23club", "CLUB"):
        assert bot.posts(f"/channels/{path}/messages", text="x").json["target"] == "#club"
    assert said(ann) == [":bot!bot@api.irc.test PRIVMSG #club :x"] * 3


def test_notices_replies_and_tags(bot: Program, ann: Client) -> None:
    answered = bot.posts(
        "/channels/club/messages", text="yes", notice=True, reply_to="abc", tags={"+example.org/x": "a b;c"}
    )
    found = answered.json
    assert (found["kind"], found["reply_to"]) == ("notice", "abc")
    assert found["tags"] == {"+reply": "abc", "+example.org/x": "a b;c"}
    line = ann.until("* NOTICE #club :yes")
    assert "+reply=abc" in line
    assert r"+example.org/x=a\sb\:c" in line


def test_lines_are_one_message(bot: Program, ann: Client) -> None:
    found = bot.posts("/channels/club/messages", text="one\r\n\ntwo\nthree\n").json
    assert found["text"] == "one\n\ntwo\nthree"
    ann.until("* JOIN #club")
    ann << f"@time=*;bot;msgid={found['id']} :bot!* BATCH +* draft/multiline #club"
    for text in ("one", "", "two", "three"):
        ann << f"@batch=* :bot!* PRIVMSG #club :{text}"
    ann << "@* :bot!* BATCH -*"
    ann.silent()


def test_a_long_line_stays_one_line_for_who_knows_how(bot: Program, ann: Client) -> None:
    text = "wörter " * 150
    assert bot.posts("/channels/club/messages", text=text).json["text"] == text
    ann.until("* BATCH +*")
    lines = [line for line in ann.lines() if " PRIVMSG " in line]
    assert len(lines) > 2
    assert all("draft/multiline-concat" in line for line in lines[1:])
    assert "".join(line.split(" :", 2)[2] for line in lines) == text
    assert all(len(line.partition(" ")[2].encode()) <= 510 for line in lines)


def test_what_somebody_says_to_one_person(bot: Program, desk: Desk, ann: Client) -> None:
    found = bot.posts("/users/ann/messages", text="psst").json
    assert found["target"] == "ann"
    ann << "@* :bot!bot@api.irc.test PRIVMSG ann :psst"
    assert bot.posts("/users/nobody/messages", text="x").kind == "no-such-user"


def test_an_action_is_told_as_one(bot: Program, ann: Client) -> None:
    found = bot.posts("/channels/club/messages", text="\x01ACTION waves\x01").json
    assert (found["kind"], found["text"]) == ("action", "waves")


def test_who_is_not_in_the_channel_and_does_not_join(desk: Desk, bot: Program, ann: Client) -> None:
    answered = bot.posts("/channels/club/messages", text="hi", join=False)
    assert answered.status == 403
    assert answered.json == {
        "type": "/api/v1/problems/cannot-send",
        "title": "Cannot send",
        "status": 403,
        "detail": "Cannot send to channel (+n: join it first)",
        "numeric": "404",
        "command": "PRIVMSG",
        "params": ["#club"],
    }
    ann.silent()


def test_a_talk_with_oneself(bot: Program) -> None:
    assert bot.posts("/users/bot/messages", text="note").status in (201, 202)


def test_what_is_too_long_for_a_line_is_told_at_once(desk: Desk) -> None:
    bot = desk.program("bot")
    for tags in ({"+a": "x" * 4100}, {"+a": "x" * 9000}, {f"+a{number}": "x" * 99 for number in range(50)}):
        for text in ("hi", "hi\nho"):
            assert bot.posts("/channels/club/messages", text=text, tags=tags).kind == "invalid"
    answered = desk.program("bot").posts("/users/bob/messages", text="hi", tags={"+a": "x"})
    assert answered.kind == "no-such-user"


def test_services_do_what_they_are_told_only_for_who_may_give_commands(desk: Desk) -> None:
    house = Archive(token=[token("bot"), token("all", "all")])
    desk = Desk(house)
    assert desk.program("bot").posts("/users/NickServ/messages", text="HELP").kind == "scope"
    assert desk.program("bot").posts("/users/nickserv/messages", text="HELP").kind == "scope"
    assert desk.program("all").posts("/users/NickServ/messages", text="HELP").status == 201


@pytest.mark.parametrize("text", ["a\rb", "a\0b", "\0", "QUIT\rQUIT", "\ud800"])
def test_nothing_is_pasted_into_a_line(desk: Desk, bot: Program, ann: Client, text: str) -> None:
    answered = bot.asks("POST", "/channels/club/messages", {"text": text})
    assert answered.kind in ("invalid", "not-json")
    assert said(ann) == []


@pytest.mark.parametrize("text", ["", "\n", "  \n ", "\r\n\r\n"])
def test_nothing_is_no_message(bot: Program, ann: Client, text: str) -> None:
    assert bot.posts("/channels/club/messages", text=text).kind == "invalid"
    assert said(ann) == []


@pytest.mark.parametrize(
    "name", ["a,b", "#club,#other", "a b", "a\rQUIT", "a\nQUIT", "a\0b", " ", "x" * 60, "a\x07b"]
)
def test_a_channel_has_the_name_of_one(desk: Desk, bot: Program, ann: Client, name: str) -> None:
    for path in (quote(name, safe=""), quote(f"#{name}", safe="")):
        answered = bot.posts(f"/channels/{path}/messages", text="hi")
        assert answered.kind == "no-such-channel"
    assert "bot" not in {user.nick for user in desk.house.node.network.users.values()}
    assert said(ann) == []


@pytest.mark.parametrize(
    "name", ["#club", "@#club", "$$*", "$*", "ann,bot", "a b", "ann\rQUIT", "ann@irc.test"]
)
def test_a_user_has_the_nick_of_one(bot: Program, ann: Client, name: str) -> None:
    assert bot.posts(f"/users/{quote(name, safe='')}/messages", text="hi").kind == "no-such-user"
    assert said(ann) == []


@given(st.text(min_size=1, max_size=30), st.text(max_size=60), st.sampled_from(["channels", "users"]))
def test_whatever_comes_is_one_command_or_none(name: str, text: str, kind: str) -> None:
    desk = Desk(House(token=[token("bot")]))
    ann = desk.house.client("ann")
    ann >> "JOIN #club"
    ann.lines()
    bot = desk.program("bot")
    body = {"text": text, "reply_to": name, "tags": {f"+{name}": text}}
    bot.asks("POST", f"/{kind}/{quote(name, safe='', errors='replace')}/messages", body)
    bot.asks("POST", "/channels/club/messages", {"text": text})
    for line in ann.lines():
        assert line.split(" ")[1] in ("JOIN", "PRIVMSG"), line
    desk.house.check()


# looking back


@pytest.fixture
def archive() -> Desk:
    return Desk(
        Archive(
            token=[token("bot"), token("other"), token("ci", "read,send:#ci")],
            history={"durable_echo": False},
        )
    )


def fill(desk: Desk, number: int, channel: str = "#club") -> list[str]:
    """So many messages in a channel, one a second; their ids."""
    bot = desk.program("bot")
    ids = []
    for count in range(number):
        ids.append(bot.posts(f"/channels/{channel[1:]}/messages", text=f"line {count}").json["id"])
        desk.house.clock.advance(1)
    return ids


def test_pages_lead_on_to_the_beginning_and_to_the_end(archive: Desk) -> None:
    ids = fill(archive, 7)
    bot = archive.program("bot")
    found: list[str] = []
    path, query = "/channels/club/messages", {"limit": "3"}
    for _ in range(5):
        answered = bot.gets(path, **query)
        page = answered.json
        assert page["complete"] is True
        found = [each["id"] for each in page["items"]] + found
        if "link" not in answered.headers:
            break
        assert answered.headers["link"].startswith("</api/v1/channels/club/messages?limit=3&before=")
        query["before"] = page["items"][0]["cursor"]
    assert found == ids
    first = bot.gets(path, limit=3).json["items"][0]
    answered = bot.gets(path, after=first["cursor"], limit=2)
    assert [each["id"] for each in answered.json["items"]] == ids[-2:]
    assert [each["text"] for each in bot.gets(path, around=first["cursor"], limit=3).json["items"]] == [
        "line 3", "line 4", "line 5",
    ]  # fmt: skip
    assert [each["id"] for each in bot.gets(path, before=first["time"]).json["items"]] == ids[:4]


def test_a_cursor_of_a_message_that_is_gone_still_tells_the_time(archive: Desk) -> None:
    ids = fill(archive, 3)
    bot = archive.program("bot")
    second = bot.gets(f"/channels/club/messages/{ids[1]}").json
    gone = f"{second['cursor'].partition('-')[0]}-0CNAAAAAA0000000"
    items = bot.gets("/channels/club/messages", before=gone).json["items"]
    assert [each["id"] for each in items] == ids[:1]


def test_one_message(archive: Desk) -> None:
    ids = fill(archive, 2)
    bot = archive.program("bot")
    found = bot.gets(f"/channels/club/messages/{ids[0]}")
    assert (found.status, found.json["text"]) == (200, "line 0")
    assert bot.gets("/channels/club/messages/nothing").kind == "no-such-message"
    assert bot.gets("/channels/club/messages/a%20b").kind == "no-such-message"


def test_what_was_said_is_for_who_is_in_the_channel(archive: Desk) -> None:
    fill(archive, 1)
    assert archive.program("other").gets("/channels/club/messages").kind == "no-such-channel"
    assert archive.program("other").gets("/channels/nothing/messages").kind == "no-such-channel"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"before": "yesterday"}, "before"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"befor": "x"}, "befor"),
    ],
)
def test_a_page_that_makes_no_sense(archive: Desk, query: dict[str, str], pointer: str) -> None:
    fill(archive, 1)
    answered = archive.program("bot").gets("/channels/club/messages", **query)
    assert answered.kind == "invalid"
    assert [each["pointer"] for each in answered.json["errors"]] == [pointer]


def test_two_ways_at_once(archive: Desk) -> None:
    time = "2026-11-29T12:00:00.000Z"
    answered = archive.program("bot").gets("/channels/club/messages", before=time, after=time)
    assert answered.kind == "invalid"


def test_nothing_is_stored_here(bot: Program, ann: Client) -> None:
    for path in ("/channels/club/messages", "/users/ann/messages", "/search"):
        assert bot.gets(path).kind == "not-here"
    assert bot.puts("/marks/%23club", time="2026-11-29T12:00:00.000Z").kind == "not-here"


def test_deleting(archive: Desk) -> None:
    ids = fill(archive, 2)
    bot, other = archive.program("bot"), archive.program("other")
    ann = archive.house.client("ann", caps=f"{TAGS} draft/message-redaction")
    ann >> "JOIN #club"
    ann.lines()
    assert other.deletes(f"/channels/club/messages/{ids[0]}").status in (403, 404)
    answered = bot.deletes(f"/channels/club/messages/{ids[0]}", reason="oops")
    assert (answered.status, answered.body) == (204, b"")
    ann.until(f"* REDACT #club {ids[0]} :oops")
    assert [each["id"] for each in bot.gets("/channels/club/messages").json["items"]] == ids[1:]
    assert bot.deletes(f"/channels/club/messages/{ids[0]}").kind == "no-such-message"
    assert bot.gets(f"/channels/club/messages/{ids[0]}").kind == "no-such-message"


def test_reactions(archive: Desk) -> None:
    (msgid,) = fill(archive, 1)
    ann = archive.house.client("ann", caps=TAGS)
    ann >> "JOIN #club"
    ann.lines()
    path = f"/channels/club/messages/{msgid}/reactions/{quote('👍')}"
    assert archive.program("bot").puts(path).status == 204
    line = ann.until("* TAGMSG #club")
    assert f"+reply={msgid};+draft/react=👍" in line
    assert archive.program("bot").deletes(path).status == 204
    assert f"+reply={msgid};+draft/unreact=👍" in ann.until("* TAGMSG #club")


def test_searching(archive: Desk) -> None:
    bot, other = archive.program("bot"), archive.program("other")
    bot.posts("/channels/club/messages", text="hot tea for all")
    bot.posts("/channels/ops/messages", text="cold tea")
    found = bot.gets("/search", q="tea").json
    assert [each["text"] for each in found["items"]] == ["hot tea for all", "cold tea"]
    found = bot.gets("/search", q='"hot tea"', in_="#club").json
    assert [each["target"] for each in found["items"]] == ["#club"]
    assert other.gets("/search", q="tea").json["items"] == []
    assert bot.gets("/search", q="tea", after="yesterday").kind == "invalid"
    assert archive.program("ci").gets("/search", q="tea").kind == "channel"
    assert archive.program("ci").gets("/search", q="tea", in_="#club").kind == "channel"


def durable() -> tuple[Desk, Slow]:
    slow = Slow()
    house = FullClub(
        new_store("0CN"),
        messages=cast(MessageStore, slow),
        token=[token("bot")],
        history={"durable_echo": True, "durable_interval": 0.01, "echo_timeout": 5},
    )
    return Desk(house), slow


def test_what_is_said_is_stored_when_it_is_answered() -> None:
    desk, slow = durable()
    bot = desk.program("bot")
    bot.puts("/channels/club/membership")
    desk.house.clock.advance(1)
    slow.write()
    found = desk.begin(bot.made("POST", "/channels/club/messages", {"text": "hi"}))
    desk.house.clock.advance(0.01)
    desk.house.settle()
    assert found == []
    slow.write()
    desk.house.settle()
    (answered,) = found
    assert isinstance(answered, Answered)
    assert answered.status == 201


@pytest.mark.parametrize("text", ["hi", "several\nlines"])
def test_what_is_not_stored_is_told(text: str) -> None:
    desk, slow = durable()
    bot = desk.program("bot")
    bot.puts("/channels/club/membership")
    desk.house.clock.advance(1)
    slow.write()
    found = desk.begin(bot.made("POST", "/channels/club/messages", {"text": text}))
    desk.house.clock.advance(6)
    desk.house.settle()
    (answered,) = found
    assert isinstance(answered, Answered)
    assert (answered.kind, answered.json["numeric"]) == ("unavailable", "MESSAGE_NOT_STORED")


def test_an_operator_deletes_what_others_say(archive: Desk) -> None:
    ann = archive.house.client("ann", caps=TAGS)
    ann >> "JOIN #club" >> "PRIVMSG #club :advert"
    msgid = next(
        tag.removeprefix("msgid=") for line in ann.lines() if "advert" in line
        for tag in line[1:].split(" ")[0].split(";") if tag.startswith("msgid=")
    )  # fmt: skip
    bot = archive.program("bot")
    bot.puts("/channels/club/membership")
    assert bot.deletes(f"/channels/club/messages/{msgid}").status in (403, 404)
    ann >> "MODE #club +o bot"
    assert bot.deletes(f"/channels/club/messages/{msgid}").status == 204
