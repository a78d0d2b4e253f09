"""Stand-ins: tables drawn from a fixed seed out of the fitted numbers in ``data/standins/``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from dropnorm import places
from dropnorm.datasets import sources
from dropnorm.datasets.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

SEED = 20260101


def recipe(name: str) -> str:
    """The digest of all that decides how the stand-in of ``name`` comes out: its numbers and the code that draws."""
    from pathlib import Path

    return sources.digest(_numbers_bytes(name) + Path(__file__).read_bytes())


def draw(name: str) -> pd.DataFrame:
    """The stand-in of ``name`` in the course's columns; the same table at every call. Raises DataError."""
    import numpy as np
    import pandas as pd
    from scipy.special import ndtr

    numbers = json.loads(_numbers_bytes(name))
    rng = np.random.Generator(np.random.PCG64(SEED))
    latent = (
        rng.standard_normal((numbers["rows"], len(numbers["columns"])))
        @ np.linalg.cholesky(np.array(numbers["correlation"])).T
    )
    table = {}
    for j, (column, marginal) in enumerate(numbers["columns"].items()):
        table[column] = _from_quantiles(ndtr(latent[:, j]), marginal)
    frame = pd.DataFrame(table)
    if "genres" in numbers:
        genres = numbers["genres"]
        frame["playlist_genre"] = rng.choice(list(genres), size=len(frame), p=list(genres.values()))
        frame["track_artist"] = [f"Artist {n:05d}" for n in rng.integers(0, 10692, len(frame))]
    return frame[[c.name for c in sources.find(name).columns]]


def _from_quantiles(u: np.ndarray, marginal: dict[str, Any]) -> np.ndarray:
    import numpy as np

    grid = np.linspace(0, 1, len(marginal["quantiles"]))
    values = np.round(np.interp(u, grid, marginal["quantiles"]), marginal["decimals"])
    return values.astype("int64") if marginal["decimals"] == 0 and marginal["integer"] else values


def _numbers_bytes(name: str) -> bytes:
    path = places.STANDINS / f"{name}.json"
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}); restore it with `git checkout -- data/standins`."
        ) from error
