"""Whatever a client sends: nothing raises, and nothing comes out that is not a line of IRC."""

from __future__ import annotations

import re

from conversation import Client, House
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs
from states import opered

from chatnet.commands import CLIENT
from chatnet.settings import PRIVILEGES

DANGEROUS = frozenset({"DIE", "RESTART"})
"""What ends the process is not for this test."""

WORDS = """
#c #d ann bob * +o -o +b +beI +k-k +l 0 1 -1 99999999999999999999 irc.test $$irc.test @#c ~&@%+#c
$a $&:$a,$~z *!*@* $q: %tcuihsnfdlaor,1 >5 C<1 LS REQ 302 ! #c,#c,#d ann,bob , :: : %s%d%n j:j +fj 5:5 #d,#c
a!b@c @ $# m$#c é caf\udce9 \udcff#
"""
words = st.one_of(
    st.sampled_from([*WORDS.split(), "\x01ACTION x", "\x02\x0304", "😀" * 60, "x" * 300, "#" + "y" * 100]),
    st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=40),
)
commands = st.sampled_from(sorted(CLIENT.rows.keys() - DANGEROUS - {"QUIT"}))
lines = st.builds(
    lambda command, params, last: " ".join([command, *params, ":" + last]),
    commands,
    st.lists(words, max_size=5),
    words,
)


START = re.compile(rb":irc\.test |:[^ !@]+![^ !@]+@[^ !@]+ |ERROR :|PING :")


def check_output(client: Client) -> None:
    """No stray CR, LF or NUL, at most 510 bytes without its tags, and a source where there must be one."""
    for line in client.lines():
        data = line.encode("utf-8", "surrogateescape")
        assert not set(data) & set(b"\r\n\0"), data
        if data.startswith(b"@time="):
            tag, _, data = data.partition(b" ")
            assert len(tag) == len("@time=2023-11-14T22:13:20.000Z")
        assert len(data) <= 510, data
        assert START.match(data), data


@settings(max_examples=runs(30, 3000), deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=12), st.booleans(), st.booleans())
def test_any_bytes_in_any_chunks(chunks: list[bytes], utf8_only: bool, registered: bool) -> None:
    house = House(server={"utf8_only": utf8_only})
    ann = house.client("ann") if registered else house.connect()
    for chunk in chunks:
        ann.send(chunk)
        check_output(ann)
    house.check()


@settings(max_examples=runs(50, 5000), deadline=None)
@given(st.lists(st.tuples(st.booleans(), lines), max_size=25), st.booleans(), st.booleans())
def test_any_parameters(talk: list[tuple[bool, str]], oper: bool, utf8_only: bool) -> None:
    house = House(server={"utf8_only": utf8_only}, limits={"nick": 30})
    ann = house.client("ann", caps="server-time echo-message extended-join away-notify invite-notify setname")
    bob = house.client("bob")
    if oper:
        opered(ann, *PRIVILEGES, snomask="ckofqnrg")
    for client in (ann, bob):
        client >> "JOIN #c"
    for first, line in talk:
        client = ann if first else bob
        client >> line
        check_output(ann)
        check_output(bob)
        house.check()
