"""How a connection becomes a user: what it still needs, the last checks, and the welcome."""

from __future__ import annotations

import hmac
import time
from collections.abc import Sequence
from itertools import product
from typing import Final

import chatnet
from chatnet.model import modes
from chatnet.model.bans import NetworkBan
from chatnet.model.facts import UserIntroduced
from chatnet.model.ids import Folded
from chatnet.session import session as one  # these three modules know each other
from chatnet.session import sessions as registry
from chatnet.session.isupport import in_batches, show_isupport
from chatnet.session.render import LINE, encode, in_utf8
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
    wanted = session.connection_class.password or session.sessions.password
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
    if sessions.cloaking:
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
    if sessions.registered > sessions.most_registered:
        sessions.most_registered = sessions.registered
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
    user, sessions = session.user, session.sessions
    welcome = sessions.welcome
    # Some clients look up the host they read here, and a cloak cannot be.
    name = user.source if user.host == user.real_host else NICK
    letters = "".join(sorted(user.modes)).encode()
    begin = welcome.greeting, name, b"\r\n", welcome.about
    end = counts(sessions), welcome.motd, b":%b MODE %b :+%b\r\n" % (user.source, NICK, letters)
    if in_batches(session):
        say(session, b"".join(begin))
        show_isupport(session, sessions.isupport)
        say(session, b"".join(end))
    else:
        say(session, b"".join((*begin, welcome.features, *end)))


NICK: Final = b"\0"
"""Stands for the nick of whoever is told in lines that are the same for everybody but for that."""


def say(session: one.Session, lines: bytes) -> None:
    """Send whole lines to one client, with its nick in them, and tagged as it wishes."""
    lines = lines.replace(NICK, session.user.nick.encode())
    if session.caps & SERVER_TIME:
        for body in lines.split(b"\r\n")[:-1]:
            session.send(body)
    elif not lines.isascii() and session.sessions.node.settings.server.utf8_only:
        session.outlet.send(in_utf8(lines))
    else:
        session.outlet.send(lines)


class Welcome:
    """What newcomers are told in the same words but for the nick, rendered once for each configuration.

    `greeting` is 001 up to who they are, `about` 002 to 004, `features` 005, `motd` 375 to 376, or 422.
    `counts` are the forms of LUSERS, by whether operators, unknown connections and channels are in it.
    """

    __slots__ = ("about", "counts", "features", "greeting", "motd")

    def __init__(self, sessions: registry.Sessions) -> None:
        node = sessions.node
        version = f"chatnet-{chatnet.__version__}"
        created = time.strftime("%a %b %d %Y at %H:%M:%S UTC", time.gmtime(node.started))
        letters = sorted(modes.CHANNEL_MODES)
        greeting = [(numerics.RPL_WELCOME, (node.settings.server.network, ""))]
        self.greeting = _standing(sessions, greeting).removesuffix(b"\r\n")
        about = [
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
        self.about = _standing(sessions, about)
        self.features = _standing(sessions, [(numerics.RPL_ISUPPORT, (text,)) for text in sessions.isupport])
        self.motd = _standing(sessions, motd(sessions))
        self.counts = {
            shown: _counts_form(sessions.server_name, *shown) for shown in product((False, True), repeat=3)
        }


def _standing(
    sessions: registry.Sessions, replies: Sequence[tuple[numerics.Numeric, tuple[object, ...]]]
) -> bytes:
    """Numerics as whole lines with :data:`NICK` in them, each short enough for every nick."""
    room = LINE - len(sessions.server_name) - len(": NNN ") - sessions.node.settings.limits.nick
    found = b""
    for numeric, args in replies:
        text = encode(" " + numeric.form % args).replace(NICK, b"")
        found += b":%b %b %b%b\r\n" % (
            sessions.server_name.encode(), numeric.code.encode(), NICK, cut_bytes(text, room),
        )  # fmt: skip
    return found


def counts(sessions: registry.Sessions) -> bytes:
    """251 to 255, 265, 266 and 250; a count of none is left out.  https://modern.ircdocs.horse/#lusers-message

    Everybody who registers reads this, so it is one form for all the lines, filled in once; of bytes, since
    numbers are put into text more slowly.
    """
    network, local, most = sessions.node.network, sessions.registered, sessions.most_registered
    everybody, invisible, servers = len(network.users), network.invisible, len(network.servers)
    opers, unknown, channels = len(network.opers), len(sessions.all) - local, len(network.channels)
    form = sessions.welcome.counts[bool(opers), bool(unknown), bool(channels)]
    optional = filter(None, (opers, unknown, channels))
    return form % (
        everybody - invisible, invisible, servers, *optional, local, len(sessions.links.routes.direct),
        local, most, local, most, everybody, network.most_users, everybody, network.most_users,
        sessions.most, most, sessions.opened,
    )  # fmt: skip


def _counts_form(name: str, opers: bool, unknown: bool, channels: bool) -> bytes:
    replies = [
        numerics.RPL_LUSERCLIENT,
        *([numerics.RPL_LUSEROP] if opers else []),
        *([numerics.RPL_LUSERUNKNOWN] if unknown else []),
        *([numerics.RPL_LUSERCHANNELS] if channels else []),
        numerics.RPL_LUSERME,
        numerics.RPL_LOCALUSERS,
        numerics.RPL_GLOBALUSERS,
        numerics.RPL_STATSCONN,
    ]
    return b"".join(
        b":%b %b %b %b\r\n" % (name.encode(), numeric.code.encode(), NICK, numeric.form.encode())
        for numeric in replies
    )


def motd(sessions: registry.Sessions) -> list[tuple[numerics.Numeric, tuple[object, ...]]]:
    """375, 372 for each line, 376; or 422.  https://modern.ircdocs.horse/#motd-message"""
    if not sessions.motd:
        return [(numerics.ERR_NOMOTD, ())]
    return [
        (numerics.RPL_MOTDSTART, (sessions.server_name,)),
        *((numerics.RPL_MOTD, (text,)) for text in sessions.motd),
        (numerics.RPL_ENDOFMOTD, ()),
    ]
