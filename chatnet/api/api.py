"""Everything below ``/api/v1``: who asks, whether they may, what they ask, and then the handler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from chatnet.api.banned import judge_address
from chatnet.api.buckets import Buckets, Level
from chatnet.api.call import Call
from chatnet.api.clients import Clients
from chatnet.api.events import Streams
from chatnet.api.identities import Identities, Identity
from chatnet.api.once import Once
from chatnet.api.parts import Parts
from chatnet.api.problems import BASE, Mistake, Problem, kind_of_code
from chatnet.api.table import ANY, BASIC, CHANNEL, EITHER, NOBODY, Route, Routes
from chatnet.model.facts import Fact, Hearer
from chatnet.rules.pool import Limit
from chatnet.services import refused
from chatnet.services.accounts import Accounts
from chatnet.services.refused import Refused
from chatnet.services.tokens import Tokens
from chatnet.session.bounds import Bounded
from chatnet.session.outlet import Turn
from chatnet.session.sessions import Sessions
from chatnet.web.exchange import Ask, Place, Reply
from chatnet.wire.networks import aggregate

DEPTH: Final = 16
"""How deep a body may nest."""
TICKET: Final = "ticket"
"""The parameter of a query that stands for a token."""
_FRESH: Final = ("Cache-Control", "no-store")
_MISSING: Final = len(BASE.strip("/").split("/"))


class Api:
    """Answers programs; an observer, as far as who asks is concerned.  `tokens` are those of `accounts`."""

    def __init__(
        self,
        sessions: Sessions,
        turn: Turn,
        accounts: Accounts | None,
        tokens: Tokens | None,
        rows: Iterable[Route],
    ) -> None:
        node = sessions.node
        self._node = node
        self._identities = Identities(node, accounts, tokens)
        streams = Streams(node)
        clients = Clients(sessions, turn, self._identities, streams.over)
        self.parts: Final = Parts(node, sessions, self._identities, clients, streams, Routes(rows))
        monotonic = node.clock.monotonic
        self._tokens = Buckets(monotonic, lambda: (node.settings.api.rate, node.settings.api.burst))
        self._strangers = Buckets(
            monotonic, lambda: (node.settings.api.strangers / 60, node.settings.api.strangers)
        )
        self.limits: Final[Mapping[str, Limit]] = {"requests": self._tokens, "strangers": self._strangers}
        """What all processes of a server count together."""
        self._once = Once(monotonic, lambda: node.settings.api)
        self.place: Final = Place(f"{BASE}/", "api", self.answer)

    @property
    def hears(self) -> Mapping[type[Fact], Hearer]:
        """First what is known of tokens is forgotten, and then those end who are nobody any more."""
        clients, found = self.parts.clients.hears, dict(self._identities.hears)
        for kind, hear in clients.items():
            found[kind] = _both(found.get(kind), hear)
        return found

    async def answer(self, ask: Ask) -> Reply:
        """Whatever is asked; an exception is a fault."""
        level: list[Level] = []
        try:
            reply = await self._answer(ask, level)
        except Problem as why:
            reply = why.reply()
        except Refused as why:
            reply = _refused(why).reply()
        headers = [*reply.headers, *(_limits(level[0]) if level else ())]
        if all(name != _FRESH[0] for name, _ in headers):
            headers.append(_FRESH)
        return replace(reply, headers=tuple(headers), row=self._row(ask))

    def _row(self, ask: Ask) -> str:
        """The pattern of what is asked for, which tells no names."""
        found = self.parts.routes.find(ask.pieces[_MISSING:] or ("",))
        return BASE if found is None else BASE + next(iter(found[0].values())).path

    async def _answer(self, ask: Ask, level: list[Level]) -> Reply:
        if not self._node.settings.api.enabled:
            raise Problem("no-such-path", "The API is switched off")
        pieces = ask.pieces[_MISSING:] or ("",)
        found = self.parts.routes.find(pieces)
        if found is None:
            raise Problem("no-such-path")
        rows, params = found
        row = rows.get(ask.method)
        if row is None:
            allowed = ", ".join(sorted({*rows, *(("HEAD",) if "GET" in rows else ())}))
            raise Problem("no-such-method", headers=[("Allow", allowed)])
        identity = await self._identity(ask, row)
        if identity is not None:
            judge_address(self.parts.sessions, ask.address)
        level.append(self._count(ask, row, identity))
        if level[0].wait:
            raise Problem("too-many", retry=level[0].wait)
        if identity is not None:
            _may(identity, row)
        call = Call(self.parts, ask, row, params, identity)
        if CHANNEL in params:
            call.channel()
        call.body, call.query = _body(ask, row), _query(ask, row)
        key = ask.headers.get("idempotency-key") if row.method == "POST" else None
        if key is None or identity is None:
            # Where nobody is known to ask, an answer (a token, say) might be given again to somebody else.
            return await self._handle(call, identity)
        who = identity.key
        before = self._once.begin(who, key, ask)
        if before is not None:
            return replace(before, headers=(*before.headers, ("Idempotent-Replay", "true")))
        reply = None
        try:
            reply = await self._handle(call, identity)
        except Problem as why:
            if why.kind not in _PASSING:
                reply = why.reply()
            raise
        finally:
            self._once.end(who, key, reply)
        return reply

    async def _identity(self, ask: Ask, row: Route) -> Identity | None:
        if row.scope in (NOBODY, BASIC, EITHER):
            return None
        ticket = ask.asked(TICKET)
        if ticket is not None and row.scope == "events" and row.method == "GET":
            return self.parts.streams.use(ticket)
        try:
            return await self._identities.of(ask.headers.get("authorization", ""), ask.address)
        except Problem:
            if self._count(ask, row, None).wait:
                raise Problem("too-many", "Too many requests without a token", retry=60) from None
            raise

    def _count(self, ask: Ask, row: Route, identity: Identity | None) -> Level:
        if identity is not None:
            return self._tokens.take(identity.key, row.cost)
        if self._identities.spares(ask.address):
            most = self._node.settings.api.strangers
            return Level(most, most, 0, 0)
        owner = aggregate(ask.address, 32, self._node.settings.flood.address_ipv6)
        return self._strangers.take(owner, row.cost)

    async def _handle(self, call: Call, identity: Identity | None) -> Reply:
        if not call.route.speaks or identity is None:
            return await call.route.handler(call)
        call.client = client = await self.parts.clients.of(identity)
        with client.used():
            if call.route.scope == "operate" and client.user.oper is None:
                raise Problem("not-operator", "The user of this token is no operator")
            return await Bounded(client.session, self._as_seen(call))

    async def _as_seen(self, call: Call) -> Reply:
        """The answer to somebody who may not know everything of the channel of the path."""
        try:
            return await call.route.handler(call)
        except Problem as why:
            raise call.as_seen(why) from None
        except Refused as why:
            raise call.as_seen(_refused(why)) from None


_PASSING: Final = frozenset({"too-many", "unavailable", "unauthenticated"})
"""Problems that may be gone the next time."""


def _both(first: Hearer | None, second: Hearer) -> Hearer:
    if first is None:
        return second

    def hear(fact: Any, origin: object) -> None:
        first(fact, origin)
        second(fact, origin)

    return hear


def _limits(level: Level) -> list[tuple[str, str]]:
    return [
        ("RateLimit-Limit", str(level.limit)),
        ("RateLimit-Remaining", str(level.left)),
        ("RateLimit-Reset", str(level.reset)),
    ]


def _refused(why: Refused) -> Problem:
    """What services refuse, as a problem."""
    retry = int(why.context[0]) if why.code == refused.TRY_AGAIN else None
    return Problem(kind_of_code(why.code), why.text, numeric=why.code, retry=retry)


def _may(identity: Identity, row: Route) -> None:
    if row.scope != ANY and not identity.allows(row.scope):
        raise Problem("scope", f"The token is not for {row.scope!r}")
    if identity.scope.channels is not None and not row.anywhere and CHANNEL not in row.variables:
        raise Problem("channel", "The token is for some channels alone")


def _query(ask: Ask, row: Route) -> Any:
    given = [(name, value) for name, value in ask.query if name != TICKET or row.scope != "events"]
    names = [name for name, _ in given]
    if len(set(names)) < len(names):
        raise Problem("invalid", "A parameter is given twice")
    if row.query is None:
        if given:
            raise _invalid([Mistake(names[0], "is not known here")])
        return None
    try:
        return row.query.model_validate(dict(given))
    except ValidationError as error:
        raise _invalid(
            [Mistake(".".join(map(str, each["loc"])), _text(each)) for each in _errors(error)]
        ) from None


def _body(ask: Ask, row: Route) -> Any:
    if row.body is None:
        if ask.body.strip() not in (b"", b"{}"):
            raise Problem("invalid", "This is asked without a body")
        return None
    if not ask.body:
        return _validated(row.body, b"{}")
    media, _, parameters = ask.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower()
    if media.strip().lower() != "application/json" or charset not in ("", "charset=utf-8", 'charset="utf-8"'):
        raise Problem("media-type", headers=[("Accept", "application/json")])
    if nests(ask.body):
        raise Problem("not-json", f"The body nests deeper than {DEPTH} levels")
    return _validated(row.body, ask.body)


def _validated(model: type[BaseModel], body: bytes) -> BaseModel:
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        found = _errors(error)
        if found and found[0]["type"] == "json_invalid":
            raise Problem("not-json", "The body is not JSON") from None
        raise _invalid(
            [Mistake("/" + "/".join(map(str, each["loc"])), _text(each)) for each in found]
        ) from None


def _errors(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False, include_context=False, include_input=False))


def _text(error: Mapping[str, Any]) -> str:
    text = str(error["msg"])
    return text.removeprefix("Value error, ")


def _invalid(mistakes: list[Mistake]) -> Problem:
    return Problem(
        "invalid", "; ".join(f"{each.pointer}: {each.detail}" for each in mistakes), errors=mistakes
    )


def nests(body: bytes) -> bool:
    """Whether JSON nests too deep; told without taking it apart."""
    if body.count(b"{") + body.count(b"[") <= DEPTH:
        return False
    depth, within, escaped = 0, False, False
    for byte in body:
        if within:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                within = False
        elif byte == 0x22:
            within = True
        elif byte in b"{[":
            depth += 1
            if depth > DEPTH:
                return True
        elif byte in b"}]":
            depth -= 1
    return False
