"""What the settings choose for people who are logged in."""

from __future__ import annotations

from chatnet.model.entities import User
from chatnet.node import Node

YES = ("opt-out", "all")


class SettingsPolicy:
    """Everybody has what is the default."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def refusal(self, user: User, sessions: int, secure: bool) -> str | None:
        """Why no session is attached to `user`."""
        settings = self._node.settings.bouncer
        if settings.sessions not in YES:
            return "off"
        if sessions >= settings.sessions_most:
            return f"You have {sessions} sessions already"
        if not secure and any("S" in channel.flags for channel in user.channels):
            return "You are in a channel for TLS only"
        return None

    def stays(self, user: User) -> bool:
        """Whether they are always on."""
        return user.account is not None and self._node.settings.bouncer.always_on in YES

    def goes_away(self, user: User) -> bool:
        """Whether they are away when nobody is connected."""
        return self._node.settings.bouncer.auto_away in YES

    def replays(self, user: User) -> bool:
        """Whether a client that cannot ask is shown what it missed."""
        return self._node.settings.bouncer.replay_missed
