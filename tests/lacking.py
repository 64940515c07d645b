"""Archives of which other servers may know more, none of whom answers."""

from __future__ import annotations

from archive import Archive

from chatnet.model.entities import Channel
from chatnet.model.ids import SID
from chatnet.model.past import Missing
from chatnet.storage.messages.rows import Place


class Lacking:
    """Something is missing of each place of that `name` (empty: of all), and nobody who is asked has it."""

    def __init__(self, name: str, times: tuple[tuple[int, int], ...], unsure: int) -> None:
        self._name = name
        self._times = times
        self._unsure = unsure

    async def ask(self, place: Place, since: int, until: int, seconds: float | None = None) -> Missing:
        return self.missing(place, since, until)

    def begin(self, place: Place, since: int, until: int) -> None:
        pass

    async def looked(self, person: str, seconds: float) -> None:
        pass

    def missing(self, place: Place, since: int, until: int) -> Missing:
        if self._name not in ("", place.name):
            return Missing()
        times = [(max(begin, since), min(end, until)) for begin, end in self._times]
        return Missing(tuple(each for each in times if each[0] < each[1]), self._unsure)

    def unsure(self, place: Place) -> int:
        return self.missing(place, 0, 0).unsure

    async def apart(self, channel: Channel, sid: SID, since: int) -> int | None:
        return None

    def spoke_at(self, person: str, sid: SID) -> None:
        pass

    def arrived(self, sid: SID) -> None:
        pass


def lacks(house: Archive, *times: tuple[int, int], name: str = "", unsure: int = 0) -> None:
    """Have something be missing in a house from now on."""
    looking = house.parts.sessions.looking
    assert looking is not None
    looking._missed = Lacking(name, times, unsure)
