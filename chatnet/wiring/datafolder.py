"""The data folder: what a node keeps between two runs, and the lock that one process holds on it.

Place: ``server.data``, relative to the configuration; when that is empty ``chatnet-data`` beside the
configuration, or in the current folder when there is none.  In it: ``lock`` (the process id), ``cloak.key``,
``certificates/``, ``accounts.sqlite``.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from chatnet.settings import CloakSettings
from chatnet.transports.private import exposed, open_own, others_write, write_privately
from chatnet.wiring.config import Loaded, os_reason
from chatnet.wiring.ownership import not_ours

DEFAULT_NAME = "chatnet-data"
_SHORTEST_KEY = 32


class DataFolderError(Exception):
    """The data folder cannot be used; the text is one sentence for the operator."""


def locate(loaded: Loaded) -> Path:
    """Where the data folder of this configuration is; it may not exist yet."""
    return loaded.base / (loaded.settings.server.data or DEFAULT_NAME)


def is_held(path: Path) -> bool:
    """Whether a server runs with this data folder."""
    try:
        descriptor = os.open(path / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


class DataFolder:
    """A data folder that this process holds, and that others may not change; made (mode 0700) if need be.

    One of several processes of a server has a folder of its own in the `common` one, where keys and
    certificates are; the first has the common one itself, with the `lock` of the process that started it, a
    descriptor.
    """

    __slots__ = ("_lends", "_lock", "common", "path")

    def __init__(self, path: Path, common: Path | None = None, lock: int | None = None) -> None:
        self.path = path
        self.common = path if common is None else common
        self._lends = lock is not None
        if lock is not None:
            self._lock = lock
            return
        try:
            # Folders above it are the operator's: only the last one is private.
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(mode=0o700, exist_ok=True)
            if others_write(path):  # they could put what they like in the place of keys
                raise DataFolderError(f"The data folder {path} may be changed by others: chmod go-w {path}")
            if (sentence := not_ours(path)) is not None:
                raise DataFolderError(sentence)
            self._lock = open_own(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except (OSError, ValueError) as error:
            what = "lock " if isinstance(error, OSError) and error.filename == str(path / "lock") else ""
            raise DataFolderError(
                f"The data folder {path} cannot be used: {what}{os_reason(error)}."
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._lock, 20, 0).decode("ascii", "replace").strip()
            os.close(self._lock)
            if not isinstance(error, BlockingIOError):
                raise DataFolderError(
                    f"The data folder {path} cannot be locked: {os_reason(error)}."
                ) from None
            who = f" (process {holder})" if holder.isdecimal() else ""
            raise DataFolderError(f"Another chatnet{who} is running with the data folder {path}.") from None
        try:
            self.sign()
        except OSError as error:
            os.close(self._lock)
            raise DataFolderError(
                f"The data folder {path} cannot be written to: {os_reason(error)}."
            ) from None

    @property
    def lock(self) -> int:
        """The descriptor of the lock, which holds the folder as long as some process has it."""
        return self._lock

    def sign(self) -> None:
        """Write this process's id into the lock: once more after becoming a daemon, which changes it."""
        if self._lends:
            return
        text = f"{os.getpid()}\n".encode()
        # In this order: there is room for what was there before, even on a full disk.
        os.pwrite(self._lock, text, 0)
        os.ftruncate(self._lock, len(text))

    def close(self) -> None:
        """Let go of the folder; more than once does no harm."""
        if self._lock >= 0:
            # The file stays: removing it would let two processes hold two files of that name.
            if not self._lends:
                os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = -1

    def exposed(self, settings: CloakSettings) -> list[str]:
        """What is wrong with the rights of the cloak key, if it is in use: a sentence, or none."""
        return exposed([self.common / "cloak.key"] if settings.key is None else [])

    def cloak_key(self, settings: CloakSettings) -> bytes:
        """The secret that cloaks are made with: the configured one, else the one kept here (made once)."""
        if settings.key is not None:
            return settings.key.get_secret_value().encode()
        file = self.common / "cloak.key"
        try:
            if not file.exists():
                write_privately(file, (secrets.token_hex(32) + "\n").encode())
            key = file.read_bytes().strip()
        except OSError as error:
            raise DataFolderError(f"The cloak key {file} cannot be used: {os_reason(error)}.") from None
        if len(key) < _SHORTEST_KEY:
            raise DataFolderError(
                f"The cloak key {file} is damaged (shorter than {_SHORTEST_KEY} characters): restore it, or "
                "remove it to have a new one made, after which bans on cloaks no longer match."
            )
        return key
