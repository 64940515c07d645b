"""Channel modes x and D: whoever has no rank reads the same whether somebody hidden is there or not.

All is done twice, with bob in the channel and without; what eve reads is to be equal.
"""

from __future__ import annotations

import re

import pytest
from archive import Archive
from conversation import Client

CAPS = (
    "message-tags server-time batch echo-message away-notify account-notify account-tag extended-join chghost"
    " setname invite-notify multi-prefix userhost-in-names draft/message-redaction draft/channel-rename"
    " draft/metadata-2 draft/event-playback draft/chathistory extended-monitor draft/read-marker"
)
ASKED = (
    *(
        "NAMES #c",
        "NAMES",
        "WHO #c",
        "WHO bob",
        "WHO *",
        "WHO",
        "WHOIS bob bob",
        "WHOWAS bob",
        "TOPIC #c",
        "MODE #c",
    ),
    *(
        "MODE #c +v bob",
        "MODE #c -o bob",
        "MODE #c +b bob",
        "KICK #c bob",
        "INVITE bob #c",
        "KNOCK #c",
        "USERHOST bob",
    ),
    *(
        "ISON bob",
        "MONITOR + bob",
        "MONITOR S",
        "METADATA #c SYNC",
        "METADATA * SUB avatar",
        "METADATA bob LIST",
    ),
    *("TAGMSG bob", "NOTICE bob :hi", "CS STATUS #c bob", "CS WHY #c bob", "RENAME #c #d", "TBAN #c 1h bob"),
    *("NICK bob", "REPORT bob :in #c", "CHATHISTORY LATEST #c * 50"),
)
DONE = (
    "AWAY :gone",
    "AWAY",
    "SETNAME :new",
    "METADATA * SET avatar :x",
    "NICK bobby",
    "NICK bob",
    "TAGMSG #other",
)


def read(modes: str, *, there: bool) -> list[list[str]]:
    """What eve reads of each thing that is done."""
    house = Archive()
    ann, bob = (
        house.client("ann"),
        house.client("bob", address="192.0.2.3", caps="message-tags setname draft/metadata-2"),
    )
    eve = house.client("eve", address="192.0.2.4", caps=CAPS)
    ann >> "JOIN #c" >> f"MODE #c +{modes}"
    bob >> "MODE bob -i" >> "JOIN #other"
    if there:
        bob >> "JOIN #c"
    eve >> "JOIN #c"
    eve.lines()
    found: list[list[str]] = []

    def do(client: Client, line: str) -> None:
        client >> line
        house.clock.advance(0)
        plain = [re.sub(r"(msgid|time|batch)=[^ ;]*|BATCH \S+", "", text) for text in eve.lines()]
        found.append(plain)

    for line in ASKED:
        do(eve, line)
    for who in (bob, eve):  # caller id asks whether they are in one channel
        who >> f"MODE {who.user.nick} +G"
        eve.lines()
        do(eve, "PRIVMSG bob :hello")
        who >> f"MODE {who.user.nick} -G"
        eve.lines()
    for line in DONE:
        do(bob, line)
    do(bob, "PART #c :bye" if there else "PING x")
    if there:
        bob >> "JOIN #c"
    do(ann, "KICK #c bob" if there else "PING x")
    if there:
        bob >> "JOIN #c"
    do(bob, "QUIT :gone")
    do(eve, "CHATHISTORY LATEST #c * 50")
    return found


@pytest.mark.parametrize("modes", ["x", "D", "xD"])
def test_nobody_finds_out_who_is_there(modes: str) -> None:
    assert read(modes, there=True) == read(modes, there=False)


def test_a_ban_elsewhere_does_not_tell_either() -> None:
    """Who has a channel of their own sees whom ``$c`` means there."""
    house = Archive()
    ann, bob, eve = (house.client(nick) for nick in ("ann", "bob", "eve"))
    ann >> "JOIN #c" >> "MODE #c +x"
    bob >> "JOIN #c"
    eve >> "JOIN #mine" >> "MODE #mine +b $q:$c:#c"
    for client in (ann, bob):
        client >> "JOIN #mine"
    eve.lines()
    ann >> "PRIVMSG #mine :one"
    eve.silent()
    bob >> "PRIVMSG #mine :two"
    eve << ":bob!* PRIVMSG #mine :two"
