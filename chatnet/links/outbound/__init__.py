"""Facts as neighbours read them: each told once to every link that needs it, and never back to its origin."""

from __future__ import annotations

from collections.abc import Mapping

from chatnet.links import links as registry
from chatnet.links.outbound.channels import ChannelsOut
from chatnet.links.outbound.messages import MessagesOut
from chatnet.links.outbound.servers import ServersOut
from chatnet.links.outbound.users import UsersOut
from chatnet.model.facts import Fact, Hearer


def hears(links: registry.Links) -> Mapping[type[Fact], Hearer]:
    """Kind of fact → who tells it.  A kind has one teller."""
    tellers = (ServersOut(links), UsersOut(links), ChannelsOut(links), MessagesOut(links))
    return {kind: hear for teller in tellers for kind, hear in teller.hears.items()}
