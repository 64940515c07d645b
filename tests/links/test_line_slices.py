"""However much one neighbour makes this server do, clients are served between (``links.line_slice``)."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from conversation import START, House, ManualClock
from mesh import Mesh, Stranger, block, stranger

from chatnet.links.tree import neighbours
from chatnet.model.entities import User

NOW = int(START)


class Slow(ManualClock):
    """Each look at it takes a hundredth of a second: so does each line."""

    def monotonic(self) -> float:
        self.elapsed += 0.01
        return super().monotonic()


def crowded(**links: float) -> tuple[House, Stranger, list[bytes]]:
    """A neighbour that says twenty lines in one chunk."""
    house = House(clock=Slow(), link=[block("so1")], links=links)
    so1 = stranger(house, "so1.test", "1SO")
    lines = [f":1SO EUID u{n} 1 {NOW} + u h.example 0 1SOAAAA{n:02d} * * :x\r\n".encode() for n in range(20)]
    return house, so1, lines


def nicks(house: House) -> list[str]:
    return [user.nick for user in house.node.network.users.values()]


def test_a_chunk_is_taken_in_slices_and_nothing_is_read_meanwhile() -> None:
    house, so1, lines = crowded(line_slice=0.05)
    connection, taken = so1.link.connection, []
    connection.receive(b"".join(lines) + b":1SO EUID last 1 1 + u h.exa")
    while so1.pipe.paused:
        taken.append(len(nicks(house)))
        house.clock.step()
    assert taken and taken == sorted(set(taken)) and 0 < taken[0] < 8 and taken[-1] < 20
    connection.receive(b"mple 0 1SOAAAA99 * * :x\r\n")
    assert nicks(house) == [f"u{n}" for n in range(20)] + ["last"]
    house.check()


def test_what_was_read_before_the_pause_waits_for_its_turn() -> None:
    house, so1, lines = crowded(line_slice=0.05)
    so1.link.connection.receive(b"".join(lines[:19]))
    so1.link.connection.receive(lines[19])
    assert "u19" not in nicks(house)
    while so1.pipe.paused:
        house.clock.step()
    assert nicks(house) == [f"u{n}" for n in range(20)]


def test_a_connection_is_lost_after_all_that_came_by_it() -> None:
    house, so1, lines = crowded(line_slice=0.05)
    ann = house.client("ann")
    ann >> "JOIN #c"
    so1.link.connection.receive(
        b"".join(lines) + f":1SO SJOIN {NOW} #c + :1SOAAAA19\r\n:1SOAAAA19 PRIVMSG #c :bye\r\n".encode()
    )
    so1.link.connection.connection_lost("Connection closed")
    assert so1.gone is None
    while house.clock.step():
        pass
    ann.until(":u19!u@h.example PRIVMSG #c :bye")
    ann.until(":u19!u@h.example QUIT *")
    assert so1.gone == "Connection closed"
    assert nicks(house) == ["ann"]


def test_what_comes_behind_a_breach_is_not_taken() -> None:
    house, so1, lines = crowded(line_slice=0.05)
    lines[10] = b":1SO SID x y\r\n:1SO SID so1.test 2 1SO :x\r\n"
    so1.link.connection.receive(b"".join(lines))
    so1.link.connection.connection_lost("Connection closed")
    while house.clock.step():
        pass
    assert so1.gone is not None and "exists already" in so1.gone
    assert nicks(house) == []
    house.check()


def test_lines_that_wait_when_the_other_side_comes_back_are_said_again() -> None:
    """What was not applied is not confirmed."""
    mesh = Mesh("a", "b", links={"line_slice": 0.05})
    mesh.link("a", "b")
    mesh.settle()
    ann, bob = mesh["a"].client("ann"), mesh["b"].client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
        mesh.settle()
    wire = mesh.wire("a", "b")
    bob.lines()
    for n in range(20):
        ann >> f"PRIVMSG #c :{n}"
    chunk = b"".join(wire.pipes["a"].lines)
    wire.pipes["a"].lines.clear()
    monotonic = mesh.clock.monotonic
    ticking = iter([monotonic() + n / 100 for n in range(1000)])
    mesh.clocks["b"].monotonic = lambda: next(ticking)  # type: ignore[method-assign]
    wire.connections["b"].receive(chunk)
    mesh.clocks["b"].monotonic = monotonic  # type: ignore[method-assign]
    read = bob.lines()
    assert 0 < len(read) < 20
    mesh.reset("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    read += bob.lines()
    assert [line.rpartition(":")[2] for line in read] == [str(n) for n in range(20)]
    mesh.check()


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing is freed but what nobody refers to."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_the_memory_of_many_who_are_gone_is_freed_turn_by_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are gone all at once; to free what they took takes a third of the time of a split."""
    monkeypatch.setattr(neighbours, "AT_ONCE", 6)

    def kept() -> int:
        return sum(isinstance(each, User) for each in gc.get_objects())

    house, so1, lines = crowded()
    before = kept()
    so1.link.connection.receive(b"".join(lines))
    while house.clock.step():
        pass
    assert kept() == before + 20
    so1.link.close("bye")
    assert nicks(house) == []
    found = [kept() - before]
    while house.clock.step():
        found.append(kept() - before)
    assert found[0] == 14 and found[-1] == 0 and found == sorted(found, reverse=True)
    house.check()
