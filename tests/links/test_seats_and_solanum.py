"""A server of another make beside a seat, or beside the host, reads plain TS6: one user, of the host."""

from __future__ import annotations

import pytest
from mesh import block, stranger
from sitting import Houses


@pytest.mark.parametrize("beside", ["a", "b"])
def test_what_a_person_does_at_a_seat_is_done_by_the_user_of_the_host(beside: str) -> None:
    mesh = Houses("a", "b", sections_of={beside: {"link": [block("so1")]}})
    so1 = stranger(mesh[beside], "so1.test", "1SO")
    desk = mesh.come("a")
    uid, ts = desk.user.uid, desk.user.nick_ts
    euid = so1.lines()
    assert euid[0] == f":0AA EUID ann 1 {ts} +i ~ann 192.0.2.1 192.0.2.1 {uid} * ann :Ann".replace(
        " ann 1 ", f" ann {1 if beside == 'a' else 2} "
    )
    phone = mesh.come("b")
    so1.silent()
    mesh.say(phone, "JOIN #c")
    so1 << f":{uid} JOIN * #c +"
    mesh.say(phone, "PRIVMSG #c :hello", "NICK anna", "AWAY :gone")
    so1 >> ":1SO EUID eve 1 1700000000 + e h 0 1SOAAAAAA * * :e"
    mesh.settle()
    so1.lines()
    mesh.say(phone, "PRIVMSG eve :psst")
    so1 << f"*:{uid} PRIVMSG 1SOAAAAAA :psst"
    so1 >> ":1SOAAAAAA PRIVMSG #c :hi" >> f":1SOAAAAAA PRIVMSG {uid} :hi"
    mesh.settle()
    mesh.say(phone, "QUIT")
    so1.silent()
    assert so1.gone is None
    mesh.say(desk, "QUIT :bye")
    so1 << f":{uid} QUIT :Quit: bye"
    so1.silent()


def test_who_is_taken_over_is_another_user_there_under_the_same_nick() -> None:
    mesh = Houses("a", "b", sections_of={"b": {"link": [block("so1")]}})
    so1 = stranger(mesh["b"], "so1.test", "1SO")
    desk = mesh.come("a")
    mesh.say(desk, "JOIN #c")
    phone = mesh.come("b")
    old = desk.user.uid
    so1.lines()
    mesh.cut("a", "b")
    mesh.settle()
    new = phone.user.uid
    assert new.startswith("0BA") and mesh.there("b").channels
    heard = so1.lines()
    quits = [line for line in heard if "QUIT" in line]
    euids = [line for line in heard if " EUID ann " in line]
    joins = [line for line in heard if "SJOIN" in line]
    assert quits[-1].startswith((":0BA SQUIT 0AA", f":{old} QUIT")) and len(euids) == len(joins) == 1
    assert new in euids[0] and new in joins[0]
    assert heard.index(quits[-1]) < heard.index(euids[0]) < heard.index(joins[0])
    assert so1.gone is None
    mesh.check()
