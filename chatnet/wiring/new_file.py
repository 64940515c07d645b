"""A new file of lines, for its owner only, that is there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from chatnet.transports.private import open_own


def write_lines(path: Path, lines: Iterable[str]) -> int:
    """Write a file of mode 0600 that was not there; returns how many lines it has.  Raises OSError.

    Whatever `lines` raises, nothing is left of the file.
    """
    descriptor = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    count = 0
    try:
        with open(descriptor, "w", encoding="utf-8") as stream:
            for line in lines:
                stream.write(line)
                count += 1
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return count
