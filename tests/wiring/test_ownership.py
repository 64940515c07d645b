"""Whose the data folder is, when root begins and somebody else goes on."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest

from chatnet.settings import LogSettings
from chatnet.wiring.datafolder import DataFolder, DataFolderError
from chatnet.wiring.logs import LogOutput
from chatnet.wiring.ownership import HandingOver, give, not_ours

SOMEBODY = 65534
"""Nobody, as the system calls them."""

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder of root, on a way that everybody may go."""
    with tempfile.TemporaryDirectory() as above:
        os.chmod(above, 0o755)
        folder = Path(above) / "data"
        (folder / "certificates").mkdir(parents=True)
        folder.chmod(0o700)
        for name in ("lock", "cloak.key", "accounts.sqlite", "certificates/default.pem"):
            (folder / name).touch(0o600)
        yield folder


def as_somebody(function: Callable[[], str]) -> str:
    """What a function says in a process of another user."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            os.setgid(SOMEBODY)
            os.setuid(SOMEBODY)
            os.write(writing, function().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading) as pipe:
        said = pipe.read()
    os.wait()
    return said


def owners(folder: Path) -> dict[str, int]:
    return {
        str(path.relative_to(folder)): path.lstat().st_uid for path in (folder, *sorted(folder.rglob("*")))
    }


@root_only
def test_all_that_is_in_it_is_given_to_who_goes_on(folder: Path) -> None:
    (folder / "socket").symlink_to(folder.parent / "elsewhere")
    (folder.parent / "elsewhere").touch()
    output = LogOutput(LogSettings(), folder, stream=StringIO())
    HandingOver({"uid": SOMEBODY, "gid": None}, folder, output).privilegedStartService()
    assert owners(folder) == dict.fromkeys(
        (".", "accounts.sqlite", "certificates", "certificates/default.pem", "cloak.key", "lock"), SOMEBODY
    ) | {"socket": 0}
    assert (folder.parent / "elsewhere").stat().st_uid == 0
    assert as_somebody(lambda: str(not_ours(folder))) == "None"


@root_only
def test_nobody_gets_what_they_have_only_put_there(folder: Path) -> None:
    precious = folder.parent / "precious"
    precious.touch(0o600)
    os.link(precious, folder / "accounts.sqlite-wal")
    (folder / "elsewhere").symlink_to(folder.parent, target_is_directory=True)
    os.mkfifo(folder / "pipe")
    give(folder, SOMEBODY, SOMEBODY)
    assert precious.stat().st_uid == folder.parent.stat().st_uid == 0
    assert (folder / "accounts.sqlite").stat().st_gid == SOMEBODY


@pytest.mark.parametrize("options", [None, {}, {"uid": None, "gid": 5}])
def test_without_another_user_all_stays(options: dict[str, int | None] | None, folder: Path) -> None:
    before = owners(folder)
    HandingOver(options, folder, LogOutput(LogSettings(), folder, stream=StringIO())).privilegedStartService()
    assert owners(folder) == before


@root_only
def test_what_cannot_be_given_ends_the_start(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refused)
    monkeypatch.setattr(sys, "__stderr__", sys.stderr)
    output = LogOutput(LogSettings(), folder, stream=StringIO(), path=folder.parent / "log")
    with pytest.raises(SystemExit):
        HandingOver({"uid": SOMEBODY}, folder, output).privilegedStartService()
    assert capsys.readouterr().err == (
        f"chatnet cannot start: the data folder {folder} cannot be given to nobody: Operation not permitted. "
        f"Give it to them before: chown -R nobody {folder}\n"
    )


@root_only
@pytest.mark.parametrize("name", ["", "lock", "accounts.sqlite", "accounts.sqlite-wal"])
def test_who_never_was_root_reads_what_to_do(name: str, folder: Path) -> None:
    give(folder, SOMEBODY, SOMEBODY)
    (folder / name).touch()
    os.chown(folder / name, 0, 0)
    os.chmod(folder / name, 0o755 if not name else 0o600)

    def said() -> str:
        with pytest.raises(DataFolderError) as refused:
            DataFolder(folder)
        return str(refused.value)

    path = folder / name if name else folder
    assert as_somebody(said) == (
        f"{path} is root's, and this server runs as nobody: chown -R nobody {folder}"
    )


@root_only
@pytest.mark.parametrize("name", ["", "history.sqlite"])
def test_who_may_not_write_to_what_is_theirs_is_not_told_to_take_it(name: str, folder: Path) -> None:
    (folder / name).touch()
    give(folder, SOMEBODY, SOMEBODY)
    os.chmod(folder / name, 0o555 if not name else 0o444)
    path = folder / name if name else folder
    assert as_somebody(lambda: str(not_ours(folder))) == (
        f"{path} may not be written to, not even by nobody, whose it is: chmod -R u+rwX {folder}"
    )


def test_a_file_system_that_is_read_only_is_called_that(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class State:
        f_flag = os.ST_RDONLY

    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    monkeypatch.setattr(os, "statvfs", lambda path: State)
    assert not_ours(folder) == (
        f"{folder} is on a file system that nobody can write to: mount it so that they can"
    )
