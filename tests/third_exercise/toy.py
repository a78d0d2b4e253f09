"""A toy: one hidden layer on Concrete, with dropout behind it."""

from grader.criteria import dropout, structure
from grader.criteria.begun import model_begun
from grader.exercises.concrete import prepare
from grader.exercises.noun import Exercise, rubrics
from grader.facts import CompileFacts
from grader.operations import dense, hidden
from grader.rubric import Rubric
from grader.spec import FitSettings, ModelSpec

MODEL = Exercise(
    name="toy_model",
    data_set="concrete",
    prepare=prepare,
    model_name="model",
    history_name="history",
    other_models=(),
    reference=ModelSpec(
        inputs=8,
        operations=(*hidden(32, 0.2), dense(1)),
        compile=CompileFacts("adam", 0.001, "mean_absolute_error"),
        fit=FitSettings(epochs=20, batch_size=64),
    ),
    rubrics=rubrics(
        Rubric(
            "toy_structure",
            (structure.layers(1), structure.units(1), dropout.places(2), dropout.rates(1), structure.output(1)),
            model_begun,
            answers=("model",),
        )
    ),
    check=("toy_structure",),
    hints=(
        "Where in the list does the hidden layer's work end?",
        "What drops outputs stands behind the layer whose outputs they are.",
        "Look up `keras.layers.Dropout`; it has one setting.",
    ),
)

DECLARED = (MODEL,)
