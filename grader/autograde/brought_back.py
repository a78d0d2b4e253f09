"""What a run has left in its scratch folder: read without following a link of its making, removed whatever it is."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dropnorm.language import N_, _

DEEP, MANY = 32, 20_000  # levels of folders that are brought back, and entries that are looked at
KEPT = 2**28  # bytes in all: they go through the memory of the process that wants them
BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
FILES_LEFT = N_("{notebook} left more than {files} files: not all of them are kept.")
LEVELS_LEFT = N_("{notebook} left folders of more than {levels} levels: what is in the deepest is not kept.")
MUCH_WRITTEN = N_("{notebook} wrote more than {size} MB: not all of it is kept.")
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def written(top: Path, within: tuple[str, ...], given: Mapping[str, bytes]) -> tuple[dict[str, bytes], str | None]:
    """What a run wrote or changed, by relative path; and where that is not all, why, for `told_of`.

    Notebooks are left out: its own is known, and others would pass for graded ones.

    Args:
        top: a folder that no run can put another thing in the place of.
        within: the way from there to the run's folder, which it can.
        given: what stood there before.
    """
    files: dict[str, bytes] = {}
    room, seen, waiting, why = KEPT, 0, [()], None
    while waiting:
        here = waiting.pop()
        with contextlib.suppress(OSError), _opened(top, (*within, *here)) as folder, os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                seen += 1
                name = "/".join((*here, entry.name))
                if seen > MANY:
                    return files, FILES_LEFT
                if not here and entry.name.endswith(".ipynb"):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if len(here) < DEEP:
                        waiting.append((*here, entry.name))
                    else:
                        why = LEVELS_LEFT
                    continue
                content = _content(folder, entry.name, room)
                if content is None or content == given.get(name):
                    continue
                if len(content) > room:
                    return files, MUCH_WRITTEN
                files[name] = content
                room -= len(content)
    return files, why


def told_of(notebook: str, why: str) -> str:
    """A sentence on what `written` has not brought back of a notebook's run."""
    return _(why).format(notebook=notebook, files=MANY, levels=DEEP, size=KEPT >> 20)


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, however deep, and whatever its permissions are."""
    if sys.platform == "win32":
        shutil.rmtree(folder, ignore_errors=True)
        return
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if subprocess.run(["rm", "-rf", "--", str(folder)], **quiet).returncode:
        subprocess.run(["chmod", "-R", "u+rwX", "--", str(folder)], **quiet)
        subprocess.run(["rm", "-rf", "--", str(folder)], **quiet)


@contextlib.contextmanager
def _opened(top: Path, within: tuple[str, ...]) -> Iterator[int | str]:
    """A folder's descriptor, of which no part of the way below ``top`` is a link. Raises OSError.

    On Windows, where nothing is in a box, its path.
    """
    if not BY_DESCRIPTOR:
        yield str(top.joinpath(*within))
        return
    folder = os.open(top, FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
    try:
        for name in within:
            inner = os.open(name, FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder
    finally:
        os.close(folder)


def _content(folder: int | str, name: str, room: int) -> bytes | None:
    """A regular file's content, one byte more than there is room for at most; None for what is none."""
    try:
        own = {"dir_fd": folder} if isinstance(folder, int) else {}
        descriptor = os.open(name if own else Path(folder, name), FILE, **own)
    except OSError:  # a link, or made unreadable by the notebook: then nobody can keep it
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(room + 1) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
