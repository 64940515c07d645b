"""The kinds of rows in the store of messages, and the commands of IRC that they are."""

from __future__ import annotations

from typing import Final

from chatnet.storage.messages import rows

SAID: Final = {rows.PRIVMSG: "PRIVMSG", rows.NOTICE: "NOTICE", rows.TAGMSG: "TAGMSG"}
"""Messages."""
EVENTS: Final = {
    rows.JOIN: "JOIN",
    rows.PART: "PART",
    rows.QUIT: "QUIT",
    rows.NICK: "NICK",
    rows.KICK: "KICK",
    rows.MODE: "MODE",
    rows.TOPIC: "TOPIC",
    rows.RENAME: "RENAME",
}
"""What happens beside them."""
COMMANDS: Final = SAID | EVENTS
KINDS: Final = {command: kind for kind, command in COMMANDS.items()}
