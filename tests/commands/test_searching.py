"""Finding what was said: SEARCH.  https://github.com/emersion/soju/blob/master/doc/ext/search.md"""

from __future__ import annotations

import pytest
from archive import Archive, Line, parsed, talk
from conversation import START, Client
from lacking import lacks

from chatnet.storage.interfaces import StoreError
from chatnet.wire.server_time import time_tag

CAPS = "batch message-tags server-time draft/chathistory soju.im/search"


@pytest.fixture
def house() -> Archive:
    return Archive()


def at(seconds: float) -> str:
    return time_tag(START + seconds).decode().removeprefix("time=")


def found(client: Client, attributes: str) -> list[Line]:
    """What a search is answered with: "a batch with batch type `search`", and nothing else."""
    client.lines()
    client >> f"SEARCH {attributes}"
    first, *lines, last = map(parsed, client.lines())
    assert first.text.startswith(":irc.test BATCH +") and first.text.endswith(" soju.im/search"), first
    assert "draft/chathistory-end" not in first.tags
    assert last.text.startswith(":irc.test BATCH -")
    assert all("batch" in line.tags and "msgid" in line.tags and "time" in line.tags for line in lines)
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    return lines


def said(client: Client, attributes: str) -> list[str]:
    return [line.said for line in found(client, attributes)]


def test_words_are_found_in_all_that_one_may_see_each_in_its_place(house: Archive) -> None:
    ann, bob, carl = house.member("ann", caps=CAPS), house.member("bob"), house.member("carl")
    for client in (ann, bob):
        client >> "JOIN #c,#d"
    carl >> "JOIN #e"
    talk([bob], ["Hot tea", "coffee"])
    talk([bob], ["tea and cake"], "#d")
    talk([bob], ["tea for you"], "ann")
    talk([ann], ["tea for bob"], "bob")
    talk([carl], ["tea for carl"], "bob")
    talk([carl], ["tea alone"], "#e")
    texts = [line.text for line in found(ann, "text=tea")]
    assert texts == [
        ":bob!~bob@192.0.2.1 PRIVMSG #c :Hot tea",
        ":bob!~bob@192.0.2.1 PRIVMSG #d :tea and cake",
        ":bob!~bob@192.0.2.1 PRIVMSG ann :tea for you",
        ":ann!~ann@192.0.2.1 PRIVMSG bob :tea for bob",
    ]
    assert said(ann, "text=tea;in=#c") == ["Hot tea"]
    assert said(ann, "text=tea;in=bob") == ["tea for you", "tea for bob"]
    assert said(ann, "text=tea;from=bob") == ["Hot tea", "tea and cake", "tea for you"]
    assert said(ann, "from=ann") == ["tea for bob"]
    assert said(ann, "text=te*\\scake") == ["tea and cake"]
    assert said(ann, 'text="and\\scake";nonsense=1') == ["tea and cake"]
    assert said(ann, ':text="hot tea"') == ["Hot tea"]
    # "If no content exists to return, the server SHOULD return an empty batch".
    assert said(ann, "text=lemonade") == []
    assert said(ann, "text=tea;from=nobody") == []
    house.check()


def test_times_are_included_and_say_which_end_is_told(house: Archive) -> None:
    # "`after`: the message was sent at or after this time"; "`before`: … at or before this time";
    # "If `after` is specified, messages SHOULD be searched from that time."
    ann = house.member("ann", caps=CAPS)
    ann >> "JOIN #c"
    talk([ann], [f"tea {number}" for number in range(10)])
    assert said(ann, "text=tea;limit=2") == ["tea 8", "tea 9"]
    assert said(ann, f"text=tea;limit=2;after={at(3)}") == ["tea 3", "tea 4"]
    assert said(ann, f"text=tea;limit=2;before={at(3)}") == ["tea 2", "tea 3"]
    assert said(ann, f"in=#c;after={at(3)};before={at(5)}") == ["tea 3", "tea 4", "tea 5"]
    assert said(ann, f"text=tea;after={at(3)};before={at(8)};limit=3") == ["tea 6", "tea 7", "tea 8"]
    house.check()


def test_no_more_than_a_page_is_told() -> None:
    house = Archive(history={"search_page": 3})
    ann = house.member("ann", caps=CAPS)
    ann >> "JOIN #c"
    talk([ann], [f"tea {number}" for number in range(5)])
    for limit in ("", ";limit=0", ";limit=99", ";limit="):
        assert said(ann, f"text=tea{limit}") == ["tea 2", "tea 3", "tea 4"]
    house.check()


def test_an_author_is_meant_by_account_else_by_the_nick_of_then(house: Archive) -> None:
    ann, bob, guest = house.member("ann", caps=CAPS), house.member("bob"), house.client("guest")
    for client in (ann, bob, guest):
        client >> "JOIN #c"
    talk([bob, guest], ["tea 1", "tea 2"])
    bob >> "NICK robert"
    talk([bob], ["tea 3"])
    guest >> "QUIT"
    assert said(ann, "text=tea;from=robert") == ["tea 1", "tea 3"]
    assert said(ann, "text=tea;from=bob") == ["tea 1", "tea 3"]
    assert said(ann, "text=tea;from=GUEST") == ["tea 2"]
    house.check()


def test_without_batches_the_lines_come_alone(house: Archive) -> None:
    # "Servers SHOULD NOT enforce that clients support all related capabilities".
    ann = house.member("ann", caps="soju.im/search")
    ann >> "JOIN #c" >> "PRIVMSG #c :tea"
    ann.lines()
    ann >> "SEARCH text=tea"
    ann << ":ann!~ann@192.0.2.1 PRIVMSG #c :tea"
    ann.silent()
    house.check()


def test_the_answer_bears_the_label(house: Archive) -> None:
    ann = house.member("ann", caps=f"{CAPS} labeled-response")
    ann >> "JOIN #c" >> "PRIVMSG #c :tea"
    ann.lines()
    ann >> "@label=7 SEARCH text=tea"
    ann << "@label=7;time=* :irc.test BATCH +* soju.im/search"
    house.check()


@pytest.mark.parametrize(
    ("attributes", "failure"),
    [
        ("text=tea;after=yesterday", "INVALID_PARAMS after :*"),
        ("text=tea;before=2026-11-29", "INVALID_PARAMS before :*"),
        ("text=tea;limit=-1", "INVALID_PARAMS limit :*"),
        ("text=:-)", "INVALID_PARAMS text :*"),
        ("text=tea;in=#nowhere", "INVALID_PARAMS in :*"),
        ("text=tea;in=#e", "INVALID_PARAMS in :*"),
        ("text=tea;in=nobody", "INVALID_PARAMS in :*"),
    ],
)
def test_what_makes_no_sense_is_refused(house: Archive, attributes: str, failure: str) -> None:
    # "If the selectors were invalid, the `INVALID_PARAMS` error code SHOULD be returned."
    ann, carl = house.member("ann", caps=CAPS), house.member("carl")
    carl >> "JOIN #e"
    ann >> f"SEARCH {attributes}"
    ann << f"@time=* :irc.test FAIL SEARCH {failure}"
    ann.silent()
    house.check()


def test_a_search_that_cannot_be_done_is_told_so(house: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    # "If the search cannot be run due to an internal error, the `INTERNAL_ERROR` error code SHOULD be
    # returned."
    def broken(*args: object) -> object:
        raise StoreError("The disk is gone")

    ann = house.member("ann", caps=CAPS)
    ann >> "JOIN #c"
    ann.lines()
    monkeypatch.setattr(house.messages, "search", broken)
    ann >> "SEARCH text=tea"
    ann << "@time=* :irc.test FAIL SEARCH INTERNAL_ERROR :The search could not be run"
    house.check()


def test_it_is_for_those_who_asked_for_it_and_where_words_are_found() -> None:
    # "The `soju.im/search` capability MUST be negotiated."
    house = Archive(history={"search": "off"})
    ann = house.member("ann", caps="server-time")
    ann >> "CAP REQ soju.im/search"
    ann << "@time=* :irc.test CAP ann NAK :soju.im/search"
    other = Archive().member("ann", caps="server-time")
    for client in (ann, other):
        client >> "SEARCH text=tea"
        client << "@time=* :irc.test 421 ann SEARCH :*"


def test_what_is_missing_where_was_searched_is_told(house: Archive) -> None:
    ann, bob = house.member("ann", caps=f"{CAPS} standard-replies"), house.member("bob", caps=CAPS)
    for client in (ann, bob):
        client >> "JOIN #c,#d"
    talk([bob], ["tea one", "tea two"])
    talk([bob], ["tea three"], "#d")
    begin = house.ms() - 3000

    def noted(attributes: str) -> list[str]:
        ann.lines()
        ann >> f"SEARCH {attributes}"
        lines = [parsed(line).text for line in ann.lines()]
        end = next(number for number, line in enumerate(lines) if line.startswith(":irc.test BATCH -"))
        return lines[end + 1 :]

    def note(where: str, since: float, until: float) -> list[str]:
        told = f"{where} {at(since)} {at(until)} :Something may be missing"
        return [f":irc.test NOTE SEARCH INCOMPLETE {told}"]

    assert noted("text=tea") == []
    lacks(house, (begin, begin + 1500), name="#c")
    assert noted("text=tea") == note("#c", 0, 1.5)
    assert noted("text=tea;in=#d") == []
    assert noted("text=nothing") == note("#c", 0, 1.5)
    # What was not looked for is not told to be missing.
    assert noted("text=tea;limit=1") == []
    assert noted(f"text=tea;limit=1;after={at(0)}") == note("#c", 0, 0.001)
    assert noted(f"text=tea;after={at(1)}") == note("#c", 1, 1.5)
    assert noted(f"text=tea;after={at(1.6)}") == []
    lacks(house, (begin, begin + 1500), (begin + 2000, begin + 2500))
    assert noted("text=tea") == note("*", 0, 2.5)
    lacks(house, name="#d", unsure=begin + 3000)
    assert noted("text=tea") == note("#d", 0, 3)
    bob >> "SEARCH text=tea"
    assert not any("INCOMPLETE" in line for line in bob.lines())
