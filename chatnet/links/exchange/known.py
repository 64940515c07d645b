"""What is known of a person, and whether a neighbour knows the same: only who knows otherwise is told all.

what a neighbour says              if something else is known here
a claim, with a digest             all that is known is told, and CNKNOW SAID
CNKNOW ASKED                       the same
CNKNOW SAID, behind all it knew    all that is known is told

So both know the later of both when it is over, and of people whom both know alike, as nearly all are when a
server is lost, one word is enough.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from chatnet.links.exchange import burst
from chatnet.links.neighbour.link import Link
from chatnet.links.tree.neighbours import Neighbours
from chatnet.model.claims import SJoin
from chatnet.model.entities import Channel, User
from chatnet.model.ids import Folded
from chatnet.model.modes import RANKS
from chatnet.rules.stamps import Mark

ASKED: Final = "ASKED"
"""Whoever knows otherwise tells so, and its digest."""
SAID: Final = "SAID"
"""All that was known was told before; who knows more tells that."""


class Known:
    """Tells neighbours of people: nick, channels and ranks, and what they left."""

    def __init__(self, links: Neighbours) -> None:
        self._links = links
        self._network = links.node.network
        self._clock = links.node.clock

    def digest(self, link: Link, user: User) -> str:
        """Of all that `link` would be told of a person: who knows the same comes to the same."""
        text = "\n".join(self._words(link, user))
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()

    def _words(self, link: Link, user: User) -> Iterator[str]:
        """Stamps that others may have forgotten by now are left out."""
        registers = self._links.registers if link.stamped else None
        since = (self._clock.time() - self._links.node.settings.links.stamp_memory) * 1000
        subject = user.subject

        def told(mark: Mark | None) -> str:
            return "-" if mark is None or mark.stamp.ms < since else mark.stamp.text

        yield f"{user.nick_ts} {'*' if user.nick == user.uid else user.nick}"
        for channel in sorted(user.channels, key=_name):
            ranks = user.channels[channel]
            if registers is None:
                yield f"{channel.folded} {channel.ts} {ranks}"
                continue
            given = [
                told(registers.known(channel, f"{letter}:{subject}"))
                for letter, rank in RANKS.items()
                if ranks & rank
            ]
            came = told(registers.members(channel.folded).get(subject))
            yield f"{channel.folded} {channel.ts} {ranks} {came} {' '.join(given)}"
        if registers is not None:
            for folded, mark in sorted(registers.parts(subject)):
                if mark.stamp.ms >= since and self._channel(folded) is not None:
                    yield f"{folded} {mark.stamp.text}"

    def _channel(self, folded: Folded) -> Channel | None:
        """The channel of a name, or one that was."""
        ended = self._network.memory.ended_of(folded)
        return self._network.channels.get(folded) or next(iter(ended.values()), None)

    def tell(self, link: Link, user: User) -> None:
        """Tell a neighbour all that is known of a person."""
        if link.gone or user.person is None:
            return
        if user.nick != user.uid:
            link.send(link.codec.nick_known(self._network.me, user))
        for channel, ranks in user.channels.items():
            for text in burst.member(self._links, link, channel, user, ranks):
                link.send(text)
        registers = self._links.registers
        if registers is None or not link.stamped:
            return
        me, subject = self._network.me, user.subject
        for folded, mark in registers.parts(subject):
            if (left := self._channel(folded)) is not None:
                for text in link.codec.marks(me, left, registers.told({subject: mark})):
                    link.send(text)
                nothing = SJoin(left.name, left.ts, frozenset(), {}, ())
                for text in link.codec.sjoin(me, nothing):
                    link.send(text)

    def ask(self, link: Link, user: User) -> None:
        """Have a neighbour tell what is known there, if that is something else."""
        self._say(link, user, ASKED)

    def _say(self, link: Link, user: User, word: str) -> None:
        if not link.gone and user.person is not None and not user.orphan:
            link.send(link.codec.known(self._network.me, user, self.digest(link, user), word))

    def compare(self, link: Link, user: User, digest: str, *, answered: bool = False) -> None:
        """A neighbour knows a person as `digest` says; or it has `answered` with all that it knows."""
        if user.orphan or digest == self.digest(link, user):
            return
        self.tell(link, user)
        if not answered:
            self._say(link, user, SAID)


def _name(channel: Channel) -> str:
    return channel.folded
