"""The machine of a link that is resumed, cell by cell and row by row.  docs/federation.md

"Resume iff: `sess` known for this link name, initiator's epoch = stored peer epoch, own buf not overflowed,
tx_base ≤ rx_peer ≤ tx_next, not expired.  Otherwise fresh."
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pytest

from chatnet.links.neighbour.resume import (
    NOTHING,
    OVERHEAD,
    STEPS,
    Decision,
    Offer,
    State,
    Streams,
    agree,
    decide,
    token,
)

MINE, THEIRS, SESSION = "MYEPOCH", "THEIREPOCH", "THISONE"


def fresh(size: int = 1_000_000, lines: int = 1000) -> Streams:
    """A session that has just begun."""
    streams = Streams(MINE)
    streams.step("connected")
    streams.begin(SESSION, THEIRS)
    streams.bound(size, lines)
    return streams


def said(streams: Streams, count: int) -> list[bytes]:
    """Say so many lines; these are all that were said."""
    lines = [b"line %d\r\n" % number for number in range(streams.sent + 1, streams.sent + count + 1)]
    for line in lines:
        if streams.keep(line):
            streams.crowded()
    return lines


def suspended(lines: int = 0) -> Streams:
    streams = fresh()
    said(streams, lines)
    assert streams.lose(until=30.0)
    return streams


# The table, cell by cell.

HAPPENINGS = sorted({happened for _, happened in STEPS})


def in_state(state: State) -> Streams:
    streams = Streams(MINE)
    if state is not State.DOWN:
        streams.step("connected")
    if state in (State.UP, State.SUSPENDED, State.SPLIT):
        streams.begin(SESSION, THEIRS)
        streams.bound(1_000_000, 1000)
    if state is State.SUSPENDED:
        assert streams.lose(30.0)
    if state is State.SPLIT:
        streams.step("ended")
    assert streams.state is state
    return streams


@pytest.mark.parametrize("happened", HAPPENINGS)
@pytest.mark.parametrize("state", State)
def test_each_cell(state: State, happened: str) -> None:
    streams = in_state(state)
    if (state, happened) in STEPS:
        streams.step(happened)
        assert streams.state is STEPS[state, happened]
    else:
        with pytest.raises(KeyError):
            streams.step(happened)
        assert streams.state is state


def test_a_connection_makes_a_handshake_of_a_link_that_is_down() -> None:
    assert STEPS[State.DOWN, "connected"] is State.HANDSHAKE


def test_a_handshake_that_is_lost_or_refused_leaves_nothing() -> None:
    assert STEPS[State.HANDSHAKE, "ended"] is State.DOWN


def test_a_handshake_for_a_session_that_waits_hands_its_connection_over() -> None:
    assert STEPS[State.HANDSHAKE, "handed over"] is State.DOWN


def test_a_fresh_handshake_begins_a_session() -> None:
    streams = in_state(State.HANDSHAKE)
    streams.applied = 7  # lines of the handshake do not count
    streams.begin(SESSION, THEIRS)
    assert (streams.state, streams.applied, streams.sent) == (State.UP, 0, 0)


def test_a_lost_connection_suspends() -> None:
    streams = fresh()
    assert streams.lose(until=30.0)
    assert streams.state is State.SUSPENDED


def test_squit_error_or_a_violation_split_at_once() -> None:
    assert STEPS[State.UP, "ended"] is State.SPLIT
    assert STEPS[State.SUSPENDED, "ended"] is State.SPLIT


def test_a_suspended_session_goes_on() -> None:
    streams = suspended(3)
    assert streams.resume(1) == [b"line 2\r\n", b"line 3\r\n"]
    assert streams.state is State.UP


def test_the_end_of_the_grace_splits_and_frees_the_buffer() -> None:
    streams = suspended(3)
    streams.step("expired")
    assert streams.state is State.SPLIT and len(streams.buffer) == 3, "somebody may ask what is lost"
    streams.step("told")
    assert (streams.state, streams.buffer, streams.size) == (State.DOWN, [], 0)


def test_too_much_splits_who_is_suspended_and_frees_the_buffer() -> None:
    streams = fresh(lines=10)
    assert streams.lose(30.0)
    said(streams, 11)
    assert streams.state is State.SPLIT
    streams.step("told")
    assert (streams.state, streams.buffer, streams.size) == (State.DOWN, [], 0)
    said(streams, 100)
    assert streams.buffer == [], "nothing is kept for who is gone"


def test_a_split_that_was_told_leaves_nothing() -> None:
    assert STEPS[State.SPLIT, "told"] is State.DOWN


# What is said in CNRES.


def test_offers_are_read_as_they_are_written() -> None:
    offer = suspended(3).offer()
    assert offer.line() == b"CNRES 1 MYEPOCH THISONE 0"
    assert Offer.parse(offer.line().decode().split(" ")[1:]) == offer
    assert fresh().offer() == Offer(MINE, NOTHING, 0), "there is nothing to resume while it is up"
    assert Streams(MINE).offer().line() == b"CNRES 1 MYEPOCH * 0"


@pytest.mark.parametrize(
    "words",
    ["1 E S", "2 E S 0", "1 E S -1", "1 E S ٣", "1 E S 1000000000000000", f"1 {'E' * 65} S 0", "1 E  0"],
)
def test_what_is_no_offer(words: str) -> None:
    assert Offer.parse(words.split(" ")) is None


def test_epochs_and_sessions_are_random_words() -> None:
    assert len(token(16)) == 26 and len(token(12)) == 20
    assert token(16) != token(16)
    assert Offer.parse(["1", token(16), token(12), "0"]) is not None


# The decision, row by row: of who was dialled, and then of who dialled.


def test_resume() -> None:
    assert decide(suspended(5), Offer(THEIRS, SESSION, 5), 29.9) is Decision.RESUME
    assert decide(suspended(5), Offer(THEIRS, SESSION, 0), 0.0) is Decision.RESUME


def test_resume_although_the_old_connection_is_still_there() -> None:
    streams = fresh()
    said(streams, 3)
    assert decide(streams, Offer(THEIRS, SESSION, 2), 0.0) is Decision.RESUME


def test_an_offer_that_is_older_than_what_was_confirmed_changes_nothing_while_it_is_up() -> None:
    streams = fresh()
    said(streams, 5)
    assert streams.confirmed(3)
    assert decide(streams, Offer(THEIRS, SESSION, 2), 0.0) is Decision.STALE


def test_fresh_for_who_has_nothing() -> None:
    assert decide(suspended(), Offer(THEIRS, NOTHING, 0), 0.0) is Decision.NOTHING
    assert decide(None, Offer(THEIRS, NOTHING, 0), 0.0) is Decision.NOTHING


def test_fresh_if_the_session_is_not_known() -> None:
    assert decide(None, Offer(THEIRS, SESSION, 0), 0.0) is Decision.UNKNOWN
    assert decide(suspended(), Offer(THEIRS, "ANOTHER", 0), 0.0) is Decision.UNKNOWN


@pytest.mark.parametrize("happened", ["expired", "overflowed", "ended"])
def test_fresh_if_the_session_is_over(happened: str) -> None:
    streams = suspended()
    streams.step(happened)
    assert decide(streams, Offer(THEIRS, SESSION, 0), 0.0) is Decision.UNKNOWN
    streams.step("told")
    assert decide(streams, Offer(THEIRS, SESSION, 0), 0.0) is Decision.UNKNOWN


def test_fresh_for_another_process() -> None:
    assert decide(suspended(), Offer("ANOTHER", SESSION, 0), 0.0) is Decision.RESTARTED


def test_fresh_after_the_grace() -> None:
    assert decide(suspended(), Offer(THEIRS, SESSION, 0), 30.0) is Decision.EXPIRED


def test_fresh_if_too_much_was_said() -> None:
    streams = fresh(lines=10)
    said(streams, 11)
    assert decide(streams, Offer(THEIRS, SESSION, 10), 0.0) is Decision.OVERFLOWED
    assert decide(streams, Offer(THEIRS, SESSION, 11), 0.0) is Decision.RESUME, "it lacks nothing"


@pytest.mark.parametrize("applied", [1, 6])
def test_fresh_if_the_count_cannot_be(applied: int) -> None:
    streams = fresh()
    said(streams, 5)
    assert streams.confirmed(2)
    assert streams.lose(30.0)
    assert decide(streams, Offer(THEIRS, SESSION, applied), 0.0) is Decision.OUTSIDE


def test_who_dialled_resumes_what_it_offered() -> None:
    streams = suspended(5)
    assert agree(streams, streams.offer(), Offer(THEIRS, SESSION, 3), 0.0) is Decision.RESUME


def test_who_dialled_begins_anew_if_the_answer_is_another_session() -> None:
    streams = suspended(5)
    assert agree(streams, streams.offer(), Offer(THEIRS, "ANOTHER", 0), 0.0) is Decision.NOTHING
    assert agree(None, Offer(MINE, NOTHING, 0), Offer(THEIRS, "ANOTHER", 0), 0.0) is Decision.NOTHING


@pytest.mark.parametrize(
    ("spoil", "answer", "decision"),
    [
        (lambda s: s.step("expired"), Offer(THEIRS, SESSION, 0), Decision.UNKNOWN),
        (lambda s: None, Offer("ANOTHER", SESSION, 0), Decision.RESTARTED),
        (lambda s: None, Offer(THEIRS, SESSION, 6), Decision.OUTSIDE),
        (lambda s: None, Offer(THEIRS, NOTHING, 0), Decision.UNKNOWN),
        (lambda s: None, Offer(THEIRS, "ANOTHER", 1), Decision.OUTSIDE),
        (lambda s: s.resume(0), Offer(THEIRS, SESSION, 0), Decision.STALE),
        (lambda s: setattr(s, "applied", 9), Offer(THEIRS, SESSION, 0), Decision.STALE),
    ],
)
def test_answers_that_are_of_no_use(
    spoil: Callable[[Streams], None], answer: Offer, decision: Decision
) -> None:
    streams = suspended(5)
    offered = streams.offer()
    spoil(streams)
    assert agree(streams, offered, answer, 0.0) is decision


# Lines and their numbers.


def test_confirmed_lines_are_not_kept() -> None:
    streams = fresh()
    lines = said(streams, 100)
    assert streams.confirmed(64)
    assert (streams.buffer, streams.base, streams.sent, streams.waiting) == (lines[64:], 64, 100, 36)
    assert streams.confirmed(64) and streams.confirmed(10), "what was said before does not count backwards"
    assert streams.base == 64
    assert streams.confirmed(100)
    assert (streams.buffer, streams.size) == ([], 0)


def test_more_cannot_be_confirmed_than_was_said() -> None:
    streams = fresh()
    said(streams, 5)
    assert not streams.confirmed(6)


def test_it_is_asked_once_beyond_a_quarter() -> None:
    streams = fresh(lines=100)
    asked = [number for number in range(1, 100) if streams.keep(b"x\r\n") and streams.crowded()]
    assert asked == [26]
    assert streams.confirmed(26)
    assert [number for number in range(1, 20) if streams.keep(b"x\r\n") and streams.crowded()] == []
    assert streams.confirmed(99)
    asked = [number for number in range(1, 40) if streams.keep(b"x\r\n") and streams.crowded()]
    assert asked == [26 - 19]


def test_it_is_asked_beyond_a_quarter_of_the_bytes() -> None:
    streams = fresh(size=40_000)
    line = b"x" * (1000 - OVERHEAD)
    assert [number for number in range(1, 40) if streams.keep(line) and streams.crowded()] == [11]


def test_too_much_for_a_slow_neighbour_is_dropped_and_that_heals() -> None:
    """The link stays up; it cannot be resumed until all that was dropped is confirmed."""
    streams = fresh(lines=10)
    said(streams, 11)
    assert streams.buffer == [] and not streams.is_whole
    assert not streams.lose(30.0) and streams.state is State.UP, "it is to be split"
    said(streams, 3)
    assert streams.confirmed(10) and not streams.is_whole
    assert streams.confirmed(12)
    assert streams.is_whole and streams.buffer == [b"line 13\r\n", b"line 14\r\n"]
    assert streams.lose(30.0)
    assert streams.resume(13) == [b"line 14\r\n"]


def test_nothing_is_kept_for_who_does_not_know_of_it() -> None:
    streams = Streams(MINE)
    streams.step("connected")
    streams.step("fresh")
    assert not streams.keep(b"x\r\n")
    assert streams.buffer == []
    assert not streams.lose(30.0)


@pytest.mark.parametrize("length", [2, 60, 500, 8000])
def test_the_buffer_takes_no_more_memory_than_it_says(length: int) -> None:
    streams = fresh(size=8_388_608, lines=50_000)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    try:
        while not streams.keep(b"%d" % streams.sent + b"x" * length) or streams.size < 7_000_000:
            if len(streams.buffer) == 49_000:
                break
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert taken <= streams.size <= 8_388_608
