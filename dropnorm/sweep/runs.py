"""One run by NumPy: the curves that ``fit`` would give, a hundred times sooner on small networks.

Plain ``fit`` spends its time between the operations, not in them: a batch of a small network is computed in less time
than it takes to start the next operation. Here a step is some fifty NumPy calls into kept buffers. There is nothing to
compile, so the first run of a process is as fast as the last, and the same plan on the same data gives the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from threadpoolctl import threadpool_limits

from dropnorm.curves import LearningCurves
from dropnorm.split import Split
from dropnorm.sweep import layers, plan
from dropnorm.sweep.masks import MaskStream
from dropnorm.sweep.optimizers import SGD, Adam, Optimizer

ROWS_AT_INFERENCE = 256  # at once, at least: where nothing is learned, larger products of matrices are faster ones
WIDE = 6  # times as many inputs as rows: from there on it takes less time to scale the rows than the weights


class Network:
    """A plan's layers with their weights, for inputs of a given width.

    Args:
        described: the plan.
        inputs: features of the data.
        dtype: float32 as in Keras; float64 shows how much of a difference is rounding.
    """

    def __init__(self, described: plan.Plan, inputs: int, dtype: np.typing.DTypeLike = np.float32) -> None:
        self.dtype = np.dtype(dtype)
        self.plan, self.rows = described, max(described.batch_size, ROWS_AT_INFERENCE)
        self.layers = list(_made(described, inputs, self.rows, self.dtype))
        parameters = layers.Parameters(self.dtype)
        for layer in self.layers:
            layer.reserve(parameters)
        self.weights, self.gradients, views = parameters.weights_and_gradients()
        self.arrays = [values for values, _ in views]
        places = iter(views)
        for layer in self.layers:
            layer.place(places)

    def step(self, X: np.ndarray, y: np.ndarray) -> float:
        """Forward and backward through a batch: the loss, with dropout on; the gradients are in ``gradients``.

        Args:
            X: ``(rows, inputs)``; it is overwritten.
            y: ``(rows, 1)``.
        """
        for layer in self.layers:
            X = layer.forward(X, training=True)
        error = X - y
        gradient = np.sign(error) / self.dtype.type(len(error))
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient, wanted=layer is not self.layers[0])
        return float(np.abs(error).mean())

    def losses(self, *parts: tuple[np.ndarray, np.ndarray]) -> list[float]:
        """The mean absolute error at inference on each part: inputs ``(rows, inputs)`` and targets ``(rows, 1)``."""
        for layer in self.layers:
            layer.before_inference()
        return [float(np.abs(self._predicted(X) - y).mean()) for X, y in parts]

    def activations(self, X: np.ndarray) -> list[np.ndarray]:
        """What goes into each layer at inference for ``X``, ``(rows, inputs)``, and last what comes out.

        Each is ``(rows, units)``. A batch normalization and the Dense layer behind it may be one layer here
        (`NormalizedDense`).
        """
        for layer in self.layers:
            layer.before_inference()
        parts: list[list[np.ndarray]] = [[] for _ in range(len(self.layers) + 1)]
        for start in range(0, len(X), self.rows):
            batch = X[start : start + self.rows].astype(self.dtype)
            for layer, kept in zip(self.layers, parts, strict=False):
                kept.append(batch.copy())
                batch = layer.forward(batch, training=False)
            parts[-1].append(batch.copy())
        return [np.concatenate(part) for part in parts]

    def named_weights(self) -> tuple[dict[str, np.ndarray], ...]:
        """For each layer of the plan its weights, copied, by Keras' names and in its order; none where it has none."""
        named = iter([each for layer in self.layers for each in layer.named()])
        return tuple(
            {name: values.copy() for name, values in next(named).items()}
            if isinstance(layer, plan.Dense | plan.BatchNorm)
            else {}
            for layer in self.plan.layers
        )

    def _predicted(self, X: np.ndarray) -> np.ndarray:
        predictions = np.empty((len(X), 1), self.dtype)
        for start in range(0, len(X), self.rows):
            batch = X[start : start + self.rows].copy()
            for layer in self.layers:
                batch = layer.forward(batch, training=False)
            predictions[start : start + self.rows] = batch
        return predictions


def run(described: plan.Plan, split: Split, dtype: np.typing.DTypeLike = np.float32) -> LearningCurves:
    """The curves of a plan that is trained on a split."""
    return trained(described, split, dtype)[1]


def trained(
    described: plan.Plan, split: Split, dtype: np.typing.DTypeLike = np.float32
) -> tuple[Network, LearningCurves]:
    """Train a plan on a split: the network as it is after the last epoch, and the curves.

    Deterministic: on one machine the same call gives the same bits, for products of matrices are computed on one thread
    meanwhile. These are so small that a second one would rather wait than help.
    """
    network = Network(described, split.X_train.shape[1], dtype)
    optimizer = optimizer_of(described)
    X, y = _array(split.X_train, dtype), _array(split.y_train, dtype).reshape(-1, 1)
    X_valid, y_valid = _array(split.X_valid, dtype), _array(split.y_valid, dtype).reshape(-1, 1)
    rows = np.ascontiguousarray(X), np.ascontiguousarray(y)
    shuffled = np.empty_like(rows[0]), np.empty_like(rows[1])
    logged = np.empty((3, described.epochs))
    with (
        threadpool_limits(1, "blas"),
        np.errstate(all="ignore"),
    ):  # a training that diverges is a result: its curves say so
        for epoch, order in zip(range(described.epochs), orders(described, len(X)), strict=False):
            total = 0.0
            for whole, inorder in zip(rows, shuffled, strict=True):
                np.take(whole, order, axis=0, out=inorder, mode="clip")  # by "raise", NumPy would copy once more
            for start in range(0, len(X), described.batch_size):
                inputs, targets = (each[start : start + described.batch_size] for each in shuffled)
                total += network.step(inputs, targets) * len(targets)
                optimizer.apply(network.weights, network.gradients)
            logged[:, epoch] = (total / len(X), *network.losses((X, y), (X_valid, y_valid)))
    return network, LearningCurves(logged[0], logged[2], logged[1], seeds=(described.seed,))


def optimizer_of(described: plan.Plan) -> Optimizer:
    """A plan's optimizer, before its first step."""
    kind = Adam if described.optimizer == "adam" else SGD
    return kind() if described.learning_rate is None else kind(described.learning_rate)


def orders(described: plan.Plan, rows: int) -> Iterator[np.ndarray]:
    """The order of the rows in each epoch, without end."""
    generator = np.random.default_rng(described.seed)
    order = generator.permutation(rows)
    while True:
        yield order
        if described.shuffle == "each epoch":
            order = generator.permutation(rows)


def _made(described: plan.Plan, inputs: int, rows: int, dtype: np.dtype) -> Iterator[layers.Layer]:
    """The computing layers of a plan, for up to so many rows; as one those pairs that `layers` computes as one."""
    weights = np.random.default_rng(np.random.SeedSequence((described.seed, 0)))
    width, place = inputs, 0
    waiting = list(described.layers)
    while waiting:
        layer = waiting.pop(0)
        if isinstance(layer, plan.BatchNorm):
            if waiting and isinstance(waiting[0], plan.Dense) and width < WIDE * described.batch_size:
                following = waiting.pop(0)
                dense = layers.Dense(width, following.units, rows, weights, dtype, following.use_bias)
                yield layers.NormalizedDense(dense, rows, layer.momentum, layer.epsilon, dtype)
                width = following.units
            else:
                yield layers.BatchNorm(width, rows, layer.momentum, layer.epsilon, dtype)
        elif isinstance(layer, plan.Dense):
            yield layers.Dense(width, layer.units, rows, weights, dtype, layer.use_bias)
            width = layer.units
        else:
            rate, relu = 0.0, isinstance(layer, plan.Relu)
            if isinstance(layer, plan.Dropout):
                rate = layer.rate
            elif waiting and isinstance(waiting[0], plan.Dropout):
                rate = waiting.pop(0).rate
            masks = MaskStream(described.seed, place, rate) if rate else None
            place += 1
            if relu:
                yield layers.ReluDropout(width, rows, rate, masks, dtype)
            elif masks is not None:
                yield layers.Dropout(rate, masks, dtype)


def _array(values: np.ndarray, dtype: np.typing.DTypeLike) -> np.ndarray:
    """What Keras sees: float32, whatever it is computed in afterwards."""
    return np.asarray(values, np.float32).astype(dtype)
