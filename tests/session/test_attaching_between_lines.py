"""Whenever a client comes in that is shown what it missed: no message twice, and none left out."""

from __future__ import annotations

import re
from typing import Any, Final

from archive import Archive
from conversation import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import runs
from test_always_on import ON, TIMED, here
from test_several_sessions import one_more

SAID: Final = re.compile(r":(\w+)!\S+ PRIVMSG (\S+) :(\w+)$")

actions = st.lists(
    st.sampled_from(["#c", "#d", "ann", "by ann", "step", "redact", "later"]), min_size=1, max_size=14
)


def slow(house: Archive) -> None:
    """The store takes its time whenever it is asked for a page, or for what is new."""
    for name in ("page", "latest"):
        asked = getattr(house.messages, name)

        async def slowly(*given: Any, asked: Any = asked) -> Any:
            await house.pause()
            answer = await asked(*given)
            await house.pause()
            return answer

        setattr(house.messages, name, slowly)


class Scene:
    """bob and another session of ann's say things to #c, #d and each other."""

    def __init__(self) -> None:
        self.house = Archive(bouncer=ON)
        for name in ("ann", "bob"):
            self.house.account(name)
        self.bob = self.house.client("bob", caps="draft/message-redaction message-tags echo-message")
        self.ann = here(self.house)
        for channel in ("#c", "#d"):
            self.bob >> f"JOIN {channel}"
            self.ann >> f"JOIN {channel}"
        self.said: list[str] = []
        self.redacted: set[str] = set()
        self.last: tuple[str, str, str] | None = None

    def act(self, action: str) -> None:
        """Have something happen."""
        word = f"w{len(self.said)}"
        if action == "later":
            self.house.clock.advance(1)
        elif action == "step":
            waiting, self.house.waiting = self.house.waiting, []
            for coroutine in waiting:
                self.house.run(coroutine)
        elif action == "redact":
            if self.last is not None:
                target, msgid, word = self.last
                self.bob >> f"REDACT {target} {msgid}"
                self.redacted.add(word)
                self.last = None
        elif action == "by ann":
            self.ann >> f"PRIVMSG bob :{word}"
            self.said.append(word)
        else:
            self.bob.lines()
            self.bob >> f"PRIVMSG {action} :{word}"
            msgid = self.bob.lines()[0].partition("msgid=")[2].partition(" ")[0].partition(";")[0]
            self.said.append(word)
            self.last = action, msgid, word


def read(client: Client) -> list[str]:
    """The words that a client has read."""
    return [found[3] for line in client.lines() if (found := SAID.search(line)) is not None]


@settings(max_examples=runs(15, 5000), deadline=None)
@given(actions, actions, actions)
@example(["#c"], ["#c"], ["#c"])
@example(["#c", "ann", "by ann"], ["step", "#c", "step", "ann", "redact", "step", "by ann", "step"], ["#d"])
def test_each_message_is_read_once(before: list[str], during: list[str], after: list[str]) -> None:
    scene = Scene()
    phone = here(scene.house, TIMED, account="ann@phone")
    scene.act("#c")
    assert read(phone) == ["w0"]
    scene.house.clock.advance(1)
    phone >> "QUIT"
    for action in before:
        scene.act(action)
    slow(scene.house)
    scene.house.hold = True
    phone = one_more(scene.house, caps=TIMED, account="ann@phone")
    for action in during:
        scene.act(action)
    # What was redacted after it was read stays on the screen of who has no REDACT.
    live = read(phone)
    scene.house.hold = True
    while scene.house.waiting:
        scene.act("step")
    for action in after:
        scene.act(action)
    told = live + read(phone)
    assert len(told) == len(set(told)), told
    assert set(told) | scene.redacted == set(scene.said[1:]) | scene.redacted, (told, scene.said)
