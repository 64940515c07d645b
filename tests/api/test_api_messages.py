"""Messages by programs: what they say is said in IRC, and what is refused is told as a problem."""

from __future__ import annotations

import pytest
from asking import Desk, Program, token
from conversation import House


@pytest.fixture
def desk() -> Desk:
    return Desk(House(token=[token("bot"), token("other")]))


@pytest.fixture
def bot(desk: Desk) -> Program:
    return desk.program("bot")


def test_what_a_program_says_is_said(desk: Desk, bot: Program) -> None:
    ann = desk.house.client("ann", caps="message-tags server-time")
    ann >> "JOIN #club"
    ann.lines()
    answered = bot.posts("/channels/club/messages", text="hi")
    assert answered.status == 201
    found = answered.json
    assert found["target"] == "#club"
    assert found["text"] == "hi"
    assert found["kind"] == "message"
    assert found["from"] == {"nick": "bot", "user": "bot", "host": "api.irc.test", "bot": True}
    ann << "@* :bot!bot@api.irc.test JOIN #club"
    ann << f"@time={found['time']};bot;msgid={found['id']} :bot!bot@api.irc.test PRIVMSG #club :hi"
    assert found["cursor"].endswith(found["id"])
    desk.house.check()
