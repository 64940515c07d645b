"""What hooks tell: what a bot hears in its channel, and what programs answer to it."""

from __future__ import annotations

from typing import Any

import pytest
from hooked import Hooked

from chatnet.api.hooks.matching import Match
from chatnet.api.hooks.signing import new_key
from chatnet.model.hooks import Hook
from chatnet.web.telling import Told


def telling(hooked: Hooked, *types: str, label: str = "out", **match: Any) -> Hook:
    """A hook that tells of some types; its bot is in the channel."""
    made = hooked.hooking.tell(
        hooked.channel,
        label,
        f"https://{label}.test/in",
        new_key(),
        hooked.club.named("ann"),
        types=types or ("message",),
        match=Match(**match).text,
    )
    hook = hooked.club.done(made)
    hooked.club.clock.advance(0)
    hooked.club.settle()
    hooked.bob.lines()
    return hook


@pytest.fixture
def hooked() -> Hooked:
    return Hooked()


def test_what_is_said_is_told(hooked: Hooked) -> None:
    telling(hooked)
    hooked.bob >> "@+reply=abc PRIVMSG #club :grün?"
    ((url, headers, _),) = hooked.post.taken
    assert url == "https://out.test/in"
    (body,) = hooked.post.bodies
    assert body["type"] == "message"
    data = body["data"]
    assert (data["target"], data["text"], data["kind"], data["reply_to"]) == (
        "#club",
        "grün?",
        "message",
        "abc",
    )
    assert data["from"]["nick"] == "bob" and data["id"] == headers["webhook-id"]
    hooked.club.check()


def test_only_of_its_types_its_channel_and_what_it_asks_for(hooked: Hooked) -> None:
    telling(hooked, "joined", "topic", "message", prefix="!deploy")
    eve = hooked.club.client("eve")
    eve >> "JOIN #club" >> "JOIN #other" >> "PRIVMSG #other :!deploy" >> "PRIVMSG out :!deploy"
    hooked.ann >> "TOPIC #club :new"
    eve >> "PRIVMSG #club :hello" >> "PRIVMSG #club :!deploy now" >> "PART #club"
    told = [(each["type"], each["data"].get("text")) for each in hooked.post.bodies]
    assert told == [("message", "!deploy now")]


def test_events_that_are_no_messages_have_ids_of_their_own(hooked: Hooked) -> None:
    telling(hooked, "joined", "kicked")
    eve = hooked.club.client("eve")
    eve >> "JOIN #club"
    hooked.ann >> "KICK #club eve :bye"
    assert [each["type"] for each in hooked.post.bodies] == ["joined", "kicked"]
    first, second = (headers["webhook-id"] for _, headers, _ in hooked.post.taken)
    assert first != second


def test_an_answer_is_said_as_a_reply_and_starts_no_hook(hooked: Hooked) -> None:
    weather, other = telling(hooked, prefix="!weather", label="weather"), telling(hooked, label="other")
    hooked.post.answers = [
        Told(200, "application/json", b'{"text": "21 degrees\\nand rain"}'),
        Told(200, "", b""),
    ]
    hooked.bob >> "PRIVMSG #club :!weather"
    said = [line for line in hooked.bob.lines() if ":weather!" in line]
    assert [line.rpartition(" :")[2] for line in said] == ["21 degrees", "and rain"]
    msgid = hooked.post.bodies[0]["data"]["id"]
    assert f"+reply={msgid}" in said[0] and f"+chatnet/hook={weather.name}" in said[0]
    assert [url for url, _, _ in hooked.post.taken] == ["https://weather.test/in", "https://other.test/in"]
    assert other.works


def test_what_is_posted_to_a_hook_is_told_by_none(hooked: Hooked) -> None:
    telling(hooked)
    _, path = hooked.hook()
    assert hooked.posts(path, text="loop?")[0] == 200
    assert hooked.post.taken == []


def test_a_bot_that_was_put_out_comes_back_and_one_that_is_banned_does_not(hooked: Hooked) -> None:
    telling(hooked)
    hooked.ann >> "KICK #club out :out"
    hooked.bob >> "PRIVMSG #club :unheard"
    hooked.outgoing.look()
    hooked.club.settle()
    hooked.bob >> "PRIVMSG #club :heard"
    assert [each["data"]["text"] for each in hooked.post.bodies] == ["heard"]
    hooked.ann >> "MODE #club +b $a:out" >> "KICK #club out :out"
    hooked.outgoing.look()
    hooked.club.settle()
    hooked.bob >> "PRIVMSG #club :unheard"
    assert len(hooked.post.taken) == 1


def test_a_hook_that_is_gone_or_closed_tells_nothing_more(hooked: Hooked) -> None:
    hook, other = telling(hooked), telling(hooked, label="second")
    hooked.club.done(hooked.hooking.remove(hook))
    hooked.club.done(hooked.hooking.close(other, "it is enough"))
    hooked.bob >> "PRIVMSG #club :hi"
    assert hooked.post.taken == []
    assert any("The hook second was closed: it is enough" in line for line in hooked.ann.lines())


def test_a_channel_that_is_renamed_keeps_its_hooks(hooked: Hooked) -> None:
    telling(hooked)
    _, path = hooked.hook()
    hooked.ann >> "RENAME #club #chess"
    hooked.bob >> "PRIVMSG #chess :hi"
    assert [each["data"]["target"] for each in hooked.post.bodies] == ["#chess"]
    assert hooked.posts(path, text="moved")[0] == 200
    assert hooked.bob.lines()[-1].endswith("PRIVMSG #chess :moved")


def test_who_made_a_hook_reads_that_it_cannot_be_told(hooked: Hooked) -> None:
    telling(hooked)
    hooked.post.answers = [Told(404, "", b"")]
    hooked.ann.lines()
    hooked.bob >> "PRIVMSG #club :hi"
    notices = [line for line in hooked.ann.lines() if "NOTICE ann" in line]
    assert len(notices) == 1 and notices[0].endswith(
        "The hook out could not be told of an event: it answered 404"
    )
