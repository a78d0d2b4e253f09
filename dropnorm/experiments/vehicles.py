"""What tells vehicles apart: networks on pictures of four preparations, by plain ``fit``, and simple rules beside them.

``python -m dropnorm.experiments.vehicles`` prints the two tables of ``data/vehicles.md``: rules, and what is trained.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dropnorm.curves import VALIDATION, LearningCurves
from dropnorm.places import EXPERIMENTS
from dropnorm.vehicles import KINDS, PIXELS, VehicleParts, Vehicles, draw, split_vehicles

# Keras is imported where a training begins: reading a table must not wait for TensorFlow.
if TYPE_CHECKING:
    import keras
    import pandas as pd

TO_255, TO_1, BY_ONE, BY_PIXEL = "0–255", "0–1", "standardised", "standardised by pixel"
INPUTS = (TO_255, TO_1, BY_ONE, BY_PIXEL)
SOFTMAX, PLAIN, BLOCKS, DROPOUT = "softmax alone", "plain", "batch normalization", "dropout"
NETWORKS = (SOFTMAX, PLAIN, BLOCKS, DROPOUT)

WIDTHS = (16, 32, 64)
INPUT_RATE, RATE = 0.3, 0.5
EPOCHS, BATCH = 30, 64  # of every training, under Adam as it comes (learning rate 0.001)
REFERENCE = (BY_PIXEL, DROPOUT)  # what the exercise asks for: trained from twice as many seeds as the others


@dataclass(frozen=True)
class Training:
    """One training: pictures prepared in one way (of `INPUTS`), one network (of `NETWORKS`), one seed."""

    inputs: str
    network: str
    seed: int


def trainings(seeds: int) -> list[Training]:
    """Those of the table: every network on every preparation, and the reference from twice as many seeds."""
    every = [Training(i, n, s) for s in range(seeds) for i in INPUTS for n in NETWORKS]
    return every + [Training(*REFERENCE, s) for s in range(seeds, 2 * seeds)]


def prepare(parts: VehicleParts, inputs: str) -> tuple[np.ndarray, np.ndarray]:
    """Training and validation pictures as rows, ``(n, 12288)``, float32, prepared as `inputs` (of `INPUTS`) says.

    Means and standard deviations are those of the training part: of all its values at once, or of each input.
    """
    X, X_valid = (
        part.pictures.reshape(len(part), PIXELS).astype(np.float32) for part in (parts.training, parts.validation)
    )
    mean, scale = {
        TO_255: lambda: (0, 1),
        TO_1: lambda: (0, 255),
        BY_ONE: lambda: (X.mean(), X.std()),
        BY_PIXEL: lambda: (X.mean(axis=0), X.std(axis=0)),
    }[inputs]()
    return (X - mean) / scale, (X_valid - mean) / scale


def network(name: str) -> keras.Model:
    """One of `NETWORKS`, not compiled: 12,288 inputs, three hidden layers or none, a softmax of the kinds."""
    from keras import Input, Sequential, layers

    def block(width: int) -> list[keras.layers.Layer]:
        if name == BLOCKS:
            return [layers.Dense(width, use_bias=False), layers.BatchNormalization(), layers.Activation("relu")]
        return [layers.Dense(width, activation="relu")] + ([layers.Dropout(RATE)] if name == DROPOUT else [])

    first = [layers.Dropout(INPUT_RATE)] if name == DROPOUT else []
    hidden = [layer for width in WIDTHS for layer in block(width)] if name != SOFTMAX else []
    return Sequential([Input((PIXELS,)), *first, *hidden, layers.Dense(len(KINDS), activation="softmax")])


def recognise(job: Training, epochs: int = EPOCHS, parts: VehicleParts | None = None) -> dict[str, Any]:
    """Train one network and return its row: cross-entropies in nats, accuracies as shares, epochs from 1."""
    import keras

    parts = parts or _parts()
    X, X_valid = prepare(parts, job.inputs)
    y, y_valid = parts.training.kinds, parts.validation.kinds
    keras.utils.set_random_seed(job.seed)
    model = network(job.network)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(X, y, batch_size=BATCH, epochs=epochs, validation_data=(X_valid, y_valid), verbose=0)
    curves = LearningCurves.from_history(history, job.seed)
    loss, accuracy = model.evaluate(X, y, batch_size=len(y), verbose=0)
    best = int(curves.best_epoch[0])
    accuracies = curves.metrics["val_accuracy"][0]
    return asdict(job) | {
        "epochs": epochs,
        "best_val_loss": curves.best_val_loss[0],
        "best_epoch": best,
        "val_accuracy_at_best": accuracies[best - 1],
        "first_val_accuracy": accuracies[0],
        "last_val_loss": curves.last(VALIDATION)[0],
        "last_val_accuracy": curves.last("val_accuracy")[0],
        "loss_at_inference": loss,
        "accuracy_at_inference": accuracy,
        "logged_accuracy": curves.last("accuracy")[0],
    }


def simple_rules() -> dict[str, float]:
    """Validation accuracies of rules that have nothing to do with a network, by name."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import NearestCentroid
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def on_mean_colour(training: Vehicles, validation: Vehicles, model: Any) -> float:
        means = training.pictures.mean(axis=(1, 2))
        return model.fit(means, training.kinds).score(validation.pictures.mean(axis=(1, 2)), validation.kinds)

    parts = _parts()
    red = [draw(len(part), seed, "red") for seed, part in enumerate((parts.training, parts.validation))]
    line = make_pipeline(StandardScaler(), LogisticRegression())
    forest = RandomForestClassifier(300, min_samples_leaf=20, random_state=0)
    X, X_valid = prepare(parts, BY_PIXEL)
    return {
        "mean colour, logistic regression": on_mean_colour(parts.training, parts.validation, line),
        "mean colour, 300 trees": on_mean_colour(parts.training, parts.validation, forest),
        "mean colour, logistic regression, all vehicles red": on_mean_colour(*red, line),
        "mean colour, 300 trees, all vehicles red": on_mean_colour(*red, forest),
        "nearest mean picture": NearestCentroid().fit(X, parts.training.kinds).score(X_valid, parts.validation.kinds),
    }


def summary(frame: pd.DataFrame) -> list[str]:
    """The rows of a Markdown table: a network on its inputs, means over the seeds, accuracies with their range."""

    def line(network: str, inputs: str) -> str:
        rows = frame[(frame["network"] == network) & (frame["inputs"] == inputs)]
        last = rows["last_val_accuracy"]
        means = rows[["accuracy_at_inference", "best_val_loss", "last_val_loss"]].mean()
        accuracy = f"{last.mean():.2f} ({last.min():.2f} to {last.max():.2f})"
        return f"| {network} | {inputs} | {accuracy} | " + " | ".join(f"{mean:.2f}" for mean in means) + " |"

    return [line(network, inputs) for network in NETWORKS for inputs in INPUTS]


@cache
def _parts() -> VehicleParts:
    return split_vehicles()


if __name__ == "__main__":
    import pandas as pd

    print(*(f"| {rule} | {accuracy:.2f} |" for rule, accuracy in simple_rules().items()), sep="\n", end="\n\n")
    print(*summary(pd.read_csv(EXPERIMENTS / "vehicles.csv")), sep="\n")
