"""Verifiers of other programs, each with what the program itself, or its own tests, made of a password."""

from __future__ import annotations

import hashlib
from base64 import b64decode

import pytest
from club import Club, failed, logged_in, plain, proved
from club import scram as scram_talk
from hypothesis import given
from hypothesis import strategies as st

from chatnet.services.credentials import foreign, pbkdf2, scram, sha256_iv, verifiers
from chatnet.settings import AccountsSettings

SALT = "VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZw$"
FOX = "The quick brown fox jumps over the lazy dog"
# crypto/pbkdf2v2 of Atheme, from https://github.com/ergochat/ergo/blob/master/irc/migrations/passwords_test.go
SCRAM = (
    "$z$65$64000$1kz1I9YJPJ2gkJALbrpL2DoxRDhYPBOg60KNJMK/6do=$Cnfg6pYhBNrVXiaXYH46byrC+3HKet/XvYwvI1BvZbs="
    "$m0hrT33gcF90n2TU3lm8tdm9V9XC4xEV13KsjuT38iY="
)
MADE = [
    # The same file: crypto/pbkdf2v2 without SCRAM, crypto/pbkdf2, crypto/crypt3-md5, crypto/rawsha1 ...
    ("pbkdf2", SCRAM, "password"),
    (
        "pbkdf2",
        "$z$6$64000$rWfIGzPY9qiIt7m5$VdFroDOlTQSLlFUJtpvlbp2i7sH3ZUndqwdnOvoDvt6b2AzLjaAK/lhSO/QaR2nA3Wm4ObH"
        "dl3WMW32NdtSMdw==",
        "pHQpwje5CjS3_Lx0RaeS7w",
    ),
    (
        "pbkdf2",
        "khMlbBBIFya2ihyN42abc3e768663e2c4fd0e0020e46292bf9fdf44e9a51d2a2e69509cb73b4b1bf9c1b6355a1fc9ea663fc"
        "d6da902287159494f15b905e5e651d6a60f2ec834598",
        "password",
    ),
    ("crypt", "$1$hcspif$nCm4r3S14Me9ifsOPGuJT.", "shivarampassphrase"),
    ("crypt", "$1$diwesm$9MjapdOyhyC.2FdHzKMzK.", "1Ss1GN4q-3e8SgIJblfQxw"),
    ("hash", "sha1:49fffa5543f21dd6effe88a79633e4073e36a828", "shivarampassphrase"),
    ("hash", "md5:ce4bd864f37ffaa1b871aef22eea82ff", "shivarampassphrase"),
    # crypt(3) of glibc, which is what Atheme's crypto/crypt3-sha2-256 and -512 call
    ("crypt", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", "Hello world!"),
    (
        "crypt",
        "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
        "Hello world!",
    ),
    (
        "crypt",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        "Hello world!",
    ),
    # https://github.com/atheme/atheme/blob/master/libathemecore/eksblowfish.c
    ("bcrypt", "$2a$06$ohenGeFSDABnUHh5SeDd6.ag71YUUK2lOIXs5ixAvAJ34tmmodOwy", "CBeUJzTele9heJUJ"),
    (
        "bcrypt",
        "$2a$06$NTDvUCJaRdg3jQ9oKipNY.LGN0dmI925eGyg0QdECEKzyTRmnHKBW",
        "EgXXVII2yoB9B8J84W0da06r1Re6qctv145uncvrwWc2qdFml6aGcbq3Kb1ZBLBKxzT8mUuf",
    ),
    # https://github.com/anope/anope/blob/2.1/modules/encryption/enc_bcrypt.cpp, and enc_argon2.cpp
    ("bcrypt", "$2a$10$YV4jDSGs0ZtQbpL6IHtNO.lt5Q.uzghIohCcnERQVBGyw7QJMfyhe", FOX),
    ("argon2", "$argon2d$v=19$m=10,t=10,p=1$" + SALT + "hTvpprMF0TwszQ", FOX),
    ("argon2", "$argon2i$v=19$m=10,t=10,p=1$" + SALT + "/JAt4FdP1MFD+A", FOX),
    ("argon2", "$argon2id$v=19$m=10,t=10,p=1$" + SALT + "Po8RcmxZ7vHmdg", FOX),
    # .../enc_md5.cpp, enc_sha1.cpp and enc_sha2.cpp
    ("hash", "md5:9e107d9d372bb6826bd81d3542a419d6", FOX),
    ("hash", "sha1:2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", FOX),
    ("hash", "sha224:730e109bd7a8a32b1cb9d9a09aa2325d2430587ddbc0c38bad911525", FOX),
    ("hash", "sha256:d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592", FOX),
    (
        "hmac",
        "sha256:5f7f039818f6e10be84dab0f49610a387d3818b2c883eacdc1778c66a7cecf3b:"
        "1a924a3b05a11d7bf3c752d820391dbe01fb7e5d83f7400765de987c3fbb0ec3",
        "test12345",
    ),
    # https://github.com/ergochat/ergo/blob/master/irc/passwd/bcrypt_test.go
    ("ergo", "$2a$12$sJokyLJ5px3Nb51DEDhsQ.wh8nfwEYuMbVYrpqO5v9Ylyj0YyVWj.", "this is my passphrase"),
    # crypto_pwhash_scryptsalsa208sha256_str of libsodium, which is what Atheme's crypto/scrypt calls
    (
        "scrypt",
        "$7$86..../....3NDYrJ9JZTv2VGmZT5/35yLJT00Coneb7wyS49vc0v2$GQ60iTYOputHbDoKn1yRV1.bnFenTYlJ7Te5twx0Lf3",
        "correct horse",
    ),
]  # fmt: skip
# Start values, hash and password:
# https://github.com/atheme/atheme/blob/master/modules/crypto/legacy/anope-enc-sha256.c
OTHER_VALUES = [
    (
        "J9b6Xi0sRclnvcffBi5Zg0HOactnhdcuHZUBVlAeUj4=",
        "bp3WKwgM4WZW/44cq8jfMwO1UyezeLBlo+Hq9uyReEc=",
        "jKOBBtCvr9CbulQyhyHy3lUEPoRp0WtX",
    ),
    (
        "UX4ZIVS4Det/iP3EZKcsDzD0fsAGKk3EeKuXghmYk8M=",
        "pb/k1xaMgJQe9QGoNVuHQ+uTdRK7bL1bIudMy/Zaqhc=",
        "NfA8mh6UBERSqqpAuw7FrzrWGVW7zMChvk26rf9PVLOEGePko0oAjWyhEkxTgpjLjG7YYpQHO8VivPUVmlasVGs04ysdEtsFHVXV"
        "WaXldKjcnaoiRefnNKU3ery62p05wE7klMQNTcWBLGXqixYxZDD2Ra3MVfVPvXr5XjMZIViVx0L4287X8PpdDAGgTiDe2GVn3fuC"
        "GxwJbg8dEdG9uMw6b3XSCeqqnNJ8odTeYa2BZj0a99quz6xo0tvxEm4Z8dew8E6eE1vAYrgvJ0iVyGRagdlDtQKT",
    ),
]
MADE += [
    ("sha256iv", f"{b64decode(made).hex()}:{b64decode(start).hex()}", word)
    for start, made, word in OTHER_VALUES
]


@pytest.mark.parametrize(("form", "text", "password"), MADE)
def test_what_others_made_of_a_password_is_of_that_and_of_no_other(
    form: str, text: str, password: str
) -> None:
    whole = foreign.text_of(form, text)
    assert whole == f"import${form}${text}" and " " not in whole
    assert verifiers.matches(whole, password)
    assert not verifiers.matches(whole, password.swapcase()) and not verifiers.matches(whole, "")
    assert verifiers.scram_of(whole) is None
    assert verifiers.is_old(AccountsSettings(), whole)


@pytest.mark.parametrize("form", list(foreign.FORMS))
def test_each_form_has_been_tried(form: str) -> None:
    assert any(name == form for name, _, _ in MADE)


def test_the_keys_of_scram_are_a_verifier_of_our_own() -> None:
    form = pbkdf2.read(SCRAM).scram
    assert form is not None and form.iterations == 64000
    assert scram.matches(form, "password") and not scram.matches(form, "passw0rd")


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("bcrypt", "$2a$31$ohenGeFSDABnUHh5SeDd6.ag71YUUK2lOIXs5ixAvAJ34tmmodOwy"),
        ("ergo", "$2a$31$ohenGeFSDABnUHh5SeDd6.ag71YUUK2lOIXs5ixAvAJ34tmmodOwy"),
        ("pbkdf2", "$z$5$9999999$saltsalt$" + "A" * 43 + "="),
        ("pbkdf2", "$z$5$0$saltsalt$" + "A" * 43 + "="),
        ("crypt", "$6$rounds=9999999$saltstring$" + "a" * 86),
        ("argon2", "$argon2id$v=19$m=9999999,t=1,p=1$VGhlIHF1aWNrIGJyb3du$Po8RcmxZ7vHmdg"),
        ("argon2", "$argon2id$v=19$m=8,t=999,p=1$VGhlIHF1aWNrIGJyb3du$Po8RcmxZ7vHmdg"),
        ("scrypt", "$7$Q6..../....salt$" + "a" * 43),
        ("scrypt", "$7$8zzzzz/....salt$" + "a" * 43),
    ],
)
def test_what_would_take_too_long_is_never_tried(form: str, text: str) -> None:
    with pytest.raises(ValueError, match="no verifier"):
        foreign.text_of(form, text)
    assert not verifiers.matches(f"import${form}${text}", "secret")


@given(st.sampled_from([*foreign.FORMS, "other"]), st.text(max_size=200), st.text(max_size=20))
def test_no_text_is_an_error(form: str, text: str, password: str) -> None:
    assert not verifiers.matches(f"import${form}${text}", password)


@given(st.sampled_from(MADE), st.integers(0, 10**6), st.characters(max_codepoint=0x17F))
def test_a_text_with_one_other_character_is_of_no_other_password(
    made: tuple[str, str, str], place: int, character: str
) -> None:
    form, text, _ = made
    changed = text[: place % len(text)] + character + text[place % len(text) + 1 :]
    if form not in ("pbkdf2", "crypt", "bcrypt", "ergo", "scrypt", "argon2"):  # which take long
        assert not verifiers.matches(f"import${form}${changed}", "quite another password")
    else:
        foreign.FORMS[form].fits(changed)


@given(st.binary(max_size=300))
def test_the_function_with_the_usual_values_is_sha256(data: bytes) -> None:
    start = bytes.fromhex("6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19")
    assert sha256_iv.digest(start, data) == hashlib.sha256(data).digest()


def test_a_password_that_nobody_could_have_had_is_not_tried() -> None:
    text = "md5:" + hashlib.md5(b"a" * 513).hexdigest()
    assert not verifiers.matches(foreign.text_of("hash", text), "a" * 513)


def test_without_the_module_it_is_told_which_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "find_spec", lambda name: None)
    assert verifiers.lacking(foreign.text_of(*MADE[-3][:2])) == ""  # scrypt is in the standard library
    assert {form for form in foreign.FORMS if verifiers.lacking(f"import${form}$x")} == {"bcrypt", "ergo"}
    assert verifiers.lacking("SCRAM-SHA-256$4096:AA==$AA==:AA==") == ""


# logging in


OLD = foreign.text_of("hash", "md5:" + hashlib.md5(b"an old password").hexdigest())


def imported(form: str = OLD) -> Club:
    """A server with an account whose password another program had."""
    club = Club(accounts={"iterations": 4096})
    club.change(club.account(), verifier=f"- {form}")
    return club


def test_the_first_login_by_plain_makes_a_verifier_of_our_own() -> None:
    club = imported()
    wrong = club.connecting()
    plain(wrong, password="another password")
    failed(wrong)
    by_scram = club.connecting()
    scram_talk(by_scram, "ann", "an old password")
    failed(by_scram)  # a salt that is nobody's
    ann = club.connecting()
    plain(ann, password="an old password")
    logged_in(ann)
    records = club.done(club.accounts.read(club.named()))
    verifier = next(record.value for record in records if record.field == "verifier")
    assert verifier is not None and "import$" not in verifier and " SCRAM-SHA-256$4096:" in verifier
    again = club.connecting()
    proved(again, scram_talk(again, "ann", "an old password"))
    logged_in(again)


def test_the_log_says_which_module_is_lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreign, "find_spec", lambda name: None)
    club = imported(foreign.text_of("bcrypt", MADE[10][1]))
    ann = club.connecting()
    plain(ann, password="another password")
    failed(ann)
    assert any("pip install bcrypt" in line for line in club.log.lines)
    assert not any("$2a$" in line for line in club.log.lines)
