"""Each mended training that is kept as test data gets its points, its status and the names of its misconceptions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from grader.evidence import Evidence
from grader.exercises import exercise, rubric
from grader.exercises.gone_wrong import TRAININGS
from grader.exercises.noun import ARRAYS
from grader.rubric import Status, judge
from tests.answers import Answer, answers, run
from tests.no_answer import printed

WRONG, UNUSUAL, BY_KERAS = answers("mended", "mended-settings"), answers("mended-unusual"), answers("mended-by-keras")
LONGEST = (
    "A penalty on the weights",
    "A schedule for the learning rate",
    "Dropout that stays on at inference",
    "A Normalization layer that has seen the training part",
    "Batch normalization before each hidden layer, without the biases that it makes idle",
    "Early stopping with so much patience that the training gets longer",
    "Early stopping, with more epochs than are ever trained",
    "Early stopping, with the most epochs that anybody would write",
)
STATUS = {"raised": Status.RAISED, "manual": Status.MANUAL}
WIDTHS = {1: (128, 64), 2: (64, 64, 64), 3: (64, 64, 64), 4: (64, 64, 64)}
RATES = {1: 0, 2: 0.3, 3: 0, 4: 0}
SETTINGS = {
    number: {"epochs": training.spec.fit.epochs, "batch_size": training.spec.fit.batch_size}
    for number, training in TRAININGS.items()
}


def base(
    number: int,
    *,
    widths: tuple[int, ...] | None = None,
    dropout: float | None = None,
    normalized: bool = False,
    first: Any = None,
    before: list[Any] | None = None,
    penalty: Any = None,
    outputs: int = 1,
    optimizer: Any = None,
    loss: Any = "mae",
) -> keras.Model:
    """The code that the notebook gives for a training, with a change: a network as learners write it, compiled."""
    rate = RATES[number] if dropout is None else dropout
    model = keras.Sequential([keras.Input((TRAININGS[number].spec.inputs,)), *(before or [])])
    if first is not None:
        model.add(first)
    for units in widths or WIDTHS[number]:
        if normalized:
            model.add(layers.BatchNormalization())
        model.add(layers.Dense(units, activation="relu", kernel_regularizer=penalty))
        if rate:
            model.add(layers.Dropout(rate))
    model.add(layers.Dense(outputs))
    given = {3: keras.optimizers.Adam(learning_rate=0.00003), 4: "sgd"}.get(number, "adam")
    model.compile(optimizer=optimizer or given, loss=loss)
    return model


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")


def handed_in(answer: Answer, name: str) -> Evidence:
    data = exercise(name).data()
    names: dict[str, Any] = {array: getattr(data, array) for array in ARRAYS}
    names |= {"keras": keras, "layers": layers, "np": np, "base": base, "SETTINGS": SETTINGS}
    names |= {"model": None, "fit_settings": None}
    raised = run({"answer": answer.cells[0]}, names)
    return Evidence.of(name, names, raised.get("answer"))


def check(answer: Answer) -> None:
    for expected in answer.expected:
        owner, sheet = rubric(expected.rubric)
        verdict = judge(sheet, handed_in(answer, owner.name))
        said = "\n".join(f"{finding.criterion} {finding.points}: {finding.message}" for finding in verdict.findings)
        own = answer.cells[0]
        assert {word for f in verdict.findings for word in printed(owner.name, f.message, own)} == set(), said
        assert expected.named_by([f.misconception for f in verdict.findings if f.misconception]), said
        assert verdict.status == STATUS.get(expected.status, expected.status), said
        assert verdict.score == expected.score, said


def titled(answer: Answer) -> str:
    return f"{answer.file}: {answer.title}"


def each_of(given: list[Answer]) -> pytest.MarkDecorator:
    """A test of every answer; those that are trained for longest are for the long tests."""
    marked = [pytest.param(each, marks=pytest.mark.long if each.title in LONGEST else ()) for each in given]
    return pytest.mark.parametrize("answer", marked, ids=titled)


@each_of(WRONG + UNUSUAL)
def test_a_mended_training_gets_what_it_must(answer: Answer) -> None:
    check(answer)


@pytest.mark.full
@each_of(BY_KERAS)
def test_a_mended_training_that_keras_trains_gets_what_it_must(answer: Answer) -> None:
    check(answer)


def test_there_are_enough_answers_of_many_kinds() -> None:
    assert len(WRONG) >= 20 and len(UNUSUAL) >= 10
    kinds = Counter(answer.expected[0].misconceptions for answer in WRONG)
    assert max(kinds.values()) <= len(WRONG) / 5, kinds.most_common(3)
    assert len({answer.cells for answer in (*WRONG, *UNUSUAL, *BY_KERAS)}) == len((*WRONG, *UNUSUAL, *BY_KERAS))


def told(cell: str) -> str:
    """What is said of the change in an answer to the first training."""
    answer = Answer("here", "", (f"model, fit_settings = {cell}",), ())
    findings = judge(rubric("mended_1_structure")[1], handed_in(answer, "mended_1")).findings
    return next(finding.message for finding in findings if finding.criterion == "change")


def test_a_batch_size_that_is_not_given_is_told_to_be_what_fit_takes_then() -> None:
    alone = told("base(1), {'epochs': 40}")
    assert "the batch size (none is given, and `fit` takes 32 then)" in alone
    both = told("base(1, dropout=0.3), {'epochs': 40, 'batch_size': None}")
    assert "the dropout and the batch size (none is given, and `fit` takes 32 then)" in both
    own = told("base(1, dropout=0.3), {'epochs': 40, 'batch_size': 32}")
    assert "the dropout and the batch size. " in own


def test_early_stopping_that_does_not_mend_is_told_by_the_epochs_that_it_keeps() -> None:
    never = "[keras.callbacks.EarlyStopping(patience=100)]"
    said = told(f"base(1), {{'epochs': 40, 'batch_size': 128, 'callbacks': {never}}}")
    assert "the number of epochs (your `EarlyStopping` keeps the first 40)" in said
