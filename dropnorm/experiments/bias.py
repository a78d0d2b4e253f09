"""A bias right before batch normalization: its gradient, and how far optimizers carry it all the same.

Batch normalization takes the batch's mean away, and with it whatever the bias has added: the loss does not depend on
it, its gradient is nought but for rounding. Adam divides each gradient by its own size (Kingma & Ba 2015: the step is
``η m̂ / (√v̂ + ε)``), so that rounding moves the bias as far as a real gradient would, unless ε outweighs it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dropnorm.curves import VALIDATION
from dropnorm.experiments.depth import root_mean_square
from dropnorm.split import STANDARDISED, Split, split

# Keras is imported where a training begins: reading a table must not wait for TensorFlow.
if TYPE_CHECKING:
    import keras

ADAM, ADAM_LARGE, ADAM_SMALL, SGD = "adam", "adam, epsilon 1e-3", "adam, epsilon 1e-12", "sgd"
OPTIMIZERS = (ADAM, ADAM_LARGE, ADAM_SMALL, SGD)
WIDTH, BLOCKS, EPOCHS, BATCH = 64, 3, 50, 64


@dataclass(frozen=True)
class Bias:
    """One training: one of `OPTIMIZERS` at its default learning rate, with the needless bias or without, and a seed."""

    optimizer: str
    use_bias: bool
    seed: int


def trainings(seeds: int) -> list[Bias]:
    """Those of the table."""
    return [Bias(name, use_bias, seed) for seed in range(seeds) for name in OPTIMIZERS for use_bias in (True, False)]


def network(use_bias: bool, features: int) -> keras.Model:
    """Three blocks of Dense, batch normalization and relu, and an output with its bias."""
    from keras import Input, Sequential, layers

    blocks = [
        layer
        for _ in range(BLOCKS)
        for layer in (layers.Dense(WIDTH, use_bias=use_bias), layers.BatchNormalization(), layers.Activation("relu"))
    ]
    return Sequential([Input((features,)), *blocks, layers.Dense(1)])


def optimizer(name: str) -> keras.optimizers.Optimizer:
    """A new one of `OPTIMIZERS`."""
    from keras import optimizers

    if name == SGD:
        return optimizers.SGD()
    return optimizers.Adam(epsilon={ADAM: 1e-7, ADAM_LARGE: 1e-3, ADAM_SMALL: 1e-12}[name])


def wander(job: Bias, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train one network and return its row; red wine, standardised, the mean absolute error.

    ``gradient_ratio_…`` and ``gradient_entry_…`` are `_gradients` before the first step and after the last. ``bias`` is
    the root mean square of all the needless biases at the end, ``kernel_moved`` that of how far the kernels' entries
    have moved, ``beta`` that of the shifts β, which do what a bias does. ``with_bias`` and ``without_bias`` are
    validation losses at the end: as it is, and with the biases set to nought and the moving means moved by as much.
    Empty where there are no biases.
    """
    import keras

    from dropnorm.training import train

    parts = split("red-wine", STANDARDISED)
    keras.utils.set_random_seed(job.seed)
    model = network(job.use_bias, parts.X_train.shape[1])
    model.compile(optimizer=optimizer(job.optimizer), loss="mae")
    dense, norms = model.layers[: 3 * BLOCKS : 3], model.layers[1 : 3 * BLOCKS : 3]
    kernels = [layer.kernel.numpy() for layer in dense]
    first = _gradients(model, parts) if job.use_bias else {}
    curves = train(model, parts, epochs=epochs, batch_size=BATCH, seed=job.seed)
    moved = [layer.kernel.numpy() - kernel for layer, kernel in zip(dense, kernels, strict=True)]
    row = asdict(job) | {
        "best_val_loss": curves.best_val_loss[0],
        "last_val_loss": curves.last(VALIDATION)[0],
        "kernel_moved": root_mean_square(np.concatenate([each.ravel() for each in moved])),
        "beta": root_mean_square(np.concatenate([layer.beta.numpy() for layer in norms])),
    }
    if not job.use_bias:
        return row | dict.fromkeys(NEEDLESS, np.nan)
    last, bias = _gradients(model, parts), root_mean_square(np.concatenate([layer.bias.numpy() for layer in dense]))
    with_bias = _loss(model, parts)
    for layer, norm in zip(dense, norms, strict=True):
        norm.moving_mean.assign(norm.moving_mean - layer.bias)
        layer.bias.assign(np.zeros(WIDTH))
    found = (first["ratio"], last["ratio"], first["entry"], last["entry"], bias, with_bias, _loss(model, parts))
    return row | dict(zip(NEEDLESS, found, strict=True))


NEEDLESS = (
    "gradient_ratio_first",
    "gradient_ratio_last",
    "gradient_entry_first",
    "gradient_entry_last",
    "bias",
    "with_bias",
    "without_bias",
)


def _gradients(model: keras.Model, parts: Split) -> dict[str, float]:
    """Of one batch in training mode: the length of a bias' gradient over that of its kernel's, the largest over the
    blocks, and the size of an entry of the biases' gradients, the median."""
    import tensorflow as tf

    X, y = parts.X_train[:BATCH], parts.y_train[:BATCH, None]
    kept = model.get_weights()
    dense = model.layers[: 3 * BLOCKS : 3]
    with tf.GradientTape() as tape:
        loss = model.compute_loss(y=y, y_pred=model(X, training=True))
    of_biases, of_kernels = tape.gradient(loss, [[d.bias.value for d in dense], [d.kernel.value for d in dense]])
    model.set_weights(kept)
    ratios = [np.linalg.norm(b) / np.linalg.norm(k) for b, k in zip(of_biases, of_kernels, strict=True)]
    return {"ratio": float(max(ratios)), "entry": float(np.median(np.abs(np.concatenate(of_biases))))}


def _loss(model: keras.Model, parts: Split) -> float:
    return float(np.abs(np.array(model(parts.X_valid, training=False))[:, 0] - parts.y_valid).mean())
