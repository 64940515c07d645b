"""Real clients log in to accounts that the server keeps: each by the way that its users are used to."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from logins import WORD, account_of, registered
from programs import Irssi, WeeChat, configured

pytestmark = [pytest.mark.client, pytest.mark.daemon]


def test_irssi_by_plain(tmp_path: Path) -> None:
    with Irssi(tmp_path / "irssi", "iris") as irssi, configured(tmp_path) as daemon:
        registered(daemon, "iris")
        with daemon.client("bob") as bob:
            irssi.enter(f"/network add -sasl_mechanism PLAIN -sasl_username iris -sasl_password {WORD} net")
            irssi.enter(f"/server add -network net -tls -notls_verify 127.0.0.1 {daemon.tls_port}")
            irssi.enter("/connect net")
            irssi.sees("SASL authentication succeeded", r"\(001\) Welcome to the ExampleNet Network, iris$")
            assert account_of(daemon, bob, "iris") == "iris"
        # irssi itself says that in a window of no server.
        assert [line for line in irssi.not_understood() if "SASL authentication" not in line] == []


def test_irssi_by_its_certificate(tmp_path: Path) -> None:
    certificate = tmp_path / "iris.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=iris", "-days", "9"]
    subprocess.run([*made, "-keyout", certificate, "-out", tmp_path / "iris.crt"], check=True)
    with certificate.open("a") as file:
        file.write((tmp_path / "iris.crt").read_text())
    with Irssi(tmp_path / "irssi", "iris") as irssi, configured(tmp_path) as daemon:
        registered(daemon, "iris")
        with daemon.client("bob") as bob:
            options = f"-tls -notls_verify -tls_cert {certificate}"
            irssi.enter(f"/server add -network net {options} 127.0.0.1 {daemon.tls_port}")
            irssi.enter("/network add net")
            irssi.enter("/connect net")
            irssi.sees(
                r"\(001\) Welcome to the ExampleNet Network, Guest[0-9]{5}$", "iris belongs to an account"
            )
            irssi.enter(f"/msg NickServ IDENTIFY {WORD}")
            irssi.sees("You are now identified for iris")
            irssi.enter("/msg NickServ CERT ADD")
            irssi.sees("Your certificate logs in to iris from now on")
            irssi.enter("/disconnect")
            irssi.enter("/network add -sasl_mechanism EXTERNAL net")
            irssi.enter("/connect net")
            irssi.sees("SASL authentication succeeded", r"\(001\) Welcome to the ExampleNet Network, iris$")
            assert account_of(daemon, bob, "iris") == "iris"
        # irssi itself says that in a window of no server.
        assert [line for line in irssi.not_understood() if "SASL authentication" not in line] == []


@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-256"])
def test_weechat(tmp_path: Path, mechanism: str) -> None:
    with WeeChat(tmp_path / "weechat") as weechat, configured(tmp_path) as daemon:
        registered(daemon, "wee")
        with daemon.client("bob") as bob:
            for line in (
                f"/server add net 127.0.0.1/{daemon.port} -no{weechat.tls} -nicks=wee",
                f"/set irc.server.net.sasl_mechanism {mechanism}",
                "/set irc.server.net.sasl_username wee",
                f"/set irc.server.net.sasl_password {WORD}",
                "/connect net",
            ):
                weechat.enter(line, "core.weechat")
            weechat.sees("You are now logged in as wee", "SASL authentication successful", "Welcome to the")
            assert account_of(daemon, bob, "wee") == "wee"


def test_nc_by_a_password(tmp_path: Path) -> None:
    """What somebody types who has nothing but a connection."""
    with configured(tmp_path) as daemon:
        registered(daemon, "ann")
        with daemon.connect() as ann:
            ann.send(f"PASS ann:{WORD}", "nick ann", "user ann 0 * :Ann")
            lines = ann.until(" 001 ann ")
            assert any(" 900 " in line for line in lines)
            with daemon.client("bob") as bob:
                assert account_of(daemon, bob, "ann") == "ann"
