"""Last values of a channel: what boards and scripts measured last, each under a key.

What came last is in memory where it was heard.  Everybody knows it as metadata of the channel, under
``value/<key>``; there it is written at once, and then every ten minutes at most, for records are made for
what seldom changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from math import isfinite
from typing import Final, NamedTuple

from chatnet.api.identities import Identity
from chatnet.api.problems import Problem
from chatnet.api.speaking import Speaking
from chatnet.model.entities import Channel
from chatnet.node import Timer
from chatnet.records.grammar import seconds_of
from chatnet.records.metadata import is_value
from chatnet.rules import shields
from chatnet.rules.channels import may_speak
from chatnet.rules.metadata import channel_named, known
from chatnet.services.metadata import Describing
from chatnet.services.refused import Refused
from chatnet.session.sessions import Sessions
from chatnet.wire.text import byte_length

PREFIX: Final = "value/"
"""What their keys begin with among metadata."""
MOST: Final = 200
"""Bytes of a value."""
PAUSE: Final = 600.0
"""Seconds between two times that one is written."""
REMEMBERED: Final = 10_000
"""Values in memory; those that were measured longest ago go."""
_ROUNDING: Final = 1e-9
_KEY: Final = re.compile(r"[a-z0-9_./-]{1,50}", re.ASCII)


class Value(NamedTuple):
    """What was measured last, and when (Unix time)."""

    key: str
    value: str
    at: float


class Values:
    """Keeps them; `describing` writes metadata."""

    def __init__(self, sessions: Sessions, speaking: Speaking, describing: Describing) -> None:
        self._sessions = sessions
        self._node = sessions.node
        self._speaking = speaking
        self._describing = describing
        self._last: dict[tuple[str, str], Value] = {}
        self._said: dict[tuple[str, str], str] = {}
        self._written: dict[tuple[str, str], float] = {}  # when, in monotonic seconds
        self._timers: dict[tuple[str, str], Timer] = {}

    async def put(
        self, identity: Identity, channel: str, key: str, value: str, min_change: float | None = None
    ) -> None:
        """Somebody measured something, who may speak in the channel; raises Problem if it is not kept.

        It is said there as a NOTICE if it is so far from what was said of that key last, or any other text
        where one of them is no number; None: it is not said.
        """
        key = key.lower()
        if _KEY.fullmatch(key) is None:
            raise Problem("invalid", "A key is 1 to 50 of a-z, 0-9, _ . / and -")
        if byte_length(value) > MOST or not is_value(value):
            raise Problem("invalid", f"A value is one line of 1 to {MOST} bytes")
        client, name = await self._speaking.enter(identity, channel)
        found, bans = self._node.network.channel(name), self._sessions.bans
        if found is None or client.user not in found.members:
            raise Problem("not-on-channel")
        if (
            may_speak(bans, client.user, found, "PRIVMSG", value) is not None
            or shields.may_speak(self._sessions.shut, self._node.network, client.user, found) is not None
        ):
            raise Problem("cannot-send")
        self._keep(found, key, value)
        place = found.folded, key
        if min_change is not None and _changed(self._said.get(place), value, min_change):
            self._said.pop(place, None)
            self._said[place] = value
            if len(self._said) > REMEMBERED:
                del self._said[next(iter(self._said))]
            await self._speaking.say(identity, found.name, f"{key}: {value}", notice=True)

    def of(self, channel: Channel) -> Sequence[Value]:
        """All of a channel, by their keys."""
        found = {}
        for key, word in known(self._node.network, channel).items():
            if key.startswith(PREFIX) and word.value is not None:
                name = key.removeprefix(PREFIX)
                found[name] = Value(name, word.value, seconds_of(word.stamp))
        for (folded, key), value in self._last.items():
            if folded == channel.folded and (key not in found or found[key].at < value.at):
                found[key] = value
        return [found[key] for key in sorted(found)]

    def _keep(self, channel: Channel, key: str, value: str) -> None:
        metadata = self._node.settings.metadata
        place = channel.folded, key
        if place not in self._last:
            kept = {
                name for name, word in known(self._node.network, channel).items() if word.value is not None
            }
            waiting = {f"{PREFIX}{name}" for folded, name in self._last if folded == channel.folded}
            keys = kept | waiting
            if f"{PREFIX}{key}" not in keys and len(keys) >= metadata.keys:
                raise Problem(
                    "refused", f"{channel.name} has {metadata.keys} values and other metadata already"
                )
        self._last.pop(place, None)
        self._last[place] = Value(key, value, self._node.clock.time())
        if len(self._last) > REMEMBERED:
            self._forget(next(iter(self._last)))
        if place in self._timers:
            return
        now = self._node.clock.monotonic()
        wait = self._written.get(place, now - PAUSE) + PAUSE - now
        if wait <= 0:
            self._write(place)
        else:
            self._timers[place] = self._node.clock.later(wait, partial(self._due, place))

    def _forget(self, place: tuple[str, str]) -> None:
        del self._last[place]
        self._written.pop(place, None)
        timer = self._timers.pop(place, None)
        if timer is not None:
            timer.cancel()

    def _due(self, place: tuple[str, str]) -> None:
        del self._timers[place]
        self._write(place)

    def _write(self, place: tuple[str, str]) -> None:
        self._written[place] = self._node.clock.monotonic()
        self._node.run(self._describe(place))

    async def _describe(self, place: tuple[str, str]) -> None:
        folded, key = place
        channel, value = channel_named(self._node.network, folded), self._last.get(place)
        if channel is None or value is None:
            self._last.pop(place, None)
            self._written.pop(place, None)
            return
        try:
            await self._describing.change(channel, {f"{PREFIX}{key}": value.value}, self)
        except Refused:
            pass  # the ledger has told it; the next value is another chance


def _changed(before: str | None, now: str, least: float) -> bool:
    """Whether a value is so far from another one; with another unit behind it a number is another one."""
    if before is None or now == before:
        return before is None
    (number, _, unit), (other, _, other_unit) = now.partition(" "), before.partition(" ")
    try:
        far = abs(float(number) - float(other))
    except ValueError:
        return True
    # What is no number at all is another text; 0.3 is 0.1 from 0.2, though not for a machine.
    return unit != other_unit or not isfinite(far) or far >= least - _ROUNDING
