"""AWAY before registration.  https://ircv3.net/specs/extensions/pre-away"""

from __future__ import annotations

import pytest
from conversation import House


def test_without_the_capability_it_is_too_early(house: House) -> None:
    """Clients wishing to make use of this specification MUST negotiate the capability."""
    ann = house.connect()
    ann >> "AWAY :out" >> "NICK ann" >> "USER ann 0 * :Ann"
    ann << ":irc.test 451 * :You have not registered"
    assert ann.user.away is None


@pytest.mark.parametrize("text", ["Gone to lunch.  Back in 5", "*"])
def test_away_before_registration(house: House, text: str) -> None:
    """If the capability has been negotiated, servers MUST accept the AWAY command before connection
    registration has completed.

    "If the client's nickname was not already present on the server, then AWAY pre-registration sets the away
    message but does not inhibit reporting of the change in nickname status, e.g. via monitor."
    """
    bob = house.client("bob", caps="away-notify")
    bob >> "MONITOR + ann" >> "JOIN #c"
    bob.lines()
    ann = house.connect()
    ann >> "CAP REQ draft/pre-away" >> "NICK ann" >> f"AWAY :{text}"
    ann << ":irc.test CAP * ACK :draft/pre-away"
    ann << ":irc.test 306 ann :You have been marked as being away"
    bob.silent()
    ann >> "USER ann 0 * :Ann" >> "CAP END"
    ann << ":irc.test 001 ann *"
    bob << ":irc.test 730 bob :ann!~ann@192.0.2.1"
    bob >> "PRIVMSG ann :hello" >> "WHO ann"
    bob << f":irc.test 301 bob ann :{text}"
    bob << ":irc.test 352 bob * ~ann 192.0.2.1 irc.test ann G :0 Ann"
    bob.lines()
    ann >> "JOIN #c"
    bob << ":ann!~ann@192.0.2.1 JOIN #c"
    bob << f":ann!~ann@192.0.2.1 AWAY :{text}"
    ann >> "AWAY"
    bob << ":ann!~ann@192.0.2.1 AWAY"


def test_back_before_registration(house: House) -> None:
    """Similarly, AWAY with no parameters indicates that the user is present."""
    ann = house.connect()
    ann >> "CAP REQ draft/pre-away" >> "AWAY *" >> "AWAY"
    ann << ":irc.test CAP * ACK :draft/pre-away"
    ann << ":irc.test 306 * *"
    ann << ":irc.test 305 * *"
    ann >> "CAP END" >> "NICK ann" >> "USER ann 0 * :Ann"
    assert ann.user.away is None
