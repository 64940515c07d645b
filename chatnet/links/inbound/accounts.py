"""Who is logged in to which account, as services say.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md#su
"""

from __future__ import annotations

from chatnet.links import links as registry
from chatnet.links.encap import ENCAPSULATED
from chatnet.links.inbound import services
from chatnet.links.inbound.users import account_name, host_name, log_in, user_name
from chatnet.links.line import Ignored, Line
from chatnet.model.facts import HostChanged
from chatnet.model.ids import UID
from chatnet.wire.names import is_nick
from chatnet.wire.text import cut


@ENCAPSULATED.command("SU", min_params=1)
def su(line: Line) -> None:
    """A user is logged in, or (without an account) out.

    It is remembered of others as well, who may be taken for services after a reload.

    # <- :00A ENCAP * SU 1SOAAAAAB ann
    # <- :00A ENCAP * SU 1SOAAAAAB
    """
    server, user, account = line.server_of_source(), line.user(0), account_name(line.param(1))
    if not line.links.serves(server, line.link):
        line.links.logins.tells(server, user, account)
    line.by_services()
    log_in(line, user, account, registry.TOLD)


@ENCAPSULATED.command("SVSLOGIN", min_params=5)
def svslogin(line: Line) -> None:
    """A user of this server, or a connection that is none yet, is logged in, and looks otherwise by it.

    ``*`` in the place of nick, user name, host or account: it stays; the account ``0``: they are logged out.

    # <- :00A ENCAP irc.example.org SVSLOGIN 0AAAAAAAB * * vhost.example.org ann
    """
    agent = line.by_services()
    uid = UID(line.params[0])
    limits = line.node.settings.limits
    nick = line.params[1] if is_nick(line.params[1], limits.nick) else None
    username = user_name(cut(line.params[2], limits.user))
    host = host_name(line.params[3])
    user = line.network.users.get(uid)
    if user is None:
        applicant = line.links.agents.applicant(uid, agent)
        if applicant is None:
            raise Ignored
        same = line.params[4] == "*"
        account = applicant.user.account if same else account_name(line.params[4])
        applicant.logged_in(nick, username, host, account)
        return
    if user.server is not line.network.me:
        raise Ignored
    if nick is not None and nick != user.nick:
        services.rename(line, user, nick, int(line.now))
    look = username or user.username, host or user.host
    if look != (user.username, user.host):
        line.node.commit(HostChanged(user, *look, user.source, line.at))
    if line.params[4] != "*":
        log_in(line, user, account_name(line.params[4]), None)


@ENCAPSULATED.command("MECHLIST", min_params=1)
def mechlist(line: Line) -> None:
    """By which mechanisms services let people log in.

    It is remembered of others as well, who may be taken for services after a reload.

    # <- :00A ENCAP * MECHLIST :PLAIN,EXTERNAL
    """
    line.links.agents.tells(line.server_of_source(), line.params[0])
    line.by_services()


@ENCAPSULATED.command("SASL", min_params=4)
def sasl(line: Line) -> None:
    """An agent talks to a connection of this server that logs in; what others say to agents is not for us.

    # <- :00AAAAAAE ENCAP irc.example.org SASL 00AAAAAAE 0AAAAAAAB C :+
    # <- :00AAAAAAE ENCAP irc.example.org SASL 00AAAAAAE 0AAAAAAAB D :S
    """
    applicant = line.links.agents.applicant(UID(line.params[1]), line.server_of_source())
    if applicant is None:
        raise Ignored
    line.by_services()
    line.links.agents.answered(applicant, line.params[2], line.params[3])
