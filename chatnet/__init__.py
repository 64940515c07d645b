"""chatnet: a chat server and network on Twisted that speaks IRC."""

__version__ = "0.1.0"
