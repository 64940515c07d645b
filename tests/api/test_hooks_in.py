"""What programs elsewhere post to hooks: said in the channel by a bot, or refused in Slack's words."""

from __future__ import annotations

import json

import pytest
from hooked import Hooked

from chatnet.records.accounts import State, Status
from chatnet.records.grammar import STATUS


@pytest.fixture
def hooked() -> Hooked:
    return Hooked()


def test_what_is_posted_is_said_by_a_bot(hooked: Hooked) -> None:
    hook, path = hooked.hook()
    assert hooked.posts(path, text="Build 812 is <https://ci.test|green>") == (200, b"ok")
    (joined, said) = hooked.bob.lines()
    assert joined.endswith("JOIN #club") and ":ci!" in joined
    tags, _, rest = said.partition(" ")
    assert rest.endswith("PRIVMSG #club :Build 812 is green (https://ci.test)")
    assert f"+chatnet/hook={hook.name}" in tags
    bot = hooked.club.node.network.user("ci")
    assert bot is not None and bot.account == "ci"
    hooked.club.check()


def test_several_lines_are_one_message_and_too_many_are_cut() -> None:
    hooked = Hooked(limits={"multiline_lines": 3})
    _, path = hooked.hook()
    reader = hooked.club.client("eve", caps="batch draft/multiline message-tags")
    reader >> "JOIN #club"
    reader.lines()
    hooked.asks(path, b"one\ntwo\nthree\nfour\nfive", "text/plain")
    lines = [line.rpartition(" :")[2] for line in reader.lines() if "PRIVMSG" in line]
    assert lines == ["one", "two", "… (3 more lines)"]


def test_a_name_stands_before_a_text_if_it_is_another_one(hooked: Hooked) -> None:
    _, path = hooked.hook()
    for name, text in (("ann", "1"), ("ann", "2"), ("bob", "3"), ("", "4"), ("bob", "5")):
        hooked.posts(path, text=text, username=name)
    said = [line.rpartition(" :")[2] for line in hooked.bob.lines() if "PRIVMSG" in line]
    assert said == ["[ann] 1", "2", "[bob] 3", "4", "[bob] 5"]


def test_who_asks_for_json_has_the_message(hooked: Hooked) -> None:
    _, path = hooked.hook()
    answered = hooked.asks(path, b'{"text": "hi"}', accept="application/json")
    assert answered.status == 200 and answered.headers["content-type"] == "application/json"
    found = answered.json
    assert (found["target"], found["text"], found["from"]["nick"]) == ("#club", "hi", "ci")
    assert found["id"]


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [(b"{", 400, b"invalid_payload"), (b"{}", 400, b"no_text"), (b'{"text": "\\u0001"}', 400, b"no_text")],
)
def test_what_says_nothing_is_refused(hooked: Hooked, body: bytes, status: int, word: bytes) -> None:
    _, path = hooked.hook()
    answered = hooked.asks(path, body)
    assert (answered.status, answered.body) == (status, word)


def test_of_what_is_not_there_all_is_the_same(hooked: Hooked) -> None:
    hook, path = hooked.hook()
    other, elsewhere = hooked.hook(label="other")
    hooked.club.done(hooked.hooking.remove(other))
    telling = hooked.club.done(
        hooked.hooking.tell(
            hooked.channel,
            "out",
            "https://x.test/",
            "whsec_" + "A" * 40,
            hooked.club.named(),
            types=("message",),
        )
    )
    wrong = [
        *(
            path[:-1],
            path + "a",
            path.upper(),
            f"/hooks/{hook.name}/",
            f"/hooks/{hook.name}",
            "/hooks/",
            "/hooks/a",
        ),
        *(f"/hooks/{'a' * 20}/{path[-26:]}", elsewhere, f"/hooks/{telling.name}/", f"{path}/more"),
        *(f"/hooks/{hook.name}/%00%ff", f"/hooks/{hook.name}/%F0%9F%92%A9"),
    ]
    answers = {
        (answered.status, answered.body)
        for number, each in enumerate(wrong)
        if (answered := hooked.asks(each, b'{"text": "x"}', address=f"192.0.2.{number}"))
    }
    assert answers == {(404, b"no_service")}
    assert not any("PRIVMSG" in line for line in hooked.bob.lines())


def test_who_guesses_has_to_wait(hooked: Hooked) -> None:
    _, path = hooked.hook()
    for _ in range(20):
        assert hooked.posts("/hooks/a/b", text="x")[0] == 404
    assert hooked.posts("/hooks/a/b", text="x") == (429, b"rate_limited")
    assert hooked.asks(path, b"x", "text/plain", address="192.0.2.99").status == 200
    hooked.club.clock.advance(60)
    assert hooked.posts(path, text="x") == (200, b"ok")


def test_a_hook_says_so_much_in_a_while() -> None:
    hooked = Hooked(hooks={"burst": 3, "period": 30})
    _, path = hooked.hook()
    assert [hooked.posts(path, text="x")[0] for _ in range(5)] == [200, 200, 200, 429, 429]
    assert int(hooked.asks(path, b"x", "text/plain").headers["retry-after"]) == 10
    hooked.club.clock.advance(10)
    assert [hooked.posts(path, text="x")[0] for _ in range(2)] == [200, 429]


def test_only_post_is_for_hooks(hooked: Hooked) -> None:
    _, path = hooked.hook()
    for method in ("GET", "PUT", "DELETE"):
        answered = hooked.asks(path, b"", method=method)
        assert answered.status == 405 and answered.headers["allow"] == "POST"


def test_who_is_banned_from_the_network_opens_no_door_by_a_hook(hooked: Hooked) -> None:
    _, path = hooked.hook()
    hooked.club.reload(ban=[{"target": "192.0.2.0/28", "reason": "spam"}])
    assert hooked.posts(path, text="x") == (403, b"action_prohibited")
    assert hooked.posts("/hooks/a/b", text="x") == (403, b"action_prohibited"), "they learn nothing of hooks"
    hooked.bob.silent()
    assert hooked.asks(path, b"x", "text/plain", address="192.0.2.99").body == b"ok"


@pytest.mark.parametrize("what", ["MODE #club +m", "MODE #club +b $a:ci", "CS AKICK #club ADD ci"])
def test_what_is_against_it_for_people_is_against_it_for_programs(hooked: Hooked, what: str) -> None:
    _, path = hooked.hook()
    hooked.ann >> what
    hooked.bob.lines()
    assert hooked.posts(path, text="x") == (403, b"action_prohibited")
    assert not any("PRIVMSG" in line for line in hooked.bob.lines())


def test_without_its_bot_or_channel_nothing_is_said(hooked: Hooked) -> None:
    _, path = hooked.hook()
    hooked.club.change(hooked.club.named("ci"), **{STATUS: Status(State.DROPPED).text})
    assert hooked.posts(path, text="x") == (403, b"action_prohibited")
    _, path = hooked.hook(label="second")
    assert hooked.posts(path, text="x")[0] == 200
    hooked.ann >> "CS DROP #club" >> "CS DROP #club CONFIRM"
    hooked.ann.lines()
    chanserv = hooked.club.parts.chanserv
    assert chanserv is not None
    hooked.club.done(chanserv.change(hooked.channel, {STATUS: Status(State.DROPPED).text}))
    assert hooked.posts(path, text="x") == (404, b"no_service")


def test_github_is_read_by_its_headers(hooked: Hooked) -> None:
    _, path = hooked.hook("github", "code")
    body = json.dumps({"repository": {"full_name": "a/b"}, "zen": "Design for failure."}).encode()
    assert hooked.asks(path, body, x_github_event="ping").status == 200
    assert hooked.bob.lines()[-1].endswith(":[a/b] This webhook works: Design for failure.")
    assert hooked.asks(path, b"{}", x_github_event="watch").body == b"ok"
    assert hooked.bob.lines() == []
