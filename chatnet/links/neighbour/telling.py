"""What is told of links: in the log, and to the operators."""

from __future__ import annotations

from chatnet.node import Node
from chatnet.wire.text import printable


def tell(node: Node, text: str) -> None:
    """Write something about links into the log, and to the operators."""
    node.log.info(printable(text))
    node.notice("x", text)
