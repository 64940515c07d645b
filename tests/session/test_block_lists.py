"""Block lists (DNSBL): who is listed is marked, has to log in, is refused or banned."""

from __future__ import annotations

from typing import Any

import pytest
from club import Club, logged_in, plain
from conversation import Client, House
from hypothesis import given
from hypothesis import strategies as st
from states import opered

from chatnet.rules.blocklists import MOST_REPLIES, name_of
from chatnet.session.blocklists import FAILURES, REST, Replies

ZONE = "dnsbl.example.org"
LISTED, CLEAN, V6 = "192.0.2.66", "192.0.2.1", "2001:db8::66"


def with_list(*blocks: dict[str, Any], **given: Any) -> Club:
    """A club that asks a list, in which an address is with the reply 127.0.0.3."""
    return answering(Club(dnsbl=[{"zone": ZONE} | block for block in blocks], **given))


def answering(club: Club) -> Club:
    for address in (LISTED, V6):
        club.lists[asked(address)] = Replies(("127.0.0.3",), 300.0)
    return club


def asked(address: str, zone: str = ZONE) -> str:
    name = name_of(address, zone)
    assert name is not None
    return name


def comes(house: House, address: str = LISTED, nick: str = "vic") -> Client:
    client = house.connect(address)
    client >> f"NICK {nick}" >> f"USER {nick} 0 * :Vic"
    return client


def test_what_is_asked_is_the_address_backwards() -> None:
    assert asked("192.0.2.66") == "66.2.0.192.dnsbl.example.org"
    nibbles = "6.6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
    assert asked(V6) == f"{nibbles}.dnsbl.example.org"
    assert name_of("localhost", ZONE) is None
    club = with_list({})
    comes(club, V6)
    assert club.asked_lists == [asked(V6)]


def test_who_is_marked_comes_in_and_operators_read_it() -> None:
    club = with_list({})
    root, bob = club.client("root"), club.client("bob")
    opered(root, "see-all", snomask="gkr")
    comes(club).until(":irc.test 001 vic :*")
    root.until(
        ":irc.test NOTICE * :*Listed by dnsbl.example.org (127.0.0.3): vic (~vic@192.0.2.66) [192.0.2.66]"
    )
    root >> "WHOIS vic"
    root.until(":irc.test 320 root vic :is listed by dnsbl.example.org (127.0.0.3)")
    bob >> "WHOIS vic"
    assert "320" not in bob.numerics()
    root >> "WHOIS bob"
    assert "320" not in root.numerics()


@pytest.mark.parametrize("address", [LISTED, V6])
def test_who_has_to_log_in_reads_how_and_comes_in_with_an_account(address: str) -> None:
    club = with_list({"action": "require-login"}, server={"help": "help@example.org"})
    club.account("ann")
    vic = comes(club, address)
    text = f"log in to an account before you come in: {address} is listed by {ZONE}"
    vic << f":irc.test FAIL * ACCOUNT_REQUIRED :{text}. Questions: help@example.org"
    vic << f":irc.test 465 vic :You are banned from this server- {text}. Questions: help@example.org"
    vic << "ERROR :*"
    assert vic.session.closed
    ann = club.connecting(address=address)
    plain(ann)
    logged_in(ann)
    ann >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    ann.until(":irc.test 001 ann :*")
    new = club.connect(address)
    new >> "NICK new" >> "REGISTER * * :a password of mine"
    new << ":irc.test FAIL REGISTER TEMPORARILY_UNAVAILABLE new :From where you are people come in with *"


def test_who_is_refused_reads_why_and_what_operators_read_is_kept_from_them() -> None:
    reason = "Open proxy at {address} ({reply} of {zone})|ask them"
    club = with_list({"action": "refuse", "reason": reason})
    root = club.client("root")
    opered(root, "see-all", snomask="gkr")
    vic = comes(club)
    text = "Open proxy at 192.0.2.66 (127.0.0.3 of dnsbl.example.org)"
    vic << f":irc.test 465 vic :You are banned from this server- {text}"
    vic << f"ERROR :Closing Link: 192.0.2.66 (Banned: {text})"
    root.until(":irc.test NOTICE * :*Refused vic (~vic@192.0.2.66) [192.0.2.66]: listed by dnsbl*")
    assert not any(club.node.network.bans.values())


@pytest.mark.parametrize(("spares", "comes_in"), [(True, True), (False, False)])
def test_who_is_logged_in_is_spared_unless_the_block_says_otherwise(spares: bool, comes_in: bool) -> None:
    club = with_list({"action": "refuse", "spare_accounts": spares})
    club.account("ann")
    ann = club.connecting(address=LISTED)
    plain(ann)
    logged_in(ann)
    ann >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    assert ann.session.registered is comes_in


@pytest.mark.parametrize(("address", "mask"), [(LISTED, LISTED), (V6, "2001:db8::/64")])
def test_an_address_is_banned_for_a_time_from_the_network(address: str, mask: str) -> None:
    club = with_list({"action": "ban", "ban_for": 3600, "reason": "proxy|{zone} {address}"})
    root = club.client("root")
    opered(root, "see-all", "bans", snomask="gkr")
    vic = comes(club, address)
    vic << ":irc.test 465 vic :You are banned from this server- proxy (until 2023-11-14 23:13 UTC)"
    root.until(
        f":irc.test NOTICE * :*irc.test added D-Line for [{mask}] [proxy|dnsbl.example.org your address]"
    )
    (ban,) = club.node.network.bans["D"].values()
    assert (ban.mask, ban.record != "") == (mask, True)
    helper = club.client("helper")
    opered(helper, "bans")  # who may not see addresses
    helper >> "UBAN LIST"
    assert not any("192.0.2.66" in line or "2001:db8:" in line for line in helper.lines())
    club.lists.clear()
    assert comes(club, address).session.closed
    club.clock.advance(3601)
    assert comes(club, address).session.registered


def test_as_many_bans_as_there_may_be_are_set() -> None:
    club = with_list({"action": "ban"}, bans={"most": 0})
    root = club.client("root")
    opered(root, "see-all", snomask="gkr")
    assert comes(club).session.closed
    root.until(":irc.test NOTICE * :*There are 0 bans (bans.most)*")
    assert not club.node.network.bans["D"]


def test_bans_that_are_over_take_no_room() -> None:
    club = with_list({"action": "ban", "ban_for": 3600}, bans={"most": 1})
    root = club.client("root")
    opered(root, "see-all", "bans", snomask="gkr")
    root >> "UBAN ADD 198.51.100.1 60s x"
    club.clock.advance(61)
    assert comes(club).session.closed
    (ban,) = club.node.network.bans["D"].values()
    assert ban.mask == LISTED


def test_of_several_lists_the_one_counts_by_which_most_is_done() -> None:
    club = with_list({}, {"action": "refuse", "replies": ["127.0.0.3"], "reason": "this one"}, {"bits": 1})
    vic = comes(club)
    vic << ":irc.test 465 vic :You are banned from this server- this one"
    assert club.asked_lists == [asked(LISTED)]  # one question for all blocks of a zone


@pytest.mark.parametrize(
    ("block", "reply", "counts"),
    [
        ({}, "127.0.0.2", True),
        ({}, "127.1.2.3", True),
        ({}, "127.255.255.254", False),  # the list does not answer who asks so
        ({}, "192.0.2.80", False),  # a resolver that sells names which nobody has
        ({"replies": ["127.0.0.2", "127.0.0.4"]}, "127.0.0.4", True),
        ({"replies": ["127.0.0.2", "127.0.0.4"]}, "127.0.0.3", False),
        ({"bits": 6}, "127.0.0.8", False),
        ({"bits": 6}, "127.0.0.12", True),
        ({"bits": 2}, "127.0.0.3", True),
        ({"bits": 8, "replies": ["127.0.0.1"]}, "127.0.0.1", True),
    ],
)
def test_which_answers_count(block: dict[str, Any], reply: str, counts: bool) -> None:
    club = with_list(block | {"action": "refuse"})
    club.lists[asked(LISTED)] = Replies(("198.51.100.1", reply), 300.0)
    assert comes(club).session.closed is counts


def test_of_what_a_hostile_server_answers_little_is_looked_at() -> None:
    club = with_list({"action": "refuse", "replies": ["127.0.0.3"]})
    others = tuple(f"198.51.100.{n}" for n in range(200))
    club.lists[asked(LISTED)] = Replies((*others, "127.0.0.3"), 1e9)
    assert comes(club).session.closed
    more = tuple(f"127.0.1.{n}" for n in range(MOST_REPLIES))
    club.lists[asked(CLEAN)] = Replies((*more, "127.0.0.3"), 1e9)
    assert comes(club, CLEAN, "bob").session.registered
    club.clock.advance(3601)  # whatever it says how long that is so
    club.lists.clear()
    assert comes(club).session.registered


@given(st.text() | st.ip_addresses().map(str))
def test_what_is_asked_of_any_text(text: str) -> None:
    name = name_of(text, ZONE)
    assert name is None or (name.endswith(f".{ZONE}") and name.count(".") in (6, 34))


def test_exempt_are_addresses_and_who_no_ban_means() -> None:
    exempt = [{"target": "192.0.2.66"}]
    club = with_list({"action": "refuse"}, exempt=exempt)
    assert comes(club).session.registered
    club = with_list({"action": "refuse"}, block_lists={"exempt": ["192.0.2.64/26"]})
    assert comes(club).session.registered
    assert comes(club, CLEAN, "bob").session.registered
    assert club.asked_lists == [asked(CLEAN)]
    club = with_list({"action": "refuse"})
    assert comes(club, "10.1.2.3").session.registered
    assert not club.asked_lists


def test_a_gateway_is_not_looked_up_in_the_place_of_its_client() -> None:
    gateway = {"name": "web", "addresses": [LISTED], "certfp": "f00d" * 16}
    club = with_list({"action": "refuse"}, webirc=[gateway])
    bob = club.connect(LISTED, secure=True, certfp="f00d" * 16)
    bob >> f"WEBIRC * web {CLEAN} {CLEAN}"
    bob >> "NICK bob" >> "USER bob 0 * :Bob"
    assert bob.session.registered
    bob = club.connect(LISTED, secure=True, certfp="f00d" * 16)
    club.lists[asked("192.0.2.67")] = Replies(("127.0.0.3",), 300.0)
    bob >> "WEBIRC * web 192.0.2.67 192.0.2.67"
    bob >> "NICK vic" >> "USER vic 0 * :Vic"
    assert bob.session.closed


def test_answers_are_remembered_for_a_time_and_no_more_than_there_is_room_for() -> None:
    club = with_list({}, block_lists={"cache": 2, "cache_clean": 60, "cache_listed": 100})
    comes(club, LISTED, "a"), comes(club, LISTED, "b")
    comes(club, CLEAN, "c"), comes(club, CLEAN, "d")
    assert club.asked_lists == [asked(LISTED), asked(CLEAN)]
    club.clock.advance(61)
    comes(club, LISTED, "e"), comes(club, CLEAN, "f")
    assert club.asked_lists[2:] == [asked(CLEAN)]
    club.clock.advance(40)
    comes(club, LISTED, "g")
    comes(club, "192.0.2.2", "h")
    assert club.asked_lists[3:] == [asked(LISTED), asked("192.0.2.2")]
    comes(club, CLEAN, "i")  # two others came since
    assert club.asked_lists[5:] == [asked(CLEAN)]


def test_a_reload_changes_what_is_done_and_not_what_is_known() -> None:
    club = with_list({})
    assert comes(club, nick="a").session.registered
    club.reload(dnsbl=[{"zone": ZONE, "action": "refuse"}])
    assert comes(club, nick="b").session.closed
    assert club.asked_lists == [asked(LISTED)]
    club.reload(dnsbl=[])
    assert comes(club, nick="c").session.registered


def test_a_list_that_is_slow_holds_nobody_longer_than_the_deadline() -> None:
    club = with_list({"action": "refuse"}, block_lists={"timeout": 4})
    club.hold = True
    vic = comes(club)
    new = club.connect(LISTED)
    new >> "NICK new" >> "REGISTER * * :a password of mine"
    new << ":irc.test FAIL REGISTER TEMPORARILY_UNAVAILABLE new :It is being looked up *"
    club.clock.advance(3.9)
    assert not vic.session.registered and not vic.session.closed
    club.clock.advance(0.2)
    assert vic.session.registered
    club.release()  # the answer comes late: it is remembered, and does nothing to who is in
    assert vic.session.registered
    assert comes(club, nick="bob").session.closed
    assert len(club.asked_lists) == 1


def test_who_goes_while_it_is_looked_up_is_gone() -> None:
    club = with_list({"action": "refuse"})
    club.hold = True
    vic = comes(club)
    vic.session.connection_lost("Connection closed")
    club.release()
    club.clock.advance(10)
    club.check()


def test_ten_thousand_connections_at_once_wait_in_a_line_with_an_end() -> None:
    club = with_list({"action": "refuse"}, block_lists={"at_once": 20, "waiting": 5000, "timeout": 4})
    club.hold = True
    people = [club.connect(f"198.{18 + n // 65536}.{n // 256 % 256}.{n % 256}") for n in range(10_000)]
    for number, each in enumerate(people):
        each.send(b"NICK n%d\r\nUSER n 0 * :N\r\n" % number)
    assert len(club.asked_lists) == 20
    assert (
        sum(each.session.registered for each in people) == 10_000 - 5020
    )  # there is no room for their questions
    late = club.connect("203.0.113.1")
    club.clock.advance(4)
    assert all(each.session.registered for each in people)
    late >> "NICK late" >> "USER late 0 * :L"
    # Nobody waits for what is in the line any more: it is not asked, and makes room.
    vic = comes(club)
    assert not vic.session.registered
    club.release()
    assert vic.session.closed
    assert len(club.asked_lists) == 21
    club.check()


def test_a_list_that_fails_is_left_alone_for_a_while_and_holds_nobody() -> None:
    club = with_list({"action": "refuse"}, block_lists={"at_once": 1000})
    root = club.client("root")
    opered(root, "see-all", snomask="gkr")
    for number in range(FAILURES):
        club.lists[asked(f"198.51.100.{number}")] = None
        assert comes(club, f"198.51.100.{number}", f"n{number}").session.registered
    root.until(":irc.test NOTICE * :*The block list dnsbl.example.org does not answer*")
    root >> "STATS n"
    left = "it is left alone, since it does not answer"
    root << f":irc.test 249 root n :{ZONE} (refuse): 6 asked, 0 listed, 5 not answered; {left}"
    count = len(club.asked_lists)
    club.hold = True
    assert comes(club).session.registered
    assert len(club.asked_lists) == count
    club.hold = False
    club.clock.advance(REST + 1)
    assert comes(club, nick="bob").session.closed
    root.lines()
    root >> "STATS n"
    root << f":irc.test 249 root n :{ZONE} (refuse): 7 asked, 1 listed, 5 not answered"


def test_what_waits_when_a_list_fails_is_let_in_at_once() -> None:
    club = with_list({"action": "refuse"}, block_lists={"at_once": FAILURES})
    club.hold = True
    people = [comes(club, f"198.51.100.{n}", f"n{n}") for n in range(FAILURES + 20)]
    assert not any(each.session.registered for each in people)
    club.lists = {asked(f"198.51.100.{n}"): None for n in range(FAILURES + 20)}
    club.release()
    assert all(each.session.registered for each in people)
    assert len(club.asked_lists) <= 2 * FAILURES
