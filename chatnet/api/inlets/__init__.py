"""Inlets: other ways in for what programs and machines say: a line, a datagram, syslog."""
