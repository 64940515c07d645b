"""What machines say by syslog, in both forms, and whatever else comes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs

from chatnet.api.inlets.syslog import SEVERITIES, Told, read


@pytest.mark.parametrize(
    ("data", "told"),
    [
        # RFC 5424, section 6.5
        (
            b"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su root' failed",
            Told(2, "mymachine.example.com", "su", "", "'su root' failed"),
        ),
        (
            b"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% make the do-nuts.",
            Told(5, "192.0.2.1", "myproc", "8710", "%% make the do-nuts."),
        ),
        (
            b'<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 i="3" '
            b'eventSource="App\\]lication" eventID="1011"][examplePriority@32473 class="high"] An event',
            Told(5, "mymachine.example.com", "evntslog", "", "An event"),
        ),
        (b"<165>1 - - - - - [a@1]", Told(5, "", "", "", "")),
        (b"<165>1 - host - - - -", Told(5, "host", "", "", "")),
        # RFC 3164, section 5.4
        (
            b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
            Told(2, "mymachine", "su", "", "'su root' failed for lonvick on /dev/pts/8"),
        ),
        (b"Use the BFG!", Told(5, "", "", "", "Use the BFG!")),
        (b"<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", Told(5, "10.0.0.99", "", "", "Use the BFG!")),
        # as logger(1), rsyslog and busybox say it
        (b"<13>Nov 30 13:01:00 sshd[77]: bad\n", Told(5, "", "sshd", "77", "bad")),
        (b"<11>Nov 30 13:01:00 db1 app[9]: disk full\n\0", Told(3, "db1", "app", "9", "disk full")),
        (b"<30>2026-11-30T13:01:00+00:00 db1 app: up", Told(6, "db1", "app", "", "up")),
        (b"<999>what", Told(5, "", "", "", "<999>what")),
        (b"<0>", Told(0, "", "", "", "")),
        (b"", Told(5, "", "", "", "")),
        # malformed structured data is read as of before
        (b"<13>1 - h a - - [a b] text", Told(5, "", "", "", "1 - h a - - [a b] text")),
    ],
)
def test_both_forms_are_read(data: bytes, told: Told) -> None:
    assert read(data) == told


@settings(max_examples=runs(500, 100_000), deadline=None)
@given(st.binary(max_size=300))
def test_whatever_comes_is_read(data: bytes) -> None:
    told = read(data)
    assert 0 <= told.severity < len(SEVERITIES)
    assert told.text.encode() is not None


PIECES = st.sampled_from(
    [
        "<34>",
        "1 ",
        "- ",
        "[",
        "]",
        '"',
        "=",
        "\\",
        "a@1",
        "Oct 11 22:14:15 ",
        "host ",
        "app[1]: ",
        "é",
        " ",
        ":",
    ]
)


@settings(max_examples=runs(500, 100_000), deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_is_made_of_its_pieces_is_read_without_losing_its_text(text: str) -> None:
    told = read(text.encode() + b" the end")
    assert told.text.endswith("the end") or text.count("[") > 0


def test_structured_data_that_goes_on_takes_no_time() -> None:
    data = b"<13>1 - h a - - [a" + b' b="' + b"\\" * 60_000
    assert read(data).text.startswith("1 - h a")
