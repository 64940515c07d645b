"""Files that somebody else named: a pipe is not waited for, and a device is not read for ever."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_regular(path: Path | str, most: int) -> bytes:
    """What a regular file of at most `most` bytes holds.

    Raises OSError with a reason in words, also for what is no file or larger; ValueError for what is no path.
    """
    # Opened so, a pipe that nobody writes to does not block.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    with open(descriptor, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most // 1024} KiB", str(path))
    return content
