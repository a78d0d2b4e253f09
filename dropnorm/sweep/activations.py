"""What the layers of a trained network give out: of a fixed sample of rows, in both modes, small enough to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dropnorm.sweep import layers, plan
from dropnorm.sweep.masks import MaskStream
from dropnorm.sweep.runs import Network

ROWS = 256  # the first ones of the training part, which the split has put into random order
# Of the bars: as wide as each other on an axis that is linear to about ±0.5 and logarithmic beyond. A network gives out
# tenths behind one layer and, on raw inputs, tens behind another; one axis shows both. The middle bar holds the zero.
BARS, LINEAR, END = 61, 0.5, 6.0
EDGES = LINEAR * np.sinh(np.linspace(-END, END, BARS + 1))


@dataclass(frozen=True)
class Outputs:
    """What a layer gives out in one mode, all rows and units together.

    Attributes:
        counts: values in each bar between `EDGES`; the outermost ones hold what lies beyond them.
        mean, deviation: of the values.
        zeros: the share that is exactly zero.
    """

    counts: tuple[int, ...]
    mean: float
    deviation: float
    zeros: float

    @classmethod
    def of(cls, values: np.ndarray) -> Outputs:
        """The summary of an array of any shape; what is not finite has no bar."""
        finite = values[np.isfinite(values)]
        counts = np.histogram(np.clip(finite, EDGES[0], EDGES[-1]), EDGES)[0]
        with np.errstate(all="ignore"):
            mean, deviation = float(values.mean(dtype=float)), float(values.std(dtype=float))
        return cls(tuple(counts.tolist()), mean, deviation, float((values == 0).mean()))


@dataclass(frozen=True)
class LayerOutputs:
    """What one layer gives out in training mode and in inference mode.

    Attributes:
        layer: "inputs" for what goes into the network, else the layer's name in Keras, or "relu".
        training: with masks of dropout and with each batch's own statistics.
        inference: without masks and with the moving averages.
    """

    layer: str
    training: Outputs
    inference: Outputs


NAMES = {plan.Dense: "Dense", plan.Relu: "relu", plan.Dropout: "Dropout", plan.BatchNorm: "BatchNormalization"}


def layer_outputs(network: Network, described: plan.Plan, X: np.ndarray) -> tuple[LayerOutputs, ...]:
    """What goes into a trained network for the first `ROWS` of ``X``, and what each of its layers gives out.

    Args:
        network: as it was trained.
        described: its plan, whose layers are told apart; `Network` computes some pairs of them as one.
        X: ``(rows, features)``.
    """
    sample = np.asarray(X[:ROWS], network.dtype)
    with np.errstate(all="ignore"):  # of a training that diverged
        training, inference = (_passed(network, described, sample, mode) for mode in (True, False))
    names = ("inputs", *(NAMES[type(layer)] for layer in described.layers))
    return tuple(
        LayerOutputs(name, Outputs.of(one), Outputs.of(other))
        for name, one, other in zip(names, training, inference, strict=True)
    )


def variance_shifts(network: Network, X: np.ndarray) -> tuple[float, ...]:
    """For each batch normalization the variance that it meets at inference over the one it has kept from training.

    The median over units whose moving variance is not next to nothing; NaN if there is none. 1 is no shift; Li et al.
    (2018) derive values below 1 for dropout in front of it.

    Args:
        network: as it was trained.
        X: the training part, ``(rows, features)``.
    """
    ratios = []
    with np.errstate(all="ignore"):
        for layer, values in zip(network.layers, network.activations(X), strict=False):
            if isinstance(layer, layers.BatchNorm | layers.NormalizedDense):
                kept = layer.moments.moving_variance
                alive = kept > 1e-6 * kept.max()
                ratios.append(float(np.median(values.var(axis=0)[alive] / kept[alive])) if alive.any() else np.nan)
    return tuple(ratios)


def _passed(network: Network, described: plan.Plan, sample: np.ndarray, training: bool) -> list[np.ndarray]:
    """The sample and what each of the plan's layers makes of it, ``(rows, units)`` each; a batch at a time."""
    steps: list[list[np.ndarray]] = [[] for _ in range(len(described.layers) + 1)]
    streams = {
        place: MaskStream(described.seed, place, layer.rate)
        for place, layer in enumerate(described.layers)
        if isinstance(layer, plan.Dropout)
    }
    for start in range(0, len(sample), described.batch_size):
        x = sample[start : start + described.batch_size]
        steps[0].append(x)
        weights = _weights(network)
        for place, layer in enumerate(described.layers):
            if isinstance(layer, plan.Relu):
                x = np.maximum(x, 0)
            elif isinstance(layer, plan.Dropout):
                x = x * streams[place].draw(x.shape) / (1 - layer.rate) if training else x
            else:
                x = _weighted(next(weights), x, training)
            steps[place + 1].append(x)
    return [np.concatenate(step) for step in steps]


def _weighted(layer: layers.Dense | layers.BatchNorm | layers.NormalizedDense, x: np.ndarray, training: bool):
    """What a layer with weights makes of a batch; of a `NormalizedDense`, its normalization only."""
    if isinstance(layer, layers.Dense):
        return x @ layer.kernel + layer.bias
    moments = layer.moments
    mean, variance = (x.mean(axis=0), x.var(axis=0)) if training else (moments.moving_mean, moments.moving_variance)
    return layer.gamma * (x - mean) / np.sqrt(variance + moments.epsilon) + layer.beta


def _weights(network: Network) -> Iterator[layers.Dense | layers.BatchNorm | layers.NormalizedDense]:
    """The layers with weights in their order, a `NormalizedDense` followed by its Dense."""
    for layer in network.layers:
        if isinstance(layer, layers.Dense | layers.BatchNorm | layers.NormalizedDense):
            yield layer
        if isinstance(layer, layers.NormalizedDense):
            yield layer.dense
