"""Official files that the user has: found in a folder by content, and copied into the cache."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dropnorm.datasets import sources, store
from dropnorm.datasets.errors import DataError
from dropnorm.datasets.sources import Source
from dropnorm.language import _, current


def import_folder(folder: Path) -> Iterator[str]:
    """Take every official file that stands in ``folder`` (not below it) and yield a line for each.

    Files may be called anything and are only read. Raises DataError if the folder cannot be read or holds none of the
    data sets, and, after the good ones were taken, if a file that should be one of them is damaged.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        said = _("{folder} cannot be read as a folder ({reason}); name the folder that holds the CSV files.")
        raise DataError(said.format(folder=folder, reason=error.strerror)) from error
    taken: set[str] = set()
    damaged: dict[str, DataError] = {}
    for path in files:
        source = _source_of(path)
        if source is None or source.name in taken:
            continue
        try:
            content = sources.course_form(source, path.read_bytes(), str(path))
        except OSError as error:
            damaged[source.name] = store.unreadable(path, error)
            continue
        except DataError as error:
            damaged[source.name] = error
            continue
        kept = store.keep_official(source, content)
        taken.add(source.name)
        yield _("{name}: took {file}, and keeps it as {path}").format(name=source.name, file=path.name, path=kept)
    for name, error in damaged.items():
        if name not in taken:
            raise error
    if not taken:
        names = current().between_items.join(sources.sources())
        said = _("No file in {folder} has the columns of {names}; name the folder that holds the CSV files.")
        raise DataError(said.format(folder=folder, names=names))


def _source_of(path: Path) -> Source | None:
    """The data set whose columns the first line of ``path`` names, in upstream's words or the course's."""
    try:
        with path.open("rb") as file:
            header = file.readline(65_536).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    names = {name.strip().strip('"') for name in header.replace(";", ",").split(",")}
    for source in sources.sources().values():
        present = sum(column.name in names or column.upstream in names for column in source.columns)
        if 2 * present >= len(source.columns):  # one that lacks a column is named in a message, not passed over
            return source
    return None
