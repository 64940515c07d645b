"""What waits to be written, as of places and times."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chatnet.storage.messages.rows import LAST, PRIVMSG, Came, Erased, Moved, Place, Redacted, Row, Went
from chatnet.storage.messages.unread import MOST, Unread, summary

CLUB = Place("c", "#club", "", 1)
PUB = Place("c", "#pub", "", 1)


def test_messages_wait_of_a_place_and_a_time() -> None:
    unread = Unread()
    assert unread.of(CLUB) is None
    unread.note([(CLUB, 1.5, "a", PRIVMSG, 0, "ann", b"ann!a@h", "one"), Came(PUB, "ann", 5)])
    assert unread.of(CLUB) == (1500, 1501)
    unread.note([Row(CLUB, 900, "b", PRIVMSG, 0, None, "n!u@h", "past")])
    assert (unread.of(CLUB), unread.of(PUB)) == ((900, 1501), None)
    unread.forget()
    assert unread.of(CLUB) is None


def test_a_channel_that_has_another_name_by_then() -> None:
    unread = Unread()
    unread.note([(CLUB, 1.5, "a", PRIVMSG, 0, None, b"ann!a@h", "one"), Moved(CLUB, PUB, "#Pub")])
    assert unread.of(PUB) == (1500, 1501)


def hidden(unread: Unread, row: Row) -> bool:
    return unread.gone is not None and unread.gone.hides(row)


def test_what_was_deleted() -> None:
    unread = Unread()
    unread.note([Redacted(CLUB, "a", 5, "r", None, "s", "")])
    before, gone = unread.gone, row("a", 1)
    assert hidden(unread, gone) and not hidden(unread, row("b", 1))
    unread.forget()
    assert not hidden(unread, gone)
    # Who began to read before goes on to leave it out.
    assert before is not None and before.hides(gone) and before.redactions(CLUB)


def row(msgid: str, at: int, place: Place = CLUB, person: str | None = None) -> Row:
    return Row(place, at, msgid, PRIVMSG, 0, person, "n!u@h", "words")


def test_what_was_erased() -> None:
    unread = Unread()
    unread.note([Erased("ann", 10, "1"), Erased("bob", 20, "2", CLUB)])
    talk, other = Place("d", "ann", "cid"), Place("d", "bob", "cid")
    assert hidden(unread, row("1", 10, person="ann")) and not hidden(unread, row("2", 11, person="ann"))
    assert hidden(unread, row("3", 10, talk, "cid")) and not hidden(unread, row("4", 10, other, "bob"))
    assert hidden(unread, row("5", 20, person="bob")) and not hidden(unread, row("6", 20, PUB, "bob"))
    assert not hidden(unread, row("7", 5))
    unread.note(
        [Redacted(CLUB, "a", 5, "r", "ann", "ann!a@h", "no"), Redacted(CLUB, "b", 5, "r", None, "s", "")]
    )
    assert unread.gone is not None
    assert [each.source for each in unread.gone.redactions(CLUB)] == ["", "s"]


def test_who_came_and_went() -> None:
    unread = Unread()
    assert unread.stays(CLUB) == LAST
    unread.note([Went(CLUB, "ann", 9), Came(CLUB, "ann", 7), Moved(CLUB, PUB, "#Pub"), Came(PUB, "ann", 8)])
    assert (unread.stays(CLUB), unread.stays(PUB), unread.of(CLUB)) == (7, 7, None)
    unread.forget()
    assert unread.stays(CLUB) == LAST


def test_with_whom_somebody_talked() -> None:
    talk = Place("d", "ann", "bob")
    unread = Unread()
    unread.note([row("a", 5, talk), row("b", 9, talk), row("c", 7)])
    assert (unread.talks("ann"), unread.talks("cid")) == ([(talk, 9)], [])
    unread.note_any()
    assert unread.talks("cid") is None


def test_of_more_places_than_are_remembered_it_may_be_any() -> None:
    unread = Unread()
    unread.note_any()
    assert (unread.of(PUB), unread.stays(PUB)) == ((0, LAST), 0)
    unread.forget()
    assert unread.of(PUB) is None
    unread.note([row("b", 5, Place("c", f"#{number}", "", 1)) for number in range(MOST)])
    assert unread.of(PUB) is None
    unread.note([row("b", 5)])
    assert unread.of(PUB) == (0, LAST)


PLACES = st.sampled_from([CLUB, PUB, Place("d", "ann", "bob")])
PEOPLE = st.sampled_from(["ann", "bob", None])
TIMES = st.integers(0, 20)
ENTRIES = st.one_of(
    st.builds(row, st.sampled_from("abc"), TIMES, PLACES, PEOPLE),
    st.builds(lambda place, at: (place, at / 1000, "d", PRIVMSG, 0, None, b"s", "t"), PLACES, TIMES),
    st.builds(Came, PLACES, st.just("ann"), TIMES),
    st.builds(Went, PLACES, st.just("ann"), TIMES),
    st.builds(lambda place, to: Moved(place, to, to.name), PLACES, PLACES),
    st.builds(lambda place, id: Redacted(place, id, 5, "r", None, "s", ""), PLACES, st.sampled_from("abc")),
    st.builds(lambda at, place: Erased("ann", at, "1", place), TIMES, st.one_of(st.none(), PLACES)),
)


@given(st.lists(st.lists(ENTRIES)))
def test_a_summary_says_of_a_group_no_less_than_the_group_does(groups: list[list[Any]]) -> None:
    """What is renamed within a group may be said of both names."""
    whole, short = Unread(), Unread()
    for entries in groups:
        whole.note(entries)
        short.note(summary(entries))
    renames = any(isinstance(entry, Moved) for entries in groups for entry in entries)
    for place in (CLUB, PUB, Place("d", "ann", "bob")):
        said, told = whole.of(place), short.of(place)
        if said is not None:
            assert told is not None and told[0] <= said[0] and said[1] <= told[1]
        assert short.stays(place) <= whole.stays(place)
        if not renames:
            assert (told, short.stays(place)) == (said, whole.stays(place))
        for msgid in "abcd":
            for at in (0, 10, 20):
                for person in ("ann", "bob", None):
                    asked = row(msgid, at, place, person)
                    assert hidden(whole, asked) == hidden(short, asked)
