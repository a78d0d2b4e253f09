"""Which dropout rate is best, and what that depends on: width, rows to train on, noise in the inputs, twins.

One thing at a time is changed around a centre. Trained by the sweep's engine, which equals ``fit``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from dropnorm.curves import AT_INFERENCE, VALIDATION
from dropnorm.split import RAW, WITHOUT_TWINS, Split, split
from dropnorm.sweep.plan import Dense, Dropout, Layer, Plan, Relu
from dropnorm.sweep.runs import run

RATES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7)
BLOCKS, BATCH = 2, 64
STEPS = 5400  # of every training, however many rows: 300 epochs of all rows, 1,350 of 250
WIDTH, ALL_ROWS = 64, 0
# What is changed around the centre: width, rows to train on (0: all), noise, whether twins are removed.
SETTINGS = (
    (WIDTH, ALL_ROWS, 0.0, False),
    (16, ALL_ROWS, 0.0, False),
    (256, ALL_ROWS, 0.0, False),
    (WIDTH, 500, 0.0, False),
    (WIDTH, 250, 0.0, False),
    (WIDTH, ALL_ROWS, 0.5, False),
    (WIDTH, ALL_ROWS, 0.0, True),
)


@dataclass(frozen=True)
class Cell:
    """One training of the grid.

    Attributes:
        width: units of each of the two hidden layers.
        rows: of the training part, drawn by the seed; 0 for all.
        noise: standard deviation of what is added to each input of both parts, once, in deviations of that input.
        without_twins: whether repeated rows are removed before the split.
        rate: dropped after each hidden layer.
        seed: of rows, noise, weights, masks and the order of the rows.
    """

    width: int
    rows: int
    noise: float
    without_twins: bool
    rate: float
    seed: int


def trainings(seeds: int) -> list[Cell]:
    """Those of the table."""
    return [Cell(*setting, rate, seed) for seed in range(seeds) for setting in SETTINGS for rate in RATES]


def parts_of(job: Cell) -> Split:
    """Red wine for one training: the validation part is the same for all rows, and all widths and rates of a seed."""
    raw = split("red-wine", WITHOUT_TWINS if job.without_twins else RAW)
    generator = np.random.default_rng(job.seed)
    chosen = generator.permutation(len(raw.X_train))[: job.rows or None]
    X, X_valid = raw.X_train[chosen].astype(float), raw.X_valid.astype(float)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    X, X_valid = ((part - mean) / scale + job.noise * generator.standard_normal(part.shape) for part in (X, X_valid))
    return Split(X.astype(np.float32), raw.y_train[chosen], X_valid.astype(np.float32), raw.y_valid)


def fill(job: Cell, steps: int = STEPS) -> dict[str, Any]:
    """Train one network and return its row: mean absolute errors in marks of quality, epochs from 1."""
    dropped: tuple[Layer, ...] = (Dropout(job.rate),) if job.rate else ()
    layers = (*(Dense(job.width), Relu(), *dropped) * BLOCKS, Dense(1))
    parts = parts_of(job)
    epochs = steps // -(-len(parts.X_train) // BATCH)
    curves = run(Plan(layers, "adam", epochs, BATCH, job.seed), parts)
    return asdict(job) | {
        "epochs": epochs,
        "best_val_loss": curves.best_val_loss[0],
        "best_epoch": curves.best_epoch[0],
        "last_val_loss": curves.last(VALIDATION)[0],
        "loss_at_inference": curves.last(AT_INFERENCE)[0],
    }


def best_rates(frame: pd.DataFrame, loss: str = "best_val_loss") -> pd.DataFrame:
    """For each setting the rate of the lowest mean loss, how often that rate wins a seed, and each rate's mean.

    Args:
        frame: the table.
        loss: the column to choose by.
    """
    setting = ["width", "rows", "noise", "without_twins"]
    means = frame.pivot_table(loss, setting, "rate", sort=False)
    winners = frame.loc[frame.groupby([*setting, "seed"])[loss].idxmin()].groupby(setting)["rate"]
    found = means.copy()
    found.insert(0, "best_rate", means.idxmin(axis=1))
    found.insert(
        1, "of_seeds", [int((winners.get_group(name) == found.loc[name, "best_rate"]).sum()) for name in means.index]
    )
    return found
