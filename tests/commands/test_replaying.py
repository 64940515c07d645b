"""What those are told who come into a channel, without having asked."""

from __future__ import annotations

from typing import Any

import pytest
from archive import Archive, parsed, talk
from conversation import Client

CAPS = "batch server-time"


def house(**history: Any) -> Archive:
    return Archive(history={"autoreplay": 2} | history)


def ask(client: Client, text: str) -> list[str]:
    """What NickServ answers."""
    client.lines()
    client >> f"PRIVMSG NickServ :{text}"
    return [parsed(line).said for line in client.lines() if " NOTICE " in line]


def shown(client: Client, name: str = "#c") -> list[str]:
    """What somebody who comes in is shown after the end of names: in a batch, with the old times."""
    client.lines()
    client >> f"JOIN {name}"
    lines = [parsed(line) for line in client.lines()]
    behind = next(n for n, line in enumerate(lines) if f" 366 {client.user.nick} {name} " in line.text)
    lines = lines[behind + 1 :]
    if not lines:
        return []
    assert lines[0].text.endswith(f" chathistory {name}")
    inside = lines[1:-1]
    assert all("batch" in line.tags and line.tags["time"] < "2023-11-14T22:14" for line in inside)
    return [line.said for line in inside]


def test_who_comes_in_is_shown_the_last_lines() -> None:
    club = house()
    ann, bob = club.member("ann"), club.client("bob", caps=CAPS)
    ann >> "JOIN #c"
    talk([ann], ["1", "2", "3"])
    club.clock.advance(60)
    assert shown(bob) == ["2", "3"]
    club.check()


def test_what_was_heard_before_leaving_is_not_shown_again() -> None:
    club = house(autoreplay=10)
    ann, bob = club.member("ann"), club.client("bob", caps=CAPS)
    ann >> "JOIN #c"
    talk([ann], ["1"])
    assert shown(bob) == ["1"]
    talk([ann], ["2"])
    bob >> "PART #c"
    assert shown(bob) == []
    ann >> "KICK #c bob"
    club.clock.advance(1)
    talk([ann], ["3"])
    assert shown(bob) == ["3"]
    club.check()


@pytest.mark.parametrize(
    "caps",
    [
        "batch",  # they would look new
        f"{CAPS} draft/chathistory",  # "Who asks is never sent history unasked"
        f"{CAPS} znc.in/playback",
    ],
)
def test_who_asks_or_cannot_tell_the_old_from_the_new_is_shown_nothing(caps: str) -> None:
    club = house()
    ann, bob = club.member("ann"), club.client("bob", caps=caps)
    ann >> "JOIN #c"
    talk([ann], ["1"])
    assert shown(bob) == []
    club.check()


def test_an_account_has_a_number_of_its_own() -> None:
    club = house()
    ann, bob = club.member("ann"), club.member("bob", caps=CAPS)
    ann >> "JOIN #c,#d,#e"
    for name in ("#c", "#d", "#e"):
        talk([ann], ["1", "2", "3"], name)
    assert ask(bob, "SET AUTOREPLAY-LINES 1") == ["autoreplay-lines is 1 now."]
    assert shown(bob) == ["3"]
    assert ask(bob, "SET AUTOREPLAY-LINES 0") == ["autoreplay-lines is 0 now."]
    assert shown(bob, "#d") == []
    assert ask(bob, "SET AUTOREPLAY-LINES default") == ["autoreplay-lines is as by default now."]
    assert shown(bob, "#e") == ["2", "3"]
    for odd in ("many", "-1", "1001", "²"):
        assert ask(bob, f"SET AUTOREPLAY-LINES {odd}") == ["Say a number of at most 1000, or DEFAULT."]
    club.check()


def test_nothing_is_shown_that_is_not_theirs() -> None:
    club = house(visible_from="join")
    ann, bob = club.member("ann"), club.client("bob", caps=CAPS)
    ann >> "JOIN #c"
    talk([ann], ["1"])
    assert shown(bob) == []
    club.check()


@pytest.mark.parametrize(
    ("history", "text"),
    [
        ({}, "kept for 90 day(s); everybody who is in this channel can read it, also who comes later"),
        ({"visible_from": "join"}, "kept for 90 day(s); everybody can read what was said while they *"),
        (
            {"channels_keep": 7, "visible_from": "account"},
            "kept for 7 day(s); *, back to when they registered",
        ),
    ],
)
def test_who_comes_in_is_told_what_is_kept(history: dict[str, Any], text: str) -> None:
    club = house(autoreplay=0, entry_notice=True, **history)
    ann, bob, carl = club.client("ann"), club.client("bob"), club.client("carl", caps="draft/chathistory")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    bob.until(":irc.test 366 *")
    bob << f":irc.test NOTICE #c :What is said here is {text}"
    bob.silent()
    carl >> "JOIN #c"
    carl.until(":irc.test 366 *")
    carl.silent()
    club.check()


def test_private_messages_of_who_does_not_want_that_are_not_stored() -> None:
    club = house()
    caps = "batch message-tags server-time draft/chathistory"
    ann, bob, carl = (club.member(nick, caps=caps) for nick in ("ann", "bob", "carl"))

    def kept(client: Client, other: str) -> list[str]:
        client.lines()
        client >> f"CHATHISTORY LATEST {other} * 50"
        return [parsed(line).said for line in client.lines() if "PRIVMSG" in line]

    talk([ann], ["1"], "bob")
    assert kept(ann, "bob") == ["1"]
    assert ask(bob, "SET DM-HISTORY OFF") == ["dm-history is off now."]
    talk([ann], ["2"], "bob")
    talk([bob], ["3"], "ann")
    talk([ann], ["4"], "carl")
    assert kept(ann, "bob") == kept(bob, "ann") == ["1"]
    assert kept(carl, "ann") == ["4"]
    assert ask(bob, "SET DM-HISTORY ON") == ["dm-history is on now."]
    talk([ann], ["5"], "bob")
    assert kept(ann, "bob") == ["1", "5"]
    club.check()


def test_what_was_stored_before_can_be_deleted_after() -> None:
    club = house()
    caps = "batch echo-message message-tags server-time draft/chathistory draft/message-redaction"
    ann, bob = club.member("ann", caps=caps), club.member("bob", caps=caps)
    ann >> "PRIVMSG bob :1"
    msgid = parsed(ann.lines()[-1]).msgid
    ask(bob, "SET DM-HISTORY OFF")
    ann >> f"REDACT bob {msgid}"
    assert "REDACT" in bob.lines()[-1]
    ask(bob, "SET DM-HISTORY ON")
    bob.lines()
    bob >> "CHATHISTORY LATEST ann * 50"
    assert not any("PRIVMSG" in line for line in bob.lines())
    club.check()
