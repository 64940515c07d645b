"""What people may ask of NickServ: a small module per family of commands, all entered into one table."""

from chatnet.commands.nickserv.table import NICKSERV

__all__ = ["NICKSERV"]
