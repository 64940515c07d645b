"""What was erased stays so over restarts, and neighbours hear of it."""

from __future__ import annotations

from archive import Archive

from chatnet.history.erasing import Erasures
from chatnet.records.accounts import State, Status
from chatnet.records.grammar import STATUS


def erasures_of(house: Archive) -> Erasures:
    found = house.parts.erasures
    assert found is not None
    return found


def test_what_was_erased_is_known_after_a_restart() -> None:
    house = Archive()
    ann = house.member("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :forget this"
    person, now = house.named("ann").id, int(house.clock.time() * 1000)
    erasures_of(house).erase(person, now)
    again = house.killed()
    found = erasures_of(again)
    assert found.lately() == []
    house.done(found.load())
    assert [(each.person, each.until) for each in found.lately()] == [(person, now)]
    again.check()


def test_an_account_that_was_erased_while_the_server_did_not_run_takes_along_what_it_said() -> None:
    house = Archive()
    ann, bob = house.member("ann"), house.member("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
    ann >> "PRIVMSG #c :hers" >> "PRIVMSG bob :hers as well"
    bob >> "PRIVMSG #c :his" >> "PRIVMSG ann :his, to her"
    person, place = house.named("ann").id, house.place()
    beside = house.killed()
    beside.change(beside.named("ann"), **{STATUS: Status(State.ERASED).text})
    again = beside.killed()
    house.done(erasures_of(again).load())
    assert again.parts.recorder is not None
    again.parts.recorder.flush()
    assert [row.text for row in again.messages.everything(place)] == ["his"]
    assert [each.person for each in erasures_of(again).lately()] == [person]
    again.check()
