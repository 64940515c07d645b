"""A request as its handler sees it, and how answers are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from pydantic import BaseModel

from chatnet.api.client import Client
from chatnet.api.identities import Identity
from chatnet.api.parts import Parts
from chatnet.api.problems import Problem
from chatnet.api.table import CHANNEL, Route
from chatnet.api.written import JSON, written
from chatnet.model.entities import User
from chatnet.rules.visibility import may_see_channel
from chatnet.settings import Settings
from chatnet.web.exchange import Ask, Reply
from chatnet.wire.names import is_channel, is_nick

KNOWN: Final = frozenset(
    {
        *("scope", "channel", "banned", "no-attach", "cannot-join", "too-many", "unavailable", "fault"),
        *("not-here", "no-accounts"),
    }
)
"""Kinds of problems that tell nothing of whether there is a channel."""


class Call:
    """One request that may be made: `params` are the variables of its path, `body` and `query` its models."""

    __slots__ = ("_client", "_identity", "ask", "body", "params", "parts", "query", "route")

    def __init__(
        self,
        parts: Parts,
        ask: Ask,
        route: Route,
        params: Mapping[str, str],
        identity: Identity | None,
    ) -> None:
        self.parts = parts
        self.ask = ask
        self.route = route
        self.params = params
        self.body: Any = None
        self.query: Any = None
        self._identity = identity
        self._client: Client | None = None

    @property
    def settings(self) -> Settings:
        """Those in force."""
        return self.parts.node.settings

    @property
    def identity(self) -> Identity:
        """Who asks; there is one, unless the row is for nobody."""
        assert self._identity is not None
        return self._identity

    @property
    def client(self) -> Client:
        """The user of the token; there is one if the row speaks."""
        assert self._client is not None
        return self._client

    @client.setter
    def client(self, client: Client) -> None:
        self._client = client

    @property
    def user(self) -> User:
        """The same, on the network."""
        return self.client.user

    # names

    def channel(self, name: str | None = None) -> str:
        """The channel of the path, or one that is named, with its ``#``; raises Problem if it can be none.

        It is written as it was given: how it is written here, if it is here, is not for everybody.
        """
        given = self.params["channel"] if name is None else name
        full = given if given.startswith("#") else f"#{given}"
        network = self.parts.node.network
        if network.channel(full) is None and not is_channel(full, self.settings.limits.channel):
            raise Problem("no-such-channel", f"{full} is not the name of a channel")
        self.within(full)
        return full

    def nick(self, name: str | None = None) -> str:
        """The nick of the path, or one that is named; raises Problem if it can be none."""
        given = self.params["nick"] if name is None else name
        if self.parts.node.network.user(given) is None and not is_nick(given, self.settings.limits.nick):
            raise Problem("no-such-user", "That is no nick")
        return given

    def within(self, channel: str | None) -> None:
        """Refuse what is beyond the channels of a token for some; None: what is in no channel."""
        if not self.covers(channel):
            raise Problem("channel")

    def covers(self, channel: str | None) -> bool:
        """Whether the token is for this channel; None: for what is in no channel."""
        limited = None if self._identity is None else self._identity.scope.channels
        if limited is None:
            return True
        fold = self.parts.node.network.fold
        return channel is not None and fold(channel) in {fold(each) for each in limited}

    def sees(self, name: str) -> bool:
        """Whether there is such a channel that the user of the token may see."""
        channel = self.parts.node.network.channel(name)
        return channel is not None and may_see_channel(self.user, channel)

    def as_seen(self, why: Problem) -> Problem:
        """What goes wrong with the channel of the path, as who asks may know of it.

        IRC refuses in one way what there is not, and in several what is secret; so whoever is outside of a
        secret channel reads the same as where there is none.  What JOIN answers they may know: it makes
        channels, and has to tell why it does not let them into this one.
        """
        name = self.params.get(CHANNEL)
        if name is None or why.command == "JOIN" or why.kind in KNOWN:
            return why
        if (why.kind == "invalid" and why.numeric is None) or self.sees(self.channel(name)):
            return why
        return Problem("no-such-channel", numeric="403")

    # answers

    def reply(
        self, found: BaseModel | Mapping[str, Any] | None = None, headers: Sequence[tuple[str, str]] = ()
    ) -> Reply:
        """The answer of this row; without anything to say it has no body."""
        if found is None:
            return Reply(self.route.status, b"", tuple(headers))
        return Reply(self.route.status, written(found), (("Content-Type", JSON), *headers))

    def page(self, items: Sequence[Any], next_: Mapping[str, str] | None, *, complete: bool = True) -> Reply:
        """A page: the items, whether they are all that there is, and a link to what follows.

        https://www.rfc-editor.org/rfc/rfc8288
        """
        headers: list[tuple[str, str]] = []
        if next_ is not None:
            headers.append(("Link", f'<{self.address(next_)}>; rel="next"'))
        return self.reply({"items": items, "complete": complete}, headers)

    def address(self, changed: Mapping[str, str]) -> str:
        """The address of this request, with other values in its query."""
        kept = [(name, value) for name, value in self.ask.query if name not in changed]
        path = "/".join(quote(piece, safe="") for piece in self.ask.pieces)
        return f"/{path}?{urlencode([*kept, *changed.items()])}"
