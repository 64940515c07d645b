"""What :mod:`nursery` starts: it has imported all that a daemon needs, and has a copy of itself be one."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, Final

WITHOUT: Final = (".wiring.smtp", ".migrations", ".__main__")
"""The first makes a reactor, which each process has to do for itself; the others are programs."""
LARGEST: Final = 1 << 18
"""Bytes of a request."""


def load() -> None:
    """Import chatnet and the ways into twistd, and make the statements of its stores, but nothing else."""
    import twisted.internet.epollreactor
    import twisted.scripts._twistd_unix  # noqa: F401

    import chatnet

    for module in pkgutil.walk_packages(chatnet.__path__, "chatnet."):
        if not any(name in module.name for name in WITHOUT):
            importlib.import_module(module.name)
    make_statements()
    assert "twisted.internet.reactor" not in sys.modules
    gc.collect()
    gc.freeze()


def make_statements() -> None:
    """What a process makes once, of the stores that most servers have; without, each copy would."""
    from chatnet.storage import opening, tables
    from chatnet.storage.messages import tables as of_messages
    from chatnet.storage.messages.gathering import Gathering
    from chatnet.storage.messages.speech import SQLITE
    from chatnet.storage.persons import tables as of_persons

    tables.creation(opening.DIALECT)
    tables.statements_in(opening.DIALECT)
    of_messages.creation(SQLITE.dialect)
    of_messages.statements_in(SQLITE)
    of_persons.statements()
    Gathering(lambda: None)


def serve(requests: socket.socket) -> bool:
    """Answer requests until there will be no more; True in a process that is to be a daemon."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, descriptors, _, _ = socket.recv_fds(requests, LARGEST, 2)
        if not data:
            return False
        if os.fork() == 0:
            return keep(requests, json.loads(data), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def keep(requests: socket.socket, request: dict[str, Any], output: int, status: int) -> bool:
    """Have a child that is a daemon, tell its process id, and when it has ended how; True in the child."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        become(request, output)
        return True
    os.close(output)
    os.write(status, b"%d\n" % child)
    requests.close()
    os.write(status, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os._exit(0)


def become(request: dict[str, Any], output: int) -> None:
    """Be as a process that was started with this command, in this folder, with this environment."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, 256)
    sys.argv = request["command"]
    sys.orig_argv[:] = [sys.executable, *sys.argv]
    sys.path[0] = str(Path(sys.argv[0]).parent)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as end:
        load()
        daemon = serve(end)
        if daemon:
            end.detach()
    if daemon:
        from twisted.scripts.twistd import run

        sys.exit(run())
