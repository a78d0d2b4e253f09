"""How near the stand-ins come to the official files: the tables of the datasheets.

    python data/fidelity.py [NAME...]

The official files are found as everywhere (``DROPNORM_DATA`` or ``data/cache``).
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import ks_2samp
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dropnorm import datasets
from dropnorm.datasets import sources, standins

KS_BAR, RANK_BAR, R2_BAR = 0.05, 0.07, 0.07


@dataclass(frozen=True)
class Measure:
    """One line of a datasheet's table: what was measured on both tables, how far apart, and the bar if there is one."""

    what: str
    official: float | None
    stand_in: float | None
    difference: float
    bar: float | None = None

    def line(self) -> str:
        """The measure as a row of a Markdown table."""
        cells = [self.official, self.stand_in, self.difference, self.bar]
        return (
            f"| {self.what} | "
            + " | ".join("" if c is None else f"{c}" if isinstance(c, int) else f"{c:.3g}" for c in cells)
            + " |"
        )


def official(name: str) -> pd.DataFrame:
    """The official table. Raises DataError where it is not here."""
    found = datasets.dataset(name)
    if found.source != "official":
        raise datasets.DataError(f"The official {name} is not here; set DROPNORM_DATA to the folder that holds it.")
    return pd.read_csv(found.path)


def marginals(real: pd.DataFrame, drawn: pd.DataFrame) -> dict[str, float]:
    """The Kolmogorov-Smirnov distance of each numeric column."""
    return {c: float(ks_2samp(real[c], drawn[c]).statistic) for c in real.select_dtypes("number")}


def rank_correlation(table: pd.DataFrame) -> np.ndarray:
    """Spearman's rank correlations of the numeric columns, 0 where a column is constant."""
    matrix = table.corr("spearman", numeric_only=True).fillna(0).to_numpy().copy()
    np.fill_diagonal(matrix, 1)
    return matrix


def explained(name: str, table: pd.DataFrame, by_artist: bool = False) -> tuple[float, float]:
    """R² of ridge and of gradient boosting on ``table`` in 5-fold cross-validation.

    Folds are of shuffled rows, or of whole artists (Spotify). Boosting is scikit-learn's GradientBoostingRegressor as
    it comes, for Spotify's many rows HistGradientBoostingRegressor.
    """
    target = sources.find(name).target
    X, y = table.drop(columns=target), table[target]
    groups = X.pop("track_artist") if name == "spotify" else None
    if name == "spotify":
        X = pd.get_dummies(X, columns=["playlist_genre"], dtype=float)
    boosting = HistGradientBoostingRegressor if name == "spotify" else GradientBoostingRegressor
    folds = GroupKFold(5) if by_artist else KFold(5, shuffle=True, random_state=0)
    keyed = {"groups": groups} if by_artist else {}
    line, trees = (
        float(cross_val_score(model, X, y, cv=folds, scoring="r2", **keyed).mean())
        for model in (make_pipeline(StandardScaler(), Ridge()), boosting(random_state=0))
    )
    return line, trees


def twins(table: pd.DataFrame) -> tuple[int, float]:
    """Rows equal to an earlier one, and the share of validation rows with a twin in training (the course's split)."""
    training = table.sample(frac=0.7, random_state=0)
    validation = table.drop(training.index)
    known = set(training.itertuples(index=False, name=None))
    share = np.mean([row in known for row in validation.itertuples(index=False, name=None)])
    return int(table.duplicated().sum()), float(share)


def quick(name: str, real: pd.DataFrame, drawn: pd.DataFrame) -> list[Measure]:
    """Marginals, rank correlations and twins."""
    distances = marginals(real, drawn)
    furthest = max(distances, key=distances.__getitem__)
    columns = list(real.select_dtypes("number"))
    a, b = rank_correlation(real), rank_correlation(drawn)
    i, j = np.unravel_index(np.abs(a - b).argmax(), a.shape)
    (equal_a, share_a), (equal_b, share_b) = twins(real), twins(drawn)
    return [
        Measure(f"largest Kolmogorov–Smirnov distance ({furthest})", None, None, distances[furthest], KS_BAR),
        Measure(
            f"rank correlation furthest off ({columns[i]}, {columns[j]})", a[i, j], b[i, j], abs(a - b)[i, j], RANK_BAR
        ),
        Measure("rows equal to an earlier row", equal_a, equal_b, abs(equal_a - equal_b)),
        Measure("share of validation rows with a twin in training", share_a, share_b, abs(share_a - share_b)),
    ]


def slow(name: str, real: pd.DataFrame, drawn: pd.DataFrame) -> list[Measure]:
    """What a line and boosted trees explain."""
    measures = []
    for by_artist in (False, True) if name == "spotify" else (False,):
        folds = "folds of artists" if by_artist else "folds of rows"
        for what, a, b in zip(
            ("ridge", "gradient boosting"),
            explained(name, real, by_artist),
            explained(name, drawn, by_artist),
            strict=True,
        ):
            measures.append(Measure(f"cross-validated R² of {what}, {folds}", a, b, abs(a - b), R2_BAR))
    return measures


def main() -> None:
    """Print a Markdown table for each data set named (all if none is)."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    os.environ["DROPNORM_SOURCE"] = "official"
    for name in parser.parse_args().names or datasets.NAMES:
        real, drawn = official(name), standins.draw(name)
        print(f"{name}\n\n| measure | official | stand-in | difference | bar |\n|---|---|---|---|---|")
        for measure in [*quick(name, real, drawn), *slow(name, real, drawn)]:
            print(measure.line())
        print(flush=True)


if __name__ == "__main__":
    main()
