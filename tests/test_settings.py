"""What the settings refuse by themselves, and that each explains itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from chatnet.settings import (
    ListenSettings,
    OperClassSettings,
    OperSettings,
    Section,
    Settings,
    reference_problems,
)

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


def test_settings_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError):
        Settings().limits.nick = 3


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
