"""HistServ: what was said, asked for in words, and what becomes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from archive import Archive, talk
from conversation import NAME, START, Client, House
from histserv import Library, ask, told
from lacking import lacks
from states import opered

from chatnet.model.facts import Fact, Hearer, PastErased
from chatnet.storage.interfaces import StoreError


@pytest.fixture
def house() -> Library:
    return Library()


def test_it_tells_what_was_said_with_the_time_in_its_text(house: Library) -> None:
    ann, bob = house.member("ann", caps=""), house.member("bob", caps="")
    for client in (ann, bob):
        client >> "JOIN #c"
    talk([bob, ann], ["hello", "hi", "\x01ACTION waves\x01"])
    ann >> "NOTICE #c :careful"
    talk([ann], ["psst"], "bob")
    assert ask(ann, "PLAY #c") == [
        "[2023-11-14 22:13:20] #c <bob> hello",
        "[2023-11-14 22:13:21] #c <ann> hi",
        "[2023-11-14 22:13:22] #c * bob waves",
        "[2023-11-14 22:13:23] #c -ann- careful",
    ]
    assert ask(ann, "PLAY #c 1") == ["[2023-11-14 22:13:23] #c -ann- careful"]
    house.clock.advance(3600)
    assert ask(ann, "play bob 2h") == ["[2023-11-14 22:13:23] bob <ann> psst"]
    assert ask(ann, "PLAY #c 5m") == ["There is nothing of #c since then that you can read."]
    assert ask(ann, "PLAY #c often") == ["How much? A number of messages, or a time: 30m, 12h, 2d."]
    for name in ("#nowhere", "nobody"):
        assert ask(ann, f"PLAY {name}") == [f"There is nothing of {name} that you can read."]
    ann.silent()
    house.check()


def test_it_says_what_may_be_missing(house: Library) -> None:
    ann = house.member("ann", caps="")
    ann >> "JOIN #c,#d"
    talk([ann], ["tea"])
    lacks(house, (house.ms() - 1000, house.ms() + 60_000), name="#c")
    times = "from 2023-11-14 22:13:20 to 2023-11-14 22:14:21"
    missing = f"Something of #c may be missing {times}: other servers may know more."
    tea = "[2023-11-14 22:13:20] #c <ann> tea"
    assert ask(ann, "PLAY #c") == ask(ann, "SEARCH tea") == [tea, missing]
    assert ask(ann, "SEARCH coffee") == ["Nothing was found.", missing]
    assert ask(ann, "PLAY #d") == ["There is nothing of #d that you can read."]
    lacks(house, (house.ms() - 1000, house.ms() + 60_000))
    assert ask(ann, "SEARCH tea")[1] == missing.replace(" of #c", "")
    lacks(house, (house.ms() - 1000, house.ms()), name="#d")
    found, missing = ask(ann, "PLAY #d")
    assert (found, missing[:15]) == ("There is nothing of #d that you can read.", "Something of #d")


def test_nobody_reads_what_is_not_theirs(house: Library) -> None:
    ann, bob, eve = (house.member(nick, caps="") for nick in ("ann", "bob", "eve"))
    for client in (ann, bob):
        client >> "JOIN #c"
    talk([bob], ["tea"])
    talk([bob], ["tea for you"], "ann")
    assert ask(eve, "PLAY #c") == ["There is nothing of #c that you can read."]
    assert ask(eve, "PLAY ann") == ["There is nothing of ann that you can read."]
    assert ask(eve, "SEARCH tea") == ["Nothing was found."]
    assert ask(eve, "SEARCH in=#c tea") == ["There is nothing of #c that you can read."]
    assert ask(ann, "SEARCH tea") == [
        "[2023-11-14 22:13:20] #c <bob> tea",
        "[2023-11-14 22:13:21] bob <bob> tea for you",
    ]
    house.check()


def test_it_finds_words_here_or_there_of_this_one_or_that(house: Library) -> None:
    ann, bob = house.member("ann", caps=""), house.member("bob", caps="")
    for client in (ann, bob):
        client >> "JOIN #c,#d"
    talk([bob, ann], ["hot tea", "tea pot"])
    talk([bob], ["iced tea"], "#d")

    def texts(text: str) -> list[str]:
        return [line.partition("> ")[2] for line in ask(ann, f"SEARCH {text}")]

    assert texts("tea") == ["hot tea", "tea pot", "iced tea"]
    assert texts("in=#c from=bob tea") == ["hot tea"]
    assert texts("from=bob") == ["hot tea", "iced tea"]
    assert texts('"tea pot"') == ["tea pot"]
    assert texts("te* ho*") == ["hot tea"]
    for odd in ("in=#c", ":-)", "in=#c ???"):
        assert ask(ann, f"SEARCH {odd}") == ["Which words? A word has a letter or a digit in it."]
    house.check()


def test_other_operators_hear_of_one_who_searches_where_they_are_not(house: Library) -> None:
    ann, root, other = (house.member(nick, caps="") for nick in ("ann", "root", "other"))
    ann >> "JOIN #c"
    talk([ann], ["tea"])
    opered(root, "history")
    opered(other, snomask="g")
    assert ask(root, "SEARCH in=#c tea") == ["[2023-11-14 22:13:20] #c <ann> tea"]
    other << ":irc.test NOTICE * :*** Notice -- root (~root@192.0.2.1) * reads the history of #c"
    assert [audit[1:4] for audit in house.store.audits] == [("SEARCH", "#c", "")]


def test_a_long_message_comes_in_several_lines(house: Library) -> None:
    ann = house.member("ann", caps="")
    ann >> "JOIN #c"
    talk([ann], ["ä" * 230])
    lines = ask(ann, "PLAY #c")
    assert len(lines) == 2
    assert "".join(line.partition("> ")[2] for line in lines) == "ä" * 230
    house.check()


def test_somebody_with_nc_types_a_word(house: Library) -> None:
    ann = house.member("ann", caps="")
    ann >> "JOIN #c"
    talk([ann], ["hello"])
    ann >> "HISTSERV PLAY #c"
    assert told(ann) == ["[2023-11-14 22:13:20] #c <ann> hello"]
    ann >> "HISTSERV"
    assert told(ann)[0] == "/msg HistServ <command>, in upper or lower case:"
    assert any(line.startswith("  FORGET ALL") for line in ask(ann, "HELP"))
    assert ask(ann, "OPEN SESAME") == ["I do not know that command. HELP lists what I do."]
    house.check()


def test_an_export_has_all_that_one_said_and_what_others_said_to_one_alone(house: Library) -> None:
    ann, bob = house.member("ann", caps="message-tags"), house.member("bob", caps="")
    for client in (ann, bob):
        client >> "JOIN #c"
    talk([ann, bob], ["mine", "not mine"])
    talk([bob], ["to ann"], "ann")
    talk([ann], ["to bob"], "bob")
    ann >> "@+x=1 PRIVMSG #c :tagged"
    ann >> "PART #c"
    assert ask(ann, "EXPORT") == [
        "It is being written; you will read when that is done.",
        f"4 message(s) are in the file {ann.user.account_id}.jsonl, which an operator of this server can give"
        " you.",
    ]
    found = house.exported()
    assert sorted(each["text"] for each in found) == ["mine", "tagged", "to ann", "to bob"]
    (mine,) = (each for each in found if each["text"] == "mine")
    assert (mine["target"], mine["account"], mine["at"]) == ("#c", "ann", "2023-11-14T22:13:20.000Z")
    house.check()


def test_an_export_that_fails_is_told(house: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, guest = house.member("ann", caps=""), house.client("guest")
    assert ask(guest, "EXPORT") == ["You are not logged in to an account."]
    house.exports.broken = True
    assert ask(ann, "EXPORT")[1].startswith("Your messages could not be exported.")
    house.exports.broken = False

    async def unread(*args: object) -> object:
        raise StoreError("The disk is gone")

    monkeypatch.setattr(house.messages, "marks", unread)
    assert ask(ann, "EXPORT")[1].startswith("Your messages could not be exported.")
    monkeypatch.undo()
    assert ask(ann, "EXPORT")[1].startswith("0 message(s) are in the file ")
    assert house.exported() == []
    house.check()


def forget(client: Client) -> None:
    """Have all that somebody said be deleted."""
    code = ask(client, "FORGET ALL")[-1].rpartition(" ")[2]
    assert ask(client, f"FORGET ALL {code}") == ["All that you have said up to now is being deleted."]


def test_what_is_forgotten_does_not_lie_in_an_export_still(house: Library) -> None:
    ann, bob = house.member("ann", caps=""), house.member("bob", caps="")
    talk([ann, bob], ["mine"], "bob")
    folder = Path(house.folder.name) / "exports"
    for client in (ann, bob):
        ask(client, "EXPORT")
    mine, his = (folder / f"{client.user.account_id}.jsonl" for client in (ann, bob))
    before, later = house.clock.time() - 1, house.clock.time() + 60
    for path in (mine, his):
        os.utime(path, (before, before))
    forget(ann)
    assert (mine.exists(), his.exists()) == (False, True)
    # A restart, or a neighbour, says again what was erased: what was written later stays.
    ask(ann, "EXPORT")
    os.utime(mine, (later, later))
    forget(ann)
    assert mine.exists()
    house.exports.broken = True
    forget(bob)
    assert his.exists()
    house.check()


def test_an_export_of_what_is_forgotten_meanwhile_is_dropped(
    house: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = house.member("ann", caps="")
    write = house.exports.write

    async def slowly(name: str, person: str, called: Callable[[str], str | None]) -> int:
        await house.pause()
        count = await write(name, person, called)
        path = Path(house.folder.name) / "exports" / name
        os.utime(path, (house.clock.time(), house.clock.time()))
        return count

    monkeypatch.setattr(house.exports, "write", slowly)
    house.hold = True
    assert ask(ann, "EXPORT") == ["It is being written; you will read when that is done."]
    forget(ann)
    house.release()
    assert told(ann) == ["Your messages could not be exported. Try again later, or tell an operator."]
    assert list((Path(house.folder.name) / "exports").iterdir()) == []
    house.check()


class Erased:
    """Takes down what was erased."""

    def __init__(self, house: House) -> None:
        self.facts: list[PastErased] = []
        self.hears: Mapping[type[Fact], Hearer] = {PastErased: lambda fact, _: self.facts.append(fact)}
        house.node.observe([*house.node._observers, self])


def test_all_that_one_said_is_forgotten_when_that_was_confirmed(house: Library) -> None:
    erased = Erased(house)
    ann, guest = house.member("ann", caps=""), house.client("guest")
    assert ask(guest, "FORGET ALL") == ["You are not logged in to an account."]
    bob = house.member("bob", caps="")
    for client in (bob, ann):
        client >> "JOIN #c"
    talk([bob, ann], ["tea", "tea?"], seconds=0)
    talk([bob], ["psst"], "ann", seconds=0)
    code = ask(ann, "FORGET ALL")[-1].rpartition(" ")[2]
    other = house.member("ann2", "ann", caps="")
    assert ask(other, f"FORGET ALL {code}") == ["That is not the code. FORGET ALL tells it."]
    assert ask(ann, "FORGET ALL now") == ["That is not the code. FORGET ALL tells it."]
    assert not erased.facts
    house.clock.advance(1)
    assert ask(ann, f"FORGET ALL {code}") == ["All that you have said up to now is being deleted."]
    (fact,) = erased.facts
    assert (fact.person, fact.until, fact.place) == (ann.user.account_id, int(START + 1) * 1000, None)
    assert ask(ann, "PLAY #c") == ["[2023-11-14 22:13:20] #c <bob> tea"]
    assert ask(ann, "PLAY bob") == ["There is nothing of bob that you can read."]
    house.check()


def test_with_services_of_another_make_it_is_a_word_as_long_as_nobody_bears_it() -> None:
    archive = Archive()  # its folder is there as long as it is
    house = House(messages=archive.messages, services={"histserv": "HistServ"})
    ann = house.client("ann")
    ann >> "JOIN #c"
    talk([ann], ["hello"])
    assert ask(ann, "PLAY #c") == ["[2023-11-14 22:13:20] #c <ann> hello"]
    assert house.node.network.user("HistServ") is None
    ann >> "WHOIS HistServ"
    ann << f":{NAME} 401 ann HistServ :*"
    ann.lines()
    other = house.client("HistServ")
    ann >> "PRIVMSG HistServ :PLAY #c"
    other << ":ann!* PRIVMSG HistServ :PLAY #c"
    ann.silent()
    house.check()


def test_where_nothing_is_stored_there_is_none() -> None:
    house = House()
    ann = house.client("ann")
    for command in ("PRIVMSG HistServ :HELP", "HISTSERV HELP"):
        ann >> command
        ann << f":{NAME} 401 ann HistServ :*"
    house.check()


def test_its_nick_is_nobody_elses(house: Library) -> None:
    ann: Client = house.member("ann", caps="")
    ann >> "NICK HistServ"
    ann << ":irc.test 433 ann HistServ :*"
    house.check()


def test_one_file_is_written_after_the_other_and_not_endlessly_many_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = Library(history={"exports_waiting": 3, "export_pause": 100})
    people = [house.member(nick, caps="") for nick in ("ann", "bob", "cid", "dan", "eve")]
    ann, bob, cid, dan, eve = people
    talk([ann, bob], ["mine"], "bob")
    write, abreast, most = house.exports.write, 0, 0

    async def slowly(name: str, person: str, called: Callable[[str], str | None]) -> int:
        nonlocal abreast, most
        abreast += 1
        most = max(most, abreast)
        await house.pause()
        count = await write(name, person, called)
        abreast -= 1
        return count

    monkeypatch.setattr(house.exports, "write", slowly)
    house.hold = True
    assert ask(ann, "EXPORT") == ["It is being written; you will read when that is done."]
    for number, client in enumerate((bob, cid, dan), 1):
        for _ in range(3):
            first, *more = ask(client, "EXPORT")
            assert more == [] and first in (
                f"It is written after {number} other(s); you will read when that is done. Stay connected.",
                "It is being written.",
            )
    assert ask(eve, "EXPORT") == ["Too many are being written already. Try again later."]
    # Who leaves waits for nothing.
    cid >> "QUIT"
    for client in (ann, bob, dan):
        house.release()
        house.hold = client is not dan
        assert "message(s) are in the file" in told(client)[0]
    assert most == 1 and len(list((Path(house.folder.name) / "exports").iterdir())) == 3
    house.hold = False
    assert ask(eve, "EXPORT")[0] == "It is being written; you will read when that is done."
    house.clock.advance(40)
    assert ask(ann, "EXPORT") == ["It was written just now. Try again in 60 seconds."]
    house.clock.advance(60)
    assert len(ask(ann, "EXPORT")) == 2
    house.check()
