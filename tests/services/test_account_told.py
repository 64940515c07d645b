"""Who is logged in to an account is told to others, and to oneself.

https://ircv3.net/specs/extensions/account-notify, https://ircv3.net/specs/extensions/account-tag and
https://ircv3.net/specs/extensions/extended-join
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from club import PASSWORD, Club, plain
from conversation import Client


@pytest.fixture
def club() -> Iterator[Club]:
    """A house with two accounts, ann and hax0r; afterwards all is sound."""
    club = Club()
    club.account()
    club.account("hax0r")
    yield club
    club.check()


def offered(client: Client) -> str:
    """What CAP LS offers."""
    client >> "CAP LS 302"
    return " ".join(client.lines())


def in_channel(club: Club, nick: str, caps: str = "") -> Client:
    """A user who is in #atheme."""
    client = club.client(nick, caps=f"sasl {caps}")
    client >> "JOIN #atheme"
    client.lines()
    return client


def log_in(client: Client, account: str = "ann") -> None:
    """They log in by PLAIN, and read of it."""
    plain(client, account)
    client.until(":irc.test 903 *")


# account-notify


def test_accounts_of_those_in_common_channels_and_ones_own_are_told(club: Club) -> None:
    # "This capability MUST be referred to as 'account-notify' at capability negotiation time."
    assert "account-notify" in offered(club.connect())
    user, other, plainly = (
        in_channel(club, "user", "account-notify"), in_channel(club, "other", "account-notify"),
        in_channel(club, "plainly"),
    )  # fmt: skip
    far = club.client("far", caps="account-notify")
    user.lines()
    other.lines()
    # "clients will get the ACCOUNT message to designate the account name changes for clients on common
    # channels with them, including themselves."  "The last parameter is the display name of that account."
    plain(user, "ANN")
    user << ":irc.test 900 *"
    user << ":user!~user@192.0.2.1 ACCOUNT ann"
    user << ":irc.test 903 *"
    other << ":user!~user@192.0.2.1 ACCOUNT ann"
    # "`:nick!user@host ACCOUNT *` … This message represents that the user identified by nick!user@host has
    # logged out of their account."
    account = club.accounts.registry.named("ann")
    assert account is not None
    club.change(account, status="dropped")
    user << ":irc.test 901 *"
    for client in (user, other):
        client << ":user!~user@192.0.2.1 ACCOUNT *"
    far.silent()
    plainly.silent()


def test_who_registers_an_account_is_told_of_as_who_logs_in(club: Club) -> None:
    user, other = in_channel(club, "user", "account-notify"), in_channel(club, "other", "account-notify")
    user.lines()
    user >> f"REGISTER * * :{PASSWORD}"
    other << ":user!~user@192.0.2.1 ACCOUNT user"


def test_an_asterisk_is_no_account(club: Club) -> None:
    # "As the last parameter is an asterisk, this means that an asterisk is not a valid account name"
    star = club.connect()
    star >> "NICK *"
    star << ":irc.test 432 *"
    star >> f"REGISTER * * :{PASSWORD}"
    star << ":irc.test FAIL REGISTER NEED_NICK * :*"


# account-tag


def test_what_somebody_says_bears_their_account(club: Club) -> None:
    # "The tag MUST be named `account`, and contain the sender's current services username. (If the user is
    # not identified to any services account, the tag MUST NOT be sent.)"  "The tag MUST be added by the ircd
    # to all commands sent by a user (e.g. PRIVMSG, MODE, NOTICE, and all others)."  The example:
    user = in_channel(club, "user")
    reader = in_channel(club, "reader", "account-tag account-notify")
    user.lines()
    user >> "PRIVMSG #atheme :Hello everyone."
    reader << ":user!* PRIVMSG #atheme :Hello everyone."
    log_in(user, "hax0r")
    reader << ":user!* ACCOUNT hax0r"
    user >> "PRIVMSG #atheme :Now I'm logged in."
    reader << "@account=hax0r :user!* PRIVMSG #atheme :Now I'm logged in."
    log_in(user)
    reader << "@account=hax0r :user!* ACCOUNT ann"
    user >> "NOTICE #atheme :I switched accounts." >> "MODE #atheme +m" >> "TOPIC #atheme :x" >> "NICK you"
    user >> "PRIVMSG reader :x" >> "INVITE reader #other" >> "KICK #atheme reader" >> "QUIT"
    told = [line for line in reader.lines() if "user!" in line or "you!" in line]
    assert len(told) == 6 and all(line.startswith("@account=ann :") for line in told)


def test_numerics_that_somebody_causes_bear_their_account(club: Club) -> None:
    # "The tag also SHOULD be added by the ircd to all numerics directly caused by the sender. For example, if
    # the target user has "caller ID" enabled (e.g. user modes +R or +g in Charybdis), the tag SHOULD be added
    # to numerics indicating blocked message attempts (numeric 718 aka `RPL_UMODEMSG`)."
    user, quiet = club.client("user", caps="sasl"), club.client("quiet", caps="account-tag")
    log_in(user)
    quiet >> "MODE quiet +g"
    quiet.lines()
    user >> "PRIVMSG quiet :hello"
    quiet << "@account=ann :irc.test 718 quiet user *"


# extended-join


def test_a_join_tells_the_account(club: Club) -> None:
    # "This capability MUST be referred to as 'extended-join' at capability negotiation time.  When enabled,
    # the JOIN message will designate the account name of the user when they join a channel."
    assert "extended-join" in offered(club.connect())
    reader = in_channel(club, "reader", "extended-join")
    user = club.client("user", caps="sasl")
    # "`:nick!user@host JOIN #channelname * :Real Name` … the user has not logged in to an account prior to
    # channel ingress."
    user >> "JOIN #atheme"
    reader << ":user!~user@192.0.2.1 JOIN #atheme * :User"
    user >> "PART #atheme"
    user.lines()
    log_in(user)
    # "`:nick!user@host JOIN #channelname accountname :Real Name` … The penultimate parameter is the display
    # name of that account. The last parameter is the user's GECOS."
    user >> "JOIN #atheme"
    reader << ":user!~user@192.0.2.1 PART #atheme"
    reader << ":user!~user@192.0.2.1 JOIN #atheme ann :User"


def test_who_came_in_logged_in_is_told_of_at_once(club: Club) -> None:
    reader = in_channel(club, "reader", "extended-join account-notify")
    user = club.connecting()
    plain(user)
    user >> "NICK user" >> "USER user 0 * :User" >> "CAP END" >> "JOIN #atheme"
    reader << ":user!~user@192.0.2.1 JOIN #atheme ann :User"
    reader.silent()
