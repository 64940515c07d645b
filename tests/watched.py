"""Houses whose figures are read, and requests without sockets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from conversation import House
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatnet.api.figures import Figures, Outside
from chatnet.api.lateness import Lateness
from chatnet.api.traffic import Traffic
from chatnet.web.exchange import Ask, Reply

T = TypeVar("T")


def figures_of(house: House, outside: Outside = Outside()) -> Figures:  # noqa: B008
    """The figures of a house."""
    return Figures(house.parts.sessions, outside, Lateness(house.clock), Traffic())


def asked(target: str, method: str = "GET", headers: Mapping[str, str] | None = None, **more: Any) -> Ask:
    """A request of this target, as ``/feeds/c.atom?x=1``."""
    path, _, query = target.partition("?")
    return Ask(method, path, tuple(parse_qsl(query)), {"host": "chat.test", **(headers or {})}, **more)


def done(house: House, awaitable: Awaitable[T]) -> T:
    """What something awaited answers, however many turns of this house's clock it takes."""
    found: list[T] = []

    async def run() -> None:
        found.append(await awaitable)

    task = Deferred.fromCoroutine(run())
    for _ in range(10_000):
        if task.called or not house.clock.step():
            break
    if not found:
        failures: list[BaseException] = []

        def failed(failure: Failure) -> None:
            failures.append(failure.value or AssertionError("it failed"))

        task.addErrback(failed)
        raise failures[0] if failures else AssertionError("it waits for something")
    return found[0]


def fetch(house: House, answer: Callable[[Ask], Awaitable[Reply]], target: str, **headers: str) -> Reply:
    """What is answered to a GET; headers are written with ``_`` for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return done(house, answer(asked(target, headers=named)))


def body_of(reply: Reply) -> str:
    """The text of an answer."""
    assert isinstance(reply.body, bytes)
    return reply.body.decode()


def header(reply: Reply, name: str) -> str | None:
    """A header of an answer."""
    return next((value for each, value in reply.headers if each.lower() == name.lower()), None)
