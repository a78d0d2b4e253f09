"""Which file of a data set is in use, and the folder that keeps it.

Official files that were fetched or imported stand in ``data/cache/official/``, each beside a small record of its
digest; stand-ins in ``data/cache/stand-in/``. An official file, once there, is used until ``fetch`` or ``import``
replaces it: if it is damaged or gone this is an error, never a silent change to the stand-in.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from dropnorm import places
from dropnorm.datasets import sources
from dropnorm.datasets.errors import COMMAND, DataError
from dropnorm.datasets.sources import Source
from dropnorm.files import write_atomically

OFFICIAL = "official"
STAND_IN = "stand-in"


def forced_source() -> str | None:
    """The source that the environment variable ``DROPNORM_SOURCE`` asks for, or None; raises DataError if unknown."""
    asked = os.environ.get("DROPNORM_SOURCE") or None
    if asked not in (None, OFFICIAL, STAND_IN):
        raise DataError(f"DROPNORM_SOURCE is {asked!r}; set it to {OFFICIAL!r} or {STAND_IN!r}, or leave it unset.")
    return asked


def official_file(source: Source) -> Path | None:
    """The verified official file of ``source``, or None where none was ever put.

    Raises DataError if the file is missing though it was there, cut short or altered.
    """
    folder = os.environ.get("DROPNORM_DATA")
    if folder:
        path = Path(folder) / source.file_name
        if not path.is_file():
            raise DataError(
                f"DROPNORM_DATA names {folder}, but there is no {source.file_name} in it; "
                "put the official file there or unset DROPNORM_DATA."
            )
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
            raise DataError(
                f"The stand-in {path} was altered or cut short; move or delete that file and it is drawn anew."
            )
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
        raise DataError(
            f"{path} cannot be written ({error.strerror or error}); free some space or allow writing there, then "
            "try again: nothing was changed."
        ) from error


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
    content = _content(path)
    if sources.digest(content) in source.course_sha256:
        return
    sources.course_form(source, content, str(path))
    header = content.split(b"\n", 1)[0].decode("utf-8-sig").strip()
    if header != ",".join(column.name for column in source.columns):
        raise DataError(
            f"{path} holds the official {source.name}, but not in the course's columns; bring it in with "
            f"`{COMMAND} import {path.parent}` and unset DROPNORM_DATA."
        )


def _verify_kept(source: Source, path: Path) -> None:
    """Raises DataError unless ``path`` is the official file, as it was when it came."""
    again = f"get it again with `{COMMAND} fetch {source.name}` or `import DIR`"
    if not path.is_file():
        raise DataError(f"The official file {path} was in use and is gone; {again}.")
    content = _content(path)
    seen = sources.digest(content)
    if seen in source.course_sha256:
        return
    known = _record(path).get("sha256")
    if known is None:
        sources.course_form(source, content, str(path))
    elif seen != known:
        raise DataError(f"The official file {path} was altered or cut short since it came; {again}.")


def _record(path: Path) -> dict[str, str]:
    """What was noted beside ``path`` when it was written; empty where that is missing or damaged."""
    try:
        record = json.loads(record_of(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); allow reading it.") from error
