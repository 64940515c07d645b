"""SEARCH: what was said, by its words.  https://github.com/emersion/soju/blob/master/doc/ext/search.md"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from chatnet.commands.looking_back import FAILED, note_missing, note_reading
from chatnet.commands.request import CLIENT, Request
from chatnet.history.looking import Unseen
from chatnet.history.questions import Busy
from chatnet.session.bygone import tell_found
from chatnet.storage.interfaces import StoreError
from chatnet.storage.messages.rows import LAST, Words
from chatnet.storage.messages.words import pieces
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.message import parse_tags
from chatnet.wire.server_time import read_ms

_LIMIT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


class Senseless(Exception):
    """An attribute that cannot be understood, by its name."""


@CLIENT.command("SEARCH", penalty=4.0)
async def search(request: Request) -> None:
    r"""`SEARCH <name>=<value>{;<name>=<value>}`: messages that you may read (needs `soju.im/search`).

    `text` is words, beginnings of words (`tea*`) and phrases (`"hot tea"`) that are all in it; `in` a channel
    or nick, `from` a nick, `after` and `before` are times as `2026-11-29T12:00:00.000Z`, `limit` is a number.
    Values are written as those of tags (`\s` is a space, `\:` a semicolon); what else there is is passed
    over.  Of more than `limit` the newest are told; with `after` and no `before` the oldest.  With
    `standard-replies` NOTE INCOMPLETE says where (or `*`) and when something may be missing here.
    https://github.com/emersion/soju/blob/master/doc/ext/search.md
    Refuses with 421 (without the capability), FAIL INVALID_PARAMS (with the name of what makes no sense;
    `in`: there is no such thing, or it is not yours to read), INTERNAL_ERROR (the database, or too many ask).
    """
    session, looking = request.session, request.sessions.looking
    if looking is None or not session.caps & cap.SEARCH:
        return request.reply(numerics.ERR_UNKNOWNCOMMAND, "SEARCH")
    given = parse_tags(" ".join(request.params))
    try:
        words, name = _words(request, given), given.get("in", "")
        await note_reading(request, name)
        searched = await looking.search(request.user, words, name)
    except Senseless as senseless:
        return session.fail("SEARCH", "INVALID_PARAMS", "Invalid parameters", str(senseless))
    except Unseen:
        return session.fail("SEARCH", "INVALID_PARAMS", FAILED, "in")
    except (Busy, StoreError):
        return session.fail("SEARCH", "INTERNAL_ERROR", "The search could not be run")
    if not session.closed:
        tell_found(session, searched.found, newest=words.newest)
        note_missing(session, "SEARCH", searched.where, searched.gaps)
    return None


def _words(request: Request, given: Mapping[str, str]) -> Words:
    """What is searched for; raises Senseless."""
    most = request.settings.history.search_page
    limit, text = given.get("limit", ""), given.get("text", "")
    if limit and not _LIMIT.fullmatch(limit):
        raise Senseless("limit")
    if text and not pieces(text):
        raise Senseless("text")
    since, until = _time(given, "after", 0), _time(given, "before", LAST)
    newest = not given.get("after") or bool(given.get("before"))
    person, nick = whose(request, given.get("from", ""))
    return Words(text, since, until, min(int(limit or 0) or most, most), newest, person, nick)


def _time(given: Mapping[str, str], name: str, otherwise: int) -> int:
    text = given.get(name)
    if not text:
        return otherwise
    at = read_ms(text)
    if at is None:
        raise Senseless(name)
    return max(0, min(at, LAST))


def whose(request: Request, nick: str) -> tuple[str | None, str | None]:
    """Whom a nick means as the author: the key of an account, or else the nick, folded; None, None: nobody.

    It is the account of who has it, or which owns it; else whoever said something under it.
    """
    if not nick:
        return None, None
    network = request.network
    user = network.user(nick)
    person = None if user is None else request.sessions.places.person(user)
    if user is None and (account := network.registry.named(nick)) is not None:
        person = account.id
    return person, None if person is not None else network.fold(nick)
