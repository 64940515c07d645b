"""What the settings refuse by themselves, and that each explains itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from annotated_types import Ge, Gt, Le, Lt
from conversation import House
from pydantic import BaseModel, ValidationError

from chatnet.settings import (
    HistorySettings,
    LinkSettings,
    LinksSettings,
    ListenSettings,
    OperClassSettings,
    OperSettings,
    Section,
    Settings,
    reference_problems,
)
from chatnet.wiring.fields import bounds, kinds, section_of

HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA"


def sections(model: type[BaseModel] = Section) -> list[type[BaseModel]]:
    return [inner for inner in model.__subclasses__() if inner is not Settings]


def test_defaults_are_a_valid_configuration_on_loopback_only() -> None:
    settings = Settings()
    assert all("127.0.0.1" in listener.endpoint for listener in settings.listen)
    assert [listener.tls for listener in settings.listen] == [False, True]


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.__name__)
def test_every_setting_and_section_is_explained(section: type[BaseModel]) -> None:
    assert section.__doc__ and section.__doc__.startswith("``[")
    unexplained = [key for key, field in section.model_fields.items() if not field.description]
    assert unexplained == []


@pytest.mark.parametrize("always_on", ["opt-out", "all"])
def test_nobody_stays_by_default_who_could_not_come_back(always_on: str) -> None:
    given = {"bouncer": {"sessions": "off", "always_on": always_on}}
    why = f"has always_on = {always_on}, but with sessions = off nobody who stays could come back"
    with pytest.raises(ValidationError, match=why):
        Settings.model_validate(given)
    given["bouncer"]["always_on"] = "opt-in"
    Settings.model_validate(given)


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        Settings().limits.nick = 3


def numbers(model: type[BaseModel], place: str = "") -> Iterator[tuple[str, list[Any]]]:
    """Each number of a section and of those in it, and what bounds it."""
    for key, field in model.model_fields.items():
        for kind in kinds(field.annotation):
            if inner := section_of(kind):
                yield from numbers(inner, f"{place}{key}.")
            elif kind in (int, float):
                yield f"{place}{key}", bounds(field)


def test_every_number_has_a_least_and_a_most() -> None:
    """Also what nobody wants so large: 10**26 is no number for C, and each WHO failed by it."""
    found = dict(numbers(Settings))
    assert {"limits.who", "sts.port", "connection_class.max_sessions"} <= found.keys()
    for place, limits in found.items():
        assert {type(limit) for limit in limits} & {Le, Lt}, f"{place} has no most"
        assert {type(limit) for limit in limits} & {Ge, Gt}, f"{place} has no least"


def test_a_server_whose_numbers_are_all_at_their_most_serves() -> None:
    tree: dict[str, Any] = {}
    for place, limits in numbers(Settings):
        section, key = place.split(".")
        if section not in ("sts", "link", "connection_class", "dnsbl", "shield", "filter", "inlet"):
            tree.setdefault(section, {})[key] = next(limit.le for limit in limits if isinstance(limit, Le))
    tree["links"]["ping_interval"] -= 1
    klass = {
        place.removeprefix("connection_class."): limits[-1].le
        for place, limits in numbers(Settings)
        if place.startswith("connection_class.")
    }
    house = House(**tree, connection_class=({"name": "all", **klass},))
    ann, bob = house.client("ann", address="192.0.2.1"), house.client("bob", address="192.0.2.2")
    ann >> "JOIN #c" >> "MODE #c +b x!*@*" >> "TOPIC #c :tea"
    bob >> "JOIN #c" >> "PRIVMSG #c :hello" >> "MONITOR + ann" >> "NICK bert"
    ann.lines()
    for line, end in (("WHO *", "315"), ("LIST", "323"), ("WHOWAS bob", "369"), ("NAMES #c", "366")):
        ann >> line
        ann.until(f"* {end} *")
    house.clock.advance(60.0)
    house.parts.sessions.sweep()
    house.parts.history.sweep(house.clock.time())
    house.check()


@pytest.mark.parametrize("endpoint", ["ssl:6697", "tls:6697", "6667", "", ":6667"])
def test_endpoint_must_be_one_and_without_tls(endpoint: str) -> None:
    with pytest.raises(ValidationError):
        ListenSettings(endpoint=endpoint)


def test_oper_needs_a_proof_and_a_password_only_as_a_hash() -> None:
    for values in ({}, {"password": "plain"}, {"certfp": "12"}):
        with pytest.raises(ValidationError) as refused:
            OperSettings.model_validate({"name": "ann", "class": "x", **values})
        assert "plain" not in str(refused.value)
    colons = ":".join(["AB"] * 32)
    assert OperSettings.model_validate({"name": "ann", "class": "x", "certfp": colons}).certfp == "ab" * 32


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        ("server", {"password": ""}),
        ("server", {"description": "two\nlines"}),
        ("server", {"admin": ("one\r",)}),
        ("server", {"admin": ("a", "b", "c", "d")}),
        ("connection_class", ({"name": "two words"},)),
        ("connection_class", ({"name": "a", "password": ""},)),
        ("oper_class", ({"name": ""},)),
        ("oper_class", ({"name": ":a"},)),
        ("oper_class", ({"name": "a", "title": "runs\nthis"},)),
        ("oper_class", ({"name": "a", "privileges": ("admin",)},)),
        ("cloak", {"suffix": ""}),
        ("cloak", {"suffix": "a b"}),
        ("cloak", {"suffix": "x" * 28}),
    ],
)
def test_what_would_break_a_reply_or_a_lock_is_refused(section: str, wrong: Any) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({section: wrong})


def test_privileges_are_inherited() -> None:
    settings = Settings(
        oper_class=(
            OperClassSettings(name="admin", extends="helper", privileges=("die",)),
            OperClassSettings(name="helper", privileges=("kill",)),
        )
    )
    assert settings.privileges("admin") == {"die", "kill"}
    assert settings.privileges("helper") == {"kill"}
    assert settings.privileges("nobody") == frozenset()


def tree(**lists: Any) -> dict[str, Any]:
    return Settings().model_dump(by_alias=True) | lists


def test_references_are_found_with_their_places() -> None:
    broken = tree(
        listen=[{"endpoint": "tcp:1", "connection_class": "vip"}],
        oper_class=[
            {"name": "a", "extends": "b"},
            {"name": "b", "extends": "a"},
            {"name": "c", "extends": "d"},
        ],
        oper=[{"name": "ann", "class": "a"}, {"name": "ann", "class": "e"}],
    )
    assert reference_problems(broken) == [
        (("oper", 1, "name"), "the name 'ann' is used twice"),
        (("listen", 0, "connection_class"), "there is no connection_class 'vip'"),
        (("oper_class", 2, "extends"), "there is no oper_class 'd'"),
        (("oper", 1, "class"), "there is no oper_class 'e'"),
        (("oper_class", 0, "extends"), "leads back to this class"),
        (("oper_class", 1, "extends"), "leads back to this class"),
    ]
    assert reference_problems(tree(connection_class=[])) == [
        (("connection_class",), "there must be at least one")
    ]


def test_references_overlook_what_is_malformed() -> None:
    assert reference_problems({}) == []
    broken = tree(oper_class=[{"nam": "a"}, 3], oper=[{"name": [], "class": "a"}, None], listen="x")
    assert reference_problems(broken) == []


def test_wrong_references_make_no_settings() -> None:
    with pytest.raises(ValidationError, match=r"oper\.0\.class"):
        Settings.model_validate({"oper": [{"name": "ann", "class": "x", "password": HASH}]})


def test_a_cloak_fits_into_a_host() -> None:
    assert Settings.model_validate({"limits": {"host": 45}}).limits.host == 45
    with pytest.raises(ValidationError, match=r"longer than limits\.host, 50 bytes"):
        Settings.model_validate({"limits": {"host": 50}, "cloak": {"suffix": "users.example.org"}})


def link(**values: Any) -> LinkSettings:
    return LinkSettings.model_validate({"name": "b.test", "password": "word"} | values)


PIN = "0123456789abcdef" * 4


def test_a_link_needs_little() -> None:
    assert link().autoconnect and link().role == "leaf"
    assert link(
        addresses=("/run/chatnet/b.sock", "127.0.0.1:6900", "[::1]:6900", "localhost:6900"), tls=False
    )
    assert link(addresses=("b.example.org:6900",), spki_sha256=(PIN,), password=None)
    assert link(addresses=("b.example.org:6900",), ca="ca.pem")
    assert link(addresses=("192.0.2.1:6900",), tls=False, insecure=True)


def test_a_pin_may_be_written_as_other_servers_do() -> None:
    """``SPKI:SHA2-256:<hex>`` is what Solanum calls a fingerprint of this kind."""
    shouted = "SPKI:SHA2-256:" + PIN.upper()
    assert link(spki_sha256=(PIN, shouted, ":".join(re.findall("..", PIN)))).spki_sha256 == (PIN,) * 3


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": "b"}, "is not a server name"),
        ({"sid": "ABC"}, "is not a server id"),
        ({"password": None}, "needs spki_sha256, ca or a password"),
        ({"password": "two words"}, "is not one word"),
        ({"password": ":colon"}, "is not one word"),
        ({"password": ""}, "is not one word"),
        ({"password": "x" * 129}, "is not one word"),
        ({"password": None, "ca": "x.pem", "accept_password": "word"}, "accept_password without password"),
        ({"spki_sha256": ("12",)}, "is not the SHA-256 of a public key"),
        ({"spki_sha256": ("x" * 64,)}, "is not the SHA-256 of a public key"),
        ({"addresses": ("b.example.org",)}, "is neither HOST:PORT"),
        ({"addresses": ("2001:db8::1:6900",)}, "is neither HOST:PORT"),
        ({"addresses": ("b.example.org:",)}, "is neither HOST:PORT"),
        ({"addresses": (":6900",)}, "is neither HOST:PORT"),
        ({"addresses": ("b.example.org:0",)}, "has a port that is not between"),
        ({"addresses": ("b.example.org:65536",)}, "has a port that is not between"),
        ({"addresses": ("b.exa mple.org:1",)}, "has neither a host name nor an address"),
        ({"addresses": ("/" + "x" * 107,)}, "is not the path of a UNIX socket"),
        ({"addresses": ("b.example.org:6900",)}, "cannot know b.example.org:6900 by its certificate"),
        ({"addresses": ("b.example.org:6900",), "tls": False}, "would connect to b.example.org:6900"),
        ({"may_introduce": ("*.test",)}, "has may_introduce, but a leaf introduces nobody"),
        ({"role": "uplink"}, "Input should be"),
        ({"sendq": 1000}, "greater than or equal to 65536"),
    ],
)  # fmt: skip
def test_what_a_link_cannot_be(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason) as refused:
        link(**wrong)
    assert "two words" not in str(refused.value)


def test_a_link_leads_to_another_server_and_once() -> None:
    one = {"name": "b.test", "password": "word"}
    own = {"name": "IRC.Localhost.local", "sid": "0CN", "password": "word"}
    assert reference_problems(tree(link=[one, one | {"name": "B.test"}, own])) == [
        (("link", 1, "name"), "the name 'b.test' is used twice"),
        (("link", 2, "name"), "is this server's own: one of the two needs another server.name"),
        (("link", 2, "sid"), "is this server's own: one of the two needs another server.sid"),
    ]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"ping_interval": 30.0}, "has a ping_timeout that is not longer"),
        ({"reconnect_max": 2.0}, "has a reconnect_max that is shorter"),
        ({"strikes": 0}, "greater than or equal to 1"),
        ({"most_skew": 0.0}, "greater than or equal to 1"),
    ],
)
def test_limits_of_links_that_make_no_sense(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        LinksSettings.model_validate(wrong)


@pytest.mark.parametrize(
    ("most", "keep"),
    [
        ({"channels_most": 89}, {}),
        ({}, {"channels_keep": 366}),
        ({"channels_most": 30}, {"channels_keep": 31}),
    ],
)
def test_no_channel_is_kept_longer_than_any_may_be(most: dict[str, int], keep: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="has a channels_most that is shorter than channels_keep"):
        HistorySettings.model_validate(most | keep)
    assert HistorySettings(channels_most=30, channels_keep=30).channels_keep == 30


@pytest.mark.parametrize(
    "key", [{"proxy_from": ("::1",)}, {"connection_class": "default"}, {"origins": ("*",)}]
)
def test_what_a_listener_for_servers_has_not(key: dict[str, Any]) -> None:
    assert ListenSettings(endpoint="tcp:6900", kind="server", tls=True)
    with pytest.raises(ValidationError, match=f"has {next(iter(key))}"):
        ListenSettings(endpoint="tcp:6900", kind="server", **key)
