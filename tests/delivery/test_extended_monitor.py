"""What those do whom one watches.  https://ircv3.net/specs/extensions/extended-monitor"""

from __future__ import annotations

import pytest
from conversation import Client, House
from states import logged_in

from chatnet.model.facts import HostChanged

ALL = "away-notify account-notify chghost setname"


def change_everything(client: Client) -> None:
    """Away, account, host and real name."""
    house, user = client.house, client.user
    client >> "AWAY :out"
    logged_in(client, "robert")
    source = user.source
    house.node.commit(HostChanged(user, user.username, "builders.example", source, house.node.clock.time()))
    client >> "SETNAME :The Builder"


def heard(watcher: Client) -> list[str]:
    return [line.split(" ", 1)[1] for line in watcher.lines()]


EVERYTHING = ["AWAY :out", "ACCOUNT robert", "CHGHOST ~bob builders.example", "SETNAME :The Builder"]


@pytest.mark.parametrize("name", ["extended-monitor", "draft/extended-monitor"])
def test_a_watcher_hears_what_neighbours_hear(house: House, name: str) -> None:
    """When enabled by the client: If away-notify is also enabled, the client will get AWAY notifications for
    monitored nicks. [And so on for account-notify, chghost, setname.]
    """
    ann, bob = house.client("ann", caps=f"{ALL} {name}"), house.client("bob")
    ann >> "MONITOR + BOB"
    ann.lines()
    change_everything(bob)
    assert heard(ann) == EVERYTHING
    bob >> "AWAY"
    ann << ":bob!~bob@builders.example AWAY"
    ann >> "MONITOR - bob"
    bob >> "AWAY :again"
    ann.silent()


@pytest.mark.parametrize("index", range(4))
def test_only_with_the_capability_of_that_change(house: House, index: int) -> None:
    one = ALL.split()[index]
    ann, bob = house.client("ann", caps=f"{one} extended-monitor"), house.client("bob")
    ann >> "MONITOR + bob"
    ann.lines()
    change_everything(bob)
    assert heard(ann) == [EVERYTHING[index]]


def test_not_without_the_capability_nor_without_watching(house: House) -> None:
    ann, cat = house.client("ann", caps=ALL), house.client("cat", caps=f"{ALL} extended-monitor")
    bob = house.client("bob")
    ann >> "MONITOR + bob"
    ann.lines()
    change_everything(bob)
    ann.silent()
    cat.silent()


def test_who_shares_a_channel_hears_it_once(house: House) -> None:
    ann, bob = house.client("ann", caps=f"{ALL} extended-monitor"), house.client("bob")
    for client in (ann, bob):
        client >> "JOIN #c,#d"
    ann >> "MONITOR + bob"
    ann.lines()
    change_everything(bob)
    assert heard(ann) == EVERYTHING


def test_watching_oneself(house: House) -> None:
    ann = house.client("ann", caps=f"{ALL} extended-monitor")
    ann >> "MONITOR + ann"
    ann.lines()
    change_everything(ann)
    own = [line for line in heard(ann) if line.split(" ")[0] in ("AWAY", "ACCOUNT", "CHGHOST", "SETNAME")]
    assert own == ["CHGHOST ~ann builders.example", "SETNAME :The Builder"]


def test_times_are_told_with_the_line(house: House) -> None:
    ann, bob = house.client("ann", caps="away-notify extended-monitor server-time"), house.client("bob")
    ann >> "MONITOR + bob"
    ann.lines()
    bob >> "AWAY :out"
    ann << "@time=2023-11-14T22:13:20.000Z :bob!~bob@192.0.2.1 AWAY :out"
