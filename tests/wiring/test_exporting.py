"""The folder with files of what people have said."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatnet.wiring.exporting import ExportFolder


def test_a_file_is_there_when_it_is_whole_and_is_nobody_elses(tmp_path: Path) -> None:
    folder = ExportFolder(tmp_path)
    folder.append("ann.jsonl", "one\n", first=True, last=False)
    assert not (tmp_path / "exports" / "ann.jsonl").exists()
    folder.append("ann.jsonl", "zwei \udce9\n", first=False, last=False)
    folder.append("ann.jsonl", "", first=False, last=True)
    path = tmp_path / "exports" / "ann.jsonl"
    assert path.read_text("utf-8") == "one\nzwei ?\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    folder.append("ann.jsonl", "new\n", first=True, last=False)
    assert path.read_text("utf-8") == "one\nzwei ?\n"
    folder.append("ann.jsonl", "", first=False, last=True)
    assert [each.read_text("utf-8") for each in path.parent.iterdir()] == ["new\n"]


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "ann.jsonl.part").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="ann"):
        ExportFolder(tmp_path).append("ann.jsonl", "one\n", first=True, last=True)
    assert not (tmp_path / "elsewhere").exists()
