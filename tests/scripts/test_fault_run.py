"""``scripts/faults`` notices what must not happen, and finds nothing to complain of where all is well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from daemon_process import DEADLINE, ROOT, runs, started, wait_for
from fault_run.__main__ import pace_for
from fault_run.checker import Checker, Count
from fault_run.faults import KINDS, Struck, plan
from fault_run.memory import ENOUGH, MOST, PEAK, WARM, Memory
from fault_run.network import Network
from fault_run.nodes import Node, Times
from fault_run.people import Description
from fault_run.report import HEAD, Result, table
from fault_run.waiting import LOOK, Crowd, Patience, crowding, within
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure


def read(*numbers: int, before: Checker | None = None) -> Checker:
    """Bob reads these numbers of Ann."""
    checker = before or Checker()
    for number in numbers:
        checker.read("bob", "ann", "#c", number)
    return checker


def test_all_in_order_is_fine() -> None:
    assert read(1, 2, 3).take() == Count()


@pytest.mark.parametrize(
    ("numbers", "lost", "doubled", "reordered"),
    [
        ((1, 3), 1, 0, 0),
        ((2,), 1, 0, 0),
        ((1, 5, 9), 6, 0, 0),
        ((1, 1), 0, 1, 0),
        ((1, 2, 3, 2, 1), 0, 2, 0),
        ((1, 3, 2), 0, 0, 1),
        ((1, 4, 3, 3), 1, 1, 1),
    ],
)
def test_what_must_not_happen(numbers: tuple[int, ...], lost: int, doubled: int, reordered: int) -> None:
    checker = read(*numbers)
    count = checker.take()
    assert (count.lost, count.doubled, count.reordered) == (lost, doubled, reordered)
    assert checker.take() == Count(), "told once"


def test_a_split_excuses_what_lies_in_it_and_no_more() -> None:
    checker = read(1, 2)
    checker.went("bob", "ann")
    assert checker.gone["bob", "ann"] == 1
    read(7, 9, before=checker)
    count = checker.take()
    assert (count.missed, count.lost) == (4, 1)
    assert count.where == ["bob lost 1 of ann (#c, 8 to 8)"]


def test_what_was_left_out_is_to_be_remembered() -> None:
    checker = read(1, 2)
    checker.went("bob", "ann")
    read(5, before=checker)
    assert checker.to_remember("#d") == {}
    assert checker.to_remember("#c") == {"bob": {("ann", 3), ("ann", 4)}}
    assert checker.to_remember("#c") == {}, "told once"


def test_what_came_twice_over_a_split_is_doubled() -> None:
    checker = read(1, 2)
    checker.went("bob", "ann")
    assert read(2, before=checker).take().doubled == 1


def test_who_speaks_to_somebody_who_is_gone_is_not_heard() -> None:
    """The sender has not read yet that the receiver is back, who knows of the sender already."""
    checker = read(1, 2)
    checker.went("bob", "ann")
    read(5, before=checker)
    checker.said_to_nobody("ann", "bob", "#c", 6)
    count = read(7, before=checker).take()
    assert (count.missed, count.lost) == (3, 0)
    assert read(9, before=checker).take().lost == 1


def test_who_reads_401_has_been_told() -> None:
    """Whether before the next message is read or after it; and only of what was said until then."""
    checker = read(1, 2)
    checker.told("ann", "bob", "#c", 4)
    count = read(5, 7, before=checker).take()
    assert (count.missed, count.lost) == (2, 1)
    checker = read(1, 4)
    checker.told("ann", "bob", "#c", 4)
    assert checker.doubted["bob", "ann"] == 1
    count = read(5, 2, before=checker).take()
    assert (count.missed, count.lost, count.reordered) == (2, 0, 1)
    assert checker.doubted["bob", "ann"] == 0, "told of one fault"


def test_who_connects_again_begins_there() -> None:
    checker = read(1, 2)
    checker.came_anew("bob")
    assert read(9, before=checker).take() == Count(missed=6)


def test_other_streams_are_none_of_it() -> None:
    checker = read(1)
    checker.went("ann", "bob")
    checker.went("bob", "cid")
    assert read(3, before=checker).take().lost == 1


def test_a_seed_brings_the_same_faults_and_all_kinds() -> None:
    deck = sum(kind.weight for kind in KINDS.values())
    assert plan(7, 200, [], True) == plan(7, 200, [], True)
    assert plan(7, 200, [], True) != plan(8, 200, [], True)
    assert plan(7, 200, [], True)[:50] == plan(7, 50, [], True)
    assert {kind.name for kind in plan(7, deck, [], True, persons=True)} == set(KINDS)
    assert not any(kind.persons for kind in plan(7, deck, [], True))
    assert {kind.name for kind in plan(7, 50, ["reset"], False)} == {"reset"}
    assert not any(kind.packets for kind in plan(7, 200, [], False))


def test_the_table_adds_up() -> None:
    (reset,) = plan(1, 1, ["reset"], False)
    assert reset.name == "reset"
    struck = Struck("A - B")
    results = [
        Result(1, "reset", struck, connections=1),
        Result(2, "reset", struck, Count(lost=2, missed=3), 1, 2, 3, 0.5, ["2 lost"]),
        Result(3, "killed", struck, Count(doubled=1), 1, 4, 0, 0.5, ["1 doubled"]),
    ]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table(results).splitlines()]
    assert rows[0] == list(HEAD)
    assert rows[2:] == [
        ["reset", "short", "2", "2", "0", "0", "1", "3", "3", "3", "1"],
        ["killed", "long", "1", "0", "1", "0", "1", "4", "0", "0", "1"],
        ["all", "", "3", "2", "1", "0", "2", "7", "3", "3", "2"],
    ]
    assert "BROKEN: 2 lost" in str(results[1])
    late = Result(4, "reset", struck, splits=1, seconds=0.5, crowded=True)
    assert str(late).endswith(": 0.5 s, crowded, splits 1")


def lives(
    *lives: Callable[[int], int],
    faults: int = WARM + ENOUGH,
    long: bool = False,
    cached: Callable[[int], int] = lambda number: 0,
) -> Memory:
    """The memory of servers 0, 1, … whose sizes depend on the number of the fault."""
    memory = Memory()
    for number in range(faults):
        sizes = {str(at): (at, size(number), cached(number)) for at, size in enumerate(lives)}
        memory.note(sizes, long=long)
    return memory


def test_memory_that_grows_is_told() -> None:
    by = MOST // 100 + 1  # in each fault
    memory = lives(
        lambda number: 70_000 + by * number,
        lambda number: 70_000 + (by - 2) * number,
        lambda number: 70_000 + 9_000 * (number % 2) - number,
        lambda number: 70_000 + 900 * min(number, WARM),
    )
    span = ENOUGH - ENOUGH // 5
    assert [life.grown for life in memory.lives] == [by * span, (by - 2) * span, -span, 0]
    (broken,) = memory.broken()
    assert broken.startswith("memory of 0 in 40 faults: ") and f"+{100 * by} in 100 faults" in broken
    assert len(list(memory.in_words())) == 4


def test_long_outages_may_take_some_memory_once() -> None:
    def steps(number: int) -> int:
        return 70_000 + PEAK * (number > WARM + ENOUGH // 2)

    assert len(lives(steps).broken()) == 1
    assert lives(steps, long=True).broken() == []
    grows = PEAK // ENOUGH + MOST
    assert len(lives(lambda number: 70_000 + grows * number, long=True).broken()) == 1


def test_what_may_be_of_the_file_of_messages_is_no_leak() -> None:
    def grows(number: int) -> int:
        return 70_000 + 300 * number

    assert len(lives(grows).broken()) == 1
    assert lives(grows, cached=lambda number: 300 * number).broken() == []
    assert len(lives(grows, cached=lambda number: 200 * number).broken()) == 1
    # Caches are full at some time; what grows on is something else.
    full = lives(grows, cached=lambda number: 300 * min(number, WARM + ENOUGH // 3))
    assert len(full.broken()) == 1


def test_each_process_has_its_own_memory_and_a_short_one_tells_nothing() -> None:
    memory = lives(lambda number: 70_000 + 99 * number, faults=WARM + ENOUGH - 1)
    memory.note({"0": (99, 60_000, 0)})
    assert [len(life.sizes) for life in memory.lives] == [WARM + ENOUGH - 1, 1]
    assert memory.broken() == []
    memory.note({"0": (0, 70_000 + 99 * 99, 0)})
    assert len(memory.broken()) == 1


def test_a_crowd_on_the_machine_makes_patience_longer() -> None:
    now, crowd = [0.0], [1.0]
    patience = Patience(10.0, lambda: now[0], lambda: crowd[0])
    for at, many, over in ((6.0, 1.0, False), (36.0, 10.0, False), (46.0, 10.0, False), (46.5, 1.0, True)):
        now[0], crowd[0] = at, many
        assert patience.over() is over
    assert crowding() >= 1.0


def test_on_a_crowded_machine_outages_last_longer_and_keep_their_kind() -> None:
    times = Times()
    assert times.at(1.0) == times
    slow = times.at(4.0)
    assert (slow.ping_timeout, slow.grace, slow.unnoticed) == (10.0, 20.0, 4.0)
    assert slow.unnoticed < slow.ping_timeout < slow.silence < slow.silence + slow.grace < slow.long
    assert times.at(4.0).long >= 3 * times.long


def test_a_crowd_is_the_mean_of_many_looks() -> None:
    clock, found = Clock(), iter([2.0, 4.0, 9.0, 8.0, 1.0])
    crowd = Crowd(clock, lambda: next(found))
    clock.pump([LOOK, LOOK])
    assert crowd.take() == 5.0
    clock.pump([LOOK])
    assert crowd.take() == 8.0
    assert crowd.take() == 1.0, "or one look"
    crowd.close()
    assert clock.getDelayedCalls() == []


def test_everything_takes_longer_on_a_crowded_machine_within_bounds() -> None:
    assert [pace_for(crowd) for crowd in (1.0, 2.0, 5.0, 99.0)] == [1.0, 1.0, 2.5, 4.0]


def test_what_comes_within_its_time_is_given() -> None:
    clock, hoped, got = Clock(), Deferred[str](), list[str]()
    within(clock, hoped, 1.0, "a word").addCallback(got.append)
    clock.pump([0.05] * 10)
    hoped.callback("word")
    assert (got, clock.getDelayedCalls()) == (["word"], [])


def test_what_comes_not_within_its_time_is_late() -> None:
    clock, failed = Clock(), list[Failure]()
    within(clock, Deferred[str](), 1.0, "a word").addErrback(failed.append)
    clock.pump([0.05] * 18)
    assert failed == []
    clock.pump([0.05] * 20_000)  # the machine that this runs on may be crowded
    assert [str(failure.value) for failure in failed] == ["waited in vain for a word"]
    assert clock.getDelayedCalls() == []


class OnItsWay(Network):
    """Two servers; somebody was kicked at the last moment, and enters again as soon as that was read."""

    def __init__(self, folder: Path) -> None:
        self.nodes = [Node(folder, name, (0, 0)) for name in "ab"]
        self.rounds = 0

    def _let_change(self, may: bool) -> None:
        pass

    async def whole(self) -> None:
        self.rounds += 1

    def on(self, node: Node) -> Any:
        return Seen({"ann", "bob"} if node.short == "a" or self.rounds > 1 else {"ann"})


class Seen:
    """Somebody who sees these people in each channel."""

    def __init__(self, members: set[str]) -> None:
        self._members = members

    async def describe(self, channel: str) -> Description:
        return {"members": self._members}


def test_who_was_kicked_at_the_last_moment_is_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found: list[list[str]] = []
    Deferred.fromCoroutine(OnItsWay(tmp_path).differences()).addCallback(found.append)
    assert found == [[]]


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """Let it run with these options."""
    return subprocess.run(
        [sys.executable, "-m", "fault_run", *options],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.daemon
def test_a_short_run_with_real_servers_keeps_all_promises() -> None:
    kinds = ("reset", "cut at a byte", "cut in the handshake", "refused", "stopped", "killed")
    chosen = [word for kind in kinds for word in ("--kind", kind)]
    done = run("--seed", "5", "--faults", "9", *chosen)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "BROKEN" not in done.stdout
    (total,) = (line for line in done.stdout.splitlines() if line.startswith("| all "))
    numbers = dict(zip(HEAD, (cell.strip() for cell in total.strip("|").split("|")), strict=True))
    assert int(numbers["count"]) == 9 and int(numbers["connections"]) >= 9, "they did strike"


@pytest.mark.daemon
def test_without_grace_a_reset_breaks_a_promise() -> None:
    done = run("--faults", "1", "--kind", "reset", "--grace", "0")
    assert ", splits 1" in done.stdout, done.stdout + done.stderr
    if ", crowded" not in done.stdout:
        assert done.returncode == 1
        assert "BROKEN: a1 read 1 times that" in done.stdout


@pytest.mark.daemon
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_server_runs_when_it_is_ended(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "fault_run"],
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'scripts'}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_for(lambda: len(started(process.pid, "chatnet.toml")) == 3, "three servers")
            servers = started(process.pid, "chatnet.toml")
            process.send_signal(number)
            process.wait(DEADLINE)
            wait_for(lambda: not any(map(runs, servers)), "their end")
        finally:
            process.kill()
