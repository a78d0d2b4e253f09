"""What dropout does to one network, by one seed: gaps, indispensable units, the committee, dropout after the output.

Each is what section 2 or 3 of the lesson shows on one training, here repeated over seeds.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dropnorm.curves import LearningCurves
from dropnorm.split import STANDARDISED, Split, split

# Keras is imported where a training begins: reading a table must not wait for TensorFlow.
if TYPE_CHECKING:
    import keras

RATE, WIDTH = 0.3, 128
EPOCHS, BATCH = 150, 64
EPOCHS_AFTER_OUTPUT = 60
MEMBERS = 100  # of the committee: masks, and trees of the forest


@dataclass(frozen=True)
class Pair:
    """Two trainings from one seed: the network of section 1, and the same with dropout."""

    seed: int


def network(rate: float, features: int, width: int = WIDTH, output_rate: float = 0) -> keras.Model:
    """Two hidden layers, each followed by dropout where `rate` is not 0; `output_rate` is dropped after the output."""
    from keras import Input, Sequential, layers

    stack: list[keras.layers.Layer] = []
    for _ in range(2):
        stack += [layers.Dense(width, activation="relu")] + ([layers.Dropout(rate)] if rate else [])
    stack += [layers.Dense(1)] + ([layers.Dropout(output_rate)] if output_rate else [])
    return Sequential([Input((features,)), *stack])


def tell_apart(job: Pair, epochs: int = EPOCHS, width: int = WIDTH) -> dict[str, Any]:
    """Train the pair of one seed and return its row; losses and gaps in marks of quality."""
    parts = split("red-wine", STANDARDISED)
    plain, plain_curves = _trained(0, parts, job.seed, epochs, width)
    dropped, dropped_curves = _trained(RATE, parts, job.seed, epochs, width)
    last, _ = _trained(0, parts, job.seed, min(epochs, EPOCHS_AFTER_OUTPUT), width, output_rate=RATE)
    return (
        asdict(job)
        | _gaps("without", plain_curves)
        | _gaps("with", dropped_curves)
        | _memory("without", plain, parts)
        | _memory("with", dropped, parts)
        | {
            "largest_rise_without": rises(plain, parts).max(),
            "largest_rise_with": rises(dropped, parts).max(),
            "mean_over_truth_after_output": float(np.mean(last(parts.X_valid)) / parts.y_valid.mean()),
        }
        | committee(dropped, parts)
        | forest(parts, job.seed)
    )


def rises(model: keras.Model, parts: Split) -> np.ndarray:
    """By how much the training loss rises when one unit of the first hidden layer falls silent, one value a unit."""
    hidden = np.array(model.layers[0](parts.X_train))

    def loss(values: np.ndarray) -> float:
        for layer in model.layers[1:]:
            values = layer(values)
        return float(np.abs(np.array(values)[:, 0] - parts.y_train).mean())

    def silenced(unit: int) -> np.ndarray:
        return np.where(np.arange(hidden.shape[1]) == unit, np.float32(0), hidden)

    whole = loss(hidden)
    return np.array([loss(silenced(unit)) - whole for unit in range(hidden.shape[1])])


def committee(model: keras.Model, parts: Split) -> dict[str, float]:
    """Validation losses of the members (one mask a row each), of their average, and of the one full network."""
    members = np.stack([np.array(model(parts.X_valid, training=True))[:, 0] for _ in range(MEMBERS)])
    full = np.array(model(parts.X_valid, training=False))[:, 0]
    return _votes("member", "committee", members, parts.y_valid) | {"full_network": _mae(full, parts.y_valid)}


def forest(parts: Split, seed: int) -> dict[str, float]:
    """Validation losses of a random forest's trees and of their average."""
    from sklearn.ensemble import RandomForestRegressor

    grown = RandomForestRegressor(n_estimators=MEMBERS, random_state=seed).fit(parts.X_train, parts.y_train)
    trees = np.stack([tree.predict(parts.X_valid) for tree in grown.estimators_])
    return _votes("tree", "forest", trees, parts.y_valid)


def _trained(
    rate: float, parts: Split, seed: int, epochs: int, width: int, output_rate: float = 0
) -> tuple[keras.Model, LearningCurves]:
    import keras

    from dropnorm.training import train

    keras.utils.set_random_seed(seed)
    model = network(rate, parts.X_train.shape[1], width, output_rate)
    model.compile(optimizer="adam", loss="mae")
    return model, train(model, parts, epochs=epochs, batch_size=BATCH, seed=seed)


def _gaps(name: str, curves: LearningCurves) -> dict[str, float]:
    return {
        f"gap_{name}": curves.gap[0],
        f"logged_gap_{name}": curves.logged_gap[0],
        f"rise_after_best_{name}": curves.rise_after_best[0],
        f"loss_at_inference_{name}": curves.last("loss_at_inference")[0],
    }


def _memory(name: str, model: keras.Model, parts: Split) -> dict[str, float]:
    """Validation losses: of rows with an identical twin, target included, in the training part, and of the others."""
    known = {row.tobytes() for row in np.column_stack([parts.X_train, parts.y_train])}
    twin = np.array([row.tobytes() in known for row in np.column_stack([parts.X_valid, parts.y_valid])])
    predictions = np.array(model(parts.X_valid, training=False))[:, 0]
    return {
        f"loss_on_twins_{name}": _mae(predictions[twin], parts.y_valid[twin]),
        f"loss_on_others_{name}": _mae(predictions[~twin], parts.y_valid[~twin]),
    }


def _votes(one: str, together: str, predictions: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Of predictions ``(members, rows)``: the best member's loss, the average's loss, the correlation of errors."""
    pairs = np.triu_indices(len(predictions), k=1)
    return {
        f"best_{one}": min(_mae(each, truth) for each in predictions),
        together: _mae(predictions.mean(axis=0), truth),
        f"correlation_of_{one}s": np.corrcoef(predictions - truth)[pairs].mean(),
    }


def _mae(predictions: np.ndarray, truth: np.ndarray) -> float:
    return float(np.abs(predictions - truth).mean())
