"""AUTHENTICATE: log in to an account."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.session import sasl
from chatnet.session.offers import may_log_in
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics


@CLIENT.command("AUTHENTICATE", min_params=1, phase=Phase.ANY, penalty=0.5)
def authenticate(request: Request) -> Coroutine[Any, Any, None] | None:
    """`AUTHENTICATE <mechanism>`, then `AUTHENTICATE <Base64>`: log in to an account by SASL (needs `sasl`).

    https://ircv3.net/specs/extensions/sasl-3.1  `+` stands for nothing, `*` gives up.  Refuses with 902 and
    904 (the account is suspended), 904 (failed, or a response that is too long), 905 (a line over 400
    characters), 906 (given up), 908 and 904 (no such mechanism), and with services with 907 (logged in or
    registered already).
    """
    session = request.session
    if not may_log_in(session, request.sessions.authority):
        request.stop(numerics.ERR_SASLALREADY)
    if not session.caps & cap.SASL:
        sasl.fail(session, numerics.ERR_SASLFAIL)
    elif session.login is not None:
        return session.login.respond(request.params[0])
    elif request.params[0] == sasl.ABORT:
        request.stop(numerics.ERR_SASLABORTED)
    else:
        sasl.begin(session, request.sessions.authority, request.params[0])
    return None
