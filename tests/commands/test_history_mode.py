"""Channel mode H: for how long messages are kept, and who may look back how far."""

from __future__ import annotations

import pytest
from conversation import Client, House
from hypothesis import given
from hypothesis import strategies as st
from states import opered

from chatnet.model.keep import SINCE, Keep, keep_order, read_keep

DAY = 86_400_000


@pytest.fixture
def people(house: House) -> tuple[Client, Client]:
    """ann, an operator of #c, and bob, who is in it."""
    ann, bob = house.client("ann"), house.client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
    ann.lines()
    bob.lines()
    return ann, bob


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("30d", "30d"), ("0", "0"), ("000", "0"), ("90d:join", "90d:join"), ("012H:ALL", "12h:all"),
        ("52W:Account", "52w:account"), ("0:join", "0:join"),
    ],
)  # fmt: skip
def test_operators_set_it_and_everybody_sees_it(
    house: House, people: tuple[Client, Client], given: str, shown: str
) -> None:
    ann, bob = people
    ann >> f"MODE #c +H {given}"
    for client in people:
        client << f":ann!~ann@192.0.2.1 MODE #c +H {shown}"
    bob >> "MODE #c"
    bob << f":irc.test 324 bob #c +ntH {shown}"
    bob.lines()
    ann >> f"MODE #c +H {shown}"  # it is so
    ann >> "MODE #c -H"
    for client in people:
        client << ":ann!~ann@192.0.2.1 MODE #c -H"
    channel = house.node.network.channel("#c")
    assert channel is not None and channel.keep is None


def test_it_is_there_for_who_keeps_messages(house: House, people: tuple[Client, Client]) -> None:
    people[0] >> "MODE #c +H 2w:account"
    channel = house.node.network.channel("#c")
    assert channel is not None and channel.keep == Keep(14 * DAY, "account", "2w:account")


@pytest.mark.parametrize(
    "given", ["30", "d", "1000d", "0d", "30m", "30d:", "30d:none", "-1d", "٣d", "30d:join:all"]
)
def test_what_is_no_span(people: tuple[Client, Client], given: str) -> None:
    ann, _ = people
    ann >> f"MODE #c +H {given}"
    ann << (
        f":irc.test 696 ann #c H {given}"
        " :Messages are kept for 0, or <number>h, d or w; then perhaps :all, :account, :join"
    )
    ann.silent()


def test_it_needs_a_parameter(people: tuple[Client, Client]) -> None:
    people[0] >> "MODE #c +H"
    people[0] << ":irc.test 696 ann #c H * :This mode needs a parameter"


def test_longer_than_the_server_keeps_anything(house: House, people: tuple[Client, Client]) -> None:
    ann, _ = people
    ann >> "MODE #c +H 365d"
    ann << "* MODE #c +H 365d"
    ann >> "MODE #c +H 53w"
    ann << ":irc.test 696 ann #c H 53w :Messages are kept for 365 days at most"
    house.reload(history={"channels_keep": 30, "channels_most": 30})
    ann >> "MODE #c +H 31d:join"
    ann << ":irc.test 696 ann #c H 31d:join :Messages are kept for 30 days at most"
    ann >> "MODE #c +H 30d"
    ann << "* MODE #c +H 30d"


def test_who_may_set_it(people: tuple[Client, Client]) -> None:
    ann, bob = people
    bob >> "MODE #c +H 0"
    bob << ":irc.test 482 bob #c :*"
    ann >> "MODE #c +h bob"
    bob.lines()
    bob >> "MODE #c +H 0"
    bob << ":irc.test 482 bob #c :*"
    opered(bob, "channels")
    bob >> "MODE #c +H 0"
    bob.until("* MODE #c +H 0")


@given(st.integers(0, 2000), st.sampled_from(["", "h", "d", "w", "m"]), st.sampled_from(["", *SINCE, "none"]))
def test_what_is_read_is_written_so(number: int, unit: str, since: str) -> None:
    text = f"{number}{unit}" + (f":{since}" if since else "")
    keep = read_keep(text)
    good = (unit == "" if number == 0 else 0 < number <= 999 and unit in ("h", "d", "w")) and since != "none"
    assert (keep is not None) is good
    if keep is not None:
        assert keep.text == text and read_keep(keep.text) == keep
        assert keep.span == number * {"": 0, "h": 3_600_000, "d": DAY, "w": 7 * DAY}[unit]
        assert keep.since == (since or None)


def test_of_two_the_longer_holds_and_then_the_one_by_which_less_is_seen() -> None:
    texts = ["0", "23h", "1d", "24h:all", "1d:account", "1d:join", "1w"]
    assert sorted(texts, key=keep_order) == texts
