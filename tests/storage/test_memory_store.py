"""The store in memory as tests use it: answers that wait, and a disk that is full."""

from __future__ import annotations

import pytest
from storage_kinds import ANN, BOB, CAT, MEANING, Told, named

from chatnet.records.claims import NAMES
from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import NameTaken, StoreError
from chatnet.storage.memory import MemoryStore
from chatnet.storage.record import Audit


def test_what_is_held_has_not_happened() -> None:
    store = MemoryStore(MEANING, "0AA")
    told = Told(store)
    store.held = True
    first, second = store.write([named(ANN, "ann", 5)]), store.write([named(BOB, "ann", 6)], [("ann", NAMES)])
    seen = store.entity(ANN)
    with pytest.raises(RuntimeError):
        at_once(first)
    assert told.pages == [] and list(store.load()) == []
    order: list[str] = []
    first.addCallback(lambda _: order.append(f"first, told of {len(told.pages)}"))
    store.release(1)
    assert order == ["first, told of 1"]
    assert not second.called and not seen.called
    first.addCallback(lambda _: order.append("again"))
    store.release()
    with pytest.raises(NameTaken):
        at_once(second)
    assert at_once(seen) == [named(ANN, "ann", 5)]
    at_once(store.write([named(CAT, "cat", 5)]))


def test_what_is_asked_in_an_answer_comes_behind_what_waits() -> None:
    store = MemoryStore(MEANING, "0AA")
    told = Told(store)
    store.held = True
    store.write([named(ANN, "ann", 5)]).addCallback(lambda _: store.write([named(CAT, "cat", 5)]))
    store.write([named(BOB, "bob", 5)])
    store.release()
    assert [record.entity for record in told.take()] == [ANN, BOB, CAT]


def test_a_broken_one_reads_and_does_not_write() -> None:
    store = MemoryStore(MEANING, "0AA")
    at_once(store.write([named(ANN, "ann", 5)]))
    store.broken = True
    for answer in (
        store.write([named(BOB, "bob", 5)]),
        store.merge([named(BOB, "bob", 5)], "s", "0BB", None),
        store.audit("bob", "ERASE", "ann", "", 5.0),
    ):
        with pytest.raises(StoreError, match=r"^This server cannot write to its disk$"):
            at_once(answer)
    assert at_once(store.entity(ANN)) == [named(ANN, "ann", 5)]
    store.broken = False
    at_once(store.audit("bob", "ERASE", "ann", "", 5.0))
    assert store.audits == [Audit("bob", "ERASE", "ann", "", 5.0)]
