"""Departures are remembered up to a number; UIDs count up."""

from __future__ import annotations

from chatnet.model.entities import User
from chatnet.model.ids import SID, Folded, UIDs
from chatnet.model.server import Server
from chatnet.model.whowas import Whowas


def test_the_oldest_departures_are_forgotten() -> None:
    whowas = Whowas(3)
    user = User(Server(SID("0AA"), "irc.test", ""), "192.0.2.1", "192.0.2.1")
    for at, nick in enumerate(["a", "b", "a", "c"]):
        user.nick, user.folded = nick, Folded(nick)
        whowas.remember(user, float(at))
    assert [departure.at for departure in whowas.find(Folded("a"))] == [2.0]
    assert [departure.at for departure in whowas.find(Folded("b"))] == [1.0]
    whowas.size = 0
    whowas.remember(user, 9.0)
    assert not any(whowas.find(Folded(nick)) for nick in "abc")


def test_uids_count_up_in_base_36() -> None:
    uids = UIDs(SID("0AA"))
    taken = [uids.take() for _ in range(38)]
    assert taken[0] == "0AAAAAAAA"
    assert taken[25:28] == ["0AAAAAAAZ", "0AAAAAAA0", "0AAAAAAA1"]
    assert taken[35:38] == ["0AAAAAAA9", "0AAAAAABA", "0AAAAAABB"]
    uids = UIDs(SID("0AA"), 3 * 26 * 36**5 - 1)
    assert [uids.take(), uids.take()] == ["0AAZ99999", "0AAAAAAAA"]
