"""FILTER HITS: what filters have hit, on all full servers; each counts its own, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from chatnet.commands.asking_all import ask_all, silent
from chatnet.commands.filter_words import counted, in_words
from chatnet.commands.request import Request
from chatnet.links.exchange.orders import Words
from chatnet.model.filters import Filter
from chatnet.model.server import Server
from chatnet.session.filters import Filters
from chatnet.session.obeying import Order
from chatnet.session.sessions import Sessions
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line, printable

COUNT: Final = "count"
HIT: Final = "hit"
LONGEST: Final = 600
"""Bytes of what another server tells in one word."""
MOST_HITS: Final = 1_000_000_000
"""Hits that are believed of another server."""


@dataclass(slots=True)
class Tally:
    """What one filter has hit, on the servers that told so: how often, and when, where and what."""

    words: str
    hits: int = 0
    acted: int = 0
    last: list[tuple[float, str, str]] = field(default_factory=list)


async def tell_hits(request: Request, one: Filter | None) -> None:
    """Tell what `one` has hit, or each of all, on all servers."""
    session, sessions, me = request.session, request.sessions, request.network.me.name
    tallies: dict[str, Tally] = {}
    for words in _mine(sessions, "" if one is None else one.entity, sees=request.user.may("see-all")):
        _take(tallies, me, words)
    mine = {each.entity: in_words(each) for each in sessions.filters.all()}
    most = request.settings.limits.stats_bans

    def reader(server: Server) -> Callable[[Words], object]:
        left = [most * (request.settings.filters.last_hits + 1)]

        def read(words: Words) -> None:
            if left[0]:
                left[0] -= 1
                _take(tallies, server.name, words)

        return read

    asked = ask_all(request, ["FILTER", "HITS", "" if one is None else one.entity], reader)
    missing = await silent(asked)
    if session.closed:
        return
    if one is not None:
        tallies.setdefault(one.entity, Tally(in_words(one)))
    for entity, tally in list(tallies.items())[:most]:
        where = "" if asked else " here"
        session.notice(f"{mine.get(entity, tally.words)}: {counted(tally.hits, tally.acted, where)}")
        tally.last.sort(key=lambda hit: hit[0])
        number = 1 if one is None else request.settings.filters.last_hits
        for at, server, what in tally.last[len(tally.last) - min(number, len(tally.last)) :]:
            there = f"[{server}] " if asked else ""
            session.notice(f"- {minute(int(at))} {there}{what}")
    for text in missing:
        session.notice(text)
    session.notice(f"End of FILTER HITS: {'of each server' if asked else 'of this server'}, since it started")


def _mine(sessions: Sessions, entity: str, *, sees: bool) -> Iterator[Words]:
    """What filters have hit here, as other servers are told it too; `sees`: to who may see all."""
    filters: Filters = sessions.filters
    for each in filters.all():
        count = filters.counts.get(each.entity)
        if count is None or (entity and each.entity != entity):
            continue
        yield COUNT, each.entity, count.hits, count.acted, in_words(each)
        for hit in count.last if entity else list(count.last)[-1:]:
            text = f": {hit.text}" if hit.text else ""
            what = f"{hit.who} {hit.place if sees else hit.public}{text}"
            yield HIT, each.entity, hit.at, f"somebody {hit.public}" if hit.veiled and not sees else what


def _take(tallies: dict[str, Tally], server: str, words: Words) -> None:
    """Take what a server tells; what cannot be understood is nothing."""
    kind, entity, *rest = words if len(words) > 2 else ("", "", "")
    if kind == COUNT and len(rest) == 3 and _is_number(rest[0]) and _is_number(rest[1]):
        text = printable(cut(one_line(str(rest[2])), LONGEST))
        tally = tallies.setdefault(str(entity)[:LONGEST], Tally(text))
        tally.hits += int(rest[0])
        tally.acted += int(rest[1])
    elif kind == HIT and len(rest) == 2 and _is_number(rest[0]):
        known = tallies.get(str(entity)[:LONGEST])
        if known is not None:
            known.last.append((float(rest[0]), server, printable(cut(one_line(str(rest[1])), LONGEST))))


def _is_number(word: object) -> bool:
    most = MOST_HITS * 100  # a Unix time is one, too
    return isinstance(word, int | float) and isfinite(word) and 0 <= word <= most


async def tell_mine(order: Order) -> None:
    """An operator of another server asks what filters have hit here: ``FILTER HITS [<entity>]``."""
    for words in list(_mine(order.sessions, order.word(1), sees=order.user.may("see-all"))):
        await order.say(*words)
