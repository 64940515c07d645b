"""Whose the data folder is: it has to be the user's as whom the server writes, whoever has begun it.

``twistd --uid`` starts as root, makes what is missing, and becomes that user before the reactor runs.  Under
systemd's ``User=`` the process never was root, and can only say what is to be done.
"""

from __future__ import annotations

import os
import pwd
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.application.service import Service
from twisted.logger import Logger

from chatnet.wiring.config import os_reason
from chatnet.wiring.logs import LogOutput

log = Logger(namespace="chatnet")


def user_name(uid: int) -> str:
    """The name of a user, or else the number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def not_ours(folder: Path) -> str | None:
    """What is to be done so that this process may write where it has to; None if it may."""
    for path in (folder, folder / "lock", *folder.glob("*.sqlite*")):
        if path.exists() and not os.access(path, os.R_OK | os.W_OK, effective_ids=True):
            owner, user = path.stat().st_uid, user_name(os.geteuid())
            if os.statvfs(path).f_flag & os.ST_RDONLY:
                return f"{path} is on a file system that nobody can write to: mount it so that they can"
            if owner == os.geteuid():
                return (
                    f"{path} may not be written to, not even by {user}, whose it is: chmod -R u+rwX {folder}"
                )
            return f"{path} is {user_name(owner)}'s, and this server runs as {user}: chown -R {user} {folder}"
    return None


def give(folder: Path, uid: int, gid: int) -> None:
    """Have a folder and all that is in it belong to a user.  Raises OSError.

    No symbolic link is followed, and a file with several names stays whose it is: the user could have put
    either of them there, to be given what is not theirs.
    """
    for _, _, names, descriptor in os.fwalk(folder, follow_symlinks=False):
        os.fchown(descriptor, uid, gid)
        for name in names:
            _give(name, descriptor, uid, gid)


def _give(name: str, folder: int, uid: int, gid: int) -> None:
    if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        return
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        state = os.fstat(file)
        if stat.S_ISREG(state.st_mode) and state.st_nlink == 1:
            os.fchown(file, uid, gid)
    finally:
        os.close(file)


class HandingOver(Service):
    """Gives the data folder to the user that ``twistd`` becomes next, as its options say.

    It stands behind the services that open and make what only root may.
    """

    def __init__(self, twistd: Mapping[str, Any] | None, folder: Path, output: LogOutput) -> None:
        options = {} if twistd is None else twistd
        self._output = output
        self._uid: int | None = options.get("uid")
        self._gid: int | None = options.get("gid")
        self._folder = folder

    def privilegedStartService(self) -> None:
        if self._uid is None or os.geteuid():
            return
        try:
            give(self._folder, self._uid, -1 if self._gid is None else self._gid)
        except OSError as error:
            user = user_name(self._uid)
            sentence = f"chatnet cannot start: the data folder {self._folder} cannot be given to {user}: "
            sentence += f"{os_reason(error)}. Give it to them before: chown -R {user} {self._folder}"
            log.critical("{sentence}", sentence=sentence)
            if self._output.in_file and sys.__stderr__ is not None:
                print(sentence, file=sys.__stderr__)  # twistd has put the log in the place of the other one
            raise SystemExit(1) from None
