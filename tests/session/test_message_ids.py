"""Ids of messages: https://ircv3.net/specs/extensions/message-ids."""

from __future__ import annotations

import re
from base64 import b64decode
from itertools import pairwise

from conversation import Client, House
from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.ids import UID, MessageIds, moment


def ids_of(client: Client) -> list[str]:
    """The ids of all lines received; each has one and they are told by one tag."""
    found = [re.findall("msgid=([^; ]+)", line.partition(" ")[0]) for line in client.lines()]
    assert all(len(ids) == 1 for ids in found)
    return [ids[0] for ids in found]


def test_one_id_for_everybody_who_hears_a_message(house: House) -> None:
    """“The tag value is chosen by the originating server and MUST be unique”; the sender needs it as well:
    “clients need to know the IDs for their own messages as well”.
    """
    ann = house.client("ann", caps="message-tags echo-message")
    bob, cyd = house.client("bob", caps="message-tags server-time"), house.client("cyd", caps="message-tags")
    plain = house.client("dan", caps="server-time account-tag draft/oper-tag echo-message")
    for client in (ann, bob, cyd, plain):
        client >> "JOIN #c"
    for client in (ann, bob, cyd, plain):
        client.lines()
    ann >> "PRIVMSG #c :one" >> "NOTICE #c :two" >> "TAGMSG #c" >> "PRIVMSG @#c :three"
    first = ids_of(ann)
    assert len(set(first)) == 4
    assert ids_of(bob) == ids_of(cyd) == first[:3]
    ann >> "PRIVMSG bob,cyd :to each their own"
    to_bob, to_cyd = ids_of(ann)
    assert ids_of(bob) == [to_bob]
    assert ids_of(cyd) == [to_cyd]
    assert [line for line in plain.lines() if "msgid" in line] == []


def test_the_form_of_an_id(house: House) -> None:
    """As Solanum's: version, seconds, milliseconds, a counter, the sender's UID, the channel in base64."""
    ann = house.client("ann", caps="message-tags echo-message")
    ann >> "JOIN #C[é]"
    ann.lines()
    house.clock.advance(0.25)
    ann >> "PRIVMSG #c{é} :x" >> "PRIVMSG #c[É] :x" >> "PRIVMSG #C[é] :y" >> "PRIVMSG ann :x"
    ann.until("*403*")
    lines = ann.lines()
    first = f"11700000000250{int('0CN', 36) * 77 + 1:06d}{ann.user.uid}"
    assert [line for line in lines if first in line]
    own = [i for i in re.findall("msgid=([^; ]+)", " ".join(lines)) if len(i) == 29]
    assert len(own) == 2 and own[0] == own[1]  # delivered and echoed
    channel = next(i for i in re.findall("msgid=([^; ]+)", " ".join(lines)) if len(i) > 29)
    assert b64decode(channel[29:]).decode() == "#C[é]"


@given(st.lists(st.floats(min_value=0, max_value=2e9), max_size=40))
def test_ids_are_unique_and_in_order_whatever_the_clock_does(times: list[float]) -> None:
    ids = MessageIds("0CN")
    taken = [ids.take(at, UID("0CNAAAAAA")) for at in times]
    assert all(earlier < later for earlier, later in pairwise(taken))
    assert {len(taken_id) for taken_id in taken} <= {29}


def test_a_million_messages_in_a_millisecond() -> None:
    ids = MessageIds("0CN")
    last = ""
    for _ in range(1_000_002):
        now = ids.take(1.0, UID("0CNAAAAAA"))
        assert now > last
        last = now
    assert last == "1" + "0000000001001" + f"{int('0CN', 36) * 77 + 1:06d}" + "0CNAAAAAA"


@given(st.sets(st.from_regex(r"[0-9][0-9A-Z]{2}", fullmatch=True), min_size=2, max_size=8))
def test_no_two_servers_give_one_id_to_what_one_user_says_at_both(sids: set[str]) -> None:
    """They may have sessions at both, and speak at one moment."""
    taken = [ids.take(1.0, UID("0CNAAAAAA")) for ids in map(MessageIds, sids) for _ in range(50)]
    assert len(set(taken)) == 50 * len(sids)
    assert all(moment(each) == 1000 for each in taken)
