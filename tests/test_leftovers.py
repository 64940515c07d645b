"""No test leaves descriptors to the next ones."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack

import pytest
from archive import Archive
from leftovers import FEW, close_in_the_end, closed, descriptors, ends_of_a_test, few_left


def test_what_a_test_has_opened_is_closed_the_last_first() -> None:
    order: list[socket.socket] = []
    with closed():
        outer, gone = socket.socketpair()
        close_in_the_end(gone, order.append)
        del gone
        with closed():
            inner = [socket.socket() for _ in range(2)]
            for each in inner:
                close_in_the_end(each, order.append)
            ends_of_a_test(inner[0])
        assert order == inner[::-1]
        assert [each.fileno() < 0 for each in (outer, *inner)] == [False, True, False]
        ends_of_a_test(outer, inner[1])
    assert outer.fileno() < 0 and inner[1].fileno() < 0
    assert order == inner[::-1], "there was nothing left of the third"


def test_a_house_with_a_file_is_closed() -> None:
    before = len(descriptors())
    with closed():
        house = Archive()
        ann = house.member("ann")
        ann >> "JOIN #c" >> "PRIVMSG #c :hello"
        assert house.parts.recorder is not None
        house.parts.recorder.flush()
        assert len(descriptors()) > before
    assert len(descriptors()) == before
    assert ann.session.registered, "what had it open is still there"


def test_many_descriptors_that_are_left_are_told() -> None:
    told = rf"{FEW + 2} more than before.*pipe"
    with ExitStack() as stack, pytest.raises(AssertionError, match=told), few_left():
        for end in (end for _ in range(FEW // 2 + 1) for end in os.pipe()):
            stack.callback(os.close, end)


def test_garbage_is_no_leak() -> None:
    class Web:
        def __init__(self) -> None:
            self.me = self
            self.ends = [socket.socket() for _ in range(FEW + 1)]

    with few_left():
        Web()
