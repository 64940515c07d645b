"""What clients may ask for: one small module per family of commands, all entered into one table."""

from chatnet.commands import (
    accepting,
    capabilities,
    inviting,
    joining,
    kicking,
    listing,
    messages,
    monitoring,
    names,
    presence,
    registration,
    topics,
    who,
    whois,
    whowas,
)
from chatnet.commands.request import CLIENT, Request

__all__ = [
    "CLIENT",
    "Request",
    "accepting",
    "capabilities",
    "inviting",
    "joining",
    "kicking",
    "listing",
    "messages",
    "monitoring",
    "names",
    "presence",
    "registration",
    "topics",
    "who",
    "whois",
    "whowas",
]
