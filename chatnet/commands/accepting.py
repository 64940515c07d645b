"""ACCEPT: who may write to a user with caller id (user modes g and G)."""

from __future__ import annotations

from collections.abc import Awaitable

from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import User
from chatnet.model.facts import AcceptsChanged
from chatnet.session.packing import reply_packed
from chatnet.wire import numerics
from chatnet.wire.text import middle


@CLIENT.command("ACCEPT", min_params=1)
def accept(request: Request) -> Awaitable[None] | None:
    """`ACCEPT [-]<nick>{,[-]<nick>}`, `ACCEPT *`: let users write to you under modes g, G, R.

    ``*`` shows the list.  Whom you write to under these modes enters it by itself, to be able to answer.  Who
    leaves drops out of it, and who takes another nick while you share no channel.  Refuses with 401, 456
    (full), 457 (on it already), 458 (not on it).  https://modern.ircdocs.horse/ is silent; as Solanum does.
    """
    if request.is_elsewhere:
        return request.by_host()
    if request.params[0] == "*":
        nicks = [other.nick for other in request.user.accepts]
        reply_packed(request.session, numerics.RPL_ACCEPTLIST, nicks, " ")
        request.reply(numerics.RPL_ENDOFACCEPT)
        return None
    names = request.targets(0)
    _remove(request, [name[1:] for name in names if name[0] == "-"])
    _add(request, [name for name in names if name[0] != "-"])
    return None


def _users(request: Request, names: list[str]) -> list[User]:
    found: dict[User, None] = {}
    for name in names:
        user = request.network.user(name)
        if user is None:
            request.reply(numerics.ERR_NOSUCHNICK, middle(name))
        else:
            found[user] = None
    return list(found)


def _remove(request: Request, names: list[str]) -> None:
    accepts = request.user.accepts
    removed: list[User] = []
    for other in _users(request, names):
        if other in accepts:
            removed.append(other)
        else:
            request.reply(numerics.ERR_ACCEPTNOT, other.nick)
    if removed:
        request.commit(AcceptsChanged(request.user, (), tuple(removed)))


def _add(request: Request, names: list[str]) -> None:
    accepts = request.user.accepts
    room = request.settings.limits.accept - len(accepts)
    added: list[User] = []
    for other in _users(request, names):
        if other in accepts:
            request.reply(numerics.ERR_ACCEPTEXIST, other.nick)
        elif len(added) >= room:
            request.reply(numerics.ERR_ACCEPTFULL)
            break
        else:
            added.append(other)
    if added:
        request.commit(AcceptsChanged(request.user, tuple(added), ()))
