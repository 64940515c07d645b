"""Whom a ban of the network keeps from connecting: programs are held against it at every door of theirs."""

from __future__ import annotations

from chatnet.api.problems import Problem
from chatnet.rules.banned_words import told
from chatnet.session.sessions import Sessions


def judge_address(sessions: Sessions, address: str) -> None:
    """Refuse what comes from an address that is banned, whatever token or secret it has; raises Problem."""
    ban = sessions.network_bans.address(address)
    if ban is not None:
        raise Problem("banned", told(ban, sessions.node.settings) or "")
