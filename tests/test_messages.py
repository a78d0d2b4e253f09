"""What learners read: messages say what was seen and no more, and nothing that is printed holds the answer."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from grader.criteria.errors import explain_error
from grader.evidence import Evidence
from grader.exercises import EXERCISES, rubric
from grader.misconceptions import MISCONCEPTIONS
from grader.rubric import Status, judge
from tests.answers import run
from tests.no_answer import printed
from tests.test_rubric_questions import history


def said(*stack: keras.layers.Layer, of: str = "spotify_structure") -> dict[str, list[str]]:
    """The messages on a network of these layers, by the criterion."""
    owner, sheet = rubric(of)
    verdict = judge(sheet, Evidence.of(owner.name, {owner.model_name: keras.Sequential([*stack])}))
    found: dict[str, list[str]] = {}
    for finding in verdict.findings:
        found.setdefault(finding.criterion, []).append(finding.message)
    return found


def dense(units: int, activation: str | None = "relu") -> keras.layers.Layer:
    return layers.Dense(units, activation=activation)


@pytest.mark.parametrize(
    ("stack", "count"),
    [
        ([(128, "relu")], "one hidden Dense layer and no output layer"),
        ([(1, None)], "an output layer and no hidden Dense layer"),
        ([(128, "relu"), (1, None)], "one hidden Dense layer and an output layer"),
    ],
)
def test_missing_layers_are_counted_beside_the_output_layer_that_is_there(stack: list, count: str) -> None:
    (message,) = said(*(dense(*settings) for settings in stack))["layers"]
    assert message.startswith(f"Your network has {count}; the exercise describes more hidden layers.")


def test_only_the_baselines_own_network_is_called_the_baselines() -> None:
    baseline, linear = [dense(128), dense(64), dense(1, None)], [dense(128, None), dense(64, None), dense(1, None)]
    wider = [dense(512), dense(64), dense(1, None)]
    told = [
        "It is the baseline's network still" in said(*stack)["dropout_places"][0] for stack in (baseline, linear, wider)
    ]
    assert told == [True, False, False]


@pytest.mark.parametrize(
    ("stack", "criterion", "sentence"),
    [
        (
            [dense(128), dense(64), layers.Dropout(0.3), dense(1, None)],
            "dropout_places",
            "after the first hidden layer.",
        ),
        ([dense(128), dense(1, "relu"), dense(1, None)], "units", "hidden layer has 1 unit, not as many"),
        ([dense(128), dense(64), dense(2, None)], "output", "The output layer has 2 units."),
        ([layers.Dropout(0.3)], "output", "The network ends with no Dense layer at all; an output layer is missing."),
        ([dense(128), layers.PReLU(), dense(64), dense(1, None)], "activations", "relu and PReLU"),
        (
            [layers.Reshape((18, 1)), layers.LSTM(128), dense(64), dense(1, None)],
            "layers",
            "In place of one Dense layer stands `LSTM`.",
        ),
        (
            [dense(128), layers.Dropout(0.3), layers.Dropout(0.3), dense(64), layers.Dropout(0.3), dense(1, None)],
            "dropout_places",
            "Two Dropout layers stand one after the other after the first hidden layer.",
        ),
        (
            [
                dense(128),
                dense(64),
                layers.Dropout(0.3),
                layers.Activation("tanh"),
                layers.Dropout(0.3),
                dense(1, None),
            ],
            "dropout_places",
            "Two Dropout layers stand on both sides of an activation after the second hidden layer.",
        ),
        (
            [dense(128), dense(64), dense(1, None), layers.Dropout(0.3)],
            "dropout_places",
            "first and second hidden layers.",
        ),
    ],
)
def test_what_was_seen_is_said_as_it_is(stack: list, criterion: str, sentence: str) -> None:
    assert any(sentence in message for message in said(*stack)[criterion]), said(*stack)[criterion]


HALF_MASKED = [dense(128), layers.Dropout(0.3, noise_shape=(None, 1)), dense(64), layers.Dropout(0.3), dense(1, None)]
FROZEN = [layers.Dense(128, activation="relu", trainable=False), dense(64), dense(1, None)]


@pytest.mark.parametrize(("stack", "argument"), [(HALF_MASKED, "`noise_shape`"), (FROZEN, "`trainable`")])
def test_a_way_out_names_the_argument_that_was_seen(stack: list, argument: str) -> None:
    messages = [message for found in said(*stack).values() for message in found]
    assert any(argument in message.rpartition(". ")[2] for message in messages)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (np.argmin, "a function (was it called?)"),
        (min, "a function (was it called?)"),
        ([3.0].index, "a function (was it called?)"),
        (np.zeros(3).argmin, "a function (was it called?)"),
        (int, "the class int"),
        (object(), "an object of the kind object"),
        ("three", "'three'"),
        (np.array([np.float64(0.5), 1.5]), "array([0.5, 1.5])"),
        ([np.float64(0.5), np.float32(1.5)], "[0.5, 1.5]"),
    ],
)
def test_an_answer_that_is_no_number_is_named_as_people_would(answer: Any, shown: str) -> None:
    owner, sheet = rubric("spotify_questions")
    names = {"history": history(), "best_epoch": answer, "gap": 0.0283}
    messages = [finding.message for finding in judge(sheet, Evidence.of(owner.name, names)).findings]
    assert messages[0].startswith(f"`best_epoch` is {shown}. The question asks for one whole number.")
    assert "0x" not in messages[0]


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (0, "the position, counted from 0, at which the validation loss is highest"),
        (1, "the epoch in which the validation loss is highest"),
        (5, "the epoch in which the training loss is lowest"),
    ],
)
def test_a_position_is_not_called_an_epoch(answer: int, what: str) -> None:
    owner, sheet = rubric("spotify_questions")
    names = {"history": history(), "best_epoch": answer, "gap": 0.0283}
    messages = [finding.message for finding in judge(sheet, Evidence.of(owner.name, names)).findings]
    assert messages[0].startswith(f"`best_epoch` is {answer}, {what}.")


@pytest.mark.parametrize("name", [name for name in EXERCISES if not name.startswith("diagnosis")])
def test_a_right_model_under_another_name_is_told_by_both_names(name: str) -> None:
    owner = EXERCISES[name]
    names = {owner.model_name: None, owner.history_name: None, "my_model": owner.reference.build()}
    for sheet in owner.rubrics.values():
        if owner.model_name in sheet.answers:
            verdict = judge(sheet, Evidence.of(name, names))
            assert (verdict.status, verdict.misconceptions) == (Status.NOT_STARTED, ("other_name",))
            said = verdict.findings[0].message
            assert said.startswith(f"`{owner.model_name}` holds no model yet, though `my_model` does.")


def test_an_answer_under_another_exercises_name_is_told_where_its_width_says_whose_it_is() -> None:
    owner, sheet = rubric("vehicles_structure")
    wide, narrow = (keras.Sequential([keras.Input((width,)), layers.Dense(1)]) for width in (12_288, 8))
    for model, misconceptions in ((wide, ("other_name",)), (narrow, ())):
        names = {"vehicles_model": None, "model": model}
        assert judge(sheet, Evidence.of(owner.name, names)).misconceptions == misconceptions


def test_keras_is_not_blamed_for_a_name_of_ones_own() -> None:
    error = run({"answer": "import pathlib\npathlib.histroy"}, {})["answer"]
    assert "Keras" not in explain_error(error, "best_epoch").message


def test_what_is_no_number_any_more_is_told_in_words_that_fit_every_exercise() -> None:
    entry = MISCONCEPTIONS["not_finite"]
    assert "too long" not in entry.why and "scale" not in f"{entry.why} {entry.step}"


@pytest.mark.parametrize("name", EXERCISES)
def test_no_hint_prints_the_answer(name: str) -> None:
    assert {word for hint in EXERCISES[name].hints for word in printed(name, hint)} == set()


@pytest.mark.parametrize(
    ("text", "own", "found"),
    [
        ("Write `layers.Dropout(0.3)` after each.", "", {"Dropout(", "0.3", "layers.Dropout(0.3)"}),
        ("Each of your Dropout layers drops 70 % of its inputs. Write 0.3.", "layers.Dropout(0.7)", {"0.3"}),
        ("Your first hidden layer has 64 units. Look it up.", "layers.Dense(64)", set()),
        ("Your first hidden layer has 96 units, not 128. Look it up.", "layers.Dense(96)", {"128"}),
        ("`best_epoch` is 4. Take `np.argmin(losses) + 1`.", "best_epoch = 4", {"argmin"}),
    ],
)
def test_an_answer_that_is_printed_is_found(text: str, own: str, found: set[str]) -> None:
    assert printed("spotify_model", text, own) == found
