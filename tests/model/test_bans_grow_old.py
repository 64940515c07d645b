"""Bans that are records, as they grow old."""

from __future__ import annotations

import pytest

from chatnet.model.bans import NetworkBan
from chatnet.model.ending import SPARE, Ending
from chatnet.model.recorded_bans import RecordedBans
from chatnet.records.bans import BanValue
from chatnet.records.grammar import ban_entity, fixed
from chatnet.rules.stamps import Stamp
from chatnet.storage.record import Record
from chatnet.wire.casemap import folder

FOLD = folder("rfc1459")
ENTITY = ban_entity("K", "*@bad.example")


def record(ms: int, value: str | None) -> Record:
    return Record(ENTITY, "ban", fixed(Stamp(ms, 0, "0AA").text), value)


def test_what_is_over_is_known_by_its_time_and_in_the_end_forgotten() -> None:
    bans = RecordedBans(FOLD)
    bans.take(record(1_000_000, "1000 2000 refuse ann K *@Bad.example :x"))
    assert bans.changed("K", "*@BAD.example") == 1000
    bans.tidy(1500, 1000)
    assert (ban := bans.get(ENTITY)) is not None and ban.until == 2000
    bans.tidy(2500, 1000)
    assert bans.get(ENTITY) is None and bans.changed("K", "*@bad.example") == 2000
    bans.tidy(3500, 1000)
    assert bans.changed("K", "*@bad.example") is None and len(bans) == 0


def test_what_is_lifted_is_later_than_what_was_set() -> None:
    bans = RecordedBans(FOLD)
    bans.take(record(1_000_000, "1000 0 refuse ann K *@bad.example :x"))
    bans.take(record(1_000_001, None))
    ban = bans.get(ENTITY)
    assert ban is not None and (ban.created, ban.holds(1001)) == (1001, False)
    again = RecordedBans(FOLD)  # after a restart nobody knows what it was
    again.take(record(1_000_001, None))
    assert again.get(ENTITY) is None and again.changed("K", "*@bad.example") == 1000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 2 refuse x K",
        "x 0 refuse a K *@b :x",
        "1 2 refuse a K *@b x",
        "1  refuse a K *@b :x",
        "1 ² refuse a K b :x",
    ],
)
def test_what_is_no_ban(text: str) -> None:
    with pytest.raises(ValueError, match="it is no ban"):
        BanValue.read(text)


def test_a_value_is_read_as_it_was_written() -> None:
    value = BanValue(1, 0, "login", "a!b@c", "D", "192.0.2.0/24", "school : 1|b")
    assert BanValue.read(value.text) == value


def test_bans_that_others_took_the_place_of_are_forgotten() -> None:
    ending = Ending()
    bans = [NetworkBan("K", "*", f"h{n}", 0, 5, 5, "", "", True) for n in range(SPARE + 10)]
    for ban in bans:
        ending.add(5, ban)
    ending.tidy(3, lambda ban: ban is bans[-1])
    assert len(ending) == 1 and list(ending.until(5)) == [bans[-1]]
