"""The log tells who came and who left, and nothing that they wrote."""

from __future__ import annotations

from conversation import Client, House
from staff import oper, sections


def uid(client: Client) -> str:
    return str(client.user.uid)


def test_who_comes_and_who_leaves_and_why() -> None:
    house = House(**sections())
    root = oper(house, "root")
    ann = house.client("ann", address="192.0.2.7", secure=True)
    name = "ann (~ann@192.0.2.7) [192.0.2.7]"
    assert house.log.lines[-1] == f"{name} came: {uid(ann)}, TLS, class default"
    house.clock.advance(90.0)
    house.clock.off -= 3600.0  # it is set back
    ann >> "NICK anna" >> "QUIT :my secret reason"
    anna = name.replace("ann ", "anna ")
    assert house.log.lines[-1] == f"{anna} left: {uid(ann)}, after 90 s, Quit"
    bob = house.client("bob")
    bob.session.connection_lost("Connection reset by peer")
    name = "bob (~bob@192.0.2.1) [192.0.2.1]"
    assert house.log.lines[-1] == f"{name} left: {uid(bob)}, after 0 s, Connection reset by peer"
    carol = house.client("carol")
    root >> "KILL carol :spam"
    assert house.log.lines[-1].endswith(f"left: {uid(carol)}, after 0 s, Killed (root (spam))")
    assert "secret" not in "".join(house.log.lines)
    house.check()


def test_who_never_became_a_user_does_not_come() -> None:
    house = House()
    stranger = house.connect()
    stranger >> "NICK x" >> "QUIT"
    assert house.log.lines == []


def test_at_the_end_one_line_is_for_all() -> None:
    house = House()
    house.client("ann")
    house.client("bob")
    house.log.lines.clear()
    house.parts.sessions.close_all("The server is shutting down")
    assert house.log.lines == ["Everybody (2) is told: The server is shutting down"]


def test_it_need_not_be_written() -> None:
    house = House(log={"people": False})
    house.client("ann") >> "QUIT"
    assert house.log.lines == []
    house.reload(log={"people": True})
    bob = house.client("bob")
    assert len(house.log.lines) == 1
    house.reload(log={"people": False})
    bob >> "QUIT"
    assert len(house.log.lines) == 1


def test_without_addresses_there_are_cloaks_wherever_people_are_named() -> None:
    house = House(log={"addresses": False}, **sections())
    root = oper(house, "root", address="192.0.2.1")
    ann = house.client("ann", address="198.51.100.7")
    ann >> "OPER root wrong"
    root >> "KILL ann :spam" >> "REHASH" >> "DIE irc.test" >> "SQUIT far.test"
    lines = house.log.lines
    assert len(lines) == 8
    assert f"ann (~ann@{ann.user.cloak}) left" in lines[-3]
    assert not [line for line in lines if "192.0.2" in line or "198.51" in line]
