"""A program that stores messages in a file without end, and says which were answered: a line each.

python message_writer.py FILE FIRST

Their numbers begin with the first.  Each tenth one is deleted again, and that is a line with ``-``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import message_model as model
from storage_calls import Calls

from chatnet.storage.messages.rows import PRIVMSG, Entry, Place, Redacted
from chatnet.storage.messages.store import SQLiteMessages, open_messages

CLUB = Place("c", "#club", "", 1)
GROUP = 7
AT_A_TIME = 3


def write(store: SQLiteMessages, first: int) -> None:
    """Store a group, say so, and go on with one that comes later."""
    numbers = range(first, first + GROUP)
    group: list[Entry] = []
    said: list[str] = []
    for number in numbers:
        at = model.NOW + number
        group.append((CLUB, at / 1000, model.msgid(at), PRIVMSG, 0, "ann", b"ann!a@h", f"word {number}"))
        said.append(f"{number}\n")
        if number % 10 == 0:
            group.append(Redacted(CLUB, model.msgid(at), at, f"r{number}", None, "x", ""))
            said[-1] = f"-{number}\n"

    def written(_: None) -> None:
        os.write(1, "".join(said).encode())
        write(store, first + GROUP * AT_A_TIME)

    store.put(group).addCallback(written)


def main() -> None:
    """Write until the end."""
    path, first = sys.argv[1:]
    calls = Calls()
    store = open_messages(Path(path), call=calls, now=lambda: model.NOW / 1000)
    for number in range(AT_A_TIME):
        write(store, int(first) + GROUP * number)
    store.start()
    while True:
        calls.one()


if __name__ == "__main__":
    main()
