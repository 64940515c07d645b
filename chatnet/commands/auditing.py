"""AUDIT: what operators did, on all full servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import isfinite
from typing import Final, NamedTuple

from chatnet.commands.asking_all import ask_all, silent
from chatnet.commands.request import CLIENT, Request
from chatnet.links.exchange.orders import Words
from chatnet.model.server import Server
from chatnet.rules.banned_words import without_addresses
from chatnet.rules.durations import since_when
from chatnet.session.obeying import Disobeyed, Obeyed, Order
from chatnet.storage.interfaces import StoreError
from chatnet.storage.record import Audit
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line, printable

LONGEST: Final = 600
"""Bytes of what another server tells in one part of a note."""


LATEST: Final = 99_999_999_999.0
"""The last Unix time since which another server can be asked, whose digits it counts."""


class Note(NamedTuple):
    """What was done, and on which server."""

    server: str
    what: Audit


@CLIENT.command("AUDIT", privilege="audit", penalty=3.0, reads=True)
async def audit(request: Request) -> None:
    """`AUDIT [<who or what>] [<since>]`: what operators did, on all servers, the newest first.

    A word is a part of who did it, or to whom or what, or the whole of a command: `AUDIT ann`, `AUDIT KILL`,
    `AUDIT *@bad.example`. `since` is how long ago (`7d`), or a day (`2026-11-29`). It shows as much as
    `audit.lines` says; who asks for a word or a time sees more of that. A server that does not answer within
    `audit.timeout` is named. Addresses are for those with `see-all`. Refuses with 481, 723.
    """
    auditing, session, accounts = request.sessions.auditing, request.session, request.sessions.accounts
    if accounts is None:
        session.notice("This server keeps no file of accounts, and so no notes of what operators do")
        return
    words = [word for word in request.params if word]
    since = since_when(words[-1], request.now) if words else None
    if since is not None:
        words.pop()
    word, most, since = " ".join(words), request.settings.audit.lines, min(max(since or 0.0, 0.0), LATEST)
    word = "" if word == "*" else word
    notes: list[Note] = []

    def reader(server: Server) -> Callable[[Words], object]:
        left = [most + 1]

        def read(words: Words) -> None:
            note = _read(server, words)
            if note is not None and left[0]:
                left[0] -= 1
                notes.append(note)

        return read

    asked = ask_all(request, ["AUDIT", word, str(int(since)), str(most + 1)], reader)
    try:
        found = await auditing.found(word, since, most + 1)
        notes += (Note(request.network.me.name, each) for each in found)
    except StoreError as error:
        session.fail("AUDIT", "TEMPORARILY_UNAVAILABLE", str(error))
        if not asked:
            return
    missing = await silent(asked)
    if not request.user.may("see-all"):
        notes = [Note(note.server, each) for note in notes for each in _veiled([note.what], word)]
    if not session.closed:
        for line in _told(notes, most, several=bool(asked)):
            session.notice(line)
        for text in missing:
            session.notice(text)
        if not notes and len(words) > 1:
            session.notice(
                f"Nothing has '{printable(word)}' in it; a time is 7d, or {minute(request.now)[:10]}"
            )
        number = min(len(notes), most)
        session.notice(f"End of AUDIT: {number or 'no'} note{'' if number == 1 else 's'}")


def _veiled(found: Iterable[Audit], word: str) -> Iterator[Audit]:
    """Notes for those who see no addresses; none is found by an address, or who asks for some finds out."""
    for each in found:
        plain = each._replace(about=without_addresses(each.about), detail=without_addresses(each.detail))
        asked = word.lower()
        if asked == each.verb.lower() or asked in plain.by.lower() or asked in plain.about.lower():
            yield plain


def _read(server: Server, words: Words) -> Note | None:
    """A note as another server tells it; None if it is none."""
    if len(words) != 5 or not isinstance(words[0], (int, float)) or not isfinite(words[0]):
        return None
    at = float(words[0])
    by, verb, about, detail = (cut(one_line(str(word)), LONGEST) for word in words[1:])
    return Note(server.name, Audit(by, verb, about, detail, at)) if 0 <= at < 1e11 else None


def _told(notes: list[Note], most: int, *, several: bool) -> Iterator[str]:
    """The newest first; that there are more comes before."""
    notes.sort(key=lambda note: note.what.at, reverse=True)
    if len(notes) > most:
        yield f"There are more; these are the newest {most}"
    for server, each in notes[:most]:
        there = f"[{server}] " if several else ""
        detail = f": {printable(each.detail)}" if each.detail else ""
        what = f"{printable(each.by)} {printable(each.verb)} {printable(each.about)}"
        yield f"{minute(each.at)} {there}{what}{detail}"


async def _tell(order: Order) -> None:
    """An operator of another server asks what was done here: ``AUDIT <word> <since> <most>``."""
    since, most = order.word(1), order.word(2)
    if not (since.isdigit() and most.isdigit() and len(since) < 12 and len(most) < 6):
        raise Disobeyed("It cannot be understood")
    auditing = order.sessions.auditing
    number = min(int(most), order.sessions.node.settings.audit.lines + 1)
    try:
        found = await auditing.found(cut(order.word(0), LONGEST), float(since), number)
    except StoreError as error:
        raise Disobeyed(str(error)) from None
    full = len(found) == number
    if not order.user.may("see-all"):
        found = list(_veiled(found, order.word(0)))
    for each in found:
        await order.say(each.at, each.by, each.verb, each.about, each.detail)
    if full and number < int(most):
        raise Disobeyed(f"it shows no more than {number - 1} (audit.lines)")


ORDERS: Final = {"AUDIT": Obeyed("audit", _tell)}
"""What operators of other servers may order, in these words."""
