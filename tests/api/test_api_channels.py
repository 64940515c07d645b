"""Channels, people and marks by programs."""

from __future__ import annotations

import pytest
from archive import Archive
from asking import Desk, Program, token
from conversation import Client, House


@pytest.fixture
def desk() -> Desk:
    return Desk(House(token=[token("bot", "all"), token("other", "all")]))


@pytest.fixture
def bot(desk: Desk) -> Program:
    return desk.program("bot")


@pytest.fixture
def ann(desk: Desk) -> Client:
    ann = desk.house.client("ann")
    ann >> "JOIN #club" >> "TOPIC #club :Tea at five" >> "MODE #club +k key"
    ann.lines()
    return ann


def test_a_channel(bot: Program, ann: Client) -> None:
    found = bot.gets("/channels/club").json
    assert found == {
        "name": "#club",
        "topic": "Tea at five",
        "topic_by": "ann!~ann@192.0.2.1",
        "topic_at": "2023-11-14T22:13:20.000Z",
        "modes": found["modes"],
        "members": 1,
        "created_at": "2023-11-14T22:13:20.000Z",
        "registered": False,
    }
    assert "k" in found["modes"]
    assert "key" not in found["modes"]


def test_a_secret_channel_is_none(bot: Program, ann: Client) -> None:
    ann >> "MODE #club +s"
    assert bot.gets("/channels/club").kind == "no-such-channel"
    assert bot.gets("/channels").json["items"] == []
    for path in ("", "/members", "/values"):
        # As of one that there is none, and not as it is written there.
        here, none = (bot.gets(f"/channels/{name}{path}") for name in ("CLUB", "NONE"))
        assert here.status == none.status == 404, path
        assert str(here.json) == str(none.json).replace("NONE", "CLUB")
    bot.puts("/channels/club/membership", key="key")
    assert bot.gets("/channels/club").json["members"] == 2


def test_pages_of_channels(desk: Desk, bot: Program, ann: Client) -> None:
    for name in ("#b", "#A", "#c", "#clubs"):
        ann >> f"JOIN {name}"
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        answered = bot.gets("/channels", limit=2, **after)
        page = [each["name"] for each in answered.json["items"]]
        found += page
        if "link" not in answered.headers:
            break
        assert answered.headers["link"].startswith("</api/v1/channels?limit=2&after=%23")
        after = {"after": page[-1]}
    assert found == ["#A", "#b", "#c", "#club", "#clubs"]
    assert [each["name"] for each in bot.gets("/channels", q="club").json["items"]] == ["#club", "#clubs"]
    assert [each["name"] for each in bot.gets("/channels", q="#?").json["items"]] == ["#A", "#b", "#c"]
    assert bot.gets("/channels", q="a b").kind == "invalid"


def test_pages_of_members(desk: Desk, bot: Program, ann: Client) -> None:
    ann >> "MODE #club -k key"
    for nick in ("bob", "Carl", "dan"):
        desk.house.client(nick) >> "JOIN #club"
    ann >> "MODE #club +v bob"
    assert bot.gets("/channels/club/members").json["items"] == []  # they are invisible to who is outside
    bot.puts("/channels/club/membership")
    first = bot.gets("/channels/club/members", limit=3)
    assert first.json["items"] == [
        {"nick": "ann", "user": "~ann", "host": "192.0.2.1", "ranks": "@"},
        {"nick": "bob", "user": "~bob", "host": "192.0.2.1", "ranks": "+"},
        {"nick": "bot", "user": "bot", "host": "api.irc.test", "ranks": ""},
    ]
    assert first.headers["link"] == '</api/v1/channels/club/members?limit=3&after=bot>; rel="next"'
    rest = bot.gets("/channels/club/members", limit=3, after="BOT")
    assert [each["nick"] for each in rest.json["items"]] == ["Carl", "dan"]
    assert "link" not in rest.headers


def test_going_in_and_out(desk: Desk, bot: Program, ann: Client) -> None:
    assert bot.puts("/channels/club/membership", key="key").json == {"channel": "#club", "joined": True}
    ann << ":bot!bot@api.irc.test JOIN #club"
    answered = bot.deletes("/channels/club/membership", reason="enough")
    assert (answered.status, answered.body) == (204, b"")
    ann << ":bot!bot@api.irc.test PART #club :enough"
    assert bot.puts("/channels/club/membership", key="a b").kind == "invalid"
    assert bot.puts("/channels/club/membership", key="a,b").kind == "invalid"


def test_changing_a_channel(desk: Desk, bot: Program) -> None:
    bot.puts("/channels/den/membership")
    found = bot.patches("/channels/den", topic="Mine", modes="+m-t").json
    assert (found["topic"], found["topic_by"]) == ("Mine", "bot!bot@api.irc.test")
    assert set(found["modes"]) >= {"m", "n"}
    assert "t" not in found["modes"]
    assert "topic" not in bot.patches("/channels/den", topic="").json
    assert bot.patches("/channels/den", modes="+v nobody").kind == "no-such-user"
    assert bot.patches("/channels/den", topic="a\rb").kind == "invalid"


def test_a_token_for_some_channels_is_told_of_no_others_of_somebody() -> None:
    desk = Desk(Archive(token=[token("bot", "read,send:#ci"), token("all")]))
    ann = desk.house.client("ann")
    ann >> "JOIN #ci,#den"
    assert desk.program("all").gets("/users/ann").json["channels"] == ["@#ci", "@#den"]
    assert desk.program("bot").gets("/users/ann").json["channels"] == ["@#ci"]


def test_somebody(desk: Desk, bot: Program, ann: Client) -> None:
    ann >> "AWAY :tea"
    desk.house.clock.advance(90)
    found = bot.gets("/users/ann").json
    assert found == {
        "nick": "ann",
        "user": "~ann",
        "host": "192.0.2.1",
        "realname": "Ann",
        "server": "irc.test",
        "away": "tea",
        "idle": 90,
        "signon": "2023-11-14T22:13:20.000Z",
        "bot": False,
        "secure": False,
        "operator": False,
        "channels": ["@#club"],
    }


def test_how_far_one_has_read() -> None:
    desk = Desk(Archive(token=[token("bot", "send")]))
    bot = desk.program("bot")
    bot.puts("/channels/club/membership")
    time = "2023-11-14T22:13:20.000Z"
    assert bot.puts("/marks/%23club", time=time).json == {"target": "#club", "time": time}
    assert bot.puts("/marks/%23club", time="2023-11-14T22:13:19.000Z").json["time"] == time
    assert bot.puts("/marks/ann", time=time).json == {"target": "ann", "time": time}
    assert bot.puts("/marks/%23club", time="now").kind == "invalid"
    assert bot.puts("/marks/%23club").kind == "invalid"


def test_the_server(desk: Desk) -> None:
    found = Program(desk).gets("/").json
    assert (found["network"], found["server"], found["history"]) == ("chatnet", "irc.test", False)
    assert found["limits"]["nick"] == 30
    found = Program(Desk(Archive())).gets("/").json
    assert (found["registration"], found["history"], found["search"]) == (True, True, True)


def test_any_command(desk: Desk, bot: Program, ann: Client) -> None:
    found = bot.posts("/commands", command="join", params=["#club", "key"]).json
    assert [each["type"] for each in found["lines"][:2]] == ["joined", "line"]
    assert found["lines"][1]["command"] == "332"
    ann >> "MODE #club +o bot"
    found = bot.posts("/commands", command="KICK", params=["#club", "ann", "out"]).json
    assert found["lines"][0]["type"] == "kicked"
    found = bot.posts("/commands", command="TIME").json
    assert found["lines"][0]["command"] == "391"
    assert found["lines"][0]["from"]["nick"] == "irc.test"
