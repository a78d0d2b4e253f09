"""Which file of a data set is in use, and the folder that keeps it.

Official files that were fetched or imported stand in ``data/cache/official/``, each beside a small record of its
digest; stand-ins in ``data/cache/stand-in/``. An official file, once there, is used until ``fetch`` or ``import``
replaces it: if it is damaged or gone this is an error, never a silent change to the stand-in.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dropnorm import places
from dropnorm.datasets import sources
from dropnorm.datasets.errors import DataError
from dropnorm.datasets.sources import Source

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
    for home in homes():
        path = home / OFFICIAL / source.file_name
        record = record_of(path)
        if path.is_file() or record.is_file():
            _verify_kept(source, path, record)
            return path
    return None


def keep_official(source: Source, content: bytes) -> Path:
    """Write ``content``, the verified course form, as the official file in use; atomic. Raises DataError."""
    path = home() / OFFICIAL / source.file_name
    write(path, content)
    write(record_of(path), json.dumps({"sha256": sources.digest(content)}).encode() + b"\n")
    return path


def stand_in_file(source: Source) -> Path:
    """The stand-in of ``source``; drawn and written at the first call, and anew if its recipe or the file changed."""
    from dropnorm.datasets import standins

    recipe = standins.recipe(source.name)
    for folder in homes():
        path = folder / STAND_IN / source.file_name
        if _is_kept(path, recipe):
            return path
    content = sources.course_csv(standins.draw(source.name))
    path = home() / STAND_IN / source.file_name
    write(path, content)
    write(record_of(path), json.dumps({"sha256": sources.digest(content), "recipe": recipe}).encode() + b"\n")
    return path


def home() -> Path:
    """The folder that is written to: `data/cache`, or the user's own cache folder where the clone is read-only."""
    return homes()[0]


def homes() -> list[Path]:
    """The folders that are looked into, the one that is written to first."""
    if _writable(places.CACHE):
        return [places.CACHE]
    import pooch

    clone = sources.digest(str(places.ROOT).encode())[:12]  # two clones never share a folder
    return [Path(pooch.os_cache("dropnorm")) / clone, places.CACHE]


def record_of(path: Path) -> Path:
    """The record beside a kept CSV: its digest, and for a stand-in the digest of the recipe it was drawn by."""
    return path.with_suffix(".json")


def write(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` atomically: a reader sees the old file or the new one. Raises DataError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(path.parent) as temporary:
            temporary.write_bytes(content)
            temporary.replace(path)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error}); free some space or allow writing there, then "
            "try again: nothing was changed."
        ) from error


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    os.close(handle)
    path = Path(name)
    path.chmod(0o644)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


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
    if sources.course_form(source, content, str(path)) != content:
        raise DataError(
            f"{path} holds the official {source.name}, but not in the course's columns; bring it in with "
            f"`python -m dropnorm.datasets import {path.parent}` and unset DROPNORM_DATA."
        )


def _verify_kept(source: Source, path: Path, record: Path) -> None:
    again = f"get it again with `python -m dropnorm.datasets fetch {source.name}` or `import DIR`"
    if not path.is_file():
        raise DataError(f"The official file {path} was in use and is gone; {again}.")
    seen = sources.digest(_content(path))
    if seen in source.course_sha256:
        return
    try:
        known = json.loads(record.read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        known = None
    if seen != known:
        raise DataError(f"The official file {path} was altered or cut short since it came; {again}.")


def _is_kept(path: Path, recipe: str) -> bool:
    try:
        record = json.loads(record_of(path).read_text(encoding="utf-8"))
        return record == {"sha256": sources.digest(path.read_bytes()), "recipe": recipe}
    except (OSError, ValueError):
        return False


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); allow reading it.") from error
