"""Channel modes W and E: how often who has no rank speaks, and says the same."""

from __future__ import annotations

import pytest
from conversation import Client, House
from hypothesis import given
from hypothesis import strategies as st

from chatnet.model.pace import read_repeat, read_slow, repeat_order
from chatnet.wire.likeness import likeness

SLOW = ":Cannot send to channel: slow mode (+W) is one message in 10 seconds, say it in {} seconds"
SAME = (
    ":Cannot send to channel: the same (+E) may be said 2 times in 60 seconds,"
    " say something else or wait {} seconds"
)


@pytest.fixture
def people(house: House) -> tuple[Client, Client]:
    """ann, an operator of #c, and bob, who is in it."""
    ann, bob = house.client("ann"), house.client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
    ann.lines()
    bob.lines()
    return ann, bob


def said(client: Client) -> list[str]:
    """The texts that a client read."""
    return [line.partition(" :")[2] for line in client.lines() if " PRIVMSG " in line or " NOTICE " in line]


# slow mode


def test_one_message_in_so_many_seconds(house: House, people: tuple[Client, Client]) -> None:
    ann, bob = people
    ann >> "MODE #c +W 010" << ":ann!* MODE #c +W 10"
    bob.lines()
    bob >> "PRIVMSG #c :one" >> "PRIVMSG #c :two"
    bob << ":irc.test 404 bob #c " + SLOW.format(10)
    house.clock.advance(9.5)
    bob >> "PRIVMSG #c :three" << ":irc.test 404 bob #c " + SLOW.format(1)
    house.clock.advance(0.5)
    bob >> "PRIVMSG #c :four"
    bob.silent()
    assert said(ann) == ["one", "four"]
    ann >> "MODE #c -W"
    bob.lines()
    bob >> "PRIVMSG #c :five" >> "PRIVMSG #c :six"
    bob.silent()
    assert said(ann) == ["five", "six"]


def test_ranks_speak_on_and_a_notice_counts_silently(people: tuple[Client, Client]) -> None:
    ann, bob = people
    ann >> "MODE #c +W 10" >> "PRIVMSG #c :one" >> "PRIVMSG #c :two"
    assert said(bob) == ["one", "two"]
    bob >> "NOTICE #c :three" >> "NOTICE #c :four" >> "PRIVMSG #c :five"
    bob << ":irc.test 404 bob #c " + SLOW.format(10)
    bob.silent()
    assert said(ann) == ["three"]
    ann >> "MODE #c +v bob"
    bob.lines()
    bob >> "PRIVMSG #c :six"
    assert said(ann) == ["six"]


def test_who_leaves_and_comes_back_waits_as_well(people: tuple[Client, Client]) -> None:
    ann, bob = people
    ann >> "MODE #c +W 10"
    bob >> "PRIVMSG #c :one" >> "PART #c" >> "JOIN #c"
    bob.lines()
    bob >> "PRIVMSG #c :two" << ":irc.test 404 bob #c " + SLOW.format(10)


def test_others_have_their_own_time_and_tags_cost_none(house: House, people: tuple[Client, Client]) -> None:
    ann, bob = people
    cyd = house.client("cyd")
    cyd >> "JOIN #c"
    ann >> "MODE #c +W 10"
    bob >> "CAP REQ message-tags"
    ann.lines()
    bob >> "@+typing=active TAGMSG #c" >> "PRIVMSG #c :one"
    cyd >> "PRIVMSG #c :two"
    assert said(ann) == ["one", "two"]


def test_people_are_forgotten(house: House, people: tuple[Client, Client]) -> None:
    """As many are known as the setting says, and who said nothing lately is not."""
    house.reload(limits={"paced": 10})
    ann, _ = people
    ann >> "MODE #c +W 100"
    crowd = [house.client(f"n{number}") for number in range(14)]
    for client in crowd:
        client >> "JOIN #c" >> "PRIVMSG #c :x"
    pace = house.node.network.channels[house.node.network.fold("#c")].pace
    assert pace is not None and list(pace.said) == [client.user.uid for client in crowd[4:]]
    house.clock.advance(100)
    crowd[0] >> "PRIVMSG #c :y"
    assert list(pace.said) == [crowd[0].user.uid]
    ann >> "MODE #c +E 2:60" >> "MODE #c -W"
    assert pace.said
    ann >> "MODE #c -E"
    assert house.node.network.channels[house.node.network.fold("#c")].pace is None


# repeats


def test_the_same_so_many_times(house: House, people: tuple[Client, Client]) -> None:
    ann, bob = people
    ann >> "MODE #c +E ~2:060" << ":ann!* MODE #c +E 2:60"
    bob.lines()
    bob >> "PRIVMSG #c :buy gold here"
    house.clock.advance(5)
    bob >> "PRIVMSG #c :BUY  gold here!!!" >> "PRIVMSG #c :something else" >> "PRIVMSG #c :buy golddd here 77"
    bob << ":irc.test 404 bob #c " + SAME.format(55)
    bob >> "PRIVMSG #c :something else" >> "PRIVMSG #c :something else"
    bob << ":irc.test 404 bob #c " + SAME.format(60)
    house.clock.advance(55)
    bob >> "PRIVMSG #c :buy gold here" >> "PRIVMSG #c :buy gold here"
    bob << ":irc.test 404 bob #c " + SAME.format(5)
    assert len(said(ann)) == 5
    ann >> "MODE #c +v bob"
    bob.lines()
    bob >> "PRIVMSG #c :buy gold here"
    assert len(said(ann)) == 1


def test_several_texts_in_turns_are_found(house: House, people: tuple[Client, Client]) -> None:
    ann, bob = people
    ann >> "MODE #c +E 2:60"
    for text in "first", "second", "third", "first", "second", "third":
        bob >> f"PRIVMSG #c :{text}"
    bob.lines()
    for text in "first", "second", "third":
        bob >> f"PRIVMSG #c :{text}"
        bob << "* 404 *"
    assert len(said(ann)) == 6


def test_both_at_once(house: House, people: tuple[Client, Client]) -> None:
    ann, bob = people
    ann >> "MODE #c +WE 10 2:60" << ":ann!* MODE #c +WE 10 2:60"
    bob.lines()
    for _ in range(2):
        bob >> "PRIVMSG #c :again"
        house.clock.advance(10)
    bob >> "PRIVMSG #c :again" << ":irc.test 404 bob #c " + SAME.format(40)
    bob >> "PRIVMSG #c :no"  # what was refused does not count
    bob.silent()
    bob >> "MODE #c" << ":irc.test 324 bob #c +ntWE 10 2:60"


# what they take


@pytest.mark.parametrize("given", ["0", "86401", "-1", "x", "1m", "٣"])
def test_what_is_no_slow_mode(people: tuple[Client, Client], given: str) -> None:
    ann, _ = people
    ann >> f"MODE #c +W {given}"
    ann << f":irc.test 696 ann #c W {given} :Slow mode is a number of seconds, 1 to 86400"


@pytest.mark.parametrize("given", ["2", "0:5", "21:5", "2:0", "2:86401", "2:5:10", "*2:5"])
def test_what_is_no_repeat_filter(people: tuple[Client, Client], given: str) -> None:
    ann, _ = people
    ann >> f"MODE #c +E {given}"
    ann << f":irc.test 696 ann #c E {given} :The repeat filter is <times>:<seconds>, *"


@given(st.integers(-5, 100_000), st.integers(-5, 100_000))
def test_what_is_read_is_written_so(one: int, other: int) -> None:
    assert read_slow(str(one)) == (str(one) if 1 <= one <= 86400 else None)
    good = 1 <= one <= 20 and 1 <= other <= 86400
    assert read_repeat(f"{one}:{other}") == (f"{one}:{other}" if good else None)


def test_of_two_the_stricter_holds() -> None:
    assert sorted(["3:60", "2:60", "1:5", "20:61"], key=repeat_order) == ["1:5", "3:60", "2:60", "20:61"]


# what is nearly the same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello there", "hello, THERE!"),
        ("\x02\x0304buy this now\x03", "buy this now"),
        ("come to my channel 1", "come to my channel 2"),
        ("looooool", "lol"),
        ("fullwidth", "ｆｕｌｌｗｉｄｔｈ"),
        ("?!", "? !"),
    ],
)  # fmt: skip
def test_what_is_alike(one: str, other: str) -> None:
    assert likeness(one) == likeness(other)


@pytest.mark.parametrize(("one", "other"), [("1", "2"), ("+1", "-2"), (":)", ":("), ("yes", "no"), ("", "a")])
def test_what_is_not(one: str, other: str) -> None:
    assert likeness(one) != likeness(other)


@given(st.text(st.characters(codec="ascii")))
def test_plain_texts_are_no_others(text: str) -> None:
    """They are taken a shorter way, which one sign that nobody sees leads off."""
    assert likeness(text) == likeness(f"{text}\u200b")


@given(st.text())
def test_any_text_has_a_likeness(text: str) -> None:
    assert likeness(text) == likeness(text.upper().lower()) or text.upper().lower() != text.casefold()
    assert len(likeness(text)) == 8


def test_topics_and_reasons_count_as_messages(house: House, people: tuple[Client, Client]) -> None:
    """Or whoever may not write any more would go on by PART, by TOPIC, and by REDACT."""
    ann, bob = people
    ann >> "MODE #c +W-t 10" >> "CAP REQ draft/message-redaction"
    bob >> "CAP REQ :message-tags draft/message-redaction echo-message"
    bob.lines()
    bob >> "PRIVMSG #c :one"
    msgid = bob.lines()[-1].partition("msgid=")[2].partition(" ")[0].partition(";")[0]
    ann.lines()
    bob >> "TOPIC #c :two" << ":irc.test 404 bob #c " + SLOW.format(10)
    bob >> f"REDACT #c {msgid} :three" >> "PART #c :four" >> "JOIN #c"
    heard = [line for line in ann.lines() if "bob!" in line]
    assert [line.partition(" ")[2] for line in heard] == [f"REDACT #c {msgid}", "PART #c", "JOIN #c"]
    house.clock.advance(10)
    bob.lines()
    bob >> "PART #c :five" >> "JOIN #c"
    assert ann.lines()[0].endswith("PART #c :five")
    bob.lines()
    bob >> "PRIVMSG #c :six" << ":irc.test 404 bob #c " + SLOW.format(10)


@pytest.mark.parametrize("sign", ["\u3164", "\u115f", "\uffa0", "\u034f", "\ufe0f", "\U000e0041", "\x07"])
def test_what_nobody_sees_makes_nothing_another_text(sign: str) -> None:
    assert likeness(f"bu{sign}y go{sign}ld") == likeness("buy gold")
