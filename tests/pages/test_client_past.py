"""The past in the browser against a server whose people talk, whose connection breaks, and who forget."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page

from chatnet.history.pages import around
from chatnet.history.pages import page as cut
from chatnet.storage.messages.rows import AFTER_ALL, BEFORE_ALL, PRIVMSG, Place, Position, Row, Wanted

pytestmark = pytest.mark.client

START: Final = 1_700_000_000_000
MOST: Final = 5
"""Messages of one page."""
PLACE: Final = Place("c", "x")
DRIVE = """async (most) => {
    const {Past} = await import("/app/past.js");
    const {paramsOf} = await import("/app/questions.js");
    const {parse} = await import("/app/wire.js");
    const past = new Past();
    past.most = most;
    const everything = () => {
        const rows = past.rows();
        return rows.length ? {first: rows[0].id, last: rows[rows.length - 1].id} : null;
    };
    globalThis.drive = {
        past,
        live: (lines) => past.take(lines.map(parse), {live: true}, 0)?.added.map((entry) => entry.id) ?? [],
        ask(visible, now) {
            const question = past.ask(visible === "all" ? everything() : visible, now);
            past.asked(question);
            return question && paramsOf(question, "#c");
        },
        jump(id) {
            return paramsOf(past.asking = globalThis.around(past, id), "#c");
        },
        answer(lines, ended, incomplete, now) {
            const question = past.asking;
            past.take(lines.map(parse), {question, ended, incomplete}, now);
        },
        refuse(code) {
            const otherwise = past.refused(past.asking, code);
            past.asked(otherwise);
            return otherwise && paramsOf(otherwise, "#c");
        },
        view: () => ({
            pieces: past.pieces.map((piece) => piece.map(({id, at}) => [at, id])),
            open: past.end !== null,
            begun: past.entries.length > 0 && past.entries[0].gap === null,
            redacted: past.entries.filter((entry) => entry.row?.redacted).map((entry) => entry.id),
            texts: past.rows().filter((row) => row.kind === "message").map((row) => row.text),
            kinds: past.rows().map((row) => row.kind),
            ids: past.rows().map((row) => row.id),
            holes: past.holes().map((row) => [row.id, row.hole.edge, row.hole.state]),
        }),
    };
    globalThis.around = (await import("/app/questions.js")).jump;
}"""


def stamp(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def line(row: Row, tags: str = "") -> str:
    return f"@time={stamp(row.at)};msgid={row.msgid}{tags} :{row.source} PRIVMSG #c :{row.text}"


@dataclass
class Server:
    """What was said, as the server has it, and what it says to who asks."""

    page: Page
    now: int = START
    number: int = 0
    rows: list[Row] = field(default_factory=list)
    """What it knows, in order."""
    redacted: dict[str, int] = field(default_factory=dict)
    """What was deleted, and when that had been said."""
    connected: bool = True
    asked: list[str] | None = None
    """The parameters of a CHATHISTORY that waits for its answer."""
    times: tuple[int, int] | None = None
    """Of when something is missing here."""
    missing: list[Row] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)
    """What was heard, but nobody knows any more."""

    def __post_init__(self) -> None:
        self.page.evaluate(DRIVE, MOST)
        self.page.evaluate("(at) => drive.past.hears(at)", self.now)

    def comes_back(self) -> None:
        if not self.connected:
            self.connected = True
            self.page.evaluate("(at) => drive.past.hears(at)", self.now)

    def do(self, what: str, *arguments: Any) -> Any:
        return self.page.evaluate(f"(given) => drive.{what}(...given)", list(arguments))

    def view(self) -> Any:
        return self.do("view")

    # what happens

    def new(self, back: int) -> Row:
        self.number += 1
        msgid = f"{self.number:06}"
        return Row(
            PLACE, self.now - back, msgid, PRIVMSG, 0, None, "ann!a@h", f"text {self.number}", None, None
        )

    def say(self, back: int, step: int) -> None:
        """Somebody says something; `back`: on another server, that many milliseconds ago."""
        self.now += step
        row = self.new(back if self.connected else 0)
        self.rows.append(row)
        self.rows.sort(key=lambda row: (row.at, row.msgid))
        if self.connected:
            self.do("live", [line(row)])

    def comes(self) -> None:
        """Somebody comes in, which is told, and not stored."""
        self.now += 1
        self.number += 1
        if self.connected:
            self.do("live", [f"@time={stamp(self.now)};msgid={self.number:06} :eve!e@h JOIN #c * :Eve"])

    def breaks(self) -> None:
        if self.connected:
            self.connected = False
            self.asked = None
            self.page.evaluate("drive.past.apart()")

    def forgets(self, number: int) -> None:
        """It ends so suddenly that the last messages, which were heard, are not stored."""
        self.breaks()
        for row in self.rows[len(self.rows) - min(number, len(self.rows)) :]:
            self.rows.remove(row)
            self.lost.add(row.msgid)

    def redact(self, which: int) -> None:
        if not self.rows:
            return
        row = self.rows.pop(which % len(self.rows))
        self.now += 1
        self.redacted[row.msgid] = self.now
        if self.connected:
            self.do("live", [f":bob!b@h REDACT #c {row.msgid} :no"])

    def doubts(self, which: int, number: int) -> None:
        """Some messages are on another server only, for now."""
        if self.times is None and number < len(self.rows) and not self.connected:
            first = which % (len(self.rows) - number)
            self.missing = self.rows[first : first + number]
            self.times = self.missing[0].at, self.missing[-1].at + 1
            del self.rows[first : first + number]

    def ask(self, visible: Any = None) -> bool:
        self.comes_back()
        if self.asked is None:
            self.asked = self.do("ask", visible, self.now)
        return self.asked is not None

    def prune(self, most: int, seen: int | None = None) -> None:
        """What is far from the row that is seen (None: from the newest) is forgotten."""
        ids = self.view()["ids"]
        row = None if seen is None or not ids else ids[seen]
        self.do("past.prune", row and {"first": row, "last": row}, most)

    def jump(self, which: int) -> None:
        self.comes_back()
        if self.rows and self.asked is None:
            self.asked = self.do("jump", self.rows[which % len(self.rows)].msgid)

    def answer(self) -> None:
        """CHATHISTORY, as the server's own code cuts its pages."""
        while self.asked is not None:
            way, _, *points, limit = self.asked
            places = [place for point in points if (place := self._place(point)) is not None]
            if len(places) == len([point for point in points if point != "*"]):
                self._answer(way, places, int(limit), timed=any("timestamp=" in point for point in points))
                return
            self.asked = self.do("refuse", "MESSAGE_ERROR")
            # An id that nobody knows is no reason to give up.
            assert (self.asked is None) == (way == "AROUND")

    def _answer(self, way: str, places: list[tuple[Position, Position]], limit: int, *, timed: bool) -> None:
        wanted = Wanted(frozenset({PRIVMSG}), limit, True, whole=timed or not places)
        low, high = Position(-1, ""), Position(1 << 60, "")
        if way == "AROUND":
            found = around(self.rows, places[0][0], wanted)
        else:
            if way == "LATEST" and places:
                low = places[0][1]
            elif way == "BEFORE":
                high = places[0][0]
            elif way == "BETWEEN":
                assert places[0][0] > places[1][0], "from the newest on"
                low, high = places[1][1], places[0][0]
            found = cut(self.rows, wanted._replace(after=low, before=high))
        since, until = low.at, high.at
        if found.rows and found.more:
            since = found.rows[0].at
            until = found.rows[-1].at + 1 if way == "AROUND" else until
        lines = [line(row) for row in found.rows]
        for msgid, at in self.redacted.items():
            if since <= at <= until:
                redact = f":bob!b@h REDACT #c {msgid} :no"
                lines.append(f"@draft/chathistory-context;msgid=r{msgid} {redact}")
        doubt = None
        if self.times is not None and since < self.times[1] and self.times[0] < until:
            doubt = [max(since, self.times[0]), min(until, self.times[1])]
        self.do("answer", lines, not found.more and doubt is None, doubt, self.now)
        self.asked = None

    def _place(self, point: str) -> tuple[Position, Position] | None:
        """What is before a point is less than the first, what is behind it greater than the second."""
        kind, _, value = point.partition("=")  # of `*` there is none
        if kind == "timestamp":
            at = round(datetime.fromisoformat(value).timestamp() * 1000)
            return Position(at, BEFORE_ALL), Position(at, AFTER_ALL)
        for row in [*self.rows, *self.missing]:
            if row.msgid == value:
                position = Position(row.at, row.msgid)
                return position, position
        return None

    # what has to be so

    def check(self) -> None:
        view = self.view()
        entries = [tuple(entry) for piece in view["pieces"] for entry in piece]
        assert entries == sorted(set(entries)), "in order, each once"
        known = {msgid for _, msgid in entries}
        spans = [(tuple(piece[0]), tuple(piece[-1])) for piece in view["pieces"]]
        if spans and view["begun"]:
            spans[0] = (0, ""), spans[0][1]
        if not view["open"]:
            if spans:
                spans[-1] = spans[-1][0], (1 << 60, "")
            else:
                spans = [((0, ""), (1 << 60, ""))]
        for row in self.rows:
            if any(low <= (row.at, row.msgid) <= high for low, high in spans):
                assert row.msgid in known, "missing, and not shown to be"
        assert len(set(view["ids"])) == len(view["ids"])

    def finish(self) -> None:
        """Everything is read, and what comes of it is what the server has."""
        self.comes_back()
        if self.asked is not None:
            self.answer()
        if self.times is not None:
            self.rows = sorted([*self.rows, *self.missing], key=lambda row: (row.at, row.msgid))
            self.times, self.missing = None, []
        for _ in range(400):
            self.now += 60_000
            if not self.ask("all"):
                break
            self.answer()
            self.check()
        else:
            raise AssertionError(f"asked without an end: {self.view()}")
        view = self.view()
        assert view["holes"] == []
        gone = set(self.redacted)
        known = [msgid for piece in view["pieces"] for _, msgid in piece]
        stored = {row.msgid for row in self.rows}
        assert [msgid for msgid in known if msgid in stored] == [row.msgid for row in self.rows]
        assert {row.text for row in self.rows} <= set(view["texts"])
        assert gone & set(known) <= set(view["redacted"]) | self.lost


def test_who_reads_far_back_comes_to_the_beginning_and_to_the_end_again(page: Page) -> None:
    """Of much that was said some is kept: what is forgotten at the other end is not asked for meanwhile."""
    server = Server(page)
    server.rows = [server.new(0)._replace(at=START - 200 + number) for number in range(100)]
    server.ask()
    server.answer()

    def read(visible: slice) -> None:
        for _ in range(100):
            seen = server.view()["ids"][visible]
            if not server.ask({"first": seen[0], "last": seen[-1]}):
                return
            server.answer()
            server.do("past.prune", {"first": seen[0], "last": seen[-1]}, 20)
            server.check()
        raise AssertionError(f"asked without an end: {server.view()}")

    read(slice(0, 3))
    view = server.view()
    assert view["begun"] and view["open"]
    assert view["texts"] == [f"text {number}" for number in range(1, 21)]
    read(slice(-3, None))
    view = server.view()
    assert not view["open"] and not view["begun"]
    assert view["texts"][-1] == "text 100"


steps = st.one_of(
    st.tuples(st.just("say"), st.integers(0, 3), st.integers(0, 2)),
    st.tuples(st.just("say"), st.just(0), st.just(1)),
    st.tuples(st.just("comes")),
    st.tuples(st.just("breaks")),
    st.tuples(st.just("forgets"), st.integers(1, 3)),
    st.tuples(st.just("redact"), st.integers(0, 30)),
    st.tuples(st.just("doubts"), st.integers(0, 30), st.integers(1, 3)),
    st.tuples(st.just("jump"), st.integers(0, 60)),
    st.tuples(st.just("ask")),
    st.tuples(st.just("ask"), st.just("all")),
    st.tuples(st.just("answer")),
    st.tuples(st.just("prune"), st.integers(3, 12)),
    st.tuples(st.just("prune"), st.integers(3, 12), st.just(0)),
)


@settings(phases=[Phase.explicit, Phase.generate])
@given(st.lists(steps, max_size=40))
def test_nothing_is_missing_that_is_not_shown(page: Page, steps: list[tuple[Any, ...]]) -> None:
    server = Server(page)
    for what, *arguments in steps:
        getattr(server, what)(*arguments)
        server.check()
    server.finish()
