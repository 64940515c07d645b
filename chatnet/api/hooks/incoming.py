"""What programs elsewhere post to a hook: ``POST /hooks/<name>/<secret>``, answered in Slack's words.

    200 ok                      it is said
    400 invalid_payload         it is no JSON, or not of its form
    400 no_text                 there is nothing in it that could be said
    403 action_prohibited       a ban, also of the address, or a mode of the channel, is against it
    404 no_service              there is no such hook, or not any more: the same words for all
    405, 413                    another method than POST, too much
    429 rate_limited            too often: with ``Retry-After``
    503 service_unavailable     not now

Who asks for JSON (``Accept: application/json``) is answered with the message.
https://api.slack.com/messaging/webhooks#handling_errors
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from chatnet.api.banned import judge_address
from chatnet.api.hooks.bots import Bots
from chatnet.api.hooks.formats import read
from chatnet.api.hooks.matching import MARK
from chatnet.api.hooks.posted import Posted, Unread, shortened
from chatnet.api.problems import Problem
from chatnet.api.speaking import Speaking
from chatnet.api.written import JSON, written
from chatnet.model.hooks import Hook
from chatnet.model.registered import RegisteredChannel
from chatnet.rules.allowances import Allowances
from chatnet.rules.pool import Limit
from chatnet.services.hooks import Hooking, is_secret
from chatnet.session.sessions import Sessions
from chatnet.web.exchange import TEXT, Ask, Place, Reply
from chatnet.wire.networks import aggregate

NO_SERVICE: Final = "no_service"
GUESSES: Final = 20
"""Addresses of hooks that there are none that somebody may try in a minute."""
MOST_NAMES: Final = 10_000
"""Hooks of which the name is remembered that spoke last."""
_WORDS: Final = {
    "too-many": (429, "rate_limited"),
    "unavailable": (503, "service_unavailable"),
    "no-attach": (503, "service_unavailable"),
    "failed": (503, "service_unavailable"),
    "invalid": (400, "invalid_payload"),
    "no-such-channel": (404, "channel_not_found"),
}
"""By kinds of problems; all others are ``action_prohibited``."""


class Incoming:
    """Answers at `place`."""

    def __init__(self, sessions: Sessions, hooking: Hooking, bots: Bots, speaking: Speaking) -> None:
        self.place: Final = Place("/hooks/", "hooks", self.answer)
        self._sessions = sessions
        self._node = node = sessions.node
        self._hooking = hooking
        self._bots = bots
        self._speaking = speaking
        self._last: dict[str, str] = {}
        self._hooks = Allowances(
            node.clock.monotonic,
            lambda: (node.settings.hooks.burst, node.settings.hooks.period),
            lambda: MOST_NAMES,
        )
        self._guesses = Allowances(node.clock.monotonic, lambda: (GUESSES, 60.0), lambda: MOST_NAMES)
        self.limits: Final[Mapping[str, Limit]] = {"hooks": self._hooks, "guesses of hooks": self._guesses}
        """What all processes of a server count together."""

    async def answer(self, ask: Ask) -> Reply:
        """Whatever is posted; an exception is a fault."""
        if ask.method != "POST":
            return _reply(405, "method_not_allowed", ("Allow", "POST"))
        try:
            judge_address(self._sessions, ask.address)
        except Problem as why:
            return _refused(why)
        owner = aggregate(ask.address, 32, self._node.settings.flood.address_ipv6)
        if wait := self._guesses.wait(owner):
            return _reply(429, "rate_limited", ("Retry-After", str(math.ceil(wait))))
        found = self._found(ask)
        if found is None:
            self._guesses.count(owner)
            return _reply(404, NO_SERVICE)
        hook, channel = found
        if wait := self._hooks.wait(hook.id):
            return _reply(429, "rate_limited", ("Retry-After", str(math.ceil(wait))))
        self._hooks.count(hook.id)
        try:
            posted = read(hook.format, ask.headers, ask.body)
        except Unread as why:
            return _reply(400, why.word)
        if posted is None:
            return _reply(200, "ok")
        return await self._say(ask, hook, channel, posted)

    def _found(self, ask: Ask) -> tuple[Hook, RegisteredChannel] | None:
        """The hook of a path, if its secret is right, and its channel is anybody's."""
        name, secret = ask.pieces[1:] if len(ask.pieces) == 3 else ("", "")
        hook = self._hooking.named(name)
        if not is_secret(hook, secret) or hook is None:
            return None
        channel = self._node.network.registry.channels.by_id.get(hook.channel)
        if channel is None or not channel.holds or channel.suspended(self._node.clock.time()):
            return None
        return hook, channel

    async def _say(self, ask: Ask, hook: Hook, channel: RegisteredChannel, posted: Posted) -> Reply:
        limits = self._node.settings.limits
        text = posted.text
        if posted.name and self._last.get(hook.id) != posted.name:
            text = f"[{posted.name}] {text}"
        text = shortened(text, limits.multiline_lines, limits.multiline_bytes)
        try:
            identity = self._bots.identity(hook)
            message = await self._speaking.say(identity, channel.name, text, tags={MARK: hook.name})
        except Problem as why:
            return _refused(why)
        self._last.pop(hook.id, None)
        self._last[hook.id] = posted.name
        if len(self._last) > MOST_NAMES:
            del self._last[next(iter(self._last))]
        if JSON in ask.headers.get("accept", ""):
            return Reply(200, written(message), (("Content-Type", JSON), ("Cache-Control", "no-store")))
        return _reply(200, "ok")


def _refused(why: Problem) -> Reply:
    status, word = _WORDS.get(why.kind, (403, "action_prohibited"))
    headers = [] if why.retry is None else [("Retry-After", str(why.retry))]
    return _reply(status, word, *headers)


def _reply(status: int, word: str, *headers: tuple[str, str]) -> Reply:
    kind = ("Content-Type", TEXT)
    return Reply(status, word.encode(), (kind, ("Cache-Control", "no-store"), *headers))
