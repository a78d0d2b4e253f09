"""The table of speed: how soon a fixed loss is reached with batch normalization and without."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dropnorm.curves import VALIDATION
from dropnorm.split import split

# Keras is imported where a training begins: reading a table must not wait for TensorFlow.
if TYPE_CHECKING:
    import keras

WIDTH, BLOCKS = 128, 3
EPOCHS, BATCH = 100, 64
# Validation losses (mae) that are worth reaching: of the strength in MPa, of the quality in marks.
TARGETS = {"concrete": 5.0, "red-wine": 0.6}


@dataclass(frozen=True)
class Speed:
    """One training of the table of speed: with or without batch normalization, under one optimizer."""

    data: str
    inputs: str
    optimizer: str
    batch_normalization: bool
    seed: int


def speed_network(batch_normalization: bool, features: int, width: int = WIDTH) -> keras.Model:
    """Three hidden layers, with or without batch normalization before each Dense layer, as in the Concrete exercise."""
    from keras import Input, Sequential, layers

    stack: list[keras.layers.Layer] = []
    for _ in range(BLOCKS):
        stack += [layers.BatchNormalization()] if batch_normalization else []
        stack += [layers.Dense(width, activation="relu")]
    stack += [layers.BatchNormalization()] if batch_normalization else []
    return Sequential([Input((features,)), *stack, layers.Dense(1)])


def race(job: Speed, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train one network of the table of speed and return its row: when it first reached the target, if ever."""
    import keras

    from dropnorm.training import train

    parts = split(job.data, job.inputs)
    keras.utils.set_random_seed(job.seed)
    model = speed_network(job.batch_normalization, parts.X_train.shape[1])
    model.compile(optimizer=job.optimizer, loss="mae")
    curves = train(model, parts, epochs=epochs, batch_size=BATCH, seed=job.seed)
    target = TARGETS[job.data]
    reached = int(curves.epochs_to(target)[0])
    seconds = curves.metrics["cpu_seconds"][0]
    return asdict(job) | {
        "target": target,
        "epochs_to_target": reached,
        "seconds_to_target": seconds[reached - 1] if reached else np.nan,
        "seconds": seconds[-1],
        "best_val_loss": curves.best_val_loss[0],
        "best_epoch": curves.best_epoch[0],
        "last_val_loss": curves.last(VALIDATION)[0],
    }
