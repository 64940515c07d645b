"""What people may ask of NickServ: a small module per family of commands, all entered into one table."""

from chatnet.commands.nickserv import (
    certificates,
    identifying,
    informing,
    nicks,
    operators,
    registering,
    settings,
    status,
    vhosts,
)
from chatnet.commands.nickserv.table import NICKSERV

__all__ = [
    "NICKSERV",
    "certificates",
    "identifying",
    "informing",
    "nicks",
    "operators",
    "registering",
    "settings",
    "status",
    "vhosts",
]
