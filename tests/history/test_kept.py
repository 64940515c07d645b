"""What REDACT finds in the store."""

from __future__ import annotations

from archive import Archive
from conversation import START

from chatnet.history.kept import ALL, KeptPast
from chatnet.model.ids import UID
from chatnet.model.past import Page, Record, Redaction
from chatnet.storage.answers import at_once
from chatnet.storage.messages.rows import CLOSED, View, Wanted


def test_what_happened_is_no_message_that_could_be_deleted() -> None:
    house = Archive()
    ann = house.member("ann", caps="message-tags batch draft/message-redaction draft/chathistory")
    ann >> "JOIN #c"
    ann.lines()
    ann >> "TOPIC #c :tea"
    msgid = ann.until("@* TOPIC *").partition("msgid=")[2].partition(" ")[0].partition(";")[0]
    ann >> f"REDACT #c {msgid} :no"
    ann << f":irc.test FAIL REDACT UNKNOWN_MSGID #c {msgid} :This message does not exist or is too old"
    house.check()


def test_what_others_tell_without_saying_so_was_said_behind_doors_that_were_closed_then() -> None:
    """As far as what was heard here tells; and all of it if they are closed now."""
    house = Archive(history={"events": ["MODE"]})
    ann = house.member("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :0 open"
    for second, line in enumerate(
        ["MODE #c +s", "PRIVMSG #c :2 closed", "MODE #c -s", "PRIVMSG #c :4 open", "PRIVMSG #c :5 open"], 1
    ):
        house.clock.advance(10)
        ann >> line
        assert house.ms() == int((START + 10 * second) * 1000)
    channel, recorder = house.node.network.channel("#c"), house.parts.recorder
    assert channel is not None and recorder is not None
    past = KeptPast(house.messages, recorder, house.parts.sessions.places, house.parts.history)

    def told(*seconds: float) -> list[bool]:
        """Whether what was said at these times is behind closed doors."""
        ids = [f"{each}-{house.clock.time()}" for each in seconds]
        records = [
            Record(msgid, START + at, "PRIVMSG", b"eve!e@h", UID("9ZZAAAAAA"), "hello")
            for msgid, at in zip(ids, seconds, strict=True)
        ]
        gone = [
            Redaction(f"x{each}", START + at, f"r{each}", b"eve!e@h", UID("9ZZAAAAAA"), "")
            for each, at in zip(ids, seconds, strict=True)
        ]
        assert house.done(past.take_in(channel, Page(records, gone))) == len(seconds)
        view = View(house.place(), closed=None, ranks=-1)
        found = {row.msgid: row.flags for row in at_once(house.messages.page(view, Wanted(ALL, 100))).rows}
        redacted = {
            each.msgid: each.flags for each in at_once(house.messages.redactions(house.place(), 0, 99))
        }
        assert [redacted[f"r{each}"] & CLOSED for each in ids] == [found[each] & CLOSED for each in ids]
        return [bool(found[msgid] & CLOSED) for msgid in ids]

    assert told(-5, 45, 55) == [False, False, False]
    assert told(5, 15, 25, 35, 47) == [True, True, True, True, False]
    house.clock.advance(10)
    ann >> "MODE #c +k tea"
    assert told(-5, 45) == [True, True]
