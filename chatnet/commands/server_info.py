"""What this server tells of itself: MOTD, LUSERS, VERSION, ISUPPORT, ADMIN, INFO, TIME, USERS and SUMMON."""

from __future__ import annotations

import time

import chatnet
from chatnet.commands.request import CLIENT, Request
from chatnet.dispatch import Phase
from chatnet.rules.shields import told
from chatnet.session.isupport import show_isupport
from chatnet.session.registration import counts, say
from chatnet.wire import capabilities as cap
from chatnet.wire import numerics


@CLIENT.command("MOTD", penalty=2.0)
def motd(request: Request) -> None:
    """`MOTD [<server>]`: the message of the day.

    https://modern.ircdocs.horse/#motd-message  Refuses with 402 (no such server), 422 (there is none).
    """
    request.for_us(0)
    say(request.session, request.sessions.welcome.motd)
    request.session.hand_over()


@CLIENT.command("LUSERS", penalty=2.0)
def lusers(request: Request) -> None:
    """`LUSERS [<mask> [<server>]]`: how many users, operators, channels and servers there are.

    https://modern.ircdocs.horse/#lusers-message  The mask is not looked at.  Refuses with 402.
    """
    request.for_us(1)
    say(request.session, counts(request.sessions))


@CLIENT.command("VERSION", penalty=2.0)
def version(request: Request) -> None:
    """`VERSION [<server>]`: which software this server runs, and what it supports (005).

    https://modern.ircdocs.horse/#version-message  Refuses with 402.
    """
    request.for_us(0)
    server = request.network.me
    request.reply(numerics.RPL_VERSION, _software(), request.name_of(server), server.description)
    show_isupport(request.session, request.sessions.isupport)


@CLIENT.command("ISUPPORT", phase=Phase.ANY, penalty=2.0)
def isupport(request: Request) -> None:
    """`ISUPPORT`: what this server supports (005).

    https://ircv3.net/specs/extensions/extended-isupport  Before registration refuses with 451 whoever did
    not ask for draft/extended-isupport.
    """
    session = request.session
    if not session.registered and not session.caps & cap.EXTENDED_ISUPPORT:
        request.stop(numerics.ERR_NOTREGISTERED)
    show_isupport(session, request.sessions.isupport)


@CLIENT.command("ADMIN", penalty=1.0)
def admin(request: Request) -> None:
    """`ADMIN [<server>]`: who runs this server, and how to reach them.

    https://modern.ircdocs.horse/#admin-message  Refuses with 402, and with 423 if nobody is named.
    """
    request.for_us(0)
    name = request.name_of(request.network.me)
    lines = request.settings.server.admin
    if not lines:
        request.stop(numerics.ERR_NOADMININFO, name)
    request.reply(numerics.RPL_ADMINME, name)
    rows = (numerics.RPL_ADMINLOC1, numerics.RPL_ADMINLOC2, numerics.RPL_ADMINEMAIL)
    for numeric, text in zip(rows, lines, strict=False):  # both parts of the address may be left out
        request.reply(numeric, text)


@CLIENT.command("INFO", penalty=2.0)
def info(request: Request) -> None:
    """`INFO [<server>]`: about the software, and since when it has been running.

    https://modern.ircdocs.horse/#info-message  Refuses with 402.
    """
    request.for_us(0)
    for text in (
        _software(),
        "A chat server and network on Twisted that speaks IRC",
        "Free software, under the MIT License",
        f"Running since {_in_words(request.sessions.node.up_since)}",
        *_shields(request),
    ):
        request.reply(numerics.RPL_INFO, text)
    request.reply(numerics.RPL_ENDOFINFO)


def _shields(request: Request) -> list[str]:
    """What is closed for now."""
    shields = request.network.shields
    return [told(shields, request.sessions.shield)] if shields.level else []


@CLIENT.command("TIME", penalty=1.0)
def time_(request: Request) -> None:
    """`TIME [<server>]`: what time it is here, in UTC.

    https://modern.ircdocs.horse/#time-message  Refuses with 402.
    """
    request.for_us(0)
    request.reply(numerics.RPL_TIME, request.user.name_of(request.network.me), _in_words(request.now))


@CLIENT.command("USERS", penalty=1.0)
def users(request: Request) -> None:
    """`USERS`: who is logged in to the machine; this server never tells (446).

    https://datatracker.ietf.org/doc/html/rfc2812#section-4.6
    """
    request.reply(numerics.ERR_USERSDISABLED)


@CLIENT.command("SUMMON", penalty=1.0)
def summon(request: Request) -> None:
    """`SUMMON <user>`: ask somebody who is logged in to the machine to come on IRC; not here (445).

    https://datatracker.ietf.org/doc/html/rfc2812#section-4.5
    """
    request.reply(numerics.ERR_SUMMONDISABLED)


def _software() -> str:
    return f"chatnet-{chatnet.__version__}"


def _in_words(at: float) -> str:
    return time.strftime("%A %B %d %Y, %H:%M:%S UTC", time.gmtime(at))
