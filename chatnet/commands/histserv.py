"""HistServ: what was said, for people whose clients know nothing of it, and what becomes of it.

Its answers are NOTICEs that tell the time in their text, so they need nothing of a client.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from chatnet.commands.errand import Errand
from chatnet.commands.looking_back import note_reading
from chatnet.commands.searching import whose
from chatnet.dispatch import Table
from chatnet.history.histserv import HistServ
from chatnet.history.looking import Asked, Looking, Point, Unseen, Way
from chatnet.history.questions import Busy
from chatnet.history.sights import Sight
from chatnet.rules.durations import seconds_in
from chatnet.session.render import LINE, encode
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.rows import NOTICE, Gap, Row, Words
from chatnet.storage.messages.words import pieces
from chatnet.wire.server_time import clock_time
from chatnet.wire.text import byte_length, cut, printable

HISTSERV: Final = Table()
"""Every command of HistServ."""

LATER: Final = "What was said cannot be read now. Try again later."
_COUNT: Final = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_ACTION: Final = "\x01ACTION "


@HISTSERV.command("PLAY", min_params=1, penalty=4.0)
async def play(errand: Errand) -> None:
    """`PLAY <#channel or nick> [<number> or <time>]`: what was said there, or between you and somebody.

    The last messages: so many, or those since then (30m, 12h, 2d).
    """
    errand.at_most(2)
    name, most, text = errand.params[0], errand.settings.history.page, errand.param(1)
    points: tuple[Point, ...] = ()
    if (seconds := seconds_in(text)) is not None:
        points = (Point(max(0, int((errand.now - seconds) * 1000))),)
    elif _COUNT.fullmatch(text):
        most = min(int(text), most)
    elif text:
        errand.end("How much? A number of messages, or a time: 30m, 12h, 2d.")
    try:
        await note_reading(errand, name)
        seen = await _looking(errand).look(errand.user, name, Asked(Way.LATEST, points, most))
    except Unseen:
        errand.end(f"There is nothing of {printable(name)} that you can read.")
    except (Busy, StoreError):
        errand.end(LATER)
    if not seen.found.rows:
        errand.say(
            f"There is nothing of {seen.sight.name}{' since then' if points else ''} that you can read."
        )
    _show(errand, [(seen.sight, row) for row in seen.found.rows])
    _say_what_is_missing(errand, seen.sight.name, seen.found.gaps)


@HISTSERV.command("SEARCH", min_params=1, penalty=4.0)
async def search(errand: Errand) -> None:
    """`SEARCH [in=<#channel or nick>] [from=<nick>] <words>`: find messages that have all of the words.

    In all that you may read, the newest of them. A `*` behind a word stands for any end of it, and "several
    words" in quotes are found as they stand.
    """
    given: dict[str, str] = {}
    words: list[str] = []
    for word in errand.params:
        key, mark, value = word.partition("=")
        if mark and not words and key.lower() in ("in", "from"):
            given[key.lower()] = value
        else:
            words.append(word)
    text = " ".join(words)
    if not pieces(text) and "from" not in given:
        errand.end("Which words? A word has a letter or a digit in it.")
    if text and errand.settings.history.search == "off":
        errand.end("Words cannot be searched for on this server.")
    person, nick = whose(errand, given.get("from", ""))
    wanted = Words(text, most=errand.settings.history.search_page, person=person, nick=nick)
    name = given.get("in", "")
    try:
        await note_reading(errand, name)
        searched = await _looking(errand).search(errand.user, wanted, name)
    except Unseen:
        errand.end(f"There is nothing of {printable(name)} that you can read.")
    except (Busy, StoreError):
        errand.end(LATER)
    if not searched.found:
        errand.say("Nothing was found.")
    _show(errand, searched.found)
    _say_what_is_missing(errand, searched.where, searched.gaps)


@HISTSERV.command("EXPORT", penalty=30.0)
async def export(errand: Errand) -> None:
    """`EXPORT`: have all that you have said, and what others said to you alone, be written into a file.

    It is on this server, with its own messages only; an operator can give it to you. It takes the place of an
    older one. One is written after the other, and yours not again at once.
    """
    errand.at_most(0)
    histserv, person = _histserv(errand), _person(errand)
    if not histserv.exports:
        errand.end("This server writes no files.")
    if histserv.is_exporting(person):
        errand.end("It is being written.")
    seconds, before = histserv.again_in(person), histserv.before
    if seconds:
        errand.end(f"It was written just now. Try again in {seconds} seconds.")
    if histserv.is_full:
        errand.end("Too many are being written already. Try again later.")
    if before:
        errand.say(f"It is written after {before} other(s); you will read when that is done. Stay connected.")
    else:
        errand.say("It is being written; you will read when that is done.")
    errand.sessions.node.run(histserv.export(person, errand.user))


@HISTSERV.command("FORGET ALL", penalty=4.0)
async def forget(errand: Errand) -> None:
    """`FORGET ALL [<code>]`: have all that you have ever said be deleted, and what others said to you alone.

    On all servers, and for ever; what others have saved is not touched. Without the code you are told it.
    """
    errand.at_most(1)
    histserv, person = _histserv(errand), _person(errand)
    if not errand.params:
        code = histserv.code(person, errand.user)
        errand.say("This deletes all that you have ever said here, and what others said to you alone, on all")
        errand.end(f"servers and for ever. If you want that: /msg {errand.bot.nick} FORGET ALL {code}")
    if not histserv.is_code(errand.params[0], person, errand.user):
        errand.end("That is not the code. FORGET ALL tells it.")
    histserv.forget(person)
    errand.sessions.node.log.info(f"{person} had all that they said be deleted")
    errand.say("All that you have said up to now is being deleted.")


def _looking(errand: Errand) -> Looking:
    looking = errand.sessions.looking
    assert looking is not None  # or there would be no HistServ
    return looking


def _histserv(errand: Errand) -> HistServ:
    histserv = errand.sessions.histserv
    assert histserv is not None
    return histserv


def _person(errand: Errand) -> str:
    """The key of the account that the asker is logged in to by its password; ends the errand if of none."""
    person = errand.sessions.places.person(errand.user)
    if person is None:
        errand.end("You are not logged in to an account.")
    if errand.session.way.token:
        errand.end("You came by a token, which cannot do that: /msg NickServ IDENTIFY <password> first.")
    return person


def _show(errand: Errand, found: Sequence[tuple[Sight, Row]]) -> None:
    """``[2026-11-29 12:04:05] #club <bob> text``, in as many NOTICEs as it takes."""
    frame = byte_length(f":{errand.bot.mask} NOTICE {errand.user.nick} :")
    for sight, row in found:
        nick = row.source.partition("!")[0]
        for line in row.text.split("\n"):
            says = f"<{nick}> " if row.kind != NOTICE else f"-{nick}- "
            if line.startswith(_ACTION):
                says, line = f"* {nick} ", line.removeprefix(_ACTION).rstrip("\x01")
            head = f"[{clock_time(row.at // 1000)}] {sight.name} {says}"
            for piece in _pieces(line, LINE - frame - len(encode(head))):
                errand.say(head + piece)


def _say_what_is_missing(errand: Errand, where: str, gaps: Sequence[Gap]) -> None:
    """In a sentence; `where` is ``*`` in several places."""
    if gaps:
        times = min(gap.since for gap in gaps), max(gap.until for gap in gaps)
        since, until = (clock_time(at // 1000) for at in times)
        of = "" if where == "*" else f" of {where}"
        errand.say(f"Something{of} may be missing from {since} to {until}: other servers may know more.")


def _pieces(text: str, room: int) -> Iterator[str]:
    """A text in pieces that have room, one at least."""
    while True:
        piece = cut(text, room)
        yield piece
        text = text[len(piece) :]
        if not text or not piece:
            return
