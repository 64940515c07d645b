"""Files that nobody else may read or change: keys, and certificates with their keys."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile


def write_privately(path: Path, data: bytes) -> None:
    """Write a secret: mode 0600 from the first byte on, and under its name only when it is whole."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix="." + path.name, delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def open_own(path: Path, flags: int, mode: int) -> int:
    """Open a plain file to write in it, through no symbolic link: that could lead to any file.

    Returns a descriptor.  Raises OSError.
    """
    if path.is_symlink():
        raise OSError(errno.ELOOP, "is a symbolic link, which is not followed", str(path))
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "is not a file", str(path))
    return descriptor


def others_write(path: Path) -> bool:
    """Whether others than its owner may change a file or folder.  Raises OSError."""
    return bool(path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def exposed(keys: Iterable[Path]) -> list[str]:
    """A sentence for each of these files that everybody may read, or others than its owner may change."""
    found = []
    for path in keys:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue  # whoever needs it says so
        if mode & (stat.S_IROTH | stat.S_IWGRP | stat.S_IWOTH):
            what = "read" if mode & stat.S_IROTH else "change"
            who = "everybody on this machine" if mode & (stat.S_IROTH | stat.S_IWOTH) else "others"
            found.append(f"{path}: holds a secret key, and {who} can {what} it: chmod 640")
    return found
