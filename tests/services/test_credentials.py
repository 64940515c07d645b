"""Verifiers: what is kept of passwords, and the talk by which somebody proves to know one."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scramp import ScramClient
from scramp.core import ScramMechanism

from chatnet.services.credentials import argon2, scram, verifiers
from chatnet.services.credentials.exchange import Exchange
from chatnet.settings import AccountsSettings

# The example of https://www.rfc-editor.org/rfc/rfc7677#section-3
SALT = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
FIRST = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
CHALLENGE = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
FINAL = (
    b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
SIGNATURE = b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

SETTINGS = AccountsSettings(iterations=4096)


def talk(password: str, form: scram.Form, name: str = "ann") -> bytes | None:
    """What a client that knows `password` reads in the end, which it has looked at itself."""
    client: Any = ScramClient(["SCRAM-SHA-256"], name, password)
    exchange = Exchange(client.get_client_first().encode())
    assert exchange.name == name
    client.set_server_first(exchange.challenge(form).decode())
    last = exchange.prove(client.get_client_final().encode())
    if last is not None:
        client.set_server_final(last.decode())
    return last


def test_the_example_of_the_rfc(monkeypatch: pytest.MonkeyPatch) -> None:
    make_server = ScramMechanism.make_server
    monkeypatch.setattr(
        ScramMechanism, "make_server", lambda self, keys: make_server(self, keys, None, NONCE)
    )
    form = scram.make("pencil", 4096, SALT)
    assert scram.Form.read(form.text) == form
    exchange = Exchange(FIRST)
    assert exchange.name == "user"
    assert exchange.challenge(form) == CHALLENGE
    assert exchange.prove(FINAL) == SIGNATURE


def test_a_password_is_right_or_wrong() -> None:
    form = scram.make("secret", 4096)
    assert scram.matches(form, "secret") and not scram.matches(form, "Secret")
    assert talk("secret", form) is not None and talk("Secret", form) is None
    assert scram.make("secret", 4096).salt != form.salt


@pytest.mark.parametrize(
    ("password", "prepared"),
    [
        ("secret", b"secret"),
        ("I\u00adX", b"IX"),  # the examples of https://www.rfc-editor.org/rfc/rfc4013#section-3
        ("\u00aa", b"a"),
        ("\u2168", b"IX"),
        ("\u00a0", b" "),
        ("a\u0007", b"a\x07"),  # refused by it, and taken as it is
        ("a\udcff", b"a\xff"),
        ("\u0627\u0031", "\u0627\u0031".encode()),
    ],
)
def test_passwords_are_prepared(password: str, prepared: bytes) -> None:
    assert scram.prepared(password) == prepared


def test_what_stands_in_for_nobody_is_always_the_same_and_never_right() -> None:
    one, other = scram.fake(b"one", 4096), scram.fake(b"other", 4096)
    assert one == scram.fake(b"one", 4096) and one.salt != other.salt
    assert scram.Form.read(one.text) == one
    assert not scram.matches(one, "") and talk("secret", one) is None


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"n,,",
        b"n,,n=ann",
        b"n,,r=nonce,n=ann",
        b"n,,m=ext,n=ann,r=nonce",
        b"n,,n=,r=nonce",
        b"n,,n=a=ann,r=nonce",
        b"n,a=bob,n=ann,r=nonce",
        b"p=tls-unique,,n=ann,r=nonce",
        b"p=tls-exporter,,n=ann,r=nonce",
        b"q,,n=ann,r=nonce",
        b"n,,n=ann,r=\xff",
        "n,,n=ann,r=nönce".encode(),
        b"n,,n=" + b"x" * 500 + b",r=nonce",
    ],
)
def test_other_first_messages_are_refused(first: bytes) -> None:
    with pytest.raises(ValueError, match="it is no"):
        Exchange(first)


def test_no_channel_is_bound() -> None:
    assert Exchange(b"y,,n=ann,r=nonce").name == "ann"
    assert Exchange(b"n,,n=a=2Cb=3Dc,r=nonce").name == "a,b=c"


@pytest.mark.parametrize("proof", [b"", b"c=biws", b"\xff", b"c=biws,r=other,p=AAAA", b"c=,r=,p="])
def test_other_last_messages_prove_nothing(proof: bytes) -> None:
    exchange = Exchange(FIRST)
    exchange.challenge(scram.make("pencil", 4096))
    assert exchange.prove(proof) is None


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_whatever_a_client_says_is_refused_in_peace(first: bytes, final: bytes) -> None:
    for begin in (b"", b"n,,", b"n,,n=ann,r="):
        try:
            exchange = Exchange(begin + first)
        except ValueError:
            continue
        exchange.challenge(scram.fake(b"", 4096))
        assert exchange.prove(b"c=biws,r=" + final) is None
        assert exchange.prove(final) is None


@given(st.text(max_size=40))
def test_reading_a_form_fails_in_one_way(text: str) -> None:
    for each in (text, f"SCRAM-SHA-256$4096:{text}${text}:{text}"):
        try:
            assert scram.Form.read(each).iterations == 4096
        except ValueError:
            assert verifiers.scram_of(each) is None


def test_forms_of_both_kinds() -> None:
    form = verifiers.make(SETTINGS, "secret")
    assert form.startswith("SCRAM-SHA-256$4096:")
    assert verifiers.matches(form, "secret") and not verifiers.matches(form, "other")
    assert not verifiers.is_old(SETTINGS, form)
    assert verifiers.is_old(AccountsSettings(iterations=4097), form)
    hard = AccountsSettings(verifier="argon2id")
    assert verifiers.is_old(hard, form)
    hashed = verifiers.make(hard, "secret")
    assert hashed.startswith("$argon2id$") and verifiers.scram_of(hashed) is None
    assert verifiers.matches(hashed, "secret") and not verifiers.matches(hashed, "other")
    assert not verifiers.is_old(hard, hashed) and verifiers.is_old(SETTINGS, hashed)


def test_a_form_that_is_not_known_is_never_right() -> None:
    for form in ("", "import$md5$00", "$argon2id$nonsense", "SCRAM-SHA-256$0:$:"):
        assert not verifiers.matches(form, "") and not verifiers.matches(form, form)
        assert verifiers.is_old(SETTINGS, form)


def test_no_secret_is_shown() -> None:
    form = scram.make("secret", 4096)
    assert repr(form) == "<Form 4096>"
    assert argon2.SCHEME not in repr(form)


@pytest.mark.parametrize("kind", ["scram-sha-256", "argon2id"])
def test_what_is_looked_at_where_there_is_no_account_is_of_the_same_kind(kind: Any) -> None:
    # else time would tell which accounts there are
    settings = AccountsSettings(iterations=4096, verifier=kind)
    real, fake = verifiers.make(settings, "secret"), verifiers.fake(settings, b"key and name")
    assert fake == verifiers.fake(settings, b"key and name") != verifiers.fake(settings, b"another")
    assert not verifiers.matches(fake, "secret")
    assert not verifiers.is_old(settings, fake)
    cost = "$" if kind == "argon2id" else ":"
    parts = 4 if kind == "argon2id" else 1
    assert fake.split(cost)[:parts] == real.split(cost)[:parts]
    assert [len(part) for part in fake.split("$")] == [len(part) for part in real.split("$")]
