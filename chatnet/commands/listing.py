"""LIST: which channels there are.

The conditions are those of ISUPPORT ELIST, all five letters: https://modern.ircdocs.horse/#elist-parameter
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from chatnet.commands.request import CLIENT, Request
from chatnet.model.entities import Channel
from chatnet.rules.visibility import may_see_channel
from chatnet.session.render import encode
from chatnet.session.scans import Scan
from chatnet.wire import numerics
from chatnet.wire.masks import price_of, read_glob
from chatnet.wire.text import middle, strip_formatting

Condition = Callable[[Channel], bool]

CONDITIONS: Final = 8
"""Masks and conditions of one LIST: each is asked about every channel of the network."""

REPLY: Final = 30
"""Microseconds that one channel takes to tell."""

_COMPARISON: Final = re.compile(r"([CcTt]?)([<>])([0-9]{1,9})")


@CLIENT.command("LIST", penalty=2.0)
def list_(request: Request) -> None:
    """`LIST [<channel or condition>{,<channel or condition>}]`: channels, how many are in them, their topics.

    Conditions: ``>n`` and ``<n`` (more, fewer than n users), ``C>n`` and ``C<n`` (made more, less than n
    minutes ago), ``T>n`` and ``T<n`` (topic set so), a mask with ``*`` or ``?``, ``!<mask>`` (not these).
    Secret channels are shown to members only.
    https://modern.ircdocs.horse/#list-message
    Refuses with 407 (too many masks and conditions); 416 says that there would be more channels.
    """
    words = [word for text in request.params[:2] for word in text.split(",") if word]
    chosen = _Choice(request, words)
    request.scan(chosen.show)


class _Choice:
    """Which channels were asked for: names and masks add, conditions take away."""

    def __init__(self, request: Request, words: Iterable[str]) -> None:
        self._request = request
        self._names: list[str] = []
        self._folded: set[str] = set()
        self._masks: list[Callable[[str], bool]] = []
        self._conditions: list[Condition] = []
        self._price = 1
        fold = request.network.fold
        for word in words:
            if len(self._masks) + len(self._conditions) == CONDITIONS:
                request.stop(numerics.ERR_TOOMANYTARGETS, middle(word))
            self._price += price_of(word)
            if comparison := _COMPARISON.fullmatch(word):
                self._conditions.append(_condition(*comparison.groups(), now=request.now))
            elif word[0] == "!":
                self._conditions.append(_not_named(read_glob(word[1:], fold)))
            elif "*" in word or "?" in word:
                self._masks.append(read_glob(word, fold))
            else:
                self._names.append(word)
                self._folded.add(fold(word))

    async def show(self, scan: Scan) -> None:
        """321, 322 for each channel, and 323."""
        request, session = self._request, self._request.session
        request.reply(numerics.RPL_LISTSTART)
        head = f":{request.sessions.server_name} {numerics.RPL_LIST.code} {session.user.nick} "
        form = head + numerics.RPL_LIST.form
        count, room = request.settings.limits.list_replies, session.outlet.sendq // 2
        for channel in self._candidates():
            if scan.spend(self._price):
                await scan.pause()
            if not self._means(channel):
                continue
            if count == 0 or room <= 0:
                request.reply(numerics.ERR_TOOMANYMATCHES, "LIST")
                break
            topic = strip_formatting(channel.topic.text) if channel.topic is not None else ""
            body = encode(form % (channel.name, len(channel.members), topic))
            session.send(body)
            scan.spend(REPLY)
            count -= 1
            room -= len(body)
        request.reply(numerics.RPL_LISTEND)
        session.hand_over()

    def _candidates(self) -> list[Channel]:
        """Those that may be meant, as the network is now."""
        network = self._request.network
        named = [channel for name in self._names if (channel := network.channel(name)) is not None]
        if self._names and not self._masks:
            return list(dict.fromkeys(named))
        return list(dict.fromkeys([*named, *network.channels.values()]))

    def _means(self, channel: Channel) -> bool:
        network, user = self._request.network, self._request.user
        if network.channels.get(channel.folded) is not channel or not may_see_channel(user, channel):
            return False
        named = not self._masks or channel.folded in self._folded
        if not named and not any(matches(channel.name) for matches in self._masks):
            return False
        return all(holds(channel) for holds in self._conditions)


def _not_named(matches: Callable[[str], bool]) -> Condition:
    return lambda channel: not matches(channel.name)


def _condition(kind: str, sign: str, digits: str, *, now: float) -> Condition:
    number = int(digits)
    if not kind:
        if sign == ">":
            return lambda channel: len(channel.members) > number
        return lambda channel: len(channel.members) < number
    moment = now - 60 * number
    if kind in "Cc":
        if sign == ">":
            return lambda channel: channel.ts < moment
        return lambda channel: channel.ts > moment
    if sign == ">":
        return lambda channel: channel.topic is not None and channel.topic.at < moment
    return lambda channel: channel.topic is not None and channel.topic.at > moment
