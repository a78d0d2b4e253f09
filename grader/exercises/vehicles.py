"""Vehicles: dropout through a network that tells three kinds apart, from the pixels on, and never on the output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader import operations
from grader.criteria import answers, compiled, curves, dropout, structure, training
from grader.criteria.begun import model_begun
from grader.exercises.noun import Exercise, questions, rubrics
from grader.facts import CompileFacts
from grader.prepared import Data
from grader.rubric import Rubric
from grader.spec import FitSettings, ModelSpec

if TYPE_CHECKING:
    from dropnorm.vehicles import VehicleParts


def prepare() -> Data:
    """The pictures as rows of 12,288 inputs, each standardised by its own mean and deviation in the training part."""
    from dropnorm.vehicles import split_vehicles

    return prepared(split_vehicles())


def prepared(parts: VehicleParts) -> Data:
    """The same for any pictures."""
    import numpy as np

    from dropnorm.vehicles import KINDS, PIXELS

    X_train, X_valid = (
        part.pictures.reshape(-1, PIXELS).astype(np.float32) for part in (parts.training, parts.validation)
    )
    mean, deviation = X_train.mean(axis=0), X_train.std(axis=0)
    for X in (X_train, X_valid):  # in place: each part is large
        X -= mean
        X /= deviation
    y_train, y_valid = (part.kinds.astype(np.float32) for part in (parts.training, parts.validation))
    return Data(X_train, y_train, X_valid, y_valid, (), standardised=True, kinds=len(KINDS))


REFERENCE = ModelSpec(
    inputs=12_288,
    operations=(
        operations.dropout(0.3),
        *operations.hidden(16, 0.5),
        *operations.hidden(32, 0.5),
        *operations.hidden(64, 0.5),
        operations.dense(3),
        operations.SOFTMAX,
    ),
    compile=CompileFacts("adam", 0.001, "sparse_categorical_crossentropy"),
    fit=FitSettings(epochs=30, batch_size=64),
)

MODEL = Exercise(
    name="vehicles_model",
    data_set=None,
    prepare=prepare,
    model_name="vehicles_model",
    history_name="vehicles_history",
    other_models=("baseline", "model", "vehicles_baseline"),
    reference=REFERENCE,
    rubrics=rubrics(
        Rubric(
            "vehicles_structure",
            (
                structure.layers(1),
                structure.units(1),
                structure.activations(1),
                dropout.places(2.5),
                dropout.rates(2),
                dropout.modes(0.5),
                structure.output(1),
                compiled.compiled(1),
            ),
            model_begun,
            answers=("vehicles_model",),
        ),
        Rubric(
            "vehicles_curve",
            (
                training.history(0.5),
                training.fit(0.5),
                training.rows(1),
                curves.gap_closed(1.5),
                curves.converged(1.5),
            ),
            training.history_usable,
            answers=("vehicles_model", "vehicles_history"),
        ),
        questions(
            "vehicles_questions",
            "vehicles_history",
            answers.gap("vehicles_gap", "vehicles_history"),
            answers.at_best("accuracy_at_best", "vehicles_history", "val_accuracy"),
        ),
    ),
    check=("vehicles_structure", "vehicles_curve"),
    hints=(
        "Begin with the list of the network without dropout, and go through it from the pixels on. What of a picture "
        "may be hidden, and what must not be touched?",
        "The pixels come in through a Dropout layer of their own, at the lower rate. Behind each hidden layer stands "
        "another, at the higher rate. What the last layer gives are probabilities, and these are left alone.",
        "Four layers of one kind are added to the baseline's list: one right behind the input, and one behind each "
        "hidden Dense layer with its activation. The list ends as the baseline's does.",
    ),
    arrays=("pictures_train", "kinds_train", "pictures_valid", "kinds_valid"),
)

DECLARED = (MODEL,)
