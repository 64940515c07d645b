"""``chatnet invite``: make a link by which people come into channels, also while the server runs."""

from __future__ import annotations

import argparse

from chatnet.services.invites import MOST, Wish
from chatnet.settings.browsing import link_to
from chatnet.wire.server_time import DAY, minute
from chatnet.wire.text import cut, one_line
from chatnet.wiring.account_commands import opened
from chatnet.wiring.keeper import KeeperError

LABEL = 50
"""Bytes of what a link is called."""


def run(arguments: argparse.Namespace) -> None:
    """Make one and show it, once; KeeperError or ConfigError says in a sentence why not."""
    with opened(arguments) as keeper:
        settings = keeper.settings.invites
        days = settings.days if arguments.days is None else arguments.days
        most = settings.most if arguments.most is None else arguments.most
        if not 1 <= days <= settings.days_most:
            raise KeeperError(f"A link is good for 1 to {settings.days_most} days.")
        if not 1 <= most <= MOST:
            raise KeeperError(f"1 to {MOST} people may come by a link.")
        wish = Wish(
            int(keeper.now) + days * DAY,
            most,
            arguments.register,
            not arguments.accounts,
            "V" if arguments.voice else "",
            cut(one_line(arguments.label), LABEL),
        )
        names = arguments.channel.split(",")
        secret = keeper.invite(names, wish)
        page = link_to(keeper.settings, secret)
        if page is not None:
            print(page)
        print(f"/join {arguments.channel} {','.join([secret] * len(names))}")
        print(f"{most} may come by it until {minute(wish.until)}. It is not shown again.")
