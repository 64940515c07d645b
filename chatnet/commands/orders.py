"""All that operators of other servers may have this one do, or tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatnet.commands import auditing, filter_orders, forced, reporting
from chatnet.session.obeying import Obeyed

ORDERS: Final[Mapping[str, Obeyed]] = {
    **auditing.ORDERS,
    **filter_orders.ORDERS,
    **forced.ORDERS,
    **reporting.ORDERS,
}
"""Verb → how it is obeyed."""
