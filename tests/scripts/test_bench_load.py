"""The load generator notices what must not happen; otherwise its figures would be worth nothing."""

from __future__ import annotations

import re

import pytest
from bench_load import neighbour
from bench_load.generator import Connection, text
from bench_load.report import Measured, table
from bench_load.scenarios import Conversation, Options, Talk
from bench_load.server import NEIGHBOUR, PASSWORD, Ports, Server
from conversation import House
from mesh import Stranger


def message(sender: int, sequence: int) -> bytes:
    return b":b%06x!~b@host PRIVMSG #bench0 :%b\r\n" % (sender, text(sender, sequence))


def hear(*chunks: bytes) -> Talk:
    """Clients 0 and 1 speak in a channel; client 2 receives these chunks."""
    talk = Talk(Server("test", 0, "127.0.0.1", Ports(0, 0, 0)), Options(1.0, False, 1.0), 3, 1)
    conversation = Conversation(talk.clients[:2], [b"#bench0"] * 2, 2, 50)
    talk.of_client = [conversation] * 3
    receiver = talk.clients[2]
    receiver.heard = {0: 0, 1: 0}
    for chunk in chunks:
        talk.generator.received(receiver, chunk)
    return talk


def test_all_in_order_is_fine() -> None:
    talk = hear(message(0, 1) + message(1, 1) + message(0, 2), message(1, 2) + message(0, 3))
    assert talk.generator.trouble == []
    assert talk.delivered == 5
    assert talk.clients[2].heard == {0: 3, 1: 2}


@pytest.mark.parametrize("cut", range(0, 2 * len(message(0, 1)), 7))
def test_a_cut_anywhere_changes_nothing(cut: int) -> None:
    whole = message(0, 1) + message(0, 2)
    talk = hear(whole[:cut], whole[cut:], message(0, 3))
    assert talk.generator.trouble == []
    assert talk.delivered == 3


def test_text_is_as_long_as_the_report_says() -> None:
    assert len(text(1, 1)) == 64


@pytest.mark.parametrize(
    ("chunks", "said"),
    [
        ((message(0, 1) + message(0, 3),), "2 heard 3 of 0 after 1"),
        ((message(0, 1), message(0, 1)), "2 heard 1 of 0 after 1"),
        ((message(0, 1) + message(0, 1),), "2 heard 1 of 0 after 1"),
        ((message(0, 2) + message(0, 1),), "2 heard 2 of 0 after 0"),
        ((message(7, 1),), "no channel"),
        ((b":server 404 nick #bench0 :Cannot send to channel\r\n",), "refused"),
        ((b"ERROR :Closing link\r\n",), "refused"),
    ],
)
def test_trouble_is_told(chunks: tuple[bytes, ...], said: str) -> None:
    trouble = hear(*chunks).generator.trouble
    assert trouble
    assert said in trouble[0]


def test_window_holds_back_the_next_message() -> None:
    talk = hear()
    conversation = Conversation([Connection(0), Connection(1)], [b"#a", b"#a"], 4, 3)
    assert conversation.speak(talk.generator) == 12
    assert conversation.sent == [2, 1]
    conversation.due -= 3
    assert conversation.speak(talk.generator) == 0
    conversation.due -= 1
    assert conversation.speak(talk.generator) == 4
    assert conversation.sent == [2, 2]


def test_the_burst_of_a_neighbour_is_a_sound_one(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(link=[{"name": NEIGHBOUR, "password": PASSWORD, "role": "hub"}])
    monkeypatch.setattr("bench_load.neighbour.time.time", house.clock.time)
    other = Stranger(house, NEIGHBOUR, neighbour.SID)
    other.link.connection.receive(b"".join([neighbour.greeting(), *neighbour.burst(1000), neighbour.END]))
    assert other.gone is None
    assert other.lines()[-1].startswith(f":{house.node.network.me.sid} PONG ")
    network = house.node.network
    assert (len(network.users), len(network.channels)) == (1000, 100)
    for channel in network.channels.values():
        assert (len(channel.members), len(channel.lists["b"]), channel.topic is not None) == (20, 2, True)


def test_table_gives_medians_the_ratio_and_the_trouble() -> None:
    runs = [
        Measured("dm", "a", 1, {"cpu": 1.0, "rate": 50.0}, []),
        Measured("dm", "a", 2, {"cpu": 2.0, "rate": 20.0}, []),
        Measured("dm", "a", 3, {"cpu": 9.0}, []),
        Measured("dm", "a", 4, {"cpu": 0.125}, []),
        Measured("dm", "b", 1, {"cpu": 4.0, "rate": 25.0}, []),
        Measured("dm", "b", 2, {"cpu": 7.0, "rate": 20.0}, []),
        Measured("dm", "b", 3, {"cpu": 9.0}, []),
        Measured("dm", "b", 4, {"cpu": 7.0}, ["cut off: reset"]),
    ]
    lines = [re.split("  +", line) for line in table(runs, ["a", "b"]).splitlines()]
    assert lines[2] == [
        "dm",
        "server CPU",
        "µs/delivery",
        "1.5 (0.125 to 9)",
        "7 (4 to 9)",
        "3.50 (1.00 to 4.00)",
    ]
    assert lines[3][-3:] == ["35 (20 to 50)", "22 (20 to 25)", "1.50 (1.00 to 2.00)"], (
        "better is above 1 as well"
    )
    assert lines[-1] == ["not ok: dm, b, round 4: cut off: reset"]
