"""What `data/sources.toml` says of each data set, and whether a file is what it says.

A file is accepted by its content, in upstream's columns or in the course's, whatever it is called, and whether its
lines end as on Unix or on Windows. Red wine and Concrete are known by digest; Spotify by the checks in
`data/sources.toml`, which says why.
"""

from __future__ import annotations

import hashlib
import io
import tomllib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from dropnorm import places
from dropnorm.datasets.errors import COMMAND, DataError
from dropnorm.language import _, current, ngettext

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Column:
    """One column: the course's name, upstream's name, type ("float", "int" or "text"), unit, and range allowed."""

    name: str
    upstream: str
    type: str
    unit: str
    min: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class Checks:
    """What stands for a digest where none is known: quantiles of columns, the share of rows at or below each of
    them, rows per genre, and by how much a share may differ."""

    tolerance: float
    genres: dict[str, int]
    quantiles: dict[str, list[float]]
    shares: dict[str, list[float]]


@dataclass(frozen=True)
class Source:
    """One data set as `data/sources.toml` describes it.

    ``sha256`` is the digest of upstream's file (None where unknown), ``course_sha256`` holds digests of the course's
    form that are known to be genuine, ``rows`` the numbers of rows that are accepted.
    """

    name: str
    title: str
    url: str
    separator: str
    rows: tuple[int, ...]
    target: str
    licence: str
    page: str
    citation: str
    columns: tuple[Column, ...]
    course_sha256: tuple[str, ...]
    sha256: str | None = None
    checks: Checks | None = field(default=None, repr=False)

    @property
    def file_name(self) -> str:
        """The CSV's name in the cache and in a folder that ``DROPNORM_DATA`` names."""
        return f"{self.name}.csv"


@cache
def sources() -> dict[str, Source]:
    """Every data set of `data/sources.toml` by name, in that file's order.

    Raises DataError if the file is missing or is not TOML.
    """
    try:
        table: dict[str, dict[str, Any]] = tomllib.loads(places.SOURCES.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        said = _("{path} cannot be read ({error}); restore it with `git checkout -- data/sources.toml`.")
        raise DataError(said.format(path=places.SOURCES, error=error)) from error
    return {name: _source(name, dict(entry)) for name, entry in table.items()}


def find(name: str) -> Source:
    """The data set of that name; raises DataError with the names there are if there is none."""
    known = sources()
    if name not in known:
        said = _("There is no data set named {name}; the course has {names}.")
        raise DataError(said.format(name=repr(name), names=current().between_items.join(known)))
    return known[name]


def digest(content: bytes) -> str:
    """The sha256 of ``content`` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def course_csv(table: pd.DataFrame) -> bytes:
    """``table`` as the course's CSV: comma separated, lines ended as on Unix, the same bytes on every system."""
    return table.to_csv(index=False, lineterminator="\n").encode()


def course_form(source: Source, content: bytes, seen: str) -> bytes:
    """``content`` (upstream's form or the course's) as the course's CSV, verified.

    ``seen`` says in a message where the content is from. Raises DataError if it is not the official data set.
    """
    if digest(content) in source.course_sha256:
        return content
    table = _read(source, content, seen)
    table = _in_course_columns(source, table, seen)
    written = course_csv(table)
    if digest(written) in source.course_sha256:
        return written
    if source.checks is None:
        said = _(
            "{seen} has the columns and rows of {name} but not its values: the official file was altered; get it again "
            "with `{command} fetch {name}`."
        )
        raise DataError(said.format(seen=seen, name=source.name, command=COMMAND))
    _check_content(source, source.checks, table, seen)
    return written


def _source(name: str, entry: dict[str, Any]) -> Source:
    entry["columns"] = tuple(Column(**column) for column in entry["columns"])
    entry["rows"] = tuple(entry["rows"])
    entry["course_sha256"] = tuple(entry["course_sha256"])
    if "checks" in entry:
        entry["checks"] = Checks(**entry["checks"])
    return Source(name=name, **entry)


def _read(source: Source, content: bytes, seen: str) -> pd.DataFrame:
    """The table in ``content``, comma or semicolon separated; raises DataError if it is no such table."""
    import pandas as pd

    header = content.split(b"\n", 1)[0]
    separator = ";" if header.count(b";") > header.count(b",") else ","
    try:
        table = pd.read_csv(io.BytesIO(content), sep=separator, encoding="utf-8-sig", low_memory=False)
    except (ValueError, UnicodeDecodeError) as error:  # pandas' parser and empty-data errors are ValueErrors
        said = _(
            "{seen} is not a readable table of {name} (it is empty, cut short or not a CSV file); get the official "
            "file with `{command} fetch {name}`."
        )
        raise DataError(said.format(seen=seen, name=source.name, command=COMMAND)) from error
    return table


def _in_course_columns(source: Source, table: pd.DataFrame, seen: str) -> pd.DataFrame:
    """``table`` with the course's columns in the course's order and types; rows that name no artist are left out."""
    missing = [c for c in source.columns if c.name not in table and c.upstream not in table]
    if missing:
        said = ngettext(
            "{seen} lacks the column {columns} of {name}; get the official file with `{command} fetch {name}`.",
            "{seen} lacks columns {columns} of {name}; get the official file with `{command} fetch {name}`.",
            len(missing),
        )
        columns = current().between_items.join(c.name for c in missing)
        raise DataError(said.format(seen=seen, columns=columns, name=source.name, command=COMMAND))
    course = table.rename(columns={c.upstream: c.name for c in source.columns if c.name not in table})
    course = course[[c.name for c in source.columns]]
    course = course.dropna(subset=[c.name for c in source.columns if c.type == "text"], ignore_index=True)
    _check_rows(source, course, seen)  # first: a row that was cut short has a wrong value as well
    for column in source.columns:
        values = course[column.name]
        wrong = column.type != "text" and (values.dtype.kind not in "iuf" or values.isna().any())
        if not wrong and column.type == "int":
            wrong = bool((values != values.round()).any())
        if wrong:
            said = _(
                "{seen} has a value in column {column} that is no number, so it is not the official {name}; get that "
                "with `{command} fetch {name}`."
            )
            if column.type == "int":
                said = _(
                    "{seen} has a value in column {column} that is no whole number, so it is not the official {name}; "
                    "get that with `{command} fetch {name}`."
                )
            raise DataError(said.format(seen=seen, column=column.name, name=source.name, command=COMMAND))
        course[column.name] = values.astype({"float": "float64", "int": "int64", "text": "str"}[column.type])
    return course


def _check_rows(source: Source, table: pd.DataFrame, seen: str) -> None:
    if len(table) not in source.rows:
        said = ngettext(
            "{seen} has {count} usable row where the official {name} has {official}: it was cut short or altered; get "
            "it again with `{command} fetch {name}`.",
            "{seen} has {count} usable rows where the official {name} has {official}: it was cut short or altered; get "
            "it again with `{command} fetch {name}`.",
            len(table),
        )
        official = _(" or ").join(f"{rows:,}" for rows in source.rows)
        told = {"count": f"{len(table):,}", "official": official, "name": source.name}
        raise DataError(said.format(seen=seen, command=COMMAND, **told))


def _check_content(source: Source, checks: Checks, table: pd.DataFrame, seen: str) -> None:
    """Raises DataError unless ranges, genres and quantiles agree with what is known of the official file."""
    wrong = [
        c.name
        for c in source.columns
        if (c.min is not None and table[c.name].min() < c.min) or (c.max is not None and table[c.name].max() > c.max)
    ]
    for name, quantiles in checks.quantiles.items():
        # Quantiles are noted to six digits: a relative millionth keeps equal values equal.
        shares = [(table[name] <= q + abs(q) * 1e-6).mean() for q in quantiles]
        if any(abs(share - known) > checks.tolerance for share, known in zip(shares, checks.shares[name], strict=True)):
            wrong.append(name)
    genres = table["playlist_genre"].value_counts().to_dict()
    known_genres = checks.genres
    if set(genres) != set(known_genres) or any(
        abs(genres[g] - n) > checks.tolerance * len(table) for g, n in known_genres.items()
    ):
        wrong.append("playlist_genre")
    if wrong:
        said = _(
            "{seen} has other values than the official {name} in {columns}: it was altered; get it again with "
            "`{command} fetch {name}`."
        )
        columns = current().between_items.join(dict.fromkeys(wrong))
        raise DataError(said.format(seen=seen, name=source.name, columns=columns, command=COMMAND))
