"""A daemon that root starts, and that goes on as somebody else."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon_process import Daemon

NOBODY = 65534


def everybody_reads(path: Path) -> bool:
    """Whether all folders on the way to it are open: the daemon goes on importing."""
    return all(each.stat().st_mode & 0o005 == 0o005 for each in (path, *path.parents))


pytestmark = [
    pytest.mark.daemon,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else"),
    pytest.mark.skipif(
        not all(map(everybody_reads, (Path(sys.base_prefix), Path(sys.prefix), Path(__file__).parent))),
        reason="nobody else may read this Python",
    ),
]


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """One whose folder is on a way that everybody may go."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        daemon = Daemon(Path(folder))
        daemon.copied = False  # root imports nothing for it
        yield daemon
        daemon.end()


def test_its_data_folder_is_that_of_who_it_becomes(daemon: Daemon) -> None:
    daemon.configure('[[listen]]\nendpoint = "tcp:PORT:interface=127.0.0.1"')
    daemon.options += ["--uid", str(NOBODY), "--gid", str(NOBODY)]
    for _ in range(2):  # the second time all is there already
        daemon.start()
        daemon.reload()
        status = Path(f"/proc/{daemon.pid}/status").read_text()
        assert f"Uid:\t{NOBODY}\t{NOBODY}\t{NOBODY}" in status
        data = daemon.folder / "chatnet-data"
        assert {path.stat().st_uid for path in (data, *data.rglob("*"))} == {NOBODY}
        daemon.client("ann").close()
        assert daemon.stop() == -signal.SIGTERM
