"""What a server asks of the system for its process."""

from __future__ import annotations

import os
import resource
import sys
from contextlib import suppress
from typing import Any

from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IReactorCore


def allow_descriptors() -> None:
    """Have as many connections as this process may: many systems begin with 1024 and allow more."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def stop(reactor: Any) -> None:
    """Have the reactor stop, unless it does already."""
    with suppress(ReactorNotRunning):
        IReactorCore(reactor).stop()


def again(folder: str) -> None:
    """Become a new process with the same arguments, which count from `folder`."""
    os.chdir(folder)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
