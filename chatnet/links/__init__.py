"""Neighbour servers, sans-IO: bytes in, facts out, and facts told onward.

A :class:`~chatnet.links.neighbour.link.Link` is one neighbour.  What it says becomes facts in ``inbound``;
what happens elsewhere is told to it by ``outbound``, in the words of its codec, which are those of Solanum:
https://github.com/solanum-ircd/solanum  docs/architecture.md has the ladder of these folders.
"""

from __future__ import annotations

from chatnet.links.links import Links

__all__ = ["Links"]
