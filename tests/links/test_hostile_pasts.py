"""What neighbours say of erasures, read marks and the past, that they may not say or that makes no sense."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from chronicles import ANN, BOB, Chronicles, Filed, logs_in
from mesh import SOLANUM, Stranger, block, stranger

from chatnet.links.exchange.asking import Inquiries
from chatnet.model.ids import SID
from chatnet.rules.stamps import Stamp
from chatnet.storage.answers import at_once
from chatnet.storage.messages.interfaces import MessageStore
from chatnet.storage.messages.rows import LAST, Erased
from chatnet.wire.server_time import time_tag

CAPS = SOLANUM + " CN1 CNHIST CNPAST"
NOW = 1_700_000_000
DAY = 86_400_000
BLOCKS = [block("bad", role="leaf"), block("good", believe_accounts=True)]


class Besieged:
    """Two houses, in which ann and bob have talked, and neighbours of the first that the test plays."""

    def __init__(self, mesh: Chronicles) -> None:
        self.mesh = mesh
        mesh.link("a", "b")
        mesh.settle()
        self.ann, self.bob = mesh["a"].client("ann"), mesh["b"].client("bob")
        logs_in(self.ann, "ann", ANN)
        logs_in(self.bob, "bob", BOB)
        mesh.settle()
        for client in (self.ann, self.bob):
            client >> "JOIN #c"
            mesh.advance(100)
            client >> "PRIVMSG #c :hello"
            mesh.advance(100)
        self.bad = stranger(mesh["a"], "bad.test", "9BD", CAPS)
        self.good = stranger(mesh["a"], "good.test", "9GD", CAPS)
        mesh.settle()
        asked = [number for number in range(100) if mesh["a"].parts.links.inquiries.has(number)]
        for each in (self.bad, self.good):  # with whom ann talked there: with nobody
            says(each, *[f":{each.sid} CNHR {number} 0AA END" for number in asked])
        mesh.settle()
        self.before = [mesh.all_of(name) for name in "ab"]
        assert self.before[0] == self.before[1] and len(self.before[0][0]) == 2
        mesh.said("a", "b")

    @property
    def ms(self) -> int:
        return int(self.mesh.clock.time() * 1000)

    def stamp(self, ahead: int = 0) -> str:
        return Stamp(self.ms + ahead, 0, "9GD").text

    def unharmed(self) -> None:
        """All is as it was, and the two go on."""
        self.mesh.settle()
        self.mesh.advance(1)
        assert [self.mesh.all_of(name) for name in "ab"] == self.before
        self.mesh.check()

    def told(self) -> list[str]:
        """What was told on of the past."""
        self.mesh.settle()
        verbs = ("CNERASE", "CNMARK", "CNHIST", "CNHR")
        return [line for line in self.mesh.said("a", "b") if line.split(" ")[1] in verbs]


@pytest.fixture
def besieged() -> Besieged:
    return Besieged(Chronicles("a", "b", sections_of={"a": {"link": BLOCKS}}))


def says(who: Stranger, *lines: str) -> None:
    for line in lines:
        if who.gone is None:
            who.link.connection.receive(line.encode() + b"\r\n")
    who._turn()


# erasures


def test_who_is_not_believed_of_accounts_erases_nothing(besieged: Besieged) -> None:
    bad = besieged.bad
    says(bad, *[f":9BD CNERASE {ANN} {besieged.ms} {besieged.stamp()} {where}" for where in ("*", "#c 1")])
    assert bad.gone is None and besieged.told() == []
    besieged.unharmed()
    words = (
        "bad.test lets history be erased, and is not believed of accounts here, and its CNERASE is ignored"
    )
    assert sum(words in line for line in besieged.mesh["a"].log.lines) == 1


def test_users_erase_nothing(besieged: Besieged) -> None:
    good = besieged.good
    good >> f":9GD EUID eve 1 {NOW} +i ~e eve.host 192.0.2.9 9GDAAAAAA * * :Eve"
    says(good, f":9GDAAAAAA CNERASE {ANN} {besieged.ms} {besieged.stamp()} *")
    says(good, f":9GDAAAAAA CNMARK {ANN} #c {besieged.ms}", ":9GDAAAAAA CNHR 1 0AA END")
    assert good.gone is None and besieged.told() == []
    besieged.unharmed()


@pytest.mark.parametrize(
    ("until", "stamp"),
    [
        (-200_000, 4 * DAY),  # decided in a time to come
        (4 * DAY, 4 * DAY),
        (0, -DAY),  # decided before it was said
        (DAY, 0),
        (-2 * NOW * 1000, 0),
    ],
)
def test_an_erasure_of_an_absurd_time_is_ignored(besieged: Besieged, until: int, stamp: int) -> None:
    says(besieged.good, f":9GD CNERASE {ANN} {max(0, besieged.ms + until)} {besieged.stamp(stamp)} *")
    assert besieged.good.gone is None and besieged.told() == []
    besieged.unharmed()
    besieged.ann >> "PRIVMSG #c :later"
    besieged.mesh.settle()
    assert besieged.mesh.texts("a")[-1] == besieged.mesh.texts("b")[-1] == "later"


@pytest.mark.parametrize(
    "words",
    [
        f"{ANN} x loyw3v28.0.9GD *",
        f"{ANN} -1 loyw3v28.0.9GD *",
        f"{ANN} 9999999999999999 loyw3v28.0.9GD *",
        f"{ANN} 1 loyw3v28.0.9GD #c x",
        f"{ANN} 1",
    ],
)
def test_an_erasure_that_is_none_ends_the_link_in_words(besieged: Besieged, words: str) -> None:
    says(besieged.good, *[f":9GD CNERASE {words}"] * 30)
    assert besieged.good.gone is not None and "CNERASE" in besieged.good.gone
    besieged.unharmed()


@pytest.mark.parametrize(
    "words",
    [
        "nobody 1 loyw3v28.0.9GD *",
        f"{ANN} 1 soon *",
        f"{ANN} 1 loyw3v28.0.9GD c",
        f"{ANN} 1 loyw3v28.0.9GD #{'c' * 300} 1",
        f"a{'x' * 5000} 1 loyw3v28.0.9GD *",
        "azzzzzzzzzzzzzzzzzzzz 1 loyw3v28.0.9GD *",  # an account that nobody knows
    ],
)
def test_an_erasure_of_nobody_harms_nobody(besieged: Besieged, words: str) -> None:
    says(besieged.good, f":9GD CNERASE {words}")
    assert besieged.good.gone is None
    besieged.unharmed()


def test_erasing_again_and_again_is_done_once(tmp_path: Path) -> None:
    besieged = Besieged(Filed(tmp_path, "a", "b", sections_of={"a": {"link": BLOCKS}}))
    lines = []
    for number in range(2000):
        at = besieged.ms - 2000 + number
        lines.append(f":9GD CNERASE {ANN} {at} {besieged.stamp(number)} *")
    says(besieged.good, *lines)
    assert besieged.good.gone is None
    recorder, erasures = besieged.mesh["a"].parts.recorder, besieged.mesh["a"].parts.erasures
    assert recorder is not None and erasures is not None
    recorder.flush()
    assert [each.until for each in erasures.lately()] == [besieged.ms - 1]
    messages = besieged.mesh["a"].messages
    assert [each.until for each in messages_erased(messages)] == [besieged.ms - 1]
    assert waiting(tmp_path / "0AA.sqlite") <= 2
    besieged.mesh.settle()
    besieged.mesh.advance(10)
    assert all([row.person for row in besieged.mesh.all_of(name)[0].values()] == [BOB] for name in "ab")
    besieged.mesh.check()


def messages_erased(messages: MessageStore) -> Sequence[Erased]:
    return at_once(messages.erasures(""))


def waiting(path: Path) -> int:
    """How many erasures wait to be done part by part."""
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM erasing").fetchone()
    return int(count)


# read marks


def mark_of(besieged: Besieged, person: str, name: str = "b") -> int:
    besieged.mesh.settle()
    besieged.mesh.flush()
    return besieged.mesh[name].stored.read.get((person, "#c"), 0)


def test_who_is_not_believed_of_accounts_moves_marks_of_its_own_alone(besieged: Besieged) -> None:
    bad = besieged.bad
    says(bad, f":9BD CNMARK {ANN} #c {besieged.ms}", f":9BD CNMARK azzzzzzzzzzzzzzzzzzzz #c {besieged.ms}")
    assert bad.gone is None and besieged.told() == [] and mark_of(besieged, ANN) == 0
    besieged.unharmed()


@pytest.mark.parametrize(
    "words",
    [
        f"{ANN} #c {{}}",
        f"{ANN} #c 0",
        "nobody #c 1",
        f"{ANN} #{'c' * 300} 1",
        f"{ANN} =a/b 1",
        f"{ANN} ={'d' * 33} 1",
    ],
)
def test_a_mark_that_makes_no_sense_is_ignored(besieged: Besieged, words: str) -> None:
    says(besieged.good, ":9GD CNMARK " + words.format(besieged.ms + 2 * DAY))
    assert besieged.good.gone is None and besieged.told() == [] and mark_of(besieged, ANN) == 0
    besieged.unharmed()


def test_nobody_has_read_what_is_still_to_be_said(besieged: Besieged) -> None:
    """Whoever is believed may say so: what is beyond what clocks may differ is cut off."""
    until = besieged.ms + 600_000
    says(besieged.good, f":9GD CNMARK {ANN} #c {besieged.ms + DAY // 2}")
    assert besieged.good.gone is None
    assert besieged.told() == [f":0AA CNMARK {ANN} #c {until}"] and mark_of(besieged, ANN) == until
    besieged.mesh.check()


@pytest.mark.parametrize("words", [f"{ANN} #c x", f"{ANN} #c -1", f"{ANN} #c"])
def test_a_mark_that_is_none_ends_the_link_in_words(besieged: Besieged, words: str) -> None:
    says(besieged.good, *[f":9GD CNMARK {words}"] * 30)
    assert besieged.good.gone is not None and "CNMARK" in besieged.good.gone
    besieged.unharmed()


@pytest.mark.parametrize("device", ["", "Phone", "x" * 32])
def test_what_a_device_has_heard_is_told_on_as_it_is_called(besieged: Besieged, device: str) -> None:
    says(besieged.good, f":9GD CNMARK {ANN} ={device} {besieged.ms}")
    assert besieged.told() == [f":0AA CNMARK {ANN} ={device} {besieged.ms}"]
    besieged.unharmed()


def test_marks_that_move_nothing_are_told_to_nobody(besieged: Besieged) -> None:
    """However often they are said; a read mark only grows."""
    now, mesh = besieged.ms, besieged.mesh
    says(besieged.good, *[f":9GD CNMARK {ANN} #c {now - number}" for number in range(500)])
    assert besieged.good.gone is None
    assert besieged.told() == [f":0AA CNMARK {ANN} #c {now}"]
    assert mark_of(besieged, ANN) == now
    mesh.check()


# answers


def test_answers_that_nobody_asked_for_end_the_link(besieged: Besieged) -> None:
    good = besieged.good
    line = f":@time={time_tag(NOW).decode()[5:]};msgid=x :9GD NOTICE #c :hello"
    for number in range(1, 500):
        says(good, f":9GD CNHR {900 + number} 0AA 1 {line}", f":9GD CNHR {900 + number} 0AA GAP 0 {LAST}")
    assert good.gone is not None and "CNHR that nobody asked for" in good.gone
    besieged.unharmed()


def test_an_answer_that_comes_too_late_or_from_elsewhere_is_nothing(besieged: Besieged) -> None:
    mesh, good, bad = besieged.mesh, besieged.good, besieged.bad
    good >> f":9GD EUID eve 1 {NOW} +i ~e eve.host 192.0.2.9 9GDAAAAAA * * :Eve"
    bad.lines()
    good.lines()
    good >> f":9GD SJOIN {NOW} #c + :9GDAAAAAA"
    besieged.ann >> "PART #c" >> "JOIN #c"
    mesh.settle()
    mesh.advance(1)
    asked = [line.split(" ") for line in good.lines() if " CNHIST " in line]
    assert asked, "ann comes back, and so others are asked"
    number = asked[-1][2]
    line = f":@time={time_tag(NOW + 1).decode()[5:]};msgid=x :9GD NOTICE #c :hello"
    says(bad, f":9BD CNHR {number} 0AA 1 {line}", f":9BD CNHR {number} 0AA END")
    assert "hello" in mesh.texts("a") and mesh.texts("a").count("hello") == 2
    says(good, *[f":9GD CNHR {number} 0AA END"] * 500)
    mesh.settle()
    assert good.gone is None
    mesh.check()


@pytest.mark.parametrize(
    "answer",
    [
        "GAP",
        "GAP 1",
        "GAP 1 2 3",
        "GAP x 2",
        f"GAP 1 {'9' * 20}",
        "1",
        "1 :",
        "1 :@time=2023-11-14T22:13:21.000Z;msgid=x :eve!e@h NOTICE #other :hello",
        "1 :@time=2033-11-14T22:13:21.000Z;msgid=x :a.test NOTICE #c :hello",
        "1 :@time=2023-11-14T22:13:21.000Z;msgid=x;chatnet/account=nobody :a.test NOTICE #c :hello",
        "1 :@time=2023-11-14T22:13:21.000Z;msgid=x :* NOTICE #d :hello",
        "1 :@time=2023-11-14T22:13:21.000Z;msgid=x : REDACT #c gone :",
    ],
)
def test_nonsense_in_an_answer_ends_it_and_counts_as_a_mistake(besieged: Besieged, answer: str) -> None:
    mesh, good = besieged.mesh, besieged.good
    good >> f":9GD EUID eve 1 {NOW} +i ~e eve.host 192.0.2.9 9GDAAAAAA * * :Eve"
    good >> f":9GD SJOIN {NOW} #c + :9GDAAAAAA"
    besieged.ann >> "PART #c" >> "JOIN #c"
    mesh.settle()
    mesh.advance(1)
    number = [line.split(" ") for line in good.lines() if " CNHIST " in line][-1][2]
    says(good, f":9GD CNHR {number} 0AA {answer}")
    assert good.gone is None
    assert any("good.test is odd: CNHR" in line for line in mesh["a"].log.lines), mesh["a"].log.lines
    mesh.settle()
    assert set(mesh.rows("a")) == set(besieged.before[0][0])
    mesh.check()


# slots


def asked_of(who: Stranger) -> list[str]:
    """The numbers of what the first house asked it since it was looked at last."""
    return [line.split(" ")[2] for line in who.lines() if line.startswith(":0AA CNHIST ")]


def test_a_slow_neighbour_keeps_nobody_from_asking_others(besieged: Besieged) -> None:
    mesh, node = besieged.mesh, besieged.mesh["a"].node
    inquiries = mesh["a"].parts.links.inquiries
    besieged.good.lines()
    most = node.settings.links.backfill_requests
    for number in range(most + 2):
        node.run(told(inquiries, "9GD", number))
    besieged.good._turn()
    slow = asked_of(besieged.good)
    assert len(slow) == most
    answers: list[object] = []
    node.run(told(inquiries, "0BA", 0, answers))
    mesh.settle()
    assert len(answers) == 1 and answers[0] is not None
    # A line now and then does not hold a slot for ever.
    line = f":@time={time_tag(NOW + 1).decode()[5:]};msgid=x :9GD NOTICE #c :hello"
    longest, step = node.settings.links.backfill_longest, node.settings.links.backfill_timeout - 1
    for _ in range(int(longest / step) + 1):
        says(besieged.good, *[f":9GD CNHR {each} 0AA 1 {line}" for each in slow])
        mesh.advance(step)
    besieged.good._turn()
    assert len(asked_of(besieged.good)) == 2


async def told(inquiries: Inquiries, sid: str, number: int, answers: list[object] | None = None) -> None:
    since = (NOW - number) * 1000
    answer = await inquiries.ask(SID(sid), "#c", since, since + 3_600_000, 10)
    if answers is not None:
        answers.append(answer)
