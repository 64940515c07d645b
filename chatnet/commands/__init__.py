"""What clients may ask for: one small module per family of commands, all entered into one table."""

from chatnet.commands import capabilities, joining, messages, registration
from chatnet.commands.request import CLIENT, Request

__all__ = ["CLIENT", "Request", "capabilities", "joining", "messages", "registration"]
