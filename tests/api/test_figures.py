"""What is counted, and that it is counted where it happens."""

from __future__ import annotations

from archive import Archive
from club import Club, said
from conversation import House
from hypothesis import given
from hypothesis import strategies as st
from mesh import Mesh
from watched import done, figures_of

from chatnet.api.families import FAMILIES, number
from chatnet.api.lateness import Lateness
from chatnet.api.traffic import Traffic
from chatnet.model.histogram import Histogram


def test_messages_are_counted_by_whom_they_are_for_and_where_they_come_from() -> None:
    mesh = Mesh("a", "b")
    mesh.link("a", "b")
    mesh.settle()
    near, far = (figures_of(mesh[name]) for name in "ab")
    ann = mesh["a"].client("ann")
    bob = mesh["b"].client("bob")
    for client in (ann, bob):
        client >> "JOIN #c"
        mesh.settle()
    ann >> "PRIVMSG #c :hi" >> "NOTICE #c :ho" >> "PRIVMSG bob :you"
    mesh.settle()
    bob >> "PRIVMSG #c :hello"
    mesh.settle()
    assert number(near, "messages_total", "channel", "local") == 2
    assert number(near, "messages_total", "user", "local") == 1
    assert number(near, "messages_total", "channel", "link") == 1
    assert number(far, "messages_total", "channel", "link") == 2
    assert number(far, "messages_total", "user", "link") == 1


def test_what_the_server_says_itself_is_of_here() -> None:
    house = House()
    ann = house.client("ann")
    house.node.say(ann.user, "mind the gap")
    assert number(figures_of(house), "messages_total", "user", "local") == 1


def test_connections_by_what_is_spoken_there() -> None:
    house = House(listen=[{"endpoint": "tcp:6667"}, {"endpoint": "tcp:6697", "tls": True}])
    figures = figures_of(house)
    house.client("ann")
    house.client("bob", secure=True)
    done(house, figures.look())
    assert number(figures, "connections", "irc", "false") == 1
    assert number(figures, "connections", "irc", "true") == 1
    assert number(figures, "connections_opened_total", "irc") == 2


def test_many_sessions_are_looked_at_in_slices() -> None:
    house = House(limits={"users": 5000})
    figures = figures_of(house)
    for index in range(1100):
        house.connect(f"192.0.2.{index % 250}")
    looking = figures.look_at_sessions()
    steps = []
    looked = house.clock.step
    house.clock.step = lambda: steps.append(1) or looked()  # type: ignore[method-assign, func-returns-value]
    done(house, looking)
    assert sum(figures.connected.values()) == 1100
    assert len(steps) == 2


def test_why_connections_are_refused() -> None:
    house = House(server={"password": "sesame"}, limits={"users": 2})
    house.connect() >> "PASS wrong" >> "NICK ann" >> "USER ann 0 * :Ann"
    house.connect() >> "GET / HTTP/1.1"
    for _ in range(3):
        house.connect()
    figures = figures_of(house)
    for reason in ("password", "http", "full"):
        assert number(figures, "connections_refused_total", reason) == 1, reason


def test_those_who_are_banned_count_as_refused() -> None:
    house = House(ban=[{"target": "192.0.2.9", "reason": "no"}])
    house.connect("192.0.2.9")
    assert number(figures_of(house), "connections_refused_total", "banned") == 1


def test_floods_and_those_who_do_not_read() -> None:
    house = House(
        flood={"enabled": True},
        connection_class=[{"name": "all", "excess": 10, "lines_per_second": 1, "burst": 1}],
    )
    ann, bob = house.client("ann"), house.client("bob")
    ann.send(b"TIME\r\n" * 50)
    bob.session.sendq_exceeded()
    figures = figures_of(house)
    assert number(figures, "flood_exceeded_total") == 1
    assert number(figures, "sendq_exceeded_total") == 1


def test_logins_by_mechanism_and_result() -> None:
    club = Club()
    club.account("ann")
    for password in ("wrong", "correct horse"):
        client = club.connect()
        client >> "CAP REQ :sasl" >> "AUTHENTICATE PLAIN" >> f"AUTHENTICATE {said('', 'ann', password)}"
    eve = club.client("eve")
    eve >> "NS IDENTIFY ann nonsense" >> "NS IDENTIFY ann correct horse" >> "NS IDENTIFY ann :correct horse"
    club.connect() >> "PASS ann:nonsense" >> "NICK x" >> "USER x 0 * :X"
    figures = figures_of(club)
    assert number(figures, "logins_total", "PLAIN", "success") == 1
    assert number(figures, "logins_total", "PLAIN", "failure") == 1
    assert number(figures, "logins_total", "IDENTIFY", "success") == 1
    assert number(figures, "logins_total", "IDENTIFY", "failure") == 1
    assert number(figures, "logins_total", "PASS", "failure") == 1
    assert number(figures, "registrations_total") == 1
    assert number(figures, "accounts") == 1


def test_links_and_what_becomes_of_them() -> None:
    mesh = Mesh("a", "b")
    house = mesh["a"]
    figures = figures_of(house)
    mesh.link("a", "b")
    mesh.settle()
    assert number(figures, "link_up", "b.test") == 1
    assert number(figures, "link_lines_total", "b.test", "in") > 0
    assert number(figures, "link_bytes_total", "b.test", "out") > 0
    assert number(figures, "connections_opened_total", "server") == 1
    assert number(figures, "netsplits_total") == 0
    mesh.cut("a", "b")
    mesh.settle()
    assert number(figures, "netsplits_total") == 1
    assert number(figures, "servers") == 1


def test_what_is_stored() -> None:
    archive = Archive()
    ann = archive.member("ann")
    ann >> "JOIN #c" >> "PRIVMSG #c :one" >> "PRIVMSG #c :two"
    figures = figures_of(archive)
    assert number(figures, "history_rows") == 0  # nobody has looked
    archive.clock.advance(60)
    done(archive, figures.look())
    assert number(figures, "history_rows") == 2
    assert number(figures, "history_groups_total") >= 1
    assert number(figures, "history_bytes") > 0


def test_a_server_without_store_or_accounts_tells_nothing_of_them() -> None:
    house = House()
    figures = figures_of(house)
    done(house, figures.look())
    for name in ("accounts", "history_rows", "history_groups_total", "history_group_seconds"):
        assert list(FAMILIES[name].read(figures)) == [], name


def test_how_late_timers_are() -> None:
    house = House()
    lateness = Lateness(house.clock)
    lateness.start()
    house.clock.advance(3)
    assert (lateness.seconds.count, lateness.latest) == (3, 0.0)
    house.clock.elapsed += 1.25  # the reactor did something else for so long
    house.clock.advance(0)
    assert lateness.latest == 0.25
    assert lateness.take() == 0.25
    assert lateness.take() == 0.0


def test_requests_are_counted_by_route() -> None:
    house = House()
    figures = figures_of(house)
    traffic: Traffic = figures.traffic
    traffic.heard("GET", "/health", 200, 0.001)
    traffic.heard("GET", "/health", 200, 0.003)
    traffic.heard("BREW", "/health", 405, 0.003)
    assert number(figures, "http_requests_total", "/health", "GET", "200") == 2
    assert number(figures, "http_requests_total", "/health", "other", "405") == 1
    assert traffic.seconds["/health"].count == 3


@given(
    st.lists(st.floats(0, 1e6), max_size=30),
    st.lists(st.floats(0, 1e6), min_size=1, max_size=8, unique=True),
)
def test_a_histogram_counts_what_is_at_most_each_bound(numbers: list[float], bounds: list[float]) -> None:
    bounds.sort()
    histogram = Histogram(bounds)
    for each in numbers:
        histogram.note(each)
    expected = [(bound, sum(each <= bound for each in numbers)) for bound in [*bounds, float("inf")]]
    assert list(histogram.steps()) == expected
    assert histogram.count == len(numbers)
