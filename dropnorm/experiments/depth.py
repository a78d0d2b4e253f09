"""What goes into each of ten layers, before training and after, and how a small change of the first weights grows.

Everything is measured in training mode on the whole training part, so that batch normalization takes its own moments.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dropnorm.curves import AT_INFERENCE, VALIDATION
from dropnorm.split import STANDARDISED, split
from dropnorm.sweep.layers import ReluDropout
from dropnorm.sweep.plan import BatchNorm, Dense, Layer, Plan, Relu
from dropnorm.sweep.runs import Network, trained

PLAIN, NORMALIZED = "plain", "batch normalization"
NETWORKS: dict[str, tuple[Layer, ...]] = {
    PLAIN: (Dense(64), Relu()),
    NORMALIZED: (Dense(64, use_bias=False), BatchNorm(), Relu()),
}
LAYERS, EPOCHS, BATCH = 10, 50, 64
CHANGE = 0.01  # of the first layer's weights: the length of the change over that of the weights


@dataclass(frozen=True)
class Depth:
    """One training: one of `NETWORKS`, and a seed."""

    network: str
    seed: int


def trainings(seeds: int) -> list[Depth]:
    """Those of the table, from twice as many seeds as asked for."""
    return [Depth(network, seed) for seed in range(2 * seeds) for network in NETWORKS]


def descend(job: Depth, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train one network and return its row: losses, and `through_the_layers` before training and after."""
    parts = split("red-wine", STANDARDISED)
    plan = Plan((*NETWORKS[job.network] * LAYERS, Dense(1)), "adam", epochs, BATCH, job.seed)
    network, curves = trained(plan, parts)
    return (
        asdict(job)
        | {
            "best_val_loss": curves.best_val_loss[0],
            "best_epoch": curves.best_epoch[0],
            "last_val_loss": curves.last(VALIDATION)[0],
            "loss_at_inference": curves.last(AT_INFERENCE)[0],
        }
        | {
            f"{name}_{state}_{layer}": value
            for state, weights in (("initial", None), ("trained", network.weights))
            for name, values in through_the_layers(plan, parts.X_train, weights).items()
            for layer, value in enumerate(values, 1)
        }
    )


def through_the_layers(plan: Plan, X: np.ndarray, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Three numbers for each activation, ``(layers,)``, from the first to the last.

    ``mean`` and ``spread``: of what a unit is given, over the rows, its mean and its standard deviation; the root mean
    squares over the units. ``change``: how far what the units are given moves when the first layer's weights are
    changed at random by `CHANGE`, over ``spread``.

    Args:
        plan: the network.
        X: ``(rows, features)``.
        weights: of the network, ``(weights,)``; as they are drawn before training if there are none.
    """
    network = Network(Plan(plan.layers, plan.optimizer, batch_size=len(X), seed=plan.seed), X.shape[1], np.float64)
    if weights is not None:
        network.weights[:] = weights
    before = _given(network, X)
    kernel = network.arrays[0]
    step = np.random.default_rng((plan.seed, 2)).standard_normal(kernel.shape)
    kernel += step * (CHANGE * np.linalg.norm(kernel) / np.linalg.norm(step))
    after = _given(network, X)
    spread = np.array([root_mean_square(values.std(axis=0)) for values in before])
    return {
        "mean": np.array([root_mean_square(values.mean(axis=0)) for values in before]),
        "spread": spread,
        "change": np.array([root_mean_square(b - a) for a, b in zip(before, after, strict=True)]) / spread,
    }


def _given(network: Network, X: np.ndarray) -> list[np.ndarray]:
    """What goes into each activation in training mode, ``(rows, units)`` each."""
    values, found = X.astype(network.dtype), []
    for layer in network.layers:
        if isinstance(layer, ReluDropout):
            found.append(values.copy())
        values = layer.forward(values, training=True)
    return found


def root_mean_square(values: np.ndarray) -> float:
    """Of all entries."""
    return float(np.sqrt(np.mean(values**2)))
