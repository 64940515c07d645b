"""What accounts and registered channels show: kept, shared by all logged in, exported, erased, bounded."""

from __future__ import annotations

from io import BytesIO

from chanserv import WORD, come, founded
from chanserv import ask as ask_chanserv
from club import CERTFP, Club
from clubs import FullClub, new_store
from conversation import Client
from describing import THREE, knows, plain, told

from chatnet.importing import exported
from chatnet.importing.neutral import Found
from chatnet.model.metadata import MOST_WORDS
from chatnet.records.grammar import ACCOUNT
from chatnet.storage.record import Record


def connecting_with(club: Club, caps: str) -> Client:
    """A connection that is logged in to the account of a certificate, and goes on negotiating."""
    client = club.connecting(caps, certfp=CERTFP, secure=True)
    client >> "AUTHENTICATE EXTERNAL" >> "AUTHENTICATE +"
    client.until(":irc.test 903 *")
    return client


def listed(client: Client, target: str = "*") -> dict[str, str]:
    """What LIST tells of somebody."""
    client.lines()
    client >> f"METADATA {target} LIST"
    lines = [line.split(" ", 5) for line in plain(client) if line.startswith("761 ")]
    return {words[3]: words[5][1:] for words in lines}


def records(club: Club) -> dict[str, str | None]:
    """All fields of metadata that are stored, of whatever entity."""
    return {each.field: each.value for each in club.store.load() if each.field.startswith("meta:")}


def test_it_is_there_after_a_restart() -> None:
    club = Club()
    ann = founded(club)
    ann >> "METADATA * SET url :x" >> "METADATA * SET gone :x" >> "METADATA * SET gone"
    ann >> "METADATA #c SET url :c"
    kept = {(each.entity[0], each.field, each.value) for each in club.store.load() if "meta:" in each.field}
    assert kept == {("a", "meta:url", "x"), ("a", "meta:gone", None), ("c", "meta:url", "c")}
    again = Club(club.store.saved()(club.node.network.me.sid))
    bob = again.client("bob")
    bob >> "JOIN #c"
    assert listed(bob, "#c") == {"url": "c"}
    ann = come(again, "ann", caps=THREE)
    assert listed(ann) == {"url": "x"}


def test_all_who_are_logged_in_show_the_same_and_hear_of_changes() -> None:
    club = Club()
    ann, phone = come(club, "ann", caps=THREE), club.client("phone", caps=THREE)
    phone >> f"NS IDENTIFY ann {WORD}"
    for each in (ann, phone):
        each >> "METADATA * SUB url"
        told(each)
    ann >> "METADATA * SET url :x"
    assert told(ann) == ["761 ann ann url * :x"], "the answer, and no more"
    assert told(phone) == ["761 phone phone url * :x"]
    assert listed(phone) == listed(phone, "ann") == {"url": "x"}
    phone >> "METADATA * CLEAR"
    assert plain(phone) == ["766 phone phone url :Key not set"]
    assert told(ann) == ["766 ann ann url :Key not set"]


def test_while_it_is_written_others_go_on() -> None:
    club = FullClub(new_store("0CN"))
    ann, bob = come(club, "ann", caps=THREE), knows(club, "bob", "url")
    bob >> "MONITOR + ann"
    told(bob)
    club.store.held = True
    ann >> "METADATA * SET url :x" >> "PING later"
    assert told(ann) == [] and told(bob) == []
    club.store.release()
    assert told(ann) == ["761 ann ann url * :x", "PONG irc.test :later"]
    assert told(bob) == ["761 bob ann url * :x"]


def test_a_disk_that_cannot_be_written_to() -> None:
    club = Club()
    ann = come(club, "ann", caps=THREE)
    club.store.broken = True
    ann >> "METADATA * SET url :x" >> "METADATA * LIST"
    assert plain(ann) == [
        "FAIL METADATA TEMPORARILY_UNAVAILABLE :Accounts cannot be used now: try again later"
    ]
    club.store.broken = False
    ann >> "METADATA * SET url :x"
    assert plain(ann) == ["761 ann ann url * :x"]


def test_who_logs_in_while_connecting_sets_what_the_account_shows() -> None:
    club = Club()
    club.account(certfp=CERTFP)
    first = connecting_with(club, f"sasl {THREE}")
    first >> "METADATA * SET url :x" >> "NICK one" >> "USER u 0 * :u" >> "CAP END"
    assert "761 one one url * :x" in plain(first)
    second = connecting_with(club, f"sasl {THREE}")
    second >> "METADATA * SET color :red"
    second.lines()
    second >> "METADATA * LIST"
    assert plain(second) == ["761 * * url * :x", "761 * * color * :red"]
    second >> "METADATA * SET url" >> "NICK two" >> "USER u 0 * :u" >> "CAP END"
    lines = plain(second)
    assert [line for line in lines if line[:3] in ("761", "766")] == [
        "766 * * url :Key not set",
        "761 two two color * :red",
    ]
    assert listed(first) == {"color": "red"}


def test_of_too_many_that_were_set_before_the_rest_is_left_out() -> None:
    club = Club(metadata={"keys": 2})
    ann = club.account(certfp=CERTFP)
    club.change(ann, **{"meta:a": "1"})
    client = connecting_with(club, f"sasl {THREE}")
    client >> "METADATA * SET b 1"
    club.change(ann, **{"meta:c": "1"})
    client >> "NICK one" >> "USER u 0 * :u" >> "CAP END"
    assert listed(client) == {"a": "1", "c": "1"}


def test_a_disk_that_fails_at_the_beginning_is_told() -> None:
    club = Club()
    club.account(certfp=CERTFP)
    client = connecting_with(club, f"sasl {THREE}")
    client >> "METADATA * SET b 1"
    club.store.broken = True
    client >> "NICK one" >> "USER u 0 * :u" >> "CAP END"
    assert any(line.startswith("FAIL METADATA TEMPORARILY_UNAVAILABLE ") for line in plain(client))
    assert listed(client) == {}


def test_erasing_an_account_takes_it_away() -> None:
    club = Club()
    ann, bob = come(club, "ann"), knows(club, "bob", "url", "color")
    bob >> "MONITOR + ann"
    ann >> "METADATA * SET url :x"
    told(bob)
    club.change(club.named(), status="erased")
    assert ann.user.account is None
    assert "766 bob ann url :Key not set" in told(bob)
    assert records(club) == {} and listed(bob, "ann") == {}


def test_a_channel_that_is_dropped_shows_what_it_showed_before() -> None:
    club = Club()
    ann = come(club, "ann", caps=THREE)
    ann >> "JOIN #c" >> "METADATA #c SET url :early" >> "METADATA * SUB url color"
    assert ask_chanserv(ann, "REGISTER #c") == ["#c belongs to ann now."]
    assert listed(ann, "#c") == {"url": "early"} and records(club) == {"meta:url": "early"}
    ann >> "METADATA #c SET url :late" >> "METADATA #c SET color :red"
    told(ann)
    code = ask_chanserv(ann, "DROP #c")[0].rpartition(" ")[2]
    told(ann)
    ask_chanserv(ann, f"DROP #c {code}")
    assert listed(ann, "#c") == {"url": "early"}


def test_it_is_in_an_export_and_comes_back() -> None:
    club = Club()
    ann = come(club, "ann")
    ann >> "METADATA * SET url :a b"
    text = "".join(exported.written(club.store.load(), "rfc1459")).encode()
    found = Found(exported.SOURCE)
    several = list(exported.read(BytesIO(text), "rfc1459", "zzzzzzzzz.zzzzzz.9ZZ", found))
    other = Club()
    other.done(other.accounts.ledger.take(several))
    assert {key: word.value for key, word in other.named().metadata.items()} == {"url": "a b"}


def test_a_client_that_sets_ten_thousand_keys_leaves_a_hundred_records() -> None:
    club = Club()
    ann, guest = come(club, "ann", caps=THREE), knows(club, "guest")
    for client, count in ((ann, 10_000), (guest, 1000)):
        for begin in range(0, count, 250):
            numbers = range(begin, begin + 250)
            client.send(b"".join(b"METADATA * SET k%d x\r\nMETADATA * SET k%d\r\n" % (n, n) for n in numbers))
            client.outlet.lines.clear()
    assert len(records(club)) == MOST_WORDS and set(records(club).values()) == {None}
    assert len(club.node.network.metadata.words(guest.user)) == MOST_WORDS
    ann >> "METADATA * SET another x"
    assert plain(ann) == [
        "FAIL METADATA LIMIT_REACHED SET ann 20 :*"[:-1] + "No more than 20 keys can be set"
    ]
    ann >> "METADATA * SET k1 x"
    assert plain(ann) == ["761 ann ann k1 * :x"]
    guest >> "METADATA * SET another x"
    assert plain(guest) == ["761 guest guest another * :x"]
    club.check()


def test_a_flood_of_changes_is_slowed_down_and_told_once_a_turn() -> None:
    club = Club(flood={"enabled": True}, metadata={"set_rate": 5})
    watching = knows(club, "watching", *(f"k{number}" for number in range(10)))
    watching >> "MONITOR + guest"
    guest = knows(club, "guest")
    told(watching)
    lines = b"".join(b"METADATA * SET k%d %d\r\n" % (number % 10, number) for number in range(50))
    guest.send(lines)
    for _ in range(200):
        club.clock.advance(1)
        club.settle()
    answers = [line.split(" ")[1] for line in guest.lines() if line.startswith(":irc.test ")]
    assert answers.count("775") > 20 and answers.count("761") <= 25
    assert len(told(watching)) <= answers.count("761")


def test_records_of_a_version_to_come_mean_nothing_here() -> None:
    club = Club()
    ann = club.account()
    stamp = "0" * 9 + ".000000.0BA"
    odd = [("meta:KEY", "x"), ("meta:long", "v" * 401), ("meta", "x"), ("meta:empty", "")]
    club.done(club.accounts.ledger.take([Record(ann.id, name, stamp, value) for name, value in odd]))
    assert ann.metadata == {} and ann.id[0] == ACCOUNT
