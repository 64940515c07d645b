"""How a connection becomes a user, stays one and leaves: PASS, NICK, USER, PING, PONG, QUIT."""

from __future__ import annotations

import itertools

import pytest
from conversation import Client, House

from chatnet.commands import muted
from chatnet.model.facts import ModeChange, ModesChanged
from chatnet.session.passwords import Queue

WELCOME = ["001", "002", "003", "004", "005"]


def lines_named(client: Client) -> list[str]:
    """The second words of what was received: numerics and commands in their order."""
    return [line.split(" ")[1] for line in client.lines()]


@pytest.mark.parametrize("order", list(itertools.permutations(["NICK ann", "USER ann 0 * :Ann", "PASS x"])))
def test_any_order_will_do(house: House, order: tuple[str, ...]) -> None:
    ann = house.connect()
    for line in order:
        ann >> line
    assert ann.session.registered
    ann << ":irc.test 001 ann :Welcome to the chatnet Network, ann!~ann@192.0.2.1"


def test_the_welcome_comes_in_order(house: House) -> None:
    ann = house.connect()
    ann >> "NICK ann"
    ann.silent()
    ann >> "USER ann 0 * :Ann Example"
    names = lines_named(ann)
    first_lusers = names.index("251")
    assert list(dict.fromkeys(names[:first_lusers])) == WELCOME
    assert names[first_lusers:] == ["251", "255", "265", "266", "250", "375", "372", "372", "376", "MODE"]
    assert house.node.network.user("ANN") is ann.user
    assert (ann.user.username, ann.user.realname, ann.user.modes) == ("~ann", "Ann Example", frozenset("i"))


def test_the_welcome_tells_of_opers_channels_unknown_connections_and_the_motd(house: House) -> None:
    house.parts.sessions.motd = ("Be kind.", "")
    ann = house.client("ann")
    ann >> "JOIN #c"
    house.connect()
    bob = house.connect()
    bob >> "NICK bob" >> "USER b 0 * :B"
    names = lines_named(bob)
    assert names[names.index("251") :] == [
        "251", "253", "254", "255", "265", "266", "250", "375", "372", "372", "376", "MODE",
    ]  # fmt: skip


def test_tls_users_bear_mode_z(house: House) -> None:
    ann = house.connect(secure=True)
    ann >> "NICK ann" >> "USER ann 0 * :Ann"
    ann.until(":ann!~ann@192.0.2.1 MODE ann :+Zi")


def test_a_cloak_hides_the_address() -> None:
    house = House(cloak={"enabled": True})
    ann = house.connect("192.0.2.55")
    ann >> "NICK ann" >> "USER ann 0 * :Ann"
    ann << ":irc.test 001 ann :Welcome to the chatnet Network, ann"
    assert ann.user.real_host == "192.0.2.55"
    assert ann.user.host == ann.user.cloak != ann.user.real_host
    assert "x" in ann.user.modes
    house.check()


def test_an_ipv6_address_never_begins_with_a_colon(house: House) -> None:
    ann = house.client("ann", address="::1")
    assert ann.user.mask == "ann!~ann@0::1"


@pytest.mark.parametrize("line", ["JOIN #c", "PRIVMSG bob :hi", "NONSENSE", "PART #c", "NOTICE bob :hi"])
def test_before_registration_nothing_else_goes(house: House, line: str) -> None:
    ann = house.connect()
    ann >> line
    ann << ":irc.test 451 * :You have not registered"
    ann.silent()


def test_the_forgiving_ways_of_a_hand_at_a_terminal(house: House) -> None:
    ann = house.connect()
    ann.send(b"nick ann\n   user   ann  0   *   :Ann\n")
    assert ann.session.registered
    ann.lines()
    ann.send(b"\r\n\n   \n privmsg   ann   :hi\n")
    ann << ":ann!~ann@192.0.2.1 PRIVMSG ann :hi"


def test_an_unknown_command(house: House) -> None:
    ann = house.client("ann")
    ann >> "FROBNICATE now"
    ann << ":irc.test 421 ann FROBNICATE :Unknown command"
    ann >> ":ann " + "X" * 100
    ann << f":irc.test 421 ann {'X' * 32} :Unknown command"


def test_who_types_as_in_a_client_is_told_how_to_without(house: House) -> None:
    hint = (
        ":irc.test NOTICE {} :Without a client, commands have no slash: JOIN #lobby and not /join #lobby. *"
    )
    bob = house.connect()
    bob >> "/join #lobby" << ":irc.test 451 * :You have not registered" << hint.format("*")
    ann = house.client("ann")
    ann >> "/Join #lobby" << ":irc.test 421 ann /JOIN :Unknown command" << hint.format("ann")
    ann >> "JOINT" << ":irc.test 421 ann JOINT :Unknown command"
    ann.silent()


def test_nick_refusals_before_registration(house: House) -> None:
    house.client("ann")
    bob = house.connect()
    bob >> "NICK"
    bob << ":irc.test 431 * :No nickname given"
    bob >> "NICK :"
    bob << ":irc.test 431 * :No nickname given"
    bob >> "NICK 1bob"
    bob << ":irc.test 432 * 1bob :Erroneous nickname: it begins with a digit or a hyphen"
    bob >> "NICK äöü"
    bob << ":irc.test 432 * äöü :Erroneous nickname: only ASCII letters, digits and []\\`_^{|}- may be in it"
    bob >> "NICK ::x"
    bob << ":irc.test 432 * x :Erroneous nickname: only ASCII letters, *"
    bob >> f"NICK {'n' * 31}"
    bob << ":irc.test 432 * * :Erroneous nickname: it is longer than 30 characters"
    bob >> "NICK Ann"
    bob << ":irc.test 433 * Ann :Nickname is already in use"


def test_names_that_fold_alike_are_one(house: House) -> None:
    house.client("a[b]")
    bob = house.connect()
    bob >> "NICK A{B}"
    bob << ":irc.test 433 * A{B} :Nickname is already in use"


def test_a_nick_taken_between_nick_and_user(house: House) -> None:
    slow = house.connect()
    slow >> "NICK ann"
    house.client("ann")
    slow >> "USER slow 0 * :Slow"
    slow << ":irc.test 433 ann ann :Nickname is already in use"
    assert not slow.session.registered
    slow >> "NICK slow"
    slow << ":irc.test 001 slow *"


def test_a_password_outlives_a_nick_that_was_taken() -> None:
    for secret in ("sesame", "$argon2-test$sesame"):
        house = House(server={"password": secret})
        slow = house.connect()
        slow >> "PASS sesame" >> "NICK ann"
        ann = house.connect()
        ann >> "PASS sesame" >> "NICK ann" >> "USER a 0 * :A"
        slow >> "USER slow 0 * :Slow" >> "NICK slow"
        assert slow.session.registered
        assert slow.session.passwords == ()
        house.check()


def test_user_refusals(house: House) -> None:
    ann = house.connect()
    ann >> "USER ann 0 *"
    ann << ":irc.test 461 * USER :Not enough parameters"
    ann >> "USER ann 0 * :"
    ann << ":irc.test 461 * USER :Not enough parameters"
    ann >> "USER ann 0 * :Ann" >> "USER eve 0 * :Eve"
    ann << ":irc.test 462 * :You may not reregister"
    ann >> "NICK ann"
    assert ann.user.username == "~ann"


def test_a_user_name_without_a_usable_letter(house: House) -> None:
    ann = house.connect()
    ann >> "NICK ann" >> "USER Аня 0 * :Аня"
    assert ann.user.username == "~user" and ann.session.registered


def test_user_and_pass_are_for_newcomers(house: House) -> None:
    ann = house.client("ann")
    ann >> "USER ann 0 * :Ann"
    ann << ":irc.test 462 ann :You may not reregister"
    ann >> "PASS x"
    ann << ":irc.test 462 ann :You may not reregister"
    house.connect() >> "PASS" << ":irc.test 461 * PASS :Not enough parameters"


def test_what_a_user_name_is_made_of(house: House) -> None:
    ann = house.connect()
    ann >> "NICK ann" >> "USER ~an!n.verylongname@phone 0 * :" + "\u00e9" * 100
    assert ann.user.username == "~ann.veryl"
    assert ann.user.realname == "\u00e9" * 75


@pytest.mark.parametrize("secret", ["sesame", "$argon2-test$sesame"])
def test_passwords(secret: str) -> None:
    house = House(server={"password": secret})
    right = house.connect()
    right >> "PASS wrong" >> "PASS sesame" >> "NICK ann" >> "USER ann 0 * :Ann"
    assert right.session.registered
    for given in (["PASS wrong"], []):
        wrong = house.connect()
        for line in [*given, "NICK eve", "USER eve 0 * :Eve"]:
            wrong >> line
        wrong << ":irc.test 464 eve :Password incorrect"
        wrong << "ERROR :Closing Link: 192.0.2.1 (Bad password)"
        assert wrong.outlet.ended == "closed"
    assert len(house.node.network.users) == 1
    house.check()


HASHED = {"password": "$argon2-test$sesame"}


def test_who_gives_no_password_has_none_computed() -> None:
    house = House(server=HASHED)
    ann = house.connect()
    ann >> "NICK ann" >> "USER ann 0 * :Ann"
    ann << ":irc.test 464 ann :Password incorrect"
    assert house.verified == []
    house.check()


def test_too_many_passwords_are_answered_at_once() -> None:
    house = House(server=HASHED)
    house.busy = True
    ann = house.connect()
    ann >> "PASS sesame" >> "NICK ann" >> "USER ann 0 * :Ann"
    ann << ":irc.test 263 ann PASS :*"
    ann << "ERROR :Closing Link: 192.0.2.1 (Too many passwords wait to be checked)"
    house.check()


@pytest.mark.parametrize("how", ["quit", "lost"])
def test_nobody_computes_the_password_of_who_has_gone(how: str) -> None:
    house = House(server=HASHED)
    house.hold = True
    ann = house.connect(address="2001:db8::1")
    ann >> "PASS sesame" >> "NICK ann" >> "USER ann 0 * :Ann"
    (check,) = house.checks
    assert (check.queue, check.owner, check.cancelled) == (Queue.CONNECT, "2001:db8::/64", False)
    if how == "lost":
        ann.session.connection_lost("gone")
    else:
        ann.session.close("Quit")
    assert check.cancelled
    house.release()
    assert not ann.session.registered and not house.node.network.users
    house.check()


def test_waiting_for_a_password_does_not_count_against_the_time_to_register() -> None:
    house = House(server=HASHED, limits={"registration_timeout": 30})
    slow, idle = house.connect(), house.connect()
    house.hold = True
    slow >> "PASS sesame" >> "NICK ann" >> "USER slow 0 * :Slow"
    house.clock.advance(100)
    house.parts.sessions.sweep()
    assert slow.outlet.ended is None and idle.outlet.ended == "closed"
    quick = house.connect()
    house.hold = False
    quick >> "PASS sesame" >> "NICK ann" >> "USER quick 0 * :Quick"
    house.release()
    slow.until("* 433 * ann :*")  # it is not registered yet
    house.clock.advance(29)
    house.parts.sessions.sweep()
    assert slow.outlet.ended is None
    house.clock.advance(2)
    house.parts.sessions.sweep()
    slow << "ERROR :Closing Link: 192.0.2.1 (Registration timed out)"
    house.check()


def test_a_class_has_its_own_password() -> None:
    house = House(connection_class=[{"name": "a", "password": "one"}], server={"password": "two"})
    ann = house.connect()
    ann >> "PASS one" >> "NICK ann" >> "USER ann 0 * :Ann"
    assert ann.session.registered


@pytest.mark.parametrize(
    "line",
    ["GET / HTTP/1.1", "POST /x HTTP/1.1", "PUT / HTTP/1.0", "HEAD / HTTP/1.1", "OPTIONS * HTTP/1.1",
     "DELETE /a HTTP/1.1", "PATCH /a HTTP/1.1", "CONNECT irc.test:6667 HTTP/1.1", "TRACE / HTTP/1.1"],
)  # fmt: skip
def test_browsers_are_dropped_at_once(house: House, line: str) -> None:
    browser = house.connect()
    browser.send(line.encode() + b"\r\nHost: irc.test\r\n\r\nNICK eve\r\nUSER e 0 * :E\r\n")
    browser << "ERROR :Closing Link: 192.0.2.1 (This is not an HTTP server)"
    browser.silent()
    assert browser.outlet.ended == "closed"


def test_who_does_not_register_in_time_is_sent_away(house: House) -> None:
    ann = house.connect()
    ann >> "NICK ann"
    house.clock.advance(30)
    house.parts.sessions.sweep()
    ann.silent()
    house.clock.advance(1)
    house.parts.sessions.sweep()
    ann << "ERROR :Closing Link: 192.0.2.1 (Registration timed out)"
    assert not house.parts.sessions.all


def test_who_is_silent_is_asked_and_then_sent_away(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob", caps="server-time")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines(), bob.lines()
    house.clock.advance(120)
    house.parts.sessions.sweep()
    ann << "PING :irc.test"
    bob << "@time=* PING :irc.test"
    house.clock.advance(59)
    house.parts.sessions.sweep()
    bob >> "PONG :irc.test"
    ann.silent()
    house.clock.advance(1)
    house.parts.sessions.sweep()
    ann << "ERROR :Closing Link: 192.0.2.1 (Ping timeout: 180 seconds)"
    bob << "@time=* :ann!~ann@192.0.2.1 QUIT :Ping timeout: 180 seconds"
    bob.silent()


def test_any_line_is_a_sign_of_life(house: House) -> None:
    ann = house.client("ann")
    for _ in range(5):
        house.clock.advance(100)
        ann >> "PING x"
        house.parts.sessions.sweep()
        ann << ":irc.test PONG irc.test :x"
    ann.silent()


def test_ping(house: House) -> None:
    ann = house.client("ann")
    ann >> "PING :two words"
    ann << ":irc.test PONG irc.test :two words"
    ann >> "PING"
    ann << ":irc.test 461 ann PING :Not enough parameters"
    ann >> "PING :"
    ann << ":irc.test 409 ann :No origin specified"


def test_host_names_hold_registration_until_they_are_known() -> None:
    house = House(lookups={"reverse_dns": True})
    house.hosts["192.0.2.1"] = "host.example.org"
    ann = house.client("ann")
    assert ann.user.mask == "ann!~ann@host.example.org"
    nameless = house.client("bob", address="192.0.2.2")
    assert nameless.user.host == "192.0.2.2"
    house.check()


def test_a_change_of_nick(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines(), bob.lines()
    ann >> "NICK Ann"
    ann << ":ann!~ann@192.0.2.1 NICK Ann"
    bob << ":ann!~ann@192.0.2.1 NICK Ann"
    ann >> "NICK Ann" >> "NICK bob"
    ann << ":irc.test 433 Ann bob :Nickname is already in use"
    ann >> "NICK carol"
    bob << ":Ann!~ann@192.0.2.1 NICK carol"
    assert house.node.network.user("ann") is None


def test_the_banned_keep_their_nicks(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines(), bob.lines()
    channel = house.node.network.channel("#c")
    assert channel is not None
    house.node.commit(ModesChanged(channel, (ModeChange(True, "b", "bob!*@*"),), ann.user, 1.0))
    bob.lines()
    bob >> "NICK bobby"
    bob << ":irc.test 435 bob bobby #c :Cannot change nickname while banned or muted on channel"


def test_nicks_do_not_change_too_often() -> None:
    house = House(flood={"enabled": True, "nick_rate": 2})
    ann = house.client("ann")
    ann >> "NICK a" >> "NICK b" >> "NICK c"
    ann.until(":a!~ann@192.0.2.1 NICK b")
    ann << ":irc.test 438 b b c :Nick change too fast. Please wait 20 seconds."
    house.clock.advance(20)
    ann >> "NICK c"
    ann << ":b!~ann@192.0.2.1 NICK c"
    house.check()


def test_quit(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines(), bob.lines()
    ann.send(b"QUIT :So long\r\nPRIVMSG #c :never said\r\n")
    ann << "ERROR :Closing Link: 192.0.2.1 (Quit: So long)"
    ann.silent()
    bob << ":ann!~ann@192.0.2.1 QUIT :Quit: So long"
    bob.silent()
    assert ann.outlet.ended == "closed"
    carol = house.connect()
    carol >> "QUIT"
    carol << "ERROR :Closing Link: 192.0.2.1 (Client Quit)"
    assert house.node.network.user("ann") is None


def test_a_connection_that_breaks(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines(), bob.lines()
    ann.session.connection_lost("Connection reset by peer")
    ann.session.connection_lost("again")
    ann.silent()
    bob << ":ann!~ann@192.0.2.1 QUIT :Connection reset by peer"
    bob.silent()


def test_the_server_and_its_classes_are_full() -> None:
    one = {"name": "one", "max_sessions": 1, "match": ["192.0.2.1"]}
    two = {"name": "two", "match": ["192.0.2.2", "192.0.2.3"]}
    house = House(limits={"users": 2}, connection_class=[one, two])
    house.client("ann")
    late = house.connect()
    late << "ERROR :Closing Link: 192.0.2.1 (Your connection class is full)"
    stranger = house.connect("198.51.100.1")
    stranger << "ERROR :Closing Link: 198.51.100.1 (You are not authorized to connect to this server)"
    house.connect("192.0.2.2")
    last = house.connect("192.0.2.3")
    last << "ERROR :Closing Link: 192.0.2.3 (This server is full)"
    last.send(b"NICK eve\r\n")
    last.silent()
    assert len(house.parts.sessions.all) == 2
    house.check()


def test_who_connects_is_greeted_before_they_say_a_word_if_they_may_stay() -> None:
    house = House(server={"greeting": "*** Welcome"}, limits={"users": 1})
    ann, bob = house.connect(), house.connect()
    ann << ":irc.test NOTICE * :*** Welcome"
    ann.silent()
    bob << "ERROR :Closing Link: 192.0.2.1 (This server is full)"
    bob.silent()


def test_who_is_muted_gives_no_reason_to_quit(house: House) -> None:
    ann, bob, cyd = (house.client(nick) for nick in ("ann", "bob", "cyd"))
    for client in (ann, bob, cyd):
        client >> "JOIN #c" >> "JOIN #d"
    ann >> "MODE #c +b $q:bob!*@*"
    ann.lines()
    bob >> "QUIT :one more thing"
    ann << ":bob!~bob@192.0.2.1 QUIT :Client Quit"
    cyd >> "QUIT :good night"
    ann << ":cyd!~cyd@192.0.2.1 QUIT :Quit: good night"


def test_nor_does_who_is_in_channels_with_lists_that_are_too_long(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(muted, "MASKS", 10)
    ann, bob = house.client("ann"), house.client("bob")
    for channel in ("#c", "#d"):
        for client in (ann, bob):
            client >> f"JOIN {channel}"
        ann >> f"MODE {channel} +bb one!*@*.example two!*@*.example"
    ann.lines()
    bob >> "QUIT :one more thing"
    ann << ":bob!~bob@192.0.2.1 QUIT :Client Quit"
