"""Who may connect: how many from one address, from one network, and how fast."""

from __future__ import annotations

from typing import Any

from conversation import ManualClock

from chatnet.rules.admission import Admission
from chatnet.settings import Settings

FAST = "Connecting too fast, try again later"
ADDRESS = "Too many connections from your address"
NETWORK = "Too many connections from your network"


class Door:
    """An admission with its clock and its settings."""

    def __init__(self, **flood: Any) -> None:
        self.clock = ManualClock()
        self.settings = Settings.model_validate({"flood": flood})
        self.slower = 1.0
        self.admission = Admission(lambda: self.settings, self.clock.monotonic, lambda: self.slower)

    def admit(self, address: str) -> str | None:
        return self.admission.admit(address)

    def empty(self) -> bool:
        admission = self.admission
        return not (admission._addresses or admission._networks or admission._recent or admission._counted)


def test_connections_of_one_address() -> None:
    door = Door(connections_per_address=2)
    assert [door.admit("192.0.2.1") for _ in range(3)] == [None, None, ADDRESS]
    assert door.admit("192.0.2.2") is None
    door.admission.release("192.0.2.1")
    assert [door.admit("192.0.2.1") for _ in range(2)] == [None, ADDRESS]


def test_fewer_connect_at_once_while_shields_are_up() -> None:
    door = Door(connection_rate=5, connection_period=60, connections_per_address=100)
    door.slower = 2.0
    assert [door.admit("192.0.2.1") for _ in range(3)] == [None, None, FAST]
    door.slower = 100.0
    assert [door.admit("192.0.2.2") for _ in range(2)] == [None, FAST]
    door.slower = 1.0
    assert [door.admit("192.0.2.1") for _ in range(4)] == [None, None, None, FAST]


def test_connections_of_one_network() -> None:
    door = Door(connections_per_network=2)
    assert [door.admit(f"192.0.2.{last}") for last in range(3)] == [None, None, NETWORK]
    assert door.admit("192.0.3.1") is None


def test_an_ipv6_address_is_as_wide_as_a_64() -> None:
    door = Door(connections_per_address=1, connections_per_network=2)
    assert door.admit("2001:db8:0:1::1") is None
    assert door.admit("2001:db8:0:1:ffff::2") == ADDRESS
    assert door.admit("2001:db8:0:2::1") is None
    assert door.admit("2001:db8:0:3::1") == NETWORK
    assert door.admit("2001:db8:1::1") is None


def test_mapped_addresses_are_their_ipv4() -> None:
    door = Door(connections_per_address=1)
    assert door.admit("192.0.2.1") is None
    assert door.admit("::ffff:192.0.2.1") == ADDRESS


def test_the_rate_of_connections() -> None:
    door = Door(connection_rate=2, connection_period=10)
    for expected in (None, None, FAST):
        assert door.admit("192.0.2.1") == expected
        door.admission.release("192.0.2.1") if expected is None else None
        door.clock.advance(1)
    door.clock.advance(7)
    assert [door.admit("192.0.2.1") for _ in range(2)] == [None, FAST]


def test_who_is_exempt() -> None:
    door = Door(connections_per_address=1, connection_rate=1, exempt=["198.51.100.0/24", "::1"])
    for address in ("198.51.100.7", "::1", "localhost", "::ffff:198.51.100.9"):
        assert [door.admit(address) for _ in range(3)] == [None] * 3
    assert door.empty()
    door = Door(enabled=False, connections_per_address=1)
    assert [door.admit("192.0.2.1") for _ in range(3)] == [None] * 3
    assert door.empty()


def test_nothing_is_left_when_all_have_gone() -> None:
    door = Door(connections_per_address=2, connections_per_network=5, connection_rate=3)
    admitted = [
        address
        for address in [f"192.0.2.{n % 4}" for n in range(20)] + [f"2001:db8::{n:x}" for n in range(9)]
        if door.admit(address) is None
    ]
    assert len(admitted) == 7
    for address in admitted:
        door.admission.release(address)
    door.admission.release("192.0.2.250")
    door.admission.sweep()
    assert door.admission._recent
    door.clock.advance(60)
    door.admission.sweep()
    assert door.empty()


def test_a_reload_between_coming_and_going_leaves_nothing() -> None:
    door = Door(connection_rate=100)
    addresses = ["192.0.2.1", "192.0.2.1", "2001:db8::1"]
    assert [door.admit(address) for address in addresses] == [None] * 3
    door.settings = Settings.model_validate(
        {"flood": {"network_ipv4": 8, "address_ipv6": 128, "exempt": ["192.0.2.1"]}}
    )
    assert door.admit("192.0.2.1") is None
    for address in [*addresses, "192.0.2.1"]:
        door.admission.release(address)
    door.clock.advance(60)
    door.admission.sweep()
    assert door.empty()


def test_those_of_other_processes_count_as_well_until_that_one_is_gone() -> None:
    door = Door(connections_per_address=3, connections_per_network=4, connection_rate=100)
    told: list[tuple[str, int]] = []
    door.admission.told = lambda address, step: told.append((address, step))
    door.admission.hear(2, "192.0.2.1", 1)
    door.admission.hear(3, "192.0.2.1", 1, lately=False)
    assert [door.admit("192.0.2.1") for _ in range(2)] == [None, ADDRESS]
    assert [door.admit("192.0.2.2") for _ in range(2)] == [None, NETWORK]
    assert told == [("192.0.2.1", 1), ("192.0.2.2", 1)]
    door.admission.hear(2, "192.0.2.1", -1)
    assert door.admit("192.0.2.1") is None
    door.admission.forget(3)
    door.admission.forget(3)
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.1"):
        door.admission.release(address)
    assert told[2:] == [("192.0.2.1", 1), ("192.0.2.1", -1), ("192.0.2.2", -1), ("192.0.2.1", -1)]
    door.clock.advance(door.settings.flood.connection_period + 1)
    door.admission.sweep()
    assert door.empty()


def test_how_fast_one_address_connects_to_all_processes_counts() -> None:
    door = Door(connection_rate=3)
    door.admission.hear(2, "192.0.2.1", 2)
    door.admission.hear(3, "192.0.2.1", 5, lately=False)
    assert [door.admit("192.0.2.1") for _ in range(2)] == [None, FAST]
