"""Fits the numbers in ``data/standins/`` from the official files.

    python data/fit_standins.py [NAME...]        fits, and writes data/standins/NAME.json
    python data/fit_standins.py --report [NAME...]   says how near the stand-ins come (the tables of the datasheets)

The official files are found as everywhere (``DROPNORM_DATA`` or ``data/cache``). What is kept is described in
``dropnorm/datasets/standins.py``; no row is.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.optimize import minimize
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dropnorm import datasets, places
from dropnorm.datasets import drawing, standins
from dropnorm.datasets.sources import course_csv, digest

SEED = 20260101
Numbers = dict[str, Any]


def scores(values: pd.Series) -> pd.Series:
    """Normal scores: the rank of each value (ties share theirs) through the inverse normal distribution."""
    return pd.Series(ndtri((values.rank() - 0.5) / len(values)), index=values.index)


def marginal(values: pd.Series, points: int, decimals: int | None = None, digits: int | None = None) -> Numbers:
    """Quantiles at equal steps of probability, or the share of each value where ``decimals`` is None."""
    if decimals is None and digits is None:
        shares = values.value_counts(normalize=True).sort_index()
        return {"values": [int(v) for v in shares.index], "shares": numbers_of(shares, 4)}
    # Half way between neighbours in rank: the extremes are the column's range.
    quantiles = values.astype(float).quantile(np.linspace(0, 1, points), interpolation="nearest")
    if digits is not None:
        return {"digits": digits, "quantiles": [float(f"{q:.{digits}g}") for q in quantiles]}
    entry: Numbers = {"decimals": decimals, "quantiles": numbers_of(quantiles, decimals)}
    return entry | ({"whole": True} if values.dtype.kind == "i" else {})


def numbers_of(values: Any, decimals: int) -> Any:
    """``values`` as (nested) lists of rounded Python numbers."""
    rounded = np.round(np.asarray(values, dtype=float), decimals)
    return (rounded + 0.0).tolist() if decimals else rounded.astype(int).tolist()


def triangle(matrix: np.ndarray) -> list[float]:
    """The lower triangle of a symmetric matrix, row after row, rounded."""
    return numbers_of(matrix[np.tril_indices(len(matrix))], 3)


def proper(matrix: np.ndarray) -> np.ndarray:
    """The nearest proper correlation matrix: eigenvalues below 0.02 are raised to it."""
    values, vectors = np.linalg.eigh(matrix)
    raised = vectors @ np.diag(np.maximum(values, 0.02)) @ vectors.T
    scale = np.sqrt(np.diag(raised))
    return raised / np.outer(scale, scale)


def latent_correlation(table: pd.DataFrame, marginals: dict[str, Numbers]) -> list[float]:
    """The correlation of normal scores that gives ``marginals`` the rank correlations of ``table``.

    Ties (many zeros, few values) weaken a rank correlation, so the latent one is corrected until the drawn one agrees.
    """
    wanted = rank_correlation(table)
    latent = proper(2 * np.sin(np.pi * wanted / 6))  # exact for normal columns without ties
    for step in range(40):
        rng = np.random.Generator(np.random.PCG64(step))
        drawn = drawing.columns(drawing.normals(rng, len(table), triangle(latent)), marginals)
        missing = wanted - rank_correlation(drawn)
        latent = latent + missing / (1 + step / 4)
        np.fill_diagonal(latent, 1)
        latent = proper(np.clip(latent, -1, 1))
    return triangle(latent)


def rank_correlation(table: pd.DataFrame) -> np.ndarray:
    """Spearman's rank correlations, 0 where a column is constant."""
    matrix = table.corr("spearman").fillna(0).to_numpy().copy()
    np.fill_diagonal(matrix, 1)
    return matrix


def inputs_of(table: pd.DataFrame, log: tuple[str, ...] = (), plain: tuple[str, ...] = ()) -> Numbers:
    """How each input of a response is scaled: centre and standard deviation, by logarithm where named."""
    entries = {}
    for name in table:
        values = np.log(table[name]) if name in log else table[name]
        centre, scale = (0.0, 1.0) if name in plain else (values.mean(), values.std())
        entries[name] = {"centre": float(f"{centre:.4g}"), "scale": float(f"{scale:.4g}")}
        if name in log:
            entries[name]["log"] = True
    return entries


def response(
    table: pd.DataFrame,
    target: pd.Series,
    inputs: Numbers,
    units: int,
    decay: float,
    target_marginal: Numbers,
    group: pd.Series | None = None,
    early: bool = False,
) -> Numbers:
    """The smooth response of ``target``'s normal scores: a line, a network of ``units`` tanh units, and the noise."""
    X = drawing.scaled(table, inputs)
    y = scores(target).to_numpy()
    line = Ridge(1.0).fit(X, y)
    if early:
        network = MLPRegressor(
            hidden_layer_sizes=(units,),
            activation="tanh",
            alpha=decay,
            early_stopping=True,
            random_state=0,
            learning_rate_init=2e-3,
            max_iter=300,
            n_iter_no_change=20,
        )
    else:
        network = MLPRegressor(
            hidden_layer_sizes=(units,), activation="tanh", alpha=decay, solver="lbfgs", max_iter=20000, random_state=0
        )
    network.fit(X, y - line.predict(X))
    entry = {
        "inputs": inputs,
        "line": numbers_of(line.coef_, 3),
        "line_bias": round(float(line.intercept_), 3),
        "hidden": numbers_of(network.coefs_[0], 3),
        "hidden_bias": numbers_of(network.intercepts_[0], 3),
        "output": numbers_of(network.coefs_[1][:, 0], 3),
        "output_bias": round(float(network.intercepts_[1][0]), 3),
        "curvature": 1.0,
        "marginal": target_marginal,
    }
    residual = pd.Series(y - drawing.predict(table, entry))
    spread, shared = residual.std(), 0.0
    if group is not None:
        shared = between_share(residual, group.reset_index(drop=True))
        entry["group_sd"] = round(float(spread * np.sqrt(shared)), 4)
    predicted = drawing.predict(table, entry)
    edges = np.quantile(predicted, [0, 0.2, 0.4, 0.6, 0.8, 1])
    bins = np.clip(np.searchsorted(edges, predicted) - 1, 0, 4)
    entry["noise"] = {
        "at": numbers_of([predicted[bins == b].mean() for b in range(5)], 3),
        "sd": numbers_of([residual[bins == b].std() * np.sqrt(1 - shared) for b in range(5)], 4),
    }
    return entry


def between_share(values: pd.Series, group: pd.Series) -> float:
    """The share of the variance that lies between groups (the intraclass correlation, by analysis of variance)."""
    between, within, _ = covariances(values.to_frame(), group)
    return float(np.clip(between[0, 0] / (between[0, 0] + within[0, 0]), 0, 1))


def covariances(table: pd.DataFrame, group: pd.Series) -> tuple[np.ndarray, np.ndarray, float]:
    """Covariance between and within groups by analysis of variance, and the typical size of a group."""
    grouped = table.groupby(group.to_numpy())
    sizes = grouped.size().to_numpy()
    n, k = len(table), len(sizes)
    means = grouped.mean().to_numpy() - table.mean().to_numpy()
    inner = table.to_numpy() - grouped.transform("mean").to_numpy()
    within = inner.T @ inner / (n - k)
    size = (n - (sizes**2).sum() / n) / (k - 1)
    between = ((means * sizes[:, None]).T @ means / (k - 1) - within) / size
    return between, within, size


def align_target(name: str, official: pd.DataFrame, numbers: Numbers) -> None:
    """Correct the line of the response until the target has the official rank correlations with its inputs."""
    response = numbers["response"]
    columns = [c for c in response["inputs"] if c in official]
    target = datasets.dataset(name).target
    wanted = rank_correlation(official[[*columns, target]])
    for _ in range(10):
        missing = wanted - rank_correlation(standins.draw_from(name, numbers)[[*columns, target]])
        step = np.linalg.lstsq(wanted[:-1, :-1], beyond(missing[-1, :-1], 0.02), rcond=0.05)[0] / 2
        line = np.array(response["line"])
        line[[list(response["inputs"]).index(c) for c in columns]] += step
        response["line"] = numbers_of(line, 3)


# A network learns a response that a network drew more easily than trees do. On Concrete it would come nearer to the
# stand-in's than to the official strengths (3.0 against 4.2 MPa); so much less for the trees brings the two together.
TREES_LESS = {"red-wine": 0.0, "concrete": 0.02}


def calibrate(name: str, official: pd.DataFrame, numbers: Numbers) -> None:
    """Set curvature and noise of the response so that a line and boosted trees explain of the stand-in what they
    explain of the official table. A network fitted to few rows has followed some of their noise: the residuals alone
    would mislead."""
    response = numbers["response"]
    wanted = np.array(explained(name, official)) - [0, TREES_LESS[name]]
    start = response["curvature"], response["noise"], response.get("group_sd")

    def miss(parameters: np.ndarray) -> float:
        response["curvature"] = round(float(start[0] * parameters[0]), 3)
        response["noise"] = start[1] | {"sd": numbers_of(np.array(start[1]["sd"]) * parameters[1], 4)}
        if start[2] is not None:
            response["group_sd"] = round(float(start[2] * parameters[1]), 4)
        return float(sum((a - b) ** 2 for a, b in zip(explained(name, standins.draw_from(name, numbers)), wanted)))

    best = minimize(
        miss, [1.0, 1.0], method="Nelder-Mead", options={"maxfev": 30, "initial_simplex": [[1, 1], [0.8, 1], [1, 0.8]]}
    )
    miss(best.x)
    print(name, "calibrated", best.x, best.fun)


def explained(name: str, table: pd.DataFrame) -> tuple[float, float]:
    """R² of ridge and of gradient boosting in 5-fold cross-validation (folds of rows, shuffled)."""
    target = datasets.dataset(name).target
    X, y = table.drop(columns=target), table[target]
    folds = KFold(5, shuffle=True, random_state=0)
    models = make_pipeline(StandardScaler(), Ridge()), GradientBoostingRegressor(random_state=0)
    return tuple(float(cross_val_score(m, X, y, cv=folds, scoring="r2").mean()) for m in models)


# --- red wine ---------------------------------------------------------------------------------------------------------

WINE_DECIMALS = {
    "fixed acidity": 1,
    "volatile acidity": 2,
    "citric acid": 2,
    "residual sugar": 1,
    "chlorides": 3,
    "free sulfur dioxide": 0,
    "total sulfur dioxide": 0,
    "density": 4,
    "pH": 2,
    "sulphates": 2,
    "alcohol": 1,
}


def fit_red_wine(official: pd.DataFrame) -> Numbers:
    wines = official.value_counts().rename("times").reset_index()
    features = wines[list(WINE_DECIMALS)]
    copies = wines["times"].value_counts().sort_index()
    marginals = {c: marginal(features[c], 101, decimals=d) for c, d in WINE_DECIMALS.items()}
    return {
        "seed": SEED,
        "rows": len(official),
        "copies": {str(k): int(n) for k, n in copies.items()},
        "correlation": latent_correlation(features, marginals),
        "marginals": marginals,
        "response": response(features, wines["quality"], inputs_of(features), 12, 1.0, marginal(wines["quality"], 0)),
    }


# --- Concrete ---------------------------------------------------------------------------------------------------------

INGREDIENTS = ["Cement", "BlastFurnaceSlag", "FlyAsh", "Water", "Superplasticizer", "CoarseAggregate", "FineAggregate"]


def fit_concrete(official: pd.DataFrame) -> Numbers:
    distinct = official.drop_duplicates()
    mix = distinct.groupby(INGREDIENTS, sort=False).ngroup()
    ages = distinct["Age"].groupby(mix).agg(lambda a: tuple(sorted(set(a))))
    mixes = distinct.groupby(mix)[INGREDIENTS].first()
    family = ages.map(family_of)
    families = []
    for _, members in mixes.groupby(family):
        sets = ages.loc[members.index].value_counts()
        points = 41 if len(members) > 200 else 21 if len(members) > 40 else 15
        marginals = {c: marginal(members[c], points, decimals=1) for c in INGREDIENTS}
        families.append(
            {
                "mixes": len(members),
                "ages": [{"days": list(a), "share": int(n)} for a, n in sets.items() if n > 1],
                "marginals": marginals,
                "correlation": latent_correlation(members, marginals),
            }
        )
    inputs = distinct[[*INGREDIENTS, "Age"]]
    numbers = {
        "seed": SEED,
        "rows": len(official),
        "families": families,
        "copies": {"last_age": 91, "times": [4, 3]},
        "response": response(
            inputs,
            distinct["CompressiveStrength"],
            inputs_of(inputs, log=("Age",)),
            20,
            0.5,
            marginal(distinct["CompressiveStrength"], 101, decimals=2),
            group=mix,
        ),
    }
    align(official, numbers)
    return numbers


def align(official: pd.DataFrame, numbers: Numbers) -> None:
    """Correct the families' correlations together until the whole table has the official rank correlations.

    In small families with many zeros the wanted correlation is out of reach; the others make up for it."""
    wanted = rank_correlation(official[INGREDIENTS])
    for _ in range(20):
        missing = wanted - rank_correlation(standins.draw_from("concrete", numbers)[INGREDIENTS])
        for family in numbers["families"]:
            latent = drawing.symmetric(family["correlation"]) + beyond(missing, 0.04) / 2
            np.fill_diagonal(latent, 1)
            family["correlation"] = triangle(proper(np.clip(latent, -1, 1)))


def beyond(values: np.ndarray, slack: float) -> np.ndarray:
    """What exceeds ``slack`` in size: small differences are left alone."""
    return np.sign(values) * np.maximum(np.abs(values) - slack, 0)


def family_of(ages: tuple[int, ...]) -> str:
    """The family of a mix, by the ages in days at which it was tested: each family has its own way to mix."""
    if len(ages) == 1:
        return "once"
    if max(ages) <= 28:
        return "up to 28"
    if max(ages) in (56, 91):
        return "up to 56 or 91"
    if max(ages) == 90:
        return "up to 90"
    return "up to 100" if max(ages) == 100 else "longer"


# --- Spotify ----------------------------------------------------------------------------------------------------------

SPOTIFY = {
    "danceability": {"digits": 3},
    "energy": {"digits": 3},
    "key": {},
    "loudness": {"decimals": 3},
    "mode": {},
    "speechiness": {"digits": 3},
    "acousticness": {"digits": 3},
    "instrumentalness": {"digits": 3},
    "liveness": {"digits": 3},
    "valence": {"digits": 3},
    "tempo": {"decimals": 3},
    "duration_ms": {"decimals": 0},
}
BOUNDS = [10, 20, 30, 40, 50, 60, 70, 80, 90]
MOST = 5  # playlists that hold one track


def fit_spotify(official: pd.DataFrame) -> Numbers:
    key = ["track_artist", "track_popularity", *SPOTIFY]
    number = official.groupby(key, sort=False).ngroup()
    tracks = official.groupby(number).first()
    times = official.groupby(number).size().clip(upper=MOST)
    sizes = tracks["track_artist"].value_counts()
    genres = sorted(official["playlist_genre"].unique())
    main = tracks.groupby("track_artist")["playlist_genre"].agg(lambda g: g.mode().iloc[0])
    mixed = tracks.groupby("track_artist")["playlist_genre"].nunique() > 1

    entries = {}
    for genre in genres:
        part = tracks[tracks["playlist_genre"] == genre]
        between, within, _ = covariances(part[list(SPOTIFY)].apply(scores), part["track_artist"])
        between, within = proper_pair(between, within)
        entries[genre] = {
            "marginals": {c: marginal(part[c], 33, **how) for c, how in SPOTIFY.items()},
            "between": triangle(between),
            "within": triangle(within),
        }

    bounds = [1, 2, 3, 5, 8, 13, 21, 34]
    bins = np.searchsorted(bounds, sizes.to_numpy())
    bymixed = mixed.loc[sizes.index].groupby(bins).mean()
    many = tracks[tracks["track_artist"].map(mixed)]
    table = pd.crosstab(many["track_artist"].map(main), many["playlist_genre"], normalize="index")
    first = tracks["playlist_genre"].reindex(number).to_numpy()
    copy = number.duplicated().to_numpy()
    moved = pd.crosstab(first[copy], official["playlist_genre"].to_numpy()[copy], normalize="index")
    popular = np.searchsorted(BOUNDS, tracks["track_popularity"], side="right")
    shares = pd.crosstab(popular, times, normalize="index")

    inputs = pd.get_dummies(tracks[[*SPOTIFY, "playlist_genre"]], columns=["playlist_genre"], dtype=float)
    plain = tuple(c for c in inputs if c.startswith("playlist_genre"))
    return {
        "seed": SEED,
        "rows": len(official),
        "artists": int(len(sizes) * 1.08),
        "artist_sizes": {"decimals": 0, "quantiles": size_quantiles(sizes)},
        "main_genres": {g: round(float(s), 4) for g, s in main.value_counts(normalize=True).reindex(genres).items()},
        "mixed_artists": {"up_to": bounds, "share": numbers_of(bymixed, 3)},
        "genre_given_main": numbers_of(table.reindex(index=genres, columns=genres, fill_value=0), 3),
        "genres": entries,
        "playlists": {
            "popularity": BOUNDS,
            "shares": numbers_of(shares.reindex(columns=range(1, MOST + 1), fill_value=0), 3),
            "genre_of_copy": numbers_of(moved.reindex(index=genres, columns=genres, fill_value=0), 3),
        },
        "response": response(
            inputs,
            tracks["track_popularity"],
            inputs_of(inputs, plain=plain),
            24,
            1e-3,
            marginal(tracks["track_popularity"], 101, decimals=0),
            group=tracks["track_artist"],
            early=True,
        ),
    }


def size_quantiles(sizes: pd.Series) -> list[int]:
    return [int(q) for q in sizes.quantile(np.linspace(0, 1, 201), interpolation="nearest")]


def proper_pair(between: np.ndarray, within: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both covariances made positive definite, then scaled so that their sum has variance 1 in each column."""
    fixed = []
    for matrix in (between, within):
        values, vectors = np.linalg.eigh(matrix)
        fixed.append(vectors @ np.diag(np.maximum(values, 0.01)) @ vectors.T)
    scale = np.sqrt(np.diag(fixed[0]) + np.diag(fixed[1]))
    return fixed[0] / np.outer(scale, scale), fixed[1] / np.outer(scale, scale)


FIT = {"red-wine": fit_red_wine, "concrete": fit_concrete, "spotify": fit_spotify}


def count(numbers: Any) -> int:
    """How many numbers a stand-in's file holds."""
    if isinstance(numbers, dict):
        return sum(count(v) for v in numbers.values())
    if isinstance(numbers, list):
        return sum(count(v) for v in numbers)
    return int(not isinstance(numbers, bool | str))


def written(numbers: Any, indent: str = "") -> str:
    """JSON with a line for each marginal, list or row of a matrix: short files whose differences can be read."""
    inner = indent + "  "
    if isinstance(numbers, dict) and any(isinstance(v, dict) or nested(v) for v in numbers.values()):
        lines = [f"{inner}{json.dumps(k)}: {written(v, inner)}" for k, v in numbers.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if nested(numbers):
        return "[\n" + ",\n".join(f"{inner}{written(v, inner)}" for v in numbers) + f"\n{indent}]"
    return json.dumps(numbers)


def nested(numbers: Any) -> bool:
    return isinstance(numbers, list) and any(isinstance(v, dict | list) for v in numbers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    names = parser.parse_args().names or datasets.NAMES
    for name in names:
        found = datasets.dataset(name)
        official = pd.read_csv(found.path)
        numbers = FIT[name](official)
        align_target(name, official, numbers)
        if name in TREES_LESS:  # Spotify's many rows leave a network no noise to follow
            calibrate(name, official, numbers)
            align_target(name, official, numbers)
            calibrate(name, official, numbers)
        numbers["sha256"] = digest(course_csv(standins.draw_from(name, numbers)))
        text = written(numbers) + "\n"
        (places.STANDINS / f"{name}.json").write_text(text)
        print(f"{name}: {count(numbers):,} numbers, {text.count(chr(10))} lines")


if __name__ == "__main__":
    main()
