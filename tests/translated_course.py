"""A copy of the sources of the course, to be changed."""

from __future__ import annotations

import shutil
from pathlib import Path

from dropnorm import places
from grader.translating.sources import Sources


def copied(root: Path) -> Sources:
    """A copy of the sources in a folder."""
    for folder in ("notebooks", "solutions", "dropnorm", "grader", "launcher", "data/experiments"):
        shutil.copytree(
            places.ROOT / folder, root / folder, ignore=shutil.ignore_patterns("*.pyc", "__pycache__", "*.mo", "*.otf")
        )
    shutil.copy(places.ROOT / "README.md", root)
    return Sources(root)


def replaced(path: Path, old: str, new: str) -> None:
    """Put another text in the place of one, once."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
