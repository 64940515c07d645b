"""MODE on oneself, as conversations."""

from __future__ import annotations

import pytest
from conversation import House
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import runs
from states import opered

from chatnet.model.modes import SNOMASKS, USER_MODES


def test_the_modes_that_hold(house: House) -> None:
    ann = house.client("ann", secure=True)
    ann >> "MODE ann" << ":irc.test 221 ann +Zi"
    ann >> "MODE ANN +wB-i" << ":ann!~ann@192.0.2.1 MODE ann :+Bw-i"
    ann >> "MODE ann" << ":irc.test 221 ann +BZw"
    ann >> "MODE ann +w-i"
    ann >> "MODE ann +g-g"
    ann >> "MODE ann +"
    ann.silent()


def test_others(house: House) -> None:
    ann = house.client("ann")
    house.client("bob")
    ann >> "MODE bob" << ":irc.test 502 ann :Can't change mode for other users"
    ann >> "MODE bob +i" << ":irc.test 502 ann :Can't change mode for other users"
    ann >> "MODE cyd +i" << ":irc.test 401 ann cyd :No such nick/channel"


def test_unknown_letters_are_told_once(house: House) -> None:
    ann = house.client("ann")
    ann >> "MODE ann +yw-Y+y"
    ann << ":ann!* MODE ann :+w"
    ann << ":irc.test 501 ann :Unknown MODE flag"
    ann.silent()


@pytest.mark.parametrize("letter", "wgGDBRQC")
def test_modes_anybody_may_have(house: House, letter: str) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
    bob.lines()
    ann.lines()
    ann >> f"MODE ann +{letter}" << f":ann!* MODE ann :+{letter}"
    ann >> f"MODE ann -{letter}" << f":ann!* MODE ann :-{letter}"
    bob.silent()


def test_deaf(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
    ann >> "MODE ann +D"
    ann.lines()
    bob >> "PRIVMSG #c :one"
    ann >> "MODE ann -D" << ":ann!* MODE ann :-D"
    bob >> "PRIVMSG #c :two"
    ann << ":bob!* PRIVMSG #c :two"


def test_what_nobody_may_set(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob", secure=True)
    ann >> "MODE ann +oZ"
    bob >> "MODE bob -Z+o"
    ann.silent()
    bob.silent()
    ann >> "MODE ann +szs" << ":irc.test 481 ann :Permission Denied- You're not an IRC operator"
    ann >> "MODE ann -sz"
    ann.silent()


def test_server_notices(house: House) -> None:
    ann = house.client("ann")
    opered(ann)
    ann >> "MODE ann +s +ck"
    ann << ":ann!* MODE ann :+s"
    ann << ":irc.test 008 ann +ck :Server notice mask"
    ann >> "MODE ann" << ":irc.test 221 ann +ios" << ":irc.test 008 ann +ck :Server notice mask"
    ann >> "MODE ann +s -c+o!y"
    ann << ":irc.test 008 ann +ko :Server notice mask"
    ann << ":irc.test 501 ann :Unknown MODE flag"
    ann >> "MODE ann +s ko"
    ann.silent()
    ann >> "MODE ann +sw -ko"
    ann << ":ann!* MODE ann :+w-s"
    ann << ":irc.test 008 ann + :Server notice mask"
    ann >> "MODE ann +s"
    ann << ":ann!* MODE ann :+s"
    ann << f":irc.test 008 ann +{''.join(sorted(SNOMASKS))} :Server notice mask"
    ann >> "MODE ann -s"
    ann << ":ann!* MODE ann :-s"
    ann << ":irc.test 008 ann + :Server notice mask"
    ann.silent()


def test_stepping_down(house: House) -> None:
    ann, bob = house.client("ann"), house.client("bob")
    opered(ann, "channels", snomask="ck")
    opered(bob, snomask="o")
    ann.lines()
    bob.lines()
    ann >> "MODE ann +z" << ":ann!* MODE ann :+z"
    ann >> "MODE ann -o+w"
    ann << ":ann!* MODE ann :-osz"
    ann << ":ann!* MODE ann :+w"
    ann << ":irc.test 008 ann + :Server notice mask"
    ann.silent()
    bob << ":irc.test NOTICE * :*** Notice -- ann!~ann@192.0.2.1 is no longer an operator"
    assert ann.user.oper is None and not ann.user.may("channels") and ann.user not in house.node.network.opers
    ann >> "MODE ann" << ":irc.test 221 ann +iw"


def test_the_cloak() -> None:
    house = House()
    ann, bob = house.client("ann"), house.client("bob", caps="chghost")
    for client in (ann, bob):
        client >> "JOIN #c"
    ann.lines()
    bob.lines()
    ann >> "MODE ann +x"
    ann << ":ann!~ann@192.0.2.1 MODE ann :+x"
    ann << f":irc.test 396 ann {ann.user.cloak} :is now your displayed host"
    bob << f":ann!~ann@192.0.2.1 CHGHOST ~ann {ann.user.cloak}"
    ann >> "MODE ann -x"
    ann << f":ann!~ann@{ann.user.cloak} MODE ann :-x"
    ann << ":irc.test 396 ann 192.0.2.1 :is now your displayed host"
    bob << f":ann!~ann@{ann.user.cloak} CHGHOST ~ann 192.0.2.1"
    house.check()


def test_the_cloak_is_not_for_noise() -> None:
    house = House(flood={"enabled": True, "nick_rate": 2, "nick_period": 20})
    ann = house.client("ann")
    for change in ("+x", "-x"):
        ann >> f"MODE ann {change}"
    ann.lines()
    ann >> "MODE ann +xw"
    ann << ":irc.test 263 ann MODE :Please wait a while and try again."
    ann << ":ann!* MODE ann :+w"
    ann.silent()
    house.clock.advance(20)
    ann >> "MODE ann +x" << ":ann!* MODE ann :+x"


@settings(max_examples=runs(30, 3000), deadline=None)
@given(
    st.booleans(),
    st.lists(
        st.tuples(
            st.text("+-" + "".join(USER_MODES) + "yé", min_size=1), st.sampled_from(["", "+ck", "-c", "q!"])
        ),
        max_size=5,
    ),
)
def test_what_is_told_is_what_holds(oper: bool, commands: list[tuple[str, str]]) -> None:
    house = House()
    ann = house.client("ann")
    if oper:
        opered(ann, snomask="k")
        ann.lines()
    told = set(ann.user.modes)
    for text, snomask in commands:
        ann >> f"MODE ann {text} {snomask}"
        for line in ann.lines():
            words = line.split(" ")
            if words[1] == "MODE":
                for part in words[3][1:].replace("-", " -").replace("+", " +").split():
                    told = told | set(part[1:]) if part[0] == "+" else told - set(part[1:])
        assert told == ann.user.modes
        assert ("s" in told) == bool(ann.user.snomask)
        assert "o" in told or not told & {"s", "z"}
        house.check()
