"""The load generator notices what must not happen; otherwise its figures would be worth nothing."""

from __future__ import annotations

import re
from socket import socketpair
from xml.etree import ElementTree

import pytest
from bench_load import neighbour
from bench_load.generator import OPEN, Connection, Generator, Scenario, text
from bench_load.picture import drawn
from bench_load.report import DOCUMENT, Measured, markdown, table
from bench_load.scenarios import UNITS, Conversation, Options, Talk, make
from bench_load.server import NEIGHBOUR, PASSWORD, Ports, Server
from conversation import House
from mesh import Stranger

SERVER = Server("test", 0, "127.0.0.1", Ports(0, 0, 0))


def message(sender: int, sequence: int) -> bytes:
    return b":b%06x!~b@host PRIVMSG #bench0 :%b\r\n" % (sender, text(sender, sequence))


def hear(*chunks: bytes) -> Talk:
    """Clients 0 and 1 speak in a channel; client 2 receives these chunks."""
    talk = Talk(SERVER, Options(1.0, False, 1.0), 3, 1)
    conversation = Conversation(talk.clients[:2], [b"#bench0"] * 2, 2, 50)
    talk.of_client = [conversation] * 3
    receiver = talk.clients[2]
    receiver.heard = {0: 0, 1: 0}
    talk.sent = {0: [1.0, 2.0, 3.0], 1: [1.0, 2.0]}
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
        ((b"@time=2026-11-24T14:05:32.123Z :server 404 nick #bench0 :Cannot send\r\n",), "refused"),
        ((b":server FAIL * UNKNOWN :What?\r\n",), "refused"),
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
    assert [len(sent) for sent in conversation.sent] == [2, 1]
    conversation.due -= 3
    assert conversation.speak(talk.generator) == 0
    conversation.due -= 1
    assert conversation.speak(talk.generator) == 4
    assert [len(sent) for sent in conversation.sent] == [2, 2]


def test_the_burst_of_a_neighbour_is_a_sound_one(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(link=[{"name": NEIGHBOUR, "password": PASSWORD, "role": "hub"}])
    monkeypatch.setattr("bench_load.neighbour.time.time", house.clock.time)
    other = Stranger(house, NEIGHBOUR, neighbour.SID)
    other.link.connection.receive(b"".join([neighbour.greeting(), *neighbour.burst(1000), neighbour.END]))
    assert other.gone is None
    assert f":{house.node.network.me.sid} PONG " in other.lines()[-1]
    network = house.node.network
    assert (len(network.users), len(network.channels)) == (1000, 100)
    for channel in network.channels.values():
        assert (len(channel.members), len(channel.lists["b"]), channel.topic is not None) == (20, 2, True)


def asked(caps: tuple[str, ...], *lines: str) -> tuple[Generator, list[str]]:
    """A client that wants these capabilities reads these lines; its generator, and what it says."""
    ours, theirs = socketpair()
    with ours, theirs:
        connection = Connection(0)
        connection.sock, connection.state = ours, OPEN
        generator = Generator(("127.0.0.1", 0), False, Scenario(), caps)
        for line in lines:
            generator.received(connection, f":server CAP * {line}\r\n".encode())
        theirs.setblocking(False)
        try:
            return generator, theirs.recv(4096).decode().splitlines()
        except BlockingIOError:
            return generator, []


def test_capabilities_are_asked_for_when_all_are_offered() -> None:
    first, last = "LS * :server-time sts=port=6697", "LS :draft/no-implicit-names batch"
    assert asked(("all",), first)[1] == []
    assert asked(("all",), first, last)[1] == ["CAP REQ :batch server-time"]
    assert asked(("batch",), first, last)[1] == ["CAP REQ :batch"]
    assert asked(("batch",), first, last, "ACK :batch")[1][1:] == ["CAP END"]
    assert asked(("batch",), "LS batch", "ACK batch")[1][1:] == ["CAP END"]
    assert asked(("all",), first, last, "ACK :batch")[1][1:] == [], "not all is given"
    assert asked(("all",), "LS :")[1] == ["CAP END"]


def test_a_capability_that_is_not_to_be_had_is_trouble() -> None:
    assert asked(("batch", "nothing"), "LS :batch")[0].trouble == ["not offered: nothing"]
    assert asked(("batch",), "LS :batch", "NAK :batch")[0].trouble == ["refused: :server CAP * NAK :batch"]


def test_messages_with_tags_are_heard() -> None:
    tags = b"@time=2026-11-24T14:05:32.123Z;msgid=a:b;account=c "
    talk = hear(tags + message(0, 1) + tags + message(1, 1), tags + message(0, 2))
    assert (talk.generator.trouble, talk.delivered) == ([], 3)


def test_at_a_rate_messages_come_when_they_are_due() -> None:
    """What comes too late is late since it was due."""
    talk = Talk(SERVER, Options(1.0, False, 1.0, rate=100.0), 4, 2)
    talk.conversations = [Conversation([client], [b"#a"], 1, 1) for client in talk.clients[:2]]
    assert talk.say_what_is_due(10.0, 10.034) == 4
    assert [pytest.approx(sent) for each in talk.conversations for sent in each.sent] == [
        [10.0, 10.02],
        [10.01, 10.03],
    ]
    assert talk.generator.pause == pytest.approx(0.006)
    assert talk.say_what_is_due(10.0, 10.0395) == 0
    assert talk.generator.pause == 0.0, "less cannot be waited for"


def test_latency_is_the_time_since_a_message_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench_load.scenarios.time.monotonic", lambda: 5.0)
    talk = hear(message(0, 1) + message(0, 2) + message(1, 1), message(1, 2))
    assert talk.times == [5.0 - 2, 5.0 - 1, 5.0 - 2]


def test_a_bystander_asks_again_when_it_was_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(SERVER, Options(1.0, False, 1.0), 4, 2)
    asked: list[bytes] = []
    monkeypatch.setattr(talk.generator, "send", lambda who, line: asked.append(line))
    talk.ping(10.0)
    talk.ping(10.5)
    assert asked == [b"PING now\r\n"], "the answer is not there"
    monkeypatch.setattr("bench_load.scenarios.time.monotonic", lambda: 10.6)
    talk.generator.received(talk.bystander, b":server PONG server :now\r\n")
    assert talk.pings == [pytest.approx(0.6)]
    talk.ping(10.6)
    assert len(asked) == 2
    talk.generator.received(talk.bystander, b":server PONG server :now\r\n")
    talk.ping(10.61)
    assert len(asked) == 2, "it is too early"


def runs(server: str, *values: dict[str, float], clients: int = 0) -> list[Measured]:
    """One for each round."""
    return [Measured("dm", server, number, figures, [], clients) for number, figures in enumerate(values, 1)]


def test_table_gives_medians_the_ratio_and_the_trouble() -> None:
    of_a = runs("a", {"cpu": 1.0, "rate": 50.0}, {"cpu": 2.0, "rate": 20.0}, {"cpu": 9.0}, {"cpu": 0.125})
    of_b = runs("b", {"cpu": 4.0, "rate": 25.0}, {"cpu": 7.0, "rate": 20.0}, {"cpu": 9.0})
    bad = Measured("dm", "b", 4, {"cpu": 7.0}, ["cut off: reset"])
    lines = [re.split("  +", line) for line in table([*of_a, *of_b, bad], ["a", "b"]).splitlines()]
    figures = ["1.5 (0.125 to 9)", "7 (4 to 9)", "3.50 (1.00 to 4.00)"]
    assert lines[2] == ["dm", "server CPU", "µs/delivery", *figures]
    assert lines[3][-3:] == ["35 (20 to 50)", "22 (20 to 25)", "1.50 (1.00 to 2.00)"], "more is better"
    assert lines[-1] == ["not ok: dm, b, round 4: cut off: reset"]


def test_every_server_has_its_ratio_to_the_first() -> None:
    some = [*runs("a", {"cpu": 2.0}), *runs("b", {"cpu": 4.0}), *runs("c", {"cpu": 1.0})]
    head, _, row, *_ = (re.split("  +", line) for line in table(some, ["a", "b", "c"]).splitlines())
    assert (head[-2:], row[-2:]) == (["ratio, b", "ratio, c"], ["2.00 (2.00 to 2.00)", "0.50 (0.50 to 0.50)"])


def test_the_table_for_a_document() -> None:
    figures = {"cpu": 9.0, "latency": 1.0, "latency99": 1012.3, "generator": 0.5}
    some = [
        *runs("a", figures),
        *runs("b", {**figures, "cpu": 4.5}),
        Measured("start", "a", 1, {"startup": 0.5}, []),
    ]
    assert markdown(some, ["a", "b"]).splitlines() == [
        "| Scenario | a | b | ratio | goal | latency, a | latency, b | load generator |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        "| dm, µs per delivery | 9 (9 to 9) | 4.5 (4.5 to 4.5) | 0.50 (0.50 to 0.50) | ratio 0.85 "
        "| 1 ms, 99 %: 1012 | 1 ms, 99 %: 1012 | 50%, 50% |",
        "| start to listening, plain and TLS, s | 0.50 (0.50 to 0.50) | - | - | at most 0.8 | | | |",
    ]


def test_each_number_of_clients_has_a_line_and_ratios_of_its_own() -> None:
    some = [
        *runs("a", {"cpu": 2.0}, clients=500),
        *runs("b", {"cpu": 4.0}, clients=500),
        *runs("a", {"cpu": 1.0}, clients=100),
        *runs("b", {"cpu": 3.0}, clients=100),
    ]
    _, _, few, many, *_ = (re.split("  +", line) for line in table(some, ["a", "b"]).splitlines())
    assert (few[0], few[-1]) == ("dm, 100 clients", "3.00 (3.00 to 3.00)")
    assert (many[0], many[-1]) == ("dm, 500 clients", "2.00 (2.00 to 2.00)")


@pytest.mark.parametrize(
    ("scenario", "options", "expected"),
    [
        ("channels", Options(1.0, False, 0.25), 500),
        ("channels", Options(1.0, False, 1.0, 8000), 8000),
        ("dm", Options(1.0, False, 1.0), 200),
        ("burst-tls", Options(1.0, True, 1.0, 100), 100),
    ],
)
def test_there_are_as_many_clients_as_are_asked_for(scenario: str, options: Options, expected: int) -> None:
    assert len(make(scenario, SERVER, options).clients) == expected


def texts(picture: str) -> list[str]:
    """What is written in it."""
    return [element.text or "" for element in ElementTree.fromstring(picture).iter() if element.text]


def test_a_picture_has_a_bar_for_each_scenario_and_its_ratio() -> None:
    some = [*runs("a", {"cpu": 2.0}, {"cpu": 2.0}), *runs("b<&", {"cpu": 4.0}, {"cpu": 5.0})]
    picture = drawn(some, ["a", "b<&"])
    assert {"dm", "2.25", "b<&"} <= set(texts(picture))
    assert picture.count("<rect") == 2, "a bar, and the legend's square"


def test_a_picture_of_growth_has_a_line_for_each_server() -> None:
    some = [
        each
        for size in (100, 200, 400)
        for name in "ab"
        for each in runs(name, {"cpu": size / 100}, clients=size)
    ]
    picture = drawn(some, ["a", "b"])
    assert {"100", "200", "400", "1 µs", "4 µs", "dm"} <= set(texts(picture))
    across = [
        [float(point.split(",")[0]) for point in line.attrib["points"].split()]
        for line in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}polyline")
    ]
    assert len(across) == 2
    assert all(b - a == pytest.approx(c - b, abs=0.2) for a, b, c in across), "doublings are even steps"


@pytest.mark.parametrize("some", [[], runs("a", {"startup": 1.0})])
def test_a_picture_of_nothing_is_a_picture(some: list[Measured]) -> None:
    assert texts(drawn(some, ["a", "b"]))


def test_the_table_for_a_document_has_all_scenarios() -> None:
    assert {scenario for _, scenario, _, _ in DOCUMENT} == set(UNITS)
