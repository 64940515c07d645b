"""Private messages that were on their way when a link ended: whoever said them reads that they may be lost.

What is said in channels is asked for when the other side is back (``exchange/backfill.py``); what is said to
one person goes to their server and nowhere else.  A link that ends has lines that were not confirmed.  They
may have arrived or not, nobody here can know.  So each sender reads of each target, once:

    :irc.example.org 401 ann bob :The link to their server was lost, your last messages may not have arrived

A server carries that to the server of the sender, wherever it is.  To a NOTICE nothing is ever answered.
Lines are looked at when they are thrown away, and never before.  docs/decisions/0010-lost-on-the-way.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from chatnet.model.entities import User
from chatnet.model.facts import NumericSent
from chatnet.model.ids import UID
from chatnet.node import Node
from chatnet.wire.numerics import ERR_NOSUCHNICK

MOST: Final = 10_000
"""Pairs of sender and target that are told of after the end of one link."""

WORDS: Final = "The link to their server was lost, your last messages may not have arrived"

_SAID: Final = re.compile(rb"(?:@\S+ )?:(\d[A-Z0-9]{8}) PRIVMSG (\d[A-Z0-9]{8}) ")

Doubts = dict[tuple[UID, UID], None]
"""Who said something to whom that may be lost, in the order in which they did."""


def doubt(doubts: Doubts, lines: Iterable[bytes]) -> None:
    """Note the private messages in `lines`, as they are sent, up to MOST pairs in all."""
    for line in lines:
        said = _SAID.match(line)
        if said is not None and len(doubts) < MOST:
            source, target = said.groups()
            doubts[UID(source.decode()), UID(target.decode())] = None


def of(doubts: Doubts, lines: Iterable[bytes], users: Mapping[UID, User]) -> list[tuple[User, User]]:
    """Who said something to whom that is in doubt, or in these `lines`, which may not have arrived."""
    found = dict(doubts)
    doubt(found, lines)
    pairs = ((users.get(source), users.get(target)) for source, target in found)
    return [(by, to) for by, to in pairs if by is not None and to is not None]


def tell(node: Node, pairs: Iterable[tuple[User, User]]) -> None:
    """Tell those who are still there of what they said, after the end of a link."""
    network, at = node.network, node.clock.time()
    for by, to in pairs:
        if network.users.get(by.uid) is by:
            node.commit(NumericSent(network.me, by, ERR_NOSUCHNICK.code, f"{to.nick} :{WORDS}", at))
