"""What programs are refused with: each kind by something that leads to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asking import Answered, Desk, Program, Study, secret, token
from conversation import Client, House
from hypothesis import given
from hypothesis import strategies as st

from chatnet.api.answers import Answer
from chatnet.api.api import DEPTH, nests
from chatnet.api.problems import CODES, KINDS, NUMERICS, Problem, kind_of_code, kind_of_numeric
from chatnet.api.reading import Heard
from chatnet.storage.interfaces import StoreError
from chatnet.web.exchange import Ask
from chatnet.wire.numerics import ALL


@pytest.fixture
def desk() -> Desk:
    blocks = [
        token("bot", "read,send,manage,events"),
        token("all", "all"),
        token("ci", "read,send,events:#ci"),
    ]
    return Desk(House(token=blocks))


@pytest.fixture
def bot(desk: Desk) -> Program:
    return desk.program("bot")


@pytest.fixture
def ann(desk: Desk) -> Client:
    ann = desk.house.client("ann")
    ann >> "JOIN #club"
    ann.lines()
    return ann


def command(desk: Desk, verb: str, *params: str) -> Answered:
    return desk.program("all").posts("/commands", command=verb, params=list(params))


# by the table


def test_kinds_are_all_there_is() -> None:
    assert {*NUMERICS.values(), *CODES.values()} <= KINDS.keys()
    for numeric in ALL.values():
        kind = kind_of_numeric(numeric.code)
        assert kind is None or kind in KINDS
        if numeric.name.startswith("RPL_") and numeric.code != "263":
            assert kind is None, numeric
    assert kind_of_numeric("422") is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("INVALID_PARAMS", "invalid"),
        ("NEED_MORE_PARAMS", "invalid"),
        ("MULTILINE_MAX_LINES", "invalid"),
        ("ACCOUNT_REQUIRED", "login-required"),
        ("VERIFICATION_REQUIRED", "login-required"),
        ("RATE_LIMITED", "too-many"),
        ("SYNC_RATE_LIMITED", "too-many"),
        ("MESSAGE_NOT_STORED", "unavailable"),
        ("TEMPORARILY_UNAVAILABLE", "unavailable"),
        ("UNKNOWN_MSGID", "no-such-message"),
        ("SOMETHING_ELSE", "refused"),
    ],
)
def test_codes_of_fail(code: str, kind: str) -> None:
    assert kind_of_code(code) == kind
    answer = Answer("X", [Heard({}, "irc.test", "FAIL", ["X", code, "#club", "In words"])])
    problem = answer.problem
    assert problem is not None
    assert problem.body["numeric"] == code
    assert problem.body["detail"] == "In words"
    assert problem.body["params"] == ["#club"]


def test_a_fail_of_another_command_is_no_refusal() -> None:
    told = [Heard({}, "irc.test", "FAIL", [name, "INTERNAL_ERROR", "In words"]) for name in ("Y", "Z", "*")]
    assert Answer("X", told[:2]).problem is None
    assert Answer("X", told[:2], {"Z"}).problem is not None
    assert Answer("X", told).problem is not None


@pytest.mark.parametrize("code", sorted({*NUMERICS, "432", "437", "501", "524"}))
def test_numerics(code: str) -> None:
    answer = Answer("X", [Heard({}, "irc.test", code, ["bot", "#club", "In words"])])
    problem = answer.problem
    assert problem is not None
    assert problem.kind == NUMERICS.get(code, "refused")
    reply = problem.reply()
    headers = dict(reply.headers)
    assert reply.status == KINDS[problem.kind].status
    assert ("Retry-After" in headers) == (reply.status == 429)


def test_who_is_not_told_how_far_they_have_read_has_come_in(monkeypatch: pytest.MonkeyPatch) -> None:
    house = Study()
    desk = Desk(house)
    house.account("ann")
    assert house.parts.nickserv is not None
    ann = Program(desk, house.done(house.parts.nickserv.tokens.add(house.named("ann"), "x", "all", 0)))

    def broken(person: str) -> object:
        raise StoreError("The disk is gone")

    monkeypatch.setattr(house.messages, "marks", broken)
    answered = ann.posts("/commands", command="JOIN", params=["#club"])
    assert [each["command"] for each in answered.json["lines"] if each["type"] == "line"] == ["FAIL"]
    assert ann.puts("/channels/ops/membership").status == 200


# by what somebody did


def test_whom_one_speaks_to(desk: Desk, bot: Program, ann: Client) -> None:
    assert bot.posts("/users/nobody/messages", text="hi").kind == "no-such-user"
    assert bot.gets("/users/nobody").kind == "no-such-user"
    assert bot.gets("/channels/nothing").kind == "no-such-channel"
    assert bot.gets("/channels/nothing/members").kind == "no-such-channel"
    ann >> "MODE #club +m"
    assert bot.posts("/channels/club/messages", text="hi").kind == "cannot-send"
    ann >> "MODE ann +g"
    assert bot.posts("/users/ann/messages", text="hi").kind == "cannot-send"


@pytest.mark.parametrize("mode", ["+i", "+k key", "+l 1", "+b bot!*@*", "+r"])
def test_who_is_not_let_in(desk: Desk, bot: Program, ann: Client, mode: str) -> None:
    ann >> f"MODE #club {mode}"
    assert bot.puts("/channels/club/membership").kind == "cannot-join"
    assert bot.posts("/channels/club/messages", text="hi").kind == "cannot-join"


def test_a_key_lets_in(desk: Desk, bot: Program, ann: Client) -> None:
    ann >> "MODE #club +k key"
    assert bot.puts("/channels/club/membership", key="no").kind == "cannot-join"
    answered = bot.puts("/channels/club/membership", key="key")
    assert answered.json == {"channel": "#club", "joined": True}
    assert bot.puts("/channels/club/membership").json == {"channel": "#club", "joined": False}


def test_who_is_no_operator(desk: Desk, bot: Program, ann: Client) -> None:
    bot.puts("/channels/club/membership")
    ann >> "MODE #club +t"
    assert bot.patches("/channels/club", topic="mine").kind == "not-operator"
    assert bot.patches("/channels/club", modes="+m").kind == "not-operator"
    assert bot.patches("/channels/club").kind == "invalid"
    assert command(desk, "KILL", "ann").kind == "not-operator"


def test_who_lacks_a_privilege() -> None:
    desk = Desk(
        House(
            token=[token("all", "all") | {"class": "x"}], oper_class=[{"name": "x", "privileges": ["kill"]}]
        )
    )
    assert command(desk, "REHASH").kind == "no-privilege"


def test_who_is_where(desk: Desk, bot: Program, ann: Client) -> None:
    assert bot.deletes("/channels/club/membership").kind == "not-on-channel"
    assert bot.deletes("/channels/nothing/membership").kind == "no-such-channel"
    command(desk, "JOIN", "#mine")
    assert command(desk, "KICK", "#mine", "ann").kind == "not-on-channel"
    command(desk, "JOIN", "#club")
    assert command(desk, "INVITE", "ann", "#club").kind == "already-on-channel"
    assert command(desk, "NICK", "ann").kind == "nick-in-use"


def test_what_makes_no_sense(desk: Desk, bot: Program, ann: Client) -> None:
    assert command(desk, "KICK", "#club").kind == "invalid"
    assert command(desk, "MODE", "#club", "+y").kind in ("invalid", "not-operator", "not-on-channel")
    assert command(desk, "WHOIS").kind == "refused"
    assert command(desk, "PRIVMSG", "#club", "x" * 510).kind == "invalid"
    assert command(desk, "PRIVMSG", "#club x", "y").kind == "invalid"
    assert command(desk, "FLY").kind == "refused"
    for verb in ("PASS", "CAP", "AUTHENTICATE", "BATCH", "PING", "PONG", "QUIT", "quit"):
        assert command(desk, verb, "x").kind == "refused"
    assert desk.program("all").posts("/commands", command="PRIVMSG x").kind == "invalid"
    assert desk.program("all").posts("/commands", command="AWAY", tags={"label": "1"}).kind == "invalid"


def test_a_command_fails(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(request: object) -> None:
        raise RuntimeError("secret")

    desk.program("all").gets("/users/all")
    monkeypatch.setattr(desk.house.parts.sessions.rows["AWAY"], "handler", fails)
    answered = command(desk, "AWAY")
    assert answered.kind == "fault"
    assert b"secret" not in answered.body  # type: ignore[operator]
    desk.house.log.failures.clear()


# who asks


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic Ym90OnB3", "Bearer cn-aaaa", f"Token {secret('bot')}", "Bearer x y"],
)
def test_who_has_no_token(desk: Desk, header: str) -> None:
    answered = Program(desk).asks("GET", "/channels", headers={"authorization": header})
    assert answered.kind == "unauthenticated"
    assert answered.headers["www-authenticate"] == "Bearer"


def test_a_token_in_any_form(desk: Desk) -> None:
    for form in (secret("bot"), secret("bot").replace("-", ""), secret("bot").upper()):
        answered = Program(desk).asks("GET", "/channels", headers={"authorization": f"bearer {form}"})
        assert answered.status == 200


def test_a_token_from_elsewhere_is_none() -> None:
    desk = Desk(House(token=[token("bot") | {"from": ["192.0.2.0/24"]}]))
    assert Program(desk, secret("bot"), "192.0.2.200").gets("/channels").status == 200
    assert Program(desk, secret("bot"), "198.51.100.1").gets("/channels").kind == "unauthenticated"


def test_guessing_tokens_takes_time() -> None:
    desk = Desk(House(token=[token("bot")], flood={"enabled": True}, accounts={"failures_address": 3}))
    wrong = Program(desk, secret("nobody"), "192.0.2.9")
    for _ in range(3):
        assert wrong.gets("/channels").kind == "unauthenticated"
    answered = wrong.gets("/channels")
    assert answered.kind == "too-many"
    assert int(answered.headers["retry-after"]) > 0
    right = Program(desk, secret("bot"), "192.0.2.9")
    assert right.gets("/channels").kind == "too-many"  # it does not tell whether it was right
    assert Program(desk, secret("bot"), "192.0.2.10").gets("/channels").status == 200


def test_beyond_the_channels_of_a_token(desk: Desk, ann: Client) -> None:
    ci = desk.program("ci")
    assert ci.posts("/channels/ci/messages", text="hi").status == 201
    assert ci.posts("/channels/CI/messages", text="hi").status == 201
    assert ci.posts("/channels/club/messages", text="hi").kind == "channel"
    assert ci.gets("/channels/club").kind == "channel"
    assert ci.posts("/users/ann/messages", text="hi").kind == "channel"
    assert ci.puts("/marks/ann", time="2026-11-29T12:00:00.000Z").kind == "channel"
    assert ci.gets("/events", channels="club").kind == "channel"
    assert [each["name"] for each in ci.gets("/channels").json["items"]] == ["#ci"]
    ann.silent()


def test_a_channel_that_leads_elsewhere_is_beyond_it_too(desk: Desk, ann: Client) -> None:
    ann >> "JOIN #ci" >> "MODE #club +F" >> "MODE #ci +if #club"
    assert desk.program("ci").posts("/channels/ci/messages", text="hi").kind == "channel"


# what is asked


def raw(desk: Desk, body: bytes, media: str = "application/json") -> Answered:
    program = desk.program("bot")
    return program.asks("POST", "/channels/club/messages", body, headers={"content-type": media})


@pytest.mark.parametrize(
    "body", [b"{", b"nothing", b"\xff\xfe", b'{"text": "\xff"}', b'{"text": "\\ud800"}', b'{"text": NaNx}']
)
def test_what_is_no_json(desk: Desk, body: bytes) -> None:
    assert raw(desk, body).kind == "not-json"


@pytest.mark.parametrize(
    "body", [b"[]", b'"x"', b"null", b"1", b'{"text": 1}', b'{"text": "x", "more": 1}', b"{}"]
)
def test_json_that_is_not_what_is_asked_for(desk: Desk, body: bytes) -> None:
    answered = raw(desk, body)
    assert answered.kind == "invalid"
    assert all(each["pointer"][:1] == "/" for each in answered.json["errors"])
    assert answered.json["errors"]


@pytest.mark.parametrize("value", ['"yes"', "1", "0", '"true"'])
def test_types_are_taken_seriously(desk: Desk, value: str) -> None:
    answered = raw(desk, f'{{"text": "x", "notice": {value}}}'.encode())
    assert answered.kind == "invalid"
    assert answered.json["errors"][0]["pointer"] == "/notice"


def test_json_that_nests_too_deep(desk: Desk) -> None:
    assert raw(desk, b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}").kind == "not-json"
    assert raw(desk, b'{"text": "' + b"[" * 1000 + b'"}').status in (201, 403, 404)


json_values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=20,
)


def depth(value: Any) -> int:
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 0


@given(json_values, st.integers(0, 20))
def test_depth_is_told_without_taking_it_apart(value: Any, around: int) -> None:
    for _ in range(around):
        value = [value]
    assert nests(json.dumps(value, ensure_ascii=False).encode()) == (depth(value) > DEPTH)


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=utf-16"]
)
def test_other_media(desk: Desk, media: str) -> None:
    assert raw(desk, b'{"text": "x"}', media).kind == "media-type"


@pytest.mark.parametrize(
    "media", ["application/json; charset=utf-8", "Application/JSON", 'application/json;charset="UTF-8"']
)
def test_the_same_media(desk: Desk, media: str) -> None:
    assert raw(desk, b'{"text": "x"}', media).status == 201


def test_paths_and_methods(desk: Desk, bot: Program) -> None:
    for path in (
        "/nothing",
        "/channels/club/nothing",
        "/channels//messages",
        "/channels/club/messages/x/y/z/w/v",
    ):
        assert bot.gets(path).kind == "no-such-path"
    answered = bot.asks("PUT", "/channels/club/messages")
    assert answered.kind == "no-such-method"
    assert answered.headers["allow"] == "GET, HEAD, POST"
    assert bot.asks("DELETE", "/channels/club/membership", {"reason": None, "x": 1}).kind == "invalid"
    assert bot.asks("GET", "/channels", b"[]").kind == "invalid"
    assert (
        desk.ask(Ask("GET", "/api/v1/channels", (("q", "a"), ("q", "b")), bot.made("GET", "/").headers)).kind
        == "invalid"
    )
    assert bot.gets("/", x="1").kind == "invalid"


def test_it_is_switched_off() -> None:
    desk = Desk(House(token=[token("bot")], api={"enabled": False}))
    assert desk.program("bot").gets("/").kind == "no-such-path"


def test_each_kind_is_explained(bot: Program) -> None:
    for name, kind in KINDS.items():
        answered = bot.gets(f"/problems/{name}")
        assert answered.status == 200
        assert kind.text.encode() in answered.body  # type: ignore[operator]
    assert bot.gets("/problems/nothing").kind == "no-such-path"


def test_a_problem_says_what_it_is() -> None:
    assert Problem("channel").reply().body.startswith(b'{"type":"/api/v1/problems/channel"')  # type: ignore[union-attr]
