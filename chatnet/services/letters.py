"""What this server writes to people by mail: plain text, a template for each purpose.

https://www.rfc-editor.org/rfc/rfc5322; nobody answers such mail by a program
(https://www.rfc-editor.org/rfc/rfc3834#section-5).
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class Purpose(Enum):
    """Why a mail is sent."""

    VERIFY = "verify"
    """The code of an account that was registered."""
    EMAIL = "email"
    """The code of an address that an account is to have."""
    RESET = "reset"
    """The code by which a password that was forgotten is replaced."""
    MOVED = "moved"
    """An account has another address; this is told to the old one."""
    LOST = "lost"
    """Somebody else had the name of an account for longer."""
    DISPUTED = "disputed"
    """A password was changed on two servers while they were apart."""


_SUBJECTS: Final = {
    Purpose.VERIFY: "Your account {account} on {network}",
    Purpose.EMAIL: "The address of your account {account} on {network}",
    Purpose.RESET: "The password of your account {account} on {network}",
    Purpose.MOVED: "Your account {account} on {network} has another address",
    Purpose.LOST: "Your account {account} on {network} is called otherwise now",
    Purpose.DISPUTED: "The password of your account {account} on {network} was changed twice",
}
_TEXTS: Final = {
    Purpose.VERIFY: """\
Somebody, most likely you, has registered the account {account} on {network}
with this address. To show that it is yours, say there:

    /msg {nickserv} VERIFY {account} {code}

Without that the account is erased in {time}. If it was not you, there is
nothing to do: please ignore this mail.
""",
    Purpose.EMAIL: """\
Somebody, most likely you, wants the account {account} on {network} to have
this address. To show that it is yours, log in and say there, within {time}:

    /msg {nickserv} VERIFYEMAIL {code}

If it was not you, there is nothing to do: please ignore this mail.
""",
    Purpose.RESET: """\
Somebody has asked for another password of your account {account} on
{network}. To choose one, say there within {time}:

    /msg {nickserv} RESETPASS {account} {code} <the new password>

If it was not you, there is nothing to do: the password stays as it is, and
whoever asked cannot see this mail.
""",
    Purpose.MOVED: """\
Your account {account} on {network} has another address from now on, and you
get no more mail here. If that was not you, somebody knows your password:
please ask an operator there for help.
""",
    Purpose.LOST: """\
While servers of {network} were apart the name {name} was registered twice,
and the other one was first. Your account is called {account} now; password,
certificates and channels are yours as before, and you can still log in by
the old name. To choose another one, log in, take a nick, and say:

    /msg {nickserv} SET NAME <nick>
""",
    Purpose.DISPUTED: """\
The password of your account {account} on {network} was changed on two
servers while they were apart; the later one counts. If that was not you, say
there:

    /msg {nickserv} SENDPASS {account}
""",
}


def letter(
    purpose: Purpose, to: str, sender: str, at: float, message_id: str, /, *, network: str, **words: str
) -> str:
    """A whole mail of the Unix time `at`, in ASCII, with LF; ValueError where a header has several lines.

    `words` are what the template asks for: ``account``, ``nickserv``; perhaps ``code``, ``time``, ``name``.
    """
    # Only those who send mail pay for the import.
    from email.message import EmailMessage
    from email.policy import SMTP
    from email.utils import formataddr, formatdate

    words = {"network": network, **words}
    message = EmailMessage(SMTP.clone(cte_type="7bit", linesep="\n"))
    message["From"] = formataddr((network, sender))
    message["To"] = to
    message["Subject"] = _SUBJECTS[purpose].format(**words)
    message["Date"] = formatdate(at)
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_TEXTS[purpose].format(**words))
    return message.as_bytes().decode("ascii")
