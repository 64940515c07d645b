"""``/stats.xml``, for programs that read the statistics of InspIRCd."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

from conversation import House
from mesh import Mesh
from watched import body_of, fetch, figures_of, header

from chatnet.api.statistics import Statistics
from chatnet.web.exchange import Ask


async def everybody(ask: Ask) -> bool:
    return True


async def nobody(ask: Ask) -> bool:
    return False


def told(house: House) -> Element:
    reply = fetch(house, Statistics(figures_of(house), everybody).answer, "/stats.xml")
    assert (reply.status, header(reply, "content-type")) == (200, "application/xml; charset=utf-8")
    return fromstring(body_of(reply))


def test_how_many_there_are() -> None:
    house = House()
    house.client("ann") >> "JOIN #c"
    house.client("bob") >> "JOIN #c"
    house.clock.advance(90)
    root = told(house)
    assert root.tag == "inspircdstats"
    for path, expected in (
        ("server/name", "irc.test"),
        ("general/usercount", "2"),
        ("general/channelcount", "1"),
        ("general/opercount", "0"),
        ("general/socketcount", "2"),
        ("general/uptime/uptime", "90"),
        ("general/uptime/boot_time_t", "1700000000"),
    ):
        assert root.findtext(path) == expected, path


def test_channels_that_everybody_may_see_and_nobody_in_them() -> None:
    house = House()
    ann = house.client("ann")
    (
        ann
        >> "JOIN #open,#secret,#private"
        >> "MODE #secret +s"
        >> "MODE #private +p"
        >> "TOPIC #open :]]> <Tea>\x03"
    )
    root = told(house)
    assert [each.text for each in root.iterfind("channellist/channel/channelname")] == ["#open"]
    assert root.findtext("channellist/channel/channeltopic/topictext") == "]]> <Tea>"
    assert root.find("userlist") is None
    assert root.findtext("channellist/channel/usercount") == "1"
    assert root.findtext("channellist/channel/channelmodes") == "+nt"


def test_the_servers_and_what_they_hang_on() -> None:
    mesh = Mesh("a", "b", "c")
    mesh.link("a", "b")
    mesh.settle()
    mesh.link("b", "c")
    mesh.settle()
    root = told(mesh["a"])
    found = {
        each.findtext("servername"): each.findtext("parentname")
        for each in root.iterfind("serverlist/server")
    }
    assert found == {"a.test": "a.test", "b.test": "a.test", "c.test": "b.test"}


def test_it_is_kept_for_ten_seconds() -> None:
    house = House()
    statistics = Statistics(figures_of(house), everybody)
    first = fetch(house, statistics.answer, "/stats.xml")
    house.client("ann")
    assert fetch(house, statistics.answer, "/stats.xml").body == first.body
    house.clock.advance(10)
    assert fetch(house, statistics.answer, "/stats.xml").body != first.body


def test_nobody_else_reads_it() -> None:
    house = House()
    assert fetch(house, Statistics(figures_of(house), nobody).answer, "/stats.xml").status == 403
