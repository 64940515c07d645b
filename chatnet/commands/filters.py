"""FILTER: what people may not say, and what becomes of who says it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, Final

from chatnet.commands.filter_hits import tell_hits
from chatnet.commands.filter_mutes import unmute
from chatnet.commands.filter_words import REASON, counted, in_words
from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import Channel
from chatnet.model.facts import Source
from chatnet.model.filters import (
    ACTIONS,
    CHANNEL,
    GLOB,
    LASTING,
    MOST_REASON,
    REPORT,
    TEXTS,
    USER,
    WHERE,
    Filter,
    filter_entity,
    read_pattern,
)
from chatnet.model.past import Record
from chatnet.rules.durations import ban_units
from chatnet.rules.expressions import expressions, globs, mistake
from chatnet.rules.filters import as_read, described
from chatnet.rules.visibility import may_see_channel
from chatnet.session.filters import CLOSED, SHOWN, Count
from chatnet.session.scans import Scan
from chatnet.storage.interfaces import StoreError
from chatnet.wire.masks import read_glob
from chatnet.wire.server_time import minute
from chatnet.wire.text import cut, one_line, printable

FORM: Final = "FILTER ADD|TEST [<action>] [<option> …] <pattern> [-- <reason>]; see HELP FILTER"
FORMS: Final = (
    "FILTER TEST|ADD <pattern>, FILTER LIVE|DRY|DEL <filter>, FILTER LIST, FILTER HITS, FILTER UNMUTE <nick>;"
    " see HELP FILTER"
)
RECENT: Final = 200
"""Messages of each channel that a pattern is tried on."""
DAY: Final = 86_400
NICKS: Final = 10
"""Nicks that are shown of people whom it fits."""
EXAMPLES: Final = 5
"""Messages that are shown of those that it fits."""


@CLIENT.command("FILTER", privilege="filters", penalty=2.0)
def filter_(request: Request) -> Coroutine[Any, Any, None] | None:
    """`FILTER ADD|LIVE|DRY|DEL|LIST|TEST|HITS|UNMUTE …`: what people may not say, on all servers.

    FILTER ADD [<action>] [<option> …] <pattern> [-- <reason>]
      sets a filter, or changes one of that pattern. The action is one of report, login, block, mute, kick,
      kill, ban. At first it only reports: then FILTER LIVE
    FILTER TEST …            what ADD would hit of what was said in channels lately
    FILTER LIVE|DRY <filter> has it act, or only report
    FILTER DEL <filter>      lifts it
    FILTER LIST [<mask>]     the filters, and how often each was hit here
    FILTER HITS [<filter>]   the last hits on all servers, of each or of one
    FILTER UNMUTE <nick>     lets somebody speak again

    A pattern fits a whole text, with * for anything and ? for one character: *free money*. A pattern /…/ is
    a regular expression (RE2), which fits a part. Options: all (else strangers only), live (acts at once),
    quiet (who says it is not told), time=1h (of a mute or ban), for=7d (then it is over),
    where=channel,private,part,quit,away,topic,user (text: all but user, which is nick!user@host#real name),
    not=#channel,#other. Refuses with 481, 723.
    """
    verb = request.param(0).upper()
    run = _VERBS.get(verb)
    words = [word for param in request.params[1:] for word in param.split(" ") if word]
    if run is None or (not words and verb not in ("LIST", "HITS")):
        _invalid(request, FORMS)
        return None
    return run(request, words)


def _invalid(request: Request, text: str) -> None:
    request.session.fail("FILTER", "INVALID_PARAMS", text)


# what is asked for


def _option(request: Request, found: dict[str, Any], word: str) -> bool | None:
    """Take an option; False if it is none, None if it makes no sense, and they have read so."""
    name, mark, value = word.lower().partition("=")
    if not mark:
        flags = {"all": ("strangers", False), "strangers": ("strangers", True), "live": ("dry", False),
                 "dry": ("dry", True), "quiet": ("quiet", True)}  # fmt: skip
        if name not in flags or flags[name][0] in found:
            return False
        key, found_value = flags[name]
        found[key] = found_value
        return True
    if name == "where":
        places = set(value.split(","))
        if "text" in places:
            places = places - {"text"} | set(TEXTS)
        if not places <= set(WHERE):
            _invalid(request, f"where= takes some of: text,{','.join(WHERE)}")
            return None
        found["where"] = frozenset(places)
    elif name in ("time", "for"):
        seconds = ban_units(value)
        if not seconds:
            _invalid(request, f"{name}= takes a duration, such as 10m or 1d12h")
            return None
        found["seconds" if name == "time" else "until"] = seconds
    elif name == "not":
        fold = request.network.fold
        found["spared"] = frozenset(fold(each) for each in word.partition("=")[2].split(",") if each)
    else:
        return False
    return True


def _asked(request: Request, words: list[str]) -> Filter | None:
    """The filter that is asked for; None if it makes no sense, and they have read so."""
    rest, found = list(words), dict[str, Any]()
    if rest[0].lower() in ACTIONS:
        found["action"] = rest.pop(0).lower()
    while rest:
        taken = _option(request, found, rest[0])
        if taken is None:
            return None
        if not taken:
            break
        del rest[0]
    text = " ".join(rest)
    pattern, mark, reason = f" {text} ".rpartition(REASON)
    if not mark:
        pattern, reason = text, ""
    kind, pattern = read_pattern(pattern.strip())
    if not pattern:
        _invalid(request, f"What is it to look for? {FORM}")
        return None
    why = mistake(kind, pattern, request.settings.filters.expression)
    if why is not None:
        _invalid(request, f"{printable(cut(pattern, SHOWN))} {why}")
        return None
    if "until" in found:
        found["until"] += int(request.now)
    action = found.get("action", REPORT)
    if "seconds" in found and action not in LASTING:
        _invalid(
            request, f"time= is for {' and '.join(LASTING)}; for= says how long the filter is to be there"
        )
        return None
    found["reason"] = cut(one_line(reason.strip()), MOST_REASON)
    return Filter(filter_entity(kind, pattern), kind, pattern, by=request.user.mask, **found)


def _meant(request: Request, words: list[str]) -> Filter | None:
    """The filter of a handle, or of a pattern; None if there is none, or several, and they have read so."""
    text, filters = " ".join(words), request.sessions.filters.all()
    entity = filter_entity(*read_pattern(text))
    found = [each for each in filters if each.entity == entity or each.handle == text.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        _invalid(request, f"There are several filters {printable(text)}: write the pattern")
    else:
        _invalid(request, f"There is no filter {printable(text)}; FILTER LIST shows those that there are")
    return None


def _source(request: Request) -> Source:
    return request.network.me if request.is_elsewhere else request.user


# what is done


async def _add(request: Request, words: list[str]) -> None:
    asked = _asked(request, words)
    if asked is None:
        return
    filters, network, session = request.sessions.filters, request.network, request.session
    known = network.filters.get(asked.entity)
    if any(each.entity == asked.entity and each.fixed for each in filters.all()):
        session.notice("There is such a filter in the configuration, which no command changes")
        return
    there = sum(each.holds(request.now) for each in network.filters.values())
    if known is None and there >= request.settings.filters.most:
        session.notice(f"There are {there} filters (filters.most); lift one first")
        return
    if not await _set(request, asked, "DEL"):
        return
    if asked.action != REPORT and not asked.reason and not asked.quiet:
        session.notice(f"Whom it hits reads no reason: write one at the end, behind{REASON.rstrip()}")
    if asked.kind == GLOB and not {"*", "?"} & set(asked.pattern):
        session.notice(f"It fits this whole text; *{printable(asked.pattern)}* what has it in it")
    if asked.dry and asked.action != REPORT:
        handle = asked.handle
        session.notice(
            f"It only reports yet: FILTER HITS {handle} shows what it hits, FILTER LIVE {handle} has it act"
        )


async def _set(request: Request, asked: Filter, undo: str) -> bool:
    """Set a filter, which FILTER `undo` takes back; False if it cannot be kept, and they have read so."""
    session, filtering = request.session, request.sessions.filtering
    request.note_down(f"filter {asked.handle}", in_words(asked))
    try:
        await filtering.set(asked, _source(request))
    except StoreError as error:
        session.fail("FILTER", "TEMPORARILY_UNAVAILABLE", str(error))
        return False
    request.notice("m", f"{request.user.nick} set the filter {in_words(asked)}")
    where = "on all servers" if filtering.keeps else "on this server alone, until it is restarted"
    session.notice(f"Filter {in_words(asked)}")
    session.notice(f"Done, {where}. To undo: /FILTER {undo} {asked.handle}")
    return not session.closed


async def _live(request: Request, words: list[str], *, dry: bool) -> None:
    found = _meant(request, words)
    if found is None:
        return
    if found.fixed:
        where = "filters.builtin_dry" if found.handle in request.sessions.filters.built_in else "its dry key"
        request.session.notice(f"{found.handle} stands in the configuration: change {where} there")
        return
    if not dry and found.action == REPORT:
        request.session.notice(f"{found.handle} only reports: FILTER ADD block … changes what it does")
        return
    if found.dry == dry:
        request.session.notice(f"{found.handle} {'only reports' if dry else 'acts'} already")
        return
    await _set(request, replace(found, dry=dry, by=request.user.mask), "LIVE" if dry else "DRY")


async def _del(request: Request, words: list[str]) -> None:
    found = _meant(request, words)
    session = request.session
    if found is None:
        return
    if found.fixed:
        session.notice(f"{found.handle} cannot be lifted: it stands in the configuration")
        return
    request.note_down(f"filter {found.handle}", f"lifted: {in_words(found)}")
    try:
        await request.sessions.filtering.lift(found, _source(request))
    except StoreError as error:
        session.fail("FILTER", "TEMPORARILY_UNAVAILABLE", str(error))
        return
    request.notice("m", f"{request.user.nick} lifted the filter {in_words(found)}")
    session.notice(f"Lifted: {in_words(found)}")


def _unmute(request: Request, words: list[str]) -> Coroutine[Any, Any, None] | None:
    user = request.network.user(words[0])
    if user is None or user.server.virtual:
        _invalid(request, f"{printable(words[0])} is not here")
        return None
    return unmute(request, user)


# what is shown


def line_of(request: Request, filter: Filter) -> str:
    """A filter with what it has hit here, who has set it and when, and why it is not used if it is not."""
    filters = request.sessions.filters
    count = filters.counts.get(filter.entity, Count())
    why = filters.matching.useless.get(filter)
    useless = f"; not used here: it {why}" if why else ""
    since = f", {minute(filter.created)}" if filter.created else ""
    return f"{in_words(filter)} ({counted(count.hits, count.acted)}; by {filter.by}{since}{useless})"


def _list(request: Request, words: list[str]) -> None:
    filters, session = request.sessions.filters, request.session
    mask = " ".join(words) or "*"
    fits = read_glob(mask.lower(), str.lower)
    found = [each for each in filters.all() if mask == "*" or fits(each.shown) or fits(each.handle)]
    most = request.settings.limits.stats_bans
    for each in found[:most]:
        session.notice(line_of(request, each))
    more = f"; these were {most}: FILTER LIST <mask> shows others" if len(found) > most else ""
    session.notice(f"{len(found) or 'No'} filter{'' if len(found) == 1 else 's'}{more}")
    if filters.acting:
        session.notice("A shield is up: those that only report act as well")


def _hits(request: Request, words: list[str]) -> Coroutine[Any, Any, None] | None:
    found = _meant(request, words) if words else None
    return None if words and found is None else tell_hits(request, found)


def _test(request: Request, words: list[str]) -> None:
    asked = _asked(request, words)
    if asked is not None:
        request.scan(partial(_try, request, asked, f"/FILTER ADD {' '.join(map(printable, words))}"))


async def _try(request: Request, asked: Filter, how: str, scan: Scan) -> None:
    """Hold a pattern against what was said in channels lately, and who is here.

    Of closed channels nothing is shown.
    """
    fits = globs([asked.pattern]) if asked.kind == GLOB else expressions([asked.pattern])
    looked = found = 0
    examples: list[str] = []
    channels = [each for each in request.network.channels.values() if each.folded not in asked.spared]
    for channel in channels if CHANNEL in asked.where else ():
        records: list[Record] = []
        try:
            await scan.until(_recent(request, channel, records))
        except StoreError as error:
            request.session.fail("FILTER", "TEMPORARILY_UNAVAILABLE", str(error))
            return
        for record in records:
            text = as_read(record.text)
            looked += 1
            if fits(text.lower() if asked.kind == GLOB else text):
                found += 1
                if len(examples) < EXAMPLES and _is_open(request, channel):
                    who = record.source.decode("utf-8", "replace").partition("!")[0]
                    examples.append(f"- {who} in {channel.name}: {printable(cut(text, SHOWN))}")
        if scan.spend(10 + 5 * len(records)):
            await scan.pause()
    here, elsewhere, nicks, sees = 0, 0, list[str](), request.user.may("see-all")
    for user in list(request.network.users.values()) if USER in asked.where else ():
        # Who sees no addresses is told of whom it fits by the hosts that they see.
        text = described(user.nick, user, user.realname, user.real_host if sees else user.host)
        if fits(text.lower() if asked.kind == GLOB else text):
            here += user.server is request.network.me
            elsewhere += user.server is not request.network.me
            nicks.append(user.nick)
        if scan.spend(5):
            await scan.pause()
    session = request.session
    session.notice(f"Would be: {in_words(asked)}")
    if USER in asked.where:
        some = ", ".join(nicks[:NICKS]) + (", …" if nicks[NICKS:] else "")
        seen = "" if sees else ", by the hosts that you see"
        session.notice(
            f"It fits {here} people here, {elsewhere} elsewhere{seen}{f' ({some})' if some else ''}"
        )
    if looked:
        session.notice(
            f"It fits {found} of the last {looked} messages to channels, whoever said them"
            f"{'; some of them:' if examples else ''}"
        )
    elif CHANNEL not in asked.where and asked.where != {USER}:
        session.notice("It is not for channels, and nothing else is looked at for this")
    elif CHANNEL in asked.where:
        session.notice("No message to a channel is remembered here that it could be tried on")
    for each in examples:
        session.notice(each)
    session.notice(f"Nothing is done yet. To do it: {how}")


async def _recent(request: Request, channel: Channel, records: list[Record]) -> None:
    page = await request.sessions.past.page(channel, request.now - DAY, RECENT)
    records += page.records


def _is_open(request: Request, channel: Channel) -> bool:
    open_ = CLOSED.isdisjoint(channel.flags) and channel.key is None
    return open_ and may_see_channel(request.user, channel)


_VERBS: Final[dict[str, Callable[[Request, list[str]], Coroutine[Any, Any, None] | None]]] = {
    "ADD": _add,
    "TEST": _test,
    "LIVE": partial(_live, dry=False),
    "DRY": partial(_live, dry=True),
    "DEL": _del,
    "REMOVE": _del,
    "RM": _del,
    "LIST": _list,
    "HITS": _hits,
    "UNMUTE": _unmute,
}
"""Subcommand → who does it."""
