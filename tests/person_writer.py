"""A program that keeps people who stay in a file without end, and says which were written: a line each.

python person_writer.py FILE FIRST

Each round all of them change, together with the channel that they are in; their numbers begin with the first.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from storage_calls import Calls

from chatnet.storage.persons.rows import Device, Person, Seat, Standing
from chatnet.storage.persons.store import PersonStore

PEOPLE = 50


def somebody(name: str, number: int = 0) -> Person:
    """Somebody who was here last at that time."""
    return Person(
        *(f"a{name}", name, name.title(), 1, "~user", "Real Name", "host", "real.host", "192.0.2.1"),
        modes="i",
        away=None if number % 2 else f"Gone {number}",
        seen=number,
        seats=(Seat("#club", 1_600_000_000, "ov"),),
        devices=(Device("phone", number, "x"),),
    )


def club(number: int) -> Standing:
    """The channel that they are in."""
    return Standing("#club", 1_600_000_000, {"k": (f"{number}.0.0CN", "sesame"), "i": ("1.0.0CN", None)})


def main() -> None:
    """Write until the end."""
    path, first = sys.argv[1:]
    calls = Calls()
    store = PersonStore(Path(path), calls, time.monotonic, time.time, lambda: 5.0)
    store.load()
    store.start()
    number = int(first)
    while True:
        for index in range(PEOPLE):
            store.keep(somebody(f"p{index}", number))
        store.keep_channel("#club", club(number))
        calls.wait(store.flush())
        os.write(1, f"{number}\n".encode())
        number += 1


if __name__ == "__main__":
    main()
