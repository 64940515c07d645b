"""Joining without NAMES.  https://ircv3.net/specs/extensions/no-implicit-names"""

from __future__ import annotations

import pytest
from conversation import House


@pytest.mark.parametrize("name", ["no-implicit-names", "draft/no-implicit-names"])
def test_no_names_after_a_join_but_when_asked_for(house: House, name: str) -> None:
    """When negotiated, servers MUST NOT send an implicit NAMES reply after sending a JOIN message. Servers
    MUST reply to explicit NAMES commands sent by the client as usual.
    """
    ann, bob = house.client("ann"), house.client("bob", caps=name)
    ann >> "JOIN #c" >> "TOPIC #c :Chess"
    bob >> "JOIN #c"
    bob << ":bob!~bob@192.0.2.1 JOIN #c"
    bob << ":irc.test 332 bob #c :Chess"
    bob << ":irc.test 333 bob #c *"
    bob.silent()
    bob >> "NAMES #c"
    assert bob.numerics() == ["353", "366"]
    bob >> f"CAP REQ -{name}" >> "JOIN #d"
    assert bob.numerics() == ["353", "366"]
