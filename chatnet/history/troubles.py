"""What is wrong with the store of messages, as the log and operators read of it."""

from __future__ import annotations

from typing import Final

from chatnet.node import Node
from chatnet.storage.messages.interfaces import Trouble


class Troubles:
    """Hears what the store says of itself: once what is wrong, and once that it is over."""

    def __init__(self, node: Node) -> None:
        self._node: Final = node

    def hear(self, trouble: Trouble | None) -> None:
        """Tell operators with snomask ``g``; None: all is well again."""
        if trouble is None:
            text = "Messages are stored again"
        elif trouble.lost:
            text = f"Messages were lost: {trouble.lost} that waited to be stored were dropped"
        else:
            text = f"Messages are not stored: {trouble.text}"
        self._node.log.warn(text)
        self._node.notice("g", text)
