"""Looking back while other things happen: what is told is what may be seen when it is told."""

from __future__ import annotations

from typing import Any

import pytest
from archive import CAPS, Archive, latest, page, parsed, talk
from conversation import Client
from states import set_modes

from chatnet.model.facts import AccountChanged, MessageRedacted, Parted
from chatnet.storage.answers import at_once
from chatnet.storage.messages.rows import PRIVMSG, View, Wanted, Words
from chatnet.storage.messages.store import SQLiteMessages

WIDE = "timestamp=2000-01-01T00:00:00Z timestamp=2030-01-01T00:00:00Z"


@pytest.fixture
def house() -> Archive:
    return Archive()


def slow(house: Archive, name: str) -> None:
    """The store knows an answer, and takes until the house lets go to give it."""
    asked = getattr(house.messages, name)

    async def slowly(*given: Any) -> Any:
        answer = await asked(*given)
        await house.pause()
        return answer

    setattr(house.messages, name, slowly)


def asking(house: Archive, command: str = "CHATHISTORY LATEST #c * 50") -> tuple[Client, Client]:
    """ann, who has asked and waits, and bob, who has said something in #c and to her."""
    ann, bob = house.member("ann", caps=f"{CAPS} labeled-response"), house.member("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    set_modes(house, "#c", "+o", "bob")
    talk([bob], ["1", "2", "3"])
    talk([bob], ["private"], "ann")
    ann.lines()
    for name in ("page", "latest"):
        slow(house, name)
    house.hold = True
    ann >> f"@label=x {command}"
    ann.silent()
    return ann, bob


def leaves(client: Client) -> None:
    """Go out of #c, though a command waits."""
    channel = client.house.node.network.channel("#c")
    assert channel is not None
    client.house.node.commit(Parted(channel, client.user, None, client.house.clock.time()))


def logs_out(client: Client) -> None:
    """Be a guest, though a command waits."""
    user, node = client.user, client.house.node
    node.commit(AccountChanged(user, None, node.clock.time(), user.account, None))


def answer(house: Archive, client: Client) -> list[str]:
    """What is told in the end, without tags."""
    client.lines()
    house.release()
    house.check()
    return [parsed(line).text for line in client.lines()]


def test_others_go_on_and_so_does_who_asks_afterwards(house: Archive) -> None:
    ann, bob = asking(house)
    bob >> "PRIVMSG #c :meanwhile"
    ann << "* PRIVMSG #c :meanwhile"
    ann >> "PRIVMSG #c :later"
    bob.lines()
    told = answer(house, ann)
    assert [line.partition(" :")[2] for line in told[1:-1]] == ["1", "2", "3"]
    bob << "* PRIVMSG #c :later"


@pytest.mark.parametrize("event", ["kick", "part", "end"])
def test_who_is_put_out_meanwhile_reads_nothing(house: Archive, event: str) -> None:
    ann, bob = asking(house)
    if event == "kick":
        bob >> "KICK #c ann"
    elif event == "part":
        leaves(ann)
    else:
        bob >> "PART #c"
        leaves(ann)
        house.clock.advance(2)
        house.client("other") >> "JOIN #c"
    (told,) = answer(house, ann)
    assert told.startswith(":irc.test FAIL CHATHISTORY INVALID_TARGET LATEST #c ")


def test_what_is_shown_to_fewer_people_meanwhile_is_not_told(house: Archive) -> None:
    """They are a guest then, who has not been there since it was said."""
    ann, _ = asking(house)
    house.reload(history={"visible_from": "join"})
    logs_out(ann)
    assert len(answer(house, ann)) == 2


def test_what_is_redacted_meanwhile_is_not_told(house: Archive) -> None:
    ann, bob = asking(house)
    channel = house.node.network.channel("#c")
    assert channel is not None
    wanted = Wanted(frozenset((PRIVMSG,)), 2)
    row = at_once(SQLiteMessages.page(house.messages, View(house.place()), wanted)).rows[0]
    assert row.text == "2"
    house.node.commit(MessageRedacted(bob.user, channel, row.msgid, "", house.clock.time(), "1r"))
    assert [line.partition(" :")[2] for line in answer(house, ann)[1:-1]] == ["1", "3"]
    assert latest(ann) == ["1", "3"]


def test_who_logs_out_meanwhile_has_no_talk_any_more(house: Archive) -> None:
    ann, _ = asking(house, "CHATHISTORY LATEST bob * 50")
    logs_out(ann)
    (told,) = answer(house, ann)
    assert told.startswith(":irc.test FAIL CHATHISTORY INVALID_TARGET LATEST bob ")


def test_targets_are_those_that_one_has_in_the_end(house: Archive) -> None:
    ann, bob = asking(house, f"CHATHISTORY TARGETS {WIDE} 50")
    bob >> "KICK #c ann"
    bob >> "NICK bobby"
    told = answer(house, ann)
    assert [line.split(" ")[3] for line in told[1:-1]] == ["bobby"]


def test_who_is_gone_meanwhile_is_told_nothing(house: Archive) -> None:
    for command in ("CHATHISTORY LATEST #c * 9", f"CHATHISTORY TARGETS {WIDE} 9", "HISTORY #c"):
        house = Archive()
        ann, _ = asking(house, command)
        ann.session.close("gone")
        told = answer(house, ann)
        assert told == [], command


def test_what_is_said_is_found_at_once(house: Archive) -> None:
    """Though it waits to be written."""
    ann = house.member("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :now"
    assert latest(ann) == ["now"]


def test_searching_goes_by_the_same_rules(house: Archive) -> None:
    ann, bob = house.member("ann"), house.member("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
    talk([bob], ["tea one"])
    talk([bob], ["tea two"], "ann")
    cyd = house.member("cyd")
    bob >> "JOIN #other" >> "PRIVMSG #other :tea three"
    looking = house.parts.sessions.looking
    assert looking is not None
    for client, name, texts in (
        (ann, "", ["tea one", "tea two"]),
        (ann, "#c", ["tea one"]),
        (ann, "bob", ["tea two"]),
        (bob, "", ["tea one", "tea two", "tea three"]),
        (cyd, "", []),
    ):
        found = house.done(looking.search(client.user, Words("tea"), name)).found
        assert [row.text for _, row in found] == texts
        assert all(row.kind == PRIVMSG and sight.view.place == row.place for sight, row in found)
    house.reload(history={"search_targets": 1})
    assert [row.text for _, row in house.done(looking.search(bob.user, Words("tea"))).found] == ["tea three"]
    sights = house.done(looking.views(bob.user))
    assert {sight.name for sight in sights} == {"#c", "#other", "ann"}
    assert page(bob, "CHATHISTORY LATEST #other * 5").said == ["tea three"]


def test_who_was_there_when_a_server_was_killed_was_not_there_afterwards(house: Archive) -> None:
    ann, bob = house.member("ann"), house.member("bob")
    ann >> "JOIN #c" >> "PRIVMSG ChanServ :REGISTER #c"
    bob >> "JOIN #c"
    set_modes(house, "#c", "+s")
    talk([ann], ["1"])
    house.clock.advance(5)
    house = house.killed()
    house.clock.advance(5)
    ann = house.member("ann")
    ann >> "JOIN #c"
    set_modes(house, "#c", "+s")
    talk([ann], ["2"])
    bob = house.member("bob")
    assert latest(ann) == ["1", "2"]
    set_modes(house, "#c", "-s")
    bob >> "JOIN #c"
    talk([ann], ["3"])
    assert latest(bob) == ["1", "3"]
    house.check()
