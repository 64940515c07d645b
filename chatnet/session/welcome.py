"""What newcomers are told in the same words: the welcome, rendered once for each configuration."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final

import chatnet
from chatnet.model import modes
from chatnet.node import Node
from chatnet.session.render import LINE, encode
from chatnet.settings import ServerSettings
from chatnet.wire import numerics
from chatnet.wire.text import cut_bytes

NICK: Final = b"\0"
"""Stands for the nick of whoever is told in lines that are the same for everybody but for that."""

Reply = tuple[numerics.Numeric, tuple[object, ...]]
"""A numeric, and what fills its form."""


class Welcome:
    """The texts, made of those of 005 and of the lines of the message of the day.

    Where nobody wrote one (None) it is made of the settings: it is the first that a visitor reads.
    `greeting` is 001 up to who they are, `about` 002 to 004, `features` 005, `motd` 375 to 376, or 422.
    `counts` are the forms of LUSERS, by whether operators, unknown connections and channels are in it.
    """

    __slots__ = ("about", "counts", "features", "greeting", "motd")

    def __init__(self, node: Node, isupport: Sequence[str], motd: Sequence[str] | None) -> None:
        name, nick = node.network.me.shown, node.settings.limits.nick
        version = f"chatnet-{chatnet.__version__}"
        created = time.strftime("%a %b %d %Y at %H:%M:%S UTC", time.gmtime(node.up_since))
        letters = sorted(modes.CHANNEL_MODES)
        greeting = [(numerics.RPL_WELCOME, (node.settings.server.network, ""))]
        self.greeting = _standing(name, nick, greeting).removesuffix(b"\r\n")
        about = [
            (numerics.RPL_YOURHOST, (name, version)),
            (numerics.RPL_CREATED, (created,)),
            (
                numerics.RPL_MYINFO,
                (
                    name,
                    version,
                    "".join(sorted(modes.USER_MODES)),
                    "".join(letters),
                    "".join(letter for letter in letters if modes.CHANNEL_MODES[letter][0] != "D"),
                ),
            ),
        ]
        self.about = _standing(name, nick, about)
        self.features = _standing(name, nick, [(numerics.RPL_ISUPPORT, (text,)) for text in isupport])
        lines = _greeting(node.settings.server) if motd is None else motd
        self.motd = _standing(name, nick, _motd(name, lines))
        self.counts = {shown: _counts_form(name, *shown) for shown in product((False, True), repeat=3)}


def _greeting(server: ServerSettings) -> list[str]:
    """A message of the day for a server that has none."""
    return [
        f"Welcome to {server.network}. This is {server.name}: {server.description.rstrip('.')}.",
        *([f"It is run by {', '.join(server.admin)}."] if server.admin else []),
        "/join #lobby enters a channel, or makes it; /list shows those that are there; /help tells more.",
    ]


def _standing(name: str, nick: int, replies: Iterable[Reply]) -> bytes:
    """Numerics as whole lines with :data:`NICK` in them, each short enough for a nick of `nick` bytes."""
    room = LINE - len(name) - len(": NNN ") - nick
    found = b""
    for numeric, args in replies:
        text = encode(" " + numeric.form % args).replace(NICK, b"")
        found += b":%b %b %b%b\r\n" % (
            name.encode(), numeric.code.encode(), NICK, cut_bytes(text, room),
        )  # fmt: skip
    return found


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


def _motd(name: str, lines: Sequence[str]) -> list[Reply]:
    """375, 372 for each line, 376; or 422.  https://modern.ircdocs.horse/#motd-message"""
    if not lines:
        return [(numerics.ERR_NOMOTD, ())]
    return [
        (numerics.RPL_MOTDSTART, (name,)),
        *((numerics.RPL_MOTD, (text,)) for text in lines),
        (numerics.RPL_ENDOFMOTD, ()),
    ]
