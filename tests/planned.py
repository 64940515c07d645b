"""What an import would make of a file, for tests: on a server that keeps accounts in memory."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from club import Club

from chatnet.importing.neutral import Found
from chatnet.importing.plan import Limits, Plan, plan
from chatnet.importing.records import Rules
from chatnet.records.grammar import is_record
from chatnet.records.merging import ends
from chatnet.services.credentials import scram, verifiers
from chatnet.storage.record import Record

NOW = 1_800_000_000
SAMPLES = Path(__file__).with_name("importing") / "samples"


def file_of(text: str) -> BytesIO:
    """A file with this in it."""
    return BytesIO(text.encode())


def sample(name: str) -> BytesIO:
    """What the program itself wrote."""
    return BytesIO((SAMPLES / name).read_bytes())


async def looked_at(club: Club, entity: str) -> Sequence[Record]:
    """All that a server has of an id."""
    return await club.store.entity(entity)


def club_then(**sections: Any) -> Club:
    """A server that keeps accounts, at that hour."""
    club = Club(**sections)
    club.clock.off = NOW - club.clock.time()
    return club


def planned(found: Found, club: Club | None = None) -> Plan:
    """What would come of it at a server."""
    club = club_then() if club is None else club
    fold = club.node.network.fold
    rules = Rules(fold, NOW, lambda password, salt: scram.make(password, 4096, salt).text, 30, 10)

    def known(entity: str) -> bool | None:
        records = club.done(looked_at(club, entity))
        return not any(map(ends, records)) if records else None

    limits = Limits(30, 50, lambda name: fold(name) in club.node.network.nicks)
    return plan(found, rules, limits, club.node.network.registry, known)


def taken(found: Found, club: Club) -> Plan:
    """Have a server take it."""
    made = planned(found, club)
    records = [record for each in made.entities for record in each.records]
    assert all(map(is_record, records))
    club.done(club.accounts.ledger.take(records))
    return made


def fields(made: Plan, name: str) -> dict[str, str | None]:
    """The fields of the account or channel of a name, without its id."""
    named = [(account.name, records) for account, records in made.accounts]
    named += [(channel.name, records) for channel, records in made.channels]
    return {record.field: record.value for record in dict(named)[name].records}


def opens(made: Plan, name: str, password: str) -> bool:
    """Whether a password would log in to an account."""
    form = (fields(made, name)["verifier"] or "").partition(" ")[2]
    return verifiers.matches(form, password)


def complaints(made: Plan) -> list[str]:
    """What cannot be used, as people read it."""
    return [f"{each.line}: {each.reason}" for each in made.complaints]
