"""What ``chatnet fingerprint chatnet.toml`` prints for the operator of another server."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from chatnet.settings import LinkSettings
from chatnet.transports.certificates import make_self_signed, public_key_fingerprint
from chatnet.wiring.cli import main

Captured = pytest.CaptureFixture[str]

SERVER = '[server]\nname = "irc1.example.org"\nsid = "1CN"\n'


def printed(folder: Path, text: str, capsys: Captured) -> dict[str, Any]:
    path = folder / "chatnet.toml"
    path.write_text(SERVER + text)
    assert main(["fingerprint", str(path)]) == 0
    (block,) = tomllib.loads(capsys.readouterr().out)["link"]
    checked: dict[str, Any] = block
    LinkSettings.model_validate({**checked, "addresses": tuple(checked["addresses"])})
    return checked


@pytest.mark.parametrize(
    ("endpoints", "addresses"),
    [
        (["tcp:6900"], ["irc1.example.org:6900"]),
        (["tcp:6900:interface=192.0.2.1"], ["192.0.2.1:6900"]),
        (["tcp:port=6900:interface=0.0.0.0:backlog=5"], ["irc1.example.org:6900"]),
        ([r"tcp6:6900:interface=2001\:db8\:\:1"], ["[2001:db8::1]:6900"]),
        (["tcp:6900", r"tcp6:6901:interface=\:\:"], ["irc1.example.org:6900", "irc1.example.org:6901"]),
        (["unix:links.sock"], []),
        ([], []),
    ],
)
def test_addresses_are_those_of_listeners_for_servers(
    tmp_path: Path, capsys: Captured, endpoints: list[str], addresses: list[str]
) -> None:
    make_self_signed(tmp_path / "chatnet-data" / "certificates" / "default.pem", ["irc1.example.org"])
    listen = "".join(
        f"[[listen]]\nkind = 'server'\nendpoint = '{endpoint}'\ntls = {str('unix' not in endpoint).lower()}\n"
        for endpoint in endpoints
    )
    block = printed(tmp_path, '[[listen]]\nendpoint = "tcp:6697"\ntls = true\n' + listen, capsys)
    assert block["addresses"] == addresses
    assert (block["name"], block["sid"]) == ("irc1.example.org", "1CN")


def test_the_pin_is_that_of_the_certificate_for_links(tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "pem"
    for name in ("default", "links"):
        make_self_signed(folder / f"{name}.pem", [name])
    text = '[tls]\ncertificates = "pem"\n'
    pins = {
        name: "SPKI:SHA2-256:" + public_key_fingerprint(folder / f"{name}.pem")
        for name in ("default", "links")
    }
    assert printed(tmp_path, text, capsys)["spki_sha256"] == [pins["default"]]
    both = printed(tmp_path, text + '[links]\ncertificate = "links"\n', capsys)
    assert both["spki_sha256"] == [pins["links"]]
    # As certbot keeps them.
    (folder / "other").mkdir()
    (folder / "links.pem").rename(folder / "other" / "fullchain.pem")
    other = printed(tmp_path, text + '[links]\ncertificate = "other"\n', capsys)
    assert other["spki_sha256"] == [pins["links"]]


def test_passwords_are_never_the_same(tmp_path: Path, capsys: Captured) -> None:
    make_self_signed(tmp_path / "chatnet-data" / "certificates" / "default.pem", ["irc1.example.org"])
    passwords = {printed(tmp_path, "", capsys)["password"] for _ in range(5)}
    assert len(passwords) == 5 and all(len(password) >= 32 for password in passwords)


def test_without_a_certificate_or_a_configuration_it_says_so(tmp_path: Path, capsys: Captured) -> None:
    path = tmp_path / "chatnet.toml"
    assert main(["fingerprint", str(path)]) == 1
    path.write_text(SERVER)
    assert main(["fingerprint", str(path)]) == 1
    path.write_text("x = 1")
    assert main(["fingerprint", str(path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert "No such file" in lines[0]
    assert "default.pem: " in lines[1] and "(the first start makes it)" in lines[1]
    assert "there is no such setting" in lines[2]
