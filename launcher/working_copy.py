"""The learner's copy of lessons and exercises: laid out, brought up to date, handed out anew; never overwritten.

`my-course/.given.json` keeps, for each file, the digest of the version that the learner was last given, in its place or
beside it. A file that has this digest is as it was handed out, and may be replaced; any other is the learner's.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from dropnorm.language import _, current, sentences
from launcher import languages
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
            said.append(_("Updated: {file}").format(file=_shown(layout, target)))
        elif new not in (mine, last):
            beside = _free_name(target, f"new-{now:%Y-%m-%d}", content)
            write_atomically(beside, content)
            said.append(
                _("A newer version of {file}, which you have changed, lies beside it: {newer}").format(
                    file=_shown(layout, target), newer=beside.name
                )
            )
    _write_manifest(layout, given)
    return said


def reset(layout: Layout, name: str, now: datetime) -> str:
    """Hand out a notebook anew and keep the learner's under a name with the time; return what was done.

    Args:
        name: the notebook's file name, with or without `.ipynb`, such as "1_spotify_dropout"; where several have it,
            the one in the language of `layout.notebooks`, unless folders before the name tell which is meant.

    Raises:
        CourseError: no notebook has this name.
    """
    path, source, others = meant(layout, name)
    content = source.read_bytes()
    target = layout.my_course / path
    if target.exists() and target.read_bytes() == content:
        nothing = _("{file} is as it was handed out; nothing to do.").format(file=_shown(layout, target))
        return sentences(nothing, others)
    said = [_("{file} is fresh.").format(file=_shown(layout, target)), others]
    if target.exists():
        kept = _free_name(target, f"old-{now:%Y-%m-%d-%H%M%S}", None)
        target.rename(kept)
        said.append(_("Your version is kept beside it: {file}").format(file=kept.name))
    write_atomically(target, content)
    _write_manifest(layout, _read_manifest(layout) | {path: _digest(content)})
    return sentences(*said)


def meant(layout: Layout, name: str) -> tuple[str, Path, str]:
    """The notebook that a name means, its file, and a sentence on others that have it, too; "" where none has.

    Raises:
        CourseError: no notebook has this name.
    """
    sources = {path: source for path, source in _sources(layout) if path.endswith(".ipynb")}
    folders, wanted = _read(layout, name)
    of_name = [path for path in sources if PurePosixPath(path).stem == wanted]
    exactly = [path for path in of_name if folders and f"/{path}".endswith("/".join(["", *folders, f"{wanted}.ipynb"]))]
    found = exactly or [path for path in of_name if set(folders) <= set(PurePosixPath(path).parts)]
    if not found:
        raise CourseError(_unknown(name, sorted({PurePosixPath(path).stem for path in sources})))
    found.sort(key=lambda path: languages.distance(languages.of_notebook(path), layout.notebooks))
    others = current().between_items.join(exact_name(path) for path in found[1:])
    told = _("Of several of this name, the one of {option} was taken; there is also {others}.").format(
        option=f"{languages.OPTION} {languages.of_notebook(found[0])}", others=others
    )
    return found[0], sources[found[0]], told if others else ""


def _read(layout: Layout, name: str) -> tuple[list[str], str]:
    """Folders within the course and a notebook's name without its ending, of what somebody typed."""
    typed = PurePosixPath(name.replace("\\", "/").removeprefix(f"{layout.root.as_posix()}/"))
    folders = [folder for folder in typed.parts[:-1] if folder != ".."]
    if layout.my_course.name in folders:
        folders = folders[folders.index(layout.my_course.name) + 1 :]
    return folders, typed.name.removesuffix(".ipynb")


def exact_name(path: str) -> str:
    """What names one notebook of several that are called the same."""
    return PurePosixPath(*PurePosixPath(path).parts[-2:]).with_suffix("").as_posix()


def _unknown(name: str, names: list[str]) -> str:
    if not names:
        return _('There is no notebook "{name}"; there are: none yet.').format(name=name)
    return _('There is no notebook "{name}"; there are: {names}.').format(
        name=name, names=current().between_items.join(names)
    )


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
