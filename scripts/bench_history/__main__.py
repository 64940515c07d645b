"""Measure what stored messages cost, and how fast they are found again, and print a table."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from bench_history.crowd import SECONDS, bystander, prepared
from bench_history.ground import Ground, found
from bench_history.talk import BEGAN, YEAR, Talk
from chatnet.storage.answers import at_once
from chatnet.storage.messages.index import Search
from chatnet.storage.messages.rows import PRIVMSG, Position, View, Wanted, Words
from chatnet.storage.messages.store import SQLiteMessages, open_messages

EXPLANATION: Final = """\
rows
  writing    CPU time of the thread for a message, in groups of 300, and how many are stored in a second
  bytes      of the file, for a message
  start      until the store is opened, and has answered one question
  page       100 messages of a random channel: the newest, before a time, after one; wall time
  cold       the same where nothing of the file is in memory
  search     the newest 50 messages with a word, in 50 channels; wall time
  ping       what somebody else waits for a PONG of a server with all these messages; wall time

CPU time is this process's. Compare figures from the same machine and the same minutes only."""
PAGE: Final = 100
PLACES: Final = 50

Row = tuple[str, str]


def late(took: list[float]) -> str:
    """The median, and what 95 in 100 are below, in milliseconds."""
    high = quantiles(took, n=20, method="inclusive")[18] if len(took) > 1 else took[0]
    return f"{median(took) * 1000:.1f} ms, 95 in 100 below {high * 1000:.1f} ms"


def timed(jobs: Iterable[Callable[[], object]]) -> list[float]:
    """How long each takes."""
    took = []
    for job in jobs:
        begun = time.perf_counter()
        job()
        took.append(time.perf_counter() - begun)
    return took


def writing(path: Path, talk: Talk, search: Search) -> Iterator[Row]:
    """Fill a new store."""
    store = open_messages(path, search=search)
    cpu = wall = 0.0
    each: list[float] = []
    for group in talk.groups():
        begun, spent = time.perf_counter(), time.thread_time()
        at_once(store.put(group))
        spent = time.thread_time() - spent
        cpu, wall = cpu + spent, wall + time.perf_counter() - begun
        each.append(spent / len(group))
    at_once(store.close())
    name = f"search {'off' if search == 'off' else 'on'}"
    middle, mean = median(each) * 1e6, cpu / talk.messages * 1e6
    yield f"writing, {name}", f"{mean:.1f} µs of CPU a message, median of groups {middle:.1f}"
    yield f"stored, {name}", f"{talk.messages / wall:,.0f} a second by the clock"
    yield f"bytes a message, {name}", f"{path.stat().st_size / talk.messages:.0f}"


def start(path: Path, what: str) -> Row:
    """Open a store."""
    begun, spent = time.perf_counter(), time.process_time()
    store = open_messages(path)
    at_once(store.standing())
    spent, wall = time.process_time() - spent, time.perf_counter() - begun
    at_once(store.close())
    return f"start, {what}", f"{spent:.3f} s of CPU, {wall:.3f} s"


def page(store: SQLiteMessages, talk: Talk, pick: random.Random) -> object:
    """One page."""
    view = View(pick.choice(talk.places))
    where = Position(int((BEGAN + pick.random() * YEAR) * 1000), "")
    kinds = frozenset({PRIVMSG})
    newest = Wanted(kinds, PAGE)
    after = Wanted(kinds, PAGE, newest=False, after=where)
    wanted = pick.choice((newest, newest._replace(before=where), after))
    return at_once(store.page(view, wanted))


def forget(path: Path) -> None:
    """Have nothing of a file in memory."""
    descriptor = os.open(path, os.O_RDONLY)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


def pages(path: Path, talk: Talk, tries: int) -> Iterator[Row]:
    """Pages, warm and cold."""
    pick = random.Random(2)
    store = open_messages(path)
    for _ in range(tries):
        page(store, talk, pick)
    yield f"page of {PAGE}, warm", late(timed(partial(page, store, talk, pick) for _ in range(tries)))
    at_once(store.close())
    took = []
    for _ in range(max(tries // 5, 2)):
        store = open_messages(path, serving=False)
        at_once(store.standing())
        forget(path)
        took += timed([partial(page, store, talk, pick)])
        at_once(store.close())
    yield f"page of {PAGE}, cold", late(took)


def searches(path: Path, talk: Talk, tries: int) -> Iterator[Row]:
    """Words of each kind."""
    pick = random.Random(3)
    store = open_messages(path)
    ranks = {"common": (0, 100), "middle": (100, 2000), "rare": (5000, 50_000)}

    def words(kind: str) -> str:
        if kind == "two words":
            return f"{words('common')} {words('middle')}"
        if kind == "prefix":
            return words("rare")[:2] + "*"
        return talk.words[pick.randrange(*ranks[kind])]

    def search(kind: str) -> object:
        views = [View(place) for place in pick.sample(talk.places, min(PLACES, len(talk.places)))]
        return at_once(store.search(views, Words(words(kind))))

    for kind in (*ranks, "two words", "prefix"):
        search(kind)
        took = timed(partial(search, kind) for _ in range(tries))
        yield f"search of {PLACES} channels, {kind}", late(took)
    at_once(store.close())


def filled(folder: Path, messages: int) -> Iterator[Row]:
    """Fill a new folder."""
    small = Talk(max(messages // 10, 1))
    ground = Ground(folder, messages, prepared(folder))
    yield from writing(folder / "without.sqlite", small, "off")
    (folder / "without.sqlite").unlink()
    ground.store.unlink()
    yield from writing(ground.store, ground.talk(), "words")
    ground.keep()


def asked(ground: Ground, tries: int) -> Iterator[Row]:
    """Ask questions of what is in a folder."""
    path, talk = ground.store, ground.talk()
    with tempfile.TemporaryDirectory(dir=ground.folder) as empty:
        yield start(Path(empty) / "empty.sqlite", "empty")
    yield start(path, f"{ground.messages:,} messages")
    yield from pages(path, talk, tries)
    yield from searches(path, talk, tries)
    yield from bystander(ground.folder, talk, min(SECONDS, tries / 20))


def table(rows: Iterable[Row], messages: int) -> None:
    """Print them, each as soon as it is there."""
    print(f"| {messages:,} messages | measured |\n| --- | --- |")
    for what, result in rows:
        print(f"| {what} | {result} |")
        sys.stdout.flush()


def measured(folder: Path, messages: int, tries: int, fill: bool) -> None:
    """Fill a folder unless it is, and ask questions of it unless it shall only be filled."""
    ground = found(folder)
    if ground is None:
        table(filled(folder, messages), messages)
        ground = found(folder)
        assert ground is not None
    if not fill:
        table(asked(ground, tries), ground.messages)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench-history",
        description=__doc__,
        epilog=EXPLANATION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--messages", type=int, default=1_000_000, help="1000000; 400 bytes of disk each")
    parser.add_argument("--tries", type=int, default=200, help="pages, and searches of each kind; 200")
    parser.add_argument(
        "--folder",
        type=Path,
        help="where the messages are: filled if it is empty, else asked as it is; kept, where one is named",
    )
    parser.add_argument(
        "--fill", action="store_true", help="only fill the folder, to ask questions another time"
    )
    given = parser.parse_args()
    if given.folder is not None:
        given.folder.mkdir(parents=True, exist_ok=True)
        measured(given.folder, given.messages, given.tries, given.fill)
    else:
        with tempfile.TemporaryDirectory() as folder:
            measured(Path(folder), given.messages, given.tries, given.fill)
    one, five, _ = os.getloadavg()
    print(f"\nload average {one:.1f}, {five:.1f} in the last five minutes")


if __name__ == "__main__":
    main()
