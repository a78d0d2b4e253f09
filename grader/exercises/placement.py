"""Placement: the conventional block on raw Concrete, Dense without a bias, then batch normalization, then relu."""

from __future__ import annotations

from grader.criteria import answers, batch_norm, bias, compiled, curves, structure, training
from grader.criteria.begun import model_begun
from grader.exercises.concrete import prepare
from grader.exercises.noun import Exercise, questions, rubrics
from grader.facts import CompileFacts
from grader.operations import BATCH_NORM, RELU, dense
from grader.rubric import Rubric
from grader.spec import FitSettings, ModelSpec

BLOCK = (dense(512, use_bias=False), BATCH_NORM, RELU)

# Trained as the first unit trains its network on these data, so that the two may be compared. Other learning rates
# (0.003 to 0.1) and batches (16, 32, 128) end no lower and no calmer.
REFERENCE = ModelSpec(
    inputs=8,
    operations=(*BLOCK * 3, dense(1)),
    compile=CompileFacts("sgd", 0.01, "mean_absolute_error"),
    fit=FitSettings(epochs=100, batch_size=64),
)

MODEL = Exercise(
    name="placement_model",
    data_set="concrete",
    prepare=prepare,
    model_name="model",
    history_name="history",
    other_models=("baseline", "vehicles_baseline", "vehicles_model"),
    reference=REFERENCE,
    rubrics=rubrics(
        Rubric(
            "placement_structure",
            (
                structure.layers(1),
                structure.units(1),
                structure.activations(1),
                batch_norm.places(3),
                bias.where_needed(2),
                batch_norm.modes(1),
                structure.output(0.5),
                compiled.compiled(0.5),
            ),
            model_begun,
            answers=("model",),
        ),
        Rubric(
            "placement_curve",
            (
                training.history(0.5),
                training.fit(0.5),
                training.rows(1),
                curves.finite(0.5),
                curves.falling(0.5),
                curves.reached(2),
            ),
            training.history_usable,
            answers=("model", "history"),
        ),
        questions(
            "placement_questions", "history", answers.best_epoch("best_epoch", "history"), answers.gap("gap", "history")
        ),
    ),
    check=("placement_structure", "placement_curve"),
    hints=(
        "A block is three layers that follow one another: one that computes sums, one that brings each sum to mean 0 "
        "and deviation 1, one that bends. Written so, the activation is a layer of its own.",
        "A bias adds the same number to a unit's sum in every row. What does the next layer do first of all with the "
        "mean of that unit? And is there such a layer behind the output?",
        "Write one block and repeat it in a loop: `keras.layers.Dense` with `use_bias` set, "
        "`keras.layers.BatchNormalization` as it comes, `keras.layers.Activation`. Behind the last block comes one "
        "Dense layer more, as in the baseline, and nothing in it is switched off.",
    ),
)

DECLARED = (MODEL,)
