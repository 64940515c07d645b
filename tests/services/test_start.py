"""What a start with many accounts takes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from club import Club

from chatnet.records.meaning import RecordMeaning
from chatnet.storage.memory import MemoryStore
from chatnet.storage.record import Record
from chatnet.wire.casemap import folder

STAMP = "000000001.000000.9ZZ"


class Counted(str):
    """A text that counts how many of it there are."""

    alive = 0
    most = 0

    def __new__(cls, text: str) -> Counted:
        cls.alive += 1
        cls.most = max(cls.most, cls.alive)
        return super().__new__(cls, text)

    def __del__(self) -> None:
        type(self).alive -= 1


class Large(MemoryStore):
    """A store with more than one wants to have in memory at once."""

    def load(self, without: Collection[str] = ()) -> Iterator[Record]:
        for number in range(1000):
            entity = f"a{number:a>20}".translate(str.maketrans("0123456789", "bcdefghijk"))
            yield Record(entity, "name", STAMP, f"{STAMP} user{number}")
            yield Record(entity, "verifier", STAMP, Counted("- secret"))


def test_records_are_looked_at_one_after_the_other() -> None:
    club = Club(Large(RecordMeaning(folder("rfc1459")), "0CN"))
    assert len(club.node.network.registry.accounts) == 1000
    assert 0 < Counted.most < 10
    assert club.accounts.ledger.stamped_to == 0.0
    club.check()
