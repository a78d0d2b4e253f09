"""A file is known by its content: both forms are taken, and what is anything else is said in one sentence."""

import dataclasses
import os
import re
from pathlib import Path

import pandas as pd
import pytest

from dropnorm import datasets
from dropnorm.datasets import sources
from dropnorm.datasets.sources import Checks, Column, Source

COURSE = b"Strength,Age\n1.5,3\n2.0,7\n10.0,28\n"
UPSTREAM = b'"age";"strength";"note"\n3;1.5;a\n7;2;b\n28;10.0;c\n'
CONCRETE = Source(
    name="concrete",
    title="Three tests",
    url="http://127.0.0.1:9/concrete.csv",
    separator=";",
    rows=(3,),
    target="Strength",
    licence="none",
    page="",
    citation="",
    columns=(Column("Strength", "strength", "float", "MPa"), Column("Age", "age", "int", "days", 1, 365)),
    course_sha256=(sources.digest(COURSE),),
)


def test_every_data_set_is_described() -> None:
    assert set(sources.sources()) == set(datasets.NAMES)
    for source in sources.sources().values():
        names = [column.name for column in source.columns]
        assert source.target in names and len(set(names)) == len(names)
        assert all(
            column.unit and column.upstream and column.type in ("float", "int", "text") for column in source.columns
        )
        assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in source.course_sha256)
        assert source.url.startswith("https://") and source.licence and source.citation
        assert bool(source.sha256) != bool(source.checks), "a digest, or the checks that stand for it"


@pytest.mark.parametrize(
    "content",
    [COURSE, UPSTREAM, COURSE.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + COURSE, UPSTREAM.rstrip()],
    ids=["course", "upstream", "Windows line ends", "byte order mark", "no last line end"],
)
def test_both_forms_are_taken(content: bytes) -> None:
    assert sources.course_form(CONCRETE, content, "here") == COURSE


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty, cut short or not a CSV"),
        (b"\x00\xff\xfe\x01 picture", "empty, cut short or not a CSV"),
        (b"<html><body>Not found</body></html>", "lacks columns Strength, Age"),
        (COURSE.replace(b"Age", b"Days"), "lacks the column Age"),
        (COURSE.replace(b"2.0", b"2.5"), "altered"),
        (COURSE.replace(b"2.0", b"two"), "column Strength that is no number"),
        (COURSE.replace(b",7", b","), "column Age that is no whole number"),
        (COURSE.replace(b",7", b",7.5"), "column Age that is no whole number"),
        (COURSE[: COURSE.index(b"\n2") + 1], "has 1 usable row where the official concrete has 3"),
        (COURSE[:-10], "has 2 usable rows where the official concrete has 3"),
        (b'Strength,Age\n"1.5,3\n2.0,7\n', "empty, cut short or not a CSV"),
    ],
)
def test_what_is_not_the_official_file_is_named_in_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(datasets.DataError) as error:
        sources.course_form(CONCRETE, content, "concrete.csv")
    assert said in str(error.value)
    assert str(error.value).startswith("concrete.csv") and "\n" not in str(error.value)
    assert "`python3 course.py run -m dropnorm.datasets fetch concrete`" in str(error.value), "what works in any shell"


def test_unknown_data_set_names_those_there_are() -> None:
    with pytest.raises(datasets.DataError, match=r"no data set named 'white-wine'; the course has red-wine"):
        datasets.path("white-wine")


SONGS = Source(
    **{f.name: getattr(CONCRETE, f.name) for f in dataclasses.fields(CONCRETE)}
    | {
        "name": "spotify",
        "rows": (100,),
        "columns": (
            Column("track_artist", "track_artist", "text", "name"),
            Column("playlist_genre", "playlist_genre", "text", "name"),
            Column("energy", "energy", "float", "score", 0, 1),
        ),
        "course_sha256": (),
        "checks": Checks(0.02, {"pop": 50, "rock": 50}, {"energy": [0.25, 0.75]}, {"energy": [0.25, 0.75]}),
    }
)


def songs() -> pd.DataFrame:
    return pd.DataFrame(
        {"track_artist": "A", "playlist_genre": ["pop", "rock"] * 50, "energy": [(i + 1) / 100 for i in range(100)]}
    )


def test_content_stands_for_a_digest() -> None:
    table = songs()
    assert sources.course_form(SONGS, sources.course_csv(table), "here") == sources.course_csv(table)


def test_rows_without_artist_are_left_out() -> None:
    nobody = songs().head(2).assign(track_artist=None)
    longer = pd.concat([songs(), nobody])
    assert sources.course_form(SONGS, sources.course_csv(longer), "here") == sources.course_csv(songs())


@pytest.mark.parametrize(
    ("alter", "named"),
    [
        (lambda t: t.assign(energy=t.energy / 2), "energy"),
        (lambda t: t.assign(energy=t.energy.where(t.energy < 1, 1.5)), "energy"),
        (lambda t: t.assign(playlist_genre="pop"), "playlist_genre"),
        (lambda t: t.assign(playlist_genre=t.playlist_genre.replace("pop", "jazz")), "playlist_genre"),
    ],
)
def test_other_content_is_told_by_its_column(alter, named: str) -> None:
    with pytest.raises(datasets.DataError, match=f"other values than the official spotify in {named}: it was altered"):
        sources.course_form(SONGS, sources.course_csv(alter(songs())), "here")


def test_a_stand_in_never_passes_for_the_official_file() -> None:
    from dropnorm.datasets import standins

    for name in datasets.NAMES:
        with pytest.raises(datasets.DataError, match="altered"):
            sources.course_form(sources.find(name), sources.course_csv(standins.draw(name)), "here")


# --- against the official files ---------------------------------------------------------------------------------------


def official(name: str) -> pd.DataFrame:
    folder = os.environ.get("DROPNORM_DATA")
    if not folder:
        pytest.skip("NOT CHECKED against the official files: DROPNORM_DATA names no folder that holds them")
    return pd.read_csv(Path(folder) / f"{name}.csv")


def test_upstreams_red_wine_is_rebuilt_and_taken() -> None:
    table = official("red-wine")
    text = table.to_csv(index=False, sep=";", lineterminator="\n")
    head, rows = text.split("\n", 1)
    rows = re.sub(r"\.0(?=[;\n])", "", rows)  # upstream writes 2 for 2.0 ...
    rows = re.sub(r"(?<=;)2(?=;[^;]*;[0-9]\n)", "2.0", rows)  # ... but in its one sulphates of 2.0
    upstream = (";".join(f'"{name}"' for name in head.split(";")) + "\n" + rows).encode()
    source = sources.find("red-wine")
    assert sources.digest(upstream) == source.sha256
    assert sources.digest(sources.course_form(source, upstream, "here")) in source.course_sha256


def test_upstreams_concrete_is_rebuilt_and_taken() -> None:
    table = official("concrete")
    source = sources.find("concrete")
    rows = [",".join([f"{v:.1f}" for v in row[:7]] + [f"{row[7]:.0f}", f"{row[8]:.2f}"]) for row in table.to_numpy()]
    upstream = "\n".join([",".join(column.upstream for column in source.columns), *rows, ""]).encode()
    assert sources.digest(upstream) == source.sha256
    assert sources.digest(sources.course_form(source, upstream, "here")) in source.course_sha256


def test_spotify_in_full_is_taken() -> None:
    """Upstream's 32,833 rows, imitated: more columns, 328 further rows, five of them without artist."""
    table = official("spotify")
    more = table.sample(328, random_state=0)
    more.loc[more.index[:5], "track_artist"] = None
    full = pd.concat([table, more]).assign(track_id="x", playlist_name="y")
    source = sources.find("spotify")
    taken = sources.course_form(source, sources.course_csv(full), "here")
    assert taken.count(b"\n") == 32_828 + 1
    for column, factor in [("energy", 0.9), ("tempo", 1.05), ("track_popularity", 2)]:
        altered = full.assign(**{column: (full[column] * factor).astype(full[column].dtype)})
        with pytest.raises(datasets.DataError, match=column):
            sources.course_form(source, sources.course_csv(altered), "here")
