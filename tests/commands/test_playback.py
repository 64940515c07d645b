"""What was said, as clients ask bouncers for it: znc.in/playback.  https://wiki.znc.in/Playback"""

from __future__ import annotations

import pytest
from archive import Archive, Line, parsed, talk
from conversation import START, Client

from chatnet.storage.interfaces import StoreError

CAPS = "batch message-tags server-time znc.in/playback znc.in/self-message"


@pytest.fixture
def house() -> Archive:
    return Archive()


def played(client: Client, command: str) -> dict[str, list[Line]]:
    """What is played, by its target; all of it stands in batches of type ``chathistory``."""
    client.lines()
    client >> command
    found: dict[str, list[Line]] = {}
    batches: dict[str, list[Line]] = {}
    for line in map(parsed, client.lines()):
        words = line.text.split(" ")
        if words[1] == "BATCH" and words[2][0] == "+":
            assert words[3] == "chathistory"
            batches[words[2][1:]] = found[words[4]] = []
        elif words[1] == "BATCH":
            del batches[words[2][1:]]
        else:
            batches[line.tags["batch"]].append(line)
    assert not batches
    return found


def said(client: Client, command: str) -> dict[str, list[str]]:
    return {name: [line.said for line in lines] for name, lines in played(client, command).items()}


def test_the_lounge_asks_for_each_channel_from_where_it_left(house: Archive) -> None:
    # server/models/chan.ts: network.irc.raw("ZNC", "*playback", "PLAY", channel.name, from.toString())
    ann, bob = house.member("ann", caps=CAPS), house.member("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
    talk([bob], ["1", "2", "3"])
    assert said(ann, "ZNC *playback PLAY #c 0") == {"#c": ["1", "2", "3"]}
    # What it has it does not get again, and nothing at all where there is nothing.
    assert said(ann, f"ZNC *playback PLAY #c {START + 1:.0f}") == {"#c": ["3"]}
    assert said(ann, f"ZNC *playback PLAY #c {START + 2:.0f}") == {}
    house.check()


def test_it_is_asked_by_private_message_as_well_which_nobody_hears_of(house: Archive) -> None:
    ann, bob = house.member("ann", caps=f"{CAPS} echo-message"), house.member("bob")
    for client in (ann, bob):
        client >> "JOIN #c,#d"
    talk([bob], ["1"])
    talk([bob], ["2"], "#d")
    talk([bob], ["3"], "ann")
    talk([ann], ["4"], "bob")
    assert said(ann, "PRIVMSG *playback :play #c") == {"#c": ["1"]}
    assert said(ann, "PRIVMSG *playback :Play #c,bob") == {"#c": ["1"], "bob": ["3", "4"]}
    assert said(ann, "PRIVMSG *playback :play *") == {"#c": ["1"], "#d": ["2"], "bob": ["3", "4"]}
    assert said(ann, f"PRIVMSG *playback :play * {START + 1}") == {"bob": ["3", "4"]}
    assert said(ann, "PRIVMSG *playback :play #nowhere,nobody") == {}
    house.check()


def test_times_have_fractions_and_the_later_one_is_included(house: Archive) -> None:
    ann = house.member("ann", caps=CAPS)
    ann >> "JOIN #c"
    talk([ann], ["0", "1", "2", "3"], seconds=0.5)
    assert said(ann, f"ZNC *playback PLAY #c {START} {START + 1}") == {"#c": ["1", "2"]}
    assert said(ann, f"ZNC *playback PLAY #c {START + 0.499} {START + 0.501}") == {"#c": ["1"]}
    house.check()


def test_of_much_the_newest_is_told_with_its_ids_and_times() -> None:
    house = Archive(history={"replay": 2})
    ann = house.member("ann", caps=CAPS)
    ann >> "JOIN #c"
    talk([ann], ["0", "1", "2"])
    lines = played(ann, "ZNC *playback PLAY #c 0")["#c"]
    assert [line.said for line in lines] == ["1", "2"]
    assert [line.at for line in lines] == ["2023-11-14T22:13:21.000Z", "2023-11-14T22:13:22.000Z"]
    assert all(line.msgid for line in lines)
    house.check()


def test_it_lists_where_there_is_something_and_clears_nothing(house: Archive) -> None:
    ann, bob = house.member("ann", caps="znc.in/playback"), house.member("bob")
    for client in (ann, bob):
        client >> "JOIN #c,#d"
    talk([bob], ["1", "2"])
    talk([bob], ["3"], "ann")
    ann.lines()
    ann >> "PRIVMSG *playback :list"
    ann << f":*playback!playback@irc.test PRIVMSG ann :#c {START:.3f} {START + 1:.3f}"
    ann << f":*playback!playback@irc.test PRIVMSG ann :bob {START + 2:.3f} {START + 2:.3f}"
    ann.silent()
    ann >> "PRIVMSG *playback :clear *"
    ann.silent()
    ann >> "ZNC *playback LIST #c"
    ann << f":*playback!playback@irc.test PRIVMSG ann :#c {START:.3f} {START + 1:.3f}"
    for odd in ("", "LIMIT ann", "PLAY", "PLAY #c yesterday", "PLAY #c 1 2 3"):
        ann >> f"ZNC *playback {odd}"
        ann << ":*playback!playback@irc.test PRIVMSG ann :PLAY <channel or nick> *"
    house.check()


def test_it_is_for_those_who_asked_for_it(house: Archive) -> None:
    ann = house.member("ann", caps="")
    ann >> "PRIVMSG *playback :play *"
    ann << ":irc.test 401 ann *playback :*"
    ann >> "ZNC *playback play *"
    ann << ":irc.test 401 ann *playback :*"
    bob = house.member("bob", caps="znc.in/playback")
    bob >> "ZNC *status version" >> "NOTICE *playback :play *" >> "PRIVMSG *status :version"
    bob << ":irc.test 401 bob *status :*" << ":irc.test 401 bob *status :*"
    bob.silent()
    house.check()


def test_who_does_not_read_gets_no_more_than_they_can_take() -> None:
    house = Archive(connection_class=[{"name": "all", "sendq": 4096}])
    ann = house.member("ann", caps=CAPS)
    ann >> "JOIN #a,#b"
    for name in ("#a", "#b"):
        talk([ann], ["x" * 300] * 10, name)
    ann.lines()
    ann >> "ZNC *playback PLAY *"
    lines = ann.lines()
    assert "x" * 300 in lines[1]
    assert "#b" in lines[-1] and lines[-1].endswith("go on with PLAY #b")
    assert not ann.session.closed
    house.check()


def test_a_store_that_cannot_be_read_is_said_so(house: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> object:
        raise StoreError("The disk is gone")

    ann = house.member("ann", caps=CAPS)
    ann >> "JOIN #c"
    ann.lines()
    monkeypatch.setattr(house.messages, "page", broken)
    ann >> "ZNC *playback PLAY #c"
    ann << "@time=* :*playback!playback@irc.test PRIVMSG ann :Messages cannot be read now. *"
    house.check()
