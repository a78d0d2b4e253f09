"""The learner's copy of lessons and exercises: laid out, brought up to date, handed out anew; never overwritten.

`my-course/.given.json` keeps, for each file, the digest of the version that the learner was last given, in its place or
beside it. A file that has this digest is as it was handed out, and may be replaced; any other is the learner's.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from launcher.layout import CourseError, Layout, write_atomically

MANIFEST = ".given.json"


def bring_up_to_date(layout: Layout, now: datetime) -> list[str]:
    """Lay out what is new in the course's folders; return what a learner must be told, a line each.

    A file that the learner has changed is left alone; a newer version of it is laid beside it, once, under a name
    with the date.
    """
    given = _read_manifest(layout)
    said = []
    for name, source in _sources(layout):
        content = source.read_bytes()
        new, last = _digest(content), given.get(name)
        target = layout.my_course / name
        mine = _digest(target.read_bytes()) if target.exists() else None
        given[name] = new
        if mine is None:
            write_atomically(target, content)
        elif mine == last != new:
            write_atomically(target, content)
            said.append(f"Updated: {_shown(layout, target)}")
        elif new not in (mine, last):
            beside = _free_name(target, f"new-{now:%Y-%m-%d}", content)
            write_atomically(beside, content)
            said.append(
                f"A newer version of {_shown(layout, target)}, which you have changed, lies beside it: {beside.name}"
            )
    _write_manifest(layout, given)
    return said


def reset(layout: Layout, name: str, now: datetime) -> str:
    """Hand out a notebook anew and keep the learner's under a name with the time; return what was done.

    Args:
        name: the notebook's file name, with or without `.ipynb`, such as "1_spotify_dropout".

    Raises:
        CourseError: no notebook has this name.
    """
    found = {Path(path).stem: (path, source) for path, source in _sources(layout) if path.endswith(".ipynb")}
    wanted = PurePosixPath(name.replace("\\", "/")).name.removesuffix(".ipynb")
    if wanted not in found:
        raise CourseError(f'There is no notebook "{name}"; there are: {", ".join(sorted(found)) or "none yet"}.')
    path, source = found[wanted]
    content = source.read_bytes()
    target = layout.my_course / path
    if target.exists() and target.read_bytes() == content:
        return f"{_shown(layout, target)} is as it was handed out; nothing to do."
    said = f"{_shown(layout, target)} is fresh."
    if target.exists():
        kept = _free_name(target, f"old-{now:%Y-%m-%d-%H%M%S}", None)
        target.rename(kept)
        said += f" Your version is kept beside it: {kept.name}"
    write_atomically(target, content)
    _write_manifest(layout, _read_manifest(layout) | {path: _digest(content)})
    return said


def _sources(layout: Layout) -> Iterator[tuple[str, Path]]:
    """The files that learners get: (name relative to the course's folder, file)."""
    for folder in layout.sources:
        for path in sorted((layout.root / folder).rglob("*")):
            relative = path.relative_to(layout.root)
            hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
            if path.is_file() and not hidden:
                yield relative.as_posix(), path


def _free_name(target: Path, mark: str, content: bytes | None) -> Path:
    """A name beside `target` that no file has, or that a file of this very content has."""
    path, count = target.with_name(f"{target.stem}.{mark}{target.suffix}"), 2
    while path.exists() and path.read_bytes() != content:
        path = target.with_name(f"{target.stem}.{mark}-{count}{target.suffix}")
        count += 1
    return path


def _read_manifest(layout: Layout) -> dict[str, str]:
    """Name → digest of what was given; empty where it cannot be read: then all that differs counts as the learner's."""
    try:
        given = json.loads((layout.my_course / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return given if isinstance(given, dict) else {}


def _write_manifest(layout: Layout, given: dict[str, str]) -> None:
    if given != _read_manifest(layout):
        write_atomically(layout.my_course / MANIFEST, json.dumps(given, indent=1, sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _shown(layout: Layout, path: Path) -> str:
    return path.relative_to(layout.root).as_posix()
