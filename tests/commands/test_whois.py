"""WHOIS."""

from __future__ import annotations

from conversation import House
from states import logged_in, moded, opered, second_session


def test_whois_of_a_plain_user() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob", address="192.0.2.2")
    house.clock.advance(30)
    ann >> "WHOIS BOB"
    ann << ":irc.test 311 ann bob ~bob 192.0.2.2 * :Bob"
    ann << ":irc.test 312 ann bob irc.test :A chatnet server"
    ann << ":irc.test 338 ann bob 192.0.2.2 :actually using host"
    ann << ":irc.test 317 ann bob 30 1700000000 :seconds idle, signon time"
    ann << ":irc.test 318 ann BOB :End of /WHOIS list"
    ann.silent()
    assert bob.lines() == []
    house.check()


def test_whois_tells_everything_there_is() -> None:
    house = House(cloak={"enabled": True})
    tls = "TLSv1.3, TLS_AES_256_GCM_SHA384"
    ann = house.client("ann")
    bob = house.client("bob", address="192.0.2.2", secure=True, certfp="ab" * 32, tls=tls)
    bob >> "AWAY :out for lunch" >> "JOIN #c"
    opered(bob, "kill")
    moded(bob, "Bs", snomask="ck")
    logged_in(bob, "robert")
    public = [
        f":irc.test 311 {{}} bob ~bob {bob.user.cloak} * :Bob",
        ":irc.test 319 {} bob :@#c",
        ":irc.test 312 {} bob irc.test :A chatnet server",
        ":irc.test 301 {} bob :out for lunch",
        ":irc.test 313 {} bob :is an IRC Operator",
        ":irc.test 335 {} bob :is a bot",
        ":irc.test 330 {} bob robert :is logged in as",
    ]
    end = [
        ":irc.test 317 {} bob 0 1700000000 :seconds idle, signon time",
        ":irc.test 318 {} bob :End of /WHOIS list",
    ]
    own = [
        f":irc.test 671 {{}} bob :is using a secure connection [{tls}]",
        f":irc.test 276 {{}} bob :has client certificate fingerprint {'ab' * 32}",
        ":irc.test 378 {} bob :is connecting from ~bob@192.0.2.2 192.0.2.2",
        ":irc.test 379 {} bob :is using modes +BZiosx +ck",
    ]
    ann >> "WHOIS bob"
    others = [":irc.test 671 {} bob :is using a secure connection"]
    assert ann.lines() == [line.format("ann") for line in public + others + end]
    bob.lines()
    bob >> "WHOIS bob"
    assert bob.lines() == [line.format("bob") for line in public + own + end]
    opered(ann, "see-all")
    ann >> "WHOIS bob"
    assert ann.lines() == [line.format("ann") for line in public + own + end]
    opered(ann, "kill")
    ann >> "WHOIS bob"
    assert ann.lines() == [line.format("ann") for line in public + own[:2] + end]


def test_channels_that_the_asker_may_not_see_are_left_out() -> None:
    house = House()
    ann, bob = house.client("ann", caps="multi-prefix"), house.client("bob")
    network = house.node.network
    for name, flag in (("#open", ""), ("#secret", "s"), ("#private", "p"), ("#both", "s")):
        bob >> f"JOIN {name}"
        network.channels[network.fold(name)].flags.update(flag)
    ann >> "JOIN #both"
    ann.lines()
    ann >> "WHOIS bob"
    ann.until(":irc.test 319 ann bob :@#open @#both")
    opered(ann, "see-all")
    ann >> "WHOIS bob"
    ann.until(":irc.test 319 ann bob :@#open @#secret @#private @#both")


def test_prefixes_are_all_shown_with_multi_prefix() -> None:
    house = House()
    ann, bob = house.client("ann", caps="multi-prefix"), house.client("bob")
    bob >> "JOIN #c"
    channel = house.node.network.channels[house.node.network.fold("#c")]
    channel.members[bob.user] = bob.user.channels[channel] = 5
    ann >> "WHOIS bob"
    ann.until("* 319 ann bob :@+#c")
    bob >> "WHOIS bob"
    bob.until("* 319 bob bob :@#c")


def test_many_channels_take_several_lines() -> None:
    house = House()
    ann = house.client("ann")
    names = [f"#{'é' * 20}{number}" for number in range(30)]
    for name in names:
        ann >> f"JOIN {name}"
    ann.lines()
    ann >> "WHOIS ann"
    lines = [line for line in ann.lines() if " 319 " in line]
    assert len(lines) > 1
    assert all(len(line.encode()) <= 510 for line in lines)
    shown = [word for line in lines for word in line.partition(" :")[2].split(" ")]
    assert shown == ["@" + name for name in names]


def test_the_server_may_be_named() -> None:
    ann = House().client("ann")
    for server in ("irc.test", "IRC.*", "ann"):
        ann >> f"WHOIS {server} ann"
        assert ann.numerics() == ["311", "312", "338", "379", "317", "318"]
    ann >> "WHOIS irc.elsewhere ann"
    ann << ":irc.test 402 ann irc.elsewhere :No such server"
    ann.silent()


def test_nobody_of_that_name() -> None:
    ann = House().client("ann")
    for question in ("WHOIS zed", "WHOIS zed zed"):
        ann >> question
        ann << ":irc.test 401 ann zed :No such nick/channel"
        ann << ":irc.test 318 ann zed :End of /WHOIS list"
    ann >> "WHOIS a*"
    assert ann.numerics() == ["401", "318"]
    ann >> "WHOIS ::b"
    ann << "* 401 ann *"
    for question in ("WHOIS", "WHOIS :", "WHOIS ,ann", "WHOIS irc.test :"):
        ann.lines()
        ann >> question
        ann << ":irc.test 431 ann :No nickname given"
        ann.silent()


def test_of_several_nicks_only_the_first_counts() -> None:
    house = House()
    ann = house.client("ann")
    house.client("bob")
    ann >> "WHOIS bob,ann"
    ann << "* 311 ann bob *"
    assert ann.until("* 318 *") == ":irc.test 318 ann bob,ann :End of /WHOIS list"
    ann.silent()


def test_idle_is_the_smallest_of_all_sessions() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    again = second_session(ann)
    house.clock.advance(60)
    again >> "PRIVMSG bob :hi"
    house.clock.advance(3)
    bob.lines()
    bob >> "WHOIS ann"
    bob.until("* 317 bob ann 3 1700000000 *")


def test_a_user_without_a_session_has_no_idle_time() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob")
    house.parts.delivery.detach(ann.session)
    bob >> "WHOIS ann"
    assert bob.numerics() == ["311", "312", "338", "318"]
    bob >> "WHO ann %nl"
    bob << "* 354 bob ann 0"
    opered(bob, "see-all")
    bob >> "WHO ann %nl"
    bob << "* 354 bob ann 0"


def test_an_address_that_begins_with_a_colon_stays_one_parameter() -> None:
    house = House()
    ann = house.client("ann", address="::1")
    ann >> "WHOIS ann" >> "WHO ann %hi"
    ann << "* 311 ann ann ~ann 0::1 * :Ann"
    ann.until("* 338 ann ann 0::1 :actually using host")
    ann.until("* 354 ann 0::1 0::1")
