"""One server as several processes, which are servers of one network: ``[server] processes``.

The process that was started (:mod:`supervisor`) opens the ports, starts the others, and hands each its
sockets.  Each of those is an ordinary server, by settings that are derived from the configuration.
See docs/decisions/0040-a-server-of-several-processes.md.
"""
