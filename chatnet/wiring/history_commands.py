"""``chatnet history``: what was said leaves for whoever asks for it, or comes from another server."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from chatnet.history import exported
from chatnet.importing.lines import lines, some_json
from chatnet.model.places import BY_NAME
from chatnet.records.grammar import ACCOUNT, is_entity
from chatnet.rules.durations import seconds_in
from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.gathering import Gathered
from chatnet.storage.messages.interfaces import SPOOL
from chatnet.storage.messages.rekeying import Rekeying
from chatnet.storage.messages.rows import Began, Entry, Place, Row, Silent
from chatnet.storage.messages.store import FILE, SQLiteMessages
from chatnet.wire.casemap import folder
from chatnet.wire.server_time import read_ms
from chatnet.wire.text import printable
from chatnet.wiring.backup import BackupError, backup_messages
from chatnet.wiring.config import Loaded, os_reason
from chatnet.wiring.datafolder import is_held, locate
from chatnet.wiring.keeper import Keeper, KeeperError, kept_in, ready
from chatnet.wiring.new_file import write_lines
from chatnet.wiring.processes.derived import placed
from chatnet.wiring.store import messages_beside

TOGETHER: Final = 1000
"""Messages that are written at once."""
PAUSE: Final = 0.2
"""Seconds between two transactions while a server runs, which has to write as well."""
FRESH: Final = 60_000
"""Milliseconds: what is younger a server that runs may be writing itself."""
COMPLAINTS: Final = 100
"""Lines of a file that are complained of, each by itself."""


def run(arguments: argparse.Namespace) -> None:
    """Do one of the commands; KeeperError or ConfigError says in a sentence why not."""
    command: Callable[[Loaded, argparse.Namespace], None] = _COMMANDS[arguments.action]
    try:
        command(placed(arguments), arguments)
    except (StoreError, BackupError) as error:
        text = str(error)
        raise KeeperError(text if text.endswith(".") else f"{text}.") from None


@contextmanager
def _messages(loaded: Loaded, *, make: bool = False) -> Iterator[SQLiteMessages]:
    data = locate(loaded)
    file = data / FILE
    if not loaded.settings.history.stores and not file.exists():
        raise KeeperError("Nothing of what is said is stored here (history.store).")
    # What is in a file is read there, so that it can be brought into a database.
    database = loaded.settings.messages_url is not None and (make or not file.exists())
    if not (file.exists() or make or database):
        raise KeeperError(f"Nothing is stored yet: {file} comes to be when the server starts.")
    ready(data, file)
    store = messages_beside(data, loaded.settings, database=database, make=make)
    try:
        yield store
    finally:
        at_once(store.close())


# out


class Names(NamedTuple):
    """By what people call accounts, the keys that the store knows them by; and the other way round."""

    key: Callable[[str], str]
    name: Callable[[str], str | None]


@contextmanager
def _names(loaded: Loaded) -> Iterator[Names]:
    """Of the accounts of this server, wherever they are kept."""
    settings = loaded.settings
    if settings.keeps_accounts:
        with kept_in(locate(loaded), settings, make=False) as keeper:
            yield Names(lambda name: _key_of(keeper, name), lambda key: _name_of(keeper, key))
    elif settings.accounts.authority == "remote":
        yield Names(_only_id, lambda key: None)
    else:
        fold = folder(settings.server.casemapping)
        yield Names(
            lambda name: BY_NAME + fold(name),
            lambda key: key.removeprefix(BY_NAME) if key.startswith(BY_NAME) else None,
        )


def _key_of(keeper: Keeper, name: str) -> str:
    account = keeper.registry.account(name) or keeper.registry.named(name)
    if account is not None:
        return account.id
    # One that is erased has no name any more.
    if _is_key(name):
        return name
    raise KeeperError(f"There is no account {name!r}.")


def _name_of(keeper: Keeper, key: str) -> str | None:
    account = keeper.registry.account(key)
    return None if account is None else account.shown


def _only_id(name: str) -> str:
    if _is_key(name):
        return name
    raise KeeperError(
        "Another server keeps the accounts of this server: "
        "give the id that `chatnet account info` shows there."
    )


def _is_key(text: str) -> bool:
    return (text.startswith(ACCOUNT) and is_entity(text)) or text.startswith(BY_NAME)


def _export(loaded: Loaded, arguments: argparse.Namespace) -> None:
    """Write all that is kept of an account or a channel to a new file of mode 0600, or to standard output."""
    casemapping = loaded.settings.server.casemapping
    since = 0 if arguments.since is None else _since(arguments.since)
    with ExitStack() as stack:
        names = stack.enter_context(_names(loaded))
        store = stack.enter_context(_messages(loaded))
        found: Gathered
        if arguments.account is not None:
            found = store.gathering.of_person(names.key(arguments.account), since)
        else:
            found = store.gathering.of_channel(folder(casemapping)(arguments.channel), since)
        written = exported.written(found, casemapping, names.name)
        if arguments.file is None:
            sys.stdout.writelines(written)
            return
        try:
            count = write_lines(arguments.file, written)
        except FileExistsError:
            raise KeeperError(f"{arguments.file} is there already.") from None
        except OSError as error:
            raise KeeperError(f"{error.filename or arguments.file}: {os_reason(error)}.") from None
    print(f"wrote  {arguments.file}: {_count(count - 1, 'message')}")


def _since(text: str) -> int:
    """A time as people write it, in Unix milliseconds."""
    seconds = seconds_in(text)
    if seconds is not None:
        return int((time.time() - seconds) * 1000)
    at = read_ms(text)
    if at is None:
        try:
            at = int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
        except ValueError:
            raise KeeperError(
                f"{text!r} is no time: a day as 2026-11-29, 2026-11-29T12:00:00Z, or a duration as 30d."
            ) from None
    return at


# in


class Taking:
    """Takes in a file, line by line, and counts what becomes of it."""

    def __init__(self, store: SQLiteMessages, path: Path, latest: int, now: int, pause: float) -> None:
        self._store = store
        self._path = path
        self._latest = latest
        self._now = now
        self._pause = pause
        self._known: set[Place] = set()
        self.news = 0
        self.known = 0
        self.fresh = 0
        """Messages that are too young to be taken beside a server."""
        self.complaints = 0

    def file(self, file: BinaryIO, casemapping: str) -> None:
        """Take all messages of a file; raises KeeperError if it is another file."""
        chunk: list[tuple[str, Row]] = []
        for number, text in lines(file, exported.MOST_LINE):
            try:
                if text is None:
                    raise ValueError("The line is too long")
                if number == 1:
                    self._begin(text, casemapping)
                    continue
                shown, row = exported.read(some_json(text), self._now)
            except ValueError as error:
                self._complain(number, str(error))
                continue
            if row.at > self._latest:
                self.fresh += 1
                continue
            chunk.append((shown, row))
            if len(chunk) == TOGETHER:
                self._take(chunk)
                chunk = []
                time.sleep(self._pause)
        if chunk:
            self._take(chunk)

    def _begin(self, text: str, casemapping: str) -> None:
        try:
            data = some_json(text)
        except ValueError:
            data = {}
        if complaint := exported.complaint_of(data, casemapping):
            raise KeeperError(f"{self._path}: {complaint}")

    def _take(self, chunk: Sequence[tuple[str, Row]]) -> None:
        entries: list[Entry] = []
        for shown, row in chunk:
            if row.place not in self._known:
                self._known.add(row.place)
                if at_once(self._store.target(row.place)) is None:
                    entries.append(Began(row.place, shown, row.at))
                    if row.place.kind == "c":
                        # Nobody is there, as far as this file tells.
                        entries.append(Silent(row.place, self._now))
        if entries:
            at_once(self._store.put(entries))
        news = at_once(self._store.take_in([row for _, row in chunk], []))
        self.news += len(news)
        self.known += len(chunk) - len(news)

    def _complain(self, number: int, reason: str) -> None:
        self.complaints += 1
        if self.complaints <= COMPLAINTS:
            print(f"{self._path}:{number}: {printable(reason)}.")


def _import(loaded: Loaded, arguments: argparse.Namespace) -> None:
    """Take the messages of an export."""
    now = int(time.time() * 1000)
    try:
        with open(arguments.file, "rb") as file, _messages(loaded, make=True) as store:
            runs = is_held(locate(loaded))
            latest, pause = (now - FRESH, PAUSE) if runs else (now, 0.0)
            taking = Taking(store, arguments.file, latest, now, pause)
            taking.file(file, loaded.settings.server.casemapping)
    except OSError as error:
        raise KeeperError(f"{error.filename or arguments.file}: {os_reason(error)}.") from None
    print(
        f"{_count(taking.news, 'message')} taken; {taking.known} are here already, or were deleted or erased."
    )
    if taking.fresh:
        print(
            f"{_count(taking.fresh, 'message')} of the last minute not taken, for the server runs: "
            "import the file once more."
        )
    if taking.complaints:
        print(f"{_count(taking.complaints, 'line')} of the file cannot be used.")


# copies


def _backup(loaded: Loaded, arguments: argparse.Namespace) -> None:
    data = locate(loaded)
    if loaded.settings.messages_url is not None and not (data / FILE).exists():
        raise KeeperError("What is said is kept in a database (history.store): its own programs copy it.")
    backup_messages(data, arguments.file)
    print(f"wrote  {arguments.file}")


# accounts


def _rekey(loaded: Loaded, arguments: argparse.Namespace) -> None:
    """Keep what is kept under names of accounts, as services of another make have them, under their ids."""
    data, settings = locate(loaded), loaded.settings
    if is_held(data):
        raise KeeperError("The server runs, and knows accounts by the keys that they have: stop it first.")
    if (data / SPOOL).exists():
        raise KeeperError(f"Messages wait in {data / SPOOL} for the database: start the server once.")
    with kept_in(data, settings, make=False) as keeper, _messages(loaded) as store:

        def id_of(key: str) -> str | None:
            account = keeper.registry.named(key.removeprefix(BY_NAME))
            return None if account is None else account.id

        done = at_once(store.rekey(Rekeying(BY_NAME, id_of)))
    print(f"{_count(done.given, 'account')} of before known by id from now on.")
    if done.left:
        names = [printable(key.removeprefix(BY_NAME)) for key in done.left]
        print(f"No account here has the name of {_count(len(names), 'other')}, which stay as they are:")
        for name in names[:COMPLAINTS]:
            print(f"  {name}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_COMMANDS: Final[dict[str, Callable[[Loaded, argparse.Namespace], None]]] = {
    "export": _export,
    "import": _import,
    "backup": _backup,
    "rekey": _rekey,
}
