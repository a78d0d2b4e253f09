"""Where batch normalization and dropout stand in a block, what it does to the curves, and to the variance that is met.

Trained by the sweep's engine, which equals ``fit`` (tests/test_sweep.py): Keras and TensorFlow are not needed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION
from dropnorm.split import RAW, STANDARDISED, Split, split
from dropnorm.sweep.activations import variance_shifts as shifts_of
from dropnorm.sweep.plan import BatchNorm, Dense, Dropout, Layer, Plan, Relu
from dropnorm.sweep.runs import Network, trained

WIDTH, BLOCKS, EPOCHS, BATCH = 128, 3, 100, 64
RATE = 0.3

WITHOUT, BEFORE, BEFORE_WITH_BIAS, AFTER = "without", "before", "before, with bias", "after"
DROPOUT, DROPOUT_FIRST, NORM_FIRST = "dropout", "dropout, then batch norm", "batch norm, then dropout"
AT_THE_END = "dropout at the end only"

RELU, DROPPED, NORM = Relu(), Dropout(RATE), BatchNorm()
WITH_BIAS, WITHOUT_BIAS = Dense(WIDTH), Dense(WIDTH, use_bias=False)
# The blocks of each network; what stands in the last block only is told in `layers_of`.
NETWORKS: dict[str, tuple[Layer, ...]] = {
    WITHOUT: (WITH_BIAS, RELU),
    BEFORE: (WITHOUT_BIAS, NORM, RELU),
    BEFORE_WITH_BIAS: (WITH_BIAS, NORM, RELU),
    AFTER: (WITH_BIAS, RELU, NORM),
    DROPOUT: (WITH_BIAS, RELU, DROPPED),
    DROPOUT_FIRST: (WITH_BIAS, RELU, DROPPED, NORM),
    NORM_FIRST: (WITH_BIAS, RELU, NORM, DROPPED),
    AT_THE_END: (WITH_BIAS, RELU, NORM),
}
Optimizer = Literal["adam", "sgd"]
# Data, their inputs and the optimizer: the lesson's, the same raw, and the exercise's.
TRAININGS: tuple[tuple[str, str, Optimizer], ...] = (
    ("red-wine", STANDARDISED, "adam"),
    ("red-wine", RAW, "adam"),
    ("concrete", RAW, "sgd"),
)


@dataclass(frozen=True)
class Placement:
    """One training: a data set prepared in one way, an optimizer, one of `NETWORKS`, and a seed."""

    data: str
    inputs: str
    optimizer: Optimizer
    network: str
    seed: int


def trainings(seeds: int) -> list[Placement]:
    """Those of the table, from twice as many seeds as asked for."""
    return [
        Placement(*setting, network, seed) for seed in range(2 * seeds) for setting in TRAININGS for network in NETWORKS
    ]


def layers_of(network: str) -> tuple[Layer, ...]:
    """The layers of one of `NETWORKS`, from the inputs to the output."""
    last = (DROPPED,) if network == AT_THE_END else ()
    return (*NETWORKS[network] * BLOCKS, *last, Dense(1))


def place(job: Placement, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train one network and return its row; losses are mean absolute errors, means of the last tenth of the epochs."""
    parts = split(job.data, job.inputs)
    network, curves = trained(Plan(layers_of(job.network), job.optimizer, epochs, BATCH, job.seed), parts)
    return asdict(job) | {
        "last_val_loss": curves.last(VALIDATION)[0],
        "best_val_loss": curves.best_val_loss[0],
        "best_epoch": curves.best_epoch[0],
        "loss_at_inference": curves.last(AT_INFERENCE)[0],
        "logged_loss": curves.last(LOGGED)[0],
        **variance_shifts(network, parts),
    }


def variance_shifts(network: Network, parts: Split) -> dict[str, float]:
    """The variance that the batch normalization of each block meets at inference over the one kept from training.

    Both are of the training part; NaN where a block has none.
    """
    ratios = shifts_of(network, parts.X_train)
    ratios += (np.nan,) * (BLOCKS - len(ratios))
    return {f"variance_shift_{number}": ratio for number, ratio in enumerate(ratios, start=1)}
