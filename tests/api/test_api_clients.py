"""Who programs are on the network: when they come, what they are called, and when they go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from archive import Archive
from asking import Answered, Desk, Program, Study, secret, token
from club import Club, plain
from conversation import Client, House
from nickserv import ask
from sitting import Houses
from states import opered
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatnet.model.entities import User
from chatnet.model.facts import Fact, Hearer, Joined
from chatnet.services.tokens import token_hash


def member(desk: Desk, name: str = "ann", scope: str = "all", label: str = "laptop") -> Program:
    """A program with a token of an account."""
    house = desk.house
    assert isinstance(house, Club)
    assert house.parts.nickserv is not None
    text = house.done(house.parts.nickserv.tokens.add(house.named(name), label, scope, 0))
    return Program(desk, text)


def user(house: House, nick: str) -> User | None:
    return house.node.network.user(nick)


# tokens of the configuration


def test_a_program_comes_with_its_first_request_and_goes_when_it_asks_no_more() -> None:
    desk = Desk(House(token=[token("bot")], api={"linger": 60}))
    house, bot = desk.house, desk.program("bot")
    ann = house.client("ann")
    assert user(house, "bot") is None
    bot.gets("/")
    assert user(house, "bot") is None  # that is for nobody in particular
    bot.puts("/channels/club/membership")
    ann >> "JOIN #club"
    ann.lines()
    house.clock.advance(50)
    bot.gets("/channels")
    house.clock.advance(50)
    assert user(house, "bot") is not None
    house.clock.advance(20)
    ann << ":bot!bot@api.irc.test QUIT :Not used any more"
    assert user(house, "bot") is None
    assert bot.puts("/channels/club/membership").json["joined"] is True
    house.check()


def test_it_is_marked_and_has_a_host_of_its_own() -> None:
    desk = Desk(House(token=[token("bot")], cloak={"enabled": True}))
    ann = desk.house.client("ann")
    desk.program("bot").gets("/channels")
    ann >> "WHOIS bot"
    lines = ann.lines()
    assert any(" 311 ann bot bot api.irc.test * :bot" in line for line in lines), lines
    assert any(" 335 " in line for line in lines)
    found = desk.program("bot").gets("/users/bot").json
    assert (found["bot"], found["secure"], found["host"]) == (True, True, "api.irc.test")
    assert desk.program("bot").gets("/users/ann").json["realname"] == "Ann"


def test_a_nick_that_is_taken() -> None:
    desk = Desk(House(token=[token("bot")], limits={"nick": 4}))
    for nick in ("bot", "bot_"):
        desk.house.client(nick)
    assert desk.program("bot").posts("/channels/c/messages", text="x").json["from"]["nick"] == "bo__"


def test_no_nick_is_left() -> None:
    desk = Desk(House(token=[token("bot")], limits={"nick": 3}))
    for nick in ("bot", "bo_", "b__", "___"):
        desk.house.client(nick)
    assert desk.program("bot").gets("/channels").kind == "nick-in-use"
    assert user(desk.house, "bot") is not None
    assert len(desk.house.parts.sessions.all) == 4


def test_nothing_has_to_be_proved() -> None:
    """Passwords of the server, accounts that are required, classes that are full: that is for others."""
    sections: dict[str, Any] = {
        "server": {"password": "secret"},
        "accounts": {"required": True},
        "connection_class": [{"name": "default", "password": "other"}],
    }
    desk = Desk(House(token=[token("bot")], **sections))
    assert desk.program("bot").gets("/channels").status == 200


def test_the_class_that_is_named() -> None:
    classes = [{"name": "default"}, {"name": "slow", "sendq": 5000}]
    desk = Desk(House(token=[token("bot")], connection_class=classes, api={"connection_class": "slow"}))
    desk.program("bot").gets("/channels")
    (session,) = desk.house.parts.sessions.all
    assert session.connection_class.name == "slow"
    desk.house.reload(limits={"nick": 20})
    assert session.connection_class.name == "slow"


def test_a_reload_leaves_it_its_class() -> None:
    desk = Desk(House(token=[token("bot")]))
    desk.program("bot").gets("/channels")
    (session,) = desk.house.parts.sessions.all
    desk.house.reload(limits={"nick": 20})
    assert (session.connection_class.name, session.connection_class.burst) == ("api", 5)


class Greeter:
    """Has an identity say something to whoever comes in, by what it does as it hears of that."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.answers: list[Sequence[str]] = []
        self.hears: Mapping[type[Fact], Hearer] = {Joined: self._joined}

    def _joined(self, fact: Joined, origin: object) -> None:
        if fact.members[0][0].nick == "ann":
            Deferred.fromCoroutine(self._greet()).addErrback(lambda failure: self.answers.append(["failed"]))

    async def _greet(self) -> None:
        parts = self._desk.api.parts
        identity = await parts.identities.of(f"Bearer {secret('bot')}", "192.0.2.7")
        client = await parts.clients.of(identity)
        for verb, *params in (("JOIN", "#c"), ("PRIVMSG", "#c", "hi"), ("PART", "#c")):
            answer = await client.ask(verb, params)
            self.answers.append([each.command for each in answer.lines])


@pytest.mark.parametrize("there", [False, True])
def test_what_it_says_while_a_fact_is_told_is_answered_when_it_is_done(*, there: bool) -> None:
    desk = Desk(House(token=[token("bot")]))
    if there:
        desk.program("bot").gets("/channels")
    greeter = Greeter(desk)
    desk.house.node.observe_too(greeter)
    ann = desk.house.client("ann")
    ann >> "JOIN #c"
    for _ in range(5):
        desk.house.clock.advance(0)
        desk.house.settle()
    assert greeter.answers == [["JOIN"], ["PRIVMSG"], ["PART"]]
    ann.until(":bot!bot@api.irc.test PRIVMSG #c :hi")
    desk.house.check()


def test_it_is_an_operator_by_its_class() -> None:
    desk = Desk(
        House(
            token=[token("boss", "command") | {"class": "x"}, token("bot", "command")],
            oper_class=[{"name": "x", "privileges": ["kill"], "title": "is a robot"}],
        )
    )
    desk.house.client("ann")
    assert desk.program("bot").posts("/commands", command="KILL", params=["ann", "x"]).kind == "not-operator"
    assert desk.program("boss").posts("/commands", command="KILL", params=["ann", "x"]).status == 200
    assert user(desk.house, "ann") is None
    assert desk.program("bot").gets("/users/boss").kind == "scope"
    desk.house.check()


def test_a_kill_ends_it_until_the_next_request() -> None:
    desk = Desk(
        House(token=[token("bot")], oper_class=[{"name": "x", "privileges": ["kill"]}]),
    )
    bot = desk.program("bot")
    reader = bot.listens()
    found = user(desk.house, "bot")
    assert found is not None
    desk.house.parts.sessions.persons.end(found, "Killed (x)")
    assert reader.types()[-1] == "closing"
    assert reader.ended
    assert user(desk.house, "bot") is None
    assert bot.posts("/channels/c/messages", text="x").status == 201


def test_a_ban_means_it() -> None:
    desk = Desk(House(token=[token("bot")], ban=[{"target": "*!*@api.irc.test", "reason": "no bots"}]))
    answered = desk.program("bot").gets("/channels")
    assert (answered.kind, answered.json["numeric"]) == ("banned", "465")
    assert "no bots" in answered.json["detail"]
    assert not desk.house.parts.sessions.all


def test_a_token_that_is_taken_out_of_the_configuration() -> None:
    desk = Desk(House(token=[token("bot"), token("other")]))
    bot = desk.program("bot")
    reader = bot.listens()
    desk.program("other").gets("/channels")
    desk.house.reload(token=[token("other")])
    assert reader.ended
    assert user(desk.house, "bot") is None
    assert user(desk.house, "other") is not None
    assert bot.gets("/channels").kind == "unauthenticated"


def test_a_token_with_another_scope_after_a_reload() -> None:
    desk = Desk(House(token=[token("bot", "read")]))
    bot = desk.program("bot")
    assert bot.posts("/channels/c/messages", text="x").kind == "scope"
    desk.house.reload(token=[token("bot", "send")])
    assert bot.posts("/channels/c/messages", text="x").status == 201
    assert bot.gets("/channels").kind == "scope"


def test_too_many_programs() -> None:
    desk = Desk(House(token=[token("bot"), token("other")], api={"clients": 1}))
    assert desk.program("bot").gets("/channels").status == 200
    assert desk.program("other").gets("/channels").kind == "unavailable"


def test_a_full_server() -> None:
    desk = Desk(House(token=[token("bot")], limits={"users": 1}))
    desk.house.client("ann")
    assert desk.program("bot").gets("/channels").kind == "unavailable"


def test_the_server_stops() -> None:
    desk = Desk(House(token=[token("bot")]))
    bot = desk.program("bot")
    reader = bot.listens()
    desk.house.parts.sessions.close_all("The server stops")
    desk.house.settle()
    assert reader.types()[-1] == "closing"
    assert bot.gets("/channels").kind == "unavailable"


def test_who_is_silent_answers_ping() -> None:
    classes = [{"name": "default"}, {"name": "api", "ping_interval": 10, "ping_timeout": 10}]
    desk = Desk(House(token=[token("bot")], connection_class=classes, api={"connection_class": "api"}))
    desk.program("bot").gets("/channels")
    for _ in range(30):
        desk.house.clock.advance(5)
        desk.house.parts.sessions.sweep()
        desk.house.settle()
    assert user(desk.house, "bot") is not None


# floods


def test_lines_that_wait_take_their_time() -> None:
    desk = Desk(House(token=[token("bot")], flood={"enabled": True}, api={"burst": 1000}))
    bot, clock = desk.program("bot"), desk.house.clock
    bot.puts("/channels/c/membership")
    found: list[list[Answered | Failure]] = []
    for number in range(60):
        found.append(desk.begin(bot.made("POST", "/channels/c/messages", {"text": f"{number}"})))
    assert not all(found)
    before = sum(map(len, found))
    for _ in range(20):
        clock.advance(1)
        desk.house.settle()
    assert before < 60
    assert sum(map(len, found)) == 60
    assert all(isinstance(each, Answered) and each.status == 201 for (each,) in found)


def test_lines_that_do_not_move_are_given_up() -> None:
    classes = [{"name": "slow", "lines_per_second": 0.01, "burst": 3}]
    desk = Desk(
        House(
            token=[token("bot")],
            connection_class=classes,
            flood={"enabled": True},
            api={"connection_class": "slow", "wait": 5},
        )
    )
    bot, clock = desk.program("bot"), desk.house.clock
    found = desk.begin(bot.made("POST", "/channels/c/messages", {"text": "x"}))
    for _ in range(12):
        clock.advance(1)
        desk.house.settle()
    (answered,) = found
    assert isinstance(answered, Answered)
    assert answered.kind in ("too-many", "unavailable")


def test_requests_are_counted() -> None:
    desk = Desk(House(token=[token("bot"), token("other")], api={"rate": 1, "burst": 10}))
    bot = desk.program("bot")
    answered = bot.gets("/users/bot")
    assert {name: answered.headers[name] for name in answered.headers if name.startswith("rate")} == {
        "ratelimit-limit": "10",
        "ratelimit-remaining": "8",
        "ratelimit-reset": "2",
    }
    for _ in range(4):
        assert bot.gets("/users/bot").status == 200
    answered = bot.gets("/users/bot")
    assert (answered.kind, answered.headers["retry-after"]) == ("too-many", "2")
    assert answered.headers["ratelimit-remaining"] == "0"
    assert desk.program("other").gets("/users/bot").status == 200
    desk.house.clock.advance(2)
    assert bot.gets("/users/bot").status == 200


def test_strangers_are_counted_by_their_addresses() -> None:
    desk = Desk(House(flood={"enabled": True}, api={"strangers": 3}))
    stranger = Program(desk, "", "2001:db8::1")
    for _ in range(3):
        assert stranger.gets("/").status == 200
    assert Program(desk, "", "2001:db8::2").gets("/").kind == "too-many"
    assert Program(desk, "", "2001:db8:1::2").gets("/").status == 200
    assert Program(desk, "", "127.0.0.1").gets("/").status == 200
    desk.house.clock.advance(20)
    assert stranger.gets("/").status == 200


# tokens of accounts


@pytest.fixture
def desk() -> Desk:
    desk = Desk(Study(history={"durable_echo": False}))
    assert isinstance(desk.house, Club)
    desk.house.account("ann")
    return desk


def ann_in(desk: Desk, *lines: str, caps: str = "message-tags echo-message") -> Client:
    assert isinstance(desk.house, Archive)
    client = desk.house.member("ann", caps=caps)
    for line in lines:
        client >> line
    client.lines()
    return client


def test_a_person_and_their_program_are_one(desk: Desk) -> None:
    bob = desk.house.client("bob")
    bob >> "JOIN #club"
    ann = ann_in(desk, "JOIN #club")
    bob.lines()
    program = member(desk)
    found = program.posts("/channels/club/messages", text="hi").json
    assert found["from"]["nick"] == "ann"
    assert found["from"]["account"] == "ann"
    assert bob.lines() == [":ann!~ann@192.0.2.1 PRIVMSG #club :hi"]
    ann << f"@msgid={found['id']} :ann!~ann@192.0.2.1 PRIVMSG #club :hi"
    (session,) = (each for each in desk.house.parts.sessions.all if each.peer.inside)
    assert (session.device, session.user) == ("api", ann.user)
    desk.house.clock.advance(700)
    assert not any(each.peer.inside for each in desk.house.parts.sessions.all)
    assert [line for line in bob.lines() if "QUIT" in line] == []
    desk.house.check()


def test_who_is_away_is_not_back_because_of_their_program(desk: Desk) -> None:
    bob = desk.house.client("bob", caps="away-notify")
    bob >> "JOIN #club"
    ann = ann_in(desk, "JOIN #club", "AWAY :tea")
    bob.lines()
    program = member(desk)
    program.posts("/channels/club/messages", text="hi")
    assert bob.lines() == [":ann!~ann@192.0.2.1 PRIVMSG #club :hi"]
    assert program.gets("/users/ann").json["away"] == "tea"
    ann >> "AWAY"
    bob << ":ann!~ann@192.0.2.1 AWAY"
    desk.house.clock.advance(700)
    bob.silent()


def test_a_person_who_is_not_here_comes_by_their_program(desk: Desk) -> None:
    program = member(desk)
    found = program.posts("/channels/club/messages", text="hi").json
    assert (found["from"]["nick"], found["from"]["account"], found["from"]["bot"]) == ("ann", "ann", False)
    assert isinstance(desk.house, Club)
    client = desk.house.connecting()
    plain(client)
    client >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    assert client.user is user(desk.house, "ann")
    assert [channel.name for channel in client.user.channels] == ["#club"]


def test_what_an_operator_may_is_only_for_tokens_that_are_for_that(desk: Desk) -> None:
    house = desk.house
    opered(ann_in(desk), "kill", "accounts")
    bob = house.client("bob")
    program = member(desk, scope="command", label="commands")
    assert program.posts("/commands", command="KILL", params=["bob", "x"]).kind == "no-privilege"
    program.posts("/commands", command="PRIVMSG", params=["NickServ", "SUSPEND ann x"])
    assert user(house, "bob") is bob.user
    assert program.gets("/me").status == 200
    program = member(desk, scope="command,operate", label="all")
    assert program.posts("/commands", command="KILL", params=["bob", "x"]).status == 200
    assert user(house, "bob") is None


def test_what_an_operator_sees_is_only_for_tokens_that_are_for_that(desk: Desk) -> None:
    """Handlers ask the user what they may; who acts for them bounds that, in slices as well."""
    house = desk.house
    ann = ann_in(desk)
    opered(ann, "see-all", "channels")
    bob = house.client("bob")
    bob >> "JOIN #secret" >> "MODE #secret +s" >> "TOPIC #secret :treasure"
    bob.lines()
    limited = member(desk, scope="read,send,manage,command", label="commands")
    whole = member(desk, scope="all", label="all")

    def said(program: Program, command: str, *params: str) -> str:
        answered = program.posts("/commands", command=command, params=list(params))
        return "" if answered.status >= 400 else str(answered.json["lines"])

    for command, param, told in (
        ("LIST", "*", "treasure"),
        ("WHOIS", "bob", "#secret"),
        ("WHO", "#secret", "~bob"),
        ("TOPIC", "#secret", "treasure"),
    ):
        assert told in said(whole, command, param), command
        assert told not in said(limited, command, param), command
    assert not limited.gets("/channels").json["items"]
    assert [each["name"] for each in whole.gets("/channels").json["items"]] == ["#secret"]
    assert limited.gets("/me").json["operator"] is False and limited.gets("/me").json["privileges"] == []
    assert whole.gets("/me").json["operator"] is True
    assert ann.user.may("see-all") and not ann.user.bounded
    house.check()


def test_who_does_not_have_several_sessions(desk: Desk) -> None:
    client = ann_in(desk, "PRIVMSG NickServ :SET MULTICLIENT OFF")
    program = member(desk)
    answered = program.posts("/channels/club/messages", text="hi")
    assert answered.kind == "no-attach"
    assert len(desk.house.parts.sessions.all) == 1
    client >> "QUIT"
    assert program.posts("/channels/club/messages", text="hi").status == 201


def test_a_token_that_is_taken_back(desk: Desk) -> None:
    program = member(desk)
    reader = program.listens()
    assert isinstance(desk.house, Club)
    assert desk.house.parts.nickserv is not None
    desk.house.done(desk.house.parts.nickserv.tokens.remove(desk.house.named("ann"), "laptop"))
    assert reader.types()[-1] == "closing"
    assert reader.ended
    assert program.gets("/channels").kind == "unauthenticated"


def test_an_account_that_is_suspended(desk: Desk) -> None:
    program = member(desk)
    reader = program.listens()
    house = desk.house
    assert isinstance(house, Club)
    root = house.client("root")
    opered(root, "accounts")
    assert ask(root, "SUSPEND ann spam") == ["ann is suspended."]
    assert reader.ended
    assert program.gets("/channels").kind == "unauthenticated"


def test_a_token_that_is_over(desk: Desk) -> None:
    house = desk.house
    assert isinstance(house, Club)
    assert house.parts.nickserv is not None
    until = int(house.clock.time()) + 100
    text = house.done(house.parts.nickserv.tokens.add(house.named("ann"), "short", "all", until))
    program = Program(desk, text)
    assert program.gets("/channels").status == 200
    house.clock.advance(101)
    assert program.gets("/channels").kind == "unauthenticated"


def test_scopes_of_accounts(desk: Desk) -> None:
    assert member(desk, scope="chat", label="a").posts("/commands", command="AWAY").kind == "scope"
    assert member(desk, scope="read:#club", label="b").gets("/channels/ops").kind == "channel"
    assert member(desk, scope="future", label="c").gets("/channels").kind == "unauthenticated"
    assert member(desk, scope="web", label="d").posts("/commands", command="AWAY").status == 200


def test_tokens_are_remembered_and_the_store_is_not_asked_again(desk: Desk) -> None:
    program = member(desk)
    for _ in range(2):  # the first one is noted as the day of the last login
        program.gets("/channels")
    house = desk.house
    assert isinstance(house, Club)
    assert house.parts.nickserv is not None
    asked: list[str] = []
    find = house.parts.nickserv.tokens.find

    async def counting(hashed: str) -> Any:
        asked.append(hashed)
        return await find(hashed)

    house.parts.nickserv.tokens.find = counting  # type: ignore[method-assign]
    for _ in range(3):
        program.gets("/channels")
    assert asked == []
    member(desk, label="other")
    program.gets("/channels")
    assert len(asked) == 1


def test_a_secret_is_nowhere_told(desk: Desk) -> None:
    program = member(desk)
    program.gets("/channels")
    wrong = Program(desk, secret("nobody"))
    told = [wrong.gets("/channels").body, repr(desk.api.parts), *desk.house.log.lines]
    for text in (program.bearer, token_hash(program.bearer), secret("nobody")):
        assert text is not None
        assert not any(text in str(each) for each in told)


# several servers


def test_a_person_of_another_server() -> None:
    houses = Houses("a", "b")
    ann = houses.come("a")
    desk = Desk(houses["b"], houses.settle)
    text = houses["a"].done(houses["a"].parts.nickserv.tokens.add(houses["a"].named("ann"), "x", "all", 0))  # type: ignore[union-attr]
    houses.advance(2.0)
    program = Program(desk, text)
    found = program.posts("/channels/c/messages", text="hi")
    assert found.status == 201, found.json
    houses.settle()
    lines = [line for line in houses.bob.lines() if "PRIVMSG" in line]
    assert lines == [":ann!~ann@192.0.2.1 PRIVMSG #c :hi"]
    assert houses.seats("a") == ["b.test"]
    assert ann.user.nick == "ann"
    houses.clock.advance(700)
    houses.settle()
    assert houses.seats("a") == []
    houses.agree()


def test_what_programs_do_is_known_on_other_servers() -> None:
    houses = Houses("a", "b", sections_of={"a": {"token": [token("bot", "all")]}})
    desk = Desk(houses["a"], houses.settle)
    bot = desk.program("bot")
    assert bot.posts("/channels/c/messages", text="hi").status == 201
    lines = [line for line in houses.bob.lines() if "PRIVMSG" in line]
    assert lines == [":bot!bot@api.a.test PRIVMSG #c :hi"]
    assert bot.posts("/users/bob/messages", text="psst").status == 201
    assert bot.gets("/users/bob").json["server"] == "b.test"
    members = bot.gets("/channels/c/members").json["items"]
    assert [(each["nick"], each["ranks"]) for each in members] == [("bob", "@"), ("bot", "")]
    houses.check()
