"""What operators do is noted, and AUDIT shows it."""

from __future__ import annotations

from club import Club
from conversation import Client
from states import opered


def said(client: Client, line: str) -> list[str]:
    client >> line
    return [text.partition(" :")[2] for text in client.lines() if "*** Notice" not in text]


def test_notes_are_forgotten_when_their_time_is_over() -> None:
    club = Club(audit={"keep": 30})
    root = staff(club)
    said(root, "UBAN ADD name:x")
    club.clock.advance(20 * 86400)
    said(root, "UBAN ADD name:y")
    assert club.parts.nickserv is not None
    for days, left in ((9, 2), (2, 1), (20, 0)):
        club.clock.advance(days * 86400)
        club.parts.nickserv.sweeping.sweep()
        assert said(root, "AUDIT")[-1] == f"End of AUDIT: {left or 'no'} note{'' if left == 1 else 's'}"
    club.check()


def staff(club: Club) -> Client:
    root = club.client("root", address="198.51.100.1")
    opered(root, "bans", "see-all", "audit", "kill", "channels", "broadcast", snomask="g")
    return root


def test_each_privileged_act_is_shown() -> None:
    club = Club()
    root, ann = staff(club), club.client("ann", address="192.0.2.9")
    ann >> "JOIN #c" >> "MODE #c +i"
    said(root, "UBAN ADD *@bad.example 1d spam|private")
    club.clock.advance(86400)
    said(root, "UNKLINE *@bad.example")
    said(root, "KLINE *@bad.example :again")
    said(root, "UNKLINE *@bad.example")
    said(root, "JOIN #c")
    said(root, "PRIVMSG $$irc.test :hear")
    said(root, "KILL ann :go")
    first, later = "2023-11-14 22:13 UTC root (root)", "2023-11-15 22:13 UTC root (root)"
    every = [
        f"{first} UBAN *@bad.example: 1d: spam|private",
        f"{later} KLINE *@bad.example: for ever: again",
        f"{later} UNKLINE *@bad.example: lifted: again",
        f"{later} JOIN #c: in spite of ERR_INVITEONLYCHAN",
        f"{later} PRIVMSG $$irc.test",
        f"{later} KILL ann!~ann@192.0.2.9: go",
    ]
    assert said(root, "AUDIT") == [*every[::-1], "End of AUDIT: 6 notes"]
    assert said(root, "AUDIT KILL") == [every[5], "End of AUDIT: 1 note"]
    assert said(root, "AUDIT bad.example 2h") == [*every[2:0:-1], "End of AUDIT: 2 notes"]
    assert said(root, "AUDIT 2023-11-15")[-1] == "End of AUDIT: 5 notes"
    assert said(root, "AUDIT nothing") == ["End of AUDIT: no notes"]
    assert said(root, "AUDIT ann soon") == [
        "Nothing has 'ann soon' in it; a time is 7d, or 2023-11-15", "End of AUDIT: no notes",
    ]  # fmt: skip
    club.check()


def test_as_much_is_shown_as_the_settings_say() -> None:
    club = Club(audit={"lines": 10})
    root = staff(club)
    for number in range(12):
        said(root, f"UBAN ADD name:x{number}")
    heard = said(root, "AUDIT")
    assert heard[0] == "There are more; these are the newest 10"
    assert heard[1].endswith("UBAN name:x11: for ever")
    assert heard[-1] == "End of AUDIT: 10 notes"


def test_a_full_disk_stops_nobody_and_operators_read_of_it_once() -> None:
    club = Club()
    root = staff(club)
    club.store.broken = True
    for number in range(3):
        club.client(f"v{number}")
        root >> f"KILL v{number} :go"
    heard = [line for line in root.lines() if "noted" in line]
    assert heard == [
        ":irc.test NOTICE * :*** Notice -- What operators do is not noted:"
        " This server cannot write to its disk"
    ]
    assert len(club.node.network.users) == 1
    club.store.broken = False
    club.client("v")
    root >> "KILL v :go"
    assert [line for line in root.lines() if "noted" in line] == [
        ":irc.test NOTICE * :*** Notice -- What operators do is noted again"
    ]
    club.store.unreadable = True
    root >> "AUDIT" << ":irc.test FAIL AUDIT TEMPORARILY_UNAVAILABLE :This server cannot read from its disk"
