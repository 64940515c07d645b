"""Neighbour servers, sans-IO: bytes in, facts out, and facts told onward.  https://github.com/solanum-ircd/solanum

One :class:`~chatnet.links.link.Link` is one connection to a neighbour.  What it says becomes facts in
``inbound``; what happens elsewhere is told to it by ``outbound``, in the words of its codec.
"""

from __future__ import annotations

from chatnet.links.links import Links  # first, for these modules know each other

# isort: split
from chatnet.links import inbound  # whose verbs are known from now on

__all__ = ["Links", "inbound"]
