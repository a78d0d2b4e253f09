"""Which file of a data set is in use, and the folder that keeps it.

Official files that were fetched or imported stand in ``data/cache/official/``, each beside a small record of its
digest; stand-ins in ``data/cache/stand-in/``. An official file, once there, is used until ``fetch`` or ``import``
replaces it: if it is damaged or gone this is an error, never a silent change to the stand-in.
"""

from __future__ import annotations

import contextlib
import json
import os
from functools import lru_cache
from pathlib import Path

from dropnorm import places
from dropnorm.datasets import sources
from dropnorm.datasets.errors import COMMAND, DataError
from dropnorm.datasets.sources import Source
from dropnorm.files import write_atomically
from dropnorm.language import _

OFFICIAL = "official"
STAND_IN = "stand-in"


def forced_source() -> str | None:
    """The source that the environment variable ``DROPNORM_SOURCE`` asks for, or None; raises DataError if unknown."""
    asked = os.environ.get("DROPNORM_SOURCE") or None
    if asked not in (None, OFFICIAL, STAND_IN):
        said = _("DROPNORM_SOURCE is {asked}; set it to {official} or {stand_in}, or leave it unset.")
        raise DataError(said.format(asked=repr(asked), official=repr(OFFICIAL), stand_in=repr(STAND_IN)))
    return asked


def official_file(source: Source) -> Path | None:
    """The verified official file of ``source``, or None where none was ever put.

    Raises DataError if the file is missing though it was there, cut short or altered.
    """
    folder = os.environ.get("DROPNORM_DATA")
    if folder:
        path = Path(folder) / source.file_name
        if not path.is_file():
            said = _(
                "DROPNORM_DATA names {folder}, but there is no {file} in it; put the official file there or unset "
                "DROPNORM_DATA."
            )
            raise DataError(said.format(folder=folder, file=source.file_name))
        _verified_in_place(source, path)
        return path
    return kept_official(source)


def kept_official(source: Source) -> Path | None:
    """The verified official file that was fetched or imported, or None. Raises DataError as `official_file` does."""
    for folder in homes():
        path = folder / OFFICIAL / source.file_name
        if path.is_file() or record_of(path).is_file():
            _verify_kept(source, path)
            return path
    return None


def keep_official(source: Source, content: bytes) -> Path:
    """Write ``content``, the verified course form, as the official file in use; atomic. Raises DataError."""
    path = home() / OFFICIAL / source.file_name
    _write_with_record(path, content, {"sha256": sources.digest(content)})
    return path


def stand_in_file(source: Source) -> Path:
    """The stand-in of ``source``; drawn and written at the first call, and anew after a change of its recipe.

    Raises DataError if it was altered or cut short since it was written: it may hold somebody's work.
    """
    from dropnorm.datasets import standins

    recipe = standins.recipe(source.name)
    for folder in homes():
        path = folder / STAND_IN / source.file_name
        record = _record(path)
        if not path.is_file() or "sha256" not in record:
            continue
        if sources.digest(_content(path)) != record["sha256"]:
            said = _("The stand-in {path} was altered or cut short; move or delete that file and it is drawn anew.")
            raise DataError(said.format(path=path))
        if record.get("recipe") == recipe:
            return path
    content = sources.course_csv(standins.draw(source.name))
    path = home() / STAND_IN / source.file_name
    _write_with_record(path, content, {"sha256": sources.digest(content), "recipe": recipe})
    return path


def home() -> Path:
    """The folder that is written to: `data/cache`, or the user's own cache folder where the clone is read-only."""
    return homes()[0]


def homes() -> list[Path]:
    """The folders that are looked into, the one that is written to first."""
    return [places.CACHE] if _writable(places.CACHE) else [user_home(), places.CACHE]


def user_home() -> Path:
    """This clone's folder in the user's own cache; two clones never share one."""
    import pooch

    clone = sources.digest(str(places.ROOT).encode())[:12]
    return Path(pooch.os_cache("dropnorm")) / clone


def record_of(path: Path) -> Path:
    """The record beside a kept CSV: its digest, and for a stand-in the digest of the recipe it was drawn by."""
    return path.with_suffix(".json")


def write(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically: a reader sees the old file or the new one. Raises DataError."""
    try:
        write_atomically(path, content)
    except OSError as error:
        said = _(
            "{path} cannot be written ({reason}); free some space or allow writing there, then try again: nothing was "
            "changed."
        )
        raise DataError(said.format(path=path, reason=error.strerror or error)) from error


def unreadable(path: Path, error: OSError) -> DataError:
    """The error that says that a file cannot be read."""
    said = _("{path} cannot be read ({reason}); allow reading it.")
    return DataError(said.format(path=path, reason=error.strerror or error))


def _write_with_record(path: Path, content: bytes, record: dict[str, str]) -> None:
    """Write a CSV and its record. The old record goes first, so that none is ever taken for another file's."""
    with contextlib.suppress(OSError):  # whoever may not delete it will hear so from `write`
        record_of(path).unlink()
    write(path, content)
    write(record_of(path), json.dumps(record).encode() + b"\n")


def _writable(folder: Path) -> bool:
    """Whether a file can be made in ``folder``, or the folder itself where it is not there yet."""
    there = folder
    while not there.exists():
        there = there.parent
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def _verified_in_place(source: Source, path: Path) -> None:
    """Raises DataError unless ``path`` is the official file in the course's form."""
    if _digest(path) in source.course_sha256:
        return
    content = _content(path)
    sources.course_form(source, content, str(path))
    header = content.split(b"\n", 1)[0].decode("utf-8-sig").strip()
    if header != ",".join(column.name for column in source.columns):
        said = _(
            "{path} holds the official {name}, but not in the course's columns; bring it in with "
            "`{command} import {folder}` and unset DROPNORM_DATA."
        )
        raise DataError(said.format(path=path, name=source.name, command=COMMAND, folder=path.parent))


def _verify_kept(source: Source, path: Path) -> None:
    """Raises DataError unless ``path`` is the official file, as it was when it came."""
    told = {"path": path, "command": COMMAND, "name": source.name}
    if not path.is_file():
        said = _(
            "The official file {path} was in use and is gone; get it again with `{command} fetch {name}` or `import "
            "DIR`."
        )
        raise DataError(said.format(**told))
    seen = _digest(path)
    if seen in source.course_sha256:
        return
    known = _record(path).get("sha256")
    if known is None:
        sources.course_form(source, _content(path), str(path))
    elif seen != known:
        said = _(
            "The official file {path} was altered or cut short since it came; get it again with `{command} fetch "
            "{name}` or `import DIR`."
        )
        raise DataError(said.format(**told))


def _record(path: Path) -> dict[str, str]:
    """What was noted beside ``path`` when it was written; empty where that is missing or damaged."""
    try:
        record = json.loads(record_of(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _digest(path: Path) -> str:
    """The digest of a file, taken again where it was changed: grading asks for it some twenty times a notebook."""
    try:
        found = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    return _digest_of(path, found.st_ino, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=8)
def _digest_of(path: Path, *state: int) -> str:
    return sources.digest(_content(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
