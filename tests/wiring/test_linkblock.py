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


def printed(folder: Path, text: str, capsys: Captured, told: list[str] | None = None) -> dict[str, Any]:
    """The block that is printed for such a configuration, which is sound; its remarks are `told`."""
    path = folder / "chatnet.toml"
    path.write_text(SERVER + text)
    assert main(["fingerprint", str(path)]) == 0
    out = capsys.readouterr().out
    if told is not None:
        told += [line for line in out.splitlines() if line.startswith("#")]
    (block,) = tomllib.loads(out)["link"]
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
        (["unix:/run/links.sock", "tcp:6900"], ["irc1.example.org:6900"]),
        (["tcp:6900", "tcp:6901:interface=127.0.0.1"], ["irc1.example.org:6900", "127.0.0.1:6901"]),
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


LOCAL = "# (It is reached from its own machine alone, without TLS, where nothing but the password counts.)"
PATH = "# (It listens on the UNIX socket {}, in the folder that it is started in: write the whole path.)"
SYSTEMD = "# (It listens on a socket of systemd: write where that is.)"


@pytest.mark.parametrize(
    ("endpoints", "keys", "remarks"),
    [
        (["unix:/run/links.sock:mode=600"], {"addresses": ["/run/links.sock"]}, [LOCAL]),
        (["tcp:6900:interface=127.0.0.1"], {"addresses": ["127.0.0.1:6900"], "tls": False}, [LOCAL]),
        ([r"tcp6:6900:interface=\:\:1"], {"addresses": ["[::1]:6900"], "tls": False}, [LOCAL]),
        (
            ["tcp:6900", "unix:/run/links.sock"],
            {"addresses": ["127.0.0.1:6900", "/run/links.sock"], "tls": False},
            [LOCAL],
        ),
        (["unix:links.sock"], {"addresses": []}, [LOCAL, PATH.format("links.sock")]),
        (["systemd:domain=UNIX:index=0"], {"addresses": []}, [LOCAL, SYSTEMD]),
    ],
)
def test_on_one_machine_the_password_is_enough(
    tmp_path: Path, capsys: Captured, endpoints: list[str], keys: dict[str, Any], remarks: list[str]
) -> None:
    """And no certificate, which a server without TLS never makes."""
    text = "".join(f"[[listen]]\nkind = 'server'\nendpoint = '{endpoint}'\n" for endpoint in endpoints)
    told: list[str] = []
    block = printed(tmp_path, text, capsys, told)
    assert block.keys() == {"name", "sid", "password", "accounts", *keys}
    assert {key: block[key] for key in keys} == keys
    assert told[2:] == remarks


def test_what_else_is_to_be_known_of_a_server_is_a_remark(tmp_path: Path, capsys: Captured) -> None:
    make_self_signed(tmp_path / "chatnet-data" / "certificates" / "default.pem", ["irc1.example.org"])
    passive = '# (It has no [[listen]] with kind = "server" that others reach: it has to connect.)'
    secure = "[[listen]]\nkind = 'server'\ntls = true\nendpoint = 'tcp:6900'\n"
    plain = "[[listen]]\nkind = 'server'\nendpoint = '{}'\n"
    also = '# (From its own machine it is reached without TLS as well: addresses = ["{}"]{}.)'
    for listen, expected in (
        ("", [passive]),
        (plain.format("tcp:6900:interface=192.0.2.1"), [passive]),
        (secure, []),
        (secure.replace("tcp:6900", "systemd:domain=INET6:index=0"), [SYSTEMD]),
        (secure + plain.format("unix:/run/a"), [also.format("/run/a", "")]),
        (secure + plain.format("tcp:1:interface=127.0.0.1"), [also.format("127.0.0.1:1", ", tls = false")]),
    ):
        told: list[str] = []
        block = printed(tmp_path, listen, capsys, told)
        assert "tls" not in block and block["spki_sha256"]
        assert told[2:] == expected


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
