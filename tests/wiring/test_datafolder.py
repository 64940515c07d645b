"""The data folder: its place, its lock, its key."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from chatnet.settings import CloakSettings
from chatnet.wiring.config import load
from chatnet.wiring.datafolder import DataFolder, DataFolderError, locate


def test_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "chatnet.toml"
    config.write_text("")
    assert locate(load(str(config), {})) == tmp_path / "chatnet-data"
    assert locate(load(str(config), {"CHATNET__SERVER__DATA": "var"})) == tmp_path / "var"
    assert locate(load(str(config), {"CHATNET__SERVER__DATA": "/var/lib/x"})) == Path("/var/lib/x")
    monkeypatch.chdir(tmp_path)
    assert locate(load(None, {})) == tmp_path / "chatnet-data"


def test_it_is_made_private_and_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "some" / "where"
    folder = DataFolder(path)
    assert path.stat().st_mode & 0o777 == 0o700
    assert (path / "lock").read_text() == f"{os.getpid()}\n"
    with pytest.raises(DataFolderError) as refused:
        DataFolder(path)
    assert str(refused.value) == (
        f"Another chatnet (process {os.getpid()}) is running with the data folder {path}."
    )
    folder.close()
    folder.close()
    DataFolder(path).close()


def test_a_process_that_died_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys; from chatnet.wiring.datafolder import DataFolder;"
        "DataFolder(pathlib.Path(sys.argv[1])); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert (tmp_path / "lock").read_text().strip() != ""
    DataFolder(tmp_path).close()


def test_the_lock_outlives_the_fork_of_a_daemon(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            folder.sign()
            os.write(ready[1], b".")
            os.read(done[0], 1)
        finally:
            os._exit(0)
    os.read(ready[0], 1)
    os.close(folder._lock)  # as the end of the first process would
    with pytest.raises(DataFolderError, match=rf"\(process {child}\)"):
        DataFolder(tmp_path)
    os.write(done[1], b".")
    os.waitpid(child, 0)
    for end in (*ready, *done):
        os.close(end)
    DataFolder(tmp_path).close()


@pytest.mark.parametrize("name", ["file", "file/below", "a\0b"])
def test_a_place_that_cannot_be(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderError, match=r"^The data folder .* cannot be used: [^.]+\.$"):
        DataFolder(tmp_path / name)


def test_the_cloak_key_is_made_once_and_kept(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    key = folder.cloak_key(CloakSettings())
    assert len(bytes.fromhex(key.decode())) == 32
    assert (tmp_path / "cloak.key").stat().st_mode & 0o777 == 0o600
    folder.close()
    again = DataFolder(tmp_path)
    assert again.cloak_key(CloakSettings()) == key
    assert sorted(file.name for file in tmp_path.iterdir()) == ["cloak.key", "lock"]
    configured = CloakSettings(key=SecretStr("k" * 32))
    assert again.cloak_key(configured) == b"k" * 32
    again.close()


def test_a_damaged_cloak_key_is_not_replaced(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    (tmp_path / "cloak.key").write_text("\n")
    with pytest.raises(DataFolderError, match="damaged"):
        folder.cloak_key(CloakSettings())
    (tmp_path / "cloak.key").unlink()
    (tmp_path / "cloak.key").mkdir()
    with pytest.raises(DataFolderError, match="cannot be used"):
        folder.cloak_key(CloakSettings())
    folder.close()


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_a_folder_that_others_may_change_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "data"
    path.mkdir()
    path.chmod(mode)
    with pytest.raises(DataFolderError) as refused:
        DataFolder(path)
    assert str(refused.value) == f"The data folder {path} may be changed by others: chmod go-w {path}"
    assert list(path.iterdir()) == []
    path.chmod(0o755)
    DataFolder(path).close()


@pytest.mark.parametrize("there", [True, False])
def test_the_lock_is_opened_through_no_link(tmp_path: Path, there: bool) -> None:
    path, target = tmp_path / "data", tmp_path / "precious"
    path.mkdir(mode=0o700)
    if there:
        target.write_text("kept")
    (path / "lock").symlink_to(target)
    with pytest.raises(DataFolderError) as refused:
        DataFolder(path)
    assert str(refused.value) == (
        f"The data folder {path} cannot be used: lock is a symbolic link, which is not followed."
    )
    assert target.exists() == there and (not there or target.read_text() == "kept")


def test_the_lock_is_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lock")
    with pytest.raises(DataFolderError, match=r"cannot be used: lock is not a file\.$"):
        DataFolder(tmp_path)


@pytest.mark.parametrize(
    ("mode", "what"),
    [
        (0o600, None),
        (0o640, None),
        (0o644, "everybody on this machine can read it"),
        (0o660, "others can change it"),
        (0o602, "everybody on this machine can change it"),
    ],
)
def test_a_cloak_key_that_others_may_read_is_told_of(tmp_path: Path, mode: int, what: str | None) -> None:
    folder = DataFolder(tmp_path)
    folder.cloak_key(CloakSettings())
    key = tmp_path / "cloak.key"
    key.chmod(mode)
    told = [] if what is None else [f"{key}: holds a secret key, and {what}: chmod 640"]
    assert folder.exposed(CloakSettings()) == told
    assert folder.exposed(CloakSettings(key=SecretStr("k" * 32))) == []
    folder.close()
