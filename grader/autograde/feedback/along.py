"""Which files go along with the pages: what was handed in, and nbgrader's own two.

nbgrader copies whatever stands beside the graded notebooks. What a notebook wrote while it was graded could hold what
it saw then, or be a page in the place of ours.
"""

from __future__ import annotations

import filecmp
from pathlib import Path

from grader.autograde.taken_along import NBGRADERS

PAGE = ".html"


def drop_what_was_written(feedback: Path, graded: Path, submitted: Path) -> list[str]:
    """Remove from the folder of the pages what is none of them and was not handed in; returns the names.

    Args:
        feedback: the folder of the pages.
        graded: the folder of the graded notebooks, whose files were copied.
        submitted: what the learner handed in.
    """
    pages = {f"{path.stem}{PAGE}" for path in graded.glob("*.ipynb")}
    dropped = []
    for path in sorted(feedback.rglob("*")):
        name = path.relative_to(feedback).as_posix()
        if path.is_dir() and not path.is_symlink():
            continue
        if name in pages:
            kept = not _same(path, graded / name)  # else it is a copy of a file that was written there
        elif name in NBGRADERS:
            kept = True
        else:
            kept = path.suffix.lower() != PAGE and _same(path, submitted / name)
        if not kept:
            path.unlink()
            dropped.append(name)
    return dropped


def _same(path: Path, other: Path) -> bool:
    if path.is_symlink() or other.is_symlink() or not other.is_file():
        return False
    return filecmp.cmp(path, other, shallow=False)
