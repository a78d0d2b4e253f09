"""What stands beside the notebooks of a submission, and how much of it is taken along.

Regular files are, up to nbgrader's own limits for files and folders. A link that leads out of the submission would show
a learner's code what the instructor alone may read, and a pipe would never end: such are left where they are.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from nbgrader.coursedir import CourseDirectory

from dropnorm.language import N_, _
from grader.autograde.handed_in import RefusedError, content

FILES = 2000  # of a submission, at most
LEVELS = 20  # of folders within folders
NOTEBOOKS = "*.ipynb"
NBGRADERS = frozenset({"timestamp.txt", "submission_secret.txt"})  # what `nbgrader submit` lays beside the notebooks
LEFT = N_("Not taken along: {name} ({why}).")
LINKED, SPECIAL, UNREADABLE = N_("a link out of the submission"), N_("no regular file"), N_("it cannot be read")
LARGE, MANY, DEEP = N_("too large"), N_("too many files"), N_("too many folders within folders")
NAME = N_("its name cannot be written")


@dataclass(frozen=True)
class TakenAlong:
    """The files of a submission that are taken along, by relative path, and a sentence for each that is not."""

    files: tuple[str, ...]
    left: tuple[str, ...]


def taken_along(folder: Path, course: CourseDirectory) -> TakenAlong:
    """What to take along of a folder: all but notebooks and what the course ignores."""
    own = folder.resolve()
    taken: list[str] = []
    left: dict[str, str] = {}
    room = course.max_dir_size * 1000
    for name in _names(folder, [*course.ignore, NOTEBOOKS], left):
        if len(taken) == FILES:
            left[name] = MANY
            break
        why, size = _refused(folder / name, own, min(room, course.max_file_size * 1000))
        if why is None:
            taken.append(name)
            room -= size
        else:
            left[name] = why
    told = tuple(_(LEFT).format(name=ascii(name), why=_(why)) for name, why in left.items())
    return TakenAlong(tuple(sorted(taken)), told)


def read(folder: Path, name: str, course: CourseDirectory) -> bytes | None:
    """One of these files; None where it has become another one meanwhile."""
    try:
        return content(folder / name, folder, course.max_file_size * 1000)
    except RefusedError:
        return None


def _names(folder: Path, ignored: Sequence[str], left: dict[str, str]) -> Iterator[str]:
    """All but folders, in a fixed order; what nbgrader's `find_all_files` would find, links to folders aside."""
    for above, folders, names in os.walk(folder):
        here = Path(above).relative_to(folder)
        folders[:] = sorted(name for name in folders if not _ignored(name, ignored))
        for name in sorted(names):
            if not _ignored(name, ignored):
                yield (here / name).as_posix()
        if len(here.parts) == LEVELS and folders:
            left[here.as_posix()] = DEEP
            folders.clear()


def _ignored(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch(name, each) and (each.startswith(".") or not name.startswith(".")) for each in patterns)


def _refused(path: Path, folder: Path, most: int) -> tuple[str | None, int]:
    """Why a file is not taken along, if so; else its size."""
    try:
        str(path).encode()
        real = path.resolve(strict=True)
        if not real.is_relative_to(folder):
            return LINKED, 0
        told = real.lstat()
    except UnicodeEncodeError:
        return NAME, 0
    except (OSError, RuntimeError):  # links that lead nowhere, or in a circle
        return LINKED if path.is_symlink() else UNREADABLE, 0
    if not stat.S_ISREG(told.st_mode):
        return SPECIAL, 0
    if not os.access(real, os.R_OK):
        return UNREADABLE, 0
    return (None, told.st_size) if told.st_size <= most else (LARGE, 0)
