"""The virtual server, and the users on it that are no connections: NickServ, ChanServ, SaslServ, HistServ.

They stand for what this server does itself.  Their names are taken, WHOIS and MONITOR know them, and what is
said to them is a command.  Of other servers those are told of them that keep no accounts (``links/logins``):
to them SaslServ is who looks at passwords.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from chatnet.model.entities import User
from chatnet.model.facts import PseudoUsersIntroduced
from chatnet.model.ids import SID, UID
from chatnet.model.modes import mode_set
from chatnet.model.server import Server
from chatnet.node import Node
from chatnet.settings import services_name

DESCRIPTION: Final = "Accounts and channels"
TS: Final = 1
"""Since when they bear their nicks: longer than anybody."""
NICKSERV: Final = "AAAAAA"
CHANSERV: Final = "AAAAAB"
SASLSERV: Final = "AAAAAC"
HISTSERV: Final = "AAAAAD"
"""The ends of their UIDs."""
NICK_FOR_SASL: Final = "SaslServ"
"""What Solanum expects the agent for SASL to be called (``sasl_service``)."""


class Seated(NamedTuple):
    """Who is on the virtual server; HistServ where messages are stored."""

    nickserv: User
    chanserv: User
    saslserv: User
    histserv: User | None


def seat(node: Node, *, storing: bool = False) -> Seated:
    """Have them on the network, before anybody is there; gives them."""
    settings, server = node.settings.services, _virtual(node)
    seated = Seated(
        _on(server, NICKSERV, settings.nickserv, "Accounts and nicks", node),
        _on(server, CHANSERV, settings.chanserv, "Channels", node),
        _on(server, SASLSERV, NICK_FOR_SASL, "Logging in", node),
        _histserv(server, node) if storing else None,
    )
    node.commit(PseudoUsersIntroduced(server, tuple(each for each in seated if each is not None)))
    return seated


def word(node: Node) -> User:
    """HistServ where other services have the network: on no network, but somebody to answer."""
    return _histserv(_virtual(node), node)


def _virtual(node: Node) -> Server:
    settings = node.settings.services
    name = services_name(settings.name, node.settings.server.network)
    return Server(SID(settings.sid), name, DESCRIPTION, 1, node.network.me, virtual=True)


def _histserv(server: Server, node: Node) -> User:
    return _on(server, HISTSERV, node.settings.services.histserv, "What was said", node)


def _on(server: Server, number: str, nick: str, realname: str, node: Node) -> User:
    user = User(server, "0", server.name)
    user.uid = UID(server.sid + number)
    user.nick, user.folded, user.username, user.realname = nick, node.network.fold(nick), nick, realname
    user.nick_ts, user.signon = TS, node.clock.time()
    # No mode o: whatever they do is done by this server, so no operator's power is needed.
    user.modes = mode_set("iS")
    user.renew_source()
    return user
