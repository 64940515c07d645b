"""A device that comes back is told what there is of what it missed, and once that there may be more."""

from __future__ import annotations

from typing import Any

import pytest
from conversation import Client
from lacking import lacks
from test_always_on import TIMED
from test_several_sessions import one_more
from test_staying import Home, home_of_ann

from chatnet.history.looking import Looking
from chatnet.session.presence.devices import Devices, Heard
from chatnet.storage.interfaces import StoreError


def missing_two() -> tuple[Home, Client]:
    """ann is away, and something was said in two channels."""
    home, ann = home_of_ann(TIMED)
    bob = home.client("bob")
    ann >> "JOIN #c,#d"
    bob >> "JOIN #c,#d"
    home.clock.advance(1)
    ann >> "QUIT"
    home.clock.advance(1)
    bob >> "PRIVMSG #c :one" >> "PRIVMSG #d :two"
    home.clock.advance(1)
    return home, bob


def told(client: Client) -> tuple[list[str], list[str]]:
    """What was said, and what the server has to say of it."""
    lines = [line.partition(" ")[2] for line in client.lines()]
    said = [line.rpartition(" :")[2] for line in lines if " PRIVMSG " in line]
    return said, [line.split(" ", 3)[3][1:] for line in lines if line.startswith(":irc.test NOTICE ann :")]


def test_it_is_told_of_what_something_may_be_missing() -> None:
    home, _ = missing_two()
    since = int(home.clock.time() * 1000) - 1500
    lacks(home, (since, since + 1000))
    said, notices = told(one_more(home, caps=TIMED))
    assert sorted(said) == ["one", "two"]
    [notice] = notices
    assert notice.startswith("Something of #c, #d may be missing from ")
    assert notice.endswith(": other servers may know more")


def test_what_was_missing_before_it_left_is_not_its_business() -> None:
    home, _ = missing_two()
    lacks(home, (0, int(home.clock.time() * 1000) - 5000))
    assert told(one_more(home, caps=TIMED)) == (["one", "two"], [])


def test_what_could_be_read_is_told_where_not_all_could_be(monkeypatch: pytest.MonkeyPatch) -> None:
    home, bob = missing_two()
    look = Looking.look

    async def fails(looking: Looking, user: Any, name: str, *rest: Any) -> Any:
        if name == "#d":
            raise StoreError("the disk is full")
        return await look(looking, user, name, *rest)

    monkeypatch.setattr(Looking, "look", fails)
    back = one_more(home, caps=TIMED)
    assert told(back) == (["one"], ["Not all of what was said while you were away could be read now"])
    bob >> "PRIVMSG #d :three"
    assert told(back)[0] == ["three"]


def test_a_client_without_times_reads_where_it_missed_something() -> None:
    home, bob = missing_two()
    back = one_more(home)
    hint = (
        "While you were away something was said in #c, #d. Your client knows no server-time, so it is "
        "not shown by itself: HISTORY #c shows it, and /msg HistServ PLAY #c with times"
    )
    assert said(back) == [f":irc.test NOTICE ann :{hint}"]
    back >> "HISTORY #d"
    back << ":bob!* PRIVMSG #d :two"
    back >> "QUIT"
    home.clock.advance(1)
    back = one_more(home)
    assert said(back) == []  # nothing was said since
    bob >> "PRIVMSG ann :hello"
    assert said(one_more(home, account="ann@new")) == []  # it was never here
    assert said(one_more(home, caps="draft/chathistory batch message-tags")) == []  # it asks by itself


def said(client: Client) -> list[str]:
    """What was said, and what the server says of it, to a client without tags."""
    return [line for line in client.lines() if line.split(" ")[1] in ("PRIVMSG", "NOTICE")]


def test_a_connection_that_was_forgotten_takes_nothing_back() -> None:
    """The old one of a device is noticed to be gone when that is here again, and has gone again."""
    devices = Devices()
    for ms in (20, 10):
        devices.note("ann", "phone", Heard(ms, "~"), 9)
        devices.note("ann", "", Heard(ms, "~"), 9)
    # Of those without a name there may be several.
    assert devices.of("ann") == {"phone": Heard(20, "~"), "": Heard(10, "~")}
