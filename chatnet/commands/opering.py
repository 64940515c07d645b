"""Becoming an IRC operator, and what operators do to people: OPER, KILL, WALLOPS, OPERWALL."""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.model.facts import Killed, WallopsSent
from chatnet.rules.log_names import log_name
from chatnet.rules.opers import blocks_for, misfit, modes_of, opered
from chatnet.rules.visibility import public_identity
from chatnet.session.passwords import Queue, Verdict
from chatnet.session.render import OPERWALL
from chatnet.settings import OperSettings
from chatnet.wire import numerics
from chatnet.wire.text import cut


@CLIENT.command("OPER", min_params=1, penalty=4.0)
async def oper(request: Request) -> None:
    """`OPER <name> [<password>]`: become an IRC operator.  Without a password where a certificate is enough.

    https://modern.ircdocs.horse/#oper-message  Refuses with 491 (nobody becomes an operator from where you
    are), 464 (name or password wrong: it does not tell which), 263 (too many passwords wait to be checked).
    Some wrong attempts end the session.
    """
    user, session = request.user, request.session
    if user.oper is not None:
        request.stop(numerics.RPL_YOUREOPER)
    if session.way.chat:
        session.notice("You came by a token that is for chatting only")
        request.stop(numerics.ERR_NOOPERHOST)
    name, password = request.params[0], request.param(1)
    block = _block(request, name)
    reason = "" if block is not None else misfit(request.settings, name, session.came, request.network.fold)
    if block is None or block.password is not None:
        if not password:
            request.stop(numerics.ERR_NEEDMOREPARAMS, "OPER")
        if not blocks_for(request.settings, session.came, request.network.fold):
            _failed(request, name, reason)
            request.stop(numerics.ERR_NOOPERHOST)
        verdict = await _verdict(request, block, password)
        if session.closed:
            return
        if verdict is Verdict.BUSY:
            request.stop(numerics.RPL_TRYAGAIN, "OPER")
        if verdict is Verdict.WRONG:
            block, reason = None, reason or "wrong password"
        if user.oper is not None:  # another session of this user was quicker
            request.stop(numerics.RPL_YOUREOPER)
    if block is None or block != _block(request, name):  # a reload may have come between
        request.reply(numerics.ERR_PASSWDMISMATCH)
        _failed(request, name, reason or "a reload came between")
        return
    session.failed_opers = 0
    become = f"is an operator now: {block.name}"
    request.sessions.node.log.info(f"{log_name(user, request.settings)} {become}")
    request.note_down(
        f"{user.nick}!{user.username}@{session.came.address}", f"{block.name} ({block.oper_class})"
    )
    if request.is_elsewhere:
        await _oper_elsewhere(request, block)
        return
    for fact in opered(request.settings, block, user, request.now):
        request.commit(fact)
    request.reply(numerics.RPL_YOUREOPER)
    if user.snomask:
        request.reply(numerics.RPL_SNOMASK, "+" + user.snomask)
    public = f"{public_identity(user)} {become} ({block.oper_class})"
    request.notice("o", f"{user.identity} {become} ({block.oper_class})", public)


async def _oper_elsewhere(request: Request, block: OperSettings) -> None:
    """Have the server of the asker make them an operator, with the modes of the block, which stands here."""
    user = request.user
    await request.by_host("OPER", block.name, block.oper_class)
    letters, snomask = modes_of(block)
    missing = "".join(letter for letter in letters if letter == "s" or letter not in user.modes)
    if user.oper is not None and missing and request.is_elsewhere and not request.session.closed:
        await request.by_host("MODE", user.nick, f"+{missing}", *((f"+{snomask}",) if snomask else ()))


def _block(request: Request, name: str) -> OperSettings | None:
    blocks = blocks_for(request.settings, request.session.came, request.network.fold)
    return next((block for block in blocks if block.name == name), None)


async def _verdict(request: Request, block: OperSettings | None, password: str) -> Verdict:
    """Whether `password` is that of `block`; where there is none, the answer is no and takes as long."""
    blocks = [block, *request.settings.oper]
    hashes = [b.password.get_secret_value() for b in blocks if b is not None and b.password is not None]
    if not hashes:
        return Verdict.WRONG
    verdict = await request.sessions.check(request.session, Queue.OPER, hashes[0], password)
    return Verdict.WRONG if verdict is Verdict.RIGHT and block is None else verdict


def _failed(request: Request, name: str, reason: str) -> None:
    """Tell opers and log why; close after too many.  An unknown name might be a password, and is not told."""
    user, session = request.user, request.session
    known = name if any(block.name == name for block in request.settings.oper) else "an unknown name"
    failed = f"Failed OPER as {known} by"
    request.sessions.node.log.warn(f"{failed} {log_name(user, request.settings)}: {reason}")
    address, public = session.peer.address, f"{failed} {public_identity(user)}: {reason}"
    request.sessions.notice("o", address, f"{failed} {user.identity}: {reason}", public)
    request.sessions.auditing.note_failure(
        user, "OPER", f"{user.nick}!{user.username}@{address}", f"failed as {known}: {reason}"
    )
    session.failed_opers += 1
    if session.failed_opers >= request.settings.flood.oper_attempts:
        session.close("Too many failed OPER attempts")


@CLIENT.command("KILL", min_params=1, privilege="kill", penalty=1.0)
def kill(request: Request) -> None:
    """`KILL <nick> [:<reason>]`: disconnect somebody.

    https://modern.ircdocs.horse/#kill-message  Refuses with 481, 723, 401, 483 (that is a server), 485 (a
    service).
    """
    name = request.params[0]
    if "." in name:  # no nick has one
        request.stop(numerics.ERR_CANTKILLSERVER)
    target = request.person(0)
    user = request.user
    reason = cut(request.text(1), request.settings.limits.kick) or "No reason given"
    what, who = "Received KILL message for", f"{target.nick}!{target.username}"
    path = f"From {user.nick} Path: {request.network.me.name} ({reason})"
    request.note_down(f"{target.nick}!{target.username}@{target.address}", reason)
    request.sessions.node.log.info(f"{user.nick} killed {log_name(target, request.settings)}")
    request.notice("k", f"{what} {who}@{target.real_host}. {path}", f"{what} {who}@{target.host}. {path}")
    request.commit(Killed(target, user, reason, request.now))


@CLIENT.command("WALLOPS", min_params=1, privilege="wallops", penalty=1.0)
def wallops(request: Request) -> None:
    """`WALLOPS :<text>`: write to everybody who has user mode w.

    https://modern.ircdocs.horse/#wallops-message  Refuses with 481, 723, 461 (no text).
    """
    text = request.text(0)
    if not text:
        request.stop(numerics.ERR_NEEDMOREPARAMS, "WALLOPS")
    if text.startswith(OPERWALL):  # nobody shall take it for one
        text = "WALLOPS - " + text
    request.note_down("who has user mode w")
    request.commit(WallopsSent(request.user, text, request.now))


@CLIENT.command("OPERWALL", min_params=1, privilege="operwall", penalty=1.0)
def operwall(request: Request) -> None:
    """`OPERWALL :<text>`: write to the operators who have user mode z.

    https://modern.ircdocs.horse/ is silent; as Solanum does.  Refuses with 481, 723, 461 (no text).
    """
    text = request.text(0)
    if not text:
        request.stop(numerics.ERR_NEEDMOREPARAMS, "OPERWALL")
    request.note_down("who has user mode z")
    request.commit(WallopsSent(request.user, text, request.now, for_opers=True))
