"""What operators of other servers may have this one do, and tell, of its filters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from chatnet.commands.filter_hits import tell_mine
from chatnet.commands.filter_mutes import unmute_mine
from chatnet.session.obeying import Disobeyed, Obeyed, Order

_VERBS: Final[Mapping[str, Callable[[Order], Awaitable[None]]]] = {"HITS": tell_mine, "UNMUTE": unmute_mine}


async def _obey(order: Order) -> None:
    verb = _VERBS.get(order.word(0))
    if verb is None:
        raise Disobeyed("It cannot be understood")
    await verb(order)


ORDERS: Final = {"FILTER": Obeyed("filters", _obey)}
"""What they may order, in these words."""
