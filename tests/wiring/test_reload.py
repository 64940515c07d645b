"""What a reload cannot change keeps its value, and is noted."""

from __future__ import annotations

from typing import Any

import pytest
from mesh import block

from chatnet.settings import Settings
from chatnet.wiring.reload import fixed


def settings(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


SERVICES = {"link": [block("svc", role="services")]}


@pytest.mark.parametrize(
    ("sections", "here"),
    [
        ({}, True),
        ({"link": [block("hub", role="hub")]}, True),
        (SERVICES, False),
        ({"links": {"services": ["services.example.org"]}}, False),
        ({"accounts": {"authority": "external"}}, False),
        (SERVICES | {"accounts": {"authority": "here"}}, True),
    ],
)
def test_who_keeps_accounts(sections: dict[str, Any], here: bool) -> None:
    assert settings(**sections).keeps_accounts is here


def test_what_changes_changes() -> None:
    old, new = settings(), settings(limits={"nick": 9}, accounts={"required": True})
    assert fixed(old, new) == (new, [])
    assert fixed(old, settings(accounts={"authority": "here"}))[1] == []


def test_names_of_the_server_change_at_a_restart() -> None:
    kept, notes = fixed(settings(), settings(server={"sid": "9ZZ", "description": "New"}))
    assert notes == ["server.sid changes at the next restart only"]
    assert (kept.server.sid, kept.server.description) == (settings().server.sid, "New")


@pytest.mark.parametrize(
    ("before", "after", "now", "then"),
    [
        ({}, SERVICES, "here", "external"),
        ({}, {"accounts": {"authority": "external"}}, "here", "external"),
        (SERVICES, {}, "external", "here"),
    ],
)
def test_who_keeps_accounts_changes_at_a_restart(
    before: dict[str, Any], after: dict[str, Any], now: str, then: str
) -> None:
    old, new = settings(**before), settings(**after)
    kept, notes = fixed(old, new)
    assert notes == [f"accounts.authority is {now} until the next restart, and {then} from then on"]
    assert kept.keeps_accounts is old.keeps_accounts and kept.link == new.link
    again, notes = fixed(kept, new)
    assert again.keeps_accounts is old.keeps_accounts and len(notes) == 1
    assert fixed(kept, old)[1] == []


def test_pseudo_users_change_at_a_restart() -> None:
    kept, notes = fixed(settings(), settings(services={"nickserv": "Nicki"}))
    assert notes == ["[services] changes at the next restart only"]
    assert kept.services == settings().services


def test_files_and_threads_of_history_change_at_a_restart() -> None:
    changed = {"store": "off", "sync": "full", "readers": 3, "search": "off", "page": 7, "durable_echo": True}
    kept, notes = fixed(settings(), settings(history=changed))
    assert notes == [
        f"history.{key} changes at the next restart only" for key in ("store", "sync", "readers", "search")
    ]
    assert kept.history == settings(history={"page": 7, "durable_echo": True}).history
    assert fixed(kept, settings(history={"page": 7}))[1] == []


def test_whether_people_are_taken_over_changes_at_a_restart() -> None:
    kept, notes = fixed(settings(), settings(bouncer={"host": False, "sessions_most": 3}))
    assert notes == ["bouncer.host changes at the next restart only"]
    assert kept.bouncer == settings(bouncer={"sessions_most": 3}).bouncer
