"""METADATA in the words of ``draft/metadata-2``, where they are others than those of the newer draft.

https://ircv3.net/specs/extensions/metadata
"""

from __future__ import annotations

import pytest
from conversation import Client, House
from describing import TWO, knows, plain, told

FAIL = ":irc.test FAIL METADATA"


def older(house: House, nick: str, *keys: str) -> Client:
    return knows(house, nick, *keys, caps=TWO)


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("METADATA", ":irc.test 461 ann METADATA :*"),
        ("METADATA *", ":irc.test 461 ann METADATA :*"),
        ("METADATA * GET", ":irc.test 461 ann METADATA :*"),
        ("METADATA * destr0y", f"{FAIL} SUBCOMMAND_INVALID destr0y :There is no such subcommand"),
        ("METADATA $a:user SET url :x", f"{FAIL} INVALID_TARGET $a:user :*"),
        ("METADATA zed LIST", f"{FAIL} INVALID_TARGET zed :*"),
        ("METADATA bob SET url :x", f"{FAIL} KEY_NO_PERMISSION bob url :*"),
        ("METADATA bob CLEAR", f"{FAIL} KEY_NO_PERMISSION bob * :*"),
        ("METADATA * SET $url$ :x", f"{FAIL} KEY_INVALID $url$ :*"),
        ("METADATA * SET url", f"{FAIL} KEY_NOT_SET ann url :This key is not set"),
        (f"METADATA * SET url :{'v' * 301}", f"{FAIL} VALUE_INVALID :The value has more than 300 bytes"),
        ("METADATA *ALL SYNC", f"{FAIL} INVALID_TARGET *ALL :*"),
    ],
)
def test_what_is_refused(house: House, line: str, answer: str) -> None:
    ann = older(house, "ann")
    house.client("bob")
    ann >> line
    ann << answer
    ann.silent()


def test_limits() -> None:
    house = House(
        metadata={"keys": 1, "subscriptions": 1, "set_rate": 1, "set_period": 5}, flood={"enabled": True}
    )
    ann = older(house, "ann")
    ann >> "METADATA * SET a 1" >> "METADATA * SET b 1"
    ann << ":irc.test 761 ann ann a * :1"
    ann << f"{FAIL} LIMIT_REACHED ann :*"
    ann >> "METADATA * SET a 2" >> "METADATA * CLEAR"
    ann << f"{FAIL} RATE_LIMITED * a 5 :Too many changes: try again in 5 seconds"
    ann << f"{FAIL} RATE_LIMITED * * 5 :*"
    house.clock.advance(60)
    ann >> "METADATA * SUB url city"
    assert plain(ann) == [
        "770 ann url",
        "FAIL METADATA TOO_MANY_SUBS city :*"[:-1] + "You are told of 1 keys, and no more",
    ]


def test_changes_come_as_metadata(house: House) -> None:
    """“`Visibility` is an asterisk (`*`) for keys visible to everyone”"""
    ann, bob, cat = older(house, "ann"), older(house, "bob", "url"), knows(house, "cat", "url")
    for each in (ann, bob, cat):
        each >> "JOIN #c"
    bob.lines(), cat.lines()
    ann.lines()
    ann >> "METADATA * SET url :a b" >> "METADATA #c SET url x"
    ann << ":irc.test 761 ann ann url * :a b"
    assert told(bob) == ["METADATA ann url * :a b", "METADATA #c url * :x"]
    assert told(cat) == ["761 cat ann url * :a b", "761 cat #c url * :x"]
    ann >> "METADATA * SET url"
    assert told(bob) == ["METADATA ann url *"]


def test_what_there_is_comes_as_metadata_too(house: House) -> None:
    """“To enclose 0 or more `METADATA` commands in response to `METADATA SYNC`”"""
    ann = older(house, "ann", "url")
    bob = house.client("bob")
    bob >> "JOIN #c" >> "METADATA * SET url :b" >> "METADATA #c SET url :c"
    told(ann)
    ann >> "JOIN #c"
    assert plain(ann)[-2:] == ["METADATA #c url * :c", "METADATA bob url * :b"]
    ann >> "METADATA #c SYNC"
    assert plain(ann) == ["METADATA #c url * :c", "METADATA bob url * :b"]
    ann >> "METADATA * UNSUB url" >> "METADATA * SUB url"
    assert plain(ann) == ["771 ann url", "770 ann url", "METADATA #c url * :c", "METADATA bob url * :b"]
    ann >> "METADATA bob GET url no"
    assert plain(ann) == ["761 ann bob url * :b", "766 ann bob no :Key not set"]
    ann >> "METADATA bob GET %odd"
    assert plain(ann) == ["FAIL METADATA KEY_INVALID %odd :A key is 1 to 64 of a-z, 0-9, _ . / and -"]


def test_of_many_it_is_told_later() -> None:
    house = House(metadata={"sync_members": 1})
    ann, bob, cat = older(house, "ann"), house.client("bob"), house.client("cat")
    for each in (bob, cat, ann):
        each >> "JOIN #c"
    ann.lines()
    ann >> "METADATA * SUB url"
    assert plain(ann) == ["770 ann url", "774 ann #c 2 :Ask again later (SYNC)"]
    ann >> "MONITOR + bob,cat"
    assert plain(ann)[1:] == [
        "774 ann bob 2 :Ask again later (SYNC)",
        "774 ann cat 2 :Ask again later (SYNC)",
    ]


def test_clearing_tells_what_was_cleared(house: House) -> None:
    """“the server responds with a `metadata` batch containing one `RPL_KEYVALUE` event per cleared key”"""
    ann = older(house, "ann")
    ann >> "METADATA * SET url :x"
    ann.lines()
    ann >> "METADATA * CLEAR"
    assert plain(ann) == ["761 ann ann url * :x"]


def test_before_one_is_registered(house: House) -> None:
    ann = house.connect()
    ann >> "CAP LS 302" >> f"CAP REQ :{TWO}" >> "METADATA * SET url :x" >> "METADATA * SUB url"
    ann >> "NICK ann" >> "USER u 0 * :u"
    ann.lines()
    ann >> "CAP END"
    lines = ann.lines()
    begin = next(index for index, line in enumerate(lines) if line.endswith(" metadata ann"))
    assert lines[begin + 1].endswith(" :irc.test METADATA ann url * :x")
    assert begin < next(index for index, line in enumerate(lines) if " 376 " in line)
