"""Tell systemd how the daemon is (``Type=notify`` and ``notify-reload``): a datagram, no library.

https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

READY = "READY=1"
STOPPING = "STOPPING=1"


def reloading() -> str:
    """The state at the beginning of a reload, with the time in microseconds that systemd asks for."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"


def notify(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Send a state to the service manager; False if none asked for it, or it does not hear.

    A state is one or several lines: :data:`READY`, :data:`STOPPING`, what :func:`reloading` gives, or
    ``STATUS=a sentence``.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in ("/", "@"):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        try:
            sender.sendto(state.encode(), address)
        except OSError:
            return False
    return True
