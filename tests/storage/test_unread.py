"""What waits to be written, as of places and times."""

from __future__ import annotations

from chatnet.storage.messages.rows import LAST, PRIVMSG, Came, Moved, Place, Redacted, Row
from chatnet.storage.messages.unread import MOST, Unread

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


def test_what_was_deleted() -> None:
    unread = Unread()
    unread.note([Redacted(CLUB, "a", 5, "r", None, "s", "")])
    assert unread.deletes("a") and not unread.deletes("b")
    unread.forget()
    assert not unread.deletes("a")


def test_of_more_places_than_are_remembered_it_may_be_any() -> None:
    unread = Unread(any_place=True)
    assert unread.of(PUB) == (0, LAST)
    unread.forget()
    assert unread.of(PUB) is None
    rows = [Row(Place("c", f"#{number}", "", 1), 5, "b", PRIVMSG, 0, None, "s", "") for number in range(MOST)]
    unread.note(rows)
    assert unread.of(PUB) is None
    unread.note([Row(CLUB, 5, "b", PRIVMSG, 0, None, "s", "")])
    assert unread.of(PUB) == (0, LAST)
