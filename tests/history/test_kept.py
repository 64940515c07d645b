"""What REDACT finds in the store."""

from __future__ import annotations

from archive import Archive


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
