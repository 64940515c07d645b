"""AUTHENTICATE: log in to an account while connecting."""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.session import sasl
from chatnet.session.offers import may_log_in
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics


@CLIENT.command("AUTHENTICATE", min_params=1, phase=Phase.ANY, penalty=0.5)
def authenticate(request: Request) -> None:
    """`AUTHENTICATE <mechanism>`, then `AUTHENTICATE <Base64>`: log in to an account by SASL (needs `sasl`).

    https://ircv3.net/specs/extensions/sasl-3.1  `+` stands for nothing, `*` gives up.  Refuses with 904
    (failed, or a response that is too long), 905 (a line over 400 characters), 906 (given up), 907 (logged in
    or registered already), 908 and 904 (no such mechanism).
    """
    session = request.session
    if not may_log_in(session):
        request.stop(numerics.ERR_SASLALREADY)
    if not session.caps & cap.SASL:
        return sasl.fail(session, numerics.ERR_SASLFAIL)
    if session.login is not None:
        session.login.respond(request.params[0])
    elif request.params[0] == sasl.ABORT:
        request.stop(numerics.ERR_SASLABORTED)
    else:
        sasl.begin(session, request.sessions.authority, request.params[0])
    return None
