"""What operators do to the server itself: REHASH, RESTART, DIE."""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.rules.log_names import log_name
from chatnet.session.control import Control
from chatnet.wire import numerics
from chatnet.wire.capabilities import STANDARD_REPLIES
from chatnet.wire.text import cut, middle


@CLIENT.command("REHASH", privilege="rehash", penalty=2.0)
async def rehash(request: Request) -> None:
    """`REHASH [<this server's name>]`: read the configuration again; mistakes change nothing; you read them.

    https://modern.ircdocs.horse/#rehash-message  Refuses with 481, 723, 402.
    """
    request.for_us(0)
    control = _control(request)
    nick = request.user.nick
    request.reply(numerics.RPL_REHASHING, control.configuration)
    request.notice("g", f"{nick} is rehashing the server")
    log, name = request.sessions.node.log, log_name(request.user, request.settings)
    log.info(f"{name} is rehashing the server")
    request.note_down(request.network.me.name)
    problems = await control.rehash()
    for problem in problems:
        log.warn(f"The old configuration stays, rehash by {nick}: {problem}")
        _tell(request, "FAIL", "CONFIG_BAD", " ".join(problem.split()))  # one line, whatever it quotes
    if problems:
        _tell(request, "FAIL", "CONFIG_BAD", "the settings stay as they were")
        request.notice("g", f"The rehash by {nick} failed: {len(problems)} problem(s)")
    else:
        _tell(request, "NOTE", "CONFIG_LOADED", "done")
        request.notice("g", f"The rehash by {nick} is done")


def _tell(request: Request, kind: str, code: str, text: str) -> None:
    """A standard reply (REHASH is the specification's own example), or a notice to who does not know it."""
    if request.session.caps & STANDARD_REPLIES:
        request.session.standard_reply(kind, "REHASH", code, text)
    else:
        request.session.notice(f"REHASH: {text}")


@CLIENT.command("RESTART", min_params=1, privilege="restart", penalty=2.0)
def restart(request: Request) -> None:
    """`RESTART <this server's name> [:<reason>]`: stop the server and start it anew.

    https://modern.ircdocs.horse/#restart-message  The name guards against accidents.
    Refuses with 481, 723, 402 (not the name of this server).
    """
    _control(request).restart(_farewell(request, "Server restarting", "restarts"))


@CLIENT.command("DIE", min_params=1, privilege="die", penalty=2.0)
def die(request: Request) -> None:
    """`DIE <this server's name> [:<reason>]`: stop the server.

    https://modern.ircdocs.horse/ is silent; as Solanum does.  The name guards against accidents.
    Refuses with 481, 723, 402 (not the name of this server).
    """
    _control(request).die(_farewell(request, "Server going down", "stops"))


def _control(request: Request) -> Control:
    control = request.sessions.control
    if control is None:
        request.stop(numerics.ERR_DISABLED, request.row.verb)
    return control


def _farewell(request: Request, what: str, verb: str) -> str:
    """The reason that everybody reads, once the name is the right one and opers and log know who it was."""
    name = request.params[0]
    if not request.network.me.is_called(lambda called: called.lower() == name.lower()):
        request.stop(numerics.ERR_NOSUCHSERVER, middle(name))
    reason = cut(request.param(1), request.settings.limits.kick)
    why = f": {reason}" if reason else ""
    request.note_down(request.network.me.name, reason)
    request.sessions.node.log.warn(f"{log_name(request.user, request.settings)} {verb} the server{why}")
    request.notice("g", f"{request.user.identity} {verb} the server{why}")
    return f"{what}: {reason}" if reason else what
