"""What an operator asks all full servers, of which each tells its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from chatnet.commands.request import Request
from chatnet.links.exchange.orders import Outcome, Words
from chatnet.model.server import Server
from chatnet.storage.promise import Promise
from chatnet.wire.text import printable

Asked = tuple[str, Promise[Outcome]]
"""The name of a server, and what becomes of the question."""


def ask_all(
    request: Request, words: Sequence[str], reader: Callable[[Server], Callable[[Words], object]]
) -> list[Asked]:
    """Ask all other full servers by an order, of which `reader` gives what takes the parts of its answer."""
    accounts, network, orders = request.sessions.accounts, request.network, request.sessions.links.orders
    asked: list[Asked] = []
    for each in () if accounts is None else accounts.roll.all():
        server = network.servers.get(each.sid)
        if each.sid == network.me.sid:
            continue
        if server is not None and orders.reaches(server):
            outcome = orders.give(server, request.user, words, reader(server))
        else:
            why = "it is away" if server is None else "it is of an older version, or behind one that is"
            outcome = Promise[Outcome]()
            outcome.keep(Outcome(done=False, why=why))
        asked.append((each.name, outcome))
    return asked


async def silent(asked: Iterable[Asked]) -> list[str]:
    """Wait for all of them; a sentence for each that told not all, or nothing."""
    outcomes = [(name, await outcome) for name, outcome in asked]
    return [
        f"Nothing, or not all, from {name}: {printable(outcome.why)}"
        for name, outcome in outcomes
        if outcome.why
    ]
