"""The course's data sets: the official file where it is, a stand-in where it is not.

>>> from dropnorm import datasets
>>> wine = pd.read_csv(datasets.path("red-wine"))

What is used is said once, in one line on stdout. `python -m dropnorm.datasets fetch` downloads the official files,
`import DIR` takes files that you have, `status` says what is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dropnorm import places
from dropnorm.datasets import sources, store
from dropnorm.datasets.errors import COMMAND, DataError
from dropnorm.datasets.sources import Column
from dropnorm.language import _, sentences

__all__ = ["NAMES", "Column", "DataError", "DataSet", "dataset", "path", "source"]

NAMES = ("red-wine", "spotify", "concrete")

_said: set[str] = set()


@dataclass(frozen=True)
class DataSet:
    """A verified CSV and its documented columns.

    ``path`` is a comma-separated file in the columns listed, ``source`` is "official" or "stand-in", ``target`` the
    name of the column that is predicted.
    """

    name: str
    title: str
    path: Path
    source: str
    columns: tuple[Column, ...]
    target: str
    licence: str
    citation: str


def dataset(name: str) -> DataSet:
    """The data set of that name and the file in use; says nothing.

    Raises DataError if the name is unknown, if the file in use is missing, cut short or altered, or if the source that
    ``DROPNORM_SOURCE`` asks for is not there.
    """
    entry = sources.find(name)
    asked = store.forced_source()
    file = None if asked == store.STAND_IN else store.official_file(entry)
    if file is None and asked == store.OFFICIAL:
        raise DataError(
            _(
                "DROPNORM_SOURCE asks for the official {name}, which is not here; get it with `{command} fetch {name}` "
                "or `import DIR`."
            ).format(name=name, command=COMMAND)
        )
    return DataSet(
        name=name,
        title=entry.title,
        path=file or store.stand_in_file(entry),
        source=store.OFFICIAL if file else store.STAND_IN,
        columns=entry.columns,
        target=entry.target,
        licence=entry.licence,
        citation=entry.citation,
    )


def source(name: str) -> str:
    """Which file of the data set is in use: "official" or "stand-in"; says nothing. Raises DataError."""
    return dataset(name).source


def path(name: str) -> Path:
    """The CSV of the data set, to be read by ``pd.read_csv``; says once in a process which file it is.

    Raises DataError, as `dataset` does.
    """
    found = dataset(name)
    if name not in _said:
        _said.add(name)
        print(line(found))
    return found.path


def line(found: DataSet) -> str:
    """One line that says which file is in use, and where it is if not in the course's own folders."""
    if found.source == store.OFFICIAL:
        said = _("{name}: the official file ({title}).")
    else:
        said = _("{name}: a stand-in drawn to resemble the official file ({title}), which is not here.")
    where = ""
    if found.path.is_relative_to(store.user_home()):
        where = _("It is in {folder}, as {cache} cannot be written.").format(
            folder=found.path.parent, cache=places.CACHE
        )
    return sentences(said.format(name=found.name, title=found.title), where)
