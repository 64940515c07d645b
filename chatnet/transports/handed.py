"""A port that another process has opened: its listening socket is ours to accept from."""

from __future__ import annotations

import socket


class Handed:
    """As much of a listening port of Twisted as is asked for."""

    __slots__ = ("socket",)

    def __init__(self, listening: socket.socket) -> None:
        listening.setblocking(False)
        self.socket = listening

    def stopReading(self) -> None:
        """No reactor reads it."""

    def stopListening(self) -> None:
        """Close it here; whoever has opened it has it still."""
        self.socket.close()
