"""``chatnet import`` and ``chatnet export``: what others kept comes here, and what is here may leave."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from chatnet.importing import anope, atheme, ergo, exported
from chatnet.importing.neutral import Complaint, ForeignAccount, Found, Unreadable
from chatnet.importing.plan import Limits, Plan, plan
from chatnet.importing.records import Made, Rules
from chatnet.records.grammar import SERVER, fixed
from chatnet.rules.stamps import Stamp
from chatnet.services.credentials import scram, verifiers
from chatnet.storage.interfaces import WATCH
from chatnet.storage.record import Record
from chatnet.wire.server_time import day
from chatnet.wire.text import printable
from chatnet.wiring.config import load, os_reason
from chatnet.wiring.datafolder import is_held, locate
from chatnet.wiring.keeper import Keeper, KeeperError, kept_in
from chatnet.wiring.new_file import write_lines

TOGETHER: Final = 1000
"""Accounts or channels that are written at once; of records of an export five times as many."""
PAUSE: Final = 1.1 * WATCH
"""Seconds between two transactions while a server runs: it takes in each one by itself, in some 60 ms."""
_ITERATIONS: Final = 4096
"""Of verifiers for a dry run, which nobody keeps."""

Reader = Callable[[BinaryIO, int, argparse.Namespace], Found]


def import_(arguments: argparse.Namespace) -> None:
    """Take what is in a file; KeeperError or ConfigError says in a sentence why not."""
    loaded = load(arguments.config, os.environ)
    dry, data = arguments.dry_run, locate(loaded)
    try:
        with open(arguments.file, "rb") as file, kept_in(data, loaded.settings, make=True) as keeper:
            if arguments.source == exported.SOURCE:
                _import_records(keeper, file, data, arguments)
            else:
                found = _READERS[arguments.source](file, int(keeper.now), arguments)
                _import_others(keeper, found, data, arguments)
    except Unreadable as error:
        raise KeeperError(f"{arguments.file}: {error}") from None
    except OSError as error:
        raise KeeperError(f"{error.filename or arguments.file}: {os_reason(error)}.") from None
    if dry:
        print("Nothing was written: this was a dry run.")


_READERS: Final[dict[str, Reader]] = {
    atheme.SOURCE: lambda file, now, arguments: atheme.read(
        file, now, charybdis=arguments.protocol == "charybdis"
    ),
    anope.SOURCE: lambda file, now, arguments: anope.read(file, now),
    ergo.SOURCE: lambda file, now, arguments: ergo.read(file, now),
}


def _import_others(keeper: Keeper, found: Found, data: Path, arguments: argparse.Namespace) -> None:
    settings, dry = keeper.settings, arguments.dry_run
    iterations = _ITERATIONS if dry else settings.accounts.iterations
    rules = Rules(
        keeper.fold,
        int(keeper.now),
        lambda password, salt: scram.make(password, iterations, salt).text,
        settings.limits.nick,
        settings.limits.user,
    )
    limits = Limits(settings.limits.nick, settings.limits.channel, keeper.is_reserved)
    made = plan(found, rules, limits, keeper.registry, keeper.is_known)
    if lacking := _lacking(made):
        if not dry:
            raise KeeperError(lacking)
        print(lacking)
    for complaint in made.complaints:
        _complain(arguments.file, complaint)
    for note in found.notes:
        print(printable(note))
    if dry:
        for line in _listed(made):
            print(printable(line))
    for conflict in made.conflicts:
        print(printable(conflict))
    if not dry:
        keeper.note("IMPORT", found.source, f"{len(made.accounts)} accounts, {len(made.channels)} channels")
        _write(keeper, _chunks(made.entities), data)
    for line in _summed(made, dry):
        print(line)


def _lacking(made: Plan) -> str:
    """Why nobody could log in with some of the passwords, for want of a module; empty if all could."""
    modules = [
        module
        for account, _ in made.accounts
        if account.password is not None and (module := verifiers.lacking(account.password.verifier))
    ]
    if not modules:
        return ""
    return (
        f"The passwords of {_count(len(modules), 'account')} cannot be checked without a module for Python: "
        f"pip install {modules[0]}, here and on each full server."
    )


def _listed(made: Plan) -> Iterator[str]:
    """A line for each that would be new."""
    for account, _ in made.accounts:
        words = [f"account {account.name}, registered {day(account.registered)}"]
        if account.nicks:
            words.append(f"nicks {' '.join(account.nicks)}")
        if account.certificates:
            words.append(_count(len(account.certificates), "certificate"))
        words.append(_password(account))
        if account.suspended is not None:
            words.append("suspended")
        yield ", ".join(words)
    for channel, records in made.channels:
        entries = sum(record.field.startswith("flags:") for record in records.records)
        kept = sum(record.field.startswith("akick:") for record in records.records)
        words = [f"channel {channel.name}, registered {day(channel.registered)}"]
        if entries:
            words.append(_count(entries, "entry of access", "entries of access"))
        if kept:
            words.append(_count(kept, "akick"))
        if channel.suspended is not None:
            words.append("suspended")
        yield ", ".join(words)


def _password(account: ForeignAccount) -> str:
    if account.password is None:
        return "no password"
    return "a password, weakly kept" if account.password.weak else "a password"


def _summed(made: Plan, dry: bool) -> Iterator[str]:
    what = "would be taken" if dry else "are taken"
    accounts, channels = _count(len(made.accounts), "account"), _count(len(made.channels), "channel")
    yield f"{accounts} and {channels} {what}."
    if made.here:
        here = _count(made.here, "account or channel", "accounts and channels")
        yield f"{here} of the file are here already."
    if made.erased:
        erased = _count(made.erased, "account or channel", "accounts and channels")
        yield f"{erased} of the file are erased here, and stay so."
    if made.without:
        without = _count(made.without, "account")
        yield f"{without} without a password that can be checked: chatnet account passwd gives one."
    if made.weak:
        yield (
            f"{_count(made.weak, 'password')} kept in a form from which they are soon found out, "
            "until their owners have logged in by PLAIN once."
        )
    if made.complaints:
        yield f"{_count(len(made.complaints), 'thing')} of the file cannot be used, as said above."


def _count(number: int, noun: str, many: str = "") -> str:
    return f"{number} {noun if number == 1 else many or noun + 's'}"


def _complain(file: Path, complaint: Complaint) -> None:
    line = f"{complaint.line}:" if complaint.line else ""
    print(f"{file}:{line} {printable(complaint.reason)}.")


def _chunks(entities: Iterator[Made]) -> Iterator[Sequence[Record]]:
    while some := list(islice(entities, TOGETHER)):
        yield [record for made in some for record in made.records]


def _write(keeper: Keeper, chunks: Iterator[Sequence[Record]], data: Path) -> None:
    """Write each in one transaction."""
    for number, chunk in enumerate(chunks):
        if number and is_held(data):
            time.sleep(PAUSE)
        keeper.take(chunk)


# chatnet's own


def _import_records(keeper: Keeper, file: BinaryIO, data: Path, arguments: argparse.Namespace) -> None:
    found = Found(exported.SOURCE)
    settings = keeper.settings
    horizon = int((keeper.now + settings.links.stamp_horizon) * 1000)
    latest = fixed(Stamp(horizon, 0, "9ZZ").text)
    counts = {"news": 0, "known": 0, "servers": 0}

    def news() -> Iterator[Record]:
        """What is not here; which servers there are is no matter of a file."""
        for record in exported.read(file, settings.server.casemapping, latest, found):
            if record.entity[0] == SERVER:
                counts["servers"] += 1
            elif keeper.is_news(record):
                counts["news"] += 1
                yield record
            else:
                counts["known"] += 1

    def chunks() -> Iterator[Sequence[Record]]:
        each = news()
        while some := list(islice(each, 5 * TOGETHER)):
            yield some

    if arguments.dry_run:
        for _ in news():
            pass
    else:
        keeper.note("IMPORT", exported.SOURCE, str(arguments.file))
        _write(keeper, chunks(), data)
    for complaint in found.complaints:
        _complain(arguments.file, complaint)
    what = "would be taken" if arguments.dry_run else "are taken"
    print(
        f"{_count(counts['news'], 'record')} {what}; {counts['known']} are here already, or something later."
    )
    if found.complaints:
        print(f"{_count(len(found.complaints), 'thing')} of the file cannot be used, as said above.")


def export(arguments: argparse.Namespace) -> None:
    """Write all records to a file of mode 0600, or to standard output."""
    loaded = load(arguments.config, os.environ)
    with kept_in(locate(loaded), loaded.settings, make=False) as keeper:
        lines = exported.written(keeper.all_records(), loaded.settings.server.casemapping)
        if arguments.file is None:
            sys.stdout.writelines(lines)
            return
        try:
            count = write_lines(arguments.file, lines)
        except FileExistsError:
            raise KeeperError(f"{arguments.file} is there already.") from None
        except OSError as error:
            raise KeeperError(f"{error.filename or arguments.file}: {os_reason(error)}.") from None
    print(f"wrote  {arguments.file}: {_count(count - 1, 'record')}")
    print("       Whoever reads it can try passwords against it.")
