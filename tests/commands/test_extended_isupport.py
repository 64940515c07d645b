"""005 whenever one asks, and in batches.  https://ircv3.net/specs/extensions/extended-isupport"""

from __future__ import annotations

import re

import pytest
from conversation import Client, House


def batch(client: Client, nick: str, label: str = "") -> list[str]:
    """Read one whole batch of 005; the texts in it."""
    first, *inner, last = client.lines()
    found = re.fullmatch(rf"{label}:irc\.test BATCH \+([a-z0-9]+) draft/isupport", first)
    assert found, first
    assert last == f":irc.test BATCH -{found[1]}"
    head = f"@batch={found[1]} :irc.test 005 {nick} "
    assert inner and all(line.startswith(head) for line in inner)
    return [line.removeprefix(head).removesuffix(" :are supported by this server") for line in inner]


def test_the_whole_list_before_registration(house: House) -> None:
    """When the draft/extended-isupport capability is enabled by the client, the server MUST accept ISUPPORT
    commands before connection registration completes.
    """
    ann = house.connect()
    ann >> "CAP REQ :batch draft/extended-isupport"
    ann << ":irc.test CAP * ACK :batch draft/extended-isupport"
    ann >> "ISUPPORT"
    assert batch(ann, "*") == house.parts.sessions.isupport
    ann >> "NICK ann" >> "ISUPPORT"
    assert batch(ann, "ann") == house.parts.sessions.isupport


def test_who_did_not_ask_is_too_early(house: House) -> None:
    ann = house.connect()
    ann >> "ISUPPORT"
    ann << ":irc.test 451 * :You have not registered"
    bob = house.client("bob")
    bob >> "ISUPPORT"
    assert bob.lines() == [
        f":irc.test 005 bob {text} :are supported by this server" for text in house.parts.sessions.isupport
    ]


def test_without_batches_the_lines_stand_alone(house: House) -> None:
    """The server MUST reply with one or more RPL_ISUPPORT messages (grouped inside a draft/isupport batch if
    the batch and draft/extended-isupport capabilities are enabled).
    """
    ann = house.connect()
    ann >> "CAP REQ draft/extended-isupport" >> "ISUPPORT"
    ann.until("* ACK *")
    assert {line.split(" ")[1] for line in ann.lines()} == {"005"}
    bob = house.client("bob", caps="batch")
    bob >> "ISUPPORT"
    assert {line.split(" ")[1] for line in bob.lines()} == {"005"}


@pytest.mark.parametrize(
    "caps", ["batch draft/extended-isupport", "draft/extended-isupport batch server-time"]
)
def test_no_line_outside_of_a_batch(house: House, caps: str) -> None:
    """The server MUST NOT send any unbatched RPL_ISUPPORT message while both of these capabilities are
    enabled. The order in which the capabilities are enabled is not significant.

    "The batch MUST only contain one or more RPL_ISUPPORT messages, it MUST NOT contain any other message."
    """
    ann = house.connect()
    for name in caps.split():
        ann >> f"CAP REQ {name}"
    ann >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END" >> "VERSION" >> "ISUPPORT"
    house.reload(limits={"topic": 111})
    lines = ann.lines()
    opened = None
    batches: list[int] = []
    for line in lines:
        found = re.fullmatch(r"(?:@(\S+) )?:\S+ (\S+) (\S+)(.*)", line)
        assert found
        tags, verb, first, rest = found[1] or "", found[2], found[3], found[4]
        if verb == "BATCH" and first.startswith("+"):
            assert opened is None and rest == " draft/isupport"
            opened = first[1:]
            batches.append(0)
        elif verb == "BATCH":
            assert first == f"-{opened}"
            opened = None
        else:
            assert (verb == "005") is (opened is not None) is (f"batch={opened}" in tags.split(";"))
            if opened is not None:
                batches[-1] += 1
    whole = len(house.parts.sessions.isupport)
    assert batches == [whole, whole, whole, 1]
    assert "TOPICLEN=111" in lines[-2]


def test_a_label_is_on_the_batch(house: House) -> None:
    ann = house.client("ann", caps="batch draft/extended-isupport labeled-response")
    ann >> "@label=x ISUPPORT"
    assert batch(ann, "ann", "@label=x ") == house.parts.sessions.isupport
