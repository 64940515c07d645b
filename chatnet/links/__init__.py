"""Neighbour servers, sans-IO: bytes in, facts out, and facts told onward.  https://github.com/solanum-ircd/solanum

One :class:`~chatnet.links.link.Link` is one connection to a neighbour.  What it says becomes facts in
``inbound``; what happens elsewhere is told to it by ``outbound``, in the words of its codec.
"""
