"""Which certificates are prepared for whom, and what is wrong with them in words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from chatnet.settings import Settings
from chatnet.transports.certificates import fingerprint, make_self_signed, public_key_fingerprint
from chatnet.wiring.config import ConfigError
from chatnet.wiring.security import Security

CLIENTS = {"endpoint": "tcp:6697", "tls": True}
SERVERS = {"endpoint": "tcp:6900", "tls": True, "kind": "server"}
PLAIN = {"endpoint": "tcp:6901", "kind": "server"}


def settings(*listen: dict[str, Any], **sections: Any) -> Settings:
    return Settings.model_validate({"listen": listen, **sections})


def security(folder: Path) -> Security:
    return Security(Clock(), folder / "data", folder, Settings)


def link(**keys: Any) -> dict[str, Any]:
    return {"name": "b.test", "password": "word", **keys}


@pytest.mark.parametrize(
    ("configured", "for_clients", "for_links"),
    [
        (settings(CLIENTS), True, False),
        (settings(SERVERS), False, True),
        (settings(CLIENTS, SERVERS), True, True),
        (settings(PLAIN), False, False),
        (settings(link=[link(addresses=("b.test:6900",), spki_sha256=("0" * 64,))]), False, True),
        (settings(link=[link(addresses=("/run/b.sock",))]), False, False),
        (settings(link=[link(addresses=("127.0.0.1:6900",), tls=False)]), False, False),
    ],
)
def test_certificates_are_made_ready_for_whoever_needs_them(
    tmp_path: Path, configured: Settings, for_clients: bool, for_links: bool
) -> None:
    it = security(tmp_path)
    it.prepare(configured)
    clients, links = it.stores
    assert (clients is not None, links is not None) == (for_clients, for_links)
    assert (it.gate_of_links(True) is not None) == for_links
    assert it.gate_of_links(False) is None
    assert (tmp_path / "data").exists() == (for_clients or for_links)


def test_links_may_have_a_certificate_of_their_own(tmp_path: Path) -> None:
    it = security(tmp_path)
    both = {"links": {"certificate": "links"}}
    with pytest.raises(ConfigError, match=r"links\.certificate: .*there is no certificate named 'links'"):
        it.prepare(settings(CLIENTS, SERVERS, **both))
    assert it.stores[1] is None
    path = tmp_path / "data" / "certificates" / "links.pem"
    make_self_signed(path, ["b.test"])
    it.prepare(settings(CLIENTS, SERVERS, **both))
    clients, links = it.stores
    assert (clients.default, links.default) == ("default", "links")
    assert f"Certificate {path}: for links, SPKI:SHA2-256:{public_key_fingerprint(path)}" in it.describe()


def test_a_change_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    it = security(tmp_path)
    it.prepare(settings(CLIENTS, SERVERS))
    before = it.stores
    other = tmp_path / "other"
    make_self_signed(other / "default.pem", ["b.test"])
    with pytest.raises(ConfigError):
        it.prepare(settings(CLIENTS, SERVERS, tls={"certificates": "other"}, links={"certificate": "gone"}))
    assert it.stores == before
    it.prepare(settings(CLIENTS, SERVERS, tls={"certificates": "other"}))
    assert it.stores[0].folder == it.stores[1].folder == other
    it.stores = before
    assert it.stores == before


def test_what_is_wrong_with_a_file_that_both_use_is_told_once(tmp_path: Path) -> None:
    it = security(tmp_path)
    it.prepare(settings(CLIENTS, SERVERS))
    path = tmp_path / "data" / "certificates" / "default.pem"
    path.write_text("broken")
    problem = f"{path}: holds no certificate; the old one stays in use"
    assert it.refresh() == ([problem], [])


def test_what_is_wrong_with_a_file_is_told_once_and_that_it_is_mended(tmp_path: Path) -> None:
    it = security(tmp_path)
    it.prepare(settings(CLIENTS, SERVERS))
    path = tmp_path / "data" / "certificates" / "default.pem"
    assert it.refresh() == ([], [])
    path.write_text("broken")
    problems, _ = it.refresh()
    assert len(problems) == 1
    assert it.refresh() == ([], [])
    assert it.refresh(anew=True) == (problems, [])  # at a reload, say
    path.write_text("-----BEGIN CERTIFICATE-----\n")
    (other,) = it.refresh()[0]
    assert other not in problems and "stays in use" in other
    make_self_signed(path, ["b.test"], datetime(2026, 1, 2, tzinfo=UTC))
    assert it.refresh() == (
        [],
        [f"{path}: a new certificate is in use, until 2035-12-30: SHA-256 {fingerprint(path)}"],
    )
    assert it.refresh() == ([], [])
    path.write_text("broken")
    assert it.refresh()[0] == problems


def test_authorities_are_looked_at_before_anything_changes(tmp_path: Path) -> None:
    it = security(tmp_path)
    (tmp_path / "empty.pem").write_text("nothing")
    blocks = [link(ca="gone.pem"), link(name="c.test", ca="empty.pem"), link(name="d.test")]
    with pytest.raises(ConfigError) as refused:
        it.prepare(settings(SERVERS, link=blocks))
    assert [problem.replace(str(tmp_path), "") for problem in refused.value.problems] == [
        "link.0.ca: /gone.pem is not there",
        "link.1.ca: /empty.pem holds no certificate, or cannot be read",
    ]
    assert it.stores == (None, None)


def test_which_hosts_are_ours(tmp_path: Path) -> None:
    configured = settings(
        CLIENTS, server={"name": "irc1.example.net"}, sts=[{"hostname": "irc.example.net", "duration": 0}]
    )
    certificates = tmp_path / "data" / "certificates"
    make_self_signed(certificates / "default.pem", ["chat.example.org", "*.example.com"])
    it = Security(Clock(), tmp_path / "data", tmp_path, lambda: configured)
    ours = ["irc1.example.net", "irc.example.net", "localhost", "192.0.2.7", "2001:db8::1", "127.0.0.1"]
    certified = ["chat.example.org", "www.example.com"]
    others = ["evil.example", "example.net", "x.irc.example.net", "a.b.example.com", "localhost.evil.example"]
    assert [name for name in ours + certified + others if it.is_ours(name)] == ours
    it.prepare(configured)
    assert [name for name in ours + certified + others if it.is_ours(name)] == ours + certified


def test_a_look_beforehand_makes_nothing_and_tells_everything(tmp_path: Path) -> None:
    it = security(tmp_path)
    assert it.check(settings(CLIENTS, SERVERS)) == ([], [])
    assert list(tmp_path.iterdir()) == []
    wrong = settings(
        CLIENTS,
        SERVERS,
        tls={"certificates": "nowhere"},
        links={"certificate": "links"},
        link=[link(ca="gone.pem")],
    )
    missing = "No such file or directory: put certificates there, or name another folder"
    problems, warnings = it.check(wrong)
    assert warnings == []
    assert [problem.replace(str(tmp_path), "") for problem in problems] == [
        "link.0.ca: /gone.pem is not there",
        f"tls.certificates: /nowhere: {missing}",
        f"links.certificate: /nowhere: {missing}",
    ]
    (problem,), _ = it.check(settings(CLIENTS, SERVERS, links={"certificate": "links"}))
    assert problem.startswith(f"links.certificate: {tmp_path}/data/certificates: No such file")
    assert it.check(settings(PLAIN, tls={"certificates": "nowhere"})) == ([], [])
    assert it.stores == (None, None)
