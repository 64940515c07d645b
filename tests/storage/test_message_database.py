"""Messages in a database of PostgreSQL: of one server and of several, and while it is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import message_model as model
import pytest
from conversation import ManualClock
from hypothesis import HealthCheck, given, settings
from message_stores import Make, in_database
from postgresql_server import PASSWORD, Postgres
from profiles import runs
from storage_calls import Calls
from test_message_stories import FOR_EVER, agree, groups
from twisted.python.failure import Failure

from chatnet.storage.answers import at_once
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.interfaces import SPOOL, Trouble
from chatnet.storage.messages.keep import DAY
from chatnet.storage.messages.reading import ALL_KINDS
from chatnet.storage.messages.rows import (
    CLOSED,
    LAST,
    PRIVMSG,
    Began,
    Came,
    Ended,
    Entry,
    Erased,
    Gap,
    Moved,
    Place,
    Redacted,
    Row,
    Said,
    Silent,
    View,
    Wanted,
    Words,
)
from chatnet.storage.messages.store import SQLiteMessages, open_messages
from chatnet.storage.postgresql import Session

T = model.NOW
CLUB = Place("c", "#club", "", 1)
PUB = Place("c", "#pub", "", 1)
EVERYTHING = Wanted(ALL_KINDS, 1_000_000)
SOON = (0.01,)
CANNOT_REACH = "The database of messages cannot be reached"


def said(number: int, text: str = "hello", place: Place = CLUB) -> Said:
    return (place, (T + number) / 1000, model.msgid(T + number), PRIVMSG, 0, "ann", b"ann!a@h", text)


def texts(store: SQLiteMessages, place: Place = CLUB) -> list[str]:
    return [row.text for row in at_once(store.page(View(place), EVERYTHING)).rows]


def found(store: SQLiteMessages, text: str, **other: Any) -> list[str]:
    return [row.text for row in at_once(store.search([View(CLUB)], Words(text)._replace(**other)))]


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """The URL of a new one; PostgreSQL runs again after the test."""
    yield postgres.url(postgres.database(), "chat", PASSWORD)
    postgres.stop()
    postgres.start()


@pytest.fixture
def url(postgres: Postgres) -> str:
    """The same for tests in which it runs."""
    return postgres.url(postgres.database(), "chat", PASSWORD)


OPTIONS: dict[str, Any] = {"now": lambda: T / 1000, "keep": lambda: FOR_EVER}


def _close(store: SQLiteMessages) -> None:
    at_once(store.close())


class Shared:
    """A database with two servers, which is made empty for each story."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres
        self._name = postgres.database()
        url = postgres.url(self._name, "chat", PASSWORD)
        self.makes: list[Make] = [in_database(url, sid) for sid in ("0AA", "0BB")]
        at_once(self.makes[0]().close())

    def empty(self) -> None:
        """Have nothing be in it."""
        tables = self._postgres.execute(
            self._name,
            "SELECT relname FROM pg_stat_user_tables WHERE relname NOT IN ('fact', 'history_version')",
        )
        names = ", ".join(name for (name,) in tables)
        self._postgres.execute(self._name, f"TRUNCATE {names} RESTART IDENTITY")

    @contextmanager
    def opened(self, *numbers: int) -> Iterator[list[SQLiteMessages]]:
        """The stores of these servers: a story that fails leaves no connection, or the next finds none."""
        with ExitStack() as stack:
            stores = [self.makes[number](**OPTIONS) for number in numbers]
            for store in stores:
                stack.callback(_close, store)
            yield stores


@pytest.fixture(scope="module")
def shared(postgres: Postgres) -> Shared:
    return Shared(postgres)


@settings(max_examples=runs(6, 300), deadline=None, suppress_health_check=list(HealthCheck))
@given(groups)
def test_it_answers_as_a_model_does(shared: Shared, story: list[tuple[list[Entry], int]]) -> None:
    shared.empty()
    known = model.Model()
    with shared.opened(0) as (store,):
        for group, slices in story:
            at_once(store.put(group))
            for entry in group:
                known.put(entry)
            agree(store, known)
            for _ in range(slices):
                store.tidy()
        while not store.tidy():
            pass
        agree(store, known)


@settings(max_examples=runs(10, 500), deadline=None, suppress_health_check=list(HealthCheck))
@given(groups)
def test_two_that_hear_the_same_write_it_once(shared: Shared, story: list[tuple[list[Entry], int]]) -> None:
    shared.empty()
    known = model.Model()
    with shared.opened(0, 1) as stores:
        for group, slices in story:
            heard = [entry for entry in group if not isinstance(entry, Moved)]
            for store in stores:
                at_once(store.put(heard))
                for _ in range(slices):
                    store.tidy()
            for entry in heard:
                known.put(entry)
        for place, rows in known.rows.items():
            for store in stores:
                kept = at_once(store.page(View(place, closed=None), EVERYTHING)).rows
                assert list(kept) == sorted(rows.values(), key=model.position)


def test_a_merge_with_a_place_that_nobody_began_is_there(url: str) -> None:
    store = in_database(url, "0AA")()
    at_once(store.put([said(1), said(2, place=PUB)]))
    at_once(store.put([Ended(CLUB, T + 3), Moved(CLUB, PUB, "#Pub", stays=False)]))
    assert [each.place for each in at_once(store.standing())] == [PUB]
    at_once(store.close())


# several servers


def test_each_server_notes_what_it_hears(url: str) -> None:
    """A channel has ended when it has at all of them; until then its stays go on."""
    one, two = in_database(url, "0AA")(), in_database(url, "0BB")()
    for store in (one, two):
        at_once(store.put([Began(CLUB, "#Club", T), Came(CLUB, "ann", T)]))
    at_once(one.put([Silent(CLUB, T + 1), Ended(CLUB, T + 2)]))
    target = at_once(two.target(CLUB))
    assert target is not None and (target.heard, target.ended) == (None, None)
    assert at_once(one.standing()) == []
    assert [each.place for each in at_once(two.standing())] == [CLUB]
    assert [until > T + 9 for _, until in at_once(two.stays([CLUB], "ann"))[CLUB]] == [True]
    at_once(two.put([Silent(CLUB, T + 3), Ended(CLUB, T + 4)]))
    target = at_once(one.target(CLUB))
    assert target is not None and (target.heard, target.ended) == (T + 3, T + 4)
    assert at_once(one.stays([CLUB], "ann"))[CLUB] == ((T, T + 3),)
    at_once(one.put([Gap(CLUB, T, T + 5, "*")]))
    assert (len(at_once(one.gaps(CLUB))), at_once(two.gaps(CLUB))) == (1, [])
    for store in (one, two):
        at_once(store.close())


def test_stays_end_with_a_server_that_was_killed(url: str) -> None:
    """Where another server hears a channel as well, that one knows who is in it."""
    one, two = in_database(url, "0AA")(), in_database(url, "0BB")()
    at_once(one.put([Began(CLUB, "#Club", T), Came(CLUB, "ann", T), said(5)]))
    for store in (one, two):
        at_once(store.put([Began(PUB, "#Pub", T), Came(PUB, "ann", T)]))
    again = in_database(url, "0AA")()
    [(since, until)] = at_once(again.stays([CLUB], "ann"))[CLUB]
    assert since == T and until < LAST
    assert at_once(again.stays([PUB], "ann"))[PUB] == ((T, LAST),)
    at_once(again.put([Began(CLUB, "#Club", T + 90), Came(CLUB, "ann", T + 90)]))
    assert at_once(again.stays([CLUB], "ann"))[CLUB][1:] == ((T + 90, LAST),)
    for store in (one, two, again):
        at_once(store.close())


def test_one_knows_what_another_changed(url: str) -> None:
    """Nothing is written to where it was, or is not to be any more, though it was so at the last look."""
    one, two = in_database(url, "0AA")(), in_database(url, "0BB")()
    for store in (one, two):
        at_once(store.put([said(1, "first")]))
    at_once(one.put([Moved(CLUB, PUB, "#Pub")]))
    at_once(two.put([said(2, "late")]))
    assert (texts(one), texts(one, PUB)) == (["late"], ["first"])
    at_once(one.put([Redacted(CLUB, model.msgid(T + 3), T + 9, "r", None, "x", "")]))
    at_once(two.put([said(3, "deleted"), said(4, "kept")]))
    at_once(one.put([Erased("ann", T + 50, "s")]))
    at_once(two.put([said(5, "erased"), said(60, "after it")]))
    assert texts(two) == ["after it"]
    for store in (one, two):
        at_once(store.close())


def test_many_write_the_same_at_once(url: str) -> None:
    calls, servers = Calls(), []
    for sid in ("0AA", "0BB", "0CC"):
        store = in_database(url, sid)(call=calls, **OPTIONS)
        store.start()
        servers.append(store)
    answers = []
    for group in range(20):
        rows = [said(group * 20 + number, f"{group} {number}") for number in range(20)]
        answers += [store.put(rows if index else rows[::-1]) for index, store in enumerate(servers)]
    for answer in answers:
        calls.wait(answer)
    page = calls.wait(servers[0].page(View(CLUB), EVERYTHING))
    assert [row.text for row in page.rows] == [f"{number // 20} {number % 20}" for number in range(400)]
    assert len(calls.wait(servers[1].search([View(CLUB)], Words("19", most=1000)))) == 39
    for store in servers:
        calls.wait(store.close())


# words


def test_what_is_older_is_searched_for_as_well(url: str) -> None:
    """In the last 30 days first, then in twice as many each time."""
    store = in_database(url)()
    days = (0, 1, 29, 31, 95, 400, 3000)
    at_once(store.put([said(-day * DAY, f"tea {day}") for day in reversed(days)]))
    assert found(store, "tea") == [f"tea {day}" for day in reversed(days)]
    assert found(store, "tea", most=2) == ["tea 1", "tea 0"]
    assert found(store, "tea", most=2, newest=False) == ["tea 3000", "tea 400"]
    assert found(store, "tea", since=T - 100 * DAY, until=T - 30 * DAY) == ["tea 95", "tea 31"]
    at_once(store.put([said(number, "many teas") for number in range(1, 500)]))
    assert len(found(store, "teas", most=1000)) == 499
    assert len(found(store, "teas", most=1000, newest=False)) == 499
    at_once(store.close())


def test_messages_of_before_come_into_the_index(url: str) -> None:
    make = in_database(url)
    off = make(search="off", **OPTIONS)
    at_once(off.put([said(1, "Tea at five"), said(2, "Caf\u00e9 <au> lait")]))
    assert not off.searches
    at_once(off.close())
    store = make(**OPTIONS)
    at_once(store.put([said(3, "more tea")]))
    assert (found(store, "tea"), found(store, "cafe au")) == (["more tea"], [])
    while not store.tidy():
        pass
    assert found(store, "tea") == ["Tea at five", "more tea"]
    assert found(store, "cafe au") == ["Caf\u00e9 <au> lait"]
    at_once(store.close())
    # Whoever does not search keeps the words for others.
    off = make(search="off", **OPTIONS)
    at_once(off.put([said(4, "tea again")]))
    with pytest.raises(StoreError):
        at_once(off.search([View(CLUB)], Words("tea")))
    at_once(off.close())
    store = make()
    assert found(store, "again") == ["tea again"]
    at_once(store.close())
    with pytest.raises(StoreError, match="no trigrams"):
        make(search="trigrams")


# when it is away


class Server:
    """A process that serves, with its threads."""

    def __init__(self, url: str, **options: Any) -> None:
        self.calls = Calls()
        self.clock = ManualClock()
        options = {"pauses": SOON, "monotonic": self.clock.monotonic, "now": self.clock.time, **options}
        self.store = in_database(url)(call=self.calls, **options)
        self.told: list[Trouble | None] = []
        self.store.troubled = self.told.append
        self.store.start()

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Do calls until that is so."""
        while not condition():
            self.calls.one()

    def texts(self) -> list[str]:
        page = self.calls.wait(self.store.page(View(CLUB), EVERYTHING))
        return [row.text for row in page.rows]


def test_what_comes_while_it_is_away_waits(database: str, postgres: Postgres) -> None:
    server = Server(database)
    server.calls.wait(server.store.put([said(1, "before")]))
    assert server.texts() == ["before"]
    postgres.stop()
    answer = server.store.put([said(2, "meanwhile")])
    server.wait_for(lambda: server.told)
    assert server.told == [Trouble(CANNOT_REACH)] and not answer.called
    with pytest.raises(StoreError, match=CANNOT_REACH) as caught:
        server.texts()
    assert PASSWORD not in f"{caught.value} {caught.value.reason}"
    postgres.start()
    server.calls.wait(answer)
    server.wait_for(lambda: server.told[-1] is None)
    server.clock.advance(6.0)
    assert server.texts() == ["before", "meanwhile"]
    # A connection that was lost while nothing was to be done is nobody's trouble.
    postgres.stop()
    postgres.start()
    server.calls.wait(server.store.put([said(3, "after")]))
    assert server.texts() == ["before", "meanwhile", "after"]
    assert len(server.told) == 2
    server.calls.wait(server.store.close())


def losing(patch: pytest.MonkeyPatch, *, held: bool) -> None:
    """Have the answer of the next COMMIT be lost, whether it holds or not."""
    from psycopg import OperationalError

    from chatnet.storage.postgresql import Session

    execute, left = Session.execute, [None]

    def lost(session: Session, statement: str, *arguments: Any) -> Any:
        if statement != "COMMIT" or not left:
            return execute(session, statement, *arguments)
        left.pop()
        if held:
            execute(session, statement)
        session.close()
        raise OperationalError("the connection is lost")

    patch.setattr(Session, "execute", lost)


@pytest.mark.parametrize("held", [True, False])
def test_whether_a_commit_holds_whose_answer_was_lost_is_found_out(
    url: str, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    """Or what is news would be taken for known."""
    store = in_database(url)()
    at_once(store.put([said(1, "known")]))
    told = [
        Row(CLUB, T + number, model.msgid(T + number), PRIVMSG, 0, None, "x", "told") for number in (1, 2)
    ]
    losing(monkeypatch, held=held)
    assert [row.at - T for row in at_once(store.take_in(told, []))] == [2]
    assert at_once(store.take_in(told, [])) == []
    losing(monkeypatch, held=held)
    at_once(store.put([said(3, "more")]))
    assert texts(store) == ["known", "told", "more"]
    at_once(store.close())


class Spooling(Server):
    """One whose messages wait in a file while its database is away."""

    def __init__(self, url: str, path: Path, **options: Any) -> None:
        super().__init__(url, spool=path, **options)


def test_what_comes_while_it_is_away_is_on_the_disk(
    database: str, postgres: Postgres, tmp_path: Path
) -> None:
    """However much that is, and in its order, also for a server that ends meanwhile and starts again."""
    path = tmp_path / SPOOL
    server = Spooling(database, path, queue_bytes=lambda: 65536)
    server.calls.wait(server.store.put([said(0, "before")]))
    assert not path.exists()
    postgres.stop()
    for group in range(10):
        server.calls.wait(server.store.put([said(1 + group * 50 + number) for number in range(50)]))
    assert server.told == [Trouble(f"{CANNOT_REACH}; they wait in the file history.spool")]
    assert path.stat().st_mode & 0o777 == 0o600
    redacted: list[Entry] = [
        Redacted(CLUB, model.msgid(T + 7), T + 600, "r", None, "x", ""),
        said(501, "last"),
    ]
    server.calls.wait(server.store.put(redacted))
    assert server.store.unread(CLUB) == (T + 1, T + 502) and server.store.unread(PUB) is None
    refused = server.store.take_in([], [])
    server.clock.advance(6.0)
    server.store.watch()
    with pytest.raises(StoreError):
        server.calls.wait(refused)
    server.calls.wait(server.store.close())
    assert path.exists()
    again = Spooling(database, path)
    assert again.store.unread(CLUB) == (T + 1, T + 502) and again.store.unread(PUB) is None
    again.calls.wait(again.store.put([said(502, "after the start")]))
    postgres.start()
    again.wait_for(lambda: again.told and again.told[-1] is None and not again.store.is_behind)
    again.clock.advance(6.0)
    rows = again.texts()
    assert (rows[0], rows[-2:], len(rows)) == ("before", ["last", "after the start"], 502)
    assert again.store.unread(CLUB) is None
    again.calls.wait(again.store.put([said(503, "now")]))
    assert again.texts()[-1] == "now" and not path.exists()
    again.calls.wait(again.store.close())


def test_beyond_its_bound_the_oldest_in_memory_are_dropped(
    database: str, postgres: Postgres, tmp_path: Path
) -> None:
    bounds: dict[str, Any] = {"queue_bytes": lambda: 10 * 1024, "spool_bytes": lambda: 2000}
    server = Spooling(database, tmp_path / SPOOL, **bounds)
    postgres.stop()
    server.calls.wait(server.store.put([said(1, "first")]))
    groups = [server.store.put([said(number)]) for number in range(2, 60)]
    lost = [group for group in groups if group.called and isinstance(group.result, Failure)]
    for group in lost:
        group.addErrback(lambda failure: None)
    postgres.start()
    for group in groups:
        server.calls.wait(group)
    server.clock.advance(6.0)
    server.wait_for(lambda: server.told[-1] is None and not server.store.is_behind)
    assert lost and len(server.texts()) == 59 - len(lost)
    assert server.texts()[0] == "first"
    server.calls.wait(server.store.close())


def test_a_server_starts_while_it_is_away(database: str, postgres: Postgres) -> None:
    postgres.stop()
    server = Server(database)
    answer = server.store.put([said(1)])
    server.wait_for(lambda: server.told)
    with pytest.raises(StoreError, match="cannot be reached"):
        in_database(database)(serving=False)
    postgres.start()
    server.calls.wait(answer)
    server.clock.advance(6.0)
    assert server.texts() == ["hello"]
    assert server.calls.wait(server.store.search([View(CLUB)], Words("hello")))
    server.calls.wait(server.store.close())


# its beginning


def test_whatever_is_said_is_kept_as_it_is(url: str) -> None:
    """Texts go into arrays, which have signs of their own; but no NUL, which no client can say."""
    store = in_database(url)()
    said_ = [
        "NULL",
        "",
        '"',
        "\\",
        '\\"',
        "{a,b}",
        "a,b",
        " ",
        "'; --",
        "%s %(text)s",
        "t1;",
        "\u00e9 \U0001f600",
        "\n",
    ]
    at_once(store.put([said(number, text) for number, text in enumerate(said_)]))
    assert texts(store) == said_
    odd = [said(50, "before"), said(51, "a\0b"), said(52, "th\udce9"), said(53, "after")]
    with pytest.raises(Exception, match="NUL"):
        at_once(store.put(odd[:2]))
    at_once(store.put([odd[0], *odd[2:]]))
    assert texts(store)[len(said_) :] == ["before", "th\ufffd", "after"]
    at_once(store.close())


def test_messages_in_a_file_are_not_left_behind(url: str, tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    make = in_database(url)
    at_once(make(file=path).close())
    file = open_messages(path)
    at_once(file.close())
    at_once(make(file=path).close())
    file = open_messages(path)
    at_once(file.put([said(1)]))
    at_once(file.close())
    with pytest.raises(StoreError, match=r"chatnet history export.*import.*history\.store"):
        make(file=path)


def test_a_program_beside_makes_nothing(url: str, postgres: Postgres) -> None:
    make = in_database(url)
    with pytest.raises(StoreError, match="is empty: start the server once"):
        make(serving=False)
    at_once(make().close())
    name = url.split("/")[3].partition("?")[0]
    postgres.execute(name, "UPDATE history_version SET version_num = '9999'")
    for serving in (True, False):
        with pytest.raises(StoreError, match="is of a newer chatnet: schema 9999"):
            make(serving=serving)
    with pytest.raises(StoreError, match=r"^history\.store is no URL") as caught:
        in_database("postgresql://ann:sec@ret@host/x")()
    assert "ret" not in str(caught.value)


def test_all_of_an_account_or_a_channel_is_read(url: str) -> None:
    store = in_database(url)()
    talk = Place("d", "ann", "bob")
    at_once(store.put([said(1), said(2, "psst", talk), Row(CLUB, T + 3, "odd", 1, 0, None, "n", "guest")]))
    assert [row.text for _, row in store.gathering.of_person("ann")] == ["hello", "psst"]
    assert [row.text for _, row in store.gathering.of_channel("#club")] == ["hello", "guest"]
    assert [row.text for row in store.everything(CLUB)] == ["hello", "guest"]
    at_once(store.close())


def test_many_places_are_asked_for_their_last_message_at_once(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each question is a way there and back; what one does not see is looked for further back."""
    store = in_database(url)()
    places = [CLUB._replace(name=f"#c{number}") for number in range(20)]
    for number, place in enumerate(places):
        shut = said(50 + number, "shut", place)
        at_once(store.put([said(number, "open", place), (*shut[:4], CLOSED, *shut[5:])]))
    at_once(store.put([Moved(places[0], places[1], "#c1")]))
    at_once(store.standing())  # which connects
    asked: list[str] = []
    execute = Session.execute

    def noted(session: Session, statement: str, *parameters: Any) -> Any:
        asked.append(statement)
        return execute(session, statement, *parameters)

    monkeypatch.setattr(Session, "execute", noted)
    counts = []
    for number in (3, 19):
        asked.clear()
        views = [View(place, closed=((T + 60, T + 90),)) for place in places[1 : 1 + number]]
        found = at_once(store.latest(views, {PRIVMSG}, 0, LAST, 100, True))
        latest = {place: position.at - T for place, position in found}
        assert latest == {
            place: (50 if index > 9 else 0) + index
            for index, place in enumerate(places)
            if 1 <= index <= number
        }
        counts.append(len(asked))
    assert counts[0] == counts[1]
    at_once(store.close())
