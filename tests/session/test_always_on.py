"""People who stay on the network when none of their devices is connected."""

from __future__ import annotations

from typing import Any

import pytest
from archive import Archive
from club import PASSWORD
from conversation import Client
from nickserv import ask
from states import opered
from test_several_sessions import one_more

from chatnet.model.facts import Killed
from chatnet.rules.logins import logged_out

TIMED = "server-time message-tags batch"
"""What a client has that is shown what it missed."""
ON: dict[str, Any] = {"always_on": "opt-out"}


def house_of(**bouncer: Any) -> Archive:
    house = Archive(bouncer=ON | bouncer)
    house.account("ann")
    house.account("bob")
    return house


@pytest.fixture
def house() -> Archive:
    return house_of()


def here(house: Archive, caps: str = "", **more: Any) -> Client:
    """A session of ann that has read its welcome."""
    client = one_more(house, caps=caps, **more)
    client.until("*:irc.test 001 *")
    client.lines()
    return client


def watching(house: Archive) -> Client:
    """bob in #c, who reads who is away."""
    bob = house.client("bob", caps="away-notify")
    bob >> "JOIN #c"
    bob.lines()
    return bob


def gone(house: Archive, client: Client, bob: Client) -> None:
    """The last session of ann goes."""
    client >> "QUIT"
    bob << ":ann!* AWAY :Nobody is connected"
    bob.silent()
    house.clock.advance(10)


def texts(client: Client) -> list[str]:
    """What was said of what a client reads, without tags; batches as they are."""
    lines = [line.partition(" ")[2] if line.startswith("@") else line for line in client.lines()]
    return [line for line in lines if " PRIVMSG " in line or " BATCH " in line]


# to be idle, and to come back


def test_who_has_no_session_stays(house: Archive) -> None:
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c"
    bob.lines()
    gone(house, ann, bob)
    bob >> "PRIVMSG ann :are you there?" >> "NAMES #c" >> "LUSERS"
    bob << ":irc.test 301 bob ann :Nobody is connected"
    bob << ":irc.test 353 bob = #c :@bob ann"
    bob.lines()
    back = one_more(house)
    welcome = back.lines()
    assert welcome[0].startswith(":irc.test 001 ann ")
    assert [line for line in welcome if line.endswith(" JOIN #c")] != []
    assert not [line for line in welcome if " 306 " in line]
    bob << ":ann!* AWAY"
    bob.silent()


def test_whatever_nick_is_asked_for(house: Archive) -> None:
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c"
    bob.lines()
    gone(house, ann, bob)
    back = one_more(house, "ann_phone")
    assert back.lines()[0].startswith(":irc.test 001 ann ")
    assert back.session.user.nick == "ann"


def test_who_had_said_away_is_away_when_they_come_back(house: Archive) -> None:
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c" >> "AWAY :on holiday"
    bob.lines()
    ann >> "QUIT"
    bob.silent()
    back = one_more(house)
    assert [line for line in back.lines() if " 306 ann " in line] != []
    bob.silent()
    back >> "AWAY"
    bob << ":ann!* AWAY"


def test_without_auto_away_nobody_sees_it() -> None:
    house = house_of(auto_away="off")
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c"
    bob.lines()
    ann >> "QUIT"
    bob.silent()
    assert house.node.network.user("ann") is not None


def test_who_is_idle_is_no_operator(house: Archive) -> None:
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c" >> "JOIN #d"
    opered(ann, "kill", snomask="k")
    phone = one_more(house)
    phone >> "QUIT"
    assert ann.user.oper is not None
    bob.lines()
    gone(house, ann, bob)
    assert ann.user.oper is None and not {"o", "s"} & ann.user.modes
    back = one_more(house)
    back.lines()
    back >> "KILL bob :spam"
    assert back.numerics() == ["481"]


def test_operators_read_who_comes_and_goes(house: Archive) -> None:
    root = house.client("root")
    opered(root, "see-all", snomask="cq")
    laptop, phone = here(house), here(house, address="198.51.100.9")
    phone >> "QUIT"
    laptop >> "QUIT"
    told = [line.partition("*** Notice -- ")[2] for line in root.lines() if "Client " in line]
    assert [line.partition(":")[0] for line in told] == [
        "Client connecting",
        "Client attached",
        "Client detached",
        "Client detached",
    ]
    assert told[2].endswith(" from 198.51.100.9") and told[3].endswith(" from 192.0.2.1")


def identified(house: Archive) -> Client:
    """A user of ann's account who logged in too late to be ann, in #d."""
    other = house.client("other")
    ask(other, f"IDENTIFY ann :{PASSWORD}")
    other >> "JOIN #d"
    other.lines()
    return other


@pytest.mark.parametrize("first", ["ann", "other"])
def test_one_user_of_an_account_stays(house: Archive, first: str) -> None:
    clients = {"ann": here(house), "other": identified(house)}
    clients.pop(first) >> "QUIT"
    for client in clients.values():
        client >> "QUIT"
    assert house.node.network.user("other") is None
    assert house.node.network.user("ann") is not None


def test_who_came_first_stays_of_those_without_a_nick_of_the_account(house: Archive) -> None:
    first, second = identified(house), house.client("second")
    ask(second, f"IDENTIFY ann :{PASSWORD}")
    second >> "QUIT"
    assert house.node.network.user("second") is None
    first >> "QUIT"
    assert house.node.network.user("other") is not None


def test_nobody_takes_the_nick_of_the_person_they_are(house: Archive) -> None:
    ann, other = here(house), identified(house)
    (answer,) = ask(other, "REGAIN ann")
    assert answer.startswith("ann is you on your other devices. To be ann here as well, connect again and ")
    ann >> "QUIT"
    assert ask(other, "REGAIN ann") == [answer]
    assert ask(other, "GHOST ann") == ["The connection of ann was killed."]
    assert ask(other, "REGAIN ann") == ["You are ann now."]


def test_a_guest_quits(house: Archive) -> None:
    bob = watching(house)
    eve = house.client("eve")
    eve >> "JOIN #c"
    bob.lines()
    eve >> "QUIT"
    bob << ":eve!* QUIT *"


def test_not_for_ever() -> None:
    house = house_of(expire=2)
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c"
    bob.lines()
    gone(house, ann, bob)
    house.clock.advance(2 * 86400 - 20)
    house.parts.sessions.persons.sweep()
    bob.silent()
    house.clock.advance(20)
    house.parts.sessions.persons.sweep()
    bob << ":ann!* QUIT :Nobody came for 2 days"


def test_not_too_many() -> None:
    house = house_of(persons=0)
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c"
    bob.lines()
    ann >> "QUIT"
    bob << ":ann!* QUIT *"


def test_a_kill_ends_who_is_idle(house: Archive) -> None:
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c"
    bob.lines()
    user = ann.user
    gone(house, ann, bob)
    house.node.commit(Killed(user, house.node.network.me, "enough", house.clock.time()))
    bob << ":ann!* QUIT :Killed (irc.test (enough))"
    assert house.parts.sessions.people() == 1


def test_who_is_not_always_on_any_more_quits(house: Archive) -> None:
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c"
    bob.lines()
    gone(house, ann, bob)
    house.reload(bouncer={"always_on": "off"})
    bob << ":ann!* QUIT :Logged out"


def test_whose_account_is_gone_quits(house: Archive) -> None:
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c"
    bob.lines()
    user = ann.user
    gone(house, ann, bob)
    for fact in logged_out(user, house.clock.time()):
        house.node.commit(fact)
    bob << ":ann!* QUIT :Logged out"


def test_the_server_ends(house: Archive) -> None:
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c"
    bob.lines()
    gone(house, ann, bob)
    house.parts.sessions.close_all("Server is shutting down")
    assert house.node.network.user("ann") is None


# what was missed


def test_what_was_missed_is_told_once(house: Archive) -> None:
    bob = watching(house)
    ann = here(house, TIMED)
    ann >> "JOIN #c"
    bob.lines()
    bob >> "PRIVMSG #c :one"
    ann.lines()
    gone(house, ann, bob)
    bob >> "PRIVMSG #c :two" >> "PRIVMSG ann :three"
    house.clock.advance(5)
    back = one_more(house, caps=TIMED)
    told = texts(back)
    assert [line.rpartition(" :")[2] for line in told if " PRIVMSG " in line] == ["two", "three"]
    bob >> "PRIVMSG #c :four"
    assert [line.rpartition(" :")[2] for line in texts(back)] == ["four"]


def test_each_device_has_missed_something_else(house: Archive) -> None:
    bob = watching(house)
    laptop = here(house, TIMED)
    laptop >> "JOIN #c"
    phone = here(house, TIMED, account="ann@phone")
    house.clock.advance(1)
    phone >> "QUIT"
    house.clock.advance(1)
    bob >> "PRIVMSG #c :one"
    house.clock.advance(1)
    laptop >> "QUIT"
    house.clock.advance(1)
    bob >> "PRIVMSG #c :two"
    house.clock.advance(1)
    back = one_more(house, caps=TIMED, account="ann@phone")
    assert [line[-3:] for line in texts(back) if " PRIVMSG " in line] == ["one", "two"]
    back = one_more(house, caps=TIMED)
    assert [line[-3:] for line in texts(back) if " PRIVMSG " in line] == ["two"]


@pytest.mark.parametrize("caps", ["", f"{TIMED} draft/chathistory", f"{TIMED} znc.in/playback"])
def test_who_can_ask_or_has_no_times_is_told_nothing(house: Archive, caps: str) -> None:
    bob = watching(house)
    ann = here(house)
    ann >> "JOIN #c"
    bob.lines()
    gone(house, ann, bob)
    bob >> "PRIVMSG #c :two"
    assert texts(one_more(house, caps=caps)) == []


def test_a_first_device_is_shown_the_last_lines() -> None:
    house = Archive(bouncer=ON, history={"autoreplay": 2})
    for name in ("ann", "bob"):
        house.account(name)
    bob = watching(house)
    laptop = here(house)
    laptop >> "JOIN #c"
    for text in ("one", "two", "three"):
        house.clock.advance(1)
        bob >> f"PRIVMSG #c :{text}"
    phone = one_more(house, caps=TIMED, account="ann@phone")
    assert [line.rpartition(":")[2] for line in texts(phone) if " PRIVMSG " in line] == ["two", "three"]


@pytest.mark.parametrize("ban", ["account:ann", "192.0.2.1", "realname:*"])
def test_who_is_banned_does_not_stay(house: Archive, ban: str) -> None:
    bob = house.client("bob", address="198.51.100.1")
    opered(bob, "bans", "see-all")
    ann = here(house)
    bob >> f"UBAN ADD FORCE {ban} 1d no"
    house.clock.advance(1)
    assert ann.session.closed
    assert house.node.network.user("ann") is None and not house.parts.sessions.persons.idle


def test_who_is_banned_while_they_have_no_session_has_to_go(house: Archive) -> None:
    bob = house.client("bob", address="198.51.100.1")
    opered(bob, "bans", "see-all")
    here(house) >> "QUIT"
    assert house.node.network.user("ann") is not None
    bob >> "UBAN ADD ann 1d no"
    house.clock.advance(1)
    assert house.node.network.user("ann") is None
