from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from authority import Authority
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from OpenSSL import SSL

from chatnet.transports.certificates import SELF_SIGNED_DAYS, CertificateStore, fingerprint, make_self_signed


def store_in(folder: Path) -> CertificateStore:
    return CertificateStore(folder, "default", lambda context: None)


def name_of(context: SSL.Context | None) -> str:
    assert context is not None
    connection = SSL.Connection(context, None)
    certificate = connection.get_certificate()
    assert certificate is not None
    (name,) = certificate.to_cryptography().subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(name.value)


def split(source: Path, folder: Path) -> None:
    """As certbot leaves them."""
    key, certificate = source.read_bytes().split(b"-----END PRIVATE KEY-----\n")
    folder.mkdir()
    (folder / "privkey.pem").write_bytes(key + b"-----END PRIVATE KEY-----\n")
    (folder / "fullchain.pem").write_bytes(certificate)


def test_self_signed(tmp_path: Path) -> None:
    path = tmp_path / "certificates" / "default.pem"
    make_self_signed(path, ["irc.example.org", "127.0.0.1", "::1"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["default.pem"]
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["irc.example.org"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert fingerprint(path) == certificate.fingerprint(hashes.SHA256()).hex()


def test_fingerprint_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "note.pem"
    path.write_text("hello")
    with pytest.raises(ValueError, match="holds no certificate"):
        fingerprint(path)


def test_chosen_by_name(tmp_path: Path) -> None:
    for name in ("default", "irc.example.org", "_.example.net"):
        make_self_signed(tmp_path / f"{name}.pem", [f"made for {name}"])
    make_self_signed(tmp_path / "certbot", ["made by certbot"])
    split(tmp_path / "certbot", tmp_path / "chat.example.com")
    store = store_in(tmp_path)
    assert store.refresh() == []
    for asked, expected in [
        (None, "made for default"),
        ("", "made for default"),
        ("irc.example.org", "made for irc.example.org"),
        ("IRC.Example.ORG.", "made for irc.example.org"),
        ("other.example.org", "made for default"),
        ("any.example.net", "made for _.example.net"),
        ("two.levels.example.net", "made for default"),
        ("example.net", "made for default"),
        ("chat.example.com", "made by certbot"),
    ]:
        assert name_of(store.context_for(asked)) == expected


def test_changes_are_seen_and_bad_files_leave_the_old_in_use(tmp_path: Path) -> None:
    path = tmp_path / "default.pem"
    make_self_signed(path, ["first"])
    store = store_in(tmp_path)
    assert store.refresh() == []
    first = store.context_for(None)
    assert store.refresh() == []
    assert store.context_for(None) is first
    make_self_signed(path, ["second"])
    assert store.refresh() == []
    assert name_of(store.context_for(None)) == "second"
    path.write_text("nonsense")
    (problem,) = store.refresh()
    assert problem == f"{path}: holds no certificate; the old one stays in use"
    assert name_of(store.context_for(None)) == "second"
    path.unlink()
    assert store.refresh() == [f"{tmp_path}: the default, 'default', is gone; it stays in use"]
    assert name_of(store.context_for(None)) == "second"


def test_a_name_whose_files_are_gone_is_forgotten(tmp_path: Path) -> None:
    make_self_signed(tmp_path / "default.pem", ["default"])
    make_self_signed(tmp_path / "irc.example.org.pem", ["irc"])
    store = store_in(tmp_path)
    assert store.refresh() == []
    (tmp_path / "irc.example.org.pem").unlink()
    assert store.refresh() == []
    assert name_of(store.context_for("irc.example.org")) == "default"


def test_problems_are_told_and_no_key_is(tmp_path: Path) -> None:
    make_self_signed(tmp_path / "a.pem", ["a"])
    make_self_signed(tmp_path / "b.pem", ["b"])
    key = x509.load_pem_x509_certificate((tmp_path / "a.pem").read_bytes())
    loaded = serialization.load_pem_private_key((tmp_path / "a.pem").read_bytes(), None)
    encrypted = loaded.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    (tmp_path / "encrypted.pem").write_bytes(encrypted + key.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "keyless.pem").write_bytes(key.public_bytes(serialization.Encoding.PEM))
    a_key, _, _ = (tmp_path / "a.pem").read_text().partition("-----BEGIN CERTIFICATE-----")
    _, begin, b_certificate = (tmp_path / "b.pem").read_text().partition("-----BEGIN CERTIFICATE-----")
    (tmp_path / "mixed.pem").write_text(a_key + begin + b_certificate)
    (tmp_path / "broken.pem").write_text(a_key[:60] + "\n-----END PRIVATE KEY-----\n" + begin + b_certificate)
    split(tmp_path / "a.pem", tmp_path / "half")
    (tmp_path / "half" / "privkey.pem").unlink()
    problems = store_in(tmp_path).refresh()
    text = "\n".join(problems)
    for words in (
        "encrypted.pem: its private key is encrypted",
        "keyless.pem: holds no private key",
        "mixed.pem: key values mismatch",
        "broken.pem: its private key is damaged",
        "half/privkey.pem: No such file",
        "there is no certificate named 'default'",
    ):
        assert words in text
    assert len(problems) == 6
    assert "BEGIN" not in text and a_key.splitlines()[1][:20] not in text


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "default.pem")
    (tmp_path / "b").mkdir()
    make_self_signed(tmp_path / "b" / "fullchain.pem", ["b.test"])
    os.mkfifo(tmp_path / "b" / "privkey.pem")
    store = CertificateStore(tmp_path, "default", lambda context: None)
    assert store.refresh() == [
        f"{tmp_path}/b/privkey.pem: it is not a file",
        f"{tmp_path}/default.pem: it is not a file",
    ]


def test_no_folder(tmp_path: Path) -> None:
    store = store_in(tmp_path / "nowhere")
    assert store.refresh() == [
        f"{tmp_path}/nowhere: No such file or directory: put certificates there, or name another folder"
    ]
    assert store.context_for(None) is None


def test_a_folder_that_is_gone_takes_nothing_out_of_use(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    make_self_signed(folder / "default.pem", ["default"])
    make_self_signed(folder / "irc.example.org.pem", ["irc"])
    store = store_in(folder)
    assert store.refresh() == []
    folder.rename(tmp_path / "elsewhere")
    assert store.refresh() == [
        f"{folder}: No such file or directory: put certificates there, or name another folder"
        "; those that were there before stay in use"
    ]
    assert name_of(store.context_for("irc.example.org")) == "irc"


def test_a_folder_that_may_not_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As certbot's is for everybody but root."""

    def refuse(path: Path) -> list[Path]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert store_in(tmp_path).refresh() == [
        f"{tmp_path}: may not be read by this user: let this user's group read it"
    ]


def test_a_link_to_where_nothing_can_be_read_is_told_of(tmp_path: Path) -> None:
    make_self_signed(tmp_path / "default.pem", ["default"])
    (tmp_path / "irc.example.org").mkdir()
    (tmp_path / "irc.example.org" / "fullchain.pem").symlink_to(tmp_path / "archive" / "fullchain1.pem")
    assert store_in(tmp_path).refresh() == [
        f"{tmp_path}/irc.example.org/fullchain.pem: No such file or directory"
    ]


def test_expiring(tmp_path: Path) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    make_self_signed(tmp_path / "default.pem", ["x"], now)
    store = store_in(tmp_path)
    store.refresh()
    end = now + timedelta(days=SELF_SIGNED_DAYS - 1)
    assert store.expiring(14, end - timedelta(days=15)) == []
    assert store.expiring(14, end - timedelta(days=13)) == [("default", end)]
    assert store.expiring(14, end + timedelta(days=1)) == [("default", end)]


def test_whom_others_vouch_for(tmp_path: Path) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    folder = tmp_path / "certificates"
    authority = Authority(tmp_path / "authority.pem", now)
    authority.issue(folder / "default.pem", "Chat.example.org", "*.example.net")
    authority.issue(folder / "irc.example.org.pem", "irc.example.org")
    authority.issue(folder / "wrong.example.org.pem", "irc.example.org")
    make_self_signed(folder / "own.example.net.pem", ["own.example.net"], now)
    store = store_in(folder)
    assert store.refresh() == []
    good = ("irc.example.org", "IRC.example.org.", "chat.example.org", "any.example.net")
    assert all(store.certifies(name, now) for name in good)
    # made here, made for another name, not made for this one, one label too many, nothing
    bad = ("own.example.net", "wrong.example.org", "default", "a.b.example.net", "")
    assert not any(store.certifies(name, now) for name in bad)
    assert not store.certifies("irc.example.org", now + timedelta(days=2))
    assert not store_in(tmp_path / "nowhere").certifies("irc.example.org", now)
    assert all(store.names(name) for name in (*good, "own.example.net"))
    assert not any(store.names(name) for name in ("wrong.example.org", "default", "a.b.example.net", ""))


def test_private_keys_that_everybody_may_read(tmp_path: Path) -> None:
    """One file with all in it, and a folder as certbot leaves it, whose chain is for everybody."""
    make_self_signed(tmp_path / "default.pem", ["localhost"])
    make_self_signed(tmp_path / "irc.example.org" / "privkey.pem", ["irc.example.org"])
    chain, key = (tmp_path / "irc.example.org" / name for name in ("fullchain.pem", "privkey.pem"))
    chain.write_bytes(key.read_bytes())
    chain.chmod(0o644)
    store = store_in(tmp_path)
    assert store.refresh() == [] and store.exposed() == []
    for path in (tmp_path / "default.pem", key):
        path.chmod(0o644)
    why = "holds a secret key, and everybody on this machine can read it: chmod 640"
    assert store.exposed() == [f"{path}: {why}" for path in (tmp_path / "default.pem", key)]
