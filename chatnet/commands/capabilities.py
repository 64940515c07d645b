"""CAP: which extensions a client wants.  https://ircv3.net/specs/extensions/capability-negotiation"""

from __future__ import annotations

from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.session.offers import WITH_VALUES, show, show_all, told, words
from chatnet.session.session import Needs, Session
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics
from chatnet.wire.text import middle


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
    """The answer is of the version asked for; the highest one asked for is remembered."""
    _hold(request)
    session = request.session
    text = request.param(1)
    version = int(text) if text.isascii() and text.isdigit() else 0
    session.cap_version = max(session.cap_version, version)
    if session.cap_version >= WITH_VALUES and not session.caps & cap.CAP_NOTIFY:
        request.sessions.recap(session, session.caps | cap.CAP_NOTIFY)
    offered = told(session, request.sessions.offers.to(session.peer), request.sessions.authority)
    show_all(session, "LS", words(offered, version), version)


def _list(request: Request) -> None:
    session = request.session
    show_all(session, "LIST", cap.names(session.caps), session.cap_version)


def _req(request: Request) -> None:
    """All or nothing: ACK, or NAK if one name is unknown, cap-notify would be given back under 302, or two
    would be had of which one is enough: "Clients MUST NOT request more than one of `metadata-notify`,
    `draft/metadata-2`, and `draft/metadata-3`. Servers MUST NOT accept these requests either."

    What was acknowledged is in force after the ACK, which may take two lines.
    """
    _hold(request)
    session = request.session
    caps = session.caps
    asked = request.param(1)
    offered = request.sessions.offers.to(session.peer)
    answer = "ACK"
    for name in asked.split(" "):
        if not name:
            continue
        bit = cap.BY_NAME.get(name.removeprefix("-"))
        if bit is None or name.removeprefix("-") not in offered or _is_implied(session, name):
            answer = "NAK"
            break
        caps = caps & ~bit if name.startswith("-") else caps | bit
    if caps & cap.EXCLUSIVE == cap.EXCLUSIVE:
        answer = "NAK"
    show(session, answer, asked.split(" "))
    if answer == "ACK":
        request.sessions.recap(session, caps)


def _is_implied(session: Session, name: str) -> bool:
    return name == "-cap-notify" and session.cap_version >= WITH_VALUES


def _end(request: Request) -> None:
    request.session.satisfy(Needs.CAP)
