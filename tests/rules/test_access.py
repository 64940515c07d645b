"""What letters of access allow, who may give them, and who is founder."""

from __future__ import annotations

import pytest
from club import Club
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chatnet.model.modes import ADMIN, HALFOP, OP, OWNER, VOICE
from chatnet.model.registered import RegisteredChannel
from chatnet.model.registry import Account, Registry
from chatnet.records.accounts import State, Status
from chatnet.records.channels import Access, Akick
from chatnet.rules.access import (
    ALL,
    TEMPLATES,
    access_of,
    founder_of,
    in_order,
    is_account,
    kept_out,
    letters_of,
    may_change,
    may_keep_out,
    name_of,
    ranks_for,
    template,
    templates_of,
)
from chatnet.settings import ChannelsSettings
from chatnet.wire.casemap import folder

IDS = {name: "a" + name[0] * 20 for name in ("ann", "bee", "cat", "dan")}
LETTERS = st.frozensets(st.sampled_from(sorted(ALL)))


def entry(letters: str, at: int = 0) -> Access:
    return Access(letters, at, "ann")


def club(**states: State) -> tuple[Registry, RegisteredChannel]:
    """Accounts in these states, and a channel of nobody."""
    registry = Registry(folder("rfc1459"))
    for name, state in states.items():
        account = registry.accounts[IDS[name]] = Account(IDS[name])
        account.status = Status(state)
    return registry, RegisteredChannel("c" + "a" * 20)


@pytest.mark.parametrize(
    ("letters", "ranks"),
    [
        ("", 0),
        ("vhoaq", 0),
        ("V", VOICE),
        ("VH", HALFOP),
        ("VHO", OP),
        ("aO", OP | ADMIN),
        ("qaO", OP | OWNER),
        ("qV", VOICE),
        (TEMPLATES["VOP"], VOICE),
        (TEMPLATES["HOP"], HALFOP),
        (TEMPLATES["AOP"], OP),
        (TEMPLATES["SOP"], OP | ADMIN),
        ("F", OP | OWNER),
    ],
)
def test_ranks_that_access_explains(letters: str, ranks: int) -> None:
    assert ranks_for(letters_of(letters)) == ranks


def test_letters_that_nobody_knows_mean_nothing() -> None:
    assert letters_of("VxyZ") == {"V"}
    assert letters_of("xF") == ALL


@given(LETTERS, LETTERS, LETTERS)
def test_nobody_gives_or_touches_what_they_lack(mine: frozenset[str], before: str, after: str) -> None:
    if may_change(mine, before, after):
        lacking = (set(before) | set(after)) - mine
        assert "f" in mine and {each.lower() for each in lacking} <= mine and lacking <= set("VHO")


@given(LETTERS, LETTERS)
def test_who_has_all_may_do_all(before: str, after: str) -> None:
    assert may_change(ALL, before, after)
    assert not may_change(ALL - {"f"}, before, after)


def test_who_gives_a_rank_for_now_may_give_it_for_good() -> None:
    assert may_change(frozenset("fo"), "", "O")
    assert not may_change(frozenset("fv"), "", "O")
    assert not may_change(frozenset("fo"), "a", "")
    assert may_keep_out(frozenset("fr")) and not may_keep_out(frozenset("f"))


def test_names_of_sets_of_letters() -> None:
    registration = RegisteredChannel("c" + "a" * 20)
    assert name_of(templates_of({}, registration), "VA") == "VOP"
    assert name_of(templates_of({}, registration), "oV") == "+Vo"
    registration.templates = {"crew": "Vo", "aop": "O", "Founder": "V"}
    found = templates_of({"HELP": "AV", "VOP": "V"}, registration)
    assert [name_of(found, text) for text in ("oV", "O", "AV", "V")] == ["crew", "aop", "HELP", "VOP"]
    assert template(found, "CREW") == frozenset("Vo")
    assert template(found, "AOP") == frozenset("O")
    assert template(found, "founder") == ALL
    assert template(found, "none") is None
    assert in_order("vAO") == "AOv"


def test_of_two_templates_that_are_called_alike_all_servers_take_the_same() -> None:
    registration = RegisteredChannel("c" + "a" * 20)
    for names in (("crew", "CREW"), ("CREW", "crew")):
        registration.templates = {name: "V" if name == "crew" else "O" for name in names}
        assert template(templates_of({}, registration), "Crew") == frozenset("V")


def test_settings_know_the_same_letters() -> None:
    letters = "".join(ALL - {"F"})
    assert ChannelsSettings(templates={"crew": f"+{letters}"}).templates == {"CREW": letters}


@pytest.mark.parametrize(
    "templates",
    [{"crew": ""}, {"crew": "+F"}, {"crew": "x"}, {"founder": "V"}, {"1": "V"}, {"a": "V", "A": "O"}],
)
def test_settings_refuse_what_is_no_template(templates: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ChannelsSettings(templates=templates)


def test_who_is_founder_when_others_go() -> None:
    registry, channel = club(ann=State.ACTIVE, bee=State.ACTIVE, cat=State.ACTIVE, dan=State.ACTIVE)
    channel.founder, channel.successor = IDS["ann"], IDS["bee"]
    channel.access = {IDS["cat"]: entry("AR", 1), IDS["dan"]: entry("AS", 9), "*!*@host": entry("S", 0)}
    found = []
    for name in ("ann", "bee", "dan", "cat"):
        found.append(founder_of(registry, channel))
        registry.accounts[IDS[name]].status = Status(State.DROPPED)
    assert found == [IDS["ann"], IDS["bee"], IDS["dan"], IDS["cat"]]
    assert founder_of(registry, channel) == ""


def test_a_founder_who_is_suspended_stays_and_nobody_suspended_becomes_it() -> None:
    registry, channel = club(ann=State.SUSPENDED, bee=State.SUSPENDED, cat=State.ACTIVE)
    channel.founder = IDS["ann"]
    channel.access = {IDS["bee"]: entry("S", 1), IDS["cat"]: entry("f", 2)}
    assert founder_of(registry, channel) == IDS["ann"]
    registry.accounts[IDS["ann"]].status = Status(State.ERASED)
    assert founder_of(registry, channel) == IDS["cat"]


def test_of_two_the_one_that_has_it_for_longest() -> None:
    registry, channel = club(bee=State.ACTIVE, cat=State.ACTIVE)
    channel.access = {IDS["bee"]: entry("S", 7), IDS["cat"]: entry("S", 3)}
    assert founder_of(registry, channel) == IDS["cat"]


def test_access_is_by_account_and_by_mask() -> None:
    house = Club()
    ann, bob = house.account("ann"), house.account("bob")
    client = house.client("zoe")
    network, user, channel = house.node.network, client.user, RegisteredChannel("c" + "a" * 20)
    channel.founder = ann.id
    channel.access = {bob.id: entry("AVx"), "*!*@192.0.2.0/24": entry("i"), "eve!*@*": entry("O")}
    assert access_of(network, channel, user) == {"i"}
    user.account_id = bob.id
    assert access_of(network, channel, user) == {"A", "V", "i"}
    user.account_id = ann.id
    assert access_of(network, channel, user) == ALL
    user.account_id = None


def test_who_is_kept_out() -> None:
    house = Club()
    ann = house.account("ann")
    client = house.client("zoe")
    network, user, channel = house.node.network, client.user, RegisteredChannel("c" + "a" * 20)
    assert kept_out(network, channel, user, 10) is None
    akick = Akick(20, "k", "bob", "go")
    channel.akicks = {"zoe!*@*": akick, ann.id: akick}
    assert kept_out(network, channel, user, 10) == ("zoe!*@*", akick)
    assert kept_out(network, channel, user, 20) is None
    user.account_id = ann.id
    assert kept_out(network, channel, user, 10) == (ann.id, akick)
    channel.access = {ann.id: entry("e")}
    assert kept_out(network, channel, user, 10) is None
    user.account_id = None


def test_targets() -> None:
    assert is_account("a" + "b" * 20)
    assert not is_account("ann!*@*") and not is_account("c" + "b" * 20)
