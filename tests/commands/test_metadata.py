"""METADATA in the words of ``draft/metadata-3``, sentence by sentence of its text.

https://github.com/ircv3/ircv3-specifications/pull/613
"""

from __future__ import annotations

import pytest
import staff
from chanserv import ask, come, founded
from club import Club
from conversation import Client, House
from describing import THREE, knows, plain, subscriptions, told
from labelled import Answers

FAIL = ":irc.test FAIL METADATA"
WARN = ":irc.test WARN METADATA"


def in_batch(client: Client, *params: str) -> list[str]:
    """The lines of one batch, which is all that was read: ``metadata`` with its target, say."""
    first, *lines, last = client.lines()
    head, reference = first.split(" ")[:2], first.split(" ")[2]
    assert head == [":irc.test", "BATCH"] and first.split(" ")[3:] == list(params), first
    assert reference[0] == "+" and last == f":irc.test BATCH -{reference[1:]}"
    tag = f"@batch={reference[1:]} "
    assert all(line.startswith(tag) for line in lines), lines
    return [line.removeprefix(tag).removeprefix(":irc.test ") for line in lines]


def offered(house: House) -> dict[str, str]:
    client = house.connect()
    client >> "CAP LS 302"
    words = " ".join(line.split(" :", 1)[1] for line in client.lines()).split()
    return {word.partition("=")[0]: word.partition("=")[2] for word in words}


# the capability


def test_the_capability_tells_the_limits() -> None:
    """“`max-subs`: The maximum number of keys a client is allowed in its subscription list. […]”"""
    house = House(metadata={"subscriptions": 7, "keys": 5, "value_bytes": 100})
    value = "before-connect,max-subs=7,max-keys=5,max-key-bytes=64,max-value-bytes=100"
    assert offered(house)["draft/metadata-3"] == offered(house)["draft/metadata-2"] == value
    house.reload(metadata={"before_connect": False})
    assert offered(house)["draft/metadata-3"] == value.removeprefix("before-connect,")
    house.reload(metadata={"enabled": False})
    assert "draft/metadata-3" not in offered(house) and "draft/metadata-2" not in offered(house)
    ann = house.client("ann")
    ann >> "METADATA * LIST"
    ann << ":irc.test 421 ann METADATA :*"


@pytest.mark.parametrize("first", ["draft/metadata-2", "draft/metadata-3"])
def test_one_of_the_two_is_enough(house: House, first: str) -> None:
    """“Clients MUST NOT request more than one […]. Servers MUST NOT accept these requests either.”"""
    ann = house.connect()
    ann >> "CAP LS 302"
    ann.lines()
    ann >> "CAP REQ :batch draft/metadata-2 draft/metadata-3"
    ann << ":irc.test CAP * NAK :batch draft/metadata-2 draft/metadata-3"
    ann >> f"CAP REQ :batch {first}"
    ann.until("* ACK *")
    ann >> "CAP REQ :draft/metadata-2 draft/metadata-3"
    ann << "* NAK *"
    other = {"draft/metadata-2", "draft/metadata-3"} - {first}
    ann >> f"CAP REQ :-{first} {other.pop()}"
    ann << "* ACK *"


@pytest.mark.parametrize("lost", ["batch", "draft/metadata-3"])
def test_who_gives_the_capability_back_is_told_no_more(house: House, lost: str) -> None:
    """“If a client removes this capability or the batch capability from themselves, servers MUST clear
    that client's subscription list.”"""
    ann, bob = knows(house, "ann", "url"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann >> f"CAP REQ -{lost}" >> f"CAP REQ {lost}"
    ann.lines()
    bob >> "METADATA * SET url :http://example.org"
    assert told(ann) == []
    ann >> "METADATA * SUBS"
    assert in_batch(ann, "metadata-subs") == []


# the command


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("METADATA", "INVALID_PARAMS * :Not enough parameters"),
        ("METADATA #chan GET", "INVALID_PARAMS GET :Not enough parameters"),
        ("METADATA #chan SNEEZE", 'INVALID_PARAMS SNEEZE :Unknown subcommand "SNEEZE"'),
        ("METADATA #chan :: hi!", 'INVALID_PARAMS * :Unknown subcommand ": hi!"'),
        ("METADATA * LIST all", "INVALID_PARAMS LIST :Too many parameters"),
        ("METADATA * SET a b c", "INVALID_PARAMS SET :Too many parameters"),
        ("METADATA * SET", "INVALID_PARAMS SET :Not enough parameters"),
        ("METADATA zed LIST", "INVALID_TARGET zed :There is no zed to speak of"),
        ("METADATA #zed CLEAR", "INVALID_TARGET #zed :There is no #zed to speak of"),
        ("METADATA zed GET url", "INVALID_TARGET zed :*"),
        ("METADATA zed SYNC", "INVALID_TARGET zed :*"),
        ("METADATA $a:user SET url :x", "INVALID_TARGET $a:user :*"),
        ("METADATA bob SUB url", "INVALID_TARGET bob :*"),
        ("METADATA bob UNSUB url", "INVALID_TARGET bob :*"),
        ("METADATA bob SUBS", "INVALID_TARGET bob :*"),
        ("METADATA bob SET url :x", "KEY_NO_PERMISSION bob url :You may not change what is said of bob"),
        ("METADATA bob CLEAR", "KEY_NO_PERMISSION bob * :You may not change what is said of bob"),
        ("METADATA * SET $url$ :x", "INVALID_KEY $url$ :*"),
        ("METADATA * SET URL :x", "INVALID_KEY URL :*"),
        ("METADATA * SET : :x", "INVALID_KEY * :*"),
        (f"METADATA * SET {'k' * 65} :x", f"INVALID_KEY {'k' * 65} :*"),
        (f"METADATA * SET url :{'v' * 301}", "INVALID_VALUE url :The value has more than 300 bytes"),
    ],
)
def test_what_is_refused(house: House, line: str, answer: str) -> None:
    ann = knows(house, "ann")
    house.client("bob")
    ann >> line
    ann << f"{FAIL} {answer}"
    ann.silent()


def test_a_pseudo_user_is_nobody_to_speak_of() -> None:
    club = Club()
    ann = knows(club, "ann")
    ann >> "METADATA NickServ LIST"
    ann << f"{FAIL} INVALID_TARGET NickServ :*"


def test_an_odd_value_is_refused(house: House) -> None:
    ann = knows(house, "ann")
    house.reload(server={"utf8_only": False})
    ann.lines()
    ann.send(b"METADATA * SET url :\xff\r\n")
    ann << f"{FAIL} INVALID_VALUE url :The value is not UTF-8 in one line"


def test_setting_getting_and_removing(house: House) -> None:
    """“If the request is successful, the server carries out the requested change and responds with one
    `761 RPL_KEYVALUE` event, representing the new value if any, or `766 RPL_KEYNOTSET` if no value
    is set.”"""
    ann = knows(house, "ann")
    ann >> "METADATA * SET url :http://example.org/a b"
    ann << ":irc.test 761 ann ann url * :http://example.org/a b"
    ann >> "METADATA ann SET pronouns she/her"
    ann << ":irc.test 761 ann ann pronouns * :she/her"
    ann >> "METADATA * GET pronouns splot %odd url"
    assert in_batch(ann, "metadata", "ann") == [
        "761 ann ann pronouns * :she/her",
        "766 ann ann splot :Key not set",
        "WARN METADATA INVALID_KEY %odd :A key is 1 to 64 of a-z, 0-9, _ . / and -",
        "761 ann ann url * :http://example.org/a b",
    ]
    bob = house.client("bob", caps=THREE)
    bob >> "METADATA ANN LIST"
    assert in_batch(bob, "metadata", "ann") == [
        "761 bob ann url * :http://example.org/a b",
        "761 bob ann pronouns * :she/her",
    ]
    ann >> "METADATA * SET url"
    ann << ":irc.test 766 ann ann url :Key not set"
    ann >> "METADATA * SET pronouns :"
    ann << ":irc.test 766 ann ann pronouns :Key not set"
    ann >> "METADATA * LIST"
    assert in_batch(ann, "metadata", "ann") == []
    house.check()


def test_what_is_so_already_may_be_set_and_removed(house: House) -> None:
    """“It is not an error if a client attempts to set a key to its current value or remove a
    nonexistent key”"""
    ann, bob = knows(house, "ann"), knows(house, "bob", "url")
    for each in (ann, bob):
        each >> "JOIN #c"
    bob.lines()
    ann >> "METADATA * SET url :x" >> "METADATA * SET url :x" >> "METADATA * SET none"
    assert told(bob) == ["761 bob ann url * :x"]
    ann >> "METADATA * SET url :x"
    assert told(bob) == [], "nothing has changed"
    assert [line.split(" ")[1] for line in ann.lines() if " METADATA" not in line][-4:] == [
        "761", "761", "766", "761",
    ]  # fmt: skip


def test_clearing(house: House) -> None:
    """“If the request is successful, the server responds with a `metadata` batch containing one `766
    RPL_KEYNOTSET` message per cleared key.”"""
    ann = knows(house, "ann")
    ann >> "METADATA * SET url :x" >> "METADATA * SET color :#f00"
    ann.lines()
    ann >> "METADATA * CLEAR"
    assert in_batch(ann, "metadata", "ann") == [
        "766 ann ann url :Key not set",
        "766 ann ann color :Key not set",
    ]
    ann >> "METADATA * CLEAR"
    assert in_batch(ann, "metadata", "ann") == []


def test_no_more_keys_than_the_limit() -> None:
    house = House(metadata={"keys": 2})
    ann = knows(house, "ann")
    ann >> "METADATA * SET a 1" >> "METADATA * SET b 1"
    ann.lines()
    ann >> "METADATA * SET c 1"
    ann << f"{FAIL} LIMIT_REACHED SET ann 2 :No more than 2 keys can be set"
    ann >> "METADATA * SET b 2"
    ann << ":irc.test 761 ann ann b * :2"
    ann >> "METADATA * SET a" >> "METADATA * SET c 1"
    ann << ":irc.test 766 ann ann a :*"
    ann << ":irc.test 761 ann ann c * :1"


def test_key_and_value_fit_into_one_line() -> None:
    house = House(limits={"channel": 60}, metadata={"value_bytes": 400})
    ann = knows(house, "ann")
    name = "#" + "c" * 59
    ann >> f"JOIN {name}"
    ann.lines()
    ann >> f"METADATA {name} SET {'k' * 64} :{'v' * 282}"
    ann << f"{FAIL} INVALID_VALUE {'k' * 64} :Key and value together have more than 345 bytes"
    ann >> f"METADATA {name} SET {'k' * 64} :{'v' * 281}"
    ann << f":irc.test 761 ann {name} {'k' * 64} * :{'v' * 281}"
    longest = f":{'s' * 63} 761 {'n' * 30} {name} {'k' * 64} * :{'v' * 281}"
    assert len(longest) == 510


def test_changes_are_counted_and_those_beyond_wait() -> None:
    """“If they do so and a client is rate limited, servers SHOULD send `775 ERR_METADATARATELIMIT`”"""
    house = House(metadata={"set_rate": 2, "set_period": 30}, flood={"enabled": True})
    ann = knows(house, "ann")
    ann >> "METADATA * SET a 1"
    house.clock.advance(10)
    ann >> "METADATA * SET b 1"
    ann.lines()
    ann >> "METADATA * SET url :http://example.org/a b"
    ann << ":irc.test 775 ann 20 * SET url :http://example.org/a b"
    ann >> "METADATA * CLEAR"
    ann << ":irc.test 775 ann 20 * CLEAR"
    ann >> "METADATA * SET a 1"
    ann << ":irc.test 761 ann ann a * :1"
    house.clock.advance(20)
    ann >> "METADATA * SET url x"
    ann << ":irc.test 761 ann ann url * :x"


# channels


def test_operators_speak_for_a_channel(house: House) -> None:
    ann, bob, eve = knows(house, "ann", "url"), knows(house, "bob", "url"), knows(house, "eve", "url")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    for each in (ann, bob):
        each.lines()
    bob >> "METADATA #c SET url :x"
    bob << f"{FAIL} KEY_NO_PERMISSION #c url :You may not change what is said of #c"
    ann >> "METADATA #C SET url :http://example.org"
    ann << ":irc.test 761 ann #c url * :http://example.org"
    assert told(bob) == ["761 bob #c url * :http://example.org"]
    assert told(ann) == told(eve) == []
    eve >> "METADATA #c GET url"
    assert in_batch(eve, "metadata", "#c") == ["761 eve #c url * :http://example.org"]
    ann >> "MODE #c +s"
    eve >> "METADATA #c LIST"
    eve << f"{FAIL} INVALID_TARGET #c :*"
    ann >> "MODE #c -s" >> "MODE #c +h bob"
    bob.lines()
    bob >> "METADATA #c SET url"
    bob << f"{FAIL} KEY_NO_PERMISSION #c url :*"
    ann >> "RENAME #c #d"
    eve >> "METADATA #d GET url"
    assert in_batch(eve, "metadata", "#d") == ["761 eve #d url * :http://example.org"]
    house.check()


def test_a_channel_that_is_made_anew_has_none(house: House) -> None:
    ann = knows(house, "ann")
    ann >> "JOIN #c" >> "METADATA #c SET url :x" >> "PART #c" >> "JOIN #c"
    ann.lines()
    ann >> "METADATA #c LIST"
    assert in_batch(ann, "metadata", "#c") == []
    assert not house.node.network.metadata
    house.check()


def test_of_a_registered_channel_it_is_shown_and_set_while_nobody_is_there() -> None:
    club = Club()
    ann, bob, eve = founded(club), come(club, "bob"), club.client("eve")
    assert ask(ann, "FLAGS #c bob AOP") != []
    ann >> "METADATA #c SET url :http://example.org" >> "PART #c"
    ann.lines()
    assert club.node.network.channel("#c") is None
    eve >> "METADATA #C GET url" >> "METADATA #c LIST"
    for _ in range(2):
        eve << ":irc.test 761 eve #c url * :http://example.org"
    eve >> "METADATA #c SET url :x"
    eve << f"{FAIL} KEY_NO_PERMISSION #c url :You may not change what is said of #c"
    eve >> "METADATA #c CLEAR" >> "METADATA #other GET url"
    eve << f"{FAIL} KEY_NO_PERMISSION #c * :*"
    eve << f"{FAIL} INVALID_TARGET #other :*"
    for client in (bob, ann):  # who would be operators there
        client.lines()
        client >> f"METADATA #c SET url :{client.user.nick}"
        client << f":irc.test 761 {client.user.nick} #c url * :{client.user.nick}"
    ann >> "JOIN #c" >> "MODE #c +s"
    club.clock.advance(2)
    ann >> "PART #c"
    eve >> "METADATA #c GET url"
    eve << f"{FAIL} INVALID_TARGET #c :*"
    bob >> "METADATA #c CLEAR"
    bob << ":irc.test 766 bob #c url :Key not set"
    bob >> "JOIN #c"
    bob.lines()
    bob >> "METADATA #c LIST"
    bob.silent()
    club.check()


def test_opers_with_the_privilege_accounts_speak_for_anybody() -> None:
    classes = [{"name": "hosts", "privileges": ["accounts"]}, {"name": "helper", "privileges": ["kill"]}]
    blocks = [{"name": name, "class": name, "password": staff.HASH} for name in ("hosts", "helper")]
    house = House(oper_class=classes, oper=blocks)
    oper, other = staff.oper(house, "oper", "hosts"), staff.oper(house, "other", "helper")
    bob = knows(house, "bob")
    other.lines(), oper.lines()
    other >> "METADATA bob SET url :x"
    other << f"{FAIL} KEY_NO_PERMISSION bob url :*"
    oper >> "METADATA bob SET url :x"
    oper << ":irc.test 761 oper bob url * :x"
    bob >> "METADATA * LIST"
    assert in_batch(bob, "metadata", "bob") == ["761 bob bob url * :x"]


# being told


def test_who_is_told_of_what() -> None:
    """“Servers MUST send notifications to subscribers the key is visible to for changes made: to that
    subscriber […], to channels that subscriber is joined to, to other clients in the channels that
    subscriber is joined to, and to users that subscriber is currently monitoring.”"""
    house = House()
    ann = knows(house, "ann", "url")
    near, far, away = knows(house, "near", "url"), knows(house, "far", "url"), knows(house, "away", "color")
    deaf = house.client("deaf", caps=THREE)
    for each in (ann, near, away, deaf):
        each >> "JOIN #c"
    watching = knows(house, "watching", "url")
    watching >> "MONITOR + ann"
    for each in (near, away, watching, deaf, ann):
        each.lines()
    ann >> "METADATA * SET url :x" >> "METADATA * SET color :red"
    ann << ":irc.test 761 ann ann url * :x"
    ann << ":irc.test 761 ann ann color * :red"
    assert told(ann) == [], "they were answered"
    assert told(near) == ["761 near ann url * :x"]
    assert told(watching) == ["761 watching ann url * :x"]
    assert told(away) == ["761 away ann color * :red"]
    assert told(far) == told(deaf) == []
    ann >> "METADATA * SET url"
    assert told(near) == ["766 near ann url :Key not set"]
    ann >> "NICK annie" >> "METADATA * SET url :y"
    assert told(near)[1:] == ["761 near annie url * :y"]
    near >> "METADATA * UNSUB url"
    near.lines()
    ann >> "METADATA * SET url :z"
    assert told(near) == []


def test_another_session_of_the_same_key_in_one_turn_is_told_once(house: House) -> None:
    ann, bob = knows(house, "ann"), knows(house, "bob", "url")
    for each in (ann, bob):
        each >> "JOIN #c"
    bob.lines()
    ann.send(b"".join(b"METADATA * SET url :%d\r\n" % number for number in range(20)))
    assert told(bob) == ["761 bob ann url * :19"]


def test_nobody_is_told_of_who_is_gone(house: House) -> None:
    ann, bob = knows(house, "ann"), knows(house, "bob", "url")
    for each in (ann, bob):
        each >> "JOIN #c"
    bob.lines()
    ann >> "METADATA * SET url :x" >> "QUIT"
    assert told(bob) == [":ann!~ann@192.0.2.1 QUIT :Quit: "] or len(told(bob)) == 0
    assert not house.node.network.metadata
    house.check()


def test_who_comes_is_shown_to_those_who_see_them_for_the_first_time(house: House) -> None:
    ann, bob, cat = knows(house, "ann"), knows(house, "bob", "url"), knows(house, "cat", "url")
    ann >> "METADATA * SET url :x" >> "METADATA * SET color :red"
    bob >> "JOIN #c,#d"
    cat >> "JOIN #c" >> "MONITOR + ann"
    bob.lines(), cat.lines()
    ann >> "JOIN #c"
    assert told(bob)[-1] == "761 bob ann url * :x"
    assert not [line for line in told(cat) if " 761 " in line], "they are told anyway"
    ann >> "JOIN #d"
    assert not [line for line in told(bob) if " 761 " in f" {line}"]


def test_nothing_is_heard_while_nobody_knows_of_metadata(house: House) -> None:
    ann = house.client("ann")
    assert subscriptions(house).hears == {}
    bob = knows(house, "bob")
    assert subscriptions(house).hears
    bob >> "CAP REQ :-draft/metadata-3"
    assert subscriptions(house).hears == {}
    cat = knows(house, "cat", "url")
    assert subscriptions(house).hears
    cat >> "QUIT"
    assert subscriptions(house).hears == {}
    ann >> "METADATA * SET url :x"
    ann << ":irc.test 761 ann ann url * :x"


# SUB, UNSUB, SUBS


def test_subscribing(house: House) -> None:
    ann = knows(house, "ann")
    ann >> "METADATA * SUB avatar website foo bar"
    assert plain(ann) == ["770 ann avatar website foo bar"]
    ann >> "METADATA * UNSUB foo bar nothing $odd"
    ann << f"{WARN} INVALID_KEY $odd :*"
    ann << ":irc.test 771 ann foo bar nothing"
    ann >> "METADATA ann SUBS"
    assert in_batch(ann, "metadata-subs") == ["772 ann avatar website"]
    ann >> "METADATA * SUB website"
    ann << ":irc.test 770 ann website"
    ann.silent()  # "No `metadata` batch […] because no new keys were subscribed to."
    ann >> "METADATA * SUB foo $url foo bar"
    ann << f"{WARN} INVALID_KEY $url :*"
    ann << ":irc.test 770 ann foo bar"
    assert in_batch(ann, "metadata", "*ALL") == []


def test_no_more_subscriptions_than_the_limit() -> None:
    """“The `<Item>` parameter of the `FAIL METADATA LIMIT_REACHED` reply MUST be this first key that
    the client could not subscribe to (so the client knows all keys sent after that one were not
    processed).”"""
    house = House(metadata={"subscriptions": 3})
    ann = knows(house, "ann", "avatar", "website")
    ann >> "METADATA * SUB foo website avatar"
    assert plain(ann) == [
        "770 ann foo",
        "FAIL METADATA LIMIT_REACHED SUB website 3 :You are told of 3 keys, and no more",
    ]
    ann >> "METADATA * SUBS"
    assert in_batch(ann, "metadata-subs") == ["772 ann avatar website foo"]
    ann >> "METADATA * SUB email"
    assert plain(ann) == ["FAIL METADATA LIMIT_REACHED SUB email 3 :You are told of 3 keys, and no more"]


def test_many_keys_take_several_lines() -> None:
    house = House()
    ann = knows(house, "ann")
    keys = [f"{number:02}{'k' * 60}" for number in range(30)]
    for begin in (0, 6, 12, 18, 24):
        ann >> f"METADATA * SUB {' '.join(keys[begin : begin + 6])}"
    ann.lines()
    ann >> "METADATA * SUBS"
    lines = in_batch(ann, "metadata-subs")
    assert [key for line in lines for key in line.split(" ")[2:]] == keys
    assert all(len(line.split(" ")) <= 14 for line in lines)


def test_what_there_is_is_told_with_a_subscription(house: House) -> None:
    """“the server MUST then either send a `metadata` batch with `*ALL` as its parameter containing the
    current values of all newly-subscribed keys visible to the user for all visible targets”"""
    ann, bob, cat = knows(house, "ann"), house.client("bob"), house.client("cat")
    eve = house.client("eve")
    ann >> "JOIN #c" >> "METADATA #c SET url :c" >> "METADATA * SET url :a"
    bob >> "JOIN #c" >> "METADATA * SET url :b" >> "METADATA * SET color :red"
    cat >> "METADATA * SET url :cat"
    eve >> "METADATA * SET url :eve"
    ann >> "MONITOR + cat"
    ann.lines()
    ann >> "METADATA * SUB url color"
    ann << ":irc.test 770 ann url color"
    assert sorted(in_batch(ann, "metadata", "*ALL")) == [
        "761 ann #c url * :c",
        "761 ann ann url * :a",
        "761 ann bob color * :red",
        "761 ann bob url * :b",
        "761 ann cat url * :cat",
    ]


def test_of_many_it_is_told_later() -> None:
    """“[…] or a `774 ERR_METADATASYNCLATER` message with `*ALL` as its `<Target>`”"""
    house = House(metadata={"sync_members": 1, "sync_wait": 4})
    ann, bob = knows(house, "ann"), house.client("bob")
    bob >> "JOIN #c" >> "METADATA * SET url :b"
    ann >> "JOIN #c"
    ann.until(":irc.test 366 *")
    ann << ":irc.test 774 ann #c 4 :Ask again later (SYNC)"
    ann >> "METADATA * SUB url"
    ann << ":irc.test 770 ann url"
    ann << ":irc.test 774 ann *ALL 4 :Ask again later (SYNC)"
    ann >> "METADATA *ALL SYNC"
    assert in_batch(ann, "metadata", "*ALL") == ["761 ann bob url * :b"]


# SYNC


def test_synchronizing(house: House) -> None:
    """“Clients use this subcommand to receive all subscribed metadata from the given target. If the
    target is a channel, it also synchronizes the metadata for all other users in that channel.”"""
    ann, bob = knows(house, "ann", "url"), house.client("bob")
    bob >> "JOIN #c" >> "METADATA #c SET url :c" >> "METADATA * SET url :b" >> "METADATA * SET color :red"
    ann >> "METADATA #c SYNC"
    assert in_batch(ann, "metadata", "#c") == ["761 ann #c url * :c"], "who is not in it sees nobody in it"
    ann >> "JOIN #c"
    ann.until(":irc.test 366 *")
    assert in_batch(ann, "metadata", "#c") == ["761 ann #c url * :c", "761 ann bob url * :b"]
    ann >> "METADATA #c SYNC"
    assert in_batch(ann, "metadata", "#c") == ["761 ann #c url * :c", "761 ann bob url * :b"]
    ann >> "METADATA bob SYNC"
    assert in_batch(ann, "metadata", "bob") == ["761 ann bob url * :b"]
    ann >> "METADATA * SYNC"
    assert in_batch(ann, "metadata", "ann") == []


def test_who_joins_without_a_subscription_gets_an_empty_batch(house: House) -> None:
    """“When a metadata-aware client joins a channel, the server MUST send either a `metadata` batch
    […]”"""
    ann = knows(house, "ann")
    ann >> "JOIN #c"
    ann.until(":irc.test 366 *")
    assert in_batch(ann, "metadata", "#c") == []
    plain_client = house.client("plain", caps="draft/metadata-3")
    plain_client >> "JOIN #c"
    plain_client.until(":irc.test 366 *")
    plain_client.silent()


def test_too_many_syncs_wait() -> None:
    house = House(metadata={"sync_rate": 1, "sync_period": 9}, flood={"enabled": True})
    ann = knows(house, "ann", "url")
    ann >> "METADATA * SYNC"
    assert in_batch(ann, "metadata", "ann") == []
    ann >> "METADATA * SYNC"
    ann << ":irc.test 774 ann ann 9 :*"


def test_a_long_sync_goes_on_in_slices() -> None:
    house = House(limits={"scan_slice": 100}, metadata={"sync_members": 5})
    people = [house.client(f"p{number}") for number in range(60)]
    for client in people:
        client >> "JOIN #c" >> "METADATA * SET url :x"
    ann = knows(house, "ann", "url")
    ann >> "JOIN #c"
    ann.until(":irc.test 774 *")
    ann >> "METADATA #c SYNC" >> "PING later"
    began = len(ann.lines())
    assert 0 < began < 40, "others had their turn"
    people[5] >> "PRIVMSG ann :hello"
    people[-1] >> "QUIT"
    while house.clock.step():
        house.settle()
    lines = ann.lines()
    assert ":p5!~p5@192.0.2.1 PRIVMSG ann :hello" in lines
    assert lines[-1] == ":irc.test PONG irc.test :later" and " BATCH -" in lines[-2]
    assert not [line for line in lines if " p59 url " in line], "they are gone"


# MONITOR and WHOIS


def test_who_is_monitored_is_told_when_they_come(house: House) -> None:
    """“When server sends `730 RPL_MONONLINE` to a metadata-aware client […], the server MUST
    additionally send either a `metadata` batch containing the monitored user's metadata to the
    client […]”"""
    ann = knows(house, "ann", "url")
    bob = house.client("bob")
    bob >> "METADATA * SET url :b" >> "METADATA * SET color :red"
    told(ann)
    ann >> "MONITOR + bob,cat"
    ann << ":irc.test 730 ann :bob!*"
    ann << ":irc.test 731 ann :cat"
    assert in_batch(ann, "metadata", "bob") == ["761 ann bob url * :b"]
    cat = house.client("cat")
    ann << ":irc.test 730 ann :cat!*"
    assert in_batch(ann, "metadata", "cat") == []
    bob >> "NICK bobby"
    ann.lines()
    bob >> "NICK bob"
    ann << ":irc.test 730 ann :bob!*"
    assert in_batch(ann, "metadata", "bob") == ["761 ann bob url * :b"]
    cat >> "METADATA * SET url :c"
    assert told(ann) == ["761 ann cat url * :c"]


def test_many_who_are_monitored_are_to_be_asked_for() -> None:
    house = House(metadata={"sync_members": 1})
    house.client("bob"), house.client("cat")
    ann = knows(house, "ann", "url")
    ann >> "MONITOR + bob,cat"
    ann << ":irc.test 730 ann :*"
    ann << ":irc.test 774 ann *ALL 2 :*"
    ann.silent()


def test_whois_shows_it_to_who_knows_of_it(house: House) -> None:
    """“When a user with the capability enabled runs `WHOIS` on a user with metadata set, a subset of
    that metadata MAY be sent with `RPL_WHOISKEYVALUE` numerics.” (draft/metadata-2)"""
    ann, bob = knows(house, "ann"), house.client("bob")
    ann >> "METADATA * SET url :x"
    ann.lines()
    ann >> "WHOIS ann"
    assert ":irc.test 760 ann ann url * :x" in ann.lines()
    bob >> "WHOIS ann"
    assert "760" not in bob.numerics()


# before one is connected


def test_before_one_is_registered(house: House) -> None:
    """“If the `draft/metadata-3` capability was negotiated during connection registration, servers MUST
    send clients a list of their current metadata […] in a `metadata` batch with their own nick as
    target as part of the registration burst, i.e. before `RPL_ENDOFMOTD` or `ERR_NOMOTD`.”"""
    watching = knows(house, "watching", "display-name")
    watching >> "MONITOR + abc"
    watching.lines()
    abc = house.connect()
    abc >> "CAP LS 302"
    abc.lines()
    abc >> "CAP REQ :batch message-tags draft/metadata-3"
    abc << "* ACK *"
    abc >> "METADATA * SUB display-name"
    abc << ":irc.test 770 * display-name"
    abc >> "METADATA * SET display-name :a b c"
    abc << ":irc.test 761 * * display-name * :a b c"
    abc >> "METADATA * SET url x" >> "METADATA * SET url" >> "METADATA * SET color red"
    abc << ":irc.test 761 * * url * :x"
    abc << ":irc.test 766 * * url :Key not set"
    abc << ":irc.test 761 * * color * :red"
    abc >> "METADATA * GET color url"
    assert in_batch(abc, "metadata", "*") == ["761 * * color * :red", "766 * * url :Key not set"]
    abc >> "METADATA * LIST"
    assert in_batch(abc, "metadata", "*") == ["761 * * display-name * :a b c", "761 * * color * :red"]
    abc >> "METADATA * SYNC"
    abc << ":irc.test 774 * * 2 :*"
    abc >> "METADATA watching LIST"
    abc << f"{FAIL} INVALID_TARGET watching :*"
    abc >> "METADATA #c SET url x"
    abc << f"{FAIL} INVALID_TARGET #c :*"
    abc >> "NICK abc" >> "USER u s e r" >> "CAP END"
    lines = abc.lines()
    words = [line.split(" ")[1] if line[0] != "@" else line.split(" ")[2] for line in lines]
    begin = words.index("BATCH")
    assert words.index("005") < begin < words.index("375")
    assert lines[begin].endswith(" metadata abc")
    assert [line.partition(" ")[2] for line in lines[begin + 1 : begin + 3]] == [
        ":irc.test 761 abc abc display-name * :a b c",
        ":irc.test 761 abc abc color * :red",
    ]
    abc >> "METADATA * SUBS"
    assert in_batch(abc, "metadata-subs") == ["772 abc display-name"]
    assert "761 watching abc display-name * :a b c" in told(watching)


def test_without_any_there_is_an_empty_batch(house: House) -> None:
    ann = house.connect()
    ann >> "CAP LS 302" >> f"CAP REQ :{THREE}" >> "NICK ann" >> "USER u 0 * :u" >> "CAP END"
    lines = ann.lines()
    begin = next(index for index, line in enumerate(lines) if line.endswith(" metadata ann"))
    assert " BATCH -" in lines[begin + 1]


def test_clearing_before_one_is_registered(house: House) -> None:
    ann = house.connect()
    ann >> "METADATA * SET url x" >> "METADATA * CLEAR"
    ann << ":irc.test 761 * * url * :x"
    ann << ":irc.test 766 * * url :Key not set"
    ann >> "METADATA * LIST"
    ann.silent()


def test_before_connect_may_be_off() -> None:
    house = House(metadata={"before_connect": False})
    ann = house.connect()
    ann >> "METADATA * SET url x"
    ann << ":irc.test 451 * :*"


def test_who_never_registers_leaves_nothing(house: House) -> None:
    ann = house.connect()
    ann >> "CAP LS 302" >> f"CAP REQ :{THREE}" >> "METADATA * SUB url" >> "METADATA * SET url x"
    assert vars(subscriptions(house))["_early"] and vars(subscriptions(house))["_keys"]
    ann.session.connection_lost("gone")
    assert not vars(subscriptions(house))["_early"] and not vars(subscriptions(house))["_keys"]
    assert not vars(subscriptions(house))["_by_key"] and subscriptions(house).hears == {}


# without the capability, and with labels


def test_by_hand(house: House) -> None:
    """Somebody with a client that knows nothing of it."""
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "METADATA * SET pronouns :she/her"
    ann << ":irc.test 761 ann ann pronouns * :she/her"
    bob >> "METADATA ann LIST"
    bob << ":irc.test 761 bob ann pronouns * :she/her"
    bob >> "METADATA ann GET url"
    bob << ":irc.test 766 bob ann url :Key not set"
    for line in ("* SUB url", "* UNSUB url", "* SUBS", "ann SYNC"):
        bob >> f"METADATA {line}"
        word = line.split(" ")[1]
        bob << f"{FAIL} INVALID_PARAMS {word} :Ask for the capabilities draft/metadata-3 and batch first"
    bob.silent()


def test_each_answer_has_its_label() -> None:
    """“In the event that the client has also negotiated `labeled-response`, the `metadata` batch MUST
    be nested within the `labeled-response` batch.”"""
    house = House(limits={"scan_slice": 100})
    people = [house.client(f"p{number}") for number in range(30)]
    for client in people:
        client >> "JOIN #c" >> "METADATA * SET url :x"
    ann = house.client("ann", caps=f"{THREE} labeled-response")
    ann >> "JOIN #c"
    ann.lines()
    lines = ["* SET url x", "* GET url", "* LIST", "* SUB url color", "* SUBS", "* UNSUB color", "#c SYNC",
             "zed LIST", "* CLEAR", "* SET $ x"]  # fmt: skip
    for number, line in enumerate(lines):
        ann >> f"@label=l{number} METADATA {line}"
    while house.clock.step():
        house.settle()
    answers = Answers(ann.lines())
    found = {label: [message.command for message in each] for label, each in answers.by_label.items()}
    assert found.pop("l6") == ["761"] * 31 and found.pop("l3") == ["770", *["761"] * 31]
    assert found == {
        "l0": ["761"], "l1": ["761"], "l2": ["761"], "l4": ["772"], "l5": ["771"], "l7": ["FAIL"],
        "l8": ["766"], "l9": ["FAIL"],
    }  # fmt: skip
    assert answers.others == []
