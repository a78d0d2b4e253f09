"""A file is written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from dropnorm.files import write_atomically


def test_a_new_file_and_its_folders_are_made_for_everybody_to_read(tmp_path):
    write_atomically(tmp_path / "a" / "b.csv", b"new")
    assert (tmp_path / "a" / "b.csv").read_bytes() == b"new"
    assert os.name == "nt" or (tmp_path / "a" / "b.csv").stat().st_mode & 0o777 == 0o644


def test_a_full_disk_leaves_the_old_file_and_no_litter(tmp_path, monkeypatch):
    def full(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:3])  # what the disk still took
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    path = tmp_path / "b.csv"
    path.write_bytes(b"the old one")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"the new one")
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"b.csv": b"the old one"}
