"""What may be the name, the password and the address of an account: a sentence for the first mistake."""

from __future__ import annotations

from chatnet.settings import AccountsSettings
from chatnet.wire.casemap import Folder
from chatnet.wire.names import is_mail_address


def unacceptable_password(settings: AccountsSettings, password: str) -> str | None:
    """Why nobody could log in with a password everywhere; None if one can.

    https://ircv3.net/specs/extensions/account-registration: "Servers may also choose to reject any non-UTF-8
    password with `UNACCEPTABLE_PASSWORD`."
    """
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        return "The password is not valid UTF-8"
    if size > settings.password_bytes:
        return f"The password is longer than {settings.password_bytes} bytes"
    if any(each < " " or "\x7f" <= each <= "\x9f" for each in password):
        return "The password has control characters in it"
    if password == "*":
        return "An asterisk is no password"
    return None


def weak_password(
    settings: AccountsSettings, password: str, names: tuple[str, ...], fold: Folder
) -> str | None:
    """Why a password is too easily guessed by who knows the `names` of its owner."""
    if len(password) < settings.password_min:
        return f"The password is shorter than {settings.password_min} characters"
    if any(password.lower() == name.lower() or fold(password) == fold(name) for name in names):
        return "The password is the name or the address of the account"
    return None


def invalid_email(text: str) -> str | None:
    """Why no mail can be sent to an address."""
    return None if is_mail_address(text) else "This is no address for mail; * gives none"
