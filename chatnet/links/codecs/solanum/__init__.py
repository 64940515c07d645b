"""The dialect of Solanum, which chatnet servers speak to each other as well.

https://github.com/solanum-ircd/solanum/blob/main/doc/technical/ts6.md  Each method gives one line (or some),
without CR LF, for a neighbour with certain tokens in its CAPAB.
"""

from __future__ import annotations

from chatnet.links.codecs.solanum.bans import Bans
from chatnet.links.codecs.solanum.base import (
    GUESTS,
    HOSTS,
    NEEDED,
    ORDERS,
    OURS,
    PAST,
    RECORDS,
    SEATS,
    STAMPS,
    encode,
    stamped,
)
from chatnet.links.codecs.solanum.channels import Channels
from chatnet.links.codecs.solanum.copies import Copies
from chatnet.links.codecs.solanum.history import History
from chatnet.links.codecs.solanum.metadata import Metadata
from chatnet.links.codecs.solanum.orders import Orders
from chatnet.links.codecs.solanum.persons import Persons
from chatnet.links.codecs.solanum.servers import Servers
from chatnet.links.codecs.solanum.users import Users

__all__ = [
    "GUESTS",
    "HOSTS",
    "NEEDED",
    "ORDERS",
    "OURS",
    "PAST",
    "RECORDS",
    "SEATS",
    "STAMPS",
    "Solanum",
    "encode",
    "stamped",
]


class Solanum(Servers, Users, Persons, Orders, Channels, Copies, History, Bans, Metadata):
    """All lines of the dialect."""

    __slots__ = ()
