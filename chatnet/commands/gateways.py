"""WEBIRC: a gateway tells whom it brings.  https://ircv3.net/specs/extensions/webirc"""

from __future__ import annotations

import hmac
from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.rules.gateways import gateways_at, visitor
from chatnet.session.passwords import Queue, Verdict
from chatnet.session.peer import Peer
from chatnet.session.session import Needs, Session
from chatnet.settings import WebIRCSettings
from chatnet.wire import numerics

BEGINNING: Final = Needs.NICK | Needs.USER


@CLIENT.command("WEBIRC", phase=Phase.ANY, penalty=0.5)
async def webirc(request: Request) -> None:
    """`WEBIRC <password> <gateway> <host> <address> [:<options>]`: a web gateway tells of its user.

    The first command of a connection, and only from gateways that the server knows; from all others, and with
    mistakes in it, it closes the link and does not tell why.  Of the options `secure` (only under TLS) and
    `remote-port=<port>` mean something.  https://ircv3.net/specs/extensions/webirc  Refuses with 462 once
    registered.
    """
    session = request.session
    if session.registered:
        request.stop(numerics.ERR_ALREADYREGISTERED)
    if not _is_first(session):
        _refuse(request, "not the first command")
        return
    if len(request.params) < 4:  # 461 would let the user in, as the gateway
        _refuse(request, "too few parameters")
        return
    password, _, host, address = request.params[:4]
    found = visitor(host, address, " ".join(request.params[4:]), request.settings.limits.host)
    if found is None:
        _refuse(request, "no address")
        return
    peer = session.peer
    block = await _proved(request, password)
    if session.closed:
        return
    if block is None:
        return
    request.sessions.move(
        session,
        Peer(
            found.address,
            found.port,
            peer.listener,
            # "Servers MUST ONLY treat the connection as secure if this flag is sent and the connection from
            # the gateway to the server is also secure with TLS."
            found.secure and peer.secure,
            connection_class=peer.connection_class,
            gateway=block.name,
            gateway_address=peer.address,
        ),
        found.host,
    )


def _is_first(session: Session) -> bool:
    """Nothing of a registration was said yet, nor this command."""
    begun = session.needs & (BEGINNING | Needs.CAP) != BEGINNING or bool(session.passwords)
    return not begun and session.cap_version == 0 and session.caps == 0 and session.peer.gateway is None


async def _proved(request: Request, password: str) -> WebIRCSettings | None:
    """The first block that the gateway has proved to be meant by; else None, and it was refused."""
    peer = request.session.peer
    blocks = gateways_at(request.settings.webirc, peer.address, peer.certfp)
    for block in blocks:
        # A reload may have taken the block away meanwhile.
        verdict = await _verdict(request, block, password)
        if verdict is Verdict.RIGHT and block in request.settings.webirc:
            return block
        if verdict is Verdict.BUSY:
            _refuse(request, "too many passwords wait to be checked")
            return None
    _refuse(request, "wrong password" if blocks else "no gateway has this address and certificate")
    return None


async def _verdict(request: Request, block: WebIRCSettings, password: str) -> Verdict:
    if block.password is None:
        return Verdict.RIGHT
    secret = block.password.get_secret_value()
    if secret.startswith("$argon2"):
        return await request.sessions.check(request.session, Queue.GATEWAY, secret, password)
    same = hmac.compare_digest(secret.encode(), password.encode("utf-8", "surrogateescape"))
    return Verdict.RIGHT if same else Verdict.WRONG


def _refuse(request: Request, reason: str) -> None:
    """Close the link; what was wrong is for the opers and the log alone."""
    address = request.session.peer.address
    request.sessions.node.log.warn(f"Refused WEBIRC from {address}: {reason}")
    request.sessions.tell_refused("Refused WEBIRC from ", address, f": {reason}", reason="webirc")
    request.session.close("WEBIRC refused")
