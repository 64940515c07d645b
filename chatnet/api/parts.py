"""What routes need of the house, by name."""

from __future__ import annotations

from dataclasses import dataclass

from chatnet.api.clients import Clients
from chatnet.api.events import Streams
from chatnet.api.hooks.outgoing import Outgoing
from chatnet.api.identities import Identities
from chatnet.api.operating import Operating
from chatnet.api.table import Routes
from chatnet.api.values import Values
from chatnet.node import Node
from chatnet.session.sessions import Sessions


@dataclass(slots=True)
class Parts:
    """`routes` are all that are answered."""

    node: Node
    sessions: Sessions
    identities: Identities
    clients: Clients
    streams: Streams
    routes: Routes
    operating: Operating | None = None
    """What is kept for operators, where it is."""
    outgoing: Outgoing | None = None
    """Who has hooks tell; None: there are no hooks here."""
    values: Values | None = None
