"""PRIVMSG and NOTICE: who hears what, in which form, and who is refused."""

from __future__ import annotations

import pytest
import states
from conversation import Client, House
from states import logged_in, moded, opered

from chatnet.model.facts import AwayChanged, HostChanged
from chatnet.model.modes import RANKS


def pair(house: House, caps: str = "") -> tuple[Client, Client]:
    """Two in one channel; the first is its operator."""
    ann, bob = house.client("ann", caps=caps), house.client("bob", caps=caps)
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    ann.lines(), bob.lines()
    return ann, bob


def set_modes(house: House, text: str, *parameters: str) -> None:
    """Modes of the channel, told to the members and read away."""
    states.set_modes(house, "#c", text, *parameters)
    forget(house)


def forget(house: House) -> None:
    house.settle()
    for session in house.parts.sessions.all:
        session.outlet.lines.clear()  # type: ignore[attr-defined]  # a MemoryOutlet


def test_a_channel_hears_it_and_the_sender_does_not(house: House) -> None:
    ann, bob = pair(house)
    ann >> "PRIVMSG #C :hello  world"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :hello  world"
    ann.silent()
    bob >> "NOTICE #c hi"
    ann << ":bob!~bob@192.0.2.1 NOTICE #c :hi"


def test_a_user_hears_it(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    ann >> "PRIVMSG BOB ::)"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG bob ::)"
    ann.silent()
    ann >> "NOTICE bob :hi" >> "PRIVMSG ann :note to self"
    bob << ":ann!~ann@192.0.2.1 NOTICE bob :hi"
    ann << ":ann!~ann@192.0.2.1 PRIVMSG ann :note to self"


def test_several_targets(house: House) -> None:
    ann, bob = pair(house)
    carol = house.client("carol")
    ann >> "PRIVMSG bob,,#c,BOB,#C,carol,ann,nobody :hi"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG bob :hi"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :hi"
    bob.silent()
    carol << ":ann!~ann@192.0.2.1 PRIVMSG carol :hi"
    ann << ":ann!~ann@192.0.2.1 PRIVMSG ann :hi"
    ann << ":irc.test 407 ann nobody :Too many recipients"
    ann.silent()


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("PRIVMSG", "411 ann :No recipient given (PRIVMSG)"),
        ("PRIVMSG :", "411 ann :No recipient given (PRIVMSG)"),
        ("PRIVMSG ,, :hi", "411 ann :No recipient given (PRIVMSG)"),
        ("PRIVMSG bob", "412 ann :No text to send"),
        ("PRIVMSG bob :", "412 ann :No text to send"),
        ("PRIVMSG eve :hi", "401 ann eve :No such nick/channel"),
        ("PRIVMSG #nowhere :hi", "403 ann #nowhere :No such channel"),
        ("PRIVMSG @#nowhere :hi", "403 ann #nowhere :No such channel"),
        ("PRIVMSG @#c :hi", "404 ann #c :Cannot send to channel (you are not in it)"),
        ("PRIVMSG #c :hi", "404 ann #c :Cannot send to channel (+n: join it first)"),
        ("PRIVMSG @bob :hi", "401 ann @bob :No such nick/channel"),
        ("PRIVMSG @x#c :hi", "401 ann @x#c :No such nick/channel"),
        ("PRIVMSG $$irc.test :hi", "481 ann :Permission Denied- You're not an IRC operator"),
        ("PRIVMSG eve,#nowhere :hi", "401 ann eve :No such nick/channel"),
    ],
)
def test_refusals_and_the_silence_of_notices(house: House, line: str, reply: str) -> None:
    house.client("bob") >> "JOIN #c"
    ann = house.client("ann")
    ann >> line
    ann << ":irc.test " + reply
    ann.lines()
    ann >> line.replace("PRIVMSG", "NOTICE")
    ann.silent()


def test_outsiders_speak_where_they_may(house: House) -> None:
    bob = house.client("bob")
    bob >> "JOIN #c"
    ann = house.client("ann", caps="echo-message")
    set_modes(house, "-n")
    ann >> "PRIVMSG #c :hi"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :hi"
    ann << ":ann!~ann@192.0.2.1 PRIVMSG #c :hi"
    ann.silent()


def test_a_plain_member_writes_to_the_operators(house: House) -> None:
    """As Ergo and InspIRCd: who may speak in the channel may also ask those who look after it."""
    ann, bob = pair(house)
    set_modes(house, "-o", ann.user.nick)
    set_modes(house, "+o", bob.user.nick)
    ann >> "PRIVMSG @#c :somebody is rude"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG @#c :somebody is rude"
    ann.silent()
    set_modes(house, "+m")
    (
        ann
        >> "PRIVMSG @#c :hello?"
        << ":irc.test 404 ann #c :Cannot send to channel (+m: with voice or a rank only)"
    )
    bob.silent()


def test_each_prefix_reaches_its_rank_and_those_above(house: House) -> None:
    ann, bob = pair(house)
    set_modes(house, "-o", ann.user.nick)
    for status, letter in (("~", "q"), ("&", "a"), ("@", "o"), ("%", "h"), ("+", "v")):
        set_modes(house, "+v", ann.user.nick)
        for other, value in RANKS.items():
            set_modes(house, "+" + other, bob.user.nick)
            ann >> f"PRIVMSG {status}#c :psst"
            if value >= RANKS[letter]:
                bob << f":ann!~ann@192.0.2.1 PRIVMSG {status}#c :psst"
            bob.silent()
            set_modes(house, "-" + other, bob.user.nick)
        ann >> f"PRIVMSG {status}#c :nobody there"
        bob.silent()
    ann >> "NOTICE @+#c :voices too"
    bob.silent()
    set_modes(house, "+v", bob.user.nick)
    ann >> "NOTICE @+#c :voices too"
    bob << ":ann!~ann@192.0.2.1 NOTICE +#c :voices too"


def test_echo_of_a_status_message(house: House) -> None:
    ann, bob = pair(house, "echo-message")
    ann >> "PRIVMSG @#c :psst"
    ann << ":ann!~ann@192.0.2.1 PRIVMSG @#c :psst"
    bob.silent()
    outsider = house.client("eve", caps="echo-message")
    opered(outsider, "channels")
    set_modes(house, "-n")
    outsider >> "PRIVMSG @#c :from outside"
    outsider << ":eve!~eve@192.0.2.1 PRIVMSG @#c :from outside"
    ann << ":eve!~eve@192.0.2.1 PRIVMSG @#c :from outside"
    ann.silent()
    bob.silent()
    outsider.silent()


def test_echo_message(house: House) -> None:
    ann, bob = pair(house, "echo-message")
    ann >> "PRIVMSG #c :one" >> "PRIVMSG bob :two" >> "NOTICE bob :three"
    for text in ("PRIVMSG #c :one", "PRIVMSG bob :two", "NOTICE bob :three"):
        ann << ":ann!~ann@192.0.2.1 " + text
        bob << ":ann!~ann@192.0.2.1 " + text
    ann.silent()
    bob.silent()
    ann >> "PRIVMSG ann :self"
    ann << ":ann!~ann@192.0.2.1 PRIVMSG ann :self"
    ann << ":ann!~ann@192.0.2.1 PRIVMSG ann :self"
    ann.silent()


def test_a_broadcast(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob", caps="server-time")
    opered(ann)
    ann >> "PRIVMSG $$*.test :hi"
    ann << ":irc.test 723 ann broadcast :Insufficient oper privileges"
    opered(ann, "broadcast")
    ann >> "NOTICE $$irc.test :hi"
    bob << "@time=2023-11-14T22:13:20.000Z :ann!~ann@192.0.2.1 NOTICE $$irc.test :hi"
    ann << ":ann!~ann@192.0.2.1 NOTICE $$irc.test :hi"
    ann >> "PRIVMSG $$test :hi" >> "PRIVMSG $$irc.* :hi" >> "PRIVMSG $$irc.example :hi"
    ann << ":irc.test 413 ann $$test :No top-level domain specified"
    ann << ":irc.test 414 ann $$irc.* :Wildcard in top-level domain"
    ann << ":irc.test 402 ann irc.example :No such server"
    bob.silent()


def test_every_line_bears_the_time(house: House) -> None:
    house.clock.advance(0.1239)
    ann = house.connect()
    ann >> "CAP REQ server-time" >> "NICK ann" >> "USER ann 0 * :Ann" >> "CAP END"
    ann << ":irc.test CAP * ACK :server-time"
    bob = house.client("bob", caps="server-time")
    ann >> "JOIN #c" >> "PRIVMSG eve :hi" >> "FOO" >> "PING x" >> "CAP LIST" >> "NICK Ann"
    bob >> "JOIN #c" >> "PRIVMSG #c :hi" >> "PRIVMSG Ann :hi" >> "PART #c"
    ann >> "QUIT"
    lines = ann.lines()
    assert len(lines) > 25
    assert all(line.startswith("@time=2023-11-14T22:13:20.123Z ") for line in lines), lines
    house.clock.advance(1)
    bob >> "PING x"
    bob.until("@time=2023-11-14T22:13:21.123Z :irc.test PONG irc.test :x")


def test_a_long_text_is_cut_between_characters(house: House) -> None:
    ann, bob = pair(house)
    text = "\u20ac" * 165
    ann >> f"PRIVMSG #c :{text}"
    (line,) = bob.lines()
    data = line.encode()
    assert 508 <= len(data) <= 510
    assert data.decode().endswith("\u20ac")
    ann.send(b"@label=" + b"x" * 400 + b" PRIVMSG #c :" + b"a" * 497 + b"\r\n")
    (line,) = bob.lines()
    assert len(line) == 510


def test_away(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    house.node.commit(AwayChanged(bob.user, "out for tea", 1.0))
    ann >> "PRIVMSG bob :hi"
    ann << ":irc.test 301 ann bob :out for tea"
    ann >> "NOTICE bob :hi"
    ann.silent()


def test_mode_m(house: House) -> None:
    ann, bob = pair(house)
    set_modes(house, "+m")
    bob >> "PRIVMSG #c :hi" >> "NOTICE #c :hi"
    bob << ":irc.test 404 bob #c :Cannot send to channel (+m: with voice or a rank only)"
    bob.silent()
    set_modes(house, "+v", bob.user.nick)
    bob >> "PRIVMSG #c :hi"
    ann << ":bob!~bob@192.0.2.1 PRIVMSG #c :hi"


def test_bans_and_mutes(house: House) -> None:
    ann, bob = pair(house)
    for mask in ("bob!*@*", "$q:*!*@192.0.2.0/24", "$r:Bob"):
        set_modes(house, "+b", mask)
        bob >> "PRIVMSG #c :hi" >> "PRIVMSG #c :again"
        bob << ":irc.test 404 bob #c :Cannot send to channel (you are banned or muted here)"
        bob << ":irc.test 404 bob #c :Cannot send to channel (you are banned or muted here)"
        set_modes(house, "+e", "*!~bob@*")
        bob >> "PRIVMSG #c :hi"
        ann << ":bob!~bob@192.0.2.1 PRIVMSG #c :hi"
        set_modes(house, "-e", "*!~bob@*")
        set_modes(house, "+v", bob.user.nick)
        bob >> "PRIVMSG #c :hi"
        ann << ":bob!~bob@192.0.2.1 PRIVMSG #c :hi"
        set_modes(house, "-v", bob.user.nick)
        set_modes(house, "-b", mask)
        bob >> "PRIVMSG #c :hi"
        ann << ":bob!~bob@192.0.2.1 PRIVMSG #c :hi"


def test_a_verdict_does_not_outlive_what_it_looked_at(house: House) -> None:
    ann, bob = pair(house)
    set_modes(house, "+b", "*!*@*.example.org")
    bob >> "PRIVMSG #c :hi"
    ann.until(":bob!* PRIVMSG #c :hi")
    house.node.commit(HostChanged(bob.user, "~bob", "host.example.org", bob.user.source, 1.0))
    forget(house)
    bob >> "PRIVMSG #c :hi"
    bob << ":irc.test 404 bob #c :Cannot send to channel (you are banned or muted here)"


def test_modes_t_c_and_colours(house: House) -> None:
    ann, bob = pair(house)
    set_modes(house, "+TC")
    bob >> "NOTICE #c :hi" >> "PRIVMSG #c :\x01PING 1\x01" >> "PRIVMSG #c :\x01ACTION waves\x01"
    bob << ":irc.test 404 bob #c :Cannot send to channel (+C: no CTCP here)"
    bob.silent()
    ann << ":bob!~bob@192.0.2.1 PRIVMSG #c :\x01ACTION waves\x01"
    ann.silent()
    ann >> "PRIVMSG #c :\x01VERSION\x01"
    ann << ":irc.test 404 ann #c :Cannot send to channel (+C: no CTCP here)"
    set_modes(house, "-TC+c")
    bob >> "PRIVMSG #c :\x02bold\x02 \x0304,05red\x0f" >> "PRIVMSG #c :\x02\x02"
    ann << ":bob!~bob@192.0.2.1 PRIVMSG #c :bold red"
    ann.silent()


def test_mode_r_lets_only_the_logged_in_speak(house: House) -> None:
    ann, bob = pair(house)
    set_modes(house, "+R")
    bob >> "PRIVMSG #c :hi"
    bob << ":irc.test 415 bob #c :Cannot send to channel (+R) - you need to be logged in to an account"
    logged_in(bob, "bob")
    bob >> "PRIVMSG #c :hi"
    ann << ":bob!~bob@192.0.2.1 PRIVMSG #c :hi"


def test_mode_z_shows_operators_what_may_not_be_said(house: House) -> None:
    ann, bob = pair(house)
    carol = house.client("carol")
    carol >> "JOIN #c"
    set_modes(house, "+mz")
    bob >> "PRIVMSG #c :hi"
    ann << ":bob!~bob@192.0.2.1 PRIVMSG #c :hi"
    bob.silent()
    carol.silent()
    set_modes(house, "-m+TC")
    bob >> "NOTICE #c :no" >> "PRIVMSG #c :\x01VERSION\x01"
    bob << ":irc.test 404 bob #c :Cannot send to channel (+C: no CTCP here)"
    ann >> "PRIVMSG #c :\x01VERSION\x01"
    ann << ":irc.test 404 ann #c :Cannot send to channel (+C: no CTCP here)"
    eve = house.client("eve")
    eve >> "PRIVMSG #c :from outside"
    eve << ":irc.test 404 eve #c :Cannot send to channel (+n: join it first)"
    set_modes(house, "-n+m")
    eve >> "PRIVMSG #c :from outside"
    ann << ":eve!~eve@192.0.2.1 PRIVMSG #c :from outside"
    bob.silent()
    carol.silent()
    eve.silent()


def test_the_deaf_hear_no_channel_messages(house: House) -> None:
    ann, bob = pair(house)
    moded(bob, "D")
    ann >> "PRIVMSG #c :hi" >> "PRIVMSG +#c :hi" >> "PRIVMSG bob :you"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG bob :you"
    bob.silent()
    bob >> "PRIVMSG #c :the deaf speak"
    ann << ":bob!~bob@192.0.2.1 PRIVMSG #c :the deaf speak"
    bob.silent()
    bob >> "CAP REQ echo-message" >> "PRIVMSG #c :and hear themselves"
    bob << ":irc.test CAP bob ACK :echo-message"
    bob << ":bob!~bob@192.0.2.1 PRIVMSG #c :and hear themselves"
    carol = house.client("carol")
    carol >> "JOIN #c"
    bob << ":carol!~carol@192.0.2.1 JOIN #c"
    moded(bob, "", "D")
    ann >> "PRIVMSG #c :hi"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG #c :hi"


def test_caller_id() -> None:
    house = House(flood={"enabled": True})
    ann, bob = house.client("ann"), house.client("bob")
    moded(bob, "g")
    ann >> "NOTICE bob :psst"
    ann.silent()
    bob << ":irc.test 718 bob ann ~ann@192.0.2.1 :is messaging you, and you have user mode +g. *"
    house.clock.advance(61)
    ann >> "PRIVMSG bob :hi" >> "PRIVMSG bob :hi"
    refused = ":irc.test 716 ann bob :is in +g mode and takes messages only from users on their accept list"
    ann << refused
    ann << ":irc.test 717 ann bob :has been informed that you messaged them."
    ann << refused
    ann.silent()
    bob << ":irc.test 718 bob ann *"
    bob.silent()
    opered(ann)
    ann >> "PRIVMSG bob :opers may"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG bob :opers may"


def test_soft_caller_id_and_modes_r_and_c(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    moded(bob, "G")
    ann >> "PRIVMSG bob :hi"
    ann.until(":irc.test 716 ann bob :is in +G mode *")
    ann >> "JOIN #c"
    bob >> "JOIN #c"
    forget(house)
    ann >> "PRIVMSG bob :hi"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG bob :hi"
    moded(bob, "RC", "G")
    ann >> "PRIVMSG bob :hi" >> "NOTICE bob :hi"
    ann << ":irc.test 486 ann bob :You must be logged in to an account to message this user"
    ann.silent()
    logged_in(ann, "ann")
    ann >> "PRIVMSG bob :\x01VERSION\x01" >> "PRIVMSG bob :\x01ACTION waves\x01"
    ann << ":irc.test 492 ann :Cannot send to user bob (+C set)"
    bob << ":ann!~ann@192.0.2.1 PRIVMSG bob :\x01ACTION waves\x01"


def test_targets_may_not_change_too_fast() -> None:
    house = House(flood={"enabled": True, "target_rate": 2})
    ann = house.client("ann")
    others = [house.client(f"u{number}") for number in range(4)]
    for number in range(3):
        ann >> f"PRIVMSG u{number} :hi"
    ann << ":irc.test 707 ann u2 :Targets changing too fast, message dropped"
    ann >> "PRIVMSG u0 :again"
    ann.silent()
    assert [len(other.lines()) for other in others] == [2, 1, 0, 0]
    others[3] >> "PRIVMSG ann :hi"
    ann.lines()
    ann >> "PRIVMSG u3 :an answer is free"
    others[3] << ":ann!~ann@192.0.2.1 PRIVMSG u3 :an answer is free"
    ann >> "JOIN #c"
    others[2] >> "JOIN #c"
    forget(house)
    ann >> "PRIVMSG u2 :a neighbour"
    others[2] << ":ann!~ann@192.0.2.1 PRIVMSG u2 :a neighbour"
    ann >> "PART #c"
    house.clock.advance(60)
    forget(house)
    ann >> "PRIVMSG u2 :later"
    others[2].until(":ann!~ann@192.0.2.1 PRIVMSG u2 :later")
    house.check()
