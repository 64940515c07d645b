"""Who is logged in to an account: a session's user, or one that is being registered.

Whether they may be was judged before, by whoever looked at the password.
"""

from __future__ import annotations

from typing import Final

from chatnet.model.logins import NO_WAY, Way
from chatnet.model.registry import Account
from chatnet.rules.logins import logged_in, logged_out, shown_host
from chatnet.session.session import Session
from chatnet.wire import numerics
from chatnet.wire.text import middle

KEPT: Final = (
    "Your sessions are one person, who has one account: connect anew to log in to another. QUIT ends this "
    "session."
)


def keeps_account(session: Session, account: Account | None = None) -> bool:
    """Whether a session cannot have another `account` (None: none), because its user has other sessions."""
    user = session.user
    if not session.registered or user.account is None or not session.sessions.is_shared(user):
        return False
    return account is None or user.account_id != account.id


def log_in(session: Session, account: Account, way: Way) -> None:
    """Log the user of `session` in to `account`, by some `way`: 900, and for users their own ACCOUNT.

    One who is no user yet has it from the beginning then.
    """
    user, node = session.user, session.sessions.node
    session.way = way
    if not session.registered:
        user.account, user.account_id = account.shown, account.id
        session.granted = None, shown_host(account)
        tell_account(session)
    elif (user.account, user.account_id) == (account.shown, account.id):
        tell_account(session)
    else:
        for fact in logged_in(user, account, node.clock.time()):
            node.commit(fact, session)


def log_out(session: Session) -> None:
    """Log the user of `session` out: 901, and for users their own ACCOUNT."""
    user, node = session.user, session.sessions.node
    session.way = NO_WAY
    if user.account is None:
        return
    if not session.registered:
        user.account = user.account_id = None
        session.granted = None, None
        tell_account(session)
        return
    for fact in logged_out(user, node.clock.time()):
        node.commit(fact, session)


def tell_account(session: Session) -> None:
    """900 or 901: a client reads which account it has now.

    https://ircv3.net/specs/extensions/sasl-3.1#numerics-used-by-this-extension
    """
    user = session.user
    mask = f"{user.nick}!{user.username or '*'}@{user.host}"
    if user.account is None:
        session.numeric(numerics.RPL_LOGGEDOUT, mask)
    else:
        session.numeric(numerics.RPL_LOGGEDIN, mask, middle(user.account), user.account)
