"""CAP: which extensions a client wants.  https://ircv3.net/specs/extensions/capability-negotiation"""

from __future__ import annotations

from collections.abc import Iterable

from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.session.render import LINE, encode
from chatnet.session.session import Needs
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.text import byte_length, middle


@CLIENT.command("CAP", min_params=1, phase=Phase.ANY, penalty=0.5)
def cap_(request: Request) -> None:
    """`CAP LS [302]`, `CAP LIST`, `CAP REQ :<names>`, `CAP END`: ask for IRCv3 capabilities.

    A client that begins with LS or REQ before it is registered is registered when it says END.  Refuses with
    410 for any other subcommand.
    """
    subcommand = request.params[0].upper()
    handler = {"LS": _ls, "LIST": _list, "REQ": _req, "END": _end}.get(subcommand)
    if handler is None:
        request.stop(numerics.ERR_INVALIDCAPCMD, middle(request.params[0]))
    handler(request)


def _hold(request: Request) -> None:
    if not request.session.registered:
        request.session.needs |= Needs.CAP


def _ls(request: Request) -> None:
    _hold(request)
    session = request.session
    version = request.param(1)
    if version.isascii() and version.isdigit() and len(version) < 6:
        session.cap_version = max(session.cap_version, int(version))
    if session.cap_version >= 302 and not session.caps & cap.CAP_NOTIFY:
        request.sessions.local.recap(session, session.caps | cap.CAP_NOTIFY)
    _show(request, "LS", cap.BY_NAME)


def _list(request: Request) -> None:
    _show(request, "LIST", cap.names(request.session.caps))


def _show(request: Request, subcommand: str, names: Iterable[str]) -> None:
    """The names in as many lines as it takes; before each but the last a ``*`` for clients of version 302."""
    head = f":{request.sessions.server_name} CAP {request.user.nick} {subcommand} "
    *lines, last = _lines(names, LINE - len(head) - len("* :"))
    for line in lines:
        request.session.send(encode(f"{head}{'* ' if request.session.cap_version >= 302 else ''}:{line}"))
    request.session.send(encode(f"{head}:{last}"))


def _lines(names: Iterable[str], room: int) -> list[str]:
    lines = [""]
    size = 0
    for name in names:
        length = byte_length(name)
        if size and size + 1 + length > room:
            lines.append(name)
            size = length
        else:
            lines[-1] += (" " if size else "") + name
            size += length + (size > 0)
    return lines


def _req(request: Request) -> None:
    """All or nothing: ACK, or NAK if one name is unknown (or cap-notify would be given back under 302).

    What was acknowledged is in force after the ACK, which may take two lines.
    """
    _hold(request)
    session = request.session
    caps = session.caps
    asked = request.param(1)
    answer = "ACK"
    for name in asked.split(" "):
        if not name:
            continue
        bit = cap.BY_NAME.get(name.removeprefix("-"))
        if bit is None or (name == "-cap-notify" and session.cap_version >= 302):
            answer = "NAK"
            break
        caps = caps & ~bit if name.startswith("-") else caps | bit
    head = f":{request.sessions.server_name} CAP {request.user.nick} {answer} :"
    for line in _lines(asked.split(" "), LINE - len(head)):
        session.send(encode(head + line))
    if answer == "ACK":
        request.sessions.local.recap(session, caps)


def _end(request: Request) -> None:
    request.session.satisfy(Needs.CAP)
