"""SHIELDS: closes the doors further while the network is being attacked, and opens them again."""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.model.shields import Shields
from chatnet.rules.durations import ban_seconds, duration
from chatnet.rules.shields import described, effects, levels
from chatnet.settings import ShieldSettings
from chatnet.storage.interfaces import StoreError
from chatnet.wire.text import cut, one_line, printable


@CLIENT.command("SHIELDS", privilege="shields", penalty=2.0)
async def shields(request: Request) -> None:
    """`SHIELDS [<level> [<duration>] [:<reason>]]`: close the doors further while the network is attacked.

    Without a level it tells which one holds, and what each does. Level 0 opens everything. The duration is
    minutes, or as in `1d12h`, and 0 until you change it; without one `lasts` of the level counts. It holds
    on all servers that keep the same accounts; people read a line. Refuses with 481, 723.
    """
    session = request.session
    if not request.params:
        for text in state(request):
            session.notice(text)
        return
    block = _level(request)
    if block is None and request.params[0] != "0":
        known = ", ".join(str(each.level) for each in levels(request.settings))
        session.notice(f"{printable(request.params[0])} is no level: 0 (open), {known}")
        return
    words = list(request.params[1:])
    lasts = None if block is None else block.lasts
    if words and (seconds := ban_seconds(words[0])) is not None:
        lasts = seconds
        words.pop(0)
    now, level = int(request.now), 0 if block is None else block.level
    reason = cut(one_line(" ".join(words)), request.settings.bans.reason)
    until = now + lasts if lasts else None
    length = f" for {duration(lasts)}" if lasts else ""
    request.note_down(str(level), f"{length.strip()}{f': {reason}' if reason else ''}")
    try:
        await request.sessions.shielding.set(Shields(level, now, until, request.user.mask, reason))
    except StoreError as error:
        session.fail("SHIELDS", "TEMPORARILY_UNAVAILABLE", str(error))
        return
    where = "on all servers"
    if not request.sessions.shielding.keeps:
        where = "on this server alone, until it is restarted: no accounts are kept here"
    undo = ". To open everything again: /SHIELDS 0" if level else ""
    session.notice(f"The shields are at level {level}{length}, {where}{undo}")


def _level(request: Request) -> ShieldSettings | None:
    known = {str(each.level): each for each in levels(request.settings)}
    return known.get(request.params[0])


def state(request: Request) -> list[str]:
    """Which level holds, and what each of them does here."""
    texts = [described(request.network.shields, request.sessions.shield, request.now)]
    for each in levels(request.settings):
        title = f" ({each.title})" if each.title else ""
        lasts = f"for {duration(each.lasts)}" if each.lasts else "until it is changed"
        filters = "filters act" if each.filters_act else ""
        does = ", ".join(filter(None, (effects(each), filters))) or "nothing"
        texts.append(f"{each.level}{title}: {does}; {lasts}")
    return texts
