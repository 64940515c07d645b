"""WHOWAS."""

from __future__ import annotations

import pytest
from conversation import House
from states import logged_in, opered


def test_whowas_tells_the_last_one_first() -> None:
    house = House()
    ann = house.client("ann")
    house.client("bob", address="192.0.2.2") >> "QUIT"
    house.clock.advance(60)
    rob = house.client("rob", address="192.0.2.3")
    rob >> "NICK bob" >> "NICK rob"
    ann >> "WHOWAS BOB"
    ann << ":irc.test 314 ann bob ~rob 192.0.2.3 * :Rob"
    ann << ":irc.test 338 ann bob 192.0.2.3 :actually using host"
    ann << ":irc.test 312 ann bob irc.test :Tue Nov 14 22:14:20 2023"
    ann << ":irc.test 314 ann bob ~bob 192.0.2.2 * :Bob"
    ann << ":irc.test 338 ann bob 192.0.2.2 :actually using host"
    ann << ":irc.test 312 ann bob irc.test :Tue Nov 14 22:13:20 2023"
    ann << ":irc.test 369 ann BOB :End of WHOWAS"
    ann.silent()
    house.check()


def test_the_account_is_told_and_the_real_host_hidden() -> None:
    house = House(cloak={"enabled": True})
    ann, bob = house.client("ann"), house.client("bob", address="192.0.2.2")
    logged_in(bob, "robert")
    bob >> "QUIT"
    ann >> "WHOWAS bob"
    ann << f"* 314 ann bob ~bob {bob.user.cloak} * :Bob"
    ann << ":irc.test 330 ann bob robert :is logged in as"
    ann << "* 312 *"
    ann.lines()
    opered(ann, "see-all")
    ann >> "WHOWAS bob"
    assert ann.numerics() == ["314", "338", "330", "312", "369"]


@pytest.mark.parametrize(
    ("count", "shown"),
    [("1", 1), ("2", 2), ("0", 3), ("-1", 3), ("99", 3), ("x", 3), ("9" * 5000, 3), ("\u0662", 3)],
)
def test_a_positive_count_limits_the_answers(count: str, shown: int) -> None:
    house = House()
    ann = house.client("ann")
    for _ in range(3):
        house.client("bob") >> "QUIT"
    ann >> f"WHOWAS bob {count[:400]}"
    assert ann.numerics().count("314") == shown


def test_too_many_answers_end_with_416() -> None:
    house = House(limits={"who": 2})
    ann = house.client("ann")
    for _ in range(3):
        house.client("bob") >> "QUIT"
    ann >> "WHOWAS bob"
    numerics = ann.numerics()
    assert numerics.count("314") == 2
    assert numerics[-2:] == ["416", "369"]


def test_nobody_bore_that_nick() -> None:
    ann = House().client("ann")
    ann >> "WHOWAS zed"
    ann << ":irc.test 406 ann zed :There was no such nickname"
    ann << ":irc.test 369 ann zed :End of WHOWAS"
    ann >> "WHOWAS"
    ann << ":irc.test 431 ann :No nickname given"
    ann >> "WHOWAS zed 1 irc.elsewhere"
    ann << ":irc.test 402 ann irc.elsewhere :No such server"
    ann >> "WHOWAS zed 1 irc.test"
    assert ann.numerics() == ["406", "369"]
