"""PERSISTENCE: stay when no device is connected.  https://github.com/ircv3/ircv3-specifications/pull/503"""

from __future__ import annotations

from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.rules.persons import ALWAYS_ON
from chatnet.services.refused import Refused

SAY_IT: Final = "Say it so: PERSISTENCE GET, or PERSISTENCE SET ON, OFF or DEFAULT"
WORDS: Final = {"ON": True, "OFF": False, "DEFAULT": None}


@CLIENT.command("PERSISTENCE", penalty=2.0)
async def persistence(request: Request) -> None:
    """`PERSISTENCE GET` or `PERSISTENCE SET ON|OFF|DEFAULT`: stay in your channels when you disconnect.

    Answered by ``PERSISTENCE STATUS <what you chose> <what holds>``; all your clients with the capability
    draft/persistence are told. What the server does not allow is noted, and does not hold.
    https://github.com/ircv3/ircv3-specifications/pull/503
    Refuses with FAIL PERSISTENCE: ACCOUNT_REQUIRED, INVALID_PARAMETERS, INTERNAL_ERROR (the disk).
    """
    session, shown = request.session, request.sessions.persistence
    subcommand = request.param(0).upper()
    if subcommand not in ("", "GET", "SET"):
        # "Implementations SHOULD ignore unrecognized subcommands, to be compatible with future extensions"
        return None
    word = request.param(1).upper()
    if not subcommand or (subcommand == "SET" and word not in WORDS):
        return session.fail("PERSISTENCE", "INVALID_PARAMETERS", SAY_IT)
    if subcommand == "SET" and request.is_elsewhere and not request.is_recorded:
        return await request.by_host()  # which keeps that word
    if subcommand == "SET" and shown.policy.status(request.user) is not None:
        try:
            await shown.choose(session, WORDS[word])
        except Refused as why:
            return session.fail("PERSISTENCE", "INTERNAL_ERROR", why.text)
        if session.closed:
            return None
    if not shown.show(session):
        session.fail("PERSISTENCE", "ACCOUNT_REQUIRED", "An account is required")
    elif subcommand == "SET" and (why_not := shown.policy.overruled(request.user, ALWAYS_ON)) is not None:
        # "The server MAY send a `WARN` or `NOTE` response explaining why the change was refused."
        session.standard_reply("WARN", "PERSISTENCE", "NOT_EFFECTIVE", why_not)
    return None
