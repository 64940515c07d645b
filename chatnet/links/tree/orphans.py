"""What is told to servers of other makes of somebody whose server is lost, and who waits for another one.

There they are gone, with a QUIT.  A line by them is by nobody, and may be answered with a KILL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from chatnet.links.neighbour.link import Link
from chatnet.model.entities import User
from chatnet.model.facts import Kicked, Killed, ModesChanged, Source, TopicChanged
from chatnet.model.server import Server

Done = TypeVar("Done", Kicked, Killed, ModesChanged, TopicChanged)


def as_known(fact: Done, link: Link, me: Server) -> Done:
    """A fact that changes something, as a neighbour is told of it: perhaps as if `me` had done it."""
    by = fact.by
    return replace(fact, by=me) if type(by) is User and by.orphan and not link.codec.seats else fact


def who_know(by: Source, ways: Iterable[Link]) -> Iterable[Link]:
    """The neighbours among them to whom `by` is somebody, and who are told what they say."""
    return [link for link in ways if link.codec.seats] if type(by) is User and by.orphan else ways
