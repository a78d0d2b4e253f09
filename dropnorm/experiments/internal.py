"""Internal covariate shift: how far it moves, whether training suffers from it, and what the gradient can foresee.

Ioffe & Szegedy (2015) explain batch normalization by layers whose inputs' distribution moves less; Santurkar et al.
(2018) by a loss along which the gradient foresees more, whatever moves. Three networks are measured as they train:
plain, with batch normalization before each activation, and with noise behind that which moves everything again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from dropnorm.experiments.noise import Noise
from dropnorm.split import RAW, STANDARDISED, Split, split
from dropnorm.sweep import layers
from dropnorm.sweep.plan import BatchNorm, Dense, Plan, Relu
from dropnorm.sweep.runs import Network, orders

PLAIN, NORMALIZED, NOISY = "plain", "batch normalization", "batch normalization, then noise"
NETWORKS = (PLAIN, NORMALIZED, NOISY)
INPUTS, LEARNING_RATES = (STANDARDISED, RAW), (0.001, 0.01, 0.1)
WIDTH, BLOCKS, EPOCHS, BATCH = 64, 3, 40, 64
MEASURED_EVERY = 9  # steps: twice an epoch
EARLY = 5  # epochs, whose steps have columns of their own
TARGET = (
    0.5  # of the training loss at inference, in squares of the target's standard deviation: half of the best constant's
)


@dataclass(frozen=True)
class Shift:
    """One training: red wine prepared in one way, one of `NETWORKS`, the learning rate of plain SGD, and a seed."""

    inputs: str
    network: str
    learning_rate: float
    seed: int


def trainings(seeds: int) -> list[Shift]:
    """Those of the table."""
    return [
        Shift(inputs, name, rate, seed)
        for seed in range(seeds)
        for inputs in INPUTS
        for rate in LEARNING_RATES
        for name in NETWORKS
    ]


def network(job: Shift, features: int, rows: int = BATCH, dtype: np.typing.DTypeLike = np.float32) -> Network:
    """A network of the sweep's engine, not trained, for batches of up to so many rows."""
    block = (Dense(WIDTH), Relu()) if job.network == PLAIN else (Dense(WIDTH, use_bias=False), BatchNorm(), Relu())
    made = Network(Plan((*block * BLOCKS, Dense(1)), "sgd", batch_size=rows, seed=job.seed), features, dtype)
    if job.network == NOISY:
        noise = iter(Noise(3 * job.seed + place) for place in range(BLOCKS))
        made.layers = [
            each
            for layer in made.layers
            for each in ((layer, next(noise)) if isinstance(layer, layers.BatchNorm) else (layer,))
        ]
    return made


def gradient(network: Network, X: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean squared error on a batch in training mode, and its gradient by all weights, ``(weights,)``."""
    values = X.copy()
    for layer in network.layers:
        values = layer.forward(values, training=True)
    error = values - y
    back = error * (2 / len(error))
    for layer in reversed(network.layers):
        back = layer.backward(back, wanted=layer is not network.layers[0])
    return float(np.mean(error**2)), network.gradients.copy()


def follow(job: Shift, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train one network and return its row; losses are in squares of the target's standard deviation.

    What is measured, at every `MEASURED_EVERY`-th step, is told in ``data/experiments/README.md``; the columns hold
    means over the steps, and those in ``…_early`` over the steps of the first `EARLY` epochs. All are empty where the
    training broke down.
    """
    parts = _standardised(split("red-wine", job.inputs))
    X, y = parts.X_train, parts.y_train[:, None]
    trained, watcher = network(job, X.shape[1]), Watcher(job, X, y)
    plan = Plan((Dense(1),), seed=job.seed, batch_size=BATCH)
    logged, at_inference, valid, step = [], [], [], 0

    def loss_of(inputs: np.ndarray, targets: np.ndarray) -> float:
        return float(np.mean((trained.activations(inputs)[-1] - targets) ** 2))

    with threadpool_limits(1, "blas"), np.errstate(all="ignore"):
        for _, order in zip(range(epochs), orders(plan, len(X)), strict=False):
            total = 0.0
            for start in range(0, len(X), BATCH):
                chosen = order[start : start + BATCH]
                loss, slope = gradient(trained, X[chosen], y[chosen])
                moved = trained.weights - np.float32(job.learning_rate) * slope
                if step % MEASURED_EVERY == 0:
                    watcher.measure(trained.weights, moved, chosen, step)
                trained.weights[:] = moved
                total += loss * len(chosen)
                step += 1
            logged.append(total / len(X))
            at_inference.append(loss_of(X, y))
            valid.append(loss_of(parts.X_valid, parts.y_valid[:, None]))
    reached = [epoch for epoch, loss in enumerate(at_inference, 1) if loss <= TARGET]
    last = slice(-max(1, epochs // 10), None)
    finite = np.nan_to_num(valid, nan=np.inf)
    return asdict(job) | {
        "loss_at_inference_early": at_inference[min(EARLY, epochs) - 1],
        "loss_at_inference": float(np.mean(at_inference[last])),
        "logged_loss": float(np.mean(logged[last])),
        "epochs_to_target": reached[0] if reached else 0,
        "best_val_loss": float(finite.min()),
        "best_epoch": int(finite.argmin()) + 1,
        **watcher.means(),
        **{f"{name}_early": mean for name, mean in watcher.means(EARLY * -(-len(X) // BATCH)).items()},
    }


class Watcher:
    """Measures a network's step without touching it: it sets the weights of a network of its own.

    Args:
        job: which network.
        X, y: the training part; distributions are those over all of its rows.
    """

    def __init__(self, job: Shift, X: np.ndarray, y: np.ndarray) -> None:
        self.job, self.X, self.y, self.probe = job, X, y, network(job, X.shape[1], len(X))
        sizes = np.cumsum([0, *(each.size for each in self.probe.arrays)])
        self.starts = [int(sizes[place]) for place, each in enumerate(self.probe.arrays) if each.ndim == 2]
        self.kept: list[dict[str, float]] = []

    def measure(self, weights: np.ndarray, moved: np.ndarray, chosen: Sequence[int], step: int) -> None:
        """Note what one step does, from weights to moved weights, on the batch chosen."""
        before, after = (self._given(each, at) for each, at in ((weights, step), (moved, step + 1)))
        loss, slope = self._gradient(weights, chosen, step)
        self.kept.append(
            _movements(before, after)
            | self._own_step(weights, moved, chosen, step, loss, slope)
            | self._by_others(weights, moved, chosen, step, slope)
        )

    def means(self, steps: int | None = None) -> dict[str, float]:
        """The mean of each measure over the steps that were measured, or over those among the first so many."""
        kept = self.kept[: None if steps is None else -(-steps // MEASURED_EVERY)]
        return {name: float(np.mean([each[name] for each in kept])) for name in kept[0]}

    def _own_step(
        self, weights: np.ndarray, moved: np.ndarray, chosen: Sequence[int], step: int, loss: float, slope: np.ndarray
    ) -> dict[str, float]:
        """How well the gradient foresees the step in its own direction, on the same batch and the same noise."""
        loss_after, slope_after = self._gradient(moved, chosen, step)
        promised = self.job.learning_rate * float(slope @ slope)
        return {
            "gradient_change": _change(slope, slope_after),
            "gradient_cosine": _cosine(slope, slope_after),
            "kept_promise": (loss - loss_after) / promised,
        }

    def _by_others(
        self, weights: np.ndarray, moved: np.ndarray, chosen: Sequence[int], step: int, slope: np.ndarray
    ) -> dict[str, float]:
        """Internal covariate shift as Santurkar et al. define it: a layer's gradient before and after the layers in
        front of it, and only these, have made the step. The mean over the layers behind the first."""
        changes, cosines = [], []
        ends = [*self.starts[1:], len(weights)]
        for start, end in zip(self.starts[1:], ends[1:], strict=True):
            mixed = np.concatenate([moved[:start], weights[start:]])
            other = self._gradient(mixed, chosen, step)[1][start:end]
            changes.append(_change(slope[start:end], other))
            cosines.append(_cosine(slope[start:end], other))
        return {"shift_change": float(np.mean(changes)), "shift_cosine": float(np.mean(cosines))}

    def _gradient(self, weights: np.ndarray, chosen: Sequence[int], step: int) -> tuple[float, np.ndarray]:
        self._set(weights, step)
        return gradient(self.probe, self.X[chosen], self.y[chosen])

    def _given(self, weights: np.ndarray, step: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Mean and deviation, both ``(units,)``, of what goes into each activation, in training mode on all rows."""
        self._set(weights, step)
        values, found = self.X.copy(), []
        for layer in self.probe.layers:
            if isinstance(layer, layers.ReluDropout):
                found.append((values.mean(axis=0), values.std(axis=0)))
            values = layer.forward(values, training=True)
        return found

    def _set(self, weights: np.ndarray, step: int) -> None:
        self.probe.weights[:] = weights
        for layer in self.probe.layers:
            if isinstance(layer, Noise):
                layer.step = step


def _movements(
    before: list[tuple[np.ndarray, np.ndarray]], after: list[tuple[np.ndarray, np.ndarray]]
) -> dict[str, float]:
    """How far means move, in deviations, and deviations, as a share; medians over units, means over layers."""
    pairs = list(zip(before, after, strict=True))
    return {
        "mean_moves": float(np.mean([np.median(np.abs(b[0] - a[0]) / (a[1] + 1e-12)) for a, b in pairs])),
        "spread_moves": float(np.mean([np.median(np.abs(b[1] / (a[1] + 1e-12) - 1)) for a, b in pairs])),
    }


def _change(before: np.ndarray, after: np.ndarray) -> float:
    return float(np.linalg.norm(after - before) / (np.linalg.norm(before) + 1e-12))


def _cosine(before: np.ndarray, after: np.ndarray) -> float:
    return float(before @ after / (np.linalg.norm(before) * np.linalg.norm(after) + 1e-12))


def _standardised(parts: Split) -> Split:
    """The same with targets of mean 0 and standard deviation 1."""
    mean, scale = parts.y_train.mean(), parts.y_train.std()
    return Split(parts.X_train, (parts.y_train - mean) / scale, parts.X_valid, (parts.y_valid - mean) / scale)
