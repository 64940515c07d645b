"""What operators do to links: CONNECT and SQUIT."""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import User
from chatnet.model.server import Server
from chatnet.rules.log_names import log_name
from chatnet.wire import numerics
from chatnet.wire.masks import compile_glob
from chatnet.wire.text import cut, middle


@CLIENT.command("CONNECT", min_params=1, privilege="routing", penalty=2.0)
def connect(request: Request) -> None:
    """`CONNECT <server> [<port> [<at server>]]`: link to a server of the configuration.

    https://modern.ircdocs.horse/#connect-message  The port is not looked at: where to connect to stands in
    the ``[[link]]``.  The other server may be told to do it.  Refuses with 481, 723, 402.
    """
    request.for_us(2)
    name = request.params[0]
    matches = compile_glob(name, str.lower)
    block = next((block for block in request.settings.link if matches(block.name)), None)
    if block is None:
        request.stop(numerics.ERR_NOSUCHSERVER, middle(name))
    problem = request.sessions.links.dialler.dial(block.name)
    if problem is not None:
        request.session.notice(f"CONNECT: {problem}")
        return
    request.session.notice(f"CONNECT: connecting to {block.name}")
    request.note_down(block.name)
    _tell(request, f"has {request.network.me.name} connect to {block.name}")


@CLIENT.command("SQUIT", min_params=1, privilege="routing", penalty=2.0)
def squit(request: Request) -> None:
    """`SQUIT <server> [:<reason>]`: end the link to a server, this one's or the one that leads there.

    https://modern.ircdocs.horse/#squit-message  Refuses with 481, 723, 402 (none, or this server).
    """
    server = _far(request, request.params[0])
    reason = cut(request.param(1), request.settings.limits.kick) or request.user.nick
    request.note_down(server.name, reason)
    _tell(request, f"ends the link to {server.name}: {reason}")
    request.sessions.links.squit(server, reason)


def _far(request: Request, name: str) -> Server:
    """The server that is meant, which is not this one."""
    whom = request.sessions.links.queries.meant(name)
    if whom is None or isinstance(whom, User) or whom is request.network.me:
        request.stop(numerics.ERR_NOSUCHSERVER, middle(name))
    return whom


def _tell(request: Request, text: str) -> None:
    request.sessions.node.log.info(f"{log_name(request.user, request.settings)} {text}")
    request.notice("x", f"{request.user.nick} {text}")
