"""What is wrong with a plugin, for those who start a server with one."""

from __future__ import annotations


class PluginError(Exception):
    """A plugin cannot be loaded; one sentence."""
