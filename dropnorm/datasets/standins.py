"""Stand-ins: tables drawn from a fixed seed out of the fitted numbers in ``data/standins/``.

The numbers are written by ``data/fit_standins.py`` from the official files; here they only become tables. What each
stand-in is made of:

- red wine: distinct wines by marginals and rank correlations, a response, and copies of some rows, as upstream has;
- Concrete: families of mixes (a family is tested at its own ages), each mix at several ages, a response;
- Spotify: artists with a genre, a size and a leaning in every column, their tracks, a response, and tracks that stand
  in several playlists.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dropnorm import places
from dropnorm.datasets import drawing, sources
from dropnorm.datasets.errors import DataError
from dropnorm.language import _

Numbers = dict[str, Any]


def recipe(name: str) -> str:
    """The digest of all that decides how the stand-in of ``name`` comes out: its numbers and the code that draws."""
    code = Path(__file__).read_bytes() + Path(drawing.__file__).read_bytes()
    return sources.digest(_file(name) + code)


def draw(name: str) -> pd.DataFrame:
    """The stand-in of ``name`` in the course's columns; the same table at every call.

    Raises DataError if the fitted numbers are missing or damaged.
    """
    try:
        numbers = json.loads(_file(name))
        return draw_from(name, numbers)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        said = _("{file} is damaged ({kind}: {error}); restore it with `git checkout -- data/standins`.")
        file = f"{places.STANDINS / name}.json"
        raise DataError(said.format(file=file, kind=type(error).__name__, error=error)) from error


def draw_from(name: str, numbers: Numbers) -> pd.DataFrame:
    """The table that ``numbers`` describe, in the course's columns."""
    rng = np.random.Generator(np.random.PCG64(numbers["seed"]))
    table = _DRAW[name](numbers, rng)
    return table[[column.name for column in sources.find(name).columns]]


def _red_wine(numbers: Numbers, rng: np.random.Generator) -> pd.DataFrame:
    copies = np.repeat([int(k) for k in numbers["copies"]], list(numbers["copies"].values()))
    latent = drawing.normals(rng, len(copies), numbers["correlation"])
    wines = drawing.columns(latent, numbers["marginals"])
    wines["quality"] = drawing.respond(wines, numbers["response"], rng)
    # A copy stands a few rows below its original, as upstream: the same wine was tasted twice in a row.
    origin = np.repeat(np.arange(len(copies)), rng.permutation(copies))
    order = np.argsort(origin + 2.5 * rng.random(len(origin)), kind="stable")
    return wines.iloc[origin[order]].reset_index(drop=True)


def _concrete(numbers: Numbers, rng: np.random.Generator) -> pd.DataFrame:
    tests = []
    mixes = 0
    for family in numbers["families"]:
        ages = drawing.apportion(rng, family["mixes"], family["ages"])
        latent = drawing.normals(rng, family["mixes"], family["correlation"])
        table = drawing.columns(latent, family["marginals"])
        table["mix"] = mixes + np.arange(len(table))
        mixes += len(table)
        table = table.loc[table.index.repeat([len(days) for days in ages])]
        table["Age"] = np.concatenate(ages)
        table["last"] = np.repeat([max(days) for days in ages], [len(days) for days in ages])
        tests.append(table)
    table = pd.concat(tests, ignore_index=True)
    # Some mixes were entered several times over with all their ages, and some tests were made again.
    copies = numbers["copies"]
    often = rng.choice(table["mix"][table["last"] == copies["last_age"]].unique(), len(copies["times"]), replace=False)
    times = table["mix"].map(dict(zip(often, copies["times"], strict=True))).fillna(1).astype(int)
    again = table.sample(numbers["rows"] - int(times.sum()), random_state=rng)
    table = pd.concat([table, again], ignore_index=True)
    table["CompressiveStrength"] = drawing.respond(table, numbers["response"], rng, group=table["mix"])
    table = table.loc[table.index.repeat(times.reindex(table.index, fill_value=1))]
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def _spotify(numbers: Numbers, rng: np.random.Generator) -> pd.DataFrame:
    genres = list(numbers["genres"])
    sizes = drawing.at(rng.random(numbers["artists"]), numbers["artist_sizes"]).astype(int)
    artist = np.repeat(np.arange(len(sizes)), sizes)
    main = drawing.choose(rng, list(numbers["main_genres"].values()), len(sizes))
    genre = _track_genres(numbers, rng, artist, main, sizes)

    count = len(numbers["genres"][genres[0]]["marginals"])
    leaning = rng.standard_normal((len(sizes), count))
    own = rng.standard_normal((len(artist), count))
    parts = []
    for index, name in enumerate(genres):
        rows = np.flatnonzero(genre == index)
        entry = numbers["genres"][name]
        latent = leaning[artist[rows]] @ drawing.root(entry["between"]).T + own[rows] @ drawing.root(entry["within"]).T
        parts.append(drawing.columns(latent, entry["marginals"]).set_index(rows))
    tracks = pd.concat(parts).sort_index()
    tracks["playlist_genre"] = np.array(genres)[genre]
    inputs = pd.get_dummies(tracks, columns=["playlist_genre"], dtype=float)
    tracks["track_popularity"] = drawing.respond(inputs, numbers["response"], rng, group=artist)
    tracks["track_artist"] = [f"Artist {number + 1:05d}" for number in artist]
    return _in_playlists(numbers, rng, tracks, genre)


def _track_genres(
    numbers: Numbers, rng: np.random.Generator, artist: np.ndarray, main: np.ndarray, sizes: np.ndarray
) -> np.ndarray:
    """The genre of each track: an artist who keeps to one genre has that, another draws each from a mixture."""
    strays = rng.random(len(sizes)) < drawing.lookup(sizes, numbers["mixed_artists"])
    other = np.array(numbers["genre_given_main"])
    drawn = (rng.random(len(artist))[:, None] > np.cumsum(other[main[artist]], axis=1)).sum(axis=1)
    return np.where(strays[artist], np.minimum(drawn, other.shape[1] - 1), main[artist])


def _in_playlists(numbers: Numbers, rng: np.random.Generator, tracks: pd.DataFrame, genre: np.ndarray) -> pd.DataFrame:
    """One row for each playlist that holds a track: a popular track stands in more of them, of several genres."""
    genres = list(numbers["genres"])
    shares = np.array(numbers["playlists"]["shares"])[
        np.searchsorted(numbers["playlists"]["popularity"], tracks["track_popularity"], side="right")
    ]
    times = 1 + (rng.random(len(tracks))[:, None] > np.cumsum(shares, axis=1)).sum(axis=1)
    times = np.minimum(times, shares.shape[1])
    rows = np.repeat(np.arange(len(tracks)), times)
    copy = np.r_[False, rows[1:] == rows[:-1]]
    listed = genre[rows]
    move = np.array(numbers["playlists"]["genre_of_copy"])
    drawn = (rng.random(len(rows))[:, None] > np.cumsum(move[listed], axis=1)).sum(axis=1)
    listed = np.where(copy, np.minimum(drawn, len(genres) - 1), listed)
    table = tracks.iloc[rows].reset_index(drop=True)
    table["playlist_genre"] = np.array(genres)[listed]
    return table.iloc[rng.permutation(len(table))[: numbers["rows"]]].reset_index(drop=True)


_DRAW: dict[str, Callable[[Numbers, np.random.Generator], pd.DataFrame]] = {
    "red-wine": _red_wine,
    "concrete": _concrete,
    "spotify": _spotify,
}


def _file(name: str) -> bytes:
    path = places.STANDINS / f"{name}.json"
    try:
        return path.read_bytes()
    except OSError as error:
        said = _("{path} cannot be read ({reason}); restore it with `git checkout -- data/standins`.")
        raise DataError(said.format(path=path, reason=error.strerror)) from error
