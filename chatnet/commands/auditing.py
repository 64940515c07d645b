"""AUDIT: what operators did."""

from __future__ import annotations

from datetime import UTC, datetime

from chatnet.commands.request import CLIENT, Request
from chatnet.rules.durations import ban_units
from chatnet.storage.interfaces import StoreError
from chatnet.wire.server_time import minute
from chatnet.wire.text import printable


@CLIENT.command("AUDIT", privilege="audit", penalty=3.0, reads=True)
async def audit(request: Request) -> None:
    """`AUDIT [<who or what>] [<since>]`: what operators did on this server, the newest last.

    A word is a part of who did it, or to whom or what, or the whole of a command: `AUDIT ann`, `AUDIT KILL`,
    `AUDIT *@bad.example`. `since` is how long ago (`7d`), or a day (`2026-11-29`). It shows as much as
    `bans.audit_lines` says; who asks for a word or a time sees more of that. Refuses with 481, 723.
    """
    auditing, session = request.sessions.auditing, request.session
    if not auditing.keeps:
        session.notice("This server keeps no file of accounts, and so no notes of what operators do")
        return
    words = [word for word in request.params if word]
    since = _since(words[-1], request.now) if words else None
    if since is not None:
        words.pop()
    word, most = " ".join(words), request.settings.bans.audit_lines
    try:
        found = list(await auditing.found("" if word == "*" else word, since or 0.0, most + 1))
    except StoreError as error:
        session.fail("AUDIT", "TEMPORARILY_UNAVAILABLE", str(error))
        return
    if session.closed:
        return
    if len(found) > most:
        session.notice(f"There are more; these are the last {most}")
    for each in reversed(found[:most]):
        detail = f": {printable(each.detail)}" if each.detail else ""
        session.notice(f"{minute(each.at)} {each.by} {each.verb} {printable(each.about)}{detail}")
    session.notice(f"End of AUDIT: {min(len(found), most) or 'no'} note(s)")


def _since(text: str, now: float) -> float | None:
    """The Unix time that a text means; None if it is none."""
    seconds = ban_units(text)
    if seconds is not None:
        return now - seconds
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
