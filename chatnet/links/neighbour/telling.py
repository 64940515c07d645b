"""What is told of links: in the log, and to the operators."""

from __future__ import annotations

from chatnet.node import Node
from chatnet.wire.text import printable


def tell(node: Node, text: str, public: str | None = None) -> None:
    """Write something about links into the log, and to the operators; `public` as in ``Node.notice``."""
    node.log.info(printable(text))
    node.notice("x", text, public)
