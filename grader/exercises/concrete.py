"""Concrete: batch normalization lets plain SGD learn from raw inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.criteria import answers, batch_norm, compiled, curves, structure, training
from grader.criteria.begun import model_begun
from grader.exercises.noun import Exercise, questions, rubrics
from grader.facts import CompileFacts
from grader.operations import BATCH_NORM, RELU, dense
from grader.prepared import Data
from grader.rubric import Rubric
from grader.spec import FitSettings, ModelSpec

if TYPE_CHECKING:
    import pandas as pd

TARGET = "CompressiveStrength"
LEARNED = 10.0  # MPa: below this a network has learned something, as the notebook's question says


def prepare(concrete: pd.DataFrame) -> Data:
    """70 % of the rows to train on, the rest to validate on; inputs raw, the target in MPa."""
    train = concrete.sample(frac=0.7, random_state=0)
    valid = concrete.drop(train.index)
    inputs = [part.drop(columns=TARGET) for part in (train, valid)]
    X_train, X_valid = (part.to_numpy("float32") for part in inputs)
    y_train, y_valid = (part[TARGET].to_numpy("float32") for part in (train, valid))
    return Data(X_train, y_train, X_valid, y_valid, tuple(inputs[0].columns))


REFERENCE = ModelSpec(
    inputs=8,
    operations=(BATCH_NORM, *(dense(512), RELU, BATCH_NORM) * 3, dense(1)),
    compile=CompileFacts("sgd", 0.01, "mean_absolute_error"),
    fit=FitSettings(epochs=100, batch_size=64),
)

MODEL = Exercise(
    name="concrete_model",
    data_set="concrete",
    prepare=prepare,
    model_name="model",
    history_name="history",
    other_models=("baseline",),
    reference=REFERENCE,
    rubrics=rubrics(
        questions(
            "concrete_baseline_questions",
            "baseline_history",
            answers.all_finite("baseline_finite", "baseline_history"),
            answers.below("baseline_learned", "baseline_history", LEARNED),
        ),
        Rubric(
            "concrete_structure",
            (
                structure.layers(1),
                structure.units(1),
                structure.activations(1),
                batch_norm.places(4),
                batch_norm.modes(2),
                structure.output(0.5),
                compiled.compiled(0.5),
            ),
            model_begun,
            answers=("model",),
        ),
        Rubric(
            "concrete_curve",
            (
                training.history(0.5),
                training.fit(0.5),
                training.rows(1),
                curves.finite(0.5),
                curves.falling(0.5),
                curves.converged(2),
            ),
            training.history_usable,
            answers=("model", "history"),
        ),
        questions(
            "concrete_questions", "history", answers.best_epoch("best_epoch", "history"), answers.gap("gap", "history")
        ),
    ),
    check=("concrete_structure", "concrete_curve"),
    hints=(
        "The raw columns lie on very different scales, and so do the outputs of each hidden layer once it learns. "
        "What could stand before a Dense layer so that its inputs always have one scale?",
        "Every Dense layer is to get normalized inputs: the first one too, whose inputs are the raw data, and the last "
        "one. So count the Dense layers; that is how many normalizations there are.",
        "Go through the baseline's list from the top and put the layer that normalizes by the batch before each Dense "
        "layer, activations staying with their Dense. It needs no settings; look up "
        "`keras.layers.BatchNormalization`. The list ends with a Dense layer, as before.",
    ),
)

DECLARED = (MODEL,)
