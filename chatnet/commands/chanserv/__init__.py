"""What people may ask of ChanServ: a small module per family of commands, all entered into one table."""

# In the order in which HELP lists them.
from chatnet.commands.chanserv import registering  # isort: skip
from chatnet.commands.chanserv import access  # isort: skip
from chatnet.commands.chanserv import templates  # isort: skip
from chatnet.commands.chanserv import akicks  # isort: skip
from chatnet.commands.chanserv import ranks  # isort: skip
from chatnet.commands.chanserv import people  # isort: skip
from chatnet.commands.chanserv import links  # isort: skip
from chatnet.commands.chanserv import bans  # isort: skip
from chatnet.commands.chanserv import clearing  # isort: skip
from chatnet.commands.chanserv import settings  # isort: skip
from chatnet.commands.chanserv import cloning  # isort: skip
from chatnet.commands.chanserv import hooks  # isort: skip
from chatnet.commands.chanserv import informing  # isort: skip
from chatnet.commands.chanserv import operators  # isort: skip
from chatnet.commands.chanserv.table import CHANSERV

__all__ = [
    "CHANSERV",
    "access",
    "akicks",
    "bans",
    "clearing",
    "cloning",
    "hooks",
    "informing",
    "links",
    "operators",
    "people",
    "ranks",
    "registering",
    "settings",
    "templates",
]
