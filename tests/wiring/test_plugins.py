"""Plugins: what they hook in, and what becomes of those that fail."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from asking import Desk
from conversation import House as Server

from chatnet.api.table import NOBODY, Routes
from chatnet.dispatch import Phase, Row
from chatnet.model.entities import Channel, User
from chatnet.model.facts import Joined, MessageSent
from chatnet.rules.refusal import Refusal
from chatnet.settings import PluginSettings
from chatnet.web.exchange import Reply
from chatnet.wire import numerics
from chatnet.wiring.plugin_error import PluginError
from chatnet.wiring.plugins import INTERFACE, MOST_FAILURES, WITHIN, House, Plugins

NAME = "planted_plugin"


class Stage:
    """A server in memory, whose plugin does what a test says."""

    def __init__(self) -> None:
        self.server = Server()
        self.desk = Desk(self.server)
        parts = self.desk.api.parts
        self.plugins = Plugins(parts.sessions, parts.clients, parts.identities, parts.routes)
        self.server.node.observe_too(self.plugins)

    def start(self, start: Any, *settings: str, **more: Any) -> House:
        module = ModuleType(NAME)
        made = {"start": lambda self, house: start(house), **more}
        module.Plugin = type("Plugin", (), made)  # type: ignore[attr-defined]
        sys.modules[NAME] = module
        self.plugins.load([PluginSettings(module=NAME, settings=settings)])
        return self.plugins.houses[-1]


@pytest.fixture
def stage() -> Iterator[Stage]:
    yield Stage()
    sys.modules.pop(NAME, None)


def test_it_hears_facts_and_has_its_settings(stage: Stage) -> None:
    heard: list[str] = []
    house = stage.start(
        lambda house: house.observe(Joined, lambda fact: heard.append(fact.channel.name)), "a=b", "c = d = e"
    )
    stage.server.client("ann") >> "JOIN #c"
    assert heard == ["#c"] and house.settings == {"a": "b", "c": "d = e"}


def test_it_adds_commands_and_routes(stage: Stage) -> None:
    def wave(request: Any) -> None:
        """`WAVE`: wave."""
        request.session.notice("You wave")

    async def hello(call: Any) -> Reply:
        """Hello."""
        return Reply(200, b"hello")

    def start(house: House) -> None:
        house.command(Row("WAVE", wave, 0, Phase.REGISTERED, 1.0, None))
        routes = Routes()
        routes.route("GET", "/club/hello", scope=NOBODY, media="text/plain")(hello)
        house.route(next(iter(routes)))

    stage.start(start)
    ann = stage.server.client("ann")
    ann >> "WAVE"
    ann << ":irc.test NOTICE ann :You wave"
    ann >> "STATS m"
    assert any(" 212 ann WAVE 1 " in line for line in ann.lines())
    assert stage.desk.program("x").gets("/club/hello").body == b"hello"


def test_it_has_a_user_of_its_own_that_a_reload_leaves_alone(stage: Stage) -> None:
    async def greet(house: House) -> None:
        client = await house.client("greeter")
        await client.ask("JOIN", ["#c"])
        await client.ask("PRIVMSG", ["#c", "hello"])

    ann = stage.server.client("ann")
    ann >> "JOIN #c"
    ann.lines()
    stage.start(lambda house: house.run(greet(house)))
    stage.server.settle()
    ann << ":greeter!*@* JOIN #c" << ":greeter!*@* PRIVMSG #c :hello"
    stage.server.node.change_settings(stage.server.node.settings.model_copy())
    assert stage.server.node.network.user("greeter") is not None


def test_it_is_called_again_and_again(stage: Stage) -> None:
    called: list[float] = []
    stage.start(lambda house: house.every(10, lambda: called.append(house.node.clock.time())))
    stage.server.clock.advance(35)
    assert len(called) == 3


def test_it_judges_who_speaks_and_who_joins(stage: Stage) -> None:
    def speak(user: User, channel: Channel, text: str) -> Refusal | None:
        return Refusal(numerics.ERR_CANNOTSENDTOCHAN, channel.name) if "spam" in text else None

    def join(user: User, channel: Channel, text: str) -> Refusal | None:
        return Refusal(numerics.ERR_NEEDREGGEDNICK, channel.name) if channel.name == "#shut" else None

    ann, bob = stage.server.client("ann"), stage.server.client("bob")
    sessions = stage.plugins.sessions
    assert not sessions.shut
    stage.start(lambda house: (house.judge("speak", speak), house.judge("join", join)))
    assert sessions.shut
    ann >> "JOIN #c" >> "JOIN #shut"
    bob >> "JOIN #c"
    assert any(" 477 ann #shut " in line for line in ann.lines()), ann.lines()
    bob.lines()
    bob >> "PRIVMSG #c :spam" >> "PRIVMSG #c :ham"
    bob << ":irc.test 404 bob #c :*"
    assert [line.rpartition(":")[2] for line in ann.lines() if "PRIVMSG" in line] == ["ham"]


def test_it_tells_numbers(stage: Stage) -> None:
    def start(house: House) -> None:
        house.gauge("mood", lambda: 3)
        house.gauge("sorrow", lambda: 1 / 0)

    stage.start(start)
    assert stage.plugins.gauges() == {"mood": 3.0}
    assert len(stage.server.log.failures) == 1
    stage.server.log.failures.clear()


def test_what_it_raises_is_logged_and_the_rest_goes_on(stage: Stage) -> None:
    stage.start(lambda house: house.observe(Joined, lambda fact: 1 / 0))
    ann = stage.server.client("ann")
    ann >> "JOIN #c"
    assert len(stage.server.log.failures) == 1
    assert "The plugin planted_plugin failed" in stage.server.log.failures[0]
    stage.server.log.failures.clear()


def test_one_that_fails_too_often_is_unhooked(stage: Stage) -> None:
    calls: list[int] = []

    def fail(fact: MessageSent) -> None:
        calls.append(1)
        raise ValueError("no")

    house = stage.start(lambda house: house.observe(MessageSent, fail))
    ann = stage.server.client("ann")
    for _ in range(MOST_FAILURES - 1):
        ann >> "PRIVMSG ann :x"
    assert house.hooked
    stage.server.clock.advance(WITHIN + 1)
    for _ in range(MOST_FAILURES - 1):
        ann >> "PRIVMSG ann :x"
    assert house.hooked
    ann >> "PRIVMSG ann :x"
    assert not house.hooked
    ann >> "PRIVMSG ann :x"
    assert len(calls) == 2 * MOST_FAILURES - 1
    assert any("it is unhooked" in line for line in stage.server.log.lines)
    assert MessageSent not in stage.plugins.hears
    stage.server.log.failures.clear()


@pytest.mark.parametrize(
    ("module", "words"),
    [("nobody_at_all", "ModuleNotFoundError"), ("json", "AttributeError"), (NAME, "ZeroDivisionError")],
)
def test_one_that_cannot_be_started_is_named(stage: Stage, module: str, words: str) -> None:
    if module == NAME:
        with pytest.raises(PluginError, match=words):
            stage.start(lambda house: 1 / 0)
    else:
        with pytest.raises(PluginError, match=f"the plugin {module} cannot be started: {words}"):
            stage.plugins.load([PluginSettings(module=module)])
    stage.server.log.failures.clear()


def test_one_may_say_what_it_needs(stage: Stage) -> None:
    started = list[House]()
    stage.start(started.append, needs=INTERFACE)
    with pytest.raises(PluginError, match=f"{NAME} needs version {INTERFACE + 1} of the interface, and this"):
        stage.start(started.append, needs=INTERFACE + 1)
    for needs in (0, "2", True, None, 1.5):
        with pytest.raises(PluginError, match=f"{NAME} says that it needs .* no version of the interface"):
            stage.start(started.append, needs=needs)
    assert len(started) == 1 and not stage.server.log.failures


def test_the_example_greets_once_a_day(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent.parent / "examples" / "plugins"))
    block = PluginSettings(module="greeter", settings=("channel=#lobby", "text=Welcome!"))
    stage.plugins.load([block])
    ann = stage.server.client("ann")
    for _ in range(2):
        ann >> "JOIN #lobby" >> "PART #lobby"
    assert len([line for line in ann.lines() if line.endswith("NOTICE ann :Welcome!")]) == 1
    stage.server.clock.advance(86_401)
    ann >> "JOIN #lobby"
    assert any(line.endswith("NOTICE ann :Welcome!") for line in ann.lines())
    sys.modules.pop("greeter", None)


@pytest.mark.parametrize("given", [{"module": "a b"}, {"module": ""}, {"module": "a", "settings": ["b"]}])
def test_settings_are_looked_at(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        PluginSettings.model_validate(given)
