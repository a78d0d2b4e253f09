"""The honest comparison: dropout and batch normalization on red wine, each, both and neither."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION
from dropnorm.split import split

# Keras is imported where a training begins: reading a table must not wait for TensorFlow.
if TYPE_CHECKING:
    import keras

NEITHER, DROPOUT, NORMALIZATION = "neither", "dropout", "batch normalization"
BOTH, BOTH_REVERSED = "both", "both, batch normalization first"
NETWORKS = (NEITHER, DROPOUT, NORMALIZATION, BOTH, BOTH_REVERSED)

RATE, WIDTH, BLOCKS = 0.3, 1024, 3  # the recipe of the lesson
EPOCHS, BATCH = 100, 256


@dataclass(frozen=True)
class Comparison:
    """One training of the comparison: red wine prepared in one way, one network, one seed."""

    inputs: str
    network: str
    seed: int


def wine_network(name: str, features: int, width: int = WIDTH) -> keras.Model:
    """The network of the red-wine lesson, with what `name` (one of `NETWORKS`) says in each of its blocks."""
    from keras import Input, Sequential, layers

    def block() -> list[keras.layers.Layer]:
        dropout, normalization = layers.Dropout(RATE), layers.BatchNormalization()
        extras = {
            NEITHER: [],
            DROPOUT: [dropout],
            NORMALIZATION: [normalization],
            BOTH: [dropout, normalization],
            BOTH_REVERSED: [normalization, dropout],
        }
        return [layers.Dense(width, activation="relu"), *extras[name]]

    blocks = [layer for _ in range(BLOCKS) for layer in block()]
    return Sequential([Input((features,)), *blocks, layers.Dense(1)])


def compare(job: Comparison, epochs: int = EPOCHS, width: int = WIDTH) -> dict[str, Any]:
    """Train one network of the comparison and return its row: losses in marks of quality, epochs from 1."""
    import keras

    from dropnorm.training import train

    parts = split("red-wine", job.inputs)
    keras.utils.set_random_seed(job.seed)
    model = wine_network(job.network, parts.X_train.shape[1], width)
    model.compile(optimizer="adam", loss="mae")
    curves = train(model, parts, epochs=epochs, batch_size=BATCH, seed=job.seed)
    return asdict(job) | {
        "best_val_loss": curves.best_val_loss[0],
        "best_epoch": curves.best_epoch[0],
        "epochs_to_0.6": curves.epochs_to(0.6)[0],
        "last_val_loss": curves.last(VALIDATION)[0],
        "loss_at_inference": curves.last(AT_INFERENCE)[0],
        "logged_loss": curves.last(LOGGED)[0],
        "gap": curves.gap[0],
        "logged_gap": curves.logged_gap[0],
    }
