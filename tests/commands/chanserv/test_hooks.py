"""HOOK: addresses by which programs say something in a channel; who may make, see and end them."""

from __future__ import annotations

import re

import pytest
from hooked import Hooked


@pytest.fixture
def hooked() -> Hooked:
    return Hooked()


def told(hooked: Hooked, line: str, who: str = "ann") -> list[str]:
    client = hooked.ann if who == "ann" else hooked.bob
    client.lines()
    client >> f"CS {line}"
    return [each.partition(" NOTICE ")[2].partition(" :")[2] for each in client.lines() if " NOTICE " in each]


def test_the_founder_makes_one_which_is_shown_once(hooked: Hooked) -> None:
    first, address, last = told(hooked, "HOOK ADD #club ci")
    assert first == "The hook ci of #club, shown only now, is at"
    found = re.fullmatch(r"https?://[^/]+(/hooks/[a-z2-7]{20}/[a-z2-7]{26})", address)
    assert found is not None, address
    assert last == "ci speaks by it. Try: curl -d hello <address>"
    assert hooked.posts(found[1], text="hi") == (200, b"ok")
    secret = address.rpartition("/")[2]
    assert not any(secret in line for line in told(hooked, "HOOK LIST #club") + hooked.club.log.lines)
    (hook,) = hooked.hooking.known.of(hooked.channel.id)
    assert secret not in repr(hook) and hook.secret != secret


def test_they_are_listed_and_ended(hooked: Hooked) -> None:
    for made in ("ci", "code github", "alarm template {a}: {b}"):
        told(hooked, f"HOOK ADD #club {made}")
        hooked.club.clock.advance(1)
    one, two, three, count = told(hooked, "HOOK LIST #club")
    assert re.fullmatch(r"  [a-z2-7]{8} ci: hears any, by ci, since 2023-11-14 22:13 UTC", one)
    assert "code: hears github, by code" in two and "alarm: hears template, by alarm" in three
    assert count == "3 hooks of #club."
    assert told(hooked, "HOOK DEL #club ci") == ["The hook ci of #club is gone."]
    assert told(hooked, f"HOOK DEL #club {two.split()[0]}") == ["The hook code of #club is gone."]
    assert told(hooked, "HOOK DEL #club ci") == ["There is no hook of #club that this means."]
    assert told(hooked, "HOOK LIST #club")[-1] == "1 hook of #club."


def test_a_bot_is_used_again_and_has_a_number_where_its_name_is_somebodys(hooked: Hooked) -> None:
    hooked.club.account("taken")
    assert told(hooked, "HOOK ADD #club taken")[-1].startswith("taken2 speaks by it.")
    assert told(hooked, "HOOK ADD #club ci")[-1].startswith("ci speaks by it.")
    assert told(hooked, "HOOK ADD #club CI")[-1].startswith("ci speaks by it.")


def test_several_hooks_may_have_one_bot(hooked: Hooked) -> None:
    told(hooked, "HOOK ADD #club ci")
    assert told(hooked, "HOOK ADD #club code BY ci github")[-1].startswith("ci speaks by it.")
    assert told(hooked, "HOOK ADD #club x by CI")[-1].startswith("ci speaks by it.")
    assert told(hooked, "HOOK ADD #club y BY bob") == [
        "That is no bot of yours. BOT LIST of NickServ lists them."
    ]
    lines = told(hooked, "HOOK LIST #club")
    assert any("code: hears github, by ci" in line for line in lines)
    assert any("x: hears any, by ci" in line for line in lines)


def test_it_takes_the_flag_s_or_to_be_an_operator_there(hooked: Hooked) -> None:
    for line in ("HOOK LIST #club", "HOOK ADD #club x", "HOOK DEL #club x"):
        assert told(hooked, line, "bob") == ["You need the flag s in #club for that."]
    hooked.ann >> "MODE #club +o bob"
    assert told(hooked, "HOOK LIST #club", "bob") == ["No hooks of #club."]
    assert told(hooked, "HOOK ADD #club x", "bob")[0].startswith("You are not logged in")
    hooked.ann >> "MODE #club -o bob"
    hooked.club.account("robert")
    hooked.bob >> "NS IDENTIFY robert :correct horse"
    hooked.ann >> "CS FLAGS #club robert +s"
    assert len(told(hooked, "HOOK ADD #club x", "bob")) == 3


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (
            "HOOK ADD #club x svn",
            "The format is none of any, template, github, gitlab, alertmanager, grafana.",
        ),
        ("HOOK ADD #club x template hello", "The format has no {name} in it."),
        ("HOOK ADD #nowhere x", "#nowhere is not registered."),
    ],
)
def test_what_cannot_be_is_said(hooked: Hooked, line: str, answer: str) -> None:
    assert told(hooked, line) == [answer]


def test_there_are_so_many_of_a_channel() -> None:
    hooked = Hooked(hooks={"per_channel": 1})
    told(hooked, "HOOK ADD #club one")
    assert told(hooked, "HOOK ADD #club two") == ["A channel has at most 1 hooks."]
