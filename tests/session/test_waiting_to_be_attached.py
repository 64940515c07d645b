"""What may change while a client waits to be attached: its account, bans, and who its person is."""

from __future__ import annotations

from typing import Any

import pytest
from archive import Archive
from conversation import Client
from test_always_on import TIMED, here, house_of, watching
from test_several_sessions import ban, one_more

from chatnet.model.facts import Killed
from chatnet.records.accounts import State, Status


@pytest.fixture
def house() -> Archive:
    """ann was in #c, where something was said since."""
    house = house_of()
    bob = watching(house)
    ann = here(house, TIMED)
    ann >> "JOIN #c"
    house.clock.advance(1)
    ann >> "QUIT"
    house.clock.advance(1)
    bob >> "PRIVMSG #c :one"
    house.clock.advance(1)
    asked = house.messages.latest

    async def slowly(*given: Any) -> Any:
        house.hold = True
        await house.pause()
        return await asked(*given)

    setattr(house.messages, "latest", slowly)  # noqa: B010 - mypy wants no method to be assigned
    return house


def waiting(house: Archive, **peer: str) -> Client:
    """A client that is about to be attached, and waits for what it missed."""
    client = one_more(house, caps=TIMED, **peer)
    assert house.waiting and not client.session.registered
    client.lines()
    house.hold = False
    return client


def killed(house: Archive) -> None:
    """ann is not on the network any more."""
    user = house.node.network.user("ann")
    assert user is not None
    house.node.commit(Killed(user, house.node.network.me, "enough", house.clock.time()))


@pytest.mark.parametrize("state", [State.DROPPED, State.SUSPENDED])
def test_the_account_is_gone(house: Archive, state: State) -> None:
    phone = waiting(house)
    house.change(house.named(), status=Status(state, 0, "root", "spam").text)
    assert house.node.network.user("ann") is None
    house.release()
    assert phone.session.registered and phone.user.account is None


def test_the_account_is_gone_without_which_nobody_comes_in(house: Archive) -> None:
    phone = waiting(house)
    house.reload(accounts={"required": True})
    house.change(house.named(), status=Status(State.DROPPED).text)
    house.release()
    assert phone.session.closed and "ACCOUNT_REQUIRED" in phone.until("*FAIL *")


def test_their_address_is_banned(house: Archive) -> None:
    phone = waiting(house, address="198.51.100.9")
    ban(house, "198.51.100.9")
    house.release()
    assert phone.session.closed
    assert not [line for line in phone.lines() if " 001 " in line]


def test_their_person_is_another_user_now(house: Archive) -> None:
    phone = waiting(house)
    killed(house)
    laptop = one_more(house)
    assert laptop.session.registered
    house.release()
    assert phone.session.registered and phone.user is laptop.user
    assert not [line for line in phone.lines() if " PRIVMSG " in line]
