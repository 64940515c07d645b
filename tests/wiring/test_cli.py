"""The console script, by what it prints and leaves behind."""

from __future__ import annotations

import getpass
import hashlib
import io
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from chatnet.compiled import version
from chatnet.services.tokens import token_hash
from chatnet.transports.certificates import make_self_signed
from chatnet.wiring.cli import main
from chatnet.wiring.config import load, read_motd
from chatnet.wiring.datafolder import locate

Captured = pytest.CaptureFixture[str]


def sha256(pem: Path) -> str:
    text = pem.read_text()
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(text[text.index("-----BEGIN CERTIFICATE") :])).hexdigest()


def test_init_makes_what_a_server_needs(tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "chat"
    assert main(["init", "--folder", str(folder), "--name", "irc.example.org", "--network", "Example"]) == 0
    loaded = load(str(folder / "chatnet.toml"), {})
    assert loaded.settings.server.name == "irc.example.org"
    assert (read_motd(loaded) or ("",))[0] == "Welcome to Example."
    certificate = folder / "chatnet-data" / "certificates" / "default.pem"
    assert certificate.stat().st_mode & 0o077 == 0
    assert (folder / "chatnet-data").stat().st_mode & 0o077 == 0
    assert (folder / "chatnet.toml").stat().st_mode & 0o007 == 0
    assert sha256(certificate) in capsys.readouterr().out
    assert main(["check-config", str(folder / "chatnet.toml")]) == 0
    assert main(["fingerprint", str(certificate)]) == 0
    assert capsys.readouterr().out == (
        f"{folder}/chatnet.toml is fine: 3 listeners, 0 opers, 0 links\n{sha256(certificate)}\n"
    )


def test_who_has_read_enough_is_no_error(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = tmp_path / "a.pem"
    make_self_signed(pem, ["irc.example.org"])
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert main(["fingerprint", str(pem)]) == 1
    assert capsys.readouterr().err == ""


def test_init_keeps_data_where_it_is_told(tmp_path: Path, capsys: Captured) -> None:
    etc, var = tmp_path / "etc", tmp_path / "var"
    assert main(["init", "--folder", str(etc), "--data", str(var)]) == 0
    certificate = var / "certificates" / "default.pem"
    assert sha256(certificate) in capsys.readouterr().out
    loaded = load(str(etc / "chatnet.toml"), {})
    assert locate(loaded) == var
    assert sorted(path.name for path in etc.iterdir()) == ["chatnet.toml", "motd.txt"]


def test_init_names_the_twistd_that_is_meant(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(sys.executable).with_name("twistd")
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["init", "--folder", str(tmp_path / "a")]) == 0
    assert (
        f"run   {own} -n --pidfile= chatnet --config {tmp_path}/a/chatnet.toml\n" in capsys.readouterr().out
    )
    monkeypatch.setenv("PATH", str(own.parent))
    assert main(["init", "--folder", str(tmp_path / "a b")]) == 0
    assert (
        f"run   twistd -n --pidfile= chatnet --config '{tmp_path}/a b/chatnet.toml'\n"
        in capsys.readouterr().out
    )


def test_init_overwrites_nothing_but_by_force(tmp_path: Path, capsys: Captured) -> None:
    run = ["init", "--folder", str(tmp_path)]
    certificate = tmp_path / "chatnet-data" / "certificates" / "default.pem"
    assert main(run) == 0
    before = sha256(certificate)
    (tmp_path / "motd.txt").write_text("mine")
    assert main(run) == 1
    assert "--force" in capsys.readouterr().err
    (tmp_path / "chatnet.toml").unlink()
    assert main([*run, "--network", "Other"]) == 0
    assert ((tmp_path / "motd.txt").read_text(), sha256(certificate)) == ("mine", before)
    assert capsys.readouterr().out.count("kept ") == 2
    assert main([*run, "--force"]) == 0
    assert (tmp_path / "motd.txt").read_text() != "mine"
    assert sha256(certificate) != before


@pytest.mark.parametrize("name", ["chatnet.toml", "motd.txt"])
@pytest.mark.parametrize("options", [[], ["--force"]])
def test_init_writes_through_no_link(tmp_path: Path, capsys: Captured, name: str, options: list[str]) -> None:
    folder, target = tmp_path / "chat", tmp_path / "precious"
    folder.mkdir()
    (folder / name).symlink_to(target)
    assert main(["init", "--folder", str(folder), *options]) == 1
    assert capsys.readouterr().err == f"{folder}/{name}: is a symbolic link, which is not followed\n"
    assert not target.exists()


def test_init_does_not_replace_by_force_what_a_link_leads_to(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("kept")
    (tmp_path / "chatnet.toml").symlink_to(target)
    assert main(["init", "--folder", str(tmp_path), "--force"]) == 1
    assert target.read_text() == "kept"


def test_init_makes_no_keys_where_others_may_change_them(tmp_path: Path, capsys: Captured) -> None:
    data = tmp_path / "chatnet-data"
    data.mkdir()
    data.chmod(0o777)
    assert main(["init", "--folder", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{data} may be changed by others: chmod go-w {data}\n"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["chatnet-data"]


def test_init_refuses_a_wrong_name_before_it_writes(tmp_path: Path, capsys: Captured) -> None:
    assert main(["init", "--folder", str(tmp_path), "--name", "nodot", "--network", "a b"]) == 1
    assert [line.partition(" is not")[0] for line in capsys.readouterr().err.splitlines()] == [
        "init: server.name:",
        "init: server.network:",
    ]
    assert list(tmp_path.iterdir()) == []


def test_init_where_nothing_can_be_made(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "file").write_text("")
    assert main(["init", "--folder", str(tmp_path / "file" / "x")]) == 1
    assert capsys.readouterr().err.endswith(": Not a directory\n")


def test_check_config_prints_every_problem(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "chatnet.toml"
    config.write_text('[limits]\nnick = 99\n[server]\nname = "x"\n')
    monkeypatch.setenv("CHATNET__FOO__BAR", "1")
    assert main(["check-config", str(config)]) == 1
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 3


def test_check_config_looks_at_the_motd_and_warns_of_secrets(tmp_path: Path, capsys: Captured) -> None:
    config = tmp_path / "chatnet.toml"
    config.write_text('[server]\nmotd = "motd.txt"\npassword = "x"\n')
    config.chmod(0o644)
    assert main(["check-config", str(config)]) == 1
    assert capsys.readouterr().err == (
        f"warning: {config}: holds secrets, and everybody on this machine can read it: chmod 640\n"
        f"{config}: server.motd: cannot read motd.txt: No such file or directory\n"
    )
    (tmp_path / "motd.txt").write_text("hello")
    assert main(["check-config", str(config)]) == 0
    assert "chmod 640" in capsys.readouterr().err


def test_check_config_looks_at_all_that_the_start_will_need(tmp_path: Path, capsys: Captured) -> None:
    config = tmp_path / "chatnet.toml"
    config.write_text(
        '[server]\nmotd = "gone.txt"\ndata = "chatnet.toml"\n[tls]\ncertificates = "nowhere"\n'
        '[log]\nfile = "logs/chat.log"\n[[listen]]\nendpoint = "unix:/nowhere/chat.sock"\n'
        '[[listen]]\nendpoint = "tcp:6697"\ntls = true\n'
        f'[[listen]]\nendpoint = "unix:{config}"\n'
        f'[[listen]]\nendpoint = "unix:{tmp_path}"\n'
    )
    assert main(["check-config", str(config)]) == 1
    assert [line.replace(f"{tmp_path}/", "") for line in capsys.readouterr().err.splitlines()] == [
        "chatnet.toml: server.motd: cannot read gone.txt: No such file or directory",
        "chatnet.toml: tls.certificates: nowhere: No such file or directory"
        ": put certificates there, or name another folder",
        "chatnet.toml: server.data: chatnet.toml is not a folder: name another place",
        "chatnet.toml: log.file: there is no folder logs: make it first",
        "chatnet.toml: listen.0.endpoint: there is no folder /nowhere: make it first",
        "chatnet.toml: listen.2.endpoint: chatnet.toml is there, and is no socket: name a file that is not"
        " there yet",
        f"chatnet.toml: listen.3.endpoint: {tmp_path} is a folder: name a file in it that is not there yet",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["chatnet.toml"]


def test_check_config_warns_of_a_certificate_that_is_not_the_default(
    tmp_path: Path, capsys: Captured
) -> None:
    make_self_signed(tmp_path / "default.pem", ["irc.example.org"])
    (tmp_path / "other.pem").write_text("nothing")
    config = tmp_path / "chatnet.toml"
    config.write_text('[tls]\ncertificates = "."\n')
    assert main(["check-config", str(config)]) == 0
    assert capsys.readouterr().err == (
        f"warning: {config}: tls.certificates: {tmp_path}/other.pem: holds no certificate\n"
    )


def test_a_password_is_hashed_from_standard_input(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    from argon2 import PasswordHasher

    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse \nnext line\n"))
    assert main(["hash-password"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "" and "horse" not in printed.out
    assert printed.out.startswith("$argon2id$")
    assert PasswordHasher().verify(printed.out.strip(), "correct horse ")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answers", "code"), [(["a", "a"], 0), (["a", "b"], 1), (["", ""], 1)])
def test_a_password_is_asked_for_twice(
    answers: list[str], code: int, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda prompt: answers.pop(0))
    assert main(["hash-password"]) == code
    assert capsys.readouterr().out.startswith("$argon2id$") is (code == 0)


def test_a_token_is_shown_once_and_its_block_lets_it_in(tmp_path: Path, capsys: Captured) -> None:
    options = ["--nick", "Builder", "--scope", "read,send:#ci", "--class", "x", "--from", "192.0.2.0/24"]
    assert main(["token", "ci", *options]) == 0
    shown = capsys.readouterr()
    secret = shown.err.splitlines()[-1]
    assert secret not in shown.out
    (tmp_path / "chatnet.toml").write_text(f"[[oper_class]]\nname = 'x'\n{shown.out}")
    (block,) = load(str(tmp_path / "chatnet.toml"), {}).settings.token
    assert block.hash == token_hash(secret)
    assert (block.name, block.nick, block.scope, block.oper_class) == ("ci", "Builder", "read,send:#ci", "x")
    assert block.addresses == ("192.0.2.0/24",)
    assert main(["token", "ci"]) == 0
    assert capsys.readouterr().err.splitlines()[-1] != secret


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["ci", "--scope", "read,fly"], "scope: has 'fly', which is none of all, web, chat, read, send,"),
        (["ci", "--scope", "read:ci"], "scope: has 'ci' behind its ':', which is no channel"),
        (["ci", "--scope", "all:#ci"], "scope: has channels behind 'all', which is for all of them"),
        (["9ci"], "nick: is not a nick: "),
        (["two words", "--nick", "x"], "name: is not one word: "),
        (["ci", "--from", "everywhere"], "from.0: is neither an address nor a network"),
    ],
)
def test_a_token_that_would_not_do(capsys: Captured, options: list[str], reason: str) -> None:
    assert main(["token", *options]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith(reason)


def test_fingerprint_of_what_is_no_certificate(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "a.pem").write_text("-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n")
    assert main(["fingerprint", str(tmp_path / "a.pem")]) == 1
    assert main(["fingerprint", str(tmp_path / "b.pem")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_what_never_ends_is_not_read(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.pem")
    for path in ("/dev/zero", str(tmp_path / "pipe.pem")):
        assert main(["fingerprint", path]) == 1
        assert capsys.readouterr().err == f"{path}: it is not a file\n"
    with open("/dev/zero", encoding="utf-8") as endless:
        monkeypatch.setattr(sys, "stdin", endless)
        assert main(["hash-password"]) == 1
    assert capsys.readouterr().err == "A password has at most 500 characters, or nobody could send it.\n"


def test_version(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"chatnet {version()}\n"


def test_nothing_heavy_is_imported_to_parse_arguments() -> None:
    program = (
        "import sys, chatnet.wiring.cli as cli; cli._parser();"
        "sys.exit(bool({'twisted', 'pydantic', 'OpenSSL', 'argon2'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
