"""Of many people who are here a server that has come is asked a few at a time."""

from __future__ import annotations

from collections.abc import Sequence

from chronicles import Chronicles

from chatnet.history.talkers import ABREAST
from chatnet.model.entities import Channel
from chatnet.model.ids import SID
from chatnet.model.past import Stay, Talks, Told
from chatnet.storage.promise import Promise

PEOPLE = 50
B = SID("0BA")


class Slow:
    """Other servers that answer when they are told to."""

    def __init__(self) -> None:
        self.there: list[SID] = []
        self.open: list[Promise[None]] = []
        self.asked: list[str] = []

    def witnesses(self, channel: Channel | None, *, guest: bool = False) -> Sequence[SID]:
        return self.there

    async def ask(
        self, sid: SID, target: str, since: int, until: int, most: int, tally: str = "-", *, gone: bool = True
    ) -> Told | None:
        return None

    async def ask_talks(self, sid: SID, person: str, since: int, most: int) -> Talks | None:
        self.asked.append(person)
        answer = Promise[None]()
        self.open.append(answer)
        await answer
        return Talks()

    async def ask_stays(self, sid: SID, person: str, most: int) -> Sequence[Stay]:
        return ()


def test_a_server_that_comes_is_asked_of_a_few_at_a_time() -> None:
    mesh = Chronicles("a", "b")
    gaps, slow = mesh["a"].parts.gaps, Slow()
    assert gaps is not None
    gaps.asking, talkers = slow, gaps._talkers
    people = [f"a{number:019}" for number in range(2 * PEOPLE)]
    for person in people[:PEOPLE]:
        talkers.came(person)
    for person in people[PEOPLE:]:
        talkers.lost(person, B)
    mesh.settle()
    assert slow.asked == []
    slow.there.append(B)
    talkers.arrived(B)
    mesh.settle()
    while slow.open:
        assert len(slow.open) <= ABREAST
        slow.open.pop(0).keep(None)
        mesh.settle()
    assert sorted(slow.asked) == people
    talkers.arrived(B)
    mesh.settle()
    assert len(slow.asked) == len(people), "nothing is to be asked any more"
