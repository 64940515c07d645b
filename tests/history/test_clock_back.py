"""The clock of the machine is set back: whatever is said then is kept, and found, once."""

from __future__ import annotations

from archive import CAPS, Archive, page, parsed
from conversation import Client, ManualClock
from mesh import OtherClock


def ids(client: Client, command: str) -> list[str]:
    return [line.msgid for line in page(client, command).lines]


def test_each_message_is_told_once() -> None:
    clock = OtherClock(ManualClock(), 0)
    house = Archive(clock=clock)
    ann = house.member("ann", caps=f"{CAPS} echo-message draft/message-redaction")
    ann >> "JOIN #c"
    clock.advance(7200)  # or it would be said before there was a channel
    said: list[str] = []
    for number in range(12):
        if number == 6:
            clock.ahead -= 3600
        ann.lines()
        ann >> f"PRIVMSG #c :{number}"
        said.append(parsed(ann.lines()[-1]).msgid)
        clock.advance(1)
    assert sorted(said) == said
    newest = ids(ann, "CHATHISTORY LATEST #c * 5")
    found = newest
    while newest:
        newest = ids(ann, f"CHATHISTORY BEFORE #c msgid={newest[0]} 5")
        found = newest + found
    # By their times, which are those of the clock.
    assert found == [*said[6:], *said[:6]]
    oldest = ids(ann, "CHATHISTORY AFTER #c timestamp=1970-01-01T00:00:00.000Z 5")
    found = oldest
    while oldest:
        oldest = ids(ann, f"CHATHISTORY AFTER #c msgid={oldest[-1]} 5")
        found += oldest
    assert found == [*said[6:], *said[:6]]
    for msgid in said:
        assert msgid in ids(ann, f"CHATHISTORY AROUND #c msgid={msgid} 3")
        ann >> f"REDACT #c {msgid}"
    told = page(ann, "CHATHISTORY LATEST #c * 50").texts
    assert not [text for text in told if " PRIVMSG " in text]
