"""SHIELDS: closes the doors further while the network is attacked, tells people, and goes back by itself."""

from __future__ import annotations

from typing import Any

import pytest
from club import PASSWORD, Club, logged_in, plain
from conversation import Client, House, ManualClock
from states import opered

OVER = "What was closed because of an attack is open again"
DEFAULT = "This network is being attacked, and more careful for a while"


def root_of(house: House) -> Client:
    root = house.client("root")
    opered(root, "shields", "audit", "see-all", snomask="k")
    return root


def shields(root: Client, words: str) -> list[str]:
    """What who sets them reads of it, without notices for all."""
    root >> f"SHIELDS {words}"
    texts = [line.partition(" :")[2] for line in root.lines() if "NOTICE root :" in line]
    return [text for text in texts if not text.startswith((DEFAULT, OVER))]


def comes(house: House, nick: str, address: str = "192.0.2.1") -> Client:
    client = house.connect(address)
    client >> f"NICK {nick}" >> f"USER {nick} 0 * :X"
    return client


def test_it_takes_a_privilege() -> None:
    house = House()
    ann = house.client("ann")
    ann >> "SHIELDS 2"
    ann << ":irc.test 481 ann *"
    opered(ann, "bans")
    ann >> "SHIELDS"
    ann << ":irc.test 723 ann shields :*"


def test_people_read_one_line_operators_who_did_it_and_it_is_noted() -> None:
    club = Club()
    ann, root = club.client("ann"), root_of(club)
    assert shields(root, "2 30m a wave of bots") == [
        "The shields are at level 2 for 30m, on all servers. To open everything again: /SHIELDS 0"
    ]
    until = "2023-11-14 22:43 UTC"
    does = (
        "no accounts are registered, guests may not speak in channels that nobody has registered,"
        " everything is slower"
    )
    ann << f":irc.test NOTICE ann :{DEFAULT} (until {until}): {does}"
    ann.silent()
    club.clock.advance(0)
    root >> "SHIELDS"
    root.until(
        f":irc.test NOTICE root :The shields are at level 2 (guarded), until {until}, 30m from now"
        " (set 2023-11-14 22:13 UTC by root!~root@192.0.2.1): a wave of bots"
    )
    root >> "STATS s" >> "INFO" >> "AUDIT SHIELDS"
    root.until(":irc.test 249 root s :The shields are at level 2 (guarded)*")
    root.until(":irc.test 249 root s :3 (closed): new people have to log in, *, filters act; for 1h")
    root.until(f":irc.test 371 root :{DEFAULT} *")
    root.until(":irc.test NOTICE root :* root (root) SHIELDS 2: for 30m: a wave of bots")
    bob = comes(club, "bob")
    bob.until(f":irc.test NOTICE bob :{DEFAULT} *")
    root.lines()
    assert shields(root, "0") == ["The shields are at level 0, on all servers"]
    ann << f":irc.test NOTICE ann :{OVER}"
    ann.silent()


def test_operators_read_the_snomask_line() -> None:
    club = Club()
    root, other = root_of(club), club.client("other")
    opered(other, snomask="k")
    root >> "SHIELDS 1 10 :bots" >> "SHIELDS 0"
    other.until(":irc.test NOTICE * :*The shields are at level 1 (watchful), until * by root!*: bots")
    other.until(":irc.test NOTICE * :*The shields are at level 0: open, by root!~root@192.0.2.1")


def test_they_go_back_by_themselves_and_after_that_nothing_waits() -> None:
    club = Club()
    ann, root = club.client("ann"), root_of(club)
    shields(root, "3 5")
    assert comes(club, "bob").session.closed
    ann.lines()
    club.clock.advance(299)
    ann.silent()
    assert comes(club, "bob").session.closed
    club.clock.advance(1)
    ann << f":irc.test NOTICE ann :{OVER}"
    assert comes(club, "bob").session.registered
    assert shields(root, "")[0] == "The shields are at level 0: open"
    club.clock.advance(3600)
    ann.silent()


def test_a_level_lasts_as_long_as_its_block_says_or_until_it_is_changed() -> None:
    club = Club(shield=[{"level": 1, "lasts": 120}, {"level": 2, "lasts": 0}])
    root = root_of(club)
    assert "at level 1 for 2m," in shields(root, "1")[0]
    assert "at level 2, on" in shields(root, "2")[0]
    assert "until they are changed" in shields(root, "")[0]
    club.clock.advance(10 * 86400)
    assert club.node.network.shields.level == 2
    assert "at level 1, on" in shields(root, "1 0")[0]
    club.clock.advance(121)
    assert club.node.network.shields.level == 1


def test_a_clock_that_is_set_ends_them_within_a_minute() -> None:
    club = Club()
    root = root_of(club)
    shields(root, "2 1d")
    club.clock.off += 86400
    club.clock.advance(60)
    assert club.node.network.shields.level == 0


def test_a_level_that_there_is_not() -> None:
    club = Club(shield=[{"level": 5, "title": "all"}])
    root = root_of(club)
    for word in ("4", "-1", "two", "10", "٣"):
        assert shields(root, word) == [f"{word} is no level: 0 (open), 1, 2, 3, 5"]
    assert shields(root, "5")[0].startswith("The shields are at level 5 for 1h")


def test_new_people_have_to_log_in_and_cannot_register_on_the_way() -> None:
    block = {"level": 1, "require_login": True, "tell": False}
    club = Club(shield=[block], server={"help": "help@example.org"}, exempt=[{"target": "198.51.100.7"}])
    club.account("ann")
    before, root = club.client("before"), root_of(club)
    shields(root, "1")
    before.silent()
    bob = comes(club, "bob")
    how = "have your client do it by SASL, or give <account>:<password> as the password of the server"
    text = (
        f"For a while new people have to log in to an account they have: {how}. Questions: help@example.org"
    )
    bob << f":irc.test FAIL * ACCOUNT_REQUIRED :{text}"
    bob << "ERROR :*"
    new = club.connect()
    new >> "NICK new" >> f"REGISTER * * :{PASSWORD}"
    new << ":irc.test FAIL REGISTER TEMPORARILY_UNAVAILABLE new :From where you are people come in with *"
    assert comes(club, "cat", "198.51.100.7").session.registered  # whom no ban means
    ann = club.connecting()
    plain(ann)
    logged_in(ann)
    ann >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    assert ann.session.registered
    assert before.session.registered  # who is in stays


def test_from_some_networks_alone() -> None:
    club = Club(shield=[{"level": 1, "require_login_from": ["198.51.100.0/24", "2001:db8::/32"]}])
    shields(root_of(club), "1")
    assert comes(club, "bob", "198.51.100.7").session.closed
    assert comes(club, "cat", "2001:db8::7").session.closed
    assert comes(club, "dan").session.registered


def test_no_accounts_are_registered() -> None:
    club = Club(shield=[{"level": 1, "stop_registrations": True}], server={"help": "help@example.org"})
    root, ann = root_of(club), club.client("ann")
    shields(root, "1")
    ann.lines()
    text = "No accounts are registered while the network is being attacked: try again later"
    ann >> f"REGISTER * * :{PASSWORD}"
    ann << f":irc.test FAIL REGISTER TEMPORARILY_UNAVAILABLE * :{text}. Questions: help@example.org"
    ann >> f"PRIVMSG NickServ :REGISTER :{PASSWORD}"
    ann.until(f":NickServ!* NOTICE ann :{text}. Questions: help@example.org*")
    assert club.node.network.registry.named("ann") is None
    shields(root, "0")
    ann >> f"REGISTER * * :{PASSWORD}"
    ann.until(":irc.test REGISTER SUCCESS ann *")


@pytest.fixture
def channels() -> Club:
    """A club in which #open is nobody's and #own is ann's; bob and root are guests."""
    club = Club(shield=[{"level": 1, "channel_modes": "R"}, {"level": 2, "channel_modes": "r"}])
    club.account("ann")
    return club


def with_channels(club: Club) -> tuple[Client, Client, Client]:
    ann = club.connecting()
    plain(ann)
    logged_in(ann)
    ann >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    ann >> "JOIN #open,#own" >> "PRIVMSG ChanServ :REGISTER #own"
    bob, root = club.client("bob"), root_of(club)
    bob >> "JOIN #open,#own"
    for each in (ann, bob, root):
        each.lines()
    return ann, bob, root


def said(by: Client, to: Client, channel: str) -> bool:
    by >> f"PRIVMSG {channel} :hello"
    heard = any("PRIVMSG" in line for line in to.lines())
    refused = any(" 415 " in line or " 477 " in line for line in by.lines())
    assert heard is not refused
    return heard


def test_guests_speak_in_channels_of_nobody_no_more_for_a_while(channels: Club) -> None:
    ann, bob, root = with_channels(channels)
    assert said(bob, ann, "#open")
    shields(root, "1")
    ann.lines(), bob.lines()
    assert not said(bob, ann, "#open")
    assert said(bob, ann, "#own")  # its founder decides about that
    assert said(ann, bob, "#open")
    ann >> "MODE #open +v bob"
    ann.lines(), bob.lines()
    assert said(bob, ann, "#open")
    ann >> "MODE #open -v bob"
    ann >> "MODE #open"
    assert not any("R" in line.split()[4] for line in ann.lines() if " 324 " in line)
    bob.lines()
    bob >> "PART #open :spam"
    ann << ":bob!~bob@192.0.2.1 PART #open"
    bob >> "JOIN #open"
    ann.lines(), bob.lines()
    shields(root, "0")
    ann.lines(), bob.lines()
    assert said(bob, ann, "#open")


def test_guests_join_channels_of_nobody_no_more_for_a_while(channels: Club) -> None:
    ann, bob, root = with_channels(channels)
    shields(root, "2")
    cat = channels.client("cat")
    cat >> "JOIN #open"
    cat << ":irc.test 477 cat #open *"
    cat >> "JOIN #own" >> "JOIN #new"
    cat.until(":cat!* JOIN #own")
    cat.until(":cat!* JOIN #new")
    assert said(bob, ann, "#open")
    ann >> "INVITE cat #open"
    cat >> "JOIN #open"
    cat.until(":cat!* JOIN #open")
    ann >> "MODE #own +if #open"
    dan = channels.client("dan")
    dan >> "JOIN #own"  # would be sent to where guests may not go
    dan << ":irc.test 473 dan #own *"
    shields(root, "0")
    dan.lines()
    dan >> "JOIN #open"
    dan.until(":dan!* JOIN #open")


def test_everything_is_slower_and_as_before_when_it_is_over() -> None:
    flood: dict[str, Any] = {"penalty_scale": 1.5, "join_rate": 10, "target_rate": 1}
    club = Club(shield=[{"level": 1, "slower": 4}], flood=flood)
    root, sessions = root_of(club), club.parts.sessions
    shields(root, "1")
    assert (sessions.penalty_scale, sessions.rates.join_rate, sessions.rates.target_rate) == (6.0, 2, 1)
    club.reload(flood={"penalty_scale": 1.0})
    opered(root, "shields")  # whose block is in no configuration
    assert sessions.penalty_scale == 4.0
    shields(root, "0")
    assert (sessions.penalty_scale, sessions.rates.join_rate) == (1.0, 10)


def test_fewer_connect_from_one_address() -> None:
    club = Club(shield=[{"level": 1, "slower": 4}], flood={"enabled": True, "connection_rate": 8})
    root = root_of(club)
    shields(root, "1")
    admit = club.parts.admission.admit
    assert [admit("203.0.113.9") is None for _ in range(3)] == [True, True, False]
    shields(root, "0")
    assert admit("203.0.113.9") is None


def test_a_reload_changes_what_the_level_does() -> None:
    club = Club()
    shields(root_of(club), "3")
    assert comes(club, "bob").session.closed
    club.reload(shield=[{"level": 3, "slower": 2}])
    assert comes(club, "bob").session.registered


def test_the_operators_own_words() -> None:
    club = Club(shield=[{"level": 2, "notice": "Bots! Log in, and read https://example.org"}])
    ann, root = club.client("ann"), root_of(club)
    shields(root, "2 0")
    ann << ":irc.test NOTICE ann :Bots! Log in, and read https://example.org"


def test_where_no_accounts_are_kept_it_is_of_this_server_alone() -> None:
    house = House(accounts={"authority": "external"})
    root = root_of(house)
    where = "on this server alone, until it is restarted: no accounts are kept here"
    assert shields(root, "3 1m") == [
        f"The shields are at level 3 for 1m, {where}. To open everything again: /SHIELDS 0"
    ]
    assert comes(house, "bob").session.closed
    house.clock.advance(60)
    assert comes(house, "bob").session.registered


def test_they_outlive_a_restart_until_they_are_over() -> None:
    club = Club()
    shields(root_of(club), "3 1h")
    again = Club(store=club.store)
    assert comes(again, "bob").session.closed
    again.clock.advance(3600)
    assert comes(again, "bob").session.registered
    clock = ManualClock()
    clock.off = 3601  # it was down when they ended
    assert comes(Club(store=club.store, clock=clock), "bob").session.registered


def test_a_disk_that_is_full_refuses_it() -> None:
    club = Club()
    root = root_of(club)
    club.store.broken = True
    root >> "SHIELDS 3"
    root.until(":irc.test FAIL SHIELDS TEMPORARILY_UNAVAILABLE :This server cannot write to its disk")
    assert comes(club, "bob").session.registered


def test_thousands_are_told_in_slices() -> None:
    club = Club(shield=[{"level": 1, "notice": "careful"}])
    root = root_of(club)
    people = [club.client(f"n{n}", address=f"192.0.{n // 250}.{n % 250}") for n in range(1200)]
    root >> "SHIELDS 1 0"
    told = sum(bool(each.lines()) for each in people)
    assert 0 < told < 600
    club.clock.advance(0)
    assert told + sum(bool(each.lines()) for each in people) == 1200
    root >> "SHIELDS 1 0" >> "SHIELDS 0"
    club.clock.advance(0)
    assert people[-1].lines() == [f":irc.test NOTICE n1199 :{OVER}"]


def test_filters_act_that_else_only_report() -> None:
    spam = {"pattern": "*spam*", "action": "block"}
    club = Club(filter=[spam], shield=[{"level": 2, "filters_act": True}, {"level": 3}])
    ann, bob, root = club.client("ann"), club.client("bob"), root_of(club)
    ann >> "JOIN #c"
    bob >> "JOIN #c"

    def heard() -> bool:
        ann.lines()
        bob >> "PRIVMSG #c :buy spam"
        return any("buy spam" in line for line in ann.lines())

    assert heard()
    shields(root, "2")
    assert not heard()
    club.reload(shield=[{"level": 2}])
    assert heard()
    club.reload(shield=[{"level": 2, "filters_act": True}, {"level": 3}])
    assert not heard()
    opered(root, "shields")  # whose block is in no configuration
    shields(root, "3")
    assert heard()
