"""What can be seen inside a box: Python and its packages, the course's code, the data, the system's libraries.

The rest of the file tree is not there. Everything but the notebook's own folders is read only.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dropnorm import places
from dropnorm.datasets import sources, store

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
SETTINGS = ("/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/fonts", "/etc/alternatives", "/etc/mime.types")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
CODE = ("dropnorm", "grader")  # of the course's own folder, beside its data


@dataclass(frozen=True)
class View:
    """What a box shows.

    Attributes:
        shown: files and folders, read only, the outer before the inner.
        links: symbolic links at the top of the file tree, by path.
        home: the user's own folder; inside it is empty but for what is shown.
    """

    shown: tuple[Path, ...]
    links: tuple[tuple[Path, str], ...]
    home: Path


@cache
def view() -> View:
    """The view of this process's Python and course."""
    links = tuple((path, str(path.readlink())) for path in map(Path, SYSTEM) if path.is_symlink())
    linked = {path for path, _ in links}
    found = {path for path in map(Path, (*SYSTEM, *SETTINGS, *DEVICES)) if path.exists() and path not in linked}
    found |= set(_python()) | set(_course())
    outer: list[Path] = []
    for path in sorted(found, key=lambda path: len(path.parts)):
        if not any(path.is_relative_to(other) for other in outer):
            outer.append(path)
    return View(tuple(outer), links, Path.home())


def _python() -> Iterator[Path]:
    """The interpreter's folders and those that it imports from; none that holds the course or somebody's home."""
    for name in {sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path}:
        path = Path(name).absolute()
        kept = (places.ROOT, Path.home(), Path.cwd())
        if name and path.exists() and not any(other.is_relative_to(path) for other in kept):
            yield path
            if path.resolve() != path:
                yield path.resolve()


def _course() -> Iterator[Path]:
    for name in CODE:
        yield places.ROOT / name
    yield from (path for path in places.DATA.iterdir() if path != places.CACHE)
    for folder in {*store.homes(), store.user_home(), places.CACHE}:
        yield from (folder / name for name in (store.OFFICIAL, store.STAND_IN, "sweeps") if (folder / name).exists())
    if named := os.environ.get("DROPNORM_DATA"):
        files = (Path(named).absolute() / source.file_name for source in sources.sources().values())
        yield from (path for path in files if path.exists())
