"""Dropout after a softmax: what becomes of the sum of probabilities, of the loss that Keras computes, and of training.

Keras divides by the sum before it takes logarithms, by one way for labels that are whole numbers and by another for
one-hot ones (``keras/src/backend/tensorflow/nn.py``); the two part where nothing is left to divide by.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION
from dropnorm.split import Split
from dropnorm.vehicles import KINDS, Vehicles, split_vehicles

# Keras is imported where a training begins: reading a table must not wait for TensorFlow.
if TYPE_CHECKING:
    import keras
    import pandas as pd

WHOLE, ONE_HOT = "whole numbers", "one-hot"
LOSSES = {WHOLE: "sparse_categorical_crossentropy", ONE_HOT: "categorical_crossentropy"}
RATES = (0.0, 0.3, 0.5)
WIDTHS, EPOCHS, BATCH = (32, 32), 20, 64
INPUTS = 3 * 32**2  # every second pixel in both directions


@dataclass(frozen=True)
class Output:
    """One training: the form of the labels (of `LOSSES`), the rate of the dropout after the softmax, and a seed."""

    labels: str
    rate: float
    seed: int


def trainings(seeds: int) -> list[Output]:
    """Those of the table."""
    return [Output(labels, rate, seed) for seed in range(seeds) for labels in LOSSES for rate in RATES]


def network(rate: float) -> keras.Model:
    """Two hidden layers of 32 and a softmax of three, with dropout after it where the rate is not 0."""
    from keras import Input, Sequential, layers

    hidden = [layers.Dense(width, activation="relu") for width in WIDTHS]
    last = [layers.Dropout(rate)] if rate else []
    return Sequential([Input((INPUTS,)), *hidden, layers.Dense(len(KINDS), activation="softmax"), *last])


def after_output(job: Output, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train one network and return its row; losses are cross-entropies in nats.

    ``mean_sum``, ``share_above_1`` and ``share_of_nothing`` are of the sums of a vehicle's three outputs in training
    mode at the end, on the training part; ``confidence`` is the mean of the largest probability at inference on the
    vehicles to judge by, ``accuracy`` how often it is right; ``epochs_without_loss`` counts those whose logged loss is
    not a number.
    """
    import keras

    from dropnorm.training import train

    parts = vehicles()
    if job.labels == ONE_HOT:
        eye = np.eye(len(KINDS))
        parts = Split(parts.X_train, eye[parts.y_train], parts.X_valid, eye[parts.y_valid])
    keras.utils.set_random_seed(job.seed)
    model = network(job.rate)
    model.compile(optimizer="adam", loss=LOSSES[job.labels])
    curves = train(model, parts, epochs=epochs, batch_size=BATCH, seed=job.seed)
    sums = np.array(model(parts.X_train, training=True)).sum(axis=1)
    guessed = np.array(model(parts.X_valid, training=False))
    right = guessed.argmax(axis=1) == (parts.y_valid if job.labels == WHOLE else parts.y_valid.argmax(axis=1))
    return asdict(job) | {
        "epochs_without_loss": int((~np.isfinite(curves.loss[0])).sum()),
        "logged_loss": curves.last(LOGGED)[0],
        "loss_at_inference": curves.last(AT_INFERENCE)[0],
        "best_val_loss": curves.val_loss[0].min(),
        "last_val_loss": curves.last(VALIDATION)[0],
        "accuracy": right.mean(),
        "confidence": guessed.max(axis=1).mean(),
        "mean_sum": sums.mean(),
        "share_above_1": (sums > 1 + 1e-6).mean(),
        "share_of_nothing": (sums == 0).mean(),
    }


def cross_entropies() -> pd.DataFrame:
    """What Keras makes of ``[0.7, 0.2, 0.1]`` with some of them dropped at rate 0.5, the first kind being the true one.

    Columns: the outputs as they leave the dropout, their sum, and the loss by the two forms of labels.
    """
    import pandas as pd
    from keras import losses

    kept = {"all": (1, 1, 1), "the true one": (1, 0, 0), "the others": (0, 1, 1), "none": (0, 0, 0)}
    rows = []
    for name, mask in kept.items():
        outputs = np.array([[0.7, 0.2, 0.1]], np.float32) * mask * (2 if name != "all" else 1)
        by_whole = losses.sparse_categorical_crossentropy(np.array([0]), outputs)
        by_one_hot = losses.categorical_crossentropy(np.eye(3, dtype=np.float32)[:1], outputs)
        rows.append([name, outputs[0].round(2).tolist(), outputs.sum(), float(by_whole[0]), float(by_one_hot[0])])
    return pd.DataFrame(rows, columns=["kept", "outputs", "sum", *LOSSES]).set_index("kept")


@cache
def vehicles() -> Split:
    """Every second pixel of the vehicles' two parts as rows, standardised by pixel; targets are the kinds."""
    parts = split_vehicles(test=1)

    def rows(part: Vehicles) -> np.ndarray:
        return part.pictures[:, ::2, ::2].reshape(len(part), INPUTS).astype(np.float32)

    X, X_valid = rows(parts.training), rows(parts.validation)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    return Split((X - mean) / scale, parts.training.kinds, (X_valid - mean) / scale, parts.validation.kinds)
