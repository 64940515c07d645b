"""What people may ask of NickServ: a small module per family of commands, all entered into one table."""

# In the order in which HELP lists them.
from chatnet.commands.nickserv import registering  # isort: skip
from chatnet.commands.nickserv import identifying  # isort: skip
from chatnet.commands.nickserv import verifying  # isort: skip
from chatnet.commands.nickserv import settings  # isort: skip
from chatnet.commands.nickserv import nicks  # isort: skip
from chatnet.commands.nickserv import informing  # isort: skip
from chatnet.commands.nickserv import status  # isort: skip
from chatnet.commands.nickserv import channels  # isort: skip
from chatnet.commands.nickserv import certificates  # isort: skip
from chatnet.commands.nickserv import tokens  # isort: skip
from chatnet.commands.nickserv import bots  # isort: skip
from chatnet.commands.nickserv import vhosts  # isort: skip
from chatnet.commands.nickserv import operators  # isort: skip
from chatnet.commands.nickserv.table import NICKSERV

__all__ = [
    "NICKSERV",
    "bots",
    "certificates",
    "channels",
    "identifying",
    "informing",
    "nicks",
    "operators",
    "registering",
    "settings",
    "status",
    "tokens",
    "verifying",
    "vhosts",
]
