"""Channel modes x (auditorium) and D (delayed join): who sees whom."""

from __future__ import annotations

import pytest
from archive import CAPS as HISTORY
from archive import Archive, page
from chanserv import come as come_in
from chanserv import founded
from clubs import Clubs
from conversation import Client, House
from mesh import Mesh
from states import opered

PLAYBACK = f"{HISTORY} draft/event-playback"


def come(house: House, *names: str, caps: str = "") -> list[Client]:
    """People in #c, the first of them its operator; what they were told is read."""
    clients = [house.client(name, caps=caps) for name in names]
    for client in clients:
        client >> "JOIN #c"
    read(*clients)
    return clients


def read(*clients: Client) -> None:
    for client in clients:
        client.lines()


def names(client: Client) -> set[str]:
    client.lines()
    client >> "NAMES #c"
    lists = [line.split(":")[2].split() for line in client.lines() if " 353 " in line]
    return {word.lstrip("@+%") for words in lists for word in words}


# auditorium


def test_an_auditorium_shows_ranks_and_oneself(house: House) -> None:
    ann, bob, cyd = come(house, "ann", "bob", "cyd")
    ann >> "MODE #c +x"
    ann << ":ann!* MODE #c +x"
    ann.silent()
    bob << ":ann!* MODE #c +x"
    bob << ":bob!* PART #c :Not seen here any more" << ":bob!* JOIN #c"
    bob << ":irc.test 353 bob = #c :@ann bob" << ":irc.test 366 bob #c :*"
    bob.silent()
    read(cyd)
    assert (names(ann), names(bob), names(cyd)) == ({"ann", "bob", "cyd"}, {"ann", "bob"}, {"ann", "cyd"})
    dan = house.client("dan")
    ann >> "MODE ann -i"
    ann.lines()
    assert names(dan) == {"ann"}
    dan >> "JOIN #c" << ":dan!* JOIN #c" << ":irc.test 353 dan = #c :@ann dan" << "* 366 *"
    ann << ":dan!* JOIN #c"
    dan >> "NICK don"
    dan << ":dan!* NICK don"
    ann << ":dan!* NICK don"
    dan >> "PART #c :bye"
    dan << ":don!* PART #c :bye"
    ann << ":don!* PART #c :bye"
    for client in (bob, cyd):
        client.silent()


def test_what_is_said_there_is_heard_by_all(house: House) -> None:
    ann, bob, cyd = come(house, "ann", "bob", "cyd")
    ann >> "MODE #c +x"
    read(ann, bob, cyd)
    bob >> "PRIVMSG #c :hello"
    for client in (ann, cyd):
        client << ":bob!* PRIVMSG #c :hello"
        client.silent()


def test_who_gets_a_rank_is_seen_and_sees(house: House) -> None:
    ann, bob, cyd = come(house, "ann", "bob", "cyd")
    ann >> "MODE #c +x"
    read(ann, bob, cyd)
    ann >> "MODE #c +v bob"
    bob << ":ann!* MODE #c +v bob" << ":irc.test 353 bob = #c :@ann +bob cyd" << "* 366 *"
    cyd << ":bob!* JOIN #c" << ":ann!* MODE #c +v bob"
    cyd.silent()
    ann << ":ann!* MODE #c +v bob"
    ann >> "MODE #c -v bob"
    cyd << ":ann!* MODE #c -v bob" << ":bob!* PART #c :Not seen here any more"
    bob << ":ann!* MODE #c -v bob" << ":bob!* PART #c :*" << ":bob!* JOIN #c"
    bob << ":irc.test 353 bob = #c :@ann bob" << "* 366 *"
    for client in (bob, cyd):
        client.silent()
    ann << ":ann!* MODE #c -v bob"
    ann.silent()


def test_several_ranks_at_once(house: House) -> None:
    ann, bob, cyd, dan = come(house, "ann", "bob", "cyd", "dan")
    ann >> "MODE #c +x"
    read(ann, bob, cyd, dan)
    ann >> "MODE #c +vv bob cyd"
    bob << ":cyd!* JOIN #c" << ":ann!* MODE #c +vv bob cyd" << "* 353 *" << "* 366 *"
    dan << ":bob!* JOIN #c" << ":cyd!* JOIN #c" << ":ann!* MODE #c +vv bob cyd"
    read(ann, bob, cyd)
    ann >> "MODE #c -v+v bob dan"
    cyd << ":ann!* MODE #c -v+v bob dan"
    dan << ":ann!* MODE #c -v+v bob dan" << "* 353 *" << "* 366 *"
    bob << ":ann!* MODE #c -v+v bob dan"
    bob << ":bob!* PART *" << ":bob!* JOIN #c" << ":irc.test 353 bob = #c :@ann bob +cyd +dan"
    for client in (cyd, dan):
        client.silent()


def test_it_ends(house: House) -> None:
    ann, bob, cyd = come(house, "ann", "bob", "cyd")
    ann >> "MODE #c +x"
    read(ann, bob, cyd)
    ann >> "MODE #c -x"
    ann << ":ann!* MODE #c -x"
    ann.silent()
    bob << ":cyd!* JOIN #c" << ":ann!* MODE #c -x"
    bob.silent()
    assert names(bob) == {"ann", "bob", "cyd"}


def test_it_ends_with_many(house: House) -> None:
    ann, bob, *others = come(house, "ann", "bob", *(f"n{number}" for number in range(25)))
    ann >> "MODE #c +x"
    read(ann, bob, *others)
    ann >> "MODE #c -x"
    bob << ":ann!* MODE #c -x" << ":irc.test 353 bob = #c :*n24*" << "* 366 *"
    bob.silent()
    ann << ":ann!* MODE #c -x"
    ann.silent()


def test_put_out_or_gone_unseen(house: House) -> None:
    ann, bob, cyd, dan = come(house, "ann", "bob", "cyd", "dan")
    ann >> "MODE #c +x"
    read(ann, bob, cyd, dan)
    ann >> "KICK #c bob :out"
    bob << ":ann!* KICK #c bob :out"
    ann << ":ann!* KICK #c bob :out"
    dan >> "QUIT :gone"
    ann << ":dan!* QUIT *"
    ann >> "PART #c"
    cyd << ":ann!* PART #c"
    cyd.silent()


def test_who_shares_another_channel_reads_it_once(house: House) -> None:
    ann, bob, cyd = come(house, "ann", "bob", "cyd")
    for client in (ann, bob, cyd):
        client >> "JOIN #d"
    ann >> "MODE #c +x"
    read(ann, bob, cyd)
    bob >> "NICK rob"
    for client in (ann, bob, cyd):
        client << ":bob!* NICK rob"
        client.silent()
    bob >> "QUIT :x"
    for client in (ann, cyd):
        client << ":rob!* QUIT *"
        client.silent()


# all the rest that one may read


CAPS = "away-notify account-notify chghost setname extended-join message-tags invite-notify"


def test_nothing_else_tells(house: House) -> None:
    ann, bob, cyd = come(house, "ann", "bob", "cyd", caps=CAPS)
    ann >> "MODE #c +x"
    read(ann, bob, cyd)
    bob >> "AWAY :gone" >> "SETNAME :Robert" >> "@+typing=active TAGMSG #c" >> "MODE bob +x"
    assert len(ann.lines()) == 4
    cyd.silent()
    cyd >> "WHO #c" >> "WHO bob" >> "WHOIS bob" >> "INVITE bob #c"
    lines = cyd.lines()
    assert [line for line in lines if "#c" in line and "bob" in line] == [":irc.test 341 cyd bob #c"]
    assert [line for line in lines if " 319 " in line] == []
    bob >> "MODE bob +i"
    cyd.lines()
    cyd >> "WHO *" >> "WHO b*"
    assert not [line for line in cyd.lines() if "bob" in line]
    ann >> "WHOIS bob"
    ann.until(":irc.test 319 ann bob :#c")
    opered(cyd, "see-all")
    assert names(cyd) == {"ann", "bob", "cyd"}


def test_hosts_without_chghost(house: House) -> None:
    ann, bob, cyd = come(house, "ann", "bob", "cyd")
    ann >> "MODE #c +x"
    read(ann, bob, cyd)
    bob >> "MODE bob +x"
    ann << ":bob!* QUIT *" << ":bob!* JOIN #c"
    cyd.silent()


# delayed join


def test_a_delayed_join(house: House) -> None:
    ann, bob = come(house, "ann", "bob")
    ann >> "MODE #c +D"
    read(ann, bob)
    cyd = house.client("cyd")
    cyd >> "JOIN #c" << ":cyd!* JOIN #c" << ":irc.test 353 cyd = #c :@ann bob cyd" << "* 366 *"
    ann << ":cyd!* JOIN #c"
    bob.silent()
    assert names(bob) == {"ann", "bob"} and names(ann) == {"ann", "bob", "cyd"}
    cyd >> "AWAY :soon"
    read(cyd)
    cyd >> "PRIVMSG #c :hello" >> "PRIVMSG #c :again"
    bob << ":cyd!* JOIN #c" << ":cyd!* PRIVMSG #c :hello" << ":cyd!* PRIVMSG #c :again"
    ann.until(":cyd!* PRIVMSG #c :again")
    cyd.silent()
    cyd >> "PART #c"
    bob << ":cyd!* PART #c"
    bob.silent()


def test_who_never_spoke_leaves_unseen(house: House) -> None:
    ann, bob = come(house, "ann", "bob")
    ann >> "MODE #c +D"
    cyd = house.client("cyd")
    cyd >> "JOIN #c"
    read(ann, bob)
    cyd >> "PART #c" >> "JOIN #c" >> "QUIT"
    assert [line.split(" ")[1] for line in ann.lines()] == ["PART", "JOIN", "QUIT"]
    bob.silent()


def test_a_rank_or_the_end_of_it_shows_them(house: House) -> None:
    ann, bob = come(house, "ann", "bob")
    ann >> "MODE #c +D"
    cyd, dan = house.client("cyd"), house.client("dan")
    cyd >> "JOIN #c"
    dan >> "JOIN #c"
    read(ann, bob, cyd, dan)
    ann >> "MODE #c +v cyd"
    bob << ":cyd!* JOIN #c" << ":ann!* MODE #c +v cyd"
    cyd << ":ann!* MODE #c +v cyd" << ":irc.test 353 cyd = #c :@ann bob +cyd dan" << "* 366 *"
    ann >> "MODE #c -v cyd"
    bob << ":ann!* MODE #c -v cyd"
    read(cyd, dan)
    ann >> "MODE #c -D"
    bob << ":dan!* JOIN #c" << ":ann!* MODE #c -D"
    cyd << ":dan!* JOIN #c" << ":ann!* MODE #c -D"
    dan << ":ann!* MODE #c -D"
    for client in (bob, cyd, dan):
        client.silent()


@pytest.mark.parametrize("line", ["TOPIC #c :news", "NOTICE #c :x"])
def test_what_counts_as_speaking(house: House, line: str) -> None:
    ann, bob = come(house, "ann", "bob")
    ann >> "MODE #c +D-t"
    cyd = house.client("cyd")
    cyd >> "JOIN #c"
    read(ann, bob)
    cyd >> line
    bob << ":cyd!* JOIN #c" << f":cyd!* {line}"


def test_both_modes(house: House) -> None:
    """Who has spoken is still not seen in an auditorium, but is when that ends."""
    ann, bob = come(house, "ann", "bob")
    ann >> "MODE #c +Dx"
    cyd, dan = house.client("cyd"), house.client("dan")
    cyd >> "JOIN #c"
    dan >> "JOIN #c"
    cyd >> "PRIVMSG #c :hello"
    read(ann, bob)
    assert names(bob) == {"ann", "bob"}
    ann >> "MODE #c -x"
    bob << ":cyd!* JOIN #c" << ":ann!* MODE #c -x"
    bob.silent()
    ann >> "MODE #c -D"
    bob << ":dan!* JOIN #c" << ":ann!* MODE #c -D"


# over links


@pytest.mark.parametrize("damping", [0, 60])
def test_a_split_tells_only_who_saw_them(damping: int) -> None:
    mesh = Mesh("a", "b", links={"split_damping": damping})
    mesh.link("a", "b")
    mesh.settle()
    ann, bob = (mesh["a"].client(name) for name in ("ann", "bob"))
    cyd, dan = (mesh["b"].client(name) for name in ("cyd", "dan"))
    for client in (ann, bob, cyd, dan):
        client >> "JOIN #c"
        mesh.settle()
    ann >> "MODE #c +vx dan"
    mesh.settle()
    read(ann, bob, cyd, dan)
    assert names(bob) == {"ann", "bob", "dan"} and names(cyd) == {"ann", "cyd", "dan"}
    mesh.cut("a", "b")
    mesh.settle()
    assert names(bob) == ({"ann", "bob", "dan"} if damping else {"ann", "bob"})
    mesh.link("a", "b")
    mesh.settle()
    mesh.advance(120)
    assert names(bob) == {"ann", "bob", "dan"} and names(ann) == {"ann", "bob", "cyd", "dan"}
    mesh.cut("a", "b")
    mesh.advance(120)
    lines = bob.lines()
    assert not [line for line in lines if "cyd" in line] and len([x for x in lines if "QUIT" in x]) == 1
    assert len([line for line in ann.lines() if " QUIT " in line]) == 2


def test_a_burst_shows_nobody_who_is_hidden() -> None:
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    ann, bob = mesh["a"].client("ann"), mesh["a"].client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
    mesh.settle()
    mesh.cut("a", "b")
    ann >> "MODE #c +x"
    mesh.settle()
    read(ann, bob)
    cyd, dan = mesh["b"].client("cyd"), mesh["b"].client("dan")
    mesh.clock.elapsed += 5
    for client in (cyd, dan):
        client >> "JOIN #c"
    mesh.link("a", "b")
    mesh.settle()
    assert not [line for line in bob.lines() if "cyd" in line or "dan" in line]
    assert names(ann) == {"ann", "bob", "cyd", "dan"}
    assert names(cyd) == {"ann", "cyd"}


def test_with_several_devices() -> None:
    """All sessions of who is hidden read of themselves, and those of who is not see them not."""
    mesh = Clubs("a")
    ann = founded(mesh["a"])
    bob = come_in(mesh["a"], "bob")
    other = mesh["a"].client("bob2")
    ann >> "MODE #c +x"
    bob >> "JOIN #c"
    other >> "JOIN #c"
    read(ann, bob, other)
    bob >> "NICK rob"
    assert [line.split(" ")[1] for line in bob.lines()] == ["NICK"]
    other.silent()
    ann.until(":bob!* NICK *rob")


# what was said before


EVENTS = ["JOIN", "PART", "QUIT", "NICK", "KICK", "MODE", "TOPIC"]


def test_history_does_not_tell_of_them() -> None:
    house = Archive()
    house.reload(history={"events": EVENTS})
    ann = house.member("ann", caps=PLAYBACK)
    bob, cyd = house.client("bob"), house.client("cyd")
    for client in (ann, bob, cyd):
        client >> "JOIN #c"
    house.clock.advance(1)
    ann >> "MODE #c +x"
    bob >> "PART #c" >> "JOIN #c" >> "NICK rob" >> "PRIVMSG #c :hello" >> "PART #c"
    ann >> "KICK #c cyd"
    read(ann)
    texts = page(ann, "CHATHISTORY LATEST #c * 50").texts
    assert [text.split(" ")[1] for text in texts] == ["JOIN", "JOIN", "JOIN", "MODE", "PRIVMSG"]


def test_who_has_no_rank_reads_of_nobodys_coming_and_going() -> None:
    """Nor of what was before, or what another server has told."""
    house = Archive()
    house.reload(history={"events": EVENTS})
    dan = house.client("dan")
    dan >> "JOIN #c"
    ann, bob = house.member("ann", caps=PLAYBACK), house.client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
    bob >> "PRIVMSG #c :hello" >> "PART #c" >> "QUIT"
    house.clock.advance(1)

    def verbs() -> list[str]:
        read(ann)
        return [text.split(" ")[1] for text in page(ann, "CHATHISTORY LATEST #c * 50").texts]

    assert verbs().count("JOIN") == 3
    dan >> "MODE #c +x"
    assert verbs() == ["PRIVMSG", "MODE"]
    dan >> "MODE #c +v ann"
    assert verbs().count("PART") == 1
