"""Modes of channels as other programs name them, brought to our letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from chatnet.model.keep import read_keep
from chatnet.model.modes import CHANNEL_MODES, kind_of
from chatnet.model.pace import read_repeat, read_slow
from chatnet.wire.names import is_channel
from chatnet.wire.text import byte_length

ATHEME: Final[Mapping[int, str]] = {
    0x1: "i", 0x2: "k", 0x4: "l", 0x8: "m", 0x10: "n", 0x40: "p", 0x80: "s", 0x100: "t",
}  # fmt: skip
"""Bits that Atheme has for all servers.  include/atheme/channels.h"""
CHARYBDIS: Final[Mapping[int, str]] = {
    0x1000: "c", 0x2000: "r", 0x4000: "z", 0x8000: "g", 0x10000: "L", 0x20000: "P", 0x40000: "F",
    0x80000: "Q", 0x100000: "C", 0x400000: "S", 0x800000: "O", 0x2000000: "T",
}  # fmt: skip
"""Bits of its ``protocol/charybdis``, by which it speaks to Solanum.  include/atheme/protocol/charybdis.h"""
REGISTERED: Final = 0x200
"""A bit that says what is so anyway: that the channel is registered."""
ANOPE: Final[Mapping[str, str]] = {
    "INVITE": "i", "KEY": "k", "LIMIT": "l", "MODERATED": "m", "NOEXTERNAL": "n", "PRIVATE": "p",
    "SECRET": "s", "TOPIC": "t", "BLOCKCOLOR": "c", "STRIPCOLOR": "c", "NOCTCP": "C", "NONOTICE": "T",
    "REGISTEREDONLY": "r", "REGMODERATED": "R", "SSL": "S", "REDIRECT": "f", "JOINFLOOD": "j",
    "OPMODERATED": "z", "ALLINVITE": "g", "ALLOWFORWARD": "F", "NOFORWARD": "Q", "BAN": "b",
    "EXCEPT": "e", "INVITEOVERRIDE": "I",
}  # fmt: skip
"""Anope's words for modes, those of its ``protocol/*``."""
OPERATORS: Final = "LOP"
"""What only operators of the network set: it does not come along."""
LISTS: Final = "beI"
MOST_KEY: Final = 64
"""Bytes."""
_THROTTLE: Final = re.compile("[1-9][0-9]{0,3}:[1-9][0-9]{0,3}", re.ASCII)
_LIMIT: Final = re.compile("[1-9][0-9]{0,8}", re.ASCII)


def takes(letter: str) -> bool:
    """Whether it is a mode here that a channel may bring along, and no list or rank."""
    return letter in CHANNEL_MODES and kind_of(letter) not in ("A", "P") and letter not in OPERATORS


def has_parameter(letter: str) -> bool:
    """Whether it is set with a parameter."""
    return kind_of(letter) in ("B", "C")


def is_parameter(letter: str, text: str) -> bool:
    """Whether a mode may have this parameter."""
    if letter == "k":
        return 0 < byte_length(text) <= MOST_KEY and text.isprintable() and not set(" ,:") & set(text)
    if letter == "l":
        return _LIMIT.fullmatch(text) is not None
    if letter == "f":
        return is_channel(text, 200)
    if letter == "H":
        return (keep := read_keep(text)) is not None and keep.text == text
    if letter in "WE":
        return (read_slow if letter == "W" else read_repeat)(text) == text
    return letter == "j" and _THROTTLE.fullmatch(text) is not None


def mlock(on: Mapping[str, str], off: Iterable[str]) -> str:
    """As SET MLOCK says it: ``+ntk-i key``; empty if nothing is locked.

    What is locked on has its parameter or "".
    """
    flags = sorted(letter for letter in on if not has_parameter(letter))
    with_parameter = sorted(letter for letter in on if has_parameter(letter))
    letters = "".join([*flags, *with_parameter])
    minus = "".join(sorted(set(off) - on.keys()))
    text = (f"+{letters}" if letters else "") + (f"-{minus}" if minus else "")
    return " ".join([text, *(on[letter] for letter in with_parameter)]).strip()
