"""How a connection becomes a user: what it still needs, the last checks, and the welcome."""

from __future__ import annotations

import hmac
import time
from collections.abc import Sequence
from functools import cache

import chatnet
from chatnet.model import modes
from chatnet.model.bans import NetworkBan
from chatnet.model.facts import UserIntroduced
from chatnet.model.ids import Folded
from chatnet.session import session as one  # these three modules know each other
from chatnet.session import sessions as registry
from chatnet.session.isupport import in_batches, show_isupport
from chatnet.session.render import LINE, encode
from chatnet.wire import numerics
from chatnet.wire.capabilities import SERVER_TIME
from chatnet.wire.text import cut, cut_bytes


def advance(session: one.Session) -> None:
    """Register `session` if it needs nothing more."""
    if session.needs or session.registered or session.closed:
        return
    if session.login is not None:
        # "If the client completes registration … while the SASL authentication is still in progress, the
        # server SHOULD abort it and send a 906 numeric, then register the client without authentication."
        # https://ircv3.net/specs/extensions/sasl-3.1#the-authenticate-command
        session.login.give_up(numerics.ERR_SASLABORTED)
    wanted = session.connection_class.password or session.sessions.node.settings.server.password
    if wanted is None:
        _introduce(session)
        return
    secret, given = wanted.get_secret_value(), session.password or ""
    if secret.startswith("$argon2"):
        session.needs |= one.Needs.CHECK
        session.wait_for(_verify(session, secret, given))
    else:
        _judge(session, hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogateescape")))


async def _verify(session: one.Session, secret: str, given: str) -> None:
    right = await session.sessions.verify(secret, given)
    if not session.closed:
        session.needs &= ~one.Needs.CHECK
        _judge(session, right)


def _judge(session: one.Session, right: bool) -> None:
    if right:
        _introduce(session)
        return
    session.numeric(numerics.ERR_PASSWDMISMATCH)
    session.sessions.node.notice("r", f"Bad password from {session.peer.address}")
    session.close("Bad password")


def _introduce(session: one.Session) -> None:
    sessions = session.sessions
    node = sessions.node
    user = session.user
    if user.folded in node.network.nicks:  # somebody else was quicker
        session.numeric(numerics.ERR_NICKNAMEINUSE, user.nick)
        session.needs |= one.Needs.NICK
        user.nick, user.folded = "*", Folded("*")
        return
    session.password = None
    now = node.clock.time()
    user.signon = now
    user.nick_ts = int(now)
    user.modes = {"i"}
    if user.secure:
        user.modes.add("Z")
    user.cloak = sessions.cloaks.of(user.real_host, user.address)
    if node.settings.cloak.enabled:
        user.modes.add("x")
        user.host = user.cloak
    username, host = session.granted
    user.username, user.host = username or user.username, host or user.host
    user.renew_source()
    if (ban := sessions.network_bans.user(user)) is not None:
        node.notice("r", f"Refused {user.identity}: banned as {ban.mask}")
        send_away(session, ban)
        return
    session.registered = True
    sessions.registered += 1
    sessions.most_registered = max(sessions.most_registered, sessions.registered)
    sessions.local.attach(session)
    node.commit(UserIntroduced(user, now), session)
    _welcome(session)
    if node.network.opers:  # else the text is not worth making
        node.notice("c", f"Client connecting: {user.identity}")


def send_away(session: one.Session, ban: NetworkBan) -> None:
    """Close the session of somebody who is banned: 465, and the reason.

    https://modern.ircdocs.horse/#erryourebannedcreep-465
    """
    reason = cut(ban.public_reason, session.sessions.node.settings.limits.kick)
    session.numeric(numerics.ERR_YOUREBANNEDCREEP, reason)
    session.close(f"Banned: {reason}" if reason else "Banned")


def _welcome(session: one.Session) -> None:
    """001 to 005, LUSERS, MOTD, and the modes.  https://modern.ircdocs.horse/#connection-registration"""
    user = session.user
    welcome = session.sessions.welcome
    # Some clients look up the host they read here, and a cloak cannot be.
    name = user.mask if user.host == user.real_host else user.nick
    session.numeric(numerics.RPL_WELCOME, session.sessions.node.settings.server.network, name)
    welcome.begin(session)
    show_lusers(session)
    welcome.end(session)
    session.send(
        b":%b MODE %b :+%b" % (user.source, user.nick.encode(), "".join(sorted(user.modes)).encode())
    )


class Welcome:
    """What newcomers are told in the same words but for the nick, rendered once for each configuration."""

    __slots__ = ("_about", "_begin", "_end")

    def __init__(self, sessions: registry.Sessions) -> None:
        node = sessions.node
        version = f"chatnet-{chatnet.__version__}"
        created = time.strftime("%a %b %d %Y at %H:%M:%S UTC", time.gmtime(node.started))
        letters = sorted(modes.CHANNEL_MODES)
        begin = [
            (numerics.RPL_YOURHOST, (sessions.server_name, version)),
            (numerics.RPL_CREATED, (created,)),
            (
                numerics.RPL_MYINFO,
                (
                    sessions.server_name,
                    version,
                    "".join(sorted(modes.USER_MODES)),
                    "".join(letters),
                    "".join(letter for letter in letters if modes.CHANNEL_MODES[letter][0] != "D"),
                ),
            ),
        ]
        features = [(numerics.RPL_ISUPPORT, (text,)) for text in sessions.isupport]
        self._about = Standing(sessions, begin)
        self._begin = Standing(sessions, [*begin, *features])
        self._end = Standing(sessions, motd(sessions))

    def begin(self, session: one.Session) -> None:
        """002 to 005."""
        if in_batches(session):
            self._about.send(session)
            show_isupport(session, session.sessions.isupport)
        else:
            self._begin.send(session)

    def end(self, session: one.Session) -> None:
        """375, 372 … 376, or 422."""
        self._end.send(session)


class Standing:
    """Numerics that differ from client to client by the nick alone."""

    __slots__ = ("_around", "_between")

    def __init__(
        self, sessions: registry.Sessions, replies: Sequence[tuple[numerics.Numeric, tuple[object, ...]]]
    ) -> None:
        room = LINE - len(sessions.server_name) - len(": NNN ") - sessions.node.settings.limits.nick
        self._around = [
            (
                f":{sessions.server_name} {numeric.code} ".encode(),
                cut_bytes(encode(" " + numeric.form % args), room),
            )
            for numeric, args in replies
        ]
        # The same with everything between two nicks in one piece.
        between = [b""]
        for before, after in self._around:
            between[-1] += before
            between.append(after + b"\r\n")
        self._between = between

    def send(self, session: one.Session) -> None:
        """All of them, to one client."""
        nick = session.user.nick.encode()
        if session.caps & SERVER_TIME:
            for before, after in self._around:
                session.send(before + nick + after)
        else:
            session.outlet.send(nick.join(self._between))


def show_lusers(session: one.Session) -> None:
    """251 to 255, 265, 266 and 250; a count of none is left out.  https://modern.ircdocs.horse/#lusers-message

    Everybody who registers reads this, so it is one form for all the lines, filled in once.
    """
    sessions = session.sessions
    network = sessions.node.network
    everybody, invisible, servers = len(network.users), network.invisible, len(network.servers)
    local, most = sessions.registered, sessions.most_registered
    nick = session.user.nick
    values: list[object] = [nick, everybody - invisible, invisible, servers]
    chosen = 0
    for bit, count in ((1, len(network.opers)), (2, sessions.unknown), (4, len(network.channels))):
        if count:
            chosen |= bit
            values += (nick, count)
    values += (nick, local, len(sessions.links.routes.direct), nick, local, most, local, most)
    values += (nick, everybody, network.most_users, everybody, network.most_users)
    values += (nick, sessions.most, most, sessions.opened)
    text = _lusers_form(sessions.server_name, chosen) % tuple(values)
    if session.caps & SERVER_TIME:
        for line in text.split("\r\n")[:-1]:
            session.send(line.encode())
    else:
        session.outlet.send(text.encode())


@cache
def _lusers_form(name: str, chosen: int) -> str:
    optional = (numerics.RPL_LUSEROP, numerics.RPL_LUSERUNKNOWN, numerics.RPL_LUSERCHANNELS)
    replies = [
        numerics.RPL_LUSERCLIENT,
        *(numeric for index, numeric in enumerate(optional) if chosen & 1 << index),
        numerics.RPL_LUSERME,
        numerics.RPL_LOCALUSERS,
        numerics.RPL_GLOBALUSERS,
        numerics.RPL_STATSCONN,
    ]
    return "".join(f":{name} {numeric.code} %s {numeric.form}\r\n" for numeric in replies)


def motd(sessions: registry.Sessions) -> list[tuple[numerics.Numeric, tuple[object, ...]]]:
    """375, 372 for each line, 376; or 422.  https://modern.ircdocs.horse/#motd-message"""
    if not sessions.motd:
        return [(numerics.ERR_NOMOTD, ())]
    return [
        (numerics.RPL_MOTDSTART, (sessions.server_name,)),
        *((numerics.RPL_MOTD, (text,)) for text in sessions.motd),
        (numerics.RPL_ENDOFMOTD, ()),
    ]


def show_motd(session: one.Session) -> None:
    """The message of the day, or that there is none."""
    session.sessions.welcome.end(session)
