"""What somebody reads who has to log in before they come in: how that is done, and whom to ask."""

from __future__ import annotations

from chatnet.settings import Settings


def how_to_log_in(settings: Settings) -> str:
    """The ways to log in while connecting, and ``server.help``."""
    ways = ["have your client do it by SASL"]
    if settings.accounts.login_by_pass and settings.keeps_accounts:
        ways.append("give <account>:<password> as the password of the server")
    words = ", or ".join(ways)
    return f"{words}. Questions: {settings.server.help}" if settings.server.help else words
